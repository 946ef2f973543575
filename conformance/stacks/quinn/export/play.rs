//! The stage: one connection of quinn-proto, and its peer by hand. No time passes, nothing is encrypted (so that the
//! peer needs no keys), and what is sent is shown as text, stream by stream.

mod frames;
#[path = "../../../harness/simulation/src/keys.rs"]
mod keys;
mod null;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use quinn_proto::{
    ClientConfig, Connection, ConnectionHandle, DatagramEvent, Dir, Endpoint, EndpointConfig,
    ReadError, ServerConfig, StreamId, TransportConfig, VarInt, WriteError,
};

use frames::Frames;
use keys::NullCrypto;

/// What a side advertises in its transport parameters, and the streams' limits are the same for every kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Limits {
    pub(super) max_data: u64,
    pub(super) max_stream_data: u64,
    pub(super) max_streams_bidi: u64,
    pub(super) max_streams_uni: u64,
}

/// A connection under test, and what its peer knows.
pub(super) struct Play {
    now: Instant,
    sut: End,
    /// The number of the peer's next packet; the handshake's were below.
    next: u32,
    /// The numbers of the packets that the peer has sent, those that did not arrive included.
    sent: Vec<u32>,
    /// The connection ID that the peer writes to.
    destination: Vec<u8>,
    /// The numbers of the packets that were about streams, in order, and of those that held nothing to acknowledge.
    packets: Vec<u64>,
    plain: Vec<u64>,
    largest: u64,
    /// What the application was told of the end of a stream; it does not ask again.
    ended: BTreeMap<u64, String>,
}

/// One endpoint with its connection.
pub(super) struct End {
    endpoint: Endpoint,
    pub(super) connection: Option<(ConnectionHandle, Connection)>,
}

const ADDRESSES: [SocketAddr; 2] = [
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 4433),
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 4434),
];

impl Play {
    /// The connection under test is the client's.
    pub(super) fn client(own: Limits, peer: Limits, packet_threshold: u32) -> Self {
        Self::begin(true, own, peer, packet_threshold)
    }

    /// The connection under test is the server's.
    pub(super) fn server(own: Limits, peer: Limits, packet_threshold: u32) -> Self {
        Self::begin(false, own, peer, packet_threshold)
    }

    /// The handshake is made with a second quinn-proto, which is then put away: from there the peer is whoever calls
    /// [`arrives`](Self::arrives).
    fn begin(is_client: bool, own: Limits, peer: Limits, packet_threshold: u32) -> Self {
        let now = Instant::now();
        let mut sut = End::new(!is_client, own, packet_threshold);
        let mut other = End::new(is_client, peer, 3);
        match is_client {
            true => sut.connect(now, own, packet_threshold),
            false => other.connect(now, peer, packet_threshold),
        }
        let mut destination = Vec::new();
        loop {
            let (there, back) = (sut.transmit(now), other.transmit(now));
            if there.is_empty() && back.is_empty() {
                break;
            }
            for datagram in &there {
                if destination.is_empty() && datagram[0] & 0x80 != 0 {
                    let at = 6 + usize::from(datagram[5]);
                    let length = usize::from(datagram[at]);
                    destination = datagram[at + 1..=at + length].to_vec();
                }
            }
            there.into_iter().for_each(|datagram| other.receive(now, &datagram));
            back.into_iter().for_each(|datagram| sut.receive(now, &datagram));
        }
        let (next, largest, ended) = (1000, 0, BTreeMap::new());
        let (sent, packets, plain) = (Vec::new(), Vec::new(), Vec::new());
        Self { now, sut, next, sent, destination, packets, plain, largest, ended }
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.sut.connection.as_mut().expect("connected").1
    }

    // ---- the application ----------------------------------------------------------------------

    /// Opens a stream.
    pub(super) fn open(&mut self, direction: Dir) -> String {
        match self.connection().streams().open(direction) {
            Some(id) => format!("opened {}", u64::from(VarInt::from(id))),
            None => "blocked".to_owned(),
        }
    }

    /// Writes so many bytes.
    pub(super) fn write(&mut self, id: u64, length: usize) -> String {
        match self.connection().send_stream(stream(id)).write(&vec![0; length]) {
            Ok(length) => format!("wrote {length}"),
            Err(WriteError::Blocked) => "blocked".to_owned(),
            Err(WriteError::Stopped(code)) => format!("stopped by the peer, code {code}"),
            Err(WriteError::ClosedStream) => "refused: closed".to_owned(),
        }
    }

    /// Ends a stream, as quinn does it: that the peer has stopped it is no error.
    pub(super) fn finish(&mut self, id: u64) -> String {
        match self.connection().send_stream(stream(id)).finish() {
            Ok(()) | Err(quinn_proto::FinishError::Stopped(_)) => "accepted".to_owned(),
            Err(quinn_proto::FinishError::ClosedStream) => "refused: closed".to_owned(),
        }
    }

    /// Resets a stream.
    pub(super) fn reset(&mut self, id: u64, code: u32) -> String {
        answer(self.connection().send_stream(stream(id)).reset(code.into()).is_ok())
    }

    /// Asks the peer to send no more.
    pub(super) fn stop(&mut self, id: u64, code: u32) -> String {
        answer(self.connection().recv_stream(stream(id)).stop(code.into()).is_ok())
    }

    /// Reads all that is there. The end, or a reset, is told once more whenever it is asked for.
    pub(super) fn read(&mut self, id: u64) -> String {
        if let Some(told) = self.ended.get(&id) {
            return told.clone();
        }
        let mut length = 0;
        let mut ended = None;
        let mut part = self.connection().recv_stream(stream(id));
        let Ok(mut chunks) = part.read(true) else { return answer(false) };
        while ended.is_none() {
            match chunks.next(usize::MAX) {
                Ok(Some(chunk)) => length += chunk.bytes.len(),
                Ok(None) => ended = Some("end of stream".to_owned()),
                Err(ReadError::Reset(code)) => {
                    ended = Some(format!("reset by the peer, code {code}"));
                }
                Err(ReadError::Blocked) => break,
            }
        }
        let _ = chunks.finalize();
        let told = ended.clone().unwrap_or_else(|| "nothing yet".to_owned());
        self.ended.extend(ended.map(|ended| (id, ended)));
        if length > 0 { format!("{length} bytes") } else { told }
    }

    /// Closes the connection.
    pub(super) fn close(&mut self, code: u32) -> String {
        let now = self.now;
        self.connection().close(now, code.into(), Bytes::new());
        answer(true)
    }

    // ---- the network --------------------------------------------------------------------------

    /// The driver runs: what it sends about streams, frame by frame.
    pub(super) fn runs(&mut self) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            for direction in [Dir::Bi, Dir::Uni] {
                while self.connection().streams().accept(direction).is_some() {}
            }
            let sent = self.sut.transmit(self.now);
            if sent.is_empty() {
                return seen;
            }
            sent.iter().for_each(|datagram| self.look(datagram, &mut seen));
        }
    }

    /// The peer sends so many packets that do not arrive, or arrive late.
    pub(super) fn holds_back(&mut self, packets: u64) {
        for _ in 0..packets {
            self.sent.push(self.next);
            self.next += 1;
        }
    }

    /// A packet of the peer's with these frames arrives: the next that it sends.
    pub(super) fn arrives(&mut self, frames: &[u8]) -> Vec<String> {
        self.holds_back(1);
        self.arrives_late(self.sent.len() - 1, frames)
    }

    /// The packet at this place among those that the peer has sent, from 0, arrives with these frames.
    pub(super) fn arrives_late(&mut self, place: usize, frames: &[u8]) -> Vec<String> {
        self.arrives_as(self.sent[place], frames)
    }

    /// The peer acknowledges packets: those that were about streams, counted from 0.
    pub(super) fn acknowledges(&mut self, packets: &[usize]) -> Vec<String> {
        self.holds_back(1);
        self.acknowledges_late(self.sent.len() - 1, packets)
    }

    /// The same, in the packet at this place among those that the peer has sent.
    pub(super) fn acknowledges_late(&mut self, place: usize, packets: &[usize]) -> Vec<String> {
        let numbers: Vec<u64> = packets.iter().map(|packet| self.packets[*packet]).collect();
        self.acknowledge(self.sent[place], numbers)
    }

    fn arrives_as(&mut self, number: u32, frames: &[u8]) -> Vec<String> {
        let mut datagram = vec![0x43]; // 1-RTT, a packet number of four bytes.
        datagram.extend(&self.destination);
        datagram.extend(number.to_be_bytes());
        datagram.extend(frames);
        self.sut.receive(self.now, &datagram);
        self.runs()
    }

    /// A packet number of the peer's own.
    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// All that is in flight is lost, and it finds out: packets that were sent later are acknowledged.
    pub(super) fn loses_all(&mut self) -> Vec<String> {
        let mut seen = self.runs();
        let last = self.largest;
        for _ in 0..12 {
            let later: Vec<u64> =
                self.plain.iter().copied().filter(|number| *number > last).collect();
            if later.last().is_some_and(|top| *top >= last + 3) {
                let number = self.number();
                seen.extend(self.acknowledge(number, later));
                break;
            }
            self.number(); // A gap is acknowledged at once,
            let number = self.number();
            seen.extend(self.arrives_as(number, &[1])); // as soon as a PING follows.
        }
        seen
    }

    fn acknowledge(&mut self, number: u32, mut numbers: Vec<u64>) -> Vec<String> {
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        let Some(&largest) = numbers.first() else { return Vec::new() };
        // Each in a range of its own, or in that of the one above it.
        let mut ranges: Vec<[u64; 2]> = vec![[largest; 2]];
        for number in &numbers[1..] {
            match ranges.last_mut() {
                Some([low, _]) if *number + 1 == *low => *low = *number,
                _ => ranges.push([*number; 2]),
            }
        }
        let mut frame = vec![2];
        for number in [largest, 0, ranges.len() as u64 - 1, largest - ranges[0][0]] {
            put(number, &mut frame);
        }
        for pair in ranges.windows(2) {
            put(pair[0][0] - pair[1][1] - 2, &mut frame);
            put(pair[1][1] - pair[1][0], &mut frame);
        }
        self.arrives_as(number, &frame)
    }

    /// What a datagram of the connection's says about streams.
    fn look(&mut self, datagram: &[u8], seen: &mut Vec<String>) {
        let Some((number, asks, said)) = said(datagram) else { return };
        self.largest = number;
        if !said.is_empty() {
            self.packets.push(number);
        } else if !asks {
            self.plain.push(number);
        }
        seen.extend(said);
    }
}

/// The number of a packet, whether it asks for an acknowledgement, and what it says about streams; `None` for the
/// handshake's.
pub(super) fn said(datagram: &[u8]) -> Option<(u64, bool, Vec<String>)> {
    if datagram[0] & 0x80 != 0 {
        return None;
    }
    // Type, the receiver's connection ID, and a packet number, of which all is there while it is below 256.
    let length = usize::from(datagram[0] & 3) + 1;
    let number = datagram[9..9 + length].iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    let mut frames = Frames(&datagram[9 + length..]);
    let (mut asks_at_all, mut said) = (false, Vec::new());
    while !frames.0.is_empty() {
        let (asks, text) = frames.next();
        asks_at_all |= asks;
        said.extend(text);
    }
    Some((number, asks_at_all, said))
}

fn stream(id: u64) -> StreamId {
    VarInt::from_u64(id).expect("a stream ID").into()
}

fn answer(accepted: bool) -> String {
    if accepted { "accepted" } else { "refused: closed" }.to_owned()
}

fn transport(limits: Limits, packet_threshold: u32) -> TransportConfig {
    let limit = |value| VarInt::from_u64(value).expect("a limit");
    let mut transport = TransportConfig::default();
    transport
        .receive_window(limit(limits.max_data))
        .stream_receive_window(limit(limits.max_stream_data))
        .max_concurrent_bidi_streams(limit(limits.max_streams_bidi))
        .max_concurrent_uni_streams(limit(limits.max_streams_uni))
        .packet_threshold(packet_threshold)
        .max_idle_timeout(None)
        .mtu_discovery_config(None)
        .enable_segmentation_offload(false)
        .allow_spin(false)
        .datagram_receive_buffer_size(None);
    transport
}

impl End {
    pub(super) fn new(is_server: bool, limits: Limits, packet_threshold: u32) -> Self {
        let server = is_server.then(|| {
            let mut server = ServerConfig::new(Arc::new(NullCrypto), Arc::new(NullCrypto));
            server.transport_config(Arc::new(transport(limits, packet_threshold)));
            Arc::new(server)
        });
        let mut config = EndpointConfig::new(Arc::new(NullCrypto));
        config.grease_quic_bit(false);
        Self {
            endpoint: Endpoint::new(Arc::new(config), server, false, Some([0; 32])),
            connection: None,
        }
    }

    pub(super) fn connect(&mut self, now: Instant, limits: Limits, packet_threshold: u32) {
        let mut config = ClientConfig::new(Arc::new(NullCrypto));
        config.transport_config(Arc::new(transport(limits, packet_threshold)));
        let connected = self.endpoint.connect(now, config, ADDRESSES[1], "localhost");
        self.connection = Some(connected.expect("a connection begins"));
    }

    pub(super) fn receive(&mut self, now: Instant, datagram: &[u8]) {
        let mut answer = Vec::new();
        let data = BytesMut::from(datagram);
        match self.endpoint.handle(now, ADDRESSES[1], None, None, data, &mut answer) {
            Some(DatagramEvent::NewConnection(incoming)) => {
                self.connection = self.endpoint.accept(incoming, now, &mut answer, None).ok();
            }
            Some(DatagramEvent::ConnectionEvent(_, event)) => {
                if let Some((_, connection)) = &mut self.connection {
                    connection.handle_event(event);
                }
            }
            Some(DatagramEvent::Response(_)) | None => {}
        }
    }

    pub(super) fn transmit(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let Some((handle, connection)) = &mut self.connection else { return Vec::new() };
        let mut sent = Vec::new();
        loop {
            while connection.poll().is_some() {}
            while let Some(event) = connection.poll_endpoint_events() {
                if let Some(event) = self.endpoint.handle_event(*handle, event) {
                    connection.handle_event(event);
                }
            }
            let mut datagram = Vec::new();
            match connection.poll_transmit(now, 1, &mut datagram) {
                Some(transmit) => sent.push(datagram[..transmit.size].to_vec()),
                None => return sent,
            }
        }
    }
}

/// Writes a variable-length integer (RFC 9000 section 16), in eight bytes.
fn put(value: u64, out: &mut Vec<u8>) {
    out.extend((value | 0b11 << 62).to_be_bytes());
}
