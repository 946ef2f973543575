//! What an endpoint under test can do wrong: one variant for each broken rule, the section and the
//! level a function of it.
//!
//! A [`Violation`] is the peer's fault as our endpoint sees it; a breach is the
//! fault of the endpoint that is judged. Most can be seen on the wire or in an application's
//! answer; the silent ones are duties that were not done.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rfc::citation::{Citation, Level};
use crate::rfc::violation::{Standing, Violation};

macro_rules! breaches {
    ($( $(#[doc = $doc:literal])+ $variant:ident => $id:literal, $section:literal, $level:ident; )+) => {
        /// A rule that the endpoint under test broke.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        pub enum Breach {
            $( $(#[doc = $doc])+ $variant, )+
            /// A peer's violation was not answered with a connection error.
            ViolationIgnored(Violation, Standing),
        }

        impl Breach {
            /// Every breach but the unanswered violations, in order of section; last the contract, which has none.
            pub const PLAIN: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The name in `deviations.toml` of a stack, and in reports.
            pub fn id(self) -> String {
                match self {
                    $( Self::$variant => $id.to_owned(), )+
                    Self::ViolationIgnored(violation, standing) => {
                        let word = |text: Result<String, serde_json::Error>| {
                            text.unwrap_or_default().trim_matches('"').to_owned()
                        };
                        let what = word(serde_json::to_string(&violation));
                        let mut id = format!("violation-ignored-{what}");
                        if standing != Standing::Open {
                            id.push_str("-when-");
                            id.push_str(&word(serde_json::to_string(&standing)));
                        }
                        id
                    }
                }
            }

            /// Which rule was broken, and how strong it is.
            pub const fn citation(self) -> Citation {
                match self {
                    $( Self::$variant => Citation::new($section, Level::$level), )+
                    Self::ViolationIgnored(violation, standing) => {
                        let Citation { section, level } = violation.citation();
                        // §4.5 calls the errors of final sizes not mandatory, because of closed streams. What goes
                        // beyond a limit there goes beyond the final size, too (C-36).
                        let is_waived = matches!(standing, Standing::Closed)
                            && (violation.is_of_final_size() || violation.is_of_credit());
                        Citation::new(section, if is_waived { Level::Waived } else { level })
                    }
                }
            }

            /// The breach as one sentence.
            pub fn describe(self) -> String {
                match self {
                    $( Self::$variant => concat!($($doc,)+).trim().to_owned(), )+
                    Self::ViolationIgnored(violation, standing) => {
                        let when = match standing {
                            Standing::Open => "",
                            Standing::Closed => " on a stream of which all had arrived, or that was reset",
                            Standing::Stopped => " on a stream that was stopped",
                        };
                        format!("The connection stays open after {}{when}.", violation.describe())
                    }
                }
            }
        }
    };
}

// A table in which name, section, level and sentence stand together reads better
// than four matches of as many arms; nothing else in this crate is a macro.
breaches! {
    // RFC 9000, in order of its sections.
    /// A frame was sent for a stream or a part that the endpoint does not have.
    WrongStream => "wrong-stream", "2.1", Stated;
    /// The application was handed bytes other than those at that place of the stream.
    WrongBytes => "wrong-bytes", "2.2", Must;
    /// A STREAM frame carries other bytes than were written at that place of the stream.
    SentWrongBytes => "sent-wrong-bytes", "2.2", Stated;
    /// Bytes were sent that the application never wrote.
    DataNeverWritten => "data-never-written", "2.2", Stated;
    /// Data that the application wrote was never sent although nothing held it back.
    DataNotSent => "data-not-sent", "3.1", Stated;
    /// The end of the stream was never sent although the application ended it.
    FinNotSent => "fin-not-sent", "2.4", Stated;
    /// The application reset the stream, and no RESET_STREAM was sent.
    ResetNotSent => "reset-not-sent", "2.4", Stated;
    /// The ID of a stream that was opened before was used for another one.
    StreamIdReused => "stream-id-reused", "2.1", Must;
    /// A stream was opened that is not the next one.
    WrongStreamOpened => "wrong-stream-opened", "2.1", Stated;
    /// The stream was ended although the application had not ended it.
    FinUnasked => "fin-unasked", "3.1", Stated;
    /// The application was told of the end before everything was delivered.
    EndToldEarly => "end-told-early", "3.2", Stated;
    /// A frame that opens a stream did not open it.
    StreamNotOpened => "stream-not-opened", "3.2", Stated;
    /// A stream was opened, and not every stream of its type with a lower number.
    LowerStreamNotOpened => "lower-stream-not-opened", "3.2", Must;
    /// A STREAM frame was sent after RESET_STREAM.
    StreamAfterReset => "stream-after-reset", "3.3", Must;
    /// A frame was sent from a terminal state.
    SentFromTerminalState => "sent-from-terminal-state", "3.3", Must;
    /// The application aborted reading, and with nothing in flight any more no STOP_SENDING was sent.
    StopNotSent => "stop-not-sent", "3.5", Should;
    /// STOP_SENDING arrived in Ready or Send and no RESET_STREAM answered it.
    StopUnanswered => "stop-unanswered", "3.5", Must;
    /// STOP_SENDING was sent after RESET_STREAM had been received.
    StopAfterReset => "stop-after-reset", "3.5", Should;
    /// RESET_STREAM answers STOP_SENDING with another code.
    StopCodeNotCopied => "stop-code-not-copied", "3.5", Waived;
    /// Data was sent beyond the stream's limit.
    DataBeyondStreamLimit => "data-beyond-stream-limit", "4.1", Must;
    /// Data was sent beyond the connection's limit.
    DataBeyondConnectionLimit => "data-beyond-connection-limit", "4.1", Must;
    /// A write was stopped by the connection's limit, and no DATA_BLOCKED was sent.
    DataBlockedNotSent => "data-blocked-not-sent", "4.1", Waived;
    /// A write was stopped by the stream's limit, and no STREAM_DATA_BLOCKED was sent.
    StreamDataBlockedNotSent => "stream-data-blocked-not-sent", "4.1", Waived;
    /// FIN was set before the end of the stream.
    FinTooEarly => "fin-too-early", "4.5", Stated;
    /// RESET_STREAM changed the final size that an earlier FIN had announced.
    FinalSizeAnnouncedTwice => "final-size-announced-twice", "4.5", Stated;
    /// RESET_STREAM states a final size below what was sent on the stream.
    ResetFinalSizeBelowSent => "reset-final-size-below-sent", "4.5", Stated;
    /// The final size of RESET_STREAM counts bytes that were written and never sent.
    ResetCountsUnsent => "reset-counts-unsent", "4.5", Stated;
    /// RESET_STREAM states a final size beyond everything that was written.
    ResetFinalSizeBeyondWritten => "reset-final-size-beyond-written", "4.5", Stated;
    /// A stream was opened beyond the peer's limit.
    OpenBeyondLimit => "open-beyond-limit", "4.6", Must;
    /// An open was stopped by the peer's limit, and with nothing in flight any more no STREAMS_BLOCKED was sent.
    StreamsBlockedNotSent => "streams-blocked-not-sent", "4.6", Should;
    /// A stream opened in 0-RTT is still under the remembered limit although the handshake has raised it.
    EarlyLimitKept => "early-limit-kept", "7.4.1", Stated;
    /// The connection was closed, and no CONNECTION_CLOSE was sent.
    CloseNotSent => "close-not-sent", "10.2", Stated;
    /// A frame was sent after CONNECTION_CLOSE.
    FrameAfterClose => "frame-after-close", "10.2.1", Stated;
    /// A lost STREAMS_BLOCKED was not sent again while still blocked.
    LostBlockedNotResent => "lost-blocked-not-resent", "4.6", Should;
    /// The connection was closed with an error that does not fit the violation.
    WrongTransportError => "wrong-transport-error", "11", Should;
    /// RESET_STREAM was sent although neither the application nor the peer asked for it.
    ResetUnasked => "reset-unasked", "11.2", Must;
    /// The connection was closed for a frame that had been received before, or that says nothing new.
    ClosedOnRepeatedFrame => "closed-on-repeated-frame", "13.3", Must;
    /// MAX_STREAM_DATA was sent for a part that takes no more data.
    MaxStreamDataOutsideRecv => "max-stream-data-outside-recv", "13.3", Should;
    /// Lost data, or a lost end of the stream, was not sent again.
    LostDataNotResent => "lost-data-not-resent", "13.3", Stated;
    /// A lost RESET_STREAM was not sent again.
    LostResetNotResent => "lost-reset-not-resent", "13.3", Stated;
    /// A repeated RESET_STREAM differs from the first.
    ResetChanged => "reset-changed", "13.3", Must;
    /// A lost STOP_SENDING was not sent again.
    LostStopNotResent => "lost-stop-not-resent", "13.3", Stated;
    /// A lost MAX_DATA, MAX_STREAM_DATA or MAX_STREAMS was not sent again.
    LostCreditNotResent => "lost-credit-not-resent", "13.3", Stated;
    /// A frame says that we are blocked at a limit at which we are not.
    BlockedUntrue => "blocked-untrue", "13.3", Stated;
    /// RESET_STREAM carries another code than the application gave.
    ResetCodeChanged => "reset-code-changed", "19.4", Stated;
    /// STOP_SENDING was sent although the application still reads.
    StopUnasked => "stop-unasked", "19.5", Stated;
    /// STOP_SENDING carries another code than the application gave.
    StopCodeChanged => "stop-code-changed", "19.5", Stated;
    /// A limit on streams beyond 2^60 was advertised.
    LimitTooLarge => "limit-too-large", "19.11", Stated;
    /// The connection was closed for a breach of the peer's, and the peer had kept every rule.
    ClosedOnLegalPeer => "closed-on-legal-peer", "20.1", Stated;

    // The contract: what a user of a stack may rely on beyond the RFC. No section says it, and no rule is broken by it.
    /// The stack panicked, or its process ended, in the middle of a trace.
    StackFailed => "stack-failed", "", Contract;
    /// A call gave the application an answer that the stream's state does not permit.
    WrongAnswer => "wrong-answer", "", Contract;
    /// A dropped sending handle ended the stream cleanly instead of resetting it.
    DropEndsStream => "drop-ends-stream", "", Contract;
    /// A dropped sending handle left the stream open.
    DropLeavesStreamOpen => "drop-leaves-stream-open", "", Contract;
    /// Ending the stream was answered with success although the peer had stopped it.
    FinishAcceptedAfterStop => "finish-accepted-after-stop", "", Contract;
    /// Ending the stream was answered with success although the connection was gone.
    FinishAcceptedAfterLoss => "finish-accepted-after-loss", "", Contract;
    /// A second call to end the stream was refused.
    FinishNotIdempotent => "finish-not-idempotent", "", Contract;
    /// A call on a part that has ended was refused without its outcome.
    OutcomeWithheld => "outcome-withheld", "", Contract;
    /// The outcome told for a part is not the one it had.
    OutcomeWrong => "outcome-wrong", "", Contract;
    /// A task that waited for the outcome of a sending part was not woken by it.
    WaiterNotWoken => "waiter-not-woken", "", Contract;
    /// A waiting read was not woken by data, an end, a reset or a loss.
    ReadNotWoken => "read-not-woken", "", Contract;
    /// A write that waited for credit was not woken when there was credit.
    WriteNotWoken => "write-not-woken", "", Contract;
    /// An open that waited for the peer's limit was not woken when it was raised.
    OpenNotWoken => "open-not-woken", "", Contract;
    /// The manager's snapshot shows a part that has ended, or hides one that lives.
    SnapshotWrong => "snapshot-wrong", "", Contract;
    /// A stream that was reset or stopped is told as delivered.
    ResetToldAsDelivered => "reset-told-as-delivered", "", Contract;
    /// After a reset was reported, the stream reads as cleanly ended.
    EndAfterReset => "end-after-reset", "", Contract;
    /// After the application stopped the stream, it reads as cleanly ended.
    EndAfterStop => "end-after-stop", "", Contract;
    /// After the connection was lost, the stream reads as cleanly ended.
    EndAfterLoss => "end-after-loss", "", Contract;
    /// Stopping a stream that the peer had reset was accepted without telling of the reset.
    StopHidesReset => "stop-hides-reset", "", Contract;
    /// A dropped receiving handle sent STOP_SENDING with another code than was configured.
    DropStopCode => "drop-stop-code", "", Contract;
    /// A handle dropped after everything had arrived sent STOP_SENDING.
    DropStopsCompleteStream => "drop-stops-complete-stream", "", Contract;
    /// STOP_SENDING arrived in Data Sent and no RESET_STREAM answered it at once.
    StopUnansweredInDataSent => "stop-unanswered-in-data-sent", "", Contract;
    /// The connection was closed although nobody had asked for it, without blaming the peer.
    ClosedUnasked => "closed-unasked", "", Contract;
    /// A limit that the peer has used up was not raised although all of it was given back.
    CreditWithheld => "credit-withheld", "", Contract;
    /// More credit was advertised than the window and what was given back.
    CreditBeyondWindow => "credit-beyond-window", "", Contract;
    /// A write took more than the peer's limits leave room for, or less.
    WriteBesideCredit => "write-beside-credit", "", Contract;
    /// An open was stopped although the peer's limit leaves room.
    OpenRefused => "open-refused", "", Contract;
    /// The limit on streams was not raised although all the peer's streams are over.
    StreamsWithheld => "streams-withheld", "", Contract;
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.describe(), self.citation())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn contract_carries_no_section_and_every_rule_of_the_rfc_does() {
        for breach in Breach::PLAIN {
            let Citation { section, level } = breach.citation();
            assert_eq!(section.is_empty(), level == Level::Contract, "{}", breach.id());
        }
    }

    #[test]
    fn ids_are_unique() {
        let ids: BTreeSet<_> = Breach::PLAIN.iter().map(|breach| breach.id()).collect();
        assert_eq!(ids.len(), Breach::PLAIN.len());
    }
}
