//! Looks in on a worker for the read model, the metrics and the readiness of the service.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::metrics::{Metrics, Sizes};
use super::status::Status;
use super::view::{View, Who};
use super::watch::{Fate, Phase, Place, Trouble, Watch};
use crate::contract::Progress;
use crate::domain::{PublishedAlert, Rejection};
use crate::engine::{Engine, RuleCounts, Touched};

struct Known {
    partition: i32,
    /// What the rules answered when it was looked at last; of a replay nothing is counted.
    answered: Option<Vec<RuleCounts>>,
    replayed: bool,
    sizes: Sizes,
}

/// One worker's observer.
pub(super) struct Observer {
    metrics: Arc<Metrics>,
    view: Arc<View>,
    status: Arc<Status>,
    totals: Arc<Totals>,
    municipalities: BTreeMap<String, Known>,
    positions: BTreeMap<i32, Arc<AtomicI64>>,
}

/// What is kept in memory, over all workers.
#[derive(Default)]
pub(super) struct Totals {
    kept_registrations: AtomicI64,
    carers: AtomicI64,
    clients: AtomicI64,
}

impl Totals {
    fn change(&self, before: Sizes, after: Sizes) -> Sizes {
        let change = |total: &AtomicI64, by: i64| total.fetch_add(by, Ordering::Relaxed) + by;
        Sizes {
            kept_registrations: change(
                &self.kept_registrations,
                after.kept_registrations - before.kept_registrations,
            ),
            carers: change(&self.carers, after.carers - before.carers),
            clients: change(&self.clients, after.clients - before.clients),
        }
    }
}

impl Observer {
    pub(super) fn new(
        metrics: Arc<Metrics>,
        view: Arc<View>,
        status: Arc<Status>,
        totals: Arc<Totals>,
    ) -> Self {
        Self { metrics, view, status, totals, municipalities: BTreeMap::new(), positions: BTreeMap::new() }
    }

    fn known(&mut self, municipality: &str, partition: i32) -> &mut Known {
        if !self.municipalities.contains_key(municipality) {
            let known = Known { partition, answered: None, replayed: false, sizes: Sizes::default() };
            self.municipalities.insert(municipality.to_owned(), known);
        }
        self.municipalities.get_mut(municipality).expect("it was inserted above")
    }

    fn forget(&mut self, partition: i32) {
        self.positions.remove(&partition);
        let theirs: Vec<String> = self
            .municipalities
            .iter()
            .filter(|(_, known)| known.partition == partition)
            .map(|(name, _)| name.clone())
            .collect();
        for name in &theirs {
            if let Some(known) = self.municipalities.remove(name) {
                self.metrics.entities(self.totals.change(known.sizes, Sizes::default()));
            }
        }
        if !theirs.is_empty() {
            self.view.forget(&|municipality| theirs.iter().any(|name| name == municipality));
        }
    }
}

impl Watch for Observer {
    fn record(&mut self, place: Place<'_>, fate: Fate) {
        let status = &self.status;
        let position =
            self.positions.entry(place.partition).or_insert_with(|| status.position(place.partition));
        position.store(place.offset + 1, Ordering::Relaxed);
        if place.muted {
            self.known(place.municipality, place.partition).replayed = true;
        } else {
            self.metrics.registered(fate, place.appended_at);
            self.known(place.municipality, place.partition);
        }
    }

    fn alert(&mut self, alert: &PublishedAlert) {
        self.metrics.alert_published(alert.state);
        self.view.alert(alert);
    }

    fn standing(&mut self, alert: &PublishedAlert) {
        self.view.alert(alert);
    }

    fn quarantined(&mut self, place: Place<'_>, rejection: &Rejection) {
        if !place.muted {
            self.metrics.quarantined(place.partition, place.offset, rejection);
        }
    }

    fn progress(&mut self, _progress: &Progress) {
        self.metrics.progress_told();
    }

    fn phase(&mut self, partition: i32, phase: Phase) {
        self.status.phase(partition, phase);
        self.positions.insert(partition, self.status.position(partition));
        if phase != Phase::Live {
            self.forget(partition);
        }
    }

    fn changed(&mut self, municipality: &str, engine: &mut Engine) {
        let view = self.view.clone();
        let mut touched: Vec<(Who, String)> = Vec::new();
        engine.touched(&mut |who| {
            touched.push(match who {
                Touched::Carer(carer) => (Who::Carer, carer.to_owned()),
                Touched::Client(client) => (Who::Client, client.to_owned()),
            });
        });
        for (who, reference) in touched {
            let rolling = match who {
                Who::Carer => engine.carer(&reference),
                Who::Client => engine.client(&reference),
            };
            view.rolled(who, &reference, municipality, rolling);
        }
        let Some(known) = self.municipalities.get_mut(municipality) else { return };
        let answered = engine.findings_by_rule().to_vec();
        let before = known.answered.replace(answered.clone());
        match before {
            Some(before) => self.metrics.rules_answered(&answered, &before),
            None if known.replayed => {}
            None => self.metrics.rules_answered(&answered, &[]),
        }
        let counts = engine.counts();
        let size = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let sizes = Sizes {
            kept_registrations: size(counts.kept_registrations),
            carers: size(counts.carers),
            clients: size(counts.clients),
        };
        let before = std::mem::replace(&mut known.sizes, sizes);
        self.metrics.entities(self.totals.change(before, sizes));
    }

    fn trouble(&mut self, partition: i32, trouble: Trouble) {
        self.metrics.trouble(partition, &trouble);
    }
}
