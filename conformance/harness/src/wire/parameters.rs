//! Transport parameters (§18): the ones that a puppet sends and the ones it wants to know.
//!
//! Unknown parameters are skipped, as §18.1 demands; a preferred address, tokens and migration are
//! skipped too, because they are not asked for here. Nothing is judged beyond the encoding.

use bytes::Bytes;

use super::ConnectionId;
use super::reader::{Reader, Truncated};
use super::varint;

/// Transport parameters of one endpoint (§18.2). Sizes in bytes, stream limits in streams; absent
/// parameters have the RFC's defaults.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TransportParameters {
    /// Server only: the destination of the client's first Initial packet.
    pub original_destination_connection_id: Option<ConnectionId>,
    /// The source connection ID of the sender's first Initial packet.
    pub initial_source_connection_id: Option<ConnectionId>,
    /// The limit on the connection.
    pub initial_max_data: u64,
    /// The limit on bidirectional streams that the sender of the parameters opens.
    pub initial_max_stream_data_bidi_local: u64,
    /// The limit on bidirectional streams that the receiver of the parameters opens.
    pub initial_max_stream_data_bidi_remote: u64,
    /// The limit on unidirectional streams that the receiver of the parameters opens.
    pub initial_max_stream_data_uni: u64,
    /// How many bidirectional streams the receiver of the parameters may open.
    pub initial_max_streams_bidi: u64,
    /// How many unidirectional streams the receiver of the parameters may open.
    pub initial_max_streams_uni: u64,
}

/// Why bytes are not transport parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// The bytes end in the middle of a parameter.
    #[error("§18: {0}")]
    Truncated(#[from] Truncated),
    /// A value doesn't fill its length.
    #[error("§18: parameter 0x{id:02x} has the wrong length")]
    Length {
        /// The parameter.
        id: u64,
    },
    /// A parameter occurs twice (§7.4).
    #[error("§7.4: parameter 0x{id:02x} occurs twice")]
    Duplicate {
        /// The parameter.
        id: u64,
    },
}

impl TransportParameters {
    /// Appends the parameters to `out`. Panics if a value is 2^62 or above.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let ids = [
            (0x00, self.original_destination_connection_id),
            (0x0f, self.initial_source_connection_id),
        ];
        for (id, connection_id) in ids {
            if let Some(connection_id) = connection_id {
                varint::encode(id, out);
                varint::encode(connection_id.as_bytes().len() as u64, out);
                out.extend_from_slice(connection_id.as_bytes());
            }
        }
        let integers = [
            (0x04, self.initial_max_data),
            (0x05, self.initial_max_stream_data_bidi_local),
            (0x06, self.initial_max_stream_data_bidi_remote),
            (0x07, self.initial_max_stream_data_uni),
            (0x08, self.initial_max_streams_bidi),
            (0x09, self.initial_max_streams_uni),
        ];
        for (id, value) in integers {
            varint::encode(id, out);
            varint::encode(varint::length(value) as u64, out);
            varint::encode(value, out);
        }
    }

    /// Reads parameters that fill all of `bytes`.
    pub fn decode(bytes: Bytes) -> Result<Self, ParameterError> {
        let mut reader = Reader::new(bytes);
        let mut parameters = Self::default();
        let mut seen = Vec::with_capacity(16);
        while !reader.is_empty() {
            let id = reader.varint()?;
            let length = reader.varint()?;
            if seen.contains(&id) {
                return Err(ParameterError::Duplicate { id });
            }
            seen.push(id);
            parameters.set(id, reader.take(length)?)?;
        }
        Ok(parameters)
    }

    fn set(&mut self, id: u64, value: Bytes) -> Result<(), ParameterError> {
        let length = ParameterError::Length { id };
        let field = match id {
            0x00 => {
                let id = ConnectionId::new(&value).ok_or(length)?;
                self.original_destination_connection_id = Some(id);
                return Ok(());
            }
            0x0f => {
                let id = ConnectionId::new(&value).ok_or(length)?;
                self.initial_source_connection_id = Some(id);
                return Ok(());
            }
            0x04 => &mut self.initial_max_data,
            0x05 => &mut self.initial_max_stream_data_bidi_local,
            0x06 => &mut self.initial_max_stream_data_bidi_remote,
            0x07 => &mut self.initial_max_stream_data_uni,
            0x08 => &mut self.initial_max_streams_bidi,
            0x09 => &mut self.initial_max_streams_uni,
            _ => return Ok(()),
        };
        let mut reader = Reader::new(value);
        *field = reader.varint()?;
        if reader.is_empty() { Ok(()) } else { Err(length) }
    }
}
