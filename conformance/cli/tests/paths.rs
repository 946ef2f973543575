//! What documents, comments and lists call a file of this tree is one: paths from the root, in every text.

use std::path::{Path, PathBuf};

const TOP: [&str; 4] = ["conformance/", "impl/", "model/", "specs/"];

#[test]
fn every_path_that_a_text_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut named, mut missing) = (0, Vec::new());
    for file in texts(&root) {
        let text = std::fs::read_to_string(&file).expect("a text");
        let is_rust = file.extension().is_some_and(|kind| kind == "rs");
        for (number, line) in text.lines().enumerate() {
            // In code, only comments name files of the tree.
            let line = if is_rust {
                line.split_once("//").map_or("", |(_, comment)| comment)
            } else {
                line
            };
            for path in paths(line) {
                named += 1;
                if !root.join(&path).exists() {
                    missing.push(format!("{}:{}: {path}", file.display(), number + 1));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(named > 150, "{named} paths");
}

#[test]
fn paths_are_read_whatever_stands_around_them() {
    let line = "see `impl/src/lib.rs`, (specs/decisions/), conformance/stacks/<name>/traces, model/src/*.rs; and \
                target/model/x, conformance/regressions/ID.ndjson.";
    assert_eq!(
        paths(line),
        [
            "impl/src/lib.rs",
            "specs/decisions/",
            "conformance/stacks/",
            "model/src/",
            "conformance/regressions/"
        ]
    );
}

/// The paths from the root in a line; of one with a place to fill in (`<name>`, `*`, `NAME`) the folder before it.
fn paths(line: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || "/._-<>*{},".contains(c);
    let words =
        line.split(|c| !is_part(c)).filter(|word| TOP.iter().any(|top| word.starts_with(top)));
    let whole = |word: &str| {
        let known = word.split(['<', '>', '*', '{', ',']).next().unwrap_or_default();
        let to_fill_in = |part: &str| {
            let stem = part.split('.').next().unwrap_or_default();
            let is_known = ["README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG"].contains(&stem);
            stem.len() > 1 && !is_known && stem.chars().all(|c| c.is_ascii_uppercase())
        };
        let is_cut = known.len() < word.trim_end_matches(',').len();
        match known.split('/').position(to_fill_in) {
            Some(place) => known.split('/').take(place).map(|part| format!("{part}/")).collect(),
            None if is_cut => {
                known.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"))
            }
            None => known.trim_end_matches(['.', '-']).to_owned(),
        }
    };
    words.map(whole).collect()
}

fn texts(folder: &Path) -> Vec<PathBuf> {
    let kinds = ["c", "go", "md", "pml", "py", "rs", "sh", "toml"];
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_text = path.extension().is_some_and(|kind| kinds.iter().any(|known| *known == kind));
        match path.is_dir() {
            true if ["target", ".git", "streamproof-out", "node_modules"]
                .contains(&name.as_str()) => {}
            true => found.extend(texts(&path)),
            false if is_text || name == "Makefile" => found.push(path),
            false => {}
        }
    }
    found
}
