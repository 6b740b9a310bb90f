//! `provider-surge`: a provider grows by leaps, or its visits change their length from one month to
//! the next.
//!
//! Why: in known cases a provider gained clients by the hundred in a few months, and hours fell the
//! moment somebody looked or the contract ended.
//!
//! Finds, per provider and pay period, at least `clients_more_min` clients more than in the pay period
//! before and `clients_multiple` times as many; or visits that are on average `length_multiple` times
//! as long, or as short, with at least `visits_min` visits in both. Clients and average lengths are
//! compared, not sums of hours: so a month that has only begun is not taken for a fall, nor a feed that
//! began in the middle of a month for a rise.
//!
//! Not a finding: growth of few clients; a provider that was not there before. A new contract, a
//! merger or a new system of choice explain it as well.
//!
//! Grade: observe. It says where to look when something else is found. Which area the clients live
//! in, and when a contract ends, is not in the feed.

use serde::Deserialize;

use super::{Definition, from_table};
use crate::domain::{Class, Grade, Measure, Sentence, SubjectKind};
use crate::engine::{Hit, Looks, PeriodSight, PeriodSubject, Report, Rule};

pub(super) const RULE: Definition = Definition {
    id: "provider-surge",
    version: 1,
    class: Class::Pattern,
    patterns: &[32, 33],
    reads_history: false,
    looks: Looks::AtPeriods,
    summary_sv: "En utförare växer språngvis, eller dess besök ändrar längd från en månad till nästa.",
    summary_en: "A provider grows by leaps, or its visits change length from one month to the next.",
    build: from_table::<ProviderSurge>,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderSurge {
    /// Fewer clients more than in the month before are usual.
    clients_more_min: u32,
    /// So many times as many clients are a leap.
    clients_multiple: f64,
    /// So many times as long, or as short, is a leap.
    length_multiple: f64,
    /// Fewer visits in either month say nothing of their length.
    visits_min: u32,
}

/// What is told, rounded towards no change.
#[derive(Clone, Copy)]
enum Told {
    /// Clients before (up to tens) and now (down to tens).
    Clients(u32, u32),
    /// Average minutes before and now, in whole minutes.
    Length(u32, u32),
}

impl Rule for ProviderSurge {
    fn periods_of(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ProviderPeriod]
    }

    fn period(&self, sight: &PeriodSight<'_>, report: &mut Report<'_>) {
        for told in self.told(sight).into_iter().flatten() {
            report.hit(self.hit(sight, told));
        }
    }

    fn fingerprint(&self, sight: &PeriodSight<'_>) -> u64 {
        self.told(sight).into_iter().flatten().fold(0, |word: u64, told| {
            let (kind, before, now) = match told {
                Told::Clients(before, now) => (1, before, now),
                Told::Length(before, now) => (2, before, now),
            };
            word.wrapping_mul(1 << 31) + (u64::from(before) << 16 | u64::from(now)) * 4 + kind
        })
    }
}

impl ProviderSurge {
    fn told(&self, sight: &PeriodSight<'_>) -> [Option<Told>; 2] {
        let PeriodSubject::Provider(_) = sight.period().subject else { return [None; 2] };
        let Some(before) = sight.tally_before() else { return [None; 2] };
        let now = sight.tally();
        let (few, many) = (before.clients(), now.clients());
        let grown = few.saturating_add(self.clients_more_min.max(1)) <= many
            && f64::from(few) * self.clients_multiple <= f64::from(many);
        let clients = grown.then(|| Told::Clients(few.div_ceil(10) * 10, many / 10 * 10));
        let enough = self.visits_min.max(1) <= before.visits.min(now.visits);
        let length =
            enough.then(|| [before, now].map(|tally| tally.seconds as f64 / f64::from(tally.visits)));
        let length = length.and_then(|[before, now]| {
            let leap = before * self.length_multiple <= now || now * self.length_multiple <= before;
            let minutes = |seconds: f64| (seconds / 60.0).round() as u32;
            leap.then(|| Told::Length(minutes(before), minutes(now)))
        });
        [clients, length]
    }

    fn hit(&self, sight: &PeriodSight<'_>, told: Told) -> Hit {
        let month = sight.period().month;
        let (observed, expected, sv, en) = match told {
            Told::Clients(few, many) => (
                Measure::whole("clients_min", i64::from(many)),
                Measure::whole("clients_before_max", i64::from(few)),
                format!("Utföraren har minst {many} brukare i {month}; månaden före var det högst {few}."),
                format!(
                    "The provider has at least {many} clients in {month}; the month before at most {few}."
                ),
            ),
            Told::Length(before, now) => (
                Measure::whole("visit_minutes", i64::from(now)),
                Measure::whole("visit_minutes_before", i64::from(before)),
                format!(
                    "Utförarens besök är i snitt {now} minuter i {month}; månaden före var de {before} minuter."
                ),
                format!(
                    "The provider's visits take {now} minutes on average in {month}; the month before {before}."
                ),
            ),
        };
        Hit {
            grade: Grade::Observe,
            p_value: None,
            related: Vec::new(),
            disputed: None,
            observed: vec![observed],
            expected: vec![expected],
            excluded: &["new-provider", "month-not-over"],
            not_tested: Vec::new(),
            text: Sentence { sv, en },
        }
    }
}
