//! Where the command's output goes: files that are links, pipes or devices, `-`, standard output that is full or that
//! nobody reads, and colours.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("output").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder");
    path
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_streamproof");
const COLOURS: [&str; 3] = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"];

fn streamproof(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).current_dir(folder);
    COLOURS.iter().for_each(|name| {
        command.env_remove(name);
    });
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    streamproof(folder, args).output().expect("the command")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A trace that shows a deviation of quinn's.
fn trace() -> String {
    format!("{}/../regressions/stop-after-reset.ndjson", env!("CARGO_MANIFEST_DIR"))
}

/// Each flag that writes a file, last, and how the file begins.
fn writers(trace: &str) -> Vec<(Vec<&str>, &'static [u8])> {
    vec![
        (vec!["model", "graph", "uni-plain", "--dot"], b"digraph"),
        (vec!["model", "graph", "uni-plain", "--out"], b""),
        (vec!["trace", "play", trace, "--sut", "quinn", "--svg"], b"<svg"),
        (vec!["trace", "minimize", trace, "--sut", "quinn", "--out"], b"{\"streamproof_trace\""),
        (vec!["trace", "export", trace, "--rust"], b"//"),
        (vec!["trace", "export", trace, "--pcap"], b"\n\r\r\n"),
        (vec!["rules", "--html"], b"<!doctype html>"),
        (vec!["judge", "report", "--sut", "toy", "--html"], b"<!doctype html>"),
        (vec!["judge", "run", "uni-plain", "--sut", "toy", "--side", "server", "--edges"], b""),
    ]
}

#[cfg(unix)]
#[test]
fn links_are_followed() {
    let folder = folder("links");
    for (number, (args, begin)) in writers(&trace()).into_iter().enumerate() {
        let (there, not_yet) = (format!("there-{number}"), format!("not-yet-{number}"));
        fs::write(folder.join(&there), "old").expect("a file");
        for target in [there, not_yet] {
            let link = format!("link-to-{target}");
            std::os::unix::fs::symlink(&target, folder.join(&link)).expect("a link");
            let output = run(&folder, &[&args[..], &[&link]].concat());
            assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
            let link = fs::symlink_metadata(folder.join(link)).expect("the link");
            assert!(link.is_symlink(), "{args:?}: the link itself was replaced");
            let written = fs::read(folder.join(target)).expect("the file behind the link");
            assert!(written.len() > 3 && written.starts_with(begin), "{args:?}");
        }
    }
    let circle = folder.join("circle");
    std::os::unix::fs::symlink("circle", &circle).expect("a link");
    let output = run(&folder, &["model", "graph", "uni-plain", "--dot", "circle"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("circle: too many symbolic links"));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_into() {
    let folder = folder("pipe");
    for (number, (args, begin)) in writers(&trace()).into_iter().enumerate() {
        let (pipe, copy) = (format!("pipe-{number}"), folder.join(format!("copy-{number}")));
        let made = Command::new("mkfifo").arg(&pipe).current_dir(&folder).status().expect("mkfifo");
        assert!(made.success());
        let mut reader = Command::new("cat");
        reader.arg(&pipe).current_dir(&folder).stdout(File::create(&copy).expect("a file"));
        let mut reader = reader.spawn().expect("cat");
        let output = run(&folder, &[&args[..], &[&pipe]].concat());
        let kind = fs::symlink_metadata(folder.join(&pipe)).expect("the pipe").file_type();
        let is_pipe = std::os::unix::fs::FileTypeExt::is_fifo(&kind);
        if !is_pipe || output.status.code() != Some(0) {
            // Nobody will ever write to it.
            let _ = reader.kill();
        }
        assert!(is_pipe, "{args:?}: the pipe was replaced");
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        reader.wait().expect("the end of what was written");
        let written = fs::read(copy).expect("the copy");
        assert!(written.len() > 3 && written.starts_with(begin), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_stays_one_and_says_when_it_is_full() {
    let folder = folder("device");
    std::os::unix::fs::symlink("/dev/full", folder.join("full")).expect("a link");
    for (args, _) in writers(&trace()) {
        let output = run(&folder, &[&args[..], &["full"]].concat());
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.ends_with("full: No space left on device (os error 28)\n"), "{stderr}");
        let link = fs::symlink_metadata(folder.join("full")).expect("the link");
        assert!(link.is_symlink(), "{args:?}: the link to the device was replaced");
    }
}

#[test]
fn the_file_on_its_way_has_a_name_of_its_own_and_never_stays() {
    let folder = folder("own-name");
    // What another run may have there at the moment.
    for part in ["tree.part", "tree.dot.part"] {
        fs::write(folder.join(part), "another's").expect("a file");
    }
    assert!(run(&folder, &["model", "graph", "uni-plain", "--dot", "tree.dot"]).status.success());
    assert!(
        run(&folder, &["trace", "play", &trace(), "--sut", "quinn", "--svg", "tree"])
            .status
            .success()
    );
    for part in ["tree.part", "tree.dot.part"] {
        assert_eq!(fs::read_to_string(folder.join(part)).ok().as_deref(), Some("another's"));
    }
    // A folder cannot be replaced, and nothing stays beside it.
    fs::create_dir(folder.join("taken")).expect("a folder");
    let output = run(&folder, &["trace", "play", &trace(), "--sut", "quinn", "--svg", "taken"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 5);
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions_and_a_new_one_is_for_all() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("permissions");
    let mode =
        |name: &str| fs::metadata(folder.join(name)).expect("a file").permissions().mode() & 0o777;
    fs::write(folder.join("plain"), "").expect("a file");
    fs::write(folder.join("secret"), "").expect("a file");
    fs::set_permissions(folder.join("secret"), fs::Permissions::from_mode(0o600)).expect("a mode");
    for name in ["new", "secret"] {
        assert!(run(&folder, &["model", "graph", "uni-plain", "--dot", name]).status.success());
    }
    assert_eq!((mode("new"), mode("secret")), (mode("plain"), 0o600));
}

#[test]
fn a_dash_is_standard_output_and_holds_nothing_but_the_file() {
    let folder = folder("dash");
    for (number, (args, begin)) in writers(&trace()).into_iter().enumerate() {
        let file = format!("file-{number}");
        let written = run(&folder, &[&args[..], &[&file]].concat());
        let output = run(&folder, &[&args[..], &["-"]].concat());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        let wanted = fs::read(folder.join(file)).expect("the file");
        // The keys of packets are others each time.
        assert!(args.contains(&"--pcap") || output.stdout == wanted, "{args:?}");
        assert!(output.stdout.len() > 3 && output.stdout.starts_with(begin), "{args:?}");
        assert_eq!(
            written.stdout.is_empty(),
            output.stderr.is_empty(),
            "{args:?}: lines for people"
        );
        assert!(!folder.join("-").exists());
    }
    let both = run(&folder, &["model", "graph", "uni-plain", "--dot", "-", "--out", "-"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(text(&both.stderr).contains("two files"), "{}", text(&both.stderr));
}

#[test]
fn a_dash_is_standard_input_where_a_trace_is_read() {
    let folder = folder("input");
    let bytes = fs::read(trace()).expect("a trace");
    let fed = |args: &[&str]| {
        let mut command = streamproof(&folder, args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command");
        let sent = child.stdin.take().map(|mut stdin| stdin.write_all(&bytes));
        assert!(matches!(sent, Some(Ok(()))), "{args:?}");
        child.wait_with_output().expect("its end")
    };
    let replayed = fed(&["trace", "play", "--sut", "quinn", "-"]);
    assert_eq!(replayed.status.code(), Some(0), "{}", text(&replayed.stderr));
    let minimized = fed(&["trace", "minimize", "--sut", "quinn", "-"]);
    assert!(minimized.stdout.starts_with(b"{\"streamproof_trace\""), "{}", text(&minimized.stderr));
    let exported = fed(&["trace", "export", "--rust", "-", "-"]);
    let from_file = run(&folder, &["trace", "export", "--rust", "-", &trace()]);
    assert_eq!((exported.status.code(), exported.stdout), (Some(0), from_file.stdout));
}

/// Every command that prints, with something small to do.
const PRINTERS: &[&[&str]] = &[
    &["--help"],
    &["--version"],
    &["model", "check", "--help"],
    &["model", "presets"],
    &["model", "check", "uni-plain"],
    &["model", "check", "--mutant", "forget final size"],
    &["model", "check", "--fair", "uni-plain"],
    &["model", "graph", "uni-plain", "--dot", "file"],
    &["model", "graph", "uni-plain", "--dot", "-"],
    &["judge", "run", "uni-plain", "--sut", "toy"],
    &["judge", "run", "uni-plain", "--sut", "toy", "--repeat", "2", "--traces", "1"],
    &["judge", "stacks", "--sut", "toy"],
    &["judge", "report", "--sut", "toy"],
    &["trace", "list", "uni-plain", "--side", "server", "--out", "traces"],
    &["rules"],
    &["model", "designs", "keep-alive"],
    &["judge", "zoo", "open-one-more"],
    &["manager", "races", "waiters", "--schedule", "0.1.1"],
    &["manager", "races", "waiters", "--limit", "10", "--json"],
    &["manager", "storm", "--streams", "300"],
];

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_is_full_ends_every_command_with_2_and_one_line() {
    let folder = folder("full");
    let trace = trace();
    let replays: [&[&str]; 3] = [
        &["trace", "play", "--sut", "quinn", &trace],
        &["trace", "play", "--log", &trace],
        &["trace", "export", "--rust", "-", &trace],
    ];
    for args in PRINTERS.iter().chain(&replays) {
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = streamproof(&folder, args).stdout(full).output().expect("the command");
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        let lines: Vec<_> =
            stderr.lines().filter(|line| line.starts_with("streamproof:")).collect();
        let line = "streamproof: standard output: No space left on device (os error 28)";
        assert_eq!(lines, [line], "{args:?}: {stderr}");
    }
}

#[test]
fn standard_output_that_nobody_reads_changes_no_verdict() {
    let folder = folder("nobody");
    for args in PRINTERS {
        let wanted = run(&folder, args).status.code();
        let mut command = streamproof(&folder, args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("its end");
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), wanted, "{args:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("standard output"), "{stderr}");
    }
}

#[test]
fn colours_are_forced_and_forbidden() {
    let folder = folder("colours");
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = streamproof(&folder, &["trace", "play", "--sut", "quinn", &trace()]);
        let output = command.envs(variables.iter().copied()).output().expect("the command");
        text(&output.stdout).contains('\u{1b}')
    };
    assert!(!coloured(&[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

/// On a terminal, which `script` of util-linux is.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_colours_unless_the_environment_says_no() {
    let folder = folder("terminal");
    let coloured = |name: &str, value: &str| {
        let play = format!("'{PROGRAM}' trace play --sut quinn '{}'", trace());
        let mut command = Command::new("script");
        COLOURS.iter().for_each(|name| {
            command.env_remove(name);
        });
        command.args(["-qec", &play, "/dev/null"]).current_dir(&folder).env("TERM", "xterm");
        let output = command.env(name, value).stdin(Stdio::null()).output().ok()?;
        Some(text(&output.stdout).contains('\u{1b}'))
    };
    if coloured("TERM", "xterm").is_none() {
        println!("skipped: there is no `script` (util-linux) to make a terminal with");
        return;
    }
    assert_eq!(coloured("TERM", "xterm"), Some(true));
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
        assert_eq!(coloured(name, value), Some(false), "{name}={value}");
    }
}
