//! A session that cannot take the judge with it: when the stack under test panics, or says that it is gone, the session
//! is over, and that is a finding like any other.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::sut::{Session, Setup, StartError, Sut};

/// A session, for as long as its stack lives.
pub(crate) struct Guarded {
    session: Option<Box<dyn Session>>,
    failure: Option<String>,
    log: Vec<String>,
}

impl Guarded {
    /// Has the system begin a session. One that panics meanwhile has begun none and has failed.
    ///
    /// # Errors
    ///
    /// When the system gives no connection.
    pub(crate) fn start(sut: &dyn Sut, setup: &Setup) -> Result<Self, StartError> {
        let (session, failure) = match caught(|| sut.start(setup)) {
            Ok(session) => (Some(session?), None),
            Err(panicked) => (None, Some(panicked)),
        };
        Ok(Self { session, failure, log: Vec::new() })
    }

    /// What the session says; `None` if its stack has failed, now or before.
    pub(crate) fn ask<T>(&mut self, act: impl FnOnce(&mut dyn Session) -> T) -> Option<T> {
        let session = self.session.as_deref_mut()?;
        let asked = caught(|| {
            let answer = act(session);
            session.failure().map_or(Ok(answer), Err)
        });
        match asked.and_then(|answer| answer) {
            Ok(answer) => Some(answer),
            Err(failure) => {
                self.log = caught(|| session.log().to_vec()).unwrap_or_default();
                self.failure = Some(failure);
                // Its end may fail once more; that says nothing new.
                let ended = self.session.take();
                let _ = caught(|| drop(ended));
                None
            }
        }
    }

    /// How the stack has failed, told once.
    pub(crate) fn take_failure(&mut self) -> Option<String> {
        self.failure.take()
    }

    /// The event log.
    pub(crate) fn log(&mut self) -> Vec<String> {
        match self.ask(|session| session.log().to_vec()) {
            Some(log) => log,
            None => std::mem::take(&mut self.log),
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let session = self.session.take();
        // Nothing is played any more: what a stack does at its end is not judged.
        let _ = caught(|| drop(session));
    }
}

thread_local! {
    /// Whether this thread is inside the stack under test.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Where it has panicked last, and what it said.
    static PANICKED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs a part of the stack under test. If it panics, where and with what words; nothing is printed, because the same
/// stack is played thousands of times.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| match GUARDED.get() {
            true => PANICKED.with_borrow_mut(|told| *told = told_by(panic)),
            false => before(panic),
        }));
    });
    let outside = GUARDED.replace(true);
    // A session that has panicked is never asked again.
    let result = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(outside);
    result.map_err(|_| PANICKED.take())
}

fn told_by(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let words = payload.downcast_ref::<&str>().copied();
    let words = words.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let words = words.unwrap_or("without words");
    match panic.location() {
        Some(place) => format!("panicked at {}:{}: {words}", place.file(), place.line()),
        None => format!("panicked: {words}"),
    }
}
