//! Which carers and clients have so much to do with each other that rules look at them as a pair.

use crate::domain::Month;
use crate::engine::model::interner::{CarerId, ClientId};
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::state::municipality::State;
use crate::engine::totals::tally::Tally;

/// A carer of whose visits a smaller part than this is at one client has others too.
pub const ONE_CLIENT_SHARE_MIN: f64 = 0.85;

impl State {
    /// The pairs of a client that could tell of something, as a carer's part changes with the visits of
    /// others, and those of which something stands.
    pub(in crate::engine) fn pairs_of(&self, client: ClientId, month: Month, into: &mut Vec<SubjectPeriod>) {
        let entity = self.client(client);
        let close = entity.months.get(month).into_iter().flat_map(Tally::close_carers);
        into.extend(close.map(|carer| SubjectPeriod { month, subject: PeriodSubject::Pair(carer, client) }));
        into.extend(entity.pairs_with_findings.iter().filter(|pair| pair.month == month));
    }

    /// The pair of a carer who has hardly another client, as that changes with visits to others, and those
    /// of which something stands.
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
        // Each of the others has one visit at least.
        let elsewhere_max = (1.0 - ONE_CLIENT_SHARE_MIN) * f64::from(tally.visits);
        if tally.visits == 0 || elsewhere_max + 1.0 < f64::from(tally.clients()) {
            return None;
        }
        let visits = self.carer(carer).timeline.all().iter().map(|pin| self.ledger.counted(pin.slot));
        let mut of_month: Vec<ClientId> = visits
            .filter(|visit| visit.pay_period == month && visit.is_performed())
            .map(|visit| visit.client)
            .collect();
        // Whoever has more than half of them is in the middle.
        let middle = of_month.len() / 2;
        (!of_month.is_empty()).then(|| *of_month.select_nth_unstable(middle).1)
    }

    /// Could the pair tell of something, or does something stand about it?
    pub(in crate::engine) fn is_close(&self, carer: CarerId, client: ClientId, month: Month) -> bool {
        let entity = self.client(client);
        let close = |tally: &Tally| tally.close_carers().any(|close| close == carer);
        entity
            .pairs_with_findings
            .contains(&SubjectPeriod { month, subject: PeriodSubject::Pair(carer, client) })
            || entity.months.get(month).is_some_and(close)
    }

    /// Remembers at both sides of a pair whether anything `stands` about its period.
    pub(in crate::engine) fn record_pair(&mut self, period: SubjectPeriod, stands: bool) {
        let PeriodSubject::Pair(carer, client) = period.subject else { return };
        let sides = [&mut self.carers[carer.0 as usize], &mut self.clients[client.0 as usize]];
        for entity in sides {
            if stands || entity.pairs_with_findings.contains(&period) {
                entity.change_pairs(|standing| {
                    standing.retain(|known| *known != period);
                    standing.extend(stands.then_some(period));
                });
            }
        }
    }
}
