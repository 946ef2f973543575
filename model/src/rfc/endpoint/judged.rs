//! What an endpoint was seen to send, and its silence. Here a judge asks: each handler changes the
//! endpoint as if what it did had been right, so that the judge can go on, and says which rule it broke.

use std::sync::Arc;

use super::{Cause, Close, Endpoint, Errors};
use crate::rfc::breach::Breach;
use crate::rfc::carriage::Carriage;
use crate::rfc::choices::Choices;
use crate::rfc::frame::Frame;
use crate::rfc::identity::{Direction, MAX_STREAM_LIMIT, StreamId};
use crate::rfc::receiving::{RecvState, Stop};
use crate::rfc::rules::Rules;
use crate::rfc::sending::{ResetCause, SendDuty, SendState, add};

/// Something that is to be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Debt {
    /// CONNECTION_CLOSE.
    Close(Close),
    /// What a sending part owes.
    Send(StreamId, SendDuty),
    /// A STOP_SENDING.
    Stop(StreamId, Stop),
    /// A frame about credit, and the breach that it is not to send it.
    Credit(Frame, Breach),
}

impl Endpoint {
    /// The endpoint sent a frame.
    ///
    /// # Errors
    ///
    /// The rule it broke by that.
    pub fn on_sent(
        &mut self,
        rules: &Rules,
        choices: &Choices,
        frame: &Frame,
    ) -> Result<(), Breach> {
        if let Frame::ConnectionClose { transport_error } = *frame {
            return self.on_close_sent(transport_error);
        }
        match self.closed {
            Some(Close { announced: true, .. }) => return Err(Breach::FrameAfterClose),
            Some(Close { cause: Cause::Violation { violation, standing, .. }, .. }) => {
                // Whoever goes on has not noticed.
                self.closed = None;
                self.lawless = true;
                let _ = self.on_sent(rules, choices, frame);
                return Err(Breach::ViolationIgnored(violation, standing));
            }
            Some(_) | None => {}
        }
        match *frame {
            Frame::Stream { .. }
            | Frame::ResetStream { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::StopSending { .. }
            | Frame::MaxStreamData { .. } => self.on_sent_of_stream(rules, frame),
            Frame::MaxData { maximum_data } => {
                let released = self.released();
                granted(self.receive_credit.on_sent(maximum_data, released))
            }
            Frame::MaxStreams { direction, maximum_streams } => {
                self.on_max_streams_sent(rules, direction, maximum_streams)
            }
            Frame::DataBlocked { maximum_data } => {
                let used_up = self.claimed(choices) >= maximum_data;
                let told = self.send_credit.told(maximum_data);
                told_truly(told || (used_up && maximum_data == self.send_credit.limit))
            }
            Frame::StreamsBlocked { direction, maximum_streams } => {
                let opens = self.opens.of_mut(direction);
                let used_up = opens.opened >= maximum_streams;
                let told = opens.credit.told(maximum_streams);
                told_truly(told || (used_up && maximum_streams == opens.credit.limit))
            }
            Frame::ConnectionClose { .. } => Ok(()),
        }
    }

    fn on_max_streams_sent(
        &mut self,
        rules: &Rules,
        direction: Direction,
        maximum: u64,
    ) -> Result<(), Breach> {
        let released = self.released_streams(rules, direction);
        let fits = self.admits.of_mut(direction).credit.on_sent(maximum, released);
        // rfc9000 4.6
        if maximum > MAX_STREAM_LIMIT { Err(Breach::LimitTooLarge) } else { granted(fits) }
    }

    fn on_sent_of_stream(&mut self, rules: &Rules, frame: &Frame) -> Result<(), Breach> {
        let stream = frame.stream_id().and_then(|id| self.streams.get_mut(&id)).map(Arc::make_mut);
        let Some(stream) = stream else { return Self::no_such_part() };
        match (*frame, &mut stream.sending, &mut stream.receiving) {
            (Frame::Stream { offset, length, fin, .. }, Some(part), _) => {
                part.on_stream_sent(rules, offset, length, fin)?;
                let beyond = offset + length > part.credit.limit;
                self.within_credit(beyond)
            }
            (
                Frame::ResetStream { application_protocol_error_code: code, final_size, .. },
                Some(part),
                _,
            ) => {
                part.on_reset_sent(rules, code, final_size)?;
                let beyond = final_size > part.credit.limit;
                self.within_credit(beyond)
            }
            (Frame::StreamDataBlocked { maximum_stream_data, .. }, Some(part), _) => {
                part.on_blocked_sent(rules, maximum_stream_data)
            }
            (Frame::StopSending { application_protocol_error_code: code, .. }, _, Some(part)) => {
                part.on_stop_sent(rules, code)
            }
            (Frame::MaxStreamData { maximum_stream_data, .. }, _, Some(part)) => {
                let read = part.read;
                let fits = part.credit.on_sent(maximum_stream_data, read);
                // rfc9000 3.3/5
                match part.state {
                    RecvState::Recv => granted(fits),
                    RecvState::SizeKnown
                    | RecvState::DataRecvd
                    | RecvState::ResetRecvd
                    | RecvState::DataRead
                    | RecvState::ResetRead => Err(Breach::MaxStreamDataOutsideRecv),
                }
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
            ) => Self::no_such_part(),
        }
    }

    /// Whether what was sent is within the peer's limits.
    fn within_credit(&self, beyond_stream: bool) -> Result<(), Breach> {
        // rfc9000 4.1/1, 19.9/1
        let used: u64 = self.sending_parts().map(|(_, part)| part.used()).sum();
        match (beyond_stream, used > self.send_credit.limit) {
            (true, _) => Err(Breach::DataBeyondStreamLimit),
            (false, true) => Err(Breach::DataBeyondConnectionLimit),
            (false, false) => Ok(()),
        }
    }

    /// The endpoint sent CONNECTION_CLOSE with this transport error code, or an application's close
    /// if `None`.
    fn on_close_sent(&mut self, code: Option<u64>) -> Result<(), Breach> {
        let Some(close) = &mut self.closed else {
            // Whatever the peer did, the connection is gone now.
            self.closed = Some(Close { cause: Cause::None, announced: true });
            return Err(Breach::ClosedOnLegalPeer);
        };
        close.announced = true;
        let fits = match (close.cause, code) {
            (Cause::Violation { errors, .. }, Some(code)) => errors.permit(code),
            (Cause::Violation { .. }, None) => false,
            // An application's close may come as one of the transport (§10.2.3).
            (Cause::Application { .. } | Cause::Peer | Cause::None, _) => true,
        };
        if fits { Ok(()) } else { Err(Breach::WrongTransportError) }
    }

    // ---- silence --------------------------------------------------------------------------------

    /// Why silence is not permitted now, or `None` if the endpoint owes nothing.
    pub fn silence_breach(&self, rules: &Rules) -> Option<Breach> {
        Some(match self.first_debt(rules)? {
            Debt::Close(Close { cause: Cause::Violation { violation, standing, .. }, .. }) => {
                Breach::ViolationIgnored(violation, standing)
            }
            Debt::Close(_) => Breach::CloseNotSent,
            Debt::Send(id, duty) => match duty {
                SendDuty::Data => Breach::DataNotSent,
                SendDuty::LostData => Breach::LostDataNotResent,
                SendDuty::Fin => Breach::FinNotSent,
                SendDuty::LostReset => Breach::LostResetNotResent,
                SendDuty::Reset(ResetCause::Application) => Breach::ResetNotSent,
                SendDuty::Reset(ResetCause::Dropped) => Breach::DropLeavesStreamOpen,
                SendDuty::Reset(ResetCause::StopSending) => match self.sending(id) {
                    Some(part) if part.state == SendState::DataSent => {
                        Breach::StopUnansweredInDataSent
                    }
                    Some(_) | None => Breach::StopUnanswered,
                },
            },
            Debt::Stop(_, stop) => match stop.carriage {
                Carriage::Lost => Breach::LostStopNotResent,
                Carriage::Due | Carriage::InFlight | Carriage::Acked => Breach::StopNotSent,
            },
            Debt::Credit(_, breach) => breach,
        })
    }

    fn first_debt(&self, rules: &Rules) -> Option<Debt> {
        if let Some(close) = self.closed {
            return (!close.announced).then_some(Debt::Close(close));
        }
        let of_streams = self.streams.iter().find_map(|(id, stream)| {
            let duty = stream.sending.as_ref().and_then(|part| part.duties().first().copied());
            let stop = stream.receiving.as_ref().and_then(|part| part.duty());
            duty.map(|duty| Debt::Send(*id, duty)).or(stop.map(|stop| Debt::Stop(*id, stop)))
        });
        of_streams.or_else(|| self.credit_debt(rules))
    }

    /// What is owed about credit: less than what a stack sends at once, because when it raises a limit
    /// is its own affair until the peer can do nothing more (§4.2).
    fn credit_debt(&self, rules: &Rules) -> Option<Debt> {
        self.credit_frames(rules).find_map(|frame| {
            let breach = match frame {
                Frame::MaxData { .. } => {
                    let credit = self.receive_credit;
                    let free = credit.internal(self.released()).saturating_sub(credit.advertised);
                    withheld(credit.carriage, free >= credit.window)?
                }
                Frame::MaxStreamData { stream_id, .. } => {
                    let part = self.receiving(stream_id)?;
                    let free =
                        part.credit.internal(part.read).saturating_sub(part.credit.advertised);
                    withheld(part.credit.carriage, free >= part.credit.window)?
                }
                Frame::MaxStreams { direction, .. } => {
                    let credit = self.admits.of(direction).credit;
                    let released = self.released_streams(rules, direction);
                    let free = credit.internal(released).saturating_sub(credit.advertised);
                    let stuck = free >= credit.window;
                    // Lost or kept back: a limit on streams is no MUST (§4.6).
                    match (withheld(credit.carriage, stuck)?, credit.carriage) {
                        (lost, Carriage::Lost) => lost,
                        (_, Carriage::Due | Carriage::InFlight | Carriage::Acked) => {
                            Breach::StreamsWithheld
                        }
                    }
                }
                // rfc9000 4.1, 4.6: to tell is a SHOULD, and not to changes nothing; see `untold`.
                Frame::DataBlocked { .. }
                | Frame::StreamDataBlocked { .. }
                | Frame::StreamsBlocked { .. } => return None,
                Frame::ResetStream { .. }
                | Frame::StopSending { .. }
                | Frame::Stream { .. }
                | Frame::ConnectionClose { .. } => return None,
            };
            Some(Debt::Credit(frame, breach))
        })
    }

    /// What the endpoint has not told the peer of its being blocked, although it should have.
    pub fn untold(&self, rules: &Rules) -> impl Iterator<Item = Breach> {
        let open = self.closed.is_none();
        self.credit_frames(rules).filter(move |_| open).filter_map(|frame| match frame {
            Frame::DataBlocked { .. } if !self.is_held_back() => None,
            Frame::DataBlocked { .. } => {
                Some(untold(self.send_credit.blocked?.carriage, Breach::DataBlockedNotSent))
            }
            Frame::StreamDataBlocked { stream_id, .. } => {
                let blocked = self.sending(stream_id)?.credit.blocked?;
                Some(untold(blocked.carriage, Breach::StreamDataBlockedNotSent))
            }
            Frame::StreamsBlocked { direction, .. } => {
                let blocked = self.opens.of(direction).credit.blocked?;
                Some(untold(blocked.carriage, Breach::StreamsBlockedNotSent))
            }
            Frame::ResetStream { .. }
            | Frame::StopSending { .. }
            | Frame::Stream { .. }
            | Frame::MaxData { .. }
            | Frame::MaxStreamData { .. }
            | Frame::MaxStreams { .. }
            | Frame::ConnectionClose { .. } => None,
        })
    }

    /// The endpoint without a stream that the peer opened, and without those after it: a judge has
    /// seen that it is not there.
    pub fn uncreate(&mut self, stream_id: StreamId) {
        let after = |id: &StreamId| {
            id.initiator() == stream_id.initiator()
                && id.direction() == stream_id.direction()
                && id.ordinal() >= stream_id.ordinal()
        };
        self.streams.retain(|id, _| !after(id));
        self.admits.of_mut(stream_id.direction()).opened = stream_id.ordinal();
    }

    /// The endpoint after its application has written so much, permitted or not.
    pub fn with_written(&self, stream_id: StreamId, length: u64) -> Self {
        let mut next = self.clone();
        if let Some(part) = next.sending_mut(stream_id) {
            part.written += length;
        }
        next
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
            lawless,
            streams_wait: _,
        } = self;
        (*side, *local, *peer, *early, *closed, *lawless)
            == (other.side, other.local, other.peer, other.early, other.closed, other.lawless)
            && (send_credit, receive_credit, opens, admits)
                == (&other.send_credit, &other.receive_credit, &other.opens, &other.admits)
            && *streams == other.streams
    }

    /// Goes on as if the endpoint did not owe what [`silence_breach`](Self::silence_breach) names: a
    /// judge has recorded the breach.
    pub fn forgive_silence(&mut self, rules: &Rules, choices: &Choices) {
        match self.first_debt(rules) {
            None => {}
            Some(Debt::Close(Close { cause: Cause::Violation { .. }, .. })) => {
                self.closed = None;
                self.lawless = true;
            }
            Some(Debt::Close(close)) => self.closed = Some(Close { announced: true, ..close }),
            Some(Debt::Send(id, duty)) => self.forgive_sending(id, duty),
            Some(Debt::Stop(id, _)) => {
                if let Some(stop) = self.receiving_mut(id).and_then(|part| part.stop.as_mut()) {
                    stop.carriage = stop.carriage.sent();
                }
            }
            Some(Debt::Credit(frame, _)) => {
                // As if it had gone out.
                let _ = self.on_sent(rules, choices, &frame);
            }
        }
    }

    fn forgive_sending(&mut self, stream_id: StreamId, duty: SendDuty) {
        let Some(part) = self.sending_mut(stream_id) else { return };
        match duty {
            SendDuty::Reset(ResetCause::StopSending) => {
                part.stop_unanswered = part.reset.take().map(|reset| reset.code);
            }
            SendDuty::Reset(ResetCause::Application | ResetCause::Dropped)
            | SendDuty::LostReset => {
                if let Some(reset) = &mut part.reset {
                    reset.carriage = reset.carriage.sent();
                }
            }
            SendDuty::Data => add(&mut part.sent, 0, part.written),
            SendDuty::LostData => part.lost.clear(),
            SendDuty::Fin => part.fin = part.fin.sent(),
        }
    }

    /// Which errors may answer what the peer did; `None` if it kept every rule.
    pub fn errors_due(&self) -> Option<Errors> {
        match self.closed?.cause {
            Cause::Violation { errors, .. } => Some(errors),
            Cause::Application { .. } | Cause::Peer | Cause::None => None,
        }
    }
}

/// A limit may be raised so far and no further (§4.2: what the endpoint is ready to take).
fn granted(fits: bool) -> Result<(), Breach> {
    if fits { Ok(()) } else { Err(Breach::CreditBeyondWindow) }
}

fn told_truly(told: bool) -> Result<(), Breach> {
    if told { Ok(()) } else { Err(Breach::BlockedUntrue) }
}

/// The breach of keeping back a limit: it was lost, or the peer can do nothing more.
fn withheld(carriage: Carriage, stuck: bool) -> Option<Breach> {
    match (carriage, stuck) {
        (Carriage::Lost, _) => Some(Breach::LostCreditNotResent),
        (Carriage::Due | Carriage::InFlight | Carriage::Acked, true) => {
            Some(Breach::CreditWithheld)
        }
        (Carriage::Due | Carriage::InFlight | Carriage::Acked, false) => None,
    }
}

fn untold(carriage: Carriage, first: Breach) -> Breach {
    match carriage {
        Carriage::Lost => Breach::LostBlockedNotResent,
        Carriage::Due | Carriage::InFlight | Carriage::Acked => first,
    }
}
