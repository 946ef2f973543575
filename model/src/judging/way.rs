//! Which way a stack goes: its choices where the RFC leaves it free, and its departures where the RFC does not.

use std::sync::{Mutex, PoisonError};

use crate::rfc::choices::Choices;
use crate::rfc::rules::{RFC9000, Rules};

use super::departures::Departure;

/// What a stack hands in, so that a world can be made whose endpoints do as it does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Way {
    /// Whose way it is.
    pub name: &'static str,
    /// Where the RFC is free.
    pub choices: Choices,
    /// What is done all the same where it is not.
    pub departures: &'static [Departure],
}

impl Way {
    /// Everything the RFC permits, and nothing else.
    pub const PERMITTED: Self =
        Self { name: "permitted", choices: Choices::PERMITTED, departures: &[] };

    /// The rules that hold on this way: RFC 9000's, with every departure's change.
    pub fn rules(&self) -> Rules {
        let mut rules = RFC9000;
        for departure in self.departures {
            (departure.change)(&mut rules);
        }
        rules
    }

    /// Whether every choice goes one way, so that what an endpoint does follows from what is done to it.
    pub fn is_decided(&self) -> bool {
        self.choices.is_decided()
    }

    /// The names of the choices that may go either way.
    pub fn open_choices(&self) -> impl Iterator<Item = &'static str> {
        self.choices.open()
    }

    /// Whether the way has this departure.
    pub fn departs(&self, id: &str) -> bool {
        Departure::find(self.departures, id).is_some()
    }
}

/// A name that lives as long as the program, as a [`Way`] wants it: for one that is read from a file. The same name is
/// kept once.
pub fn named(name: &str) -> &'static str {
    static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    // Nothing is left half done by a panic: the list grows by one, or it does not.
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.iter().find(|known| **known == name) {
        return known;
    }
    let name: &'static str = name.to_owned().leak();
    names.push(name);
    name
}

#[cfg(test)]
mod tests {
    use crate::judging::departures::listed;
    use crate::rfc::choices::Choice;
    use crate::rfc::sending::SendingPart;

    use super::*;

    #[test]
    fn way_without_departures_has_the_rules_of_the_rfc() {
        let part = SendingPart { written: 3, ..SendingPart::new(9) };
        let unsent = Departure {
            id: "reset-counts-unsent",
            about: "The final size of a reset counts bytes that were never sent.",
            change: |rules| rules.reset_final_size = |part| part.written,
        };
        assert_eq!((Way::PERMITTED.rules().reset_final_size)(&part), 0);
        assert!(!Way::PERMITTED.departs(unsent.id));
        let departs = Way { departures: listed(vec![unsent]), ..Way::PERMITTED };
        assert!(departs.departs(unsent.id) && (departs.rules().reset_final_size)(&part) == 3);
    }

    #[test]
    fn way_is_decided_once_no_choice_is_open() {
        let mut way = Way::PERMITTED;
        assert_eq!(way.open_choices().count(), Choices::ALL.len());
        for choice in Choices::ALL {
            assert!(!way.is_decided());
            (choice.set)(&mut way.choices, Choice::Never);
        }
        assert!(way.is_decided() && way.open_choices().next().is_none());
    }
}
