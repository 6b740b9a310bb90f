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
//! less than `hold_gap_seconds_max`, else review; on the weaker registration of the pair. Undetermined where a home has
//! no position.

use serde::Deserialize;

use super::slack::Slack;
use super::visit_rule;
use crate::domain::wording::{EN, SV, clock_minutes};
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, Span, VisitKind};
use crate::engine::{Definition, Hit, NEIGHBOUR_GAP_SECONDS_MAX, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "impossible-travel",
    version: 3,
    class: Class::Contradiction,
    summary_sv: "Tiden mellan två besök räcker inte för vägen mellan dem.",
    summary_en: "The time between two visits is too short for the way between them.",
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
    gap: Span,
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
        // Visits that share time are none of this rule's.
        let Some(gap) = Span::new(first.presence().end(), second.span.start()) else { return };
        // Longer than any way across a municipality takes; nothing has to be looked up.
        let ample = NEIGHBOUR_GAP_SECONDS_MAX <= gap.seconds();
        if first.client == second.client || ample {
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
        let allowed = gap.seconds() + slack_seconds;
        // Most ways are so short that it need not be known how short.
        if needed_seconds(from_place.metres_to_at_most(to_place)) <= allowed {
            return;
        }
        let metres = from_place.metres_to(to_place);
        let needed_seconds = needed_seconds(metres);
        if allowed < needed_seconds {
            let leg = Leg { gap, metres, needed_seconds, slack_seconds };
            report.pair(sight, other, || self.hit(sight, other, &leg));
        }
    }

    fn hit(&self, sight: &Sight<'_>, other: &Visit, leg: &Leg) -> Hit<impl Wording> {
        let own = sight.visit();
        let grave = own.is_electronic()
            && other.is_electronic()
            && f64::from(self.hold_metres_min) < leg.metres
            && leg.gap.seconds() < i64::from(self.hold_gap_seconds_max);
        let metres = leg.metres.round() as i64;
        Hit::new(if grave { Grade::Hold } else { Grade::Review })
            .related([other.slot])
            .disputed(missing_time(own, other, leg))
            .observed([
                Measure::whole("gap_seconds", leg.gap.seconds()),
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
    let missing = (leg.needed_seconds - leg.gap.seconds()).min(presence.seconds());
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
    let (own, other, carer) = (sight.label(), sight.label_of(other), sight.carer_ref());
    let (gap, needed) = (clock_minutes(leg.gap), (leg.needed_seconds + 59) / 60);
    Sentence {
        sv: format!(
            "Medarbetaren {carer} har två besök den {} som ligger {} från varandra (fågelvägen) med {} emellan. Med \
             bil behövs minst {}: {} och {}.",
            own.date_sv(),
            SV.distance(leg.metres),
            SV.minutes(gap),
            SV.minutes(needed),
            own.sv(),
            other.sv()
        ),
        en: format!(
            "Carer {carer} has two visits on {} that lie {} apart in a straight line, with {} between them. By car \
             at least {} are needed: {} and {}.",
            own.date_en(),
            EN.distance(leg.metres),
            EN.minutes(gap),
            EN.minutes(needed),
            own.en(),
            other.en()
        ),
    }
}
