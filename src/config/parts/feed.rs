//! The settings of the control unit's process.

use std::net::SocketAddr;

use super::Reader;

/// The control unit's process.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Where page and JSON API are served; `None` = nowhere.
    pub listen: Option<SocketAddr>,
    /// The consumer group that it reads under.
    pub group_id: String,
    /// Days that registrations are kept, by their start.
    pub retained_days: u16,
}

impl Reader<'_> {
    pub(super) fn feed(&mut self) -> Feed {
        Feed {
            listen: self.listen("feed.listen"),
            group_id: self.group_id("feed.group_id"),
            retained_days: self.integer("feed.retained_days"),
        }
    }
}
