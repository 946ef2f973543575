//! What races: for each preset of the lifecycle model the same tasks, on the manager.

use bytes::Bytes;
use futures_util::future::abortable;
use quinn::VarInt;
use std::time::Duration;
use streamproof_harness::wire::Frame;
use streamproof_simulation::{poll_once, yield_now};

use streamproof::{Drain, PartOutcome, ReadError};

use super::scene::{End, Ends, RESET_CODE, STOP_CODE, Scene, accepted, accepted_uni, data, opened};

/// A race: tasks of one endpoint and a peer, around one stream.
#[derive(Debug)]
pub struct Race {
    /// Its name on the command line.
    pub name: &'static str,
    /// Who races with whom, in one line.
    pub about: &'static str,
    /// The preset of the lifecycle model with the same tasks.
    pub like: &'static str,
    /// How many bytes the peer lets us send at first.
    pub credit: u64,
    /// Every end that it must come to in some schedule, and it may come to no other.
    pub ends: &'static [Ends],
    /// Sets it up.
    pub set: fn(&mut Scene),
}

const fn sending(sending: End) -> Ends {
    Ends { sending, receiving: End::None }
}

const fn receiving(receiving: End) -> Ends {
    Ends { sending: End::None, receiving }
}

const fn both(sending: End, receiving: End) -> Ends {
    Ends { sending, receiving }
}

/// Every race.
pub const RACES: &[Race] = &[
    Race {
        name: "incident",
        about: "a dropped sending handle, a reader who stops, against RESET_STREAM and STOP_SENDING",
        like: "lifecycle-incident",
        credit: 1000,
        ends: &[
            both(End::Reset, End::Reset),
            both(End::Reset, End::Stopped),
            both(End::Stopped, End::Reset),
            both(End::Stopped, End::Stopped),
        ],
        set: incident,
    },
    Race {
        name: "cancel",
        about: "a task that is aborted while it waits for credit, against the credit and STOP_SENDING",
        like: "lifecycle-cancel",
        credit: 1,
        ends: &[sending(End::Reset), sending(End::Stopped)],
        set: cancel,
    },
    Race {
        name: "acknowledged",
        about: "an explicit reset after finish, against the acknowledgement and a late STOP_SENDING",
        like: "lifecycle-cancel",
        credit: 1000,
        ends: &[sending(End::Delivered), sending(End::Reset)],
        set: acknowledged,
    },
    Race {
        name: "stopped-and-acknowledged",
        about: "finish, against STOP_SENDING and the acknowledgement right behind it",
        like: "lifecycle-waiters",
        credit: 1000,
        ends: &[sending(End::Delivered), sending(End::Stopped)],
        set: stopped_and_acknowledged,
    },
    Race {
        name: "waiters",
        about: "two tasks that begin to wait early and late, against a dropped handle and STOP_SENDING",
        like: "lifecycle-waiters",
        credit: 1000,
        ends: &[sending(End::Reset), sending(End::Stopped)],
        set: waiters,
    },
    Race {
        name: "deadline",
        about: "a drain whose deadline passes at once, against finish and STOP_SENDING",
        like: "lifecycle-deadline",
        credit: 1000,
        ends: &[sending(End::Reset), sending(End::Stopped)],
        set: deadline,
    },
    Race {
        name: "reader",
        about: "a reader that is aborted, against FIN and RESET_STREAM",
        like: "lifecycle-reader",
        credit: 1000,
        ends: &[receiving(End::ReadToEnd), receiving(End::Reset), receiving(End::Stopped)],
        set: reader,
    },
    Race {
        name: "loss",
        about: "write and finish, against STOP_SENDING and the end of the connection",
        like: "lifecycle-cancel",
        credit: 1000,
        ends: &[sending(End::Stopped), sending(End::Lost)],
        set: loss,
    },
];

impl Race {
    /// The race of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        RACES.iter().find(|race| race.name == name)
    }
}

fn stop(stream_id: u64) -> Frame {
    Frame::StopSending { stream_id, application_protocol_error_code: STOP_CODE.into() }
}

fn incident(scene: &mut Scene) {
    let Some((id, mut send, mut recv)) = accepted(scene) else { return };
    let _ = poll_once(send.write_all(b"re"));
    scene.arena.settle();
    let reset =
        Frame::ResetStream { stream_id: id, application_protocol_error_code: 8, final_size: 3 };
    scene.peer_sends([reset, stop(id)]);
    let told = scene.told.clone();
    let closed = send.closed();
    scene.task("watcher", async move { told.sending("watcher", &closed.await) });
    scene.task("writer", async move {
        yield_now().await;
        drop(send);
    });
    let told = scene.told.clone();
    scene.task("reader", async move {
        let mut buffer = [0; 8];
        while let Ok(Some(_)) = recv.read(&mut buffer[..1]).await {
            yield_now().await;
            if buffer[0] == b'e' {
                break;
            }
        }
        let _ = recv.stop(VarInt::from_u32(5));
        if let Some(outcome) = recv.outcome() {
            told.receiving("reader", &outcome);
        }
    });
}

fn cancel(scene: &mut Scene) {
    let Some((id, mut send)) = opened(scene) else { return };
    let _ = poll_once(send.write(b"a"));
    scene.arena.settle();
    scene.peer_sends([Frame::MaxStreamData { stream_id: id, maximum_stream_data: 2 }, stop(id)]);
    let told = scene.told.clone();
    let closed = send.closed();
    scene.task("watcher", async move { told.sending("watcher", &closed.await) });
    let told = scene.told.clone();
    let (writer, handle) = abortable(async move {
        match send.write_all(b"b").await {
            Ok(()) => told.finished("writer", &send.finish().await),
            Err(error) => told.refused("writer", &error),
        }
    });
    scene.task("writer", async move {
        let _ = writer.await;
    });
    scene.task("canceller", async move {
        yield_now().await;
        handle.abort();
    });
}

fn acknowledged(scene: &mut Scene) {
    let Some((id, mut send)) = opened(scene) else { return };
    let _ = poll_once(send.write_all(b"hello"));
    drop(send.finish());
    scene.arena.settle();
    scene.peer_acknowledges_and_sends([stop(id)]);
    let told = scene.told.clone();
    let closed = send.closed();
    scene.task("watcher", async move { told.sending("watcher", &closed.await) });
    let told = scene.told.clone();
    scene.task("writer", async move {
        yield_now().await;
        match send.reset(VarInt::from_u32(RESET_CODE)) {
            Ok(()) => told.sending("writer", End::Reset),
            Err(ended) => told.sending("writer", &ended.outcome),
        }
    });
}

fn stopped_and_acknowledged(scene: &mut Scene) {
    let Some((id, mut send)) = opened(scene) else { return };
    let _ = poll_once(send.write_all(b"hello"));
    drop(send.finish());
    scene.arena.settle();
    scene.peer_sends_and_acknowledges([stop(id)]);
    let told = scene.told.clone();
    scene.task("writer", async move {
        yield_now().await;
        told.finished("writer", &send.finish().await);
    });
}

fn waiters(scene: &mut Scene) {
    let Some((id, mut send)) = opened(scene) else { return };
    let _ = poll_once(send.write_all(b"hello"));
    scene.arena.settle();
    scene.peer_sends([stop(id)]);
    for (name, is_late) in [("watcher", false), ("watcher 2", true)] {
        let (told, closed) = (scene.told.clone(), send.closed());
        scene.task(name, async move {
            if is_late {
                yield_now().await;
            }
            told.sending(name, &closed.await);
        });
    }
    scene.task("writer", async move {
        yield_now().await;
        drop(send);
    });
}

fn deadline(scene: &mut Scene) {
    let Some((id, mut send)) = opened(scene) else { return };
    let _ = poll_once(send.write_all(b"hello"));
    scene.arena.settle();
    scene.peer_sends([stop(id)]);
    let (told, closed) = (scene.told.clone(), send.closed());
    scene.task("watcher", async move { told.sending("watcher", &closed.await) });
    let told = scene.told.clone();
    scene.task("writer", async move {
        yield_now().await;
        told.finished("writer", &send.finish().await);
    });
    let (told, manager) = (scene.told.clone(), scene.manager.clone());
    scene.task("drain", async move {
        let mut drain = Drain::within(Duration::ZERO);
        drain.reset_code = VarInt::from_u32(RESET_CODE);
        for part in manager.drain(drain).await.parts {
            if let Some(PartOutcome::Sending(outcome)) = &part.outcome {
                told.sending("drain", outcome);
            }
        }
    });
}

fn reader(scene: &mut Scene) {
    let Some((id, mut recv)) = accepted_uni(scene) else { return };
    let reset =
        Frame::ResetStream { stream_id: id, application_protocol_error_code: 8, final_size: 3 };
    scene.peer_sends([data(id, b"req", true), reset]);
    let told = scene.told.clone();
    let (reader, handle) = abortable(async move {
        let mut buffer = [0; 2];
        let end = loop {
            match recv.read(&mut buffer).await {
                Ok(Some(_)) => yield_now().await,
                Ok(None) => break End::ReadToEnd,
                Err(ReadError::Reset { .. }) => break End::Reset,
                Err(_) => break End::Lost,
            }
        };
        told.receiving("reader", end);
    });
    scene.task("reader", async move {
        let _ = reader.await;
    });
    scene.task("canceller", async move {
        yield_now().await;
        yield_now().await;
        handle.abort();
    });
}

fn loss(scene: &mut Scene) {
    let Some((id, mut send)) = opened(scene) else { return };
    let _ = poll_once(send.write_all(b"he"));
    scene.arena.settle();
    let close = Frame::ConnectionClose { error_code: 3, frame_type: None, reason: Bytes::new() };
    scene.peer_sends([stop(id), close]);
    let told = scene.told.clone();
    let closed = send.closed();
    scene.task("watcher", async move { told.sending("watcher", &closed.await) });
    let told = scene.told.clone();
    scene.task("writer", async move {
        match send.write_all(b"llo").await {
            Ok(()) => {
                yield_now().await;
                told.finished("writer", &send.finish().await);
            }
            Err(error) => told.refused("writer", &error),
        }
    });
}
