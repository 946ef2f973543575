//! `streamproof manager`.

use super::{folder, json, refused, streamproof};

#[test]
fn races_that_are_cut_are_incomplete_and_one_schedule_is_repeated() {
    let folder = folder("schedules");
    let cut = streamproof(&folder, &["manager", "races", "waiters", "--limit", "10"]);
    assert_eq!(cut.status.code(), Some(3));
    let whole =
        streamproof(&folder, &["manager", "races", "stopped-and-acknowledged", "--delays", "3"]);
    assert_eq!(whole.status.code(), Some(0));
    let one = ["manager", "races", "waiters", "--schedule", "0.1.1"];
    let [first, second] = [0, 1].map(|_| streamproof(&folder, &one));
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(first.stdout, second.stdout, "the same twice");
    refused(&streamproof(&folder, &["manager", "races", "hope"]), "\"hope\"");
    refused(
        &streamproof(&folder, &["manager", "races", "waiters", "--schedule", "0.x"]),
        "\"0.x\"",
    );
}

#[test]
fn small_storm_holds() {
    let output = streamproof(&folder("storm"), &["manager", "storm", "--streams", "300", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let json = json(&output);
    assert_eq!(json["client"]["own_faults"], 0);
}
