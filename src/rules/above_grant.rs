//! `above-grant`: more time is registered for a client than was granted.
//!
//! Why: the orders say how much time the client was granted. What is paid above that nobody decided.
//!
//! Finds, per client and pay period, paid seconds of visits carried out that are more than
//! `tolerance` times what the client's orders grant in that month, by at least `excess_minutes_min`.
//! Orders count day by day as they hold: a daily grant in full, a weekly one by sevenths, a monthly
//! one by its part of the month; an order for two carers grants the time of both. A grant that becomes
//! known later, and holds from earlier, takes the finding back by itself.
//!
//! Not a finding: answers to alarms; visits for which the granted time or a fixed sum is paid whatever was
//! registered; visits that are not billed. Acute need is accepted by an `exception` fact.
//!
//! Grade: review. A hold is not proposed: which of the month's visits went above the grant is
//! unknown, and whether a contract refuses the excess or carries it over to the next month is not in the feed.
//! Undetermined where orders are not sent, none of the client's grants any time, or none names a provider that was
//! there: what that provider was granted is not in the sum.

use serde::Deserialize;

use super::period_rule;
use crate::domain::wording::{EN, SV};
use crate::domain::{Class, Explanation, Measure, MissingFact, Sentence, SubjectKind};
use crate::engine::{
    Answered, Definition, Hit, PeriodReport, PeriodRule, PeriodSight, PeriodSubject, Wording,
};

pub(super) const RULE: Definition = Definition {
    id: "above-grant",
    version: 2,
    class: Class::Deviation,
    summary_sv: "Mer tid är registrerad för en brukare än den beviljade.",
    summary_en: "More time is registered for a client than was granted.",
    build: period_rule::<AboveGrant>,
};

/// Step of the published registered time, in minutes.
const STEP_MINUTES: i64 = 120;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AboveGrant {
    /// So many times the granted time is accepted.
    tolerance: f64,
    /// And so many minutes above that.
    excess_minutes_min: u32,
}

/// In minutes: registered rounded down, granted as it is.
#[derive(Hash, PartialEq)]
struct GrantExcess {
    registered: i64,
    granted: i64,
}

impl PeriodRule for AboveGrant {
    type Answer = GrantExcess;

    fn subjects(&self) -> &'static [SubjectKind] {
        &[SubjectKind::ClientPeriod]
    }

    fn answer(&self, sight: &PeriodSight<'_>) -> Answered<Self::Answer> {
        self.excess(sight).into()
    }

    fn report(&self, excess: &GrantExcess, sight: &PeriodSight<'_>, report: &mut PeriodReport<'_>) {
        report.hit(self.hit(sight, excess));
    }

    fn missing_fact(&self, sight: &PeriodSight<'_>) -> Option<MissingFact> {
        let is_known = || sight.orders_are_sent() && sight.granted_seconds().is_some();
        let are_known = || is_known() && orders_cover_providers(sight);
        (0 < sight.tally().visits && !are_known()).then_some(MissingFact::Order)
    }
}

/// Whether each provider with a visit at the client is named by one of the client's orders, or one names no provider.
fn orders_cover_providers(sight: &PeriodSight<'_>) -> bool {
    let PeriodSubject::Client(client) = sight.period().subject else { return false };
    sight.tally().providers().iter().all(|(provider, _)| {
        sight.orders(client).any(|order| order.provider.is_none_or(|ordered| ordered == *provider))
    })
}

impl AboveGrant {
    fn excess(&self, sight: &PeriodSight<'_>) -> Option<GrantExcess> {
        let drawn = sight.tally().grant_chargeable_seconds;
        let least = i64::from(self.excess_minutes_min) * 60;
        if drawn <= least || sight.tally().visits == 0 || !sight.orders_are_sent() {
            return None;
        }
        let granted = sight.granted_seconds()?;
        let accepted = self.tolerance * granted as f64 + least as f64;
        let is_above = accepted < drawn as f64 && orders_cover_providers(sight);
        is_above.then(|| GrantExcess {
            registered: drawn / 60 / STEP_MINUTES * STEP_MINUTES,
            granted: granted / 60,
        })
    }

    fn hit(&self, sight: &PeriodSight<'_>, excess: &GrantExcess) -> Hit<impl Wording> {
        let (month, client) = (sight.period().month, sight.client_ref());
        let GrantExcess { registered, granted } = *excess;
        Hit::review()
            .observed([Measure::whole("registered_seconds_min", registered * 60)])
            .expected([
                Measure::whole("granted_seconds", granted * 60),
                Measure::real("tolerance", self.tolerance),
            ])
            .excluded(&[
                Explanation::Alarm,
                Explanation::PaidByGrant,
                Explanation::NotBilled,
                Explanation::DoubleStaffing,
                Explanation::BackdatedGrant,
            ])
            .text(move || Sentence {
                sv: format!(
                    "För brukaren {client} är minst {} som ska ersättas registrerade i {}. Beviljad tid den månaden är {}.",
                    SV.length(registered),
                    SV.month(month),
                    SV.length(granted)
                ),
                en: format!(
                    "For client {client} at least {} that are to be paid are registered in {}. The granted time that \
                     month is {}.",
                    EN.length(registered),
                    EN.month(month),
                    EN.length(granted)
                ),
            })
    }
}
