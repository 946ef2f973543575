//! §2.1 Stream types and identifiers.
//!
//! What a stream ID says about itself: who opened the stream, whether it carries data one way or
//! both, and which parts an endpoint therefore has. Limits on how many may be opened (§4.6) are
//! in [`limits`](super::limits).

use std::fmt;

use serde::{Deserialize, Serialize};

/// An endpoint's role in the connection (§1.2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The endpoint that started the connection.
    Client,
    /// The endpoint that accepted it.
    Server,
}

impl Side {
    /// Both, the client first.
    pub const ALL: [Self; 2] = [Self::Client, Self::Server];

    /// The other endpoint.
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// Which ways a stream carries data (§2.1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Both endpoints send.
    Bidirectional,
    /// Only the initiator sends.
    Unidirectional,
}

impl Direction {
    /// Both, bidirectional first (Table 1).
    pub const ALL: [Self; 2] = [Self::Bidirectional, Self::Unidirectional];
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bidirectional => "bidirectional",
            Self::Unidirectional => "unidirectional",
        })
    }
}

/// A value for each direction: stream limits are separate (§4.6).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct ByDirection<T> {
    /// For bidirectional streams.
    pub bidirectional: T,
    /// For unidirectional streams.
    pub unidirectional: T,
}

impl<T> ByDirection<T> {
    /// The value for one direction.
    pub const fn of(&self, direction: Direction) -> &T {
        match direction {
            Direction::Bidirectional => &self.bidirectional,
            Direction::Unidirectional => &self.unidirectional,
        }
    }

    /// The value for one direction, to be changed.
    pub const fn of_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::Bidirectional => &mut self.bidirectional,
            Direction::Unidirectional => &mut self.unidirectional,
        }
    }
}

/// The largest value of a variable-length integer (§16), and so the largest offset of a byte's end
/// (§19.8) and the largest limit on data (§4.1).
pub const MAX_VARINT: u64 = (1 << 62) - 1;

/// What a stream is to one endpoint (§19.4, §19.5, §19.8 speak of send-only and receive-only).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum StreamRole {
    /// The endpoint has only the sending part.
    SendOnly,
    /// The endpoint has only the receiving part.
    ReceiveOnly,
    /// The endpoint has both parts.
    Both,
}

/// A stream ID: a 62-bit integer whose two lowest bits are the stream's type (§2.1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct StreamId(u64);

// rfc9000 2.1/2, 2.1/3, 2.1/4, 2.1/5: the bit that names the initiator, and the bit that names the direction.
const INITIATOR_BIT: u64 = 0x01;
const DIRECTION_BIT: u64 = 0x02;

impl StreamId {
    /// The ID of the `ordinal`-th stream (from 0) of one of the four types.
    pub const fn new(initiator: Side, direction: Direction, ordinal: u64) -> Self {
        let initiator = match initiator {
            Side::Client => 0,
            Side::Server => INITIATOR_BIT,
        };
        let direction = match direction {
            Direction::Bidirectional => 0,
            Direction::Unidirectional => DIRECTION_BIT,
        };
        Self((ordinal << 2) | direction | initiator)
    }

    /// The ID with this value on the wire; `None` above 2^62-1, which no variable-length integer
    /// can carry (§16).
    pub const fn from_wire(value: u64) -> Option<Self> {
        if value < 1 << 62 { Some(Self(value)) } else { None }
    }

    /// The value on the wire.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Who opened the stream.
    pub const fn initiator(self) -> Side {
        if self.0 & INITIATOR_BIT == 0 { Side::Client } else { Side::Server }
    }

    /// Which ways it carries data.
    pub const fn direction(self) -> Direction {
        if self.0 & DIRECTION_BIT == 0 {
            Direction::Bidirectional
        } else {
            Direction::Unidirectional
        }
    }

    /// How many streams of the same type have lower IDs.
    pub const fn ordinal(self) -> u64 {
        self.0 >> 2
    }

    /// Which parts of the stream the endpoint `side` has.
    pub fn role(self, side: Side) -> StreamRole {
        match (self.direction(), self.initiator() == side) {
            (Direction::Bidirectional, _) => StreamRole::Both,
            (Direction::Unidirectional, true) => StreamRole::SendOnly,
            (Direction::Unidirectional, false) => StreamRole::ReceiveOnly,
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_types_have_the_low_bits_of_table_1() {
        use Direction::{Bidirectional, Unidirectional};
        let types = [
            (Side::Client, Bidirectional),
            (Side::Server, Bidirectional),
            (Side::Client, Unidirectional),
            (Side::Server, Unidirectional),
        ];
        for (bits, (initiator, direction)) in (0..).zip(types) {
            let id = StreamId::new(initiator, direction, 5);
            assert_eq!(id.value(), 5 * 4 + bits);
            assert_eq!((id.initiator(), id.direction(), id.ordinal()), (initiator, direction, 5));
        }
    }

    #[test]
    fn unidirectional_stream_is_send_only_for_its_initiator() {
        let id = StreamId::new(Side::Server, Direction::Unidirectional, 0);
        assert_eq!(id.role(Side::Server), StreamRole::SendOnly);
        assert_eq!(id.role(Side::Client), StreamRole::ReceiveOnly);
        let id = StreamId::new(Side::Server, Direction::Bidirectional, 0);
        assert_eq!(id.role(Side::Client), StreamRole::Both);
    }

    #[test]
    fn id_above_62_bits_does_not_exist() {
        assert!(StreamId::from_wire((1 << 62) - 1).is_some());
        assert!(StreamId::from_wire(1 << 62).is_none());
    }
}
