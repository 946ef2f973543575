//! Columns of text that fit a width, and numbers in them.

use std::fmt::Write as _;

/// A column of a table that has to fit.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    name: &'static str,
    is_left: bool,
    /// The column with the largest number is dropped first where there is no room; 0 stays.
    dropped: u8,
}

impl Column {
    /// A column whose cells stand to the left; with which urgency it stays: 0 always, the largest number is dropped
    /// first.
    pub const fn left(name: &'static str, dropped: u8) -> Self {
        Self { name, is_left: true, dropped }
    }

    /// A column whose cells stand to the right; see [`left`](Self::left).
    pub const fn right(name: &'static str, dropped: u8) -> Self {
        Self { name, is_left: false, dropped }
    }
}

/// Lays out `rows`, each with as many cells as there are columns, in lines of at most `width` characters: columns that
/// may be dropped are, and then cells that stand to the left are cut, those of the last column first: a row's name stays
/// longest.
pub fn table_within(width: usize, columns: &[Column], rows: &[Vec<String>]) -> String {
    let natural = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(columns[column].name.chars().count())
    };
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let whole = |shown: &[usize]| {
        shown.iter().map(|column| natural(*column) + 2).sum::<usize>().saturating_sub(2)
    };
    while whole(&shown) > width {
        let last = shown.iter().max_by_key(|column| columns[**column].dropped).copied();
        let Some(last) = last.filter(|column| columns[*column].dropped > 0) else { break };
        shown.retain(|column| *column != last);
    }
    let mut over = whole(&shown).saturating_sub(width);
    let mut widths: Vec<usize> = shown
        .iter()
        .rev()
        .map(|column| {
            let natural = natural(*column);
            // Something of a cell always stays.
            let cut =
                if columns[*column].is_left { over.min(natural.saturating_sub(12)) } else { 0 };
            over -= cut;
            natural - cut
        })
        .collect();
    widths.reverse();
    let head: Vec<String> = columns.iter().map(|column| column.name.to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (place, (column, width)) in shown.iter().zip(&widths).enumerate() {
            let gap = if place == 0 { "" } else { "  " };
            let cell = clipped(row.get(*column).map_or("", String::as_str), *width);
            let _ = match columns[*column].is_left {
                true => write!(line, "{gap}{cell:<width$}"),
                false => write!(line, "{gap}{cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The beginning of a text, as much as fits, with a mark where something is cut.
pub fn clipped(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        false => text.to_owned(),
        true => text.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A number with its thousands apart.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of 100, rounded down: 100.0 means all.
pub fn percent(part: usize, of: usize) -> String {
    let tenths = (part * 1000).checked_div(of).unwrap_or(1000);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_a_row_is_cut_last() {
        let columns =
            [Column::left("mutant", 0), Column::right("steps", 0), Column::left("killed by", 0)];
        let row = ["forget final size", "2", "§4.5 final size never changes"].map(str::to_owned);
        let table = table_within(44, &columns, &[row.to_vec()]);
        assert_eq!(table.lines().nth(1), Some("forget final size      2  §4.5 final size n…"));
    }

    #[test]
    fn table_fits_by_dropping_columns_and_then_by_cutting_names() {
        let columns =
            [Column::left("preset", 0), Column::right("edges", 0), Column::right("seconds", 1)];
        let rows = vec![
            vec!["credit-connection-lossy".to_owned(), "1,234".to_owned(), "0.5".to_owned()],
            vec!["uni".to_owned(), "9".to_owned(), "0.1".to_owned()],
        ];
        let lines = |width| {
            let text = table_within(width, &columns, &rows);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(lines(80)[0].ends_with("seconds") && lines(80)[1].ends_with("0.5"));
        assert!(lines(32)[0].ends_with("edges") && lines(32)[1].ends_with("lossy  1,234"));
        assert_eq!(lines(24)[1], "credit-connectio…  1,234");
        assert!(lines(24)[2].starts_with("uni ") && lines(24)[2].ends_with('9'));
    }

    #[test]
    fn thousands_stand_apart_and_only_all_is_a_hundred() {
        assert_eq!(percent(9_999, 10_000), "99.9");
        assert_eq!([percent(0, 0), percent(7, 7)], ["100.0", "100.0"]);
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }
}
