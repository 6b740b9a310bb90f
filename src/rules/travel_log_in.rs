//! `travel-log-in`: a visit was begun on the way there.
//!
//! Why: the way is not help, and who logs in at the stop before lets it be paid as if it were.
//!
//! Finds visits carried out in the home that were begun somewhere else, in one of two ways. By tag:
//! the tag read at the start hangs at another client's home (by its `tag` fact), and the one at the end
//! does not. By position: the start was captured further from the home than `metres_min` and than three
//! times the accuracy, and the end near it, or by something bound to it. What is in question is the time
//! from the start until one can have arrived, driven at `speed_kmh` in a straight line. A position is on the way where
//! the way over it from the stop before is at most a quarter longer than the straight one; a stray position lies
//! anywhere.
//!
//! Not a finding: one household, errands and escorts, calls, meals, declined visits, starts typed in
//! afterwards. Where a contract counts the way as work, an `exception` fact says so. A visit of which
//! both ends were read from a strange tag was hardly begun on the way: `moved-tag` speaks of it.
//!
//! Grade: hold by tag, where both homes' positions are known: the record says one place, the tag
//! another. Without them, or without the households, or without both, review. By position: review, as positions drift;
//! observe where it is not on the way, or no stop before is known.
//! Undetermined where the municipality sends no tags and the start has no position, or where a
//! position is there and the home's is not.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{
    CaptureMethod, Class, Coordinates, Explanation, Geo, Grade, Measure, MissingFact, Sentence, Span,
    VisitKind,
};
use crate::engine::{ClientId, Definition, Hit, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "travel-log-in",
    version: 2,
    class: Class::Contradiction,
    summary_sv: "Ett besök påbörjades på vägen dit.",
    summary_en: "A visit was begun on the way there.",
    build: visit_rule::<TravelLogIn>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TravelLogIn {
    /// A start captured nearer to the home than this was at the door.
    metres_min: u32,
    /// How fast one comes from there, in a straight line.
    speed_kmh: f64,
}

/// Where the visit was begun, and by what that is known.
struct Elsewhere {
    metres: Option<f64>,
    by_tag: bool,
    /// Whether it lies on the way from the stop before.
    on_the_way: bool,
    households_known: bool,
}

/// Length of a way over a position on it, by that of the straight way.
const DETOUR_MAX: f64 = 1.25;

impl VisitRule for TravelLogIn {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_at_home() || own.kind == VisitKind::MealDelivery || own.start_method.is_manual() {
            return;
        }
        let geo = own.geo()[0];
        if !sight.tags_are_sent() && geo.is_none() {
            return report.undetermined(MissingFact::Tag);
        }
        if let Some(from) = strange_start_tag(sight) {
            let (home, other) = (sight.home(own), sight.home_of(from));
            let households = home.and_then(|home| home.household).zip(other.and_then(|home| home.household));
            if households.is_none_or(|(own, other)| own != other) {
                let places = home.and_then(|home| home.place).zip(other.and_then(|home| home.place));
                let metres = places.map(|(own, other)| own.metres_to(other));
                let households_known = households.is_some();
                let elsewhere = Elsewhere { metres, by_tag: true, on_the_way: true, households_known };
                return report.hit(self.hit(sight, &elsewhere));
            }
        }
        let Some(geo) = geo else { return };
        let Some(home) = sight.home(own).and_then(|home| home.place) else {
            return report.undetermined(MissingFact::ClientHome);
        };
        let metres = geo.place.metres_to(home);
        if self.is_far(geo, home) && self.ended_there(own, home) {
            let on_the_way = is_on_the_way(sight, geo.place, home);
            let elsewhere =
                Elsewhere { metres: Some(metres), by_tag: false, on_the_way, households_known: true };
            report.hit(self.hit(sight, &elsewhere));
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        sight.visit().carer == later.carer && later.geo()[0].is_some()
    }
}

/// Whether `place` lies on the way from the carer's stop before to `home`.
fn is_on_the_way(sight: &Sight<'_>, place: Coordinates, home: Coordinates) -> bool {
    let Some(stop) = sight.before_at_carer(Visit::is_at_home) else { return false };
    let left_at = stop.geo()[1].map(|geo| geo.place).or_else(|| sight.home(stop)?.place);
    left_at.is_some_and(|from| {
        from.metres_to(place) + place.metres_to(home) <= DETOUR_MAX * from.metres_to(home)
    })
}

/// The client at whose home the start's tag hangs, where that is not the visit's and the end was read
/// from none of hers.
fn strange_start_tag(sight: &Sight<'_>) -> Option<ClientId> {
    let own = sight.visit();
    let at = sight.tag_client(own.start_tag?).filter(|client| *client != own.client)?;
    let end = own.end_tag.and_then(|tag| sight.tag_client(tag));
    (end != Some(at)).then_some(at)
}

impl TravelLogIn {
    fn is_far(&self, geo: Geo, home: Coordinates) -> bool {
        let doubt = 3.0 * geo.accuracy_metres.unwrap_or(0.0);
        f64::from(self.metres_min).max(doubt) < geo.place.metres_to(home)
    }

    /// Did it end at the home? By position, else by what captured it.
    fn ended_there(&self, visit: &Visit, home: Coordinates) -> bool {
        let bound = visit.end_method.is_electronic() && visit.end_method != CaptureMethod::GpsApp;
        visit.geo()[1].map_or(bound, |geo| !self.is_far(geo, home))
    }

    fn hit(&self, sight: &Sight<'_>, elsewhere: &Elsewhere) -> Hit<impl Wording> {
        let own = sight.visit();
        let Elsewhere { metres, by_tag, on_the_way, households_known } = *elsewhere;
        let missing = [
            metres.is_none().then_some(MissingFact::ClientHome),
            (!households_known).then_some(MissingFact::Household),
        ];
        let grade = match (by_tag, on_the_way) {
            (true, _) => Grade::Hold,
            (false, true) => Grade::Review,
            (false, false) => Grade::Observe,
        };
        let way = metres.map_or(0, |metres| (metres * 3.6 / self.speed_kmh).floor() as i64);
        let start = own.span.start();
        let mut observed = vec![Measure::text("begun_by", if by_tag { "tag" } else { "position" })];
        observed.extend(metres.map(|metres| Measure::whole("distance_metres", metres.round() as i64)));
        observed.push(Measure::whole("way_seconds", way));
        Hit::new(grade)
            .lowered_without(missing.into_iter().flatten(), Grade::Observe)
            .disputed(Span::new(start, start.plus(way.min(own.seconds()))).filter(|span| 0 < span.seconds()))
            .observed(observed)
            .expected([Measure::whole("distance_metres_max", i64::from(self.metres_min))])
            .excluded(&[
                Explanation::OneHousehold,
                Explanation::OutsideHome,
                Explanation::MealDelivery,
                Explanation::ManualStart,
                Explanation::DeclinedVisit,
            ])
            .text(move || sentence(sight, elsewhere, way))
    }
}

fn sentence(sight: &Sight<'_>, elsewhere: &Elsewhere, way: i64) -> Sentence {
    let label = sight.label();
    let (where_sv, where_en) = match (elsewhere.by_tag, elsewhere.metres) {
        (true, _) => (
            "med en tagg som sitter hos en annan brukare".to_owned(),
            "with a tag that hangs at another client's home".to_owned(),
        ),
        (false, metres) => {
            let metres = metres.unwrap_or(0.0);
            (
                format!("{} från brukarens hem", SV.distance(metres)),
                format!("{} from the client's home", EN.distance(metres)),
            )
        }
    };
    let minutes = (way + 59) / 60;
    let (way_sv, way_en) = match minutes {
        0 => (String::new(), String::new()),
        _ => (
            format!(" Vägen därifrån tar omkring {}.", SV.minutes(minutes)),
            format!(" The way from there takes about {}.", EN.minutes(minutes)),
        ),
    };
    Sentence {
        sv: format!("Besöket {} påbörjades {where_sv}.{way_sv}", label.dated_sv()),
        en: format!("Visit {} was begun {where_en}.{way_en}", label.dated_en()),
    }
}
