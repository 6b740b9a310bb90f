//! What a metric is.

use super::labels::MetricLabel;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Counts up.
    Counter,
    /// Adds amounts up.
    Sum,
    /// Goes up and down, in whole numbers.
    Gauge,
    /// Goes up and down.
    Level,
    /// When something happened last, in seconds since 1970; not there before it ever did.
    Time,
    /// From a registration's append to its acknowledged alert; the objectives are 2 ms at the median
    /// and 10 ms at p99.
    EndToEnd,
    /// How long a broker takes to acknowledge.
    Publish,
}

impl MetricKind {
    /// As Prometheus calls it.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Counter | Self::Sum => "counter",
            Self::Gauge | Self::Level | Self::Time => "gauge",
            Self::EndToEnd | Self::Publish => "histogram",
        }
    }

    /// Upper bounds of a histogram's buckets, in seconds: at the objectives, and where it hurts.
    pub(super) const fn buckets(self) -> &'static [f64] {
        match self {
            Self::EndToEnd => &[0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 10.0, 60.0, 600.0],
            _ => &[0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1.0, 10.0],
        }
    }
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name, with the unit.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// Its labels.
    pub labels: &'static [MetricLabel],
    /// What it says.
    pub help: &'static str,
}
