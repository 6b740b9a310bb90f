//! `new-identity`: a carer nobody has seen before is at once fully at work.
//!
//! Why: log-ins are borrowed or invented. A new name with a full month, on no staff list, on phones
//! that are other people's, may belong to nobody.
//!
//! Finds, per carer and pay period, at least `visits_min` visits by a carer without any in the pay period
//! before, whose provider had visits then, where the carer was not on the provider's list at any time of
//! the month, or where at least `shared_share_min` of the visits came from a device that others used as well.
//!
//! Not a finding: the first month of a feed or of a provider, when everybody is new; new carers on the
//! list with a phone of their own; few visits.
//!
//! Grade: observe for one of the two (the list is late, the summer's new hires share phones); review for
//! both, and where at least `shared_share_review_min` of the visits are on others' devices, which is what the
//! others' new hires do not do: they hand phones over.

use serde::Deserialize;

use super::period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, SubjectKind};
use crate::engine::{Answered, Definition, Hit, Mark, PeriodReport, PeriodRule, PeriodSight, Wording};

pub(super) const RULE: Definition = Definition {
    id: "new-identity",
    version: 2,
    class: Class::Pattern,
    summary_sv: "En ny medarbetare har många besök redan första månaden, men saknas på personallistan eller har ingen egen telefon.",
    summary_en: "A new carer has many visits in the first month already, but is not on the staff list or has no phone of their own.",
    build: period_rule::<NewIdentity>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewIdentity {
    /// A new carer with fewer visits in a pay period is being shown round.
    visits_min: u32,
    /// So large a part of the visits with others' devices is no chance, 0 to 1.
    shared_share_min: f64,
    /// Share of visits with others' devices for a review, 0 to 1.
    shared_share_review_min: f64,
}

/// Which of the two, and visits rounded down to tens, but not below the least for a finding.
#[derive(Hash, PartialEq)]
struct NewCarer {
    listed: Option<bool>,
    shared: bool,
    /// Nearly all of them.
    always_shared: bool,
    visits: u32,
}

impl PeriodRule for NewIdentity {
    type Answer = NewCarer;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.new_carer(sight).into()
    }

    fn report(&self, carer: &NewCarer, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit_all(self.hit(sight, carer));
    }
}

impl NewIdentity {
    fn new_carer(&self, sight: &PeriodSight<'_>) -> Option<NewCarer> {
        let tally = sight.tally();
        if tally.visits < self.visits_min.max(1)
            || sight.tally_before().is_some_and(|before| 0 < before.visits)
            || !sight.provider_was_there_before()
        {
            return None;
        }
        let devices = tally.count(Mark::SharedDevice);
        let shared = self.visits_min.max(1) <= devices.eligible && self.shared_share_min <= devices.share();
        let listed = sight.employed();
        let always_shared = shared && self.shared_share_review_min <= devices.share();
        let visits = (tally.visits / 10 * 10).max(self.visits_min);
        (shared || listed == Some(false)).then_some(NewCarer { listed, shared, always_shared, visits })
    }

    fn hit(&self, sight: &PeriodSight<'_>, carer: &NewCarer) -> Hit<impl Wording> {
        let (month, name) = (sight.period().month, sight.carer_ref());
        let visits = carer.visits;
        let unlisted = carer.listed == Some(false);
        let (why_sv, why_en) = match (unlisted, carer.shared) {
            (true, true) => (
                "saknas på utförarens personallista och har besök som är registrerade med andra medarbetares telefoner",
                "is not on the provider's staff list and has visits captured with other carers' phones",
            ),
            (true, false) => ("saknas på utförarens personallista", "is not on the provider's staff list"),
            _ => (
                "har besök som är registrerade med andra medarbetares telefoner",
                "has visits captured with other carers' phones",
            ),
        };
        Hit::new(if (unlisted && carer.shared) || carer.always_shared {
            Grade::Review
        } else {
            Grade::Observe
        })
        .observed([
            Measure::whole("visits_min", i64::from(visits)),
            Measure::text("others_devices", if carer.shared { "yes" } else { "no" }),
            Measure::text("on_the_list", carer.listed.map_or("no list", |on| if on { "yes" } else { "no" })),
        ])
        .expected([Measure::whole("visits_of_a_new_carer_max", i64::from(self.visits_min) - 1)])
        .excluded(&[Explanation::NewProvider, Explanation::FewVisits])
        .not_tested(carer.listed.is_none().then_some(MissingFact::Employment))
        .text(move || Sentence {
            sv: format!(
                "Medarbetaren {name} hade inga besök månaden före, har minst {} besök i {} och {why_sv}.",
                SV.number(visits.into()),
                SV.month(month)
            ),
            en: format!(
                "Carer {name} had no visits in the month before, has at least {} in {} and {why_en}.",
                EN.counted(visits.into(), "visit", "visits"),
                EN.month(month)
            ),
        })
    }
}
