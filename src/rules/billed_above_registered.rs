//! `billed-above-registered`: more time is billed than was registered.
//!
//! Why: where performed time is paid, a visit of three minutes cannot cost half an hour.
//!
//! Finds visits carried out and paid by performed time whose billed seconds exceed the registered
//! ones, rounded up to full `rounding_seconds` and to at least `minimum_seconds` as the contract allows,
//! by more than `slack_seconds`. Notes visits shorter than `short_seconds` with at least
//! `tasks_full_min` tasks ticked: so much is not done so fast.
//!
//! Not a finding: visits paid by granted time, standard minutes, per visit or by a fixed sum, where the
//! registered length is not what is paid; visits that the client declined, of which contracts pay a
//! part; visits that are not billed.
//!
//! Grade: review; the billed seconds above are evidence only, as they lie outside the registered
//! time and no part of it is in doubt. Observe for the short ones.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::wording::{EN, SV, clock_minutes, nearest_minutes};
use crate::domain::{Class, Explanation, Measure, PaymentMode, Sentence};
use crate::engine::{Definition, Hit, Report, Sight, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "billed-above-registered",
    version: 1,
    class: Class::Deviation,
    summary_sv: "Mer tid faktureras än vad som är registrerat.",
    summary_en: "More time is billed than was registered.",
    build: visit_rule::<BilledAboveRegistered>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BilledAboveRegistered {
    /// The contract rounds up to a multiple of this; 0 or 1 where it does not.
    rounding_seconds: u32,
    /// The contract pays at least so much for a visit.
    minimum_seconds: u32,
    /// So much above is a matter of how systems count.
    slack_seconds: u32,
    /// A shorter visit with many tasks is noted.
    short_seconds: u32,
    /// So many tasks are many.
    tasks_full_min: u8,
}

impl VisitRule for BilledAboveRegistered {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_performed() || !own.billable {
            return;
        }
        let (billed, registered) = (own.paid_seconds(), own.seconds());
        if own.payment_mode == PaymentMode::Performed && registered < billed {
            let allowed = self.allowed(registered);
            if allowed + i64::from(self.slack_seconds) < billed {
                return report.hit(above(sight, billed, allowed));
            }
        }
        if registered < i64::from(self.short_seconds) && self.tasks_full_min <= own.tasks_count {
            report.hit(self.short(sight));
        }
    }
}

impl BilledAboveRegistered {
    /// What the contract lets be billed for so many registered seconds.
    fn allowed(&self, registered: i64) -> i64 {
        let step = i64::from(self.rounding_seconds.max(1));
        let rounded = (registered + step - 1) / step * step;
        rounded.max(i64::from(self.minimum_seconds))
    }

    fn short(&self, sight: &Sight<'_>) -> Hit<impl Wording> {
        let own = sight.visit();
        let label = sight.label();
        let (seconds, tasks) = (own.seconds(), own.tasks_count);
        Hit::observe()
            .observed([
                Measure::whole("registered_seconds", seconds),
                Measure::whole("tasks", i64::from(tasks)),
            ])
            .expected([Measure::whole("registered_seconds_min", i64::from(self.short_seconds))])
            .excluded(&[Explanation::NotBilled, Explanation::DeclinedVisit])
            .text(move || Sentence {
                sv: format!(
                    "Besöket {} varade i {}. {}.",
                    label.dated_sv(),
                    SV.seconds(seconds),
                    SV.counted(
                        tasks.into(),
                        "insats är markerad som utförd",
                        "insatser är markerade som utförda"
                    )
                ),
                en: format!(
                    "Visit {} lasted {}. {}.",
                    label.dated_en(),
                    EN.seconds(seconds),
                    EN.counted(tasks.into(), "task is marked as done", "tasks are marked as done")
                ),
            })
    }
}

fn above(sight: &Sight<'_>, billed: i64, allowed: i64) -> Hit<impl Wording> {
    let own = sight.visit();
    let label = sight.label();
    let (registered, billed_minutes) = (clock_minutes(own.span), nearest_minutes(billed));
    Hit::review()
        .observed([
            Measure::whole("billed_seconds", billed),
            Measure::whole("registered_seconds", own.seconds()),
            Measure::whole("billed_above_seconds", billed - allowed),
        ])
        .expected([Measure::whole("billed_seconds_max", allowed)])
        .excluded(&[
            Explanation::Rounding,
            Explanation::MinimumTime,
            Explanation::OtherPayment,
            Explanation::NotBilled,
            Explanation::DeclinedVisit,
        ])
        .text(move || Sentence {
            sv: format!(
                "För besöket {} är fakturerad tid {} och registrerad tid {}.",
                label.dated_sv(),
                SV.length(billed_minutes),
                SV.length(registered)
            ),
            en: format!(
                "For visit {} the billed time is {} and the registered time {}.",
                label.dated_en(),
                EN.length(billed_minutes),
                EN.length(registered)
            ),
        })
}
