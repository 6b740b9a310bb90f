//! `missing-log-out`: nobody logged out, and the visit ran on.
//!
//! Why: the minutes after the carer had left are not work. It is a slip, and usually corrected.
//!
//! Finds visits that the source closed by itself after their planned end (after nothing, without a
//! plan), and visits that are longer than `plan_multiple` times their plan and than `seconds_min`.
//!
//! Not a finding: night tours, escorts and errands (long by nature) unless the source closed them,
//! visits with an end typed in afterwards (someone has thought about it), visits still open.
//!
//! It is due at noon of the working day by which the provider's office has made most of its corrections, as its edits
//! show (the next working day, where few are known), and at the latest when the pay period is locked: until then the office
//! puts log-outs right, and what is put right by then is nobody's matter.
//!
//! Grade: review of the minutes above the plan where more than the plan is paid; observe where the source
//! bills no more than the plan or nothing at all, and where there is no plan to be above of.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV, clock_minutes};
use crate::domain::{
    CaptureMethod, Class, Explanation, Grade, Measure, MissingFact, Sentence, Span, VisitKind, VisitOutcome,
};
use crate::engine::{Definition, Hit, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "missing-log-out",
    version: 4,
    class: Class::Error,
    summary_sv: "Utloggning saknas: tiden fortsatte att räknas efter att besöket var slut.",
    summary_en: "A log-out is missing: time ran on after the visit was over.",
    build: visit_rule::<MissingLogOut>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MissingLogOut {
    /// Longer than so many times its plan is no visit any more.
    plan_multiple: f64,
    /// And longer than this.
    seconds_min: u32,
    /// A visit that the source closed by itself may run over its plan by this.
    slack_seconds: u32,
}

impl VisitRule for MissingLogOut {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if own.open || !matches!(own.outcome, VisitOutcome::Performed | VisitOutcome::Partly) {
            return;
        }
        let auto_closed = own.end_method == CaptureMethod::AutoClosed;
        let above = above_plan(own);
        let ran_on = if auto_closed {
            i64::from(self.slack_seconds) < above.seconds()
        } else {
            !own.end_method.is_manual() && !is_long_by_nature(own) && self.is_overlong(own)
        };
        if ran_on {
            report.hit_from(sight.corrected_by(), self.hit(sight, above, auto_closed));
        }
    }
}

impl MissingLogOut {
    fn is_overlong(&self, visit: &Visit) -> bool {
        let planned = visit.planned().map_or(0, Span::seconds);
        i64::from(self.seconds_min) < visit.seconds()
            && 0 < planned
            && self.plan_multiple * (planned as f64) < visit.seconds() as f64
    }

    fn hit(&self, sight: &Sight<'_>, above: Span, auto_closed: bool) -> Hit<impl Wording> {
        let own = sight.visit();
        let planned = own.planned().map(Span::seconds);
        let slack = i64::from(self.slack_seconds);
        let above_is_paid = |planned: i64| planned + slack < own.paid_seconds();
        let is_paid = own.billable && planned.is_some_and(above_is_paid);
        let mut expected = vec![Measure::real("plan_multiple_max", self.plan_multiple)];
        expected.extend(planned.map(|seconds| Measure::whole("planned_seconds", seconds)));
        Hit::new(if is_paid { Grade::Review } else { Grade::Observe })
            .disputed(above)
            .observed([
                Measure::whole("registered_seconds", own.seconds()),
                Measure::whole("above_plan_seconds", above.seconds()),
                Measure::text("closed_by", if auto_closed { "source" } else { "carer" }),
            ])
            .expected(expected)
            .excluded(&[
                Explanation::ManualEnd,
                Explanation::NightTour,
                Explanation::OutsideHome,
                Explanation::DeclinedVisit,
            ])
            .not_tested(planned.is_none().then_some(MissingFact::Plan))
            .text(move || sentence(sight, above, auto_closed))
    }
}

/// The part after the planned end; the whole visit where it has no plan.
fn above_plan(visit: &Visit) -> Span {
    let Some(plan) = visit.planned() else { return visit.span };
    let start = visit.span.start();
    // A visit that began late may end late: its planned length counts, not only its planned end.
    let due = plan.end().max(start.plus(plan.seconds())).min(visit.span.end());
    Span::new(due.max(start), visit.span.end()).expect("`due` is at most the end")
}

const fn is_long_by_nature(visit: &Visit) -> bool {
    matches!(visit.kind, VisitKind::NightTour | VisitKind::Escort | VisitKind::Errand)
}

fn sentence(sight: &Sight<'_>, above: Span, auto_closed: bool) -> Sentence {
    let (own, label) = (sight.visit(), sight.label());
    let (long, above) = (clock_minutes(own.span), clock_minutes(above));
    let (long_sv, long_en) = (SV.length(long), EN.length(long));
    let (beyond_sv, beyond_en) = match own.planned() {
        Some(_) => (
            format!("{} längre än planerat", SV.length(above)),
            format!("{} longer than planned", EN.length(above)),
        ),
        None => ("utan planerad tid".to_owned(), "without a planned time".to_owned()),
    };
    if auto_closed {
        return Sentence {
            sv: format!(
                "Utloggning saknas: besöket {} avslutades av systemet efter {long_sv}, {beyond_sv}.",
                label.dated_sv()
            ),
            en: format!(
                "A log-out is missing: visit {} was closed by the system after {long_en}, {beyond_en}.",
                label.dated_en()
            ),
        };
    }
    Sentence {
        sv: format!(
            "Besöket {} varade i {long_sv}, {beyond_sv}. Utloggningen glömdes troligen.",
            label.dated_sv()
        ),
        en: format!(
            "Visit {} lasted {long_en}, {beyond_en}. The log-out was probably forgotten.",
            label.dated_en()
        ),
    }
}
