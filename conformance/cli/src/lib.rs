//! The command `streamproof`: arguments in, text and exit codes out ([`commands`]). What is known of each rule of the RFC
//! ([`requirements`]) and the short traces that show them ([`scenarios`]) are put together here, because they are made of
//! everything else.

pub mod commands;
pub mod controls;
mod html;
pub mod requirements;
pub mod scenarios;
