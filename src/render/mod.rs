//! Reports to text. A renderer only renders: no decision, no I/O but the writer it is given.

mod github;
mod inspect;
mod json;
mod junit;
pub mod drill;
pub mod lab;
mod latency;
mod layout;
mod markdown;
mod membership;
mod nagios;
mod prometheus;
pub mod recover;
mod sarif;
pub mod script;
mod snapshot;
mod status;
mod survivors;
mod table;
mod text;
mod consul_files;
mod zookeeper_files;

pub use consul_files::write_consul_files;
pub use inspect::{write_inspect, write_log_header, write_log_line};
pub use json::{write_json, write_json_line};
pub use latency::{histogram, latencies};
pub use layout::grid;
pub use membership::{write_members, write_outcome, write_plan};
pub use snapshot::{field, write_difference, write_kept, write_manifest, write_snapshot};
pub use status::write as write_status;
pub use survivors::write_survivors;
pub use text::{columns, escape, escape_lines, wrap};
pub use zookeeper_files::{write_zookeeper_files, write_zookeeper_log_header, write_zookeeper_log_line};

use crate::finding::{Severity, Status};
use crate::report::{CheckReport, FindingReport};
use std::io::{self, Write};

/// How text is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Columns available; `None` when the output is not a terminal: then nothing is wrapped.
    pub width: Option<usize>,
    /// Whether to show what passed, and every finding of a group.
    pub verbose: bool,
}

/// One output format of `check`.
pub struct Format {
    /// Its name after `-o`.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Writes a report.
    pub write: fn(&CheckReport, Style, &mut dyn Write) -> io::Result<()>,
}

/// Every output format of `check`.
pub const FORMATS: &[Format] = &[
    Format { name: "table", about: "for people", write: table::write },
    Format { name: "json", about: "for scripts, as in `quorate schema check`", write: json::write },
    Format { name: "markdown", about: "for a ticket or a job summary", write: markdown::write },
    Format { name: "junit", about: "for CI: a suite per cluster, a case per check", write: junit::write },
    Format { name: "sarif", about: "for code scanning, SARIF 2.1.0", write: sarif::write },
    Format { name: "github", about: "annotations of GitHub Actions", write: github::write },
    Format {
        name: "prometheus",
        about: "for the node exporter's textfile collector",
        write: prometheus::write,
    },
    Format {
        name: "nagios",
        about: "one line and performance data; exit codes 0 to 3",
        write: nagios::write,
    },
];

/// The format with this name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// How a finding stands, in one word: its severity when something is wrong.
fn standing(finding: &FindingReport) -> &'static str {
    match (finding.status, finding.severity) {
        (Status::Fail, Some(severity)) => severity.name(),
        (status, _) => status.name(),
    }
}

/// Numbers of findings by standing, worst first: `1 critical, 2 warning, 9 pass`.
fn counts(findings: &[FindingReport]) -> String {
    let words = ["critical", "warning", "unknown", "waived", "info", "pass"];
    let count = |word: &str| findings.iter().filter(|f| standing(f) == word).count();
    let counted = words.iter().map(|word| (count(word), *word)).filter(|(count, _)| *count > 0);
    counted.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

/// The findings of one check about one subject. A check may say several things about a member, where a format has
/// room for one.
struct Case<'a> {
    check: &'static str,
    member: Option<&'a str>,
    findings: Vec<&'a FindingReport>,
}

impl Case<'_> {
    /// The finding that decides how the case stands.
    fn worst(&self) -> Option<&FindingReport> {
        self.findings.iter().copied().max_by_key(|f| weight(f))
    }
}

/// Groups findings by check and member, in catalogue order.
fn cases(findings: &[FindingReport]) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    for finding in findings {
        let member = finding.member.as_deref();
        match cases.iter_mut().find(|c| c.check == finding.check && c.member == member) {
            Some(case) => case.findings.push(finding),
            None => cases.push(Case { check: finding.check, member, findings: vec![finding] }),
        }
    }
    cases
}

/// Orders findings from harmless to bad: what is undecided is worse than a warning and better than a proven critical.
fn weight(finding: &FindingReport) -> u8 {
    match (finding.status, finding.severity) {
        (Status::Pass, _) => 0,
        (Status::Waived, _) => 1,
        (Status::Fail, None | Some(Severity::Info)) => 2,
        (Status::Fail, Some(Severity::Warning)) => 3,
        (Status::Unknown, _) => 4,
        (Status::Fail, Some(Severity::Critical)) => 5,
    }
}
