//! What a rule sees of a pay period: its counts, and what is usual among the others.

use std::cell::Cell;

use super::facts::{Order, ProviderFact};
use super::mark::Mark;
use super::names::{CarerId, ClientId, ProviderId, TextId};
use super::peers::{Usual, UsualLength};
use super::period::{Period, Whose};
use super::signal::{PERIOD_SIGNALS, Signal};
use super::tally::{Count, Share, Tally};
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

    /// Of a tag: the carers whose visits bear [`Mark::TagNear`] with it, and how many.
    #[must_use]
    pub fn tag_carers(&self) -> &'a [(CarerId, u32)] {
        let Whose::Tag(tag) = self.period.whose else { return &[] };
        self.world.tags.get(&(self.period.month, tag)).map_or(&[], Vec::as_slice)
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
