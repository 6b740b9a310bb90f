//! Reference facts as known now, indexed by their subject.

mod about;
mod grants;
mod households;
mod known;
mod shelf;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

pub(in crate::engine) use about::Affects;
pub use about::{Absence, CarerAbsence, Home, Order, PayDates, ProviderFact};

use crate::domain::{Area, Coordinates, Fact, FactBody, FactChange, Month, UtcSecond};
use crate::engine::model::interner::grow_to;
use crate::engine::model::interner::{CarerId, ClientId, ProviderId, TextId};
use crate::engine::model::interners::Interners;
use crate::engine::state::places::Places;
use crate::engine::totals::count::Change;
use about::ExceptionScope;
use grants::ProviderGrants;
use households::Households;
use shelf::FactIndex;

/// Facts about one client, in memory order: two rules read of each period whether there are absences or orders.
#[derive(Default)]
#[repr(C)]
struct AboutClient {
    absences: FactIndex<Absence>,
    orders: FactIndex<TextId>,
    /// Read for each visit.
    homes: FactIndex<Home, 1>,
}

/// Facts about one carer.
#[derive(Default)]
struct AboutCarer {
    employments: FactIndex<ProviderId>,
    absences: FactIndex<CarerAbsence>,
}

/// All facts of a municipality.
#[derive(Default)]
pub(in crate::engine) struct Facts {
    by_id: BTreeMap<Box<str>, Fact>,
    /// Changes so far.
    revision: u64,
    /// By client id.
    clients: Vec<AboutClient>,
    /// By carer id.
    carers: Vec<AboutCarer>,
    orders: HashMap<TextId, FactIndex<Order>>,
    tags: HashMap<TextId, FactIndex<ClientId>>,
    tariffs: HashMap<TextId, FactIndex<i64>>,
    providers: HashMap<ProviderId, FactIndex<ProviderFact>>,
    calendar: BTreeMap<Month, FactIndex<PayDates>>,
    exceptions: FactIndex<ExceptionScope>,
    provider_grants: ProviderGrants,
    households: Households,
    known: FactCounts,
    area: Area,
    pub(in crate::engine) places: Places,
}

/// Numbers of known facts by kind: without any, the municipality does not send that kind.
#[derive(Default)]
struct FactCounts {
    absences: u32,
    orders: u32,
    tags: u32,
    employments: HashMap<ProviderId, u32>,
    /// Orders that name a provider.
    orders_of: HashMap<ProviderId, u32>,
    homes: u32,
}

/// Counts one fact more or less; returns whether it was the first or the last.
const fn count_known(count: &mut u32, change: Change) -> bool {
    change.count(count, 1);
    *count == change.is_insert() as u32
}

/// Whether `fact` takes the place of the held one of its id: the later recorded counts, and of two that were recorded
/// at one time always the same one, whichever arrives first.
fn replaces(fact: &Fact, held: &Fact) -> bool {
    let content = |fact: &Fact| format!("{:?}", (&fact.valid, &fact.body));
    match fact.recorded_at.cmp(&held.recorded_at) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => fact != held && content(held) < content(fact),
    }
}

impl Facts {
    /// No facts of a municipality whose homes lie in `area`.
    pub(in crate::engine) fn new(area: Area) -> Self {
        Self { area, ..Self::default() }
    }

    /// Differs from what it was before any change.
    pub(in crate::engine) const fn revision(&self) -> u64 {
        self.revision
    }

    /// Applies a change; returns whom the fact affects before and after it.
    pub(in crate::engine) fn change(
        &mut self,
        change: &FactChange,
        interners: &mut Interners,
    ) -> [Affects; 2] {
        self.revision += 1;
        match change {
            FactChange::Remove { fact_id, .. } => [self.remove(fact_id, interners), Affects::Nothing],
            FactChange::Put(fact) => {
                let held = self.by_id.get(fact.fact_id.as_str());
                if held.is_some_and(|held| !replaces(fact, held)) {
                    return [Affects::Nothing; 2];
                }
                let before = self.remove(&fact.fact_id, interners);
                self.by_id.insert(fact.fact_id.as_str().into(), fact.clone());
                [before, self.index(fact, Change::Insert, interners)]
            }
        }
    }

    fn remove(&mut self, fact_id: &str, interners: &mut Interners) -> Affects {
        match self.by_id.remove(fact_id) {
            Some(fact) => self.index(&fact, Change::Retract, interners),
            None => Affects::Nothing,
        }
    }

    /// Inserts a fact into its index, or retracts it. A provider's first employment opens its list, and may be the first
    /// of the carer, who may work for others: it affects everything.
    fn index(&mut self, fact: &Fact, change: Change, interners: &mut Interners) -> Affects {
        match &fact.body {
            FactBody::ClientHome { client_ref, household_ref, place } => {
                let client: ClientId = interners.clients.intern(client_ref);
                let household = household_ref.as_deref().map(|name| interners.texts.intern(name));
                let place = place.and_then(|place| self.index_place(client, place, change));
                self.index_home(fact, client, Home { household, place }, change)
            }
            FactBody::Order { .. } => self.index_order(fact, change, interners),
            FactBody::ClientAbsence { client_ref, kind, confirmed_by } => {
                let client: ClientId = interners.clients.intern(client_ref);
                let absence = Absence { valid: fact.valid, kind: *kind, confirmed_by: *confirmed_by };
                grow_to(&mut self.clients, client.0)
                    .absences
                    .set(fact, change.is_insert().then_some(absence));
                let first = count_known(&mut self.known.absences, change);
                if first { Affects::Everything } else { Affects::Client(client) }
            }
            FactBody::Employment { carer_ref, provider_id } => {
                let carer: CarerId = interners.carers.intern(carer_ref);
                let provider = interners.providers.intern(provider_id);
                grow_to(&mut self.carers, carer.0)
                    .employments
                    .set(fact, change.is_insert().then_some(provider));
                let first = count_known(self.known.employments.entry(provider).or_default(), change);
                if first { Affects::Everything } else { Affects::Carer(carer) }
            }
            FactBody::CarerAbsence { carer_ref, kind, confirmed_by } => {
                let carer: CarerId = interners.carers.intern(carer_ref);
                let absences = CarerAbsence { valid: fact.valid, kind: *kind, confirmed_by: *confirmed_by };
                grow_to(&mut self.carers, carer.0).absences.set(fact, change.is_insert().then_some(absences));
                Affects::Carer(carer)
            }
            FactBody::Tag { tag_ref, client_ref } => {
                let tag = interners.texts.intern(tag_ref);
                let client: ClientId = interners.clients.intern(client_ref);
                self.tags.entry(tag).or_default().set(fact, change.is_insert().then_some(client));
                let first = count_known(&mut self.known.tags, change);
                if first { Affects::Everything } else { Affects::Tag(tag) }
            }
            FactBody::Tariff { tariff_code, ore_per_hour } => {
                let tariff = interners.texts.intern(tariff_code);
                self.tariffs
                    .entry(tariff)
                    .or_default()
                    .set(fact, change.is_insert().then_some(*ore_per_hour));
                Affects::Money
            }
            FactBody::Calendar { pay_period, locks_at, payout_run_at } => {
                let dates = PayDates { locks_at: *locks_at, payout_run_at: *payout_run_at };
                self.calendar.entry(*pay_period).or_default().set(fact, change.is_insert().then_some(dates));
                Affects::Month(*pay_period)
            }
            FactBody::Provider { provider_id, kind, paid_staff_hours, pay_period } => {
                let provider = interners.providers.intern(provider_id);
                let hours = pay_period.zip(*paid_staff_hours);
                let known = ProviderFact { kind: *kind, paid_staff_hours: hours };
                self.providers.entry(provider).or_default().set(fact, change.is_insert().then_some(known));
                Affects::Provider(provider)
            }
            FactBody::Exception(exception) => {
                let excepted = ExceptionScope::of(exception, interners);
                let affects = excepted.affects();
                self.exceptions.set(fact, change.is_insert().then_some(excepted));
                affects
            }
        }
    }

    /// The position where it can be meant; one that cannot is counted.
    pub(in crate::engine) fn accept(&mut self, place: Coordinates) -> Option<Coordinates> {
        self.places.accept(self.area, place)
    }

    /// Adds the position of a home, or takes it away; returns it where it can be meant.
    fn index_place(&mut self, client: ClientId, place: Coordinates, change: Change) -> Option<Coordinates> {
        if !change.is_insert() {
            if self.area.fault(place).is_none() {
                self.places.remove(client, place);
            }
            return None;
        }
        let place = self.accept(place)?;
        self.places.insert(client, place);
        Some(place)
    }

    fn index_home(&mut self, fact: &Fact, client: ClientId, home: Home, change: Change) -> Affects {
        self.households.insert(client, home);
        grow_to(&mut self.clients, client.0).homes.set(fact, change.is_insert().then_some(home));
        change.count(&mut self.known.homes, 1);
        Affects::Home(client)
    }

    fn index_order(&mut self, fact: &Fact, change: Change, interners: &mut Interners) -> Affects {
        let FactBody::Order {
            order_id,
            client_ref,
            provider_id,
            task_codes,
            granted_minutes,
            granted_per,
            required_staff,
        } = &fact.body
        else {
            return Affects::Nothing;
        };
        let id = interners.texts.intern(order_id);
        let client: ClientId = interners.clients.intern(client_ref);
        let order = Order {
            id,
            client,
            provider: provider_id.as_deref().map(|name| interners.providers.intern(name)),
            tasks: task_codes.iter().map(|code| code.as_str().into()).collect(),
            grant: granted_minutes.zip(*granted_per),
            required_staff: *required_staff,
            valid: fact.valid,
        };
        self.provider_grants.apply(&order, change);
        self.orders.entry(id).or_default().set(fact, change.is_insert().then_some(order));
        grow_to(&mut self.clients, client.0).orders.set(fact, change.is_insert().then_some(id));
        let of_provider = provider_id.as_deref().map(|name| interners.providers.intern(name));
        let first = count_known(&mut self.known.orders, change)
            | of_provider.is_some_and(|of| count_known(self.known.orders_of.entry(of).or_default(), change));
        if first { Affects::Everything } else { Affects::Client(client) }
    }

    /// The home of a client at `at`; without a position where that lies far from every other home.
    pub(in crate::engine) fn home(&self, client: ClientId, at: UtcSecond) -> Option<Home> {
        let home = *self.clients.get(client.0 as usize)?.homes.at(at)?;
        Some(Home { place: home.place.filter(|place| !self.places.is_isolated(*place)), ..home })
    }

    /// The client's order of that id at `at`. Another client's order of that id does not count: a change of it would
    /// not affect this client.
    pub(in crate::engine) fn order(&self, client: ClientId, order: TextId, at: UtcSecond) -> Option<&Order> {
        self.orders.get(&order)?.latest_at(at, |order| order.client == client)
    }

    /// The client's orders valid at `at`, each once.
    pub(in crate::engine) fn orders_of(
        &self,
        client: ClientId,
        at: UtcSecond,
    ) -> impl Iterator<Item = &Order> {
        self.order_ids(client).filter_map(move |id| self.order(client, id, at))
    }

    /// All known orders of the client, whenever valid, in order of recording.
    pub(in crate::engine) fn orders_ever(&self, client: ClientId) -> impl Iterator<Item = &Order> {
        let facts = self.order_ids(client).filter_map(|id| self.orders.get(&id));
        facts.flat_map(|shelf| shelf.all().map(|known| &known.value)).filter(move |o| o.client == client)
    }

    /// Ids of the client's orders, each once, in order of recording.
    fn order_ids(&self, client: ClientId) -> impl Iterator<Item = TextId> {
        let about = self.clients.get(client.0 as usize);
        about.into_iter().flat_map(|about| {
            let known = || about.orders.all().map(|known| known.value);
            known()
                .enumerate()
                .filter(move |(at, id)| known().take(*at).all(|one| one != *id))
                .map(|(_, id)| id)
        })
    }

    /// All known absences of a client, in order of recording.
    pub(in crate::engine) fn absences(&self, client: ClientId) -> impl Iterator<Item = &Absence> {
        let about = self.clients.get(client.0 as usize);
        about.into_iter().flat_map(|about| about.absences.all().map(|known| &known.value))
    }

    /// All known absences of a carer, in order of recording.
    pub(in crate::engine) fn carer_absences(&self, carer: CarerId) -> impl Iterator<Item = &CarerAbsence> {
        let about = self.carers.get(carer.0 as usize);
        about.into_iter().flat_map(|about| about.absences.all().map(|known| &known.value))
    }

    /// Whether the carer is employed by the provider at `at`; `None` where the provider sends no employments.
    pub(in crate::engine) fn employed(
        &self,
        carer: CarerId,
        provider: ProviderId,
        at: UtcSecond,
    ) -> Option<bool> {
        self.known.employments.get(&provider).filter(|count| 0 < **count)?;
        let about = self.carers.get(carer.0 as usize);
        Some(about.is_some_and(|about| about.employments.all_at(at).any(|known| *known == provider)))
    }

    /// Has any provider's list ever named the carer?
    pub(in crate::engine) fn was_ever_listed(&self, carer: CarerId) -> bool {
        self.carers.get(carer.0 as usize).is_some_and(|about| !about.employments.is_empty())
    }

    /// Whether the provider's first employment of the carer begins after `at` and was recorded after `at`: the list began
    /// to name the carer where it was entered, whenever the work began. A beginning that was announced is not late.
    pub(in crate::engine) fn is_entered_late(
        &self,
        carer: CarerId,
        provider: ProviderId,
        at: UtcSecond,
    ) -> bool {
        let about = self.carers.get(carer.0 as usize);
        let mut known = about.into_iter().flat_map(|about| about.employments.all());
        let mut here = known.by_ref().filter(|known| known.value == provider).peekable();
        here.peek().is_some() && here.all(|known| at < known.valid.from && at < known.recorded_at)
    }

    /// Tags ever mounted at the homes of `clients`, unordered.
    pub(in crate::engine) fn tags_of(&self, clients: &HashSet<ClientId>) -> impl Iterator<Item = TextId> {
        let tags = if clients.is_empty() { None } else { Some(&self.tags) };
        let is_there = |shelf: &FactIndex<ClientId>| shelf.all().any(|known| clients.contains(&known.value));
        tags.into_iter().flatten().filter(move |(_, shelf)| is_there(shelf)).map(|(tag, _)| *tag)
    }

    /// The client at whose home `tag` is mounted at `at`.
    pub(in crate::engine) fn tag(&self, tag: TextId, at: UtcSecond) -> Option<ClientId> {
        self.tags.get(&tag)?.at(at).copied()
    }

    pub(in crate::engine) fn ore_per_hour(&self, tariff: TextId, at: UtcSecond) -> Option<i64> {
        self.tariffs.get(&tariff)?.at(at).copied()
    }

    pub(in crate::engine) fn calendar(&self, period: Month) -> Option<&PayDates> {
        // A calendar counts whatever its validity: the latest recorded one of the period.
        self.calendar.get(&period)?.all().next_back().map(|known| &known.value)
    }

    /// The latest recorded fact about a provider, with the paid hours of `month` from the latest fact that has
    /// them.
    pub(in crate::engine) fn provider(&self, provider: ProviderId, month: Month) -> Option<ProviderFact> {
        let shelf = self.providers.get(&provider).filter(|shelf| !shelf.is_empty())?;
        let facts = || shelf.all().rev().map(|known| known.value);
        let hours = facts().filter_map(|fact| fact.paid_staff_hours).find(|(of, _)| *of == month);
        facts().next().map(|latest| ProviderFact { paid_staff_hours: hours, ..latest })
    }

    /// Whether an exception silences `rule` for these at `at`.
    pub(in crate::engine) fn excepts(
        &self,
        rule: &str,
        at: UtcSecond,
        carer: Option<CarerId>,
        client: Option<ClientId>,
        provider: Option<ProviderId>,
    ) -> bool {
        self.exceptions.all().any(|known| {
            let ExceptionScope { rule: named, carer: c, client: l, provider: p } = &known.value;
            &**named == rule
                && known.valid.covers(at)
                && (c.is_none() || *c == carer)
                && (l.is_none() || *l == client)
                && (p.is_none() || *p == provider)
        })
    }

    pub(in crate::engine) fn has_exceptions(&self) -> bool {
        !self.exceptions.is_empty()
    }
}
