//! `quorate inspect` on files of ZooKeeper: damage first, then what a start makes of them, then the tree.

use super::Style;
use super::inspect::{fact, heading, stored_damages, table};
use super::layout::hanging;
use super::text::{escape, wrap};
use crate::facts::{
    Soundness, ZookeeperBig, ZookeeperFileState, ZookeeperFiles, ZookeeperLogFile, ZookeeperReplay,
    ZookeeperSnapshotFile, ZookeeperTree,
};
use crate::offline::zookeeper::ZookeeperLogLine;
use crate::value::human_bytes;
use anstyle::AnsiColor;
use std::io::{self, Write};

/// Files and prefixes that are shown without `--verbose`.
const SHOWN: usize = 12;

/// Writes what the files hold.
///
/// # Errors
/// The output cannot be written.
pub fn write_zookeeper_files(files: &ZookeeperFiles, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let about = files.myid.as_ref().map_or_else(String::new, |id| format!(" of server {id}"));
    let title = format!("{}  {}{}", escape(&files.path), files.kind.name(), escape(&about));
    for line in wrap(&title, style.width) {
        writeln!(out, "{line}")?;
    }
    verdict(files, style, out)?;
    if let Some(start) = &files.start {
        write_start(start, files, style, out)?;
    }
    snapshots(&files.snapshots, style, out)?;
    logs(&files.logs, style, out)?;
    match &files.tree {
        Some(tree) => write_tree(tree, files.unseen_nodes().is_none(), style, out),
        None => Ok(()),
    }
}

/// The line above those of [`write_zookeeper_log_line`].
///
/// # Errors
/// The output cannot be written.
pub fn write_zookeeper_log_header(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:<18} {:<20} {:<18} TRANSACTION", "ZXID", "TIME", "SESSION")
}

/// A line of `--log`: columns of fixed width, for lines are written while the log is read.
///
/// # Errors
/// The output cannot be written.
pub fn write_zookeeper_log_line(line: &ZookeeperLogLine, out: &mut dyn Write) -> io::Result<()> {
    let time = line.time.as_deref().unwrap_or("-");
    writeln!(out, "{:<18} {time:<20} {:<18} {}", line.zxid, line.session, escape(&line.says))
}

fn verdict(files: &ZookeeperFiles, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let count = files.damages.len() as u64 + files.more_damages;
    match (files.verdict, count) {
        (Soundness::Sound, _) => {
            hanging("SOUND", AnsiColor::Green, "what was read of it is whole", style, out)?;
        }
        (Soundness::Damaged, 1) => hanging("DAMAGED", AnsiColor::Red, "in 1 place", style, out)?,
        (Soundness::Damaged, _) => {
            hanging("DAMAGED", AnsiColor::Red, &format!("in {count} places"), style, out)?;
        }
    }
    stored_damages(&files.damages, files.more_damages, style, out)?;
    for note in &files.notes {
        hanging("  note", AnsiColor::Cyan, &escape(note), style, out)?;
    }
    Ok(())
}

fn write_start(
    start: &ZookeeperReplay,
    files: &ZookeeperFiles,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    heading("When a server is started on it", style, out)?;
    let starts = if start.refusals.is_empty() { "yes" } else { "no" };
    fact("starts", &[&[starts.to_owned()][..], &start.refusals].concat().join("; "), style, out)?;
    let nothing =
        if start.starts_empty { "no snapshot: it begins with an empty tree" } else { "no snapshot" };
    fact("loads", start.snapshot.as_deref().unwrap_or(nothing), style, out)?;
    if !start.passed_over.is_empty() {
        let text = format!("{}, with a warning in its log only", start.passed_over.join(", "));
        fact("passes over", &text, style, out)?;
    }
    let replays = match &start.first_log {
        Some(log) => format!("{} transactions, from {log} on", start.transactions),
        None => "no log".to_owned(),
    };
    fact("replays", &replays, style, out)?;
    fact("ends with", &zxid(&start.last_zxid), style, out)?;
    let missing = start.missing.len() as u64 + start.more_missing;
    let text = match (missing, start.log_seen) {
        (0, _) if start.starts_empty => "everything that the damaged snapshots hold".to_owned(),
        (0, _) if !start.refusals.is_empty() => "unknown, for it does not start".to_owned(),
        (0, true) => "nothing that can be seen: each transaction follows the one before it".to_owned(),
        (0, false) => "unknown, for no log was seen".to_owned(),
        (1, _) => "transactions in 1 place".to_owned(),
        (places, _) => format!("transactions in {places} places"),
    };
    fact("loses", &text, style, out)?;
    if let Some(epochs) = &files.epochs {
        let number = |epoch: Option<u64>| epoch.map_or_else(|| "not there".to_owned(), |n| n.to_string());
        let mut text = format!("accepted {}, current {}", number(epochs.accepted), number(epochs.current));
        if let Some(tmp) = epochs.current_tmp {
            text.push_str(&format!(", currentEpoch.tmp {tmp}"));
        }
        if epochs.updating {
            text.push_str(", updatingEpoch is there");
        }
        fact("epochs", &text, style, out)?;
    }
    Ok(())
}

/// `0x100000005` with what is in it.
fn zxid(text: &str) -> String {
    let number = text.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    match number {
        Some(number) => format!("{text} (epoch {}, transaction {})", number >> 32, number & 0xffff_ffff),
        None => text.to_owned(),
    }
}

fn state(state: ZookeeperFileState) -> &'static str {
    match state {
        ZookeeperFileState::Whole => "whole",
        ZookeeperFileState::Damaged => "DAMAGED",
        ZookeeperFileState::NotRead => "not read",
    }
}

fn snapshots(all: &[ZookeeperSnapshotFile], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let shown = if style.verbose { all.len() } else { all.len().min(SHOWN) };
    let row = |one: &ZookeeperSnapshotFile| {
        let blocks = match (one.has_digest, one.has_last_zxid) {
            (Some(true), Some(true)) => "digest, last zxid",
            (Some(true), Some(false)) => "digest",
            (Some(false), Some(true)) => "last zxid",
            (Some(false), Some(false)) => "none",
            _ => "-",
        };
        let cells = [
            escape(&one.file),
            state(one.state).to_owned(),
            one.nodes.to_string(),
            human_bytes(one.size_bytes),
            one.written_at.clone().unwrap_or_else(|| "-".to_owned()),
            blocks.to_owned(),
        ];
        cells.to_vec()
    };
    if all.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = all[..shown].iter().map(row).collect();
    let header = ["SNAPSHOT", "STATE", "NODES", "SIZE", "WRITTEN", "BEHIND IT"];
    table(&header, &rows, &["SNAPSHOT", "BEHIND IT"], style, out)?;
    further(all.len() - shown, "snapshots", out)
}

/// The newest logs, for the last one is what a start ends with.
fn logs(all: &[ZookeeperLogFile], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let skipped = if style.verbose { 0 } else { all.len().saturating_sub(SHOWN) };
    let row = |one: &ZookeeperLogFile| {
        let or_none = |zxid: &Option<String>| zxid.clone().unwrap_or_else(|| "-".to_owned());
        let cells = [
            escape(&one.file),
            state(one.state).to_owned(),
            one.transactions.to_string(),
            or_none(&one.first_zxid),
            or_none(&one.last_zxid),
            human_bytes(one.used_bytes),
        ];
        cells.to_vec()
    };
    if all.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = all[skipped..].iter().map(row).collect();
    table(&["LOG", "STATE", "TXNS", "FIRST", "LAST", "USED"], &rows, &["LOG"], style, out)?;
    further(skipped, "older logs", out)
}

fn further(count: usize, of: &str, out: &mut dyn Write) -> io::Result<()> {
    match count {
        0 => Ok(()),
        count => writeln!(out, "  {count} more {of} (--verbose shows all)"),
    }
}

fn write_tree(tree: &ZookeeperTree, whole: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let seen = if whole { "" } else { ", as far as seen" };
    heading(&format!("Tree of {}{seen}", escape(&tree.file)), style, out)?;
    let mut nodes = vec![format!("{} of {}", tree.nodes, human_bytes(tree.bytes))];
    let kinds =
        [(tree.ephemerals, "ephemeral"), (tree.containers, "container"), (tree.ttl_nodes, "with a TTL")];
    nodes.extend(kinds.iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{count} {kind}")));
    fact("nodes", &nodes.join(", "), style, out)?;
    let timeouts = match (tree.shortest_timeout_ms, tree.longest_timeout_ms) {
        (Some(low), Some(high)) if low == high => format!(", timeout {low} ms"),
        (Some(low), Some(high)) => format!(", timeouts {low} to {high} ms"),
        _ => String::new(),
    };
    fact("sessions", &format!("{}{timeouts}", tree.sessions), style, out)?;
    let lists = if tree.acls == 1 { "list" } else { "lists" };
    fact("acls", &format!("{} {lists} beside world:anyone with all rights", tree.acls), style, out)?;
    if whole {
        fact("digest", &format!("{} (version 2)", tree.digest), style, out)?;
    }
    for (at, line) in tree.config.iter().enumerate() {
        fact(if at == 0 { "config" } else { "" }, line, style, out)?;
    }
    bigs("biggest", &tree.biggest_values, |_| String::new(), style, out)?;
    bigs("children", &tree.longest_lists, |list| format!(" for {}", list.count), style, out)?;
    bigs("ephemerals", &tree.biggest_sessions, |session| format!(" for {}", session.count), style, out)?;
    prefixes(tree, style, out)
}

fn bigs(
    name: &str,
    all: &[ZookeeperBig],
    more: impl Fn(&ZookeeperBig) -> String,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = if style.verbose { all.len() } else { all.len().min(3) };
    for (at, one) in all[..shown].iter().enumerate() {
        let text = format!("{} {}{}", one.name, human_bytes(one.bytes), more(one));
        fact(if at == 0 { name } else { "" }, &text, style, out)?;
    }
    Ok(())
}

fn prefixes(tree: &ZookeeperTree, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut all: Vec<_> = tree.prefixes.iter().collect();
    all.sort_by_key(|(_, prefix)| std::cmp::Reverse(prefix.bytes));
    let shown = if style.verbose { all.len() } else { all.len().min(SHOWN) };
    let rows = all[..shown].iter().map(|(name, prefix)| {
        let cells = [
            escape(name),
            prefix.nodes.to_string(),
            human_bytes(prefix.bytes),
            prefix.ephemerals.to_string(),
            prefix.readable.to_string(),
            prefix.writable.to_string(),
        ];
        cells.to_vec()
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let header = ["SUBTREE", "NODES", "BYTES", "EPHEMERAL", "READ BY ALL", "CHANGED BY ALL"];
    table(&header, &rows, &["SUBTREE"], style, out)?;
    further(all.len() - shown, "subtrees", out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{ZookeeperFileState, ZookeeperSnapshotFile};

    fn written(files: &ZookeeperFiles) -> String {
        let style = Style { color: false, width: Some(80), verbose: false };
        let mut out = Vec::new();
        write_zookeeper_files(files, style, &mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn of_a_damaged_snapshot_only_what_was_seen_is_told() {
        let of = |state| {
            let file = "snapshot.8e".to_owned();
            let snapshot = ZookeeperSnapshotFile { file: file.clone(), state, ..Default::default() };
            let tree = ZookeeperTree { file, digest: "1cbce66db0".into(), ..Default::default() };
            written(&ZookeeperFiles { snapshots: vec![snapshot], tree: Some(tree), ..Default::default() })
        };
        let damaged = of(ZookeeperFileState::Damaged);
        assert!(damaged.contains("as far as seen") && !damaged.contains("1cbce66db0"), "{damaged}");
        let whole = of(ZookeeperFileState::Whole);
        assert!(!whole.contains("as far as seen") && whole.contains("1cbce66db0"), "{whole}");
    }

    #[test]
    fn a_start_that_fails_loses_nothing_that_is_known() {
        let of = |refused: bool, starts_empty| {
            let refusals = refused.then(|| "none of them can be loaded".to_owned()).into_iter().collect();
            let start = ZookeeperReplay { refusals, starts_empty, log_seen: true, ..Default::default() };
            written(&ZookeeperFiles { start: Some(start), ..Default::default() })
        };
        assert!(of(false, false).contains("nothing that can be seen"));
        assert!(of(true, false).contains("unknown, for it does not start"));
        assert!(of(false, true).contains("everything that the damaged snapshots hold"));
    }
}
