//! Whether a second quinn can be the peer: the calls that make it send what the trace's peer sends, tried out here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Instant;

use quinn_proto::{Dir, StreamId, VarInt};
use streamproof_conformance::export::script::{Done, Op};
use streamproof_harness::wire::Frame;
use streamproof_model::rfc::call::Call;
use streamproof_model::rfc::identity::{self, Side};

use super::super::play::{End, said};
use super::super::{Stage, dir};
use super::calls::{self, Scene, Told};
use super::dir_code;

/// A step of the test.
pub(super) struct Step {
    /// What the peer's application does before.
    peer: Vec<PeerCall>,
    /// What is done to the connection under test.
    own: String,
}

/// A call of the peer's application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum PeerCall {
    Open(u64),
    Write(u64, usize),
    Finish(u64),
    Reset(u64, u32),
    Stop(u64, u32),
}

impl Step {
    /// Whether nothing is done.
    pub(super) fn is_nothing(&self) -> bool {
        self.peer.is_empty() && self.own.is_empty()
    }

    /// Writes the step; the peer's end is named as `peer` says.
    pub(super) fn write(&self, peer: &Scene, text: &mut String) {
        for call in &self.peer {
            let line = match *call {
                PeerCall::Open(id) => {
                    let of = wire_id(id);
                    let (dir, streams) = (dir_code(of.direction()), peer.streams());
                    format!("let s{id} = {streams}.open({dir}).unwrap()")
                }
                PeerCall::Write(id, length) => {
                    format!("{}.write(&[0; {length}]).unwrap()", peer.send(id))
                }
                PeerCall::Finish(id) => format!("{}.finish().unwrap()", peer.send(id)),
                PeerCall::Reset(id, code) => {
                    format!("{}.reset({code}u32.into()).unwrap()", peer.send(id))
                }
                PeerCall::Stop(id, code) => {
                    format!("{}.stop({code}u32.into()).unwrap()", peer.recv(id))
                }
            };
            let _ = writeln!(text, "    {line};");
        }
        text.push_str(&self.own);
    }
}

/// The steps, one for each that was done; `None` if no quinn can be the peer.
pub(super) fn lines(stage: &Stage, done: &[Done]) -> Option<Vec<Step>> {
    let scene = Scene::pair(stage.side);
    let (mut peer, mut told) = (Peer::new(stage), Told::default());
    let mut steps = Vec::new();
    let drive = |side: Side| format!("    pair.drive_{side}();\n");
    for done in done {
        let step = match &done.op {
            Op::Call(call) => {
                let own = calls::line(*call, done, &scene, &mut told).ok()?;
                Step { peer: Vec::new(), own }
            }
            Op::Settle => {
                Step { peer: Vec::new(), own: drive(stage.side) + &drive(stage.side.peer()) }
            }
            Op::Deliver(None, frames) => {
                told.heard(frames);
                let peer = peer.calls(frames)?;
                Step { peer, own: drive(stage.side.peer()) + &drive(stage.side) }
            }
            // What is lost, and not seen later, need not be sent.
            Op::HoldBack(_) => Step { peer: Vec::new(), own: String::new() },
            Op::Deliver(Some(_), _) | Op::Acknowledge(..) | Op::LoseOutstanding | Op::Handshake => {
                return None;
            }
        };
        peer.hears(&done.frames);
        steps.push(step);
    }
    let sends = Duo::connect(stage).plays(done, &steps);
    sends.then_some(steps)
}

/// What the peer's application knows.
struct Peer {
    side: Side,
    /// How much was sent on each stream.
    sent: BTreeMap<u64, u64>,
    /// How many streams it has opened, by direction.
    opened: [u64; 2],
    /// The streams of the connection under test that it has heard of.
    known: BTreeSet<u64>,
}

impl Peer {
    fn new(stage: &Stage) -> Self {
        let (sent, known) = (BTreeMap::new(), BTreeSet::new());
        Self { side: stage.side.peer(), sent, opened: [0; 2], known }
    }

    /// It has received these frames.
    fn hears(&mut self, frames: &[Frame]) {
        for frame in frames {
            if let Frame::Stream { stream_id, .. }
            | Frame::ResetStream { stream_id, .. }
            | Frame::StopSending { stream_id, .. } = frame
            {
                self.known.insert(*stream_id);
            }
        }
    }

    /// The calls after which it sends these frames in a packet.
    fn calls(&mut self, frames: &[Frame]) -> Option<Vec<PeerCall>> {
        let mut calls = Vec::new();
        for frame in frames {
            self.call(frame, &mut calls)?;
        }
        Some(calls)
    }

    /// The calls after which it sends this frame.
    fn call(&mut self, frame: &Frame, calls: &mut Vec<PeerCall>) -> Option<()> {
        let code = |code: u64| u32::try_from(code).ok();
        if let Frame::Stream { stream_id, offset, fin, data } = frame {
            self.opens(*stream_id, calls)?;
            let sent = self.sent.entry(*stream_id).or_default();
            if offset != sent || (data.is_empty() && !fin) {
                return None;
            }
            *sent += data.len() as u64;
            if !data.is_empty() {
                calls.push(PeerCall::Write(*stream_id, data.len()));
            }
            calls.extend(fin.then_some(PeerCall::Finish(*stream_id)));
        } else if let Frame::ResetStream {
            stream_id,
            application_protocol_error_code,
            final_size,
        } = frame
        {
            self.opens(*stream_id, calls)?;
            if *final_size != *self.sent.entry(*stream_id).or_default() {
                return None;
            }
            calls.push(PeerCall::Reset(*stream_id, code(*application_protocol_error_code)?));
        } else if let Frame::StopSending { stream_id, application_protocol_error_code } = frame {
            self.opens(*stream_id, calls)?;
            calls.push(PeerCall::Stop(*stream_id, code(*application_protocol_error_code)?));
        } else {
            return None;
        }
        Some(())
    }

    /// It has the stream, or opens it.
    fn opens(&mut self, id: u64, calls: &mut Vec<PeerCall>) -> Option<()> {
        let of = wire_id(id);
        if of.initiator() != self.side {
            return self.known.contains(&id).then_some(());
        }
        let opened = &mut self.opened[dir(of.direction()) as usize];
        for ordinal in *opened..=of.ordinal() {
            let id = identity::StreamId::new(self.side, of.direction(), ordinal);
            calls.push(PeerCall::Open(id.value()));
        }
        *opened = (*opened).max(of.ordinal() + 1);
        Some(())
    }
}

/// Two connections of quinn-proto, one of them under test.
struct Duo {
    now: Instant,
    own: End,
    peer: End,
    /// What the connection under test has sent and the peer not yet received.
    under_way: Vec<Vec<u8>>,
}

impl Duo {
    fn connect(stage: &Stage) -> Self {
        let now = Instant::now();
        let is_server = stage.side == Side::Server;
        let mut own = End::new(is_server, stage.own, stage.packet_threshold);
        let mut peer = End::new(!is_server, stage.peer, stage.packet_threshold);
        match is_server {
            true => peer.connect(now, stage.peer, stage.packet_threshold),
            false => own.connect(now, stage.own, stage.packet_threshold),
        }
        loop {
            let (there, back) = (own.transmit(now), peer.transmit(now));
            if there.is_empty() && back.is_empty() {
                break;
            }
            there.iter().for_each(|datagram| peer.receive(now, datagram));
            back.iter().for_each(|datagram| own.receive(now, datagram));
        }
        let mut duo = Self { now, own, peer, under_way: Vec::new() };
        for direction in &stage.opened {
            let connection = &mut duo.own.connection.as_mut().expect("connected").1;
            connection.streams().open(dir(*direction));
        }
        duo.runs();
        duo
    }

    /// The connection under test runs.
    fn runs(&mut self) {
        self.under_way.extend(self.own.transmit(self.now));
    }

    /// The peer runs: what it sends about streams.
    fn peer_runs(&mut self) -> Vec<Vec<u8>> {
        for datagram in std::mem::take(&mut self.under_way) {
            self.peer.receive(self.now, &datagram);
        }
        self.peer.transmit(self.now)
    }

    /// Whether the peer sends what was delivered in each step, and nothing else of streams.
    fn plays(mut self, done: &[Done], steps: &[Step]) -> bool {
        done.iter().zip(steps).all(|(done, step)| self.plays_step(done, step).is_some())
    }

    fn plays_step(&mut self, done: &Done, step: &Step) -> Option<()> {
        let delivered: &[Frame] = match &done.op {
            Op::Deliver(_, frames) => frames,
            Op::Call(call) => {
                self.calls(*call);
                return Some(());
            }
            Op::HoldBack(_) => return Some(()),
            Op::Settle | Op::Acknowledge(..) | Op::LoseOutstanding | Op::Handshake => {
                self.runs();
                let sent = self.peer_runs();
                sent.iter().for_each(|datagram| self.own.receive(self.now, datagram));
                return all_said(&sent).is_empty().then_some(());
            }
        };
        step.peer.iter().try_for_each(|call| self.peer_calls(*call))?;
        let sent = self.peer_runs();
        sent.iter().for_each(|datagram| self.own.receive(self.now, datagram));
        self.runs();
        let delivered: Vec<String> = delivered.iter().map(Frame::to_string).collect();
        (all_said(&sent) == delivered).then_some(())
    }

    /// The application under test calls. What it is answered was seen before.
    fn calls(&mut self, call: Call) {
        let connection = &mut self.own.connection.as_mut().expect("connected").1;
        for direction in [Dir::Bi, Dir::Uni] {
            while connection.streams().accept(direction).is_some() {}
        }
        let code = |code: streamproof_model::rfc::frame::ErrorCode| VarInt::from_u32(code.0 as u32);
        match call {
            Call::Open { direction } => _ = connection.streams().open(dir(direction)),
            Call::Write { stream_id, length } => {
                let data = vec![0; length as usize];
                _ = connection.send_stream(stream(stream_id.value())).write(&data);
            }
            Call::End { stream_id } => {
                _ = connection.send_stream(stream(stream_id.value())).finish();
            }
            Call::Reset { stream_id, code: of } => {
                _ = connection.send_stream(stream(stream_id.value())).reset(code(of));
            }
            Call::AbortReading { stream_id, code: of } => {
                _ = connection.recv_stream(stream(stream_id.value())).stop(code(of));
            }
            Call::Read { stream_id } => {
                let mut part = connection.recv_stream(stream(stream_id.value()));
                if let Ok(mut chunks) = part.read(true) {
                    while let Ok(Some(_)) = chunks.next(usize::MAX) {}
                    let _ = chunks.finalize();
                }
            }
            Call::CloseConnection { .. }
            | Call::DropSend { .. }
            | Call::DropRecv { .. }
            | Call::ResizeWindow { .. }
            | Call::ResizeStreams { .. } => {}
        }
    }

    fn peer_calls(&mut self, call: PeerCall) -> Option<()> {
        let connection = &mut self.peer.connection.as_mut()?.1;
        match call {
            PeerCall::Open(id) => {
                let of = wire_id(id);
                let opened = connection.streams().open(dir(of.direction()))?;
                (u64::from(VarInt::from(opened)) == id).then_some(())
            }
            PeerCall::Write(id, length) => {
                let written = connection.send_stream(stream(id)).write(&vec![0; length]).ok()?;
                (written == length).then_some(())
            }
            PeerCall::Finish(id) => connection.send_stream(stream(id)).finish().ok(),
            PeerCall::Reset(id, code) => connection.send_stream(stream(id)).reset(code.into()).ok(),
            PeerCall::Stop(id, code) => connection.recv_stream(stream(id)).stop(code.into()).ok(),
        }
    }
}

fn wire_id(id: u64) -> identity::StreamId {
    identity::StreamId::from_wire(id).expect("a stream ID")
}

fn stream(id: u64) -> StreamId {
    VarInt::from_u64(id).expect("a stream ID").into()
}

/// What datagrams say about streams, frame by frame.
fn all_said(datagrams: &[Vec<u8>]) -> Vec<String> {
    let packets = datagrams.iter().filter_map(|datagram| said(datagram));
    packets.flat_map(|(_, _, said)| said).collect()
}
