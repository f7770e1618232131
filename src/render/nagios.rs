//! For Nagios, Icinga and everything that runs their plugins: one status line, then performance data after a bar.
//! <https://www.monitoring-plugins.org/doc/guidelines.html>

use super::layout::quorum_sentence;
use super::text::escape;
use super::{Style, counts, standing};
use crate::quorum::QuorumState;
use crate::report::{CheckReport, ClusterReport};
use std::io::{self, Write};

/// How many findings of a cluster are named in the line: monitors cut long ones.
const NAMED: usize = 4;

pub(super) fn write(report: &CheckReport, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let clusters: Vec<String> = report.clusters.iter().map(sentence).collect();
    write!(out, "QUORATE {} - {}", report.verdict.to_uppercase(), clusters.join("; "))?;
    write!(out, " |")?;
    for cluster in &report.clusters {
        performance(cluster, out)?;
    }
    writeln!(out, " 'duration'={}ms;;;0", report.duration_ms)
}

fn sentence(cluster: &ClusterReport) -> String {
    let state = cluster.quorum.state.name();
    let wrong: Vec<String> = ["critical", "unknown", "warning"]
        .iter()
        .flat_map(|wanted| cluster.findings.iter().filter(|f| standing(f) == *wanted))
        .map(|f| match &f.member {
            Some(member) => format!("{} ({})", f.check, text(member)),
            None => f.check.to_owned(),
        })
        .collect();
    let named = match wrong.len() {
        0 => String::new(),
        n if n <= NAMED => format!(": {}", wrong.join(", ")),
        n => format!(": {} and {} more", wrong[..NAMED].join(", "), n - NAMED),
    };
    let why = text(&quorum_sentence(&cluster.quorum));
    format!("{} quorum {state}, {why} [{}]{named}", text(&cluster.name), counts(&cluster.findings))
}

/// A bar would begin the performance data.
fn text(text: &str) -> String {
    escape(text).replace('|', "\\x7c")
}

fn performance(cluster: &ClusterReport, out: &mut dyn Write) -> io::Result<()> {
    let quorum = &cluster.quorum;
    let name = label(&cluster.name);
    // Below `needed` is critical; exactly `needed` is one failure from it, unless the size tolerates none anyway.
    let (critical, warning) = (quorum.needed, quorum.needed + usize::from(quorum.voters > 2));
    if quorum.state != QuorumState::Unknown {
        write!(out, " '{name}_serving'={};{warning}:;{critical}:;0;{}", quorum.serving, quorum.voters)?;
    }
    if let Some(margin) = quorum.failures_until_stuck {
        write!(out, " '{name}_margin'={margin};;;0")?;
    }
    for wanted in ["critical", "warning", "unknown"] {
        let count = cluster.findings.iter().filter(|f| standing(f) == wanted).count();
        write!(out, " '{name}_{wanted}'={count};;;0")?;
    }
    Ok(())
}

/// Labels take neither `=` nor quotes; graphing tools make file names of them.
fn label(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-._:".contains(c) { c } else { '_' }).collect()
}
