//! `shared-household-double`: one visit to a couple is billed in full for both.
//!
//! Why: a carer with two who live together gives each a part of the time, not all of it.
//!
//! Finds pairs of billed visits of one carer to different clients of one household that begin and end
//! within `difference_seconds_max` of each other and are both paid by performed time for more than
//! `split_share_max` of their length.
//!
//! Not a finding: registrations that their source groups as one shared visit, as the one who pays sees
//! them together; visits one after the other; calls, errands and escorts; visits not billed. Where a
//! household is not known, `carer-overlap` speaks of the pair.
//!
//! Grade: review, or hold with `split_required` where the contract says that such time is split. That
//! is for the weaker registration of the pair, with all of its time.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::{Class, Explanation, Grade, Measure, PaymentMode, Sentence};
use crate::engine::{Definition, Hit, Report, Sight, Visit, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "shared-household-double",
    version: 3,
    class: Class::Deviation,
    summary_sv: "Ett besök hos två brukare i samma hushåll faktureras fullt ut för båda.",
    summary_en: "One visit to two clients of one household is billed in full for both.",
    build: visit_rule::<SharedHouseholdDouble>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedHouseholdDouble {
    /// Starts and ends further apart are two visits.
    difference_seconds_max: u32,
    /// Billed up to this share of its length a visit counts as split, 0 to 1.
    split_share_max: f64,
    /// Does the contract say that such time is split?
    split_required: bool,
}

impl VisitRule for SharedHouseholdDouble {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        for (other, _) in sight.overlapping_at_carer() {
            if other.client != own.client
                && self.are_equal(own, other)
                && self.is_full(own)
                && self.is_full(other)
                && (own.shared_visit.is_none() || own.shared_visit != other.shared_visit)
                && sight.one_household(other) == Some(true)
            {
                report.pair(sight, other, || self.hit(sight, other));
            }
        }
    }
}

impl SharedHouseholdDouble {
    fn are_equal(&self, own: &Visit, other: &Visit) -> bool {
        let near = |apart: i64| apart.abs() <= i64::from(self.difference_seconds_max);
        near(own.span.start().since(other.span.start())) && near(own.span.end().since(other.span.end()))
    }

    /// Is all of its time, or nearly, paid by the hour?
    fn is_full(&self, visit: &Visit) -> bool {
        visit.is_at_home()
            && visit.billable
            && visit.payment_mode == PaymentMode::Performed
            && self.split_share_max * (visit.seconds() as f64) < visit.paid_seconds() as f64
    }

    fn hit(&self, sight: &Sight<'_>, other: &Visit) -> Hit<impl Wording> {
        let own = sight.visit();
        Hit::new(if self.split_required { Grade::Hold } else { Grade::Review })
            .related([other.slot])
            .disputed(sight.is_weaker(other).then_some(own.span))
            .observed([
                Measure::whole("billed_seconds", own.paid_seconds()),
                Measure::whole("billed_seconds_of_other", other.paid_seconds()),
            ])
            .expected([Measure::whole("billed_seconds_of_both_max", own.seconds().max(other.seconds()))])
            .excluded(&[
                Explanation::SharedVisit,
                Explanation::OneAfterTheOther,
                Explanation::OtherPayment,
                Explanation::OutsideHome,
                Explanation::NotBilled,
            ])
            .text(move || sentence(sight, other))
    }
}

fn sentence(sight: &Sight<'_>, other: &Visit) -> Sentence {
    let (own, other) = (sight.label(), sight.label_of(other));
    Sentence {
        sv: format!(
            "Samma tid för två brukare i samma hushåll den {} faktureras fullt ut för båda: {} och {}.",
            own.date_sv(),
            own.sv(),
            other.sv()
        ),
        en: format!(
            "The same time with two clients of one household on {} is billed in full for both: {} and {}.",
            own.date_en(),
            own.en(),
            other.en()
        ),
    }
}
