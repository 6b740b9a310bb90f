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

use super::period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Measure, Sentence, SubjectKind};
use crate::engine::{Answered, Definition, Hit, PeriodReport, PeriodRule, PeriodSight, Wording};

pub(super) const RULE: Definition = Definition {
    id: "provider-surge",
    version: 1,
    class: Class::Pattern,
    summary_sv: "En utförare har plötsligt många fler brukare, eller besök av en helt annan längd, än månaden före.",
    summary_en: "A provider suddenly has many more clients, or visits of a quite different length, than in the month before.",
    build: period_rule::<ProviderSurge>,
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

/// Rounded towards no change.
#[derive(Clone, Copy, Hash, PartialEq)]
enum Surge {
    /// Clients before (up to tens) and now (down to tens).
    Clients(u32, u32),
    /// Average minutes before and now, in whole minutes.
    Length(u32, u32),
}

impl PeriodRule for ProviderSurge {
    type Answer = [Option<Surge>; 2];

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ProviderPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.surges(sight).into()
    }

    fn report(&self, surges: &Self::Answer, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        for surge in surges.iter().flatten() {
            report.hit(hit(sight, *surge));
        }
    }
}

impl ProviderSurge {
    fn surges(&self, sight: &PeriodSight<'_>) -> Option<[Option<Surge>; 2]> {
        let before = sight.tally_before()?;
        let now = sight.tally();
        let (few, many) = (before.clients(), now.clients());
        let grown = few.saturating_add(self.clients_more_min.max(1)) <= many
            && f64::from(few) * self.clients_multiple <= f64::from(many);
        let clients = grown.then(|| Surge::Clients(few.div_ceil(10) * 10, many / 10 * 10));
        let enough = self.visits_min.max(1) <= before.visits.min(now.visits);
        let length =
            enough.then(|| [before, now].map(|tally| tally.seconds as f64 / f64::from(tally.visits)));
        let length = length.and_then(|[before, now]| {
            let leap = before * self.length_multiple <= now || now * self.length_multiple <= before;
            let minutes = |seconds: f64| (seconds / 60.0).round() as u32;
            leap.then(|| Surge::Length(minutes(before), minutes(now)))
        });
        (clients.is_some() || length.is_some()).then_some([clients, length])
    }
}

fn hit(sight: &PeriodSight<'_>, surge: Surge) -> Hit<impl Wording> {
    let (month, provider) = (sight.period().month, sight.provider_id());
    let (observed, expected, sv, en) = match surge {
        Surge::Clients(few, many) => (
            Measure::whole("clients_min", i64::from(many)),
            Measure::whole("clients_before_max", i64::from(few)),
            format!(
                "Utföraren {provider} har minst {} brukare i {}. Månaden före var det högst {}.",
                SV.number(many.into()),
                SV.month(month),
                SV.number(few.into())
            ),
            format!(
                "Provider {provider} has at least {} in {}. In the month before it had at most {}.",
                EN.counted(many.into(), "client", "clients"),
                EN.month(month),
                EN.number(few.into())
            ),
        ),
        Surge::Length(before, now) => (
            Measure::whole("visit_minutes", i64::from(now)),
            Measure::whole("visit_minutes_before", i64::from(before)),
            format!(
                "Besök av utföraren {provider} tar i genomsnitt {} i {}. Månaden före tog de {}.",
                SV.length(now.into()),
                SV.month(month),
                SV.length(before.into())
            ),
            format!(
                "Visits by provider {provider} take {} on average in {}. In the month before they took {}.",
                EN.length(now.into()),
                EN.month(month),
                EN.length(before.into())
            ),
        ),
    };
    Hit::observe()
        .observed([observed])
        .expected([expected])
        .excluded(&[Explanation::NewProvider, Explanation::MonthNotOver])
        .text(move || Sentence { sv, en })
}
