//! One log, read to its end.

use super::{Reading, moment, name, text};
use crate::facts::{ZookeeperFileState, ZookeeperLogFile};
use crate::files::FileSource;
use crate::format::source::{Damage, Damages, Place, Source};
use crate::format::zookeeper::{LogHead, LogReader, Record, SERVER_LIMIT, Zxid};
use std::io;
use std::path::Path;

/// A log that was read.
pub(super) struct ReadLog {
    pub(super) facts: ZookeeperLogFile,
    pub(super) damages: Damages,
    pub(super) first: Option<Zxid>,
    /// Servers do not start when they come to what is damaged in it.
    pub(super) refused: bool,
    /// Records stand behind damage that servers take for the end.
    pub(super) cut: bool,
}

/// Reads one; `each` sees every transaction up to the first damage: those behind it no server comes to.
pub(super) fn read(path: &Path, each: &mut dyn FnMut(&Record)) -> io::Result<ReadLog> {
    let source = FileSource::open(path)?;
    let facts = ZookeeperLogFile {
        file: name(path),
        size_bytes: source.len(),
        state: ZookeeperFileState::Whole,
        ..ZookeeperLogFile::default()
    };
    let mut read = ReadLog { facts, damages: Damages::default(), first: None, refused: false, cut: false };
    match LogReader::open(&source) {
        Ok((_, LogHead::Empty)) => {
            let what = "the file is empty: a server before 3.9.3 does not start on it (ZOOKEEPER-2332)";
            read.damages.push(Damage::new(Place::File, what));
        }
        Ok((mut reader, LogHead::Whole)) => {
            read.records(&mut reader, each);
            read.refused = reader.refused();
        }
        Err(damage) => {
            read.damages.push(damage);
            read.refused = true;
        }
    }
    if !read.damages.is_empty() {
        read.facts.state = ZookeeperFileState::Damaged;
    }
    Ok(read)
}

impl ReadLog {
    fn records(&mut self, reader: &mut LogReader<'_>, each: &mut dyn FnMut(&Record)) {
        let mut last = None;
        while let Some(next) = reader.next_record() {
            match next {
                Ok(record) => {
                    if self.damages.is_empty() {
                        each(&record);
                    } else {
                        self.cut = true;
                    }
                    self.count(&record);
                    last = Some(record);
                }
                Err(damage) => self.damages.push(damage),
            }
        }
        let ending = reader.ending();
        self.facts.used_bytes = ending.at;
        self.facts.torn_at = ending.torn;
        if let Some(record) = last {
            self.facts.last_zxid = Some(text(record.header.zxid));
            self.facts.last_time = moment(record.header.time_ms);
        }
    }

    fn count(&mut self, record: &Record) {
        let facts = &mut self.facts;
        if self.first.is_none() {
            self.first = Some(record.header.zxid);
            facts.first_zxid = Some(text(record.header.zxid));
        }
        facts.transactions += 1;
        facts.longest_bytes = facts.longest_bytes.max(record.length);
        let kind = record.txn.as_ref().map_or("too-long", |txn| txn.operation.kind.name());
        match facts.types.get_mut(kind) {
            Some(count) => *count += 1,
            None => {
                facts.types.insert(kind.to_owned(), 1);
            }
        }
    }
}

/// What is worth knowing of one.
pub(super) fn notes(read: &ReadLog, reading: &mut Reading) {
    let facts = &read.facts;
    if let Some(at) = facts.torn_at {
        let what = "a crash leaves it, and no client was told that it is done";
        reading.note(format!("{} ends in a record that is not whole, offset {at}: {what}", facts.file));
    }
    if facts.longest_bytes > SERVER_LIMIT {
        reading.note(format!(
            "{} has a transaction of {} bytes: a server needs a jute.maxbuffer above the default to read it",
            facts.file, facts.longest_bytes
        ));
    }
}
