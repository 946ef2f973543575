//! The documents are true: each block of output in README.md is what its command prints, each finding in its table
//! is what the stack's list and the trace say, and the command takes every command line that a document shows.
//!
//! With `STREAMPROOF_BLESS` set the blocks are written again, with `STREAMPROOF_NIGHTLY` the dear ones too: `make readme`.

#![cfg(unix)] // the blocks' commands are a shell's

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use streamproof_conformance::deviations::Known;
use streamproof_model::trace::file;
use streamproof_stacks::{Stack, departures};

/// Documents whose commands are tried.
const DOCUMENTS: [&str; 9] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "impl/README.md",
    "model/README.md",
    "specs/README.md",
    "specs/agent.md",
    "specs/choices.md",
    "specs/trace.md",
];
/// No document shows fewer, all together.
const LEAST_COMMANDS: usize = 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(document: &str) -> String {
    fs::read_to_string(root().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// A block between its marks.
struct Block {
    /// What a shell is given: the command as it is printed, then maybe a pipe that takes an excerpt.
    command: String,
    /// Whether it is too dear for every run of the tests.
    nightly: bool,
    /// The lines between the marks.
    lines: std::ops::Range<usize>,
}

impl Block {
    /// The command as it is printed.
    fn shown(&self) -> &str {
        self.command.split(" | ").next().unwrap_or_default()
    }

    /// What belongs between the marks: the output, below its command in a fence if there is a fence.
    fn made(&self, fenced: bool) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_streamproof"));
        let folder = binary.parent().expect("a folder").display();
        let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
        let output = Command::new("sh")
            .args(["-c", &self.command])
            .current_dir(root())
            .env("PATH", path)
            .env("COLUMNS", "80")
            .env("NO_COLOR", "1")
            .output()
            .expect("a shell");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let text = text.trim_end();
        assert!(!text.is_empty(), "{}: {}", self.command, String::from_utf8_lossy(&output.stderr));
        match fenced {
            true => format!("```console\n$ {}\n{text}\n```", self.shown()),
            false => text.to_owned(),
        }
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open = None;
    for (number, line) in text.lines().enumerate() {
        let mark = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        let begun = |nightly, command: &str| Some((command.to_owned(), nightly, number + 1));
        match mark {
            Some("/output") => {
                let (command, nightly, first) = open.take().expect("a block that begins");
                blocks.push(Block { command, nightly, lines: first..number });
            }
            Some(mark) => {
                if let Some(command) = mark.strip_prefix("output: ") {
                    open = begun(false, command);
                } else if let Some(command) = mark.strip_prefix("output (nightly): ") {
                    open = begun(true, command);
                }
            }
            None => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    blocks
}

#[test]
fn blocks_of_output_are_what_their_commands_print() {
    let text = read("README.md");
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let (blesses, nightly) =
        (std::env::var_os("STREAMPROOF_BLESS"), std::env::var_os("STREAMPROOF_NIGHTLY"));
    let blocks = blocks(&text);
    assert!(blocks.iter().any(|block| !block.nightly), "README.md shows no output");
    // From the last one, so that the places of the others stay.
    for block in blocks.iter().rev().filter(|block| !block.nightly || nightly.is_some()) {
        let is = lines[block.lines.clone()].join("\n");
        let made = block.made(is.starts_with("```"));
        if blesses.is_some() {
            lines.splice(block.lines.clone(), made.lines().map(str::to_owned));
        } else {
            assert_eq!(is, made, "README.md shows something else: make readme ({})", block.command);
        }
    }
    if blesses.is_some() {
        fs::write(root().join("README.md"), lines.join("\n") + "\n").expect("README.md");
    }
}

/// The cells of a row of a table.
fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split(" | ").map(str::trim).collect()
}

#[test]
fn findings_are_what_lists_and_traces_say() {
    let text = read("README.md");
    let rows = text.lines().filter(|line| line.contains("](conformance/stacks/"));
    let mut count = 0;
    for row in rows {
        count += 1;
        let [name, _, rule, _, steps] = cells(row)[..] else { panic!("{row}") };
        let link = row.split("](").nth(1).and_then(|rest| rest.split(')').next()).expect("a link");
        let stack = Stack::find(name).unwrap_or_else(|| panic!("no stack {name}"));
        let known = Known::of(&*(stack.make)()).expect("a well-formed list");
        let trace = format!("conformance/stacks/{name}/traces/");
        let entry = known.deviation.iter().find(|entry| link == format!("{trace}{}", entry.trace));
        let entry = entry.unwrap_or_else(|| panic!("{name} has no such trace: {link}"));
        assert_eq!(entry.permitted, None, "{row}");
        assert_eq!(rule, format!("§{} {}", entry.section, entry.level), "{row}");
        let trace = file::read(&read(link), departures()).expect("a trace");
        assert!(steps.ends_with(&format!("[{}]({link})", trace.actions.len())), "{row}");
    }
    assert!(count > 5, "README.md has no table of findings");
}

/// The words of a command line; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('"').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Every command line of `streamproof` in a document: in a fence after `$`, or in backquotes.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let shown = line.strip_prefix("$ streamproof").filter(|rest| !rest.contains(" | "));
            commands.extend(shown.map(|rest| rest.split(" # ").next().unwrap_or(rest).to_owned()));
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            commands.extend(spans.filter_map(|span| {
                span.strip_prefix("streamproof")
                    .filter(|rest| rest.starts_with(' '))
                    .map(str::to_owned)
            }));
        }
    }
    commands
}

#[test]
fn every_command_line_of_the_documents_is_taken() {
    let mut count = 0;
    for document in DOCUMENTS {
        for line in commands(&read(document)) {
            count += 1;
            // A placeholder for a stack is none that the command knows.
            let words = words(&line.replace("--sut NAME", "--sut quinn"));
            let output = Command::new(env!("CARGO_BIN_EXE_streamproof"))
                .args(&words)
                .arg("--help")
                .output()
                .expect("the command");
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{document}: streamproof{line}: {why}");
        }
    }
    assert!(count >= LEAST_COMMANDS, "only {count} commands were found");
}
