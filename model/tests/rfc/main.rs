//! The rules section by section, one file each, through what an endpoint does.
//!
//! Most tests run twice: under RFC 9000's rules, where they have to pass, and with the very rule broken that they are
//! about, where they must not (`support::shows`). So each of them can fail.

mod rfc_13_3_retransmission;
mod rfc_19_8_stream_frames;
mod rfc_2_1_identifiers;
mod rfc_2_4_operations;
mod rfc_3_1_sending;
mod rfc_3_2_receiving;
mod rfc_3_4_bidirectional;
mod rfc_3_5_solicited_reset;
mod rfc_4_1_data_limits;
mod rfc_4_2_raising_limits;
mod rfc_4_5_final_size;
mod rfc_4_6_stream_limits;
mod support;
