//! Cloudflare's quiche as an agent: a library without IO, fed by the puppet.
//!
//! quiche opens a stream with the first call that names it; `open` here sends nothing on it. It tells the end of a
//! stream with its last bytes, and forgets the stream.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use quiche::{Config, Connection, ConnectionId, Error, RecvInfo, Shutdown};
use streamproof_adapter::datagrams::{Read, Stack};
use streamproof_adapter::{Start, locked, serve};
use streamproof_harness_tls::PROTOCOL;
use streamproof_model::rfc::call::{Answer, RecvOutcome, SendOutcome};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::{Direction, Side, StreamId};

fn main() -> io::Result<()> {
    let version = locked(include_str!("../Cargo.lock"), "quiche");
    serve(version, |start| connect(start).map_err(|error| error.to_string()))
}

const MAX_DATAGRAM: usize = 1350;
/// No preset opens more streams of a direction.
const MOST_ORDINALS: u64 = 8;

const LOCAL: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 4433);
const PEER: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 4434);

fn connect(start: &Start) -> Result<Streams, Error> {
    let Start { side, parameters, certificate, key } = start;
    let mut config = Config::new(quiche::PROTOCOL_VERSION)?;
    config.set_application_protos(&[PROTOCOL])?;
    config.verify_peer(false);
    config.set_initial_max_data(parameters.max_data);
    config.set_initial_max_stream_data_bidi_local(parameters.max_stream_data_bidi_local);
    config.set_initial_max_stream_data_bidi_remote(parameters.max_stream_data_bidi_remote);
    config.set_initial_max_stream_data_uni(parameters.max_stream_data_uni);
    config.set_initial_max_streams_bidi(parameters.max_streams_bidi);
    config.set_initial_max_streams_uni(parameters.max_streams_uni);
    config.set_max_recv_udp_payload_size(MAX_DATAGRAM);
    config.set_max_send_udp_payload_size(MAX_DATAGRAM);
    config.enable_pacing(false);
    config.set_disable_active_migration(true);
    config.grease(false);
    // Off by default.
    config.set_enable_send_streams_blocked(true);
    let id = ConnectionId::from_ref(b"quiche-1");
    let (local, peer) = (SocketAddr::from(LOCAL), SocketAddr::from(PEER));
    let connection = match side {
        Side::Client => quiche::connect(Some("localhost"), &id, local, peer, &mut config)?,
        Side::Server => {
            config.load_cert_chain_from_pem_file(&certificate.to_string_lossy())?;
            config.load_priv_key_from_pem_file(&key.to_string_lossy())?;
            quiche::accept(&id, None, local, peer, &mut config)?
        }
    };
    Ok(Streams { connection, side: *side, opened: [0; 2], known: Vec::new() })
}

/// quiche's connection, and what an application on it keeps.
struct Streams {
    connection: Connection,
    side: Side,
    /// How many streams of each direction were opened.
    opened: [u64; 2],
    /// The peer's streams that the application knows.
    known: Vec<StreamId>,
}

impl Streams {
    fn lost(&self) -> bool {
        self.connection.is_closed()
            || self.connection.is_draining()
            || self.connection.local_error().is_some()
    }

    /// What an error says to who sends on a stream.
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "quiche's errors grow, and most mean that there is no such stream"
    )]
    fn send_error(&mut self, id: StreamId, error: Error) -> Answer {
        // `Done` also means that the stream is complete, and forgotten.
        let forgotten = self.connection.stream_capacity(id.value()).is_err();
        match error {
            _ if self.lost() => Answer::SendEnded { outcome: SendOutcome::ConnectionLost },
            Error::StreamStopped(code) => {
                Answer::SendEnded { outcome: SendOutcome::Stopped { code: ErrorCode(code) } }
            }
            Error::Done if !forgotten => Answer::Blocked,
            Error::FinalSize => Answer::Finished,
            _ => Answer::Closed,
        }
    }

    /// Whether quiche has this stream of the peer's.
    fn has(&mut self, id: StreamId) -> bool {
        let id = id.value();
        self.connection.stream_readable(id)
            || matches!(self.connection.stream_recv(id, &mut []), Err(Error::Done))
    }
}

impl Stack for Streams {
    fn receive(&mut self, datagram: &[u8]) {
        let mut datagram = datagram.to_vec();
        let info = RecvInfo { from: SocketAddr::from(PEER), to: SocketAddr::from(LOCAL) };
        // An error closes the connection, which is seen on the wire.
        let _ = self.connection.recv(&mut datagram, info);
    }

    fn transmit(&mut self) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        let mut buffer = [0; MAX_DATAGRAM];
        while let Ok((length, _)) = self.connection.send(&mut buffer) {
            sent.push(buffer[..length].to_vec());
        }
        sent
    }

    fn is_established(&self) -> bool {
        self.connection.is_established()
    }

    fn open(&mut self, direction: Direction) -> Answer {
        if self.lost() {
            return Answer::ConnectionLost;
        }
        let opened = &mut self.opened[direction as usize];
        let id = StreamId::new(self.side, direction, *opened);
        // Nothing else makes quiche note that the peer's limit was met.
        match self.connection.stream_send(id.value(), &[], false) {
            Ok(_) => {
                *opened += 1;
                Answer::Opened { stream_id: id }
            }
            Err(_) => Answer::Blocked,
        }
    }

    fn write(&mut self, id: StreamId, data: &[u8]) -> Answer {
        match self.connection.stream_send(id.value(), data, false) {
            Ok(length) => Answer::Wrote { length: length as u64 },
            Err(error) => self.send_error(id, error),
        }
    }

    fn finish(&mut self, id: StreamId) -> Answer {
        match self.connection.stream_send(id.value(), &[], true) {
            Ok(_) => Answer::Accepted,
            Err(error) => self.send_error(id, error),
        }
    }

    fn reset(&mut self, id: StreamId, code: ErrorCode) -> Answer {
        match self.connection.stream_shutdown(id.value(), Shutdown::Write, code.0) {
            Ok(()) => Answer::Accepted,
            Err(error) => self.send_error(id, error),
        }
    }

    fn read(&mut self, id: StreamId, buffer: &mut [u8]) -> Read {
        match self.connection.stream_recv(id.value(), buffer) {
            Ok((length, fin)) => Read::Data { length, fin },
            Err(Error::StreamReset(code)) => Read::Reset(ErrorCode(code)),
            Err(_) if self.lost() => {
                Read::Other(Answer::RecvEnded { outcome: RecvOutcome::ConnectionLost })
            }
            Err(Error::Done) => Read::Nothing,
            Err(_) => Read::Other(Answer::Closed),
        }
    }

    fn stop(&mut self, id: StreamId, code: ErrorCode) -> Answer {
        match self.connection.stream_shutdown(id.value(), Shutdown::Read, code.0) {
            Ok(()) => Answer::Accepted,
            Err(_) => Answer::Closed,
        }
    }

    fn close(&mut self, code: ErrorCode) -> Answer {
        // It fails only if the connection is closed already.
        let _ = self.connection.close(true, code.0, b"");
        Answer::Accepted
    }

    /// quiche has no accept: an application names a stream when it learns of one. A stream is named when quiche has it,
    /// and not because it has one above it.
    fn accept(&mut self) -> Vec<StreamId> {
        let mut new = Vec::new();
        for direction in Direction::ALL {
            let side = self.side.peer();
            for id in (0..MOST_ORDINALS).map(|ordinal| StreamId::new(side, direction, ordinal)) {
                if !self.known.contains(&id) && self.has(id) {
                    self.known.push(id);
                    new.push(id);
                }
            }
        }
        new
    }
}
