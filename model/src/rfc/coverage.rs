//! Which parts of the rules a run has come to: each frame type in each category of streams and in each
//! state of a part, each guard with each outcome, each violation.
//!
//! A property that holds because nothing ever happened says nothing. So the rules leave marks, and
//! `streamproof model check` fails if a mark is missing. The marks are global and only ever set; they are
//! evidence about a run and no part of any state.

use std::sync::atomic::{AtomicU64, Ordering};

use super::call::{Answer, Call};
use super::frame::FrameType;
use super::permitted::Category;
use super::receiving::RecvState;
use super::sending::SendState;
use super::violation::Violation;

/// A condition that lets something happen or not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs)] // each is the name of what it lets happen
pub enum Guard {
    MaySendStream,
    MaySendResetStream,
    MaySendStopSending,
    StopIsAnswered,
    AllAcknowledged,
    AllReceived,
    EndIsReported,
    FinalSizeChanges,
    FinalSizeIsBelow,
    DataIsBeyondFinalSize,
    StreamLimitExceeded,
    ConnectionLimitExceeded,
    OffsetTooLarge,
    MayWriteOnStream,
    MayWriteOnConnection,
    MayOpen,
    BeyondStreamLimit,
    LimitTooLarge,
    LimitIsRaised,
    OpensLowerNumbered,
    UpdateOfStreamIsDue,
    UpdateOfConnectionIsDue,
    UpdateOfStreamsIsDue,
    BlockedIsDue,
    WantsMoreData,
    KeepsRememberedLimits,
}

impl Guard {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::MaySendStream,
        Self::MaySendResetStream,
        Self::MaySendStopSending,
        Self::StopIsAnswered,
        Self::AllAcknowledged,
        Self::AllReceived,
        Self::EndIsReported,
        Self::FinalSizeChanges,
        Self::FinalSizeIsBelow,
        Self::DataIsBeyondFinalSize,
        Self::StreamLimitExceeded,
        Self::ConnectionLimitExceeded,
        Self::OffsetTooLarge,
        Self::MayWriteOnStream,
        Self::MayWriteOnConnection,
        Self::MayOpen,
        Self::BeyondStreamLimit,
        Self::LimitTooLarge,
        Self::LimitIsRaised,
        Self::OpensLowerNumbered,
        Self::UpdateOfStreamIsDue,
        Self::UpdateOfConnectionIsDue,
        Self::UpdateOfStreamsIsDue,
        Self::BlockedIsDue,
        Self::WantsMoreData,
        Self::KeepsRememberedLimits,
    ];
}

/// A set of marks, one bit each.
struct Marks<const WORDS: usize>([AtomicU64; WORDS]);

impl<const WORDS: usize> Marks<WORDS> {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; WORDS])
    }

    fn set(&self, bit: usize) {
        let (word, mask) = (&self.0[bit / 64], 1 << (bit % 64));
        // A look first: a line that nobody writes stays in every core's cache.
        if word.load(Ordering::Relaxed) & mask == 0 {
            word.fetch_or(mask, Ordering::Relaxed);
        }
    }

    fn has(&self, bit: usize) -> bool {
        self.0[bit / 64].load(Ordering::Relaxed) & (1 << (bit % 64)) != 0
    }

    fn clear(&self) {
        self.0.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }
}

static CATEGORIES: Marks<2> = Marks::new();
static STATES: Marks<2> = Marks::new();
static GUARDS: Marks<1> = Marks::new();
static VIOLATIONS: Marks<1> = Marks::new();
static STEPS: Marks<1> = Marks::new();

/// What a world's steps are, and the application's calls and answers among them.
const STEP_NAMES: [&str; 30] = [
    "action App",
    "action Transmit",
    "action SendFrame",
    "action Deliver",
    "action Duplicate",
    "action Lose",
    "action DetectLoss",
    "action Handshake",
    "action Hostile",
    "call open",
    "call write",
    "call end",
    "call reset",
    "call drop sending handle",
    "call read",
    "call abort reading",
    "call drop receiving handle",
    "call close connection",
    "call resize window",
    "call resize streams",
    "answer opened",
    "answer wrote",
    "answer blocked",
    "answer accepted",
    "answer refused: already ended",
    "answer sending part ended",
    "answer data",
    "answer no data or end of stream",
    "answer receiving part ended",
    "answer connection lost",
];

/// A kind of step was taken: its place in the list of kinds.
fn took(place: usize) {
    STEPS.set(place);
}

/// A step of the world was taken; `place` is its kind, from 0, in the order of `Action`.
pub fn took_action(place: usize) {
    took(place);
}

/// An application called and was answered.
pub fn took_call(call: Call, answer: Answer) {
    took(match call {
        Call::Open { .. } => 9,
        Call::Write { .. } => 10,
        Call::End { .. } => 11,
        Call::Reset { .. } => 12,
        Call::DropSend { .. } => 13,
        Call::Read { .. } => 14,
        Call::AbortReading { .. } => 15,
        Call::DropRecv { .. } => 16,
        Call::CloseConnection { .. } => 17,
        Call::ResizeWindow { .. } => 18,
        Call::ResizeStreams { .. } => 19,
    });
    took(match answer {
        Answer::Opened { .. } => 20,
        Answer::Wrote { .. } => 21,
        Answer::Blocked => 22,
        Answer::Accepted => 23,
        Answer::Finished | Answer::Closed => 24,
        Answer::SendEnded { .. } => 25,
        Answer::Data { .. } | Answer::Corrupt { .. } => 26,
        Answer::NoData | Answer::EndOfStream => 27,
        Answer::RecvEnded { .. } => 28,
        Answer::ConnectionLost => 29,
    });
}

/// The frames that meet a receiving part's states, and those that meet a sending part's.
const AT_RECEIVING: [FrameType; 3] =
    [FrameType::ResetStream, FrameType::Stream, FrameType::StreamDataBlocked];
const AT_SENDING: [FrameType; 2] = [FrameType::StopSending, FrameType::MaxStreamData];

fn place<T: PartialEq>(list: &[T], item: &T) -> Option<usize> {
    list.iter().position(|other| other == item)
}

/// A frame met a stream in this category.
pub(super) fn met(frame: FrameType, category: Category) {
    if let Some(frame) = place(&FrameType::OF_STREAMS, &frame) {
        CATEGORIES.set(frame * Category::ALL.len() + category.index());
    }
}

/// A frame met a receiving part in this state.
pub(super) fn met_receiving(frame: FrameType, state: RecvState) {
    if let (Some(frame), Some(state)) =
        (place(&AT_RECEIVING, &frame), place(&RecvState::ALL, &state))
    {
        STATES.set(frame * 6 + state);
    }
}

/// A frame met a sending part in this state.
pub(super) fn met_sending(frame: FrameType, state: SendState) {
    if let (Some(frame), Some(state)) = (place(&AT_SENDING, &frame), place(&SendState::ALL, &state))
    {
        STATES.set(64 + frame * 6 + state);
    }
}

/// A guard had this outcome, which is given back.
pub fn guard(guard: Guard, outcome: bool) -> bool {
    GUARDS.set(guard as usize * 2 + usize::from(outcome));
    outcome
}

/// A violation was noticed.
pub(super) fn noticed(violation: Violation) {
    if let Some(place) = place(&Violation::ALL, &violation) {
        VIOLATIONS.set(place);
    }
}

/// Forgets all marks.
pub fn clear() {
    CATEGORIES.clear();
    STATES.clear();
    GUARDS.clear();
    VIOLATIONS.clear();
    STEPS.clear();
}

/// How many marks there are.
pub const fn total() -> usize {
    FrameType::OF_STREAMS.len() * Category::ALL.len()
        + (AT_RECEIVING.len() + AT_SENDING.len()) * 6
        + Guard::ALL.len() * 2
        + Violation::ALL.len()
        + STEP_NAMES.len()
}

/// What no run in this process has come to, in words.
pub fn missing() -> Vec<String> {
    let mut missing = Vec::new();
    for (f, frame) in FrameType::OF_STREAMS.iter().enumerate() {
        for (c, category) in Category::ALL.iter().enumerate() {
            if !CATEGORIES.has(f * Category::ALL.len() + c) {
                missing.push(format!("{frame} for a stream that is {category:?}"));
            }
        }
    }
    for (f, frame) in AT_RECEIVING.iter().enumerate() {
        for (s, state) in RecvState::ALL.iter().enumerate() {
            if !STATES.has(f * 6 + s) {
                missing.push(format!("{frame} in {state}"));
            }
        }
    }
    for (f, frame) in AT_SENDING.iter().enumerate() {
        for (s, state) in SendState::ALL.iter().enumerate() {
            if !STATES.has(64 + f * 6 + s) {
                missing.push(format!("{frame} in {state}"));
            }
        }
    }
    for guard in Guard::ALL {
        for outcome in [false, true] {
            if !GUARDS.has(guard as usize * 2 + usize::from(outcome)) {
                missing.push(format!("guard {guard:?} is {outcome}"));
            }
        }
    }
    for (place, name) in STEP_NAMES.iter().enumerate() {
        if !STEPS.has(place) {
            missing.push((*name).to_owned());
        }
    }
    for (place, violation) in Violation::ALL.iter().enumerate() {
        if !VIOLATIONS.has(place) {
            missing.push(format!("violation: {}", violation.describe()));
        }
    }
    missing
}
