//! Registrations, carers, clients, providers and tags as sentences name them.

use crate::domain::wording::{EN, SV};
use crate::domain::{Span, Zone};
use crate::engine::model::interner::{CarerId, ClientId, ProviderId};
use crate::engine::model::period::PeriodSubject;
use crate::engine::model::visit::Visit;
use crate::engine::rule::period_sight::PeriodSight;
use crate::engine::rule::sight::Sight;

/// The id and the local times of a registration.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// Its id.
    id: &'a str,
    span: Span,
    zone: &'a Zone,
}

impl Label<'_> {
    /// Swedish, for a sentence that names the date: `R1 kl. 08:00–08:30`.
    #[must_use]
    pub fn sv(&self) -> String {
        format!("{} kl. {}", self.id, SV.clocks(self.zone, self.span))
    }

    /// The same in English: `R1 at 08:00–08:30`.
    #[must_use]
    pub fn en(&self) -> String {
        format!("{} at {}", self.id, EN.clocks(self.zone, self.span))
    }

    /// Swedish with the local date of the start: `R1 den 2 mars 2026 kl. 08:00–08:30`.
    #[must_use]
    pub fn dated_sv(&self) -> String {
        let clocks = SV.clocks(self.zone, self.span);
        format!("{} den {} kl. {clocks}", self.id, self.date_sv())
    }

    /// The same in English: `R1 on 2 March 2026 at 08:00–08:30`.
    #[must_use]
    pub fn dated_en(&self) -> String {
        let clocks = EN.clocks(self.zone, self.span);
        format!("{} on {} at {clocks}", self.id, self.date_en())
    }

    /// The local date of the start in Swedish; goes after `den`.
    #[must_use]
    pub fn date_sv(&self) -> String {
        SV.date(self.zone, self.span.start())
    }

    /// The same in English.
    #[must_use]
    pub fn date_en(&self) -> String {
        EN.date(self.zone, self.span.start())
    }
}

impl<'a> Sight<'a> {
    /// The label of the registration in sight.
    #[must_use]
    pub fn label(&self) -> Label<'a> {
        self.label_of(self.visit())
    }

    /// The label of another one, such as the other side of a pair.
    #[must_use]
    pub fn label_of(&self, visit: &Visit) -> Label<'a> {
        Label { id: self.id(visit.slot), span: visit.span, zone: self.zone() }
    }

    /// The reference of the carer of the visit in sight.
    #[must_use]
    pub fn carer_ref(&self) -> &'a str {
        self.state.interners.carers.text(self.visit().carer)
    }

    /// The reference of its client.
    #[must_use]
    pub fn client_ref(&self) -> &'a str {
        self.state.interners.clients.text(self.visit().client)
    }

    /// The id of its provider.
    #[must_use]
    pub fn provider_id(&self) -> &'a str {
        self.state.interners.providers.text(self.visit().provider)
    }
}

impl<'a> PeriodSight<'a> {
    /// The reference of the carer of a carer's or pair's period; empty for other subjects.
    #[must_use]
    pub fn carer_ref(&self) -> &'a str {
        let name = |carer: CarerId| self.state.interners.carers.text(carer);
        match self.period().subject {
            PeriodSubject::Carer(carer) | PeriodSubject::Pair(carer, _) => name(carer),
            PeriodSubject::Client(_) | PeriodSubject::Provider(_) | PeriodSubject::Tag(_) => "",
        }
    }

    /// The reference of the client of a client's or pair's period; empty for other subjects.
    #[must_use]
    pub fn client_ref(&self) -> &'a str {
        let name = |client: ClientId| self.state.interners.clients.text(client);
        match self.period().subject {
            PeriodSubject::Client(client) | PeriodSubject::Pair(_, client) => name(client),
            PeriodSubject::Carer(_) | PeriodSubject::Provider(_) | PeriodSubject::Tag(_) => "",
        }
    }

    /// The id of the provider of a provider's period; empty for other subjects.
    #[must_use]
    pub fn provider_id(&self) -> &'a str {
        let name = |provider: ProviderId| self.state.interners.providers.text(provider);
        match self.period().subject {
            PeriodSubject::Provider(provider) => name(provider),
            _ => "",
        }
    }

    /// The id of the tag of a tag's period; empty for other subjects.
    #[must_use]
    pub fn tag_id(&self) -> &'a str {
        match self.period().subject {
            PeriodSubject::Tag(tag) => self.state.interners.texts.text(tag),
            _ => "",
        }
    }
}
