//! `streamproof judge`.

use std::fs;

use super::{folder, json, refused, streamproof};

#[test]
fn side_that_nobody_can_take_is_refused() {
    let folder = folder("side");
    let conform = ["judge", "run", "--side", "client", "hostile-sender"];
    refused(&streamproof(&folder, &conform), "as client");
    let traces = ["trace", "list", "hostile-sender", "--side", "client", "--out", "t"];
    refused(&streamproof(&folder, &traces), "as client");
}

#[test]
fn run_says_the_same_twice() {
    let folder = folder("twice");
    let run = || {
        let output = streamproof(
            &folder,
            &["judge", "run", "--sut", "quinn", "--json", "uni-lossy", "uni-drop"],
        );
        let mut json = json(&output);
        for report in json["reports"].as_array_mut().expect("reports") {
            report["seconds"] = 0.into();
        }
        json.to_string()
    };
    assert_eq!(run(), run());
}

#[test]
fn repeated_traces_are_drawn_from_a_seed() {
    let folder = folder("repeat");
    let args = ["judge", "run", "bidi-data", "--repeat", "50", "--traces", "2", "--seed", "7"];
    let [first, second] = [0, 1].map(|_| streamproof(&folder, &args));
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(first.stdout, second.stdout, "the same traces");
    let stdout = String::from_utf8_lossy(&first.stdout);
    assert!(stdout.contains("seed 7") && stdout.contains("HOLDS: 100 plays"), "{stdout}");
    refused(&streamproof(&folder, &["judge", "run", "--repeat", "1"]), "two plays");
    refused(&streamproof(&folder, &["judge", "run", "duo", "--repeat", "2"]), "\"duo\"");
}

#[test]
fn edges_of_two_runs_have_the_same_names_and_one_is_played_alone() {
    let folder = folder("edges");
    let run = |file: &str, sut: &str| {
        let args =
            ["judge", "run", "limits-bidi", "--side", "server", "--edges", file, "--sut", sut];
        assert_eq!(streamproof(&folder, &args).status.code(), Some(0));
        fs::read_to_string(folder.join(file)).expect("the edges")
    };
    let text = run("one.tsv", "manager");
    assert_eq!(text, run("two.tsv", "manager"));
    assert!(text.lines().all(|line| line.contains("\ttaken\t")));
    let name = text.lines().last().and_then(|line| line.split('\t').next()).expect("an edge");
    let alone = ["judge", "run", "limits-bidi", "--side", "server", "--edge", name];
    assert_eq!(streamproof(&folder, &alone).status.code(), Some(0));
    let twice = format!("{name},{name},0000000000000001");
    let none = ["judge", "run", "limits-bidi", "--side", "server", "--edge", &twice];
    refused(&streamproof(&folder, &none), "0000000000000001");
    let word = ["judge", "run", "limits-bidi", "--side", "server", "--edge", "first"];
    refused(&streamproof(&folder, &word), "\"first\"");
    refused(
        &streamproof(&folder, &["judge", "run", "--side", "server", "--edges", "e"]),
        "one preset",
    );
}

#[test]
fn bug_of_the_zoo_is_found_and_drawn_and_an_unknown_one_refused() {
    let folder = folder("zoo");
    refused(&streamproof(&folder, &["judge", "zoo", "unicorn"]), "unicorn");
    let output = streamproof(&folder, &["judge", "zoo", "open-one-more"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("open-beyond-limit") && text.contains("§4.6 MUST"), "{text}");
    assert!(text.contains("scripted peer"), "no diagram in: {text}");
    let output = streamproof(&folder, &["judge", "zoo", "open-one-more", "--json"]);
    let json = json(&output);
    assert_eq!(json["bugs"][0]["found"]["preset"], "limits-bidi");
    assert_eq!(json["toy_without_a_bug_is_clean"], true);
}

#[test]
fn toy_conforms() {
    let folder = folder("toy");
    let output = streamproof(&folder, &["judge", "run", "--sut", "toy", "limits-bidi", "zero-rtt"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let rows =
        text.lines().filter(|line| line.starts_with("limits-bidi") || line.starts_with("zero-rtt"));
    assert_eq!(rows.filter(|row| row.matches("100.0").count() >= 1).count(), 4, "{text}");
}

#[test]
fn page_of_a_stack_has_its_deviations_with_pictures_and_commands() {
    let folder = folder("page");
    let output =
        streamproof(&folder, &["judge", "report", "--sut", "quinn", "--html", "page.html"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let page = fs::read_to_string(folder.join("page.html")).expect("the page");
    for part in ["<h2 class=\"bad\">MUST", "<svg", "--sut quinn --side", "§3.5"] {
        assert!(page.contains(part), "no {part}");
    }
    let unknown = streamproof(&folder, &["judge", "report", "--sut", "picoquic"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no stack is called \"picoquic\""));
}

#[test]
fn stacks_are_played_one_after_the_other() {
    let folder = folder("stacks");
    let output = streamproof(&folder, &["judge", "stacks", "--sut", "toy", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let json = json(&output);
    assert_eq!(json["stacks"][0]["stack"], "toy");
    let toy = &json["stacks"][0];
    assert_eq!(toy["taken"], toy["edges"]);
    assert_eq!([&toy["must"], &toy["should"], &toy["stated"]], [0, 0, 0]);
    let both = [&toy["whole_as_sender"], &toy["whole_as_receiver"]];
    assert_eq!(both, ["uni-plain", "uni-plain"]);
}

#[test]
fn choice_that_does_not_exist_is_refused() {
    let folder = folder("choice");
    let conform = |choice: &str| {
        streamproof(&folder, &["judge", "run", "uni-plain", "--sut", "toy", "--choice", choice])
    };
    refused(&conform("mood=always"), "mood");
    refused(&conform("moot_stop_is_sent=often"), "often");
    refused(&conform("moot_stop_is_sent"), "CHOICE=always");
    refused(&conform("late_final_size_error=either"), "always or never");
    assert_eq!(conform("moot_stop_is_sent=always").status.code(), Some(0));
    assert_eq!(conform("moot-stop-is-sent=never").status.code(), Some(0));
    assert_eq!(conform("late_final_size_error=always").status.code(), Some(0));
}
