//! The sending part of one stream: the place where the incident cannot happen again.
//!
//! The incident: a local cancel released a stream while the handler of a received frame was about to
//! touch it; between *look* and *touch* there was a gap. Here quinn's stream lives in
//! [`Locked::stream`], and
//!
//! 1. every access to it happens under the one lock of the part ([`SendingPart::access`]), held for a
//!    single poll and never across an `await`;
//! 2. the decision of the outcome, the release (`Option::take`) and the removal from the registry are
//!    one critical section under that same lock ([`SendingPart::end`]), and the last frame goes out
//!    through the stream *before* it, in the same section.
//!
//! So whoever takes the lock sees either a live part with its stream, or `None` and a latched outcome.
//! There is no third thing to see: access after release is impossible by construction, not by care.
//! `stream` is `None` exactly when the outcome is latched.
//!
//! Who may end a part: its handle (write, finish, reset, drop) and the driver (STOP_SENDING,
//! acknowledgement, loss). Whoever has the lock first wins; but each asks quinn first what it knows
//! already ([`SendingPart::learn`]), so that a STOP_SENDING, a loss or a full acknowledgement that came
//! before a call also counts as having come before it, whether or not the driver has run.
//!
//! Lock order: part, then quinn's connection or the registry. Wakers run outside.
//!
//! Deliberately not here: futures and quinn's words ([`send`](crate::send)).

mod expire;
mod watch;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use crate::{
    admission::Place,
    error::{Ended, WriteError},
    events::{EventKind, PartOutcome},
    lifecycle::{
        PartState, SendEvent, SendState,
        cell::{Applied, Cell, Conclusion},
    },
    outcome::SendOutcome,
    quinn::{self, ConnectionError, Fate, SendStream, StreamId, VarInt},
    registry::{Ending, Key, Released},
    shared::{Progress, Shared},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
        lock,
    },
    waiters::{Slot, Waiters},
};

/// One sending part, shared by its handle, the driver and the registry.
pub(crate) struct SendingPart {
    key: Key,
    shared: Arc<Shared>,
    cell: Cell<SendState>,
    progress: Progress,
    /// When it was registered, in nanoseconds of the manager.
    since: u64,
    /// Whether quinn has had something to say since it was last asked.
    is_woken: AtomicBool,
    locked: Mutex<Locked>,
}

/// What only the holder of the lock may touch.
pub(crate) struct Locked {
    /// quinn's stream, until the outcome is latched.
    pub(crate) stream: Option<SendStream>,
    waiters: Waiters,
    place: Place,
    /// quinn's future of what becomes of the stream, until the outcome is latched. It is polled with the part as
    /// its waker, and so holds the part: the end of the part breaks the circle.
    fate: Option<BoxedFate>,
    /// [`Fault::LookThenTouch`](crate::Fault::LookThenTouch): what was looked at, and not acted upon.
    #[cfg(feature = "faults")]
    late: Option<Fate>,
}

type BoxedFate = Pin<Box<dyn Future<Output = Fate> + Send>>;

impl SendingPart {
    /// A live part around `stream`; `since` in nanoseconds of the manager.
    pub(crate) fn new(
        key: Key,
        shared: Arc<Shared>,
        stream: SendStream,
        place: Place,
        since: u64,
    ) -> Self {
        Self {
            key,
            since,
            shared,
            cell: Cell::new(),
            progress: Progress::default(),
            is_woken: AtomicBool::new(false),
            locked: Mutex::new(Locked {
                stream: Some(stream),
                waiters: Waiters::default(),
                place,
                fate: None,
                #[cfg(feature = "faults")]
                late: None,
            }),
        }
    }

    /// Its name in the registry.
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// What all parts of the connection share.
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// When it was registered, in nanoseconds of the manager.
    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    /// The stream's id.
    pub(crate) fn id(&self) -> StreamId {
        self.key.id
    }

    /// The state now.
    pub(crate) fn state(&self) -> SendState {
        self.cell.state()
    }

    /// What became of the part, if it has ended.
    pub(crate) fn outcome(&self) -> Option<SendOutcome> {
        self.cell.outcome()
    }

    /// Whether `fault` is the one that was planted.
    #[cfg(feature = "faults")]
    pub(crate) fn has(&self, fault: crate::Fault) -> bool {
        self.shared.has(fault)
    }

    /// [`Fault::LookThenTouch`](crate::Fault::LookThenTouch) between threads: touches the stream that somebody
    /// else may have released meanwhile. (Rust gives `None` where the incident's stack read freed memory.)
    #[cfg(feature = "threads")]
    pub(crate) fn touch(&self) {
        if self.lock().stream.is_none() {
            self.shared.registry.own_fault("access after release");
        }
    }

    /// Takes the lock. Only for a look at the stream; whoever may end the part uses
    /// [`access`](Self::access).
    pub(crate) fn lock(&self) -> MutexGuard<'_, Locked> {
        lock(&self.locked)
    }

    /// Runs `f` under the lock and then, outside of it, wakes those who waited for what `f` decided.
    fn access<R>(&self, f: impl FnOnce(&mut Locked) -> R) -> R {
        let mut locked = self.lock();
        let result = f(&mut locked);
        let leaving = match locked.stream {
            Some(_) => locked.waiters.take_discarded(),
            None => locked.waiters.take(),
        };
        drop(locked);
        leaving.wake();
        result
    }

    /// Ready with the outcome, or remembers the waker in `slot` until there is one.
    pub(crate) fn poll_ended(&self, slot: &mut Slot, cx: &mut Context<'_>) -> Poll<SendOutcome> {
        #[cfg(feature = "faults")]
        if self.has(crate::Fault::RegisterWithoutLooking) && slot.is_empty() {
            self.lock().waiters.register(slot, cx.waker());
            return Poll::Pending;
        }
        if let Some(outcome) = self.outcome() {
            return Poll::Ready(outcome);
        }
        self.access(|locked| {
            if locked.stream.is_none() {
                return Poll::Ready(self.latched());
            }
            locked.waiters.register(slot, cx.waker());
            Poll::Pending
        })
    }

    /// Gives up waiting in `slot`.
    pub(crate) fn leave(&self, slot: &mut Slot) {
        // Nobody waits for what has ended.
        if slot.is_empty() || self.outcome().is_some() {
            return;
        }
        self.access(|locked| locked.waiters.remove(slot));
    }

    /// One poll of one of quinn's writes. While it is pending it is woken by quinn (credit, stop, loss)
    /// and by the end of the part, through `slot`.
    pub(crate) fn poll_write<T>(
        &self,
        slot: &mut Slot,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut SendStream, &mut Context<'_>) -> Poll<Result<T, quinn::WriteError>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<Result<T, WriteError>> {
        self.access(|locked| {
            let Some(stream) = &mut locked.stream else {
                return Poll::Ready(Err(WriteError::after(self.latched())));
            };
            if self.state() == SendState::DataSent {
                return Poll::Ready(Err(WriteError::Finished));
            }
            match write(stream, cx) {
                Poll::Pending => {
                    locked.waiters.register(slot, cx.waker());
                    Poll::Pending
                }
                Poll::Ready(Ok(written)) => {
                    locked.waiters.remove(slot);
                    let bytes = bytes(&written);
                    if bytes > 0 {
                        self.progress.made(&self.shared, bytes);
                        self.go(locked, SendEvent::SendStream);
                    }
                    Poll::Ready(Ok(written))
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(self.refused(locked, error))),
            }
        })
    }

    /// quinn refused a write: whatever it knows ends the part.
    fn refused(&self, locked: &mut Locked, error: quinn::WriteError) -> WriteError {
        match error {
            quinn::WriteError::Stopped(code) => {
                self.tell(locked, Fate::Stopped(code));
                WriteError::Stopped { code }
            }
            quinn::WriteError::ConnectionLost(cause) => {
                self.tell(locked, Fate::ConnectionLost(cause.clone()));
                WriteError::ConnectionLost(cause)
            }
            quinn::WriteError::ZeroRttRejected => {
                self.tell(locked, Fate::ZeroRttRejected);
                WriteError::ZeroRttRejected
            }
            // quinn closes a stream that lives here only when the stream is finished or reset, and
            // both go through us. Should it ever happen, the stream must not look complete.
            quinn::WriteError::ClosedStream => {
                self.shared.registry.own_fault("quinn closed a live sending part");
                let code = self.shared.config.drop_reset_code;
                self.end(locked, SendOutcome::Reset { code });
                WriteError::Reset { code }
            }
        }
    }

    /// Ends the stream after what was written: FIN is queued. Repeating it changes nothing.
    pub(crate) fn finish(&self) {
        self.access(|locked| {
            // quinn's `finish` says Ok on a dead connection and after STOP_SENDING: ask before.
            self.learn(locked);
            self.queue_fin(locked);
        });
    }

    fn queue_fin(&self, locked: &mut Locked) {
        let Some(stream) = &mut locked.stream else {
            return;
        };
        if self.state() == SendState::DataSent {
            return;
        }
        // A STOP_SENDING or a loss that slips in here, from another thread, is swallowed by quinn's
        // `finish`, but not by the driver's watch, which decides the outcome either way.
        if stream.finish().is_err() {
            // Nobody but us finishes or resets it, so quinn has forgotten it: a refusal of 0-RTT or a
            // loss from another thread, which asking again tells.
            self.learn(locked);
            if locked.stream.is_some() {
                self.shared.registry.own_fault("quinn finished a live sending part before us");
            }
            return;
        }
        self.progress.made(&self.shared, 0);
        // A FIN is carried by a STREAM frame; on an unused stream it is the first one.
        self.go(locked, SendEvent::SendStream);
        self.go(locked, SendEvent::SendStreamFin);
    }

    /// Gives the sending up with RESET_STREAM, unless the part has ended already.
    pub(crate) fn reset(&self, code: VarInt) -> Result<(), Ended<SendOutcome>> {
        self.access(|locked| {
            self.learn(locked);
            if locked.stream.is_some() {
                return self.send_reset(locked, SendOutcome::Reset { code }, code, |_| {});
            }
            #[cfg(feature = "faults")]
            self.end(locked, SendOutcome::Reset { code });
            let outcome = self.latched();
            Err(Ended { outcome })
        })
    }

    /// The handle is gone. An unfinished stream must not look complete to the peer: it is reset.
    pub(crate) fn abandon(&self, slot: &mut Slot) {
        self.access(|locked| {
            locked.waiters.remove(slot);
            if self.state() == SendState::DataSent {
                // Finished: the driver goes on watching until the peer has everything.
                return;
            }
            self.learn(locked);
            #[cfg(feature = "faults")]
            if self.shared.has(crate::Fault::DropFinishes) {
                return self.queue_fin(locked);
            }
            let code = self.shared.config.drop_reset_code;
            // Whoever ended it before us has told the outcome.
            let _ = self.send_reset(locked, SendOutcome::Reset { code }, code, |_| {});
        });
    }

    /// What becomes of the stream is known.
    #[cfg(feature = "threads")]
    pub(crate) fn on_fate(&self, fate: Fate) {
        self.access(|locked| self.tell(locked, fate));
    }

    /// The connection is gone, and perhaps the driver with it: takes what quinn still knows, or else
    /// the loss.
    pub(crate) fn on_connection_lost(&self, cause: &ConnectionError) {
        self.access(|locked| {
            self.learn(locked);
            if locked.stream.is_some() {
                self.end(locked, SendOutcome::ConnectionLost(cause.clone()));
            }
        });
    }

    /// quinn's priority of the stream.
    pub(crate) fn priority(&self) -> Result<i32, Ended<SendOutcome>> {
        self.with_live(|stream| stream.priority().ok())
    }

    /// Sets quinn's priority of the stream.
    pub(crate) fn set_priority(&self, priority: i32) -> Result<(), Ended<SendOutcome>> {
        self.with_live(|stream| stream.set_priority(priority).ok())
    }

    /// Runs `f` on the live stream. `None` means that quinn has closed it, so there is an outcome to
    /// learn.
    fn with_live<T>(&self, f: impl Fn(&SendStream) -> Option<T>) -> Result<T, Ended<SendOutcome>> {
        self.access(|locked| {
            if let Some(done) = locked.stream.as_ref().and_then(&f) {
                return Ok(done);
            }
            self.learn(locked);
            if locked.stream.is_some() {
                self.shared.registry.own_fault("quinn closed a live sending part");
                let code = self.shared.config.drop_reset_code;
                self.end(locked, SendOutcome::Reset { code });
            }
            let outcome = self.latched();
            Err(Ended { outcome })
        })
    }

    /// Asks quinn what has become of the stream, without waiting.
    fn learn(&self, locked: &mut Locked) {
        // quinn wakes a part that it is watched for in the same critical section in which it learns something.
        if locked.fate.is_some() && !self.is_woken.load(Ordering::Acquire) {
            return;
        }
        if let Some(fate) = locked.stream.as_ref().and_then(quinn::fate_now) {
            self.tell(locked, fate);
        }
    }

    /// Turns what quinn knows into the outcome.
    fn tell(&self, locked: &mut Locked, fate: Fate) {
        match fate {
            Fate::Acknowledged => self.end(locked, SendOutcome::Delivered),
            Fate::Stopped(code) => self.answer_stop_sending(locked, code),
            Fate::ConnectionLost(cause) => self.end(locked, SendOutcome::ConnectionLost(cause)),
            Fate::ZeroRttRejected => self.end(locked, SendOutcome::ZeroRttRejected),
        }
    }

    /// STOP_SENDING is answered with RESET_STREAM and its code, at once (§3.5). In "Data Sent" the RFC
    /// lets us wait for losses first; we don't, because nobody will read the data.
    fn answer_stop_sending(&self, locked: &mut Locked, code: VarInt) {
        #[cfg(feature = "faults")]
        if self.shared.has(crate::Fault::LeaveStopUnanswered) {
            // Not even released: quinn's own Drop would answer.
            return;
        }
        // Late, the outcome stands and there is nobody to tell it to.
        let _ = self.send_reset(locked, SendOutcome::Stopped { code }, code, |_| {});
    }

    /// The last access, then the release: RESET_STREAM goes out through the stream, and in the same
    /// critical section the outcome is latched and the stream is released.
    fn send_reset(
        &self,
        locked: &mut Locked,
        outcome: SendOutcome,
        code: VarInt,
        before_the_end: impl FnOnce(&mut Locked),
    ) -> Result<(), Ended<SendOutcome>> {
        #[cfg(feature = "faults")]
        if self.shared.has(crate::Fault::ReleaseBeforeLastAccess) {
            drop(locked.stream.take());
        }
        // `Err`: quinn has closed the stream by itself, so everything was acknowledged, in another
        // thread, between our question and now.
        let closed = locked.stream.as_mut().is_some_and(|stream| stream.reset(code).is_err());
        if closed {
            self.learn(locked);
        }
        if self.outcome().is_none() {
            before_the_end(locked);
            self.end(locked, outcome);
            return Ok(());
        }
        #[cfg(feature = "faults")]
        self.end(locked, outcome);
        let outcome = self.latched();
        Err(Ended { outcome })
    }

    /// The one end of a part: latch, release, strike off. Only the first caller does any of it.
    fn end(&self, locked: &mut Locked, outcome: SendOutcome) {
        let from = self.state();
        match self.cell.conclude(outcome.clone()) {
            Conclusion::Won => {}
            #[cfg(feature = "faults")]
            Conclusion::Late if self.shared.has(crate::Fault::TellOutcomeTwice) => {
                if self.cell.conclude_again(outcome.clone()) == Conclusion::Won {
                    self.shared.registry.count_again(&outcome);
                }
                return;
            }
            Conclusion::Late => return,
        }
        drop(locked.stream.take());
        drop(locked.place.take());
        if !self.listens_on() {
            drop(locked.fate.take());
        }
        let released = self.shared.registry.release(self.key, Ending::Sending(&outcome));
        debug_assert_eq!(released, Released::Now);
        if self.shared.watching.is_unmanaged() {
            locked.waiters.also_wake(self.shared.watching.take_driver());
        }
        tracing::debug!(parent: &self.shared.span, stream = %self.key.id, part = %self.key.part, %outcome, "part ended");
        let to = self.state();
        if from != to {
            self.tell_event(locked, || EventKind::Moved {
                from: PartState::Sending(from),
                to: PartState::Sending(to),
            });
        }
        self.tell_event(locked, || EventKind::Ended { outcome: PartOutcome::Sending(outcome) });
    }

    /// The outcome of a part whose stream is released.
    pub(crate) fn latched(&self) -> SendOutcome {
        // `end` latches before it releases, under the lock.
        self.outcome().expect("a released part has an outcome")
    }

    /// Takes an edge of figure 2.
    fn go(&self, locked: &mut Locked, event: SendEvent) {
        match self.cell.apply(event) {
            Applied::Moved { from, to } => {
                tracing::trace!(parent: &self.shared.span, stream = %self.key.id, part = %self.key.part, %from, %to, ?event);
                self.tell_event(locked, || EventKind::Moved {
                    from: PartState::Sending(from),
                    to: PartState::Sending(to),
                });
            }
            Applied::Stayed => {}
            Applied::Refused { .. } => {
                self.shared.registry.own_fault("no such edge in figure 2");
            }
        }
    }

    fn tell_event(&self, locked: &mut Locked, kind: impl FnOnce() -> EventKind) {
        locked.waiters.also_wake(self.shared.tell(self.key, kind));
    }
}

impl fmt::Debug for SendingPart {
    /// Without the lock, so that it can be printed from anywhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendingPart")
            .field("id", &self.key.id)
            .field("state", &self.state())
            .field("outcome", &self.outcome())
            .finish_non_exhaustive()
    }
}
