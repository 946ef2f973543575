//! Sequence diagrams: a run as lanes, arrows and events, drawn for a terminal or as SVG.
//!
//! Counterexamples, divergences and schedules all end as a [`Diagram`], so that whoever reads
//! one reads them all. The module knows lanes, rows and text, and nothing of QUIC or of the
//! model: translating a path into rows is the work of its callers. It is pure: the same diagram
//! gives the same bytes, and no input panics.

mod arrow;
mod cells;
mod layout;
mod paper;
mod svg;
mod terminal;
mod text;

#[cfg(test)]
mod tests;

/// One run, drawn from top to bottom.
///
/// Texts may hold any characters: they are escaped, wrapped at spaces, broken at `\n`, and
/// control characters become spaces. Two to four lanes read best; any number is drawn.
///
/// A row that names a lane which doesn't exist is not lost: it is drawn as a banner of the same
/// emphasis that says so ("step 3, no lane 7: …", lanes counted from 0).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Diagram {
    /// What the reader looks at, in a few words; also the SVG's `<title>`.
    pub title: String,
    /// Where it comes from, for example the preset and the number of steps.
    pub subtitle: Option<String>,
    /// The participants, from left to right; rows name them by their index.
    pub lanes: Vec<Lane>,
    /// What happened, in order.
    pub rows: Vec<Row>,
}

/// A participant: one vertical lifeline under a box with its name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Lane {
    /// Who it is, for example "client".
    pub name: String,
    /// A second line below the name, for example "sending part".
    pub role: Option<String>,
}

/// One thing that happened, or one thing to say about it.
///
/// Steps are shown in the gutter on the left, each where it begins. A row without a step, or with
/// the step of the row above it, belongs to that step and is drawn close to it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Row {
    /// An arrow from one lane to another. With `from == to` it is drawn as an event with "↺".
    Message {
        /// The number in the gutter.
        step: Option<usize>,
        /// Index of the lane that sends.
        from: usize,
        /// Index of the lane it is sent to.
        to: usize,
        /// The frame or packet, for example "RESET_STREAM final size 3".
        label: String,
        /// What the network did with it.
        fate: Fate,
        /// Whether the reader should look here.
        emphasis: Emphasis,
    },
    /// Something that happens at one lane: a call of the application and its answer, or a
    /// change of state ("Data Sent → Reset Sent").
    Event {
        /// The number in the gutter.
        step: Option<usize>,
        /// Index of the lane.
        lane: usize,
        /// What happens.
        label: String,
        /// Whether the reader should look here.
        emphasis: Emphasis,
    },
    /// A box over the whole width: the broken property, or of a divergence what was sent, came
    /// back and was permitted. Banners in direct succession share one box in the terminal.
    Banner {
        /// What to say.
        label: String,
        /// How it is meant.
        emphasis: Emphasis,
    },
    /// The state of several lanes at one moment. A row without any text is not drawn.
    States {
        /// One optional text for each lane, in the order of the lanes; missing ones are `None`.
        texts: Vec<Option<String>>,
    },
}

/// What the network did with a message.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Fate {
    /// It arrived once: a solid arrow.
    Delivered,
    /// It arrived, and a copy of it may arrive again: a double arrow.
    Duplicated,
    /// It never arrives: the arrow ends in a cross on its way.
    Lost,
    /// It was sent and is still in flight: a dashed arrow with an open end on its way.
    Sent,
}

/// How a row is meant; shown by a mark and, where there is colour, by colour.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Emphasis {
    /// Part of the story.
    Normal,
    /// As it should be, for example the witness of a reachability property.
    Good,
    /// The point of the diagram: what is wrong.
    Bad,
}

impl Diagram {
    /// Draws the diagram with box-drawing characters, in lines of at most `width` characters.
    ///
    /// The diagram takes no more width than its texts need. Lanes have a least width (about 14
    /// characters each, so four fit 60): a smaller `width` is exceeded rather than obeyed. With
    /// `colour`, lines also hold ANSI escapes (SGR, eight colours), which count for nothing in
    /// the width. Every line ends in `\n`; no line ends in spaces.
    #[must_use]
    pub fn to_terminal(&self, width: usize, colour: bool) -> String {
        terminal::render(self, width, colour)
    }

    /// Draws the diagram as one `<svg>` element that stands alone, as a file or inside HTML.
    ///
    /// It brings its own background, uses the reader's system fonts and refers to nothing
    /// outside. All ids begin with a hash of the content, so different diagrams can share one
    /// page; the same diagram twice has the same ids with the same meaning.
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::render(self)
    }
}
