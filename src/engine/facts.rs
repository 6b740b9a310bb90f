//! Reference facts as known now, indexed by whom they are about.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::names::{CarerId, ClientId, ProviderId, TextId};
use super::registry::Registry;
use crate::domain::{
    AbsenceKind, ClientAbsenceConfirmedBy, Exception, Fact, FactBody, FactChange, Month, Place, UtcSecond,
    Validity,
};

/// Where a client lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Home {
    /// Shared by all who live together.
    pub household: Option<TextId>,
    /// The home's position.
    pub place: Option<Place>,
}

/// What an order says that rules need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Carers per visit.
    pub required_staff: Option<u8>,
}

/// A time that a client is away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Absence {
    /// From when to when.
    pub valid: Validity,
    /// Why.
    pub kind: AbsenceKind,
    /// Who says so.
    pub confirmed_by: ClientAbsenceConfirmedBy,
}

/// The dates of a pay period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Calendar {
    pub(super) payout_run_at: UtcSecond,
}

/// An exception with its references as numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Excepted {
    rule: Box<str>,
    carer: Option<CarerId>,
    client: Option<ClientId>,
    provider: Option<ProviderId>,
}

/// Whose registrations a changed fact touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touches {
    Nothing,
    Client(ClientId),
    Carer(CarerId),
    Provider(ProviderId),
    /// Prices and dates: the findings stay, what hangs on them changes.
    Money,
    Everything,
}

/// One fact in an index.
#[derive(Clone, Debug)]
struct Known<T> {
    fact_id: Box<str>,
    valid: Validity,
    recorded_at: UtcSecond,
    value: T,
}

/// The facts of one kind about one entity; few, so they are searched in order.
#[derive(Clone, Debug)]
struct Shelf<T>(Vec<Known<T>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Shelf<T> {
    fn put(&mut self, fact: &Fact, value: T) {
        self.0.push(Known {
            fact_id: fact.fact_id.as_str().into(),
            valid: fact.valid,
            recorded_at: fact.recorded_at,
            value,
        });
        // In an order of their own, so that the order of arrival does not show.
        self.0.sort_by(|a, b| (a.recorded_at, &a.fact_id).cmp(&(b.recorded_at, &b.fact_id)));
    }

    fn remove(&mut self, fact_id: &str) {
        self.0.retain(|known| &*known.fact_id != fact_id);
    }

    /// What is known at `at`; the latest recorded where several hold.
    fn at(&self, at: UtcSecond) -> Option<&T> {
        self.0.iter().rev().find(|known| known.valid.covers(at)).map(|known| &known.value)
    }
}

/// The facts about one client.
#[derive(Default)]
struct AboutClient {
    homes: Shelf<Home>,
    absences: Shelf<Absence>,
}

/// All facts of a municipality.
#[derive(Default)]
pub(super) struct Facts {
    by_id: BTreeMap<Box<str>, Fact>,
    /// By the number of the client.
    clients: Vec<AboutClient>,
    orders: HashMap<TextId, Shelf<Order>>,
    tariffs: HashMap<TextId, Shelf<i64>>,
    calendar: BTreeMap<Month, Shelf<Calendar>>,
    exceptions: Shelf<Excepted>,
    /// How many absences of clients are known: none at all means that the feed of them is missing.
    absences_known: usize,
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
                [self.remove(&fact.fact_id, registry), self.put(fact, registry)]
            }
        }
    }

    fn put(&mut self, fact: &Fact, registry: &mut Registry) -> Touches {
        self.by_id.insert(fact.fact_id.as_str().into(), fact.clone());
        match &fact.body {
            FactBody::ClientHome { client_ref, household_ref, place } => {
                let client = registry.clients.intern(client_ref);
                let household = household_ref.as_deref().map(|name| registry.texts.intern(name));
                self.client(client).homes.put(fact, Home { household, place: *place });
                Touches::Client(client)
            }
            FactBody::Order { order_id, client_ref, required_staff, .. } => {
                let order = registry.texts.intern(order_id);
                let value = Order { required_staff: *required_staff };
                self.orders.entry(order).or_default().put(fact, value);
                Touches::Client(registry.clients.intern(client_ref))
            }
            FactBody::ClientAbsence { client_ref, kind, confirmed_by } => {
                let client = registry.clients.intern(client_ref);
                let absence = Absence { valid: fact.valid, kind: *kind, confirmed_by: *confirmed_by };
                self.client(client).absences.put(fact, absence);
                self.absences_known += 1;
                Touches::Client(client)
            }
            FactBody::Tariff { tariff_code, ore_per_hour } => {
                let tariff = registry.texts.intern(tariff_code);
                self.tariffs.entry(tariff).or_default().put(fact, *ore_per_hour);
                Touches::Money
            }
            FactBody::Calendar { pay_period, payout_run_at, .. } => {
                let calendar = Calendar { payout_run_at: *payout_run_at };
                self.calendar.entry(*pay_period).or_default().put(fact, calendar);
                Touches::Money
            }
            FactBody::Exception(exception) => {
                let excepted = excepted(exception, registry);
                let touches = touched_by(&excepted);
                self.exceptions.put(fact, excepted);
                touches
            }
            // Kept, so that replacing and removing works; no rule reads these yet.
            FactBody::Employment { .. }
            | FactBody::CarerAbsence { .. }
            | FactBody::Tag { .. }
            | FactBody::Provider { .. } => Touches::Nothing,
        }
    }

    fn remove(&mut self, fact_id: &str, registry: &mut Registry) -> Touches {
        let Some(fact) = self.by_id.remove(fact_id) else { return Touches::Nothing };
        match &fact.body {
            FactBody::ClientHome { client_ref, .. } => {
                let client = registry.clients.intern(client_ref);
                self.client(client).homes.remove(fact_id);
                Touches::Client(client)
            }
            FactBody::Order { order_id, client_ref, .. } => {
                self.orders.entry(registry.texts.intern(order_id)).or_default().remove(fact_id);
                Touches::Client(registry.clients.intern(client_ref))
            }
            FactBody::ClientAbsence { client_ref, .. } => {
                let client = registry.clients.intern(client_ref);
                self.client(client).absences.remove(fact_id);
                self.absences_known -= 1;
                Touches::Client(client)
            }
            FactBody::Tariff { tariff_code, .. } => {
                self.tariffs.entry(registry.texts.intern(tariff_code)).or_default().remove(fact_id);
                Touches::Money
            }
            FactBody::Calendar { pay_period, .. } => {
                self.calendar.entry(*pay_period).or_default().remove(fact_id);
                Touches::Money
            }
            FactBody::Exception(exception) => {
                self.exceptions.remove(fact_id);
                touched_by(&excepted(exception, registry))
            }
            FactBody::Employment { .. }
            | FactBody::CarerAbsence { .. }
            | FactBody::Tag { .. }
            | FactBody::Provider { .. } => Touches::Nothing,
        }
    }

    fn client(&mut self, client: ClientId) -> &mut AboutClient {
        let at = client.0 as usize;
        if self.clients.len() <= at {
            self.clients.resize_with(at + 1, AboutClient::default);
        }
        &mut self.clients[at]
    }

    pub(super) fn home(&self, client: ClientId, at: UtcSecond) -> Option<&Home> {
        self.clients.get(client.0 as usize)?.homes.at(at)
    }

    pub(super) fn order(&self, order: TextId, at: UtcSecond) -> Option<&Order> {
        self.orders.get(&order)?.at(at)
    }

    /// Every known absence of a client, in order of recording.
    pub(super) fn absences(&self, client: ClientId) -> impl Iterator<Item = &Absence> {
        let about = self.clients.get(client.0 as usize);
        about.into_iter().flat_map(|about| about.absences.0.iter().map(|known| &known.value))
    }

    pub(super) const fn knows_absences(&self) -> bool {
        self.absences_known > 0
    }

    pub(super) fn ore_per_hour(&self, tariff: TextId, at: UtcSecond) -> Option<i64> {
        self.tariffs.get(&tariff)?.at(at).copied()
    }

    pub(super) fn calendar(&self, period: Month) -> Option<&Calendar> {
        // A calendar is about its period, whenever it holds: the latest recorded counts.
        self.calendar.get(&period)?.0.last().map(|known| &known.value)
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
        self.exceptions.0.iter().any(|known| {
            let Excepted { rule: named, carer: c, client: l, provider: p } = &known.value;
            &**named == rule
                && known.valid.covers(at)
                && (c.is_none() || *c == carer)
                && (l.is_none() || *l == client)
                && (p.is_none() || *p == provider)
        })
    }

    pub(super) fn has_exceptions(&self) -> bool {
        !self.exceptions.0.is_empty()
    }
}

fn excepted(exception: &Exception, registry: &mut Registry) -> Excepted {
    Excepted {
        rule: exception.rule.as_str().into(),
        carer: exception.carer_ref.as_deref().map(|name| registry.carers.intern(name)),
        client: exception.client_ref.as_deref().map(|name| registry.clients.intern(name)),
        provider: exception.provider_id.as_deref().map(|name| registry.providers.intern(name)),
    }
}

fn touched_by(excepted: &Excepted) -> Touches {
    match (excepted.carer, excepted.client, excepted.provider) {
        (Some(carer), _, _) => Touches::Carer(carer),
        (None, Some(client), _) => Touches::Client(client),
        (None, None, Some(provider)) => Touches::Provider(provider),
        (None, None, None) => Touches::Everything,
    }
}
