//! The null handshake, quinn's end of it: the session of `quinn_proto::crypto` without secrets.
//!
//! RFC 9001 §4 and §5 as far as quinn needs them: levels, keys, the transport parameters of both
//! sides, 0-RTT offered and answered (§4.6), and when the handshake is complete. Packets stay
//! readable (`keys`). What is deliberately missing: secrets, certificates, tickets (what a
//! client remembers is simply given to it), key update (the keys never differ, so a key phase
//! means nothing here).

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use quinn_proto::crypto::{
    ClientConfig, ExportKeyingMaterialError, HeaderKey, KeyPair, Keys, PacketKey, ServerConfig,
    Session, UnsupportedVersion,
};
use quinn_proto::transport_parameters::TransportParameters;
use quinn_proto::{ConnectError, ConnectionId, Side, TransportError, TransportErrorCode};
use streamproof_harness::wire::handshake::{Message, MessageReader};

use crate::keys::{NullCrypto, null_keys};

/// A client.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NullClient {
    /// What it remembers of the server from an earlier connection. With it, it offers 0-RTT.
    pub(crate) remembered: Option<TransportParameters>,
}

/// A server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NullServer {
    /// What it does when a client offers 0-RTT.
    pub(crate) early: EarlyPolicy,
}

/// What a server does with 0-RTT.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum EarlyPolicy {
    Accept,
    #[default]
    Reject,
}

impl ClientConfig for NullClient {
    fn start_session(
        self: Arc<Self>,
        _version: u32,
        _server_name: &str,
        parameters: &TransportParameters,
    ) -> Result<Box<dyn Session>, ConnectError> {
        let mut session = NullSession::new(Side::Client, parameters);
        session.remembered = self.remembered;
        Ok(Box::new(session))
    }
}

impl ServerConfig for NullServer {
    fn initial_keys(
        &self,
        _version: u32,
        _dst_cid: &ConnectionId,
    ) -> Result<Keys, UnsupportedVersion> {
        Ok(null_keys())
    }

    fn retry_tag(&self, _version: u32, _orig_dst_cid: &ConnectionId, _packet: &[u8]) -> [u8; 16] {
        [0; 16]
    }

    fn start_session(
        self: Arc<Self>,
        _version: u32,
        parameters: &TransportParameters,
    ) -> Box<dyn Session> {
        let mut session = NullSession::new(Side::Server, parameters);
        session.policy = self.early;
        Box::new(session)
    }
}

/// Where a session stands; what it waits for gives the state its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// A client that hasn't written its hello.
    ClientStart,
    /// A client that has sent its hello.
    AwaitServerHello,
    /// A client that may have Handshake keys now.
    ServerHelloRead,
    /// A client that has taken its Handshake keys.
    AwaitServerParameters,
    /// A client that owes its Finished and may have 1-RTT keys now.
    SendFinished,
    /// A server that has seen nothing.
    AwaitClientHello,
    /// A server that owes its hello and the Handshake keys.
    SendServerHello,
    /// A server that owes its parameters and the 1-RTT keys.
    SendServerParameters,
    /// A server that has sent everything.
    AwaitFinished,
    /// Complete.
    Done,
}

/// One side of the null handshake (`wire::handshake` of the harness has the messages).
struct NullSession {
    side: Side,
    stage: Stage,
    own_parameters: Bytes,
    peer_parameters: Option<TransportParameters>,
    /// Client only: the server's parameters of an earlier connection.
    remembered: Option<TransportParameters>,
    /// Server only: what it does if 0-RTT is offered.
    policy: EarlyPolicy,
    /// A client has got the server's EarlyData, or a server has got a client's and accepts.
    is_early_accepted: bool,
    incoming: MessageReader,
}

impl NullSession {
    fn new(side: Side, parameters: &TransportParameters) -> Self {
        let mut own_parameters = Vec::new();
        parameters.write(&mut own_parameters);
        Self {
            side,
            stage: match side {
                Side::Client => Stage::ClientStart,
                Side::Server => Stage::AwaitClientHello,
            },
            own_parameters: own_parameters.into(),
            peer_parameters: None,
            remembered: None,
            policy: EarlyPolicy::default(),
            is_early_accepted: false,
            incoming: MessageReader::default(),
        }
    }

    /// Takes the peer's parameters. RFC 9001 §8.2 makes them part of the handshake.
    fn learn_parameters(&mut self, bytes: &Bytes) -> Result<(), TransportError> {
        // `read` wants our own side: it refuses what only a server may send when we are one.
        let parameters = TransportParameters::read(self.side, &mut bytes.clone())?;
        self.peer_parameters = Some(parameters);
        Ok(())
    }

    fn on_message(&mut self, message: Message) -> Result<(), TransportError> {
        match (self.stage, message) {
            (Stage::AwaitClientHello, Message::ClientHello(bytes)) => {
                self.learn_parameters(&bytes)?;
                self.stage = Stage::SendServerHello;
                Ok(())
            }
            // It comes right behind the hello, so it is read before anything is written.
            (Stage::SendServerHello, Message::EarlyData) => {
                self.is_early_accepted = self.policy == EarlyPolicy::Accept;
                Ok(())
            }
            (Stage::AwaitServerParameters, Message::EarlyData) if self.remembered.is_some() => {
                self.is_early_accepted = true;
                Ok(())
            }
            (Stage::AwaitServerHello, Message::ServerHello) => {
                self.stage = Stage::ServerHelloRead;
                Ok(())
            }
            (Stage::AwaitServerParameters, Message::ServerParameters(bytes)) => {
                self.learn_parameters(&bytes)?;
                self.stage = Stage::SendFinished;
                Ok(())
            }
            (Stage::AwaitFinished, Message::Finished) => {
                self.stage = Stage::Done;
                Ok(())
            }
            (_, message) => Err(unexpected(&format!("{message:?}"))),
        }
    }
}

/// RFC 9001 §4.8: a handshake error is 0x0100 plus the TLS alert; 10 is unexpected_message.
fn unexpected(what: &str) -> TransportError {
    TransportError {
        code: TransportErrorCode::crypto(10),
        frame: None,
        reason: format!("null handshake: unexpected {what}"),
    }
}

impl Session for NullSession {
    fn initial_keys(&self, _dst_cid: &ConnectionId, _side: Side) -> Keys {
        null_keys()
    }

    fn handshake_data(&self) -> Option<Box<dyn Any>> {
        None
    }

    fn peer_identity(&self) -> Option<Box<dyn Any>> {
        None
    }

    /// Asked once: of a client before it has sent anything, of a server after the client's hello.
    fn early_crypto(&self) -> Option<(Box<dyn HeaderKey>, Box<dyn PacketKey>)> {
        let has_keys = match self.side {
            Side::Client => self.remembered.is_some(),
            Side::Server => self.is_early_accepted,
        };
        has_keys.then(|| -> (Box<dyn HeaderKey>, Box<dyn PacketKey>) {
            (Box::new(NullCrypto), Box::new(NullCrypto))
        })
    }

    fn early_data_accepted(&self) -> Option<bool> {
        Some(self.is_early_accepted)
    }

    fn is_handshaking(&self) -> bool {
        self.stage != Stage::Done
    }

    /// True exactly once: in the call that learns the peer's parameters.
    fn read_handshake(&mut self, bytes: &[u8]) -> Result<bool, TransportError> {
        let knew_parameters = self.peer_parameters.is_some();
        self.incoming.extend(bytes);
        loop {
            match self.incoming.next_message() {
                Ok(Some(message)) => self.on_message(message)?,
                Ok(None) => break,
                Err(error) => return Err(unexpected(&error.to_string())),
            }
        }
        Ok(!knew_parameters && self.peer_parameters.is_some())
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        // Until the server's are there, quinn wants to see the remembered ones.
        Ok(self.peer_parameters.or(self.remembered))
    }

    /// One step of the handshake for each call; quinn calls until nothing comes back. Keys are
    /// returned one call before the messages that they protect are written.
    fn write_handshake(&mut self, out: &mut Vec<u8>) -> Option<Keys> {
        match self.stage {
            Stage::ClientStart => {
                Message::ClientHello(self.own_parameters.clone()).encode(out);
                if self.remembered.is_some() {
                    Message::EarlyData.encode(out);
                }
                self.stage = Stage::AwaitServerHello;
                None
            }
            Stage::ServerHelloRead => {
                self.stage = Stage::AwaitServerParameters;
                Some(null_keys())
            }
            Stage::SendFinished => {
                Message::Finished.encode(out);
                self.stage = Stage::Done;
                Some(null_keys())
            }
            Stage::SendServerHello => {
                Message::ServerHello.encode(out);
                self.stage = Stage::SendServerParameters;
                Some(null_keys())
            }
            Stage::SendServerParameters => {
                if self.is_early_accepted {
                    Message::EarlyData.encode(out);
                }
                Message::ServerParameters(self.own_parameters.clone()).encode(out);
                self.stage = Stage::AwaitFinished;
                Some(null_keys())
            }
            Stage::AwaitServerHello
            | Stage::AwaitServerParameters
            | Stage::AwaitClientHello
            | Stage::AwaitFinished
            | Stage::Done => None,
        }
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        // quinn prepares a key update as soon as it has 1-RTT keys, and `None` would panic there.
        Some(null_keys().packet)
    }

    fn is_valid_retry(&self, _orig_dst_cid: &ConnectionId, _header: &[u8], _body: &[u8]) -> bool {
        false
    }

    fn export_keying_material(
        &self,
        output: &mut [u8],
        _label: &[u8],
        _context: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        output.fill(0);
        Ok(())
    }
}
