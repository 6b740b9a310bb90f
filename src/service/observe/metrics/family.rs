//! A metric with all its series: how it is made, filled with zeros, and cleared.

use std::collections::HashMap;

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::{
    CounterVec, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, Result,
};

use super::labels::{MetricLabel, Values};
use super::spec::{MetricKind, Spec};
use crate::domain::Reason;

/// A metric whatever its kind.
pub(super) trait Family {
    /// Makes the series with these label values, as zero.
    fn begin(&self, values: &[&str]);

    /// Drops every series whose `label` has this value.
    fn forget(&self, label: &str, value: &str);
}

impl<T: MetricVecBuilder> Family for MetricVec<T> {
    fn begin(&self, values: &[&str]) {
        self.with_label_values(values);
    }

    fn forget(&self, label: &str, value: &str) {
        for family in Collector::collect(self) {
            for metric in family.get_metric() {
                let labels: HashMap<&str, &str> =
                    metric.get_label().iter().map(|pair| (pair.name(), pair.value())).collect();
                if labels.get(label) == Some(&value) {
                    // It was there a moment ago, and one thread at a time drops it.
                    let _ = self.remove(&labels);
                }
            }
        }
    }
}

/// A metric that is made from its description.
pub(super) trait Made: Collector + Clone + Sized + 'static {
    fn made(spec: &Spec, labels: &[&str]) -> Result<Self>;

    fn registered(spec: &Spec, registry: &Registry) -> Self {
        let labels: Vec<&str> = spec.labels.iter().map(|label| label.name).collect();
        let made = Self::made(spec, &labels).expect("names and labels are valid");
        registry.register(Box::new(made.clone())).expect("each name once");
        made
    }
}

macro_rules! made_from_opts {
    ($($family:ty),*) => {$(
        impl Made for $family {
            fn made(spec: &Spec, labels: &[&str]) -> Result<Self> {
                Self::new(Opts::new(spec.name, spec.help), labels)
            }
        }
    )*};
}

made_from_opts!(IntCounterVec, CounterVec, IntGaugeVec, GaugeVec);

impl Made for HistogramVec {
    fn made(spec: &Spec, labels: &[&str]) -> Result<Self> {
        let opts = HistogramOpts::new(spec.name, spec.help).buckets(spec.kind.buckets().to_vec());
        Self::new(opts, labels)
    }
}

/// The label values of a metric that are known beforehand, once the label `open` has a value; with
/// `None`, those of metrics whose labels are all closed. None of a time: it is not there before it is.
pub(super) fn beginnings(spec: &Spec, open: Option<(&str, &str)>, rules: &[String]) -> Vec<Vec<String>> {
    let opens = |label: &MetricLabel| open.is_some_and(|(name, _)| name == label.name);
    if spec.kind == MetricKind::Time || open.is_some() != spec.labels.iter().any(opens) {
        return Vec::new();
    }
    let mut known: Vec<Vec<String>> = vec![Vec::new()];
    for label in spec.labels {
        let values: Vec<String> = match label.values {
            Values::Fixed(values) => values.iter().map(|value| (*value).to_owned()).collect(),
            Values::Rules => rules.to_vec(),
            Values::Reasons => Reason::ALL.iter().map(|reason| reason.code().to_owned()).collect(),
            Values::Open(_) => {
                open.filter(|_| opens(label)).into_iter().map(|(_, value)| value.to_owned()).collect()
            }
        };
        let longer = |known: &Vec<String>| {
            let known = known.clone();
            values.iter().map(move |value| known.iter().cloned().chain([value.clone()]).collect()).collect()
        };
        known = known.iter().flat_map(|known| -> Vec<Vec<String>> { longer(known) }).collect();
    }
    known
}
