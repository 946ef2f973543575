//! The files of `specs/requirements`, compiled in. A test compares the list with the folder.

/// The text of one section's file.
macro_rules! sections {
    ($($section:literal),+ $(,)?) => {
        &[$(($section, include_str!(concat!("../../../../specs/requirements/", $section, ".toml")))),+]
    };
}

/// Section and text, in the RFC's order.
pub(super) const FILES: &[(&str, &str)] = sections![
    "2.1",
    "2.2",
    "2.3",
    "2.4",
    "3.1",
    "3.2",
    "3.3",
    "3.4",
    "3.5",
    "4",
    "4.1",
    "4.2",
    "4.3",
    "4.4",
    "4.5",
    "4.6",
    "7.4.1",
    "10.2",
    "10.2.1",
    "10.2.2",
    "11",
    "11.1",
    "11.2",
    "12.4",
    "13.3",
    "16",
    "18.2",
    "19.4",
    "19.5",
    "19.8",
    "19.9",
    "19.10",
    "19.11",
    "19.12",
    "19.13",
    "19.14",
    "20.1",
    "20.2",
    "21.6",
    "21.7",
    "21.8",
    "reset-stream-at",
];
