//! A report as JUnit XML, for a CI that shows test results: a case for each preset and side, one for each deviation.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};
use streamproof_conformance::suite::Report;

/// The report's text.
pub(super) fn write(report: &Report) -> String {
    let mut junit = Junit::new(format!("streamproof judge run --sut {}", report.system));
    let mut rows = TestSuite::new("presets");
    for row in report.rows.iter().map(|row| &row.report) {
        let status = match row.is_covered() {
            true => TestCaseStatus::success(),
            false => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(format!("{} of {} edges taken", row.taken, row.edges));
                status
            }
        };
        let mut case = TestCase::new(format!("{} as {}", row.preset, row.side), status);
        case.set_classname(report.system).set_time(row.took);
        rows.add_test_case(case);
    }
    for skipped in &report.skipped {
        let mut status = TestCaseStatus::skipped();
        status.set_message(skipped.why.clone());
        rows.add_test_case(TestCase::new(skipped.preset, status));
    }
    let mut deviations = TestSuite::new("deviations");
    for deviant in &report.deviants {
        let mut status = match &deviant.known {
            Some(_) => TestCaseStatus::skipped(),
            None => TestCaseStatus::non_success(NonSuccessKind::Failure),
        };
        status.set_message(format!(
            "{} ({})",
            deviant.breach.describe(),
            deviant.breach.citation()
        ));
        status.set_description(deviant.to_string());
        let mut case = TestCase::new(deviant.breach.id(), status);
        case.set_classname(report.system);
        deviations.add_test_case(case);
    }
    for id in report.stale() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message("listed, and no trace shows it any more");
        deviations.add_test_case(TestCase::new(id, status));
    }
    junit.add_test_suite(rows).add_test_suite(deviations);
    // Text in memory: nothing can fail.
    junit.to_string().unwrap_or_default()
}
