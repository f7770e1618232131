//! Frames of one segment: a length word, a record, padding to eight bytes.

use crate::format::source::{Damage, Place, Source, read_full};

/// Bytes of the length word.
const WORD: u64 = 8;
/// Longest record that is read: etcd's own requests end at 1.5 MiB unless raised.
const MAX_RECORD: u64 = 32 << 20;
/// Bytes read at once.
const CHUNK: usize = 256 << 10;
/// What a disk writes whole or not at all.
const SECTOR: u64 = 512;

/// What stands at an offset of a segment.
pub(super) enum Frame {
    /// A record between these two places of [`Frames::bytes`].
    Record {
        /// Where its frame starts.
        offset: u64,
    },
    /// Zeros or the end of the file.
    End,
    /// The end of the file cuts it.
    Cut {
        /// What is cut.
        what: String,
        /// Bytes that the length word claims, when it is there.
        claimed: Option<u64>,
    },
}

/// Reads a segment's frames one after the other.
pub(super) struct Frames<'s> {
    source: &'s dyn Source,
    segment: u64,
    length: u64,
    /// Where the next frame starts.
    pub(super) at: u64,
    buffer: Vec<u8>,
    buffer_at: u64,
    record: (usize, usize),
}

impl<'s> Frames<'s> {
    pub(super) fn new(source: &'s dyn Source, segment: u64) -> Frames<'s> {
        let (buffer, record) = (Vec::new(), (0, 0));
        Frames { source, segment, length: source.len(), at: 0, buffer, buffer_at: 0, record }
    }

    /// Bytes in the segment's file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The record of the frame read last.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.record.0..self.record.1]
    }

    /// The next frame. Its padding is checked, its record is not looked into.
    pub(super) fn next(&mut self) -> Result<Frame, Damage> {
        let offset = self.at;
        let there = self.fill(offset, WORD)?;
        if there == 0 {
            return Ok(Frame::End);
        }
        if there < WORD {
            return match self.is_zero(offset)? {
                true => Ok(Frame::End),
                false => Ok(Frame::Cut { what: format!("{there} bytes of a length word"), claimed: None }),
            };
        }
        let start = (offset - self.buffer_at) as usize;
        let word =
            self.buffer[start..start + 8].iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        if word == 0 {
            return Ok(Frame::End);
        }
        let (bytes, padding) = split(word);
        let expected = if word >> 63 == 1 { bytes.wrapping_neg() % 8 } else { 0 };
        let marks = if expected == 0 { 0 } else { 0x80 | expected };
        if padding != expected || word >> 56 != marks {
            return Err(self.damage(offset, "a length word that etcd does not write"));
        }
        let whole = bytes + padding;
        if whole > self.length - offset - WORD {
            let what = format!("a record of {bytes} bytes");
            self.fill(offset + WORD, (self.length - offset - WORD).min(64))?;
            let from = (offset + WORD - self.buffer_at) as usize;
            self.record = (from, self.buffer.len());
            return Ok(Frame::Cut { what, claimed: Some(bytes) });
        }
        if bytes > MAX_RECORD {
            let what = format!("a record of {bytes} bytes is more than this reader holds");
            return Err(self.damage(offset, what));
        }
        if self.fill(offset + WORD, whole)? < whole {
            return Err(self.damage(offset, "the file became shorter while it was read"));
        }
        let from = (offset + WORD - self.buffer_at) as usize;
        self.record = (from, from + bytes as usize);
        self.at = offset + WORD + whole;
        if self.buffer[self.record.1..self.record.1 + padding as usize].iter().any(|byte| *byte != 0) {
            return Err(self.damage(offset, "its padding is not zero"));
        }
        Ok(Frame::Record { offset })
    }

    /// Whether a write that a crash tore could look like the record read last: a sector of it was never written. This is
    /// etcd's own rule.
    pub(super) fn has_zero_sector(&self, offset: u64) -> bool {
        let mut at = offset + WORD;
        let mut rest = self.bytes();
        while !rest.is_empty() {
            let take = ((SECTOR - at % SECTOR) as usize).min(rest.len());
            let (sector, behind) = rest.split_at(take);
            if sector.iter().all(|byte| *byte == 0) {
                return true;
            }
            at += take as u64;
            rest = behind;
        }
        false
    }

    /// The first byte at or behind `from` that is not zero; `None` when the file is empty from there.
    pub(super) fn first_written(&mut self, from: u64) -> Result<Option<u64>, Damage> {
        let mut at = from;
        let mut chunk = vec![0u8; CHUNK];
        while at < self.length {
            let read = read_full(self.source, at, &mut chunk).map_err(|damage| self.relocate(damage))?;
            if read == 0 {
                break;
            }
            if let Some(written) = chunk[..read].iter().position(|byte| *byte != 0) {
                return Ok(Some(at + written as u64));
            }
            at += read as u64;
        }
        Ok(None)
    }

    /// Damage at an offset of this segment.
    pub(super) fn damage(&self, offset: u64, what: impl Into<String>) -> Damage {
        Damage::new(Place::Log { segment: self.segment, offset }, what)
    }

    fn is_zero(&mut self, from: u64) -> Result<bool, Damage> {
        Ok(self.first_written(from)?.is_none())
    }

    /// Has up to `wanted` bytes from `offset` in the buffer; returns how many there are.
    fn fill(&mut self, offset: u64, wanted: u64) -> Result<u64, Damage> {
        let end = self.buffer_at + self.buffer.len() as u64;
        if offset < self.buffer_at || offset + wanted > end {
            // what is wanted starts in the buffer or behind it: keep the part that is there, read on from its end
            let keep = offset.clamp(self.buffer_at, end);
            self.buffer.drain(..(keep - self.buffer_at) as usize);
            self.buffer_at = keep;
            if self.buffer.is_empty() {
                self.buffer_at = offset;
            }
            let held = self.buffer.len();
            let size = (wanted as usize).max(CHUNK.min((self.length - offset) as usize));
            if held < size {
                self.buffer.resize(size, 0);
                let from = self.buffer_at + held as u64;
                let read = read_full(self.source, from, &mut self.buffer[held..]);
                let read = read.map_err(|damage| Damage {
                    at: Place::Log { segment: self.segment, offset: from },
                    what: damage.what,
                })?;
                self.buffer.truncate(held + read);
            }
        }
        Ok((self.buffer_at + self.buffer.len() as u64).saturating_sub(offset).min(wanted))
    }

    fn relocate(&self, damage: Damage) -> Damage {
        let offset = match damage.at {
            Place::Offset(offset) => offset,
            _ => 0,
        };
        self.damage(offset, damage.what)
    }
}

/// Record bytes and padding of a length word.
fn split(word: u64) -> (u64, u64) {
    let bytes = word & ((1 << 56) - 1);
    let padding = if word >> 63 == 1 { word >> 56 & 7 } else { 0 };
    (bytes, padding)
}
