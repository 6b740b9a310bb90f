//! `plan-copy`: visits are registered as they were planned, to the minute.
//!
//! Why: nobody arrives and leaves at the planned minute day after day. Who registers the plan has not
//! registered the visit, and the minutes that were not worked are paid.
//!
//! Finds, per carer and per provider in a pay period, visits carried out that begin in the minute and
//! end in the minute that were planned, when their share is above `share_accepted` and so far above
//! the others' that chance gives it with at most `p_review_max`. Per carer also visits of which both ends were typed in
//! and that are as long as planned, to the minute, among all typed ones, above `typed_share_accepted`: who types the
//! visit from memory errs by minutes, who types it from the plan, with or without having been there, has its length. That
//! by chance is held against the square of `p_review_max`, each visit for itself.
//!
//! Not a finding: times of which one was typed in or closed by the source; a system that proposes the plan
//! to everybody, or a provider whose carers type it, as the others copy it then as well; few visits; visits without a
//! plan.
//!
//! Grade: review. No single second is in question.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::{CaptureMethod, Class, Explanation, Grade, SubjectKind, UtcSecond};
use crate::engine::{
    Answered, Definition, Mark, PeriodReport, PeriodRule, PeriodSight, PeriodSubject, Report, Sight, Signal,
    VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "plan-copy",
    version: 2,
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

const TYPED: Phrases = Phrases {
    visits: ["manuellt registrerade besök", "manually registered visits"],
    which: ["", ""],
    does: ["är exakt så långa som planerat", "are exactly as long as planned"],
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanCopy {
    #[serde(flatten)]
    shares: ShareComparison,
    /// Typed visits of a carer at least.
    typed_visits_min: u32,
    /// Share of typed visits that is accepted whatever the others' share, 0 to 1.
    typed_share_accepted: f64,
}

/// What of a period equals the plan.
#[derive(Hash, PartialEq)]
struct Copies {
    measured: Option<RoundedShare>,
    typed: Option<RoundedShare>,
}

impl VisitRule for PlanCopy {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        let Some(plan) = visit.planned() else { return };
        if !visit.is_performed() {
            return;
        }
        if visit.start_method.is_manual() && visit.end_method.is_manual() {
            report.mark(Mark::TypedPlan, (visit.seconds() - plan.seconds()).abs() < MINUTE_SECONDS);
        } else if !visit.is_manual() && visit.end_method != CaptureMethod::AutoClosed {
            let same = |a: UtcSecond, b: UtcSecond| a.0.div_euclid(60) == b.0.div_euclid(60);
            let copied = same(visit.span.start(), plan.start()) && same(visit.span.end(), plan.end());
            report.mark(Mark::PlanCopy, copied);
        }
    }
}

impl PeriodRule for PlanCopy {
    type Answer = Copies;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        let measured = self.shares.answer(sight, Mark::PlanCopy, Some(Signal::PlanCopy));
        let typed = self.typed(sight);
        measured.map(|measured| (measured.is_some() || typed.is_some()).then_some(Copies { measured, typed }))
    }

    fn report(&self, copies: &Copies, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        let excluded = &[
            Explanation::ManualTimes,
            Explanation::AutoClosed,
            Explanation::PlanningSource,
            Explanation::FewVisits,
        ];
        if let Some(share) = &copies.measured {
            report.hit_marked(share.mark(), share.hit(sight, Grade::Review, WORDS, excluded));
        }
        if let Some(share) = &copies.typed {
            let excluded = &[Explanation::UsualForOthers, Explanation::FewVisits];
            report.hit_marked(share.mark(), share.hit(sight, Grade::Review, TYPED, excluded));
        }
    }
}

impl PlanCopy {
    /// Of a provider nothing: how its carers type is its way of working.
    fn typed(&self, sight: &PeriodSight<'_>) -> Option<RoundedShare> {
        let is_of_carer = matches!(sight.period().subject, PeriodSubject::Carer(_));
        let shares = self.shares.by_visit(self.typed_visits_min, self.typed_share_accepted);
        let excess = is_of_carer.then(|| shares.excess(sight, Mark::TypedPlan))??;
        shares.rounded(sight, Mark::TypedPlan, &excess)
    }
}

/// Lengths are compared to the minute.
const MINUTE_SECONDS: i64 = 60;
