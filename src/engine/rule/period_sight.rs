//! What a rule sees of a pay period: its counts, and what is usual among the others.

use crate::domain::{Month, Zone};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};
use crate::engine::model::mark::Mark;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::Visit;
use crate::engine::state::facts::{Absence, Order, ProviderFact};
use crate::engine::state::municipality::State;
use crate::engine::stats::peers::{PeerBaseline, PeerLengthBaseline};
use crate::engine::totals::count::Count;
use crate::engine::totals::shares::Share;
use crate::engine::totals::tally::Tally;

/// What somebody has registered in one pay period; read-only.
pub struct PeriodSight<'a> {
    pub(in crate::engine) state: &'a State,
    pub(in crate::engine) period: SubjectPeriod,
    pub(in crate::engine) tally: &'a Tally,
    /// The provider that most of it belongs to.
    pub(in crate::engine) provider: Option<ProviderId>,
}

/// How a share is held against the others'.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareTest {
    /// Fewer visits that could bear the mark say nothing.
    pub visits_min: u32,
    /// Fewer visits that bear it say nothing.
    pub marked_min: u32,
    /// A share up to this is accepted whatever the others' is, 0 to 1.
    pub share_accepted: f64,
    /// The share before anything was count, 0 to 1.
    pub prior_share: f64,
    /// How many visits of others that prior weighs.
    pub prior_visits: f64,
    /// A provider is held against so many times the others' share: providers differ for good reasons.
    pub provider_multiple: f64,
}

/// A share that is higher than the others'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excess {
    /// What was counted.
    pub count: Count,
    /// The others' share, 0 to 1, or the accepted one where that is higher.
    pub expected: f64,
    /// At most so likely, were `baseline` the true share.
    pub p_value: f64,
}

impl<'a> PeriodSight<'a> {
    /// Whose period.
    #[must_use]
    pub const fn period(&self) -> SubjectPeriod {
        self.period
    }

    /// The counts. Of a pair: its client's; [`PeriodSight::pair`] tells the carer's part. Of a tag:
    /// none.
    #[must_use]
    pub const fn tally(&self) -> &'a Tally {
        self.tally
    }

    /// The same person's or provider's counts in the pay period before.
    #[must_use]
    pub fn tally_before(&self) -> Option<&'a Tally> {
        self.state.tally_of(self.period.subject, self.period.month.previous())
    }

    /// The same person's or provider's counts in the pay period after, once it has begun. For clients and
    /// providers; `None` for everybody else.
    #[must_use]
    pub fn tally_after(&self) -> Option<&'a Tally> {
        let subject = self.period.subject;
        let after = self.state.tally_of(subject, self.period.month.next()).filter(|after| 0 < after.visits);
        after.filter(|_| matches!(subject, PeriodSubject::Client(_) | PeriodSubject::Provider(_)))
    }

    /// Had the provider of the period's visits any visit in the pay period before?
    #[must_use]
    pub fn provider_was_there_before(&self) -> bool {
        let months = self.provider.map(|provider| self.state.provider(provider));
        let before = months.and_then(|months| months.get(self.period.month.previous()));
        before.is_some_and(|before| 0 < before.visits)
    }

    /// Was the carer on the provider's list at any end or the middle of the pay period? `None` where
    /// the provider sends no list, and for others than carers.
    #[must_use]
    pub fn employed(&self) -> Option<bool> {
        let (PeriodSubject::Carer(carer), provider) = (self.period.subject, self.provider?) else {
            return None;
        };
        let [first, after] = self.bounds(self.period.month);
        let at = [first, self.zone().instant(self.period.month, 15, 12), after.plus(-1)];
        let listed = at.map(|at| self.state.facts.employed(carer, provider, at));
        listed[0]?;
        Some(listed.contains(&Some(true)))
    }

    /// Granted seconds of the period's client, day by day as the orders hold; where an order asks for
    /// several carers, the time of each. `None` for others than clients, and where no order of the
    /// client grants any time.
    #[must_use]
    pub fn granted_seconds(&self) -> Option<i64> {
        let PeriodSubject::Client(client) = self.period.subject else { return None };
        self.state.facts.granted(client, self.period.month, self.zone())
    }

    /// The same without the days at whose noon the client was away.
    #[must_use]
    pub fn granted_seconds_at_home(&self) -> Option<i64> {
        let PeriodSubject::Client(client) = self.period.subject else { return None };
        let absences = |at| self.absences(client).any(|absence| absence.valid.covers(at));
        self.state.facts.granted_by_day(client, self.period.month, self.zone(), absences)
    }

    /// Granted seconds of a whole `month` by the orders of the period's provider that hold in its middle.
    #[must_use]
    pub fn granted_seconds_of_provider(&self, month: Month) -> i64 {
        self.provider.map_or(0, |provider| self.state.facts.granted_at(provider, month))
    }

    /// Is any order of any client known? If not, the municipality does not send them.
    #[must_use]
    pub const fn orders_are_sent(&self) -> bool {
        self.state.facts.knows_orders()
    }

    /// Is any absence of any client known? If not, the municipality does not send them.
    #[must_use]
    pub const fn absences_are_sent(&self) -> bool {
        self.state.facts.knows_absences()
    }

    /// The provider that most visits of the period belong to.
    #[must_use]
    pub const fn provider(&self) -> Option<ProviderId> {
        self.provider
    }

    /// The carer's part of a pair's period.
    #[must_use]
    pub fn pair(&self) -> Option<Share> {
        let PeriodSubject::Pair(carer, _) = self.period.subject else { return None };
        self.tally.shares().iter().copied().find(|share| share.carer == carer)
    }

    /// How many visits a pair's carer has carried out in the pay period, wherever.
    #[must_use]
    pub fn carer_visits(&self) -> Option<u32> {
        let PeriodSubject::Pair(carer, _) = self.period.subject else { return None };
        self.state.tally_of(PeriodSubject::Carer(carer), self.period.month).map(|tally| tally.visits)
    }

    /// The visits of a carer, a client or a pair that were carried out and are paid in this pay period or the
    /// one before, in order of start, with whether they bear `mark`. It goes through all that is kept: to be
    /// asked where the counts alone have something to tell.
    pub fn visits(&self, mark: Option<Mark>) -> impl Iterator<Item = (&'a Visit, bool)> {
        let month = self.period.month;
        self.visits_of([month.previous(), month, month], mark)
    }

    /// The same with those of the pay period after: for pairs, and for clients where [`PeriodRule::depends_on_next_period`] says so.
    ///
    /// [`PeriodRule::depends_on_next_period`]: crate::engine::PeriodRule::depends_on_next_period
    pub fn visits_around(&self, mark: Option<Mark>) -> impl Iterator<Item = (&'a Visit, bool)> {
        let month = self.period.month;
        self.visits_of([month.previous(), month, month.next()], mark)
    }

    fn visits_of(
        &self,
        months: [Month; 3],
        mark: Option<Mark>,
    ) -> impl Iterator<Item = (&'a Visit, bool)> + use<'a> {
        let (state, subject) = (self.state, self.period.subject);
        let pins = match subject {
            PeriodSubject::Carer(carer) => state.carer(carer).timeline.all(),
            PeriodSubject::Client(client) | PeriodSubject::Pair(_, client) => {
                state.client(client).timeline.all()
            }
            PeriodSubject::Provider(_) | PeriodSubject::Tag(_) => &[],
        };
        let of_pair =
            move |visit: &&Visit| !matches!(subject, PeriodSubject::Pair(carer, _) if carer != visit.carer);
        let visits = pins.iter().map(|pin| state.ledger.counted(pin.slot)).filter(of_pair);
        let counted = visits.filter(move |visit| visit.is_performed() && months.contains(&visit.pay_period));
        counted.map(move |visit| {
            let marks = &state.ledger.entry(visit.slot).marks;
            (visit, mark.is_some_and(|mark| marks.bears(mark)))
        })
    }

    /// Of a tag: the carers whose visits bear [`Mark::TagNear`] with it, and how many.
    #[must_use]
    pub fn tag_carers(&self) -> &'a [(CarerId, u32)] {
        let PeriodSubject::Tag(tag) = self.period.subject else { return &[] };
        self.state.tags.get(&(self.period.month, tag)).map_or(&[], |carers| carers)
    }

    /// What is usual for `mark` among all carers, in this pay period and the one before.
    #[must_use]
    pub fn peer_baseline(&self, mark: Mark) -> PeerBaseline {
        self.state
            .pools
            .get(&self.period.month)
            .map_or_else(PeerBaseline::default, |pool| pool.baselines[mark as usize])
    }

    /// How long visits usually are among all carers.
    #[must_use]
    pub fn peer_length_baseline(&self) -> PeerLengthBaseline {
        self.state
            .pools
            .get(&self.period.month)
            .map_or_else(PeerLengthBaseline::default, |pool| pool.length_baseline)
    }

    /// The period's share of `mark`, where it is higher than that of the others and than what is
    /// accepted. For carers and providers; `None` for everybody else.
    #[must_use]
    pub fn excess(&self, mark: Mark, test: &ShareTest) -> Option<Excess> {
        let count = self.tally.count(mark);
        let one = matches!(self.period.subject, PeriodSubject::Carer(_));
        if !(one || matches!(self.period.subject, PeriodSubject::Provider(_)))
            || count.eligible < test.visits_min.max(1)
            || count.marked < test.marked_min
            || count.share() <= test.share_accepted
        {
            return None;
        }
        let mut rate = self.peer_baseline(mark).leave_one_out(count, test.prior_share, test.prior_visits);
        if !one {
            rate.share *= test.provider_multiple;
        }
        rate.share = rate.share.max(test.share_accepted).min(1.0);
        let p_value = rate.p_value(count, one);
        (p_value < 1.0).then_some(Excess { count, expected: rate.share, p_value })
    }

    /// What is known of the period's provider, with the paid hours of the period.
    #[must_use]
    pub fn provider_fact(&self) -> Option<ProviderFact> {
        self.state.facts.provider(self.provider?, self.period.month)
    }

    /// All orders of a client that were ever known, in order of recording.
    pub fn orders(&self, client: ClientId) -> impl Iterator<Item = &'a Order> {
        self.state.facts.orders_ever(client)
    }

    /// Known absences of a client, in order of recording.
    pub fn absences(&self, client: ClientId) -> impl Iterator<Item = &'a Absence> {
        self.state.facts.absences(client)
    }

    /// The first and last instant of a pay period.
    #[must_use]
    pub fn bounds(&self, month: Month) -> [crate::domain::UtcSecond; 2] {
        [month, month.next()].map(|month| self.zone().instant(month, 1, 0))
    }

    /// The municipality's time zone.
    #[must_use]
    pub fn zone(&self) -> &'a Zone {
        &self.state.settings.zone
    }

    /// The name of a tag, for sentences.
    #[must_use]
    pub fn text(&self, id: TextId) -> &'a str {
        self.state.interners.texts.text(id)
    }
}
