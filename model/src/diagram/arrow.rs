//! One arrow of the terminal's drawing: where its strokes stand and which glyphs they are.

use super::Fate;

/// An arrow between two lifelines, counted in strokes: 0 on the sender's lifeline.
pub(super) struct Arrow {
    /// Columns of the two lifelines.
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) rightwards: bool,
    pub(super) fate: Fate,
}

impl Arrow {
    /// How many strokes must stay free beside a label for the fate to be seen.
    pub(super) fn least_stroke(&self) -> usize {
        match self.fate {
            Fate::Delivered | Fate::Duplicated => 6,
            Fate::Lost | Fate::Sent => 8,
        }
    }

    /// The stroke that is the head. What doesn't arrive ends on its way, after its label.
    pub(super) fn reach(&self, labelled: usize) -> usize {
        let inner = self.right - self.left - 1;
        match self.fate {
            Fate::Delivered | Fate::Duplicated => inner,
            Fate::Lost | Fate::Sent => {
                (inner * 2 / 3).max(labelled + 4).min(inner.saturating_sub(2))
            }
        }
    }

    pub(super) fn column(&self, stroke: usize) -> usize {
        if self.rightwards { self.left + stroke } else { self.right - stroke }
    }

    pub(super) fn tail(&self) -> char {
        match (self.fate, self.rightwards) {
            (Fate::Duplicated, true) => '╞',
            (Fate::Duplicated, false) => '╡',
            (Fate::Delivered | Fate::Lost | Fate::Sent, true) => '├',
            (Fate::Delivered | Fate::Lost | Fate::Sent, false) => '┤',
        }
    }

    pub(super) fn stroke(&self) -> char {
        match self.fate {
            Fate::Delivered | Fate::Lost => '─',
            Fate::Duplicated => '═',
            Fate::Sent => '╌',
        }
    }

    pub(super) fn crossing(&self) -> char {
        match self.fate {
            Fate::Delivered | Fate::Lost | Fate::Sent => '┼',
            Fate::Duplicated => '╪',
        }
    }

    pub(super) fn head(&self) -> char {
        match (self.fate, self.rightwards) {
            (Fate::Delivered | Fate::Duplicated, true) => '►',
            (Fate::Delivered | Fate::Duplicated, false) => '◄',
            (Fate::Lost, _) => '✗',
            (Fate::Sent, true) => '▷',
            (Fate::Sent, false) => '◁',
        }
    }
}
