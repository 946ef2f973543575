//! What a hostile peer sends.

use crate::rfc::endpoint::Endpoint;
use crate::rfc::frame::{ErrorCode, Frame};
use crate::rfc::identity::{Direction, MAX_VARINT, Side, StreamId};
use crate::rfc::limits::MAX_STREAM_LIMIT;

use super::presets::{Hostility, Preset};

/// The code in a hostile peer's frames.
pub const HOSTILE_CODE: ErrorCode = ErrorCode(66);

/// Every frame that the hostile peer of a preset may send now. `hostile` is its side.
pub fn frames(preset: &Preset, victim: &Endpoint, hostile: Side) -> Vec<Frame> {
    match preset.hostility {
        Hostility::StreamLife => stream_life(preset, victim, hostile),
        Hostility::Credit => around_limits(preset, hostile),
        Hostility::EveryFrame => every_frame(preset, victim, hostile),
        Hostility::Slack => around_slack(preset, victim, hostile),
        Hostility::Handshake => Vec::new(),
    }
}

/// Every frame on the one stream with sizes up to one beyond the preset's length if the hostile peer is
/// its sender, and each frame once on streams that the victim would have to open.
fn stream_life(preset: &Preset, victim: &Endpoint, hostile: Side) -> Vec<Frame> {
    let sizes = if hostile == preset.opener { preset.length + 1 } else { 0 };
    let own = u64::from(hostile != preset.opener);
    let stream = StreamId::new(preset.opener, Direction::Unidirectional, 0);
    let uncreated = StreamId::new(victim.side, Direction::Unidirectional, own);
    let uncreated_both = StreamId::new(victim.side, Direction::Bidirectional, 0);
    let mut frames = on_stream(stream, sizes);
    frames.extend(on_stream(uncreated, 0));
    // RFC 9000 says nothing of RESET_STREAM on a bidirectional stream not yet created (C-11).
    let both = on_stream(uncreated_both, 0).into_iter();
    frames.extend(both.filter(|frame| !matches!(frame, Frame::ResetStream { .. })));
    frames
}

fn on_stream(stream_id: StreamId, sizes: u64) -> Vec<Frame> {
    let application_protocol_error_code = HOSTILE_CODE;
    let mut frames = vec![Frame::StopSending { stream_id, application_protocol_error_code }];
    for final_size in 0..=sizes {
        frames.push(Frame::ResetStream { stream_id, application_protocol_error_code, final_size });
    }
    for offset in 0..=sizes {
        for length in 0..=sizes - offset {
            for fin in [false, true] {
                frames.push(Frame::Stream { stream_id, offset, length, fin });
            }
        }
    }
    frames
}

/// Data at and around the limits of the preset on one stream, final sizes on another.
fn around_limits(preset: &Preset, hostile: Side) -> Vec<Frame> {
    let unit = preset.unit;
    let id = |ordinal| StreamId::new(hostile, Direction::Unidirectional, ordinal);
    let stream = |stream_id, offset, length, fin| Frame::Stream { stream_id, offset, length, fin };
    let mut frames = vec![
        stream(id(0), 0, unit, false),
        stream(id(0), unit, unit, false),
        stream(id(0), 2 * unit, unit, false),
        stream(id(0), preset.length, 0, true),
        stream(id(0), preset.length, 1, false),
        stream(id(0), MAX_VARINT, 0, false),
        stream(id(0), MAX_VARINT, 1, false),
        stream(id(1), 0, unit, false),
    ];
    for final_size in [0, unit, 2 * unit, 2 * unit + 1, 4 * unit, MAX_VARINT] {
        frames.push(Frame::ResetStream {
            stream_id: id(1),
            application_protocol_error_code: HOSTILE_CODE,
            final_size,
        });
    }
    frames
}

/// The first stream, so that something is read and a stream is over; then, once each, data and final sizes up to both
/// limits on the second, and frames for the streams just beyond both limits.
fn around_slack(preset: &Preset, victim: &Endpoint, hostile: Side) -> Vec<Frame> {
    let application_protocol_error_code = HOSTILE_CODE;
    let limits = preset.parameters_of(victim.side);
    let mut frames = Vec::new();
    for direction in preset.directions.iter().copied() {
        let id = |ordinal| StreamId::new(hostile, direction, ordinal);
        let stream = |stream_id, length, fin| Frame::Stream { stream_id, offset: 0, length, fin };
        let reset = |stream_id, final_size| Frame::ResetStream {
            stream_id,
            application_protocol_error_code,
            final_size,
        };
        let is_uni = direction == Direction::Unidirectional;
        let read = if is_uni { preset.unit } else { 0 };
        frames.push(stream(id(0), read, true));
        if !victim.streams.contains_key(&id(0)) {
            continue;
        }
        let advertised = *limits.streams().of(direction);
        if is_uni && !victim.streams.contains_key(&id(1)) {
            // With what was read of the first stream: at the limit, within the coming one, and one beyond that.
            let room = limits.max_data - read;
            frames.extend([stream(id(1), room, false), stream(id(1), limits.max_data, false)]);
            frames.extend([limits.max_data, limits.max_data + 1].map(|size| reset(id(1), size)));
        }
        let is_new = |stream_id: &StreamId| !victim.streams.contains_key(stream_id);
        for stream_id in [id(advertised), id(advertised + 1)].into_iter().filter(is_new) {
            frames.extend([stream(stream_id, 0, true), reset(stream_id, 0)]);
            let maximum_stream_data = 8;
            frames.push(Frame::StreamDataBlocked { stream_id, maximum_stream_data });
            if !is_uni {
                frames.push(Frame::StopSending { stream_id, application_protocol_error_code });
                frames.push(Frame::MaxStreamData { stream_id, maximum_stream_data });
            }
        }
    }
    frames
}

/// Every frame for the first two streams of each type, and every frame about the connection.
fn every_frame(preset: &Preset, victim: &Endpoint, hostile: Side) -> Vec<Frame> {
    let application_protocol_error_code = HOSTILE_CODE;
    // Limits that rise multiply: a stream's rise where streams have one part, the connection's where
    // the victim opens the only stream.
    let one_way = preset.directions.iter().all(|d| *d == Direction::Unidirectional);
    let ours_only = !one_way && preset.opener == victim.side;
    let raised = if one_way { MAX_VARINT } else { 0 };
    let raised_connection = if ours_only { MAX_VARINT } else { 0 };
    let mut frames = Vec::new();
    // A victim that opens bidirectional streams itself meets frames for those only: both kinds at once
    // would multiply.
    let initiators: &[Side] = match ours_only {
        true => &[victim.side],
        false => &[victim.side, hostile],
    };
    for initiator in initiators.iter().copied() {
        for direction in preset.directions {
            for ordinal in 0..2 {
                let stream_id = StreamId::new(initiator, *direction, ordinal);
                frames.extend([
                    Frame::ResetStream {
                        stream_id,
                        application_protocol_error_code,
                        final_size: 0,
                    },
                    Frame::StopSending { stream_id, application_protocol_error_code },
                    Frame::Stream { stream_id, offset: 0, length: 0, fin: true },
                    Frame::MaxStreamData { stream_id, maximum_stream_data: raised },
                    Frame::StreamDataBlocked { stream_id, maximum_stream_data: 8 },
                ]);
            }
        }
    }
    frames.extend([
        Frame::MaxData { maximum_data: 0 },
        Frame::MaxData { maximum_data: raised_connection },
        Frame::DataBlocked { maximum_data: MAX_VARINT },
    ]);
    for direction in preset.directions.iter().copied() {
        for maximum_streams in [0, MAX_STREAM_LIMIT.min(raised_connection), MAX_STREAM_LIMIT + 1] {
            frames.push(Frame::MaxStreams { direction, maximum_streams });
            frames.push(Frame::StreamsBlocked { direction, maximum_streams });
        }
    }
    frames
}
