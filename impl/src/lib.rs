//! A stream manager on [quinn](::quinn) in which every stream part ends with exactly one outcome.
//!
//! quinn speaks QUIC; this crate keeps the promises an application wants to rest on. Each part of a
//! stream (§3 of RFC 9000: a bidirectional stream has a sending and a receiving part) ends in exactly
//! one outcome, told to whoever asks, as often as asked: delivered, read to the end, reset by us or by
//! the peer with its code, stopped, connection lost with its cause. A reset is never followed by a clean
//! end of stream, and a cancelled task never looks like a complete message.
//!
//! ```no_run
//! use streamproof::{Config, FinishError, StreamManager, VarInt};
//!
//! async fn request(connection: quinn::Connection) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
//!     let mut config = Config::default();
//!     config.drop_reset_code = VarInt::from_u32(0x10c); // what a cancelled request says
//!     let (manager, driver) = StreamManager::new(connection, config);
//!     tokio::spawn(driver);
//!
//!     let (mut send, mut recv) = manager.open_bi().await?;
//!     send.write_all(b"hello").await?; // cancelled here, the stream is reset
//!     match send.finish().await {
//!         Ok(()) => println!("the peer has everything"),
//!         Err(FinishError::Stopped { code }) => println!("the peer did not want it: {code}"),
//!         Err(other) => return Err(other.into()), // never Ok on a dead connection
//!     }
//!     let answer = recv.read_to_end(64 * 1024).await?;
//!     println!("{:?}, {:?}", send.outcome(), recv.outcome());
//!     Ok(answer)
//! }
//! ```
//!
//! # quinn's words → ours
//!
//! | quinn | here | what is different |
//! |---|---|---|
//! | `Connection::open_uni`, `open_bi`, `accept_uni`, `accept_bi` | the same on [`StreamManager`] | handles instead of streams |
//! | `SendStream::write`, `write_all`, `write_chunk(s)` | the same on [`SendHandle`] | a write that waits wakes when the part ends |
//! | `SendStream::finish()?` | [`SendHandle::finish`]`().await?` | the future tells whether the peer has everything |
//! | `SendStream::stopped().await` | [`SendHandle::stopped`] | resolves after a reset too; STOP_SENDING is answered already |
//! | `SendStream::reset` | [`SendHandle::reset`] | an error carries what became of the part |
//! | `drop(SendStream)`: finishes | `drop(`[`SendHandle`]`)`: resets | with [`Config::drop_reset_code`] |
//! | `RecvStream::read`, `read_exact`, `read_chunk(s)` | the same on [`RecvHandle`] | the end, the reset, the stop are told again for ever |
//! | `RecvStream::read_to_end` | [`RecvHandle::read_to_end`] | cancel-safe; over the limit nothing is lost |
//! | `RecvStream::received_reset` | [`RecvHandle::received_reset`] | what it learns is latched |
//! | `RecvStream::stop` | [`RecvHandle::stop`] | sends nothing if everything has arrived |
//! | `drop(RecvStream)`: STOP_SENDING 0 | `drop(`[`RecvHandle`]`)` | [`Config::drop_stop_code`], and nothing if everything has arrived |
//! | - | [`SendHandle::closed`], [`SendHandle::outcome`], [`RecvHandle::outcome`] | what became of the part |
//! | - | [`StreamManager::snapshot`], [`StreamManager::tally`] | what lives, what became of the rest |
//!
//! # quinn's traps, closed
//!
//! * After a read reports a reset, quinn's next read reports a clean end. Here: the reset, for ever.
//! * After `stop`, quinn's read reports a clean end. Here: an error that says that we stopped.
//! * quinn's `finish` is `Ok` on a dead connection and after STOP_SENDING, where it does nothing. Here
//!   [`Finish`] resolves with the reason.
//! * quinn leaves STOP_SENDING to the application (§3.5 wants RESET_STREAM). Here the [`Driver`] answers
//!   at once.
//! * A waiting `stopped()` of quinn's never wakes when a reset is acknowledged. Here every wait for the
//!   end of a part is woken by its end.
//! * Dropping quinn's send stream finishes it, so a cancelled task looks like a complete message.
//! * quinn sends a STOP_SENDING for a stream that has arrived completely.
//! * A `received_reset` of quinn's that is given up on a stream that has arrived completely leaves the
//!   caller's waker in the connection, and a debug build panics when the stream is then read to its end
//!   and dropped. Here the waker is not the caller's, and nothing panics.
//!
//! * An ordered read after an unordered one is refused by quinn, and the refusal throws the stream away.
//!   Here it is refused as well, and the stream lives on.
//! * Read in order first and then unordered, quinn hands out again, and counts again, what the peer had
//!   sent twice; stopping or dropping the stream then panics in a debug build and breaks the
//!   connection's flow control in a release build. Here every byte is read once.
//!
//! What shows through: in quinn 0.11 watching for STOP_SENDING costs about 100 bytes inside the
//! connection for each stream that is *reset*, until the connection ends.
//!
//! # What it costs
//!
//! One task for each connection (the [`Driver`]), one short lock around each call on a sending part, one
//! entry in an ordered map for each live part, nothing for a part that has ended.
//!
//! # Feature `faults`
//!
//! Plants one of seven known wrong behaviours, for the conformance suite to find. Never for production.

// With a stand-in for quinn's stream nobody comes to the rest.
#![cfg_attr(feature = "threads", allow(dead_code, unused_imports))]

mod admission;
mod clock;
mod config;
mod drain;
mod driver;
mod error;
mod events;
mod lifecycle;
mod manager;
mod outcome;
mod quinn;
mod recv;
mod recv_part;
mod registry;
mod send;
mod send_part;
mod sync;
mod tally;
#[cfg(feature = "threads")]
mod threads;
mod waiters;
mod watching;

#[cfg(feature = "faults")]
pub use config::Fault;

pub use config::{Config, Deadlines, Patience};
pub use drain::{Drain, DrainReport, DrainedPart};
pub use driver::Driver;
pub use error::{
    Ended, FinishError, OpenError, ReadError, ReadExactError, ReadToEndError, ResetError,
    StoppedError, WriteError,
};
pub use events::{Deadline, Event, EventKind, Events, Heard, PartOutcome};
pub use lifecycle::{Part, PartState, RecvEvent, RecvState, SendEvent, SendState, Step};
pub use manager::StreamManager;
pub use outcome::{RecvOutcome, SendOutcome};
pub use recv::RecvHandle;
pub use registry::LivePart;
pub use send::{Closed, Finish, SendHandle};
pub use tally::{RecvTally, SendTally, Tally};

pub use crate::quinn::{Chunk, Connection, ConnectionError, StreamId, VarInt, Written};
