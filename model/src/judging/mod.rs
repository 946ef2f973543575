//! What a judge asks of the rules: which of them an endpoint broke by what was seen of it.
//!
//! The arrow goes one way: this asks [`rfc`](crate::rfc), which knows nothing of judges, nor of stacks. Where
//! a judge goes on with an endpoint that broke a rule, it changes its explanation here, and nowhere else.
//!
//! | file | what |
//! |---|---|
//! | [`breach`] | the faults of the endpoint that is judged, section by section |
//! | `observed` | which of them a frame is that was seen |
//! | [`silence`] | which of them it is to send nothing more |
//! | `corrections` | how an explanation goes on after a breach |
//! | [`departures`] | what a stack does against the rules, as changes of rules |
//! | [`way`] | which way a stack goes: its choices where the RFC is free, and its departures |

pub mod breach;
mod corrections;
pub mod departures;
mod observed;
pub mod silence;
pub mod way;
