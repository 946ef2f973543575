//! Which rule an endpoint broke by sending nothing more, and what it has not told although it should have.

use crate::rfc::delivery::Delivery;
use crate::rfc::endpoint::{Cause, Close, Endpoint};
use crate::rfc::frame::Frame;
use crate::rfc::identity::StreamId;
use crate::rfc::rules::Rules;
use crate::rfc::sending::{ResetCause, SendDuty, SendState};
use crate::rfc::stop_sending::Stop;
use crate::rfc::stream::Stream;

use super::breach::Breach;

/// Something that is to be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Debt {
    /// CONNECTION_CLOSE.
    Close(Close),
    /// What a sending part owes.
    Send(StreamId, SendDuty),
    /// A STOP_SENDING.
    Stop(StreamId, Stop),
    /// A frame about credit, and the breach that it is not to send it.
    Credit(Frame, Breach),
}

/// What a judge asks of an endpoint that is silent.
#[derive(Clone, Copy, Debug)]
pub struct Patience<'a> {
    /// Whether something of the endpoint is in flight: late is not missing, so that what it only should send may still
    /// wait.
    pub in_flight: bool,
    /// The limits that the endpoint is known to keep back, by the frames that would raise them: they are not asked for
    /// again, whatever they would raise to by now.
    pub withheld: &'a [Frame],
    /// Whether to keep back a limit is a fault, so that the judge goes on as if it had been raised (the contract).
    /// Otherwise the peer was never told of more.
    pub limits_are_due: bool,
}

impl Patience<'_> {
    fn knows(&self, frame: &Frame) -> bool {
        self.withheld.iter().any(|known| known.is_of_scope(frame))
    }
}

impl Endpoint {
    /// Why silence is not permitted now, or `None` if the endpoint owes nothing.
    pub fn silence_breach(&self, rules: &Rules, patience: Patience<'_>) -> Option<Breach> {
        Some(match self.first_debt(rules, patience)? {
            Debt::Close(Close { cause: Cause::Violation { violation, standing, .. }, .. }) => {
                Breach::ViolationIgnored(violation, standing)
            }
            Debt::Close(_) => Breach::CloseNotSent,
            Debt::Send(id, duty) => match duty {
                SendDuty::Data => Breach::DataNotSent,
                SendDuty::LostData => Breach::LostDataNotResent,
                SendDuty::Fin => match self.sending(id).map(|part| part.fin) {
                    Some(Delivery::Lost) => Breach::LostDataNotResent,
                    Some(_) | None => Breach::FinNotSent,
                },
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
            Debt::Stop(_, stop) => match stop.delivery {
                Delivery::Lost => Breach::LostStopNotResent,
                Delivery::Due | Delivery::InFlight | Delivery::Acked => Breach::StopNotSent,
            },
            Debt::Credit(_, breach) => breach,
        })
    }

    /// The limit that is kept back if that is what [`silence_breach`](Self::silence_breach) names, as the frame that
    /// would raise it.
    pub fn withheld(&self, rules: &Rules, patience: Patience<'_>) -> Option<Frame> {
        let Debt::Credit(frame, breach) = self.first_debt(rules, patience)? else { return None };
        matches!(breach, Breach::CreditWithheld | Breach::StreamsWithheld).then_some(frame)
    }

    /// What it owes first; `None` if nothing.
    pub(super) fn first_debt(&self, rules: &Rules, patience: Patience<'_>) -> Option<Debt> {
        if let Some(close) = self.closed {
            return (!close.announced).then_some(Debt::Close(close));
        }
        // The peer left the protocol and the endpoint let it pass: what would follow is an echo of that, and no rule says it.
        if self.unspecified {
            return None;
        }
        // Where the peer left the protocol and the endpoint may let it pass (C-8), nothing more is asked of the stream.
        let speaks =
            |stream: &Stream| stream.receiving.as_ref().is_none_or(|part| !part.unspecified);
        let mut asked = self.streams.iter().filter(|(_, stream)| speaks(stream));
        let of_streams = asked.find_map(|(id, stream)| {
            let duty = stream.sending.as_ref().and_then(|part| part.duties().first().copied());
            let stop = stream.receiving.as_ref().and_then(|part| part.stop_owed());
            // rfc9000 3.5/1 is a SHOULD; what was lost is sent again at once (13.3).
            let stop = stop.filter(|stop| !patience.in_flight || stop.delivery == Delivery::Lost);
            duty.map(|duty| Debt::Send(*id, duty)).or(stop.map(|stop| Debt::Stop(*id, stop)))
        });
        of_streams.or_else(|| self.credit_debt(rules, patience))
    }

    /// What is owed about credit: less than what it could send at once, because when it raises a limit
    /// is its own affair until the peer can do nothing more (§4.2).
    fn credit_debt(&self, rules: &Rules, patience: Patience<'_>) -> Option<Debt> {
        self.credit_frames(rules).filter(|frame| !patience.knows(frame)).find_map(|frame| {
            let breach = match frame {
                // How much of it such a stream has used is not known.
                Frame::MaxData { .. } | Frame::MaxStreams { .. } if self.is_unspecified() => {
                    return None;
                }
                Frame::MaxData { .. } => {
                    let credit = self.receive_credit;
                    let free = credit.internal(self.released()).saturating_sub(credit.advertised);
                    withheld(credit.delivery, free >= credit.window)?
                }
                Frame::MaxStreamData { stream_id, .. } => {
                    let part = self.receiving(stream_id).filter(|part| !part.unspecified)?;
                    let free =
                        part.credit.internal(part.read).saturating_sub(part.credit.advertised);
                    withheld(part.credit.delivery, free >= part.credit.window)?
                }
                Frame::MaxStreams { direction, .. } => {
                    let credit = self.admits.of(direction).credit;
                    let released = self.released_streams(rules, direction);
                    let free = credit.internal(released).saturating_sub(credit.advertised);
                    let stuck = free >= credit.window;
                    // Lost or kept back: a limit on streams is no MUST (§4.6).
                    match (withheld(credit.delivery, stuck)?, credit.delivery) {
                        (lost, Delivery::Lost) => lost,
                        (_, Delivery::Due | Delivery::InFlight | Delivery::Acked) => {
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

    /// What the endpoint has not told the peer of its being blocked, although it should have by now.
    pub fn untold(&self, rules: &Rules, patience: Patience<'_>) -> impl Iterator<Item = Breach> {
        let open = self.closed.is_none() && !self.unspecified && !patience.in_flight;
        self.credit_frames(rules).filter(move |_| open).filter_map(|frame| match frame {
            Frame::DataBlocked { .. } if !self.is_held_back() => None,
            Frame::DataBlocked { .. } => {
                // rfc9000 4.2/4: nobody has to say it, neither once nor again.
                self.send_credit.blocked.map(|_| Breach::DataBlockedNotSent)
            }
            Frame::StreamDataBlocked { stream_id, .. } => {
                let blocked = self.sending(stream_id)?.credit.blocked;
                blocked.map(|_| Breach::StreamDataBlockedNotSent)
            }
            Frame::StreamsBlocked { direction, .. } => {
                let blocked = self.opens.of(direction).credit.blocked?;
                Some(match blocked.delivery {
                    Delivery::Lost => Breach::LostBlockedNotResent,
                    Delivery::Due | Delivery::InFlight | Delivery::Acked => {
                        Breach::StreamsBlockedNotSent
                    }
                })
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
}

/// The breach of keeping back a limit: it was lost, or the peer can do nothing more.
fn withheld(delivery: Delivery, stuck: bool) -> Option<Breach> {
    match (delivery, stuck) {
        (Delivery::Lost, _) => Some(Breach::LostCreditNotResent),
        (Delivery::Due | Delivery::InFlight | Delivery::Acked, true) => {
            Some(Breach::CreditWithheld)
        }
        (Delivery::Due | Delivery::InFlight | Delivery::Acked, false) => None,
    }
}
