//! What one registration costs the engine, with 100,000 and with 1,000,000 registrations kept. The
//! decode floor that it is held against is printed by the `contract` bench.

mod engine {
    pub mod town;
}

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engine::town::{DAYS, Filled, Town};

/// Registrations of a carer in a day.
const VISITS: usize = 10;
/// Clients of a carer.
const CLIENTS: usize = 7;

fn registration(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    for carers in [100, 1000] {
        let kept = carers * VISITS * DAYS;
        // Filled only where this size is asked for, so that instructions can be counted for each.
        let mut filled: Option<Filled> = None;
        group.bench_function(BenchmarkId::new("registration", format!("{kept} kept")), |bencher| {
            let filled = filled.get_or_insert_with(|| Filled::new(Town::new(carers, VISITS, CLIENTS)));
            bencher.iter_custom(|rounds| filled.apply(rounds as usize));
        });
    }
    group.finish();
}

criterion_group!(benches, registration);
criterion_main!(benches);
