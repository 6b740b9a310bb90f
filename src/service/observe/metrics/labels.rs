//! The labels of the metrics: each takes its values from a list that is closed, or bounded by what
//! this instance was given. A carer, a client or a registration is never one of them.

use crate::domain::FactBody;

/// A label and what bounds its values.
#[derive(Clone, Copy, Debug)]
pub struct MetricLabel {
    /// Its name.
    pub name: &'static str,
    /// What it can say.
    pub values: Values,
}

/// What a label can say.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// One of these words.
    Fixed(&'static [&'static str]),
    /// The id of a rule that is on.
    Rules,
    /// A code of the closed list of rejections.
    Reasons,
    /// Known only while running; the text says what bounds it.
    Open(&'static str),
}

/// In the order of `DispositionCounts::each`.
pub(super) const DISPOSITIONS: [&str; 4] = ["scored", "repeat", "stale", "quarantined"];
/// In the order of the stages.
pub(super) const STAGES: [&str; 6] =
    ["read", "assessed", "published", "acknowledged", "progress", "committed"];
/// In the order of the topics.
pub(super) const TOPICS: [&str; 3] = ["alerts", "progress", "quarantine"];
pub(super) const PROVIDER_KINDS: [&str; 3] = ["municipal", "private", "unknown"];
/// In the order of `incident_kind`.
pub(super) const TROUBLES: [&str; 11] = [
    "gap",
    "recreated",
    "baseline-incomplete",
    "municipality-in-another-partition",
    "unreadable",
    "panicked",
    "foreign-alerts",
    "too-many-unassessed",
    "topic-changed",
    "unreadable-batch",
    "large-change",
];
/// States of current holds; a superseded hold is no longer current.
pub(super) const HOLDS_STAND: [&str; 5] = ["proposed", "confirmed", "released", "upheld", "expired"];
/// In the order of `ProviderRecords`.
pub(super) const USES: [&str; 2] = ["used", "quarantined"];
/// In the order of `PositionFault`.
pub(super) const POSITION_FAULTS: [&str; 4] = ["zero", "swapped", "outside-area", "far-from-all"];
pub(super) const BASELINES: [&str; 2] = ["cold", "warm"];
/// One, and each a tenth of the one before.
pub(super) const AT_MOST_VALUES: [&str; 5] = ["1", "0.1", "0.01", "0.001", "0.0001"];
pub(super) const CLIENTS: [&str; 4] = ["feed", "group", "producer", "reference"];
/// In the order in which an instance goes through them.
pub(in crate::service) const PHASES: [&str; 4] = ["starting", "replaying", "live", "draining"];

const fn fixed(name: &'static str, values: &'static [&'static str]) -> MetricLabel {
    MetricLabel { name, values: Values::Fixed(values) }
}

const fn open(name: &'static str, bound: &'static str) -> MetricLabel {
    MetricLabel { name, values: Values::Open(bound) }
}

pub(super) const RESULT: MetricLabel = fixed("result", &DISPOSITIONS);
pub(super) const REASON: MetricLabel = MetricLabel { name: "reason", values: Values::Reasons };
pub(super) const RULE: MetricLabel = MetricLabel { name: "rule", values: Values::Rules };
pub(super) const GRADE: MetricLabel = fixed("grade", &["observe", "review", "hold"]);
pub(super) const ALERT_GRADE: MetricLabel = fixed("grade", &["review", "hold"]);
pub(super) const ALERT_STATE: MetricLabel = fixed("state", &["opened", "revised", "withdrawn"]);
pub(super) const PROVIDER_KIND: MetricLabel = fixed("provider_kind", &PROVIDER_KINDS);
pub(super) const HOLD_STANDS: MetricLabel = fixed("state", &HOLDS_STAND);
pub(super) const HOLD_STATE: MetricLabel =
    fixed("state", &["proposed", "confirmed", "released", "upheld", "expired", "superseded"]);
pub(super) const REFERENCE: MetricLabel = fixed("result", &["fact", "decision", "refused"]);
pub(super) const STAGE: MetricLabel = fixed("stage", &STAGES);
pub(super) const TOPIC: MetricLabel = fixed("topic", &TOPICS);
pub(super) const QUEUE: MetricLabel = fixed("state", &["waiting", "in-flight"]);
pub(super) const TROUBLE: MetricLabel = fixed("kind", &TROUBLES);
pub(super) const LOG_ERROR: MetricLabel =
    fixed("kind", &["fenced", "unavailable", "refused", "undetermined", "unreadable", "truncated"]);
pub(super) const COMMIT_FAILURE: MetricLabel = fixed("kind", &["rebalance", "fenced", "other"]);
pub(super) const REBALANCE: MetricLabel = fixed("kind", &["assigned", "revoked", "lost"]);
pub(super) const CLIENT: MetricLabel = fixed("client", &CLIENTS);
pub(super) const DIRECTION: MetricLabel = fixed("direction", &["received", "sent"]);
pub(super) const PERCENTILE: MetricLabel = fixed("percentile", &["50", "99"]);
pub(super) const PHASE: MetricLabel = fixed("phase", &PHASES);
pub(super) const RESTART_PHASE: MetricLabel = fixed("phase", &["starting", "replaying"]);
pub(super) const PARTITION_PHASE: MetricLabel = fixed("phase", &["replaying", "live"]);
pub(super) const ENTITY: MetricLabel = fixed("kind", &["carer", "client"]);
pub(super) const POSITION_FAULT: MetricLabel = fixed("reason", &POSITION_FAULTS);
pub(super) const AT_MOST: MetricLabel = fixed("at_most", &AT_MOST_VALUES);
pub(super) const BASELINE: MetricLabel = fixed("state", &BASELINES);
pub(super) const BREAKER: MetricLabel = fixed("state", &["opened", "closed"]);
pub(super) const PARTITION: MetricLabel = open("partition", "of the feed, while it is this instance's");
/// The code of a municipality names no person, and one instance has at most Sweden's 290.
pub(super) const MUNICIPALITY: MetricLabel = open("municipality", "code, while it is this instance's");
pub(super) const FACT_TYPE: MetricLabel = fixed("type", &FactBody::TYPES);
pub(super) const PROVIDER: MetricLabel =
    open("provider", "id in the records, at most 220 of a municipality, else `unknown` or `other`");
pub(super) const USE: MetricLabel = fixed("result", &USES);
pub(super) const FACT: MetricLabel = open("fact", "a word that the rule's file gives");
pub(super) const BROKER: MetricLabel = open("broker", "number of a node of the cluster");
pub(super) const THREAD: MetricLabel =
    open("thread", "`worker-0` and so on, `group`, `reference`, `contact`, `supervisor`");
pub(super) const VERSION: MetricLabel = open("version", "of the program");
pub(super) const CONFIG_HASH: MetricLabel = open("config_hash", "as in progress and alerts");
pub(super) const GROUP_ID: MetricLabel = open("group_id", "`kafka.group_id`");
