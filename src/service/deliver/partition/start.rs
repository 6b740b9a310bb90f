//! Taking a partition up: what its topics say, and from where on it tells.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Partition;
use crate::contract::{self, Progress};
use crate::domain::{PublishedAlert, Rejection, UtcSecond};
use crate::service::deliver::events::{Incident, Phase, WorkerObserver};
use crate::service::deliver::municipality::Sink;
use crate::service::deliver::outbox::Outbox;
use crate::service::deliver::shared::Shared;
use crate::service::log::{Log, LogError, OutputTopic, Watermarks};

impl Partition {
    /// Reads back what the topics say about the feed's partition `id`, and begins to read it from its
    /// beginning.
    pub(in crate::service) fn take_up(
        id: i32,
        shared: Arc<Shared>,
        log: &mut dyn Log,
        watch: &mut impl WorkerObserver,
    ) -> Result<Self, LogError> {
        let mut partition = Self::new(id, log.extent(id)?, shared);
        log.start(id, partition.low)?;
        let mut unreadable = Vec::new();
        read_alerts(log, id, &mut unreadable, &mut |alert| {
            partition.known(&alert.alert.municipality.clone()).outbox.read_back(alert);
        })?;
        read_progress(log, id, &mut unreadable, &mut |progress| {
            let name = progress.municipality.clone();
            partition.known(&name).told = Some(progress);
        })?;
        for rejection in unreadable {
            watch.trouble(id, Incident::Unreadable { rejection });
        }
        partition.plan(watch);
        Ok(partition)
    }

    fn new(id: i32, extent: Watermarks, shared: Arc<Shared>) -> Self {
        let Watermarks { low, high, committed } = extent;
        Self {
            id,
            shared,
            municipalities: std::collections::BTreeMap::new(),
            next: low,
            appended_at: UtcSecond(i64::MIN),
            oldest: None,
            low,
            high,
            committed_hint: committed,
            unsettled_from: low,
            snapshot_at: None,
            replay_to: low,
            next_live_at: None,
            live: false,
            broken: false,
            committed: committed.unwrap_or(low).min(high),
            marks: VecDeque::new(),
            arrived: low,
            pending: None,
            last_progress_millis: 0,
            last_commit_millis: 0,
            second_look_millis: None,
        }
    }

    /// From which offset each municipality tells: the first that is neither committed, nor told of
    /// as progress, nor the source of an alert on the topic. To compare earlier would publish states
    /// that are past. Where the log ends before that, it was made anew; then all tell from its end on.
    fn plan(&mut self, watch: &mut impl WorkerObserver) {
        let (low, high) = (self.low, self.high);
        let told = self.municipalities.values().filter_map(|known| known.told.as_ref());
        let told = told.map(|told| told.assessed_through_offset + 1).max();
        let settled = self.committed_hint.max(told).unwrap_or(low);
        if settled < low {
            watch.trouble(self.id, Incident::Gap { from: settled, to: low });
        }
        self.unsettled_from = settled.clamp(low, high);
        self.snapshot_at = (0 < low).then_some(self.unsettled_from);
        let mut expected = settled;
        for municipality in self.municipalities.values_mut() {
            let told = municipality.outbox.greatest_offset().map_or(low, |offset| offset + 1);
            municipality.live_from = settled.max(told).clamp(low, high);
            expected = expected.max(told);
        }
        if high < expected {
            watch.trouble(self.id, Incident::Recreated { expected, high });
            self.municipalities.values_mut().for_each(|known| known.told = None);
        }
        self.next_live_at = None;
        let due: Vec<i64> = self
            .municipalities
            .values()
            .filter(|known| known.may_go_live())
            .map(|known| known.live_from)
            .collect();
        due.into_iter().for_each(|offset| self.live_at(offset));
        self.replay_to = expected.clamp(low, high);
        watch.phase(self.id, Phase::Replaying { from: low, to: self.replay_to });
    }

    /// Reads the topics once more; where they say something else than was believed, another owner
    /// wrote in between, and what should stand is compared again. Only to be called when all
    /// that was published has arrived.
    pub(in crate::service) fn look_again(
        &mut self,
        log: &mut dyn Log,
        sink: &mut Sink<'_, impl WorkerObserver>,
    ) -> Result<(), LogError> {
        let mut fresh = std::collections::BTreeMap::new();
        read_alerts(log, self.id, &mut Vec::new(), &mut |alert: PublishedAlert| {
            let name = alert.alert.municipality.clone();
            let empty = || Outbox::new(self.known(&name).outbox.origin().clone());
            fresh.entry(name.clone()).or_insert_with(empty).read_back(alert);
        })?;
        read_progress(log, self.id, &mut Vec::new(), &mut |progress| {
            let name = progress.municipality.clone();
            self.known(&name).told_is(progress);
        })?;
        let before = self.reached();
        let mut foreign = false;
        for (name, mut outbox) in fresh {
            let municipality = self.known(&name);
            if outbox.adopt_topic_state(&municipality.outbox) {
                municipality.outbox = outbox;
                foreign = true;
                if municipality.live {
                    municipality.go_live(before, sink);
                }
            }
        }
        if foreign {
            sink.watch.trouble(self.id, Incident::ForeignAlerts);
        }
        Ok(())
    }
}

fn read_alerts(
    log: &mut dyn Log,
    partition: i32,
    unreadable: &mut Vec<Rejection>,
    each: &mut dyn FnMut(PublishedAlert),
) -> Result<(), LogError> {
    log.read_back(OutputTopic::Alerts, partition, &mut |_, value| match value.map(contract::parse_alert) {
        Some(Ok(alert)) => each(alert),
        Some(Err(rejection)) => unreadable.push(rejection),
        // The machine writes no tombstones; one by hand means that nothing is said any more.
        None => (),
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
        Some(Ok(progress)) if progress.partition == partition => each(progress),
        Some(Err(rejection)) => unreadable.push(rejection),
        // Another partition of the feed may share the topic's partition.
        Some(Ok(_)) | None => (),
    })
}
