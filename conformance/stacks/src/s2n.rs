//! AWS's s2n-quic: an asynchronous stack, run on its own testing IO in virtual time, on the thread that plays.
//!
//! `runtime` holds the executor and the wire to the puppet, `streams` the application's handles.

mod runtime;
mod streams;
mod trust;

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::OnceLock;
use std::time::Duration;

use s2n_quic::provider::io::testing::Io;
use s2n_quic::provider::limits::Limits;
use s2n_quic::provider::tls::rustls::{Client as ClientTls, Server as ServerTls};
use s2n_quic::provider::{connection_id, random};
use s2n_quic::{Client, Server};
use streamproof_conformance::sut::datagrams::{Credentials, DatagramSession, fit};
use streamproof_conformance::sut::departures::{
    BLOCKED_OUTLIVES_WRITERS, BLOCKED_WAITS, EARLY_LIMITS_STAY, INTERNAL_LIMITS_COUNT,
    RESET_DROPS_FRAMES, STOPPED_IS_FORGOTTEN, STREAMS_BLOCKED_IS_SILENT,
};
use streamproof_conformance::sut::{Session, Setup, StartError, Sut, locked};
use streamproof_harness_tls::PROTOCOL;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::choices::{Choice, Choices};
use streamproof_model::rfc::identity::{Direction, Side};
use streamproof_model::rfc::parameters::Parameters;
use streamproof_model::worlds::streams::presets::Preset;

use self::runtime::Runtime;
use self::streams::{Attempt, Streams};

/// s2n-quic as its documentation says.
#[derive(Default)]
pub(crate) struct S2n {
    made: OnceLock<Result<Made, String>>,
}

/// What all connections have in common.
struct Made {
    credentials: Credentials,
    client: ClientTls,
    server: ServerTls,
}

/// No preset opens more streams of a direction.
const MOST_STREAMS: u64 = 64;
/// More than the acknowledgements of a trace: s2n-quic adds a PING to every so many of them.
const RARELY: u8 = u8::MAX;
/// The puppet has room for connection IDs of quinn's length.
const CONNECTION_ID: usize = 8;

/// Two go both ways and stand as they are mostly taken. A STOP_SENDING that waits is withdrawn when the peer resets,
/// and not always when the rest of the data arrives. STREAMS_BLOCKED is sent, but only beside something else. What is
/// about blocked writers and 0-RTT is not played.
const WAY: Way = Way {
    name: "s2n-quic",
    choices: Choices {
        reset_after_all_data: Choice::Never,
        data_completes_after_reset: Choice::Never,
        late_final_size_error: Choice::Never,
        reset_interrupts_reading: Choice::Always,
        data_before_answer: Choice::Never,
        reset_below_empty_frame: Choice::Never,
        fin_below_empty_frame: Choice::Never,
        empty_frame_beyond_final_size: Choice::Always,
        not_created_is_error: Choice::Always,
        blocked_not_created_is_error: Choice::Always,
    },
    departures: &[
        RESET_DROPS_FRAMES,
        STOPPED_IS_FORGOTTEN,
        INTERNAL_LIMITS_COUNT,
        STREAMS_BLOCKED_IS_SILENT,
        EARLY_LIMITS_STAY,
        BLOCKED_WAITS,
        BLOCKED_OUTLIVES_WRITERS,
    ],
};

impl Sut for S2n {
    fn name(&self) -> &'static str {
        "s2n-quic"
    }

    fn version(&self) -> String {
        locked(include_str!("../Cargo.lock"), "s2n-quic").to_owned()
    }

    fn way(&self) -> Way {
        WAY
    }

    /// s2n-quic takes every write into its buffer, whatever the peer permits: only a sender that never meets a limit
    /// on data can be played.
    fn fit(&self, preset: Preset) -> Result<Preset, &'static str> {
        let writes = |side: &Side| {
            *side == preset.opener || preset.directions.contains(&Direction::Bidirectional)
        };
        let streams = preset.calls.open.max(preset.opened) * preset.directions.len() as u64;
        let meets_a_limit = |side: Side| {
            let parameters = preset.parameters_of(side.peer());
            parameters.max_data < preset.length * streams
                || parameters.max_stream_data_uni < preset.length
        };
        if preset.sides().into_iter().filter(writes).any(meets_a_limit) {
            return Err(
                "s2n-quic takes every write into its buffer: its application feels no credit",
            );
        }
        fit(preset)
    }

    fn has_contract(&self) -> bool {
        false
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, StartError> {
        let made = self.made.get_or_init(|| Made::new(self.name()));
        let made = made.as_ref().map_err(|error| StartError::Other(error.clone()))?;
        let stack = made.start(setup).map_err(StartError::Other)?;
        Ok(Box::new(DatagramSession::new(stack, setup, &made.credentials.puppet)?))
    }
}

fn line(error: impl Display) -> String {
    error.to_string()
}

impl Made {
    fn new(name: &str) -> Result<Self, String> {
        let credentials = Credentials::make(name)?;
        let files = &credentials.certificate;
        let server = ServerTls::builder()
            .with_certificate(files.certificate.as_path(), files.key.as_path())
            .and_then(|builder| builder.with_application_protocols([PROTOCOL].iter()))
            .and_then(s2n_quic::provider::tls::rustls::server::Builder::build)
            .map_err(line)?;
        let client = ClientTls::from(trust::everything(PROTOCOL).map_err(line)?);
        Ok(Self { credentials, client, server })
    }

    /// An endpoint on a wire of its own, that waits for the puppet or connects to it.
    fn start(&self, setup: &Setup) -> Result<Streams, String> {
        let mut runtime = Runtime::new()?;
        let limits = limits(&setup.parameters_of(setup.side))?;
        let io = runtime.io()?;
        let peer = runtime.peer();
        let attempt = runtime.enter(|| match setup.side {
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
