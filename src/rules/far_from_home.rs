//! `far-from-home`: visits are registered far from the client's home.
//!
//! Why: who registers visits from his own kitchen was not at the client's. One position proves little,
//! as they drift and maps are wrong; many do.
//!
//! Notes and marks visits in the home of which both ends were captured further from it than `metres_min`
//! and than three times the position's accuracy. Finds, per carer and per provider in a pay period,
//! those visits with positions at both ends of which a share above `share_accepted` is marked, and so
//! far above the others' that chance gives it with at most `p_review_max`.
//!
//! Not a finding: errands and escorts, calls, declined visits; one end far away (`travel-log-in` looks
//! at the start); weak positions; an address that the map puts elsewhere, for which an `exception` fact
//! speaks; few visits.
//!
//! Grade: observe for a visit, review for a carer's or provider's pay period. Undetermined where a visit
//! has positions and the home none.

use serde::Deserialize;

use super::shares::{RoundedShare, Shares, Words};
use super::visit_and_period_rule;
use crate::domain::{
    Class, Coordinates, Explanation, Geo, Grade, Measure, MissingFact, Sentence, SubjectKind,
};
use crate::engine::{
    Answered, Definition, Hit, Label, Mark, PeriodReport, PeriodRule, PeriodSight, Report, Sight, Signal,
    Text, VisitRule,
};

pub(super) const RULE: Definition = Definition {
    id: "far-from-home",
    version: 1,
    class: Class::Pattern,
    summary_sv: "Besök är registrerade långt från brukarens hem.",
    summary_en: "Visits are registered far from the client's home.",
    build: visit_and_period_rule::<FarFromHome>,
};

const WORDS: Words = Words {
    visits_sv: "besök med position",
    do_sv: "är registrerade långt från hemmet i båda ändar",
    visits_en: "visits with a position",
    do_en: "are registered far from the home at both ends",
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FarFromHome {
    /// Nearer to the home than this is at the home.
    metres_min: u32,
    #[serde(flatten)]
    shares: Shares,
}

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
            report.hit(self.hit(sight, start, end));
        }
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

    fn hit(&self, sight: &Sight<'_>, start: i64, end: i64) -> Hit<impl Text> {
        let Label { id, clock, date } = sight.label();
        Hit::observe()
            .observed([
                Measure::whole("start_distance_metres", start),
                Measure::whole("end_distance_metres", end),
            ])
            .expected([Measure::whole("distance_metres_max", i64::from(self.metres_min))])
            .excluded(&[Explanation::OutsideHome, Explanation::WeakPosition, Explanation::DeclinedVisit])
            .text(move || Sentence {
                sv: format!(
                    "Besöket {id} den {date} kl. {clock} påbörjades {start} meter och avslutades \
                     {end} meter från hemmet."
                ),
                en: format!(
                    "Visit {id} on {date} at {clock} was begun {start} metres and ended {end} \
                     metres from the home."
                ),
            })
    }
}
