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

/// Puts what the commands print between the marks.
fn with_blocks(text: &str) -> String {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let nightly = std::env::var_os("STREAMPROOF_NIGHTLY").is_some();
    let blocks = blocks(text);
    assert!(blocks.iter().any(|block| !block.nightly), "README.md shows no output");
    // From the last one, so that the places of the others stay.
    for block in blocks.iter().rev().filter(|block| !block.nightly || nightly) {
        let fenced = lines[block.lines.start].starts_with("```");
        lines.splice(block.lines.clone(), block.made(fenced).lines().map(str::to_owned));
    }
    lines.join("\n") + "\n"
}

/// A row of the table of findings: stack, version, rule, what it does, and how many steps the trace has, which is the
/// link. Rule and steps are those of the stack's list and of the trace.
fn with_finding(row: &str) -> String {
    let [stack, version, _, does, link] =
        row.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>()[..]
    else {
        panic!("{row}")
    };
    let link = link.split("](").nth(1).and_then(|rest| rest.strip_suffix(')')).expect("a link");
    let found = Stack::find(stack).unwrap_or_else(|| panic!("no stack {stack}"));
    let known = Known::of(&*(found.make)()).expect("a well-formed list");
    let folder = format!("conformance/stacks/{stack}/traces/");
    let entry = known.deviation.iter().find(|entry| link == format!("{folder}{}", entry.trace));
    let entry = entry.unwrap_or_else(|| panic!("{stack} has no such trace: {link}"));
    let trace = file::read(&read(link), departures()).expect("a trace");
    let steps = trace.actions.len() + trace.probe.map_or(0, |probe| probe.len());
    let rule = format!("§{} {}", entry.section, entry.level);
    format!("| {stack} | {version} | {rule} | {does} | [{steps}]({link}) |")
}

fn with_findings(text: &str) -> String {
    let is_finding = |line: &str| line.starts_with("| ") && line.contains("](conformance/stacks/");
    let rows = text.lines().filter(|line| is_finding(line)).count();
    assert!(rows > 5, "README.md has no table of findings");
    let line = |line: &str| if is_finding(line) { with_finding(line) } else { line.to_owned() };
    text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn readme_shows_what_commands_print_and_lists_and_traces_say() {
    let is = read("README.md");
    let due = with_findings(&with_blocks(&is));
    if std::env::var_os("STREAMPROOF_BLESS").is_some() {
        fs::write(root().join("README.md"), due).expect("README.md");
        return;
    }
    for (number, (is, due)) in (1..).zip(is.lines().zip(due.lines())) {
        assert_eq!(is, due, "line {number} of README.md is another one: make readme");
    }
    assert_eq!(is.len(), due.len());
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
