//! What both drawings share: rows made safe to draw, and the widths of the lanes' columns.
//!
//! A lane's column reaches from its lifeline to the next one. Events and states stand in the
//! column to the right of their lifeline, arrows cross one column or more.

use super::text::{Measure, widest, wrap};
use super::{Diagram, Emphasis, Fate, Row};

/// Gives the rows with every lane index valid, `from != to` in every message, no empty `States`,
/// and each step number only where the step begins. What doesn't fit becomes a banner or an
/// event that says so.
pub(super) fn drawable_rows(diagram: &Diagram) -> Vec<Row> {
    let lanes = diagram.lanes.len();
    let mut rows: Vec<Row> = diagram.rows.iter().flat_map(|row| drawable(row, lanes)).collect();
    let mut current = None;
    for row in &mut rows {
        if let Row::Message { step, .. } | Row::Event { step, .. } = row {
            if *step == current {
                *step = None;
            } else if step.is_some() {
                current = *step;
            }
        }
    }
    rows
}

fn drawable(row: &Row, lanes: usize) -> Vec<Row> {
    match row {
        Row::Message { step, from, to, label, fate, emphasis } => {
            let missing = [*from, *to].into_iter().find(|lane| *lane >= lanes);
            if let Some(lane) = missing {
                return vec![misplaced(*step, lane, label, *emphasis)];
            }
            if from != to {
                return vec![row.clone()];
            }
            let label = format!("↺ {label}{}", remark(*fate));
            vec![Row::Event { step: *step, lane: *from, label, emphasis: *emphasis }]
        }
        Row::Event { step, lane, label, emphasis } if *lane >= lanes => {
            vec![misplaced(*step, *lane, label, *emphasis)]
        }
        Row::Event { .. } | Row::Banner { .. } => vec![row.clone()],
        Row::States { texts } => drawable_states(texts, lanes),
    }
}

fn drawable_states(texts: &[Option<String>], lanes: usize) -> Vec<Row> {
    let (placed, extra) = texts.split_at(texts.len().min(lanes));
    let mut rows = Vec::new();
    if placed.iter().any(Option::is_some) {
        rows.push(Row::States { texts: placed.to_vec() });
    }
    for (beyond, text) in extra.iter().enumerate() {
        if let Some(text) = text {
            rows.push(misplaced(None, lanes + beyond, text, Emphasis::Normal));
        }
    }
    rows
}

/// The banner for a row whose lane doesn't exist.
fn misplaced(step: Option<usize>, lane: usize, label: &str, emphasis: Emphasis) -> Row {
    let step = step.map_or_else(String::new, |step| format!("step {step}, "));
    Row::Banner { label: format!("{step}no lane {lane}: {label}"), emphasis }
}

/// What the network did, where there is no arrow to show it.
fn remark(fate: Fate) -> &'static str {
    match fate {
        Fate::Delivered => "",
        Fate::Duplicated => " (duplicated)",
        Fate::Lost => " (lost)",
        Fate::Sent => " (in flight)",
    }
}

/// The mark of an emphasis, for events and banners.
pub(super) fn mark(emphasis: Emphasis) -> Option<char> {
    match emphasis {
        Emphasis::Normal => None,
        Emphasis::Good => Some('✓'),
        Emphasis::Bad => Some('✗'),
    }
}

/// The label of an arrow as it is drawn.
pub(super) fn arrow_label(label: &str, fate: Fate) -> String {
    match fate {
        Fate::Duplicated => format!("{label} ×2"),
        Fate::Delivered | Fate::Lost | Fate::Sent => label.to_owned(),
    }
}

/// Gives the fates to explain below the diagram: all that occur, or none where every message
/// is simply delivered.
pub(super) fn legend(rows: &[Row]) -> Vec<(Fate, &'static str)> {
    let occurs = |wanted: Fate| {
        rows.iter().any(|row| matches!(row, Row::Message { fate, .. } if *fate == wanted))
    };
    let all = [
        (Fate::Delivered, "delivered"),
        (Fate::Duplicated, "duplicated"),
        (Fate::Lost, "lost"),
        (Fate::Sent, "in flight"),
    ];
    let shown: Vec<_> = all.into_iter().filter(|(fate, _)| occurs(*fate)).collect();
    if shown.iter().all(|(fate, _)| *fate == Fate::Delivered) { Vec::new() } else { shown }
}

/// Gives the largest step number shown, if any is.
pub(super) fn last_step(rows: &[Row]) -> Option<usize> {
    rows.iter().filter_map(step_of).max()
}

/// Gives the step a row carries itself.
pub(super) fn step_of(row: &Row) -> Option<usize> {
    match row {
        Row::Message { step, .. } | Row::Event { step, .. } => *step,
        Row::Banner { .. } | Row::States { .. } => None,
    }
}

/// Whether a row stands apart from the row above it: where a step begins, and where a box of
/// banners does.
pub(super) fn stands_apart(above: &Row, row: &Row) -> bool {
    let is_banner = |row: &Row| matches!(row, Row::Banner { .. });
    step_of(row).is_some() || is_banner(above) != is_banner(row)
}

/// How much wider than its text something is, in the units of the drawing.
#[derive(Clone, Copy)]
pub(super) struct Padding {
    /// From the lifeline to the end of an event's column, without the text.
    pub(super) event: usize,
    /// From lifeline to lifeline, without the label of the arrow.
    pub(super) arrow: usize,
}

/// Gives the width each lane's column needs so that nothing in it has to wrap.
pub(super) fn wanted_widths(
    rows: &[Row],
    lanes: usize,
    padding: Padding,
    measure: Measure,
) -> Vec<usize> {
    let mut wanted = vec![0; lanes];
    let mut want = |lane: usize, width: usize| wanted[lane] = wanted[lane].max(width);
    let unwrapped = |text: &str| widest(&wrap(text, usize::MAX, measure), measure);
    for row in rows {
        match row {
            Row::Message { from, to, label, fate, .. } => {
                let (left, right) = (*from.min(to), *from.max(to));
                let width = unwrapped(&arrow_label(label, *fate)) + padding.arrow;
                for lane in left..right {
                    want(lane, width.div_ceil(right - left));
                }
            }
            Row::Event { lane, label, .. } => want(*lane, unwrapped(label) + padding.event),
            Row::Banner { .. } => {}
            Row::States { texts } => {
                for (lane, text) in texts.iter().enumerate() {
                    if let Some(text) = text {
                        want(lane, unwrapped(text) + padding.event);
                    }
                }
            }
        }
    }
    wanted
}

/// Shares `available` among columns: each gets what it wants if all fit, else the widest give
/// way first, down to their `least`, which they get even if the sum is too wide.
pub(super) fn share(wanted: &[usize], least: &[usize], available: usize) -> Vec<usize> {
    let capped = |cap: usize| -> Vec<usize> {
        wanted.iter().zip(least).map(|(wanted, least)| (*wanted).min(cap).max(*least)).collect()
    };
    (0..=available)
        .rev()
        .map(capped)
        .find(|widths| widths.iter().sum::<usize>() <= available)
        .unwrap_or_else(|| capped(0))
}
