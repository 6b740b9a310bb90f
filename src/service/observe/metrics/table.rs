//! The metrics as `config/README.md` shows them.

use std::fmt::Write;

use super::catalogue::CATALOGUE;
use super::labels::{MetricLabel, Values};

/// Metrics of the standard process collector, beside the program's own.
const PROCESS: &[(&str, &str, &str)] = &[
    ("process_cpu_seconds_total", "counter", "Processor time, of all threads."),
    ("process_max_fds", "gauge", "File descriptors that the process may have."),
    ("process_open_fds", "gauge", "File descriptors that it has."),
    ("process_resident_memory_bytes", "gauge", "Memory that it uses."),
    ("process_start_time_seconds", "gauge", "When it began, in seconds since 1970."),
    ("process_threads", "gauge", "Its threads."),
    ("process_virtual_memory_bytes", "gauge", "Addresses that it has taken."),
];

/// All metrics as a Markdown table.
#[must_use]
pub fn metrics_table() -> String {
    let mut table = "| Metric | Type | Labels | Says |\n|---|---|---|---|\n".to_owned();
    for spec in CATALOGUE {
        let labels: Vec<String> = spec.labels.iter().map(said).collect();
        let kind = spec.kind.type_name();
        let _ = writeln!(table, "| `{}` | {kind} | {} | {} |", spec.name, labels.join("; "), spec.help);
    }
    for (name, kind, help) in PROCESS {
        let _ = writeln!(table, "| `{name}` | {kind} | | {help} |");
    }
    table
}

fn said(label: &MetricLabel) -> String {
    let values = match label.values {
        Values::Fixed(values) => values.join(", "),
        Values::Rules => "id of a rule that is on".to_owned(),
        Values::Reasons => "code of the closed list".to_owned(),
        Values::Open(bound) => bound.to_owned(),
    };
    format!("`{}`: {values}", label.name)
}
