//! The liveness probe: everything is delivered and acknowledged, the application ends or reads on, and every task that waits must
//! be told.

use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::frame::Frame;
use streamproof_model::rfc::identity::StreamId;
use streamproof_model::trace::stimulus::Stimulus;
use streamproof_model::worlds::streams::presets::Handshake;

use super::Player;

/// How much data a frame of the liveness probe carries, in bytes; it fits every packet.
const PROBE_FRAME: u64 = 1_000;

impl Player {
    /// Asks for whatever is still open.
    pub(super) fn probe(&mut self) {
        if let Some(handshake) = self.handshake.filter(|_| self.referee.states()[0].early) {
            let Handshake { accepted, parameters } = handshake;
            self.probe_with(&Stimulus::Handshake { accepted, parameters });
        }
        self.probe_with(&Stimulus::Settle);
        let streams: Vec<StreamId> = self.referee.states()[0].streams.keys().copied().collect();
        for stream_id in &streams {
            self.probe_with(&Stimulus::Call { call: Call::End { stream_id: *stream_id } });
        }
        self.probe_with(&Stimulus::Settle);
        for stream_id in streams {
            for frame in self.remaining_frames(stream_id) {
                self.probe_with(&Stimulus::Deliver { frames: frame.into() });
            }
            // Data, then the end; or at once what it became. A third time: told again.
            for _ in 0..3 {
                self.probe_with(&Stimulus::Call { call: Call::Read { stream_id } });
            }
        }
        self.probe_with(&Stimulus::AcknowledgeAll);
    }

    /// One step of the probe, if it still can be taken: nobody calls on a handle that is gone, and nothing is
    /// asked once the peer has left the protocol.
    pub(super) fn probe_with(&mut self, stimulus: &Stimulus) {
        let can = match stimulus {
            Stimulus::Call { call } => {
                self.referee.states().iter().any(|state| state.can_call(*call))
            }
            Stimulus::Settle
            | Stimulus::Deliver { .. }
            | Stimulus::Acknowledge { .. }
            | Stimulus::AcknowledgeAll
            | Stimulus::LoseOutstanding
            | Stimulus::Handshake { .. } => true,
        };
        if can && !self.failed {
            self.replay.probe.push(stimulus.clone());
            self.step(stimulus);
        }
    }

    /// What a sender who keeps every rule still has to send: all data, and the end if no reset said
    /// where the stream ends.
    fn remaining_frames(&self, stream_id: StreamId) -> Vec<Frame> {
        let state = &self.referee.states()[0];
        let Some(part) = state.receiving(stream_id).filter(|_| state.closed.is_none()) else {
            return Vec::new();
        };
        // One byte at least, where there is room for it.
        let left = state.receive_credit.advertised.saturating_sub(state.consumed());
        let least = u64::from(part.credit.advertised > 0 && (left > 0 || part.named > 0));
        let size = part.final_size.unwrap_or_else(|| part.named.max(least));
        let ends = (1..=size.div_ceil(PROBE_FRAME)).map(|n| (n * PROBE_FRAME).min(size));
        let frame = |end: u64| {
            let offset = end.saturating_sub(1) / PROBE_FRAME * PROBE_FRAME;
            let (length, fin) = (end - offset, end == size);
            Frame::Stream { stream_id, offset, length, fin }
        };
        match size {
            0 => vec![frame(0)],
            _ => ends.map(frame).collect(),
        }
    }
}
