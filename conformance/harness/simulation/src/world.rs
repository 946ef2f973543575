//! Executor, clock and network for one run, without threads or real time.
//!
//! Nothing happens behind the caller's back: tasks run when the world settles, time passes when it is told to. The
//! schedule is first in first out, unless somebody else chooses ([`World::choose_with`]).

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;

use crate::runtime::{BoxedTask, Shared, TaskId, TaskWaker, VirtualRuntime};
use crate::socket::VirtualSocket;

/// Polls in one [`World::settle`] after which the tasks are taken to chase each other forever.
/// A settled step of quinn takes about three.
const MAX_POLLS: usize = 1_000_000;

/// A deterministic executor with a virtual clock and one in-memory UDP socket.
///
/// Single-threaded in use. Dropping it drops its tasks and timers, and with them whatever they
/// hold.
pub struct World {
    pub(crate) shared: Arc<Shared>,
    tasks: BTreeMap<TaskId, Task>,
    pub(crate) socket: Arc<VirtualSocket>,
    is_stuck: bool,
    /// Who is next, if not the first.
    chooser: Option<Chooser>,
}

/// Chooses among the ready tasks: given how many there are, gives the place of one, the longest ready being
/// at place 0.
pub type Chooser = Box<dyn FnMut(usize) -> usize + Send>;

struct Task {
    future: BoxedTask,
    wake: Arc<TaskWaker>,
    waker: Waker,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// An empty world at virtual time zero.
    pub fn new() -> Self {
        let shared = Arc::new(Shared::new());
        Self {
            socket: Arc::new(VirtualSocket::new(shared.clone())),
            shared,
            tasks: BTreeMap::new(),
            is_stuck: false,
            chooser: None,
        }
    }

    /// From here on `chooser` says which of the ready tasks runs next; with `None`, the first again.
    pub fn choose_with(&mut self, chooser: Option<Chooser>) {
        self.chooser = chooser;
    }

    /// A task that delivers these datagrams from the peer, one each time it runs.
    pub(crate) fn deliver_one_by_one(&mut self, datagrams: Vec<Bytes>) {
        let socket = self.socket.clone();
        drop(self.spawn(async move {
            for datagram in datagrams {
                socket.deliver(datagram);
                yield_now().await;
            }
        }));
    }

    /// Virtual time since the world began.
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.shared.nanos())
    }

    /// The runtime for code that wants to spawn, sleep or read the clock in this world.
    pub fn runtime(&self) -> Arc<dyn quinn::Runtime> {
        Arc::new(VirtualRuntime(self.shared.clone()))
    }

    /// Starts a task. It first runs in the next [`settle`](Self::settle), after the tasks that are
    /// ready already. Dropping the handle leaves the task running.
    pub fn spawn<F>(&mut self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let output = Arc::new(Mutex::new(None));
        let slot = output.clone();
        let task = Box::pin(async move {
            let value = future.await;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        });
        let id = self.shared.spawn(task);
        TaskHandle { id, output }
    }

    /// Drops a task where it stands, as cancellation does; what its destructors wake runs in the
    /// next [`settle`](Self::settle). Does nothing if the task has finished.
    pub fn abort<T>(&mut self, handle: &TaskHandle<T>) {
        self.adopt_spawned();
        drop(self.tasks.remove(&handle.id));
    }

    /// Runs tasks, first in first out, until none is ready. No time passes. Returns how many polls
    /// that took.
    pub fn settle(&mut self) -> usize {
        let mut polls = 0;
        while let Some(id) = self.next_ready() {
            if polls == MAX_POLLS {
                self.is_stuck = true;
                break;
            }
            polls += 1;
            self.poll_task(id);
        }
        polls
    }

    /// Whether a [`settle`](Self::settle) gave up because tasks kept waking each other without
    /// end: a livelock in the system under test.
    pub fn is_stuck(&self) -> bool {
        self.is_stuck
    }

    /// Lets `duration` pass: fires the timers due in it, earliest first, and settles after each
    /// deadline.
    pub fn advance(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let until = self.shared.nanos().saturating_add(nanos);
        self.settle();
        while let Some(deadline) = self.shared.next_deadline().filter(|due| *due <= until) {
            self.fire(deadline);
        }
        self.shared.set_nanos(until);
        self.settle();
    }

    /// Lets time pass up to the next deadline, fires what is due then and settles. Returns the new
    /// time, or `None` if no timer is set, and then nothing has happened but settling.
    pub fn advance_to_next_timer(&mut self) -> Option<Duration> {
        self.settle();
        let deadline = self.shared.next_deadline()?;
        self.fire(deadline);
        Some(self.now())
    }

    /// The virtual time of the earliest deadline, if a timer is set.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.shared.next_deadline().map(Duration::from_nanos)
    }

    /// A probe that tells later whether everything that belonged to this world is gone.
    pub fn leak_probe(&self) -> LeakProbe {
        LeakProbe(Arc::downgrade(&self.shared))
    }

    fn fire(&mut self, deadline: u64) {
        self.shared.set_nanos(deadline);
        for waker in self.shared.take_due(deadline) {
            waker.wake();
        }
        self.settle();
    }

    fn adopt_spawned(&mut self) {
        for (id, future) in self.shared.take_spawned() {
            let wake = Arc::new(TaskWaker::new(id, self.shared.clone()));
            let waker = Waker::from(wake.clone());
            waker.wake_by_ref();
            let task = Task { future, wake, waker };
            self.tasks.insert(id, task);
        }
    }

    fn next_ready(&mut self) -> Option<TaskId> {
        self.adopt_spawned();
        let tasks = &self.tasks;
        match &mut self.chooser {
            None => self.shared.pop_ready(),
            Some(choose) => self.shared.choose_ready(|id| tasks.contains_key(&id), choose),
        }
    }

    fn poll_task(&mut self, id: TaskId) {
        // A wake may outlive its task; then there is nothing to poll.
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        task.wake.start_poll();
        let mut cx = Context::from_waker(&task.waker);
        if task.future.as_mut().poll(&mut cx).is_ready() {
            self.tasks.remove(&id);
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Tasks hold wakers, wakers hold the shared state, and that may hold new tasks and timers
        // with wakers: cut the circle on both sides.
        self.shared.close();
        self.tasks.clear();
        self.shared.close();
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("now", &self.now())
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

/// The way to a task's output.
#[derive(Debug)]
pub struct TaskHandle<T> {
    id: TaskId,
    output: Arc<Mutex<Option<T>>>,
}

impl<T> TaskHandle<T> {
    /// The output, if the task has finished and it has not been taken yet.
    pub fn take(&self) -> Option<T> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether the task has finished and its output has not been taken.
    pub fn is_finished(&self) -> bool {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// Whether a dropped world has left anything behind: every connection, endpoint, timer and waker
/// made in it keeps it from being released.
#[derive(Clone, Debug)]
pub struct LeakProbe(Weak<Shared>);

impl LeakProbe {
    /// True when nothing is left.
    pub fn is_released(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared at {} ns", self.nanos())
    }
}

/// Lets every other ready task run before it goes on, if the schedule is first in first out.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls `future` once with a waker that does nothing, then drops it. An application call is one
/// such poll: pending means "would block". Pass `&mut` of a pinned future to poll it again later.
pub fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
