//! A copy of a published quinn-proto, tests put among its own, and what becomes of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use streamproof_conformance::export::Support;

/// A copy of the published crate.
pub(super) struct Copy {
    pub(super) version: String,
    folder: PathBuf,
    support: Support,
}

/// A test to be put there.
pub(super) struct Test {
    name: String,
    text: String,
    message: String,
}

/// What became of a test.
pub(super) struct Ended {
    name: String,
    pub(super) ending: Ending,
    /// What it has printed.
    output: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ending {
    /// It panics in its own file, with its message.
    FailsAsStated,
    Passes,
    /// It did not run, or something else broke it.
    Broken,
}

impl Test {
    /// The test with the name of a breach.
    pub(super) fn new(id: &str, text: String, message: String) -> Self {
        Self { name: id.replace('-', "_"), text, message }
    }
}

impl Ended {
    /// What to say if it has not ended so.
    pub(super) fn unless(&self, expected: &Ending) -> Option<String> {
        let Self { name, ending, output } = self;
        (ending != expected).then(|| format!("{name}: {ending:?}, not {expected:?}\n{output}"))
    }
}

/// The message of an exported test, as its last assertion has it.
pub(super) fn message(test: &str) -> Option<String> {
    let start = test.rfind("\"RFC 9000 ")?;
    let end = start + 1 + test[start + 1..].find('"')?;
    Some(test[start + 1..end].to_owned())
}

fn target() -> PathBuf {
    // The integration tests' folder is one below.
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../upstream")
}

fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.env_remove("RUSTFLAGS").env("CARGO_TERM_COLOR", "never");
    command
}

impl Copy {
    /// A copy of the release that this workspace is locked to. `None`, with a line that says so, where nothing may be
    /// fetched.
    pub(super) fn of_the_locked(support: Support) -> Option<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        Self::made(&manifest, support)
    }

    /// A copy of another release.
    #[allow(dead_code)]
    pub(super) fn of(version: &str, support: Support) -> Option<Self> {
        let folder = target().join(format!("fetch-{version}"));
        fs::create_dir_all(folder.join("src")).expect("a folder");
        fs::write(folder.join("src/lib.rs"), "").expect("a file");
        let manifest = folder.join("Cargo.toml");
        let text = format!(
            "[package]\nname = \"fetch\"\nedition = \"2021\"\n\n[workspace]\n\n[dependencies]\n\
             quinn-proto = {{ version = \"={version}\", default-features = false }}\n"
        );
        fs::write(&manifest, text).expect("a file");
        Self::made(&manifest, support)
    }

    fn made(manifest: &Path, support: Support) -> Option<Self> {
        if std::env::var_os("STREAMPROOF_NO_INSTALL").is_some_and(|value| !value.is_empty()) {
            println!(
                "skipped: what quinn-proto's own tests need is not fetched (STREAMPROOF_NO_INSTALL)"
            );
            return None;
        }
        let (version, source) = published(manifest);
        let folder = target().join(format!("quinn-proto-{version}"));
        let _ = fs::remove_dir_all(&folder);
        copy(&source, &folder);
        let path = folder.join("Cargo.toml");
        let text = fs::read_to_string(&path).expect("a manifest");
        fs::write(&path, lighter(&text)).expect("a manifest");
        Some(Self { version, folder, support })
    }

    /// Puts the tests among the crate's own, and runs them.
    pub(super) fn run(&self, tests: &[Test]) -> Vec<Ended> {
        let folder = self.folder.join("src/tests");
        let list = folder.join("mod.rs");
        let text = fs::read_to_string(&list).expect("the list of modules");
        let mut modules = "mod peer;\n".to_owned();
        fs::write(folder.join(self.support.file), self.support.text).expect("a module");
        for test in tests {
            fs::write(folder.join(format!("{}.rs", test.name)), &test.text).expect("a test");
            modules.push_str(&format!("mod {};\n", test.name));
        }
        assert!(text.contains("\nmod util;\n"), "the list of modules looks otherwise");
        let with_them = text.replacen("\nmod util;\n", &format!("\n{modules}mod util;\n"), 1);
        fs::write(&list, with_them).expect("the list of modules");
        let output = self.cargo_test(tests);
        fs::write(&list, text).expect("the list of modules");
        tests.iter().map(|test| ended(test, &output)).collect()
    }

    fn cargo_test(&self, tests: &[Test]) -> String {
        let mut command = cargo();
        command.current_dir(&self.folder).args(["test", "--lib", "--no-default-features"]);
        command.args(["--features", "rustls-ring", "--"]);
        command.args(tests.iter().map(|test| format!("tests::{}::", test.name)));
        command.env("CARGO_TARGET_DIR", target().join("build")).env("CARGO_PROFILE_DEV_DEBUG", "0");
        let output = command.env("RUST_BACKTRACE", "0").output().expect("cargo");
        let [out, err] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(out.contains("test result:"), "quinn-proto's tests do not build:\n{err}\n{out}");
        assert!(!err.contains("warning: unused"), "a test leaves a warning:\n{err}");
        out
    }
}

/// Where cargo has the source of the quinn-proto that a package depends on, and its version.
fn published(manifest: &Path) -> (String, PathBuf) {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--manifest-path"]).arg(manifest);
    let output = command.output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|package| package["name"] == "quinn-proto");
    let package = package.expect("quinn-proto");
    let text = |field: &str| package[field].as_str().expect("a text").to_owned();
    let manifest = PathBuf::from(text("manifest_path"));
    (text("version"), manifest.parent().expect("a folder").to_owned())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (path, there) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &there),
            // Not its permissions: cargo's sources may not be writable.
            false => fs::write(there, fs::read(path).expect("a file")).expect("a file"),
        }
    }
}

/// The manifest as a workspace of its own, without what its tests need in a browser alone.
fn lighter(manifest: &str) -> String {
    let mut text = String::new();
    let mut left_out = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            left_out = line == "[dev-dependencies.wasm-bindgen-test]";
        }
        if !left_out {
            text.push_str(line);
            text.push('\n');
        }
    }
    text + "\n[workspace]\n"
}

/// What became of one test, by what they have printed together.
fn ended(test: &Test, output: &str) -> Ended {
    let name = &test.name;
    let full = format!("tests::{name}::{name}");
    let section = output.split(&format!("---- {full} stdout ----\n")).nth(1);
    let section = section.map(|rest| rest.split("\n---- ").next().unwrap_or(rest));
    let section = section.map(|rest| rest.split("\n\nfailures:\n").next().unwrap_or(rest));
    let passes = output.contains(&format!("test {full} ... ok"));
    let stated = |section: &str| {
        let panics = section.matches("panicked at ").count();
        let at = format!("panicked at src/tests/{name}.rs:");
        panics == 1 && section.contains(&at) && section.contains(&test.message)
    };
    let ending = match section {
        Some(section) if stated(section) => Ending::FailsAsStated,
        None if passes => Ending::Passes,
        Some(_) | None => Ending::Broken,
    };
    Ended { name: name.clone(), ending, output: section.unwrap_or(output).to_owned() }
}

#[test]
fn what_broke_a_test_is_told_apart() {
    let test = Test::new("a-b", String::new(), "RFC 9000 §1 MUST: so.".to_owned());
    let panics = |at: &str, message: &str| {
        format!(
            "test tests::a_b::a_b ... FAILED\n\nfailures:\n\n---- tests::a_b::a_b stdout ----\n\n\
             thread 'x' panicked at {at}:3:5:\n{message}\n\n\nfailures:\n    tests::a_b::a_b\n"
        )
    };
    let ending = |output: &str| ended(&test, output).ending;
    assert_eq!(ending(&panics("src/tests/a_b.rs", "RFC 9000 §1 MUST: so.")), Ending::FailsAsStated);
    assert_eq!(ending(&panics("src/tests/peer.rs", "RFC 9000 §1 MUST: so.")), Ending::Broken);
    assert_eq!(ending(&panics("src/tests/a_b.rs", "called `unwrap()`")), Ending::Broken);
    assert_eq!(ending("test tests::a_b::a_b ... ok\n"), Ending::Passes);
    assert_eq!(ending("running 0 tests\n"), Ending::Broken);
    assert_eq!(message("x(\"RFC 9000 §1 MUST: so.\"\n)").as_deref(), Some("RFC 9000 §1 MUST: so."));
}
