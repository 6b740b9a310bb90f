//! The facts that the municipality knows beside the registrations.

use super::town::Town;
use crate::domain::{
    CarerAbsenceConfirmedBy, CarerAbsenceKind, Fact, FactBody, Month, ProviderKind, UtcSecond, Validity,
};

/// Öre per hour of each tariff.
const TARIFFS: [(&str, i64); 3] = [("D1", 51_600), ("K1", 58_400), ("N1", 63_200)];

/// Every fact, in order of recording.
pub(super) fn facts(town: &Town) -> Vec<Fact> {
    let mut book = Book { town, facts: Vec::new(), begin: town.at(0, 0).plus(-400 * 86_400) };
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

struct Book<'a> {
    town: &'a Town,
    facts: Vec<Fact>,
    /// What has always been so is valid from here.
    begin: UtcSecond,
}

impl Book<'_> {
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
                let hours = (carers as f64 * days * 2.0 / 3.0 * 8.25).round();
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
            let body = FactBody::Employment { carer_ref: carer_ref.clone(), provider_id };
            self.note(format!("employment-{carer_ref}"), body);
            for &(first, last, ill) in &carer.away {
                let (from, to) = (town.at(first, 0), town.at(last + 1, 0));
                let kind = if ill { CarerAbsenceKind::Sick } else { CarerAbsenceKind::Leave };
                let recorded_at = from.plus(if ill { 7 * 3600 } else { -14 * 86_400 });
                let body = FactBody::CarerAbsence {
                    carer_ref: carer_ref.clone(),
                    kind,
                    confirmed_by: CarerAbsenceConfirmedBy::Payroll,
                };
                let valid = Validity { from, to: Some(to) };
                self.note_from(format!("leave-{carer_ref}-{first}"), valid, recorded_at, body);
            }
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
            if let Some(tag) = &client.tag {
                let tag_ref = tag.as_ref().to_owned();
                self.note(tag_ref.clone(), FactBody::Tag { tag_ref, client_ref: client_ref.clone() });
            }
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

    fn orders(&mut self) {
        for order in &self.town.orders {
            let body = FactBody::Order {
                order_id: order.id.as_ref().to_owned(),
                client_ref: self.town.clients[order.client].reference.as_ref().to_owned(),
                provider_id: Some(self.town.providers[order.provider].id.as_ref().to_owned()),
                task_codes: vec![order.service.code().to_owned()],
                granted_minutes: Some(order.granted_minutes),
                granted_per: Some(order.granted_per),
                required_staff: Some(order.staff),
            };
            self.note(order.id.as_ref().to_owned(), body);
        }
    }
}
