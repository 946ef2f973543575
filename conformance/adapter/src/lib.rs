//! Plays any QUIC stack through its datagrams, opposite the puppet with real TLS: in process, where it is a library
//! without IO ([`datagrams`]), or in a process of its own behind an agent ([`agent`], `specs/agent.md`).
//!
//! It knows no stack. A stack's share is a [`datagrams::Stack`], or an agent in the stack's own language.

pub mod agent;
pub mod datagrams;
mod serve;

pub use serve::{Start, serve, serve_lines};

/// The version of a package in a lock file of cargo's; empty if it has none.
pub fn locked<'a>(lock: &'a str, package: &str) -> &'a str {
    let name = format!("name = \"{package}\"");
    let after = lock.lines().skip_while(|line| *line != name).nth(1).unwrap_or("");
    after.trim_start_matches("version = ").trim_matches('"')
}

#[cfg(test)]
mod tests;
