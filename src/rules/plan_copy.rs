//! `plan-copy`: visits are registered as they were planned, to the minute.
//!
//! Why: nobody arrives and leaves at the planned minute day after day. Who registers the plan has not
//! registered the visit, and the minutes that were not worked are paid.
//!
//! Finds, per carer and per provider in a pay period, visits carried out that begin in the minute and
//! end in the minute that were planned, when their share is above `share_accepted` and so far above
//! the others' that chance gives it with at most `p_review_max`.
//!
//! Not a finding: times typed in afterwards or closed by the source; a system that proposes the plan
//! to everybody, as the others copy it then as well; few visits; visits without a plan.
//!
//! Grade: review. No single second is in question.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::{CaptureMethod, Class, Explanation, Grade, SubjectKind, UtcSecond};
use crate::engine::{
    Answered, Definition, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, Signal, VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "plan-copy",
    version: 1,
    class: Class::Pattern,
    summary_sv: "För många besök är registrerade med exakt de planerade klockslagen.",
    summary_en: "Too many visits are registered with exactly the planned times.",
    build: visit_and_period_rule::<PlanCopy>,
};

const WORDS: Phrases = Phrases {
    visits: ["planerade besök", "planned visits"],
    which: ["", ""],
    does: ["har exakt de planerade klockslagen", "have exactly the planned times"],
};

#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct PlanCopy(ShareComparison);

impl VisitRule for PlanCopy {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        let Some(plan) = visit.planned() else { return };
        if visit.is_performed() && !visit.is_manual() && visit.end_method != CaptureMethod::AutoClosed {
            let same = |a: UtcSecond, b: UtcSecond| a.0.div_euclid(60) == b.0.div_euclid(60);
            let copied = same(visit.span.start(), plan.start()) && same(visit.span.end(), plan.end());
            report.mark(Mark::PlanCopy, copied);
        }
    }
}

impl PeriodRule for PlanCopy {
    type Answer = RoundedShare;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.0.answer(sight, Mark::PlanCopy, Some(Signal::PlanCopy))
    }

    fn report(&self, share: &RoundedShare, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        let excluded = &[
            Explanation::ManualTimes,
            Explanation::AutoClosed,
            Explanation::PlanningSource,
            Explanation::FewVisits,
        ];
        report.hit_marked(share.mark(), share.hit(sight, Grade::Review, WORDS, excluded));
    }
}
