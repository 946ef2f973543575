//! What an observer beside the two endpoints writes down.
//!
//! Properties about the past need a memory, and a memory kept by the rules under test would forget
//! what they forget. So this one sees only frames, answers and states, and knows nothing of
//! [`Rules`](crate::rfc::rules::Rules): it is dumber than what it watches, on purpose.
//!
//! Notes are kept for each [`Flow`], one direction of one stream (`flow`), and for each endpoint, about
//! its credit (`ledger`).

mod due;
mod flow;
mod ledger;

use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;
use std::sync::Arc;

pub use due::Due;
pub use flow::FlowNotes;
pub use ledger::Ledger;

use crate::rfc::call::{Answer, Call, Subject};
use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::Frame;
use crate::rfc::identity::{Side, StreamId};

/// One direction of one stream.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Flow {
    /// The stream.
    pub stream_id: StreamId,
    /// Which side sends.
    pub sender: Side,
}

/// The observer's notes.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct History {
    /// About each direction of each stream of which anything was seen.
    pub flows: BTreeMap<Flow, Arc<FlowNotes>>,
    /// About each endpoint, the client first.
    pub ledgers: [Ledger; 2],
    /// What a hostile peer's frames call for, after the first that calls for anything.
    pub due: Option<Due>,
}

const fn place(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

impl History {
    /// The notes about an endpoint.
    pub const fn ledger(&self, side: Side) -> &Ledger {
        &self.ledgers[place(side)]
    }

    /// The same, to be changed.
    pub const fn ledger_mut(&mut self, side: Side) -> &mut Ledger {
        &mut self.ledgers[place(side)]
    }

    /// The notes about a flow, if there are any.
    pub fn flow(&self, stream_id: StreamId, sender: Side) -> Option<&FlowNotes> {
        self.flows.get(&Flow { stream_id, sender }).map(Arc::as_ref)
    }

    fn flow_mut(&mut self, stream_id: StreamId, sender: Side) -> &mut FlowNotes {
        Arc::make_mut(self.flows.entry(Flow { stream_id, sender }).or_default())
    }

    /// An endpoint puts a frame on the wire; `sender` is the endpoint before that.
    pub fn sends(&mut self, frame: &Frame, sender: &Endpoint) {
        let side = sender.side;
        self.ledger_mut(side).sends(frame, sender);
        let Some(stream_id) = frame.stream_id() else { return };
        match frame {
            Frame::Stream { .. } | Frame::ResetStream { .. } | Frame::StreamDataBlocked { .. } => {
                if let Some(part) = sender.sending(stream_id) {
                    self.flow_mut(stream_id, side).sender_sends(frame, part.state);
                }
            }
            Frame::StopSending { .. } | Frame::MaxStreamData { .. } => {
                let state = sender.receiving(stream_id).map(|part| part.state);
                self.flow_mut(stream_id, side.peer()).receiver_sends(frame, state);
            }
            Frame::MaxData { .. }
            | Frame::MaxStreams { .. }
            | Frame::DataBlocked { .. }
            | Frame::StreamsBlocked { .. }
            | Frame::ConnectionClose { .. } => {}
        }
    }

    /// A frame arrives at an endpoint, as it is before that.
    pub fn arrives(&mut self, frame: &Frame, at: &Endpoint) {
        if at.closed.is_some() {
            return;
        }
        let side = at.side;
        self.ledger_mut(side).arrives(frame);
        let Some(stream_id) = frame.stream_id() else { return };
        match *frame {
            Frame::Stream { .. } | Frame::ResetStream { .. } => {
                let over =
                    at.receiving(stream_id).is_some_and(|part| part.told || part.stop.is_some());
                self.flow_mut(stream_id, side.peer()).arrives(frame, over);
            }
            Frame::StopSending { application_protocol_error_code, .. } => {
                if let Some(part) = at.sending(stream_id) {
                    let notes = self.flow_mut(stream_id, side);
                    notes.stop_arrives(application_protocol_error_code, part);
                }
            }
            Frame::MaxStreamData { maximum_stream_data, .. } => {
                let initial = at.peer.on_stream(side.peer(), stream_id);
                let notes = self.flow_mut(stream_id, side);
                notes.limit = notes.limit.max(maximum_stream_data.max(initial));
            }
            Frame::StreamDataBlocked { .. }
            | Frame::MaxData { .. }
            | Frame::MaxStreams { .. }
            | Frame::DataBlocked { .. }
            | Frame::StreamsBlocked { .. }
            | Frame::ConnectionClose { .. } => {}
        }
    }

    /// A hostile frame arrives at `victim`, as it is before that. What the RFC calls for is worked out
    /// from the notes alone.
    pub fn hostile_arrives(&mut self, frame: &Frame, victim: &Endpoint) {
        if self.due.is_some_and(|due| !due.optional) || victim.closed.is_some() {
            return;
        }
        // What the victim was free to let pass, it has let pass.
        self.due = due::of(self, frame, victim);
    }

    /// An application was answered; `before` is its endpoint before the call.
    pub fn answered(&mut self, call: Call, answer: Answer, before: &Endpoint) {
        let side = before.side;
        self.ledger_mut(side).answered(call, answer);
        match call.subject() {
            Subject::Sending(id) => {
                let live = before.closed.is_none();
                let part = before.sending(id).filter(|_| live);
                if call == (Call::DropSend { stream_id: id }) {
                    let open = part.is_some_and(|part| !part.ended && part.reset.is_none());
                    self.flow_mut(id, side).dropped_early |= open;
                }
            }
            Subject::Receiving(id) => self.flow_mut(id, side.peer()).reader_answered(answer),
            Subject::Connection => {}
        }
    }

    /// An endpoint has moved from `before` to `after`.
    pub fn moved(&mut self, before: &Endpoint, after: &Endpoint) {
        for (id, part) in after.sending_parts() {
            let old = before.sending(id).map(|part| part.state);
            let outcome = after.send_outcome(id);
            if old.is_some_and(|old| old != part.state) || outcome.is_some() {
                self.flow_mut(id, after.side).sending_moved(old, part.state, outcome);
            }
        }
        for (id, part) in after.receiving_parts() {
            let old = before.receiving(id).map(|part| part.state);
            let outcome = after.recv_outcome(id);
            let stopped = part.stop.is_some();
            let notes = self.flow_mut(id, after.side.peer());
            notes.receiving_moved(old, part.state, outcome);
            notes.gives_back(stopped, part.state);
        }
        self.ledger_mut(after.side).moved(before, after);
    }

    /// 0-RTT was rejected: nothing of it has happened (§7.4.1).
    pub fn begin_again(&mut self) {
        *self = Self::default();
    }
}
