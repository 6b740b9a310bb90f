//! What happens, as numbers for machines and lines for people.
//!
//! An event is its counter and its log line, in one place: what befalls the feed and what the rules
//! say is here, what befalls the log in `delivery`, what the client library says of itself in
//! `clients`. Labels come from fixed lists; a carer, a client or a registration is never a label and
//! never in a line.

mod bounds;
mod catalogue;
mod clients;
mod delivery;
mod family;
mod labels;
mod provided;
mod spec;
mod stale;
mod stands;
mod table;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prometheus::{Encoder, Histogram, IntCounter, Registry, TextEncoder};

use crate::domain::{
    AlertState, FactBody, Grade, ProviderKind, PublishedAlert, Reason, Rejection, UtcSecond,
};
use crate::engine::RuleCounts;
use crate::service::deliver::events::{DispositionCounts, Incident};
use crate::service::deliver::reference_log::NewestFacts;
use crate::service::observe::traces::Traces;
pub(in crate::service) use bounds::Restrained;
pub use catalogue::CATALOGUE;
pub(in crate::service) use clients::{ClientRole, Reporter};
pub(in crate::service) use delivery::{Rebalanced, RecordStage, Sent};
pub(in crate::service) use labels::PHASES;
pub use labels::{MetricLabel, Values};
pub(in crate::service) use provided::ProviderRecords;
pub use spec::{MetricKind, Spec};
pub(in crate::service) use stands::Stands;
pub use table::metrics_table;

use catalogue::Families;
use family::beginnings;

/// One line about records that could not be used, per reason and so long.
const QUIET: Duration = Duration::from_secs(10);

/// What became of the records that were worked on since the last time.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::service) struct Worked {
    /// All, also those that were only read again.
    pub(in crate::service) read: u64,
    /// Those handled for the first time.
    pub(in crate::service) dispositions: DispositionCounts,
    /// Those with a combined p-value of at most 1, 0.1, and so on.
    pub(in crate::service) at_most: [u64; 5],
}

/// Sizes of one municipality's engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::service) struct SizeGauges {
    pub(in crate::service) kept_registrations: i64,
    pub(in crate::service) carers: i64,
    pub(in crate::service) clients: i64,
}

/// Series that are counted so often that they are not looked up by their labels.
struct Hot {
    registrations: [IntCounter; 4],
    stages: [IntCounter; 6],
    published: [IntCounter; 3],
    publish_latency: [Histogram; 3],
    latency: Histogram,
}

/// All metrics of the process.
pub struct Metrics {
    registry: Registry,
    rules: Vec<String>,
    families: Families,
    hot: Hot,
    logged: Mutex<BTreeMap<Reason, (Instant, u64)>>,
    skew: Mutex<delivery::Skew>,
    clients: Mutex<clients::ClientStatistics>,
    stale: Mutex<stale::Stale>,
    traces: Traces,
}

impl Metrics {
    /// Metrics in a registry of their own, for rules with the given ids; what is known to come is
    /// there from the start, as zero.
    #[must_use]
    pub fn new(rules: &[&str]) -> Self {
        let registry = Registry::new();
        let families = Families::new(&registry);
        let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        begin(&families, None, &rules);
        families.build_info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let hot = Hot {
            registrations: labels::DISPOSITIONS.map(|fate| families.registrations.with_label_values(&[fate])),
            stages: labels::STAGES.map(|stage| families.stage_records.with_label_values(&[stage])),
            published: labels::TOPICS.map(|topic| families.published.with_label_values(&[topic])),
            publish_latency: labels::TOPICS.map(|topic| families.publish_latency.with_label_values(&[topic])),
            latency: families.latency.with_label_values::<&str>(&[]),
        };
        Self {
            registry,
            rules,
            families,
            hot,
            logged: Mutex::default(),
            skew: Mutex::default(),
            clients: Mutex::default(),
            stale: Mutex::default(),
            traces: Traces::default(),
        }
    }

    /// The same, with spans sent to `traces`.
    pub(in crate::service) fn telling(self, traces: Traces) -> Self {
        Self { traces, ..self }
    }

    /// All metrics in Prometheus' text format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut families = self.registry.gather();
        families
            .extend(prometheus::gather().into_iter().filter(|family| family.name().starts_with("process_")));
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&families, &mut text) {
            tracing::error!(%error, "the metrics can't be written");
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The settings that the service runs by.
    pub(in crate::service) fn configured(&self, config_hash: &str, group_id: &str) {
        self.families.config_info.with_label_values(&[config_hash, group_id]).set(1);
    }

    /// A municipality is this instance's: its series begin at zero.
    pub(in crate::service) fn begin_municipality(&self, code: &str) {
        self.municipality_taken(code);
        begin(&self.families, Some((labels::MUNICIPALITY.name, code)), &self.rules);
    }

    /// Records of the feed were worked on.
    pub(in crate::service) fn worked(&self, worked: &Worked) {
        for (series, count) in self.hot.registrations.iter().zip(worked.dispositions.each()) {
            series.inc_by(count);
        }
        self.passed(RecordStage::Read, worked.read);
        self.passed(RecordStage::Assessed, worked.dispositions.scored);
        self.weighed(worked.dispositions.scored, worked.at_most);
    }

    /// First versions of registrations of a municipality were taken in, by the kind of provider; the
    /// newest record was appended then.
    pub(in crate::service) fn visited(&self, municipality: &str, visits: [u64; 3], newest: UtcSecond) {
        for (kind, visits) in labels::PROVIDER_KINDS.iter().zip(visits) {
            self.families.visits.with_label_values(&[municipality, kind]).inc_by(visits);
        }
        self.families.last_registration.with_label_values(&[municipality]).set(newest.0 as f64);
    }

    /// When the newest fact of each type of a municipality was appended.
    pub(in crate::service) fn facts(&self, municipality: &str, newest: &NewestFacts) {
        for (name, appended_at) in FactBody::TYPES.iter().zip(newest) {
            if let Some(appended_at) = appended_at {
                self.families.last_fact.with_label_values(&[municipality, name]).set(appended_at.0 as f64);
            }
        }
    }

    /// A record of the feed could not be used.
    pub(in crate::service) fn quarantined(&self, partition: i32, offset: i64, rejection: &Rejection) {
        let reason = rejection.reason.code();
        self.families.quarantined.with_label_values(&[reason]).inc();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match logged.get_mut(&rejection.reason) {
            Some((last, more)) if now.duration_since(*last) < QUIET => *more += 1,
            before => {
                let more = before.map_or(0, |(_, more)| *more);
                logged.insert(rejection.reason, (now, 0));
                tracing::warn!(partition, offset, reason, more_before = more, "record quarantined");
            }
        }
    }

    /// What the rules answered beyond `before`.
    pub(in crate::service) fn rules_answered(&self, now: &[RuleCounts], before: &[RuleCounts]) {
        let Families { findings, undetermined, .. } = &self.families;
        for counts in now {
            let earlier = before.iter().find(|earlier| earlier.rule == counts.rule);
            for (at, grade) in [Grade::Observe, Grade::Review, Grade::Hold].into_iter().enumerate() {
                let more = counts.hits[at].saturating_sub(earlier.map_or(0, |earlier| earlier.hits[at]));
                findings.with_label_values(&[counts.rule, grade.as_str()]).inc_by(more);
            }
            for (fact, count) in &counts.undetermined {
                let had =
                    earlier.and_then(|earlier| earlier.undetermined.iter().find(|(name, _)| name == fact));
                let more = count.saturating_sub(had.map_or(0, |(_, count)| *count));
                undetermined.with_label_values(&[counts.rule, fact]).inc_by(more);
            }
        }
    }

    /// The positions that were taken for none beyond `before`.
    pub(in crate::service) fn positions_ignored(&self, now: [u64; 4], before: [u64; 4]) {
        let reasons = labels::POSITION_FAULTS.iter().zip(now).zip(before);
        for ((reason, now), before) in reasons {
            self.families.ignored_positions.with_label_values(&[reason]).inc_by(now.saturating_sub(before));
        }
    }

    /// An alert was handed to the log, in the place of `before`.
    pub(in crate::service) fn alert_published(
        &self,
        alert: &PublishedAlert,
        before: Option<&PublishedAlert>,
        provider: Option<ProviderKind>,
    ) {
        let state = match alert.state {
            AlertState::Opened => "opened",
            AlertState::Revised => "revised",
            AlertState::Withdrawn => "withdrawn",
        };
        let provider = labels::PROVIDER_KINDS[provider_number(provider)];
        let municipality = alert.alert.municipality.as_str();
        let grade = alert.alert.grade.as_str();
        self.families.alerts.with_label_values(&[municipality, state, grade, provider]).inc();
        // A withdrawn alert has no findings left: those that it had are what it was about.
        let named = if alert.state == AlertState::Withdrawn { before } else { Some(alert) };
        let mut rules: Vec<&str> = named
            .iter()
            .flat_map(|named| &named.alert.findings)
            .map(|finding| finding.rule.as_str())
            .collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            self.families.alerts_by_rule.with_label_values(&[rule, state, provider]).inc();
        }
    }

    /// What is kept in memory, over all municipalities.
    pub(in crate::service) fn entities(&self, sizes: SizeGauges) {
        let Families { kept_registrations, entities, .. } = &self.families;
        kept_registrations.with_label_values::<&str>(&[]).set(sizes.kept_registrations);
        entities.with_label_values(&["carer"]).set(sizes.carers);
        entities.with_label_values(&["client"]).set(sizes.clients);
    }

    /// When the next payout of a municipality runs.
    pub(in crate::service) fn next_payout(&self, municipality: &str, at: UtcSecond) {
        self.families.next_payout.with_label_values(&[municipality]).set(at.0 as f64);
    }

    /// A fault that an operator must see.
    pub(in crate::service) fn incident(&self, partition: i32, incident: &Incident) {
        self.families.troubles.with_label_values(&[incident_kind(incident)]).inc();
        match incident {
            Incident::Gap { from, to } => tracing::error!(
                partition,
                from,
                to,
                "records were deleted before they were assessed; lengthen the feed's retention"
            ),
            Incident::Recreated { expected, high } => tracing::error!(
                partition,
                expected,
                high,
                "the feed ends before what was assessed: it was made anew or lost its end"
            ),
            Incident::BaselineIncomplete { until } => tracing::warn!(
                partition, until = %until, "the feed does not reach back over the baseline; alerts say so"
            ),
            Incident::OtherPartition { municipality, owner } => tracing::error!(
                partition,
                municipality,
                owner,
                "a municipality is fed by two partitions; key the feed by municipality"
            ),
            Incident::Unreadable { rejection } => tracing::error!(
                partition,
                reason = rejection.reason.code(),
                "a record of an output topic can't be read back"
            ),
            Incident::Isolating { offset } => tracing::error!(
                partition,
                offset,
                "the program failed; the partition is built up again to find out on which record"
            ),
            Incident::Panicked { offset } => tracing::error!(
                partition,
                offset,
                "the program failed on a record; it is left out and quarantined"
            ),
            Incident::TooManyUnassessed { assessed_through } => tracing::error!(
                partition,
                assessed_through,
                "more ranges of records are in quarantine than a progress record holds: progress stays here, and \
                 nothing after it can be paid; find the source of the refused records"
            ),
            Incident::ForeignAlerts => tracing::warn!(
                partition,
                "another owner wrote alerts in between; the difference was published again"
            ),
            Incident::TopicChanged { topic, found } => {
                tracing::error!(topic, found, "a topic is not as it was when the service started");
            }
            Incident::LargeChange { municipality, alerts } => tracing::warn!(
                partition,
                municipality,
                alerts,
                "changed facts may move many alerts: they are derived again, and what differs is published"
            ),
            Incident::UnreadableBatch { from, to } => tracing::error!(
                partition,
                from,
                to,
                "the client library can't read records of the feed: they are unassessed, and the rest goes on"
            ),
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Makes the series that are known to come, as zero.
fn begin(families: &Families, open: Option<(&str, &str)>, rules: &[String]) {
    for (spec, family) in families.each() {
        for values in beginnings(spec, open, rules) {
            family.begin(&values.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

/// The place of a provider's kind among the label's values.
pub(in crate::service) const fn provider_number(kind: Option<ProviderKind>) -> usize {
    match kind {
        Some(ProviderKind::Municipal) => 0,
        Some(ProviderKind::Private) => 1,
        None => 2,
    }
}

const fn incident_kind(incident: &Incident) -> &'static str {
    labels::TROUBLES[match incident {
        Incident::Gap { .. } => 0,
        Incident::Recreated { .. } => 1,
        Incident::BaselineIncomplete { .. } => 2,
        Incident::OtherPartition { .. } => 3,
        Incident::Unreadable { .. } => 4,
        Incident::Isolating { .. } | Incident::Panicked { .. } => 5,
        Incident::ForeignAlerts => 6,
        Incident::TooManyUnassessed { .. } => 7,
        Incident::TopicChanged { .. } => 8,
        Incident::UnreadableBatch { .. } => 9,
        Incident::LargeChange { .. } => 10,
    }]
}

/// Seconds since 1970.
fn now_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests;
