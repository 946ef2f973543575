//! The zoo: stream bugs that QUIC software really had, and where this project would catch each.
//!
//! An animal that a rule can have is a [`Mutant`](super::Mutant) that names it as `upstream`. The others
//! stand in [`ELSEWHERE`] with the part of the project that looks for them, or with the plain word that
//! none does yet. No animal stands in both.

use super::Class;

/// One bug.
#[derive(Clone, Copy, Debug)]
pub struct Animal {
    /// Its number, from 1; 0 for those of the incident that this project began with.
    pub number: u8,
    /// The project and its issue or pull request.
    pub upstream: &'static str,
    /// The defect in one line.
    pub defect: &'static str,
}

/// A bug that no rule of the model can have.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere {
    /// The animal's name in the [`ZOO`].
    pub upstream: &'static str,
    /// What kind of bug it is.
    pub class: Class,
    /// Why no rule can have it.
    pub why: &'static str,
    /// Which part of the project looks for it.
    pub covered_by: &'static str,
}

const fn animal(number: u8, upstream: &'static str, defect: &'static str) -> Animal {
    Animal { number, upstream, defect }
}

/// Every animal, in the order of its numbers.
#[rustfmt::skip] // a table
pub const ZOO: &[Animal] = &[
    animal(1, "s2n-quic #3093", "a dropped receive handle keeps connection credit if the peer has finished"),
    animal(2, "quiche #1320", "bytes in flight when STOP_SENDING is sent never count as consumed"),
    animal(3, "quiche #2158", "neither shutdown(Read) nor RESET_STREAM credits the connection's window"),
    animal(4, "MsQuic #5176", "a FIN ahead of its data is not charged to the connection at once"),
    animal(5, "quic-go #1545", "CancelRead leaves the session's window as it was; all streams stall"),
    animal(6, "quic-go #4182", "what nobody reads holds the connection's credit; writes block for ever"),
    animal(7, "quinn #1818", "underflow when the growth of a window is computed"),
    animal(8, "web-transport #306", "a reset's final size is ignored, its gaps uncharged; STREAM revives the stream"),
    animal(9, "web-transport #307", "credit is given back before the application took the data or the stream"),
    animal(10, "MsQuic #6024", "accounting of a reliable reset"),
    animal(11, "nginx #1587", "the state is set to reset before the stream's limit is checked"),
    animal(12, "trafficserver #4295", "STREAM is sent and sent again after RESET_STREAM"),
    animal(13, "quic-go #3239", "Read and CancelRead race in the flow controller (also #3241)"),
    animal(14, "xquic #629", "RESET_STREAM below what was received is accepted (also #933)"),
    animal(15, "zquic #109", "a reset's final size is not compared with the FIN before it"),
    animal(16, "aioquic #629", "STOP_SENDING makes a discarded stream anew, with final size 0"),
    animal(17, "quinn #948", "a stopped stream that is reset keeps its state (also #1063)"),
    animal(18, "quinn #1421", "a stream closed with data in flight is never cleaned up; the limit is not raised"),
    animal(19, "quinn #223", "rejected 0-RTT leaks IDs; dropping its streams panics (also #311)"),
    animal(20, "quiche #2358", "RESET_STREAM is not sent again once the stream was collected"),
    animal(21, "picoquic #1520", "the stream is freed when it is reset; RESET_STREAM repeats for ever"),
    animal(22, "picoquic #1597", "resets under loss close the connection with STREAM_STATE_ERROR"),
    animal(23, "bun #35762", "a guard against repeated resets leaves the reader waiting"),
    animal(24, "erlang_quic #113", "RESET_STREAM removes both parts of the stream"),
    animal(25, "MsQuic #4311", "an open races the connection's shutdown; the stream leaks"),
    animal(26, "lsquic #435", "MAX_STREAMS is never sent if the client cancels early"),
    animal(27, "quic-go #5035", "a cancelled OpenStreamSync deadlocks the queue"),
    animal(28, "quinn #617", "finish is reported before FIN was sent and acknowledged"),
    animal(29, "quinn #1886", "stopped and received_reset never resolve on a lost connection"),
    animal(30, "quinn #1926", "finish returns Ok on a closed connection"),
    animal(31, "quinn #1487", "a stopped stream cannot be told from a delivered one"),
    animal(32, "MsQuic #5387", "the code of STOP_SENDING is not copied into RESET_STREAM"),
    animal(33, "envoy #15289", "STOP_SENDING closes the stream and nobody is told"),
    animal(34, "quic-go #4404", "a cancel after the close turns delivered data into a reset"),
    animal(35, "netty-quic #790", "STOP_SENDING closes the stream although unread data is there"),
    animal(36, "h3 #360", "a dropped send future kills the connection, or FIN overtakes buffered bytes"),
    animal(37, "web-transport #323", "a cancelled write loses bytes; the stream ends cleanly with a hole"),
    animal(38, "web-transport #300", "poll_shutdown is not idempotent; flush is ready with data queued (also #305)"),
    animal(0, "incident: release and access", "a cancel releases the buffer that a received reset is about to touch"),
    animal(0, "incident: nil guard", "the guard looks, and acts without a lock"),
    animal(0, "incident: lost notification", "the channel is closed before its listener has registered"),
    animal(0, "incident: deferred error", "an error of a write comes up at the close, or never"),
];

const fn elsewhere(
    upstream: &'static str,
    class: Class,
    why: &'static str,
    covered_by: &'static str,
) -> Elsewhere {
    Elsewhere { upstream, class, why, covered_by }
}

/// The animals that no rule can have.
#[rustfmt::skip] // a table
pub const ELSEWHERE: &[Elsewhere] = &[
    elsewhere("quinn #1818", Class::Credit,
        "an overflow of machine numbers below the manager; the model's limits saturate, and a limit sent too low has no effect (§4.1)",
        "in part: tours of credit-resize shrink and widen windows of quinn-proto, whose debug build panics on underflow; a stream's own window cannot be resized there"),
    elsewhere("MsQuic #6024", Class::FinalSize,
        "reliable resets are an extension, not RFC 9000",
        "not covered: out of scope"),
    elsewhere("quic-go #3239", Class::Race,
        "a call is one atomic step of the model",
        "contract/interleavings.rs runs calls and arrivals in every order between tasks; races of threads: not covered yet (lifecycle model, loom). What such a race does to credit is the mutant \"release credit twice after a stop\""),
    elsewhere("MsQuic #4311", Class::Lifecycle,
        "opening is one atomic step, and a closed endpoint opens nothing",
        "contract/release.rs: streams_cannot_be_opened_on_a_dead_connection_and_nothing_is_registered, waiting_opens_and_accepts_are_told_of_the_death"),
    elsewhere("quic-go #5035", Class::Race,
        "a call cannot be cancelled half-way",
        "contract/cancel_send.rs: open_dropped_at_the_limit_opens_nothing, open_aborted_in_one_task_leaves_the_stream_to_the_next. A wake-up lost at MAX_STREAMS is the mutant \"let openers sleep on when MAX_STREAMS arrives\""),
    elsewhere("quinn #1886", Class::Error,
        "nobody waits in the model: an outcome is there to be asked for",
        "contract/outcome_send.rs and outcome_recv.rs: connection_lost_is_told_with_its_cause_...; breaches waiter-not-woken, read-not-woken"),
    elsewhere("quinn #1926", Class::Error,
        "what a call answers is the manager's contract, and the model is what it is compared with",
        "breach finish-accepted-after-loss; contract/finish.rs: is_never_ok_if_the_connection_was_dead_before and the two after it"),
    elsewhere("quinn #1487", Class::Error,
        "as above: the model's outcomes are told apart",
        "breach reset-told-as-delivered; contract/outcome_send.rs: stopped_by_the_peer_is_told_to_every_asker"),
    elsewhere("envoy #15289", Class::Error,
        "nobody waits in the model",
        "breaches waiter-not-woken, outcome-withheld; contract/stop_sending.rs: answered_while_a_write_is_blocked_and_the_write_says_so"),
    elsewhere("h3 #360", Class::Cancellation,
        "a call cannot be cancelled half-way",
        "breach fin-too-early; contract/cancel_send.rs: write_dropped_..., write_all_dropped_has_written_a_prefix_as_documented; contract/drop_send.rs: cancelled_request_never_looks_complete_whenever_it_is_cancelled"),
    elsewhere("web-transport #323", Class::Cancellation,
        "a call cannot be cancelled half-way",
        "breach sent-wrong-bytes; contract/cancel_send.rs: write_dropped_while_blocked_has_written_nothing, write_all_chunks_dropped_leaves_exactly_what_was_not_written"),
    elsewhere("web-transport #300", Class::Cancellation,
        "traits of the runtime are not in the model",
        "contract/tokio_io.rs: shutdown_waits_for_the_acknowledgement_and_is_idempotent; contract/cancel_send.rs: shutdown_dropped_while_pending_goes_on"),
    elsewhere("incident: release and access", Class::Race,
        "a call and an arrival are one atomic step each",
        "fault ReleaseBeforeLastAccess (contract/faults.rs, contract/interleavings.rs, tests/tours.rs)"),
    elsewhere("incident: nil guard", Class::Race,
        "a guard and its act are one atomic step",
        "not covered yet: fixes as variants belong to the lifecycle model; contract/interleavings.rs covers what the manager does"),
    elsewhere("incident: lost notification", Class::Race,
        "nobody waits in the model",
        "breaches waiter-not-woken, read-not-woken, write-not-woken, open-not-woken; contract/cancel_recv.rs and cancel_send.rs: ..._leaves_the_wake_up_to_the_next; as an interleaving of threads: not covered yet (lifecycle model)"),
    elsewhere("incident: deferred error", Class::Error,
        "a write is taken whole and its fate is the part's outcome",
        "fault TellOutcomeTwice; contract/finish.rs: is_never_ok_if_the_connection_dies_before_the_last_acknowledgement; contract/tokio_io.rs: dead_connection_is_never_a_successful_shutdown"),
];

/// The properties that no mutant breaks alone, and why they stand here all the same.
pub const WITHOUT_MUTANT: &[(&str, &str)] = &[];
