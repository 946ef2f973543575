//! One trace against a system under test.

use streamproof_harness::puppet::Tap;
use streamproof_model::trace::{NotEnabled, Step, Trace};

use super::script::shaken;
use crate::replay::{Replay, ScriptStep, replay};
use crate::sut::{Setup, StartError, Sut};

/// Why a trace cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is no path of its world.
    #[error(transparent)]
    Trace(#[from] NotEnabled),
    /// There is no connection to play it on.
    #[error("no connection: {0}")]
    Arena(#[from] StartError),
}

/// Plays one trace, with every reply.
///
/// # Errors
///
/// When the trace is no path of its world, or the system under test gives no connection.
pub fn replay_trace(sut: &dyn Sut, trace: &Trace) -> Result<Replay, ReplayError> {
    play_trace(sut, trace, None)
}

/// The same over a connection with TLS, of which every datagram is kept.
///
/// # Errors
///
/// As [`replay_trace`].
pub fn replay_tapped(sut: &dyn Sut, trace: &Trace, tap: &Tap) -> Result<Replay, ReplayError> {
    play_trace(sut, trace, Some(tap.clone()))
}

fn play_trace(sut: &dyn Sut, trace: &Trace, tap: Option<Tap>) -> Result<Replay, ReplayError> {
    let steps = trace.steps()?;
    let server = shaken(&trace.actions);
    let setup = Setup { server, tap, log: true, ..Setup::new(trace.preset, trace.side) };
    let script = steps.iter().filter_map(|step| {
        let Step { stimulus, packet, peer_sent, endpoint, .. } = step;
        let (peer_sent, packet) = (*peer_sent, *packet);
        Some(ScriptStep {
            stimulus: stimulus.as_ref()?,
            peer_sent,
            packet,
            predicted: Some(endpoint),
        })
    });
    Ok(replay(sut, &setup, script, trace.probe.as_deref())?)
}
