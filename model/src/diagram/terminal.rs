//! The drawing for terminals: box-drawing characters on a grid of cells.
//!
//! Every line starts as a row of lifelines; what happens is written over it. Meaning never hangs
//! on colour alone: `✗` and `✓` mark events and banners, `!` marks the label of a bad arrow.

use super::arrow::Arrow;
use super::cells::{Cells, Paint};
use super::layout::{
    Padding, arrow_label, drawable_rows, last_step, legend, mark, share, stands_apart,
    wanted_widths,
};
use super::text::{characters, widest, wrap};
use super::{Diagram, Emphasis, Lane, Row};

/// Names longer than this wrap in the box above their lifeline.
const WIDEST_NAME: usize = 24;
/// The length of an arrow where there is room: longer ones don't read better, so longer labels
/// wrap even if the terminal is wider.
const ARROW: std::ops::RangeInclusive<usize> = 24..=64;
/// The last column's least width.
const LEAST_LAST: usize = 12;

pub(super) fn render(diagram: &Diagram, width: usize, colour: bool) -> String {
    let rows = drawable_rows(diagram);
    let mut screen = Screen::new(diagram, &rows, width);
    screen.heading(diagram);
    screen.names(&diagram.lanes);
    screen.all_rows(&rows);
    screen.legend(&rows);
    screen.cells.print(colour)
}

/// The canvas, and where things stand on it (all in characters).
struct Screen {
    cells: Cells,
    /// Column of each lifeline.
    lanes: Vec<usize>,
    /// For each lane, the columns from its lifeline up to the next one or the right edge.
    rooms: Vec<usize>,
    /// Columns of the widest step number.
    digits: usize,
    /// How wide names may be.
    name_width: usize,
    /// The right edge of the lanes.
    right: usize,
    /// The right edge of everything: `right`, or further for a long title or banner.
    limit: usize,
}

impl Screen {
    fn new(diagram: &Diagram, rows: &[Row], width: usize) -> Screen {
        let count = diagram.lanes.len();
        let digits = last_step(rows).map_or(0, |step| step.to_string().len());
        let name_width = name_width(width.saturating_sub(digits), count);
        let half = |lane: usize| box_width(&diagram.lanes[lane], name_width).div_ceil(2);

        let first = if count == 0 { 0 } else { (digits + 3).max(half(0)) };
        let padding = Padding { event: 4, arrow: 12 };
        let mut wanted = wanted_widths(rows, count, padding, characters);
        let mut least = vec![LEAST_LAST; count];
        for lane in 0..count.saturating_sub(1) {
            least[lane] = half(lane) + half(lane + 1) + 1;
            wanted[lane] = wanted[lane].clamp(*ARROW.start(), *ARROW.end());
        }
        if let Some(last) = count.checked_sub(1) {
            least[last] = least[last].max(half(last) + 1);
        }
        let rooms = share(&wanted, &least, width.saturating_sub(first));

        let mut right = first;
        let mut lanes = Vec::new();
        for room in &rooms {
            lanes.push(right);
            right += room;
        }
        let limit = width.max(right).max(LEAST_LAST);
        Screen { cells: Cells::default(), lanes, rooms, digits, name_width, right, limit }
    }

    fn heading(&mut self, diagram: &Diagram) {
        for (text, paint) in
            [(Some(&diagram.title), Paint::Strong), (diagram.subtitle.as_ref(), Paint::Faint)]
        {
            for line in text.into_iter().flat_map(|text| wrap(text, self.limit, characters)) {
                self.cells.empty_line();
                self.cells.put(0, &line, paint);
            }
        }
        self.cells.empty_line();
    }

    /// Draws the boxes with the names, all of one height, each above its lifeline.
    fn names(&mut self, lanes: &[Lane]) {
        let texts: Vec<_> = lanes.iter().map(|lane| name_lines(lane, self.name_width)).collect();
        let height = texts.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height + 2 {
            if lanes.is_empty() {
                return;
            }
            self.cells.empty_line();
            for (lane, texts) in texts.iter().enumerate() {
                let inner = box_width(&lanes[lane], self.name_width) - 2;
                let left = self.lanes[lane] - inner.div_ceil(2);
                if line == 0 {
                    self.cells.put(left, &format!("┌{}┐", "─".repeat(inner)), Paint::Faint);
                } else if line == height + 1 {
                    self.cells.put(left, &format!("└{}┘", "─".repeat(inner)), Paint::Faint);
                    self.cells.put(self.lanes[lane], "┬", Paint::Faint);
                } else {
                    self.cells.put(left, &format!("│{}│", " ".repeat(inner)), Paint::Faint);
                    if let Some((text, paint)) = texts.get(line - 1) {
                        self.cells.put(left + 1 + (inner - characters(text)) / 2, text, *paint);
                    }
                }
            }
        }
    }

    fn all_rows(&mut self, rows: &[Row]) {
        let mut index = 0;
        while index < rows.len() {
            if index > 0 && stands_apart(&rows[index - 1], &rows[index]) {
                self.lifelines();
            }
            match &rows[index] {
                Row::Message { .. } => self.message(&rows[index]),
                Row::Event { step, lane, label, emphasis } => {
                    self.begin(*step, *emphasis);
                    let mark = mark(*emphasis).unwrap_or('●');
                    self.beside(&[(*lane, mark, label, Paint::of_text(*emphasis))]);
                }
                Row::Banner { .. } => {
                    let is_banner = |row: &&Row| matches!(row, Row::Banner { .. });
                    let count = rows[index..].iter().take_while(is_banner).count();
                    self.banners(&rows[index..index + count]);
                    index += count - 1;
                }
                Row::States { texts } => {
                    self.lifelines();
                    let present = texts.iter().enumerate().filter_map(|(lane, text)| {
                        text.as_deref().map(|text| (lane, '○', text, Paint::Faint))
                    });
                    self.beside(&present.collect::<Vec<_>>());
                }
            }
            index += 1;
        }
        if !matches!(rows.last(), Some(Row::Banner { .. })) && !self.lanes.is_empty() {
            self.cells.empty_line();
            for lane in self.lanes.clone() {
                self.cells.put(lane, "╵", Paint::Faint);
            }
        }
    }

    /// Writes texts to the right of their lifelines, wrapped to the lanes' columns, the first
    /// line on the current one and with a mark on the lifeline.
    fn beside(&mut self, texts: &[(usize, char, &str, Paint)]) {
        let first_line = self.cells.height() - 1;
        for (lane, mark, text, paint) in texts {
            let column = self.lanes[*lane];
            let room = self.rooms[*lane].saturating_sub(3).max(1);
            for (line, text) in wrap(text, room, characters).iter().enumerate() {
                while self.cells.height() <= first_line + line {
                    self.lifelines();
                }
                if line == 0 {
                    self.cells.put_at(first_line, column, &mark.to_string(), *paint);
                }
                self.cells.put_at(first_line + line, column + 2, text, *paint);
            }
        }
    }

    /// Draws an arrow, with its label on it if that leaves enough of the arrow, else above it.
    fn message(&mut self, row: &Row) {
        let Row::Message { step, from, to, label, fate, emphasis } = row else {
            return;
        };
        let label = arrow_label(label, *fate);
        let label = if *emphasis == Emphasis::Bad { format!("! {label}") } else { label };
        let paint = Paint::of_text(*emphasis);
        self.begin(*step, *emphasis);

        let (left, right) = (self.lanes[*from.min(to)], self.lanes[*from.max(to)]);
        let inner = right - left - 1;
        let one_line = wrap(&label, usize::MAX, characters);
        let arrow = Arrow { left, right, rightwards: from < to, fate: *fate };
        if one_line.len() == 1 && characters(&one_line[0]) + arrow.least_stroke() <= inner {
            let label = &one_line[0];
            self.arrow(&arrow, characters(label) + 2, *emphasis);
            let column = if from < to { left + 2 } else { right - 3 - characters(label) };
            self.cells.put(column, &format!(" {label} "), paint);
            return;
        }
        let lines = wrap(&label, inner.saturating_sub(2).max(1), characters);
        let width = widest(&lines, characters);
        for line in lines {
            let column = if from < to { left + 2 } else { right.saturating_sub(1 + width) };
            self.cells.put(column, &line, paint);
            self.lifelines();
        }
        self.arrow(&arrow, 0, *emphasis);
    }

    /// Draws the strokes of an arrow on the current line. The first `labelled` of them will be
    /// covered by the label, so the head stays clear of them.
    fn arrow(&mut self, arrow: &Arrow, labelled: usize, emphasis: Emphasis) {
        let paint = Paint::of_arrow(arrow.fate, emphasis);
        let reach = arrow.reach(labelled);
        for stroke in 0..=reach {
            let column = arrow.column(stroke);
            let glyph = if stroke == 0 {
                arrow.tail()
            } else if stroke == reach {
                arrow.head()
            } else if self.lanes.contains(&column) {
                arrow.crossing()
            } else {
                arrow.stroke()
            };
            self.cells.put(column, &glyph.to_string(), paint);
        }
    }

    /// Draws banners in one box over the whole width.
    fn banners(&mut self, rows: &[Row]) {
        let mut texts = Vec::new();
        let mut worst = Emphasis::Normal;
        for row in rows {
            let Row::Banner { label, emphasis } = row else {
                continue;
            };
            worst = worst.max(*emphasis);
            let mark = mark(*emphasis).unwrap_or(' ');
            for (line, text) in
                wrap(label, self.limit.saturating_sub(6).max(1), characters).into_iter().enumerate()
            {
                let mark = if line == 0 { mark } else { ' ' };
                texts.push((format!("{mark} {text}"), Paint::of_text(*emphasis)));
            }
        }
        let longest = texts.iter().map(|(text, _)| characters(text)).max().unwrap_or(0);
        let inner = (longest + 2).max(self.right.saturating_sub(2));
        let frame = Paint::of_text(worst);
        self.cells.empty_line();
        self.cells.put(0, &format!("┏{}┓", "━".repeat(inner)), frame);
        for (text, paint) in texts {
            self.cells.empty_line();
            self.cells.put(0, "┃", frame);
            self.cells.put(2, &text, paint);
            self.cells.put(inner + 1, "┃", frame);
        }
        self.cells.empty_line();
        self.cells.put(0, &format!("┗{}┛", "━".repeat(inner)), frame);
    }

    fn legend(&mut self, rows: &[Row]) {
        let mut column = 0;
        for (index, (fate, meaning)) in legend(rows).into_iter().enumerate() {
            let arrow = Arrow { left: 0, right: 9, rightwards: true, fate };
            let sample = format!("{0}{0}{1} {meaning}", arrow.stroke(), arrow.head());
            let paint = Paint::of_arrow(fate, Emphasis::Normal);
            if index == 0 {
                self.cells.empty_line();
                self.cells.empty_line();
            } else if column + characters(&sample) > self.limit {
                self.cells.empty_line();
                column = 0;
            }
            self.cells.put(column, &sample, paint);
            column += characters(&sample) + 3;
        }
    }

    /// Starts the first line of a row, with its step in the gutter.
    fn begin(&mut self, step: Option<usize>, emphasis: Emphasis) {
        self.lifelines();
        if let Some(step) = step {
            let paint = if emphasis == Emphasis::Bad { Paint::Bad } else { Paint::Faint };
            self.cells.put(1, &format!("{step:>digits$}", digits = self.digits), paint);
        }
    }

    /// Starts a line that shows the lifelines and nothing else yet.
    fn lifelines(&mut self) {
        self.cells.empty_line();
        for lane in self.lanes.clone() {
            self.cells.put(lane, "│", Paint::Faint);
        }
    }
}

/// Gives how wide names may be so that the boxes of `count` lanes fit into `width`.
fn name_width(width: usize, count: usize) -> usize {
    // Half a box on the left, a whole one and a space between two lifelines, then the last room.
    let boxes = width.saturating_sub(count + LEAST_LAST);
    let half = boxes / (2 * count).saturating_sub(1).max(1);
    (2 * half.min(WIDEST_NAME)).clamp(10, WIDEST_NAME + 4) - 4
}

/// Gives the lines of the box above a lifeline.
fn name_lines(lane: &Lane, limit: usize) -> Vec<(String, Paint)> {
    let name = wrap(&lane.name, limit, characters).into_iter().map(|line| (line, Paint::Strong));
    let role = lane.role.iter().flat_map(|role| wrap(role, limit, characters));
    name.chain(role.map(|line| (line, Paint::Faint))).collect()
}

/// Gives the width of the box above a lifeline, frame included.
fn box_width(lane: &Lane, limit: usize) -> usize {
    let longest = name_lines(lane, limit).iter().map(|(line, _)| characters(line)).max();
    longest.unwrap_or(0) + 4
}
