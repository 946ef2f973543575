//! RFC 9000's stream rules as pure functions, one file for each section.
//!
//! | file | sections |
//! |---|---|
//! | [`identity`] | §2.1, the largest number of §16 |
//! | [`call`] | §2.4 |
//! | [`sending`] | §3.1: the sending part |
//! | [`receiving`] | §3.2: the receiving part |
//! | [`stream`] | §3.4: both parts as a whole, Table 2 |
//! | [`stop_sending`] | §3.5: when STOP_SENDING is sent, how it is answered |
//! | [`credit`] | §4.1, §4.2: limits, advertised and internal |
//! | [`final_size`] | §4.5 |
//! | [`limits`] | §4.6: limits on streams |
//! | [`permitted`] | §2.1, §3.2, §3.3, §4.6, §19.4, §19.5, §19.8, §19.10, §19.13: every frame, every kind of stream |
//! | [`parameters`] | §18.2, §7.4.1 |
//! | [`delivery`] | §13.3: sent, lost, acknowledged |
//! | [`violation`] | §11, §20.1: the peer's faults |
//! | [`frame`] | §19.4, §19.5, §19.8 to §19.14, §19.19 |
//! | [`choices`] | where the RFC leaves an endpoint free |
//! | [`rules`] | all of these as values, so that one can be replaced; §3.3 |
//! | [`coverage`] | which of them a run has come to |
//! | [`endpoint`] | one endpoint: frames and calls in, frames and answers out |

pub mod call;
pub mod choices;
pub mod citation;
pub mod coverage;
pub mod credit;
pub mod delivery;
pub mod endpoint;
pub mod final_size;
pub mod frame;
pub mod identity;
pub mod limits;
pub mod parameters;
pub mod permitted;
pub mod receiving;
pub mod rules;
pub mod sending;
pub mod stop_sending;
pub mod stream;
pub mod violation;
