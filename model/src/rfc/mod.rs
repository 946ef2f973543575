//! RFC 9000's stream rules as pure functions, one file for each section.
//!
//! | file | sections |
//! |---|---|
//! | [`identity`] | §2.1, the largest numbers of §16 and §4.6 |
//! | [`call`] | §2.4 |
//! | [`sending`] | §3.1, §3.3, §3.5, §13.3 |
//! | [`receiving`] | §3.2, §3.3, §3.5 |
//! | [`permitted`] | §2.1, §3.2, §3.3, §4.6, §19.4, §19.5, §19.8, §19.10, §19.13: every frame, every kind of stream |
//! | [`credit`] | §4.1, §4.2, §4.6: limits, advertised and internal |
//! | [`final_size`] | §4.5 |
//! | [`parameters`] | §18.2, §7.4.1 |
//! | [`carriage`] | §13.3: sent, lost, acknowledged |
//! | [`violation`] | §11, §20.1: the peer's faults |
//! | [`breach`] | the faults of the endpoint that is judged, section by section |
//! | [`frame`] | §19.4, §19.5, §19.8 to §19.14, §19.19 |
//! | [`choices`] | where the RFC leaves an endpoint free |
//! | [`rules`] | all of these as values, for mutants |
//! | [`coverage`] | which of them a run has come to |
//! | [`endpoint`] | one endpoint: frames and calls in, frames and answers out |

pub mod breach;
pub mod call;
pub mod carriage;
pub mod choices;
pub mod citation;
pub mod coverage;
pub mod credit;
pub mod endpoint;
pub mod final_size;
pub mod frame;
pub mod identity;
pub mod parameters;
pub mod permitted;
pub mod receiving;
pub mod rules;
pub mod sending;
pub mod violation;
