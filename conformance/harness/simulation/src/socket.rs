//! An in-memory UDP socket: datagrams in, datagrams out, always ready to send.
//!
//! It loses, reorders and delays nothing; that is the trace's business. Without segmentation
//! offload a transmit is one datagram, but several are split all the same.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use quinn::udp::{RecvMeta, Transmit};

use crate::runtime::Shared;

/// Where the system under test believes itself to be.
pub(crate) const SUT_ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4433);

/// Where it believes the puppet to be.
pub(crate) const PUPPET_ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 4434);

#[derive(Default)]
struct Queues {
    inbox: VecDeque<Bytes>,
    reader: Option<Waker>,
    outbox: Vec<(Duration, Bytes)>,
}

/// The socket of the system under test.
pub(crate) struct VirtualSocket {
    queues: Mutex<Queues>,
    shared: Arc<Shared>,
    local: SocketAddr,
    /// The only one there is to hear from.
    peer: SocketAddr,
}

impl VirtualSocket {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { queues: Mutex::default(), shared, local: SUT_ADDRESS, peer: PUPPET_ADDRESS }
    }

    /// The socket of a second system under test, in the puppet's place.
    pub(crate) fn opposite(shared: Arc<Shared>) -> Self {
        Self { queues: Mutex::default(), shared, local: PUPPET_ADDRESS, peer: SUT_ADDRESS }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a datagram in front of the system under test, which sees it when it next runs: before
    /// anything that its application has asked for since it last ran goes out. (Otherwise every
    /// arrival would find a system that has already sent all it had, and the races between a call and
    /// a frame would never be run.)
    pub(crate) fn deliver(&self, datagram: Bytes) {
        let reader = {
            let mut queues = self.queues();
            queues.inbox.push_back(datagram);
            queues.reader.take()
        };
        if let Some(reader) = reader {
            self.shared.wake_first(reader);
        }
    }

    /// What the system under test has sent since the last call, with the virtual time of sending.
    pub(crate) fn take_sent(&self) -> Vec<(Duration, Bytes)> {
        std::mem::take(&mut self.queues().outbox)
    }
}

impl quinn::AsyncUdpSocket for VirtualSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn quinn::UdpPoller>> {
        Box::pin(AlwaysWritable)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let now = Duration::from_nanos(self.shared.nanos());
        let size = transmit.segment_size.unwrap_or(transmit.contents.len());
        let mut queues = self.queues();
        for segment in transmit.contents.chunks(size.max(1)) {
            queues.outbox.push((now, Bytes::copy_from_slice(segment)));
        }
        Ok(())
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut queues = self.queues();
        let mut count = 0;
        for (slot, meta) in bufs.iter_mut().zip(meta) {
            let Some(datagram) = queues.inbox.pop_front() else {
                break;
            };
            // Like UDP, cut off what doesn't fit; the puppet never sends that much.
            let length = datagram.len().min(slot.len());
            slot[..length].copy_from_slice(&datagram[..length]);
            *meta =
                RecvMeta { addr: self.peer, len: length, stride: length, ecn: None, dst_ip: None };
            count += 1;
        }
        if count == 0 {
            queues.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(count))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

impl fmt::Debug for VirtualSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VirtualSocket")
    }
}

/// Nothing in memory ever blocks.
#[derive(Debug)]
struct AlwaysWritable;

impl quinn::UdpPoller for AlwaysWritable {
    fn poll_writable(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
