//! A trace made into something that others can run or read without this suite: a capture for Wireshark, a Rust test.

mod pcapng;
mod play;
mod rust;
mod script;

use streamproof_harness::puppet::Tap;
use streamproof_model::trace::Trace;

use self::script::Recorder;
use crate::conform::{ReplayError, replay_tapped, replay_trace};
use crate::referee::Deviation;
use crate::replay::Found;
use crate::sut::{BareQuinn, Sut};

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
    /// Another system than quinn.
    #[error("a Rust test is of quinn-proto, which is played as quinn, not as {0}")]
    NotQuinn(&'static str),
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
struct Shown {
    done: Vec<script::Done>,
    deviation: Deviation,
}

/// A deviation of quinn as a Rust test of quinn-proto, which depends on nothing else than it and bytes, as text. It
/// fails as long as the deviation is there; or passes as long, and fails when it is gone, if it is `known`.
///
/// # Errors
///
/// When the trace cannot be played, shows no breach, or one that quinn-proto without quinn cannot show.
pub fn rust(
    sut: &dyn Sut,
    trace: &Trace,
    breach: Option<&str>,
    known: bool,
) -> Result<String, ExportError> {
    if sut.name() != BareQuinn.name() {
        return Err(ExportError::NotQuinn(sut.name()));
    }
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
    let shown = Shown { done: script.done, deviation: found.deviation.clone() };
    let version = sut.version();
    let version = version.rsplit(' ').next().unwrap_or_default();
    rust::write(&shown, trace, version, known)
}

/// The breach that is asked for by its id, or the first.
pub(crate) fn pick<'a>(
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

#[cfg(test)]
mod tests {
    use quinn_proto::Dir;

    use super::play::{Limits, Play};

    #[test]
    fn handshake_is_behind_a_play_on_either_side() {
        let limits =
            Limits { max_data: 64, max_stream_data: 8, max_streams_bidi: 1, max_streams_uni: 1 };
        for mut play in [Play::client(limits, limits, 3), Play::server(limits, limits, 3)] {
            assert!(!play.connection().is_handshaking());
            assert!(play.open(Dir::Bi).starts_with("opened"));
            assert_eq!(play.open(Dir::Bi), "blocked");
            assert_eq!(play.runs(), [""; 0]);
        }
    }

    #[test]
    fn peer_s_frames_reach_the_stream_and_what_it_sends_is_read() {
        let limits =
            Limits { max_data: 64, max_stream_data: 8, max_streams_bidi: 4, max_streams_uni: 4 };
        let mut play = Play::server(limits, limits, 3);
        play.arrives(&[0x0e, 0x00, 0x00, 0x03, 1, 2, 3]); // STREAM 0 0..3
        assert_eq!(play.read(0), "3 bytes");
        assert_eq!(play.write(0, 9), "wrote 8");
        let first = ["MAX_STREAM_DATA 0 11", "STREAM 0 0..8"];
        assert_eq!(play.runs(), first);
        assert_eq!(play.loses_all(), first);
        assert_eq!(play.acknowledges(&[1]), [""; 0]);
        assert_eq!(play.reset(0, 7), "accepted");
        assert_eq!(play.runs(), ["RESET_STREAM 0 code 7 final size 8"]);
        assert_eq!(play.arrives(&[0x04, 0x00, 0x09, 0x02]), ["CONNECTION_CLOSE transport 0x06"]);
    }
}
