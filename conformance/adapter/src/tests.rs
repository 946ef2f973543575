//! Both ends of an agent's lines in one process, without a foreign library: a stack that answers as it is told is served
//! on a thread, and what the judge's end makes of the lines must be what the stack has said.

use std::io::{BufReader, pipe};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::{Value, json};
use streamproof_harness_tls::Certificate;
use streamproof_model::rfc::call::{Answer, RecvOutcome, SendOutcome};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::worlds::streams::presets::Preset;

use crate::agent::{Process, Remote};
use crate::datagrams::{Read, Stack};
use crate::{Start, serve_lines};
use streamproof_conformance::sut::Setup;

/// What the stack is told to say, and what it was asked.
#[derive(Default)]
struct Script {
    answer: Option<Answer>,
    read: Option<(Read, Vec<u8>)>,
    outgoing: Vec<Vec<u8>>,
    accepted: Vec<StreamId>,
    established: bool,
    asked: Vec<String>,
}

/// A stack that does as its script says.
#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Script>>);

impl Scripted {
    fn with<T>(&self, act: impl FnOnce(&mut Script) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn say(&self, asked: String) -> Answer {
        self.with(|script| {
            script.asked.push(asked);
            script.answer.expect("the test gives no answer for this call")
        })
    }

    fn asked(&self) -> Vec<String> {
        self.with(|script| std::mem::take(&mut script.asked))
    }
}

impl Stack for Scripted {
    fn receive(&mut self, datagram: &[u8]) {
        self.with(|script| script.asked.push(format!("receive {datagram:?}")));
    }

    fn transmit(&mut self) -> Vec<Vec<u8>> {
        self.with(|script| std::mem::take(&mut script.outgoing))
    }

    fn is_established(&self) -> bool {
        self.with(|script| script.established)
    }

    fn open(&mut self, direction: Direction) -> Answer {
        self.say(format!("open {direction}"))
    }

    fn write(&mut self, id: StreamId, data: &[u8]) -> Answer {
        self.say(format!("write {id} {data:?}"))
    }

    fn finish(&mut self, id: StreamId) -> Answer {
        self.say(format!("finish {id}"))
    }

    fn reset(&mut self, id: StreamId, code: ErrorCode) -> Answer {
        self.say(format!("reset {id} {}", code.0))
    }

    fn read(&mut self, id: StreamId, buffer: &mut [u8]) -> Read {
        self.with(|script| {
            script.asked.push(format!("read {id}"));
            let (read, data) = script.read.clone().expect("the test gives no result for this read");
            buffer[..data.len()].copy_from_slice(&data);
            read
        })
    }

    fn stop(&mut self, id: StreamId, code: ErrorCode) -> Answer {
        self.say(format!("stop {id} {}", code.0))
    }

    fn close(&mut self, code: ErrorCode) -> Answer {
        self.say(format!("close {}", code.0))
    }

    fn accept(&mut self) -> Vec<StreamId> {
        self.with(|script| std::mem::take(&mut script.accepted))
    }
}

fn id(wire: u64) -> StreamId {
    StreamId::from_wire(wire).expect("a stream")
}

/// The judge's end, the stack, what it was started with, and the thread that serves it.
struct Both {
    remote: Remote,
    stack: Scripted,
    started: Arc<Mutex<Option<Start>>>,
    idle: Arc<Mutex<Vec<Process>>>,
    server: JoinHandle<()>,
}

/// A process whose other end is a thread.
fn process(stack: &Scripted, started: &Arc<Mutex<Option<Start>>>) -> (Process, JoinHandle<()>) {
    let (commands_out, commands) = pipe().expect("a pipe");
    let (answers, answers_in) = pipe().expect("a pipe");
    let (stack, started) = (stack.clone(), started.clone());
    let server = std::thread::spawn(move || {
        let start = |start: &Start| {
            *started.lock().unwrap_or_else(PoisonError::into_inner) = Some(start.clone());
            Ok(stack.clone())
        };
        let served = serve_lines(BufReader::new(commands_out), answers_in, "1.2.3", start);
        served.expect("lines that can be read and written");
    });
    let (commands, answers) = (Box::new(commands), Box::new(BufReader::new(answers)));
    (Process { child: None, commands, answers }, server)
}

fn both() -> Both {
    let (stack, started) = (Scripted::default(), Arc::default());
    let (process, server) = process(&stack, &started);
    let setup = Setup::new(Preset::find("bidi").expect("a preset"), Side::Server);
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| Path::new(name).to_owned());
    let (certificate, idle) = (Certificate { certificate, key }, Arc::default());
    let remote = Remote::start(process, &setup, &certificate, Arc::clone(&idle)).expect("a start");
    std::mem::forget(certificate); // There is no folder to be removed.
    Both { remote, stack, started, idle, server }
}

#[test]
fn stack_is_started_as_the_setup_says() {
    let both = both();
    let setup = Setup::new(Preset::find("bidi").expect("a preset"), Side::Server);
    let started = both.started.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let started = started.expect("a start");
    assert_eq!(started.side, Side::Server);
    assert_eq!(started.parameters, setup.parameters_of(Side::Server));
    assert_eq!(started.certificate, Path::new("cert.pem"));
    assert_eq!(started.key, Path::new("key.pem"));
}

#[test]
fn every_answer_comes_as_the_stack_gives_it() {
    let Both { mut remote, stack, .. } = both();
    let stopped = Answer::SendEnded { outcome: SendOutcome::Stopped { code: ErrorCode(7) } };
    let lost = Answer::SendEnded { outcome: SendOutcome::ConnectionLost };
    let mut ask = |call: &dyn Fn(&mut Remote) -> Answer, asked: &str, answers: &[Answer]| {
        for answer in answers {
            stack.with(|script| script.answer = Some(*answer));
            assert_eq!(call(&mut remote), *answer, "{asked}");
            assert_eq!(stack.asked(), [asked]);
        }
    };
    let opened = Answer::Opened { stream_id: id(5) };
    let open = |remote: &mut Remote| remote.open(Direction::Bidirectional);
    ask(&open, "open bidirectional", &[opened, Answer::Blocked, Answer::ConnectionLost]);
    let open = |remote: &mut Remote| remote.open(Direction::Unidirectional);
    ask(&open, "open unidirectional", &[Answer::Opened { stream_id: id(3) }]);
    let wrote = Answer::Wrote { length: 1 };
    let sent = [stopped, lost, Answer::Finished, Answer::Closed];
    let write = |remote: &mut Remote| remote.write(id(3), &[1, 2]);
    ask(&write, "write 3 [1, 2]", &[wrote, Answer::Blocked]);
    ask(&write, "write 3 [1, 2]", &sent);
    ask(&|remote| remote.finish(id(3)), "finish 3", &[Answer::Accepted]);
    ask(&|remote| remote.finish(id(3)), "finish 3", &sent);
    ask(&|remote| remote.reset(id(3), ErrorCode(9)), "reset 3 9", &[Answer::Accepted]);
    ask(&|remote| remote.reset(id(3), ErrorCode(9)), "reset 3 9", &sent);
    let stop = |remote: &mut Remote| remote.stop(id(2), ErrorCode(4));
    ask(&stop, "stop 2 4", &[Answer::Accepted, Answer::Closed]);
    ask(&|remote| remote.close(ErrorCode(8)), "close 8", &[Answer::Accepted]);
}

#[test]
fn every_read_comes_as_the_stack_gives_it() {
    let Both { mut remote, stack, .. } = both();
    let lost = Read::Other(Answer::RecvEnded { outcome: RecvOutcome::ConnectionLost });
    let nothing: [u8; 0] = [];
    for (read, data) in [
        (Read::Data { length: 3, fin: false }, vec![1, 0, 255]),
        (Read::Data { length: 1, fin: true }, vec![16]),
        (Read::Data { length: 0, fin: true }, nothing.to_vec()),
        (Read::Nothing, nothing.to_vec()),
        (Read::Reset(ErrorCode(6)), nothing.to_vec()),
        (lost, nothing.to_vec()),
        (Read::Other(Answer::Closed), nothing.to_vec()),
    ] {
        stack.with(|script| script.read = Some((read, data.clone())));
        let mut buffer = [0; 8];
        assert_eq!(remote.read(id(2), &mut buffer), read);
        assert_eq!(buffer[..data.len()], data);
        assert_eq!(stack.asked(), ["read 2"]);
    }
}

#[test]
fn datagrams_go_both_ways_in_settle_and_what_is_new_is_told() {
    let Both { mut remote, stack, .. } = both();
    remote.receive(&[1, 2, 3]);
    remote.receive(&[4]);
    assert!(stack.asked().is_empty() && !remote.is_established());
    stack.with(|script| {
        script.outgoing = vec![vec![5, 6], vec![7]];
        script.accepted = vec![id(0), id(2)];
        script.established = true;
    });
    assert_eq!(remote.transmit(), [vec![5, 6], vec![7]]);
    assert_eq!(stack.asked(), ["receive [1, 2, 3]", "receive [4]"]);
    assert!(remote.is_established());
    assert_eq!(remote.accept(), [id(0), id(2)]);
    assert!(remote.transmit().is_empty() && remote.accept().is_empty());
}

#[test]
fn agent_serves_one_connection_after_the_other_and_ends_with_its_commands() {
    let Both { remote, stack, started, idle, server } = both();
    drop(remote);
    let process = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut process = process.expect("it was given back");
    assert_eq!(process.ask(&json!({ "do": "version" })), Ok(json!({ "version": "1.2.3" })));
    stack.with(|script| script.answer = Some(Answer::Accepted));
    let no_stream = process.ask(&json!({ "do": "finish" })).expect("an answer");
    assert_eq!(no_stream["error"], "\"finish\" is no command, or has no stream");
    assert!(started.lock().unwrap_or_else(PoisonError::into_inner).is_some());
    drop(process);
    server.join().expect("it ends");
}

#[test]
fn what_cannot_be_understood_is_answered_with_an_error() {
    let lines = "nonsense\n{\"do\":\"settle\"}\n{\"do\":\"start\",\"peer\":1}\n";
    let mut out = Vec::new();
    let start = |_: &Start| Ok(Scripted::default());
    serve_lines(lines.as_bytes(), &mut out, "1", start).expect("lines");
    let answers: Vec<Value> = String::from_utf8(out)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let errors: Vec<_> = answers.iter().map(|answer| answer["error"].as_str()).collect();
    let nothing = Some("nothing has begun");
    assert_eq!(errors, [nothing, nothing, Some("no limit max_data")]);
}

#[test]
fn agent_that_ends_says_so_and_is_not_given_back() {
    let Both { mut remote, idle, server, .. } = both();
    assert_eq!(remote.failure(), None);
    // The test gives no answer, so the stack panics.
    assert_eq!(remote.finish(id(3)), Answer::Closed);
    assert!(server.join().is_err());
    let failure = remote.failure().expect("it has ended");
    assert!(failure.starts_with("the agent ended at {"), "{failure}");
    assert_eq!(remote.write(id(3), &[1]), Answer::Closed);
    drop(remote);
    assert!(idle.lock().unwrap_or_else(PoisonError::into_inner).is_empty());
}
