//! A copy on disk, for people: damage first, then who, the log, the keys, and what is left over.

use super::Style;
use super::layout::{bold, grid, hanging};
use super::text::{escape, wrap};
use crate::facts::StoredDamage;
use crate::offline::{
    CopyFacts, DatabaseFacts, EntryFacts, EntryMark, InspectReport, LogFacts, NoteWeight, Span, Verdict,
};
use crate::value::human_bytes;
use anstyle::AnsiColor;
use std::io::{self, Write};

/// Prefixes, changes and entries that are shown without `--verbose`.
const SHOWN: usize = 12;

/// Writes `quorate inspect`.
pub fn write_inspect(report: &InspectReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let copy = &report.copy;
    title(copy, style, out)?;
    verdict(report.verdict, copy, style, out)?;
    troubles(copy, style, out)?;
    if let Some(holder) = &copy.holder {
        let name = holder.command.clone().unwrap_or_else(|| "a process".to_owned());
        let pid = holder.pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
        writeln!(out)?;
        fact("held by", &format!("{name}{pid}: a server runs on it, and it may change"), style, out)?;
    }
    for link in &copy.links {
        fact("link", link, style, out)?;
    }
    membership(copy, style, out)?;
    if let Some(log) = &copy.log {
        write_log(log, style, out)?;
    }
    if let Some(database) = &copy.database {
        write_database(database, copy, style, out)?;
        write_left_over(database, copy, style, out)?;
    }
    Ok(())
}

fn title(copy: &CopyFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut about = copy.kind.name().to_owned();
    if let Some(identity) = &copy.identity {
        let name = copy.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        about.push_str(&format!(" of member{name} ({}) of cluster {}", identity.member, identity.cluster));
    }
    for line in wrap(&format!("{}  {}", escape(&copy.path), escape(&about)), style.width) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn verdict(verdict: Verdict, copy: &CopyFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let count = copy.damage.len() as u64 + copy.damage_more;
    let (word, color, text) = match verdict {
        Verdict::Sound => ("SOUND", AnsiColor::Green, "everything in it was read and is whole".to_owned()),
        Verdict::Damaged if count == 1 => ("DAMAGED", AnsiColor::Red, "in 1 place".to_owned()),
        Verdict::Damaged => ("DAMAGED", AnsiColor::Red, format!("in {count} places")),
        Verdict::Undecided => ("UNDECIDED", AnsiColor::Magenta, "not all of it could be read".to_owned()),
    };
    hanging(word, color, &text, style, out)
}

/// Damage, gaps, warnings, notes: in this order.
fn troubles(copy: &CopyFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let told = copy.damage.iter().map(|damage| format!("{}, {}: {}", damage.file, damage.place, damage.what));
    damages(told, copy.damage_more, style, out)?;
    for gap in &copy.gaps {
        let text = format!("{} could not be read: {}", gap.what, gap.why);
        hanging("  unread", AnsiColor::Magenta, &escape(&text), style, out)?;
    }
    for note in &copy.notes {
        let (word, color) = match note.weight {
            NoteWeight::Warning => ("  warning", AnsiColor::Yellow),
            NoteWeight::Info => ("  note", AnsiColor::Cyan),
        };
        hanging(word, color, &escape(&note.says), style, out)?;
    }
    Ok(())
}

fn membership(copy: &CopyFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let membership = &copy.membership;
    if !membership.members.is_empty() {
        let own = copy.identity.as_ref().map(|identity| &identity.member);
        let row = |member: &crate::offline::MemberFacts| {
            let name = if member.name.is_empty() { "(never started)" } else { &member.name };
            let this = if Some(&member.id) == own { " *" } else { "" };
            vec![
                escape(&format!("{name}{this}")),
                member.id.clone(),
                if member.voter { "voter" } else { "learner" }.to_owned(),
                escape(&member.peer_urls.join(", ")),
            ]
        };
        let rows: Vec<Vec<String>> = membership.members.iter().map(row).collect();
        table(&["MEMBER", "ID", "ROLE", "PEER URL"], &rows, &["MEMBER", "PEER URL"], style, out)?;
    } else if let Some(raft) = &membership.raft {
        heading("Members", style, out)?;
        fact("voters", &raft.voters.join(", "), style, out)?;
        fact("learners", &raft.learners.join(", "), style, out)?;
    }
    if !membership.removed.is_empty() {
        fact("removed", &membership.removed.join(", "), style, out)?;
    }
    let skip = if style.verbose { 0 } else { membership.history.len().saturating_sub(SHOWN) };
    if membership.history.is_empty() {
        return Ok(());
    }
    let row = |change: &crate::offline::Change| {
        let name = change.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        let what = format!("{} {}{name} {}", change.change, change.member, change.peer_urls.join(", "));
        vec![change.index.to_string(), change.term.to_string(), mark(change.mark), escape(what.trim_end())]
    };
    let rows: Vec<Vec<String>> = membership.history[skip..].iter().map(row).collect();
    table(&["INDEX", "TERM", "STATE", "CHANGE OF MEMBERSHIP"], &rows, &["CHANGE OF MEMBERSHIP"], style, out)?;
    let more = skip as u64 + membership.history_more;
    if more > 0 {
        writeln!(out, "  {more} changes are not shown; --log --type conf-change lists all")?;
    }
    Ok(())
}

fn write_log(log: &LogFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    heading("Log", style, out)?;
    let last =
        log.last.map_or_else(|| "none".to_owned(), |last| format!("{} of term {}", last.index, last.term));
    fact("last entry", &last, style, out)?;
    fact("commit", &format!("{} in term {}", log.commit, log.term), style, out)?;
    let first = log.first.map_or_else(String::new, |first| format!(", the first is {first}"));
    let files = if log.files == 1 { "1 file".to_owned() } else { format!("{} files", log.files) };
    fact(
        "entries",
        &format!("{}{first}, in {files} of {}", log.entries, human_bytes(log.bytes)),
        style,
        out,
    )?;
    if let Some(torn) = &log.torn {
        fact("torn end", torn, style, out)?;
    }
    // both are told in a sentence above; here they name the entries that follow
    let tail = [("not applied", log.tail.committed), ("uncertain", log.tail.uncertain)];
    for (name, span) in tail.into_iter().filter_map(|(name, span)| Some((name, span?))) {
        fact(name, &span_text(span), style, out)?;
    }
    if !log.tail.entries.is_empty() {
        writeln!(out)?;
        write_entries(&log.tail.entries, log.tail.more, style, out)?;
    }
    Ok(())
}

/// Entries behind a database, the first ones unless `--verbose`.
pub(super) fn write_entries(
    entries: &[EntryFacts],
    more: u64,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = if style.verbose { entries.len() } else { entries.len().min(SHOWN) };
    let rows: Vec<Vec<String>> = entries[..shown].iter().map(entry_row).collect();
    for line in grid(&ENTRY, &rows, &ENTRY[3..], style.width) {
        writeln!(out, "{line}")?;
    }
    let rest = (entries.len() - shown) as u64 + more;
    if let (true, Some(next)) = (rest > 0, entries.get(shown).or(entries.last())) {
        writeln!(out, "and {rest} more; --log --from {} lists them", next.index)?;
    }
    Ok(())
}

/// Columns of an entry.
const ENTRY: [&str; 4] = ["INDEX", "TERM", "STATE", "OPERATION"];

fn entry_row(entry: &EntryFacts) -> Vec<String> {
    vec![entry.index.to_string(), entry.term.to_string(), mark(entry.mark), escape(&entry.says)]
}

/// A line of `--log`: columns of fixed width, for lines are written while the log is read.
pub fn write_log_line(entry: &EntryFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let head = format!("{:>10} {:>6}  {:<11}", entry.index, entry.term, mark(entry.mark));
    let width = style.width.map(|width| width.saturating_sub(31).max(20));
    let mut lines: Vec<String> = wrap(&escape(&entry.says), width);
    let values = entry.keys.iter().filter_map(|key| key.value.as_ref().map(|value| (key, value)));
    for (key, value) in values {
        lines.extend(wrap(&format!("{} = {}", escape(&key.key), escape(value)), width));
    }
    for (at, line) in lines.iter().enumerate() {
        let head = if at == 0 { head.as_str() } else { "" };
        writeln!(out, "{head:<30} {line}")?;
    }
    Ok(())
}

/// The line above those of [`write_log_line`].
pub fn write_log_header(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:>10} {:>6}  {:<11} OPERATION", "INDEX", "TERM", "STATE")
}

fn write_database(
    database: &DatabaseFacts,
    copy: &CopyFacts,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    heading("Database", style, out)?;
    let compacted = database.compacted.map_or_else(String::new, |at| format!(", compacted up to {at}"));
    fact("revision", &format!("{}{compacted}", database.revision), style, out)?;
    let index = database.consistent_index.map_or_else(|| "not there".to_owned(), |index| index.to_string());
    let term = database.term.map_or_else(String::new, |term| format!(" of term {term}"));
    fact("applied", &format!("{index}{term}"), style, out)?;
    let rows = format!(
        "{} in {} revisions, {} of them deletions",
        database.keys, database.rows, database.tombstones
    );
    fact("keys", &rows, style, out)?;
    let size = format!(
        "{}, of which {} are used",
        human_bytes(database.file_bytes),
        human_bytes(database.used_bytes)
    );
    fact("size", &size, style, out)?;
    if let Some(digest) =
        database.digest.as_deref().filter(|_| copy.kind != crate::offline::CopyKind::DataDirectory)
    {
        let text = match digest {
            "absent" => "absent: a copied database has none, a saved snapshot has one",
            "matches" => "matches the content",
            _ => "differs from the content",
        };
        fact("digest", text, style, out)?;
    }
    if let Some(sha256) = database.sha256.as_ref().filter(|_| style.verbose) {
        fact("sha256", sha256, style, out)?;
        fact("status hash", &database.status_hash, style, out)?;
    }
    prefixes(database, style, out)
}

fn prefixes(database: &DatabaseFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut all: Vec<_> = database.prefixes.iter().collect();
    all.sort_by_key(|(_, amount)| std::cmp::Reverse(amount.row_bytes));
    let shown = if style.verbose { all.len() } else { all.len().min(SHOWN) };
    let row = |(name, amount): &(&String, &crate::offline::PrefixFacts)| {
        let name = if name.is_empty() { "(no prefix)" } else { name.as_str() };
        let amounts = [amount.keys.to_string(), human_bytes(amount.bytes), amount.rows.to_string()];
        let mut cells = vec![escape(name)];
        cells.extend(amounts);
        cells.push(human_bytes(amount.row_bytes));
        cells
    };
    if all.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = all[..shown].iter().map(row).collect();
    table(&["PREFIX", "KEYS", "BYTES", "REVISIONS", "THEIR BYTES"], &rows, &["PREFIX"], style, out)?;
    if all.len() > shown {
        writeln!(out, "  {} more prefixes (--verbose shows all)", all.len() - shown)?;
    }
    Ok(())
}

/// What goes with the data into a restored cluster.
fn write_left_over(
    database: &DatabaseFacts,
    copy: &CopyFacts,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    heading("Goes with the data", style, out)?;
    let alarms: Vec<String> =
        database.alarms.iter().map(|alarm| format!("{} of member {}", alarm.alarm, alarm.member)).collect();
    fact("alarms", &none_or(alarms.join(", ")), style, out)?;
    let auth = &database.auth;
    let with_roles = |(name, roles): (&String, &Vec<String>)| format!("{name} ({})", roles.join(", "));
    let users: Vec<String> = auth.users.iter().map(with_roles).collect();
    let users = if users.is_empty() { String::new() } else { format!("; users: {}", users.join(", ")) };
    fact("auth", &format!("{}{users}", if auth.enabled { "on" } else { "off" }), style, out)?;
    fact("leases", &database.leases.to_string(), style, out)?;
    let versions = [("cluster", &database.cluster_version), ("storage", &database.storage_version)];
    let versions: Vec<String> =
        versions.iter().filter_map(|(name, version)| Some(format!("{name} {}", version.as_ref()?))).collect();
    fact("versions", &none_or(versions.join(", ")), style, out)?;
    if !database.startable_by.is_empty() {
        fact("starts with", &format!("etcd {}", database.startable_by.join(", ")), style, out)?;
    }
    if let Some(target) = &database.downgrade {
        fact("downgrade", &format!("under way to {target}"), style, out)?;
    }
    if !copy.leftovers.is_empty() {
        fact("files", &copy.leftovers.join(", "), style, out)?;
    }
    Ok(())
}

fn none_or(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

fn mark(mark: EntryMark) -> String {
    mark.name().to_owned()
}

pub(super) fn span_text(span: Span) -> String {
    match span.count() {
        1 => format!("entry {}", span.first),
        count => format!("{count} entries, {} to {}", span.first, span.last),
    }
}

/// What is wrong, the first ones; `more` are not among those told.
pub(super) fn damages(
    told: impl ExactSizeIterator<Item = String>,
    more: u64,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = if style.verbose { usize::MAX } else { SHOWN };
    let rest = told.len().saturating_sub(shown) as u64 + more;
    for text in told.take(shown) {
        hanging("  damage", AnsiColor::Red, &escape(&text), style, out)?;
    }
    if rest > 0 {
        let all = if style.verbose { "" } else { " (--verbose shows more)" };
        hanging("  damage", AnsiColor::Red, &format!("and {rest} more{all}"), style, out)?;
    }
    Ok(())
}

/// [`damages`] of files that were read once.
pub(super) fn stored_damages(
    told: &[StoredDamage],
    more: u64,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    damages(told.iter().map(|damage| format!("{}: {}", damage.at, damage.what)), more, style, out)
}

pub(super) fn heading(text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", bold(text, style))
}

/// A name and what it is, wrapped beside it.
pub(super) fn fact(name: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    const INDENT: usize = 14;
    let width = style.width.map(|width| width.saturating_sub(INDENT).max(20));
    for (at, line) in wrap(&escape(text), width).iter().enumerate() {
        let name = if at == 0 { name } else { "" };
        writeln!(out, "{}", format!("  {name:<11} {line}").trim_end())?;
    }
    Ok(())
}

pub(super) fn table(
    header: &[&str],
    rows: &[Vec<String>],
    flexible: &[&str],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    for line in grid(header, rows, flexible, style.width) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
