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

use super::{Definition, from_table};
use crate::domain::{Class, Grade, Measure, Sentence, SubjectKind};
use crate::engine::{Hit, Looks, Mark, PeriodSight, PeriodSubject, Report, Rule};

pub(super) const RULE: Definition = Definition {
    id: "new-identity",
    version: 2,
    class: Class::Pattern,
    patterns: &[37],
    reads_history: false,
    looks: Looks::AtPeriods,
    summary_sv: "En ny omsorgsperson är genast i fullt arbete, utan att finnas på listan eller ha egen telefon.",
    summary_en: "A new carer is at once fully at work, not on the list or without a phone of their own.",
    build: from_table::<NewIdentity>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewIdentity {
    /// A new carer with fewer visits in a pay period is being shown round.
    visits_min: u32,
    /// So large a part of the visits with others' devices is no chance, 0 to 1.
    shared_share_min: f64,
    /// So large a part is asked about, 0 to 1.
    shared_share_review_min: f64,
}

/// What is told: which of the two, and visits down to tens.
struct Told {
    listed: Option<bool>,
    shared: bool,
    /// Nearly all of them.
    always_shared: bool,
    visits: u32,
}

impl Rule for NewIdentity {
    fn periods_of(&self) -> &'static [SubjectKind] {
        &[SubjectKind::CarerPeriod]
    }

    fn period(&self, sight: &PeriodSight<'_>, report: &mut Report<'_>) {
        if let Some(told) = self.told(sight) {
            report.hit_all(self.hit(sight, &told));
        }
    }

    fn fingerprint(&self, sight: &PeriodSight<'_>) -> u64 {
        self.told(sight).map_or(0, |told| {
            let listed = told.listed.map_or(2, u64::from);
            let shared = u64::from(told.shared) + u64::from(told.always_shared);
            1 + (u64::from(told.visits) << 4 | listed << 2 | shared)
        })
    }
}

impl NewIdentity {
    fn told(&self, sight: &PeriodSight<'_>) -> Option<Told> {
        let PeriodSubject::Carer(_) = sight.period().subject else { return None };
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
        let visits = tally.visits / 10 * 10;
        (shared || listed == Some(false)).then_some(Told { listed, shared, always_shared, visits })
    }

    fn hit(&self, sight: &PeriodSight<'_>, told: &Told) -> Hit {
        let month = sight.period().month;
        let visits = told.visits;
        let unlisted = told.listed == Some(false);
        let (why_sv, why_en) = match (unlisted, told.shared) {
            (true, true) => (
                "finns inte på utförarens personallista och använder andras telefoner",
                "is not on the provider's list of staff and uses others' devices",
            ),
            (true, false) => {
                ("finns inte på utförarens personallista", "is not on the provider's list of staff")
            }
            _ => ("använder andras telefoner", "uses others' devices"),
        };
        Hit {
            grade: if (unlisted && told.shared) || told.always_shared {
                Grade::Review
            } else {
                Grade::Observe
            },
            p_value: None,
            related: Vec::new(),
            disputed: None,
            observed: vec![
                Measure::whole("visits_min", i64::from(visits)),
                Measure::text("others_devices", if told.shared { "yes" } else { "no" }),
                Measure::text(
                    "on_the_list",
                    told.listed.map_or("no list", |on| if on { "yes" } else { "no" }),
                ),
            ],
            expected: vec![Measure::whole("visits_of_a_new_carer_max", i64::from(self.visits_min) - 1)],
            excluded: &["new-provider", "few-visits"],
            not_tested: if told.listed.is_none() { vec!["employment"] } else { Vec::new() },
            text: Sentence {
                sv: format!(
                    "Omsorgspersonen hade inga besök månaden före, har minst {visits} i {month} och {why_sv}."
                ),
                en: format!(
                    "The carer had no visits the month before, has at least {visits} in {month} and {why_en}."
                ),
            },
        }
    }
}
