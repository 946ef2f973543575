//! AWS's s2n-quic: an asynchronous stack, run on its own testing IO in virtual time, on the thread that plays.
//!
//! `runtime` holds the executor and the wire to the puppet, `streams` the application's handles.

mod runtime;
mod streams;
mod trust;

use std::convert::Infallible;
use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use s2n_quic::provider::io::testing::Io;
use s2n_quic::provider::limits::Limits;
use s2n_quic::provider::tls::rustls::{Client as ClientTls, Server as ServerTls};
use s2n_quic::provider::{connection_id, random};
use s2n_quic::{Client, Server};
use streamproof_adapter::{Start, locked, serve};
use streamproof_harness_tls::PROTOCOL;
use streamproof_model::rfc::identity::Side;
use streamproof_model::rfc::parameters::Parameters;

use self::runtime::Runtime;
use self::streams::{Attempt, Streams};

fn main() -> io::Result<()> {
    let version = locked(include_str!("../Cargo.lock"), "s2n-quic");
    let mut made: Option<Made> = None;
    serve(version, |start| {
        // The judge has one certificate for each stack, so this is made once.
        let files = [start.certificate.clone(), start.key.clone()];
        let made = match made.take().filter(|made| made.files == files) {
            Some(known) => made.insert(known),
            None => made.insert(Made::new(files)?),
        };
        made.start(start)
    })
}

/// What all connections have in common.
struct Made {
    /// The certificate and its key.
    files: [PathBuf; 2],
    client: ClientTls,
    server: ServerTls,
}

/// No preset opens more streams of a direction.
const MOST_STREAMS: u64 = 64;
/// More than the acknowledgements of a trace: s2n-quic adds a PING to every so many of them.
const RARELY: u8 = u8::MAX;
/// The puppet has room for connection IDs of quinn's length.
const CONNECTION_ID: usize = 8;

fn line(error: impl Display) -> String {
    error.to_string()
}

impl Made {
    fn new(files: [PathBuf; 2]) -> Result<Self, String> {
        let [certificate, key] = &files;
        let server = ServerTls::builder()
            .with_certificate(certificate.as_path(), key.as_path())
            .and_then(|builder| builder.with_application_protocols([PROTOCOL].iter()))
            .and_then(s2n_quic::provider::tls::rustls::server::Builder::build)
            .map_err(line)?;
        let client = ClientTls::from(trust::everything(PROTOCOL).map_err(line)?);
        Ok(Self { files, client, server })
    }

    /// An endpoint on a wire of its own, that waits for the puppet or connects to it.
    fn start(&self, start: &Start) -> Result<Streams, String> {
        let mut runtime = Runtime::new()?;
        let limits = limits(&start.parameters)?;
        let io = runtime.io()?;
        let peer = runtime.peer();
        let attempt = runtime.enter(|| match start.side {
            Side::Client => {
                let client = client(self.client.clone(), limits, io)?;
                let connect = s2n_quic::client::Connect::new(peer).with_server_name("localhost");
                let attempt = client.connect(connect);
                Ok::<_, String>(Attempt::Client { client, attempt })
            }
            Side::Server => Ok(Attempt::Server(server(self.server.clone(), limits, io)?)),
        })?;
        runtime.find(attempt.address()?);
        Ok(Streams::new(runtime, attempt))
    }
}

fn client(tls: ClientTls, limits: Limits, io: Io) -> Result<Client, String> {
    let builder = Client::builder().with_tls(tls).map_err(line)?;
    let builder = builder.with_limits(limits).map_err(line)?;
    let builder = builder.with_connection_id(connection_ids()?).map_err(line)?;
    let builder = builder.with_random(Repeatable::default()).map_err(line)?;
    builder.with_io(io).map_err(line)?.start().map_err(line)
}

fn server(tls: ServerTls, limits: Limits, io: Io) -> Result<Server, String> {
    let builder = Server::builder().with_tls(tls).map_err(line)?;
    let builder = builder.with_limits(limits).map_err(line)?;
    let builder = builder.with_connection_id(connection_ids()?).map_err(line)?;
    let builder = builder.with_random(Repeatable::default()).map_err(line)?;
    builder.with_io(io).map_err(line)?.start().map_err(line)
}

/// Numbers that are the same in every run: s2n-quic leaves out packet numbers by chance.
#[derive(Debug, Default)]
struct Repeatable(u8);

impl random::Provider for Repeatable {
    type Generator = Self;
    type Error = Infallible;

    fn start(self) -> Result<Self, Infallible> {
        Ok(self)
    }
}

impl random::Generator for Repeatable {
    fn public_random_fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(5).wrapping_add(113);
            *byte = self.0;
        }
    }

    fn private_random_fill(&mut self, bytes: &mut [u8]) {
        self.public_random_fill(bytes);
    }
}

/// The puppet keeps to the connection ID that it was given first.
fn connection_ids() -> Result<connection_id::default::Format, String> {
    let builder =
        connection_id::default::Format::builder().with_len(CONNECTION_ID).map_err(line)?;
    builder.with_handshake_connection_id_rotation(false).map_err(line)?.build().map_err(line)
}

/// What the setup wants advertised, with acknowledgements at once.
fn limits(parameters: &Parameters) -> Result<Limits, String> {
    let window = Limits::new()
        .with_data_window(parameters.max_data)
        .and_then(|limits| {
            limits.with_bidirectional_local_data_window(parameters.max_stream_data_bidi_local)
        })
        .and_then(|limits| {
            limits.with_bidirectional_remote_data_window(parameters.max_stream_data_bidi_remote)
        })
        .and_then(|limits| limits.with_unidirectional_data_window(parameters.max_stream_data_uni));
    window
        .and_then(|limits| {
            limits.with_max_open_remote_bidirectional_streams(parameters.max_streams_bidi)
        })
        .and_then(|limits| {
            limits.with_max_open_remote_unidirectional_streams(parameters.max_streams_uni)
        })
        .and_then(|limits| limits.with_max_open_local_bidirectional_streams(MOST_STREAMS))
        .and_then(|limits| limits.with_max_open_local_unidirectional_streams(MOST_STREAMS))
        .and_then(|limits| limits.with_max_ack_delay(Duration::ZERO))
        .and_then(|limits| limits.with_ack_elicitation_interval(RARELY))
        .and_then(|limits| limits.with_active_connection_migration(false))
        .map_err(line)
}
