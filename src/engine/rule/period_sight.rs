//! View of a pay period for rules: totals, facts, peer baselines.

use crate::domain::{MissingFact, Month, Zone};
use crate::engine::model::NEIGHBOURS_MAX;
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};
use crate::engine::model::mark::Mark;
use crate::engine::model::period::{PeriodSubject, SubjectPeriod};
use crate::engine::model::visit::{Slot, Visit};
use crate::engine::state::crowds::Crowd;
use crate::engine::state::facts::{Absence, Order, ProviderFact};
use crate::engine::state::municipality::State;
use crate::engine::stats::peers::{ICC_MIN, PeerBaseline, PeerLengthBaseline};
use crate::engine::totals::count::Count;
use crate::engine::totals::months::Months;
use crate::engine::totals::shares::Share;
use crate::engine::totals::tally::Tally;

/// A subject's pay period; read-only.
pub struct PeriodSight<'a> {
    pub(in crate::engine) state: &'a State,
    pub(in crate::engine) period: SubjectPeriod,
    pub(in crate::engine) tally: &'a Tally,
    /// The provider with most visits of the period.
    pub(in crate::engine) provider: Option<ProviderId>,
}

/// Parameters of the test of a share against the peers' share.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareTest {
    /// Eligible visits at least.
    pub visits_min: u32,
    /// Marked visits at least.
    pub marked_min: u32,
    /// Share that is accepted whatever the peers' share, 0 to 1.
    pub share_accepted: f64,
    /// Prior of the peers' share, 0 to 1.
    pub prior_share: f64,
    /// Weight of the prior, in visits.
    pub prior_visits: f64,
    /// Factor on the peers' share for a provider: providers differ for good reasons.
    pub provider_multiple: f64,
    /// Whether each visit is a trial of its own: how much carers differ is not estimated. For marks of which a carer has few
    /// eligible visits, so that the few with many, who may be those sought, would make up the estimate.
    #[serde(skip)]
    pub is_by_visit: bool,
}

/// A share above the peers' share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excess {
    /// Eligible and marked visits.
    pub count: Count,
    /// The peers' share, or the accepted one where that is higher, 0 to 1.
    pub expected: f64,
    /// Upper bound of the p-value under `expected`.
    pub p_value: f64,
}

/// Visits of a provider's pay period that hang on facts that were never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// The kind of fact.
    pub fact: MissingFact,
    /// Number of clients or carers without it.
    pub subjects: u32,
    /// Their closed visits at the provider.
    pub visits: u32,
    /// The price of those without a known tariff, in öre.
    pub ore: i64,
}

impl<'a> PeriodSight<'a> {
    /// Subject and month.
    #[must_use]
    pub const fn period(&self) -> SubjectPeriod {
        self.period
    }

    /// The totals; those of the client for a pair, whose carer's share is [`PeriodSight::pair`]; empty for a tag.
    #[must_use]
    pub const fn tally(&self) -> &'a Tally {
        self.tally
    }

    /// The days of the pay period on which the carer or the client has more visits than any person, and how many of the
    /// visits in clients' homes lie on the fullest of them.
    #[must_use]
    pub fn crowded_days(&self) -> (u32, u32) {
        let of_month = |crowd: &&Crowd| self.zone().month(crowd.day.start()) == self.period.month;
        let crowds = self.state.crowds.of(self.period.subject).iter().filter(of_month);
        let at_home = crowds.map(|crowd| crowd.at_home).filter(|visits| NEIGHBOURS_MAX < *visits as usize);
        at_home.fold((0, 0), |(days, most), visits| (days + 1, most.max(visits)))
    }

    /// The subject's totals in the pay period before.
    #[must_use]
    pub fn tally_before(&self) -> Option<&'a Tally> {
        self.state.tally_of(self.period.subject, self.period.month.previous())
    }

    /// The totals of a client or provider in the next pay period, once it has visits; `None` for other subjects.
    #[must_use]
    pub fn tally_after(&self) -> Option<&'a Tally> {
        let subject = self.period.subject;
        let after = self.state.tally_of(subject, self.period.month.next()).filter(|after| 0 < after.visits);
        after.filter(|_| matches!(subject, PeriodSubject::Client(_) | PeriodSubject::Provider(_)))
    }

    /// Whether the period's provider had visits in the pay period before.
    #[must_use]
    pub fn provider_was_there_before(&self) -> bool {
        let months = self.provider.map(|provider| self.state.provider(provider));
        let before = months.and_then(|months| months.get(self.period.month.previous()));
        before.is_some_and(|before| 0 < before.visits)
    }

    /// Whether the carer was employed by the provider at the start, middle or end of the pay period. `None` where the
    /// provider sends no employments, and for other subjects than carers.
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

    /// Granted seconds of the client in the pay period, by the orders valid on each day; the time of each carer where
    /// an order requires several. `None` for other subjects than clients, and where no order grants time.
    #[must_use]
    pub fn granted_seconds(&self) -> Option<i64> {
        let PeriodSubject::Client(client) = self.period.subject else { return None };
        self.state.facts.granted(client, self.period.month, self.zone())
    }

    /// [`PeriodSight::granted_seconds`] without the days at whose noon the client was absent.
    #[must_use]
    pub fn granted_seconds_at_home(&self) -> Option<i64> {
        let PeriodSubject::Client(client) = self.period.subject else { return None };
        let absences = |at| self.absences(client).any(|absence| absence.valid.covers(at));
        self.state.facts.granted_by_day(client, self.period.month, self.zone(), absences)
    }

    /// Granted seconds of `month` by the orders of the period's provider that are valid in its middle.
    #[must_use]
    pub fn granted_seconds_of_provider(&self, month: Month) -> i64 {
        self.provider.map_or(0, |provider| self.state.facts.granted_at(provider, month))
    }

    /// Of a provider: the gaps in each kind of fact that the municipality sends.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let PeriodSubject::Provider(provider) = self.period.subject else { return Vec::new() };
        let facts = &self.state.facts;
        let clients = || (0u32..).map(ClientId::from).zip(self.state.clients.iter().map(|of| &of.months));
        let carers = (0u32..).map(CarerId::from).zip(self.state.carers.iter().map(|of| &of.months));
        let gap = |fact, missing: &mut dyn Iterator<Item = &'a Months>| {
            let mut gap = Gap { fact, subjects: 0, visits: 0, ore: 0 };
            for tally in missing.filter_map(|months| months.get(self.period.month)) {
                let at_provider = tally.providers().iter().find(|(known, _)| *known == provider);
                let Some((_, visits)) = at_provider else { continue };
                let seconds = tally.paid_seconds * i64::from(*visits) / i64::from(tally.visits.max(1));
                gap.subjects += 1;
                gap.visits += visits;
                gap.ore += seconds * self.state.settings.default_ore_per_hour / 3600;
            }
            (0 < gap.visits).then_some(gap)
        };
        let mut gaps = Vec::new();
        if facts.knows_orders() {
            let missing = clients().filter(|(client, _)| !facts.has_orders(*client));
            gaps.extend(gap(MissingFact::Order, &mut missing.map(|(_, months)| months)));
        }
        if facts.knows_homes() {
            let missing = clients().filter(|(client, _)| !facts.has_home(*client));
            gaps.extend(gap(MissingFact::ClientHome, &mut missing.map(|(_, months)| months)));
        }
        if facts.knows_employments() && !facts.knows_employments_of(provider) {
            gaps.extend(gap(MissingFact::Employment, &mut carers.map(|(_, months)| months)));
        }
        gaps
    }

    /// Whether the municipality sends orders: any order of any client is known.
    #[must_use]
    pub const fn orders_are_sent(&self) -> bool {
        self.state.facts.knows_orders()
    }

    /// Whether the municipality sends absences: any absence of any client is known.
    #[must_use]
    pub const fn absences_are_sent(&self) -> bool {
        self.state.facts.knows_absences()
    }

    /// The provider with most visits of the period.
    #[must_use]
    pub const fn provider(&self) -> Option<ProviderId> {
        self.provider
    }

    /// The carer's share of a pair's period.
    #[must_use]
    pub fn pair(&self) -> Option<Share> {
        let PeriodSubject::Pair(carer, _) = self.period.subject else { return None };
        self.tally.shares().iter().copied().find(|share| share.carer == carer)
    }

    /// Performed visits of a pair's carer in the pay period, at all clients.
    #[must_use]
    pub fn carer_visits(&self) -> Option<u32> {
        let PeriodSubject::Pair(carer, _) = self.period.subject else { return None };
        self.state.tally_of(PeriodSubject::Carer(carer), self.period.month).map(|tally| tally.visits)
    }

    /// Performed visits of a carer, client or pair in this pay period and the one before, in order of start, and
    /// whether they have `mark`. Takes time linear in the retained visits: call it only where the totals alone suffice
    /// for a finding.
    pub fn visits(&self, mark: Option<Mark>) -> impl Iterator<Item = (&'a Visit, bool)> {
        let month = self.period.month;
        self.visits_of([month.previous(), month, month], mark)
    }

    /// [`PeriodSight::visits`] with those of the next pay period: for pairs, and for clients where
    /// [`PeriodRule::depends_on_next_period`] names a mark.
    ///
    /// [`PeriodRule::depends_on_next_period`]: crate::engine::PeriodRule::depends_on_next_period
    pub fn visits_around(&self, mark: Option<Mark>) -> impl Iterator<Item = (&'a Visit, bool)> {
        let month = self.period.month;
        self.visits_of([month.previous(), month, month.next()], mark)
    }

    /// The performed visits of a carer, client or pair in the pay period that have `mark`, the best paid first. Takes as
    /// long as [`PeriodSight::visits`].
    #[must_use]
    pub fn visits_with(&self, mark: Mark) -> Vec<Slot> {
        let marked = self.visits(Some(mark)).filter(|(_, bears)| *bears).map(|(visit, _)| visit);
        let mut marked: Vec<&Visit> = marked.filter(|visit| visit.pay_period == self.period.month).collect();
        let id = |visit: &Visit| self.state.ledger.id(visit.slot);
        marked.sort_by(|a, b| b.paid_seconds().cmp(&a.paid_seconds()).then_with(|| id(a).cmp(id(b))));
        marked.into_iter().map(|visit| visit.slot).collect()
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

    /// The counts of `mark` as they grew in the pay period: of a carer after each of its visits, in order of start; of a
    /// provider after each local day that is over, which it is when a later visit of the provider is known. Takes time
    /// linear in the retained visits of a carer, and in the days of a provider.
    #[must_use]
    pub fn growth(&self, mark: Mark) -> Vec<Count> {
        let mut sum = Count::default();
        let mut grown = |count: Count| {
            sum.eligible += count.eligible;
            sum.marked += count.marked;
            sum
        };
        match self.period.subject {
            PeriodSubject::Carer(carer) => {
                let pins = self.state.carer(carer).timeline.all().iter();
                let entries = pins.map(|pin| (self.state.ledger.counted(pin.slot), pin.slot));
                let of_month = entries.filter(|(visit, _)| visit.pay_period == self.period.month);
                let marks = of_month.map(|(_, slot)| &self.state.ledger.entry(slot).marks);
                let eligible = marks.filter(|marks| marks.could_bear(mark));
                eligible.map(|marks| grown(Count { eligible: 1, marked: marks.bears(mark).into() })).collect()
            }
            PeriodSubject::Provider(_) => {
                let mut days: Vec<Count> =
                    self.tally.count_by_day(mark).map(|(_, count)| grown(count)).collect();
                if self.tally_after().is_none() {
                    days.pop();
                }
                days
            }
            PeriodSubject::Client(_) | PeriodSubject::Pair(..) | PeriodSubject::Tag(_) => Vec::new(),
        }
    }

    /// Of a tag: carers and numbers of their visits with [`Mark::TagNear`].
    #[must_use]
    pub fn tag_carers(&self) -> &'a [(CarerId, u32)] {
        let PeriodSubject::Tag(tag) = self.period.subject else { return &[] };
        self.state.tags.get(&(self.period.month, tag)).map_or(&[], |carers| carers)
    }

    /// Share of `mark` among all carers in this pay period and the one before.
    #[must_use]
    pub fn peer_baseline(&self, mark: Mark) -> PeerBaseline {
        self.state
            .pools
            .get(&self.period.month)
            .map_or_else(PeerBaseline::default, |pool| pool.baselines[mark as usize])
    }

    /// Lengths of visits among all carers in this pay period and the one before.
    #[must_use]
    pub fn peer_length_baseline(&self) -> PeerLengthBaseline {
        self.state
            .pools
            .get(&self.period.month)
            .map_or_else(PeerLengthBaseline::default, |pool| pool.length_baseline)
    }

    /// The share of `mark`, where it exceeds the peers' share and the accepted one. For carers and providers; `None`
    /// for other subjects.
    #[must_use]
    pub fn excess(&self, mark: Mark, test: &ShareTest) -> Option<Excess> {
        self.excess_of(self.tally.count(mark), mark, test)
    }

    /// [`PeriodSight::excess`] of another count, such as one of [`PeriodSight::growth`].
    #[must_use]
    pub fn excess_of(&self, count: Count, mark: Mark, test: &ShareTest) -> Option<Excess> {
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
        } else if let Some(provider) = self.provider {
            // What the provider's other carers do as well is its way of working.
            let here = self.state.provider_baselines.get(provider, self.period.month, mark);
            rate.share = rate.share.max(here.leave_one_out(count, rate.share, test.prior_visits).share);
        }
        rate.share = rate.share.max(test.share_accepted).min(1.0);
        if test.is_by_visit {
            rate.icc = ICC_MIN;
        }
        let p_value = rate.p_value(count, one);
        (p_value < 1.0).then_some(Excess { count, expected: rate.share, p_value })
    }

    /// The fact about the period's provider, with the paid hours of the period.
    #[must_use]
    pub fn provider_fact(&self) -> Option<ProviderFact> {
        self.state.facts.provider(self.provider?, self.period.month)
    }

    /// All known orders of a client, whenever valid, in order of recording.
    pub fn orders(&self, client: ClientId) -> impl Iterator<Item = &'a Order> {
        self.state.facts.orders_ever(client)
    }

    /// Known absences of a client, in order of recording.
    pub fn absences(&self, client: ClientId) -> impl Iterator<Item = &'a Absence> {
        self.state.facts.absences(client)
    }

    /// First instant of a pay period, and of the next.
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
