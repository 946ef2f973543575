//! RESET_STREAM_AT: draft-ietf-quic-reliable-stream-reset, as a world of its own.
//!
//! The frame resets a stream and still delivers its beginning, up to the Reliable Size. Here are one
//! unidirectional stream, its two endpoints (or a receiver and a hostile sender), and the credit that its
//! final size takes. The figures of RFC 9000 are used as they are: the draft adds no state and no edge.
//! Sections without further words are those of the draft, as in "§5.2".
//!
//! | draft | what | file |
//! |---|---|---|
//! | §3 | the transport parameter | `rules`, `guards`, `effects` |
//! | §4 | the frame, its limits, the credit of its final size | `frame`, `rules`, `violation` |
//! | §5, §5.1, §5.2 | what is delivered, what may change | `sender`, `receiver` |
//! | §5.3 | Figures 2 and 3 | `sender`, `receiver` |
//! | §5.4 | STOP_SENDING | `sender` |
//!
//! Where the draft leaves a way open (its requirements in `specs/requirements/reset-stream-at.toml` name
//! these):
//!
//! - R-1, §3: nothing forbids sending the frame to a peer that did not ask for it in so many words. Here no
//!   honest sender does, and who did not ask closes with FRAME_ENCODING_ERROR, as on any unknown type.
//! - R-2, §4: how the sender picks a final size that is not known yet. Here it is the larger of the Reliable
//!   Size and what was sent.
//! - R-3, §4 and §5.2: whether a lost frame is sent again once a smaller Reliable Size was sent. Here only the
//!   smallest is.
//! - R-4, §5 and §1: a reset signal may be suppressed, and is never a clean end. Here both may be told once
//!   everything up to the *final* size was read, and only the reset if anything less was.
//! - R-5, §5: data beyond the Reliable Size may be delivered. Here the reader is given it or is told of the
//!   reset, either.
//! - R-6, §5.2: whether a frame to be ignored because it raises the Reliable Size is still looked at for a
//!   changed final size. Here it is.
//! - R-7, §5.2: what "detects" asks of a stream in a terminal state. Here nothing.
//! - R-8, §5.3: Ready has no edge to Data Sent. Here it goes through Send, as with STREAM and FIN.
//! - R-9, §5.3: the transition is called immediate, and needs the frame acknowledged. Here it waits for that.
//! - R-10, §5.3: the state after the application was told. Here Data Read, as the draft takes the frame for a
//!   FIN; Reset Read stays RESET_STREAM's.
//! - R-11, §5.3: FIN and all data acknowledged with RESET_STREAM_AT still in flight. Here that is Data Recvd;
//!   a reset asked for and not yet sent goes out first (C-10).
//! - R-12, §5.4: STOP_SENDING after RESET_STREAM_AT. Here the receiver may send it in Size Known, and the
//!   answer repeats the code of RESET_STREAM_AT, not that of STOP_SENDING.
//! - R-13, §4 and §5.2: which violations a frame with several is answered for. Any of them.
//! - R-14, §4: when the credit of bytes that will not be read comes back (MsQuic #6024). Here when the reader is
//!   told of the reset or has aborted reading, and of RESET_STREAM when it arrives.

pub mod action;
pub mod bytes;
mod effects;
pub mod frame;
mod guards;
pub mod history;
pub mod hostile;
pub mod picture;
pub mod presets;
pub mod properties;
pub mod receiver;
pub mod rules;
pub mod sender;
pub mod state;
pub mod violation;
mod world;
pub mod wrong;

pub use world::ResetStreamAtWorld;
