//! All that the command prints goes through here: whether it can still be written, where it goes, and its colours.
//!
//! A pipe that nobody reads any more (`streamproof model presets | head -1`) is no failure: the rest is not printed, and the
//! verdict stands. Anything else, such as a full disk, ends the command with one line and exit 2.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, IsTerminal, Write, stderr, stdout};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::UsageError;

/// Why nothing more can be printed.
static LOST: OnceLock<io::Error> = OnceLock::new();
/// Whether standard output is a file's, so that lines for people go to standard error.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Prints, as `print!` does.
macro_rules! out {
    ($($text:tt)*) => { $crate::commands::out::print(format_args!($($text)*)) };
}

/// Prints a line, as `println!` does.
macro_rules! outln {
    () => { $crate::commands::out::print(format_args!("\n")) };
    ($($text:tt)*) => { $crate::commands::out::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints a line on standard error, as `eprintln!` does.
macro_rules! errln {
    ($($text:tt)*) => { $crate::commands::out::say(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints on standard output; `out!` and `outln!` call it.
pub(in crate::commands) fn print(text: Arguments<'_>) {
    match IS_TAKEN.load(Ordering::Relaxed) {
        true => say(text),
        false => write(|out| out.write_fmt(text)),
    }
}

/// Prints on standard error; `errln!` calls it. Where that cannot be written, nobody is left to be told.
pub(in crate::commands) fn say(text: Arguments<'_>) {
    let _ = stderr().lock().write_fmt(text);
}

/// Writes to standard output whatever `content` writes. [`finish`] tells what went wrong.
pub(in crate::commands) fn write(content: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    if LOST.get().is_none() {
        keep(content(&mut stdout().lock()));
    }
}

/// Keeps the first failure of standard output.
pub(in crate::commands) fn keep(written: io::Result<()>) {
    if let Err(error) = written {
        let _ = LOST.set(error);
    }
}

/// The end of all output.
///
/// # Errors
///
/// When some of it could not be written although somebody waits for it.
pub(in crate::commands) fn finish() -> Result<(), UsageError> {
    write(|out| out.flush());
    match LOST.get() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(UsageError(format!("standard output: {error}")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Gives standard output to the file among `files` that is `-`: lines for people go to standard error from here on.
/// With `json` standard output is the JSON's. Whatever cannot be written is refused here, before any work is done.
///
/// # Errors
///
/// When two of them are one, or one of them is a folder, or cannot be in a folder.
pub(in crate::commands) fn give_way<'a>(
    files: impl IntoIterator<Item = &'a Path>,
    json: bool,
) -> Result<(), UsageError> {
    let files: Vec<&Path> = files.into_iter().collect();
    let there = files.iter().filter(|file| is_stdout(file)).count();
    if there + usize::from(json) > 1 {
        let two = if json { "a file and --json" } else { "two files" };
        return Err(UsageError(format!("-: {two} cannot both go to standard output")));
    }
    for (number, file) in files.iter().enumerate().filter(|(_, file)| !is_stdout(file)) {
        let name = file.display();
        if files[..number].contains(file) {
            return Err(UsageError(format!("{name}: two files cannot both go there")));
        }
        if file.is_dir() || file.as_os_str().is_empty() {
            return Err(UsageError(format!(
                "\"{name}\": a file is to be written, and this is a folder"
            )));
        }
        if let Some(above) = file.ancestors().skip(1).find(|above| above.is_file()) {
            return Err(UsageError(format!("{name}: {} is a file, not a folder", above.display())));
        }
    }
    IS_TAKEN.store(there > 0, Ordering::Relaxed);
    Ok(())
}

/// Refuses a folder to write into that cannot be one.
///
/// # Errors
///
/// When it, or what it is to be in, is a file.
pub(in crate::commands) fn wants_folder(folder: &Path) -> Result<(), UsageError> {
    match folder.ancestors().find(|above| above.is_file()) {
        Some(file) => Err(UsageError(format!("{}: is a file, not a folder", file.display()))),
        None => Ok(()),
    }
}

/// Whether a file to write is standard output.
pub(in crate::commands) fn is_stdout(file: &Path) -> bool {
    file == Path::new("-") || file == Path::new("/dev/stdout")
}

/// How many columns a line may have: what COLUMNS says, or the terminal; 80 where nobody knows.
pub(in crate::commands) fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || match stdout().is_terminal() {
        true => terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        false => None,
    };
    said.or_else(terminal).unwrap_or(80).clamp(40, 400)
}

/// Prints a text in lines that fit, with this in front of the first and as much room in front of the others.
pub(in crate::commands) fn paragraph(front: &str, text: &str) {
    folded(front, text, width()).iter().for_each(|line| outln!("{line}"));
}

/// A text in lines of at most so many characters, as far as its words permit.
pub(in crate::commands) fn folded(front: &str, text: &str, width: usize) -> Vec<String> {
    let column = front.chars().count();
    let (mut lines, mut line, mut length) = (Vec::new(), front.to_owned(), column);
    for word in text.split_whitespace() {
        let more = word.chars().count();
        if length > column && length + 1 + more > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(column)));
            length = column;
        }
        if length > column {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += more;
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// Whether what is printed has colours.
pub(in crate::commands) fn has_colour() -> bool {
    let is_terminal = match IS_TAKEN.load(Ordering::Relaxed) {
        true => stderr().is_terminal(),
        false => stdout().is_terminal(),
    };
    wants_colour(is_terminal, |name| std::env::var(name).ok())
}

/// Whether a line on standard error can be written again and again in its place.
pub(in crate::commands) fn has_cursor() -> bool {
    stderr().is_terminal() && std::env::var("TERM").is_ok_and(|term| term != "dumb")
}

/// What the environment says of colours: `NO_COLOR` (no-color.org), then `CLICOLOR_FORCE` and `CLICOLOR`
/// (bixense.com/clicolors), then `TERM`.
fn wants_colour(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let is_zero = |name| variable(name).is_some_and(|value| value == "0");
    match () {
        () if is_set("NO_COLOR") => false,
        () if is_set("CLICOLOR_FORCE") && !is_zero("CLICOLOR_FORCE") => true,
        () if is_zero("CLICOLOR") => false,
        () => is_terminal && variable("TERM").is_none_or(|term| term != "dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_folded_at_words_in_its_column() {
        assert_eq!(folded("note  ", "one two three", 13), ["note  one two", "      three"]);
        assert_eq!(folded("", "a-word-that-is-long b", 5), ["a-word-that-is-long", "b"]);
        assert_eq!(folded("§ ", "ä ö", 5), ["§ ä ö"]);
        assert_eq!(folded("note  ", "", 80), ["note"]);
    }

    #[test]
    fn colours_are_as_the_environment_wants_them() {
        let asked = |is_terminal, variables: &[(&str, &str)]| {
            let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
            wants_colour(is_terminal, |name| find(name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(asked(true, &[]) && asked(true, &[("NO_COLOR", "")]));
        assert!(asked(true, &[("CLICOLOR", "1"), ("TERM", "xterm")]));
        assert!(asked(false, &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")]));
        assert!(!asked(false, &[]) && !asked(false, &[("CLICOLOR_FORCE", "0")]));
        for without in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
            assert!(!asked(true, &[without]), "{without:?}");
        }
        assert!(!asked(true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
    }
}
