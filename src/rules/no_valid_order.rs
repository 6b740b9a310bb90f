//! `no-valid-order`: nobody has ordered the visit, or what was done.
//!
//! Why: only what is ordered is paid for.
//!
//! Finds billed visits carried out while no order of the client holds, and visits with a task that no
//! order of the client covers then. An order without task codes covers all. An order that ended counts
//! as none: its last second is the one before its end.
//!
//! Not a finding: an answer to an alarm. An unplanned visit while some order of the client holds,
//! whatever was done, or less than `oral_order_days` before one begins or after one ended: help that
//! cannot wait is granted by word of mouth, and put down in writing some days later. Nor a visit that goes
//! on with what an alarm or an unplanned visit at most `acute_hours` before began: the next shift, or the
//! night patrol, takes it over and plans it. The provider of an order is ignored: providers replace
//! each other.
//!
//! Grade: review, of the whole visit where no order holds or none covers any of its tasks; where one
//! of several tasks is not covered, no single second is in question. Undetermined for a client of whom no order
//! was ever sent, and at a provider that no order names, of a client of whom all orders name others: feeds of orders do
//! not cover every provider and client, and a gap in the data is no finding about each visit.

use serde::Deserialize;

use super::visit_rule;
use crate::domain::{Class, Explanation, Grade, Measure, MissingFact, Sentence, VisitKind};
use crate::engine::{Definition, Hit, Order, Report, Sight, VisitRule, Wording};

pub(super) const RULE: Definition = Definition {
    id: "no-valid-order",
    version: 3,
    class: Class::Deviation,
    summary_sv: "Det finns ingen gällande beställning för besöket eller för insatsen.",
    summary_en: "No order is in force for the visit or for the task.",
    build: visit_rule::<NoValidOrder>,
};

const DAY_SECONDS: i64 = 86_400;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoValidOrder {
    /// So long before an order begins or after one ended an unplanned visit may rest on spoken word.
    oral_order_days: u16,
    /// So long after an unplanned visit or an alarm began its help may go on.
    acute_hours: u8,
}

impl VisitRule for NoValidOrder {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !own.is_performed() || !own.billable || own.kind == VisitKind::Alarm {
            return;
        }
        // None at all, or those of others only, from a feed that does not cover this provider.
        let is_of_another = |order: &Order| order.provider.is_some_and(|provider| provider != own.provider);
        let has_none = sight.client_orders_ever().next().is_none();
        if has_none || !sight.orders_name_provider() && sight.client_orders_ever().all(is_of_another) {
            return report.undetermined(MissingFact::Order);
        }
        let covers_all = |order: &Order| sight.task_codes().all(|code| covers(order, code));
        // Most visits name the order that covers them.
        if sight.order().is_some_and(covers_all) {
            return;
        }
        if own.kind == VisitKind::Unplanned {
            if !self.is_near_an_order(sight) {
                report.hit(hit(sight, None, false));
            }
            return;
        }
        if sight.client_orders().next().is_none() {
            return report.hit(hit(sight, None, false));
        }
        let is_covered = |code: &str| sight.client_orders().any(|order| covers(order, code));
        if let Some(code) = sight.task_codes().find(|code| !is_covered(code))
            && !self.goes_on(sight)
        {
            let any = sight.task_codes().any(is_covered);
            report.hit(hit(sight, Some(code), any));
        }
    }
}

impl NoValidOrder {
    /// Did an alarm or an unplanned visit shortly before begin with any of the tasks?
    fn goes_on(&self, sight: &Sight<'_>) -> bool {
        let own = sight.visit();
        let before = sight.starting_near_at_client(i64::from(self.acute_hours) * 3600);
        let mut acute = before.filter(|other| {
            matches!(other.kind, VisitKind::Alarm | VisitKind::Unplanned)
                && other.is_performed()
                && other.span.start() < own.span.start()
        });
        acute
            .any(|other| sight.task_codes_of(other).any(|known| sight.task_codes().any(|code| code == known)))
    }

    fn is_near_an_order(&self, sight: &Sight<'_>) -> bool {
        let start = sight.visit().span.start();
        let near = i64::from(self.oral_order_days) * DAY_SECONDS;
        sight.client_orders_ever().any(|order| {
            let valid = order.valid;
            valid.from < start.plus(near + 1) && valid.to.is_none_or(|to| start < to.plus(near))
        })
    }
}

fn covers(order: &Order, code: &str) -> bool {
    order.tasks.is_empty() || order.tasks.iter().any(|task| &**task == code)
}

/// `code` is a task that no order covers; `None` where no order holds at all.
fn hit(sight: &Sight<'_>, code: Option<&str>, in_part: bool) -> Hit<impl Wording> {
    let own = sight.visit();
    let orders = sight.client_orders().count() as i64;
    // Typed in without naming an order, it is most often entered at the wrong client, and cancelled.
    let by_hand = own.order.is_none() && own.start_method.is_manual() && own.end_method.is_manual();
    let mut observed = vec![Measure::whole("orders", orders)];
    observed.extend(code.map(|code| Measure::text("task_code", code)));
    Hit::new(if code.is_some() && by_hand { Grade::Observe } else { Grade::Review })
        .disputed((!in_part).then_some(own.span))
        .observed(observed)
        .expected([Measure::whole("orders_min", 1)])
        .excluded(&[
            Explanation::Alarm,
            Explanation::OralOrder,
            Explanation::AcuteHelp,
            Explanation::DeclinedVisit,
            Explanation::NotBilled,
        ])
        .text(move || sentence(sight, code))
}

fn sentence(sight: &Sight<'_>, code: Option<&str>) -> Sentence {
    let (label, client) = (sight.label(), sight.client_ref());
    match code {
        None => Sentence {
            sv: format!(
                "För besöket {} hos brukaren {client} finns ingen gällande beställning den dagen.",
                label.dated_sv()
            ),
            en: format!("For visit {} at client {client} no order is in force that day.", label.dated_en()),
        },
        Some(code) => Sentence {
            sv: format!(
                "För besöket {} hos brukaren {client} finns ingen beställning som omfattar insatsen ”{code}”.",
                label.dated_sv()
            ),
            en: format!(
                "For visit {} at client {client} no order covers the task “{code}”.",
                label.dated_en()
            ),
        },
    }
}
