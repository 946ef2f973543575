//! A report as SARIF 2.1.0, for a CI that shows findings: a rule and a result for each deviation.

use serde_json::{Value, json};
use streamproof_conformance::suite::{Deviant, Report};
use streamproof_model::rfc::citation::Level;

/// The report's text.
pub(super) fn write(report: &Report) -> String {
    let sarif = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "streamproof",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": report.deviants.iter().map(rule).collect::<Vec<_>>(),
            }},
            "results": report.deviants.iter().map(|deviant| result(report, deviant)).collect::<Vec<_>>(),
        }],
    });
    format!("{sarif:#}\n")
}

fn rule(deviant: &Deviant) -> Value {
    let citation = deviant.breach.citation();
    json!({
        "id": deviant.breach.id(),
        "shortDescription": { "text": deviant.breach.describe() },
        "fullDescription": { "text": format!("{} ({citation})", deviant.breach.describe()) },
        "properties": { "section": citation.section, "level": citation.level },
    })
}

fn result(report: &Report, deviant: &Deviant) -> Value {
    // What is listed is no news; how loud the rest is follows the rule's level.
    let level = match (&deviant.known, deviant.level()) {
        (Some(_), _) => "note",
        (None, Level::Must | Level::Stated) => "error",
        (None, Level::Should | Level::May | Level::Waived | Level::Contract) => "warning",
    };
    let text = format!(
        "{} {}: {} ({}); seen: {}; permitted: {}",
        report.system,
        report.version,
        deviant.breach.describe(),
        deviant.breach.citation(),
        deviant.deviation.seen,
        deviant.deviation.permitted.join(" | "),
    );
    json!({
        "ruleId": deviant.breach.id(),
        "level": level,
        "message": { "text": text },
        "locations": [{ "logicalLocations": [{
            "name": report.system,
            "fullyQualifiedName": format!("{} as {}", deviant.trace.preset.name, deviant.trace.side),
        }]}],
        "baselineState": if deviant.known.is_some() { "unchanged" } else { "new" },
        "properties": properties(deviant),
    })
}

/// How it is repeated, and all that is known of it.
fn properties(deviant: &Deviant) -> Value {
    let mut all = json!({
        "repeat": deviant.repeat,
        "seen": deviant.deviation.seen,
        "permitted": deviant.deviation.permitted,
        "new_situation": deviant.situation,
        "why": deviant.known.as_ref().map(|entry| entry.why.trim()),
    });
    for (word, fact) in deviant.known.iter().flat_map(|entry| entry.facts()) {
        all[word] = fact.into();
    }
    all
}
