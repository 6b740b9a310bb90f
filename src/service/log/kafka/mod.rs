//! Kafka's side of the seam.
//!
//! Two kinds of consumer. The *elector* is the group's member: it decides who owns which partition
//! and carries the commits, and reads nothing. Each worker has a *tail* that belongs to no group's
//! assignment: it reads where the worker says, also from far back, without ever letting the group
//! wait. What blocks runs on plain threads.

mod asker;
mod check;
mod check_line;
mod client;
mod contact;
mod elector;
mod flood;
mod follow;
mod group;
mod log;
mod publisher;
mod reader;
mod reference;
mod tail;
mod topics;
mod topics_watch;
mod transactions;
mod watch;
mod whole;

pub mod embedded;

pub use asker::{Obstacle, Unanswered};
pub use check::check_broker;
pub(in crate::service) use check::inspected_layout;
pub use check_line::CheckLine;
pub use client::{Clients, Quiet};
pub(in crate::service) use contact::watch as watch_contact;
pub(in crate::service) use elector::GroupMember;
pub use follow::{FollowFrom, TopicFollower};
pub(in crate::service) use group::{AssignmentEvent, Group};
pub(in crate::service) use log::KafkaLog;
pub(in crate::service) use reference::Reference;
pub(in crate::service) use topics::Layout;
pub(in crate::service) use topics_watch::TopicsWatch;
pub use whole::{ReadPositions, TopicEnd, TopicReader, TopicRecord};
