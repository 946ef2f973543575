//! Deviations that left this suite: `NAME.ndjson` is the shortest trace, `tests/NAME.rs` the same as a Rust test of
//! quinn-proto, `NAME.pcapng` its packets, which Wireshark decrypts by itself. The tests depend on quinn-proto and
//! bytes, as those of whoever gets one would.
//!
//! All three are written by commands: `make bless`.
