//! §3.1 Sending stream states.
//!
//! [`SendState`] is Figure 2; [`SendingPart`] is a part in that figure together with what it has
//! written, sent and seen acknowledged, and the limit the peer sets it (§4.1). What each state lets it send
//! (§3.3) is in [`rules`](super::rules); its answer to STOP_SENDING (§3.5) in
//! [`stop_sending`](super::stop_sending).

mod state;

pub use state::{SendEvent, SendState, Step};

use serde::{Deserialize, Serialize};

use rangemap::RangeSet;

use super::choices::{Choice, Choices};
use super::coverage;
use super::credit::SendCredit;
use super::delivery::Delivery;
use super::frame::{ErrorCode, Frame, FrameType};
use super::identity::StreamId;
use super::rules::Rules;

/// Why a sending part is reset.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum ResetCause {
    /// The application asked for it (§2.4).
    Application,
    /// The application dropped the handle without ending the stream.
    Dropped,
    /// The peer sent STOP_SENDING (§3.5).
    StopSending,
}

/// A reset of the sending part, asked for or sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Reset {
    /// Who asked for it.
    pub cause: ResetCause,
    /// The code to be sent.
    pub code: ErrorCode,
    /// The final size that was sent, once it was.
    pub final_size: Option<u64>,
    /// Where the RESET_STREAM stands.
    pub delivery: Delivery,
}

/// How the application stands to a part.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Handle {
    /// It holds the handle.
    Held,
    /// It dropped the handle.
    Dropped,
}

/// The sending part of a stream.
///
/// Invariants: `acked` and `lost` are within `sent`, `sent` is within `0..written`, `written` within
/// the limit; all offsets in bytes.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct SendingPart {
    /// Where it stands in Figure 2.
    pub state: SendState,
    /// How many bytes the application has written.
    pub written: u64,
    /// Whether the application has ended the stream.
    pub ended: bool,
    /// What has been sent at least once.
    pub sent: RangeSet<u64>,
    /// What has been acknowledged.
    pub acked: RangeSet<u64>,
    /// What has been declared lost and neither sent again nor acknowledged.
    pub lost: RangeSet<u64>,
    /// Where the end of the stream stands, once the application has ended it.
    pub fin: Delivery,
    /// The reset, once somebody has asked for it.
    pub reset: Option<Reset>,
    /// The code of the peer's STOP_SENDING that the part has left unanswered (§3.5). Always `None` under the
    /// RFC's rules.
    pub stop_unanswered: Option<ErrorCode>,
    /// Whether the application still holds the handle.
    pub handle: Handle,
    /// What the peer lets us send on the stream.
    pub credit: SendCredit,
}

/// What a sending part still has to send: the reason why silence is not permitted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SendDuty {
    /// Data the application wrote, never sent.
    Data,
    /// Data that was lost.
    LostData,
    /// The end of the stream.
    Fin,
    /// The RESET_STREAM, asked for by `0`.
    Reset(ResetCause),
    /// The RESET_STREAM again, after a loss.
    LostReset,
}

/// One past the largest offset in `ranges`; 0 if it is empty.
pub(super) fn end_of(ranges: &RangeSet<u64>) -> u64 {
    ranges.last().map_or(0, |range| range.end)
}

/// Whether every offset in `0..end` is in `ranges`.
pub(super) fn covers(ranges: &RangeSet<u64>, end: u64) -> bool {
    end == 0 || ranges.gaps(&(0..end)).next().is_none()
}

/// Adds a range that may be empty, which [`RangeSet`] itself refuses.
pub(crate) fn add(ranges: &mut RangeSet<u64>, offset: u64, length: u64) {
    if length > 0 {
        ranges.insert(offset..offset + length);
    }
}

fn remove(ranges: &mut RangeSet<u64>, offset: u64, length: u64) {
    if length > 0 {
        ranges.remove(offset..offset + length);
    }
}

impl SendingPart {
    /// A part that has just been created (§3.1), with the limit of the transport parameters (§18.2).
    pub fn new(limit: u64) -> Self {
        Self {
            state: SendState::Ready,
            written: 0,
            ended: false,
            sent: RangeSet::new(),
            acked: RangeSet::new(),
            lost: RangeSet::new(),
            fin: Delivery::Due,
            reset: None,
            stop_unanswered: None,
            handle: Handle::Held,
            credit: SendCredit::new(limit),
        }
    }

    /// How much of the connection's credit the part holds: what it has written, until a reset says
    /// that the rest will not be sent (§4.5).
    pub fn claimed(&self, rules: &Rules) -> u64 {
        match self.reset {
            Some(Reset { final_size: Some(size), .. }) => size,
            Some(_) => (rules.reset_final_size)(self),
            None => self.written,
        }
    }

    /// How much of it is on the wire.
    pub fn used(&self) -> u64 {
        match self.reset {
            Some(Reset { final_size: Some(size), .. }) => size,
            Some(_) | None => self.largest_sent(),
        }
    }

    /// MAX_STREAM_DATA arrived (§4.1).
    pub(super) fn on_max_stream_data(&mut self, rules: &Rules, maximum: u64) {
        coverage::met_sending(FrameType::MaxStreamData, self.state);
        match self.state {
            SendState::Ready | SendState::Send => self.credit.advertised(rules, maximum),
            // rfc9000 3.1/14: all data is written, or none will be: limits do not matter any more.
            SendState::DataSent
            | SendState::ResetSent
            | SendState::DataRecvd
            | SendState::ResetRecvd => {}
        }
    }

    /// The limit that a STREAM_DATA_BLOCKED is due for (§4.1).
    pub fn blocked_due(&self) -> Option<u64> {
        let writes = match self.state {
            SendState::Ready | SendState::Send => true,
            SendState::DataSent
            | SendState::ResetSent
            | SendState::DataRecvd
            | SendState::ResetRecvd => false,
        };
        let open = !self.ended && self.reset.is_none() && self.stop_unanswered.is_none();
        self.credit.due().filter(|_| writes && open)
    }

    /// The part sent a STREAM_DATA_BLOCKED.
    pub(super) fn on_blocked_sent(&mut self, rules: &Rules, limit: u64) {
        // rfc9000 3.3/1, 3.3/2
        if !(rules.may_send_stream)(self.state) {
            return;
        }
        self.credit.told(limit);
        if self.state == SendState::Ready {
            self.take(rules, SendEvent::SendStream);
        }
    }

    /// One past the largest offset sent: what §4.5 makes the final size of a reset.
    pub fn largest_sent(&self) -> u64 {
        end_of(&self.sent)
    }

    /// Asks for a reset, unless one is asked for already or the part is terminal.
    pub(super) fn ask_reset(&mut self, rules: &Rules, cause: ResetCause, code: ErrorCode) {
        let wins = self.reset.is_none() || !(rules.first_reset_wins)();
        if wins && !self.state.is_terminal() {
            self.reset = Some(Reset { cause, code, final_size: None, delivery: Delivery::Due });
        }
    }

    /// A packet with STREAM data `offset..offset + length` was acknowledged.
    pub(super) fn on_stream_acked(&mut self, rules: &Rules, offset: u64, length: u64, fin: bool) {
        add(&mut self.acked, offset, length);
        remove(&mut self.lost, offset, length);
        if fin {
            self.fin = Delivery::Acked;
        }
        // A reset that the application was promised is sent even if the last acknowledgement comes
        // before it (C-10).
        let complete = self.reset.is_none() && (rules.all_acknowledged)(self);
        if self.state == SendState::DataSent && complete {
            self.take(rules, SendEvent::RecvAllAcks);
        }
    }

    /// The packet with the RESET_STREAM was acknowledged.
    pub(super) fn on_reset_acked(&mut self, rules: &Rules) {
        if let Some(reset) = &mut self.reset {
            reset.delivery = Delivery::Acked;
        }
        self.take(rules, SendEvent::RecvResetAck);
    }

    /// Everything in flight was declared lost.
    pub(super) fn on_all_lost(&mut self, rules: &Rules) {
        if (rules.is_sent_again)(FrameType::StreamDataBlocked) {
            self.credit.on_all_lost();
        }
        match &mut self.reset {
            // rfc9000 13.3/8: after a RESET_STREAM lost data needs no repair.
            Some(reset) if reset.final_size.is_some() => {
                if (rules.is_sent_again)(FrameType::ResetStream) {
                    reset.delivery = reset.delivery.declared_lost();
                }
            }
            Some(_) | None if !(rules.is_sent_again)(FrameType::Stream) => {}
            Some(_) | None => {
                self.lost = self.sent.clone();
                for acked in self.acked.iter() {
                    self.lost.remove(acked.clone());
                }
                self.fin = self.fin.declared_lost();
            }
        }
    }

    fn take(&mut self, rules: &Rules, event: SendEvent) {
        if let Step::Goto(state) = (rules.send_table)(self.state, event) {
            self.state = state;
        }
    }

    /// What the part still has to send, most urgent first.
    pub fn duties(&self) -> Vec<SendDuty> {
        if self.state.is_terminal() {
            return Vec::new();
        }
        if let Some(reset) = self.reset {
            return match reset.delivery {
                Delivery::Due => vec![SendDuty::Reset(reset.cause)],
                Delivery::Lost => vec![SendDuty::LostReset],
                Delivery::InFlight | Delivery::Acked => Vec::new(),
            };
        }
        if self.stop_unanswered.is_some() {
            // The stream is given up, and waits for its application.
            return Vec::new();
        }
        self.data_duties()
    }

    fn data_duties(&self) -> Vec<SendDuty> {
        let mut duties = Vec::new();
        if !self.lost.is_empty() {
            duties.push(SendDuty::LostData);
        }
        if !covers(&self.sent, self.written) {
            duties.push(SendDuty::Data);
        }
        if self.ended && self.fin.is_owed() {
            duties.push(SendDuty::Fin);
        }
        duties
    }

    /// The frame that goes out next where all that can is sent at once, in as few frames as possible:
    /// the reset; else lost data; else new data; else the end alone. `None` if nothing is due.
    pub fn next_frame(
        &self,
        rules: &Rules,
        choices: &Choices,
        stream_id: StreamId,
    ) -> Option<Frame> {
        let mut duties = self.duties();
        if duties == [SendDuty::Reset(ResetCause::StopSending)]
            && choices.data_before_answer == Choice::Always
        {
            duties = [self.data_duties(), duties].concat();
        }
        if self.stop_unanswered.is_some() && self.reset.is_none() {
            // Who leaves STOP_SENDING to the application goes on sending.
            duties = self.data_duties();
        }
        let duty = *duties.first()?;
        let size = || (rules.reset_final_size)(self);
        let stream = |offset: u64, length: u64| Frame::Stream {
            stream_id,
            offset,
            length,
            fin: self.ended && offset + length == self.written,
        };
        match duty {
            SendDuty::Reset(_) | SendDuty::LostReset => {
                self.reset.map(|reset| Frame::ResetStream {
                    stream_id,
                    application_protocol_error_code: (rules.reset_code)(&reset),
                    final_size: reset.final_size.unwrap_or_else(size),
                })
            }
            SendDuty::LostData => {
                self.lost.first().map(|range| stream(range.start, range.end - range.start))
            }
            SendDuty::Data => {
                let gap = self.sent.gaps(&(0..self.written)).next();
                gap.map(|range| stream(range.start, range.end - range.start))
            }
            SendDuty::Fin => Some(stream(self.written, 0)),
        }
    }

    /// The part sent a STREAM frame.
    pub(super) fn on_stream_sent(&mut self, rules: &Rules, offset: u64, length: u64, fin: bool) {
        // rfc9000 3.3/1, 3.3/2: after RESET_STREAM and from a terminal state nothing counts any more.
        if !(rules.may_send_stream)(self.state) {
            return;
        }
        add(&mut self.sent, offset, length);
        remove(&mut self.lost, offset, length);
        if self.state == SendState::Ready {
            self.take(rules, SendEvent::SendStream);
        }
        if fin {
            self.fin = self.fin.sent();
            self.take(rules, SendEvent::SendStreamFin);
        }
    }

    /// The part sent a RESET_STREAM.
    pub(super) fn on_reset_sent(&mut self, rules: &Rules, final_size: u64) {
        // rfc9000 3.3/1: nothing from a terminal state.
        if !(rules.may_send_reset)(self.state) {
            return;
        }
        if let Some(reset) = &mut self.reset {
            reset.final_size.get_or_insert(final_size);
            reset.delivery = reset.delivery.sent();
        }
        self.lost.clear();
        self.take(rules, SendEvent::SendResetStream);
    }
}
