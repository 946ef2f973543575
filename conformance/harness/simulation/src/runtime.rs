//! What tasks see of the world: the virtual clock, timers, wakers and a place to spawn.
//!
//! An implementation of `quinn::Runtime` without threads, file descriptors or real time. The tasks
//! themselves are not here but in `World`: a task holds wakers and timers, those hold this, and if
//! this held the task nothing would ever be freed.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// A task before the executor has seen it.
pub(crate) type BoxedTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Names a task; never used twice in one world.
pub(crate) type TaskId = usize;

/// The deadline in virtual nanoseconds, then the timer's own number: equal deadlines fire in the
/// order in which their timers were made.
type TimerKey = (u64, u64);

/// Everything that wakers, timers and sockets share with the executor.
pub(crate) struct Shared {
    /// Where virtual time zero lies; only differences to it are ever seen.
    epoch: Instant,
    now: AtomicU64,
    ready: Mutex<VecDeque<TaskId>>,
    spawned: Mutex<Vec<(TaskId, BoxedTask)>>,
    timers: Mutex<BTreeMap<TimerKey, Waker>>,
    next_task: AtomicU64,
    next_timer: AtomicU64,
    closed: AtomicBool,
    /// Set while a waker is woken whose task goes before those that are ready already.
    jumps_queue: AtomicBool,
}

/// A panic elsewhere leaves these queues whole, so a poisoned lock is no reason for a second one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Instant::now(),
            now: AtomicU64::new(0),
            ready: Mutex::default(),
            spawned: Mutex::default(),
            timers: Mutex::default(),
            next_task: AtomicU64::new(0),
            next_timer: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            jumps_queue: AtomicBool::new(false),
        }
    }

    /// Virtual nanoseconds since the world began.
    pub(crate) fn nanos(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Moves the clock. Time never goes back.
    pub(crate) fn set_nanos(&self, nanos: u64) {
        self.now.fetch_max(nanos, Ordering::Relaxed);
    }

    fn instant(&self) -> Instant {
        self.epoch + Duration::from_nanos(self.nanos())
    }

    fn nanos_of(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.epoch).as_nanos();
        u64::try_from(since).unwrap_or(u64::MAX)
    }

    /// Takes a task in; the executor picks it up the next time it runs.
    pub(crate) fn spawn(&self, task: BoxedTask) -> TaskId {
        let id = self.next_task.fetch_add(1, Ordering::Relaxed) as TaskId;
        if self.closed.load(Ordering::Relaxed) {
            // The world is gone; dropping the task is what a runtime does on shutdown.
            drop(task);
        } else {
            lock(&self.spawned).push((id, task));
        }
        id
    }

    pub(crate) fn take_spawned(&self) -> Vec<(TaskId, BoxedTask)> {
        std::mem::take(&mut lock(&self.spawned))
    }

    pub(crate) fn pop_ready(&self) -> Option<TaskId> {
        lock(&self.ready).pop_front()
    }

    /// Takes the ready task that `choose` names: it is given how many there are and gives the place of
    /// one of them. Tasks that are not `alive` are forgotten before.
    pub(crate) fn choose_ready(
        &self,
        alive: impl Fn(TaskId) -> bool,
        choose: &mut dyn FnMut(usize) -> usize,
    ) -> Option<TaskId> {
        let mut ready = lock(&self.ready);
        ready.retain(|id| alive(*id));
        let place = if ready.is_empty() { return None } else { choose(ready.len()) };
        ready.remove(place)
    }

    pub(crate) fn push_ready(&self, id: TaskId) {
        let mut ready = lock(&self.ready);
        match self.jumps_queue.load(Ordering::Relaxed) {
            true => ready.push_front(id),
            false => ready.push_back(id),
        }
    }

    /// Wakes a task that goes before those that are ready already.
    pub(crate) fn wake_first(&self, waker: Waker) {
        self.jumps_queue.store(true, Ordering::Relaxed);
        waker.wake();
        self.jumps_queue.store(false, Ordering::Relaxed);
    }

    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let timers = lock(&self.timers);
        timers.keys().next().map(|(deadline, _)| *deadline)
    }

    /// Removes and returns the wakers of every timer due at or before `nanos`, in firing order.
    pub(crate) fn take_due(&self, nanos: u64) -> Vec<Waker> {
        let mut timers = lock(&self.timers);
        let later = timers.split_off(&(nanos.saturating_add(1), 0));
        std::mem::replace(&mut *timers, later).into_values().collect()
    }

    /// Lets go of everything that could keep this alive in a circle, and takes nothing in anymore.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        // Taken out first and dropped after: dropping may wake, and waking takes the locks.
        let spawned = self.take_spawned();
        let timers = std::mem::take(&mut *lock(&self.timers));
        drop((spawned, timers));
        lock(&self.ready).clear();
    }
}

/// Puts its task at the end of the ready queue, once for each poll.
pub(crate) struct TaskWaker {
    id: TaskId,
    is_queued: AtomicBool,
    shared: Arc<Shared>,
}

impl TaskWaker {
    pub(crate) fn new(id: TaskId, shared: Arc<Shared>) -> Self {
        Self { id, is_queued: AtomicBool::new(false), shared }
    }

    /// From here on a wake counts again.
    pub(crate) fn start_poll(&self) {
        self.is_queued.store(false, Ordering::Relaxed);
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::Relaxed) {
            self.shared.push_ready(self.id);
        }
    }
}

/// The world as quinn sees it.
pub(crate) struct VirtualRuntime(pub(crate) Arc<Shared>);

impl fmt::Debug for VirtualRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VirtualRuntime at {} ns", self.0.nanos())
    }
}

impl quinn::Runtime for VirtualRuntime {
    fn new_timer(&self, deadline: Instant) -> Pin<Box<dyn quinn::AsyncTimer>> {
        Box::pin(VirtualTimer {
            deadline: self.0.nanos_of(deadline),
            number: self.0.next_timer.fetch_add(1, Ordering::Relaxed),
            shared: self.0.clone(),
        })
    }

    fn spawn(&self, task: BoxedTask) {
        self.0.spawn(task);
    }

    fn wrap_udp_socket(
        &self,
        _socket: std::net::UdpSocket,
    ) -> io::Result<Arc<dyn quinn::AsyncUdpSocket>> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the virtual world has no operating system sockets",
        ))
    }

    fn now(&self) -> Instant {
        self.0.instant()
    }
}

/// A deadline on the virtual clock.
struct VirtualTimer {
    deadline: u64,
    number: u64,
    shared: Arc<Shared>,
}

impl VirtualTimer {
    fn deregister(&self) {
        let waker = lock(&self.shared.timers).remove(&(self.deadline, self.number));
        drop(waker);
    }
}

impl quinn::AsyncTimer for VirtualTimer {
    fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let timer = self.get_mut();
        timer.deregister();
        timer.deadline = timer.shared.nanos_of(deadline);
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.shared.nanos() >= self.deadline {
            self.deregister();
            return Poll::Ready(());
        }
        if !self.shared.closed.load(Ordering::Relaxed) {
            let key = (self.deadline, self.number);
            let old = lock(&self.shared.timers).insert(key, cx.waker().clone());
            drop(old);
        }
        Poll::Pending
    }
}

impl Drop for VirtualTimer {
    fn drop(&mut self) {
        self.deregister();
    }
}

impl fmt::Debug for VirtualTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VirtualTimer due at {} ns", self.deadline)
    }
}
