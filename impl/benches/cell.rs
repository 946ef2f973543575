//! The state cell of a part four ways, under 1, 2 and 8 threads: `make deep-benches`.
//!
//! The figures are for a decision, specs/decisions/039-state-cell-is-an-atomic.md. What is measured is what the manager
//! does to a cell: look at the state (most often), move it along an edge, decide the outcome once. `cas` is how the
//! manager does it; it moves and decides under the lock of the part, so the question is what a look costs.

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};

/// The states in the order of figure 2; a number, as in the manager.
const READY: u8 = 0;
const SEND: u8 = 1;

/// A cell: a live state, and an outcome that is written once.
trait Cell: Default + Send + Sync + 'static {
    fn state(&self) -> u8;
    /// From "Ready" to "Send", or nothing.
    fn apply(&self);
    /// Whether this call decided.
    fn conclude(&self, outcome: u64) -> bool;
}

type Fields = (u8, Option<u64>);

#[derive(Default)]
struct WithMutex(Mutex<Fields>);

impl Cell for WithMutex {
    fn state(&self) -> u8 {
        self.0.lock().expect("nobody panics").0
    }
    fn apply(&self) {
        let mut fields = self.0.lock().expect("nobody panics");
        if fields.0 == READY {
            fields.0 = SEND;
        }
    }
    fn conclude(&self, outcome: u64) -> bool {
        let mut fields = self.0.lock().expect("nobody panics");
        fields.1.is_none() && fields.1.replace(outcome).is_none()
    }
}

#[derive(Default)]
struct WithRwLock(RwLock<Fields>);

impl Cell for WithRwLock {
    fn state(&self) -> u8 {
        self.0.read().expect("nobody panics").0
    }
    fn apply(&self) {
        let mut fields = self.0.write().expect("nobody panics");
        if fields.0 == READY {
            fields.0 = SEND;
        }
    }
    fn conclude(&self, outcome: u64) -> bool {
        let mut fields = self.0.write().expect("nobody panics");
        fields.1.is_none() && fields.1.replace(outcome).is_none()
    }
}

#[derive(Default)]
struct WithParkingLot(parking_lot::Mutex<Fields>);

impl Cell for WithParkingLot {
    fn state(&self) -> u8 {
        self.0.lock().0
    }
    fn apply(&self) {
        let mut fields = self.0.lock();
        if fields.0 == READY {
            fields.0 = SEND;
        }
    }
    fn conclude(&self, outcome: u64) -> bool {
        let mut fields = self.0.lock();
        fields.1.is_none() && fields.1.replace(outcome).is_none()
    }
}

#[derive(Default)]
struct WithCas {
    live: AtomicU8,
    outcome: OnceLock<u64>,
}

impl Cell for WithCas {
    fn state(&self) -> u8 {
        let _ = black_box(self.outcome.get());
        self.live.load(Ordering::Acquire)
    }
    fn apply(&self) {
        let mut state = self.live.load(Ordering::Acquire);
        while state == READY {
            let moved =
                self.live.compare_exchange_weak(state, SEND, Ordering::AcqRel, Ordering::Acquire);
            match moved {
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
    }
    fn conclude(&self, outcome: u64) -> bool {
        self.outcome.set(outcome).is_ok()
    }
}

/// Of 16 calls on a cell 12 look, 3 move and one tries to decide.
fn call<C: Cell>(cell: &C, number: u64) {
    match number % 16 {
        0..=11 => drop(black_box(cell.state())),
        12..=14 => cell.apply(),
        _ => drop(black_box(cell.conclude(number))),
    }
}

/// How long `threads` threads take for `calls` calls each, on one cell.
fn contend<C: Cell>(threads: usize, calls: u64) -> Duration {
    let (cell, start) = (Arc::new(C::default()), Arc::new(Barrier::new(threads + 1)));
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (cell, start) = (cell.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                (0..calls).for_each(|number| call(&*cell, number));
            })
        })
        .collect();
    start.wait();
    let began = Instant::now();
    workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
    began.elapsed()
}

fn bench<C: Cell>(criterion: &mut Criterion, name: &str) {
    let mut group = criterion.benchmark_group("cell");
    for threads in [1, 2, 8] {
        group.throughput(Throughput::Elements(1000 * threads as u64));
        group.bench_function(BenchmarkId::new(name, threads), |bencher| {
            bencher.iter_custom(|times| contend::<C>(threads, 1000 * times));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    bench::<WithMutex>(&mut criterion, "mutex");
    bench::<WithRwLock>(&mut criterion, "rwlock");
    bench::<WithParkingLot>(&mut criterion, "parking_lot");
    bench::<WithCas>(&mut criterion, "cas");
    criterion.final_summary();
}
