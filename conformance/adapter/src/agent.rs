//! Any stack in a process of its own: an *agent* makes calls on it line by line, the datagrams go over UDP on
//! loopback. The lines are described in `specs/agent.md`; an agent is some hundred lines in the stack's own language
//! (`conformance/stacks/<name>/`, or [`serve`](crate::serve()) for a library in Rust).
//!
//! What the puppet has sent lies in the agent's socket before it is told to settle, and what the agent has sent lies
//! in ours before it says so: loopback delivers within the call. So nothing here waits for a clock.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};
use streamproof_harness_tls::Certificate;
use streamproof_model::judging::way::Way;
use streamproof_model::rfc::call::{Answer, RecvOutcome, SendOutcome};
use streamproof_model::rfc::frame::ErrorCode;
use streamproof_model::rfc::identity::{Direction, Side, StreamId};
use streamproof_model::worlds::streams::presets::Preset;

use crate::datagrams::{Credentials, DatagramSession, LossTrigger, Read, Stack, fit};
use streamproof_conformance::sut::{Session, Setup, StartError, Sut};

/// A stack behind an agent.
pub struct Agent {
    /// The stack's name on the command line.
    pub name: &'static str,
    /// Which of the permitted ways it goes.
    pub way: Way,
    /// A preset as far as the stack can do what it wants; or why it cannot.
    pub fit: fn(Preset) -> Result<Preset, &'static str>,
    /// How its agent is run: program and arguments.
    pub command: fn() -> Result<Vec<PathBuf>, String>,
    /// What makes it look for lost packets.
    pub loss_trigger: LossTrigger,
    /// What is known to deviate: the text of its `deviations.toml`.
    pub deviations: &'static str,
    credentials: OnceLock<Result<Credentials, String>>,
    /// Agents that wait for the next connection.
    idle: Arc<Mutex<Vec<Process>>>,
}

/// No datagram is larger.
const BUFFER: usize = 65_536;

impl Agent {
    /// A stack behind the agent that `command` runs, with what is known to deviate. It fits every preset that a
    /// [`Stack`] fits.
    pub fn new(
        name: &'static str,
        way: Way,
        command: fn() -> Result<Vec<PathBuf>, String>,
        deviations: &'static str,
    ) -> Self {
        let (credentials, idle) = (OnceLock::new(), Arc::default());
        let loss_trigger = LossTrigger::AnyPacket;
        Self { name, way, fit: Ok, command, loss_trigger, deviations, credentials, idle }
    }

    /// The same stack, which looks for lost packets otherwise.
    #[must_use]
    pub fn with_loss_trigger(self, loss_trigger: LossTrigger) -> Self {
        Self { loss_trigger, ..self }
    }

    /// The same stack, which cannot do everything that a preset wants.
    #[must_use]
    pub fn with_fit(self, fit: fn(Preset) -> Result<Preset, &'static str>) -> Self {
        Self { fit, ..self }
    }

    fn credentials(&self) -> Result<&Credentials, StartError> {
        let made = self.credentials.get_or_init(|| Credentials::make(self.name));
        made.as_ref().map_err(|error| StartError::Other(error.clone()))
    }

    fn process(&self) -> Result<Process, String> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Process::start(&(self.command)()?), Ok)
    }
}

impl Sut for Agent {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> String {
        let asked = self.process().and_then(|mut process| process.ask(&json!({ "do": "version" })));
        asked
            .ok()
            .and_then(|answer| Some(answer["version"].as_str()?.to_owned()))
            .unwrap_or_default()
    }

    fn way(&self) -> Way {
        self.way
    }

    fn fit(&self, preset: Preset) -> Result<Preset, &'static str> {
        fit(preset).and_then(self.fit)
    }

    fn has_contract(&self) -> bool {
        false
    }

    fn deviations(&self) -> &'static str {
        self.deviations
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Session>, StartError> {
        let Credentials { puppet, certificate } = self.credentials()?;
        let foreign = |error| StartError::Other(format!("{}: {error}", self.name));
        let process = self.process().map_err(foreign)?;
        let mut remote =
            Remote::start(process, setup, certificate, self.idle.clone()).map_err(foreign)?;
        remote.loss_trigger = self.loss_trigger;
        Ok(Box::new(DatagramSession::new(remote, setup, puppet)?))
    }
}

/// A running agent: its lines, and the process at their other end.
pub(crate) struct Process {
    /// `None` in tests, where the other end is a thread.
    pub(crate) child: Option<Child>,
    pub(crate) commands: Box<dyn Write + Send>,
    pub(crate) answers: Box<dyn BufRead + Send>,
}

impl Process {
    fn start(command: &[PathBuf]) -> Result<Self, String> {
        let (program, arguments) = command.split_first().ok_or("no agent")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let commands = child.stdin.take().ok_or("no stdin")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        Ok(Self { child: Some(child), commands: Box::new(commands), answers: Box::new(answers) })
    }

    pub(crate) fn ask(&mut self, command: &Value) -> Result<Value, String> {
        writeln!(self.commands, "{command}")
            .map_err(|error| format!("the agent is gone: {error}"))?;
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) | Err(_) => Err(format!("the agent ended at {command}")),
            Ok(_) => serde_json::from_str(&line).map_err(|error| format!("{line:?}: {error}")),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// One connection of an agent.
pub(crate) struct Remote {
    /// Given back at the end, unless it has failed.
    process: Option<Process>,
    /// How it has failed.
    failure: Option<String>,
    idle: Arc<Mutex<Vec<Process>>>,
    socket: UdpSocket,
    agent: SocketAddr,
    established: bool,
    accepted: Vec<StreamId>,
    /// The resets of which the agent has told.
    resets: BTreeMap<StreamId, ErrorCode>,
    loss_trigger: LossTrigger,
}

impl Remote {
    pub(crate) fn start(
        mut process: Process,
        setup: &Setup,
        certificate: &Certificate,
        idle: Arc<Mutex<Vec<Process>>>,
    ) -> Result<Self, String> {
        let socket =
            UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
        socket.set_nonblocking(true).map_err(|error| error.to_string())?;
        let peer = socket.local_addr().map_err(|error| error.to_string())?.port();
        let parameters = setup.parameters_of(setup.side);
        let answer = process.ask(&json!({
            "do": "start",
            "side": match setup.side { Side::Client => "client", Side::Server => "server" },
            "peer": peer,
            "certificate": certificate.certificate,
            "key": certificate.key,
            "parameters": {
                "max_data": parameters.max_data,
                "max_stream_data": parameters.max_stream_data_uni,
                "max_stream_data_bidi_local": parameters.max_stream_data_bidi_local,
                "max_stream_data_bidi_remote": parameters.max_stream_data_bidi_remote,
                "max_stream_data_uni": parameters.max_stream_data_uni,
                "max_streams_bidi": parameters.max_streams_bidi,
                "max_streams_uni": parameters.max_streams_uni,
            },
        }))?;
        let port = answer["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let agent = SocketAddr::from((Ipv4Addr::LOCALHOST, port.ok_or("no port")?));
        let process = Some(process);
        let (established, accepted, resets) = (false, Vec::new(), BTreeMap::new());
        let loss_trigger = LossTrigger::AnyPacket;
        let failure = None;
        Ok(Self {
            process,
            failure,
            idle,
            socket,
            agent,
            established,
            accepted,
            resets,
            loss_trigger,
        })
    }

    /// Asks the agent; `null` if it is gone, which fits no answer.
    fn ask(&mut self, command: &Value) -> Value {
        let answer = self.process.as_mut().map(|process| process.ask(command));
        match answer {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => {
                self.failure = Some(error);
                self.process = None;
                Value::Null
            }
            None => Value::Null,
        }
    }

    fn send(&mut self, command: &Value, done: Answer) -> Answer {
        sent(&self.ask(command), done)
    }
}

/// What an agent's answer says to who sends; `done` if that is what it says.
fn sent(answer: &Value, done: Answer) -> Answer {
    if answer["done"] == true {
        return done;
    }
    let outcome = match answer["stopped"].as_u64() {
        Some(code) => SendOutcome::Stopped { code: ErrorCode(code) },
        None if answer["lost"] == true => SendOutcome::ConnectionLost,
        None if answer["finished"] == true => return Answer::Finished,
        None if answer["blocked"] == true => return Answer::Blocked,
        None => return Answer::Closed,
    };
    Answer::SendEnded { outcome }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.process.take());
    }
}

impl Stack for Remote {
    fn receive(&mut self, datagram: &[u8]) {
        // Loopback takes everything up to the size of the socket's buffer.
        let _ = self.socket.send_to(datagram, self.agent);
    }

    fn transmit(&mut self) -> Vec<Vec<u8>> {
        let answer = self.ask(&json!({ "do": "settle" }));
        self.established |= answer["established"] == true;
        let accepted = answer["accepted"].as_array().into_iter().flatten();
        self.accepted.extend(accepted.filter_map(Value::as_u64).filter_map(StreamId::from_wire));
        for reset in answer["resets"].as_array().into_iter().flatten() {
            if let Some(id) = reset["id"].as_u64().and_then(StreamId::from_wire) {
                self.resets.insert(id, ErrorCode(reset["code"].as_u64().unwrap_or(0)));
            }
        }
        let mut sent = Vec::new();
        let mut buffer = vec![0; BUFFER];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            sent.push(buffer[..length].to_vec());
        }
        sent
    }

    fn is_established(&self) -> bool {
        self.established
    }

    fn open(&mut self, direction: Direction) -> Answer {
        let direction = match direction {
            Direction::Bidirectional => "bidirectional",
            Direction::Unidirectional => "unidirectional",
        };
        let answer = self.ask(&json!({ "do": "open", "direction": direction }));
        match answer["id"].as_u64().and_then(StreamId::from_wire) {
            Some(stream_id) => Answer::Opened { stream_id },
            None if answer["lost"] == true => Answer::ConnectionLost,
            None => Answer::Blocked,
        }
    }

    fn write(&mut self, id: StreamId, data: &[u8]) -> Answer {
        let answer = self.ask(&json!({ "do": "write", "id": id.value(), "data": hex(data) }));
        match answer["wrote"].as_u64() {
            Some(length) => Answer::Wrote { length },
            None if answer["blocked"] == true => Answer::Blocked,
            None => sent(&answer, Answer::Wrote { length: data.len() as u64 }),
        }
    }

    fn finish(&mut self, id: StreamId) -> Answer {
        self.send(&json!({ "do": "finish", "id": id.value() }), Answer::Accepted)
    }

    fn reset(&mut self, id: StreamId, code: ErrorCode) -> Answer {
        self.send(&json!({ "do": "reset", "id": id.value(), "code": code.0 }), Answer::Accepted)
    }

    fn read(&mut self, id: StreamId, buffer: &mut [u8]) -> Read {
        let answer = self.ask(&json!({ "do": "read", "id": id.value() }));
        if let Some(data) = answer["data"].as_str().and_then(unhex) {
            let length = data.len().min(buffer.len());
            buffer[..length].copy_from_slice(&data[..length]);
            return Read::Data { length, fin: answer["fin"] == true };
        }
        match answer["reset"].as_u64() {
            Some(code) => Read::Reset(ErrorCode(code)),
            None if answer["nothing"] == true => Read::Nothing,
            None if answer["lost"] == true => {
                Read::Other(Answer::RecvEnded { outcome: RecvOutcome::ConnectionLost })
            }
            None => Read::Other(Answer::Closed),
        }
    }

    fn stop(&mut self, id: StreamId, code: ErrorCode) -> Answer {
        let answer = self.ask(&json!({ "do": "stop", "id": id.value(), "code": code.0 }));
        match answer["done"] == true {
            true => Answer::Accepted,
            false => Answer::Closed,
        }
    }

    fn was_reset(&mut self, id: StreamId) -> Option<ErrorCode> {
        self.resets.get(&id).copied()
    }

    fn close(&mut self, code: ErrorCode) -> Answer {
        self.ask(&json!({ "do": "close", "code": code.0 }));
        Answer::Accepted
    }

    fn accept(&mut self) -> Vec<StreamId> {
        std::mem::take(&mut self.accepted)
    }

    fn failure(&self) -> Option<String> {
        self.failure.clone()
    }

    fn loss_trigger(&self) -> LossTrigger {
        self.loss_trigger
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = |at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(digits).collect()
}

/// A program or a file that an agent needs: the one that the environment variable names, or else the one that
/// `make stacks` has made. A bare name is looked for by the system.
///
/// # Errors
///
/// In one line, which file is missing and how it is had.
pub fn wants(variable: &str, made: &str) -> Result<PathBuf, String> {
    let file = std::env::var_os(variable).map_or_else(|| PathBuf::from(made), PathBuf::from);
    match file.exists() || file.components().count() == 1 {
        true => Ok(file),
        false => Err(format!(
            "{} is not there; run `make stacks` in the repository, or set {variable}",
            file.display()
        )),
    }
}
