//! The write-ahead log of a copy: summed up, and played back entry by entry.

use super::copy::{ATTEMPTS, consistent_index};
use super::entry::{self, Detail, describe};
use super::facts::{Change, CopyFacts, EntryMark, LastIndex, LogFacts, Span, Tail, TermRun};
use super::parts::{self, LogFile, Parts, segments};
use super::recognise::{Unrecognised, recognise};
use crate::format::etcd::wal::{self, ConfChange, Ending, Operation, Replay, Replayed, Scan};
use crate::format::source::{Place, Source};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Entries behind the database that are told one by one.
const TAIL_ENTRIES: usize = 1000;
/// And what they may take together, in bytes.
const TAIL_BYTES: usize = 4 << 20;
/// Changes of membership that are kept.
const HISTORY: usize = 10_000;
/// Between two looks at the log of a running server: its write is finished by then.
const PAUSE: Duration = Duration::from_millis(20);

/// A log's files, and what reading all of them once found.
pub(super) struct Scanned {
    files: Vec<LogFile>,
    scan: Scan,
}

/// Reads a log that a server may write to, when it is `live`.
pub(super) fn scanned(folder: &Path, live: bool) -> io::Result<Scanned> {
    scan_quietly(folder, live).map(|(files, scan)| Scanned { files, scan })
}

impl Scanned {
    /// Whether a database that was read meanwhile has applied what this log did not have yet.
    pub(super) fn is_behind(&self, applied: Option<u64>) -> bool {
        self.scan.last.map(|last| last.index) < applied
    }
}

/// Puts what is in a log into `facts`. `applied` is the database's consistent index.
pub(super) fn tell(
    folder: &Path,
    scanned: io::Result<Scanned>,
    applied: Option<u64>,
    facts: &mut CopyFacts,
) -> Option<Scan> {
    let Scanned { files, scan } = match scanned {
        Ok(scanned) => scanned,
        Err(error) => {
            facts.gap("the write-ahead log", error.to_string());
            return None;
        }
    };
    let name = folder.display().to_string();
    facts.leftovers.extend(parts::leftovers(folder));
    if files.is_empty() {
        facts.damaged(&name, "the folder", "there is no file of a log");
        return None;
    }
    for damage in &scan.damages.first {
        facts.damaged(&file_of(&name, &damage.at, &files), &damage.at, damage.what.clone());
    }
    facts.damage_more += scan.damages.more;
    let mut log = LogFacts {
        path: name,
        files: files.len(),
        bytes: files.iter().map(|file| file.source.len()).sum(),
        term: scan.state.map_or(0, |state| state.term),
        commit: scan.commit(),
        first: scan.first_index,
        last: scan.last.map(|last| LastIndex { term: last.term, index: last.index }),
        entries: scan.entries,
        torn: match &scan.ending {
            Ending::Torn(tear) => Some(tear.what.clone()),
            _ => None,
        },
        ..LogFacts::default()
    };
    (log.tail.committed, log.tail.uncertain) = spans(&scan, applied);
    let mut summary = Summary::new(tail_start(&scan, applied));
    log.terms = scan.terms.iter().map(|run| TermRun { first: run.index, term: run.term }).collect();
    let segments = segments(&files);
    Replay::notable(&segments, &scan, applied, summary.tail_start).for_each(|entry| summary.take(&entry));
    summary.finish(&mut log, facts);
    facts.log = Some(log);
    Some(scan)
}

/// The file that damage is in.
fn file_of(folder: &str, at: &Place, files: &[LogFile]) -> String {
    let Place::Log { segment, .. } = at else { return folder.to_owned() };
    let file = files.iter().find(|file| file.sequence == *segment);
    file.map_or_else(
        || folder.to_owned(),
        |file| format!("{folder}/{:016x}-{:016x}.wal", file.sequence, file.first_index),
    )
}

/// Scans a log; that of a running server again when it ends in the middle of a write, or files came and went.
fn scan_quietly(folder: &Path, live: bool) -> io::Result<(Vec<LogFile>, Scan)> {
    let mut attempt = 1;
    loop {
        match parts::log_files(folder) {
            Ok(files) => {
                let scan = wal::scan(&segments(&files));
                let quiet = scan.is_sound() && !matches!(scan.ending, Ending::Torn(_));
                if quiet || !live || attempt >= ATTEMPTS {
                    return Ok((files, scan));
                }
            }
            Err(error) if live && error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
        attempt += 1;
        std::thread::sleep(PAUSE);
    }
}

/// Entries that are committed and not applied, and those that are not known to be committed.
fn spans(scan: &Scan, applied: Option<u64>) -> (Option<Span>, Option<Span>) {
    let Some(last) = scan.last.map(|last| last.index) else { return (None, None) };
    let known = scan.commit().min(last);
    let span = |first: u64, last: u64| (first <= last).then_some(Span { first, last });
    let committed = applied.and_then(|applied| span(applied + 1, known));
    (committed, span(known.max(applied.unwrap_or(0)) + 1, last))
}

/// The first entry that is told one by one. Without a database nobody knows what was applied: then the uncertain ones.
fn tail_start(scan: &Scan, applied: Option<u64>) -> u64 {
    applied.unwrap_or_else(|| scan.commit()).saturating_add(1)
}

/// What the entries gather that are told one by one.
struct Summary {
    tail_start: u64,
    tail: Tail,
    tail_bytes: usize,
    history: Vec<Change>,
    history_more: u64,
}

impl Summary {
    fn new(tail_start: u64) -> Summary {
        Summary { tail_start, tail: Tail::default(), tail_bytes: 0, history: Vec::new(), history_more: 0 }
    }

    fn take(&mut self, entry: &Replayed) {
        if let Operation::ConfChange { changes } = &entry.operation {
            changes.iter().for_each(|change| self.take_change(entry, change));
        }
        if entry.index < self.tail_start || entry::mark(entry.mark) == EntryMark::Overwritten {
            return;
        }
        let told = describe(entry, Detail::Keys);
        let keys =
            told.keys.iter().map(|key| key.key.len() + key.range_end.as_ref().map_or(0, String::len) + 96);
        let bytes = told.says.len() + 96 + keys.sum::<usize>();
        if self.tail.entries.len() >= TAIL_ENTRIES || self.tail_bytes + bytes > TAIL_BYTES {
            self.tail.more += 1;
        } else {
            self.tail_bytes += bytes;
            self.tail.entries.push(told);
        }
    }

    fn take_change(&mut self, entry: &Replayed, change: &ConfChange) {
        if self.history.len() >= HISTORY {
            self.history_more += 1;
            return;
        }
        let about = change.about.as_ref();
        self.history.push(Change {
            index: entry.index,
            term: entry.term,
            mark: entry::mark(entry.mark),
            change: entry::change_name(change.change).to_owned(),
            member: format!("{:x}", change.member),
            name: about.map(|about| about.name.clone()).filter(|name| !name.is_empty()),
            peer_urls: about.map(|about| about.peer_urls.clone()).unwrap_or_default(),
        });
    }

    fn finish(self, log: &mut LogFacts, facts: &mut CopyFacts) {
        log.tail.entries = self.tail.entries;
        log.tail.more = self.tail.more;
        facts.membership.history = self.history;
        facts.membership.history_more = self.history_more;
    }
}

/// A log that is open to be played back.
pub struct Playback {
    files: Vec<LogFile>,
    scan: Scan,
    applied: Option<u64>,
    /// Why it is not known which entries are applied; `None` when it is known.
    pub applied_unknown: Option<String>,
}

impl Playback {
    /// Opens the log of the copy at `path`.
    ///
    /// # Errors
    /// The path has no log, or it cannot be read.
    pub fn open(path: &Path, wal_dir: Option<&Path>) -> Result<Playback, Unrecognised> {
        let kind = recognise(path)?;
        let mut facts = CopyFacts { path: path.display().to_string(), ..CopyFacts::default() };
        let parts = Parts::find(&kind, wal_dir, &mut facts);
        let Some(folder) = &parts.wal else {
            let what = format!("{} without its write-ahead log", facts.kind.article());
            let instead = Some("a data directory, or --wal-dir DIR".to_owned());
            return Err(Unrecognised::Other { path: path.to_owned(), what, instead });
        };
        let (applied, applied_unknown) = match parts.database.as_deref().map(consistent_index) {
            Some(Ok(Some(index))) => (Some(index), None),
            Some(Ok(None)) => (None, Some("the database does not say what it has applied".to_owned())),
            Some(Err(why)) => (None, Some(format!("the database cannot be read: {why}"))),
            None => (None, Some("a log alone does not say what was applied".to_owned())),
        };
        let unreadable = |error| Unrecognised::Unreadable { path: folder.clone(), error };
        // whether or not a server holds it: a second look at the end of a log costs little
        let (files, scan) = scan_quietly(folder, true).map_err(unreadable)?;
        if files.is_empty() {
            let what = "a log directory without any file of a log".to_owned();
            return Err(Unrecognised::Other { path: folder.clone(), what, instead: None });
        }
        Ok(Playback { files, scan, applied, applied_unknown })
    }

    /// Shows the entries from index `from` on, in the order in which they were written, until `each` returns false.
    pub fn run(&self, from: u64, each: &mut dyn FnMut(&Replayed) -> io::Result<bool>) -> io::Result<()> {
        let segments = segments(&self.files);
        for entry in Replay::new(&segments, &self.scan, self.applied, from) {
            if !each(&entry)? {
                break;
            }
        }
        Ok(())
    }

    /// How the log ends, when it does not end well: a sentence, and whether that is damage.
    pub fn ending(&self) -> Option<(String, bool)> {
        match (&self.scan.ending, self.scan.damages.first.first()) {
            (_, Some(damage)) => Some((damage.to_string(), true)),
            (Ending::Torn(tear), None) => {
                let place = format!("segment {:016x}, offset {}", tear.segment, tear.offset);
                Some((
                    format!(
                        "the log ends in a torn record ({place}: {}); nothing acknowledged is in it",
                        tear.what
                    ),
                    false,
                ))
            }
            _ => None,
        }
    }
}
