//! `task-pattern`: every task of a long list is ticked at every visit, or none ever is.
//!
//! Why: a list of five tasks or more is never done in full every time. A carer who always ticks all of
//! it, or nothing, has not recorded what was done.
//!
//! Finds, per carer and per provider in a pay period, visits carried out on an order that lists at
//! least `tasks_min` tasks of which all or none are ticked, when their share is above `share_accepted`
//! and so far above the others' that chance gives it with at most `p_review_max`.
//!
//! Not a finding: short lists; apps that tick everything for everybody, as the others' lists are then
//! full too; visits without a known order.
//!
//! Grade: observe. A template or a habit explains it as well.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::{Class, Explanation, Grade, SubjectKind};
use crate::engine::{
    Answered, Definition, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "task-pattern",
    version: 1,
    class: Class::Pattern,
    summary_sv: "Alla insatser, eller inga, är markerade som utförda vid för många besök.",
    summary_en: "All tasks, or none, are marked as done at too many visits.",
    build: visit_and_period_rule::<TaskPattern>,
};

const WORDS: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: [" med en lång insatslista", " with a long list of tasks"],
    does: [
        "har antingen alla eller inga insatser markerade som utförda",
        "have either all tasks or none marked as done",
    ],
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskPattern {
    #[serde(flatten)]
    shares: ShareComparison,
    /// A list of fewer tasks is often done in full.
    tasks_min: u8,
}

impl VisitRule for TaskPattern {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let visit = sight.visit();
        if !visit.is_at_home() {
            return;
        }
        let listed = sight.order().map_or(0, |order| order.tasks.len());
        if usize::from(self.tasks_min) <= listed {
            let ticked = usize::from(visit.tasks_count);
            report.mark(Mark::TaskPattern, ticked == 0 || listed <= ticked);
        }
    }
}

impl PeriodRule for TaskPattern {
    type Answer = RoundedShare;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.shares.answer(sight, Mark::TaskPattern, None)
    }

    fn report(&self, share: &RoundedShare, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit_marked(
            share.mark(),
            share.hit(
                sight,
                Grade::Observe,
                WORDS,
                &[Explanation::ShortList, Explanation::Template, Explanation::FewVisits],
            ),
        );
    }
}
