//! For the node exporter's textfile collector: gauges without timestamps, HELP and TYPE once, labels whose number is
//! bounded by checks and members. <https://prometheus.io/docs/instrumenting/exposition_formats/>

use super::text::escape;
use super::{Style, cases, weight};
use crate::finding::{Severity, Status};
use crate::quorum::QuorumState;
use crate::report::{CheckReport, ClusterReport, FindingReport, MemberReport};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A gauge's samples by their labels: a series that came twice keeps the worse value.
type Samples = BTreeMap<Vec<(&'static str, String)>, f64>;

/// Longest label value, in characters: a server may call itself anything.
const LONGEST_LABEL: usize = 128;

pub(super) fn write(report: &CheckReport, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let clusters = &report.clusters;
    checks(clusters, out)?;
    quorum(clusters, out)?;
    members(clusters, out)?;
    let seconds = report.taken_at.parse::<Timestamp>().map_or(f64::NAN, |t| t.as_second() as f64);
    let run = |value| Samples::from([(Vec::new(), value)]);
    gauge("quorate_last_run_timestamp_seconds", "When the last run began.", run(seconds), out)?;
    gauge(
        "quorate_last_run_duration_seconds",
        "How long the last run took.",
        run(report.duration_ms as f64 / 1000.0),
        out,
    )
}

fn checks(clusters: &[ClusterReport], out: &mut dyn Write) -> io::Result<()> {
    let mut status = Samples::new();
    let mut waived = Samples::new();
    for cluster in clusters {
        for case in cases(&cluster.findings) {
            let labels = |labels: &[(&'static str, &str)]| sample(cluster, labels);
            let Some(worst) = case.worst() else { continue };
            let key = labels(&[("check", case.check), ("member", case.member.unwrap_or_default())]);
            let value = status.entry(key.clone()).or_insert(0.0);
            if rank(number(worst)) > rank(*value) {
                *value = number(worst);
            }
            if weight(worst) == 1 {
                waived.insert(key, 1.0);
            }
        }
    }
    gauge(
        "quorate_check_status",
        "Result of a check: 0 nothing wrong, 1 warning, 2 critical, 3 could not be decided.",
        status,
        out,
    )?;
    gauge("quorate_check_waived", "Checks that found something which a waiver silences.", waived, out)
}

fn number(finding: &FindingReport) -> f64 {
    match (finding.status, finding.severity) {
        (Status::Fail, Some(Severity::Critical)) => 2.0,
        (Status::Fail, Some(Severity::Warning)) => 1.0,
        (Status::Unknown, _) => 3.0,
        (Status::Fail | Status::Pass | Status::Waived, _) => 0.0,
    }
}

/// Undecided (3) is worse than a warning (1) and better than a proven critical (2).
fn rank(value: f64) -> u8 {
    match value as u8 {
        2 => 3,
        3 => 2,
        other => other,
    }
}

fn quorum(clusters: &[ClusterReport], out: &mut dyn Write) -> io::Result<()> {
    const STATES: [QuorumState; 5] = [
        QuorumState::Healthy,
        QuorumState::Degraded,
        QuorumState::AtRisk,
        QuorumState::Lost,
        QuorumState::Unknown,
    ];
    let mut states = Samples::new();
    for cluster in clusters {
        for state in STATES {
            let is = f64::from(u8::from(cluster.quorum.state == state));
            states.insert(sample(cluster, &[("state", state.name())]), is);
        }
    }
    gauge("quorate_quorum_state", "1 for the state that the quorum is in.", states, out)?;
    let each = |value: fn(&ClusterReport) -> Option<f64>| -> Samples {
        clusters.iter().filter_map(|c| Some((sample(c, &[]), value(c)?))).collect()
    };
    let voters = each(|c| Some(c.quorum.voters as f64));
    gauge("quorate_quorum_voters", "Voters in the membership.", voters, out)?;
    let needed = each(|c| Some(c.quorum.needed as f64));
    gauge("quorate_quorum_needed", "Voters that must agree.", needed, out)?;
    let serving = each(|c| Some(c.quorum.serving as f64));
    gauge("quorate_quorum_serving", "Voters that answered.", serving, out)?;
    let margin = each(|c| c.quorum.failures_until_stuck.map(|n| n as f64));
    gauge(
        "quorate_quorum_failures_until_stuck",
        "Voters that may still fail before writes stop; absent when that cannot be told.",
        margin,
        out,
    )?;
    let leader = each(|c| Some(f64::from(u8::from(c.quorum.leader.is_some()))));
    gauge("quorate_quorum_has_leader", "Whether a leader is known.", leader, out)
}

fn members(clusters: &[ClusterReport], out: &mut dyn Write) -> io::Result<()> {
    let each = |value: fn(&MemberReport) -> Option<f64>| -> Samples {
        let all = clusters.iter().flat_map(|c| c.members.iter().map(move |m| (c, m)));
        all.filter_map(|(c, m)| {
            let label = m.name.as_ref().or(m.id.as_ref()).or(m.endpoint.as_ref())?;
            Some((sample(c, &[("member", label)]), value(m)?))
        })
        .collect()
    };
    let up = each(|m| Some(f64::from(u8::from(m.reachable))));
    gauge("quorate_member_reachable", "Whether the member answered.", up, out)?;
    let low = each(|m| m.fsync_p99_ms.as_ref().map(|l| l.low / 1000.0));
    gauge("quorate_member_fsync_p99_low_seconds", "Lower bound of the log's fsync p99.", low, out)?;
    let high = each(|m| m.fsync_p99_ms.as_ref().and_then(|l| l.high).map(|high| high / 1000.0));
    gauge(
        "quorate_member_fsync_p99_high_seconds",
        "Upper bound of the log's fsync p99; absent when the slowest bucket has none.",
        high,
        out,
    )?;
    let size = each(|m| m.db_size_bytes.map(|n| n as f64));
    gauge("quorate_member_db_size_bytes", "Size of the database file.", size, out)?;
    let days = each(|m| m.certificate.as_ref().map(|c| c.days_left as f64));
    gauge("quorate_member_certificate_days_left", "Days until a served certificate expires.", days, out)
}

fn sample(cluster: &ClusterReport, labels: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let cluster = [("cluster", cluster.name.as_str()), ("backend", cluster.backend)];
    let short = |text: &str| escape(text).chars().take(LONGEST_LABEL).collect::<String>();
    cluster.iter().chain(labels).map(|(name, value)| (*name, short(value))).collect()
}

/// One metric; nothing at all when it has no sample.
fn gauge(name: &str, help: &str, samples: Samples, out: &mut dyn Write) -> io::Result<()> {
    if samples.is_empty() {
        return Ok(());
    }
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")?;
    for (labels, value) in samples {
        let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", quoted(v))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(out, "{name}{labels} {value}")?;
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
