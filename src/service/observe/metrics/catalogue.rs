//! All metrics: names, units, labels and meaning, in one list. The registry is made from it, and so
//! is the table in `config/README.md`.

use prometheus::{CounterVec, GaugeVec, HistogramVec, IntCounterVec, IntGaugeVec, Registry};

use super::family::{Family, Made};
use super::labels::{
    ALERT_GRADE, ALERT_STATE, AT_MOST, BASELINE, BREAKER, BROKER, CLIENT, COMMIT_FAILURE, CONFIG_HASH,
    DIRECTION, ENTITY, FACT, FACT_TYPE, GRADE, GROUP_ID, HOLD_STANDS, HOLD_STATE, LOG_ERROR, MUNICIPALITY,
    PARTITION, PARTITION_PHASE, PERCENTILE, PHASE, POSITION_FAULT, PROVIDER, PROVIDER_KIND, QUEUE, REASON,
    REBALANCE, REFERENCE, RESTART_PHASE, RESULT, RULE, STAGE, THREAD, TOPIC, TROUBLE, USE, VERSION,
};
use super::spec::{MetricKind, Spec};

macro_rules! family {
    (Counter) => {
        IntCounterVec
    };
    (Sum) => {
        CounterVec
    };
    (Gauge) => {
        IntGaugeVec
    };
    (Level) => {
        GaugeVec
    };
    (Time) => {
        GaugeVec
    };
    (EndToEnd) => {
        HistogramVec
    };
    (Publish) => {
        HistogramVec
    };
}

macro_rules! catalogue {
    ($($field:ident: $kind:ident $name:literal [$($label:ident),*] $help:literal;)*) => {
        /// Every metric of the program's own.
        pub const CATALOGUE: &[Spec] = &[$(
            Spec { name: $name, kind: MetricKind::$kind, labels: &[$($label),*], help: $help },
        )*];

        /// The metrics themselves.
        pub(super) struct Families { $(pub(super) $field: family!($kind),)* }

        impl Families {
            /// The metrics, registered in `registry`.
            pub(super) fn new(registry: &Registry) -> Self {
                let mut specs = CATALOGUE.iter();
                let mut next = || specs.next().expect("as many metrics as descriptions");
                Self { $($field: <family!($kind)>::registered(next(), registry),)* }
            }

            /// Each metric with its description, in the order of the list.
            pub(super) fn each(&self) -> impl Iterator<Item = (&'static Spec, &dyn Family)> {
                let families: Vec<&dyn Family> = vec![$(&self.$field),*];
                CATALOGUE.iter().zip(families)
            }
        }
    };
}

catalogue! {
    registrations: Counter "tidvakt_registrations_total" [RESULT]
        "Records of the feed, each once, by what became of them.";
    quarantined: Counter "tidvakt_quarantined_total" [REASON]
        "Records of the feed that could not be used.";
    provider_records: Counter "tidvakt_provider_records_total" [MUNICIPALITY, PROVIDER, USE]
        "Records of the feed by the provider that they name, and whether they could be used.";
    visits: Counter "tidvakt_visits_total" [MUNICIPALITY, PROVIDER_KIND]
        "First versions of registrations taken in: what alerts are counted against.";
    reference: Counter "tidvakt_reference_records_total" [REFERENCE]
        "Records of the reference and decision topics.";
    last_fact: Time "tidvakt_last_fact_timestamp_seconds" [MUNICIPALITY, FACT_TYPE]
        "Append time of the newest fact.";
    last_registration: Time "tidvakt_last_registration_timestamp_seconds" [MUNICIPALITY]
        "Append time of the newest registration.";
    lag: Gauge "tidvakt_feed_lag_records" [PARTITION]
        "Records of the feed that wait to be worked on.";
    unassessed: Gauge "tidvakt_unassessed_records" [PARTITION]
        "Records of the feed that no progress record covers yet: payout waits for them.";
    quarantined_ranges: Gauge "tidvakt_quarantined_ranges" [PARTITION]
        "Ranges of offsets in quarantine that the feed still holds: with more than 10,000 of a partition, its progress stops.";
    clock_skew: Level "tidvakt_clock_skew_seconds" []
        "Least time between a record's append and its reading, over the last minute with records at the end of the feed: far above zero, this machine's clock is ahead of the broker's; below zero, it is behind.";

    stage_records: Counter "tidvakt_stage_records_total" [STAGE]
        "Records that passed a stage; `read` also counts what is read again in a replay.";
    stage_last: Time "tidvakt_stage_last_timestamp_seconds" [STAGE]
        "When a stage last passed a record on.";
    latency: EndToEnd "tidvakt_end_to_end_latency_seconds" []
        "From a registration's append to its acknowledged alert; not what is older than a day.";
    published: Counter "tidvakt_published_records_total" [TOPIC]
        "Records handed to the broker.";
    publish_failures: Counter "tidvakt_publish_failures_total" [TOPIC]
        "Records that the broker did not take.";
    publish_latency: Publish "tidvakt_publish_latency_seconds" [TOPIC]
        "From handing a record over to its acknowledgement.";
    publish_queue: Gauge "tidvakt_publish_queue_records" [QUEUE]
        "Records that wait to be handed over, or for their acknowledgement.";
    commit_failures: Counter "tidvakt_commit_failures_total" [COMMIT_FAILURE]
        "Commits that the group refused.";
    rebalances: Counter "tidvakt_rebalances_total" [REBALANCE]
        "Changes of the group's assignment.";
    last_rebalance: Time "tidvakt_last_rebalance_timestamp_seconds" []
        "When the group's assignment last changed.";
    log_errors: Counter "tidvakt_log_errors_total" [LOG_ERROR]
        "Errors of the log, by kind.";
    troubles: Counter "tidvakt_troubles_total" [TROUBLE]
        "What an operator must hear of.";

    broker_answer: Level "tidvakt_broker_answer_age_seconds" []
        "Time since a broker last answered, or since the start where none has: the age of every other series while it grows.";
    kafka_rtt: Level "tidvakt_kafka_broker_rtt_seconds" [CLIENT, BROKER, PERCENTILE]
        "Round trip of requests to a broker, the slowest client of its kind.";
    kafka_up: Gauge "tidvakt_kafka_broker_up" [CLIENT, BROKER]
        "1 while every client of its kind is connected to the broker.";
    kafka_errors: Counter "tidvakt_kafka_request_errors_total" [CLIENT]
        "Requests to brokers that failed.";
    kafka_timeouts: Counter "tidvakt_kafka_request_timeouts_total" [CLIENT]
        "Requests to brokers that were not answered in time.";
    kafka_bytes: Counter "tidvakt_kafka_bytes_total" [CLIENT, DIRECTION]
        "Bytes received from and sent to brokers.";
    kafka_queue: Gauge "tidvakt_kafka_queue_messages" [CLIENT]
        "Messages in the client library: fetched and not yet read, or not yet acknowledged.";
    kafka_statistics: Time "tidvakt_kafka_statistics_timestamp_seconds" [CLIENT]
        "When a client of this kind last gave its statistics.";

    findings: Counter "tidvakt_findings_total" [RULE, GRADE]
        "Findings that came new.";
    undetermined: Counter "tidvakt_undetermined_total" [RULE, FACT]
        "Answers that a rule could not give for want of a fact.";
    ignored_positions: Counter "tidvakt_positions_ignored_total" [POSITION_FAULT]
        "Positions of homes and visits that cannot be meant, and were taken for none.";
    alerts: Counter "tidvakt_alerts_total" [MUNICIPALITY, ALERT_STATE, ALERT_GRADE, PROVIDER_KIND]
        "Alerts handed to the alert topic.";
    alerts_by_rule: Counter "tidvakt_alerts_by_rule_total" [RULE, ALERT_STATE, PROVIDER_KIND]
        "The same by the rules that have a finding in them: an alert of two rules counts for both.";
    open_alerts: Gauge "tidvakt_open_alerts" [MUNICIPALITY, ALERT_GRADE]
        "Open alerts.";
    p_values: Counter "tidvakt_p_values_total" [AT_MOST]
        "Combined p-values of assessed registrations, by how small they are; each also counts under all larger bounds.";
    cold_registrations: Counter "tidvakt_baseline_cold_registrations_total" []
        "Registrations assessed without such a value: open visits, or signals that have seen too little.";
    baseline_carers: Gauge "tidvakt_baseline_carers" [BASELINE]
        "Carers, by whether their usual length of visits was learnt from at least 20.";
    breakers: Gauge "tidvakt_breakers_open" [RULE]
        "Municipalities in which the rule proposed more holds about some day than is plausible, so that those wait.";
    breaker_changes: Counter "tidvakt_breaker_changes_total" [RULE, BREAKER]
        "Breakers that opened or closed.";
    budget: Gauge "tidvakt_review_budget_cases" [MUNICIPALITY]
        "Cases of grade review that the desk takes a day.";
    budget_used: Gauge "tidvakt_review_budget_used_cases" [MUNICIPALITY]
        "Cases of grade review that came out on the latest day.";
    waiting_alerts: Gauge "tidvakt_review_waiting_alerts" [MUNICIPALITY]
        "Open alerts that wait because the desk takes no more cases on that day.";

    holds: Gauge "tidvakt_holds" [MUNICIPALITY, HOLD_STANDS]
        "Current holds, by state.";
    holds_kronor: Level "tidvakt_holds_kronor" [MUNICIPALITY, HOLD_STANDS]
        "Their amount.";
    hold_changes: Counter "tidvakt_hold_changes_total" [MUNICIPALITY, HOLD_STATE]
        "Holds that came into a state.";
    hold_changes_kronor: Sum "tidvakt_hold_changes_kronor_total" [MUNICIPALITY, HOLD_STATE]
        "Their amount at that time.";
    next_payout: Time "tidvakt_next_payout_timestamp_seconds" [MUNICIPALITY]
        "The next payout run.";
    capped_providers: Gauge "tidvakt_capped_providers" [MUNICIPALITY]
        "Providers of whose month the machine holds as much as it may: further holds wait for a person.";

    instance_phase: Gauge "tidvakt_instance_phase" [PHASE]
        "1 for the phase that the instance is in, 0 for the others.";
    phase_duration: Level "tidvakt_phase_duration_seconds" [RESTART_PHASE]
        "How long the phase has lasted, or took when it was last gone through.";
    partitions: Gauge "tidvakt_partitions" [PARTITION_PHASE]
        "Partitions of this instance.";
    kept_registrations: Gauge "tidvakt_kept_registrations" []
        "Registrations kept in memory.";
    entities: Gauge "tidvakt_entities" [ENTITY]
        "Carers and clients kept in memory.";
    thread_beat: Time "tidvakt_thread_beat_timestamp_seconds" [THREAD]
        "When a thread last came round.";
    build_info: Gauge "tidvakt_build_info" [VERSION]
        "1, with the version of the program.";
    config_info: Gauge "tidvakt_config_info" [CONFIG_HASH, GROUP_ID]
        "1, with the settings that matter for results.";
}
