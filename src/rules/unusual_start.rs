//! `unusual-start`: a visit began far from its planned time.
//!
//! Why: registered times that have nothing to do with the plan are a sign of times made up; by itself
//! it is none, as days go differently from their plan.
//!
//! The distance of the registered from the planned start, in either direction, on a scale of
//! `scale_seconds`, is a signal about every planned visit carried out, and is held against how far
//! visits usually begin from their plan in this municipality. Noted where it is more than
//! `seconds_observe_min`.
//!
//! Not a finding: unplanned visits and alarms, night tours (driven in any order), starts typed in
//! afterwards, declined visits. A visit moved at the client's wish looks the same: so it is only noted.
//!
//! Grade: observe. Undetermined without a plan.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV, nearest_minutes};
use crate::domain::{Class, Explanation, Measure, MissingFact, Sentence, Span, VisitKind};
use crate::engine::{Definition, Hit, Report, Sight, Signal, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "unusual-start",
    version: 1,
    class: Class::Deviation,
    summary_sv: "Ett besök började långt från planerad tid.",
    summary_en: "A visit began far from its planned time.",
    build: visit_rule::<UnusualStart>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnusualStart {
    /// So far from the plan is nothing special.
    scale_seconds: u32,
    /// Further than this is noted.
    seconds_observe_min: u32,
}

impl VisitRule for UnusualStart {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !is_comparable(own) {
            return;
        }
        let Some(planned) = own.planned().map(Span::start) else {
            return report.undetermined(MissingFact::Plan);
        };
        let late = own.span.start().since(planned);
        let distance = late as f64 / f64::from(self.scale_seconds.max(1));
        report.signal(Signal::Start, (1.0 + distance * distance).recip());
        if i64::from(self.seconds_observe_min) < late.abs() {
            report.hit(self.hit(sight, late));
        }
    }
}

impl UnusualStart {
    fn hit(&self, sight: &Sight<'_>, late: i64) -> Hit<impl Wording> {
        let (label, minutes) = (sight.label(), nearest_minutes(late.abs()));
        let (side_sv, side_en) = if late < 0 { ("före", "before") } else { ("efter", "after") };
        Hit::observe()
            .observed([Measure::whole("late_seconds", late)])
            .expected([Measure::whole("distance_seconds_max", i64::from(self.seconds_observe_min))])
            .excluded(&[
                Explanation::Unplanned,
                Explanation::Alarm,
                Explanation::NightTour,
                Explanation::ManualStart,
                Explanation::DeclinedVisit,
            ])
            .text(move || Sentence {
                sv: format!(
                    "Besöket {} började {} {side_sv} planerad tid.",
                    label.dated_sv(),
                    SV.length(minutes)
                ),
                en: format!(
                    "Visit {} began {} {side_en} the planned time.",
                    label.dated_en(),
                    EN.length(minutes)
                ),
            })
    }
}

fn is_comparable(visit: &Visit) -> bool {
    visit.is_performed()
        && !visit.start_method.is_manual()
        && !matches!(visit.kind, VisitKind::Unplanned | VisitKind::Alarm | VisitKind::NightTour)
}
