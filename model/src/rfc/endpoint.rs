//! One endpoint and its one stream: frames and calls go in, frames and answers come out.
//!
//! This file only routes: what a frame, a call or an acknowledgement does to a part stands in the
//! part's own file. Everything here is a plain function of the endpoint; networks and bounds are in
//! [`world`](crate::world).

mod application;

use super::breach::Breach;
use super::call::{RecvOutcome, SendOutcome};
use super::choices::Choices;
use super::frame::{ErrorCode, Frame};
use super::identity::{Direction, Side, StreamId};
use super::receiving::{ReceivingPart, RecvState, Stop};
use super::rules::Rules;
use super::sending::{Carriage, ResetCause, SendDuty, SendState, SendingPart};
use super::violation::{Standing, Violation};

/// The code of a RESET_STREAM for a sending handle dropped without an end (contract).
pub const DROP_RESET_CODE: ErrorCode = ErrorCode(0xd5);
/// The code of a STOP_SENDING for a receiving handle dropped early (contract).
pub const DROP_STOP_CODE: ErrorCode = ErrorCode(0xd6);

/// The endpoint closed the connection because of its peer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Close {
    /// What the peer did.
    pub violation: Violation,
    /// Where the stream stood then.
    pub standing: Standing,
    /// Whether CONNECTION_CLOSE has been sent.
    pub announced: bool,
}

/// An endpoint with one stream, of which it has the sending part, the receiving part, or both.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Endpoint {
    /// Its role in the connection.
    pub side: Side,
    /// The stream.
    pub stream_id: StreamId,
    /// The sending part, if the endpoint has one and it is created.
    pub sending: Option<SendingPart>,
    /// The receiving part, if the endpoint has one and it is created.
    pub receiving: Option<ReceivingPart>,
    /// Set once the peer broke a rule and the endpoint closed the connection.
    pub closed: Option<Close>,
}

impl Endpoint {
    /// The endpoint that has opened its first unidirectional stream.
    pub fn sender(side: Side) -> Self {
        Self {
            side,
            stream_id: StreamId::new(side, Direction::Unidirectional, 0),
            sending: Some(SendingPart::new()),
            receiving: None,
            closed: None,
        }
    }

    /// The endpoint whose peer may open its first unidirectional stream, and has not yet.
    pub fn receiver(side: Side) -> Self {
        Self {
            side,
            stream_id: StreamId::new(side.peer(), Direction::Unidirectional, 0),
            sending: None,
            receiving: None,
            closed: None,
        }
    }

    /// What became of the sending part, once that is decided.
    pub fn send_outcome(&self) -> Option<SendOutcome> {
        let part = self.sending.as_ref()?;
        if let Some(reset) = part.reset {
            return Some(match reset.cause {
                ResetCause::Application | ResetCause::Dropped => {
                    SendOutcome::Reset { code: reset.code }
                }
                ResetCause::StopSending => SendOutcome::Stopped { code: reset.code },
            });
        }
        if part.state == SendState::DataRecvd {
            return Some(SendOutcome::Delivered);
        }
        match (part.stop_unanswered, self.closed) {
            (Some(code), _) => Some(SendOutcome::Stopped { code }),
            (None, Some(_)) => Some(SendOutcome::ConnectionLost),
            (None, None) => None,
        }
    }

    /// What became of the receiving part, once that is decided.
    pub fn recv_outcome(&self) -> Option<RecvOutcome> {
        let part = self.receiving.as_ref()?;
        match (part.told, part.state, part.stop) {
            (true, RecvState::DataRead, _) => Some(RecvOutcome::ReadToEnd),
            (true, RecvState::ResetRead, _) => part.reset.map(|code| RecvOutcome::Reset { code }),
            (true, _, _) => Some(RecvOutcome::ConnectionLost),
            (false, _, Some(stop)) => Some(RecvOutcome::Stopped { code: stop.code }),
            (false, _, None) => None,
        }
    }

    /// Whether the peer left the protocol and the endpoint let it pass, so that no rule says what
    /// follows.
    pub fn is_lawless(&self) -> bool {
        self.receiving.as_ref().is_some_and(|part| part.lawless)
    }

    // ---- the peer -----------------------------------------------------------------------------

    /// A frame arrived: every endpoint the RFC permits next.
    pub fn on_frame(&self, rules: &Rules, choices: &Choices, frame: &Frame) -> Vec<Self> {
        if self.closed.is_some() {
            return vec![self.clone()];
        }
        let stream_id = frame.stream_id();
        let ours = stream_id.initiator() == self.side;
        let uncreated = ours && stream_id != self.stream_id;
        if let Err(violation) = (rules.permitted)(stream_id.role(self.side), uncreated, frame) {
            return vec![self.close(violation)];
        }
        if stream_id != self.stream_id {
            return vec![self.clone()]; // Another stream; this model has one.
        }
        match *frame {
            Frame::ResetStream { application_protocol_error_code: code, final_size, .. } => {
                self.receive(|part| part.on_reset_stream(rules, choices, code, final_size))
            }
            Frame::Stream { offset, length, fin, .. } => {
                self.receive(|part| part.on_stream(rules, choices, (offset, length, fin)))
            }
            Frame::StopSending { application_protocol_error_code: code, .. } => {
                let mut next = self.clone();
                if let Some(part) = &mut next.sending {
                    part.on_stop_sending(rules, code);
                }
                vec![next]
            }
        }
    }

    fn receive(
        &self,
        handle: impl FnOnce(&ReceivingPart) -> Vec<Result<ReceivingPart, Violation>>,
    ) -> Vec<Self> {
        // rfc9000 3.2: the first frame creates the part. On a stream on which only we send there is
        // none to create; a frame gets this far only if a mutant lets it.
        let part = self.receiving.clone().unwrap_or_default();
        let branches = handle(&part).into_iter();
        branches
            .map(|branch| match branch {
                Ok(part) => Self { receiving: Some(part), ..self.clone() },
                Err(violation) => self.close(violation),
            })
            .collect()
    }

    fn close(&self, violation: Violation) -> Self {
        let standing = match &self.receiving {
            Some(part) if part.stop.is_some() && part.final_size.is_some() => Standing::Stopped,
            Some(part) if part.reset.is_some() => Standing::Reset,
            Some(_) | None => Standing::Open,
        };
        let closed = Some(Close { violation, standing, announced: false });
        Self { closed, ..self.clone() }
    }

    /// A packet with this frame of ours was acknowledged.
    pub fn on_acknowledged(&mut self, rules: &Rules, frame: &Frame) {
        if self.closed.is_some() || frame.stream_id() != self.stream_id {
            return;
        }
        match (*frame, &mut self.sending, &mut self.receiving) {
            (Frame::Stream { offset, length, fin, .. }, Some(part), _) => {
                part.on_stream_acked(rules, offset, length, fin);
            }
            (Frame::ResetStream { .. }, Some(part), _) => part.on_reset_acked(rules),
            (Frame::StopSending { .. }, _, Some(part)) => part.on_stop_acked(),
            (Frame::Stream { .. } | Frame::ResetStream { .. }, None, _)
            | (Frame::StopSending { .. }, _, None) => {}
        }
    }

    /// Loss detection declared everything in flight lost (§13.3).
    pub fn on_all_lost(&mut self) {
        if self.closed.is_some() {
            return;
        }
        if let Some(part) = &mut self.sending {
            part.on_all_lost();
        }
        if let Some(part) = &mut self.receiving {
            part.on_all_lost();
        }
    }

    // ---- what the endpoint itself sends ---------------------------------------------------------

    /// The endpoint sent a frame. Changes the endpoint as if that had been right, so that a judge
    /// can go on; the error is the rule it broke.
    pub fn on_sent(&mut self, rules: &Rules, frame: &Frame) -> Result<(), Breach> {
        if self.closed.is_some_and(|close| close.announced) {
            return Err(Breach::FrameAfterClose);
        }
        if frame.stream_id() != self.stream_id {
            return Err(Breach::WrongStream);
        }
        match (*frame, &mut self.sending, &mut self.receiving) {
            (Frame::Stream { offset, length, fin, .. }, Some(part), _) => {
                part.on_stream_sent(rules, offset, length, fin)
            }
            (
                Frame::ResetStream { application_protocol_error_code: code, final_size, .. },
                Some(part),
                _,
            ) => part.on_reset_sent(rules, code, final_size),
            (Frame::StopSending { application_protocol_error_code: code, .. }, _, Some(part)) => {
                part.on_stop_sent(rules, code)
            }
            (Frame::Stream { .. } | Frame::ResetStream { .. }, None, _)
            | (Frame::StopSending { .. }, _, None) => Err(Breach::WrongStream),
        }
    }

    /// The next frame of a stack that sends all it owes at once; see
    /// [`SendingPart::next_frame`].
    pub fn next_frame(&self, rules: &Rules, choices: &Choices) -> Option<Frame> {
        if self.closed.is_some() {
            return None;
        }
        let sending =
            self.sending.as_ref().and_then(|part| part.next_frame(rules, choices, self.stream_id));
        sending.or_else(|| {
            let stop = self.receiving.as_ref().and_then(|part| part.next_stop(choices))?;
            Some(Frame::StopSending {
                stream_id: self.stream_id,
                application_protocol_error_code: stop.code,
            })
        })
    }

    /// Why silence is not permitted now, or `None` if the endpoint owes nothing.
    pub fn silence_breach(&self) -> Option<Breach> {
        if let Some(close) = self.closed {
            return (!close.announced)
                .then_some(Breach::ViolationIgnored(close.violation, close.standing));
        }
        let sending = self.sending.as_ref().and_then(|part| {
            Some(match *part.duties().first()? {
                SendDuty::Data => Breach::DataNotSent,
                SendDuty::LostData => Breach::LostDataNotResent,
                SendDuty::Fin => Breach::FinNotSent,
                SendDuty::LostReset => Breach::LostResetNotResent,
                SendDuty::Reset(ResetCause::Application) => Breach::ResetNotSent,
                SendDuty::Reset(ResetCause::Dropped) => Breach::DropLeavesStreamOpen,
                SendDuty::Reset(ResetCause::StopSending) if part.state == SendState::DataSent => {
                    Breach::StopUnansweredInDataSent
                }
                SendDuty::Reset(ResetCause::StopSending) => Breach::StopUnanswered,
            })
        });
        sending.or_else(|| {
            let stop = self.receiving.as_ref().and_then(ReceivingPart::duty)?;
            Some(match stop.carriage {
                Carriage::Lost => Breach::LostStopNotResent,
                Carriage::Due | Carriage::InFlight | Carriage::Acked => Breach::StopNotSent,
            })
        })
    }

    /// Goes on as if the endpoint owed nothing: a judge has recorded the breach.
    pub fn forgive_silence(&mut self) {
        if self.closed.is_some_and(|close| !close.announced) {
            self.closed = None;
            self.receiving.get_or_insert_default().lawless = true;
            return;
        }
        if let Some(part) = &mut self.sending {
            match part.reset {
                Some(reset)
                    if reset.cause == ResetCause::StopSending && reset.carriage.is_owed() =>
                {
                    part.stop_unanswered = Some(reset.code);
                    part.reset = None;
                }
                Some(ref mut reset) => reset.carriage = reset.carriage.sent(),
                None => {
                    super::sending::add(&mut part.sent, 0, part.written);
                    part.lost.clear();
                    if part.ended {
                        part.fin = part.fin.sent();
                    }
                }
            }
        }
        if let Some(Stop { carriage, .. }) = self.receiving.as_mut().and_then(|p| p.stop.as_mut()) {
            *carriage = carriage.sent();
        }
    }

    /// The endpoint sent CONNECTION_CLOSE with this transport error code, or an application's close
    /// if `None`. The error is the rule it broke.
    pub fn on_close_sent(&mut self, code: Option<u64>) -> Result<(), Breach> {
        match &mut self.closed {
            None => {
                // Whatever the peer did, the connection is gone now.
                let closed = self.close(Violation::ResetChangesFinalSize).closed;
                self.closed = closed.map(|close| Close { announced: true, ..close });
                Err(Breach::ClosedOnLegalPeer)
            }
            Some(close) => {
                close.announced = true;
                // rfc9000 11: a generic code may always stand for a specific one.
                let generic = [
                    super::violation::TransportError::InternalError.code(),
                    super::violation::TransportError::ProtocolViolation.code(),
                ];
                let fits = code.is_some_and(|code| {
                    code == close.violation.transport_error().code() || generic.contains(&code)
                });
                if fits { Ok(()) } else { Err(Breach::WrongTransportError) }
            }
        }
    }
}
