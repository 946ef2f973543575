//! One packet number space of the puppet (§12.3): numbers, what was received, CRYPTO bytes.
//!
//! It keeps books and decides nothing.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::wire::Frame;
use crate::wire::handshake::MessageReader;

/// RFC 9002 §6.1.1: a packet this far below an acknowledged one is lost.
pub const PACKET_THRESHOLD: u64 = 3;

/// What became of a received packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Received {
    /// It asks for no acknowledgement.
    Plain,
    /// It asks for one.
    AckEliciting,
    /// It was acknowledged.
    Acknowledged,
    /// It was thrown away unread: a 0-RTT packet that was rejected.
    Discarded,
}

#[derive(Debug, Default)]
pub(super) struct SpaceState {
    next_number: u64,
    received: BTreeMap<u64, Received>,
    /// The sender has declared lost what was not acknowledged below this number.
    lost_below: u64,
    /// Handshake spaces only: an acknowledgement is owed.
    owes_ack: bool,
    /// The offset that the CRYPTO stream which we send has reached.
    crypto_sent: u64,
    /// The offset that the CRYPTO stream which we read has reached.
    crypto_read: u64,
    /// Pieces of it that came early.
    crypto_early: BTreeMap<u64, Bytes>,
    pub(super) messages: MessageReader,
    /// Frames that the handshake wants to send.
    pub(super) pending: Vec<Frame>,
}

impl SpaceState {
    pub(super) fn allocate(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    pub(super) fn use_number(&mut self, number: u64) {
        self.next_number = self.next_number.max(number.saturating_add(1));
    }

    pub(super) fn largest_received(&self) -> Option<u64> {
        self.received.keys().next_back().copied()
    }

    pub(super) fn has_received(&self, number: u64) -> bool {
        self.received.get(&number).is_some_and(|state| *state != Received::Discarded)
    }

    pub(super) fn on_received(&mut self, number: u64, frames: &[Frame]) {
        let state = match frames.iter().any(Frame::is_ack_eliciting) {
            true => Received::AckEliciting,
            false => Received::Plain,
        };
        self.owes_ack |= state == Received::AckEliciting;
        self.received.entry(number).or_insert(state);
    }

    /// Throws away what was received so far, as a server does that rejects 0-RTT.
    pub(super) fn discard_received(&mut self) {
        self.received.values_mut().for_each(|state| *state = Received::Discarded);
    }

    /// Notes that an ACK frame for these packets goes out, and what it tells the receiver about
    /// the others.
    pub(super) fn on_acknowledging(&mut self, numbers: &[u64]) {
        for number in numbers {
            if let Some(state) = self.received.get_mut(number) {
                *state = Received::Acknowledged;
            }
            let lost_below = (number + 1).saturating_sub(PACKET_THRESHOLD);
            self.lost_below = self.lost_below.max(lost_below);
        }
    }

    pub(super) fn outstanding(&self) -> Vec<u64> {
        self.numbers_from(self.lost_below, Received::AckEliciting)
    }

    pub(super) fn plain_packets_above(&self, number: u64) -> Vec<u64> {
        self.numbers_from(number.saturating_add(1), Received::Plain)
    }

    fn numbers_from(&self, lowest: u64, wanted: Received) -> Vec<u64> {
        let numbers = self.received.range(lowest..);
        let numbers = numbers.filter(|(_, state)| **state == wanted);
        numbers.map(|(number, _)| *number).collect()
    }

    /// The ACK frame that the handshake owes, for everything received in this space.
    pub(super) fn take_owed_ack(&mut self) -> Option<Frame> {
        if !std::mem::take(&mut self.owes_ack) {
            return None;
        }
        let numbers: Vec<u64> = self.received.keys().copied().collect();
        Frame::acknowledging(&numbers)
    }

    /// Wraps the next bytes of our CRYPTO stream into a frame that waits to be sent.
    pub(super) fn queue_crypto(&mut self, data: Vec<u8>) {
        let offset = self.crypto_sent;
        self.crypto_sent += data.len() as u64;
        self.pending.push(Frame::Crypto { offset, data: data.into() });
    }

    /// Takes in a CRYPTO frame and passes on what is in order now.
    pub(super) fn on_crypto(&mut self, offset: u64, data: Bytes) {
        self.crypto_early.insert(offset, data);
        while let Some(entry) = self.crypto_early.first_entry() {
            if *entry.key() > self.crypto_read {
                break;
            }
            let (offset, data) = entry.remove_entry();
            // At most the bytes of one datagram, so it fits.
            let known = (self.crypto_read - offset) as usize;
            if let Some(fresh) = data.get(known..) {
                self.messages.extend(fresh);
                self.crypto_read += fresh.len() as u64;
            }
        }
    }
}
