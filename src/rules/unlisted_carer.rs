//! `unlisted-carer`: the carer is not on the provider's list of staff.
//!
//! Why: a municipality approves who works in people's homes. A name that is not reported for this provider may
//! be a subcontractor that was never approved, or somebody else's log-in.
//!
//! Finds billed visits carried out by a carer for whom no `employment` at the visit's provider holds
//! when the visit begins, where that provider sends its list.
//!
//! Not a finding: declined or cancelled visits, visits still open, visits that are not billed. A list
//! that comes late takes the finding back.
//!
//! Grade: review of the whole visit. Undetermined where the provider sends no list, and for a carer whom no
//! provider ever listed: a carer who was never listed looks like a gap in the list, which would be a
//! finding about each of the carer's visits. Undetermined also before the day from which the provider's list names the
//! carer, where it was entered after the visit: hires are often entered late, and dated by the entry.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::{Class, Explanation, Measure, MissingFact, Sentence};
use crate::engine::{Definition, Hit, Report, Sight, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "unlisted-carer",
    version: 2,
    class: Class::Deviation,
    summary_sv: "Medarbetaren finns inte på utförarens personallista.",
    summary_en: "The carer is not on the provider's list of staff.",
    build: visit_rule::<UnlistedCarer>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnlistedCarer {}

impl VisitRule for UnlistedCarer {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_performed() || !own.billable {
            return;
        }
        match sight.employed() {
            None => report.undetermined(MissingFact::Employment),
            Some(true) => (),
            Some(false) => report.hit(hit(sight)),
        }
    }
}

fn hit(sight: &Sight<'_>) -> Hit<impl Wording> {
    let own = sight.visit();
    let (label, carer, provider) = (sight.label(), sight.carer_ref(), sight.provider_id());
    Hit::review()
        .disputed(own.span)
        .observed([Measure::whole("employments", 0)])
        .expected([Measure::whole("employments_min", 1)])
        .excluded(&[Explanation::DeclinedVisit, Explanation::NotBilled])
        .text(move || Sentence {
            sv: format!(
                "Besöket {} är registrerat av medarbetaren {carer}, som inte fanns på personallistan för utföraren \
                 {provider} den dagen.",
                label.dated_sv()
            ),
            en: format!(
                "Visit {} is registered by carer {carer}, who was not on the staff list of provider {provider} that \
                 day.",
                label.dated_en()
            ),
        })
}
