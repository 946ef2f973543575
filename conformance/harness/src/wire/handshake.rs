//! The null handshake: five messages in CRYPTO frames that stand in for TLS.
//!
//! RFC 9001 §4 fixes only what a handshake has to deliver: keys for each level, the transport
//! parameters of both sides, and when it is complete. That much is here and nothing more: no
//! certificates, no secrets. Both ends of it are ours: the puppet, and the null session that
//! `streamproof-simulation` gives to quinn.
//!
//! | message | sender | level | body |
//! |---|---|---|---|
//! | ClientHello | client | Initial | the client's transport parameters |
//! | EarlyData | client | Initial, after its hello | nothing: it offers 0-RTT |
//! | ServerHello | server | Initial | nothing |
//! | EarlyData | server | Handshake, before its parameters | nothing: it accepts 0-RTT |
//! | ServerParameters | server | Handshake | the server's transport parameters |
//! | Finished | client | Handshake | nothing |

use bytes::{Buf, Bytes, BytesMut};

/// One message of the null handshake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// The client begins, with its encoded transport parameters.
    ClientHello(Bytes),
    /// The client sends 0-RTT packets, or the server accepts them (RFC 9001 §4.6).
    EarlyData,
    /// The server answers.
    ServerHello,
    /// The server's encoded transport parameters.
    ServerParameters(Bytes),
    /// The client has everything.
    Finished,
}

/// A message of a type that doesn't exist.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("null handshake: unknown message type {message_type}")]
pub struct UnknownMessage {
    /// The type that was read.
    pub message_type: u8,
}

impl Message {
    /// Appends the message to `out`: one byte of type, three of length, the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (message_type, body): (u8, &[u8]) = match self {
            Self::ClientHello(parameters) => (1, parameters),
            Self::EarlyData => (5, &[]),
            Self::ServerHello => (2, &[]),
            Self::ServerParameters(parameters) => (8, parameters),
            Self::Finished => (20, &[]),
        };
        // Parameters are a few dozen bytes, so three bytes of length always do.
        let length = body.len() as u32;
        out.push(message_type);
        out.extend_from_slice(&length.to_be_bytes()[1..]);
        out.extend_from_slice(body);
    }
}

/// Puts messages together again from the bytes of one CRYPTO stream, in order.
#[derive(Debug, Default)]
pub struct MessageReader {
    buffer: BytesMut,
}

impl MessageReader {
    /// Takes the next bytes of the stream.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// All bytes that are there, for a handshake that is no null handshake.
    pub(crate) fn take_all(&mut self) -> BytesMut {
        self.buffer.split()
    }

    /// The next message, `None` while it is incomplete.
    pub fn next_message(&mut self) -> Result<Option<Message>, UnknownMessage> {
        let Some(head) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let [message_type, high, middle, low] = *head;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        if self.buffer.len() < 4 + length {
            return Ok(None);
        }
        self.buffer.advance(4);
        let body = self.buffer.split_to(length).freeze();
        match message_type {
            1 => Ok(Some(Message::ClientHello(body))),
            2 => Ok(Some(Message::ServerHello)),
            5 => Ok(Some(Message::EarlyData)),
            8 => Ok(Some(Message::ServerParameters(body))),
            20 => Ok(Some(Message::Finished)),
            _ => Err(UnknownMessage { message_type }),
        }
    }
}
