//! Files that are whole or not there: written beside their place, then moved into it.
//!
//! `-` is standard output, or standard input where a file is read. A symbolic link is followed, and what is no regular
//! file (a device, a pipe) is written into.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use streamproof_model::diagram::Diagram;
use streamproof_model::trace::{Trace, file};
use tempfile::{Builder, NamedTempFile};

use super::{UsageError, out};
use streamproof_stacks::departures;

/// Writes `text` to `path`, making its folder if there is none.
pub(in crate::commands) fn write(path: &Path, text: &str) -> Result<(), UsageError> {
    write_bytes(path, text.as_bytes())
}

/// The same with what is no text.
pub(in crate::commands) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), UsageError> {
    write_with(path, |out| out.write_all(bytes))
}

/// The same with whatever `content` writes, piece by piece.
pub(in crate::commands) fn write_with(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), UsageError> {
    if out::is_stdout(path) {
        out::write(|out| {
            let mut out = BufWriter::new(out);
            content(&mut out)?;
            out.flush()
        });
        return Ok(());
    }
    let written = match fs::metadata(path) {
        Ok(old) if old.is_file() => replace(path, Some(&old), content),
        Ok(_) => OpenOptions::new().write(true).open(path).and_then(|file| fill(&file, content)),
        Err(_) => replace(path, None, content),
    };
    written.map_err(|error| UsageError(format!("{}: {error}", path.display())))
}

/// Writes beside the file behind `path` and moves it there; what was begun is removed if that fails.
fn replace(
    path: &Path,
    old: Option<&fs::Metadata>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let path = behind(path)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let fresh = beside(folder)?;
    fill(fresh.as_file(), content)?;
    if let Some(old) = old {
        fresh.as_file().set_permissions(old.permissions())?;
    }
    fresh.persist(&path)?;
    Ok(())
}

/// A file of its own in `folder`, with the permissions that a new file gets.
fn beside(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".streamproof-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn fill(file: &File, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    content(&mut file)?;
    file.flush()
}

/// The file behind symbolic links, which need not be there yet.
fn behind(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&path) else { return Ok(path) };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Writes a diagram as SVG and says where. A picture that cannot be written is no reason to hide a
/// verdict: it is only warned of.
pub(in crate::commands) fn write_picture(path: &Path, diagram: &Diagram, quiet: bool) {
    match write(path, &diagram.to_svg()) {
        Ok(()) if quiet => {}
        Ok(()) => outln!("picture  {}", path.display()),
        Err(UsageError(line)) => errln!("streamproof: no picture: {line}"),
    }
}

/// Whether a file to read is standard input.
pub(in crate::commands) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads a text file.
pub(in crate::commands) fn read(path: &Path) -> Result<String, UsageError> {
    let mut text = String::new();
    let read = match is_stdin(path) {
        true => io::stdin().read_to_string(&mut text),
        false => File::open(path).and_then(|mut file| file.read_to_string(&mut text)),
    };
    read.map(|_| text).map_err(|error| UsageError(format!("{}: {error}", path.display())))
}

/// Reads a trace; what is wrong with it in one line that names the file.
pub(in crate::commands) fn read_trace(path: &Path) -> Result<Trace, UsageError> {
    let text = read(path)?;
    file::read(&text, departures())
        .map_err(|error| UsageError(format!("{}: {error}", path.display())))
}

/// A property or a breach as a file name.
pub(in crate::commands) fn slug(name: &str) -> String {
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
