//! Text for drawings: cleaned, measured and wrapped.
//!
//! Widths are characters in the terminal and pixels in SVG; wrapping works with either, because
//! it is given the measure. The pixel measures are estimates on the safe side: fonts differ, and
//! a text that is narrower than expected looks better than one that overlaps its neighbour.

/// Gives the width of a text, in the units of the drawing.
pub(super) type Measure = fn(&str) -> usize;

/// Width in characters: what a terminal shows one cell for.
pub(super) fn characters(text: &str) -> usize {
    text.chars().count()
}

/// Width in pixels of the monospaced text of labels, at 12 px.
pub(super) fn label_pixels(text: &str) -> usize {
    // The common monospaced fonts advance 0.55 to 0.602 em.
    text.chars().map(|c| if is_wide(c) { 1300 } else { 610 }).sum::<usize>() * 12 / 1000 + 1
}

/// Width in pixels of the bold sans-serif text of names and banners, at 13 px.
pub(super) fn heading_pixels(text: &str) -> usize {
    text.chars().map(sans_thousandths).sum::<usize>() * 13 / 1000 + 1
}

/// Width in pixels of sans-serif text in regular weight, at 12 px.
pub(super) fn small_pixels(text: &str) -> usize {
    text.chars().map(sans_thousandths).sum::<usize>() * 11 / 1000 + 1
}

/// Width in pixels of the bold sans-serif title, at 17 px.
pub(super) fn title_pixels(text: &str) -> usize {
    text.chars().map(sans_thousandths).sum::<usize>() * 17 / 1000 + 1
}

/// Advance of a bold sans-serif character in thousandths of an em, after the widest of the
/// usual system fonts (DejaVu Sans Bold).
fn sans_thousandths(c: char) -> usize {
    match c {
        ' ' | 'i' | 'l' | 'j' | 'I' | '\'' | '|' => 370,
        '.' | ',' | ':' | ';' | '!' | '-' | '/' | '(' | ')' | '[' | ']' => 460,
        'f' | 't' | 'r' | '§' | '·' => 500,
        'c' | 's' | 'z' | 'v' | 'x' | 'y' | 'k' => 665,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' | '…' => 1100,
        'A'..='Z' => 790,
        c if is_wide(c) => 1100,
        c if c.is_ascii() => 720,
        _ => 850,
    }
}

/// Characters of the East Asian and emoji blocks, which fonts draw about twice as wide.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
}

/// Breaks `text` into lines no wider than `limit`, at least one.
///
/// Lines break at `\n` and at spaces; runs of spaces and control characters become one space.
/// A word wider than a line is cut, after punctuation if there is some in its second half.
pub(super) fn wrap(text: &str, limit: usize, measure: Measure) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(|c: char| c.is_whitespace() || c.is_control()) {
            if word.is_empty() {
                continue;
            }
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if measure(&longer) <= limit {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(line);
            }
            line = cut_word(word, limit, measure, &mut lines);
        }
        lines.push(line);
    }
    lines
}

/// Pushes all full lines of a word that may be wider than a line; gives the rest of it.
fn cut_word(word: &str, limit: usize, measure: Measure, lines: &mut Vec<String>) -> String {
    let mut rest = word;
    while measure(rest) > limit {
        let end = cut_position(rest, limit, measure);
        if end == rest.len() {
            break; // a single character wider than the line
        }
        lines.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    rest.to_owned()
}

/// The byte after the last character of `word` that belongs on this line, never 0.
fn cut_position(word: &str, limit: usize, measure: Measure) -> usize {
    let mut end = 0;
    let mut after_punctuation = 0;
    for (start, c) in word.char_indices() {
        let next = start + c.len_utf8();
        if end > 0 && measure(&word[..next]) > limit {
            break;
        }
        end = next;
        if matches!(c, ',' | ';' | ':' | '/' | '=' | '_' | '-' | ')' | '}') {
            after_punctuation = next;
        }
    }
    if after_punctuation > end / 2 { after_punctuation } else { end }
}

/// Gives the width of the widest of `lines`, 0 for none.
pub(super) fn widest(lines: &[String], measure: Measure) -> usize {
    lines.iter().map(|line| measure(line)).max().unwrap_or(0)
}
