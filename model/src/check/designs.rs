//! Each design of [`lifecycle`](crate::worlds::lifecycle), and what it breaks: the fixes proposed for the incident, judged.

use crate::worlds::StatePath;
use crate::worlds::lifecycle::LifecycleWorld;
use crate::worlds::lifecycle::action::Step;
use crate::worlds::lifecycle::design::Design;
use crate::worlds::lifecycle::presets::{LifecyclePreset, PRESETS};
use crate::worlds::lifecycle::state::Moment;

use super::engine::{Search, check};
use super::report::Verdict;

/// A property that a design breaks.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The property.
    pub property: &'static str,
    /// The preset with the shortest interleaving.
    pub preset: LifecyclePreset,
    /// That interleaving: each moment with the step that leaves it.
    pub path: StatePath<Moment, Step>,
}

impl Breach {
    /// How many steps it takes.
    pub fn steps(&self) -> usize {
        self.path.len() - 1
    }
}

/// A design and what it breaks.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The design.
    pub design: Design,
    /// What it breaks, the shortest interleaving first.
    pub breaches: Vec<Breach>,
}

impl Judgement {
    /// The breach that the design names, if it is there, in the preset it names, and none is shorter; `None` also if it names none.
    pub fn as_named(&self) -> Option<&Breach> {
        let first = self.breaches.first()?;
        let named =
            self.breaches.iter().find(|breach| Some(breach.property) == self.design.breaks)?;
        (named.steps() == first.steps() && named.preset.name == self.design.preset).then_some(named)
    }

    /// Whether it is what the design says of itself: broken as named, or not at all.
    pub fn is_as_said(&self) -> bool {
        match self.design.breaks {
            Some(_) => self.as_named().is_some(),
            None => self.breaches.is_empty(),
        }
    }
}

/// Checks `design` in every preset; one that says that it breaks something only in those with one race, in which
/// shortest interleavings are the same and quick to find.
pub fn judge(design: Design) -> Judgement {
    let mut breaches: Vec<Breach> = Vec::new();
    let skipped = usize::from(design.breaks.is_some());
    for preset in PRESETS.iter().skip(skipped).copied() {
        // With one thread stateright's breadth-first search finds shortest paths.
        let report = check(LifecycleWorld { preset, design }, Search::Bfs, 1, &mut |_| {});
        for (property, verdict) in report.verdicts {
            let Verdict::Violated(path) = verdict else { continue };
            let breach = Breach { property, preset, path };
            // The preset that the design names, where others have one as short.
            let rank = |breach: &Breach| (breach.steps(), breach.preset.name != design.preset);
            match breaches.iter_mut().find(|known| known.property == property) {
                Some(known) if rank(known) <= rank(&breach) => {}
                Some(known) => *known = breach,
                None => breaches.push(breach),
            }
        }
    }
    breaches.sort_by_key(Breach::steps);
    Judgement { design, breaches }
}
