//! Where the code names requirements: comments such as `rfc9000 4.5/2, 4.5/3: why` behind two slashes.
//!
//! An ID with an ordinal names a requirement; without one it cites a section. This file is compiled
//! twice, into the crate and into its build script, so it uses nothing but the standard library.

use std::path::Path;
use std::{fs, io};

/// A comment that names requirements.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The file, from the root of the repository, with slashes.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Whether the place is a test: in a folder `tests`, in a file `tests.rs`, or below the line that
    /// begins a file's own tests.
    pub test: bool,
    /// The IDs, as written.
    pub ids: Vec<String>,
}

/// The places in a file's text. `file` is its name from the root of the repository.
pub fn scan_text(file: &str, text: &str) -> Vec<Found> {
    let mut test = file.contains("/tests/") || file.ends_with("/tests.rs");
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        test |= line.trim() == "#[cfg(test)]";
        let ids = ids_of(line);
        if !ids.is_empty() {
            found.push(Found { file: file.to_owned(), line: number + 1, test, ids });
        }
    }
    found
}

/// The IDs that a line's comment begins with; they end at a colon or at the first other word.
fn ids_of(line: &str) -> Vec<String> {
    let documents = [("// rfc9000 ", ""), ("// reset-stream-at ", "reset-stream-at ")];
    let found = documents.iter().find_map(|(mark, name)| Some((line.split_once(mark)?.1, *name)));
    let Some((rest, name)) = found else {
        return Vec::new();
    };
    let mut ids = Vec::new();
    for word in rest.split([' ', ',']).filter(|word| !word.is_empty()) {
        let id = word.trim_end_matches(['.', ':', ';']);
        if !is_id(id) {
            break;
        }
        ids.push(format!("{name}{id}"));
        if word.ends_with([':', '.', ';']) {
            break;
        }
    }
    ids
}

/// A section's number, with or without an ordinal.
fn is_id(word: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (section, ordinal) = match word.split_once('/') {
        Some((section, ordinal)) => (section, Some(ordinal)),
        None => (word, None),
    };
    section.split('.').all(number) && ordinal.is_none_or(number)
}

/// The places in every Rust file below `folder`, in order of file and line. `root` is where the repository
/// begins.
///
/// # Errors
///
/// When a folder or a file cannot be read, or is not there.
pub fn scan_folder(root: &Path, folder: &str) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        names.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    names.sort();
    for (name, path) in names {
        let below = format!("{folder}/{name}");
        if path.is_dir() {
            found.extend(scan_folder(root, &below)?);
        } else if name.ends_with(".rs") {
            found.extend(scan_text(&below, &fs::read_to_string(path)?));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A comment that this file's own scan does not take for one.
    fn comment(words: &str) -> String {
        format!("    // rfc{} {words}", 9000)
    }

    #[test]
    fn one_id_several_ids_and_a_section() {
        assert_eq!(ids_of(&comment("4.5/2")), ["4.5/2"]);
        assert_eq!(ids_of(&comment("4.5/2, 19.10/3: why")), ["4.5/2", "19.10/3"]);
        assert_eq!(ids_of(&comment("4.5/2 3.3 the rest")), ["4.5/2", "3.3"]);
        let draft = comment("5.2/8, 4/1: why").replace("rfc9000", "reset-stream-at");
        assert_eq!(ids_of(&draft), ["reset-stream-at 5.2/8", "reset-stream-at 4/1"]);
        assert_eq!(ids_of(&comment("3.5: not once 3.3 permits it")), ["3.5"]);
    }

    #[test]
    fn other_comments_name_nothing() {
        assert!(ids_of(&comment("and its rules")).is_empty());
        assert!(ids_of(&comment("4.5/")).is_empty());
        assert!(ids_of("// see 4.5/2").is_empty());
    }

    #[test]
    fn a_files_own_tests_are_tests() {
        let text =
            format!("{}\n#[cfg(test)]\nmod tests {{\n{}\n}}", comment("4.5/1"), comment("4.5/2"));
        let found = scan_text("model/src/rfc/final_size.rs", &text);
        let places: Vec<_> = found.iter().map(|place| (place.line, place.test)).collect();
        assert_eq!(places, [(1, false), (4, true)]);
        assert!(scan_text("model/tests/presets.rs", &comment("4.5/1"))[0].test);
    }
}
