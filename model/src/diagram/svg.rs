//! The drawing as SVG: where everything stands, from top to bottom.
//!
//! Nothing is measured by a browser here: widths are estimates on the safe side (see `text`),
//! and every column is as wide as its texts, so that nothing overlaps.

use super::layout::{
    Padding, arrow_label, drawable_rows, last_step, legend, mark, share, stands_apart,
    wanted_widths,
};
use super::paper::{
    Anchor, BACKGROUND, Font, Head, INK, MUTED, Paper, Pen, RULE, Stroke, Tone, arrow_ink,
};
use super::text::{
    Measure, heading_pixels, label_pixels, small_pixels, title_pixels, widest, wrap,
};
use super::{Diagram, Emphasis, Fate, Lane, Row};

/// Space between the frame and everything in it.
const MARGIN: usize = 24;
/// From one line of a label to the next.
const LINE: usize = 17;
/// The widest drawing, if its lanes' least widths allow.
const WIDEST: usize = 960;
/// The narrowest inside, so that banners and titles have room.
const NARROWEST: usize = 440;
/// Names wider than this wrap.
const WIDEST_NAME: usize = 160;
/// The length of an arrow where there is room; longer labels wrap.
const ARROW: std::ops::RangeInclusive<usize> = 200..=440;
/// Between the two lines of a double arrow: their heads just don't touch.
const DOUBLE: usize = 9;
/// From a lifeline to the next one, without the text of an event: its dot, its box and a space.
const EVENT: usize = 46;
/// Between steps.
const STEP_GAP: usize = 14;

pub(super) fn render(diagram: &Diagram) -> String {
    let rows = drawable_rows(diagram);
    let mut sheet = Sheet::new(diagram, &rows);
    sheet.heading(diagram);
    sheet.names(&diagram.lanes);
    let top = sheet.y;
    sheet.all_rows(&rows);
    let bottom = sheet.lifelines_end;
    sheet.legend(&rows);
    let size = (sheet.right + MARGIN, sheet.y + MARGIN);
    sheet.paper.finish(&diagram.title, size, &sheet.lanes, (top, bottom))
}

/// The paper, where things stand on it, and how far it is filled (all in pixels).
struct Sheet {
    paper: Paper,
    /// The x of each lifeline.
    lanes: Vec<usize>,
    /// For each lane, from its lifeline to the next one or the right edge.
    rooms: Vec<usize>,
    /// Where step numbers end.
    gutter: usize,
    /// The right edge of the content.
    right: usize,
    /// Everything above is drawn.
    y: usize,
    /// Lifelines end here: below the last row that isn't a banner.
    lifelines_end: usize,
}

impl Sheet {
    fn new(diagram: &Diagram, rows: &[Row]) -> Sheet {
        let count = diagram.lanes.len();
        let gutter = last_step(rows).map_or(0, |step| label_pixels(&step.to_string()));
        let half = |lane: usize| box_width(&diagram.lanes[lane]).div_ceil(2);

        let first = if count == 0 { 0 } else { (gutter + 16).max(half(0)) };
        let mut wanted = wanted_widths(
            rows,
            count,
            Padding { event: EVENT + label_pixels("✗ "), arrow: 28 },
            label_pixels,
        );
        let mut least = vec![100; count];
        for lane in 0..count.saturating_sub(1) {
            least[lane] = half(lane) + half(lane + 1) + 16;
            wanted[lane] = wanted[lane].clamp(*ARROW.start(), *ARROW.end());
        }
        if let Some(last) = count.checked_sub(1) {
            least[last] = least[last].max(half(last));
        }
        let rooms = share(&wanted, &least, WIDEST - 2 * MARGIN - first);

        let title = title_pixels(&diagram.title);
        let mut x = MARGIN + first;
        let mut lanes = Vec::new();
        for room in &rooms {
            lanes.push(x);
            x += room;
        }
        Sheet {
            paper: Paper::new(diagram),
            lanes,
            rooms,
            gutter: MARGIN + gutter,
            right: x.max(MARGIN + title.clamp(NARROWEST, WIDEST - 2 * MARGIN)),
            y: MARGIN,
            lifelines_end: MARGIN,
        }
    }

    fn heading(&mut self, diagram: &Diagram) {
        let width = self.right - MARGIN;
        for line in wrap(&diagram.title, width, title_pixels) {
            self.y += 22;
            self.paper.text((MARGIN, self.y - 6), Anchor::Start, Font::Title, INK, &line);
        }
        let subtitle = diagram.subtitle.iter().flat_map(|text| wrap(text, width, small_pixels));
        for line in subtitle {
            self.y += 18;
            self.paper.text((MARGIN, self.y - 4), Anchor::Start, Font::Small, MUTED, &line);
        }
        self.y += 18;
    }

    /// Draws the boxes with the names, all of one height, each above its lifeline.
    fn names(&mut self, lanes: &[Lane]) {
        let height = lanes.iter().map(|lane| name_lines(lane).len()).max().unwrap_or(0) * LINE + 14;
        for (lane, x) in lanes.iter().zip(&self.lanes) {
            let width = box_width(lane);
            let tone = Tone::of(Emphasis::Normal);
            self.paper.rounded((x - width / 2, self.y), (width, height), tone.fill, RULE);
            let lines = name_lines(lane);
            let mut y = self.y + (height - lines.len() * LINE) / 2 + 13;
            for (line, font, ink) in lines {
                self.paper.text((*x, y), Anchor::Middle, font, ink, &line);
                y += LINE;
            }
        }
        if !lanes.is_empty() {
            self.y += height;
        }
    }

    fn all_rows(&mut self, rows: &[Row]) {
        self.y += STEP_GAP;
        let top = self.y;
        for (index, row) in rows.iter().enumerate() {
            if index > 0 && stands_apart(&rows[index - 1], row) {
                self.y += STEP_GAP;
            }
            match row {
                Row::Message { .. } => self.message(row),
                Row::Event { step, lane, label, emphasis } => {
                    self.step(*step, *emphasis, self.y + 16);
                    self.event(*lane, label, *emphasis);
                }
                Row::Banner { label, emphasis } => self.banner(label, *emphasis),
                Row::States { texts } => self.states(texts),
            }
            if !matches!(row, Row::Banner { .. }) {
                self.lifelines_end = self.y + STEP_GAP;
            }
        }
        self.lifelines_end = self.lifelines_end.max(top);
        self.y = self.y.max(self.lifelines_end);
    }

    /// Draws the step's number in the gutter.
    fn step(&mut self, step: Option<usize>, emphasis: Emphasis, y: usize) {
        let ink = if emphasis == Emphasis::Bad { Tone::of(emphasis).ink } else { MUTED };
        if let Some(step) = step {
            self.paper.text((self.gutter, y), Anchor::End, Font::Label, ink, &step.to_string());
        }
    }

    /// Draws a dot on the lifeline and a box with the text beside it.
    fn event(&mut self, lane: usize, label: &str, emphasis: Emphasis) {
        let tone = Tone::of(emphasis);
        let label = marked(label, emphasis);
        let x = self.lanes[lane];
        let lines = wrap(&label, self.rooms[lane].saturating_sub(EVENT), label_pixels);
        let height = lines.len() * LINE + 7;
        let width = widest(&lines, label_pixels) + 18;
        self.paper.dot((x, self.y + 12), tone.ink, BACKGROUND);
        self.paper.rounded((x + 12, self.y), (width, height), tone.fill, tone.rule);
        for (index, line) in lines.iter().enumerate() {
            let at = (x + 21, self.y + 16 + index * LINE);
            self.paper.text(at, Anchor::Start, Font::Label, tone.ink, line);
        }
        self.y += height + 6;
    }

    /// Draws the states of the lanes beside hollow dots.
    fn states(&mut self, texts: &[Option<String>]) {
        let mut height = 0;
        for (lane, text) in texts.iter().enumerate() {
            let Some(text) = text else { continue };
            let x = self.lanes[lane];
            let lines = wrap(text, self.rooms[lane].saturating_sub(EVENT), label_pixels);
            self.paper.dot((x, self.y + 10), BACKGROUND, MUTED);
            for (index, line) in lines.iter().enumerate() {
                let at = (x + 13, self.y + 14 + index * LINE);
                self.paper.text(at, Anchor::Start, Font::Label, MUTED, line);
            }
            height = height.max(lines.len() * LINE + 3);
        }
        self.y += height;
    }

    /// Draws an arrow with its label above.
    fn message(&mut self, row: &Row) {
        let Row::Message { step, from, to, label, fate, emphasis } = row else {
            return;
        };
        let (start, end) = (self.lanes[*from], self.lanes[*to]);
        let label = arrow_label(label, *fate);
        let lines = wrap(&label, start.abs_diff(end).saturating_sub(24), label_pixels);
        self.step(*step, *emphasis, self.y + 13);
        for line in &lines {
            let middle = (start + end) / 2;
            if from.abs_diff(*to) > 1 {
                // The label crosses lifelines, which would strike it through.
                let width = label_pixels(line) + 6;
                let corner = (middle.saturating_sub(width / 2), self.y);
                self.paper.block(corner, (width, LINE), BACKGROUND);
            }
            let at = (middle, self.y + 13);
            self.paper.text(at, Anchor::Middle, Font::Label, Tone::of(*emphasis).ink, line);
            self.y += LINE;
        }
        self.y += 8;
        self.arrow(start, end, *fate, *emphasis);
        self.y += 10;
    }

    /// Draws the arrow at the present height, in the direction from `start` to `end`.
    fn arrow(&mut self, start: usize, end: usize, fate: Fate, emphasis: Emphasis) {
        let ink = arrow_ink(fate, emphasis);
        // What doesn't arrive ends at two thirds of its way.
        let way =
            if start < end { start + (end - start) * 2 / 3 } else { start - (start - end) * 2 / 3 };
        let pen = Pen { ink, stroke: Stroke::Solid, bold: emphasis == Emphasis::Bad };
        let (paper, y) = (&mut self.paper, self.y);
        match fate {
            Fate::Delivered => paper.line((start, end), y, pen, Head::Filled),
            Fate::Duplicated => {
                paper.line((start, end), y, pen, Head::Filled);
                paper.line((start, end), y + DOUBLE, pen, Head::Filled);
                self.y += DOUBLE;
            }
            Fate::Lost => {
                let rest = Pen { ink: RULE, stroke: Stroke::Dotted, bold: false };
                paper.line((start, way), y, pen, Head::Nothing);
                paper.line((way, end), y, rest, Head::Nothing);
                paper.cross((way, y), ink);
            }
            Fate::Sent => {
                let dashed = Pen { stroke: Stroke::Dashed, ..pen };
                paper.line((start, way), y, dashed, Head::Open);
            }
        }
    }

    /// Draws a box over the whole width.
    fn banner(&mut self, label: &str, emphasis: Emphasis) {
        let tone = Tone::of(emphasis);
        let width = self.right - MARGIN;
        let (font, measure): (_, Measure) = match emphasis {
            Emphasis::Normal => (Font::Small, small_pixels),
            Emphasis::Good | Emphasis::Bad => (Font::Heading, heading_pixels),
        };
        let lines = wrap(&marked(label, emphasis), width - 32, measure);
        let height = lines.len() * 19 + 11;
        self.paper.rounded((MARGIN, self.y), (width, height), tone.fill, tone.rule);
        self.paper.block((MARGIN, self.y), (4, height), tone.edge);
        for (index, line) in lines.iter().enumerate() {
            let at = (MARGIN + 16, self.y + 19 + index * 19);
            self.paper.text(at, Anchor::Start, font, tone.ink, line);
        }
        self.y += height + 5;
    }

    /// Explains the arrows, each with a sample.
    fn legend(&mut self, rows: &[Row]) {
        let entries = legend(rows);
        let mut x = MARGIN;
        if !entries.is_empty() {
            self.y += 20;
        }
        let middle = self.y;
        for (fate, meaning) in entries {
            if fate == Fate::Duplicated {
                self.y -= DOUBLE / 2;
            }
            self.arrow(x, x + 40, fate, Emphasis::Normal);
            self.y = middle;
            let at = (x + 48, middle + 4);
            self.paper.text(at, Anchor::Start, Font::Small, MUTED, meaning);
            x += 48 + small_pixels(meaning) + 20;
        }
        self.y += DOUBLE / 2;
    }
}

/// Gives a label with the mark of its emphasis.
fn marked(label: &str, emphasis: Emphasis) -> String {
    mark(emphasis).map_or_else(|| label.to_owned(), |mark| format!("{mark} {label}"))
}

/// Gives the lines of the box above a lifeline.
fn name_lines(lane: &Lane) -> Vec<(String, Font, &'static str)> {
    let name = wrap(&lane.name, WIDEST_NAME, heading_pixels);
    let role = lane.role.iter().flat_map(|role| wrap(role, WIDEST_NAME, small_pixels));
    let name = name.into_iter().map(|line| (line, Font::Heading, INK));
    name.chain(role.map(|line| (line, Font::Small, MUTED))).collect()
}

/// Gives the width of the box above a lifeline.
fn box_width(lane: &Lane) -> usize {
    let longest = name_lines(lane).iter().map(|(line, _, _)| heading_pixels(line)).max();
    (longest.unwrap_or(0) + 24).max(96)
}
