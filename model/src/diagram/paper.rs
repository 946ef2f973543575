//! The elements of an SVG drawing: shapes and text with the palette, as markup.
//!
//! Only presentation attributes are used, no `<style>`: a style sheet would leak into the page
//! around an inlined drawing. Coordinates are whole pixels.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Diagram, Emphasis, Fate};

/// The drawing's own background; everything else is chosen to read well on it.
pub(super) const BACKGROUND: &str = "#fcfcfb";
/// Frames and lifelines.
pub(super) const RULE: &str = "#c5ccd4";
/// Ordinary text.
pub(super) const INK: &str = "#1f2933";
/// Text and marks of second rank.
pub(super) const MUTED: &str = "#5f6c7b";

/// How far a filled arrowhead reaches beyond its line, in pixels.
const TIP: usize = 6;

const SANS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif";
const MONO: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/// Text, frame and fill of a box.
#[derive(Clone, Copy)]
pub(super) struct Tone {
    pub(super) ink: &'static str,
    pub(super) rule: &'static str,
    pub(super) fill: &'static str,
    /// The bar at the left of a banner.
    pub(super) edge: &'static str,
}

impl Tone {
    pub(super) fn of(emphasis: Emphasis) -> Tone {
        match emphasis {
            Emphasis::Normal => Tone { ink: INK, rule: "#d3d9e0", fill: "#f1f3f6", edge: MUTED },
            Emphasis::Good => {
                Tone { ink: "#1b6640", rule: "#a5d3b5", fill: "#eaf6ee", edge: "#1b6640" }
            }
            Emphasis::Bad => {
                Tone { ink: "#b42318", rule: "#efb4ae", fill: "#fdeeec", edge: "#b42318" }
            }
        }
    }
}

/// The colour of an arrow: its emphasis, or else its fate.
pub(super) fn arrow_ink(fate: Fate, emphasis: Emphasis) -> &'static str {
    match (emphasis, fate) {
        (Emphasis::Good | Emphasis::Bad, _) => Tone::of(emphasis).ink,
        (Emphasis::Normal, Fate::Delivered) => "#3d4a58",
        (Emphasis::Normal, Fate::Duplicated) => "#6b4ea3",
        (Emphasis::Normal, Fate::Lost) => "#96600a",
        (Emphasis::Normal, Fate::Sent) => "#2f6f8f",
    }
}

/// Font, size and weight of a text.
#[derive(Clone, Copy)]
pub(super) enum Font {
    /// 17 px, bold.
    Title,
    /// 13 px, bold.
    Heading,
    /// 12 px.
    Small,
    /// 12 px, monospaced.
    Label,
}

impl Font {
    fn attributes(self) -> String {
        let (family, size, weight) = match self {
            Font::Title => (SANS, 17, 600),
            Font::Heading => (SANS, 13, 600),
            Font::Small => (SANS, 12, 400),
            Font::Label => (MONO, 12, 400),
        };
        format!(r#"font-family="{family}" font-size="{size}" font-weight="{weight}""#)
    }
}

/// Which point of a text its `x` is.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// How a line is stroked.
#[derive(Clone, Copy)]
pub(super) enum Stroke {
    Solid,
    Dashed,
    Dotted,
}

/// What a line is drawn with.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub(super) ink: &'static str,
    pub(super) stroke: Stroke,
    pub(super) bold: bool,
}

/// What a line has at its end.
#[derive(Clone, Copy)]
pub(super) enum Head {
    Nothing,
    Filled,
    Open,
}

/// Markup in the order of drawing, and the arrowheads it refers to.
pub(super) struct Paper {
    /// Begins every id, so that drawings on one page don't share any.
    prefix: String,
    body: String,
    /// Where the line ends in a head, and its shape, by id; sorted for the output to be the
    /// same every time.
    markers: BTreeMap<String, (usize, String)>,
}

impl Paper {
    pub(super) fn new(diagram: &Diagram) -> Paper {
        let prefix = format!("diagram-{:016x}", stable_hash(diagram));
        Paper { prefix, body: String::new(), markers: BTreeMap::new() }
    }

    pub(super) fn text(
        &mut self,
        at: (usize, usize),
        anchor: Anchor,
        font: Font,
        ink: &str,
        text: &str,
    ) {
        let _ = writeln!(
            self.body,
            r#"<text x="{}" y="{}" text-anchor="{}" {} fill="{ink}">{}</text>"#,
            at.0,
            at.1,
            anchor.name(),
            font.attributes(),
            escape(text)
        );
    }

    /// A box with round corners: position, size, then colours.
    pub(super) fn rounded(
        &mut self,
        at: (usize, usize),
        size: (usize, usize),
        fill: &str,
        rule: &str,
    ) {
        let _ = writeln!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" rx="5" fill="{fill}" stroke="{rule}"/>"#,
            at.0, at.1, size.0, size.1
        );
    }

    /// A box without corners or frame.
    pub(super) fn block(&mut self, at: (usize, usize), size: (usize, usize), fill: &str) {
        let _ = writeln!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{fill}"/>"#,
            at.0, at.1, size.0, size.1
        );
    }

    pub(super) fn dot(&mut self, at: (usize, usize), fill: &str, rule: &str) {
        let _ = writeln!(
            self.body,
            r#"<circle cx="{}" cy="{}" r="4" fill="{fill}" stroke="{rule}" stroke-width="1.5"/>"#,
            at.0, at.1
        );
    }

    /// The cross at the end of an arrow that doesn't arrive.
    pub(super) fn cross(&mut self, at: (usize, usize), ink: &str) {
        let (x, y) = at;
        let _ = writeln!(
            self.body,
            r#"<path d="M{} {}l10 10m0 -10l-10 10" fill="none" stroke="{ink}" stroke-width="2" stroke-linecap="round"/>"#,
            x.saturating_sub(5),
            y.saturating_sub(5)
        );
    }

    /// A horizontal line at `y` from `x.0` to `x.1`, in that direction.
    pub(super) fn line(&mut self, x: (usize, usize), y: usize, pen: Pen, head: Head) {
        let Pen { ink, stroke, bold } = pen;
        let dashes = match stroke {
            Stroke::Solid => "",
            Stroke::Dashed => r#" stroke-dasharray="6 4""#,
            Stroke::Dotted => r#" stroke-dasharray="1 5" stroke-linecap="round""#,
        };
        let width = if bold { "2.5" } else { "1.5" };
        // A line as wide as a filled head's tip would blunt it: the line ends inside the head.
        let end = match head {
            Head::Filled if x.0 < x.1 => x.1.saturating_sub(TIP),
            Head::Filled => x.1 + TIP,
            Head::Nothing | Head::Open => x.1,
        };
        let reference = self.marker(head, ink);
        let _ = writeln!(
            self.body,
            r#"<path d="M{} {y}H{}" fill="none" stroke="{ink}" stroke-width="{width}"{dashes}{reference}/>"#,
            x.0, end
        );
    }

    /// Gives the attribute that refers to an arrowhead, which it defines if need be.
    fn marker(&mut self, head: Head, ink: &str) -> String {
        let (name, line_end, shape) = match head {
            Head::Nothing => return String::new(),
            Head::Filled => {
                ("filled", 9 - TIP, format!(r#"<path d="M0 1L9 5L0 9z" fill="{ink}"/>"#))
            }
            Head::Open => (
                "open",
                9,
                format!(
                    r#"<path d="M2 1L9 5L2 9" fill="none" stroke="{ink}" stroke-width="1.5"/>"#
                ),
            ),
        };
        let id = format!("{}-{name}-{}", self.prefix, ink.trim_start_matches('#'));
        let reference = format!(r#" marker-end="url(#{id})""#);
        self.markers.entry(id).or_insert((line_end, shape));
        reference
    }

    /// Gives the whole drawing: what was drawn so far, over the vertical lifelines at `lanes`
    /// from `span.0` to `span.1`, over the background.
    pub(super) fn finish(
        self,
        title: &str,
        size: (usize, usize),
        lanes: &[usize],
        span: (usize, usize),
    ) -> String {
        let (width, height) = size;
        let prefix = &self.prefix;
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" style="max-width:100%;height:auto" aria-labelledby="{prefix}-title">
<title id="{prefix}-title">{}</title>
"#,
            escape(title)
        );
        if !self.markers.is_empty() {
            svg.push_str("<defs>\n");
            for (id, (line_end, shape)) in &self.markers {
                let _ = writeln!(
                    svg,
                    r#"<marker id="{id}" viewBox="0 0 10 10" refX="{line_end}" refY="5" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto">{shape}</marker>"#
                );
            }
            svg.push_str("</defs>\n");
        }
        let (inner, outer) = (width.saturating_sub(1), height.saturating_sub(1));
        let _ = writeln!(
            svg,
            r##"<rect x="0.5" y="0.5" width="{inner}" height="{outer}" rx="10" fill="{BACKGROUND}" stroke="#dfe3e8"/>"##
        );
        for x in lanes {
            let _ = writeln!(
                svg,
                r#"<path d="M{x} {}V{}" stroke="{RULE}" stroke-width="1.5"/>"#,
                span.0, span.1
            );
        }
        svg.push_str(&self.body);
        svg.push_str("</svg>\n");
        svg
    }
}

/// Makes a text safe inside an element or a quoted attribute. What XML can't hold is replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// FNV-1a over the content. The standard library's hasher isn't promised to stay the same, and
/// ids that change with the toolchain would make committed drawings differ.
fn stable_hash(diagram: &Diagram) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for byte in format!("{diagram:?}").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}
