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
//! | - | [`StreamManager::events`] | what happens to parts, and why a deadline ended one |
//! | - | [`StreamManager::drain`] | an end in good order, with a report |
//! | `tokio::time::timeout` around a call | [`Deadlines`] | the peer is told, too |
//!
//! What of quinn a program stumbles over, and what happens here instead: [`traps`].
//!
//! # Production
//!
//! * **Deadlines** ([`Config::deadlines`]) for writes, reads and idle parts, with retries. What a deadline ended
//!   is told as a chain of events: timed out, retries exhausted, intent, validated, executed or overtaken.
//! * **Bounds** on streams that live ([`Config::max_live_streams`]), on calls that wait to open one
//!   ([`Config::max_waiting_opens`]), on bytes read into memory ([`RecvHandle::read_to_end`]).
//! * **An end in good order**: [`StreamManager::drain`].
//! * **To be seen from outside**: [`StreamManager::snapshot`], [`StreamManager::tally`],
//!   [`StreamManager::events`]; a `tracing` span for each connection, an event for each part that ends (debug)
//!   or moves (trace).
//!
//! Examples: `echo`, `cancel`, `upload` (with a deadline), `drain`.
//!
//! # What it costs
//!
//! One task for each connection (the [`Driver`]), one short lock around each call on a sending part, a place in a
//! list for each live part, nothing for a part that has ended. Figures against bare quinn: `impl/README.md`.
//!
//! # Features
//!
//! `faults` plants one of seven known wrong behaviours, for the conformance suite to find. `loom`, `shuttle` and
//! `threads` are for tests between threads. None of them is for production.

// With a stand-in for quinn's stream nobody comes to the rest.
#![cfg_attr(feature = "threads", allow(dead_code, unused_imports))]

#[doc = include_str!("../doc/traps.md")]
pub mod traps {}

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
mod shared;
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
