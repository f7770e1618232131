//! A transaction log, record by record: each is proven by its own checksum. Where servers stop in silence, this one looks
//! at what stands behind.

use super::txn::{HEADER, Header, Txn, decode, header};
use crate::format::source::{Damage, Place, Source, read_full};
use adler2::Adler32;

/// `ZKLG`.
const MAGIC: [u8; 4] = *b"ZKLG";
/// Length of a file's head.
const HEAD: u64 = 16;
/// Checksum and length before a record.
const BEFORE: usize = 12;
/// Behind every record.
const END: u8 = b'B';
/// Longest record that is held and taken apart; of a longer one the checksum is proven and the header read.
const HELD: usize = 4 << 20;
/// How much is read at once.
const CHUNK: usize = 64 << 10;
/// How much is summed up in search of records behind damage, in one file.
const SEARCH: u64 = 256 << 20;

/// The longest record that a server with default settings takes: `jute.maxbuffer` and as much again (extrasize).
pub const SERVER_LIMIT: u64 = 2 * 0xf_ffff;

/// Whether a file is a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogHead {
    /// It has a whole head.
    Whole,
    /// There is nothing in it.
    Empty,
}

/// A record that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub offset: u64,
    /// Length of the transaction in bytes.
    pub length: u64,
    /// Whose it is.
    pub header: Header,
    /// The transaction; `None` when it is too long to be held.
    pub txn: Option<Txn>,
}

/// What stands behind the last record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ending {
    /// End of the last whole record.
    pub at: u64,
    /// Where a record stands that was not written to its end; servers pass over it.
    pub torn: Option<u64>,
}

/// Reads records in their order. Damage is told and passed over where a whole record can be found behind it.
pub struct LogReader<'a> {
    source: &'a dyn Source,
    at: u64,
    held: Vec<u8>,
    held_from: u64,
    torn: Option<u64>,
    over: bool,
    /// What of [`SEARCH`] is left.
    search: u64,
    refused: bool,
}

impl<'a> LogReader<'a> {
    /// Looks at the head of a file.
    ///
    /// # Errors
    /// It is no log.
    pub fn open(source: &'a dyn Source) -> Result<(LogReader<'a>, LogHead), Damage> {
        let mut head = [0; HEAD as usize];
        let read = read_full(source, 0, &mut head)?;
        let mut reader = LogReader {
            source,
            at: HEAD,
            held: Vec::new(),
            held_from: 0,
            torn: None,
            over: false,
            search: SEARCH,
            refused: false,
        };
        if read == 0 {
            reader.over = true;
            return Ok((reader, LogHead::Empty));
        }
        if head[..4] != MAGIC {
            return Err(Damage::new(Place::Offset(0), "it does not begin with ZKLG: no transaction log"));
        }
        if read < head.len() {
            return Err(Damage::new(Place::Offset(read as u64), "the file ends in its head"));
        }
        if head[4..8] != [0, 0, 0, 2] {
            return Err(Damage::new(Place::Offset(4), "a version of the format that is not known"));
        }
        Ok((reader, LogHead::Whole))
    }

    /// How it ends; complete once all was read.
    pub fn ending(&self) -> Ending {
        Ending { at: self.at, torn: self.torn }
    }

    /// Whether servers refuse to start on what was damaged so far, instead of taking it for the end.
    pub fn refused(&self) -> bool {
        self.refused
    }

    /// The next record, or damage; `None` at the end.
    pub fn next_record(&mut self) -> Option<Result<Record, Damage>> {
        if self.over {
            return None;
        }
        match self.look() {
            Ok(next) => next,
            Err(damage) => self.stop(damage),
        }
    }

    fn look(&mut self) -> Result<Option<Result<Record, Damage>>, Damage> {
        if let Read::Whole(record, end) = self.record(self.at)? {
            self.at = end;
            return Ok(Some(Ok(*record)));
        }
        let behind = self.behind()?;
        // A server may have written it while what is behind was looked at.
        self.held.clear();
        Ok(match self.record(self.at)? {
            Read::Whole(record, end) => {
                self.at = end;
                Some(Ok(*record))
            }
            Read::Bad(what, refused) => self.bad(what, refused, behind),
        })
    }

    fn stop(&mut self, damage: Damage) -> Option<Result<Record, Damage>> {
        self.over = true;
        Some(Err(damage))
    }

    /// Judges what is no record by what stands behind it.
    fn bad(&mut self, what: String, refused: bool, behind: Behind) -> Option<Result<Record, Damage>> {
        let offset = self.at;
        let before = self.refused;
        self.refused |= refused;
        match behind {
            Behind::Record(next) => {
                self.at = next;
                let server = if refused { "does not start on it" } else { "takes it for the end" };
                let what = format!(
                    "{what}: a server {server}, and whole records stand behind it, from offset {next} on"
                );
                Some(Err(Damage::new(Place::Offset(offset), what)))
            }
            Behind::Bytes if refused => self
                .stop(Damage::new(Place::Offset(offset), format!("{what}: a server does not start on it"))),
            Behind::Bytes => {
                self.torn = Some(offset);
                self.over = true;
                None
            }
            Behind::Nothing => {
                self.refused = before;
                self.over = true;
                None
            }
        }
    }

    /// Bytes from `offset` on, fewer at the end of the file.
    fn bytes(&mut self, offset: u64, length: usize) -> Result<&[u8], Damage> {
        let from = offset.checked_sub(self.held_from).and_then(|from| usize::try_from(from).ok());
        let there = from.is_some_and(|from| from + length <= self.held.len());
        if !there {
            self.held.resize(length.max(CHUNK), 0);
            let read = read_full(self.source, offset, &mut self.held)?;
            self.held.truncate(read);
            self.held_from = offset;
        }
        let from = usize::try_from(offset - self.held_from).unwrap_or(usize::MAX);
        let all = self.held.get(from..).unwrap_or_default();
        Ok(&all[..all.len().min(length)])
    }

    fn record(&mut self, offset: u64) -> Result<Read, Damage> {
        let size = self.source.len();
        let before = self.bytes(offset, BEFORE)?;
        let Some((stored, length)) = before_record(before) else {
            return Ok(Read::Bad("the file ends in the head of a record".to_owned(), false));
        };
        if length <= 0 {
            return Ok(Read::Bad(format!("the length of the record is {length}"), length < -1));
        }
        let length = length as u64;
        let end = offset + BEFORE as u64 + length + 1;
        if end > size {
            let what = format!("a record of {length} bytes reaches beyond the end");
            return Ok(Read::Bad(what, length > SERVER_LIMIT));
        }
        let (computed, last) = self.sum(offset + BEFORE as u64, length)?;
        if last != Some(END) {
            return Ok(Read::Bad("the record does not end with its mark".to_owned(), false));
        }
        if stored != i64::from(computed) {
            let what = format!("the record's checksum is {stored:x}, its bytes give {computed:x}");
            return Ok(Read::Bad(what, true));
        }
        let payload = self.bytes(offset + BEFORE as u64, (length as usize).min(HELD))?;
        let whole = payload.len() as u64 == length;
        let Some(header) = header(payload) else {
            return Ok(Read::Bad("the record is too short to be a transaction".to_owned(), true));
        };
        let txn = if whole { decode(payload) } else { None };
        if whole && txn.is_none() {
            let what = format!("the transaction is not what its type {} says", header.kind);
            return Ok(Read::Bad(what, true));
        }
        Ok(Read::Whole(Box::new(Record { offset, length, header, txn }), end))
    }

    /// Checksum of a payload, and the byte behind it.
    fn sum(&mut self, offset: u64, length: u64) -> Result<(u32, Option<u8>), Damage> {
        let mut sum = Adler32::new();
        if length < HELD as u64 {
            let bytes = self.bytes(offset, length as usize + 1)?;
            sum.write_slice(&bytes[..bytes.len().min(length as usize)]);
            return Ok((sum.checksum(), bytes.get(length as usize).copied()));
        }
        let (mut at, mut left) = (offset, length);
        while left > 0 {
            let piece = left.min(CHUNK as u64) as usize;
            let bytes = self.bytes(at, piece)?;
            if bytes.is_empty() {
                return Ok((0, None));
            }
            sum.write_slice(bytes);
            let read = bytes.len() as u64;
            (at, left) = (at + read, left - read);
        }
        let last = self.bytes(at, 1)?.first().copied();
        Ok((sum.checksum(), last))
    }

    /// What stands behind a place that holds no record: a whole one, anything, or zeros only.
    fn behind(&mut self) -> Result<Behind, Damage> {
        let mut window = vec![0; CHUNK];
        let (mut at, mut anything) = (self.at, false);
        loop {
            let read = read_full(self.source, at, &mut window)?;
            if read == 0 {
                return Ok(if anything { Behind::Bytes } else { Behind::Nothing });
            }
            let piece = &window[..read];
            if piece.iter().any(|byte| *byte != 0) {
                anything = true;
                for begin in candidates(piece).map(|place| at + place as u64) {
                    if begin > self.at && self.is_record(begin)? {
                        return Ok(Behind::Record(begin));
                    }
                }
            }
            // A head may lie across the border of two windows.
            if read < window.len() {
                at += read as u64;
            } else {
                at += (read - BEFORE) as u64;
            }
        }
    }

    /// Whether a whole record stands there, as far as its checksum tells.
    fn is_record(&mut self, offset: u64) -> Result<bool, Damage> {
        let mut before = [0; BEFORE];
        let read = read_full(self.source, offset, &mut before)?;
        let Some((stored, length)) = before_record(&before[..read]) else { return Ok(false) };
        let fits =
            length as i64 >= HEADER as i64 && offset + (BEFORE as u64) + (length as u64) < self.source.len();
        if !fits || self.search < length as u64 {
            return Ok(false);
        }
        self.search -= length as u64;
        let (computed, last) = self.sum(offset + BEFORE as u64, length as u64)?;
        Ok(last == Some(END) && i64::from(computed) == stored)
    }
}

/// What was read at a place.
enum Read {
    /// A record, and where it ends.
    Whole(Box<Record>, u64),
    /// None: why, and whether it is one with a checksum or content that servers refuse to start on.
    Bad(String, bool),
}

enum Behind {
    Record(u64),
    Bytes,
    Nothing,
}

fn before_record(bytes: &[u8]) -> Option<(i64, i32)> {
    let sum = i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
    Some((sum, i32::from_be_bytes(bytes.get(8..BEFORE)?.try_into().ok()?)))
}

/// Places where the head of a record may stand: the upper half of its checksum is zero, and so is the first byte of its
/// length; the rest is not.
fn candidates(piece: &[u8]) -> impl Iterator<Item = usize> + '_ {
    piece.windows(BEFORE).enumerate().filter_map(|(at, head)| {
        let plausible = head[..4] == [0; 4] && head[4..8] != [0; 4] && head[8] == 0 && head[9..] != [0; 3];
        plausible.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn head() -> Vec<u8> {
        [&MAGIC[..], &[0, 0, 0, 2], &[0; 8]].concat()
    }

    /// A record that sets a value of so many bytes.
    fn record(zxid: u64, value: usize) -> Vec<u8> {
        let lengths = [2u32.to_be_bytes(), (value as u32).to_be_bytes()];
        let body = [&lengths[0][..], b"/a", &lengths[1], &vec![b'v'; value], &[0; 4]].concat();
        let payload = [&[0; 12][..], &zxid.to_be_bytes(), &[0; 8], &5i32.to_be_bytes(), &body].concat();
        let mut sum = Adler32::new();
        sum.write_slice(&payload);
        let before =
            [u64::from(sum.checksum()).to_be_bytes().to_vec(), (payload.len() as u32).to_be_bytes().to_vec()];
        [before.concat(), payload, vec![END]].concat()
    }

    type Told = (Vec<u64>, Vec<String>, Option<u64>, bool);

    /// Zxids, damages, where it is torn, whether servers refuse it.
    fn told(source: &dyn Source) -> Told {
        let (mut reader, _) = LogReader::open(source).expect("a log");
        let (mut zxids, mut damages) = (Vec::new(), Vec::new());
        while let Some(next) = reader.next_record() {
            match next {
                Ok(record) => zxids.push(record.header.zxid.0),
                Err(damage) => damages.push(damage.to_string()),
            }
        }
        (zxids, damages, reader.ending().torn, reader.refused())
    }

    #[test]
    fn what_stands_behind_decides_between_torn_and_damaged() {
        let [one, two, three] = [1, 2, 3].map(|zxid| record(zxid, 40));
        let whole = [head(), one.clone(), two.clone(), three.clone(), vec![0; 5000]].concat();
        assert_eq!(told(&whole), (vec![1, 2, 3], vec![], None, false));
        let second = 16 + one.len();
        let last = second + two.len();
        assert_eq!(told(&whole[..last + 20].to_vec()), (vec![1, 2], vec![], Some(last as u64), false));
        let mut wrong = whole.clone();
        wrong[second + 30] ^= 1;
        let (zxids, damages, torn, refused) = told(&wrong);
        assert_eq!((zxids, torn, refused), (vec![1, 3], None, true));
        assert!(
            damages[0].contains(&format!("offset {second}")) && damages[0].contains("does not start"),
            "{damages:?}"
        );
        let mut zeroed = whole.clone();
        zeroed[second..second + 12].fill(0);
        let (zxids, damages, _, refused) = told(&zeroed);
        assert_eq!((zxids, refused), (vec![1, 3], false));
        assert!(damages[0].contains("takes it for the end"), "{damages:?}");
        let mut last_wrong = whole.clone();
        last_wrong[last + 40] ^= 1;
        assert!(told(&last_wrong).3 && told(&last_wrong).2.is_none());
    }

    #[test]
    fn a_record_longer_than_is_held_is_proven_all_the_same() {
        let mut file = [head(), record(1, HELD + 5), record(2, 1)].concat();
        assert_eq!(told(&file), (vec![1, 2], vec![], None, false));
        file[HELD / 2] ^= 1;
        assert_eq!(told(&file).0, [2]);
    }

    /// A file to which a server writes its last record while it is read.
    struct Growing {
        bytes: Vec<u8>,
        late: usize,
        asked: Cell<u32>,
    }

    impl Source for Growing {
        fn len(&self) -> u64 {
            self.bytes.len() as u64
        }

        fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
            self.asked.set(self.asked.get() + 1);
            let mut seen = self.bytes.clone();
            if self.asked.get() <= 3 {
                seen[self.late..].fill(0);
            }
            seen.as_slice().read_at(offset, into)
        }
    }

    #[test]
    fn what_is_written_meanwhile_is_read_or_not_yet_there() {
        let first = [head(), record(1, 40)].concat();
        for cut in [0, 5, 30] {
            let bytes = [first.clone(), record(2, 40), vec![0; 100]].concat();
            let source = Growing { bytes, late: first.len() + cut, asked: Cell::new(0) };
            let (zxids, damages, torn, _) = told(&source);
            assert_eq!((zxids, damages, torn), (vec![1, 2], vec![], None), "{cut}");
        }
    }

    #[test]
    fn heads() {
        let open =
            |bytes: &[u8]| LogReader::open(&bytes.to_vec()).map(|(_, head)| head).map_err(|damage| damage.at);
        assert_eq!(open(b""), Ok(LogHead::Empty));
        assert_eq!(open(&head()), Ok(LogHead::Whole));
        assert_eq!(open(&head()[..7]), Err(Place::Offset(7)));
        assert_eq!(open(b"ZKSN\0\0\0\x02\0\0\0\0\0\0\0\0"), Err(Place::Offset(0)));
        assert_eq!(open(b"ZKLG\0\0\0\x03\0\0\0\0\0\0\0\0"), Err(Place::Offset(4)));
    }
}
