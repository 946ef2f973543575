//! What both drawings promise, on diagrams with every kind of row and on malformed ones.

use super::{Diagram, Emphasis, Fate, Lane, Row};

const FATES: [Fate; 4] = [Fate::Delivered, Fate::Duplicated, Fate::Lost, Fate::Sent];

fn lanes(names: &[&str]) -> Vec<Lane> {
    names.iter().map(|name| Lane { name: (*name).to_owned(), role: None }).collect()
}

fn message(from: usize, to: usize, label: &str, fate: Fate) -> Row {
    Row::Message {
        step: Some(1),
        from,
        to,
        label: label.to_owned(),
        fate,
        emphasis: Emphasis::Normal,
    }
}

fn event(lane: usize, label: &str) -> Row {
    Row::Event { step: Some(12), lane, label: label.to_owned(), emphasis: Emphasis::Good }
}

fn diagram(names: &[&str], rows: Vec<Row>) -> Diagram {
    Diagram { title: "title".to_owned(), subtitle: None, lanes: lanes(names), rows }
}

/// Every kind of row, fate and emphasis between `count` lanes; each row has a word of its own.
fn everything(count: usize) -> Diagram {
    let last = count - 1;
    let mut rows = vec![
        event(0, "eventword with an answer long enough to wrap in any narrow column at all"),
        Row::States { texts: vec![Some("stateword".to_owned()), None] },
        Row::Message {
            step: Some(123),
            from: last,
            to: 0,
            label: "badword RESET_STREAM stream_id 0, application_protocol_error_code 7".to_owned(),
            fate: Fate::Delivered,
            emphasis: Emphasis::Bad,
        },
        message(last, last, "selfword", Fate::Lost),
        Row::Banner { label: "bannerword ".repeat(30), emphasis: Emphasis::Bad },
        Row::Banner { label: "secondword".to_owned(), emphasis: Emphasis::Normal },
        event(last, &"x".repeat(300)),
    ];
    for fate in FATES {
        rows.push(message(0, last, &format!("{fate:?}word"), fate));
        rows.push(message(last, last - 1, &format!("{fate:?}back"), fate));
    }
    let mut lanes =
        lanes(&["clientname", "servername", "thirdname", "an extraordinarily long name"]);
    lanes.truncate(count);
    lanes[0].role = Some("roleword".to_owned());
    Diagram {
        title: "titleword ".repeat(20),
        subtitle: Some("subtitleword".to_owned()),
        lanes,
        rows,
    }
}

/// Terminal lines at `width`, without colour.
fn lines(diagram: &Diagram, width: usize) -> Vec<String> {
    diagram.to_terminal(width, false).lines().map(str::to_owned).collect()
}

/// The text without ANSI escapes, which in this module all end in `m`.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// The values of all attributes `name` in an SVG.
fn attributes<'a>(svg: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    svg.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn labels_with_markup_are_escaped() {
    let text = "a<b> & \"c\" 'd' \u{1b}[31m \u{ffff}";
    let mut diagram = diagram(&[text, text], vec![event(0, text), message(0, 1, text, Fate::Lost)]);
    diagram.title = text.to_owned();
    diagram.rows.push(Row::Banner { label: text.to_owned(), emphasis: Emphasis::Normal });
    diagram.rows.push(Row::States { texts: vec![Some(text.to_owned())] });
    let svg = diagram.to_svg();
    assert!(svg.contains("a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;"));
    assert!(!svg.contains("a<b") && !svg.contains("& ") && !svg.contains("\"c\""));
    assert!(!svg.contains('\u{1b}') && !svg.contains('\u{ffff}'));
    assert!(!diagram.to_terminal(100, false).contains('\u{1b}'));
}

#[test]
fn every_row_appears_in_both_drawings() {
    let words = ["eventword", "stateword", "badword", "selfword", "bannerword", "secondword"];
    for count in 2..=4 {
        let diagram = everything(count);
        let fates = FATES.map(|fate| [format!("{fate:?}word"), format!("{fate:?}back")]);
        let heading = ["titleword", "subtitleword", "roleword", "clientname", "servername"];
        let drawings =
            [diagram.to_svg(), diagram.to_terminal(100, false), diagram.to_terminal(160, true)];
        for drawing in drawings {
            for word in words
                .into_iter()
                .chain(heading)
                .chain(fates.as_flattened().iter().map(String::as_str))
            {
                assert!(drawing.contains(word), "{word} is missing with {count} lanes:\n{drawing}");
            }
            assert!(drawing.contains("123"), "the step is missing");
        }
    }
}

#[test]
fn long_labels_wrap_without_losing_a_word() {
    let words: Vec<String> = (0..60).map(|index| format!("w{index}w")).collect();
    let label = words.join(" ");
    let diagram =
        diagram(&["a", "b"], vec![message(0, 1, &label, Fate::Delivered), event(1, &label)]);
    for drawing in [diagram.to_svg(), diagram.to_terminal(60, false)] {
        for word in &words {
            assert_eq!(drawing.matches(word.as_str()).count(), 2, "{word}");
        }
    }
}

#[test]
fn fates_render_differently() {
    // The legend explains a fate in words; without it, the arrows alone must differ.
    let arrow = |fate| {
        let drawn = lines(&diagram(&["a", "b"], vec![message(0, 1, "ping", fate)]), 80);
        drawn.into_iter().find(|line| line.contains("ping")).expect("the label is on the arrow")
    };
    assert!(arrow(Fate::Delivered).contains("─►│"));
    assert!(
        arrow(Fate::Duplicated).contains("ping ×2 ═") && arrow(Fate::Duplicated).contains("═►│")
    );
    assert!(arrow(Fate::Lost).contains("─✗ ") && arrow(Fate::Lost).ends_with('│'));
    assert!(arrow(Fate::Sent).contains("╌▷ ") && arrow(Fate::Sent).ends_with('│'));

    let svg = |fate| diagram(&["a", "b"], vec![message(0, 1, "ping", fate)]).to_svg();
    let heads = |fate| svg(fate).matches("marker-end").count();
    assert_eq!(heads(Fate::Delivered), 1);
    assert_eq!(heads(Fate::Duplicated), 4, "two on the arrow, two in the legend");
    assert_eq!(heads(Fate::Lost), 0);
    assert!(svg(Fate::Lost).contains("l10 10m0 -10l-10 10"));
    assert!(svg(Fate::Sent).contains("stroke-dasharray=\"6 4\""));
    assert!(svg(Fate::Sent).contains("-open-"));
}

#[test]
fn arrows_to_the_left_point_to_the_left() {
    let diagram = diagram(&["a", "b"], vec![message(1, 0, "pong", Fate::Delivered)]);
    let drawn = lines(&diagram, 80);
    assert!(
        drawn.iter().any(|line| line.contains("│◄─") && line.ends_with("─ pong ─┤")),
        "{drawn:#?}"
    );
}

#[test]
fn emphasis_shows_without_colour() {
    let with = |emphasis| {
        let label = "said".to_owned();
        let rows = vec![
            Row::Event { step: None, lane: 0, label: label.clone(), emphasis },
            Row::Banner { label, emphasis },
        ];
        diagram(&["a", "b"], rows)
    };
    for (emphasis, mark) in [(Emphasis::Good, "✓ said"), (Emphasis::Bad, "✗ said")] {
        assert_eq!(with(emphasis).to_terminal(80, false).matches(mark).count(), 2);
        assert_eq!(with(emphasis).to_svg().matches(mark).count(), 2);
    }
}

#[test]
fn drawings_are_deterministic() {
    assert_eq!(everything(3).to_svg(), everything(3).to_svg());
    assert_eq!(everything(3).to_terminal(90, true), everything(3).to_terminal(90, true));
}

#[test]
fn ids_of_different_diagrams_are_disjoint() {
    let first = everything(2).to_svg();
    let mut other = everything(2);
    other.title.push('!');
    let second = other.to_svg();
    let ids = attributes(&first, "id");
    assert!(ids.len() > 3, "a title and arrowheads: {ids:?}");
    for id in &ids {
        assert_eq!(ids.iter().filter(|other| other == &id).count(), 1, "{id} is defined twice");
        assert!(!second.contains(id), "{id} is in both");
    }
    for reference in attributes(&first, "marker-end") {
        let id = reference.trim_start_matches("url(#").trim_end_matches(')');
        assert!(ids.contains(&id), "{id} isn't defined");
    }
}

#[test]
fn terminal_lines_keep_to_the_width() {
    for count in 2..=4 {
        for width in 60..=160 {
            for line in lines(&everything(count), width) {
                assert!(line.chars().count() <= width, "{count} lanes, {width}: {line}");
                assert!(!line.ends_with(' '), "{count} lanes, {width}: {line:?}");
            }
        }
    }
}

#[test]
fn colour_changes_no_character() {
    let plain = everything(3).to_terminal(80, false);
    let coloured = everything(3).to_terminal(80, true);
    assert!(coloured.contains("\x1b[1;31m"));
    assert_eq!(without_escapes(&coloured), plain);
}

#[test]
fn svg_contents_stay_inside_the_drawing() {
    for count in 2..=4 {
        let svg = everything(count).to_svg();
        let size = |name| attributes(&svg, name)[0].parse::<usize>().expect("pixels");
        let (width, height) = (size("width"), size("height"));
        assert!(width <= 960, "{width}");
        let inside = |name, limit: usize| {
            attributes(&svg, name)
                .iter()
                .filter_map(|x| x.parse::<usize>().ok())
                .all(|x| x <= limit)
        };
        assert!(
            inside("x", width)
                && inside("y", height)
                && inside("cx", width)
                && inside("cy", height)
        );
    }
}

#[test]
fn step_repeated_on_the_next_row_is_shown_once() {
    let diagram = diagram(&["a", "b"], vec![event(0, "call"), event(0, "change")]);
    assert_eq!(diagram.to_terminal(80, false).matches("12").count(), 1);
    assert_eq!(diagram.to_svg().matches(">12<").count(), 1);
}

#[test]
fn empty_diagram_is_drawn() {
    let empty =
        Diagram { title: String::new(), subtitle: None, lanes: Vec::new(), rows: Vec::new() };
    for width in [0, 1, 80, usize::MAX] {
        assert!(empty.to_terminal(width, true).trim().is_empty());
        // No lanes, no rows and no width at once are drawn as well.
        let _ = everything(4).to_terminal(width, true);
    }
    assert!(empty.to_svg().ends_with("</svg>\n"));
    let one = diagram(&["alone"], vec![event(0, ""), message(0, 0, "", Fate::Sent)]);
    assert!(one.to_terminal(80, false).contains("alone"));
    assert!(one.to_svg().contains("alone"));
}

#[test]
fn lane_out_of_range_becomes_a_banner_that_says_so() {
    let rows = vec![
        event(7, "an event"),
        message(0, 3, "an arrow", Fate::Delivered),
        message(usize::MAX, 0, "another", Fate::Delivered),
        Row::States { texts: vec![None, None, Some("a state".to_owned())] },
    ];
    let diagram = diagram(&["a", "b"], rows);
    for drawing in [diagram.to_terminal(80, false), diagram.to_svg()] {
        assert!(drawing.contains("step 12, no lane 7: an event"));
        assert!(drawing.contains("step 1, no lane 3: an arrow"));
        assert!(drawing.contains(&format!("no lane {}: another", usize::MAX)));
        assert!(drawing.contains("no lane 2: a state"));
    }
}
