//! What is known beside the feed: reference facts and decisions, shared by all workers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::domain::{Decision, Fact, FactBody, FactChange, ProviderKind, UtcSecond};

/// Something that came to be known.
#[derive(Clone, Debug)]
pub enum ReferenceUpdate {
    /// A fact came, changed or went.
    Fact(FactChange),
    /// A reviewer decided.
    Decision(Decision),
}

impl ReferenceUpdate {
    fn municipality(&self) -> &str {
        match self {
            Self::Fact(change) => change.municipality(),
            Self::Decision(decision) => decision.municipality(),
        }
    }
}

/// Facts and decisions per municipality in order of arrival. Only ever added to: a reader
/// remembers how many it has taken. The engines hold what follows from them; this is what an engine
/// that is made later begins with.
#[derive(Debug, Default)]
pub struct ReferenceLog {
    version: AtomicU64,
    reference_updates: RwLock<BTreeMap<String, Vec<ReferenceUpdate>>>,
    providers: RwLock<BTreeMap<String, Vec<Provider>>>,
}

/// What a fact says of a provider's kind.
#[derive(Debug)]
struct Provider {
    fact_id: String,
    recorded_at: UtcSecond,
    provider_id: String,
    kind: ProviderKind,
}

impl ReferenceLog {
    /// Nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A fact came, changed or went.
    pub fn fact(&self, change: FactChange) {
        self.note_provider(&change);
        self.add(ReferenceUpdate::Fact(change));
    }

    /// A reviewer decided.
    pub fn decision(&self, decision: Decision) {
        self.add(ReferenceUpdate::Decision(decision));
    }

    /// Rises with everything that is added: equal versions mean that there is nothing new.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Gives `each` what is known of `municipality` beyond the first `taken`, with its number, in
    /// order of arrival, and returns how many there are by now.
    pub fn since(
        &self,
        municipality: &str,
        taken: usize,
        each: &mut dyn FnMut(usize, &ReferenceUpdate),
    ) -> usize {
        let reference_updates = self.reference_updates.read().unwrap_or_else(PoisonError::into_inner);
        let Some(reference_updates) = reference_updates.get(municipality) else { return taken };
        (taken..)
            .zip(reference_updates.iter().skip(taken))
            .for_each(|(number, reference_updates)| each(number, reference_updates));
        reference_updates.len().max(taken)
    }

    /// Who runs a provider, as last recorded.
    #[must_use]
    pub fn provider_kind(&self, municipality: &str, provider_id: &str) -> Option<ProviderKind> {
        let providers = self.providers.read().unwrap_or_else(PoisonError::into_inner);
        let named = providers.get(municipality)?.iter().filter(|known| known.provider_id == provider_id);
        named.max_by_key(|known| known.recorded_at).map(|known| known.kind)
    }

    fn note_provider(&self, change: &FactChange) {
        let (fact_id, told) = match change {
            FactChange::Remove { fact_id, .. } => (fact_id, None),
            FactChange::Put(Fact { fact_id, recorded_at, body, .. }) => match body {
                FactBody::Provider { provider_id, kind, .. } => {
                    (fact_id, Some((*recorded_at, provider_id, *kind)))
                }
                _ => return,
            },
        };
        let mut providers = self.providers.write().unwrap_or_else(PoisonError::into_inner);
        let of_municipality = providers.entry(change.municipality().to_owned()).or_default();
        let later = |known: &Provider| told.is_some_and(|(recorded_at, ..)| recorded_at < known.recorded_at);
        if of_municipality.iter().any(|known| known.fact_id == *fact_id && later(known)) {
            return;
        }
        of_municipality.retain(|known| known.fact_id != *fact_id);
        of_municipality.extend(told.map(|(recorded_at, provider_id, kind)| Provider {
            fact_id: fact_id.clone(),
            recorded_at,
            provider_id: provider_id.clone(),
            kind,
        }));
    }

    fn add(&self, reference_updates: ReferenceUpdate) {
        let municipality = reference_updates.municipality().to_owned();
        let mut known = self.reference_updates.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(municipality).or_default().push(reference_updates);
        self.version.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Validity;

    #[test]
    fn the_kind_of_a_provider_is_what_was_recorded_last() {
        let reference_log = ReferenceLog::new();
        let tell = |fact_id: &str, at: i64, kind: ProviderKind| {
            let body = FactBody::Provider {
                provider_id: "P".to_owned(),
                kind,
                paid_staff_hours: None,
                pay_period: None,
            };
            reference_log.fact(FactChange::Put(Fact {
                municipality: "0181".to_owned(),
                fact_id: fact_id.to_owned(),
                valid: Validity { from: UtcSecond(0), to: None },
                recorded_at: UtcSecond(at),
                body,
            }));
        };
        let kind = || reference_log.provider_kind("0181", "P");
        tell("one", 5, ProviderKind::Private);
        tell("one", 4, ProviderKind::Municipal);
        assert_eq!(kind(), Some(ProviderKind::Private));
        tell("two", 6, ProviderKind::Municipal);
        assert_eq!((kind(), reference_log.provider_kind("0180", "P")), (Some(ProviderKind::Municipal), None));
        reference_log.fact(FactChange::Remove { municipality: "0181".to_owned(), fact_id: "two".to_owned() });
        assert_eq!(kind(), Some(ProviderKind::Private));
    }
}
