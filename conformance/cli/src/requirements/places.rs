//! Which places of the source name requirements, and which scenarios and documents of choices
//! there are: written down when the crate was built, by `build.rs`.

use serde::Serialize;

/// A comment in the source that names requirements.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Place {
    /// The file, from the root of the repository.
    pub file: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// Whether it is a test.
    pub test: bool,
    /// The IDs; one without an ordinal cites a section.
    #[serde(skip)]
    pub ids: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/places.rs"));
