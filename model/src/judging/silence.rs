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

impl Endpoint {
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
            Debt::Stop(_, stop) => match stop.delivery {
                Delivery::Lost => Breach::LostStopNotResent,
                Delivery::Due | Delivery::InFlight | Delivery::Acked => Breach::StopNotSent,
            },
            Debt::Credit(_, breach) => breach,
        })
    }

    /// What it owes first; `None` if nothing.
    pub(super) fn first_debt(&self, rules: &Rules) -> Option<Debt> {
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
            duty.map(|duty| Debt::Send(*id, duty)).or(stop.map(|stop| Debt::Stop(*id, stop)))
        });
        of_streams.or_else(|| self.credit_debt(rules))
    }

    /// What is owed about credit: less than what it could send at once, because when it raises a limit
    /// is its own affair until the peer can do nothing more (§4.2).
    fn credit_debt(&self, rules: &Rules) -> Option<Debt> {
        self.credit_frames(rules).find_map(|frame| {
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

    /// What the endpoint has not told the peer of its being blocked, although it should have.
    pub fn untold(&self, rules: &Rules) -> impl Iterator<Item = Breach> {
        let open = self.closed.is_none() && !self.unspecified;
        self.credit_frames(rules).filter(move |_| open).filter_map(|frame| match frame {
            Frame::DataBlocked { .. } if !self.is_held_back() => None,
            Frame::DataBlocked { .. } => {
                Some(untold(self.send_credit.blocked?.delivery, Breach::DataBlockedNotSent))
            }
            Frame::StreamDataBlocked { stream_id, .. } => {
                let blocked = self.sending(stream_id)?.credit.blocked?;
                Some(untold(blocked.delivery, Breach::StreamDataBlockedNotSent))
            }
            Frame::StreamsBlocked { direction, .. } => {
                let blocked = self.opens.of(direction).credit.blocked?;
                Some(untold(blocked.delivery, Breach::StreamsBlockedNotSent))
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

fn untold(delivery: Delivery, first: Breach) -> Breach {
    match delivery {
        Delivery::Lost => Breach::LostBlockedNotResent,
        Delivery::Due | Delivery::InFlight | Delivery::Acked => first,
    }
}
