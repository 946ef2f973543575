//! A name that nobody knows, and the one that was probably meant.

use super::UsageError;

/// How alike two names have to be.
const ALIKE: f64 = 0.75;

/// The line for a `kind` of thing that is not called `name`, with what was probably meant and the command that lists
/// them all.
pub(in crate::commands) fn unknown<'a>(
    kind: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    lists: &str,
) -> UsageError {
    let meant = match nearest(name, known) {
        Some(meant) => format!("did you mean \"{meant}\"? "),
        None => String::new(),
    };
    UsageError(format!("no {kind} is called \"{name}\"; {meant}`{lists}` lists them"))
}

/// The known name that is most like this one, if any is like it.
pub(in crate::commands) fn nearest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&name, &known.to_lowercase());
    let known = known.into_iter().map(|known| (likeness(known), known));
    let best = known.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_that_was_probably_meant_is_told() {
        let known = ["uni", "uni-plain", "credit-stream", "hostile-frames-bidi"];
        assert_eq!(nearest("uniplain", known), Some("uni-plain"));
        assert_eq!(nearest("hostile-frame-bidi", known), Some("hostile-frames-bidi"));
        assert_eq!(nearest("Credit-Stream", known), Some("credit-stream"));
        assert_eq!(nearest("zzz", known), None);
        let UsageError(line) =
            unknown("preset", "credit-steam", known, "streamproof model presets");
        assert_eq!(
            line,
            "no preset is called \"credit-steam\"; did you mean \"credit-stream\"? \
             `streamproof model presets` lists them"
        );
    }
}
