//! The error codes of §20.1 that the toy closes with.

pub(super) const FLOW_CONTROL_ERROR: u64 = 0x03;
pub(super) const STREAM_LIMIT_ERROR: u64 = 0x04;
pub(super) const STREAM_STATE_ERROR: u64 = 0x05;
pub(super) const FINAL_SIZE_ERROR: u64 = 0x06;
pub(super) const FRAME_ENCODING_ERROR: u64 = 0x07;
pub(super) const PROTOCOL_VIOLATION: u64 = 0x0a;
