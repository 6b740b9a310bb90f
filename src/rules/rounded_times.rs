//! `rounded-times`: too many visits begin and end on round five minutes.
//!
//! Why: a tag, a lock or a pressed button records the minute at which it happened, and one in five
//! minutes is a round one. Both ends fall on one in about four visits of a hundred; where they do far
//! more often, the times were thought out.
//!
//! Finds, per carer and per provider in a pay period, visits carried out of which both ends were
//! captured by a machine or a button and lie in a full five-minute minute, when their share is above
//! `share_accepted` and so far above the others' that chance gives it with at most `p_review_max`.
//!
//! Not a finding: times typed in afterwards, which are round honestly; visits paid by standard
//! minutes; a source that rounds for everybody, as the others are then as round; few visits.
//!
//! Grade: review. No single second is in question.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::{CaptureMethod, Class, Explanation, Grade, PaymentMode, SubjectKind, UtcSecond};
use crate::engine::{
    Answered, Definition, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, Signal, Visit,
    VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "rounded-times",
    version: 1,
    class: Class::Pattern,
    summary_sv: "För många besök börjar och slutar på jämna fem minuter.",
    summary_en: "Too many visits begin and end on round five minutes.",
    build: visit_and_period_rule::<RoundedTimes>,
};

const WORDS: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: [" elektroniskt eller i appen", " electronically or in the app"],
    does: ["börjar och slutar på jämna fem minuter", "begin and end on round five minutes"],
};

#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct RoundedTimes(ShareComparison);

impl VisitRule for RoundedTimes {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        if is_measured(visit) {
            report.mark(Mark::Rounded, is_full(visit.span.start()) && is_full(visit.span.end()));
        }
    }
}

impl PeriodRule for RoundedTimes {
    type Answer = RoundedShare;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.0.answer(sight, Mark::Rounded, Some(Signal::Rounded))
    }

    fn report(&self, share: &RoundedShare, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        let excluded = &[
            Explanation::ManualTimes,
            Explanation::StandardMinutes,
            Explanation::RoundingSource,
            Explanation::FewVisits,
        ];
        report.hit_marked(share.mark(), share.hit(sight, Grade::Review, WORDS, excluded));
    }
}

/// Whether both times were captured by a machine or a pressed button.
fn is_measured(visit: &Visit) -> bool {
    let measured = |method: CaptureMethod| method.is_electronic() || method == CaptureMethod::AppButton;
    visit.is_performed()
        && measured(visit.start_method)
        && measured(visit.end_method)
        && visit.payment_mode != PaymentMode::StandardMinutes
}

/// A full five-minute minute in UTC is one in every zone.
const fn is_full(at: UtcSecond) -> bool {
    at.0.div_euclid(60).rem_euclid(5) == 0
}
