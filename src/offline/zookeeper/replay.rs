//! What a server replays behind the snapshot that it loads, and what is missing there.

use super::logs::{self, ReadLog};
use super::snapshots::Loaded;
use super::{Reading, name, text};
use crate::facts::{ZookeeperFileState, ZookeeperLogFile, ZookeeperMissing, ZookeeperReplay};
use crate::format::zookeeper::{Zxid, follows};
use crate::offline::recognise::{Unrecognised, unreadable};
use std::io;
use std::path::{Path, PathBuf};

/// Places where transactions are missing that are named.
const KEPT: usize = 16;

/// Reads the logs that could be needed, and follows a start through them.
pub(super) fn read_logs(
    logs: &[(Zxid, PathBuf)],
    loaded: Option<Loaded>,
    reading: &mut Reading,
) -> Result<(), Unrecognised> {
    let oldest = loaded.as_ref().map_or(Zxid(0), |loaded| loaded.oldest);
    let needed = first_needed(logs, oldest);
    let from = loaded.as_ref().map(|loaded| first_needed(logs, loaded.zxid));
    let mut replay = reading.facts.start.take().map(|told| Replay::new(told, loaded.as_ref()));
    for (at, (zxid, path)) in logs.iter().enumerate() {
        if at < needed {
            reading.facts.logs.extend(listed(path));
            continue;
        }
        let within = from.is_some_and(|from| at >= from);
        let mut replay = replay.as_mut().filter(|_| within);
        let file = name(path);
        let read = logs::read(path, &mut |record| {
            if let Some(replay) = &mut replay {
                replay.take(record.header.zxid, &file);
            }
        });
        let read = match read {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(path, error)),
        };
        if let Some(replay) = &mut replay {
            replay.behind(&read);
        }
        judge(*zxid, &read, reading);
        reading.facts.logs.push(read.facts);
    }
    if let Some(replay) = replay {
        replay.finish(reading);
    }
    Ok(())
}

/// Position of the log that holds the transaction behind this one: the newest that does not begin after it.
fn first_needed(logs: &[(Zxid, PathBuf)], zxid: Zxid) -> usize {
    let next = Zxid(zxid.0.saturating_add(1));
    logs.iter().rposition(|(first, _)| *first <= next).unwrap_or(0)
}

/// An older one, that is not read.
fn listed(path: &Path) -> Option<ZookeeperLogFile> {
    let size_bytes = path.metadata().ok()?.len();
    Some(ZookeeperLogFile { file: name(path), size_bytes, ..ZookeeperLogFile::default() })
}

fn judge(named: Zxid, read: &ReadLog, reading: &mut Reading) {
    let file = &read.facts.file;
    reading.all_damaged(file, &read.damages);
    if let Some(first) = read.first.filter(|first| *first != named) {
        let what =
            format!("its first transaction is {first}: servers choose logs by their names and pass it over");
        reading.told(file.clone(), what);
    }
    logs::notes(read, reading);
}

/// A start, followed through the logs.
struct Replay {
    told: ZookeeperReplay,
    /// The last transaction that it has.
    last: Zxid,
    /// What the snapshot may hold of transactions behind its zxid.
    ended_at: Option<Zxid>,
    /// The last file that was looked at.
    file: String,
}

impl Replay {
    fn new(told: ZookeeperReplay, loaded: Option<&Loaded>) -> Replay {
        let last = loaded.map_or(Zxid(0), |loaded| loaded.zxid);
        let file = told.snapshot.clone().unwrap_or_default();
        Replay { told, last, ended_at: loaded.and_then(|loaded| loaded.ended_at), file }
    }

    fn take(&mut self, zxid: Zxid, file: &str) {
        // The log may begin before the snapshot.
        if self.told.transactions == 0 && zxid <= self.last {
            return;
        }
        if !follows(self.last, zxid) {
            self.missing(Some(zxid), file);
        }
        self.told.transactions += 1;
        self.last = zxid;
    }

    fn missing(&mut self, next: Option<Zxid>, file: &str) {
        if self.told.missing.len() < KEPT {
            let (after, next) = (text(self.last), next.map(text));
            let within_log = next.is_some() && self.told.transactions > 0;
            self.told.missing.push(ZookeeperMissing { after, next, file: file.to_owned(), within_log });
        } else {
            self.told.more_missing += 1;
        }
    }

    /// A log was read to its end.
    fn behind(&mut self, read: &ReadLog) {
        let facts = &read.facts;
        self.file.clone_from(&facts.file);
        self.told.first_log.get_or_insert_with(|| facts.file.clone());
        if read.refused {
            self.told.refusals.push(format!("{} is damaged where it would be replayed", facts.file));
        } else if read.cut {
            self.missing(None, &facts.file);
        }
    }

    fn finish(mut self, reading: &mut Reading) {
        self.told.log_seen = !reading.facts.logs.is_empty();
        let file = self.file.clone();
        if self.told.log_seen && self.ended_at.is_some_and(|ended| ended > self.last) {
            self.missing(None, &file);
        }
        self.told.last_zxid = text(self.last);
        self.refusals(reading);
        for missing in &self.told.missing {
            let what = match &missing.next {
                Some(next) => format!("transactions between {} and {next} are missing", missing.after),
                None => format!("transactions behind {} are missing", missing.after),
            };
            let server = match missing.within_log {
                true => "a server before 3.9.4 starts without them, a later one does not start",
                false => "a server starts without them",
            };
            reading.told(missing.file.clone(), format!("{what}: {server}"));
        }
        reading.more += self.told.more_missing;
        if !self.told.log_seen && self.told.snapshot.is_some() {
            reading.note("no transaction log lies in it: with a dataLogDir it is elsewhere (--wal-dir DIR)");
        }
        reading.facts.start = Some(self.told);
    }

    /// What servers look at before they start.
    fn refusals(&mut self, reading: &mut Reading) {
        let facts = &reading.facts;
        let stored =
            facts.logs.iter().any(|log| log.transactions > 0 || log.state == ZookeeperFileState::NotRead);
        let mut why: Vec<(String, String)> = Vec::new();
        self.told.starts_empty &= self.told.snapshot.is_none() && !stored;
        if self.told.starts_empty {
            let what = "servers take none of them for one, and no log has transactions: a server starts with an empty tree";
            return reading.told("snapshots".to_owned(), what.to_owned());
        }
        if self.told.snapshot.is_none() && !facts.snapshots.is_empty() {
            why.push(("snapshots".to_owned(), "none of them can be loaded".to_owned()));
        } else if self.told.snapshot.is_none() && stored {
            why.push(("snapshots".to_owned(), "there is none, and logs have transactions".to_owned()));
        }
        if let Some(epochs) = facts.epochs.filter(|_| self.told.snapshot.is_some()) {
            let last = self.last.epoch();
            let current = match epochs.current {
                Some(current) if current < last => epochs.current_tmp.unwrap_or(current),
                Some(current) => current,
                None => last,
            };
            if current < last {
                let what = format!("epoch {current} is older than that of the last transaction, {last}");
                why.push(("currentEpoch".to_owned(), what));
            }
            if let Some(accepted) = epochs.accepted.filter(|accepted| *accepted < current) {
                let what = format!("epoch {accepted} is older than the one in currentEpoch, {current}");
                why.push(("acceptedEpoch".to_owned(), what));
            }
        }
        for (at, what) in why {
            self.told.refusals.push(format!("{at}: {what}"));
            reading.told(at, format!("{what}: a server does not start"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::{Soundness, ZookeeperFiles};
    use crate::offline::zookeeper::read;
    use std::path::Path;

    /// A server's: begun and ended at 0x8e.
    const SNAPSHOT: &[u8] = include_bytes!("../../../tests/data/zookeeper/snapshot.8e");
    /// Of the same server: 0x1 to 0x8f.
    const LOG: &[u8] = include_bytes!("../../../tests/data/zookeeper/log.1");

    fn made(files: &[(&str, &[u8])]) -> ZookeeperFiles {
        let home = tempfile::tempdir().expect("a directory");
        let inside = home.path().join("version-2");
        std::fs::create_dir(&inside).expect("a directory");
        files.iter().for_each(|(name, bytes)| std::fs::write(inside.join(name), bytes).expect("a file"));
        read(home.path(), None).expect("ZooKeeper's")
    }

    fn start(files: &ZookeeperFiles) -> &crate::facts::ZookeeperReplay {
        files.start.as_ref().expect("a data directory")
    }

    #[test]
    fn a_start_follows_the_log_from_its_snapshot_on() {
        let files = made(&[("snapshot.8e", SNAPSHOT), ("log.1", LOG)]);
        let start = start(&files);
        assert_eq!((files.verdict, start.last_zxid.as_str()), (Soundness::Sound, "0x8f"), "{files:?}");
        assert_eq!((start.transactions, start.snapshot.as_deref()), (1, Some("snapshot.8e")));
    }

    #[test]
    fn what_a_snapshot_holds_partly_has_to_be_in_the_log() {
        // As if it had been begun earlier, and the log ended while it was written.
        let files = made(&[("snapshot.80", SNAPSHOT), ("log.1", &LOG[..16_000])]);
        let last = start(&files).last_zxid.clone();
        assert!(last.as_str() > "0x80" && last.as_str() < "0x8e", "{last}");
        let missing = &start(&files).missing;
        assert_eq!((missing.len(), &missing[0].next, missing[0].within_log), (1, &None, false));
        assert_eq!(files.logs[0].torn_at.is_some(), files.notes.len() == 1, "{files:?}");
        assert!(files.damages[0].what.contains(&format!("behind {last} are missing")), "{files:?}");
    }

    #[test]
    fn a_log_under_another_name_is_told() {
        let files = made(&[("snapshot.8e", SNAPSHOT), ("log.5", LOG)]);
        assert!(files.damages.iter().any(|d| d.at == "log.5" && d.what.contains("0x1")), "{files:?}");
    }

    #[test]
    fn why_a_server_does_not_start() {
        let epochs = |accepted: &'static [u8], current: &'static [u8]| {
            made(&[
                ("snapshot.8e", SNAPSHOT),
                ("log.1", LOG),
                ("acceptedEpoch", accepted),
                ("currentEpoch", current),
            ])
        };
        assert_eq!(start(&epochs(b"5", b"5\n")).refusals, [""; 0]);
        assert_eq!(start(&epochs(b"4", b"5")).refusals.len(), 1);
        let cut = &SNAPSHOT[..9000];
        for (files, why) in [
            (made(&[("snapshot.8e", cut), ("log.1", LOG)]), "none of them"),
            (made(&[("currentEpoch", b"0"), ("log.1", LOG)]), "there is none"),
        ] {
            let refusals = &start(&files).refusals;
            assert!(refusals.len() == 1 && refusals[0].contains(why), "{refusals:?}");
            assert_eq!(files.verdict, Soundness::Damaged);
        }
        // What is cut is no snapshot to a server, and where there is no log, nothing is missing to it.
        let empty = made(&[("snapshot.8e", cut)]);
        assert!(start(&empty).starts_empty && start(&empty).refusals.is_empty(), "{empty:?}");
        let mut flipped = SNAPSHOT.to_vec();
        flipped[9000] ^= 1;
        let refused = made(&[("snapshot.8e", &flipped)]);
        assert!(!start(&refused).starts_empty && start(&refused).refusals.len() == 1, "{refused:?}");
        // A log alone is no server's directory.
        assert!(made(&[("log.1", LOG)]).start.is_none());
        let home = tempfile::tempdir().expect("a directory");
        assert!(read(home.path(), None).is_err() && read(Path::new("/nonexistent"), None).is_err());
    }
}
