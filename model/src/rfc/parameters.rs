//! §18.2: the initial limits that an endpoint's transport parameters set its peer, and §7.4.1: which of
//! them a client remembers for 0-RTT.

use serde::{Deserialize, Serialize};

use super::identity::{ByDirection, Side, StreamId, StreamRole};

/// The limits an endpoint advertises when the connection begins. Names are the parameters', less
/// "initial"; in bytes, and in streams.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Parameters {
    /// What the peer may send on the connection.
    pub max_data: u64,
    /// On a bidirectional stream that the endpoint itself opens.
    pub max_stream_data_bidi_local: u64,
    /// On a bidirectional stream that the peer opens.
    pub max_stream_data_bidi_remote: u64,
    /// On a unidirectional stream that the peer opens.
    pub max_stream_data_uni: u64,
    /// How many bidirectional streams the peer may open.
    pub max_streams_bidi: u64,
    /// How many unidirectional streams the peer may open.
    pub max_streams_uni: u64,
}

impl Parameters {
    /// Limits that nothing in a small world comes near.
    pub const WIDE: Self = Self {
        max_data: 8 << 20,
        max_stream_data_bidi_local: 1 << 20,
        max_stream_data_bidi_remote: 1 << 20,
        max_stream_data_uni: 1 << 20,
        max_streams_bidi: 64,
        max_streams_uni: 64,
    };

    /// What whoever advertises these, as `side`, lets its peer send on a stream.
    pub fn on_stream(&self, side: Side, stream_id: StreamId) -> u64 {
        let ours = stream_id.initiator() == side;
        match (stream_id.role(side), ours) {
            (StreamRole::Both, true) => self.max_stream_data_bidi_local,
            (StreamRole::Both, false) => self.max_stream_data_bidi_remote,
            (StreamRole::ReceiveOnly | StreamRole::SendOnly, _) => self.max_stream_data_uni,
        }
    }

    /// The same with one limit on data for streams of every kind.
    pub const fn with_stream_limit(self, limit: u64) -> Self {
        Self {
            max_stream_data_bidi_local: limit,
            max_stream_data_bidi_remote: limit,
            max_stream_data_uni: limit,
            ..self
        }
    }

    /// Whether streams of every kind have the same limit on data.
    pub const fn has_one_stream_limit(&self) -> bool {
        self.max_stream_data_bidi_local == self.max_stream_data_uni
            && self.max_stream_data_bidi_remote == self.max_stream_data_uni
    }

    /// The limits on streams.
    pub const fn streams(&self) -> ByDirection<u64> {
        ByDirection { bidirectional: self.max_streams_bidi, unidirectional: self.max_streams_uni }
    }

    /// Whether every limit is at least as high as in `other` (§7.4.1).
    pub const fn cover(&self, other: &Self) -> bool {
        let Self {
            max_data,
            max_stream_data_bidi_local,
            max_stream_data_bidi_remote,
            max_stream_data_uni,
            max_streams_bidi,
            max_streams_uni,
        } = *other;
        self.max_data >= max_data
            && self.max_stream_data_bidi_local >= max_stream_data_bidi_local
            && self.max_stream_data_bidi_remote >= max_stream_data_bidi_remote
            && self.max_stream_data_uni >= max_stream_data_uni
            && self.max_streams_bidi >= max_streams_bidi
            && self.max_streams_uni >= max_streams_uni
    }
}
