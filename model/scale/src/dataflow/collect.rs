//! What workers tell one another when the search is over: everybody's items to those they are meant for.

use std::cell::RefCell;
use std::rc::Rc;

use timely::ExchangeData;
use timely::dataflow::operators::{Exchange, Inspect, Probe, ToStream};
use timely::worker::Worker;

/// Sends each item to the worker it is paired with, and gives back what was sent to this one. All workers
/// have to call it, in the same order.
fn to_each<T: ExchangeData + Clone>(worker: &mut Worker, items: Vec<(u64, T)>) -> Vec<T> {
    let received = Rc::new(RefCell::new(Vec::new()));
    let into = received.clone();
    let probe = worker.dataflow::<u32, _, _>(|scope| {
        items
            .to_stream(scope)
            .container::<Vec<_>>()
            .exchange(|(to, _)| *to)
            .inspect(move |(_, item)| into.borrow_mut().push(item.clone()))
            .probe()
            .0
    });
    while !probe.done() {
        worker.step();
    }
    received.take()
}

/// Sends items to every worker.
pub(super) fn to_all<T: ExchangeData + Clone>(worker: &mut Worker, items: Vec<T>) -> Vec<T> {
    let peers = worker.peers() as u64;
    let each = |item: T| (0..peers).map(move |to| (to, item.clone()));
    to_each(worker, items.into_iter().flat_map(each).collect())
}
