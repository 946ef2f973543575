//! How fast the judge and the checker are, on one core: `make deep-benches`.
//!
//! `replay` counts traces of about twelve steps, replayed and refereed, each on a fresh connection with
//! its liveness probe. `check` counts distinct states.

use std::hint::black_box;
use std::num::NonZero;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use streamproof_conformance::sut::Sut;
use streamproof_conformance::tours::{self, Tours};
use streamproof_model::check::engine::{Search, check};
use streamproof_model::worlds::streams::StreamsWorld;
use streamproof_model::worlds::streams::presets::Preset;
use streamproof_stacks::manager::Manager;
use streamproof_stacks::quinn::BareQuinn;

fn replay(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replay and referee, traces");
    group.sample_size(10);
    let systems: [Box<dyn Sut>; 2] = [Box::new(Manager::default()), Box::new(BareQuinn)];
    let preset = Preset::find("hostile-receiver").expect("a preset");
    for sut in &systems {
        let side = preset.sides()[0];
        let run = || {
            let mut tours = Tours::with(preset, side, &**sut, tours::Criterion::Edges);
            tours.run(&**sut, NonZero::<usize>::MIN, &|_| {}).expect("a connection")
        };
        let report = run();
        let length = report.steps as f64 / report.traces as f64;
        eprintln!("{}: {} traces of {length:.1} steps", sut.name(), report.traces);
        group.throughput(Throughput::Elements(report.traces as u64));
        group.bench_function(BenchmarkId::from_parameter(sut.name()), |bencher| {
            bencher.iter(|| black_box(run()));
        });
    }
    group.finish();
}

fn states(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check, states");
    group.sample_size(10);
    let preset = Preset::find("uni-double").expect("a preset");
    for (name, search) in [("bfs", Search::Bfs), ("dfs", Search::Dfs)] {
        let run = || check(StreamsWorld::new(preset), search, 1, &mut |_| {});
        group.throughput(Throughput::Elements(run().states as u64));
        group.bench_function(name, |bencher| bencher.iter(|| black_box(run())));
    }
    group.finish();
}

criterion_group!(benches, replay, states);
criterion_main!(benches);
