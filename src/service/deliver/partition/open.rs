//! Opening a partition: what the output topics hold of it, and the plan of its replay.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Delivery, Partition, PartitionState, Quarantine, Recheck, ReplayPlan};
use crate::contract::{self, Progress};
use crate::domain::{PublishedAlert, Rejection, UtcSecond};
use crate::service::deliver::events::{Incident, Phase, WorkerObserver};
use crate::service::deliver::municipality::Sink;
use crate::service::deliver::outbox::Outbox;
use crate::service::deliver::shared::Shared;
use crate::service::log::{Log, LogError, OutputTopic, Watermarks};

impl Partition {
    /// Reads back what the output topics hold of the feed's partition `id`, and begins to read it from its
    /// beginning.
    pub(in crate::service) fn open(
        id: i32,
        shared: Arc<Shared>,
        log: &mut dyn Log,
        observer: &mut impl WorkerObserver,
    ) -> Result<Self, LogError> {
        let extent = log.extent(id)?;
        let mut partition = Self::unplanned(id, extent, shared);
        log.start(id, extent.low)?;
        let mut unreadable = Vec::new();
        read_alerts(log, id, &mut unreadable, &mut |alert, value| {
            partition.municipality_mut(&alert.alert.municipality.clone()).outbox.read_back(alert, value);
        })?;
        read_progress(log, id, &mut unreadable, &mut |progress| {
            partition.adopt_progress(progress);
        })?;
        for rejection in unreadable {
            observer.incident(id, Incident::Unreadable { rejection });
        }
        partition.make_plan(extent, observer);
        let ReplayPlan { unsettled_from, high, .. } = partition.plan;
        if unsettled_from < high {
            partition.quarantine.read_back(log, id, unsettled_from)?;
        }
        Ok(partition)
    }

    fn unplanned(id: i32, extent: Watermarks, shared: Arc<Shared>) -> Self {
        let plan = ReplayPlan::new(extent, None, None);
        let Watermarks { low, high, committed } = extent;
        Self {
            id,
            shared,
            municipalities: BTreeMap::new(),
            plan,
            state: PartitionState::Replaying { next_milestone: plan.low, snapshot_taken: false },
            next: low,
            appended_at: UtcSecond(i64::MIN),
            oldest: None,
            delivery: Delivery::new(low, committed.unwrap_or(low).min(high)),
            quarantine: Quarantine::default(),
            log_low: low,
            refresh_low_at_millis: 0,
            recheck: Recheck::default(),
        }
    }

    /// Adopts a progress record of the topic; the next one is published where it differs.
    fn adopt_progress(&mut self, progress: Progress) {
        match progress {
            Progress::Municipality(progress) => {
                let name = progress.municipality.clone();
                self.shared.owners.published(&name, self.id);
                self.municipality_mut(&name).adopt_progress(progress);
            }
            Progress::Partition(progress) => {
                self.delivery.published_progress = Some(progress);
                self.delivery.progress_dirty = true;
            }
        }
    }

    /// Plans the replay, with the offsets that the read progress records and alerts name.
    fn make_plan(&mut self, extent: Watermarks, observer: &mut impl WorkerObserver) {
        let progress = self.municipalities.values().filter_map(|known| known.published_progress.as_ref());
        let assessed_through = progress.map(|progress| progress.assessed_through_offset);
        let partition = self.delivery.published_progress.as_ref();
        let assessed_through =
            assessed_through.chain(partition.map(|partition| partition.through_offset)).max();
        let alerted_through = self.municipalities.values().filter_map(|known| known.outbox.greatest_offset());
        self.plan = ReplayPlan::new(extent, assessed_through, alerted_through.max());
        self.plan.gap().into_iter().for_each(|gap| observer.incident(self.id, gap));
        for municipality in self.municipalities.values_mut() {
            municipality.live_from = self.plan.live_from(municipality.outbox.greatest_offset());
        }
        if let Some(recreated) = self.plan.recreated() {
            observer.incident(self.id, recreated);
            self.municipalities.values_mut().for_each(|known| known.published_progress = None);
            self.delivery.published_progress = None;
        }
        let ReplayPlan { low, live_at, .. } = self.plan;
        self.state = PartitionState::Replaying { next_milestone: low, snapshot_taken: false };
        observer.phase(self.id, Phase::Replaying { from: low, to: live_at });
    }

    /// Reads the output topics once more, as another owner wrote in between, and compares what should be open again;
    /// progress that differs is published with the next. Only to be called when all that was published is
    /// acknowledged.
    pub(in crate::service) fn recheck_output_topics(
        &mut self,
        log: &mut dyn Log,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), LogError> {
        let mut read: BTreeMap<String, Outbox> = BTreeMap::new();
        // Also of those that the topics hold nothing of any more: they may have been created anew.
        for (name, known) in &mut self.municipalities {
            read.insert(name.clone(), known.outbox.emptied());
            known.forget_progress();
        }
        self.delivery.published_progress = None;
        self.delivery.progress_dirty = true;
        read_alerts(log, self.id, &mut Vec::new(), &mut |alert: PublishedAlert, value| {
            let name = alert.alert.municipality.clone();
            let empty = || self.municipality_mut(&name).outbox.emptied();
            read.entry(name.clone()).or_insert_with(empty).read_back(alert, value);
        })?;
        read_progress(log, self.id, &mut Vec::new(), &mut |progress| self.adopt_progress(progress))?;
        let before = self.reached();
        for (name, mut outbox) in read {
            let municipality = self.municipality_mut(&name);
            if outbox.adopt_topic_state(&municipality.outbox) {
                municipality.outbox = outbox;
                if municipality.live {
                    municipality.go_live(before, sink);
                }
            }
        }
        sink.observer.incident(self.id, Incident::ForeignAlerts);
        Ok(())
    }
}

fn read_alerts(
    log: &mut dyn Log,
    partition: i32,
    unreadable: &mut Vec<Rejection>,
    each: &mut dyn FnMut(PublishedAlert, &[u8]),
) -> Result<(), LogError> {
    log.read_back(OutputTopic::Alerts, partition, &mut |_, value| {
        // The service writes no tombstones; one by hand removes the alert.
        let Some(value) = value else { return };
        match contract::parse_alert(value) {
            Ok(alert) => each(alert, value),
            Err(rejection) => unreadable.push(rejection),
        }
    })
}

fn read_progress(
    log: &mut dyn Log,
    partition: i32,
    unreadable: &mut Vec<Rejection>,
    each: &mut dyn FnMut(Progress),
) -> Result<(), LogError> {
    log.read_back(OutputTopic::Progress, partition, &mut |_, value| match value.map(contract::parse_progress)
    {
        Some(Ok(Some(progress))) if progress.partition() == partition => each(progress),
        Some(Err(rejection)) => unreadable.push(rejection),
        // Another partition of the feed may share the topic's partition.
        Some(Ok(_)) | None => (),
    })
}
