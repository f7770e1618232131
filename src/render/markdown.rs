//! For a ticket, or appended to `$GITHUB_STEP_SUMMARY`: the verdict, the members, what is wrong.

use super::layout::{label, quorum_sentence};
use super::table::latency;
use super::text::escape;
use super::{Style, counts, standing, weight};
use crate::finding::Status;
use crate::report::{CheckReport, ClusterReport, FindingReport, MemberReport};
use std::io::{self, Write};

pub(super) fn write(report: &CheckReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (at, cluster) in report.clusters.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        headline(cluster, report, out)?;
        members(cluster, out)?;
        unreachable(cluster, out)?;
        findings(cluster, style, out)?;
    }
    Ok(())
}

fn headline(cluster: &ClusterReport, report: &CheckReport, out: &mut dyn Write) -> io::Result<()> {
    let id = cluster.cluster_id.as_deref().map_or_else(String::new, |id| format!(" cluster {}", inert(id)));
    writeln!(out, "## {}: {}\n", inert(&cluster.name), cluster.verdict)?;
    let why = inert(&quorum_sentence(&cluster.quorum));
    writeln!(out, "**Quorum {}**: {why}\n", cluster.quorum.state.name())?;
    let when = if report.replayed { "replay of" } else { "looked at" };
    let taken_at = &report.taken_at;
    writeln!(out, "{}{id}, {when} {taken_at}: {}", cluster.backend, counts(&cluster.findings))
}

fn members(cluster: &ClusterReport, out: &mut dyn Write) -> io::Result<()> {
    if cluster.members.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| member | role | version | endpoint | fsync p99 | state |\n|---|---|---|---|---|---|")?;
    for member in &cluster.members {
        member_row(member, out)?;
    }
    Ok(())
}

fn member_row(member: &MemberReport, out: &mut dyn Write) -> io::Result<()> {
    let text = |value: &Option<String>| value.as_deref().map_or_else(|| "–".into(), inert);
    let state = if member.reachable { "answers".to_owned() } else { text(&member.trouble) };
    let fsync = member.fsync_p99_ms.as_ref().map_or_else(|| "–".into(), |l| inert(&latency(l)));
    writeln!(
        out,
        "| {} | {} | {} | {} | {fsync} | {state} |",
        inert(&label(member)),
        member.role,
        text(&member.version),
        text(&member.endpoint),
    )
}

fn unreachable(cluster: &ClusterReport, out: &mut dyn Write) -> io::Result<()> {
    if !cluster.unreachable.is_empty() {
        writeln!(out)?;
    }
    for failed in &cluster.unreachable {
        writeln!(out, "- {}: {} ({})", inert(&failed.endpoint), failed.diagnosis, inert(&failed.detail))?;
    }
    Ok(())
}

fn findings(cluster: &ClusterReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut shown: Vec<&FindingReport> =
        cluster.findings.iter().filter(|f| style.verbose || f.status != Status::Pass).collect();
    shown.sort_by_key(|f| std::cmp::Reverse(weight(f)));
    if !shown.is_empty() {
        writeln!(out, "\n| | check | member | finding | fix |\n|---|---|---|---|---|")?;
    }
    for finding in shown {
        let member = finding.member.as_deref().map_or_else(|| "–".into(), inert);
        let waived = finding
            .waiver
            .as_ref()
            .map_or_else(String::new, |w| format!(" (waived until {}: {})", w.until, inert(&w.reason)));
        let fix = finding.remedy.map_or_else(|| "–".into(), inert);
        let summary = inert(&finding.summary);
        writeln!(
            out,
            "| {} | `{}` | {member} | {summary}{waived} | {fix} |",
            standing(finding),
            finding.check
        )?;
    }
    Ok(())
}

/// Text that stays text: no markup, no HTML, no formula, no link that makes itself, nobody mentioned, no issue linked.
pub(super) fn inert(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    let text = escape(text);
    let mut characters = text.chars().peekable();
    let mut www = 0;
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // GitHub links mentions and issues in the rendered text, whatever was escaped before: part them by a comment.
            '@' | '#' => {
                safe.push(character);
                safe.push_str("<!-- -->");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '|' | '$' => safe.extend(['\\', character]),
            // `https://` and `www.` become links by themselves.
            ':' if next == Some('/') => safe.push_str("\\:"),
            '.' if www == 3 => safe.push_str("\\."),
            other => safe.push(other),
        }
        www = if character.eq_ignore_ascii_case(&'w') { www + 1 } else { 0 };
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_alive() {
        assert_eq!(inert("<b>&"), "&lt;b&gt;&amp;");
        assert_eq!(inert("a|b`c`[d](e)"), "a\\|b\\`c\\`\\[d\\](e)");
        assert_eq!(inert("@ops #1"), "@<!-- -->ops #<!-- -->1");
        assert_eq!(inert("http://x www.x"), "http\\://x www\\.x");
        assert_eq!(inert("a\nb"), "a\\\\x0ab");
    }
}
