//! What one registration costs the engine, with 100,000 and with 1,000,000 registrations kept, as they come
//! when a log is caught up with: one after the other, and the look at pay periods once for many.
//!
//! Beside criterion's times it prints how many times the decode floor of the contract's sample record that is,
//! in rounds that take turns, so that both sides meet the same machine.
#![expect(clippy::print_stdout, reason = "the ratios are what it is for")]

mod engine {
    pub mod town;
}
#[path = "contract/floor.rs"]
mod floor;
#[path = "contract/sample.rs"]
mod sample;

use std::process::Command;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use engine::town::{DAYS, Filled, Town};
use floor::floor;
use sample::{SAMPLE, compact};

const CARERS: [usize; 2] = [100, 1000];
/// Registrations of a carer in a day.
const VISITS: usize = 10;
/// Clients of a carer.
const CLIENTS: usize = 7;
/// A round has so many registrations, which is at least a day's, and as many decodings.
const ROUND: usize = 10_000;
const ROUNDS: usize = 41;

fn kept(carers: usize) -> usize {
    carers * VISITS * DAYS
}

fn registration(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    let only_profiles = std::env::args().any(|arg| arg == "--profile-time" || arg == "--test");
    for carers in CARERS {
        let kept = kept(carers);
        // Filled only where this size is asked for, so that instructions can be counted for each.
        let mut filled: Option<Filled> = None;
        group.bench_function(BenchmarkId::new("registration", format!("{kept} kept")), |bencher| {
            let filled = filled.get_or_insert_with(|| Filled::new(Town::new(carers, VISITS, CLIENTS)));
            bencher.iter_custom(|rounds| filled.apply(rounds as usize));
        });
        if let Some(filled) = filled.as_mut().filter(|_| !only_profiles) {
            println!("{kept} kept: {}", beside_the_floor(filled));
        }
    }
    group.finish();
}

/// The engine's time beside the floor's: the medians of rounds that take turns.
fn beside_the_floor(filled: &mut Filled) -> String {
    let sample = compact(SAMPLE);
    let mut rounds: Vec<[f64; 3]> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            (0..ROUND).for_each(|_| floor(&sample));
            let floor = begun.elapsed().as_nanos() as f64 / ROUND as f64;
            let engine = filled.apply(ROUND).as_nanos() as f64 / ROUND as f64;
            [engine, floor, engine / floor]
        })
        .collect();
    let [engine, floor, ratio] = [0, 1, 2].map(|figure| {
        rounds.sort_unstable_by(|a, b| a[figure].total_cmp(&b[figure]));
        rounds[ROUNDS / 2][figure]
    });
    format!("engine {engine:.0} ns, decode floor {floor:.0} ns, {ratio:.2} times the floor")
}

criterion_group!(benches, registration);

/// Each size in a process of its own, as a service has one: in the holes that another town has left behind,
/// what belongs together lies scattered.
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| !arg.starts_with('-')) {
        benches();
        return Criterion::default().configure_from_args().final_summary();
    }
    for carers in CARERS {
        let own = std::env::current_exe().expect("it runs");
        let filter = format!("registration/{} kept", kept(carers));
        let ended = Command::new(own).args(&args).arg(filter).status().expect("it is there");
        assert!(ended.success(), "{ended}");
    }
}
