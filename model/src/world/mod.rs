//! Where the rules are checked: two endpoints, or one and a hostile peer, on a network that
//! reorders, loses and doubles, all within a preset's bounds.

pub mod action;
pub mod history;
pub mod hostile;
pub mod presets;
pub mod properties;
pub mod system;
