//! `unusual-count`: several unplanned visits to one client in a few hours.
//!
//! Why: unplanned visits are the easiest to make up, as no plan is there to miss them. They are also
//! what a client needs who has become ill: so they are only noted.
//!
//! Counts, with an unplanned visit carried out, those at the same client that began in the four hours
//! before it: of one client, by whichever carer. `usual_visits` to the power of that count is a signal
//! about the visit. Noted from `visits_min` on. Over a pay period the carer's unplanned visits are
//! counted by the rules that look at carers and pairs.
//!
//! Not a finding: alarms, declined visits, a second carer at the same visit (it begins within
//! `same_visit_seconds` of the first).
//!
//! Grade: observe.

use serde::Deserialize;

use super::{Definition, from_table};
use crate::domain::{Class, Grade, Measure, Sentence, VisitKind};
use crate::engine::{Hit, Looks, NEIGHBOUR_GAP_SECONDS_MAX, Report, Rule, Sight, Signal, Visit};

pub(super) const RULE: Definition = Definition {
    id: "unusual-count",
    version: 1,
    class: Class::Deviation,
    patterns: &[],
    reads_history: false,
    looks: Looks::AtVisits,
    summary_sv: "Flera oplanerade besök hos en brukare på några timmar.",
    summary_en: "Several unplanned visits to one client in a few hours.",
    build: from_table::<UnusualCount>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnusualCount {
    /// How many unplanned visits a client has in four hours, on the whole.
    usual_visits: f64,
    /// So many are noted.
    visits_min: u32,
    /// Starts of two carers this close together are one visit.
    same_visit_seconds: u32,
}

impl Rule for UnusualCount {
    fn visit(&self, sight: &Sight<'_>, report: &mut Report<'_>) {
        let own = sight.visit();
        if !counts(own) {
            return;
        }
        let mut before: Vec<&Visit> = sight
            .starting_near_at_client(NEIGHBOUR_GAP_SECONDS_MAX)
            .filter(|other| counts(other) && other.span.start() <= own.span.start())
            .collect();
        before.push(own);
        // Of visits that begin together, one counts.
        before.sort_by_key(|visit| visit.span.start());
        before.dedup_by(|later, earlier| {
            let apart = later.span.start().since(earlier.span.start());
            apart <= i64::from(self.same_visit_seconds) && later.carer != earlier.carer
        });
        let count = u32::try_from(before.len()).unwrap_or(u32::MAX);
        report.signal(Signal::Count, self.usual_visits.powi(count.min(64) as i32));
        if self.visits_min <= count {
            report.hit(self.hit(sight, count));
        }
    }
}

impl UnusualCount {
    fn hit(&self, sight: &Sight<'_>, count: u32) -> Hit {
        let own = sight.visit();
        let (id, clock) = (sight.id(own.slot), sight.clock(own.span));
        let date = sight.zone().date(own.span.start());
        Hit {
            grade: Grade::Observe,
            p_value: None,
            related: Vec::new(),
            disputed: None,
            observed: vec![Measure::whole("unplanned_visits", i64::from(count))],
            expected: vec![Measure::whole("unplanned_visits_max", i64::from(self.visits_min) - 1)],
            excluded: &["alarm", "double-staffing", "declined-visit"],
            not_tested: Vec::new(),
            text: Sentence {
                sv: format!(
                    "Besöket {id} den {date} kl. {clock} är det {count}:e oplanerade hos brukaren på fyra timmar."
                ),
                en: format!(
                    "Visit {id} on {date} at {clock} is unplanned visit number {count} to the client in four hours."
                ),
            },
        }
    }
}

fn counts(visit: &Visit) -> bool {
    visit.kind == VisitKind::Unplanned && visit.is_performed()
}
