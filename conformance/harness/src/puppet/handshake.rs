//! How the puppet gets a connection: the one thing it does by itself.
//!
//! §7 with the null handshake of `wire::handshake`; §14.1 for padding; RFC 9001 §4.6 for 0-RTT.
//! Initial and Handshake packets are acknowledged at once. Nothing is retransmitted, because the
//! network in the tests loses nothing by itself. A puppet that holds back stops before its last
//! message and waits for the caller: as a server it says nothing at all until then.

use bytes::Bytes;

use super::log::{self, Sender};
use super::protection::Flight;
use super::{Complaint, OWN_ID, Puppet};
use crate::Side;
use crate::wire::handshake::Message;
use crate::wire::packet::{Packet, Space};
use crate::wire::parameters::TransportParameters;
use crate::wire::{ConnectionId, Frame, encode_frames};

/// The smallest datagram with an ack-eliciting Initial packet (§14.1).
const MIN_INITIAL_DATAGRAM: usize = 1200;

/// How much of a protected handshake one packet carries, in bytes.
const CRYPTO_PIECE: usize = 1000;

/// The progress of the handshake, as the puppet sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Progress {
    /// Nothing, or the hello, was exchanged.
    Begun,
    /// The puppet has sent its last message.
    Complete,
    /// HANDSHAKE_DONE was sent.
    Confirmed,
}

impl Puppet {
    pub(super) fn send_client_hello(&mut self) {
        if self.protection.is_some() {
            self.begin_protected(self.remote_id);
            return self.flush_handshake();
        }
        let parameters = self.encoded_parameters();
        let mut hello = Vec::new();
        Message::ClientHello(parameters).encode(&mut hello);
        if self.holds_back {
            Message::EarlyData.encode(&mut hello);
        }
        self.space(Space::Initial).queue_crypto(hello);
        self.flush_handshake();
    }

    /// As a server that holds back: goes on with the handshake, with these transport parameters
    /// (the connection IDs are filled in), and accepts the 0-RTT packets received or rejects them.
    /// Rejected packets can no longer be acknowledged. Does nothing if it isn't holding back.
    pub fn answer_hello(&mut self, accepted: bool, parameters: TransportParameters) {
        if self.side.is_client() || !std::mem::take(&mut self.holds_back) {
            return;
        }
        self.parameters = TransportParameters {
            original_destination_connection_id: self.parameters.original_destination_connection_id,
            initial_source_connection_id: self.parameters.initial_source_connection_id,
            ..parameters
        };
        self.queue_message(Space::Initial, &Message::ServerHello);
        match accepted {
            true => self.queue_message(Space::Handshake, &Message::EarlyData),
            false => self.space(Space::OneRtt).discard_received(),
        }
        self.queue_server_parameters();
        self.flush_handshake();
    }

    /// As a server that holds back: closes the connection with this transport error code in an
    /// Initial packet (§10.2.3). Does nothing if it isn't holding back.
    pub fn refuse_hello(&mut self, error_code: u64) {
        if self.side.is_server() && std::mem::take(&mut self.holds_back) {
            let frame_type = Some(0);
            let close = Frame::ConnectionClose { error_code, frame_type, reason: Bytes::new() };
            self.space(Space::Initial).pending.push(close);
            self.flush_handshake();
        }
    }

    /// As a client that holds back: completes the handshake. From here on packets are 1-RTT. Does
    /// nothing if it isn't holding back.
    pub fn send_finished(&mut self) {
        if self.side.is_client() && std::mem::take(&mut self.holds_back) {
            self.queue_finished();
            self.flush_handshake();
        }
    }

    /// Reacts to the frames of any packet that matter for the handshake.
    pub(super) fn on_handshake_packet(&mut self, packet: &Packet, frames: &[Frame]) {
        if self.side.is_server()
            && self.protection.as_ref().is_some_and(|protection| !protection.has_begun())
        {
            // §7.3: proves that nobody has changed the ID on the way.
            self.parameters.original_destination_connection_id = Some(packet.destination);
            self.begin_protected(packet.destination);
        }
        if let Some(source) = packet.source
            && self.progress == Progress::Begun
        {
            // §7.2: from now on the peer is called what it calls itself.
            self.remote_id = source;
        }
        for frame in frames {
            if let Frame::Crypto { offset, data } = frame {
                let space = self.space(packet.space);
                space.on_crypto(*offset, data.clone());
                match self.protection.is_some() {
                    true => self.read_protected(packet.space),
                    false => self.read_messages(packet),
                }
            }
            if *frame == Frame::HandshakeDone && self.side == Side::Client {
                self.progress = Progress::Confirmed;
            }
        }
    }

    /// Sends what the handshake has to send, coalesced into one datagram (§12.2), or if it is protected a datagram for each
    /// packet.
    pub(super) fn flush_handshake(&mut self) {
        if self.holds_back && self.side.is_server() {
            return;
        }
        let mut packets = Vec::new();
        for space in [Space::Initial, Space::Handshake, Space::OneRtt] {
            let state = self.space(space);
            let mut frames = std::mem::take(&mut state.pending);
            if space != Space::OneRtt {
                frames.splice(..0, state.take_owed_ack());
            }
            packets.extend(self.packets_of(space, frames));
        }
        let datagrams = match self.protection {
            Some(_) => packets.chunks(1),
            None => packets.chunks(packets.len().max(1)),
        };
        for datagram in datagrams {
            self.send_handshake(datagram);
        }
    }

    /// The packets for these frames: one, or if they are protected one for each CRYPTO frame.
    fn packets_of(&mut self, space: Space, frames: Vec<Frame>) -> Vec<(Space, u64, Vec<Frame>)> {
        let splits = self.protection.is_some();
        let mut packets: Vec<(Space, u64, Vec<Frame>)> = Vec::new();
        for frame in frames {
            let is_crypto = |frame: &Frame| matches!(frame, Frame::Crypto { .. });
            match packets.last_mut() {
                Some((_, _, last)) if !splits || !last.iter().any(is_crypto) => last.push(frame),
                Some(_) | None => packets.push((space, self.space(space).allocate(), vec![frame])),
            }
        }
        packets
    }

    /// Sends these packets in one datagram, which is padded where it has to be.
    fn send_handshake(&mut self, packets: &[(Space, u64, Vec<Frame>)]) {
        let Some(((last_space, last_number, last_frames), first)) = packets.split_last() else {
            return;
        };
        let mut datagram = Vec::new();
        for (space, number, frames) in first {
            let mut payload = Vec::new();
            encode_frames(frames, &mut payload);
            self.seal(&self.header((*space).into(), *number), &payload, &mut datagram);
        }
        let mut payload = Vec::new();
        encode_frames(last_frames, &mut payload);
        if packets[0].0 == Space::Initial {
            // The header is left out of the sum, so the datagram gets a little longer than needed.
            let padding = MIN_INITIAL_DATAGRAM.saturating_sub(datagram.len() + payload.len());
            payload.resize(payload.len() + padding, 0);
        }
        let header = self.header((*last_space).into(), *last_number);
        self.seal(&header, &payload, &mut datagram);
        self.outgoing.push(datagram.into());
        self.log.record(Sender::Puppet, || {
            let describe = |(space, number, frames): &(Space, u64, Vec<Frame>)| {
                format!("{space} {number} [{}]", log::join(frames))
            };
            packets.iter().map(describe).collect::<Vec<_>>().join(" + ")
        });
    }

    fn begin_protected(&mut self, destination: ConnectionId) {
        let parameters = self.encoded_parameters().to_vec();
        let Some(protection) = &mut self.protection else { return };
        match protection.begin(destination, parameters) {
            Ok(flight) => self.queue_flight(flight),
            Err(error) => self.complain(error.into()),
        }
    }

    fn read_protected(&mut self, space: Space) {
        let bytes = self.space(space).messages.take_all();
        let Some(protection) = &mut self.protection else { return };
        match protection.read(&bytes) {
            Ok(flight) => self.queue_flight(flight),
            Err(error) => return self.complain(error.into()),
        }
        let Some(protection) = &self.protection else { return };
        if self.peer_parameters.is_none()
            && let Some(parameters) = protection.peer_parameters()
        {
            self.learn_parameters(parameters);
        }
        if self.progress == Progress::Begun
            && self.protection.as_ref().is_some_and(|protection| protection.is_complete())
        {
            self.progress = Progress::Complete;
            if self.side.is_server() {
                self.space(Space::OneRtt).pending.push(Frame::HandshakeDone);
                self.progress = Progress::Confirmed;
            }
        }
    }

    fn queue_flight(&mut self, flight: Flight) {
        for (space, bytes) in flight {
            for piece in bytes.chunks(CRYPTO_PIECE) {
                self.space(space).queue_crypto(piece.to_vec());
            }
        }
    }

    fn read_messages(&mut self, packet: &Packet) {
        loop {
            match self.space(packet.space).messages.next_message() {
                Ok(Some(message)) => self.on_message(message, packet),
                Ok(None) => return,
                Err(error) => return self.complain(error.into()),
            }
        }
    }

    fn on_message(&mut self, message: Message, packet: &Packet) {
        match (self.side, message) {
            (Side::Server, Message::ClientHello(parameters)) => {
                self.learn_parameters(parameters);
                // §7.3: proves that nobody has changed the ID on the way.
                self.parameters.original_destination_connection_id = Some(packet.destination);
                if !self.holds_back {
                    self.queue_message(Space::Initial, &Message::ServerHello);
                    self.queue_server_parameters();
                }
            }
            (Side::Server, Message::Finished) => {
                let space = self.space(Space::OneRtt);
                space.pending.push(Frame::HandshakeDone);
                self.progress = Progress::Confirmed;
            }
            (Side::Client, Message::ServerParameters(parameters)) => {
                self.learn_parameters(parameters);
                if !self.holds_back {
                    self.queue_finished();
                }
            }
            // The puppet judges nobody: what it has no use for it lets pass.
            (Side::Client, Message::ServerHello | Message::ClientHello(_) | Message::Finished)
            | (Side::Server, Message::ServerHello | Message::ServerParameters(_))
            | (Side::Client | Side::Server, Message::EarlyData) => {}
        }
    }

    fn queue_server_parameters(&mut self) {
        let parameters = self.encoded_parameters();
        self.queue_message(Space::Handshake, &Message::ServerParameters(parameters));
        self.progress = Progress::Complete;
    }

    fn queue_finished(&mut self) {
        self.queue_message(Space::Handshake, &Message::Finished);
        self.progress = Progress::Complete;
    }

    fn learn_parameters(&mut self, bytes: Bytes) {
        match TransportParameters::decode(bytes) {
            Ok(parameters) => self.peer_parameters = Some(parameters),
            Err(error) => self.complain(Complaint::from(error)),
        }
    }

    fn encoded_parameters(&self) -> Bytes {
        debug_assert_eq!(self.parameters.initial_source_connection_id, Some(OWN_ID));
        let mut bytes = Vec::new();
        self.parameters.encode(&mut bytes);
        bytes.into()
    }

    fn queue_message(&mut self, space: Space, message: &Message) {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        self.space(space).queue_crypto(bytes);
    }
}
