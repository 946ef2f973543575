//! What is on the wire: the frames and packets of RFC 9000 as values, and back.
//!
//! §12.4 and §19 (frames), §17 (packets), §16 (variable-length integers), §18 (transport
//! parameters), and the messages of the null handshake that stand in for TLS.
//!
//! Encoding is permissive, because a puppet must be able to break the rules: a field takes any
//! value below 2^62. Decoding is strict, because what the system under test sends is evidence.
//! There is no state here: keys, packet numbers, streams and limits are the puppet's and the model's
//! business. Version negotiation and Retry packets are refused.

mod connection_id;
mod decode;
mod display;
mod encode;
mod frame;
pub mod handshake;
pub mod packet;
pub mod parameters;
mod reader;
#[cfg(test)]
mod tests;
pub mod varint;

pub use connection_id::ConnectionId;
pub use decode::{FrameError, decode_frames};
pub use encode::encode_frames;
pub use frame::{AckRange, Direction, EcnCounts, Frame};
pub use reader::Truncated;
