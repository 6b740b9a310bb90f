//! Time of one registration beside many others: by shape, microseconds of processor time per registration with 10, 100,
//! 1,000 and 10,000 neighbours, the visits that were read, and the bytes of the largest alert as its record is published.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and may fail")]

use std::sync::Arc;
use std::time::Duration;

use tidvakt::config::Config;
use tidvakt::contract;
use tidvakt::domain::{Alert, AlertState, Provenance, PublishedAlert, UtcSecond};
use tidvakt::engine::{Engine, Input, Output, Position};

/// 2026-03-02 00:00 UTC.
const MONDAY: i64 = 1_772_409_600;
const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];
const REGISTRATIONS: usize = 10_000;

/// Carer, client, second of the start and length of the `number`-th visit of `count`.
type Shape = (&'static str, fn(i64, i64) -> (String, String, i64, i64));

const SHAPES: [Shape; 6] = [
    ("one carer at N clients at once", |n, _| ("ann".into(), format!("c{n}"), 28_800, 1_800)),
    ("N carers at one client at once", |n, _| (format!("a{n}"), "bo".into(), 28_800, 1_800)),
    ("one pair, N visits in a row", |n, _| ("ann".into(), "bo".into(), 3 * n, 3)),
    ("one pair, N visits of no length", |_, _| ("ann".into(), "bo".into(), 28_800, 0)),
    ("one long visit over N short ones", |n, count| match n {
        0 => ("ann".into(), "eva".into(), 0, 86_000),
        _ => ("ann".into(), format!("c{}", n % 7), 85_000 / count * n, 85_000 / count),
    }),
    ("a placeholder with N visits a day", |n, _| {
        ("vikarie".into(), format!("c{}", n % 300), 21_600 + n * 97 % 50_400, 1_800)
    }),
];

fn record(shape: &Shape, number: i64, count: i64) -> String {
    let (carer, client, second, seconds) = (shape.1)(number, count);
    let [start, end] = [second, second + seconds].map(|at| UtcSecond(MONDAY + at).to_string());
    format!(
        r#"{{"schema_version":1,"event_type":"recorded","registration_id":"R{number:05}","version":1,"municipality":"0181","provider_id":"P1","carer_ref":"{carer}","client_ref":"{client}","start_at":"{start}","end_at":"{end}","start_capture":{{"method":"nfc_tag"}},"end_capture":{{"method":"nfc_tag"}}}}"#
    )
}

/// Bytes of the record by which an alert is published.
fn record_bytes(alert: Alert, buffer: &mut Vec<u8>) -> usize {
    let provenance = Provenance {
        topic: "tidvakt.registrations.v1".to_owned(),
        partition: 0,
        offset: alert.offset,
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        config_hash: "0".repeat(16),
        baseline_incomplete: false,
    };
    let alert = contract::fitting(alert);
    let published = PublishedAlert { alert, state: AlertState::Opened, revision: 1, provenance };
    buffer.clear();
    contract::write_alert(&published, buffer);
    buffer.len()
}

/// Time that this thread has been on a processor.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}

/// Microseconds per registration, visits read per registration, bytes of the largest alert; over as many engines as
/// together take [`REGISTRATIONS`].
fn measure(shape: &Shape, count: usize) -> (f64, f64, usize) {
    let config = Config::defaults();
    let settings = Arc::new(config.engine.of("0181"));
    let appended_at = UtcSecond(MONDAY + 10 * 86_400);
    let records: Vec<String> = (0..count).map(|number| record(shape, number as i64, count as i64)).collect();
    let parsed: Vec<_> =
        records.iter().map(|text| contract::parse_registration(text.as_bytes()).unwrap()).collect();
    let registrations: Vec<_> =
        parsed.iter().map(|parsed| parsed.registration(appended_at).unwrap()).collect();
    let (mut spent, mut work, mut out, mut largest) = (Duration::ZERO, 0, Vec::new(), 0);
    let mut buffer = Vec::new();
    for _ in 0..REGISTRATIONS / count {
        let rules = tidvakt::rules::build(&config.rules).unwrap();
        let mut engine = Engine::new(Arc::clone(&settings), rules);
        let before = on_processor();
        for (offset, registration) in (0..).zip(&registrations) {
            let at = Position { offset, appended_at };
            engine.apply(Input::Registered { registration, at }, &mut out);
        }
        spent += on_processor() - before;
        work += engine.work();
        for output in out.drain(..) {
            if let Output::Alert(alert) = output {
                largest = largest.max(record_bytes(*alert, &mut buffer));
            }
        }
    }
    let each = |of_all: f64| of_all / REGISTRATIONS as f64;
    (each(spent.as_secs_f64() * 1e6), each(work as f64), largest)
}

fn main() {
    println!("{:<36} {:>7} {:>12} {:>10} {:>14}", "shape", "N", "µs each", "work each", "largest alert");
    for shape in &SHAPES {
        for count in COUNTS {
            let (micros, work, largest) = measure(shape, count);
            println!("{:<36} {count:>7} {micros:>12.1} {work:>10.0} {largest:>14}", shape.0);
        }
    }
}
