//! The other end of an agent's lines, for a stack whose library is Rust: `specs/agent.md` on stdin and stdout, the
//! datagrams over UDP on loopback.

use std::io::{self, BufRead, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;

use serde_json::{Value, json};
use streamproof_model::rfc::call::{Answer, SendOutcome};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::rfc::parameters::Parameters;

use crate::agent::{hex, unhex};
use crate::datagrams::{Read, Stack};

/// What a fresh connection is to be.
#[derive(Clone, Debug)]
pub struct Start {
    /// The stack's side.
    pub side: Side,
    /// What it advertises.
    pub parameters: Parameters,
    /// Its certificate, as a server: a PEM file.
    pub certificate: PathBuf,
    /// The certificate's key: a PEM file.
    pub key: PathBuf,
}

/// Enough for every read, in bytes.
const READ_BUFFER: usize = 65_536;

/// Serves commands on stdin until it ends, with answers on stdout: `start` makes the stack of each connection.
///
/// # Errors
///
/// As [`serve_lines`].
pub fn serve<S: Stack>(
    version: &str,
    start: impl FnMut(&Start) -> Result<S, String>,
) -> io::Result<()> {
    serve_lines(io::stdin().lock(), io::stdout().lock(), version, start)
}

/// Serves the commands that come line by line until they end, and writes a line for each: `start` makes the stack of
/// each connection.
///
/// # Errors
///
/// When a line cannot be read or written, or the socket fails. A command that is not understood is answered with an
/// `error`.
pub fn serve_lines<S: Stack>(
    commands: impl BufRead,
    mut out: impl Write,
    version: &str,
    mut start: impl FnMut(&Start) -> Result<S, String>,
) -> io::Result<()> {
    let mut connection = None;
    for line in commands.lines() {
        let command: Value = serde_json::from_str(&line?).unwrap_or_default();
        let answer = match command["do"].as_str() {
            Some("version") => json!({ "version": version }),
            Some("start") => match Connection::start(&command, &mut start) {
                Ok(begun) => {
                    let port = json!({ "port": begun.port });
                    connection = Some(begun);
                    port
                }
                Err(error) => json!({ "error": error }),
            },
            _ => match &mut connection {
                Some(connection) => connection.answer(&command)?,
                None => json!({ "error": "nothing has begun" }),
            },
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

struct Connection<S> {
    stack: S,
    socket: UdpSocket,
    peer: SocketAddr,
    port: u16,
}

impl<S: Stack> Connection<S> {
    fn start(
        command: &Value,
        start: &mut impl FnMut(&Start) -> Result<S, String>,
    ) -> Result<Self, String> {
        let line = |error: io::Error| error.to_string();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(line)?;
        socket.set_nonblocking(true).map_err(line)?;
        let port = socket.local_addr().map_err(line)?.port();
        let peer = command["peer"].as_u64().and_then(|port| u16::try_from(port).ok());
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, peer.ok_or("no port of the peer")?));
        let file = |key: &str| PathBuf::from(command[key].as_str().unwrap_or_default());
        let limit = |key: &str| {
            command["parameters"][key].as_u64().ok_or_else(|| format!("no limit {key}"))
        };
        let stack = start(&Start {
            side: if command["side"] == "client" { Side::Client } else { Side::Server },
            parameters: Parameters {
                max_data: limit("max_data")?,
                max_stream_data_bidi_local: limit("max_stream_data_bidi_local")?,
                max_stream_data_bidi_remote: limit("max_stream_data_bidi_remote")?,
                max_stream_data_uni: limit("max_stream_data_uni")?,
                max_streams_bidi: limit("max_streams_bidi")?,
                max_streams_uni: limit("max_streams_uni")?,
            },
            certificate: file("certificate"),
            key: file("key"),
        })?;
        Ok(Self { stack, socket, peer, port })
    }

    fn answer(&mut self, command: &Value) -> io::Result<Value> {
        let code = ErrorCode(command["code"].as_u64().unwrap_or(0));
        let id = command["id"].as_u64().and_then(StreamId::from_wire);
        Ok(match (command["do"].as_str().unwrap_or_default(), id) {
            ("settle", _) => self.settle()?,
            ("open", _) => {
                let direction = match command["direction"] == "bidirectional" {
                    true => Direction::Bidirectional,
                    false => Direction::Unidirectional,
                };
                sent(self.stack.open(direction))
            }
            ("write", Some(id)) => {
                let data = command["data"].as_str().and_then(unhex).unwrap_or_default();
                sent(self.stack.write(id, &data))
            }
            ("finish", Some(id)) => sent(self.stack.finish(id)),
            ("reset", Some(id)) => sent(self.stack.reset(id, code)),
            ("stop", Some(id)) => sent(self.stack.stop(id, code)),
            ("read", Some(id)) => self.read(id),
            ("close", _) => sent(self.stack.close(code)),
            (what, _) => json!({ "error": format!("{what:?} is no command, or has no stream") }),
        })
    }

    /// Reads the socket until it is empty, and sends everything that the stack has to send.
    fn settle(&mut self) -> io::Result<Value> {
        let mut buffer = vec![0; READ_BUFFER];
        loop {
            match self.socket.recv(&mut buffer) {
                Ok(length) => self.stack.receive(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        for datagram in self.stack.transmit() {
            self.socket.send_to(&datagram, self.peer)?;
        }
        let accepted = self.stack.accept().into_iter().map(StreamId::value);
        Ok(json!({
            "established": self.stack.is_established(),
            "accepted": accepted.collect::<Vec<_>>(),
            "resets": [],
        }))
    }

    fn read(&mut self, id: StreamId) -> Value {
        let mut buffer = vec![0; READ_BUFFER];
        match self.stack.read(id, &mut buffer) {
            Read::Data { length, fin } => json!({ "data": hex(&buffer[..length]), "fin": fin }),
            Read::Nothing => json!({ "nothing": true }),
            Read::Reset(code) => json!({ "reset": code.0 }),
            Read::Other(Answer::RecvEnded { .. }) => json!({ "lost": true }),
            Read::Other(_) => json!({ "closed": true }),
        }
    }
}

/// An answer to a call as a line.
fn sent(answer: Answer) -> Value {
    match answer {
        Answer::Opened { stream_id } => json!({ "id": stream_id.value() }),
        Answer::Wrote { length } => json!({ "wrote": length }),
        Answer::Accepted => json!({ "done": true }),
        Answer::Blocked => json!({ "blocked": true }),
        Answer::Finished => json!({ "finished": true }),
        Answer::ConnectionLost => json!({ "lost": true }),
        Answer::SendEnded { outcome } => match outcome {
            SendOutcome::Stopped { code } => json!({ "stopped": code.0 }),
            SendOutcome::ConnectionLost => json!({ "lost": true }),
            SendOutcome::Delivered | SendOutcome::Reset { .. } => json!({ "closed": true }),
        },
        Answer::Closed
        | Answer::Data { .. }
        | Answer::NoData
        | Answer::EndOfStream
        | Answer::Corrupt { .. }
        | Answer::RecvEnded { .. } => json!({ "closed": true }),
    }
}
