//! A trace made into something that others can run or read without this suite: a capture for Wireshark, a Rust test.

mod pcapng;
pub mod script;

use streamproof_harness::puppet::Tap;
use streamproof_model::trace::Trace;

use self::script::Recorder;
use crate::referee::Deviation;
use crate::replay::Found;
use crate::sut::Sut;
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
pub fn pcap(sut: &dyn Sut, trace: &Trace, breach: Option<&str>) -> Result<Vec<u8>, ExportError> {
    let tap = Tap::default();
    let replay = replay_tapped(sut, trace, &tap)?;
    let found = pick(sut, &replay.found, breach)?;
    let capture = tap.capture();
    if capture.datagrams.is_empty() {
        return Err(ExportError::NoCapture(sut.name()));
    }
    let comment = format!(
        "{} {} as {} in preset {}: {} ({})\nseen: {}\npermitted: {}",
        sut.name(),
        sut.version(),
        trace.side,
        trace.preset.name,
        found.deviation.breach.describe(),
        found.deviation.breach.citation(),
        found.deviation.seen,
        found.deviation.permitted.join(" | "),
    );
    Ok(pcapng::write(&capture, &comment))
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
    /// Whether a test is to pass as long as the deviation is there, because it is known.
    pub known: bool,
}

/// Writes what was shown as a test in the style of one stack's own, as text. It fails when no such test can show it.
pub type OwnTest = fn(&Shown) -> Result<String, ExportError>;

/// A deviation as a test in the style of the stack's own, as `write` writes it. It fails as long as the
/// deviation is there; if that is `known`, it passes as long, and fails afterwards.
///
/// # Errors
///
/// When the trace cannot be played, shows no breach, or one that no such test can show.
pub fn own_test(
    sut: &dyn Sut,
    trace: &Trace,
    breach: Option<&str>,
    known: bool,
    write: OwnTest,
) -> Result<String, ExportError> {
    let recorder = Recorder::new(sut);
    let replay = replay_trace(&recorder, trace)?;
    let found = pick(sut, &replay.found, breach)?;
    let place = replay.found.iter().position(|other| other == found).unwrap_or(0);
    let mut script = recorder.take();
    let Some(&(done, in_futures)) = script.deviations.get(place) else {
        return Err(ExportError::Nothing);
    };
    if in_futures {
        return Err(ExportError::InFutures);
    }
    script.done.truncate(done);
    let (done, deviation) = (script.done, found.deviation.clone());
    let version = sut.version();
    write(&Shown { trace: trace.clone(), done, deviation, version, known })
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
