//! `impossible-travel`: the way between two visits cannot have been travelled in the time between.
//!
//! Why: a carer who really left one home when registered cannot have been at the next so soon.
//!
//! Looks at consecutive visits of one carer (in order of start, end and id) that were carried out in
//! the home, where the second begins at or after the end of the first and at most four hours after
//! its start. Finds those where the straight line, driven at `speed_kmh_max`, takes more than the
//! time between plus `slack_seconds`, or `weak_end_slack_seconds` where one of the four ends was pressed or
//! typed: times from memory are rounded; both grow by the step of a source that writes its times to a grid of five or
//! fifteen minutes. Over 6,217 legs on real streets, 90 km/h and 120 s gave no
//! false alarm.
//!
//! Not a finding: the same client, one household, visits that share time (`carer-overlap` speaks of
//! those), calls, errands and escorts, declined visits, alarms (someone may have been driven).
//!
//! Grade: hold where all four ends are electronic and more than `hold_metres_min` lie between them in
//! less than `hold_gap_seconds_max`, else review; that is for the weaker registration of the pair, the
//! other one's is one step lower. Undetermined where a home has no position.

use serde::Deserialize;

use super::slack::Slack;
use super::visit_rule;
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, Span, VisitKind};
use crate::engine::{
    Definition, Hit, Label, NEIGHBOUR_GAP_SECONDS_MAX, Report, Sight, Text, Visit, VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "impossible-travel",
    version: 2,
    class: Class::Contradiction,
    summary_sv: "Vägen mellan två besök kan inte ha hunnits med på tiden mellan dem.",
    summary_en: "The way between two visits cannot have been travelled in the time between them.",
    build: visit_rule::<ImpossibleTravel>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImpossibleTravel {
    /// Nobody drives a straight line faster than this between two homes.
    speed_kmh_max: f64,
    /// Clocks, and the walk to the door.
    #[serde(flatten)]
    slack: Slack,
    /// Further apart than this can be held.
    hold_metres_min: u32,
    /// With less time between than this.
    hold_gap_seconds_max: u32,
}

/// One way between two visits.
struct Leg {
    gap_seconds: i64,
    metres: f64,
    needed_seconds: i64,
    slack_seconds: i64,
}

impl VisitRule for ImpossibleTravel {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !is_placed(own) {
            return;
        }
        if let Some(before) = sight.before_at_carer(is_placed) {
            self.look(sight, before, own, before, report);
        }
        if let Some(after) = sight.after_at_carer(is_placed) {
            self.look(sight, own, after, after, report);
        }
    }
}

impl ImpossibleTravel {
    /// Looks at the way from `first` to `second`, of which one is the visit in sight.
    fn look(&self, sight: &Sight<'_>, first: &Visit, second: &Visit, other: &Visit, report: &mut Report<'_>) {
        let gap_seconds = second.span.start().since(first.presence().end());
        // Longer than any way across a municipality takes; nothing has to be looked up.
        let ample = NEIGHBOUR_GAP_SECONDS_MAX <= gap_seconds;
        if first.client == second.client || gap_seconds < 0 || ample {
            return;
        }
        let (Some(from), Some(to)) = (sight.home(first), sight.home(second)) else {
            return report.undetermined(MissingFact::ClientHome);
        };
        let (Some(from_place), Some(to_place)) = (from.place, to.place) else {
            return report.undetermined(MissingFact::ClientHome);
        };
        if from.household.is_some() && from.household == to.household {
            return;
        }
        let needed_seconds = |metres: f64| (metres * 3.6 / self.speed_kmh_max).floor() as i64;
        let slack_seconds = self.slack.between(sight, first, second);
        let allowed = gap_seconds + slack_seconds;
        // Most ways are so short that it need not be known how short.
        if needed_seconds(from_place.metres_to_at_most(to_place)) <= allowed {
            return;
        }
        let metres = from_place.metres_to(to_place);
        let needed_seconds = needed_seconds(metres);
        if allowed < needed_seconds {
            report.hit(self.hit(sight, other, &Leg { gap_seconds, metres, needed_seconds, slack_seconds }));
        }
    }

    fn hit(&self, sight: &Sight<'_>, other: &Visit, leg: &Leg) -> Hit<impl Text> {
        let own = sight.visit();
        let grave = own.is_electronic()
            && other.is_electronic()
            && f64::from(self.hold_metres_min) < leg.metres
            && leg.gap_seconds < i64::from(self.hold_gap_seconds_max);
        let metres = leg.metres.round() as i64;
        Hit::new(sight.side(other, if grave { Grade::Hold } else { Grade::Review }))
            .related([other.slot])
            .disputed(missing_time(own, other, leg))
            .observed([
                Measure::whole("gap_seconds", leg.gap_seconds),
                Measure::whole("distance_metres", metres),
            ])
            .expected([
                Measure::whole("gap_seconds_min", leg.needed_seconds - leg.slack_seconds),
                Measure::real("speed_kmh_max", self.speed_kmh_max),
            ])
            .excluded(&[
                Explanation::OneHousehold,
                Explanation::SameClient,
                Explanation::Alarm,
                Explanation::OutsideHome,
                Explanation::DeclinedVisit,
            ])
            .text(move || sentence(sight, other, leg))
    }
}

/// The seconds that the way lacks, taken from the end of the visit in sight that faces the other.
fn missing_time(own: &Visit, other: &Visit, leg: &Leg) -> Span {
    let presence = own.presence();
    let missing = (leg.needed_seconds - leg.gap_seconds).min(presence.seconds());
    let (start, end) = if presence <= other.presence() {
        (presence.end().plus(-missing), presence.end())
    } else {
        (presence.start(), presence.start().plus(missing))
    };
    Span::new(start, end).expect("`missing` is at most the visit's length and not negative")
}

fn is_placed(visit: &Visit) -> bool {
    visit.is_at_home() && visit.kind != VisitKind::Alarm
}

fn sentence(sight: &Sight<'_>, other: &Visit, leg: &Leg) -> Sentence {
    let Label { id, clock, date } = sight.label();
    let Label { id: other_id, clock: other_clock, .. } = sight.label_of(other);
    let km = leg.metres / 1000.0;
    let (gap, needed) = ((leg.gap_seconds + 30) / 60, (leg.needed_seconds + 59) / 60);
    let km_sv = format!("{km:.1}").replace('.', ",");
    Sentence {
        sv: format!(
            "Mellan två besök den {date} ligger {km_sv} km fågelvägen men bara {gap} min; \
             minst {needed} min behövs med bil: {id} kl. {clock} och {other_id} kl. \
             {other_clock}."
        ),
        en: format!(
            "Two visits on {date} lie {km:.1} km apart in a straight line but only {gap} \
             min; at least {needed} min are needed by car: {id} at {clock} and {other_id} \
             at {other_clock}."
        ),
    }
}
