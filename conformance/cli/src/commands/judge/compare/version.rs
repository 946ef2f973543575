//! `--sut quinn@VERSION` of `judge run` and `trace play`: the suite, built with another version of quinn-proto, judged by the list
//! of the version that is built in.

use std::env;
use std::process::Command;

use super::scratch::{Scratch, Wanted};
use super::{child, folder, is_version, source};
use crate::commands::{UsageError, Verdict};
use streamproof_stacks::Stack;

/// Builds the suite with that version and runs it with the arguments that this command was called with.
///
/// # Errors
///
/// When there is no such version of the stack, it does not build, or the arguments are wrong.
pub(in crate::commands) fn run(stack: &str, version: &str) -> Result<Verdict, UsageError> {
    let wanted = format!("{stack}@{version}");
    let bad = |line: &str| UsageError(format!("--sut {wanted}: {line}"));
    if !["quinn", "manager"].contains(&stack) {
        return Err(bad("versions can be had of quinn, and of quinn below the manager"));
    }
    if !is_version(version) {
        return Err(bad("that is no version, as 0.11.17 is"));
    }
    let source = source(None)?;
    let out = folder(None, &source)?;
    let scratch = Scratch::pin(&source, &out, Wanted { proto: version, quinn: None })?;
    scratch.begin_with_any();
    if let Err(reason) = scratch.build()? {
        return Err(bad(&format!("does not build: {reason}")));
    }
    let given = env::args_os().skip(1).map(|argument| match argument.to_str() {
        Some(text) => text.replace(&wanted, stack).into(),
        None => argument,
    });
    let mut command = Command::new(scratch.suite());
    command.args(given);
    let ended = child::run(&mut command, format!("playing against {scratch}"))?;
    let built_in = Stack::find(stack).map(|stack| (stack.make)().version()).unwrap_or_default();
    let now = format!("{} / proto {}", scratch.quinn, scratch.proto);
    let text = ended.stdout.replace(&format!("--sut {stack}"), &format!("--sut {wanted}"));
    out!("{}", text.replace(&built_in, &now));
    match ended.code {
        Some(0) => Ok(Verdict::Holds),
        Some(1) => Ok(Verdict::Fails),
        Some(3) => Ok(Verdict::Incomplete),
        Some(_) | None => Err(UsageError(ended.reason())),
    }
}
