//! Lines of the client library in the log of the program.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;

/// A client library without contact repeats itself, for each client and each broker: of a kind of line one is passed on
/// in so long, with how many were not.
const FLOOD: Duration = Duration::from_secs(60);
/// The library has some forty kinds of lines.
const FACILITIES_MAX: usize = 256;

/// When a line of each kind was last passed on, and how many have come since.
static PASSED: Mutex<BTreeMap<String, (Instant, u64)>> = Mutex::new(BTreeMap::new());

/// How many lines of this kind were held back before this one; `None` where it is to be held back itself.
fn held_back(passed: &mut BTreeMap<String, (Instant, u64)>, facility: &str, now: Instant) -> Option<u64> {
    if let Some((last, more)) = passed.get_mut(facility) {
        if now.saturating_duration_since(*last) < FLOOD {
            *more += 1;
            return None;
        }
        *last = now;
        return Some(std::mem::take(more));
    }
    if FACILITIES_MAX <= passed.len() {
        return None;
    }
    passed.insert(facility.to_owned(), (now, 0));
    Some(0)
}

/// Passes on a line of the client library.
pub(in crate::service) fn library_line(level: RDKafkaLogLevel, facility: &str, text: &str) {
    let is_loud = (level as i32) <= RDKafkaLogLevel::Notice as i32 && facility != "CONFWARN";
    let held_back =
        || held_back(&mut PASSED.lock().unwrap_or_else(PoisonError::into_inner), facility, Instant::now());
    let Some(more_before) = (if is_loud { held_back() } else { Some(0) }) else {
        tracing::debug!(target: "librdkafka", facility, "{text}");
        return;
    };
    match level {
        // Properties of the other kind of client: one table of settings serves both kinds.
        _ if facility == "CONFWARN" => tracing::debug!(target: "librdkafka", facility, "{text}"),
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error
        | RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, more_before, "{text}"),
        RDKafkaLogLevel::Notice => tracing::info!(target: "librdkafka", facility, more_before, "{text}"),
        RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            tracing::debug!(target: "librdkafka", facility, "{text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_flood_of_lines_one_a_minute_is_passed_on_with_their_number() {
        let (mut passed, start) = (BTreeMap::new(), Instant::now());
        let mut at =
            |seconds: u64, facility| held_back(&mut passed, facility, start + Duration::from_secs(seconds));
        assert_eq!(at(0, "FAIL"), Some(0));
        assert_eq!([at(1, "FAIL"), at(2, "FAIL"), at(3, "SESSTMOUT")], [None, None, Some(0)]);
        assert_eq!([at(60, "FAIL"), at(61, "FAIL")], [Some(2), None]);
    }
}
