//! The stage of every test: a manager on quinn, its driver, the puppet, and the ways to a handle.
//!
//! [`each_sender`] and [`each_receiver`] run a test once for each role and each way, and check at the
//! end what holds in every test: nothing is left in the registry, what was registered has ended, and
//! the manager caught itself doing nothing impossible.

use std::fmt::{self, Debug};
use std::future::Future;
use std::task::Poll;

use bytes::Bytes;
use quinn::{Side, VarInt};
use streamproof::{Config, Driver, Fault, RecvHandle, SendHandle, StreamManager};
use streamproof_harness::wire::Frame;
use streamproof_simulation::{Arena, ArenaConfig, TaskHandle, poll_once};

pub(crate) const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// [`Config::drop_reset_code`] of every stage.
pub(crate) const DROP_RESET: u32 = 0x51;

/// [`Config::drop_stop_code`] of every stage.
pub(crate) const DROP_STOP: u32 = 0x52;

/// How a sending part comes to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SendWay {
    OpenedUni,
    OpenedBi,
    AcceptedBi,
}

/// How a receiving part comes to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RecvWay {
    AcceptedUni,
    AcceptedBi,
    OpenedBi,
}

/// A sending part under test. `other` is the receiving part of the same stream, if there is one.
pub(crate) struct Sender {
    pub(crate) send: SendHandle,
    pub(crate) other: Option<RecvHandle>,
    pub(crate) id: u64,
}

/// A receiving part under test. `other` is the sending part of the same stream, if there is one.
pub(crate) struct Receiver {
    pub(crate) recv: RecvHandle,
    pub(crate) other: Option<SendHandle>,
    pub(crate) id: u64,
}

/// What a stage is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) arena: ArenaConfig,
    pub(crate) config: Config,
}

impl Default for Setup {
    fn default() -> Self {
        let mut config = Config::default();
        config.drop_reset_code = code(DROP_RESET);
        config.drop_stop_code = code(DROP_STOP);
        Self { arena: ArenaConfig { log: true, ..ArenaConfig::default() }, config }
    }
}

impl Setup {
    /// The puppet grants `bytes` on each stream, and no more unless it is told to.
    pub(crate) fn stream_limit(bytes: u64) -> Self {
        let mut setup = Self::default();
        setup.arena.limits.puppet.max_stream_data = bytes;
        setup
    }

    /// The puppet grants `bytes` on the connection.
    pub(crate) fn connection_limit(bytes: u64) -> Self {
        let mut setup = Self::default();
        setup.arena.limits.puppet.max_data = bytes;
        setup
    }

    /// quinn buffers `bytes` that are not acknowledged.
    pub(crate) fn send_window(bytes: u64) -> Self {
        let mut setup = Self::default();
        setup.arena.send_window = bytes;
        setup
    }

    /// A manager with a fault, or without.
    pub(crate) fn fault(fault: Option<Fault>) -> Self {
        let mut setup = Self::default();
        setup.config.fault = fault;
        setup
    }

    pub(crate) fn on(mut self, side: Side) -> Self {
        self.arena.side = side;
        self
    }
}

/// A manager, its driver, quinn and the puppet.
pub(crate) struct Stage {
    pub(crate) manager: StreamManager,
    pub(crate) arena: Arena,
    pub(crate) driver: TaskHandle<()>,
    history: Vec<Frame>,
}

impl Stage {
    pub(crate) fn new(setup: Setup) -> Self {
        let mut arena = ok(Arena::new(&setup.arena));
        let (manager, driver): (StreamManager, Driver) = StreamManager::with_runtime(
            arena.connection.clone(),
            setup.config,
            arena.world.runtime(),
        );
        let driver = arena.world.spawn(driver);
        arena.settle();
        Self { manager, arena, driver, history: Vec::new() }
    }

    pub(crate) fn settle(&mut self) {
        self.arena.settle();
    }

    /// The `n`th stream of the puppet (§2.1).
    pub(crate) fn puppet_id(&self, direction: Direction, n: u64) -> u64 {
        let initiator = match self.arena.connection.side() {
            Side::Client => 1,
            Side::Server => 0,
        };
        let kind = match direction {
            Direction::Bi => 0,
            Direction::Uni => 2,
        };
        4 * n + initiator + kind
    }

    /// Every frame from the manager's side so far.
    pub(crate) fn history(&mut self) -> &[Frame] {
        self.settle();
        let frames = self.arena.received().into_iter().flat_map(|packet| packet.frames);
        self.history.extend(frames);
        &self.history
    }

    /// What the sending part of a stream has sent so far: STREAM and RESET_STREAM.
    pub(crate) fn sent_on(&mut self, id: u64) -> Vec<Frame> {
        self.frames(|frame| {
            matches!(frame, Frame::Stream { stream_id, .. } | Frame::ResetStream { stream_id, .. }
                if *stream_id == id)
        })
    }

    /// Every STOP_SENDING for a stream so far.
    pub(crate) fn stops_on(&mut self, id: u64) -> Vec<Frame> {
        self.frames(
            |frame| matches!(frame, Frame::StopSending { stream_id, .. } if *stream_id == id),
        )
    }

    fn frames(&mut self, wanted: impl Fn(&Frame) -> bool) -> Vec<Frame> {
        self.history().iter().filter(|frame| wanted(frame)).cloned().collect()
    }

    /// The bytes of a stream that have reached the puppet, as far as there is no gap, and the final
    /// size if FIN has. Panics if a byte was sent with two values.
    pub(crate) fn arrived(&mut self, id: u64) -> (Vec<u8>, Option<u64>) {
        let (mut bytes, mut final_size) = (Vec::<Option<u8>>::new(), None);
        for frame in self.sent_on(id) {
            let Frame::Stream { offset, fin, data, .. } = frame else { continue };
            let start = usize::try_from(offset).expect("a short stream");
            bytes.resize(bytes.len().max(start + data.len()), None);
            for (place, byte) in bytes[start..].iter_mut().zip(&data) {
                assert!(place.is_none_or(|old| old == *byte), "two values for one byte");
                *place = Some(*byte);
            }
            if fin {
                let end = offset + data.len() as u64;
                assert!(final_size.is_none_or(|size| size == end), "two final sizes");
                final_size = Some(end);
            }
        }
        (bytes.into_iter().map_while(|byte| byte).collect(), final_size)
    }

    /// The puppet acknowledges everything, until nothing is in flight.
    pub(crate) fn acknowledge_all(&mut self) {
        loop {
            self.settle();
            let outstanding = self.arena.puppet.outstanding();
            if outstanding.is_empty() || self.arena.acknowledge(&outstanding).is_err() {
                return;
            }
        }
    }

    /// The puppet acknowledges exactly these packets.
    pub(crate) fn acknowledge(&mut self, packets: &[u64]) {
        ok(self.arena.acknowledge(packets));
    }

    /// The packets that wait for an acknowledgement now.
    pub(crate) fn outstanding(&mut self) -> Vec<u64> {
        self.settle();
        self.arena.puppet.outstanding()
    }

    pub(crate) fn deliver(&mut self, frames: &[Frame]) {
        self.arena.deliver(frames);
    }

    /// A task that waits for `future`.
    pub(crate) fn spawn<F>(&mut self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let task = self.arena.world.spawn(future);
        self.settle();
        task
    }

    pub(crate) fn abort<T>(&mut self, task: &TaskHandle<T>) {
        self.arena.world.abort(task);
        self.settle();
    }

    /// Makes a sending part. Nothing is on the wire yet.
    pub(crate) fn sender(&mut self, way: SendWay) -> Sender {
        let (send, other) = match way {
            SendWay::OpenedUni => (ok(now(self.manager.open_uni())), None),
            SendWay::OpenedBi => {
                let (send, recv) = ok(now(self.manager.open_bi()));
                (send, Some(recv))
            }
            SendWay::AcceptedBi => {
                let id = self.puppet_id(Direction::Bi, 0);
                self.deliver(&[data(id, 0, b"")]);
                let (send, recv) = ok(now(self.manager.accept_bi()));
                (send, Some(recv))
            }
        };
        self.settle();
        let id = VarInt::from(send.id()).into_inner();
        Sender { send, other, id }
    }

    /// Makes a receiving part. Nothing has arrived yet.
    pub(crate) fn receiver(&mut self, way: RecvWay) -> Receiver {
        let (recv, other) = match way {
            RecvWay::AcceptedUni => {
                let id = self.puppet_id(Direction::Uni, 0);
                self.deliver(&[data(id, 0, b"")]);
                (ok(now(self.manager.accept_uni())), None)
            }
            RecvWay::AcceptedBi => {
                let Sender { send, other, .. } = self.sender(SendWay::AcceptedBi);
                (other.expect("bidirectional"), Some(send))
            }
            RecvWay::OpenedBi => {
                let Sender { mut send, other, .. } = self.sender(SendWay::OpenedBi);
                // Before, the puppet could not know of the stream.
                ok(now(send.write_all(b"!")));
                self.acknowledge_all();
                (other.expect("bidirectional"), Some(send))
            }
        };
        self.settle();
        let id = VarInt::from(recv.id()).into_inner();
        Receiver { recv, other, id }
    }

    /// Checks what holds once every handle is dropped and everything has been acknowledged.
    pub(crate) fn assert_all_released(&mut self) {
        self.acknowledge_all();
        let tally = self.manager.tally();
        assert_eq!(self.manager.snapshot(), []);
        assert_eq!(tally.sending.registered, tally.sending.ended(), "{tally:?}");
        assert_eq!(tally.receiving.registered, tally.receiving.ended(), "{tally:?}");
        assert_eq!(tally.own_faults, 0);
        assert_eq!(self.arena.puppet.complaints(), []);
        assert!(!self.arena.world.is_stuck());
    }
}

impl Drop for Stage {
    /// A failing test shows what happened on the wire.
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.arena.log().join("\n"));
        }
    }
}

impl Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").field("manager", &self.manager).finish_non_exhaustive()
    }
}

/// Which way data flows (§2.1).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    Bi,
    Uni,
}

/// Runs a test in both roles, for each way to a sending part.
pub(crate) fn each_sender(setup: Setup, run: impl Fn(&mut Stage, Sender)) {
    for side in SIDES {
        for way in [SendWay::OpenedUni, SendWay::OpenedBi, SendWay::AcceptedBi] {
            println!("case: {side:?}, {way:?}");
            let mut stage = Stage::new(setup.on(side));
            let sender = stage.sender(way);
            run(&mut stage, sender);
            stage.assert_all_released();
        }
    }
}

/// Runs a test in both roles, for each way to a receiving part.
pub(crate) fn each_receiver(setup: Setup, run: impl Fn(&mut Stage, Receiver)) {
    for side in SIDES {
        for way in [RecvWay::AcceptedUni, RecvWay::AcceptedBi, RecvWay::OpenedBi] {
            println!("case: {side:?}, {way:?}");
            let mut stage = Stage::new(setup.on(side));
            let receiver = stage.receiver(way);
            run(&mut stage, receiver);
            stage.assert_all_released();
        }
    }
}

/// An application error code.
pub(crate) fn code(code: u32) -> VarInt {
    VarInt::from_u32(code)
}

/// The output of a call that doesn't block.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match poll_once(future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the call would block"),
    }
}

pub(crate) fn blocks<F: Future>(future: F) -> bool {
    poll_once(future).is_pending()
}

pub(crate) fn ok<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("the call succeeds")
}

/// A STREAM frame without FIN.
pub(crate) fn data(stream_id: u64, offset: u64, data: &'static [u8]) -> Frame {
    Frame::Stream { stream_id, offset, fin: false, data: Bytes::from_static(data) }
}

/// A STREAM frame with FIN.
pub(crate) fn fin(stream_id: u64, offset: u64, data: &'static [u8]) -> Frame {
    Frame::Stream { stream_id, offset, fin: true, data: Bytes::from_static(data) }
}

pub(crate) fn reset(stream_id: u64, code: u32, final_size: u64) -> Frame {
    let application_protocol_error_code = code.into();
    Frame::ResetStream { stream_id, application_protocol_error_code, final_size }
}

pub(crate) fn stop_sending(stream_id: u64, code: u32) -> Frame {
    Frame::StopSending { stream_id, application_protocol_error_code: code.into() }
}

/// One read of at most `size` bytes.
pub(crate) fn read(
    recv: &mut RecvHandle,
    size: usize,
) -> Poll<Result<Option<Vec<u8>>, streamproof::ReadError>> {
    let mut buffer = vec![0; size];
    let read = poll_once(recv.read(&mut buffer));
    read.map_ok(|count| count.map(|count| buffer[..count].to_vec()))
}

/// What a read that gives these bytes returns.
pub(crate) fn gives(bytes: &[u8]) -> Poll<Result<Option<Vec<u8>>, streamproof::ReadError>> {
    Poll::Ready(Ok(Some(bytes.to_vec())))
}
