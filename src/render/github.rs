//! Annotations of GitHub Actions, worst first: GitHub shows ten of a kind and step. Every line is a command, so that no
//! text of a server stands where a command could begin.
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use super::layout::quorum_sentence;
use super::text::escape;
use super::{Style, counts, weight};
use crate::finding::{Severity, Status};
use crate::report::{CheckReport, ClusterReport, FindingReport, Place};
use std::io::{self, Write};

pub(super) fn write(report: &CheckReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for cluster in &report.clusters {
        let mut findings: Vec<&FindingReport> =
            cluster.findings.iter().filter(|f| style.verbose || weight(f) > 2).collect();
        findings.sort_by_key(|f| std::cmp::Reverse(weight(f)));
        for finding in findings {
            annotation(cluster, finding, out)?;
        }
        overview(cluster, out)?;
    }
    Ok(())
}

fn annotation(cluster: &ClusterReport, finding: &FindingReport, out: &mut dyn Write) -> io::Result<()> {
    let command = match (finding.status, finding.severity) {
        (Status::Fail | Status::Unknown, Some(Severity::Critical)) => "error",
        (Status::Fail | Status::Unknown, Some(Severity::Warning)) => "warning",
        _ => "notice",
    };
    let member = finding.member.as_deref().map_or_else(String::new, |m| format!("{}: ", escape(m)));
    let fix = finding.remedy.map_or_else(String::new, |remedy| format!("\nfix: {remedy}"));
    let waived = finding
        .waiver
        .as_ref()
        .map_or_else(String::new, |w| format!("\nwaived until {}: {}", w.until, escape(&w.reason)));
    let message = format!("{member}{}{waived}{fix}", escape(&finding.summary));
    line(command, cluster, finding.check, &message, out)
}

/// The last line, also when nothing is wrong: a silent step would not show that anything was looked at.
fn overview(cluster: &ClusterReport, out: &mut dyn Write) -> io::Result<()> {
    let quorum = &cluster.quorum;
    let why = escape(&quorum_sentence(quorum));
    let message = format!("quorum {}: {why} ({})", quorum.state.name(), counts(&cluster.findings));
    line("notice", cluster, cluster.verdict, &message, out)
}

fn line(
    command: &str,
    cluster: &ClusterReport,
    title: &str,
    message: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let place = cluster.declared_at.as_ref().map_or_else(String::new, |Place { file, line }| {
        format!("file={},line={line},", property(&escape(file)))
    });
    let title = property(&format!("{}: {title}", escape(&cluster.name)));
    writeln!(out, "::{command} {place}title={title}::{}", data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
