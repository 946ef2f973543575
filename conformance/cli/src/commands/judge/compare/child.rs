//! Other programs: cargo, and the suite in a scratch workspace. What they say on stderr is progress.

use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::commands::UsageError;
use crate::commands::progress::Progress;

/// A program that has come to its end.
pub(super) struct Ended {
    /// Its exit code; none if it was killed.
    pub(super) code: Option<i32>,
    /// All of its stdout.
    pub(super) stdout: String,
    /// The lines of its stderr.
    pub(super) stderr: Vec<String>,
}

impl Ended {
    /// What went wrong, in one line: cargo's error with the line that explains it, or the last line there is.
    pub(super) fn reason(&self) -> String {
        let lines = self.stderr.iter().map(|line| line.trim());
        let mut lines = lines.skip_while(|line| !line.starts_with("error")).filter(|line| {
            let aside = ["...", "location searched", "required by", "Caused by", "-->"];
            !line.is_empty() && !aside.iter().any(|start| line.starts_with(start))
        });
        match (lines.next(), lines.next()) {
            (Some(error), Some(why)) => format!("{error}: {why}"),
            (Some(error), None) => error.to_owned(),
            (None, _) => match (self.stderr.last(), self.code) {
                (Some(last), _) => last.trim().to_owned(),
                (None, Some(code)) => format!("exit code {code}"),
                (None, None) => "it was killed".to_owned(),
            },
        }
    }
}

/// Runs a program to its end, and says on stderr now and then how far it has come.
///
/// # Errors
///
/// When it cannot be run at all.
pub(in crate::commands) fn run(command: &mut Command, what: String) -> Result<Ended, UsageError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let bad = |error: std::io::Error| UsageError(format!("{name} cannot be run: {error}"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(bad)?;
    let out = child.stdout.take();
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = out.map(|mut out| out.read_to_end(&mut bytes));
        read.transpose().map(|_| String::from_utf8_lossy(&bytes).into_owned())
    });
    let stderr = listen(child.stderr.take(), &Progress::new(what));
    let stdout = match reader.join() {
        Ok(read) => read.map_err(bad)?,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    let code = child.wait().map_err(bad)?.code();
    Ok(Ended { code, stdout, stderr })
}

/// How long a program may say nothing until its last line is told again: it is still at it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The lines of a program's stderr up to its end; the last one is told as how far it has come.
fn listen(stderr: Option<ChildStderr>, progress: &Progress) -> Vec<String> {
    let Some(stderr) = stderr else { return Vec::new() };
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    let mut lines: Vec<String> = Vec::new();
    loop {
        match receive.recv_timeout(PATIENCE) {
            Ok(line) => lines.push(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return lines,
        }
        progress.tell(lines.last().map_or("begun", |line| line.trim()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(stderr: &str) -> Ended {
        let stderr = stderr.lines().map(str::to_owned).collect();
        Ended { code: Some(101), stdout: String::new(), stderr }
    }

    #[test]
    fn reason_is_the_error_and_what_explains_it() {
        let cargo = "    Updating index\n\
            error: failed to select a version for the requirement `quinn-proto = \"=0.11.99\"`\n\
            candidate versions found which didn't match: 0.11.19, 0.11.18, ...\n\
            location searched: index\n";
        let reason = "error: failed to select a version for the requirement \
            `quinn-proto = \"=0.11.99\"`: candidate versions found which didn't match: 0.11.19, 0.11.18, ...";
        assert_eq!(ended(cargo).reason(), reason);
        let network =
            "error: failed to get `x`\n    ... which satisfies\n\nCaused by:\n  no network\n";
        assert_eq!(ended(network).reason(), "error: failed to get `x`: no network");
        assert_eq!(ended("playing\nstreamproof: no preset").reason(), "streamproof: no preset");
        assert_eq!(ended("").reason(), "exit code 101");
    }
}
