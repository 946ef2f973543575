//! A walk: steps that are chosen as it goes, by who sees what is not yet acknowledged.

use streamproof_model::rfc::frame::Frame;
use streamproof_model::trace::stimulus::Stimulus;

use super::packet::Fate;
use super::{Player, Replay, StepResult};
use crate::sut::{Setup, StartError, Sut};

/// The frames of each packet that the system has sent and that are not acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Outstanding<'a> {
    /// Of packets that may be under way.
    pub in_flight: Vec<&'a [Frame]>,
    /// Of packets that were declared lost, or that the system may think lost.
    pub lost: Vec<&'a [Frame]>,
}

/// Plays whatever `next` asks for, step by step, until it asks for nothing more; it is shown what is
/// not yet acknowledged. Then the liveness probe.
///
/// # Errors
///
/// When the system under test gives no connection.
pub fn walk(
    sut: &dyn Sut,
    setup: &Setup,
    mut next: impl FnMut(&Outstanding<'_>) -> Option<Stimulus>,
) -> Result<Replay, StartError> {
    let mut player = Player::new(sut, setup)?;
    while !player.is_over() {
        let mut outstanding = Outstanding::default();
        for packet in player.sent.iter().filter(|packet| !packet.acknowledged) {
            match packet.fate {
                Fate::InFlight => outstanding.in_flight.push(&packet.frames),
                Fate::Doubtful | Fate::Lost => outstanding.lost.push(&packet.frames),
            }
        }
        let Some(stimulus) = next(&outstanding) else { break };
        player.step(&stimulus);
        player.replay.results.push(StepResult::Predicted);
    }
    player.starved = false; // A walk keeps to what was advertised.
    player.finish(None);
    Ok(player.replay)
}
