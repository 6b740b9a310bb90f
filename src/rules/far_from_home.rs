//! `far-from-home`: visits are registered far from the client's home.
//!
//! Why: who registers visits from his own kitchen was not at the client's. One position proves little,
//! as they drift and maps are wrong; many do.
//!
//! Marks visits in the home of which both ends were captured further from it than `metres_min` and than three times
//! the position's accuracy. Finds single ones where the home's position is confirmed: at least three visits of other
//! carers in the four weeks before were captured near it. Finds, per carer and per provider in a pay period,
//! those visits with positions at both ends of which a share above `share_accepted` is marked, and so
//! far above the others' that chance gives it with at most `p_review_max`.
//!
//! Not a finding: errands and escorts, calls, declined visits; one end far away (`travel-log-in` looks
//! at the start); weak positions; an address that the map puts elsewhere, for which an `exception` fact
//! speaks; few visits.
//!
//! Grade: review for a visit to a home whose position is confirmed, else observe, as the map may be wrong; review for a
//! carer's or provider's pay period. Undetermined where a visit
//! has positions and the home none.

use serde::Deserialize;

use super::shares::{Phrases, RoundedShare, ShareComparison};
use super::visit_and_period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{
    Class, Coordinates, Explanation, Geo, Grade, Measure, MissingFact, Sentence, SubjectKind,
};
use crate::engine::{
    Answered, Definition, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, Signal, Visit,
    VisitRule, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "far-from-home",
    version: 2,
    class: Class::Pattern,
    summary_sv: "Besök är registrerade långt från brukarens hem.",
    summary_en: "Visits are registered far from the client's home.",
    build: visit_and_period_rule::<FarFromHome>,
};

const WORDS: Phrases = Phrases {
    visits: ["besök", "visits"],
    which: [" med position", " with a position"],
    does: ["började och slutade långt från brukarens hem", "began and ended far from the client's home"],
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FarFromHome {
    /// Nearer to the home than this is at the home.
    metres_min: u32,
    #[serde(flatten)]
    shares: ShareComparison,
}

/// Visits of other carers that were captured near a home, which confirm its position.
const CONFIRMING_VISITS: usize = 3;
/// Days before a visit in which they lie.
const CONFIRMING_DAYS: i32 = 28;

impl VisitRule for FarFromHome {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        let [Some(start), Some(end)] = own.geo() else { return };
        if !own.is_at_home() {
            return;
        }
        let Some(home) = sight.home(own).and_then(|home| home.place) else {
            return report.undetermined(MissingFact::ClientHome);
        };
        let far = [start, end].map(|geo| self.far(geo, home));
        let is_far = far.iter().all(Option::is_some);
        report.mark(Mark::FarFromHome, is_far);
        if let [Some(start), Some(end)] = far {
            report.hit(self.hit(sight, start, end, self.is_confirmed(sight, home)));
        }
    }

    fn depends_on(&self, sight: &Sight<'_>, later: &Visit) -> bool {
        let own = sight.visit();
        let ends = |visit: &Visit| visit.geo().into_iter().flatten().count();
        own.client == later.client
            && own.carer != later.carer
            && ends(own) == 2
            && ends(later) == 2
            && later.day.0 <= own.day.0 + CONFIRMING_DAYS + 1
    }

    fn reads_history(&self) -> bool {
        true
    }
}

impl PeriodRule for FarFromHome {
    type Answer = RoundedShare;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod, SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.shares.answer(sight, Mark::FarFromHome, Some(Signal::FarFromHome))
    }

    fn report(&self, share: &RoundedShare, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        let excluded = &[
            Explanation::OutsideHome,
            Explanation::WeakPosition,
            Explanation::DeclinedVisit,
            Explanation::FewVisits,
        ];
        report.hit_marked(share.mark(), share.hit(sight, Grade::Review, WORDS, excluded));
    }
}

impl FarFromHome {
    /// How far away, in metres, where that is far.
    fn far(&self, geo: Geo, home: Coordinates) -> Option<i64> {
        let metres = geo.place.metres_to(home);
        let doubt = 3.0 * geo.accuracy_metres.unwrap_or(0.0);
        (f64::from(self.metres_min).max(doubt) < metres).then_some(metres.round() as i64)
    }

    /// Whether other carers were captured near the client's home.
    fn is_confirmed(&self, sight: &Sight<'_>, home: Coordinates) -> bool {
        let is_near = |visit: &&Visit| {
            let ends = visit.geo().into_iter().flatten();
            let near = ends.filter(|geo| geo.place.metres_to(home) <= f64::from(self.metres_min)).count();
            near == 2 && visit.carer != sight.visit().carer
        };
        let confirming = sight.before_at_client(CONFIRMING_DAYS).filter(is_near);
        CONFIRMING_VISITS <= confirming.take(CONFIRMING_VISITS).count()
    }

    fn hit(&self, sight: &Sight<'_>, start: i64, end: i64, is_confirmed: bool) -> Hit<impl Wording> {
        let label = sight.label();
        Hit::new(if is_confirmed { Grade::Review } else { Grade::Observe })
            .observed([
                Measure::whole("start_distance_metres", start),
                Measure::whole("end_distance_metres", end),
            ])
            .expected([Measure::whole("distance_metres_max", i64::from(self.metres_min))])
            .excluded(&[Explanation::OutsideHome, Explanation::WeakPosition, Explanation::DeclinedVisit])
            .text(move || Sentence {
                sv: format!(
                    "Besöket {} påbörjades {} och avslutades {} från brukarens hem.",
                    label.dated_sv(),
                    SV.distance(start as f64),
                    SV.distance(end as f64)
                ),
                en: format!(
                    "Visit {} was begun {} and ended {} from the client's home.",
                    label.dated_en(),
                    EN.distance(start as f64),
                    EN.distance(end as f64)
                ),
            })
    }
}
