//! s2n-quic's testing executor on the thread that calls, and a wire that takes no time.
//!
//! Nothing runs but in [`Runtime::settle`]. Its clock is virtual: it stands still between two of them, and moves a
//! little in each, so that timers which are due fire.
//!
//! The executor runs its tasks in the order in which they were woken, and there are two that matter: one fetches
//! datagrams, the other is the endpoint, which takes what was fetched and then sends what is due. A call of the
//! application's wakes the endpoint. For a datagram that arrives after it, and before the endpoint has run, the first
//! task has to be awake already: [`Runtime::listen`].

use std::cell::OnceCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use s2n_quic::provider::io::testing::network::{Buffers, Packet};
use s2n_quic::provider::io::testing::{Executor, Io, Network, Socket, primary, time};

use super::line;

/// The endpoint's world: its executor, and the puppet's end of the wire.
pub(super) struct Runtime {
    executor: Executor<Wire>,
    wire: Wire,
    socket: Socket,
    /// Where the endpoint is.
    endpoint: Option<SocketAddr>,
}

/// Any will do.
const SEED: u64 = 9000;
/// The largest packet on the wire, IP and UDP included: the puppet's largest datagram fits. Larger ones are not
/// probed for.
const MTU: u16 = 1500;
/// Enough for all datagrams of a step, in bytes.
const QUEUE: usize = 64 * 1024;

impl Runtime {
    pub(super) fn new() -> Result<Self, String> {
        let wire = Wire::default();
        let executor = Executor::new(wire.clone(), SEED);
        let socket = executor.handle().builder().with_max_mtu(MTU).build().map_err(line)?.socket();
        Ok(Self { executor, wire, socket, endpoint: None })
    }

    /// The IO of the endpoint.
    pub(super) fn io(&self) -> Result<Io, String> {
        self.executor
            .handle()
            .builder()
            .with_max_mtu(MTU)
            .with_initial_mtu(MTU)
            .with_base_mtu(MTU)
            .with_internal_recv_buffer_size(QUEUE)
            .and_then(|builder| builder.with_internal_send_buffer_size(QUEUE))
            .and_then(s2n_quic::provider::io::testing::Builder::build)
            .map_err(line)
    }

    /// The address of the puppet.
    pub(super) fn peer(&self) -> SocketAddr {
        self.socket.local_addr().unwrap_or_else(|_| SocketAddr::from(([0; 4], 0)))
    }

    /// Says where the endpoint is, and lets it begin.
    pub(super) fn find(&mut self, endpoint: SocketAddr) {
        self.endpoint = Some(endpoint);
        self.settle(Duration::ZERO);
    }

    /// Does something inside the executor's world; no task runs.
    pub(super) fn enter<O>(&mut self, act: impl FnOnce() -> O) -> O {
        self.executor.enter(act)
    }

    /// A datagram reaches the endpoint's socket.
    pub(super) fn send(&mut self, datagram: &[u8]) {
        let (Some(endpoint), Some(buffers)) = (self.endpoint, self.wire.buffers.get()) else {
            return;
        };
        self.executor.enter(|| {
            // The queue is closed only at the end.
            let _ = self.socket.send_to(endpoint, Default::default(), datagram.to_vec());
            carry(buffers);
        });
    }

    /// Wakes the task that fetches datagrams, by one that is taken away again.
    pub(super) fn listen(&mut self) {
        self.send(&[]);
        if let (Some(endpoint), Some(buffers)) = (self.endpoint, self.wire.buffers.get()) {
            buffers.rx(endpoint.into(), |queue| drop(queue.drain()));
        }
    }

    /// What the endpoint has sent.
    pub(super) fn received(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        while let Ok(Some((_, _, datagram))) = self.socket.try_recv_from() {
            datagrams.push(datagram);
        }
        datagrams
    }

    /// Runs everything until nothing is left to do, for so long.
    pub(super) fn settle(&mut self, elapses: Duration) {
        self.executor.enter(|| primary::spawn(time::delay(elapses)));
        self.executor.run();
    }
}

/// A network that hands on every datagram at once, in order.
#[derive(Clone, Default)]
struct Wire {
    /// Where the datagrams are; known as soon as the executor has run.
    buffers: Rc<OnceCell<Buffers>>,
}

impl Network for Wire {
    fn execute(&mut self, buffers: &Buffers) -> usize {
        carry(self.buffers.get_or_init(|| buffers.clone()))
    }
}

/// Carries every datagram from one end to the other, and counts them.
fn carry(buffers: &Buffers) -> usize {
    let mut packets: Vec<Packet> = Vec::new();
    buffers.drain_pending_transmissions(|packet| {
        packets.push(packet);
        Ok(())
    });
    let count = packets.len();
    for mut packet in packets {
        packet.switch();
        buffers.rx(*packet.path.local_address, |queue| queue.enqueue(packet));
    }
    count
}
