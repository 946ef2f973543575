//! In which situation a deviation shows: what was done to the stack, and how the part of the stream stood that it was
//! done to. A stack that deviates in a situation that its list does not name has got worse under a known name.

use std::fmt;

use streamproof_model::judging::breach::Breach;
use streamproof_model::rfc::call::{Call, Subject};
use streamproof_model::rfc::endpoint::Endpoint;
use streamproof_model::rfc::frame::{Frame, FrameType};
use streamproof_model::rfc::identity::StreamId;
use streamproof_model::rfc::receiving::RecvState;
use streamproof_model::rfc::rules::RFC9000;
use streamproof_model::rfc::sending::SendState;
use streamproof_model::rfc::violation::{TransportError, Violation};
use streamproof_model::trace::stimulus::Stimulus;

/// What was done last, and to what. It is taken before each step, and becomes text only if something deviates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scene {
    done: Done,
    sending: Option<(SendState, bool)>,
    receiving: Option<(RecvState, bool)>,
    is_early: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
enum Done {
    /// Nothing yet.
    #[default]
    Start,
    Call(&'static str),
    Frame(Frame),
    /// Anything that is done to no stream.
    Event(&'static str),
}

impl Scene {
    /// Before a stimulus, with the endpoint as it is believed to be.
    pub(crate) fn before(stimulus: &Stimulus, endpoint: &Endpoint) -> Self {
        let of_sending = |id: StreamId| {
            endpoint.sending(id).map(|part| (part.state, part.ended || part.reset.is_some()))
        };
        let of_receiving =
            |id: StreamId| endpoint.receiving(id).map(|part| (part.state, part.stop.is_some()));
        let mut scene = Self { is_early: endpoint.early, ..Self::default() };
        match stimulus {
            Stimulus::Call { call } => {
                scene.done = Done::Call(verb(*call));
                match call.subject() {
                    Subject::Sending(id) => scene.sending = of_sending(id),
                    Subject::Receiving(id) => scene.receiving = of_receiving(id),
                    Subject::Connection => {}
                }
            }
            Stimulus::Deliver { frames } => {
                let Some(frame) = frames.last() else { return scene };
                scene.done = Done::Frame(*frame);
                let id = frame.stream_id();
                match frame.frame_type() {
                    FrameType::Stream | FrameType::ResetStream | FrameType::StreamDataBlocked => {
                        scene.receiving = id.and_then(of_receiving);
                    }
                    FrameType::StopSending | FrameType::MaxStreamData => {
                        scene.sending = id.and_then(of_sending);
                    }
                    FrameType::MaxData
                    | FrameType::MaxStreams
                    | FrameType::DataBlocked
                    | FrameType::StreamsBlocked
                    | FrameType::ConnectionClose => {}
                }
            }
            Stimulus::Settle => scene.done = Done::Event("the driver runs"),
            Stimulus::Acknowledge { .. } | Stimulus::AcknowledgeAll => {
                scene.done = Done::Event("acknowledgement");
            }
            Stimulus::LoseOutstanding => scene.done = Done::Event("loss"),
            Stimulus::Handshake { .. } => scene.done = Done::Event("handshake"),
        }
        scene
    }

    /// The situation of a breach, with the endpoint as it is now.
    pub(crate) fn of(&self, breach: Breach, endpoint: &Endpoint) -> String {
        let coming = self.coming_limit(breach, endpoint).map(|within| match within {
            true => "within the limit that is still to be advertised",
            false => "beyond every limit",
        });
        match coming {
            Some(how_far) => format!("{self}, {how_far}"),
            None => self.to_string(),
        }
    }

    /// For a limit that the peer exceeded unnoticed: whether it kept to the one that the stack would advertise by now.
    fn coming_limit(&self, breach: Breach, endpoint: &Endpoint) -> Option<bool> {
        use Violation as V;
        let (Breach::ViolationIgnored(violation, _), Done::Frame(frame)) = (breach, self.done)
        else {
            return None;
        };
        let id = frame.stream_id()?;
        if violation.transport_error() == TransportError::StreamLimitError {
            let released = endpoint.released_streams(&RFC9000, id.direction());
            let limit = endpoint.admits.of(id.direction()).credit.internal(released);
            return Some(id.ordinal() < limit);
        }
        let is_of_connection =
            matches!(violation, V::StreamBeyondConnectionCredit | V::ResetBeyondConnectionCredit);
        is_of_connection.then(|| {
            let own = endpoint.receiving(id).map_or(0, |part| part.consumed());
            let used = endpoint.consumed() - own + frame.end().max(own);
            used <= endpoint.receive_credit.internal(endpoint.released())
        })
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.done {
            Done::Start => f.write_str("start")?,
            Done::Call(what) | Done::Event(what) => f.write_str(what)?,
            Done::Frame(frame) => {
                let fin = matches!(frame, Frame::Stream { fin: true, .. });
                write!(f, "{}{}", frame.frame_type(), if fin { " FIN" } else { "" })?;
            }
        }
        if let Some((state, over)) = self.sending {
            write!(f, " in {state}{}", if over { ", over for the application" } else { "" })?;
        }
        if let Some((state, stopped)) = self.receiving {
            write!(f, " in {state}{}", if stopped { ", stopped" } else { "" })?;
        }
        f.write_str(if self.is_early { ", in 0-RTT" } else { "" })
    }
}

/// A call without its stream.
fn verb(call: Call) -> &'static str {
    match call {
        Call::Open { .. } => "open",
        Call::Write { .. } => "write",
        Call::End { .. } => "end",
        Call::Reset { .. } => "reset",
        Call::Read { .. } => "read",
        Call::AbortReading { .. } => "abort reading",
        Call::DropSend { .. } | Call::DropRecv { .. } => "drop",
        Call::CloseConnection { .. } => "close",
        Call::ResizeWindow { .. } | Call::ResizeStreams { .. } => "resize",
    }
}
