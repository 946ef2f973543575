//! Which of the two, and where the table goes.

use std::str::FromStr;

/// Bare quinn, or the manager on it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Bare,
    Managed,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Bare, Self::Managed];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Managed => "managed",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| format!("no kind is called {name}"))
    }
}

/// Writes `table` between the marks in `file`.
pub(crate) fn update(file: &str, table: &str) -> super::Result<()> {
    let text = std::fs::read_to_string(file)?;
    let (before, rest) = text.split_once("<!-- overhead -->\n").ok_or("no mark")?;
    let (_, after) = rest.split_once("<!-- /overhead -->").ok_or("no closing mark")?;
    std::fs::write(file, format!("{before}<!-- overhead -->\n{table}<!-- /overhead -->{after}"))?;
    Ok(())
}
