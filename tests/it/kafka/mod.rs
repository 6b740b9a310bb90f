//! Against Apache Kafka itself: what the mock broker cannot show. One broker for all these tests,
//! started by `tests/kafka.sh`; each test has topics of its own.

mod broker;
mod desk;
mod failover;
mod fidelity;
mod kill;
mod payout;
mod pod;
mod quiet;
mod readme;
mod run;
mod secure;
mod service;
mod town;
mod zombie;
