use super::*;

const RIGHT: &str = r#"section = "4.5"
title = "Final size"
sentences = 1

[[requirement]]
id = "4.5/1"
level = "must"
keyword = true
rule = "A rule."
enforced_by = "quinn"

[[requirement]]
id = "4.5/2"
level = "stated"
keyword = false
rule = "Another."
enforced_by = "both"
"#;

/// What reading says when `old` stands as `new`.
fn refused(old: &str, new: &str) -> String {
    assert!(RIGHT.contains(old));
    let read = Section::read("4.5.toml", "4.5", &RIGHT.replacen(old, new, 1));
    let line = read.expect_err("it should be refused").to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

#[test]
fn right_file_is_read() {
    let section = Section::read("4.5.toml", "4.5", RIGHT).expect("it is right");
    assert_eq!(section.requirement.len(), 2);
    assert_eq!(section.requirement[1].level, Level::Stated);
}

#[test]
fn unknown_level_is_refused_with_its_place() {
    let line = refused("\"stated\"", "\"perhaps\"");
    assert!(
        line.starts_with("4.5.toml: line 14, column 9: 4.5/2: unknown variant `perhaps`"),
        "{line}"
    );
}

#[test]
fn unknown_field_is_refused_with_its_place() {
    let line = refused("rule = \"A rule.\"", "rule = \"A rule.\"\ncolour = 1");
    assert!(
        line.starts_with("4.5.toml: line 10, column 1: 4.5/1: unknown field `colour`"),
        "{line}"
    );
}

#[test]
fn missing_field_is_refused_with_its_entry() {
    let line = refused("rule = \"Another.\"\n", "");
    assert!(line.starts_with("4.5.toml: line 12, column 1: 4.5/2: missing field `rule`"), "{line}");
}

#[test]
fn ids_that_are_not_the_sections_are_refused() {
    assert_eq!(refused("\"4.5/2\"", "\"4.6/2\""), "4.5.toml: 4.6/2: not an ID of section 4.5");
    assert_eq!(refused("\"4.5/2\"", "\"4.5/1\""), "4.5.toml: 4.5/1: stands after 4.5/1");
    assert_eq!(refused("\"4.5/2\"", "\"4.5/3\""), "4.5.toml: 4.5/3: 4.5/2 belongs here");
    assert_eq!(refused("\"4.5\"", "\"4.6\""), "4.5.toml: section \"4.6\" in the file of 4.5");
}

#[test]
fn sentences_without_an_entry_are_refused() {
    let line = refused("sentences = 1", "sentences = 2");
    assert_eq!(line, "4.5.toml: 4.5/2: 4.5/3 belongs here");
    let line = refused("keyword = true", "keyword = false");
    assert_eq!(line, "4.5.toml: 4.5/1: keyword = false and level MUST");
}

#[test]
fn a_name_twice_is_refused() {
    let line =
        refused("rule = \"A rule.\"", "rule = \"A rule.\"\nbreaches = [\"a\", \"b\", \"a\"]");
    assert_eq!(line, "4.5.toml: 4.5/1: \"a\" twice");
}
