//! §3.1: the sending part. Every byte says for itself where it stands.

use bytes::Bytes;
use streamproof_harness::wire::Frame;
use streamproof_model::rfc::call::{Answer, SendOutcome};
use streamproof_model::rfc::frame::ErrorCode;

use super::bug::{Bug, Switch};
use super::credit::{Limit, Way};

/// The code with which a handle is dropped that has not ended its stream (the manager's contract).
const DROP_CODE: u64 = 0xd5;

#[derive(Clone, Copy, Debug)]
struct Reset {
    code: u64,
    /// Whether the peer asked for it, by STOP_SENDING.
    by_peer: bool,
    way: Way,
}

#[derive(Clone, Debug)]
pub(super) struct Sending {
    id: u64,
    switch: Switch,
    /// What the application has written; after a reset, what of it was sent.
    data: Vec<u8>,
    /// Where each of these bytes stands.
    ways: Vec<Way>,
    ended: bool,
    fin: Way,
    reset: Option<Reset>,
    /// Everything was acknowledged (Data Recvd).
    delivered: bool,
    held: bool,
    pub(super) limit: Limit,
    /// How many bytes the application has written that were lost before they came here.
    pub(super) skipped: u64,
    pub(super) write_waits: bool,
    pub(super) write_woken: bool,
    /// What a task was told that has waited for the outcome since the start.
    pub(super) told: Option<SendOutcome>,
}

impl Sending {
    pub(super) fn new(id: u64, limit: u64, switch: Switch) -> Self {
        Self {
            id,
            switch,
            data: Vec::new(),
            ways: Vec::new(),
            ended: false,
            fin: Way::Waiting,
            reset: None,
            delivered: false,
            held: true,
            limit: Limit::new(limit),
            skipped: 0,
            write_waits: false,
            write_woken: false,
            told: None,
        }
    }

    /// How much of the connection's credit it holds.
    pub(super) fn claimed(&self) -> u64 {
        self.data.len() as u64
    }

    pub(super) fn written(&self) -> u64 {
        self.data.len() as u64
    }

    /// Whether anybody could still write.
    pub(super) fn is_open(&self) -> bool {
        !self.ended && self.reset.is_none() && !self.delivered
    }

    /// Data Recvd or Reset Recvd.
    pub(super) fn is_over(&self) -> bool {
        self.delivered || self.reset.is_some_and(|reset| reset.way == Way::Arrived)
    }

    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.reset.is_some_and(|reset| reset.by_peer)
    }

    /// What became of it, once that is decided.
    pub(super) fn outcome(&self, closed: bool) -> Option<SendOutcome> {
        match self.reset {
            Some(Reset { by_peer: true, .. }) if self.switch.is(Bug::StoppedLooksDelivered) => {
                Some(SendOutcome::Delivered)
            }
            Some(Reset { code, by_peer: true, .. }) => {
                Some(SendOutcome::Stopped { code: ErrorCode(code) })
            }
            Some(Reset { code, .. }) => Some(SendOutcome::Reset { code: ErrorCode(code) }),
            None if self.delivered => Some(SendOutcome::Delivered),
            None => closed.then_some(SendOutcome::ConnectionLost),
        }
    }

    // ---- calls -------------------------------------------------------------------------------

    /// Why no more can be written, if so.
    pub(super) fn refusal(&self, closed: bool) -> Option<Answer> {
        match self.outcome(closed) {
            None | Some(SendOutcome::Delivered) if self.ended => Some(Answer::Finished),
            outcome => outcome.map(|outcome| Answer::SendEnded { outcome }),
        }
    }

    pub(super) fn write(&mut self, data: &[u8]) {
        self.data.extend_from_slice(data);
        self.ways.resize(self.data.len(), Way::Waiting);
    }

    /// A write that had to wait was given up.
    pub(super) fn give_up_write(&mut self, length: u64) {
        if self.switch.is(Bug::HoleAfterBlockedWrite) {
            // The bytes were taken out of the caller's buffer and went nowhere.
            self.skipped += length;
        }
        (self.write_waits, self.write_woken) = (true, false);
    }

    pub(super) fn end(&mut self, closed: bool) -> Answer {
        let stopped = self.is_stopped() && self.switch.is(Bug::DeferStopError);
        let lost = closed && self.switch.is(Bug::EndAfterLoss);
        match self.outcome(closed) {
            Some(SendOutcome::ConnectionLost) if lost => Answer::Accepted,
            Some(outcome) if !stopped => Answer::SendEnded { outcome },
            None | Some(_) if self.ended && self.switch.is(Bug::EndTwiceRefused) => Answer::Closed,
            None | Some(_) => {
                self.ended = true;
                Answer::Accepted
            }
        }
    }

    pub(super) fn reset(&mut self, code: u64, closed: bool) -> Answer {
        let revive = self.delivered && self.switch.is(Bug::CancelAfterDelivery);
        match self.outcome(closed) {
            Some(outcome) if !revive => Answer::SendEnded { outcome },
            None | Some(_) => {
                self.ask_reset(code, false);
                Answer::Accepted
            }
        }
    }

    pub(super) fn drop_handle(&mut self, closed: bool) {
        self.held = false;
        if self.outcome(closed).is_none() && !self.ended {
            match self.switch.is(Bug::DropEndsStream) {
                true => self.ended = true,
                false => self.ask_reset(DROP_CODE, false),
            }
        }
    }

    /// §2.4, §3.5: what was not sent never will be; the final size is what was (§4.5).
    fn ask_reset(&mut self, code: u64, by_peer: bool) {
        if self.reset.is_some() {
            return;
        }
        self.reset = Some(Reset { code, by_peer, way: Way::Waiting });
        let keeps = self.switch.is(Bug::ResetCountsUnsent)
            || self.switch.is(Bug::StreamAfterReset)
            || (by_peer && self.switch.does(|of| of.data_before_answer));
        let sent = sent_end(&self.ways);
        if !keeps {
            self.data.truncate(sent);
            self.ways.truncate(sent);
        }
    }

    // ---- what arrives ------------------------------------------------------------------------

    /// §3.5
    pub(super) fn on_stop_sending(&mut self, code: u64) {
        if self.switch.is(Bug::LeaveStopUnanswered) {
            return;
        }
        if self.delivered && self.switch.is(Bug::StopRevivesDelivered) {
            (self.data, self.ways, self.delivered) = (Vec::new(), Vec::new(), false);
        }
        if self.delivered || self.reset.is_some() {
            return;
        }
        self.ask_reset(code, true);
        if !self.switch.is(Bug::StopTellsNobody) {
            self.wake();
        }
    }

    /// §4.1
    pub(super) fn on_limit(&mut self, to: u64) {
        match self.switch.0 {
            Some(Bug::IgnoreRaisedLimit) => {}
            Some(Bug::LimitShrinks) => self.limit.set(to),
            Some(Bug::LimitAdds) => self.limit.set(self.limit.value.saturating_add(to)),
            Some(_) | None => self.limit.raise(to),
        }
        if !self.switch.is(Bug::WritersSleepOn) {
            self.wake();
        }
    }

    pub(super) fn wake(&mut self) {
        self.write_woken |= self.write_waits;
    }

    /// The part is gone: another stack's way to end a stream.
    pub(super) fn vanish(&mut self) {
        self.delivered = true;
    }

    // ---- what leaves -------------------------------------------------------------------------

    /// All that it owes, in as few frames as possible.
    pub(super) fn frames(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        let goes_on = self.switch.is(Bug::StreamAfterReset);
        // C-5: what waits goes out before the answer to STOP_SENDING.
        let answers = self.reset.is_some_and(|reset| reset.by_peer && reset.way == Way::Waiting);
        if answers && self.switch.does(|of| of.data_before_answer) {
            self.data_frames(&mut frames);
        }
        if let Some(reset) = &mut self.reset {
            if reset.way.is_owed() {
                reset.way.send();
                let counts = if goes_on { sent_end(&self.ways) } else { self.data.len() };
                let zero = self.switch.is(Bug::ResetWithSizeZero);
                let own_code = reset.by_peer && self.switch.is(Bug::AnswerWithCodeZero);
                frames.push(Frame::ResetStream {
                    stream_id: self.id,
                    application_protocol_error_code: if own_code { 0 } else { reset.code },
                    final_size: if zero { 0 } else { counts as u64 },
                });
            }
            if !goes_on {
                return frames;
            }
        }
        if !self.delivered {
            self.data_frames(&mut frames);
        }
        frames
    }

    /// Data that was lost, data that waits, and the end.
    fn data_frames(&mut self, frames: &mut Vec<Frame>) {
        if self.switch.is(Bug::FinOvertakesData) && self.ended && self.fin.is_owed() {
            frames.push(self.run(sent_end(&self.ways), 0, true));
            self.fin.send();
        }
        for owed in [Way::Lost, Way::Waiting] {
            while let Some(start) = self.ways.iter().position(|way| *way == owed) {
                let length = self.ways[start..].iter().take_while(|way| **way == owed).count();
                self.ways[start..start + length].fill(Way::Sent);
                let last = self.ended && start + length == self.data.len();
                frames.push(self.run(start, length, last));
                if last {
                    self.fin.send();
                }
            }
        }
        if self.ended && self.fin.is_owed() {
            self.fin.send();
            frames.push(self.run(self.data.len(), 0, true));
        }
    }

    fn run(&self, start: usize, length: usize, fin: bool) -> Frame {
        let data = Bytes::copy_from_slice(&self.data[start..start + length]);
        Frame::Stream { stream_id: self.id, offset: start as u64, fin, data }
    }

    /// §4.1: the limit that STREAM_DATA_BLOCKED is to name, if it is to be sent.
    pub(super) fn blocked_owed(&self) -> Option<u64> {
        let hidden = self.switch.is(Bug::HideStreamDataBlocked);
        self.limit.owed().filter(|_| self.is_open() && !hidden)
    }

    pub(super) fn on_stream_acked(&mut self, offset: u64, length: usize, fin: bool) {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.ways.len());
        let end = start.saturating_add(length).min(self.ways.len());
        self.ways[start..end].fill(Way::Arrived);
        if fin {
            self.fin = Way::Arrived;
        }
        let fin = self.fin == Way::Arrived || self.switch.is(Bug::DeliveredBeforeFin);
        let all = self.ways.iter().all(|way| *way == Way::Arrived);
        self.delivered |= self.reset.is_none() && self.ended && fin && all;
    }

    pub(super) fn on_reset_acked(&mut self) {
        if let Some(reset) = &mut self.reset {
            let again = reset.way == Way::Arrived && self.switch.is(Bug::SecondAckReopens);
            reset.way = if again { Way::Lost } else { Way::Arrived };
        }
    }

    /// §13.3: all that was under way is lost.
    pub(super) fn lose(&mut self) {
        if !self.switch.is(Bug::ForgetLostData) {
            self.ways.iter_mut().for_each(Way::lose);
            self.fin.lose();
        }
        if let (Some(reset), false) = (&mut self.reset, self.switch.is(Bug::ForgetLostReset)) {
            reset.way.lose();
        }
        self.limit.lose(self.switch);
    }
}

/// One past the last byte that was sent.
fn sent_end(ways: &[Way]) -> usize {
    ways.iter().rposition(|way| *way != Way::Waiting).map_or(0, |last| last + 1)
}
