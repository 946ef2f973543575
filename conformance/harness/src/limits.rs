//! The limits that a side advertises, and that they can be written down at all.
//!
//! Whether a side keeps to them is not asked here.

use crate::wire::parameters::TransportParameters;
use crate::wire::varint;

/// The receiving limits that one side advertises in its transport parameters (§18.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SideLimits {
    /// What the peer may send on the connection, in bytes.
    pub max_data: u64,
    /// What the peer may send on each stream of any kind, in bytes.
    pub max_stream_data: u64,
    /// How many bidirectional streams the peer may open.
    pub max_streams_bidi: u64,
    /// How many unidirectional streams the peer may open.
    pub max_streams_uni: u64,
    /// In place of `max_stream_data`: on bidirectional streams that this side opens. Of the
    /// puppet's limits only, as the next two: quinn advertises one value for all kinds.
    pub max_stream_data_bidi_local: Option<u64>,
    /// In place of `max_stream_data`: on bidirectional streams that the peer opens.
    pub max_stream_data_bidi_remote: Option<u64>,
    /// In place of `max_stream_data`: on unidirectional streams, which the peer opens.
    pub max_stream_data_uni: Option<u64>,
}

impl SideLimits {
    /// The limits as transport parameters (§18.2), with the RFC's defaults for everything else.
    ///
    /// # Errors
    ///
    /// When a limit is 2^62 or above.
    pub fn parameters(&self) -> Result<TransportParameters, LimitError> {
        let of_kind = |kind: Option<u64>| kind.unwrap_or(self.max_stream_data);
        let parameters = TransportParameters {
            initial_max_data: self.max_data,
            initial_max_stream_data_bidi_local: of_kind(self.max_stream_data_bidi_local),
            initial_max_stream_data_bidi_remote: of_kind(self.max_stream_data_bidi_remote),
            initial_max_stream_data_uni: of_kind(self.max_stream_data_uni),
            initial_max_streams_bidi: self.max_streams_bidi,
            initial_max_streams_uni: self.max_streams_uni,
            ..TransportParameters::default()
        };
        check("max_data", parameters.initial_max_data)?;
        check("max_stream_data", self.max_stream_data)?;
        check("max_stream_data_bidi_local", parameters.initial_max_stream_data_bidi_local)?;
        check("max_stream_data_bidi_remote", parameters.initial_max_stream_data_bidi_remote)?;
        check("max_stream_data_uni", parameters.initial_max_stream_data_uni)?;
        check("max_streams_bidi", parameters.initial_max_streams_bidi)?;
        check("max_streams_uni", parameters.initial_max_streams_uni)?;
        Ok(parameters)
    }
}

impl Default for SideLimits {
    /// Out of the way: 8 MiB, 1 MiB for each stream, 64 streams of each kind.
    fn default() -> Self {
        Self {
            max_data: 8 << 20,
            max_stream_data: 1 << 20,
            max_streams_bidi: 64,
            max_streams_uni: 64,
            max_stream_data_bidi_local: None,
            max_stream_data_bidi_remote: None,
            max_stream_data_uni: None,
        }
    }
}

/// A limit has no encoding (§16).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{limit} = {value} is 2^62 or more")]
pub struct LimitError {
    /// The name of the limit.
    pub limit: &'static str,
    /// Its value, in bytes or in streams.
    pub value: u64,
}

const fn check(limit: &'static str, value: u64) -> Result<(), LimitError> {
    if value <= varint::MAX { Ok(()) } else { Err(LimitError { limit, value }) }
}
