//! Where the RFC leaves an endpoint free, and which way one goes.
//!
//! The numbers are those of `specs/choices.md`. A checked preset tries every permitted way
//! ([`Choices::PERMITTED`]; of C-5 only where endpoints send freely); a replayed one goes the way the system
//! under test says it goes, so that its tours are tours that this system can take. The referee permits every
//! way again.
//!
//! A new choice is a field, its line in `PERMITTED` and its line in [`Choices::ALL`]; whoever names choices
//! goes over that list.

use std::fmt;
use std::str::FromStr;

/// Whether something optional happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Choice {
    /// Both are tried.
    Either,
    /// It happens.
    Always,
    /// It does not happen.
    Never,
}

impl Choice {
    /// The states after something optional: `without` it, `with` it, or both; only `without` where
    /// it is not possible at all.
    pub(super) fn branches<T>(
        self,
        possible: bool,
        without: impl FnOnce() -> T,
        with: impl FnOnce() -> T,
    ) -> Vec<T> {
        match (possible, self) {
            (false, _) | (true, Self::Never) => vec![without()],
            (true, Self::Always) => vec![with()],
            (true, Self::Either) => vec![without(), with()],
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Either => "either",
            Self::Always => "always",
            Self::Never => "never",
        })
    }
}

/// A word that is no [`Choice`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("\"{0}\" is none of always, never and either")]
pub struct NoChoice(String);

impl FromStr for Choice {
    type Err = NoChoice;

    fn from_str(word: &str) -> Result<Self, NoChoice> {
        match word {
            "either" => Ok(Self::Either),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            other => Err(NoChoice(other.to_owned())),
        }
    }
}

/// One answer to each choice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Choices {
    /// C-1: a RESET_STREAM after all data discards the data.
    pub reset_after_all_data: Choice,
    /// C-3: data that completes the stream after a RESET_STREAM brings the stream back.
    pub data_completes_after_reset: Choice,
    /// C-4: a frame that contradicts the final size of a closed stream closes the connection.
    pub late_final_size_error: Choice,
    /// C-6: a RESET_STREAM interrupts reading; data that had arrived is not handed over any more.
    pub reset_interrupts_reading: Choice,
    /// C-5: data that waits to be sent when STOP_SENDING arrives goes out before the answering reset.
    pub data_before_answer: Choice,
    /// C-8: a RESET_STREAM with a final size below an offset that only an empty STREAM frame named
    /// closes the connection.
    pub reset_below_empty_frame: Choice,
    /// C-8: the same for a STREAM frame with FIN.
    pub fin_below_empty_frame: Choice,
    /// C-8: an empty STREAM frame beyond the final size closes the connection.
    pub empty_frame_beyond_final_size: Choice,
    /// C-11: a RESET_STREAM for a bidirectional stream of ours that was not created closes the
    /// connection.
    pub not_created_is_error: Choice,
    /// C-11: the same for STREAM_DATA_BLOCKED.
    pub blocked_not_created_is_error: Choice,
}

/// A field of [`Choices`] by its name.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// The field's name, as on the command line and in files.
    pub name: &'static str,
    /// Reads it.
    pub get: fn(&Choices) -> Choice,
    /// Writes it.
    pub set: fn(&mut Choices, Choice),
}

const fn named(
    name: &'static str,
    get: fn(&Choices) -> Choice,
    set: fn(&mut Choices, Choice),
) -> Named {
    Named { name, get, set }
}

// The list is complete: a field is one byte, and there is nothing else.
const _: () = assert!(size_of::<Choices>() == Choices::ALL.len() * size_of::<Choice>());

impl Choices {
    /// Everything the RFC permits, and nothing else.
    pub const PERMITTED: Self = Self {
        reset_after_all_data: Choice::Either,
        data_completes_after_reset: Choice::Either,
        late_final_size_error: Choice::Either,
        reset_interrupts_reading: Choice::Either,
        data_before_answer: Choice::Either,
        reset_below_empty_frame: Choice::Either,
        fin_below_empty_frame: Choice::Either,
        empty_frame_beyond_final_size: Choice::Either,
        not_created_is_error: Choice::Either,
        blocked_not_created_is_error: Choice::Either,
    };

    /// Every choice by its name, in the order of the fields.
    #[rustfmt::skip] // one line a choice
    pub const ALL: &'static [Named] = &[
        named("reset_after_all_data", |c| c.reset_after_all_data, |c, to| c.reset_after_all_data = to),
        named("data_completes_after_reset", |c| c.data_completes_after_reset, |c, to| c.data_completes_after_reset = to),
        named("late_final_size_error", |c| c.late_final_size_error, |c, to| c.late_final_size_error = to),
        named("reset_interrupts_reading", |c| c.reset_interrupts_reading, |c, to| c.reset_interrupts_reading = to),
        named("data_before_answer", |c| c.data_before_answer, |c, to| c.data_before_answer = to),
        named("reset_below_empty_frame", |c| c.reset_below_empty_frame, |c, to| c.reset_below_empty_frame = to),
        named("fin_below_empty_frame", |c| c.fin_below_empty_frame, |c, to| c.fin_below_empty_frame = to),
        named("empty_frame_beyond_final_size", |c| c.empty_frame_beyond_final_size, |c, to| c.empty_frame_beyond_final_size = to),
        named("not_created_is_error", |c| c.not_created_is_error, |c, to| c.not_created_is_error = to),
        named("blocked_not_created_is_error", |c| c.blocked_not_created_is_error, |c, to| c.blocked_not_created_is_error = to),
    ];

    /// The choice with this name.
    pub fn find(name: &str) -> Option<&'static Named> {
        Self::ALL.iter().find(|choice| choice.name == name)
    }

    /// Whether every choice goes one way, so that what an endpoint does follows from what is done to it.
    pub fn is_decided(&self) -> bool {
        self.open().next().is_none()
    }

    /// The names of the choices that may go either way.
    pub fn open(&self) -> impl Iterator<Item = &'static str> {
        let open = Self::ALL.iter().filter(|choice| (choice.get)(self) == Choice::Either);
        open.map(|choice| choice.name)
    }

    /// The choices that are made in another way than in [`PERMITTED`](Self::PERMITTED), with their names.
    pub fn made(&self) -> impl Iterator<Item = (&'static str, Choice)> {
        let all = Self::ALL.iter().map(|choice| (choice, (choice.get)(self)));
        let made = all.filter(|(choice, way)| *way != (choice.get)(&Self::PERMITTED));
        made.map(|(choice, way)| (choice.name, way))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_reads_and_writes_one_choice_of_its_own() {
        for choice in Choices::ALL {
            let mut choices = Choices::PERMITTED;
            (choice.set)(&mut choices, Choice::Never);
            assert_eq!(choices.made().collect::<Vec<_>>(), [(choice.name, Choice::Never)]);
            // The field of that name and no other: `Debug` has both.
            let text = format!("{choices:?}");
            assert!(text.contains(&format!("{}: Never", choice.name)), "{text}");
            assert_eq!(text.matches("Never").count(), 1, "{text}");
            assert!(Choices::find(choice.name).is_some());
        }
        assert!(Choices::find("coffee").is_none());
    }

    #[test]
    fn choices_are_decided_once_none_is_open() {
        let mut choices = Choices::PERMITTED;
        assert_eq!(choices.open().count(), Choices::ALL.len());
        for (at, choice) in Choices::ALL.iter().enumerate() {
            assert!(!choices.is_decided() && choices.open().count() == Choices::ALL.len() - at);
            (choice.set)(&mut choices, Choice::Always);
        }
        assert!(choices.is_decided());
    }

    #[test]
    fn words_of_a_choice_are_read_as_they_are_written() {
        for choice in [Choice::Either, Choice::Always, Choice::Never] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        let error = "sometimes".parse::<Choice>().unwrap_err();
        assert_eq!(error.to_string(), "\"sometimes\" is none of always, never and either");
    }
}
