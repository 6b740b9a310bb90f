//! Looks in on a worker for the read model, the metrics and the readiness of the service.
//!
//! What is counted per record is counted here, on the worker's own thread, and handed to the metrics
//! once a step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use hashbrown::HashMap;

use crate::contract::Progress;
use crate::domain::{Alert, AlertState, PublishedAlert, Registration, Rejection, UtcSecond};
use crate::engine::{Assessed, Disposition, Engine, EntityRef, RuleCounts};
use crate::service::deliver::desk::DeskUse;
use crate::service::deliver::events::{Incident, Phase, RecordPosition, WorkerObserver};
use crate::service::deliver::shared::Shared;
use crate::service::observe::metrics::{
    Metrics, ProviderRecords, RecordStage, Restrained, SizeGauges, Stands, Worked, provider_number,
};
use crate::service::observe::status::{Beat, Status};
use crate::service::observe::view::View;

struct ObservedMunicipality {
    partition: i32,
    /// Counts of the rules' answers at the last read; a replay is not counted.
    answered: Option<Vec<RuleCounts>>,
    /// The positions that had been ignored then.
    ignored: Option<[u64; 4]>,
    replayed: bool,
    sizes: SizeGauges,
    stands: Stands,
    restrained: Restrained,
    /// First versions since the last step, by the kind of provider.
    visits: [u64; 3],
    /// Append time of the newest registration, and whether the metrics have heard of all.
    newest: UtcSecond,
    heard: bool,
    /// The kind of each provider as a number; read again after facts have changed.
    providers: HashMap<String, usize>,
    providers_as_of: u64,
    records: ProviderRecords,
}

/// One worker's observer.
pub(in crate::service) struct Observer {
    metrics: Arc<Metrics>,
    view: Arc<View>,
    status: Arc<Status>,
    shared: Arc<Shared>,
    totals: Arc<ScoredTotals>,
    municipalities: BTreeMap<String, ObservedMunicipality>,
    positions: BTreeMap<i32, Arc<AtomicI64>>,
    committed: BTreeMap<i32, i64>,
    worked: Worked,
    queued: [i64; 2],
    beat: Beat,
}

/// What is kept in memory and what waits, over all workers.
#[derive(Default)]
pub(in crate::service) struct ScoredTotals {
    kept_registrations: AtomicI64,
    carers: AtomicI64,
    clients: AtomicI64,
    queued: [AtomicI64; 2],
}

fn change(total: &AtomicI64, by: i64) -> i64 {
    total.fetch_add(by, Ordering::Relaxed) + by
}

impl ScoredTotals {
    fn change(&self, before: SizeGauges, after: SizeGauges) -> SizeGauges {
        SizeGauges {
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
    pub(in crate::service) fn new(
        (metrics, view, status): (Arc<Metrics>, Arc<View>, Arc<Status>),
        shared: Arc<Shared>,
        totals: Arc<ScoredTotals>,
        beat: Beat,
    ) -> Self {
        Self {
            metrics,
            view,
            status,
            shared,
            totals,
            municipalities: BTreeMap::new(),
            positions: BTreeMap::new(),
            committed: BTreeMap::new(),
            worked: Worked::default(),
            queued: [0; 2],
            beat,
        }
    }

    fn known(&mut self, municipality: &str, partition: i32) -> &mut ObservedMunicipality {
        if !self.municipalities.contains_key(municipality) {
            if !municipality.is_empty() {
                self.metrics.begin_municipality(municipality);
            }
            self.municipalities.insert(municipality.to_owned(), ObservedMunicipality::new(partition));
        }
        self.municipalities.get_mut(municipality).expect("it was inserted above")
    }

    fn forget(&mut self, partition: i32) {
        self.positions.remove(&partition);
        self.committed.remove(&partition);
        let theirs: Vec<String> = self
            .municipalities
            .iter()
            .filter(|(_, known)| known.partition == partition)
            .map(|(name, _)| name.clone())
            .collect();
        for name in &theirs {
            if let Some(known) = self.municipalities.remove(name) {
                self.metrics.entities(self.totals.change(known.sizes, SizeGauges::default()));
                self.metrics.forget_restrained(&known.restrained);
            }
            self.metrics.forget_municipality(name, self.status.is_out_of_contact(partition));
        }
        if !theirs.is_empty() {
            self.view.forget(&|municipality| theirs.iter().any(|name| name == municipality));
        }
    }

    /// Takes the current state of an alert; returns the open alert that it replaces.
    fn stands(&mut self, alert: &PublishedAlert) -> Option<Arc<PublishedAlert>> {
        let before = self.view.alert(alert);
        let known = self.known(&alert.alert.municipality, alert.provenance.partition);
        let now = (alert.state != AlertState::Withdrawn).then_some(&alert.alert);
        known.stands.change(before.as_deref().map(|before| &before.alert), now);
        before
    }
}

impl ObservedMunicipality {
    fn new(partition: i32) -> Self {
        Self {
            partition,
            answered: None,
            ignored: None,
            replayed: false,
            sizes: SizeGauges::default(),
            stands: Stands::new(now()),
            restrained: Restrained::default(),
            visits: [0; 3],
            newest: UtcSecond(i64::MIN),
            heard: true,
            providers: HashMap::new(),
            providers_as_of: 0,
            records: ProviderRecords::default(),
        }
    }

    fn visited(&mut self, registration: &Registration<'_>, shared: &Shared) {
        let version = shared.reference_log.version();
        if version != self.providers_as_of {
            self.providers_as_of = version;
            self.providers.clear();
        }
        let provider = registration.provider_id;
        let number = match self.providers.get(provider) {
            Some(number) => *number,
            None => {
                let kind = shared.reference_log.provider_kind(registration.municipality, provider);
                let number = provider_number(kind);
                self.providers.insert(provider.to_owned(), number);
                number
            }
        };
        self.visits[number] += 1;
    }
}

impl WorkerObserver for Observer {
    fn goes_on(&mut self) {
        self.beat.now();
    }

    fn record(&mut self, place: RecordPosition<'_>, disposition: &Disposition) {
        let status = &self.status;
        let position =
            self.positions.entry(place.partition).or_insert_with(|| status.position(place.partition));
        position.store(place.offset + 1, Ordering::Relaxed);
        self.worked.read += 1;
        if !place.muted {
            self.worked.dispositions.count(disposition);
        }
        let known = self.known(place.municipality, place.partition);
        known.replayed |= place.muted;
        if !matches!(disposition, Disposition::Quarantined(_)) {
            known.newest = known.newest.max(place.appended_at);
            known.heard = false;
        }
    }

    fn registration(
        &mut self,
        place: RecordPosition<'_>,
        registration: &Registration<'_>,
        disposition: &Disposition,
    ) {
        if place.muted || matches!(disposition, Disposition::Quarantined(_)) {
            return;
        }
        self.known(place.municipality, place.partition).records.count(Some(registration.provider_id), true);
        if *disposition == Disposition::Scored && registration.version == 1 {
            let Self { municipalities, shared, .. } = self;
            if let Some(known) = municipalities.get_mut(place.municipality) {
                known.visited(registration, shared);
            }
        }
    }

    fn assessed(&mut self, _engine: &Engine, assessed: &Assessed) {
        let Some(p) = assessed.p_value else { return };
        for (count, bound) in self.worked.at_most.iter_mut().zip([1.0, 1e-1, 1e-2, 1e-3, 1e-4]) {
            *count += u64::from(p <= bound);
        }
    }

    fn alert(&mut self, alert: &PublishedAlert) {
        let before = self.stands(alert);
        let Alert { municipality, provider_id, .. } = &alert.alert;
        let provider = self.shared.reference_log.provider_kind(municipality, provider_id);
        self.metrics.alert_published(alert, before.as_deref(), provider);
        self.metrics.hold_published(&alert.alert, before.as_deref().map(|before| &before.alert));
    }

    fn already_published(&mut self, alert: &PublishedAlert) {
        self.stands(alert);
    }

    fn quarantined(&mut self, place: RecordPosition<'_>, provider: Option<&str>, rejection: &Rejection) {
        if !place.muted {
            self.known(place.municipality, place.partition).records.count(provider, false);
            self.metrics.quarantined(place.partition, place.offset, rejection);
        }
    }

    fn progress(&mut self, progress: &Progress) {
        self.metrics.passed(RecordStage::Progress, 1);
        let through_offset = match progress {
            Progress::Municipality(of) => of.assessed_through_offset,
            Progress::Partition(of) => of.through_offset,
        };
        self.status.progressed(progress.partition(), through_offset + 1);
    }

    fn unassessed(&mut self, partition: i32, ranges: usize, limit: Option<i64>) {
        self.metrics.unassessed(partition, ranges);
        self.status.limited(partition, limit);
    }

    fn committed(&mut self, partition: i32, next_offset: i64) {
        if let Some(before) = self.committed.insert(partition, next_offset) {
            self.metrics
                .passed(RecordStage::Committed, u64::try_from(next_offset - before).unwrap_or_default());
        }
    }

    fn phase(&mut self, partition: i32, phase: Phase) {
        self.status.phase(partition, phase);
        self.positions.insert(partition, self.status.position(partition));
        match phase {
            Phase::Replaying { to, .. } => {
                self.forget(partition);
                self.committed.insert(partition, to);
            }
            Phase::Gone => self.forget(partition),
            Phase::Live => {}
        }
    }

    fn rolling_changed(&mut self, municipality: &str, engine: &mut Engine, max: usize) {
        for (entity, rolling) in engine.drain_changed(max) {
            let before = self.view.rolled(entity, municipality, rolling);
            if matches!(entity, EntityRef::Carer(_))
                && let Some(known) = self.municipalities.get_mut(municipality)
            {
                self.metrics.baseline(&mut known.restrained, before.as_ref(), rolling.as_ref());
            }
        }
    }

    fn desk_changed(&mut self, municipality: &str, usage: DeskUse) {
        self.metrics.desk(municipality, usage);
    }

    fn changed(&mut self, municipality: &str, engine: &Engine) {
        if let Some(at) = engine.next_payout_run(now()) {
            self.metrics.next_payout(municipality, at);
        }
        self.metrics.facts(municipality, &self.shared.reference_log.newest_facts(municipality));
        let Some(known) = self.municipalities.get_mut(municipality) else { return };
        self.metrics.restrained(municipality, engine, &mut known.restrained);
        let answered = engine.findings_by_rule().to_vec();
        let before = known.answered.replace(answered.clone());
        if before.as_ref() != Some(&answered) {
            self.view.answered(municipality, known.partition, answered.clone());
        }
        match before {
            Some(before) => self.metrics.rules_answered(&answered, &before),
            None if known.replayed => {}
            None => self.metrics.rules_answered(&answered, &[]),
        }
        let ignored = engine.ignored_positions();
        match known.ignored.replace(ignored) {
            Some(before) => self.metrics.positions_ignored(ignored, before),
            None if known.replayed => {}
            None => self.metrics.positions_ignored(ignored, [0; 4]),
        }
        let current = engine.sizes();
        let size = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let sizes = SizeGauges {
            kept_registrations: size(current.kept_registrations),
            carers: size(current.carers),
            clients: size(current.clients),
        };
        let before = std::mem::replace(&mut known.sizes, sizes);
        self.metrics.entities(self.totals.change(before, sizes));
    }

    fn stepped(&mut self, waiting: usize, in_flight: u64) {
        self.metrics.worked(&std::mem::take(&mut self.worked));
        let queued = [i64::try_from(waiting), i64::try_from(in_flight)].map(|n| n.unwrap_or(i64::MAX));
        let before = std::mem::replace(&mut self.queued, queued);
        if queued != before {
            let [waiting, in_flight] =
                [0, 1].map(|at| change(&self.totals.queued[at], queued[at] - before[at]));
            self.metrics.queued(waiting, in_flight);
        }
        let now = now();
        for (name, known) in &mut self.municipalities {
            self.metrics.provided(name, &mut known.records);
            if name.is_empty() {
                continue;
            }
            known.stands.show(name, now, &self.metrics);
            if !known.heard {
                known.heard = true;
                self.metrics.visited(name, std::mem::take(&mut known.visits), known.newest);
            }
        }
    }

    fn incident(&mut self, partition: i32, incident: Incident) {
        self.metrics.incident(partition, &incident);
        if let Incident::UnreadableBatch { from, to } = incident {
            let reason = format!(
                "offsets {from} to {to} of partition {partition} can't be read: they stay unassessed until the log drops them"
            );
            self.status.hindered(&format!("batch of partition {partition}"), reason);
        }
    }
}

/// The second that it is.
fn now() -> UtcSecond {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcSecond(i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}
