//! Records through all segments, with the checksum chained.

use super::frame::{Frame, Frames};
use super::record::{CRC, Raw, Record};
use crate::format::source::{Damage, Source};
use serde::Serialize;

/// A file of the log.
#[derive(Clone, Copy)]
pub struct Segment<'s> {
    /// Its number, from its name. Consecutive.
    pub sequence: u64,
    /// Index of its first entry, from its name; 0 for the first file.
    pub first_index: u64,
    /// Its content.
    pub source: &'s dyn Source,
}

/// Sequence and first index of a segment's file name, `%016x-%016x.wal`.
pub fn segment_name(name: &str) -> Option<(u64, u64)> {
    let (sequence, index) = name.strip_suffix(".wal")?.split_once('-')?;
    let number = |text: &str| {
        let hex = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        hex.then(|| u64::from_str_radix(text, 16).ok()).flatten()
    };
    Some((number(sequence)?, number(index)?))
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Sequence number of its segment.
    pub segment: u64,
    /// Offset of its frame in that file.
    pub offset: u64,
    /// Its number among all records read, from 0.
    pub ordinal: u64,
}

/// How a log ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Behind a whole record.
    Clean {
        /// Bytes of the last file up to there.
        at: u64,
        /// Bytes behind, all zero. 0 means that the file ends with the record: it was never preallocated, or cut.
        room: u64,
    },
    /// In a record that a crash tore. etcd cuts it off at start.
    Torn(Tear),
    /// In damage: what stands behind cannot be trusted.
    Damaged(Damage),
}

/// A torn record at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tear {
    /// Sequence number of the segment.
    pub segment: u64,
    /// Where the torn record starts; the log is whole up to there.
    pub offset: u64,
    /// How it is seen.
    pub what: String,
}

/// Reads records in the order in which they were written.
pub(super) struct Reader<'a, 's> {
    segments: &'a [Segment<'s>],
    current: usize,
    frames: Option<Frames<'s>>,
    /// Checksum over the data of all records so far; `None` before the first file's own.
    crc: Option<u32>,
    ordinal: u64,
    /// Whether the current file's opening checksum was read.
    opened: bool,
    /// For each file the ordinal of its first record; none for those that are passed over. Without it all are read.
    wanted: Option<Vec<Option<u64>>>,
    /// Set at the end.
    pub(super) ending: Option<Ending>,
    /// Frames passed in the current segment and where they end.
    pub(super) passed: u64,
}

impl<'a, 's> Reader<'a, 's> {
    pub(super) fn new(segments: &'a [Segment<'s>]) -> Reader<'a, 's> {
        Reader {
            segments,
            current: 0,
            frames: None,
            crc: None,
            ordinal: 0,
            opened: false,
            wanted: None,
            ending: None,
            passed: 0,
        }
    }

    /// Reads only some files of a log that was proven before, each by itself.
    pub(super) fn of(segments: &'a [Segment<'s>], wanted: Vec<Option<u64>>) -> Reader<'a, 's> {
        Reader { wanted: Some(wanted), ..Reader::new(segments) }
    }

    /// The segment that is being read.
    pub(super) fn segment(&self) -> Option<&Segment<'s>> {
        self.segments.get(self.current)
    }

    /// The next record; `None` at the end, whose kind is then in `ending`.
    pub(super) fn next(&mut self) -> Option<(Position, Record<'_>)> {
        let (position, raw) = self.next_raw()?;
        Some((position, Record::parse(&raw).ok()?))
    }

    /// The same, as it stands in its frame.
    pub(super) fn next_raw(&mut self) -> Option<(Position, Raw<'_>)> {
        if self.ending.is_some() {
            return None;
        }
        match self.step() {
            Ok(true) => {}
            Ok(false) => return None,
            Err(damage) => {
                self.ending = Some(Ending::Damaged(damage));
                return None;
            }
        }
        // step has proven the record; parsing it again borrows it from the buffer, which the loop could not
        let segment = self.segment()?.sequence;
        let position = Position { segment, offset: self.passed, ordinal: self.ordinal };
        self.ordinal += 1;
        Some((position, Raw::parse(self.frames.as_ref()?.bytes()).ok()?))
    }

    /// Moves to the next record that is not a checksum; false at the end.
    fn step(&mut self) -> Result<bool, Damage> {
        loop {
            self.pass_over();
            let Some(segment) = self.segments.get(self.current) else {
                self.ending.get_or_insert(Ending::Clean { at: 0, room: 0 });
                return Ok(false);
            };
            let frames = self.frames.get_or_insert_with(|| Frames::new(segment.source, segment.sequence));
            match frames.next()? {
                Frame::Record { offset } => {
                    if self.take(offset)? {
                        self.passed = offset;
                        return Ok(true);
                    }
                    if self.ending.is_some() {
                        return Ok(false);
                    }
                }
                Frame::End => {
                    if !self.close_segment()? {
                        return Ok(false);
                    }
                }
                Frame::Cut { what, claimed } => {
                    self.cut(what, claimed)?;
                    return Ok(false);
                }
            }
        }
    }

    /// At the start of a file: goes to the next one that is wanted. Its own first checksum then stands for those before.
    fn pass_over(&mut self) {
        let Some(wanted) = self.wanted.as_ref().filter(|_| self.frames.is_none()) else { return };
        let ordinal = |at: usize| wanted.get(at).copied().flatten();
        while self.current < self.segments.len() && ordinal(self.current).is_none() {
            self.current += 1;
            self.crc = None;
        }
        self.ordinal = ordinal(self.current).unwrap_or(self.ordinal);
    }

    /// Proves the record read last. True when it is one for the caller, false for a checksum or the end.
    fn take(&mut self, offset: u64) -> Result<bool, Damage> {
        let Some(frames) = &self.frames else { return Ok(false) };
        let problem = match Raw::parse(frames.bytes()) {
            Err(malformed) => format!("the record does not decode: {malformed}"),
            Ok(raw) if raw.kind == CRC => {
                let sum = raw.crc;
                self.check_opening(offset, sum, raw.data.is_empty())?;
                return Ok(false);
            }
            Ok(raw) => {
                let Some(crc) = self.crc.filter(|_| self.opened) else {
                    return Err(frames.damage(offset, "the segment does not open with a checksum"));
                };
                let sum = crc32c::crc32c_append(crc, raw.data);
                if sum == raw.crc {
                    if let Err(malformed) = Record::parse(&raw) {
                        return Err(frames.damage(offset, format!("the record does not decode: {malformed}")));
                    }
                    self.crc = Some(sum);
                    return Ok(true);
                }
                format!("the record's checksum is {:08x}, its content gives {sum:08x}", raw.crc)
            }
        };
        self.tear(offset, problem)
    }

    /// A bad record in the last file with an unwritten sector is what a crash leaves, if nothing stands behind it.
    fn tear(&mut self, offset: u64, problem: String) -> Result<bool, Damage> {
        let last = self.current + 1 == self.segments.len();
        let segment = self.segments[self.current].sequence;
        let Some(frames) = &mut self.frames else { return Ok(false) };
        let end = frames.at;
        if !last || !frames.has_zero_sector(offset) {
            return Err(frames.damage(offset, problem));
        }
        if let Some(written) = frames.first_written(end)? {
            let what = format!(
                "{problem}; etcd would take it for a torn end and drop what stands from offset {written} on"
            );
            return Err(frames.damage(offset, what));
        }
        self.ending = Some(Ending::Torn(Tear { segment, offset, what: problem }));
        Ok(false)
    }

    fn check_opening(&mut self, offset: u64, sum: u32, bare: bool) -> Result<(), Damage> {
        let Some(frames) = &self.frames else { return Ok(()) };
        let sequence = self.segments[self.current].sequence;
        if self.opened || offset != 0 || !bare {
            return Err(frames.damage(offset, "a checksum record in the middle of a segment"));
        }
        if self.crc.is_some_and(|crc| crc != sum) || (sequence == 0 && sum != 0) {
            let had = self.crc.unwrap_or(0);
            let what =
                format!("the segment continues checksum {sum:08x}, the one before it ends with {had:08x}");
            return Err(frames.damage(offset, what));
        }
        self.crc = Some(sum);
        self.opened = true;
        Ok(())
    }

    /// Ends a segment at zeros or the end of its file; false when it was the last.
    fn close_segment(&mut self) -> Result<bool, Damage> {
        let Some(frames) = &mut self.frames else { return Ok(false) };
        let at = frames.at;
        if let Some(written) = frames.first_written(at)? {
            let what = format!(
                "the log stops at zeros and goes on at offset {written}: etcd would lose what stands there"
            );
            return Err(frames.damage(at, what));
        }
        let room = frames.length() - at;
        if !self.opened {
            return Err(frames.damage(0, "the segment is empty"));
        }
        self.passed = at;
        let last = self.current + 1 == self.segments.len();
        if last {
            self.ending = Some(Ending::Clean { at, room });
            return Ok(false);
        }
        let (this, next) = (self.segments[self.current], self.segments[self.current + 1]);
        if this.sequence.checked_add(1) != Some(next.sequence) {
            let what = format!("segment {:016x} follows: there is a gap in the log", next.sequence);
            return Err(frames.damage(at, what));
        }
        self.current += 1;
        self.frames = None;
        self.opened = false;
        Ok(true)
    }

    /// The file ends inside of a frame. In the last file that is a torn end, unless the length word contradicts the record.
    fn cut(&mut self, what: String, claimed: Option<u64>) -> Result<(), Damage> {
        let last = self.current + 1 == self.segments.len();
        let segment = self.segments[self.current].sequence;
        let Some(frames) = &self.frames else { return Ok(()) };
        let offset = frames.at;
        if claimed.is_some_and(|claimed| contradicts(frames.bytes(), claimed)) {
            return Err(
                frames.damage(offset, format!("{what} is longer than the file, and not what its head says"))
            );
        }
        let what = format!("the file ends in {what}");
        if !last {
            return Err(frames.damage(offset, what));
        }
        self.ending = Some(Ending::Torn(Tear { segment, offset, what }));
        Ok(())
    }
}

/// Whether the first bytes of a record say another length than its frame. A head that is cut says nothing.
fn contradicts(head: &[u8], claimed: u64) -> bool {
    let mut at = 0usize;
    let varint = |at: &mut usize| -> Option<u64> {
        let mut value = 0u64;
        for shift in 0..10 {
            let byte = *head.get(*at)?;
            *at += 1;
            value |= u64::from(byte & 0x7f) << (7 * shift);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    };
    loop {
        let Some(tag) = varint(&mut at) else { return false };
        let Some(value) = varint(&mut at) else { return false };
        match tag {
            0x08 | 0x10 => {}
            0x1a => return (at as u64).checked_add(value) != Some(claimed),
            _ => return true,
        }
        if at as u64 >= claimed {
            return true;
        }
    }
}
