//! Ctrl-C, and SIGTERM: the run ends, says what is done and that it is incomplete. A second one ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::UsageError;

static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// Becomes true when the run is to end. From the first call on a signal does not end the process at once.
///
/// # Errors
///
/// When the system does not tell of signals.
pub(in crate::commands) fn asked() -> Result<&'static AtomicBool, UsageError> {
    static IS_HEARD: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    let heard = IS_HEARD.get_or_init(|| {
        let on_signal = || {
            if IS_ASKED.swap(true, Ordering::Relaxed) {
                std::process::exit(3);
            }
            errln!("stopping; once more ends it at once");
        };
        ctrlc::set_handler(on_signal).is_ok()
    });
    match heard {
        true => Ok(&IS_ASKED),
        false => Err(UsageError("signals cannot be heard".to_owned())),
    }
}

/// Asks for the end after this many seconds.
pub(in crate::commands) fn after(seconds: u64) {
    std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(seconds));
        IS_ASKED.store(true, Ordering::Relaxed);
    });
}
