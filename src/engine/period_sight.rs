//! What a rule sees of a pay period: its counts, and what is usual among the others.

use std::cell::Cell;

use super::facts::{Absence, Order, ProviderFact};
use super::mark::Mark;
use super::names::{CarerId, ClientId, ProviderId, TextId};
use super::peers::{Usual, UsualLength};
use super::period::{Period, Whose};
use super::shares::Share;
use super::signal::{PERIOD_SIGNALS, Signal};
use super::tally::{Count, Tally};
use super::visit::Visit;
use super::world::World;
use crate::domain::{Month, Zone};

/// What somebody has registered in one pay period; read-only.
pub struct PeriodSight<'a> {
    pub(super) world: &'a World,
    pub(super) period: Period,
    pub(super) tally: &'a Tally,
    /// The provider that most of it belongs to.
    pub(super) provider: Option<ProviderId>,
    /// How odd the period is, by signal; for the assessments of its visits.
    pub(super) signals: Cell<[f32; PERIOD_SIGNALS]>,
}

/// How a share is held against the others'.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareTest {
    /// Fewer visits that could bear the mark say nothing.
    pub visits_min: u32,
    /// Fewer visits that bear it say nothing.
    pub borne_min: u32,
    /// A share up to this is accepted whatever the others' is, 0 to 1.
    pub share_accepted: f64,
    /// The share before anything was seen, 0 to 1.
    pub prior_share: f64,
    /// How many visits of others that prior weighs.
    pub prior_visits: f64,
    /// A provider is held against so many times the others' share: providers differ for good reasons.
    pub provider_multiple: f64,
}

/// What a share must pass before [`PeriodSight::excess`] can be anything, whoever is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareFloor {
    /// Whose share it is.
    pub mark: Mark,
    /// [`ShareTest::borne_min`].
    pub borne_min: u32,
    /// [`ShareTest::share_accepted`].
    pub share_accepted: f64,
}

impl ShareFloor {
    /// Is it passed? Told without a division, and so in doubt yes.
    pub(super) fn is_passed(&self, count: Count) -> bool {
        const DOUBT: f64 = 1.0 - 1e-9;
        let accepted = self.share_accepted * DOUBT * f64::from(count.of);
        self.borne_min <= count.borne && accepted <= f64::from(count.borne)
    }
}

/// A share that is higher than the others'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excess {
    /// What was counted.
    pub seen: Count,
    /// The others' share, 0 to 1, or the accepted one where that is higher.
    pub usual: f64,
    /// At most so likely, were `usual` the true share.
    pub chance: f64,
}

impl<'a> PeriodSight<'a> {
    /// Whose period.
    #[must_use]
    pub const fn period(&self) -> Period {
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
        self.world.tally_of(self.period.whose, self.period.month.previous())
    }

    /// The same person's or provider's counts in the pay period after, once it has begun. For clients and
    /// providers; `None` for everybody else.
    #[must_use]
    pub fn tally_after(&self) -> Option<&'a Tally> {
        let whose = self.period.whose;
        let after = self.world.tally_of(whose, self.period.month.next()).filter(|after| 0 < after.visits);
        after.filter(|_| matches!(whose, Whose::Client(_) | Whose::Provider(_)))
    }

    /// Had the provider of the period's visits any visit in the pay period before?
    #[must_use]
    pub fn provider_was_there_before(&self) -> bool {
        let months = self.provider.map(|provider| self.world.provider(provider));
        let before = months.and_then(|months| months.get(self.period.month.previous()));
        before.is_some_and(|before| 0 < before.visits)
    }

    /// Was the carer on the provider's list at any end or the middle of the pay period? `None` where
    /// the provider sends no list, and for others than carers.
    #[must_use]
    pub fn employed(&self) -> Option<bool> {
        let (Whose::Carer(carer), provider) = (self.period.whose, self.provider?) else { return None };
        let [first, after] = self.bounds(self.period.month);
        let at = [first, self.zone().instant(self.period.month, 15, 12), after.plus(-1)];
        let listed = at.map(|at| self.world.facts.employed(carer, provider, at));
        listed[0]?;
        Some(listed.contains(&Some(true)))
    }

    /// Granted seconds of the period's client, day by day as the orders hold; where an order asks for
    /// several carers, the time of each. `None` for others than clients, and where no order of the
    /// client grants any time.
    #[must_use]
    pub fn granted_seconds(&self) -> Option<i64> {
        let Whose::Client(client) = self.period.whose else { return None };
        self.world.facts.granted(client, self.period.month, self.zone())
    }

    /// The same without the days at whose noon the client was away.
    #[must_use]
    pub fn granted_seconds_at_home(&self) -> Option<i64> {
        let Whose::Client(client) = self.period.whose else { return None };
        let away = |at| self.absences(client).any(|absence| absence.valid.covers(at));
        self.world.facts.granted_by_day(client, self.period.month, self.zone(), away)
    }

    /// Granted seconds of a whole `month` by the orders of the period's provider that hold in its middle.
    #[must_use]
    pub fn granted_seconds_of_provider(&self, month: Month) -> i64 {
        self.provider.map_or(0, |provider| self.world.facts.granted_at(provider, month))
    }

    /// Is any order of any client known? If not, the municipality does not send them.
    #[must_use]
    pub const fn orders_are_sent(&self) -> bool {
        self.world.facts.knows_orders()
    }

    /// Is any absence of any client known? If not, the municipality does not send them.
    #[must_use]
    pub const fn absences_are_sent(&self) -> bool {
        self.world.facts.knows_absences()
    }

    /// The provider that most visits of the period belong to.
    #[must_use]
    pub const fn provider(&self) -> Option<ProviderId> {
        self.provider
    }

    /// The carer's part of a pair's period.
    #[must_use]
    pub fn pair(&self) -> Option<Share> {
        let Whose::Pair(carer, _) = self.period.whose else { return None };
        self.tally.shares().iter().copied().find(|share| share.carer == carer)
    }

    /// How many visits a pair's carer has carried out in the pay period, wherever.
    #[must_use]
    pub fn carer_visits(&self) -> Option<u32> {
        let Whose::Pair(carer, _) = self.period.whose else { return None };
        self.world.tally_of(Whose::Carer(carer), self.period.month).map(|tally| tally.visits)
    }

    /// The visits of a carer, a client or a pair that were carried out and are paid in this pay period or the
    /// one before, in order of start, with whether they bear `mark`. It goes through all that is kept: to be
    /// asked where the counts alone have something to tell.
    pub fn visits(&self, mark: Option<Mark>) -> impl Iterator<Item = (&'a Visit, bool)> {
        let month = self.period.month;
        self.visits_of([month.previous(), month, month], mark)
    }

    /// The same with those of the pay period after: for pairs, and for clients where [`Rule::reads_on`] says so.
    ///
    /// [`Rule::reads_on`]: super::Rule::reads_on
    pub fn visits_around(&self, mark: Option<Mark>) -> impl Iterator<Item = (&'a Visit, bool)> {
        let month = self.period.month;
        self.visits_of([month.previous(), month, month.next()], mark)
    }

    fn visits_of(
        &self,
        months: [Month; 3],
        mark: Option<Mark>,
    ) -> impl Iterator<Item = (&'a Visit, bool)> + use<'a> {
        let (world, whose) = (self.world, self.period.whose);
        let pins = match whose {
            Whose::Carer(carer) => world.carer(carer).timeline.all(),
            Whose::Client(client) | Whose::Pair(_, client) => world.client(client).timeline.all(),
            Whose::Provider(_) | Whose::Tag(_) => &[],
        };
        let of_pair = move |visit: &&Visit| !matches!(whose, Whose::Pair(carer, _) if carer != visit.carer);
        let visits = pins.iter().map(|pin| world.ledger.counted(pin.slot)).filter(of_pair);
        let counted = visits.filter(move |visit| visit.is_performed() && months.contains(&visit.pay_period));
        counted.map(move |visit| {
            let marks = &world.ledger.entry(visit.slot).marks;
            (visit, mark.is_some_and(|mark| marks.bears(mark)))
        })
    }

    /// Of a tag: the carers whose visits bear [`Mark::TagNear`] with it, and how many.
    #[must_use]
    pub fn tag_carers(&self) -> &'a [(CarerId, u32)] {
        let Whose::Tag(tag) = self.period.whose else { return &[] };
        self.world.tags.get(&(self.period.month, tag)).map_or(&[], |carers| carers)
    }

    /// What is usual for `mark` among all carers, in this pay period and the one before.
    #[must_use]
    pub fn usual(&self, mark: Mark) -> Usual {
        self.world.pools.get(&self.period.month).map_or_else(Usual::default, |pool| pool.usual[mark as usize])
    }

    /// How long visits usually are among all carers.
    #[must_use]
    pub fn usual_length(&self) -> UsualLength {
        self.world.pools.get(&self.period.month).map_or_else(UsualLength::default, |pool| pool.usual_length)
    }

    /// The period's share of `mark`, where it is higher than that of the others and than what is
    /// accepted. For carers and providers; `None` for everybody else.
    #[must_use]
    pub fn excess(&self, mark: Mark, test: &ShareTest) -> Option<Excess> {
        let seen = self.tally.count(mark);
        let one = matches!(self.period.whose, Whose::Carer(_));
        if !(one || matches!(self.period.whose, Whose::Provider(_)))
            || seen.of < test.visits_min.max(1)
            || seen.borne < test.borne_min
            || seen.share() <= test.share_accepted
        {
            return None;
        }
        let mut rate = self.usual(mark).without(seen, test.prior_share, test.prior_visits);
        if !one {
            rate.share *= test.provider_multiple;
        }
        rate.share = rate.share.max(test.share_accepted).min(1.0);
        let chance = rate.chance(seen, one);
        (chance < 1.0).then_some(Excess { seen, usual: rate.share, chance })
    }

    /// Says how odd a carer's period is in one respect, so that its visits rank by it: any falling
    /// function of the oddness, 0 to 1.
    pub fn signal(&self, signal: Signal, raw: f64) {
        let Some(place) = signal.period_place() else { return };
        let mut signals = self.signals.get();
        signals[place] = raw as f32;
        self.signals.set(signals);
    }

    /// What is known of the period's provider, with the paid hours of the period.
    #[must_use]
    pub fn provider_fact(&self) -> Option<ProviderFact> {
        self.world.facts.provider(self.provider?, self.period.month)
    }

    /// All orders of a client that were ever known, in order of recording.
    pub fn orders(&self, client: ClientId) -> impl Iterator<Item = &'a Order> {
        self.world.facts.orders_ever(client)
    }

    /// Known absences of a client, in order of recording.
    pub fn absences(&self, client: ClientId) -> impl Iterator<Item = &'a Absence> {
        self.world.facts.absences(client)
    }

    /// The first and last instant of a pay period.
    #[must_use]
    pub fn bounds(&self, month: Month) -> [crate::domain::UtcSecond; 2] {
        [month, month.next()].map(|month| self.zone().instant(month, 1, 0))
    }

    /// The municipality's time zone.
    #[must_use]
    pub fn zone(&self) -> &'a Zone {
        &self.world.settings.zone
    }

    /// The name of a tag, for sentences.
    #[must_use]
    pub fn text(&self, id: TextId) -> &'a str {
        self.world.registry.texts.text(id)
    }
}
