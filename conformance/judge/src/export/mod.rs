//! A trace made into something that others can run or read without this suite: a capture for Wireshark, a Rust test.

mod pcapng;
pub mod peer;
pub mod script;

use streamproof_harness::puppet::Tap;
use streamproof_model::judging::breach::Breach;
use streamproof_model::trace::Trace;
use streamproof_model::worlds::streams::action::Action;

use self::peer::Peer;
use self::script::Recorder;
use crate::referee::Deviation;
use crate::replay::Found;
use crate::sut::{Setup, Sut};
use crate::tours::{ReplayError, replay_tapped, replay_trace};

/// Why a trace cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be played.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// It shows no breach, or not the one that was asked for.
    #[error("{sut} shows no {what} with this trace")]
    NotShown {
        /// The system under test.
        sut: &'static str,
        /// What was looked for.
        what: String,
    },
    /// The deviation is none that a Rust test can show.
    #[error("no Rust test: {0} cannot be written with quinn-proto alone")]
    NotInRust(&'static str),
    /// It is not known what a test of this stack's own looks like.
    #[error("{0} has no test style of its own here; quinn has")]
    NoOwnTest(&'static str),
    /// It shows in what a future says, or who is woken.
    #[error("no Rust test: it shows in what quinn's futures say, and quinn-proto has none")]
    InFutures,
    /// It breaks nothing that upstream has promised.
    #[error("no test for upstream: it breaks no rule of RFC 9000, but the manager's contract")]
    OursAlone,
    /// The trace does nothing.
    #[error("nothing is done before it shows")]
    Nothing,
    /// quinn adds something of its own.
    #[error("no Rust test: at \"{what}\" quinn shows \"{quinn}\", quinn-proto alone \"{proto}\"")]
    Otherwise {
        /// The step.
        what: String,
        /// What quinn has shown.
        quinn: String,
        /// What quinn-proto shows.
        proto: String,
    },
    /// The datagrams were not kept.
    #[error("{0} does not say what it sends: its session keeps no tap")]
    NoCapture(&'static str),
}

/// The packets of a replay with TLS as a pcapng file: what it shows in its comment, the secrets in it. The keys are
/// fresh, so that no two files are the same.
///
/// # Errors
///
/// When the trace cannot be played on the system, or shows no breach.
pub fn pcap(sut: &dyn Sut, trace: &Trace, breach: Option<&str>) -> Result<Captured, ExportError> {
    let tap = Tap::default();
    let recorder = Recorder::new(sut);
    let replay = replay_tapped(&recorder, trace, &tap)?;
    let found = pick(sut, &replay.found, breach)?;
    let peer = peer_of(trace, &recorder.take().done);
    let capture = tap.capture();
    if capture.datagrams.is_empty() {
        return Err(ExportError::NoCapture(sut.name()));
    }
    let comment = format!(
        "{} {} as {} in preset {}: {} ({})\nseen: {}\npermitted: {}\npeer: {peer}",
        sut.name(),
        sut.version(),
        trace.side,
        trace.preset.name,
        found.deviation.breach.describe(),
        found.deviation.breach.citation(),
        found.deviation.seen,
        found.deviation.permitted.join(" | "),
    );
    Ok(Captured { file: pcapng::write(&capture, &comment), peer })
}

/// A capture.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The file.
    pub file: Vec<u8>,
    /// Whether its peer keeps the rules.
    pub peer: Peer,
}

/// Whether the peer of a trace kept the rules in all that was done.
fn peer_of(trace: &Trace, done: &[script::Done]) -> Peer {
    let accepts_early =
        !trace.actions.iter().any(|a| matches!(a, Action::Handshake { accepted: false, .. }));
    let server = trace.actions.iter().find_map(|action| match action {
        Action::Handshake { parameters, .. } => Some(*parameters),
        Action::App { .. }
        | Action::Transmit { .. }
        | Action::SendFrame { .. }
        | Action::Deliver { .. }
        | Action::Duplicate { .. }
        | Action::Lose { .. }
        | Action::DetectLoss { .. }
        | Action::Hostile { .. } => None,
    });
    let setup = Setup { server, ..Setup::new(trace.preset, trace.side.peer()) };
    let mut first = setup.first_endpoint();
    first.early = false;
    peer::look(&first, accepts_early, done)
}

/// What a replay has done until a deviation showed.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The trace that was played.
    pub trace: Trace,
    /// Everything that was done to the session, in order.
    pub done: Vec<script::Done>,
    /// What it showed.
    pub deviation: Deviation,
    /// The version of the stack.
    pub version: String,
    /// What kind of test is asked for.
    pub style: Style,
}

/// Where a test is to run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// Anywhere, on published crates. If the deviation is known, it passes as long as that is there, and fails
    /// afterwards.
    Published {
        /// Whether it is known.
        known: bool,
    },
    /// Among the stack's own tests, as its maintainers would write it.
    Upstream,
}

/// A test as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Written {
    /// The test.
    pub test: String,
    /// What the test fails with as long as the deviation is there.
    pub message: String,
    /// A module that it needs beside it.
    pub support: Option<Support>,
}

/// A module beside tests, the same for all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Support {
    /// The name of its file.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Writes what was shown as a test in the style of one stack's own. It fails when no such test can show it.
pub type OwnTest = fn(&Shown) -> Result<Written, ExportError>;

/// A deviation as a test of the stack's own, as `write` writes it. It fails as long as the deviation is there, unless
/// the style says otherwise.
///
/// # Errors
///
/// When the trace cannot be played, shows no breach, or one that no such test can show.
pub fn own_test(
    sut: &dyn Sut,
    trace: &Trace,
    breach: Option<&str>,
    style: Style,
    write: OwnTest,
) -> Result<Written, ExportError> {
    let recorder = Recorder::new(sut);
    let replay = replay_trace(&recorder, trace)?;
    let found = pick(sut, &replay.found, breach)?;
    let place = replay.found.iter().position(|other| other == found).unwrap_or(0);
    let mut script = recorder.take();
    let Some(&(done, in_futures)) = script.deviations.get(place) else {
        return Err(ExportError::Nothing);
    };
    // Which streams there are is seen without futures.
    let is_of_streams = found.deviation.breach == Breach::StreamNotOpened;
    if in_futures && !(is_of_streams && style == Style::Upstream) {
        return Err(ExportError::InFutures);
    }
    script.done.truncate(done);
    let (done, deviation) = (script.done, found.deviation.clone());
    let version = sut.version();
    write(&Shown { trace: trace.clone(), done, deviation, version, style })
}

/// The breach that is asked for by its id, or the first.
///
/// # Errors
///
/// When it is not among them.
pub fn pick<'a>(
    sut: &dyn Sut,
    found: &'a [Found],
    breach: Option<&str>,
) -> Result<&'a Found, ExportError> {
    let wanted = |found: &&Found| breach.is_none_or(|id| found.deviation.breach.id() == id);
    found.iter().find(wanted).ok_or_else(|| ExportError::NotShown {
        sut: sut.name(),
        what: breach.unwrap_or("deviation").to_owned(),
    })
}
