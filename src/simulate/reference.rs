//! The facts that the municipality knows beside the registrations.

use super::clients::{Client, OrderedService, ServiceKind};
use super::lives::{Leaves, last_order};
use super::people::Leave;
use super::town::Town;
use crate::domain::{
    AbsenceKind, CarerAbsenceConfirmedBy, CarerAbsenceKind, ClientAbsenceConfirmedBy, Fact, FactBody,
    GrantPer, Month, ProviderKind, UtcSecond, Validity,
};

/// Öre per hour of each tariff.
const TARIFFS: [(&str, i64); 3] = [("D1", 51_600), ("K1", 58_400), ("N1", 63_200)];

/// Every fact, in order of recording.
pub(super) fn facts(town: &Town) -> Vec<Fact> {
    let mut book = FactBook { town, facts: Vec::new(), begin: town.at(0, 0).plus(-400 * 86_400) };
    book.providers();
    book.carers();
    book.clients();
    book.orders();
    for (code, ore_per_hour) in TARIFFS {
        let body = FactBody::Tariff { tariff_code: code.to_owned(), ore_per_hour };
        book.note(format!("tariff-{code}"), body);
    }
    let mut facts = book.facts;
    facts.sort_by(|a, b| (a.recorded_at, &a.fact_id).cmp(&(b.recorded_at, &b.fact_id)));
    facts
}

/// The pay periods that the simulated days lie in, and the one after.
pub(super) fn months(town: &Town) -> Vec<Month> {
    let mut month = town.zone.month(town.at(0, 0));
    let last = town.zone.month(town.at(town.days, 0)).next();
    let mut months = vec![month];
    while month < last {
        month = month.next();
        months.push(month);
    }
    months
}

/// No changes to `month` after this: the third of the month after, at 18.
pub(super) fn locks_at(town: &Town, month: Month) -> UtcSecond {
    town.zone.instant(month.next(), 3, 18)
}

struct FactBook<'a> {
    town: &'a Town,
    facts: Vec<Fact>,
    /// What has always been so is valid from here.
    begin: UtcSecond,
}

impl FactBook<'_> {
    /// A fact that has always held.
    fn note(&mut self, fact_id: String, body: FactBody) {
        self.note_from(fact_id, Validity { from: self.begin, to: None }, self.begin, body);
    }

    fn note_from(&mut self, fact_id: String, valid: Validity, recorded_at: UtcSecond, body: FactBody) {
        let municipality = self.town.municipality.as_ref().to_owned();
        self.facts.push(Fact { municipality, fact_id, valid, recorded_at, body });
    }

    fn providers(&mut self) {
        let town = self.town;
        for (index, provider) in town.providers.iter().enumerate() {
            let body = |paid_staff_hours, pay_period| FactBody::Provider {
                provider_id: provider.id.as_ref().to_owned(),
                kind: if provider.municipal { ProviderKind::Municipal } else { ProviderKind::Private },
                paid_staff_hours,
                pay_period,
            };
            self.note(format!("provider-{}", provider.id), body(None, None));
            let carers = town.carers.iter().filter(|carer| town.units[carer.unit].provider == index).count();
            for month in months(town) {
                let (from, to) = (town.zone.instant(month, 1, 0), town.zone.instant(month.next(), 1, 0));
                let days = (to.since(from) as f64 / 86_400.0).round();
                // Two days of three, eight and a quarter hours each.
                let hours = (carers as f64 * days * 2.0 / 3.0 * 8.25 * provider.paid_ratio).round();
                let valid = Validity { from, to: Some(to) };
                let recorded_at = to.plus(2 * 86_400 + 10 * 3600);
                let fact_id = format!("provider-{}-{month}", provider.id);
                self.note_from(fact_id, valid, recorded_at, body(Some(hours), Some(month)));
            }
        }
        for month in months(town) {
            let payout_run_at = town.zone.instant(month.next(), 6, 18);
            let body =
                FactBody::Calendar { pay_period: month, locks_at: locks_at(town, month), payout_run_at };
            self.note(format!("calendar-{month}"), body);
        }
    }

    fn carers(&mut self) {
        let town = self.town;
        for (index, carer) in town.carers.iter().enumerate() {
            let carer_ref = carer.reference.as_ref().to_owned();
            let provider_id = town.provider_of(index).id.as_ref().to_owned();
            let fact_id = format!("employment-{carer_ref}-{provider_id}");
            let body = FactBody::Employment { carer_ref: carer_ref.clone(), provider_id };
            match carer.hired {
                _ if !carer.listed => {}
                Some((first, last)) => {
                    let valid = Validity { from: town.at(first, 0), to: Some(town.at(last, 0)) };
                    let recorded_at = valid.from.plus(carer.known_after_days * 86_400);
                    self.note_from(fact_id, valid, recorded_at, body);
                }
                None => self.note(fact_id, body),
            }
            if carer.second_job.is_none() {
                self.leave(&carer_ref, &carer.away);
            }
        }
    }

    fn leave(&mut self, carer_ref: &str, away: &[Leave]) {
        for leave in away {
            let first = leave.first;
            let last = leave.last + u32::from(leave.overstated);
            let valid = Validity { from: self.town.at(first, 0), to: Some(self.town.at(last + 1, 0)) };
            let kind = if leave.ill { CarerAbsenceKind::Sick } else { CarerAbsenceKind::Leave };
            let recorded_at = valid.from.plus(if leave.ill { 7 * 3600 } else { -14 * 86_400 });
            let confirmed_by = match leave.overstated {
                true => CarerAbsenceConfirmedBy::Provider,
                false => CarerAbsenceConfirmedBy::Payroll,
            };
            let body = FactBody::CarerAbsence { carer_ref: carer_ref.to_owned(), kind, confirmed_by };
            self.note_from(format!("leave-{carer_ref}-{first}"), valid, recorded_at, body);
        }
    }

    fn clients(&mut self) {
        for client in &self.town.clients {
            let client_ref = client.reference.as_ref().to_owned();
            let home = FactBody::ClientHome {
                client_ref: client_ref.clone(),
                household_ref: Some(client.household.as_ref().to_owned()),
                place: Some(client.home),
            };
            self.note(format!("home-{client_ref}"), home);
            self.tags(client, &client_ref);
            self.death(client, &client_ref);
            for stay in &client.stays {
                let body = FactBody::ClientAbsence {
                    client_ref: client_ref.clone(),
                    kind: stay.kind,
                    confirmed_by: stay.confirmed_by,
                };
                let valid = Validity { from: stay.from, to: Some(stay.to) };
                let fact_id = format!("absence-{client_ref}-{}", self.town.day_of(stay.from));
                self.note_from(fact_id, valid, stay.recorded_at, body);
            }
        }
    }

    fn tags(&mut self, client: &Client, client_ref: &str) {
        let begin = self.begin;
        let mut tag = |at: UtcSecond, valid: Validity, recorded_at: UtcSecond| {
            if let Some(tag) = client.tag_at(at) {
                let tag_ref = tag.as_ref().to_owned();
                let body = FactBody::Tag { tag_ref: tag_ref.clone(), client_ref: client_ref.to_owned() };
                self.note_from(tag_ref, valid, recorded_at, body);
            }
        };
        let new = client.life.new_tag;
        tag(begin, Validity { from: begin, to: new.map(|new| new.from) }, begin);
        if let Some(new) = new {
            tag(new.from, Validity { from: new.from, to: None }, new.known_at);
        }
    }

    fn death(&mut self, client: &Client, client_ref: &str) {
        let Some(end) = client.life.goes.filter(|end| end.why == Leaves::Dies) else { return };
        let from = self.town.at(end.day, 12 * 3600);
        let body = FactBody::ClientAbsence {
            client_ref: client_ref.to_owned(),
            kind: AbsenceKind::Deceased,
            confirmed_by: ClientAbsenceConfirmedBy::Registry,
        };
        let recorded_at = from.plus(i64::from(end.known_after_days) * 86_400 + 3_600);
        self.note_from(format!("deceased-{client_ref}"), Validity { from, to: None }, recorded_at, body);
    }

    /// An order with its grants, one after the other where the need was reassessed.
    fn orders(&mut self) {
        let town = self.town;
        for order in &town.orders {
            let life = &town.clients[order.client].life;
            let from = life.comes.map_or(self.begin, |day| town.at(day, 0));
            let to = life.goes.map(|end| town.at(end.day, 12 * 3600));
            let recorded_at = if life.comes.is_some() { from.plus(-2 * 86_400) } else { self.begin };
            let id = order.id.as_ref();
            match life.reassessed {
                None => self.order(order, id.to_owned(), Validity { from, to }, recorded_at, 1.0),
                Some(it) => {
                    let since = town.at(it.day, 0);
                    let valid = Validity { from, to: Some(since) };
                    self.order(order, id.to_owned(), valid, recorded_at, 1.0);
                    let valid = Validity { from: since, to };
                    let recorded_at = since.plus(i64::from(it.known_after_days) * 86_400);
                    self.order(order, format!("{id}-2"), valid, recorded_at, it.factor);
                }
            }
        }
        for (index, client) in town.clients.iter().enumerate() {
            let Some((end, _)) = client.life.goes.and_then(|end| Some((end, end.cleaned_on?))) else {
                continue;
            };
            let last = OrderedService {
                id: last_order(index),
                client: index,
                provider: town.units[client.unit].provider,
                service: ServiceKind::Cleaning,
                granted_minutes: 300,
                granted_per: GrantPer::Month,
                staff: 1,
            };
            let from = town.at(end.day, 12 * 3600);
            let valid = Validity { from, to: Some(from.plus(21 * 86_400)) };
            self.order(&last, last.id.as_ref().to_owned(), valid, from, 1.0);
        }
    }

    fn order(
        &mut self,
        order: &OrderedService,
        fact_id: String,
        valid: Validity,
        recorded_at: UtcSecond,
        factor: f64,
    ) {
        let minutes = (f64::from(order.granted_minutes) * factor / 5.0).ceil() as u32 * 5;
        let body = FactBody::Order {
            order_id: order.id.as_ref().to_owned(),
            client_ref: self.town.clients[order.client].reference.as_ref().to_owned(),
            provider_id: Some(self.town.providers[order.provider].id.as_ref().to_owned()),
            task_codes: order.service.tasks().iter().map(|&code| code.to_owned()).collect(),
            granted_minutes: Some(minutes),
            granted_per: Some(order.granted_per),
            required_staff: Some(order.staff),
        };
        self.note_from(fact_id, valid, recorded_at, body);
    }
}
