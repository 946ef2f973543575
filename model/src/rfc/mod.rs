//! RFC 9000's stream rules as pure functions, one file for each section.
//!
//! | file | sections |
//! |---|---|
//! | [`identity`] | §2.1 |
//! | [`call`] | §2.4 |
//! | [`sending`] | §3.1, §3.3, §3.5, §13.3 |
//! | [`receiving`] | §3.2, §3.3, §3.5 |
//! | [`permitted`] | §3.3, §19.4, §19.5, §19.8 |
//! | [`final_size`] | §4.5 |
//! | [`violation`] | §11, §20.1: the peer's faults |
//! | [`breach`] | the faults of the endpoint that is judged, section by section |
//! | [`frame`] | §19.4, §19.5, §19.8 |
//! | [`choices`] | where the RFC leaves an endpoint free |
//! | [`rules`] | all of these as values, for mutants |
//! | [`endpoint`] | one endpoint: frames and calls in, frames and answers out |

pub mod breach;
pub mod call;
pub mod choices;
pub mod citation;
pub mod endpoint;
pub mod final_size;
pub mod frame;
pub mod identity;
pub mod permitted;
pub mod receiving;
pub mod rules;
pub mod sending;
pub mod violation;
