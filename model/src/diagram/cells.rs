//! A grid of coloured characters that grows as it is written on: the terminal's canvas.

use super::text::characters;
use super::{Emphasis, Fate};

/// How a cell is coloured.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Paint {
    Plain,
    Faint,
    Strong,
    Good,
    Bad,
    Duplicated,
    Lost,
    Sent,
}

impl Paint {
    /// The parameters of the SGR escape.
    fn sgr(self) -> &'static str {
        match self {
            Paint::Plain => "0",
            Paint::Faint => "2",
            Paint::Strong => "1",
            Paint::Good => "32",
            Paint::Bad => "1;31",
            Paint::Duplicated => "35",
            Paint::Lost => "33",
            Paint::Sent => "36",
        }
    }

    pub(super) fn of_text(emphasis: Emphasis) -> Paint {
        match emphasis {
            Emphasis::Normal => Paint::Plain,
            Emphasis::Good => Paint::Good,
            Emphasis::Bad => Paint::Bad,
        }
    }

    pub(super) fn of_arrow(fate: Fate, emphasis: Emphasis) -> Paint {
        match (emphasis, fate) {
            (Emphasis::Good, _) => Paint::Good,
            (Emphasis::Bad, _) => Paint::Bad,
            (Emphasis::Normal, Fate::Delivered) => Paint::Plain,
            (Emphasis::Normal, Fate::Duplicated) => Paint::Duplicated,
            (Emphasis::Normal, Fate::Lost) => Paint::Lost,
            (Emphasis::Normal, Fate::Sent) => Paint::Sent,
        }
    }
}

/// The lines drawn so far; writing goes over what stands there.
#[derive(Default)]
pub(super) struct Cells {
    lines: Vec<Vec<(char, Paint)>>,
}

impl Cells {
    /// Number of lines so far.
    pub(super) fn height(&self) -> usize {
        self.lines.len()
    }

    /// Starts a line.
    pub(super) fn empty_line(&mut self) {
        self.lines.push(Vec::new());
    }

    /// Writes over the current line.
    pub(super) fn put(&mut self, column: usize, text: &str, paint: Paint) {
        self.put_at(self.lines.len() - 1, column, text, paint);
    }

    /// Writes over a line that has been started before.
    pub(super) fn put_at(&mut self, line: usize, column: usize, text: &str, paint: Paint) {
        let cells = &mut self.lines[line];
        let end = column + characters(text);
        if cells.len() < end {
            cells.resize(end, (' ', Paint::Plain));
        }
        for (cell, glyph) in cells[column..end].iter_mut().zip(text.chars()) {
            *cell = (glyph, paint);
        }
    }

    /// Gives the text, without spaces at the ends of lines; with SGR escapes if `colour`.
    pub(super) fn print(&self, colour: bool) -> String {
        let mut output = String::new();
        for line in &self.lines {
            let end = line.iter().rposition(|(glyph, _)| *glyph != ' ').map_or(0, |last| last + 1);
            let mut current = Paint::Plain;
            for (glyph, paint) in &line[..end] {
                if colour && *paint != current && *glyph != ' ' {
                    // Reset first: attributes add up otherwise.
                    output.push_str("\x1b[0m");
                    if *paint != Paint::Plain {
                        output.push_str(&format!("\x1b[{}m", paint.sgr()));
                    }
                    current = *paint;
                }
                output.push(*glyph);
            }
            if current != Paint::Plain {
                output.push_str("\x1b[0m");
            }
            output.push('\n');
        }
        output
    }
}
