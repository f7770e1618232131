//! For CI: a suite per cluster, a case per check and member. Wrong is a failure, undecided an error, waived skipped.

use super::text::escape;
use super::{Case, Style, cases, weight};
use crate::finding::{Severity, Status};
use crate::report::{CheckReport, ClusterReport, FindingReport};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::io::{self, Write};
use std::time::Duration;

pub(super) fn write(report: &CheckReport, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Report::new("quorate check");
    document.set_time(Duration::from_millis(report.duration_ms));
    document.add_test_suites(report.clusters.iter().map(|cluster| suite(cluster, &report.taken_at)));
    document.serialize(&mut *out).map_err(io::Error::other)
}

fn suite(cluster: &ClusterReport, taken_at: &str) -> TestSuite {
    let mut suite = TestSuite::new(escape(&cluster.name));
    suite.add_property(("taken_at", taken_at));
    suite.add_property(("backend", cluster.backend));
    suite.add_property(("quorum", cluster.quorum.state.name()));
    suite.add_property(("verdict", cluster.verdict));
    suite.add_test_cases(cases(&cluster.findings).iter().map(|case| self::case(case, cluster)));
    suite
}

fn case(case: &Case<'_>, cluster: &ClusterReport) -> TestCase {
    let name = match case.member {
        Some(member) => format!("{} [{}]", case.check, escape(member)),
        None => case.check.to_owned(),
    };
    let mut made = TestCase::new(name, status(case));
    made.set_classname(escape(&cluster.name));
    // What is wrong stands in the failure; a pass says here what was looked at.
    if let Some(worst) = case.worst().filter(|f| matches!(weight(f), 0 | 2)) {
        made.set_system_out(said(case, worst));
    }
    made
}

fn status(case: &Case<'_>) -> TestCaseStatus {
    let Some(worst) = case.worst() else { return TestCaseStatus::success() };
    match (worst.status, worst.severity) {
        (Status::Pass, _) | (Status::Fail, None | Some(Severity::Info)) => TestCaseStatus::success(),
        (Status::Fail, Some(severity)) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(severity.name()).set_message(escape(&worst.summary));
            status.set_description(said(case, worst));
            status
        }
        (Status::Unknown, _) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("unknown").set_message(escape(&worst.summary));
            status
        }
        (Status::Waived, _) => {
            let mut status = TestCaseStatus::skipped();
            let why = worst.waiver.as_ref().map_or_else(String::new, |w| {
                format!("waived until {}: {} ({})", w.until, escape(&w.reason), escape(&worst.summary))
            });
            status.set_message(why);
            status
        }
    }
}

/// Everything the case has to say, a line each.
fn said(case: &Case<'_>, worst: &FindingReport) -> String {
    let mut lines: Vec<String> = case.findings.iter().map(|f| escape(&f.summary)).collect();
    lines.extend(worst.remedy.map(|remedy| format!("fix: {remedy}")));
    lines.join("\n")
}
