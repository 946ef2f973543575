//! Files that are whole or not there: written beside their place, then moved into it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use streamproof_model::diagram::Diagram;
use streamproof_model::trace::{Trace, file};

use super::Bad;
use streamproof_stacks::departures;

/// Writes `text` to `path`, making its folder if there is none.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Bad> {
    write_bytes(path, text.as_bytes())
}

/// The same with what is no text.
pub(super) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Bad> {
    let bad = |error: io::Error| Bad(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(bad)?;
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    written.map_err(|error| {
        // What was begun is of no use to anybody.
        let _ = fs::remove_file(&part);
        bad(error)
    })
}

/// Writes a diagram as SVG and says where. A picture that cannot be written is no reason to hide a
/// verdict: it is only warned of.
pub(super) fn write_picture(path: &Path, diagram: &Diagram, quiet: bool) {
    match write(path, &diagram.to_svg()) {
        Ok(()) if quiet => {}
        Ok(()) => println!("picture  {}", path.display()),
        Err(Bad(line)) => eprintln!("streamproof: no picture: {line}"),
    }
}

/// Reads a text file.
pub(super) fn read(path: &Path) -> Result<String, Bad> {
    fs::read_to_string(path).map_err(|error| Bad(format!("{}: {error}", path.display())))
}

/// Reads a trace; what is wrong with it in one line that names the file.
pub(super) fn read_trace(path: &Path) -> Result<Trace, Bad> {
    let text = read(path)?;
    file::read(&text, departures()).map_err(|error| Bad(format!("{}: {error}", path.display())))
}

/// A property or a breach as a file name.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' | '.' => slug.push(letter),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slug_keeps_section_and_words() {
        assert_eq!(slug("§4.5 final size never changes"), "4.5-final-size-never-changes");
    }
}
