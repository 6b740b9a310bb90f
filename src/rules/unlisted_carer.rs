//! `unlisted-carer`: the carer is not on the provider's list of staff.
//!
//! Why: a municipality approves who works in people's homes. A name that nobody has reported may be a
//! subcontractor that was never approved, or somebody else's log-in.
//!
//! Finds billed visits carried out by a carer for whom no `employment` at the visit's provider holds
//! when the visit begins, where that provider sends its list.
//!
//! Not a finding: declined or cancelled visits, visits still open, visits that are not billed. A list
//! that comes late takes the finding back.
//!
//! Grade: review of the whole visit. Undetermined where the provider sends no list.

use serde::Deserialize;

use super::{Definition, from_table};
use crate::domain::{Class, Grade, Measure, Sentence};
use crate::engine::{Hit, Looks, Report, Rule, Sight};

pub(super) const RULE: Definition = Definition {
    id: "unlisted-carer",
    version: 1,
    class: Class::Deviation,
    patterns: &[40],
    reads_history: false,
    looks: Looks::AtVisits,
    summary_sv: "Omsorgspersonen finns inte på utförarens personallista.",
    summary_en: "The carer is not on the provider's list of staff.",
    build: from_table::<UnlistedCarer>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnlistedCarer {}

impl Rule for UnlistedCarer {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_performed() || !own.billable {
            return;
        }
        match sight.employed() {
            None => report.undetermined("employment"),
            Some(true) => (),
            Some(false) => report.hit(hit(sight)),
        }
    }
}

fn hit(sight: &Sight<'_>) -> Hit {
    let own = sight.visit();
    let (id, clock) = (sight.id(own.slot), sight.clock(own.span));
    let date = sight.zone().date(own.span.start());
    Hit {
        grade: Grade::Review,
        p_value: None,
        related: Vec::new(),
        disputed: Some(own.span),
        observed: vec![Measure::whole("employments", 0)],
        expected: vec![Measure::whole("employments_min", 1)],
        excluded: &["declined-visit", "not-billed"],
        not_tested: Vec::new(),
        text: Sentence {
            sv: format!(
                "Besöket {id} den {date} kl. {clock} är registrerat av en omsorgsperson som inte finns på utförarens \
                 personallista den dagen."
            ),
            en: format!(
                "Visit {id} on {date} at {clock} is registered by a carer who is not on the provider's list of staff \
                 that day."
            ),
        },
    }
}
