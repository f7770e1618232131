//! For people: the verdict first, then who is in, then what is wrong and what to do.

use super::Style;
use super::text::{escape, wrap};
use crate::finding::{Severity, Status, human_millis};
use crate::quorum::QuorumState;
use crate::report::{CheckReport, ClusterReport, FindingReport, LatencyReport, MemberReport};
use anstyle::{AnsiColor, Style as Paint};
use comfy_table::{ContentArrangement, Table, presets};
use std::io::{self, Write};

pub(super) fn write(report: &CheckReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (at, cluster) in report.clusters.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        headline(cluster, report.duration_ms, style, out)?;
        members(cluster, style, out)?;
        unreachable(cluster, out)?;
        findings(cluster, style, out)?;
        summary(cluster, style, out)?;
    }
    Ok(())
}

fn headline(cluster: &ClusterReport, duration_ms: u64, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let quorum = &cluster.quorum;
    let (word, color) = match quorum.state {
        QuorumState::Healthy => ("QUORUM HEALTHY", AnsiColor::Green),
        QuorumState::Degraded => ("QUORUM DEGRADED", AnsiColor::Yellow),
        QuorumState::AtRisk => ("QUORUM AT RISK", AnsiColor::Yellow),
        QuorumState::Lost => ("QUORUM LOST", AnsiColor::Red),
        QuorumState::Unknown => ("QUORUM UNKNOWN", AnsiColor::Magenta),
    };
    let id = cluster.cluster_id.as_deref().map_or_else(String::new, |id| format!("  cluster {}", escape(id)));
    writeln!(out, "{}  {}{id}  {duration_ms} ms", escape(&cluster.name), cluster.backend)?;
    let sentence = match (quorum.state, quorum.failures_until_stuck) {
        (QuorumState::Healthy | QuorumState::Degraded | QuorumState::AtRisk, Some(0)) => {
            format!("{}; the next failure stops all writes", quorum.why)
        }
        (QuorumState::Healthy | QuorumState::Degraded | QuorumState::AtRisk, Some(more)) => {
            format!("{}; {more} more may fail before writes stop", quorum.why)
        }
        _ => quorum.why.clone(),
    };
    let mut lines =
        wrap(&escape(&sentence), style.width.map(|w| w.saturating_sub(word.len() + 2))).into_iter();
    writeln!(out, "{}  {}", paint(word, color, style), lines.next().unwrap_or_default())?;
    for line in lines {
        writeln!(out, "{:indent$}{line}", "", indent = word.len() + 2)?;
    }
    Ok(())
}

fn members(cluster: &ClusterReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if cluster.members.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "MEMBER",
        "ROLE",
        "VERSION",
        "ENDPOINT",
        "FSYNC P99",
        "STATE",
    ]);
    table.set_content_arrangement(ContentArrangement::Disabled);
    for member in &cluster.members {
        table.add_row(member_row(member));
    }
    writeln!(out)?;
    for line in table.to_string().lines() {
        let cut: String = match style.width {
            Some(width) => line.chars().take(width).collect(),
            None => line.to_owned(),
        };
        writeln!(out, "{}", cut.trim_end())?;
    }
    Ok(())
}

fn member_row(member: &MemberReport) -> [String; 6] {
    let text = |value: &Option<String>| value.as_deref().map_or_else(|| "-".into(), escape);
    let name = member.name.as_deref().or(member.id.as_deref()).map_or_else(|| "-".into(), escape);
    let role = match (member.role, member.voter) {
        ("unknown", _) => "-".to_owned(),
        (role, _) => role.to_owned(),
    };
    let state = if member.reachable { "answers".to_owned() } else { text(&member.trouble) };
    let fsync = member.fsync_p99_ms.as_ref().map_or_else(|| "-".into(), latency);
    [name, role, text(&member.version), text(&member.endpoint), fsync, state]
}

fn latency(latency: &LatencyReport) -> String {
    match latency.high {
        Some(high) => format!("{}-{}", trim(latency.low), human_millis(high)),
        None => format!("> {}", human_millis(latency.low)),
    }
}

fn trim(ms: f64) -> String {
    human_millis(ms).trim_end_matches(" ms").trim_end_matches(".00").to_owned()
}

/// Addresses that gave no answer, unless the member table already says so.
fn unreachable(cluster: &ClusterReport, out: &mut dyn Write) -> io::Result<()> {
    let told = |endpoint: &str| {
        cluster.members.iter().any(|m| m.endpoint.as_deref() == Some(endpoint) && !m.reachable)
    };
    let mut first = true;
    for failed in cluster.unreachable.iter().filter(|u| !told(&u.endpoint) || !u.detail.is_empty()) {
        if std::mem::take(&mut first) {
            writeln!(out)?;
        }
        writeln!(out, "{}  {}: {}", escape(&failed.endpoint), failed.diagnosis, escape(&failed.detail))?;
    }
    Ok(())
}

fn findings(cluster: &ClusterReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut shown: Vec<&FindingReport> =
        cluster.findings.iter().filter(|f| worth_showing(f, style)).collect();
    shown.sort_by_key(|f| order(f));
    let mut at = 0;
    while at < shown.len() {
        let same = |f: &&FindingReport| f.check == shown[at].check && order(f) == order(shown[at]);
        let group = shown[at..].iter().take_while(|f| same(f)).count();
        writeln!(out)?;
        finding_group(&shown[at..at + group], style, out)?;
        at += group;
    }
    Ok(())
}

fn worth_showing(finding: &FindingReport, style: Style) -> bool {
    match finding.status {
        Status::Pass => style.verbose,
        Status::Fail => style.verbose || finding.severity != Some(Severity::Info),
        Status::Unknown | Status::Waived => true,
    }
}

/// Worst first.
fn order(finding: &FindingReport) -> u8 {
    match (finding.status, finding.severity) {
        (Status::Fail, Some(Severity::Critical)) => 0,
        (Status::Fail, Some(Severity::Warning)) => 1,
        (Status::Unknown, _) => 2,
        (Status::Waived, _) => 3,
        (Status::Fail, _) => 4,
        (Status::Pass, _) => 5,
    }
}

/// At most this many members of one finding are spelled out.
const GROUP_SHOWN: usize = 3;

fn finding_group(group: &[&FindingReport], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let finding = group[0];
    let (mark, color) = match order(finding) {
        0 => ("critical", AnsiColor::Red),
        1 => ("warning", AnsiColor::Yellow),
        2 => ("unknown", AnsiColor::Magenta),
        3 => ("waived", AnsiColor::Cyan),
        4 => ("info", AnsiColor::Blue),
        _ => ("pass", AnsiColor::Green),
    };
    writeln!(out, "{} {}", paint(&format!("{mark:<9}"), color, style), bold(finding.check, style))?;
    let limit = if style.verbose { usize::MAX } else { GROUP_SHOWN };
    for finding in group.iter().take(limit) {
        let member = finding.member.as_deref().map_or_else(String::new, |m| format!("{}: ", escape(m)));
        paragraph(&format!("{member}{}", escape(&finding.summary)), style, out)?;
        if let Some(waiver) = &finding.waiver {
            paragraph(&format!("waived until {}: {}", waiver.until, escape(&waiver.reason)), style, out)?;
        }
    }
    if group.len() > limit {
        let rest: Vec<String> =
            group[limit..].iter().filter_map(|f| f.member.as_deref()).map(escape).collect();
        paragraph(&format!("and {} more: {}", group.len() - limit, rest.join(", ")), style, out)?;
    }
    if let Some(remedy) = finding.remedy {
        paragraph(&format!("fix: {remedy}"), style, out)?;
    }
    if let (Some(runbook), Status::Fail) = (finding.runbook, finding.status) {
        paragraph(&format!("more: quorate explain {} · runbook {runbook}", finding.check), style, out)?;
    }
    Ok(())
}

fn paragraph(text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    const INDENT: usize = 10;
    for line in wrap(text, style.width.map(|w| w.saturating_sub(INDENT).max(20))) {
        writeln!(out, "{:INDENT$}{line}", "")?;
    }
    Ok(())
}

fn summary(cluster: &ClusterReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let count = |wanted: u8| cluster.findings.iter().filter(|f| order(f) == wanted).count();
    let counts = ["critical", "warning", "unknown", "waived", "info", "passed"]
        .iter()
        .enumerate()
        .map(|(at, word)| (count(at as u8), *word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect::<Vec<_>>()
        .join(", ");
    let color = match cluster.verdict {
        "ok" => AnsiColor::Green,
        "critical" => AnsiColor::Red,
        "warning" => AnsiColor::Yellow,
        _ => AnsiColor::Magenta,
    };
    writeln!(out, "\n{}  {counts}", paint(&cluster.verdict.to_uppercase(), color, style))
}

fn paint(text: &str, color: AnsiColor, style: Style) -> String {
    if !style.color {
        return text.to_owned();
    }
    let paint = Paint::new().bold().fg_color(Some(color.into()));
    format!("{paint}{text}{paint:#}")
}

fn bold(text: &str, style: Style) -> String {
    if !style.color {
        return text.to_owned();
    }
    let paint = Paint::new().bold();
    format!("{paint}{text}{paint:#}")
}
