//! What it costs to decode a registration with all checks, against the floor: `str::from_utf8` and
//! `serde_json::from_str` of the same bytes into a struct of borrowed fields, nothing checked.
//!
//! The ratio is taken in interleaved rounds, so that both sides meet the same machine.
#![expect(clippy::unwrap_used, reason = "the samples are ours")]

#[path = "contract/floor.rs"]
mod floor;
#[path = "contract/sample.rs"]
mod sample;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use floor::floor;
use sample::{SAMPLE, compact};
use tidvakt::contract::{parse_alert, parse_registration, write_alert, write_registration};
use tidvakt::domain::UtcSecond;

/// A plain record, as most are.
const PLAIN: &str = include_str!("../tests/golden/registration-plain.json");
const ALERT: &str = include_str!("../tests/golden/alert-opened.json");
const APPENDED_AT: UtcSecond = UtcSecond(1_772_600_000);

fn decode(bytes: &[u8]) {
    let record = parse_registration(black_box(bytes)).unwrap();
    black_box(record.registration(APPENDED_AT).unwrap());
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
    for (name, text) in [("sample", SAMPLE), ("plain", PLAIN)] {
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

criterion_group!(decoding, benches);
criterion_main!(decoding);
