//! The rule itself: from what was read to the verdict on one registration.

use std::collections::BTreeSet;

use super::{Clearance, Highest, RegistrationKey};
use crate::contract::{Claim, MunicipalityProgress, PartitionProgress, PayoutHold, Progress};
use crate::domain::{EventType, HoldState, Month, Span, SubjectKind, UtcSecond};

/// The place of a record in the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPosition {
    /// Partition of the feed.
    pub partition: i32,
    /// Offset in it.
    pub offset: i64,
}

/// Whether a registration may be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payability {
    /// It may be paid.
    Payable,
    /// Its disputed seconds may not be paid; the rest may.
    Hold,
    /// It is not known to be assessed, and may not be paid.
    Unassessed,
}

impl Payability {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Payable, Self::Hold, Self::Unassessed];

    /// The word in tables and on lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payable => "payable",
            Self::Hold => "hold",
            Self::Unassessed => "unassessed",
        }
    }
}

/// Why a registration is not known to be assessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unassessed {
    /// Its highest version lies above what progress covers.
    AboveProgress,
    /// Its highest version lies in a range of `unassessed`.
    InQuarantine,
    /// Its highest version lies below `from_offset`.
    BelowFromOffset,
    /// Its municipality, or its partition, has no progress record.
    NoProgress,
    /// The progress record of its municipality or partition cannot be read.
    UnreadableProgress,
    /// Progress covers offsets that the feed does not have: it is not that of this feed.
    ProgressAboveFeed,
    /// A version of it cannot be read, and may be the highest.
    UnreadableVersion,
    /// A record of its partition names no registration, and is not listed as unassessed.
    UnreadableRecord,
    /// An alert that may be about it cannot be read.
    UnreadableAlert,
}

impl Unassessed {
    /// The code on lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AboveProgress => "above-progress",
            Self::InQuarantine => "in-quarantine",
            Self::BelowFromOffset => "below-from-offset",
            Self::NoProgress => "no-progress",
            Self::UnreadableProgress => "unreadable-progress",
            Self::ProgressAboveFeed => "progress-above-feed",
            Self::UnreadableVersion => "unreadable-version",
            Self::UnreadableRecord => "unreadable-record",
            Self::UnreadableAlert => "unreadable-alert",
        }
    }
}

/// The verdict on one registration.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Municipality code.
    pub municipality: String,
    /// The highest version in the feed.
    pub claim: Claim,
    /// Every offset of that version.
    pub positions: Vec<FeedPosition>,
    /// The pay period that it names, else the local month of its start.
    pub pay_period: Option<Month>,
    /// Whether it may be paid.
    pub state: Payability,
    /// Why it is unassessed; empty in the other states.
    pub unassessed: BTreeSet<Unassessed>,
    /// The open holds that name it.
    pub holds: Vec<PayoutHold>,
    /// Length of the visit; 0 where it is cancelled or has no end.
    pub seconds: i64,
    /// Of these, the seconds under open holds: spans united, at most all.
    pub held_seconds: i64,
}

impl Verdict {
    /// The seconds that may be paid: none of an unassessed registration, all but the held ones of others.
    #[must_use]
    pub const fn payable_seconds(&self) -> i64 {
        match self.state {
            Payability::Unassessed => 0,
            Payability::Payable | Payability::Hold => self.seconds - self.held_seconds,
        }
    }

    /// Codes of the reasons: why it is unassessed, else the rules of its holds, else why there is nothing to pay.
    #[must_use]
    pub fn reasons(&self) -> Vec<&str> {
        let rules = || self.holds.iter().flat_map(|hold| hold.reason_codes.iter().map(String::as_str));
        match self.state {
            Payability::Unassessed => self.unassessed.iter().map(|reason| reason.as_str()).collect(),
            Payability::Hold => rules().collect::<BTreeSet<_>>().into_iter().collect(),
            Payability::Payable if self.claim.event_type == Some(EventType::Cancelled) => vec!["cancelled"],
            Payability::Payable if self.claim.end_at.is_none() => vec!["not-ended"],
            Payability::Payable => Vec::new(),
        }
    }
}

/// Whether a hold withholds in a payout run that is scheduled at `run_at`.
fn is_open(hold: &PayoutHold, run_at: Option<UtcSecond>) -> bool {
    match hold.state {
        Some(HoldState::Released | HoldState::Expired | HoldState::Superseded) => false,
        Some(HoldState::Proposed) => {
            let expired = |run_at: UtcSecond| hold.expires_at.is_some_and(|expires_at| expires_at <= run_at);
            !run_at.is_some_and(expired)
        }
        Some(HoldState::Confirmed | HoldState::Upheld) | None => true,
    }
}

impl Clearance {
    pub(super) fn decide(
        &self,
        key: &RegistrationKey,
        highest: &Highest,
        contradicted: &BTreeSet<i32>,
        run_at: Option<UtcSecond>,
    ) -> Verdict {
        let Highest { claim, positions } = highest;
        let mut unassessed = BTreeSet::new();
        for at in positions {
            self.check_offset(&key.0, *at, &mut unassessed);
            if contradicted.contains(&at.partition) {
                unassessed.insert(Unassessed::UnreadableRecord);
            }
        }
        if claim.version.is_none() {
            unassessed.insert(Unassessed::UnreadableVersion);
        }
        if self.unreadable_alerts.iter().any(|alert| may_concern(alert, key)) {
            unassessed.insert(Unassessed::UnreadableAlert);
        }
        let holds = self.open_holds(key, run_at);
        let visit = visit_of(claim);
        let seconds = visit.map_or(0, Span::seconds);
        let held_seconds = visit.map_or(0, |visit| held_seconds(visit, &holds));
        let state = match (unassessed.is_empty(), holds.is_empty()) {
            (false, _) => Payability::Unassessed,
            (true, false) => Payability::Hold,
            (true, true) => Payability::Payable,
        };
        let start_month = claim.start_at.map(|start| self.zone.month(start));
        Verdict {
            municipality: key.0.clone(),
            claim: claim.clone(),
            positions: positions.clone(),
            pay_period: claim.pay_period.or(start_month),
            state,
            unassessed,
            holds,
            seconds,
            held_seconds,
        }
    }

    /// Partitions of the feed of which a record names no registration and is covered by progress, yet not listed as
    /// unassessed: the service and this reader do not read the same.
    pub(super) fn contradicted(&self) -> BTreeSet<i32> {
        let is_covered = |partition: i32, offset: &i64| {
            self.partitions(partition).flatten().any(|of| {
                (of.from_offset..=of.through_offset).contains(offset) && !is_listed(&of.unassessed, *offset)
            })
        };
        let contradicted = self
            .nameless
            .iter()
            .filter(|(partition, offsets)| offsets.iter().any(|offset| is_covered(**partition, offset)));
        contradicted.map(|(partition, _)| *partition).collect()
    }

    /// Why a record of `municipality` at `at` is not known to be assessed.
    fn check_offset(&self, municipality: &str, at: FeedPosition, into: &mut BTreeSet<Unassessed>) {
        let mut covered = [false; 2];
        let last_read = self.last_read.get(&at.partition).copied().unwrap_or(-1);
        let check_through = |through: i64, into: &mut BTreeSet<Unassessed>| {
            if through < at.offset {
                into.insert(Unassessed::AboveProgress);
            }
            if last_read < through {
                into.insert(Unassessed::ProgressAboveFeed);
            }
        };
        for record in self.municipality(municipality) {
            match record {
                None => drop(into.insert(Unassessed::UnreadableProgress)),
                Some(of) if of.partition != at.partition => {}
                Some(of) => {
                    covered[0] = true;
                    check_through(of.assessed_through_offset, into);
                }
            }
        }
        for record in self.partitions(at.partition) {
            let Some(of) = record else {
                into.insert(Unassessed::UnreadableProgress);
                continue;
            };
            covered[1] = true;
            check_through(of.through_offset, into);
            if at.offset < of.from_offset {
                into.insert(Unassessed::BelowFromOffset);
            }
            if is_listed(&of.unassessed, at.offset) {
                into.insert(Unassessed::InQuarantine);
            }
        }
        if covered != [true; 2] && !into.contains(&Unassessed::UnreadableProgress) {
            into.insert(Unassessed::NoProgress);
        }
    }

    /// The latest progress records under the key of a municipality, one for each partition of the progress topic that
    /// has one; `None`: unreadable.
    fn municipality(&self, code: &str) -> impl Iterator<Item = Option<&MunicipalityProgress>> {
        self.latest(code.to_owned()).map(|record| match record {
            Some(Progress::Municipality(of)) => Some(of),
            _ => None,
        })
    }

    /// The same of a partition of the feed.
    fn partitions(&self, partition: i32) -> impl Iterator<Item = Option<&PartitionProgress>> {
        self.latest(format!("partition|{partition}")).map(|record| match record {
            Some(Progress::Partition(of)) => Some(of),
            _ => None,
        })
    }

    fn latest(&self, key: String) -> impl Iterator<Item = Option<&Progress>> {
        let all = (key.clone(), i32::MIN)..=(key, i32::MAX);
        self.progress.range(all).map(|(_, record)| record.as_ref())
    }

    /// The open holds that name a registration.
    fn open_holds(&self, key: &RegistrationKey, run_at: Option<UtcSecond>) -> Vec<PayoutHold> {
        let alerts = self.named_by.get(key).into_iter().flatten().filter_map(|id| self.alerts.get(id));
        let holds = alerts.filter(|alert| alert.municipality == key.0).flat_map(|alert| &alert.holds);
        holds.filter(|hold| hold.registration_id == key.1 && is_open(hold, run_at)).cloned().collect()
    }
}

/// Whether an alert of which only the key is known may be about a registration.
fn may_concern(alert_id: &str, (municipality, registration_id): &RegistrationKey) -> bool {
    let Some((of, subject)) = alert_id.split_once(':').filter(|(of, _)| of.len() == 4) else { return true };
    let kind = SubjectKind::Registration.as_str();
    let named = subject.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':'));
    of == municipality && named.is_none_or(|named| named == registration_id)
}

/// Whether `offset` lies in one of the `ranges`, which ascend and are inclusive.
fn is_listed(ranges: &[(i64, i64)], offset: i64) -> bool {
    let next = ranges.partition_point(|(_, last)| *last < offset);
    ranges.get(next).is_some_and(|(first, _)| *first <= offset)
}

/// The visit that is claimed; `None` where nothing is.
fn visit_of(claim: &Claim) -> Option<Span> {
    let is_cancelled = claim.event_type == Some(EventType::Cancelled);
    Span::new(claim.start_at?, claim.end_at?).filter(|_| !is_cancelled)
}

/// The seconds of `visit` under `holds`: disputed spans united, the seconds of a hold without spans added, at most all.
fn held_seconds(visit: Span, holds: &[PayoutHold]) -> i64 {
    let mut spans: Vec<Span> =
        holds.iter().flat_map(|hold| &hold.disputed).filter_map(|span| span.intersection(visit)).collect();
    spans.sort_unstable();
    let (mut held, mut reached) = (0_i64, visit.start());
    for span in spans {
        let start = span.start().max(reached);
        held += span.end().since(start).max(0);
        reached = reached.max(span.end());
    }
    let spanless = holds.iter().filter(|hold| hold.disputed.is_empty());
    let spanless = spanless.map(|hold| hold.seconds_in_question.unwrap_or(i64::MAX));
    spanless.fold(held, i64::saturating_add).min(visit.seconds())
}
