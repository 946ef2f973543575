//! What runs side by side, and what must be true afterwards.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use ::quinn::StoppedError;

use super::stream::Wire;
use crate::clock::Clock;
use crate::config::{Config, Fault};
use crate::events::{Deadline, EventKind, Heard, PartOutcome};
use crate::lifecycle::Part;
use crate::outcome::SendOutcome;
use crate::quinn::{ConnectionError, Fate, StreamId, VarInt};
use crate::send::Closed;
use crate::send_part::SendingPart;
use crate::shared::Shared;
use crate::waiters::Slot;

#[cfg(feature = "loom")]
use loom::{future::block_on, thread};
#[cfg(all(feature = "shuttle", not(feature = "loom")))]
use shuttle::{future::block_on, thread};

const DROP: u32 = 0x51;
const STOP: u32 = 7;
const RESET: u32 = 9;

/// A sending part and its other side.
#[derive(Clone)]
struct Scene {
    part: Arc<SendingPart>,
    shared: Arc<Shared>,
    wire: Wire,
}

impl Scene {
    fn new(fault: Option<Fault>, credit: usize) -> Self {
        let config = Config { drop_reset_code: VarInt::from_u32(DROP), fault, ..Config::default() };
        let shared = Arc::new(Shared::new(config, Clock::default(), tracing::Span::none()));
        let (part, wire) = Self::another(&shared, credit);
        Self { part, shared, wire }
    }

    fn another(shared: &Arc<Shared>, credit: usize) -> (Arc<SendingPart>, Wire) {
        let (stream, wire) = Wire::stream(credit);
        let id = StreamId::from(VarInt::from_u32(2));
        let make = |key| Arc::new(SendingPart::new(key, shared.clone(), stream, None, 0));
        (shared.registry.register(id, Part::Sending, make), wire)
    }

    fn spawn(&self, run: impl FnOnce(Self) + Send + 'static) -> thread::JoinHandle<()> {
        let scene = self.clone();
        thread::spawn(move || run(scene))
    }

    /// What the driver does with what comes from the peer.
    fn handle(&self, fate: Fate) {
        self.wire.comes(match &fate {
            Fate::Acknowledged => Ok(None),
            Fate::Stopped(code) => Ok(Some(*code)),
            Fate::ConnectionLost(cause) => Err(StoppedError::ConnectionLost(cause.clone())),
            Fate::ZeroRttRejected => Err(StoppedError::ZeroRttRejected),
        });
        if self.shared.has(Fault::LookThenTouch) && self.part.lock().stream.is_some() {
            self.part.touch();
        }
        self.part.on_fate(fate);
    }

    /// Exactly one outcome, the same for everybody, and the one that went out.
    fn judge(&self, told: &[SendOutcome]) {
        let outcome = self.part.outcome().expect("it has ended");
        assert!(told.iter().all(|one| *one == outcome), "told {told:?}, and it was {outcome:?}");
        assert!(self.shared.registry.snapshot(0).is_empty(), "left in the registry");
        let tally = self.shared.registry.tally();
        assert_eq!(tally.sending.ended(), tally.sending.registered, "{tally:?}");
        assert_eq!(tally.own_faults, 0, "it caught itself");
        let (resets, is_finished) = self.wire.sent();
        let codes: Vec<_> = resets.iter().map(|code| code.into_inner()).collect();
        match outcome {
            SendOutcome::Delivered => assert!(codes.is_empty() && is_finished),
            SendOutcome::Reset { code } | SendOutcome::Stopped { code } => {
                assert_eq!(codes, [code.into_inner()]);
            }
            SendOutcome::ConnectionLost(_) | SendOutcome::ZeroRttRejected => {}
        }
    }
}

fn closed(part: &Arc<SendingPart>) -> Closed {
    Closed::new(part.clone())
}

fn stopped() -> Fate {
    Fate::Stopped(VarInt::from_u32(STOP))
}

fn lost() -> Fate {
    Fate::ConnectionLost(ConnectionError::TimedOut)
}

fn wait<F: Future>(future: F) -> F::Output {
    block_on(future)
}

/// The incident: a dropped handle against the handler of what the peer sent, and one who waits.
pub(super) fn cancel(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    let cancel = scene.spawn(|scene| scene.part.abandon(&mut Slot::default()));
    let handler = scene.spawn(|scene| scene.handle(stopped()));
    let told = wait(closed(&scene.part));
    cancel.join().expect("no panic");
    handler.join().expect("no panic");
    scene.judge(&[told]);
}

/// An explicit reset after finish, against the acknowledgement.
pub(super) fn acknowledged(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    scene.part.finish();
    let resetter = scene.spawn(|scene| {
        if let Err(ended) = scene.part.reset(VarInt::from_u32(RESET)) {
            assert_eq!(Some(ended.outcome), scene.part.outcome());
        }
    });
    let handler = scene.spawn(|scene| scene.handle(Fate::Acknowledged));
    let told = wait(closed(&scene.part));
    resetter.join().expect("no panic");
    handler.join().expect("no panic");
    scene.judge(&[told]);
}

/// A deadline, against the handler of what the peer sent; what is told of it fits what became of the part.
pub(super) fn deadline(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    let mut events = scene.shared.listeners.listen(20);
    let timer = scene.spawn(|scene| scene.part.expire(Deadline::Write, VarInt::from_u32(RESET)));
    let handler = scene.spawn(|scene| scene.handle(stopped()));
    let told = wait(closed(&scene.part));
    timer.join().expect("no panic");
    handler.join().expect("no panic");
    let mut kinds = Vec::new();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    while let Poll::Ready(Some(Heard::Event(event))) = std::pin::pin!(events.next()).poll(&mut cx) {
        kinds.push(event.kind);
    }
    let is_executed = kinds.contains(&EventKind::Executed);
    let outcome = PartOutcome::Sending(told.clone());
    let is_overtaken = kinds.contains(&EventKind::Overtaken { outcome });
    assert_eq!(is_executed, told == SendOutcome::Reset { code: VarInt::from_u32(RESET) });
    assert_eq!(is_overtaken, told == SendOutcome::Stopped { code: VarInt::from_u32(STOP) });
    scene.judge(&[told]);
}

/// A write that waits for credit, against the credit and the end of the connection.
pub(super) fn write(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    let granter = scene.spawn(|scene| scene.wire.grants());
    let handler = scene.spawn(|scene| scene.handle(lost()));
    let mut slot = Slot::default();
    let write = poll_fn(|cx| {
        let write = |stream: &mut super::stream::SendStream, cx: &mut std::task::Context<'_>| {
            std::pin::Pin::new(stream).poll_write(cx, b"x")
        };
        scene.part.poll_write(&mut slot, cx, write, |written| *written)
    });
    let written = wait(write);
    assert!(matches!(written, Ok(1) | Err(crate::WriteError::ConnectionLost(_))), "{written:?}");
    granter.join().expect("no panic");
    handler.join().expect("no panic");
    scene.judge(&[]);
}

/// What the driver does, until no sending part lives.
fn drive(shared: &Shared) {
    let mut ready = Vec::new();
    wait(poll_fn(|cx| {
        shared.watching.come_back(cx.waker());
        loop {
            shared.watching.take_ready(&mut ready);
            if ready.is_empty() {
                break;
            }
            ready.drain(..).for_each(|part: Arc<SendingPart>| part.poll_fate());
        }
        if shared.registry.sending_count() == 0 { Poll::Ready(()) } else { Poll::Pending }
    }));
}

/// The driver's own way to what the peer did, by the part's own waker, against a dropped handle.
pub(super) fn watched(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    scene.shared.watching.unmanage();
    scene.part.watch();
    let peer = scene.spawn(|scene| scene.wire.comes(Ok(Some(VarInt::from_u32(STOP)))));
    let user = scene.spawn(|scene| scene.part.abandon(&mut Slot::default()));
    drive(&scene.shared);
    peer.join().expect("no panic");
    user.join().expect("no panic");
    scene.judge(&[]);
}

/// The same after a finish: the acknowledgement comes while the part begins to be watched.
pub(super) fn watched_late(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    scene.shared.watching.unmanage();
    scene.part.finish();
    let peer = scene.spawn(|scene| scene.wire.comes(Ok(None)));
    let user = scene.spawn(|scene| scene.part.watch());
    drive(&scene.shared);
    peer.join().expect("no panic");
    user.join().expect("no panic");
    scene.judge(&[]);
}

/// Two who begin to wait at any time, against a reset.
pub(super) fn waiters(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    let waiter = scene.spawn(|scene| {
        let told = wait(closed(&scene.part));
        assert_eq!(Some(told), scene.part.outcome());
    });
    let resetter = scene.spawn(|scene| {
        scene.part.reset(VarInt::from_u32(RESET)).expect("nobody else ends it");
    });
    let told = wait(closed(&scene.part));
    waiter.join().expect("no panic");
    resetter.join().expect("no panic");
    scene.judge(&[told]);
}

/// One who begins to wait and gives up, against the end, and one who stays.
pub(super) fn given_up(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    let quitter = scene.spawn(|scene| {
        let mut waiting = Box::pin(closed(&scene.part));
        let mut polled = false;
        wait(poll_fn(|cx| {
            let told = waiting.as_mut().poll(cx);
            if std::mem::replace(&mut polled, true) {
                Poll::Ready(())
            } else {
                cx.waker().wake_by_ref();
                told.map(drop)
            }
        }));
    });
    let handler = scene.spawn(|scene| scene.handle(stopped()));
    let told = wait(closed(&scene.part));
    quitter.join().expect("no panic");
    handler.join().expect("no panic");
    scene.judge(&[told]);
}

/// The end of the connection over the whole registry, against a finish, a drop, and a look at what lives.
pub(super) fn loss(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    let (other, other_wire) = Scene::another(&scene.shared, 0);
    let dropped = other.clone();
    let user = scene.spawn(move |scene| {
        scene.part.finish();
        dropped.abandon(&mut Slot::default());
    });
    let looker = scene.spawn(|scene| assert!(scene.shared.registry.snapshot(0).len() <= 2));
    let cause = StoppedError::ConnectionLost(ConnectionError::TimedOut);
    scene.wire.comes(Err(cause.clone()));
    other_wire.comes(Err(cause));
    for part in scene.shared.registry.sending_parts() {
        part.on_connection_lost(&ConnectionError::TimedOut);
    }
    let told = wait(closed(&scene.part));
    user.join().expect("no panic");
    looker.join().expect("no panic");
    assert!(other.outcome().is_some());
    scene.judge(&[told]);
}

/// Four parts, each with a user and a handler, and the end of the connection over all of them: nine threads,
/// for shuttle.
#[cfg(not(feature = "loom"))]
pub(super) fn crowd(fault: Option<Fault>) {
    let scene = Scene::new(fault, 0);
    let others = (0..3).map(|_| Scene::another(&scene.shared, 0));
    let mut scenes: Vec<_> =
        others.map(|(part, wire)| Scene { part, wire, ..scene.clone() }).collect();
    scenes.push(scene.clone());
    // Only what was finished can be acknowledged whole.
    scenes[0].part.finish();
    scenes[1].part.finish();
    let mut threads = Vec::new();
    for (number, scene) in scenes.iter().enumerate() {
        threads.push(scene.spawn(move |scene| match number {
            0 => scene.part.finish(),
            1 => drop(scene.part.reset(VarInt::from_u32(RESET))),
            _ => scene.part.abandon(&mut Slot::default()),
        }));
        threads.push(scene.spawn(move |scene| match number {
            0 | 1 => scene.handle(Fate::Acknowledged),
            _ => scene.handle(stopped()),
        }));
    }
    threads.push(scene.spawn(|scene| {
        for part in scene.shared.registry.sending_parts() {
            part.on_connection_lost(&ConnectionError::TimedOut);
        }
    }));
    let told: Vec<_> = scenes.iter().map(|scene| wait(closed(&scene.part))).collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    for (scene, told) in scenes.iter().zip(told) {
        scene.judge(&[told]);
    }
}

/// A scene and its name.
pub(super) type Named = (&'static str, fn(Option<Fault>));

/// All of them.
pub(super) const SCENES: &[Named] = &[
    ("cancel", cancel),
    ("acknowledged", acknowledged),
    ("deadline", deadline),
    ("watched", watched),
    ("watched late", watched_late),
    ("write", write),
    ("waiters", waiters),
    ("given up", given_up),
    ("loss", loss),
    #[cfg(not(feature = "loom"))]
    ("crowd", crowd),
];
