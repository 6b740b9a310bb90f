//! Since when no broker has answered.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::UtcSecond;

/// Without an answer for so long the contact counts as lost: longer than a request that a busy broker lets wait, and
/// shorter than the session of a member of the group.
const LOST_AFTER: Duration = Duration::from_secs(6);

/// When a broker last answered, and why none does.
#[derive(Debug)]
pub(super) struct Contact {
    answered: Instant,
    /// Why the newest request had no answer; `None` where it had one.
    reason: Option<String>,
    is_lost: bool,
}

impl Contact {
    /// A contact that is as old as the process: no broker had time to answer yet.
    pub(super) fn new() -> Self {
        Self { answered: Instant::now(), reason: None, is_lost: false }
    }

    /// A broker answered at `now`. Returns how long none had, where the contact was lost.
    pub(super) fn answer(&mut self, now: Instant) -> Option<Duration> {
        let silence = self.age(now);
        self.answered = now;
        self.reason = None;
        std::mem::take(&mut self.is_lost).then_some(silence)
    }

    /// No broker has answered by `now`. True where that makes the contact lost.
    pub(super) fn silence(&mut self, now: Instant, reason: &str) -> bool {
        self.reason = Some(reason.to_owned());
        let was_lost = self.is_lost;
        self.is_lost = LOST_AFTER <= self.age(now);
        self.is_lost && !was_lost
    }

    /// Time since a broker last answered, or since the start.
    pub(super) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.answered)
    }

    /// The newest request had no answer.
    pub(super) const fn is_doubtful(&self) -> bool {
        self.reason.is_some()
    }

    /// Since when there has been no answer, and why, once the contact is lost.
    pub(super) fn lost(&self, now: Instant) -> Option<String> {
        let reason = self.reason.as_ref().filter(|_| self.is_lost)?;
        let age = self.age(now);
        let since = SystemTime::now().checked_sub(age).unwrap_or(UNIX_EPOCH);
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let since = UtcSecond(i64::try_from(since).unwrap_or(i64::MAX));
        Some(format!("no broker has answered since {since} ({} s): {reason}", age.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_is_lost_once_and_comes_back_once() {
        let mut contact = Contact::new();
        let start = contact.answered;
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        assert_eq!(contact.answer(after(1)), None, "nothing was lost");
        assert!(!contact.silence(after(3), "refused"), "two seconds are a slow answer");
        assert!(contact.is_doubtful() && contact.lost(after(3)).is_none());
        assert!(contact.silence(after(8), "refused"));
        assert!(!contact.silence(after(90), "refused"), "it is said once");
        let lost = contact.lost(after(91)).expect("it is lost");
        assert!(
            lost.ends_with("Z (90 s): refused") && lost.starts_with("no broker has answered since 2"),
            "{lost}"
        );
        assert_eq!(contact.answer(after(92)).map(|silence| silence.as_secs()), Some(91));
        assert_eq!((contact.lost(after(93)), contact.answer(after(93))), (None, None));
    }
}
