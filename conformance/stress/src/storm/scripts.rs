//! What the users of a storm do with their streams: anything.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{Either, select};
use quinn::{Runtime, VarInt};
use streamproof::{RecvHandle, SendHandle, StreamManager};
use streamproof_simulation::{Dice, TaskHandle, World, yield_now};

use super::ledger::{Ledger, Side};

/// What a sender writes last who means to end the stream here.
const WHOLE: [u8; 1] = [1];

/// The users on one side.
#[derive(Clone)]
pub(super) struct Crew {
    manager: StreamManager,
    runtime: Arc<dyn Runtime>,
    ledger: Arc<Ledger>,
    seed: u64,
}

impl Crew {
    pub(super) fn new(
        manager: StreamManager,
        runtime: Arc<dyn Runtime>,
        ledger: Arc<Ledger>,
        seed: u64,
        side: Side,
    ) -> Self {
        let seed = seed.wrapping_mul(2).wrapping_add(u64::from(side == Side::Server));
        Self { manager, runtime, ledger, seed: seed.wrapping_mul(0x1_0000_0001) }
    }

    /// `workers` tasks that open streams while any are `left`, and two that accept for ever. The handles are of
    /// the former.
    pub(super) fn set_out(
        &self,
        world: &mut World,
        workers: usize,
        left: &Arc<AtomicU64>,
    ) -> Vec<TaskHandle<()>> {
        let (uni, bi) = (self.clone(), self.clone());
        drop(world.spawn(async move { uni.accept_uni().await }));
        drop(world.spawn(async move { bi.accept_bi().await }));
        let worker = |number: usize| {
            let (crew, left) = (self.clone(), left.clone());
            let dice = Dice::new(crew.seed ^ (number as u64 + 1) << 32);
            world.spawn(async move { crew.work(dice, &left).await })
        };
        (0..workers).map(worker).collect()
    }

    async fn work(&self, mut dice: Dice, left: &AtomicU64) {
        let take = |left: u64| left.checked_sub(1);
        while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            if dice.roll(2) == 0 {
                let Ok(send) = self.manager.open_uni().await else { return };
                self.send(send, &mut dice).await;
            } else {
                let Ok((send, recv)) = self.manager.open_bi().await else { return };
                self.hand_over_recv(recv, dice.roll(u64::MAX));
                self.send(send, &mut dice).await;
            }
        }
    }

    async fn accept_uni(&self) {
        while let Ok(recv) = self.manager.accept_uni().await {
            let seed = self.seed ^ VarInt::from(recv.id()).into_inner();
            self.hand_over_recv(recv, seed);
        }
    }

    async fn accept_bi(&self) {
        while let Ok((send, recv)) = self.manager.accept_bi().await {
            let seed = self.seed ^ VarInt::from(recv.id()).into_inner();
            self.hand_over_recv(recv, seed);
            let crew = self.clone();
            self.runtime.spawn(Box::pin(async move {
                crew.send(send, &mut Dice::new(seed ^ 1)).await;
            }));
        }
    }

    fn hand_over_recv(&self, recv: RecvHandle, seed: u64) {
        let crew = self.clone();
        self.runtime.spawn(Box::pin(async move { crew.recv(recv, &mut Dice::new(seed)).await }));
    }

    /// Sends, and ends it in one of many ways; the last is to drop it.
    async fn send(&self, mut send: SendHandle, dice: &mut Dice) {
        let short = vec![0; dice.roll(1500) as usize];
        let long = [0; 6000];
        let code = VarInt::from_u32(dice.roll(1000) as u32 + 1000);
        let moment = Duration::from_millis(dice.roll(40));
        match dice.roll(9) {
            0..=2 => {
                let _ = send.write_all(&short).await;
                let _ = send.write_all(&WHOLE).await;
                let _ = send.finish().await;
            }
            3 => {
                let _ = send.write_all(&short).await;
                yield_now().await;
                let _ = send.reset(code);
            }
            4 => {
                let _ = send.write_all(&short).await;
            }
            // Dropped in the middle of a wait.
            5 => drop(self.within(moment, send.write_all(&long)).await),
            6 => {
                let _ = send.write_all(&short).await;
                let _ = self.within(moment, send.stopped()).await;
                let _ = send.write_all(&WHOLE).await;
                drop(send.finish());
            }
            // Until a deadline, if nobody reads.
            7 => {
                let _ = send.write_all(&long).await;
                let _ = send.write_all(&WHOLE).await;
                drop(send.finish());
            }
            _ => {
                let _ = send.write_all(&short).await;
                let _ = send.write_all(&WHOLE).await;
                drop(send.finish());
                self.sleep(moment).await;
                let _ = send.reset(code);
            }
        }
    }

    /// Receives, and ends it in one of many ways; the last is to drop it.
    async fn recv(&self, mut recv: RecvHandle, dice: &mut Dice) {
        let mut buffer = [0; 500];
        let code = VarInt::from_u32(dice.roll(1000) as u32 + 2000);
        let moment = Duration::from_millis(dice.roll(60));
        match dice.roll(8) {
            0..=2 => {
                if let Ok(bytes) = recv.read_to_end(10_000).await {
                    self.is_whole(&recv, bytes.last());
                }
            }
            3 => {
                let _ = recv.read(&mut buffer).await;
                let _ = recv.stop(code);
            }
            4 => {
                let _ = recv.read(&mut buffer).await;
            }
            5 => self.sleep(moment).await,
            6 => {
                let _ = self.within(moment, recv.received_reset()).await;
                let _ = recv.read_to_end(700).await;
            }
            _ => {
                let (mut last, mut read) = (None, recv.read(&mut buffer).await);
                while let Ok(Some(length)) = read {
                    last = buffer[..length].last().copied().or(last);
                    self.sleep(moment / 10).await;
                    read = recv.read(&mut buffer).await;
                }
                if read == Ok(None) {
                    self.is_whole(&recv, last.as_ref());
                }
            }
        }
    }

    /// A stream that its sender did not mean to end here does not look as if it were whole.
    fn is_whole(&self, recv: &RecvHandle, last: Option<&u8>) {
        if last != WHOLE.last() {
            self.ledger.fail(format!("stream {} was cut off and looks whole", recv.id()));
        }
    }

    /// What `future` gives, if it does in time; dropped if not.
    async fn within<F: Future>(&self, time: Duration, future: F) -> Option<F::Output> {
        match select(pin!(future), pin!(self.sleep(time))).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    async fn sleep(&self, time: Duration) {
        let mut timer = self.runtime.new_timer(self.runtime.now() + time);
        poll_fn(|cx| timer.as_mut().poll(cx)).await;
    }
}
