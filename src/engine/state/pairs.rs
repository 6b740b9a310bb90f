//! Pairs of a carer and a client whose pay period rules assess.

use crate::domain::Month;
use crate::engine::model::interner::{CarerId, ClientId};
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::state::municipality::State;
use crate::engine::totals::tally::Tally;

/// Share of the carer's visits at one client, 0 to 1, from which the carer has a single client.
pub const ONE_CLIENT_SHARE_MIN: f64 = 0.85;

impl State {
    /// Adds the client's pairs that can have a pattern (a carer's share also changes with the visits of others), and
    /// those with findings.
    pub(in crate::engine) fn pairs_of(&self, client: ClientId, month: Month, into: &mut Vec<SubjectPeriod>) {
        let entity = self.client(client);
        let close = entity.months.get(month).into_iter().flat_map(Tally::close_carers);
        into.extend(close.map(|carer| SubjectPeriod { month, subject: PeriodSubject::Pair(carer, client) }));
        into.extend(entity.pairs_with_findings.iter().filter(|pair| pair.month == month));
    }

    /// Adds the pair of a carer with a single client (which also changes with visits to other clients), and the
    /// carer's pairs with findings.
    pub(in crate::engine) fn main_pairs_of(
        &self,
        carer: CarerId,
        month: Month,
        into: &mut Vec<SubjectPeriod>,
    ) {
        let entity = self.carer(carer);
        let only = entity.months.get(month).and_then(|tally| self.only_client(carer, month, tally));
        into.extend(only.map(|client| SubjectPeriod { month, subject: PeriodSubject::Pair(carer, client) }));
        into.extend(entity.pairs_with_findings.iter().filter(|pair| pair.month == month));
    }

    fn only_client(&self, carer: CarerId, month: Month, tally: &Tally) -> Option<ClientId> {
        // Each of the other clients has at least one visit.
        let elsewhere_max = (1.0 - ONE_CLIENT_SHARE_MIN) * f64::from(tally.visits);
        if tally.visits == 0 || elsewhere_max + 1.0 < f64::from(tally.clients()) {
            return None;
        }
        let visits = self.carer(carer).timeline.all().iter().map(|pin| self.ledger.counted(pin.slot));
        let mut of_month: Vec<ClientId> = visits
            .filter(|visit| visit.pay_period == month && visit.is_performed())
            .map(|visit| visit.client)
            .collect();
        // A client with more than half of the visits is the median.
        let middle = of_month.len() / 2;
        (!of_month.is_empty()).then(|| *of_month.select_nth_unstable(middle).1)
    }

    /// Whether the pair can have a pattern, or has findings.
    pub(in crate::engine) fn is_close(&self, carer: CarerId, client: ClientId, month: Month) -> bool {
        let entity = self.client(client);
        let close = |tally: &Tally| tally.close_carers().any(|close| close == carer);
        entity
            .pairs_with_findings
            .contains(&SubjectPeriod { month, subject: PeriodSubject::Pair(carer, client) })
            || entity.months.get(month).is_some_and(close)
    }

    /// Records at both entities of a pair whether its period has findings.
    pub(in crate::engine) fn record_pair(&mut self, period: SubjectPeriod, has_findings: bool) {
        let PeriodSubject::Pair(carer, client) = period.subject else { return };
        let sides = [&mut self.carers[carer.0 as usize], &mut self.clients[client.0 as usize]];
        for entity in sides {
            if has_findings || entity.pairs_with_findings.contains(&period) {
                entity.change_pairs(|pairs| {
                    pairs.retain(|known| *known != period);
                    pairs.extend(has_findings.then_some(period));
                });
            }
        }
    }
}
