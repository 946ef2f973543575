//! The scripted peer: a raw packet endpoint that does what it is told, right or wrong.
//!
//! It opens the connection by itself (§7, with the null handshake) and then sends exactly the
//! frames it is given, acknowledges exactly what it is asked to (§13.2) and keeps everything it
//! sees. An honest QUIC stack cannot play this part, because its own state refuses to break rules.
//!
//! What it deliberately doesn't do: retransmit, acknowledge 1-RTT packets unasked, keep to any
//! limit, follow a key update (with null keys the key phase has no meaning, and following it would
//! make a late duplicate look like a second update), change connection IDs or paths. It has no IO
//! and no clock: datagrams go in and out through method calls.

mod config;
mod error;
mod handshake;
mod log;
mod packet;
mod places;
pub mod protection;
mod space;
mod tap;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::Side;
use crate::wire::packet::{
    Context, Header, Packet, PacketError, PacketType, Space, decode_datagram, encode_packet,
};
use crate::wire::parameters::TransportParameters;
use crate::wire::{ConnectionId, Frame, decode_frames, encode_frames};

pub use config::PuppetConfig;
pub use error::{Complaint, PuppetError};
pub use log::EventLog;
pub use packet::ReceivedPacket;
pub use protection::{Protection, ProtectionError};
pub use space::PACKET_THRESHOLD;
pub use tap::{Capture, Datagram, Tap};

use handshake::Progress;
use log::Sender;
use protection::TAG;
use space::SpaceState;

/// The connection ID that the puppet gives itself.
const OWN_ID: ConnectionId = ConnectionId::from_u64(0x7075_7070_6574_0001);

/// Bytes before the frames of a 1-RTT packet: type, connection ID of quinn, packet number. (A 0-RTT
/// packet has 17 more: version, two lengths, the puppet's connection ID, the packet's length.)
const SHORT_HEADER: usize = 1 + 8 + 4;

/// The largest datagram that goes in or out, in bytes: as much as quinn's receive slots take.
pub const MAX_DATAGRAM: usize = 1472;

/// The most that the frames of one packet may take, in bytes.
pub const MAX_PAYLOAD: usize = MAX_DATAGRAM - SHORT_HEADER - TAG;

/// The destination of a client's first Initial packet, where there is no reason to choose another one (§7.2).
pub const FIRST_DESTINATION: ConnectionId = ConnectionId::from_u64(0x6669_7273_7464_6573);

/// More PINGs than a stack can need to use up [`PACKET_THRESHOLD`] packet numbers.
pub const MAX_FENCE: usize = 12;

/// A scripted peer; see the module's description.
#[derive(Debug)]
pub struct Puppet {
    side: Side,
    parameters: TransportParameters,
    remote_id: ConnectionId,
    progress: Progress,
    /// The last message of the handshake waits for [`answer_hello`](Self::answer_hello) or
    /// [`send_finished`](Self::send_finished).
    holds_back: bool,
    peer_parameters: Option<TransportParameters>,
    spaces: [SpaceState; 3],
    protection: Option<Box<dyn Protection>>,
    outgoing: Vec<Bytes>,
    /// The datagram of each 1-RTT packet sent, to be able to send it again.
    sent: BTreeMap<u64, Bytes>,
    /// The packet number of each packet of the script, by its place.
    places: Vec<u64>,
    received: Vec<ReceivedPacket>,
    complaints: Vec<Complaint>,
    tap: Option<Tap>,
    log: EventLog,
}

impl Puppet {
    /// A puppet that has seen nothing. As a client it has its first datagram ready.
    pub fn new(config: PuppetConfig) -> Self {
        let mut puppet = Self {
            side: config.side,
            parameters: config.parameters,
            remote_id: config.first_destination,
            progress: Progress::Begun,
            holds_back: config.holds_back,
            peer_parameters: None,
            spaces: Default::default(),
            protection: config.protection,
            outgoing: Vec::new(),
            sent: BTreeMap::new(),
            places: Vec::new(),
            received: Vec::new(),
            complaints: Vec::new(),
            tap: config.tap,
            log: EventLog::new(config.log),
        };
        puppet.parameters.initial_source_connection_id = Some(OWN_ID);
        if puppet.side.is_client() {
            puppet.send_client_hello();
        }
        puppet
    }

    /// Sends one 1-RTT packet with these frames and returns its packet number. A client that holds
    /// back its Finished sends a 0-RTT packet; the server would not look at a 1-RTT packet yet.
    ///
    /// # Panics
    ///
    /// If the frames take more than [`MAX_PAYLOAD`] bytes or hold a number of 2^62 or more: that
    /// is a mistake in the script, and a datagram cut short would look like one in the peer.
    pub fn send(&mut self, frames: &[Frame]) -> u64 {
        let packet_number = self.space(Space::OneRtt).allocate();
        self.send_numbered(packet_number, frames);
        packet_number
    }

    /// Sends one 1-RTT packet with a chosen packet number below 2^32, to reorder or to repeat.
    /// Later packets continue after the largest number used. Panics as [`send`](Self::send) does.
    pub fn send_numbered(&mut self, packet_number: u64, frames: &[Frame]) {
        let mut payload = Vec::new();
        encode_frames(frames, &mut payload);
        self.send_one_rtt(packet_number, &payload, || log::join(frames));
    }

    /// Sends one 1-RTT packet with these bytes in place of frames, and returns its packet number.
    /// Panics as [`send`](Self::send) does.
    pub fn send_payload(&mut self, payload: &[u8]) -> u64 {
        let packet_number = self.space(Space::OneRtt).allocate();
        self.send_one_rtt(packet_number, payload, || format!("raw {}", payload.escape_ascii()));
        packet_number
    }

    /// Sends these bytes as a datagram, whatever they are. Panics if there are more than
    /// [`MAX_DATAGRAM`].
    pub fn send_datagram(&mut self, datagram: Bytes) {
        assert!(datagram.len() <= MAX_DATAGRAM, "a datagram too large");
        self.log.record(Sender::Puppet, || format!("raw {}", datagram.escape_ascii()));
        self.outgoing.push(datagram);
    }

    /// Leaves one packet number out. The system under test takes the gap for a loss and
    /// acknowledges the next ack-eliciting packet at once (§13.2.1).
    pub fn skip_packet_number(&mut self) {
        self.space(Space::OneRtt).allocate();
    }

    /// Sends a 1-RTT packet a second time, byte for byte, as a network does that duplicates.
    pub fn send_again(&mut self, packet_number: u64) -> Result<(), PuppetError> {
        let datagram = self.sent.get(&packet_number);
        let datagram = datagram.ok_or(PuppetError::NotSent { packet_number })?;
        self.outgoing.push(datagram.clone());
        self.log.record(Sender::Puppet, || format!("1-RTT {packet_number} again"));
        Ok(())
    }

    /// Acknowledges exactly these 1-RTT packets, in a packet of its own; with none, sends nothing.
    pub fn acknowledge(&mut self, packet_numbers: &[u64]) -> Result<(), PuppetError> {
        if let Some(ack) = self.acknowledgement_of(packet_numbers)? {
            self.send(&[ack]);
        }
        Ok(())
    }

    /// The ACK frame for exactly these packets; `None` if there are none.
    fn acknowledgement_of(&mut self, packet_numbers: &[u64]) -> Result<Option<Frame>, PuppetError> {
        let space = self.space(Space::OneRtt);
        for &packet_number in packet_numbers {
            if !space.has_received(packet_number) {
                return Err(PuppetError::NotReceived { packet_number });
            }
        }
        let ack = Frame::acknowledging(packet_numbers);
        if ack.is_some() {
            space.on_acknowledging(packet_numbers);
        }
        Ok(ack)
    }

    /// Takes in a datagram from the system under test. Never panics, whatever it holds.
    pub fn receive(&mut self, datagram: Bytes) {
        if let Some(tap) = &self.tap {
            tap.keep(false, &datagram);
        }
        let mut seen = Vec::new();
        if self.protection.is_some() {
            let mut rest = datagram;
            while let Some(packet) = self.open_next(&mut rest) {
                self.receive_read(packet, &mut seen);
            }
        } else {
            for packet in decode_datagram(datagram, &self.context()) {
                self.receive_read(packet, &mut seen);
            }
        }
        if !seen.is_empty() {
            self.log.record(Sender::Sut, || seen.join(" + "));
        }
        self.flush_handshake();
    }

    fn context(&self) -> Context {
        Context {
            connection_id_length: OWN_ID.as_bytes().len(),
            largest_received: [0, 1, 2].map(|space| self.spaces[space].largest_received()),
        }
    }

    fn open_next(&mut self, rest: &mut Bytes) -> Option<Result<Packet, PacketError>> {
        let context = self.context();
        self.protection.as_mut()?.open_next(rest, &context)
    }

    fn receive_read(&mut self, packet: Result<Packet, PacketError>, seen: &mut Vec<String>) {
        match packet {
            Ok(packet) => self.receive_packet(packet, seen),
            Err(error) => self.complain(error.into()),
        }
    }

    /// The datagrams to hand to the system under test, in order.
    pub fn take_outgoing(&mut self) -> Vec<Bytes> {
        if let Some(tap) = &self.tap {
            self.outgoing.iter().for_each(|datagram| tap.keep(true, datagram));
        }
        std::mem::take(&mut self.outgoing)
    }

    /// The 0-RTT and 1-RTT packets received since the last call, in order.
    pub fn take_received(&mut self) -> Vec<ReceivedPacket> {
        std::mem::take(&mut self.received)
    }

    /// The largest 1-RTT packet number received.
    pub fn largest_received(&self) -> Option<u64> {
        self.spaces[Space::OneRtt as usize].largest_received()
    }

    /// The ack-eliciting 1-RTT packets that the system under test still waits for, in order:
    /// received, not acknowledged, and not declared lost by an acknowledgement three numbers
    /// above (RFC 9002 §6.1.1). 0-RTT packets are among them, unless they were rejected.
    pub fn outstanding(&self) -> Vec<u64> {
        self.spaces[Space::OneRtt as usize].outstanding()
    }

    /// The 1-RTT packets received above `packet_number` that ask for no acknowledgement, in order.
    pub fn plain_packets_above(&self, packet_number: u64) -> Vec<u64> {
        self.spaces[Space::OneRtt as usize].plain_packets_above(packet_number)
    }

    /// The next step towards a loss without time: the packets above `last` that hold nothing but ACK, once they reach
    /// so far that their acknowledgement makes `last` lost; until then `None`, and a PING behind a gap has been sent,
    /// which makes the peer spend another packet number on such a packet. After [`MAX_FENCE`] of them it never will.
    pub fn fence(&mut self, last: u64) -> Option<Vec<u64>> {
        let fence = self.plain_packets_above(last);
        if fence.last().is_some_and(|top| *top >= last + PACKET_THRESHOLD) {
            return Some(fence);
        }
        self.skip_packet_number();
        self.send(&[Frame::Ping]);
        None
    }

    /// Whether the handshake waits for the puppet, which is holding back.
    pub fn is_holding_back(&self) -> bool {
        self.holds_back
    }

    /// Whether the handshake is confirmed on both sides (§7, RFC 9001 §4.1.2).
    pub fn is_handshake_confirmed(&self) -> bool {
        self.progress == Progress::Confirmed
    }

    /// The transport parameters of the system under test, once received.
    pub fn peer_parameters(&self) -> Option<&TransportParameters> {
        self.peer_parameters.as_ref()
    }

    /// What was received and could not be understood, in order. Empty when all is well.
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// The event log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// The event log, to add to it or to set its clock.
    pub fn log_mut(&mut self) -> &mut EventLog {
        &mut self.log
    }

    /// Tells the puppet the virtual time, for its log.
    pub fn set_time(&mut self, now: Duration) {
        self.log.set_time(now);
    }

    fn space(&mut self, space: Space) -> &mut SpaceState {
        &mut self.spaces[space as usize]
    }

    fn complain(&mut self, complaint: Complaint) {
        self.log.record(Sender::Sut, || complaint.to_string());
        self.complaints.push(complaint);
    }

    fn send_one_rtt(
        &mut self,
        packet_number: u64,
        payload: &[u8],
        describe: impl FnOnce() -> String,
    ) {
        let packet_type = match self.holds_back && self.side.is_client() {
            true => PacketType::ZeroRtt,
            false => PacketType::OneRtt,
        };
        let mut datagram = Vec::with_capacity(SHORT_HEADER + payload.len());
        self.seal(&self.header(packet_type, packet_number), payload, &mut datagram);
        assert!(
            datagram.len() <= MAX_DATAGRAM,
            "{} bytes of frames don't fit one packet",
            payload.len()
        );
        self.space(Space::OneRtt).use_number(packet_number);
        let datagram = Bytes::from(datagram);
        self.sent.insert(packet_number, datagram.clone());
        self.outgoing.push(datagram);
        self.log
            .record(Sender::Puppet, || format!("{packet_type} {packet_number} [{}]", describe()));
    }

    /// Appends a packet to a datagram, protected as the connection is.
    fn seal(&self, header: &Header, payload: &[u8], datagram: &mut Vec<u8>) {
        match &self.protection {
            Some(protection) => protection.seal(header, payload, datagram),
            None => encode_packet(header, payload, datagram),
        }
    }

    fn header(&self, packet_type: PacketType, packet_number: u64) -> Header {
        Header { packet_type, destination: self.remote_id, source: OWN_ID, packet_number }
    }

    fn receive_packet(&mut self, packet: Packet, seen: &mut Vec<String>) {
        // A client's first packets go to an ID of its own choice (§7.2).
        let is_first = matches!(packet.packet_type, PacketType::Initial | PacketType::ZeroRtt);
        if packet.destination != OWN_ID && !is_first {
            let destination = packet.destination;
            return self.complain(Complaint::NotForMe { destination });
        }
        let frames = match decode_frames(packet.payload.clone()) {
            Ok(frames) => frames,
            Err(error) => return self.complain(error.into()),
        };
        if self.log.is_enabled() {
            let frames = log::join(&frames);
            seen.push(format!("{} {} [{frames}]", packet.packet_type, packet.packet_number));
        }
        self.space(packet.space).on_received(packet.packet_number, &frames);
        self.on_handshake_packet(&packet, &frames);
        if packet.space == Space::OneRtt {
            let Packet { packet_type, packet_number, .. } = packet;
            self.received.push(ReceivedPacket { packet_type, packet_number, frames });
        }
    }
}
