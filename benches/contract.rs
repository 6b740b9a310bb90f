//! What it costs to decode a registration with all checks, against the floor: `str::from_utf8` and
//! `serde_json::from_str` of the same bytes into a struct of borrowed fields, nothing checked.
//!
//! The ratio is taken in interleaved rounds, so that both sides meet the same machine.
#![expect(clippy::unwrap_used, reason = "the samples are ours")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;
use tidvakt::contract::{parse_alert, parse_registration, write_alert, write_registration};
use tidvakt::domain::UtcSecond;

/// The contract's sample record, every field present.
const FULL: &str = include_str!("../tests/golden/registration-recorded.json");
/// A plain record, as most are.
const PLAIN: &str = include_str!("../tests/golden/registration-plain.json");
const ALERT: &str = include_str!("../tests/golden/alert-opened.json");
const APPENDED_AT: UtcSecond = UtcSecond(1_772_600_000);

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct Floor<'a> {
    schema_version: u32,
    event_type: &'a str,
    registration_id: &'a str,
    version: u32,
    municipality: &'a str,
    provider_id: &'a str,
    unit_id: Option<&'a str>,
    carer_ref: &'a str,
    client_ref: &'a str,
    order_id: Option<&'a str>,
    planned_start: Option<&'a str>,
    planned_end: Option<&'a str>,
    start_at: &'a str,
    end_at: Option<&'a str>,
    #[serde(borrow)]
    start_capture: Option<FloorCapture<'a>>,
    #[serde(borrow)]
    end_capture: Option<FloorCapture<'a>>,
    visit_kind: Option<&'a str>,
    outcome: Option<&'a str>,
    #[serde(borrow)]
    tasks: Option<Vec<FloorTask<'a>>>,
    required_staff: Option<u8>,
    #[serde(borrow)]
    partner_registration_ids: Option<Vec<&'a str>>,
    trainee: Option<bool>,
    billable: Option<bool>,
    shared_visit_id: Option<&'a str>,
    #[serde(borrow)]
    edits: Option<Vec<FloorEdit<'a>>>,
    #[serde(borrow)]
    payment: Option<FloorPayment<'a>>,
    #[serde(borrow)]
    source: Option<FloorSource<'a>>,
    emitted_at: Option<&'a str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorCapture<'a> {
    method: Option<&'a str>,
    tag_ref: Option<&'a str>,
    device_ref: Option<&'a str>,
    recorded_at: Option<&'a str>,
    synced_at: Option<&'a str>,
    geo: Option<FloorGeo>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorGeo {
    lat: f64,
    lon: f64,
    accuracy_m: Option<f64>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorTask<'a> {
    code: &'a str,
    minutes: Option<u16>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorEdit<'a> {
    field: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
    editor_ref: Option<&'a str>,
    editor_role: Option<&'a str>,
    at: &'a str,
    reason_code: Option<&'a str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorPayment<'a> {
    mode: Option<&'a str>,
    billable_seconds: Option<u32>,
    tariff_code: Option<&'a str>,
    pay_period: Option<&'a str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor only reads")]
struct FloorSource<'a> {
    system: Option<&'a str>,
    event_id: Option<&'a str>,
}

fn floor(bytes: &[u8]) {
    let text = std::str::from_utf8(black_box(bytes)).unwrap();
    black_box(serde_json::from_str::<Floor<'_>>(text).unwrap());
}

fn decode(bytes: &[u8]) {
    let record = parse_registration(black_box(bytes)).unwrap();
    black_box(record.registration(APPENDED_AT).unwrap());
}

/// The record without white space, as it stands on a topic.
fn compact(text: &str) -> Vec<u8> {
    let mut inside = false;
    text.bytes()
        .filter(|&byte| {
            inside ^= byte == b'"';
            inside || !byte.is_ascii_whitespace()
        })
        .collect()
}

/// Calls per round: few enough that most rounds end before a neighbour takes the core.
const CALLS: u32 = 200;
const ROUNDS: u32 = 3_000;

/// Nanoseconds per call, the least of all rounds, each side in turn.
fn least_nanos<const SIDES: usize>(mut sides: [&mut dyn FnMut(); SIDES]) -> [f64; SIDES] {
    let mut least = [Duration::MAX; SIDES];
    for _ in 0..ROUNDS {
        for (side, least) in sides.iter_mut().zip(&mut least) {
            let start = Instant::now();
            (0..CALLS).for_each(|_| side());
            *least = (*least).min(start.elapsed());
        }
    }
    least.map(|time| time.as_secs_f64() * 1e9 / f64::from(CALLS))
}

fn benches(c: &mut Criterion) {
    for (name, text) in [("sample", FULL), ("plain", PLAIN)] {
        let bytes = compact(text);
        let mut group = c.benchmark_group(format!("registration-{name}"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("floor", |b| b.iter(|| floor(&bytes)));
        group.bench_function("decode", |b| b.iter(|| decode(&bytes)));
        let record = parse_registration(&bytes).unwrap();
        let registration = record.registration(APPENDED_AT).unwrap();
        let mut out = Vec::with_capacity(4096);
        group.bench_function("encode", |b| {
            b.iter(|| {
                out.clear();
                write_registration(black_box(&registration), &mut out);
            });
        });
        group.finish();
        let [floor, decode] = least_nanos([&mut || floor(&bytes), &mut || decode(&bytes)]);
        let bytes = bytes.len();
        eprintln!(
            "{name}: {bytes} B, floor {floor:.0} ns, decode {decode:.0} ns, ratio {:.2}",
            decode / floor
        );
    }
    let alert = parse_alert(ALERT.as_bytes()).unwrap();
    let mut out = Vec::with_capacity(4096);
    let mut encode = || {
        out.clear();
        write_alert(black_box(&alert), &mut out);
    };
    c.bench_function("alert/encode", |b| b.iter(&mut encode));
    let [nanos] = least_nanos([&mut encode]);
    eprintln!("alert: {} B, encode {nanos:.0} ns", ALERT.trim_end().len());
}

criterion_group!(contract, benches);
criterion_main!(contract);
