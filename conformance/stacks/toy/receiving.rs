//! §3.2, §4.5: the receiving part. It keeps every byte and forgets nothing.

use std::collections::BTreeMap;

use streamproof_model::rfc::call::{Answer, RecvOutcome};
use streamproof_model::rfc::frame::ErrorCode;

use super::bug::{Bug, Switch};
use super::codes::{FINAL_SIZE_ERROR, STREAM_STATE_ERROR};
use super::credit::{Grant, Way};

/// The code with which a handle is dropped that is not done reading (the manager's contract).
pub(super) const DROP_CODE: u64 = 0xd6;

#[derive(Clone, Copy, Debug)]
struct Stop {
    code: u64,
    way: Way,
    /// How much the peer had used when the application stopped.
    used: u64,
    /// Whether the final size was known then.
    ended: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Receiving {
    switch: Switch,
    /// What has arrived.
    bytes: BTreeMap<u64, u8>,
    /// One past the largest offset that a frame has named.
    highest: u64,
    final_size: Option<u64>,
    read: u64,
    reset: Option<u64>,
    stop: Option<Stop>,
    /// The application was told of the end, the reset or the loss.
    told: Option<RecvOutcome>,
    /// It has everything, told or not (Data Read).
    finished: bool,
    held: bool,
    /// How much of the connection's credit a reset has given back that data has undone since (C-3).
    returned: u64,
    pub(super) grant: Grant,
    pub(super) read_waits: bool,
    pub(super) read_woken: bool,
}

impl Receiving {
    pub(super) fn new(window: u64, switch: Switch) -> Self {
        Self {
            switch,
            bytes: BTreeMap::new(),
            highest: 0,
            final_size: None,
            read: 0,
            reset: None,
            stop: None,
            told: None,
            finished: false,
            held: true,
            returned: 0,
            grant: Grant::new(window),
            read_waits: false,
            read_woken: false,
        }
    }

    pub(super) fn read_so_far(&self) -> u64 {
        self.read
    }

    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// How much of the connection's credit the peer has used here (§4.1, §4.5).
    pub(super) fn used(&self) -> u64 {
        self.final_size.unwrap_or(self.highest)
    }

    fn is_complete(&self) -> bool {
        self.final_size == Some(self.bytes.len() as u64)
    }

    /// Data Read or Reset Read.
    fn is_terminal(&self) -> bool {
        self.finished || (self.reset.is_some() && self.told.is_some())
    }

    /// Whether nothing that it could do would be sent or told any more, so that the peer may have another
    /// stream (§4.6).
    pub(super) fn is_over(&self) -> bool {
        let stopped = self.stop.is_some() && self.final_size.is_some();
        let kept = match self.switch.0 {
            Some(Bug::KeepStoppedAndReset) => self.stop.is_some() && self.reset.is_some(),
            Some(Bug::KeepStoppedInFlight) => self.stop.is_some_and(|stop| !stop.ended),
            Some(Bug::KeepCancelled) => self.reset.is_some(),
            Some(_) | None => false,
        };
        let unread = self.switch.is(Bug::GiveStreamBackUnread) && self.final_size.is_some();
        (self.told.is_some() || self.is_terminal() || stopped || unread) && !kept
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_terminal()
    }

    /// C-4: whether nothing that arrives is looked at any more.
    pub(super) fn ignores_late_frames(&self) -> bool {
        self.is_terminal() && !self.switch.does(|of| of.late_final_size_error)
    }

    /// How much of the connection's credit the peer gets back (§4.2): what was read, and all that nobody
    /// will read.
    pub(super) fn given_back(&self) -> u64 {
        let (used, read) = (self.used(), self.read);
        let read = read.max(self.returned);
        let right = if self.stop.is_some() || self.reset.is_some() { used } else { read };
        match (self.switch.0, self.stop, self.reset) {
            (Some(Bug::KeepCreditOfDiscarded), _, _)
            | (Some(Bug::KeepCreditOfCancelled), Some(_), None) => read,
            (Some(Bug::KeepCreditAfterStop), Some(stop), _) => read.max(stop.used),
            (Some(Bug::KeepCreditOfEnded), Some(stop), None) if stop.ended => read,
            (Some(Bug::ReplenishReceivedOnly), _, Some(_)) => read.max(self.bytes.len() as u64),
            (Some(Bug::GiveBackTwiceAfterStop), Some(_), _)
            | (Some(Bug::GiveBackTwiceAfterReset), _, Some(_)) => used + read,
            (Some(Bug::GiveBackRestEarly), Some(_), _) if self.final_size.is_none() => {
                self.grant.advertised
            }
            (Some(Bug::GiveBackUnread), _, _) => used,
            (Some(_) | None, _, _) => right,
        }
    }

    pub(super) fn outcome(&self) -> Option<RecvOutcome> {
        let stopped = |stop: Stop| RecvOutcome::Stopped { code: ErrorCode(stop.code) };
        self.told.or(self.stop.map(stopped))
    }

    // ---- calls -------------------------------------------------------------------------------

    /// The bytes that can be read now.
    fn readable(&self) -> Vec<u8> {
        if self.switch.is(Bug::DeliverAcrossGap) {
            return self.bytes.range(self.read..).map(|(_, byte)| *byte).collect();
        }
        (self.read..).map_while(|at| self.bytes.get(&at).copied()).collect()
    }

    fn interrupts(&self) -> bool {
        self.switch.does(|of| of.reset_interrupts_reading)
    }

    fn tell(&mut self, outcome: RecvOutcome) -> Answer {
        self.told = Some(outcome);
        Answer::RecvEnded { outcome }
    }

    /// What a read comes to: bytes, or an answer.
    pub(super) fn read(&mut self, closed: bool) -> Result<Vec<u8>, Answer> {
        match (self.outcome(), self.reset) {
            (Some(RecvOutcome::ReadToEnd), _) => return Err(Answer::EndOfStream),
            (Some(outcome), _) => return Err(Answer::RecvEnded { outcome }),
            // §3.2: a reset interrupts, or lets what has arrived be read first (C-6).
            (None, Some(code)) if self.interrupts() || self.readable().is_empty() => {
                return Err(self.tell(RecvOutcome::Reset { code: ErrorCode(code) }));
            }
            (None, _) => {}
        }
        let bytes = self.readable();
        let early = self.switch.is(Bug::EndToldEarly) && self.final_size.is_some();
        if !bytes.is_empty() {
            self.read += bytes.len() as u64;
            let all = self.is_complete() && self.final_size == Some(self.read);
            self.finished = all && self.reset.is_none();
            return Ok(bytes);
        }
        if self.is_complete() || early {
            (self.told, self.finished) = (Some(RecvOutcome::ReadToEnd), true);
            return Err(Answer::EndOfStream);
        }
        if closed {
            return Err(self.tell(RecvOutcome::ConnectionLost));
        }
        (self.read_waits, self.read_woken) = (true, false);
        Err(Answer::NoData)
    }

    pub(super) fn abort(&mut self, code: u64, closed: bool) -> Answer {
        if let Some(outcome) = self.outcome() {
            return Answer::RecvEnded { outcome };
        }
        if let Some(code) = self.reset {
            return self.tell(RecvOutcome::Reset { code: ErrorCode(code) });
        }
        if closed && !self.is_complete() {
            return self.tell(RecvOutcome::ConnectionLost);
        }
        self.stop(code);
        Answer::Accepted
    }

    pub(super) fn drop_handle(&mut self) {
        self.held = false;
        if !self.switch.is(Bug::LeaveUnreadOnDrop) && self.outcome().is_none() {
            self.stop(DROP_CODE);
        }
    }

    fn stop(&mut self, code: u64) {
        // §3.5: of a stream that was reset, nobody asks for the end.
        let way = if self.reset.is_some() || self.finished { Way::Arrived } else { Way::Waiting };
        let ended = self.final_size.is_some();
        self.stop = Some(Stop { code, way, used: self.used(), ended });
    }

    // ---- what arrives ------------------------------------------------------------------------

    /// What §4.5 says to a frame that reaches to `end`, and to the final size if it states one.
    pub(super) fn check_size(
        &self,
        end: u64,
        length: usize,
        stated: Option<u64>,
        is_reset: bool,
    ) -> Result<(), u64> {
        let error = match self.switch.is(Bug::CallFinalSizeState) {
            true => STREAM_STATE_ERROR,
            false => FINAL_SIZE_ERROR,
        };
        let passes = match self.switch.0 {
            Some(Bug::AcceptResetBelowReceived) => is_reset && self.final_size.is_none(),
            Some(Bug::AcceptFinBelowReceived) => !is_reset && self.final_size.is_none(),
            Some(Bug::ForgetFinalSize) => is_reset && self.final_size.is_some(),
            Some(Bug::AcceptBeyondFinalSize) => stated.is_none(),
            Some(_) | None => false,
        };
        let changes = stated.is_some_and(|stated| match self.final_size {
            Some(known) => known != stated,
            None => stated < self.highest,
        });
        let off_by_one = u64::from(self.switch.is(Bug::CompareOffByOne) && length > 0);
        let beyond = self.final_size.is_some_and(|known| end + off_by_one > known);
        let passes = passes || self.lets_pass(end, length, stated, is_reset);
        if (changes || beyond) && !passes { Err(error) } else { Ok(()) }
    }

    /// C-8: whether a frame is taken against which only an empty frame speaks, or which is empty itself.
    fn lets_pass(&self, end: u64, length: usize, stated: Option<u64>, is_reset: bool) -> bool {
        let received = self.bytes.last_key_value().map_or(0, |(last, _)| last + 1);
        match (self.final_size, stated) {
            (Some(known), None) => {
                length == 0
                    && end > known
                    && !self.switch.does(|of| of.empty_frame_beyond_final_size)
            }
            (None, Some(stated)) if is_reset => {
                stated >= received && !self.switch.does(|of| of.reset_below_empty_frame)
            }
            (None, Some(stated)) => {
                stated >= received && !self.switch.does(|of| of.fin_below_empty_frame)
            }
            (Some(_), Some(_)) | (None, None) => false,
        }
    }

    /// §3.2: a STREAM frame that nothing speaks against.
    pub(super) fn on_stream(&mut self, offset: u64, data: &[u8], fin: bool) {
        if self.reset.is_some() {
            if !self.switch.is(Bug::StreamRevives) {
                return self.on_stream_after_reset(offset, data);
            }
            (self.reset, self.told) = (None, None);
        }
        let end = offset + data.len() as u64;
        self.bytes.extend((offset..).zip(data.iter().copied()));
        self.highest = self.highest.max(end);
        if fin {
            self.final_size = Some(end);
        }
        self.wake();
    }

    /// C-3: data that completes the stream brings it back, as long as the application neither knows of the reset nor has
    /// stopped.
    fn on_stream_after_reset(&mut self, offset: u64, data: &[u8]) {
        let comes_back = self.switch.does(|of| of.data_completes_after_reset);
        if comes_back && self.told.is_none() && self.stop.is_none() {
            self.bytes.extend((offset..).zip(data.iter().copied()));
            if self.is_complete() {
                // What a reset has given back stays with the peer.
                (self.reset, self.returned) = (None, self.used());
            }
        }
    }

    /// How much is charged for a frame that reaches to `end`.
    pub(super) fn charged(&self, end: u64, length: usize, is_reset: bool) -> u64 {
        let used = self.used();
        match self.switch.0 {
            Some(Bug::ChargeNoReset) if is_reset => used,
            Some(Bug::ChargeFinLate) if !is_reset && self.bytes.is_empty() => used,
            Some(Bug::ChargeRepeatedReset) if is_reset && self.reset.is_some() => used + end,
            Some(Bug::ChargeRepeats) if !is_reset && end <= used => used + length as u64,
            Some(_) | None => used.max(end),
        }
    }

    /// §3.2: a RESET_STREAM that nothing speaks against.
    pub(super) fn on_reset(&mut self, code: u64, final_size: u64) {
        let repeat = self.final_size.is_some() && self.switch.is(Bug::ResetTakenForRepeat);
        if self.switch.is(Bug::ResetAfterResetRead) && self.reset.is_some() && self.told.is_some() {
            self.told = None;
        }
        // Once everything is there, the application is better served with it; or the reset counts (C-1).
        let discards = self.switch.does(|of| of.reset_after_all_data);
        let counts = discards || !self.is_complete();
        if self.reset.is_none() && counts && !self.finished && !repeat {
            self.reset = Some(code);
            self.final_size = Some(final_size);
            self.wake();
        }
    }

    pub(super) fn is_reset(&self) -> bool {
        self.reset.is_some()
    }

    pub(super) fn wake(&mut self) {
        if !self.switch.is(Bug::ReadersSleepOn) {
            self.read_woken |= self.read_waits;
        }
    }

    /// The part is gone: another stack's way to end a stream.
    pub(super) fn vanish(&mut self) {
        (self.told, self.finished) = (Some(RecvOutcome::ReadToEnd), true);
    }

    // ---- what leaves -------------------------------------------------------------------------

    /// The code of the STOP_SENDING that is to be sent.
    pub(super) fn take_stop(&mut self) -> Option<u64> {
        let moot = self.is_complete() || self.reset.is_some();
        let goes_out = !moot || (self.reset.is_some() && self.switch.is(Bug::StopAfterReset));
        let stop = self.stop.as_mut().filter(|stop| stop.way.is_owed() && goes_out)?;
        stop.way.send();
        Some(stop.code)
    }

    pub(super) fn on_stop_acked(&mut self) {
        if let Some(stop) = &mut self.stop {
            stop.way = Way::Arrived;
        }
    }

    /// The limit that MAX_STREAM_DATA is to name, if it is to be sent: only while the peer may send more,
    /// and somebody reads (§3.2, §4.1).
    pub(super) fn limit_due(&self) -> Option<u64> {
        if self.final_size.is_some() || self.stop.is_some() {
            return None;
        }
        let unread = self.switch.is(Bug::GiveBackUnreadOnStream);
        let given_back = if unread { self.highest } else { self.read };
        match self.switch.0 {
            Some(Bug::NeverRaiseStreamLimit) => None,
            Some(_) | None => self.grant.due(self.switch, given_back, self.grant.step()),
        }
    }

    /// The limit that the peer is held to: the one that it was told (§4.1).
    pub(super) fn limit(&self) -> u64 {
        match self.switch.is(Bug::EnforceInternalLimit) {
            true => self.grant.by_now(self.read),
            false => self.grant.advertised,
        }
    }

    pub(super) fn lose(&mut self) {
        if let (Some(stop), false) = (&mut self.stop, self.switch.is(Bug::ForgetLostStop)) {
            stop.way.lose();
        }
        if !self.switch.is(Bug::ForgetLostLimit) {
            self.grant.lose();
        }
    }
}
