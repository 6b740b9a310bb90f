//! The thread that asks the brokers whether they are there.
//!
//! Each client notices by itself that its brokers are gone, and says so in its own words; none of them says since when
//! no broker has answered anybody. A request every two seconds does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::asker::{Asker, Unanswered};
use super::client::Clients;
use crate::service::observe::status::{Beat, Status};

const EVERY: Duration = Duration::from_secs(2);
/// How long a broker may take to answer.
const WAIT: Duration = Duration::from_secs(3);
/// How often the thread looks whether it is to end.
const LOOK: Duration = Duration::from_millis(100);

/// Requests the metadata of `feed` until `stop` is set, and writes the result to `status`. A request that is open when
/// the process ends is abandoned.
///
/// # Errors
/// Where the client library does not take the settings, or there can be no thread.
pub(in crate::service) fn watch(
    clients: &Clients,
    feed: &str,
    status: Arc<Status>,
    beat: Beat,
    stop: Arc<AtomicBool>,
) -> Result<(), Unanswered> {
    let asker = Asker::new(clients)?;
    let feed = feed.to_owned();
    let thread = std::thread::Builder::new().name("contact".to_owned()).spawn(move || {
        while !stop.load(Ordering::Acquire) {
            beat.now();
            match asker.metadata(Some(&feed), WAIT) {
                Ok(_) => status.answered(),
                Err(unanswered) => status.unanswered(&unanswered.to_string()),
            }
            let asked = Instant::now();
            while asked.elapsed() < EVERY && !stop.load(Ordering::Acquire) {
                std::thread::sleep(LOOK);
            }
        }
    });
    thread
        .map(drop)
        .map_err(|error| Unanswered { obstacle: super::asker::Obstacle::Settings, reason: error.to_string() })
}
