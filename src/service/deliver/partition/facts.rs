//! Facts and decisions of a partition's municipalities.

use std::sync::Arc;

use super::{Partition, PartitionState, Poison};
use crate::service::deliver::events::{Incident, WorkerObserver};
use crate::service::deliver::municipality::{Municipality, Panicked, Sink};

/// A change of facts that may move so many alerts of a municipality is reported: more than a control unit reads in a month.
const LARGE_CHANGE_ALERTS_MIN: usize = 1_000;

impl Partition {
    /// Applies new facts and decisions.
    pub(in crate::service) fn apply_reference_updates(
        &mut self,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        let shared = Arc::clone(&self.shared);
        let skip = |name: &str, number| poison.has_reference_update(name, number);
        let mut failed = None;
        for municipality in self.municipalities.values_mut() {
            let applied = municipality.apply_reference_updates(&shared, &skip, sink);
            if let Err(Panicked::ReferenceUpdate(name, number)) = applied {
                failed = Some((name, number));
            }
        }
        if let Some((name, number)) = failed {
            self.fail_on_reference_update(&name, number, poison, sink.observer);
        }
    }

    /// Whether changed facts have consequences that are not derived yet.
    pub(in crate::service) fn has_fact_consequences(&self) -> bool {
        self.municipalities.values().any(Municipality::has_fact_consequences)
    }

    /// Reports municipalities in which changed facts may move many alerts, before any of them is published.
    pub(in crate::service) fn report_large_changes(&self, observer: &mut impl WorkerObserver) {
        for municipality in self.municipalities.values().filter(|known| known.live) {
            let alerts = municipality.alerts_in_question();
            if LARGE_CHANGE_ALERTS_MIN <= alerts {
                let municipality = municipality.name.clone();
                observer.incident(self.id, Incident::LargeChange { municipality, alerts });
            }
        }
    }

    /// Derives what follows from changed facts, for at most `visits_max` registrations of each municipality.
    pub(in crate::service) fn derive_fact_consequences(
        &mut self,
        visits_max: usize,
        poison: &mut Poison,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) {
        if self.state == PartitionState::Failed {
            return;
        }
        for municipality in self.municipalities.values_mut() {
            if municipality.derive_fact_consequences(visits_max, sink).is_err() {
                return self.isolate(self.next - 1, poison, sink.observer);
            }
        }
    }

    pub(super) fn fail_on_reference_update(
        &mut self,
        name: &str,
        number: usize,
        poison: &mut Poison,
        observer: &mut impl WorkerObserver,
    ) {
        poison.reference_updates.insert((name.to_owned(), number));
        self.state = PartitionState::Failed;
        observer.incident(self.id, Incident::Panicked { offset: None });
    }
}
