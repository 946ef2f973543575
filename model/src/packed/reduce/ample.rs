//! Ample sets: a stream that has nothing more to do with the others moves alone.
//!
//! A stream is decoupled at an endpoint if no step of its own can change what the connection's credit, the
//! limit on streams or the frames about them depend on. Its steps and those of all others then neither
//! enable nor disable one another, so their order does not matter. No cycle hides the others for ever,
//! because a monotone world has none.

use crate::rfc::call::Subject;
use crate::rfc::endpoint::Endpoint;
use crate::rfc::identity::{Direction, StreamId};
use crate::rfc::receiving::RecvState;
use crate::rfc::sending::SendingPart;
use crate::worlds::streams::StreamsWorld;
use crate::worlds::streams::action::{Action, Carries};
use crate::worlds::streams::presets::Preset;

use super::super::expand::{Mode, StepCode, Successor};
use super::super::state::PackedState;
use super::super::world::PackedWorld;
use super::Reducer;

/// The stream that an action is about; `None` if it is about the connection.
pub(in super::super) fn subject(action: &Action) -> Option<StreamId> {
    match action {
        Action::App { call, .. } => match call.subject() {
            Subject::Sending(id) | Subject::Receiving(id) => Some(id),
            Subject::Connection => None,
        },
        Action::SendFrame { frame, .. } | Action::Hostile { frame, .. } => frame.stream_id(),
        Action::Deliver { packet, .. }
        | Action::Duplicate { packet, .. }
        | Action::Lose { packet } => match &packet.carries {
            Carries::Frames(frames) | Carries::Ack(frames) => match &frames[..] {
                [frame] => frame.stream_id(),
                _ => None,
            },
        },
        Action::Transmit { .. } | Action::DetectLoss { .. } | Action::Handshake { .. } => None,
    }
}

/// Whether a stream is decoupled at an endpoint.
pub(super) fn is_decoupled(world: &StreamsWorld, end: &Endpoint, id: StreamId) -> bool {
    let preset = &world.preset;
    let streams = preset.opened.max(preset.calls.open);
    // What all streams together can ever use.
    let most = preset.length * streams * preset.directions.len() as u64;
    let never_more_streams = Direction::ALL.into_iter().all(|direction| {
        let window = end.admits.of(direction).credit.window;
        (world.rules.streams_step)(window) > streams
    });
    let never_blocked = end.send_credit.limit > most;
    let sends = end.sending(id).is_none_or(|part| never_blocked || is_fixed(part, preset));
    let never_raised = (world.rules.update_step)(end.receive_credit.window) > most;
    let receives = end.receiving(id).is_none_or(|part| {
        let given_back = match part.state {
            RecvState::ResetRecvd | RecvState::DataRead | RecvState::ResetRead => true,
            RecvState::Recv | RecvState::SizeKnown | RecvState::DataRecvd => false,
        };
        never_raised || (given_back && part.released == part.consumed())
    });
    never_more_streams && sends && receives
}

/// Whether what the part holds of the connection's credit cannot change any more.
fn is_fixed(part: &SendingPart, preset: &Preset) -> bool {
    let reset = part.reset.is_some_and(|reset| reset.final_size.is_some());
    let may_reset = preset.calls.reset || preset.calls.abort_reading || preset.calls.drop;
    part.state.is_terminal() || reset || (part.ended && part.reset.is_none() && !may_reset)
}

impl PackedWorld {
    /// Keeps, of the successors of `state` from place `first` on, those of one decoupled stream, if one can
    /// move.
    pub(in super::super) fn keep_ample(
        &self,
        state: PackedState,
        successors: &mut Vec<Successor>,
        first: usize,
    ) {
        let ample = self.reducer.as_ref().filter(|reducer| reducer.reductions.ample);
        let Some(Reducer { lemmas, .. }) = ample else { return };
        let alone = |at: usize| self.decoupled[at][state.ends[at] as usize];
        let mut both = alone(0) & alone(1);
        while both != 0 {
            let stream = both.trailing_zeros() as u8;
            both &= both - 1;
            let of_stream = |code: StepCode| self.stream_of(code) == stream;
            // A step that changes nothing is no move: to wait for it would be to stop.
            let changes = |next: &Successor| lemmas.counts_stutters || next.state != state;
            let moves = |next: &Successor| changes(next) && of_stream(next.code);
            if successors[first..].iter().any(moves) {
                let mut place = 0;
                successors.retain(|next| {
                    place += 1;
                    place <= first || of_stream(next.code)
                });
                return;
            }
        }
    }

    fn stream_of(&self, code: StepCode) -> u8 {
        let (mode, index) = code.parts();
        match mode {
            Mode::Plain | Mode::Again => self.steps[index as usize].stream,
            Mode::Lost | Mode::Handshake => u8::MAX,
        }
    }
}
