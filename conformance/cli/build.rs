//! Writes down, for the command, which places of the source name requirements and which scenarios there
//! are: the binary does not have the source tree. Missing folders are empty ones.

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
const CHOICES: [&str; 2] = ["specs/choices.md", "specs/requirements/CHOICES-PROPOSAL.md"];
const SCENARIOS: &str = "conformance/scenarios";

fn main() -> io::Result<()> {
    let root = Path::new("../..");
    let mut text =
        String::from("/// Where the source names requirements.\npub const PLACES: &[Place] = &[\n");
    for folder in FOLDERS {
        watch(&root.join(folder));
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
    // Its parent too: a folder that does not exist yet cannot be watched.
    watch(root.join("conformance").as_path());
    watch(&folder);
    for name in scenarios(&folder)? {
        let _ = writeln!(text, "    {name:?},");
    }
    text.push_str(
        "];\n\n/// The documents with the choices.\npub(super) const CHOICES: &[&str] = &[\n",
    );
    watch(&root.join("specs"));
    for name in CHOICES {
        let path = root.join(name);
        if path.is_file() {
            let path = path.canonicalize()?;
            let _ = writeln!(text, "    include_str!({path:?}),");
        }
    }
    text.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("places.rs"), text)
}

fn watch(path: &Path) {
    if path.exists() {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

fn scenarios(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            names.extend(name.strip_suffix(".ndjson").map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}
