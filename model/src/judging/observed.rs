//! Which rule an endpoint broke by sending a frame.

use crate::rfc::delivery::Delivery;
use crate::rfc::endpoint::{Cause, Close, Endpoint};
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::limits::MAX_STREAM_LIMIT;
use crate::rfc::receiving::{ReceivingPart, RecvState};
use crate::rfc::rules::Rules;
use crate::rfc::sending::{Handle, ResetCause, SendState, SendingPart};
use crate::rfc::stop_sending::StopCause;
use crate::rfc::violation::TransportError;

use super::breach::Breach;

impl Endpoint {
    /// The endpoint was seen to send a frame: it goes on as if that had been right.
    ///
    /// # Errors
    ///
    /// The rule it broke by that.
    pub fn judge_sent(&mut self, rules: &Rules, frame: &Frame) -> Result<(), Breach> {
        let sent = self.sent_breach(rules, frame);
        match sent {
            Ok(()) => {}
            Err(Breach::ViolationIgnored(..)) => {
                self.let_pass();
                let _ = self.judge_sent(rules, frame);
                return sent;
            }
            Err(breach) => self.correct_sender(frame, breach),
        }
        self.on_sent(rules, frame);
        sent?;
        self.credit_breach(frame)
    }

    /// Whether two endpoints are the same, but for what no rule asks for.
    pub fn is_same(&self, other: &Self) -> bool {
        let Self {
            side,
            local,
            peer,
            early,
            streams,
            send_credit,
            receive_credit,
            opens,
            admits,
            closed,
            unspecified,
            max_streams_waits: _,
        } = self;
        (*side, *local, *peer, *early, *closed, *unspecified)
            == (other.side, other.local, other.peer, other.early, other.closed, other.unspecified)
            && (send_credit, receive_credit, opens, admits)
                == (&other.send_credit, &other.receive_credit, &other.opens, &other.admits)
            && *streams == other.streams
    }

    /// What speaks against the frame, as the endpoint was before it.
    fn sent_breach(&self, rules: &Rules, frame: &Frame) -> Result<(), Breach> {
        match (self.closed, *frame) {
            (closed, Frame::ConnectionClose { transport_error }) => {
                return close_breach(closed, transport_error);
            }
            (Some(Close { announced: true, .. }), _) => return Err(Breach::FrameAfterClose),
            (Some(Close { cause: Cause::Violation { violation, standing, .. }, .. }), _) => {
                return Err(Breach::ViolationIgnored(violation, standing));
            }
            (Some(_) | None, _) => {}
        }
        match *frame {
            Frame::Stream { .. }
            | Frame::ResetStream { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::StopSending { .. }
            | Frame::MaxStreamData { .. } => self.sent_breach_of_stream(rules, frame),
            Frame::MaxData { maximum_data } => {
                granted(self.receive_credit.may_grant(maximum_data, self.released()))
            }
            // rfc9000 4.6
            Frame::MaxStreams { maximum_streams, .. } if maximum_streams > MAX_STREAM_LIMIT => {
                Err(Breach::LimitTooLarge)
            }
            Frame::MaxStreams { direction, maximum_streams } => {
                let released = self.released_streams(rules, direction);
                granted(self.admits.of(direction).credit.may_grant(maximum_streams, released))
            }
            Frame::DataBlocked { maximum_data } => {
                let used_up = self.claimed(rules) >= maximum_data;
                let stopped = self.send_credit.is_blocked_at(maximum_data);
                told_truly(stopped || (used_up && maximum_data == self.send_credit.limit))
            }
            Frame::StreamsBlocked { direction, maximum_streams } => {
                let opens = self.opens.of(direction);
                let used_up = opens.opened >= maximum_streams;
                let stopped = opens.credit.is_blocked_at(maximum_streams);
                told_truly(stopped || (used_up && maximum_streams == opens.credit.limit))
            }
            Frame::ConnectionClose { .. } => Ok(()),
        }
    }

    fn sent_breach_of_stream(&self, rules: &Rules, frame: &Frame) -> Result<(), Breach> {
        let id = frame.stream_id();
        let (sending, receiving) =
            (id.and_then(|id| self.sending(id)), id.and_then(|id| self.receiving(id)));
        match (*frame, sending, receiving) {
            (Frame::Stream { offset, length, fin, .. }, Some(part), _) => {
                stream_breach(part, rules, offset + length, fin)
            }
            (
                Frame::ResetStream { application_protocol_error_code: code, final_size, .. },
                Some(part),
                _,
            ) => reset_breach(part, rules, code, final_size),
            (Frame::StreamDataBlocked { maximum_stream_data, .. }, Some(part), _) => {
                may_send_stream(part, rules)?;
                told_truly(part.credit.is_blocked_at(maximum_stream_data))
            }
            (Frame::StopSending { application_protocol_error_code: code, .. }, _, Some(part)) => {
                stop_breach(part, rules, code)
            }
            (Frame::MaxStreamData { maximum_stream_data, .. }, _, Some(part)) => {
                max_stream_data_breach(part, maximum_stream_data)
            }
            (
                Frame::Stream { .. } | Frame::ResetStream { .. } | Frame::StreamDataBlocked { .. },
                None,
                _,
            )
            | (Frame::StopSending { .. } | Frame::MaxStreamData { .. }, _, None)
            | (
                Frame::MaxData { .. }
                | Frame::MaxStreams { .. }
                | Frame::DataBlocked { .. }
                | Frame::StreamsBlocked { .. }
                | Frame::ConnectionClose { .. },
                _,
                _,
            ) => Err(Breach::WrongStream),
        }
    }

    /// Whether what was sent is within the peer's limits, now that it has gone out.
    fn credit_breach(&self, frame: &Frame) -> Result<(), Breach> {
        let (Frame::Stream { stream_id, .. } | Frame::ResetStream { stream_id, .. }) = *frame
        else {
            return Ok(());
        };
        // rfc9000 4.1/1, 19.9/1
        if self.sending(stream_id).is_some_and(|part| frame.end() > part.credit.limit) {
            return Err(Breach::DataBeyondStreamLimit);
        }
        let used: u64 = self.sending_parts().map(|(_, part)| part.used()).sum();
        let fits = used <= self.send_credit.limit;
        if fits { Ok(()) } else { Err(Breach::DataBeyondConnectionLimit) }
    }
}

/// CONNECTION_CLOSE was sent with this transport error code, or an application's close if `None`.
fn close_breach(closed: Option<Close>, code: Option<u64>) -> Result<(), Breach> {
    let Some(close) = closed else {
        return Err(match code.is_some_and(blames) {
            true => Breach::ClosedOnLegalPeer,
            false => Breach::ClosedUnasked,
        });
    };
    let fits = match (close.cause, code) {
        (Cause::Violation { errors, .. }, Some(code)) => errors.permit(code),
        (Cause::Violation { .. }, None) => false,
        // An application's close may come as one of the transport (§10.2.3).
        (Cause::Application { .. } | Cause::Peer | Cause::None, _) => true,
    };
    if fits { Ok(()) } else { Err(Breach::WrongTransportError) }
}

/// Whether a transport error code says that the peer broke a rule (§20.1).
fn blames(code: u64) -> bool {
    use TransportError as E;
    let blaming = [
        E::FlowControlError,
        E::StreamLimitError,
        E::StreamStateError,
        E::FinalSizeError,
        E::FrameEncodingError,
        E::TransportParameterError,
        E::ProtocolViolation,
    ];
    blaming.iter().any(|error| error.code() == code)
}

/// A limit may be raised so far and no further (§4.2: what the endpoint is ready to take).
fn granted(fits: bool) -> Result<(), Breach> {
    if fits { Ok(()) } else { Err(Breach::CreditBeyondWindow) }
}

fn told_truly(told: bool) -> Result<(), Breach> {
    if told { Ok(()) } else { Err(Breach::BlockedUntrue) }
}

/// rfc9000 3.3/1, 3.3/2: not after RESET_STREAM, and nothing from a terminal state.
fn may_send_stream(part: &SendingPart, rules: &Rules) -> Result<(), Breach> {
    match ((rules.may_send_stream)(part.state), part.state.is_terminal()) {
        (true, _) => Ok(()),
        (false, true) => Err(Breach::SentFromTerminalState),
        (false, false) => Err(Breach::StreamAfterReset),
    }
}

fn stream_breach(part: &SendingPart, rules: &Rules, end: u64, fin: bool) -> Result<(), Breach> {
    may_send_stream(part, rules)?;
    if fin && !part.ended {
        return Err(match part.handle {
            Handle::Dropped => Breach::DropEndsStream,
            Handle::Held => Breach::FinUnasked,
        });
    }
    // rfc9000 4.5/2: no data at or beyond the final size.
    if end > part.written {
        return Err(Breach::DataNeverWritten);
    }
    if fin && end != part.written {
        return Err(Breach::FinTooEarly);
    }
    Ok(())
}

fn reset_breach(
    part: &SendingPart,
    rules: &Rules,
    code: ErrorCode,
    final_size: u64,
) -> Result<(), Breach> {
    // rfc9000 3.3/1: nothing from a terminal state.
    if !(rules.may_send_reset)(part.state) {
        return Err(Breach::SentFromTerminalState);
    }
    // rfc9000 11.2/1: only the application resets a stream, here or by the peer's STOP_SENDING.
    let Some(reset) = part.reset else {
        return Err(Breach::ResetUnasked);
    };
    if let Some(sent) = reset.final_size {
        // rfc9000 13.3/1: a repeated RESET_STREAM is the same RESET_STREAM.
        let same = (rules.reset_code)(&reset) == code && sent == final_size;
        return if same { Ok(()) } else { Err(Breach::ResetChanged) };
    }
    if (rules.reset_code)(&reset) != code {
        return Err(match reset.cause {
            ResetCause::StopSending => Breach::StopCodeNotCopied,
            ResetCause::Application | ResetCause::Dropped => Breach::ResetCodeChanged,
        });
    }
    // rfc9000 4.5/5: a stream that was ended has its final size; one that was not ends where the
    // largest offset sent ends.
    if part.state == SendState::DataSent && final_size != part.written {
        return Err(Breach::FinalSizeAnnouncedTwice);
    }
    let sent = (rules.reset_final_size)(part);
    match final_size {
        size if size == sent => Ok(()),
        size if size < sent => Err(Breach::ResetFinalSizeBelowSent),
        size if size <= part.written => Err(Breach::ResetCountsUnsent),
        _ => Err(Breach::ResetFinalSizeBeyondWritten),
    }
}

fn stop_breach(part: &ReceivingPart, rules: &Rules, code: ErrorCode) -> Result<(), Breach> {
    let Some(stop) = part.stop else {
        return Err(Breach::StopUnasked);
    };
    // rfc9000 3.3/3, 3.5/7: not once a RESET_STREAM has been received (3.3 permits it only before).
    // A copy of a frame from a lost packet is not forbidden (13.3), whatever has arrived since.
    let is_copy = stop.delivery == Delivery::Lost && stop.code == code;
    if !(rules.may_send_stop)(part.state) && !is_copy {
        return Err(Breach::StopAfterReset);
    }
    if stop.moot && stop.cause == StopCause::Dropped {
        return Err(Breach::DropStopsCompleteStream);
    }
    if stop.code != code {
        return Err(match stop.cause {
            StopCause::Dropped => Breach::DropStopCode,
            StopCause::AbortedReading => Breach::StopCodeChanged,
        });
    }
    Ok(())
}

fn max_stream_data_breach(part: &ReceivingPart, maximum: u64) -> Result<(), Breach> {
    // rfc9000 3.3/5
    match part.state {
        RecvState::Recv => granted(part.credit.may_grant(maximum, part.read)),
        RecvState::SizeKnown
        | RecvState::DataRecvd
        | RecvState::ResetRecvd
        | RecvState::DataRead
        | RecvState::ResetRead => Err(Breach::MaxStreamDataOutsideRecv),
    }
}
