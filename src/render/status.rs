//! `quorate status` for people: the member table with its numbers.

use super::Style;
use super::layout::{headline, label, stacked, unreachable};
use super::table::latency;
use super::text::{escape, wrap};
use crate::finding::human_bytes;
use crate::report::MemberReport;
use crate::report::status::{ClusterStatus, StatusReport};
use std::io::{self, Write};

/// Writes the document as tables.
pub fn write(report: &StatusReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (at, cluster) in report.clusters.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let id =
            cluster.cluster_id.as_deref().map_or_else(String::new, |id| format!("  cluster {}", escape(id)));
        let about = format!("{}{id}  {}", cluster.backend, report.taken_at);
        headline(&cluster.name, &about, &cluster.quorum, style, out)?;
        members(cluster, style, out)?;
        unreachable(&cluster.unreachable, &cluster.members, style, out)?;
    }
    Ok(())
}

const HEADER: [&str; 10] =
    ["MEMBER", "ROLE", "VERSION", "TERM", "LAG", "REVISION", "DB USED", "FSYNC P99", "CERT", "CLOCK"];

/// Columns that would be dashes for ever on another system: a dash says that something is not known.
const ETCD_ONLY: [&str; 2] = ["REVISION", "DB USED"];

fn is_etcd(cluster: &ClusterStatus) -> bool {
    cluster.backend == crate::facts::BackendKind::Etcd.name()
}

fn members(cluster: &ClusterStatus, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if cluster.members.is_empty() {
        return Ok(());
    }
    let told = |column: &&str| is_etcd(cluster) || !ETCD_ONLY.contains(column);
    let shown: Vec<usize> = (0..HEADER.len()).filter(|at| told(&HEADER[*at])).collect();
    let header: Vec<&str> = shown.iter().map(|at| HEADER[*at]).collect();
    let of_shown = |row: Vec<String>| shown.iter().filter_map(|at| row.get(*at).cloned()).collect();
    let rows: Vec<Vec<String>> = cluster.members.iter().map(|member| of_shown(row(member))).collect();
    for grid in stacked(&header, &rows, style.width) {
        writeln!(out)?;
        for line in grid {
            writeln!(out, "{line}")?;
        }
    }
    writeln!(out)?;
    for line in wrap(&legend(cluster), style.width) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Where a member gave no answer its numbers are dashes: unknown, not zero.
fn row(member: &MemberReport) -> Vec<String> {
    let number = |value: Option<u64>| value.map_or_else(|| "-".into(), |n| n.to_string());
    let role = if member.reachable { member.role } else { "unreachable" };
    vec![
        label(member),
        role.to_owned(),
        member.version.as_deref().map_or_else(|| "-".into(), escape),
        number(member.term),
        number(member.applied_lag),
        number(member.revision),
        size(member.db_in_use_bytes, member.db_size_bytes),
        member.fsync_p99_ms.as_ref().map_or_else(|| "-".into(), latency),
        member.certificate.as_ref().map_or_else(|| "-".into(), |c| format!("{}d", c.days_left)),
        member.clock_ms.map_or_else(|| "-".into(), |c| offset(c.offset, c.uncertainty)),
    ]
}

/// `1.2/1.9 GiB`: in use, and the file's size; the unit once when it is the same.
fn size(used: Option<u64>, size: Option<u64>) -> String {
    let (Some(used), Some(size)) = (used, size) else { return "-".into() };
    let (used, size) = (human_bytes(used), human_bytes(size));
    match (used.split_once(' '), size.split_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => format!("{number}/{size}"),
        _ => format!("{used}/{size}"),
    }
}

/// `+0.3ms`; within what the measurement can tell it is `±1ms`.
fn offset(offset: f64, uncertainty: f64) -> String {
    let digits = |ms: f64| {
        if ms.abs() >= 10_000.0 {
            format!("{:.0}s", ms / 1000.0)
        } else if ms.abs() >= 10.0 {
            format!("{ms:.0}ms")
        } else {
            format!("{ms:.1}ms")
        }
    };
    if offset.abs() <= uncertainty {
        format!("±{}", digits(uncertainty))
    } else if offset > 0.0 {
        format!("+{}", digits(offset))
    } else {
        digits(offset)
    }
}

fn legend(cluster: &ClusterStatus) -> String {
    let mut windows: Vec<&str> =
        cluster.members.iter().filter_map(|m| m.fsync_p99_ms.as_ref()).map(|l| l.window).collect();
    windows.dedup();
    let window = if windows.is_empty() { String::new() } else { format!(" ({})", windows.join(", ")) };
    let database = if is_etcd(cluster) { " · DB in use/file" } else { "" };
    format!(
        "LAG entries not yet applied{database} · FSYNC P99 bucket bounds{window} · CERT days until the \
         first expires · CLOCK against ours · - not known"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers() {
        assert_eq!(size(Some(16 << 10), Some(20 << 10)), "16/20 KiB");
        assert_eq!(size(Some(1 << 20), Some(1 << 30)), "1 MiB/1 GiB");
        assert_eq!(size(None, Some(1)), "-");
        assert_eq!(offset(0.2, 0.5), "±0.5ms");
        assert_eq!(offset(-1500.0, 0.5), "-1500ms");
        assert_eq!(offset(12.0, 0.5), "+12ms");
    }
}
