//! CloudEvents headers in binary mode (CloudEvents 1.0.2, Kafka protocol binding 3.2).

use sha2::{Digest, Sha256};

use super::Progress;
use crate::domain::{PublishedAlert, Reason, Rejection, UtcSecond};

/// The header with the id of an event.
pub const EVENT_ID: &str = "ce_id";

/// The header in which a gateway in front of the feed names the provider that it let in.
pub const PROVIDER: &str = "provider_id";

/// Compares the provider that a gateway let in, the `header` of a registration, with the one that the record names.
///
/// # Errors
/// `not-owner` where they differ.
pub fn check_provider(header: Option<&[u8]>, provider_id: &str) -> Result<(), Rejection> {
    if header == Some(provider_id.as_bytes()) {
        return Ok(());
    }
    let detail = format!("the header `{PROVIDER}` names another provider than the record");
    Err(Rejection::new(Reason::NotOwner, detail))
}

/// Headers of an alert. Its id is the alert's id with the revision, and no two records share it.
#[must_use]
pub fn alert_headers(alert: &PublishedAlert) -> Vec<(&'static str, String)> {
    let id = format!("{}/{}", alert.alert.alert_id, alert.revision);
    cloud_event(id, "/tidvakt/alerts", "tidvakt.alert.v1", alert.alert.assessed_at)
}

/// Headers of a progress record. Its content can change at the same offset, by a decision or when the log drops
/// records, so the id has a hash of it, the `value` of the record.
#[must_use]
pub fn progress_headers(progress: &Progress, value: &[u8]) -> Vec<(&'static str, String)> {
    let (offset, append_time) = match progress {
        Progress::Municipality(of) => (of.assessed_through_offset, of.append_time),
        Progress::Partition(of) => (of.through_offset, of.append_time),
    };
    let hash = u64::from_be_bytes(*Sha256::digest(value).first_chunk().expect("a SHA-256 has 32 bytes"));
    let id = format!("{}/{offset}/{hash:016x}", progress.key());
    cloud_event(id, "/tidvakt/progress", "tidvakt.progress.v1", append_time)
}

fn cloud_event(id: String, source: &str, kind: &str, time: UtcSecond) -> Vec<(&'static str, String)> {
    vec![
        ("ce_specversion", "1.0".to_owned()),
        (EVENT_ID, id),
        ("ce_source", source.to_owned()),
        ("ce_type", kind.to_owned()),
        ("ce_time", time.to_string()),
        ("content-type", "application/json".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_s_provider_must_be_the_record_s() {
        assert_eq!(check_provider(Some(b"P-1"), "P-1"), Ok(()));
        for other in [Some(&b"P-2"[..]), Some(b"p-1"), Some(b""), Some(b"\xff"), None] {
            let refused = check_provider(other, "P-1").expect_err("it names another");
            assert_eq!(refused.reason, Reason::NotOwner);
            assert!(!refused.detail.contains("P-1"), "{refused}");
        }
    }
}
