//! The incident, in one picture: what the model finds in some milliseconds among all orders of one endpoint's tasks.

use streamproof_model::check::designs::judge;
use streamproof_model::worlds::lifecycle::LifecycleWorld;
use streamproof_model::worlds::lifecycle::design::Design;
use streamproof_model::worlds::lifecycle::picture::path_diagram;

use super::model::report::broken;
use super::{UsageError, out};

/// The design that the incident had, and the one that the manager has.
const INCIDENT: &str = "release and access not atomic";

/// Prints the picture, and which fix holds.
pub(super) fn show() -> Result<(), UsageError> {
    let unknown = || UsageError(format!("no design is called \"{INCIDENT}\""));
    let design = Design::find(INCIDENT).ok_or_else(unknown)?;
    let judgement = judge(design);
    let Some(breach) = judgement.as_named() else {
        return Err(UsageError(format!("\"{INCIDENT}\" breaks nothing any more")));
    };
    let world = LifecycleWorld { preset: breach.preset, design };
    let mut diagram = path_diagram(&world, &breach.path);
    broken(&mut diagram, breach.property, Some(INCIDENT), "");
    outln!("{}", diagram.to_terminal(out::width(), out::has_colour()));
    out::paragraph(
        "",
        "The incident: a cancel releases the stream while the handler of a received RESET_STREAM is about to touch it. \
         One atomic transition holds; `streamproof model designs` judges that fix and six others.",
    );
    outln!();
    Ok(())
}
