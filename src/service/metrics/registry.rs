//! The metrics' names, helps and labels, and the text that Prometheus reads.

use std::sync::Mutex;

use prometheus::core::Collector;
use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use super::{COMMIT_FAILURES, Metrics, Sizes, TROUBLES};
use crate::domain::{Grade, Reason};

const LATENCY_SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];

/// Makes metrics and registers them.
struct Maker(Registry);

impl Maker {
    fn add<M: Collector + Clone + 'static>(&self, made: prometheus::Result<M>) -> M {
        let made = made.expect("names and labels are valid");
        self.0.register(Box::new(made.clone())).expect("each name once");
        made
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.add(IntCounterVec::new(Opts::new(name, help), labels))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.add(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.add(IntGauge::new(name, help))
    }
}

impl Metrics {
    /// Metrics in a registry of their own, for rules with the given ids; what is known to come is
    /// there from the start, as zero.
    #[must_use]
    pub fn new(rules: &[&str]) -> Self {
        let make = Maker(Registry::new());
        let build = make.gauges("tidvakt_build_info", "1, with the version of the program.", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let metrics = Self::register(make);
        for result in ["scored", "repeat", "stale", "quarantined"] {
            metrics.registrations.with_label_values(&[result]);
        }
        for reason in Reason::ALL {
            metrics.quarantined.with_label_values(&[reason.code()]);
        }
        for rule in rules {
            for grade in [Grade::Observe, Grade::Review, Grade::Hold] {
                metrics.findings.with_label_values(&[*rule, grade.as_str()]);
            }
        }
        for state in ["opened", "revised", "withdrawn"] {
            metrics.alerts.with_label_values(&[state]);
        }
        for result in ["fact", "decision", "refused"] {
            metrics.reference.with_label_values(&[result]);
        }
        for kind in TROUBLES {
            metrics.troubles.with_label_values(&[kind]);
        }
        for kind in ["assigned", "revoked", "lost"] {
            metrics.rebalances.with_label_values(&[kind]);
        }
        for kind in COMMIT_FAILURES {
            metrics.commit_failures.with_label_values(&[kind]);
        }
        metrics.entities(Sizes::default());
        metrics.phases(0, 0);
        metrics
    }

    fn register(make: Maker) -> Self {
        let replay = ("tidvakt_restart_replay_seconds", "Seconds that the last replay of a partition took.");
        Self {
            registrations: make.counters(
                "tidvakt_registrations_total",
                "Records of the feed, by what became of them.",
                &["result"],
            ),
            quarantined: make.counters(
                "tidvakt_quarantined_total",
                "Records of the feed that could not be used.",
                &["reason"],
            ),
            findings: make.counters("tidvakt_findings_total", "Findings that came new.", &["rule", "grade"]),
            undetermined: make.counters(
                "tidvakt_undetermined_total",
                "Answers that a rule could not give for want of a fact.",
                &["rule", "fact"],
            ),
            alerts: make.counters(
                "tidvakt_alerts_published_total",
                "Alerts handed to the alert topic.",
                &["state"],
            ),
            reference: make.counters(
                "tidvakt_reference_records_total",
                "Records of the reference and decision topics.",
                &["result"],
            ),
            troubles: make.counters("tidvakt_troubles_total", "What an operator must hear of.", &["kind"]),
            rebalances: make.counters(
                "tidvakt_rebalances_total",
                "Changes of the group's assignment.",
                &["kind"],
            ),
            commit_failures: make.counters(
                "tidvakt_commit_failures_total",
                "Commits that the group refused.",
                &["kind"],
            ),
            open_alerts: make.gauge("tidvakt_open_alerts", "Alerts that stand."),
            open_holds: make.gauge("tidvakt_open_holds", "Holds that stand."),
            open_holds_ore: make.gauge("tidvakt_open_holds_ore", "Amount of the holds that stand, in öre."),
            kept_registrations: make.gauge("tidvakt_kept_registrations", "Registrations kept in memory."),
            entities: make.gauges("tidvakt_entities", "Carers and clients kept in memory.", &["kind"]),
            phases: make.gauges(
                "tidvakt_partition_phase",
                "Partitions of this instance, by phase.",
                &["phase"],
            ),
            replay_seconds: make.add(Gauge::new(replay.0, replay.1)),
            last_registration: make.gauge(
                "tidvakt_last_registration_timestamp_seconds",
                "Append time of the newest record worked on.",
            ),
            last_progress: make
                .gauge("tidvakt_last_progress_timestamp_seconds", "When progress was last told."),
            lag: make.gauges(
                "tidvakt_consumer_lag_messages",
                "Records of the feed that wait.",
                &["partition"],
            ),
            latency: make.add(latency()),
            told: Mutex::default(),
            registry: make.0,
        }
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
}

fn latency() -> prometheus::Result<Histogram> {
    let name = "tidvakt_end_to_end_latency_seconds";
    let opts = HistogramOpts::new(name, "Seconds from a registration's append to its acknowledged alert.");
    Histogram::with_opts(opts.buckets(LATENCY_SECONDS.to_vec()))
}
