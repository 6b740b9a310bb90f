//! State of one municipality: insert, retract, expire, query.

pub(in crate::engine) mod convert;
pub(in crate::engine) mod corrections;
pub(in crate::engine) mod counts;
pub(in crate::engine) mod crowds;
pub(in crate::engine) mod devices;
pub(in crate::engine) mod editors;
pub(in crate::engine) mod expiry;
pub(in crate::engine) mod facts;
pub(in crate::engine) mod ledger;
pub(in crate::engine) mod municipality;
pub(in crate::engine) mod neighbours;
pub(in crate::engine) mod newcomers;
pub(in crate::engine) mod pairs;
mod payout;
pub(in crate::engine) mod places;
pub(in crate::engine) mod provider_baselines;
pub(in crate::engine) mod rates;
pub(in crate::engine) mod resolutions;
pub(in crate::engine) mod shared_devices;
pub(in crate::engine) mod timeline;
