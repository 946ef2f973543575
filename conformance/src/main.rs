//! The `streamproof` command.

fn main() {}
