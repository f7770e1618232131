//! For people: the verdict first, then who is in, then what is wrong and what to do.

use super::Style;
use super::layout::{bold, grid, hanging, headline, label, paint, unreachable};
use super::text::{escape, wrap};
use crate::finding::{Severity, Status, human_millis};
use crate::report::{CheckReport, ClusterReport, FindingReport, LatencyReport, MemberReport};
use anstyle::AnsiColor;
use std::io::{self, Write};

pub(super) fn write(report: &CheckReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (at, cluster) in report.clusters.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let id =
            cluster.cluster_id.as_deref().map_or_else(String::new, |id| format!("  cluster {}", escape(id)));
        let when = if report.replayed {
            format!("replay of {}", report.taken_at)
        } else {
            format!("{} ms", report.duration_ms)
        };
        let about = format!("{}{id}  {when}", cluster.backend);
        headline(&cluster.name, &about, &cluster.quorum, style, out)?;
        members(cluster, style, out)?;
        unreachable(&cluster.unreachable, &cluster.members, style, out)?;
        findings(cluster, style, out)?;
        summary(cluster, style, out)?;
    }
    Ok(())
}

fn members(cluster: &ClusterReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if cluster.members.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = cluster.members.iter().map(member_row).collect();
    let header = ["MEMBER", "ROLE", "VERSION", "ENDPOINT", "FSYNC P99", "STATE"];
    writeln!(out)?;
    for line in grid(&header, &rows, &["MEMBER", "VERSION", "ENDPOINT"], style.width) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn member_row(member: &MemberReport) -> Vec<String> {
    let text = |value: &Option<String>| value.as_deref().map_or_else(|| "-".into(), escape);
    let role = match member.role {
        "unknown" => "-".to_owned(),
        role => role.to_owned(),
    };
    let state = if member.reachable { "answers".to_owned() } else { text(&member.trouble) };
    let fsync = member.fsync_p99_ms.as_ref().map_or_else(|| "-".into(), latency);
    // Without its scheme an address leaves the table within 80 columns; the transport checks say who speaks TLS.
    let endpoint = text(&member.endpoint);
    let endpoint = endpoint.split_once("://").map_or(endpoint.as_str(), |(_, rest)| rest).to_owned();
    vec![label(member), role, text(&member.version), endpoint, fsync, state]
}

/// Bounds of a latency: `1-2 ms`, `> 8 s`; one number where it is known.
pub(super) fn latency(latency: &LatencyReport) -> String {
    match latency.high {
        Some(high) if high == latency.low => human_millis(high),
        Some(high) => format!("{}-{}", trim(latency.low), human_millis(high)),
        None => format!("> {}", human_millis(latency.low)),
    }
}

fn trim(ms: f64) -> String {
    human_millis(ms).trim_end_matches(" ms").trim_end_matches(".00").to_owned()
}

fn findings(cluster: &ClusterReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut shown: Vec<&FindingReport> =
        cluster.findings.iter().filter(|f| worth_showing(f, style)).collect();
    shown.sort_by_key(|f| order(f));
    let together = if style.verbose { Vec::new() } else { undecided_for_one_reason(&mut shown) };
    let mut at = 0;
    while at < shown.len() {
        let same = |f: &&FindingReport| f.check == shown[at].check && order(f) == order(shown[at]);
        let group = shown[at..].iter().take_while(|f| same(f)).count();
        writeln!(out)?;
        finding_group(&shown[at..at + group], style, out)?;
        at += group;
    }
    for same in together {
        let mark = paint(&format!("{:<9}", "unknown"), AnsiColor::Magenta, style);
        writeln!(out, "\n{mark} {}", bold(&format!("{} checks", same.checks.len()), style))?;
        paragraph(&format!("{}{}", before(&same.members), escape(same.summary)), style, out)?;
        paragraph(&same.checks.join(", "), style, out)?;
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
pub(super) fn order(finding: &FindingReport) -> u8 {
    match (finding.status, finding.severity) {
        (Status::Fail, Some(Severity::Critical)) => 0,
        (Status::Fail, Some(Severity::Warning)) => 1,
        (Status::Unknown, _) => 2,
        (Status::Waived, _) => 3,
        (Status::Fail, _) => 4,
        (Status::Pass, _) => 5,
    }
}

/// From this many checks on, those that could not be decided for one and the same reason are one paragraph.
const SAME_REASON: usize = 3;

/// Checks that could not be decided for one shared reason.
struct Undecided<'a> {
    checks: Vec<&'a str>,
    /// About whom; nobody where it is about the cluster.
    members: Vec<&'a str>,
    summary: &'a str,
}

/// Takes the checks out of `shown` that could not be decided for one shared reason: when nobody answers, that is one
/// thing to say and not twenty, and so it is when one page could not be read that many checks are made from.
fn undecided_for_one_reason<'a>(shown: &mut Vec<&'a FindingReport>) -> Vec<Undecided<'a>> {
    let because = |f: &FindingReport, reason: &str| f.status == Status::Unknown && f.summary == reason;
    let mut reasons: Vec<&str> =
        shown.iter().filter(|f| f.status == Status::Unknown).map(|f| f.summary.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let mut together = Vec::new();
    for reason in reasons {
        let of = |f: &&&'a FindingReport| because(f, reason);
        let checks = distinct(shown.iter().filter(of).map(|f| f.check));
        if checks.len() >= SAME_REASON {
            let members = distinct(shown.iter().filter(of).filter_map(|f| f.member.as_deref()));
            together.push(Undecided { checks, members, summary: reason });
            shown.retain(|f| !because(f, reason));
        }
    }
    together
}

/// Each once, in the order of first sight.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut once = Vec::new();
    names.for_each(|name| {
        if !once.contains(&name) {
            once.push(name)
        }
    });
    once
}

/// Members as a sentence begins with them.
fn before(members: &[&str]) -> String {
    if members.is_empty() { String::new() } else { format!("{}: ", escape(&members.join(", "))) }
}

/// At most this many members of one finding are spelled out.
const GROUP_SHOWN: usize = 3;

/// Members whose sentence is the same share one line.
fn by_sentence<'a>(group: &[&'a FindingReport]) -> Vec<(Vec<&'a str>, &'a FindingReport)> {
    let mut lines: Vec<(Vec<&str>, &FindingReport)> = Vec::new();
    for &finding in group {
        let member = finding.member.as_deref();
        match lines.iter_mut().find(|(_, f)| f.summary == finding.summary && f.member.is_some()) {
            Some((members, _)) => members.extend(member),
            None => lines.push((member.into_iter().collect(), finding)),
        }
    }
    lines
}

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
    let lines = by_sentence(group);
    let limit = match finding.status {
        _ if style.verbose => usize::MAX,
        Status::Unknown => 1,
        _ => GROUP_SHOWN,
    };
    for (members, finding) in lines.iter().take(limit) {
        paragraph(&format!("{}{}", before(members), escape(&finding.summary)), style, out)?;
        if let Some(waiver) = &finding.waiver {
            paragraph(&format!("waived until {}: {}", waiver.until, escape(&waiver.reason)), style, out)?;
        }
    }
    if lines.len() > limit {
        let rest: Vec<String> =
            lines[limit..].iter().flat_map(|(members, _)| members).map(|m| escape(m)).collect();
        let rest = if rest.is_empty() { "-v shows them".to_owned() } else { rest.join(", ") };
        paragraph(&format!("and {} more: {rest}", lines.len() - limit), style, out)?;
    }
    let mut remedies: Vec<&str> = group.iter().filter_map(|f| f.remedy).collect();
    remedies.dedup();
    for remedy in remedies {
        paragraph(&format!("fix: {remedy}"), style, out)?;
    }
    if finding.status == Status::Pass {
        evidence(finding, style, out)?;
    } else if finding.status != Status::Unknown {
        let more = match finding.runbook {
            Some(page) => format!("runbook show {page}"),
            None => format!("explain {}", finding.check),
        };
        paragraph(&format!("more: quorate {more}"), style, out)?;
    }
    Ok(())
}

/// What was seen, for a check that passed.
fn evidence(finding: &FindingReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let seen: Vec<String> =
        finding.evidence.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
    if seen.is_empty() { Ok(()) } else { paragraph(&escape(&seen.join(", ")), style, out) }
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
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
    let hidden = count(4) > 0 && !style.verbose;
    let more = if hidden { " (-v shows them all)" } else { "" };
    writeln!(out)?;
    hanging(&cluster.verdict.to_uppercase(), color, &format!("{counts}{more}"), style, out)
}
