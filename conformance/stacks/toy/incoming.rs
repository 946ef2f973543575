//! What the peer's frames do (§19): which stream they reach, and the error that answers what is wrong.

use streamproof_harness::wire::{self, Frame};
use streamproof_model::rfc::identity::Direction;
use streamproof_model::rfc::parameters::Parameters;

use super::bug::Bug;
use super::codes::{
    FINAL_SIZE_ERROR, FLOW_CONTROL_ERROR, FRAME_ENCODING_ERROR, PROTOCOL_VIOLATION,
    STREAM_LIMIT_ERROR, STREAM_STATE_ERROR,
};
use super::connection::{Connection, End, ONE_WAY_BIT, place};
use super::credit::MAX_VARINT;
use super::receiving::Receiving;

/// §4.6: more streams would need IDs that no frame can carry.
const MOST_STREAMS: u64 = 1 << 60;

/// Which part of a stream a frame is for, and which frame it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    ResetStream,
    StopSending,
    Stream,
    MaxStreamData,
    StreamDataBlocked,
}

impl Kind {
    /// Whether it speaks to who sends on the stream.
    fn is_for_sender(self) -> bool {
        match self {
            Self::StopSending | Self::MaxStreamData => true,
            Self::ResetStream | Self::Stream | Self::StreamDataBlocked => false,
        }
    }
}

/// Whether a frame finds its stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Entry {
    There,
    Ignored,
}

const fn direction(direction: wire::Direction) -> Direction {
    match direction {
        wire::Direction::Bidirectional => Direction::Bidirectional,
        wire::Direction::Unidirectional => Direction::Unidirectional,
    }
}

impl Connection {
    /// A frame arrives. What is wrong with it changes nothing but that the connection is over.
    pub(super) fn on_frame(&mut self, frame: &Frame) {
        if self.end.is_some() {
            return;
        }
        let mut next = self.clone();
        match next.process(frame) {
            Ok(()) => *self = next,
            Err(code) => self.close(End { code, is_error: true, announced: false }),
        }
    }

    fn process(&mut self, frame: &Frame) -> Result<(), u64> {
        match frame {
            Frame::ResetStream { stream_id, application_protocol_error_code: code, final_size } => {
                self.on_reset_stream(*stream_id, *code, *final_size)
            }
            Frame::StopSending { stream_id, application_protocol_error_code: code } => {
                self.on_stop_sending(*stream_id, *code)
            }
            Frame::Stream { stream_id, offset, fin, data } => {
                self.on_stream(*stream_id, *offset, *fin, data)
            }
            Frame::MaxData { maximum_data } => {
                self.on_max_data(*maximum_data);
                Ok(())
            }
            Frame::MaxStreamData { stream_id, maximum_stream_data } => {
                let entry = self.enter(*stream_id, Kind::MaxStreamData)?;
                let stream = self.streams.get_mut(stream_id).filter(|_| entry == Entry::There);
                if let Some(part) = stream.and_then(|stream| stream.sending.as_mut()) {
                    part.on_limit(*maximum_stream_data);
                }
                Ok(())
            }
            Frame::MaxStreams { direction: of, maximum_streams } => {
                self.on_max_streams(direction(*of), *maximum_streams)
            }
            Frame::DataBlocked { .. } => {
                self.asked = true;
                Ok(())
            }
            Frame::StreamDataBlocked { stream_id, .. } => {
                self.asked = true;
                self.enter(*stream_id, Kind::StreamDataBlocked).map(|_| ())
            }
            Frame::StreamsBlocked { direction: of, maximum_streams } => {
                self.counts[place(direction(*of))].asked = true;
                // §19.14
                let huge = *maximum_streams > MOST_STREAMS;
                match huge && !self.switch.is(Bug::HugeStreamsBlocked) {
                    true => Err(STREAM_LIMIT_ERROR),
                    false => Ok(()),
                }
            }
            Frame::ConnectionClose { error_code, frame_type, .. } => {
                if !self.switch.is(Bug::IgnoreClose) {
                    let is_error = frame_type.is_some();
                    self.close(End { code: *error_code, is_error, announced: true });
                }
                Ok(())
            }
            // No stream matter.
            Frame::Padding
            | Frame::Ping
            | Frame::Ack { .. }
            | Frame::Crypto { .. }
            | Frame::NewToken { .. }
            | Frame::NewConnectionId { .. }
            | Frame::RetireConnectionId { .. }
            | Frame::PathChallenge { .. }
            | Frame::PathResponse { .. }
            | Frame::HandshakeDone => Ok(()),
        }
    }

    /// A frame for a stream: is it there, may it be created, may the frame come at all (§2.1, §3.2, §4.6,
    /// §19.4 to §19.13)?
    fn enter(&mut self, id: u64, kind: Kind) -> Result<Entry, u64> {
        let one_way = id & ONE_WAY_BIT != 0;
        if one_way && kind.is_for_sender() != self.is_ours(id) {
            return self.object(STREAM_STATE_ERROR, self.lets_pass_wrong_part(id, kind));
        }
        if let Some(stream) = self.streams.get(&id) {
            if stream.is_closed() && self.switch.is(Bug::CloseOnLateFrame) {
                return Err(STREAM_STATE_ERROR);
            }
            if stream.is_closed() && self.switch.is(Bug::ForgetClosed) {
                self.create(id);
            }
            return Ok(Entry::There);
        }
        if self.is_ours(id) {
            let passes = match kind {
                Kind::StopSending => self.switch.is(Bug::StopNotCreated),
                Kind::Stream => self.switch.is(Bug::StreamNotCreated),
                Kind::MaxStreamData => self.switch.is(Bug::LimitNotCreated),
                // C-11: the RFC does not say.
                Kind::ResetStream => !self.switch.does(|of| of.not_created_is_error),
                Kind::StreamDataBlocked => !self.switch.does(|of| of.blocked_not_created_is_error),
            };
            return self.object(STREAM_STATE_ERROR, passes);
        }
        if kind == Kind::StopSending && self.switch.is(Bug::StopCreatesNothing) {
            return Ok(Entry::Ignored);
        }
        self.admit(id, kind)?;
        Ok(Entry::There)
    }

    fn object(&self, code: u64, passes: bool) -> Result<Entry, u64> {
        if passes { Ok(Entry::Ignored) } else { Err(code) }
    }

    fn lets_pass_wrong_part(&self, id: u64, kind: Kind) -> bool {
        let there = self.streams.contains_key(&id);
        match self.switch.0 {
            Some(Bug::ResetOnSendOnly) => kind == Kind::ResetStream,
            Some(Bug::StopOnReceiveOnly) => kind == Kind::StopSending,
            Some(Bug::StreamOnSendOnly) => kind == Kind::Stream && there,
            Some(Bug::StreamNotCreated) => kind == Kind::Stream && !there,
            Some(Bug::LimitOnReceiveOnly) => kind == Kind::MaxStreamData,
            Some(Bug::BlockedOnSendOnly) => kind == Kind::StreamDataBlocked,
            Some(_) | None => false,
        }
    }

    /// The peer opens a stream, and all of its type before it.
    fn admit(&mut self, id: u64, kind: Kind) -> Result<(), u64> {
        let ordinal = id >> 2;
        let switch = self.switch;
        let count = &mut self.counts[usize::from(id & ONE_WAY_BIT != 0)];
        let limit = match switch.0 {
            Some(Bug::AcceptOneMore) => count.grant.advertised + 1,
            Some(Bug::CloseOnLastStream) => count.grant.advertised - 1,
            Some(Bug::LimitForStreamAlone) if kind != Kind::Stream => u64::MAX,
            Some(_) | None => count.grant.advertised,
        };
        if ordinal >= limit {
            return Err(match switch.is(Bug::CallStreamLimitState) {
                true => STREAM_STATE_ERROR,
                false => STREAM_LIMIT_ERROR,
            });
        }
        let first = if switch.is(Bug::LeaveLowerUncreated) { ordinal } else { count.theirs };
        count.theirs = count.theirs.max(ordinal + 1);
        for lower in first..=ordinal {
            self.create(lower << 2 | id & 0b11);
        }
        Ok(())
    }

    fn on_stream(&mut self, id: u64, offset: u64, fin: bool, data: &[u8]) -> Result<(), u64> {
        if data.is_empty() && !fin && self.switch.is(Bug::CloseOnEmptyFrame) {
            return Err(PROTOCOL_VIOLATION);
        }
        let entry = self.enter(id, Kind::Stream)?;
        if self.receiver(id, entry).is_some_and(|part| part.ignores_late_frames()) {
            return Ok(());
        }
        // §19.8. Neither is 2^62 or more, so that the sum fits.
        let mut end = offset + data.len() as u64;
        if self.switch.is(Bug::WrapOffset) {
            end &= MAX_VARINT;
        }
        if end > MAX_VARINT {
            return Err(FRAME_ENCODING_ERROR);
        }
        self.check_credit(id, end, data.len(), false)?;
        let Some(part) = self.receiver(id, entry) else { return Ok(()) };
        part.check_size(end, data.len(), fin.then_some(end), false)?;
        part.on_stream(end.saturating_sub(data.len() as u64), data, fin);
        Ok(())
    }

    fn receiver(&mut self, id: u64, entry: Entry) -> Option<&mut Receiving> {
        let there = entry == Entry::There;
        self.streams.get_mut(&id).filter(|_| there)?.receiving.as_mut()
    }

    /// §4.1: what a frame that reaches to `end` takes of the two limits.
    fn check_credit(&self, id: u64, end: u64, length: usize, is_reset: bool) -> Result<(), u64> {
        let Some(part) = self.streams.get(&id).and_then(|stream| stream.receiving.as_ref()) else {
            return Ok(());
        };
        let last = |bug| u64::from(self.switch.is(bug));
        let over_stream = end + last(Bug::CloseOnLastByte) > part.limit();
        let others = self.receiving_parts().map(Receiving::used).sum::<u64>() - part.used();
        let used = others.saturating_add(part.charged(end, length, is_reset));
        let over_connection = used + last(Bug::CloseOnLastByteOfConnection) > self.grant.advertised;
        let stream_passes = match self.switch.0 {
            Some(Bug::AcceptBeyondStreamLimit) => true,
            Some(Bug::ResetSkipsStreamLimit) => is_reset,
            Some(_) | None => false,
        };
        let connection_passes = self.switch.is(Bug::AcceptBeyondConnectionLimit);
        match (over_stream && !stream_passes) || (over_connection && !connection_passes) {
            true if self.switch.is(Bug::CallFlowControlFinalSize) => Err(FINAL_SIZE_ERROR),
            true => Err(FLOW_CONTROL_ERROR),
            false => Ok(()),
        }
    }

    fn on_reset_stream(&mut self, id: u64, code: u64, final_size: u64) -> Result<(), u64> {
        let entry = self.enter(id, Kind::ResetStream)?;
        if self.receiver(id, entry).is_some_and(|part| part.ignores_late_frames()) {
            return Ok(());
        }
        self.check_credit(id, final_size, 0, true)?;
        let closes = self.switch.is(Bug::RepeatedResetCloses);
        let closes_both = self.switch.is(Bug::ResetClosesBoth);
        let Some(part) = self.receiver(id, entry) else { return Ok(()) };
        if closes && part.is_reset() {
            return Err(STREAM_STATE_ERROR);
        }
        part.check_size(final_size, 0, Some(final_size), true)?;
        part.on_reset(code, final_size);
        let stream = self.streams.get_mut(&id).filter(|_| closes_both);
        if let Some(sending) = stream.and_then(|stream| stream.sending.as_mut()) {
            sending.vanish();
        }
        Ok(())
    }

    fn on_stop_sending(&mut self, id: u64, code: u64) -> Result<(), u64> {
        let entry = self.enter(id, Kind::StopSending)?;
        let closes_both = self.switch.is(Bug::StopClosesBoth);
        let Some(stream) = self.streams.get_mut(&id).filter(|_| entry == Entry::There) else {
            return Ok(());
        };
        if let Some(part) = &mut stream.sending {
            part.on_stop_sending(code);
        }
        if let (Some(part), true) = (&mut stream.receiving, closes_both) {
            part.vanish();
        }
        if !self.switch.is(Bug::StopTellsNobody) {
            // What had been written and not sent is credit again.
            self.wake_writers();
        }
        Ok(())
    }

    fn on_max_data(&mut self, maximum: u64) {
        match self.switch.0 {
            Some(Bug::IgnoreRaisedLimit) => {}
            Some(Bug::LimitShrinks) => self.limit.set(maximum),
            Some(Bug::LimitAdds) => self.limit.set(self.limit.value.saturating_add(maximum)),
            Some(_) | None => self.limit.raise(maximum),
        }
        if !self.switch.is(Bug::WritersSleepOn) {
            self.wake_writers();
        }
    }

    fn on_max_streams(&mut self, direction: Direction, maximum: u64) -> Result<(), u64> {
        // §19.11
        if maximum > MOST_STREAMS && !self.switch.is(Bug::HugeMaxStreams) {
            return Err(FRAME_ENCODING_ERROR);
        }
        let limit = &mut self.counts[place(direction)].limit;
        match self.switch.0 {
            Some(Bug::OpenersSleepOn) if limit.is_blocked() => {}
            Some(Bug::StreamLimitShrinks) => limit.set(maximum),
            Some(_) | None => limit.raise(maximum),
        }
        Ok(())
    }

    /// §7.4.1: the server answers to 0-RTT, with its parameters.
    pub(super) fn on_handshake(&mut self, accepted: bool, peer: &Parameters) {
        if !accepted {
            // Whatever was sent is as if it had never been.
            let new = Self::new(self.side, self.local, *peer, self.switch);
            let old = std::mem::replace(self, new);
            if self.switch.is(Bug::KeepRejectedStreams) {
                (self.streams, self.counts) = (old.streams, old.counts);
            }
            return;
        }
        self.early = false;
        let limits = |parameters: &Parameters| {
            let Parameters { max_data, max_streams_bidi, max_streams_uni, .. } = *parameters;
            let Parameters { max_stream_data_bidi_local, max_stream_data_bidi_remote, .. } =
                *parameters;
            let of_streams = [max_streams_bidi, max_streams_uni, parameters.max_stream_data_uni];
            let of_data = [max_data, max_stream_data_bidi_local, max_stream_data_bidi_remote];
            of_streams.into_iter().chain(of_data)
        };
        if limits(peer).zip(limits(&self.peer)).any(|(new, old)| new < old) {
            self.close(End { code: PROTOCOL_VIOLATION, is_error: true, announced: false });
            return;
        }
        self.peer = *peer;
        self.limit.raise(peer.max_data);
        self.counts[0].limit.raise(peer.max_streams_bidi);
        self.counts[1].limit.raise(peer.max_streams_uni);
        // All streams are ours: nothing has come back yet.
        for (id, stream) in &mut self.streams {
            let one_way = id & ONE_WAY_BIT != 0;
            let limit =
                if one_way { peer.max_stream_data_uni } else { peer.max_stream_data_bidi_remote };
            if let Some(part) = &mut stream.sending {
                part.limit.raise(limit);
            }
        }
        self.wake_writers();
    }
}
