//! The application's calls as lines of a test, each with what it has to answer.

use std::collections::BTreeSet;

use streamproof_conformance::export::ExportError;
use streamproof_conformance::export::script::{Done, Op};
use streamproof_harness::wire::Frame;
use streamproof_model::rfc::call::{Answer, Call, RecvOutcome, SendOutcome, Subject};
use streamproof_model::rfc::identity::{Side, StreamId};

use super::dir_code;

/// A helper that tests bring along which read.
pub(super) const READ: &str = "
/// Reads all that is there: how much it is, 0 at the end of the stream
fn read(mut recv: RecvStream<'_>) -> Result<usize, ReadError> {
    let mut chunks = recv.read(true).unwrap();
    let mut length = 0;
    let end = loop {
        match chunks.next(usize::MAX) {
            Ok(Some(chunk)) => length += chunk.bytes.len(),
            Ok(None) => break Ok(0),
            Err(error) => break Err(error),
        }
    };
    let _ = chunks.finalize();
    if length > 0 { Ok(length) } else { end }
}
";

/// How one end of the pair is named in a test.
pub(super) struct Scene {
    /// Which end.
    pub(super) side: Side,
    ch: String,
}

impl Scene {
    /// Both ends have names.
    pub(super) fn pair(side: Side) -> Self {
        Self { side, ch: format!("{side}_ch") }
    }

    /// Only the end under test has one.
    pub(super) fn spoken(side: Side) -> Self {
        Self { side, ch: "ch".to_owned() }
    }

    /// The connection.
    pub(super) fn connection(&self) -> String {
        format!("pair.{}_conn_mut({})", self.side, self.ch)
    }

    /// Its streams.
    pub(super) fn streams(&self) -> String {
        format!("pair.{}_streams({})", self.side, self.ch)
    }

    /// A stream's sending part.
    pub(super) fn send(&self, id: u64) -> String {
        format!("pair.{}_send({}, s{id})", self.side, self.ch)
    }

    /// A stream's receiving part.
    pub(super) fn recv(&self, id: u64) -> String {
        format!("pair.{}_recv({}, s{id})", self.side, self.ch)
    }
}

/// What the application knows: a reader that was told of an end asks no more, a writer may be stopped.
#[derive(Debug, Default)]
pub(super) struct Told {
    ended: BTreeSet<u64>,
    stopped: BTreeSet<u64>,
}

impl Told {
    /// These frames have arrived.
    pub(super) fn heard(&mut self, frames: &[Frame]) {
        for frame in frames {
            if let Frame::StopSending { stream_id, .. } = frame {
                self.stopped.insert(*stream_id);
            }
        }
    }
}

/// A side in quinn's words.
pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "Side::Client",
        Side::Server => "Side::Server",
    }
}

/// The streams that a step's call is about, and the one that it opens.
pub(super) fn ids(done: &Done) -> Vec<StreamId> {
    let mut ids = Vec::new();
    if let Op::Call(call) = &done.op
        && let Subject::Sending(id) | Subject::Receiving(id) = call.subject()
    {
        ids.push(id);
    }
    if let Some(Answer::Opened { stream_id }) = done.answer {
        ids.push(stream_id);
    }
    ids
}

/// A call of the application under test.
///
/// # Errors
///
/// When quinn-proto has no such call, or answers it otherwise.
pub(super) fn line(
    call: Call,
    done: &Done,
    scene: &Scene,
    told: &mut Told,
) -> Result<String, ExportError> {
    let answer = done.answer.ok_or(ExportError::Nothing)?;
    let odd = || ExportError::NotInRust("this answer");
    Ok(match call {
        Call::Open { direction } => {
            let (streams, dir) = (scene.streams(), dir_code(direction));
            let answer = open_result(answer).ok_or_else(odd)?;
            equal(&format!("{streams}.open({dir})"), &answer)
        }
        Call::Write { stream_id, length } => {
            let send = scene.send(stream_id.value());
            let result = write_result(answer).ok_or_else(odd)?;
            equal(&format!("{send}.write(&[0; {length}])"), &result)
        }
        Call::End { stream_id } => {
            let stopped = told.stopped.contains(&stream_id.value());
            let send = scene.send(stream_id.value());
            finish(&send, answer, stopped).ok_or_else(odd)?
        }
        Call::Reset { stream_id, code } => {
            let unwrap = unwrap(answer).ok_or_else(odd)?;
            format!("    {}.reset({}u32.into()).{unwrap};\n", scene.send(stream_id.value()), code.0)
        }
        Call::AbortReading { stream_id, code } => {
            let unwrap = unwrap(answer).ok_or_else(odd)?;
            format!("    {}.stop({}u32.into()).{unwrap};\n", scene.recv(stream_id.value()), code.0)
        }
        Call::Read { stream_id } => read(stream_id.value(), answer, scene, told).ok_or_else(odd)?,
        Call::CloseConnection { code } => format!(
            "    let now = pair.time;\n    {}.close(now, {}u32.into(), Bytes::new());\n",
            scene.connection(),
            code.0
        ),
        Call::DropSend { .. }
        | Call::DropRecv { .. }
        | Call::ResizeWindow { .. }
        | Call::ResizeStreams { .. } => return Err(ExportError::NotInRust("this call")),
    })
}

fn open_result(answer: Answer) -> Option<String> {
    if let Answer::Opened { stream_id } = answer {
        return Some(format!("Some(s{})", stream_id.value()));
    }
    (answer == Answer::Blocked).then(|| "None".to_owned())
}

fn write_result(answer: Answer) -> Option<String> {
    if let Answer::Wrote { length } = answer {
        return Some(format!("Ok({length})"));
    }
    if let Answer::SendEnded { outcome: SendOutcome::Stopped { code } } = answer {
        return Some(format!("Err(WriteError::Stopped({}u32.into()))", code.0));
    }
    let known = [(Answer::Blocked, "Blocked"), (Answer::Closed, "ClosedStream")];
    let (_, name) = known.into_iter().find(|(known, _)| *known == answer)?;
    Some(format!("Err(WriteError::{name})"))
}

fn finish(send: &str, answer: Answer, stopped: bool) -> Option<String> {
    if answer == Answer::Closed {
        return Some(equal(&format!("{send}.finish()"), "Err(FinishError::ClosedStream)"));
    }
    (answer == Answer::Accepted).then(|| match stopped {
        // quinn's own handle takes both for success.
        true => {
            format!(
                "    assert_matches!({send}.finish(), Ok(()) | Err(FinishError::Stopped(_)));\n"
            )
        }
        false => format!("    {send}.finish().unwrap();\n"),
    })
}

fn unwrap(answer: Answer) -> Option<&'static str> {
    let known = [(Answer::Accepted, "unwrap()"), (Answer::Closed, "unwrap_err()")];
    known.into_iter().find_map(|(known, unwrap)| (known == answer).then_some(unwrap))
}

/// quinn-proto tells of an end once.
fn read(id: u64, answer: Answer, scene: &Scene, told: &mut Told) -> Option<String> {
    let recv = scene.recv(id);
    if told.ended.contains(&id) {
        return Some(String::new());
    }
    let ended = RecvOutcome::ReadToEnd;
    let is_end = answer == Answer::EndOfStream || answer == Answer::RecvEnded { outcome: ended };
    let result = if let Answer::Data { length } = answer {
        format!("Ok({length})")
    } else if let Answer::RecvEnded { outcome: RecvOutcome::Reset { code } } = answer {
        told.ended.insert(id);
        format!("Err(ReadError::Reset({}u32.into()))", code.0)
    } else if is_end {
        told.ended.insert(id);
        "Ok(0)".to_owned()
    } else if answer == Answer::NoData {
        "Err(ReadError::Blocked)".to_owned()
    } else {
        let closed = format!("    assert!({recv}.read(true).is_err());\n");
        return (answer == Answer::Closed).then_some(closed);
    };
    Some(equal(&format!("read({recv})"), &result))
}

/// An assertion in the layout of rustfmt, which sets arguments below each other when they take more than 60 columns.
fn equal(left: &str, right: &str) -> String {
    match left.len() + 2 + right.len() <= 60 {
        true => format!("    assert_eq!({left}, {right});\n"),
        false => format!("    assert_eq!(\n        {left},\n        {right}\n    );\n"),
    }
}
