//! Reference facts and decisions, shared by all workers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::domain::{Decision, Fact, FactBody, FactChange, ProviderKind, UtcSecond};

/// A new fact or decision.
#[derive(Clone, Debug)]
pub enum ReferenceUpdate {
    /// A fact was added, changed or removed.
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

/// Facts and decisions per municipality in order of arrival. Append-only: a reader remembers how many it has
/// applied, and an engine that is started later applies all.
#[derive(Debug, Default)]
pub struct ReferenceLog {
    version: AtomicU64,
    reference_updates: RwLock<BTreeMap<String, Vec<ReferenceUpdate>>>,
    providers: RwLock<BTreeMap<String, Vec<ProviderEntry>>>,
    /// Append time of the newest fact of a municipality, by the type of the fact.
    newest_facts: RwLock<BTreeMap<String, NewestFacts>>,
}

/// Append time of the newest fact of each type, in the order of [`FactBody::TYPES`].
pub type NewestFacts = [Option<UtcSecond>; FactBody::TYPES.len()];

/// A provider's kind by one fact.
#[derive(Debug)]
struct ProviderEntry {
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

    /// Appends a fact that was added, changed or removed.
    pub fn fact(&self, change: FactChange) {
        self.note_provider(&change);
        self.add(ReferenceUpdate::Fact(change));
    }

    /// Appends a reviewer's decision.
    pub fn decision(&self, decision: Decision) {
        self.add(ReferenceUpdate::Decision(decision));
    }

    /// Notes when a fact was appended to its topic. What the topic is cleaned of leaves no type behind.
    pub fn appended(&self, change: &FactChange, appended_at: UtcSecond) {
        let FactChange::Put(fact) = change else { return };
        let mut newest_facts = self.newest_facts.write().unwrap_or_else(PoisonError::into_inner);
        let newest = newest_facts.entry(fact.municipality.clone()).or_default();
        let newest = &mut newest[fact.body.type_number()];
        *newest = (*newest).max(Some(appended_at));
    }

    /// When the newest fact of each type was appended for `municipality`.
    #[must_use]
    pub fn newest_facts(&self, municipality: &str) -> NewestFacts {
        let newest_facts = self.newest_facts.read().unwrap_or_else(PoisonError::into_inner);
        newest_facts.get(municipality).copied().unwrap_or_default()
    }

    /// Rises with every update: equal versions mean that there is nothing new.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Passes the updates of `municipality` from number `applied` on to `each`, with their numbers, in order of
    /// arrival, and returns how many there are by now.
    pub fn since(
        &self,
        municipality: &str,
        applied: usize,
        each: &mut dyn FnMut(usize, &ReferenceUpdate),
    ) -> usize {
        let reference_updates = self.reference_updates.read().unwrap_or_else(PoisonError::into_inner);
        let Some(updates) = reference_updates.get(municipality) else { return applied };
        (applied..).zip(updates.iter().skip(applied)).for_each(|(number, update)| each(number, update));
        updates.len().max(applied)
    }

    /// Who runs a provider, as last recorded.
    #[must_use]
    pub fn provider_kind(&self, municipality: &str, provider_id: &str) -> Option<ProviderKind> {
        let providers = self.providers.read().unwrap_or_else(PoisonError::into_inner);
        let named = providers.get(municipality)?.iter().filter(|known| known.provider_id == provider_id);
        named.max_by_key(|known| known.recorded_at).map(|known| known.kind)
    }

    fn note_provider(&self, change: &FactChange) {
        let (fact_id, provider) = match change {
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
        let later =
            |known: &ProviderEntry| provider.is_some_and(|(recorded_at, ..)| recorded_at < known.recorded_at);
        if of_municipality.iter().any(|known| known.fact_id == *fact_id && later(known)) {
            return;
        }
        of_municipality.retain(|known| known.fact_id != *fact_id);
        of_municipality.extend(provider.map(|(recorded_at, provider_id, kind)| ProviderEntry {
            fact_id: fact_id.clone(),
            recorded_at,
            provider_id: provider_id.clone(),
            kind,
        }));
    }

    fn add(&self, update: ReferenceUpdate) {
        let municipality = update.municipality().to_owned();
        let mut known = self.reference_updates.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(municipality).or_default().push(update);
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
        let record = |fact_id: &str, at: i64, kind: ProviderKind| {
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
        record("one", 5, ProviderKind::Private);
        record("one", 4, ProviderKind::Municipal);
        assert_eq!(kind(), Some(ProviderKind::Private));
        record("two", 6, ProviderKind::Municipal);
        assert_eq!((kind(), reference_log.provider_kind("0180", "P")), (Some(ProviderKind::Municipal), None));
        reference_log.fact(FactChange::Remove { municipality: "0181".to_owned(), fact_id: "two".to_owned() });
        assert_eq!(kind(), Some(ProviderKind::Private));
    }
}
