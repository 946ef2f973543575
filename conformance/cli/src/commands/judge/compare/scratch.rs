//! A scratch workspace for each version: a package that is nothing but this suite, with the version pinned
//! in a lock file of its own and a target folder of its own.
//!
//! The lock file is the source tree's without quinn's packages, so that cargo chooses those, and no other,
//! to go with the pinned version. A folder that was left half made is made again: `pinned` is written last.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use streamproof_model::trace::file::checksum;

use super::child;
use crate::commands::{UsageError, files};

/// The packages that cargo chooses anew.
const OURS_TO_CHOOSE: [&str; 3] = ["quinn", "quinn-proto", "quinn-udp"];

/// What to build the suite against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// The version of quinn-proto.
    pub(super) proto: &'a str,
    /// The version of quinn; cargo's choice if not given.
    pub(super) quinn: Option<&'a str>,
}

/// A workspace whose versions are pinned.
#[derive(Debug)]
pub(super) struct Scratch {
    /// Where it is.
    pub(super) folder: PathBuf,
    /// Its version of quinn-proto.
    pub(super) proto: String,
    /// Its version of quinn.
    pub(super) quinn: String,
}

impl Wanted<'_> {
    fn folder(&self) -> String {
        match self.quinn {
            Some(quinn) => format!("quinn-proto-{}-quinn-{quinn}", self.proto),
            None => format!("quinn-proto-{}", self.proto),
        }
    }

    fn manifest(&self, source: &str) -> String {
        let exactly = |name: &str, version: &str| {
            format!("{name} = {{ version = \"={version}\", default-features = false }}\n")
        };
        // A JSON string is a TOML string.
        let path = serde_json::Value::from(format!("{source}/conformance/cli"));
        let quinn = self.quinn.map(|version| exactly("quinn", version)).unwrap_or_default();
        let proto = exactly("quinn-proto", self.proto);
        format!(
            "[package]\nname = \"streamproof-compare\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             publish = false\n\n[[bin]]\nname = \"streamproof\"\npath = \"main.rs\"\n\n[workspace]\n\n\
             [dependencies]\nstreamproof-cli = {{ path = {path} }}\n{quinn}{proto}\n\
             [profile.release]\ndebug = \"line-tables-only\"\n"
        )
    }
}

const MAIN: &str =
    "fn main() -> std::process::ExitCode {\n    streamproof_cli::commands::run()\n}\n";

impl Scratch {
    /// Makes the workspace in `out`, or finds it there.
    ///
    /// # Errors
    ///
    /// When there is no such version, none of quinn that goes with it, or no cargo to ask.
    pub(super) fn pin(source: &Path, out: &Path, wanted: Wanted<'_>) -> Result<Self, UsageError> {
        let folder = out.join(wanted.folder());
        let path = source.to_str();
        let path = path.ok_or_else(|| UsageError(format!("{}: no UTF-8", source.display())))?;
        let manifest = wanted.manifest(path);
        let lock = files::read(&source.join("Cargo.lock"))?;
        let key = checksum(&format!("{manifest}{MAIN}{lock}"));
        let pinned = folder.join("pinned");
        if fs::read_to_string(&pinned).ok().as_ref() != Some(&key) {
            let _ = fs::remove_file(&pinned);
            files::write(&folder.join("Cargo.toml"), &manifest)?;
            files::write(&folder.join("main.rs"), MAIN)?;
            files::write(&folder.join("Cargo.lock"), &without_quinn(&lock))?;
            let mut resolve = cargo(&folder);
            resolve.args(["metadata", "--format-version", "1", "--quiet"]);
            let ended = child::run(&mut resolve, format!("choosing for {}", wanted.proto));
            let chosen = ended.and_then(|ended| match ended.code {
                Some(0) => Self::find(folder.clone(), wanted),
                _ => Err(UsageError(format!("quinn-proto {}: {}", wanted.proto, ended.reason()))),
            });
            if chosen.is_err() && !folder.join("target").exists() {
                // What cannot be had leaves nothing behind.
                let _ = fs::remove_dir_all(&folder);
            }
            chosen?;
            files::write(&pinned, &key)?;
        }
        Self::find(folder, wanted)
    }

    /// What the lock file says.
    fn find(folder: PathBuf, wanted: Wanted<'_>) -> Result<Self, UsageError> {
        let lock = files::read(&folder.join("Cargo.lock"))?;
        match (&*versions(&lock, "quinn-proto"), &*versions(&lock, "quinn")) {
            ([proto], [quinn]) => {
                Ok(Self { proto: (*proto).to_owned(), quinn: (*quinn).to_owned(), folder })
            }
            _ => {
                let line = "the suite is written for another quinn, which cannot be put on it";
                Err(UsageError(format!("quinn-proto {}: {line}", wanted.proto)))
            }
        }
    }

    /// What was asked for, in the name of a folder.
    pub(super) fn label(&self) -> String {
        let name = self.folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        name.trim_start_matches("quinn-proto-").to_owned()
    }

    /// Begins with what was built for the other version, if nothing was built here yet: most of it is the
    /// same, and cargo knows what is not. Where this fails, everything is built.
    pub(super) fn begin_with(&self, other: &Self) {
        let (target, built) = (self.folder.join("target"), other.folder.join("target"));
        if target.exists() || !built.exists() {
            return;
        }
        let part = self.folder.join("target.part");
        let _ = fs::remove_dir_all(&part);
        if copy(&built, &part).and_then(|()| fs::rename(&part, &target)).is_err() {
            let _ = fs::remove_dir_all(&part);
        }
    }

    /// The same with whatever version was built beside it before.
    pub(super) fn begin_with_any(&self) {
        let beside = self.folder.parent().and_then(|out| fs::read_dir(out).ok());
        let folders = beside.into_iter().flatten().flatten().map(|entry| entry.path());
        let is_built =
            |folder: &PathBuf| folder.join("pinned").exists() && folder.join("target").exists();
        let (proto, quinn) = (String::new(), String::new());
        if let Some(folder) = folders.filter(is_built).max() {
            self.begin_with(&Self { folder, proto, quinn });
        }
    }

    /// Builds the suite; a line that says why not, if it does not build.
    ///
    /// # Errors
    ///
    /// When cargo cannot be run.
    pub(super) fn build(&self) -> Result<Result<(), String>, UsageError> {
        let mut build = cargo(&self.folder);
        build.args(["build", "--release", "--locked", "--target-dir", "target"]);
        let ended = child::run(&mut build, format!("building with {self}"))?;
        Ok(if ended.code == Some(0) { Ok(()) } else { Err(ended.reason()) })
    }

    /// The suite in this workspace.
    pub(super) fn suite(&self) -> PathBuf {
        self.folder.join("target/release/streamproof").with_extension(env::consts::EXE_EXTENSION)
    }
}

/// Copies a folder with its times, by which cargo tells what is stale.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            copy(&old, &new)?;
        } else if metadata.is_file() {
            fs::copy(&old, &new)?;
            fs::File::options().append(true).open(&new)?.set_modified(metadata.modified()?)?;
        }
    }
    Ok(())
}

impl std::fmt::Display for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "quinn-proto {} (quinn {})", self.proto, self.quinn)
    }
}

/// The cargo that runs us, or the one in the path.
fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The suite is looked for where a plain build puts it.
    command.current_dir(folder).env_remove("CARGO_BUILD_TARGET");
    command
}

const PACKAGE: &str = "[[package]]\n";

fn name(package: &str) -> Option<&str> {
    package.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
}

/// A lock file without quinn's packages.
fn without_quinn(lock: &str) -> String {
    let keep = |part: &&str| name(part).is_none_or(|name| !OURS_TO_CHOOSE.contains(&name));
    lock.split(PACKAGE).filter(keep).collect::<Vec<_>>().join(PACKAGE)
}

/// The versions of a package in a lock file.
fn versions<'a>(lock: &'a str, wanted: &str) -> Vec<&'a str> {
    let parts = lock.split(PACKAGE).filter(|part| name(part) == Some(wanted));
    let version = |part: &'a str| {
        part.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
    };
    parts.filter_map(version).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"bytes\"\nversion = \"1.0.0\"\n\n\
        [[package]]\nname = \"quinn\"\nversion = \"0.11.12\"\ndependencies = [\n \"quinn-proto\",\n]\n\n\
        [[package]]\nname = \"quinn-proto\"\nversion = \"0.11.19\"\n\n\
        [[package]]\nname = \"streamproof\"\nversion = \"0.1.0\"\ndependencies = [\n \"quinn\",\n]\n";

    #[test]
    fn quinn_alone_is_left_to_cargo() {
        let rest = without_quinn(LOCK);
        assert!(versions(&rest, "quinn").is_empty() && versions(&rest, "quinn-proto").is_empty());
        assert_eq!(versions(&rest, "bytes"), ["1.0.0"]);
        assert_eq!(versions(&rest, "streamproof"), ["0.1.0"]);
        assert_eq!(versions(LOCK, "quinn-proto"), ["0.11.19"]);
    }

    #[test]
    fn copy_keeps_times_and_folders() {
        let base = env::temp_dir().join(format!("streamproof-copy-{}", std::process::id()));
        fs::create_dir_all(base.join("a/b")).expect("a folder");
        fs::write(base.join("a/b/c"), "built").expect("a file");
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        let file = fs::File::options().append(true).open(base.join("a/b/c")).expect("a file");
        file.set_modified(old).expect("a time");
        copy(&base.join("a"), &base.join("copy")).expect("a copy");
        let copied = base.join("copy/b/c");
        assert_eq!(fs::read_to_string(&copied).expect("a file"), "built");
        assert_eq!(fs::metadata(&copied).and_then(|m| m.modified()).expect("a time"), old);
        fs::remove_dir_all(&base).expect("the folder");
    }

    #[test]
    fn manifest_pins_what_is_wanted_and_nothing_else() {
        let wanted = Wanted { proto: "0.11.17", quinn: None };
        let manifest = wanted.manifest("/a \"b\"/c");
        let table: toml::Table = toml::from_str(&manifest).expect("TOML");
        let dependencies = table["dependencies"].as_table().expect("a table");
        assert_eq!(dependencies["quinn-proto"]["version"].as_str(), Some("=0.11.17"));
        let path = dependencies["streamproof-cli"]["path"].as_str();
        assert_eq!(path, Some("/a \"b\"/c/conformance/cli"));
        assert!(!dependencies.contains_key("quinn") && table.contains_key("workspace"));
        let both = Wanted { quinn: Some("0.11.11"), ..wanted }.manifest("/a");
        assert!(both.contains("quinn = { version = \"=0.11.11\""));
    }
}
