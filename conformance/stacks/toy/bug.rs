//! The switches that make the toy stack wrong, one for each bug. Each is taken at the very place where the
//! right behaviour stands, and nowhere else.
//!
//! An animal is named by its project and issue; "derived" are those that the zoo lists without one, and a bare
//! section names a rule that nobody is known to have broken like that. [`zoo`](zoo) hunts them all.

use streamproof_model::rfc::choices::{Choice, Choices};

/// A way in which the toy stack is wrong.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Bug {
    // ---- credit: what is given back ------------------------------------------------------------
    /// quiche #2158: neither a cancelled nor a reset stream gives its credit back.
    KeepCreditOfDiscarded,
    /// quic-go #1545: a cancelled read leaves the connection's window as it was.
    KeepCreditOfCancelled,
    /// quiche #1320: what arrives after STOP_SENDING is never given back.
    KeepCreditAfterStop,
    /// s2n-quic #3093: a receiving part that is given up after its end keeps its credit.
    KeepCreditOfEnded,
    /// web-transport #306: of a reset stream only what had arrived is given back.
    ReplenishReceivedOnly,
    /// web-transport #307: the connection's credit comes back before anybody has read.
    GiveBackUnread,
    /// web-transport #307: a stream's credit comes back before anybody has read.
    GiveBackUnreadOnStream,
    /// quic-go #3239 (what the race does to credit): a stop gives back what was read once more.
    GiveBackTwiceAfterStop,
    /// Derived: a reset gives back what was read once more.
    GiveBackTwiceAfterReset,
    /// Derived: a stop gives back all that the peer might still use, before the final size is known.
    GiveBackRestEarly,
    /// quinn #1818: the growth of a window that has shrunk underflows.
    UnderflowWindow,
    /// quic-go #4182: a dropped reading handle leaves the stream unread, and the peer is not told.
    LeaveUnreadOnDrop,
    /// §4.2: the connection's limit is never raised.
    NeverRaiseConnectionLimit,
    /// §4.2: a stream's limit is never raised.
    NeverRaiseStreamLimit,
    /// §4.2: limits are raised only for a peer that has said that it is blocked.
    WaitForBlocked,
    // ---- credit: what counts against a limit ---------------------------------------------------
    /// MsQuic #5176: a FIN ahead of its data is charged once the data is there.
    ChargeFinLate,
    /// web-transport #306: a reset's final size is not charged to the connection.
    ChargeNoReset,
    /// nginx #1587: the stream's limit is not looked at for RESET_STREAM.
    ResetSkipsStreamLimit,
    /// §4.1: data beyond the stream's limit is accepted.
    AcceptBeyondStreamLimit,
    /// §4.1: data beyond the connection's limit is accepted.
    AcceptBeyondConnectionLimit,
    /// Derived: a stream's limit is the one that would be advertised by now.
    EnforceInternalLimit,
    /// Derived: the last byte of a stream's limit is one too many.
    CloseOnLastByte,
    /// Derived: the last byte of the connection's limit is one too many.
    CloseOnLastByteOfConnection,
    /// Derived: a repeated STREAM frame is charged again.
    ChargeRepeats,
    /// quinn (a known deviation): a repeated RESET_STREAM is charged again.
    ChargeRepeatedReset,
    /// §19.8: an offset beyond 2^62-1 wraps.
    WrapOffset,
    // ---- credit: who sends ---------------------------------------------------------------------
    /// §4.1: data is sent beyond the stream's limit.
    SendBeyondStreamLimit,
    /// §4.1: data is sent beyond the connection's limit.
    SendBeyondConnectionLimit,
    /// Derived: the latest MAX_STREAM_DATA or MAX_DATA counts, smaller or not.
    LimitShrinks,
    /// Derived: a MAX_STREAM_DATA or MAX_DATA is added to the limit, and so is each copy of it.
    LimitAdds,
    /// §4.1: a MAX_STREAM_DATA or MAX_DATA that raises a limit is ignored.
    IgnoreRaisedLimit,
    /// §18.2: the two limits on bidirectional streams are mixed up.
    MixUpLimits,
    /// §4.1: nobody says that the connection's limit holds data back.
    HideDataBlocked,
    /// §4.1: nobody says that a stream's limit holds data back.
    HideStreamDataBlocked,
    /// §4.1: a write that waits sleeps on when its limit is raised.
    WritersSleepOn,
    // ---- final size ----------------------------------------------------------------------------
    /// quinn (D-1): the final size of a reset counts bytes that were never sent.
    ResetCountsUnsent,
    /// web-transport #306: a reset has final size 0.
    ResetWithSizeZero,
    /// zquic #109: the final size of a reset is not compared with the FIN before it.
    ForgetFinalSize,
    /// xquic #629: a reset below what was received is accepted.
    AcceptResetBelowReceived,
    /// quinn (D-4): a FIN below what was received is accepted.
    AcceptFinBelowReceived,
    /// §4.5: data beyond the final size is accepted.
    AcceptBeyondFinalSize,
    /// Derived: the last byte before the final size is taken for one beyond it.
    CompareOffByOne,
    /// h3 #360 (what the cancelled future leads to): FIN overtakes buffered bytes.
    FinOvertakesData,
    /// web-transport #323 (what the cancelled write leads to): a write that had to wait leaves a hole.
    HoleAfterBlockedWrite,
    // ---- lifecycle -----------------------------------------------------------------------------
    /// trafficserver #4295: STREAM is sent after RESET_STREAM.
    StreamAfterReset,
    /// web-transport #306: STREAM brings a reset stream back.
    StreamRevives,
    /// Derived: RESET_STREAM is accepted again in Reset Read.
    ResetAfterResetRead,
    /// picoquic #1597: a repeated RESET_STREAM closes the connection.
    RepeatedResetCloses,
    /// picoquic #1520: a second acknowledgement makes RESET_STREAM go out once more.
    SecondAckReopens,
    /// aioquic #629: STOP_SENDING makes a delivered stream anew, with final size 0.
    StopRevivesDelivered,
    /// bun #35762: a reset after FIN is taken for a repeat, and the reader waits on.
    ResetTakenForRepeat,
    /// erlang_quic #113: RESET_STREAM removes the sending part too.
    ResetClosesBoth,
    /// netty-quic #790: STOP_SENDING ends the receiving part too.
    StopClosesBoth,
    /// quic-go #4404: a cancel after delivery resets the stream.
    CancelAfterDelivery,
    /// Derived: a stream that has closed is forgotten, and the next frame for it makes it anew.
    ForgetClosed,
    /// §3.3: a frame for a closed stream closes the connection.
    CloseOnLateFrame,
    /// §3.5: STOP_SENDING is not answered.
    LeaveStopUnanswered,
    /// MsQuic #5387: the code of STOP_SENDING is not copied.
    AnswerWithCodeZero,
    /// quinn (D-2): STOP_SENDING goes out although the stream was reset meanwhile.
    StopAfterReset,
    /// §3.2: STOP_SENDING for a stream not yet created is ignored.
    StopCreatesNothing,
    /// §3.2: lower-numbered streams are not created along.
    LeaveLowerUncreated,
    /// quiche #2358: a lost RESET_STREAM is not sent again.
    ForgetLostReset,
    /// §13.3: lost data is not sent again.
    ForgetLostData,
    /// §13.3: a lost STOP_SENDING is not sent again.
    ForgetLostStop,
    /// §13.3: a lost MAX_DATA or MAX_STREAM_DATA is not sent again.
    ForgetLostLimit,
    /// §13.3: a lost MAX_STREAMS is not sent again.
    ForgetLostMaxStreams,
    /// §13.3: a lost DATA_BLOCKED, STREAM_DATA_BLOCKED or STREAMS_BLOCKED is not sent again.
    ForgetLostBlocked,
    /// §10.2: frames go on after CONNECTION_CLOSE.
    SendAfterClose,
    /// §10.2: the peer's CONNECTION_CLOSE is ignored.
    IgnoreClose,
    /// quinn #223: rejected 0-RTT leaves its streams behind.
    KeepRejectedStreams,
    // ---- limits on streams ---------------------------------------------------------------------
    /// Derived: one stream more than the limit is opened.
    OpenOneMore,
    /// Derived: one stream more than the limit is accepted.
    AcceptOneMore,
    /// Derived: the last stream of the limit is one too many.
    CloseOnLastStream,
    /// Derived: the limit on streams is looked at for STREAM alone.
    LimitForStreamAlone,
    /// Derived: the ID of a stream that is over is used again.
    ReuseId,
    /// Derived: the latest MAX_STREAMS counts, smaller or not.
    StreamLimitShrinks,
    /// web-transport #307: a stream is given back before anybody has read its end.
    GiveStreamBackUnread,
    /// Derived: a stream is given back twice.
    GiveStreamBackTwice,
    /// quinn #948: a stopped stream that is reset keeps its place.
    KeepStoppedAndReset,
    /// quinn #1421: a stream that was stopped with data in flight keeps its place.
    KeepStoppedInFlight,
    /// lsquic #435: a stream that its peer cancels keeps its place.
    KeepCancelled,
    /// §4.6: MAX_STREAMS waits for STREAMS_BLOCKED.
    WaitForStreamsBlocked,
    /// quic-go #5035 (what the cancelled open leads to): MAX_STREAMS does not help who waits for it.
    OpenersSleepOn,
    /// §4.6: nobody says that the limit on streams holds an open back.
    HideStreamsBlocked,
    // ---- what the application is told ----------------------------------------------------------
    /// quinn #617: delivered is reported before FIN was acknowledged.
    DeliveredBeforeFin,
    /// quinn #1886: whoever waits for an outcome sleeps on when the connection is lost.
    WaitersSleepOnAtLoss,
    /// quinn #1926: ending a stream succeeds on a lost connection.
    EndAfterLoss,
    /// quinn #1487: a stopped stream looks delivered.
    StoppedLooksDelivered,
    /// envoy #15289: STOP_SENDING ends the stream, and nobody who waits is told.
    StopTellsNobody,
    /// web-transport #300: ending a stream twice is refused.
    EndTwiceRefused,
    /// MsQuic #4311 (what the race leads to): a stream is opened on a closed connection.
    OpenAfterClose,
    /// The incident, lost notification: a read that waits is not woken.
    ReadersSleepOn,
    /// The incident, deferred error: ending a stream that was stopped succeeds.
    DeferStopError,
    /// §2.4: a dropped sending handle ends the stream.
    DropEndsStream,
    /// §2.2: data beyond a gap is handed over.
    DeliverAcrossGap,
    /// §3.2: the end is told before all data is there.
    EndToldEarly,
    // ---- error codes ---------------------------------------------------------------------------
    /// §20.1: a changed final size is called a STREAM_STATE_ERROR.
    CallFinalSizeState,
    /// §20.1: a stream beyond the limit is called a STREAM_STATE_ERROR.
    CallStreamLimitState,
    /// §20.1: data beyond a limit is called a FINAL_SIZE_ERROR.
    CallFlowControlFinalSize,
    /// §19.4: RESET_STREAM on a send-only stream is let pass.
    ResetOnSendOnly,
    /// §19.5: STOP_SENDING for a stream that was not created is let pass.
    StopNotCreated,
    /// §19.5: STOP_SENDING on a receive-only stream is let pass.
    StopOnReceiveOnly,
    /// §19.8: STREAM for a stream that was not created is let pass.
    StreamNotCreated,
    /// §19.8: STREAM on a send-only stream is let pass.
    StreamOnSendOnly,
    /// §19.10: MAX_STREAM_DATA for a stream that was not created is let pass.
    LimitNotCreated,
    /// §19.10: MAX_STREAM_DATA on a receive-only stream is let pass.
    LimitOnReceiveOnly,
    /// §19.13: STREAM_DATA_BLOCKED on a send-only stream is let pass.
    BlockedOnSendOnly,
    /// §19.11: MAX_STREAMS beyond 2^60 is let pass.
    HugeMaxStreams,
    /// §19.14: STREAMS_BLOCKED beyond 2^60 is let pass.
    HugeStreamsBlocked,
    /// §19.8: an empty STREAM frame closes the connection.
    CloseOnEmptyFrame,
}

impl Bug {
    /// Its name on the command line: the variant's, in kebab case.
    pub fn id(self) -> String {
        let mut id = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_ascii_uppercase() && !id.is_empty() {
                id.push('-');
            }
            id.push(letter.to_ascii_lowercase());
        }
        id
    }
}

/// Which bug a part of the toy has, if any; and which way it goes where the RFC leaves it free.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Switch(pub(super) Option<Bug>, pub(super) Choices);

impl Switch {
    /// Whether it has this one.
    pub(super) fn is(self, bug: Bug) -> bool {
        self.0 == Some(bug)
    }

    /// Whether it does what this choice leaves free.
    pub(super) fn does(self, choice: fn(&Choices) -> Choice) -> bool {
        choice(&self.1) == Choice::Always
    }
}
