//! Notes about one endpoint's credit: what limits reached it, what limits it gave, what it opened.

use serde::{Deserialize, Serialize};

use crate::rfc::call::{Answer, Call};
use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::Frame;
use crate::rfc::identity::ByDirection;

/// Each `bool` is a fact that no right world ever shows.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Ledger {
    /// The largest MAX_DATA that reached it; 0 if none has.
    pub max_data: u64,
    /// The largest MAX_STREAMS that reached it.
    pub max_streams: ByDirection<u64>,
    /// The largest MAX_DATA that it sent.
    pub advertised: u64,
    /// The largest MAX_STREAMS that it sent.
    pub advertised_streams: ByDirection<u64>,
    /// The largest window it was ever given for the connection; 0 if it never changed.
    pub window: u64,
    /// The same for streams.
    pub stream_window: ByDirection<u64>,
    /// How many streams its application opened.
    pub opened: ByDirection<u64>,
    /// A stream was opened that was not the next.
    pub opened_out_of_order: bool,
    /// It was told of a limit lower than it told before, and believed it.
    pub limit_shrank: bool,
    /// It said it was blocked at another limit than the one it has.
    pub blocked_untrue: bool,
    /// It sent something after the connection was over.
    pub sent_after_close: bool,
    /// It closed the connection; nothing may follow.
    pub said_goodbye: bool,
}

impl Ledger {
    pub(super) fn sends(&mut self, frame: &Frame, sender: &Endpoint) {
        self.sent_after_close |= self.said_goodbye;
        match *frame {
            Frame::MaxData { maximum_data } => {
                self.advertised = self.advertised.max(maximum_data);
            }
            Frame::MaxStreams { direction, maximum_streams } => {
                let known = self.advertised_streams.of_mut(direction);
                *known = (*known).max(maximum_streams);
            }
            Frame::DataBlocked { maximum_data } => {
                let limit = self.max_data.max(sender.peer.max_data);
                self.blocked_untrue |= maximum_data != limit;
            }
            Frame::StreamsBlocked { direction, maximum_streams } => {
                let initial = *sender.peer.streams().of(direction);
                let limit = initial.max(*self.max_streams.of(direction));
                self.blocked_untrue |= maximum_streams != limit;
            }
            Frame::ConnectionClose { .. } => self.said_goodbye = true,
            Frame::ResetStream { .. }
            | Frame::StopSending { .. }
            | Frame::Stream { .. }
            | Frame::MaxStreamData { .. }
            | Frame::StreamDataBlocked { .. } => {}
        }
    }

    pub(super) fn arrives(&mut self, frame: &Frame) {
        match *frame {
            Frame::MaxData { maximum_data } => self.max_data = self.max_data.max(maximum_data),
            Frame::MaxStreams { direction, maximum_streams } => {
                let known = self.max_streams.of_mut(direction);
                *known = (*known).max(maximum_streams);
            }
            Frame::ResetStream { .. }
            | Frame::StopSending { .. }
            | Frame::Stream { .. }
            | Frame::MaxStreamData { .. }
            | Frame::DataBlocked { .. }
            | Frame::StreamDataBlocked { .. }
            | Frame::StreamsBlocked { .. }
            | Frame::ConnectionClose { .. } => {}
        }
    }

    pub(super) fn answered(&mut self, call: Call, answer: Answer) {
        match call {
            Call::ResizeWindow { window } => self.window = self.window.max(window),
            Call::ResizeStreams { direction, window } => {
                let known = self.stream_window.of_mut(direction);
                *known = (*known).max(window);
            }
            Call::Open { direction } => {
                if let Answer::Opened { stream_id } = answer {
                    let opened = self.opened.of_mut(direction);
                    self.opened_out_of_order |= stream_id.ordinal() < *opened;
                    *opened = stream_id.ordinal() + 1;
                }
            }
            Call::Write { .. }
            | Call::End { .. }
            | Call::Reset { .. }
            | Call::DropSend { .. }
            | Call::Read { .. }
            | Call::AbortReading { .. }
            | Call::DropRecv { .. }
            | Call::CloseConnection { .. } => {}
        }
    }

    pub(super) fn moved(&mut self, before: &Endpoint, after: &Endpoint) {
        if before.early && !after.early {
            return; // Another connection's limits.
        }
        let shrank = |old: u64, new: u64| new < old;
        self.limit_shrank |= shrank(before.send_credit.limit, after.send_credit.limit);
        for (id, part) in after.sending_parts() {
            let old = before.sending(id).map_or(0, |part| part.credit.limit);
            self.limit_shrank |= shrank(old, part.credit.limit);
        }
    }
}
