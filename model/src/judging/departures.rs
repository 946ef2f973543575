//! Departures: what a stack does against the rules, as changes of rules.
//!
//! A judge reports a departure whenever it shows. It is known beforehand only so that tours can be made which lead
//! on from it: a world whose endpoints depart as the stack does predicts what the stack does next. Which
//! departures there are, and who has them, the stacks say; here is only what one is.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::rfc::rules::Rules;

/// One behaviour against the rules.
///
/// Two departures of one stack change different fields of [`Rules`]: of a field that both change, the later one's
/// value would count.
#[derive(Clone, Copy)]
pub struct Departure {
    /// Its name, in kebab case: `reset-counts-unsent`.
    pub id: &'static str,
    /// What is done, as one sentence.
    pub about: &'static str,
    /// Puts the wrong rule in the place of the right one.
    pub change: fn(&mut Rules),
}

impl Departure {
    /// The departure of this name among those that are known.
    pub fn find<'a>(known: &'a [Self], id: &str) -> Option<&'a Self> {
        known.iter().find(|departure| departure.id == id)
    }
}

impl PartialEq for Departure {
    /// The name says which it is.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Departure {}

impl fmt::Debug for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// A list of departures that lives as long as the program, as a [`Way`](super::way::Way) wants it: for lists that are
/// put together at run time, from a file or the command line. The same list is kept once.
pub fn listed(departures: Vec<Departure>) -> &'static [Departure] {
    static LISTS: Mutex<Vec<&'static [Departure]>> = Mutex::new(Vec::new());
    // Nothing is left half done by a panic: the list grows by one, or it does not.
    let mut lists = LISTS.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |list: &&&[Departure]| {
        let pairs = list.iter().zip(&departures);
        list.len() == departures.len()
            && pairs
                .into_iter()
                .all(|(one, other)| one == other && std::ptr::fn_addr_eq(one.change, other.change))
    };
    if let Some(known) = lists.iter().find(same) {
        return known;
    }
    let list: &'static [Departure] = departures.leak();
    lists.push(list);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: Departure = Departure {
        id: "close-is-not-final",
        about: "Frames are sent after CONNECTION_CLOSE.",
        change: |rules| rules.silent_after_close = || false,
    };
    const DEAF: Departure = Departure {
        id: "stop-is-not-answered",
        about: "STOP_SENDING is not answered.",
        change: |rules| rules.stop_is_answered = |_| false,
    };

    #[test]
    fn list_of_the_same_departures_is_kept_once() {
        let one = listed(vec![SILENT, DEAF]);
        assert_eq!(one, [SILENT, DEAF]);
        assert!(std::ptr::eq(one, listed(vec![SILENT, DEAF])));
        assert!(!std::ptr::eq(one, listed(vec![DEAF, SILENT])));
        assert!(!std::ptr::eq(one, listed(vec![SILENT])));
    }

    #[test]
    fn departures_of_one_name_and_another_change_are_two() {
        let other = Departure { change: |rules| rules.first_reset_wins = || false, ..SILENT };
        assert!(!std::ptr::eq(listed(vec![SILENT]), listed(vec![other])));
    }

    #[test]
    fn departure_is_found_by_its_name() {
        let known = [SILENT, DEAF];
        assert_eq!(Departure::find(&known, "stop-is-not-answered"), Some(&DEAF));
        assert_eq!(Departure::find(&known, "stop-is-answered"), None);
    }
}
