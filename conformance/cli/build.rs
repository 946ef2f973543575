//! Writes down, for the command, which places of the source name requirements and which scenarios there
//! are: the binary does not have the source tree. A path that does not exist is an error, so that none is left
//! behind when files move.

// `pub` is for the crate; here nobody is left to reach it.
#[allow(unreachable_pub)]
#[path = "src/requirements/scan.rs"]
mod scan;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FOLDERS: [&str; 9] = [
    "conformance/adapter",
    "conformance/cli",
    "conformance/harness",
    "conformance/judge",
    "conformance/stacks",
    "conformance/stress",
    "impl/src",
    "impl/tests",
    "model",
];
const CHOICES: [&str; 1] = ["specs/choices.md"];
const SCENARIOS: &str = "conformance/scenarios";

fn main() -> io::Result<()> {
    let root = Path::new("../..");
    let mut text =
        String::from("/// Where the source names requirements.\npub const PLACES: &[Place] = &[\n");
    for folder in FOLDERS {
        watch(&root.join(folder))?;
        for place in scan::scan_folder(root, folder)? {
            let scan::Found { file, line, test, ids } = place;
            let _ = writeln!(
                text,
                "    Place {{ file: {file:?}, line: {line}, test: {test}, ids: &{ids:?} }},"
            );
        }
    }
    text.push_str(
        "];\n\n/// The scenarios there are, by name.\npub const SCENARIOS: &[&str] = &[\n",
    );
    let folder = root.join(SCENARIOS);
    watch(&folder)?;
    for name in scenarios(&folder)? {
        let _ = writeln!(text, "    {name:?},");
    }
    text.push_str(
        "];\n\n/// The documents with the choices.\npub(super) const CHOICES: &[&str] = &[\n",
    );
    for name in CHOICES {
        let path = watch(&root.join(name))?;
        let _ = writeln!(text, "    include_str!({path:?}),");
    }
    text.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("places.rs"), text)
}

/// Has cargo run this again when something changes there; gives the whole path.
fn watch(path: &Path) -> io::Result<PathBuf> {
    let missing = |error| io::Error::other(format!("build.rs reads {}: {error}", path.display()));
    let whole = path.canonicalize().map_err(missing)?;
    println!("cargo::rerun-if-changed={}", path.display());
    Ok(whole)
}

fn scenarios(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".ndjson").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
