//! A trace as a file that says what it shows: how deviations are committed.

use streamproof_model::judging::breach::Breach;
use streamproof_model::trace::Trace;
use streamproof_model::trace::file::{self, Shows};

use crate::referee::Deviation;
use crate::sut::Sut;
use crate::tours::{Minimized, ReplayError, minimize};

impl Deviation {
    /// What the header of a trace says of it.
    pub fn shows(&self) -> Shows {
        let citation = self.breach.citation();
        Shows {
            id: self.breach.id(),
            section: citation.section.to_owned(),
            level: citation.level,
            seen: self.seen.clone(),
            permitted: self.permitted.clone(),
        }
    }
}

/// The smallest trace that can be made of `trace` and shows `breach` on this system, with the text of its file: every
/// call in it, those of the liveness probe too, and what it shows. `None` if the trace does not show it.
///
/// # Errors
///
/// When the trace is no path of its world, or the system under test gives no connection.
pub fn record(
    sut: &dyn Sut,
    trace: &Trace,
    breach: Breach,
) -> Result<Option<(Minimized, String)>, ReplayError> {
    let Some(minimized) = minimize(sut, trace, breach)? else { return Ok(None) };
    let text = file::write_showing(&minimized.trace, &minimized.deviation.shows())?;
    Ok(Some((minimized, text)))
}
