//! Reference facts as known now, indexed by whom they are about.

mod about;
mod grants;
mod shelf;

use std::collections::BTreeMap;

use hashbrown::HashMap;

pub(super) use about::Touches;
pub use about::{Absence, CarerAway, Home, Order, PayDates, ProviderFact};

use super::names::{CarerId, ClientId, ProviderId, TextId};
use super::registry::Registry;
use super::world::party;
use crate::domain::{Fact, FactBody, FactChange, Month, UtcSecond};
use about::Excepted;
use grants::ProviderGrants;
use shelf::Shelf;

/// The facts about one client; in this order in memory, as two rules ask of each period whether there are any.
#[derive(Default)]
#[repr(C)]
struct AboutClient {
    absences: Shelf<Absence>,
    orders: Shelf<TextId>,
    /// Asked for with each visit.
    homes: Shelf<Home, 1>,
}

/// The facts about one carer.
#[derive(Default)]
struct AboutCarer {
    employments: Shelf<ProviderId>,
    away: Shelf<CarerAway>,
}

/// All facts of a municipality.
#[derive(Default)]
pub(super) struct Facts {
    by_id: BTreeMap<Box<str>, Fact>,
    /// By the number of the client, or of the carer.
    clients: Vec<AboutClient>,
    carers: Vec<AboutCarer>,
    orders: HashMap<TextId, Shelf<Order>>,
    tags: HashMap<TextId, Shelf<ClientId>>,
    tariffs: HashMap<TextId, Shelf<i64>>,
    providers: HashMap<ProviderId, Shelf<ProviderFact>>,
    calendar: BTreeMap<Month, Shelf<PayDates>>,
    exceptions: Shelf<Excepted>,
    provider_grants: ProviderGrants,
    known: Known,
}

/// How many facts of a kind are known: none at all means that the municipality does not send them.
#[derive(Default)]
struct Known {
    absences: usize,
    orders: usize,
    tags: usize,
    employments: HashMap<ProviderId, usize>,
}

/// Counts one more or one less; true where the first came or the last went.
const fn counted(count: &mut usize, more: bool) -> bool {
    if more {
        *count += 1;
        *count == 1
    } else {
        *count -= 1;
        *count == 0
    }
}

impl Facts {
    /// Takes a change in and says whose registrations it touches: before and after it.
    pub(super) fn change(&mut self, change: &FactChange, registry: &mut Registry) -> [Touches; 2] {
        match change {
            FactChange::Remove { fact_id, .. } => [self.remove(fact_id, registry), Touches::Nothing],
            FactChange::Put(fact) => {
                let held = self.by_id.get(fact.fact_id.as_str());
                if held.is_some_and(|held| fact.recorded_at < held.recorded_at || held == fact) {
                    return [Touches::Nothing; 2];
                }
                let before = self.remove(&fact.fact_id, registry);
                self.by_id.insert(fact.fact_id.as_str().into(), fact.clone());
                [before, self.index(fact, true, registry)]
            }
        }
    }

    fn remove(&mut self, fact_id: &str, registry: &mut Registry) -> Touches {
        match self.by_id.remove(fact_id) {
            Some(fact) => self.index(&fact, false, registry),
            None => Touches::Nothing,
        }
    }

    /// Puts a fact into its index, or takes it out of there.
    fn index(&mut self, fact: &Fact, put: bool, registry: &mut Registry) -> Touches {
        match &fact.body {
            FactBody::ClientHome { client_ref, household_ref, place } => {
                let client: ClientId = registry.clients.intern(client_ref);
                let household = household_ref.as_deref().map(|name| registry.texts.intern(name));
                party(&mut self.clients, client.0)
                    .homes
                    .set(fact, put.then_some(Home { household, place: *place }));
                Touches::Home(client)
            }
            FactBody::Order { .. } => self.index_order(fact, put, registry),
            FactBody::ClientAbsence { client_ref, kind, confirmed_by } => {
                let client: ClientId = registry.clients.intern(client_ref);
                let absence = Absence { valid: fact.valid, kind: *kind, confirmed_by: *confirmed_by };
                party(&mut self.clients, client.0).absences.set(fact, put.then_some(absence));
                let first = counted(&mut self.known.absences, put);
                if first { Touches::Everything } else { Touches::Client(client) }
            }
            FactBody::Employment { carer_ref, provider_id } => {
                let carer: CarerId = registry.carers.intern(carer_ref);
                let provider = registry.providers.intern(provider_id);
                party(&mut self.carers, carer.0).employments.set(fact, put.then_some(provider));
                let first = counted(self.known.employments.entry(provider).or_default(), put);
                if first { Touches::Provider(provider) } else { Touches::Carer(carer) }
            }
            FactBody::CarerAbsence { carer_ref, kind, confirmed_by } => {
                let carer: CarerId = registry.carers.intern(carer_ref);
                let away = CarerAway { valid: fact.valid, kind: *kind, confirmed_by: *confirmed_by };
                party(&mut self.carers, carer.0).away.set(fact, put.then_some(away));
                Touches::Carer(carer)
            }
            FactBody::Tag { tag_ref, client_ref } => {
                let tag = registry.texts.intern(tag_ref);
                let client: ClientId = registry.clients.intern(client_ref);
                self.tags.entry(tag).or_default().set(fact, put.then_some(client));
                let first = counted(&mut self.known.tags, put);
                if first { Touches::Everything } else { Touches::Tag(tag) }
            }
            FactBody::Tariff { tariff_code, ore_per_hour } => {
                let tariff = registry.texts.intern(tariff_code);
                self.tariffs.entry(tariff).or_default().set(fact, put.then_some(*ore_per_hour));
                Touches::Money
            }
            FactBody::Calendar { pay_period, locks_at, payout_run_at } => {
                let dates = PayDates { locks_at: *locks_at, payout_run_at: *payout_run_at };
                self.calendar.entry(*pay_period).or_default().set(fact, put.then_some(dates));
                Touches::Month(*pay_period)
            }
            FactBody::Provider { provider_id, kind, paid_staff_hours, pay_period } => {
                let provider = registry.providers.intern(provider_id);
                let hours = pay_period.zip(*paid_staff_hours);
                let known = ProviderFact { kind: *kind, paid_staff_hours: hours };
                self.providers.entry(provider).or_default().set(fact, put.then_some(known));
                Touches::Provider(provider)
            }
            FactBody::Exception(exception) => {
                let excepted = Excepted::of(exception, registry);
                let touches = excepted.touches();
                self.exceptions.set(fact, put.then_some(excepted));
                touches
            }
        }
    }

    fn index_order(&mut self, fact: &Fact, put: bool, registry: &mut Registry) -> Touches {
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
            return Touches::Nothing;
        };
        let id = registry.texts.intern(order_id);
        let client: ClientId = registry.clients.intern(client_ref);
        let order = Order {
            id,
            client,
            provider: provider_id.as_deref().map(|name| registry.providers.intern(name)),
            tasks: task_codes.iter().map(|code| code.as_str().into()).collect(),
            grant: granted_minutes.zip(*granted_per),
            required_staff: *required_staff,
            valid: fact.valid,
        };
        self.provider_grants.change(&order, put);
        self.orders.entry(id).or_default().set(fact, put.then_some(order));
        party(&mut self.clients, client.0).orders.set(fact, put.then_some(id));
        let first = counted(&mut self.known.orders, put);
        if first { Touches::Everything } else { Touches::Client(client) }
    }

    pub(super) fn home(&self, client: ClientId, at: UtcSecond) -> Option<&Home> {
        self.clients.get(client.0 as usize)?.homes.at(at)
    }

    /// The client's order of that name at `at`. Another client's says nothing, as what changes it would not
    /// have this client looked at.
    pub(super) fn order(&self, client: ClientId, order: TextId, at: UtcSecond) -> Option<&Order> {
        self.orders.get(&order)?.latest_at(at, |order| order.client == client)
    }

    /// The client's orders that hold at `at`, each once.
    pub(super) fn orders_of(&self, client: ClientId, at: UtcSecond) -> impl Iterator<Item = &Order> {
        self.order_ids(client).filter_map(move |id| self.order(client, id, at))
    }

    /// Every order of the client that was ever known, in order of recording.
    pub(super) fn orders_ever(&self, client: ClientId) -> impl Iterator<Item = &Order> {
        let facts = self.order_ids(client).filter_map(|id| self.orders.get(&id));
        facts.flat_map(|shelf| shelf.all().map(|known| &known.value)).filter(move |o| o.client == client)
    }

    /// The orders that any fact names for the client, each once, in order of recording.
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

    /// Every known absence of a client, in order of recording.
    pub(super) fn absences(&self, client: ClientId) -> impl Iterator<Item = &Absence> {
        let about = self.clients.get(client.0 as usize);
        about.into_iter().flat_map(|about| about.absences.all().map(|known| &known.value))
    }

    /// Every known absence of a carer, in order of recording.
    pub(super) fn carer_away(&self, carer: CarerId) -> impl Iterator<Item = &CarerAway> {
        let about = self.carers.get(carer.0 as usize);
        about.into_iter().flat_map(|about| about.away.all().map(|known| &known.value))
    }

    /// Is the carer on the provider's list at `at`? `None` where the provider sends no list.
    pub(super) fn employed(&self, carer: CarerId, provider: ProviderId, at: UtcSecond) -> Option<bool> {
        self.known.employments.get(&provider).filter(|count| 0 < **count)?;
        let about = self.carers.get(carer.0 as usize);
        Some(about.is_some_and(|about| about.employments.all_at(at).any(|known| *known == provider)))
    }

    /// The tags that were ever mounted at a client's home, in no order that means anything.
    pub(super) fn tags_of(&self, client: ClientId) -> Vec<TextId> {
        let there = self.tags.iter().filter(|(_, shelf)| shelf.all().any(|known| known.value == client));
        there.map(|(tag, _)| *tag).collect()
    }

    /// The client at whose home a tag is mounted at `at`.
    pub(super) fn tag(&self, tag: TextId, at: UtcSecond) -> Option<ClientId> {
        self.tags.get(&tag)?.at(at).copied()
    }

    pub(super) const fn knows_absences(&self) -> bool {
        self.known.absences > 0
    }

    pub(super) const fn knows_orders(&self) -> bool {
        self.known.orders > 0
    }

    pub(super) const fn knows_tags(&self) -> bool {
        self.known.tags > 0
    }

    pub(super) fn ore_per_hour(&self, tariff: TextId, at: UtcSecond) -> Option<i64> {
        self.tariffs.get(&tariff)?.at(at).copied()
    }

    pub(super) fn calendar(&self, period: Month) -> Option<&PayDates> {
        // A calendar is about its period, whenever it holds: the latest recorded counts.
        self.calendar.get(&period)?.all().next_back().map(|known| &known.value)
    }

    /// What is known of a provider: the latest recorded, with the paid hours of `month` where any
    /// fact has them.
    pub(super) fn provider(&self, provider: ProviderId, month: Month) -> Option<ProviderFact> {
        let shelf = self.providers.get(&provider).filter(|shelf| !shelf.is_empty())?;
        let facts = || shelf.all().rev().map(|known| known.value);
        let hours = facts().filter_map(|fact| fact.paid_staff_hours).find(|(of, _)| *of == month);
        facts().next().map(|latest| ProviderFact { paid_staff_hours: hours, ..latest })
    }

    /// Is there an accepted exception for `rule` about these at `at`?
    pub(super) fn excepts(
        &self,
        rule: &str,
        at: UtcSecond,
        carer: Option<CarerId>,
        client: Option<ClientId>,
        provider: Option<ProviderId>,
    ) -> bool {
        self.exceptions.all().any(|known| {
            let Excepted { rule: named, carer: c, client: l, provider: p } = &known.value;
            &**named == rule
                && known.valid.covers(at)
                && (c.is_none() || *c == carer)
                && (l.is_none() || *l == client)
                && (p.is_none() || *p == provider)
        })
    }

    pub(super) fn has_exceptions(&self) -> bool {
        !self.exceptions.is_empty()
    }
}
