//! What is wrong with a command line, in one line: clap says it in several.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use super::UsageError;

/// The line for an error of clap's about these arguments: what is wrong, what may have been meant, and where there is
/// help.
pub(super) fn line(error: &Error, arguments: &[OsString], root: &Command) -> UsageError {
    let (path, verb) = verb(arguments, root);
    let is_group = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let what = match is_group {
        true => format!("{}: which of {}?", verb.get_name(), names(verb).join(", ")),
        false => sentence(&error.to_string()),
    };
    let meant = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(name)) => elsewhere(name, root),
        Some(_) | None => String::new(),
    };
    UsageError(format!("{what}{meant}; see `{path} --help`"))
}

/// A text without line breaks and other control characters.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.trim().lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    words
        .join(" ")
        .chars()
        .map(|letter| if letter.is_control() { '\u{fffd}' } else { letter })
        .collect()
}

/// The command that is meant, with its path: `streamproof model check`.
fn verb<'a>(arguments: &[OsString], root: &'a Command) -> (String, &'a Command) {
    let (mut path, mut verb) = (root.get_name().to_owned(), root);
    for word in arguments.iter().skip(1) {
        let Some(next) = word.to_str().and_then(|word| verb.find_subcommand(word)) else { break };
        verb = next;
        path = format!("{path} {}", verb.get_name());
    }
    (path, verb)
}

fn names(group: &Command) -> Vec<&str> {
    group.get_subcommands().map(Command::get_name).collect()
}

/// What clap says before its usage: `error: …`, then details and tips, each in a line of its own.
fn sentence(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said = lines.take_while(|line| {
        !line.starts_with("Usage: ") && !line.starts_with("For more information")
    });
    let said = said.filter(|line| !line.starts_with("tip: to pass "));
    let mut sentence = String::new();
    for line in said {
        let (gap, line) = match (line.strip_prefix("error: "), line.strip_prefix("tip: ")) {
            (Some(what), _) => ("", what),
            (None, Some(tip)) => ("; ", tip),
            (None, None) => (" ", line),
        };
        if !sentence.is_empty() {
            sentence.push_str(gap);
        }
        sentence.push_str(line);
    }
    plain(&sentence)
}

/// What the standard library and clap say of numbers, in words for people.
const NUMBERS: [(&str, &str); 5] = [
    ("number would be zero for non-zero type", "it has to be 1 at least"),
    ("0 is not in 1..18446744073709551615", "it has to be 1 at least"),
    ("invalid digit found in string", "this is no whole number"),
    ("number too large to fit in target type", "this is too large"),
    ("cannot parse integer from empty string", "this is no number"),
];

fn plain(sentence: &str) -> String {
    // A number below zero looks like a flag.
    let value =
        sentence.strip_prefix("unexpected argument '-").and_then(|rest| rest.split_once('\''));
    if let Some((value, _)) = value.filter(|(value, _)| value.parse::<f64>().is_ok()) {
        return format!("-{value}: no number here is below zero");
    }
    NUMBERS.iter().fold(sentence.to_owned(), |text, (said, plain)| text.replace(said, plain))
}

/// Where else there is a verb of this name.
fn elsewhere(name: &str, root: &Command) -> String {
    let group = root.get_subcommands().find(|group| group.find_subcommand(name).is_some());
    group.map_or_else(String::new, |group| {
        format!("; did you mean `{} {} {name}`?", root.get_name(), group.get_name())
    })
}
