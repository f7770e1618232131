//! Where bytes come from and how trouble with them is told: a thing that can be read at an offset, and damage that
//! always names its place.

use std::fmt;
use std::io;

/// Bytes that can be read at any offset and are never written. The length is asked once per reader; a source that
/// shrinks meanwhile shows as damage ("ends early"), never as a crash.
pub trait Source {
    /// Length in bytes.
    fn len(&self) -> u64;
    /// Reads at `offset` into `into`; returns how many bytes were read, 0 at the end.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Source for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.get(at..)).unwrap_or(&[]);
        let taken = rest.len().min(into.len());
        into[..taken].copy_from_slice(&rest[..taken]);
        Ok(taken)
    }
}

impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        Source::len(self.as_slice())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, into)
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(offset, into)
    }
}

/// Where in a file something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The file as a whole.
    File,
    /// A byte offset from the start of the file.
    Offset(u64),
    /// A page of a bbolt file. The offset of the page is `id × page size`.
    Page(u64),
    /// An element of a page of a bbolt file.
    Element {
        /// Page id.
        page: u64,
        /// Position in the page, from 0.
        element: usize,
    },
    /// A record of a bucket: a decoded value is wrong, not the structure.
    Record {
        /// Name of the bucket.
        bucket: String,
        /// The key, printable or as hex.
        key: String,
    },
    /// A record of a segment of a write-ahead log.
    Log {
        /// Sequence number of the segment, as in its file name.
        segment: u64,
        /// Byte offset in that segment's file.
        offset: u64,
    },
    /// An offset in one of several files, or in a file inside an archive.
    Inside {
        /// Name of that file.
        file: String,
        /// Byte offset in it.
        offset: u64,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => f.write_str("the file"),
            Place::Offset(at) => write!(f, "offset {at}"),
            Place::Page(id) => write!(f, "page {id}"),
            Place::Element { page, element } => write!(f, "page {page}, element {element}"),
            Place::Record { bucket, key } => write!(f, "bucket {bucket}, key {key}"),
            Place::Log { segment, offset } => write!(f, "segment {segment:016x}, offset {offset}"),
            Place::Inside { file, offset } => write!(f, "{file}, offset {offset}"),
        }
    }
}

/// Something that cannot be as it should be, and where.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("{at}: {what}")]
pub struct Damage {
    /// Where.
    pub at: Place,
    /// What is wrong, as a sentence fragment.
    pub what: String,
}

impl Damage {
    /// Damage at a place.
    pub fn new(at: Place, what: impl Into<String>) -> Damage {
        Damage { at, what: what.into() }
    }
}

/// Damage found on the way, bounded: the first ones in full, then only their number.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Damages {
    /// The first ones, in the order in which they were met.
    pub first: Vec<Damage>,
    /// How many more there were.
    pub more: u64,
}

/// How many are kept in full: enough to see a pattern, few enough to read.
const KEPT: usize = 64;

impl Damages {
    /// Adds one.
    pub fn push(&mut self, damage: Damage) {
        if self.first.len() < KEPT {
            self.first.push(damage);
        } else {
            self.more += 1;
        }
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.first.len() as u64 + self.more
    }

    /// Takes another's in.
    pub fn absorb(&mut self, other: Damages) {
        self.more += other.more;
        other.first.into_iter().for_each(|damage| self.push(damage));
    }
}

/// Fills `into` from `offset`, or says that the file ends early or cannot be read there.
pub fn read_exact(source: &dyn Source, offset: u64, into: &mut [u8]) -> Result<(), Damage> {
    let wanted = into.len();
    let got = read_full(source, offset, into)?;
    if got < wanted {
        let what = format!("the file ends early: {wanted} bytes wanted, {got} there");
        return Err(Damage::new(Place::Offset(offset), what));
    }
    Ok(())
}

/// Reads as much of `into` as there is, and says how much that was.
pub fn read_full(source: &dyn Source, offset: u64, into: &mut [u8]) -> Result<usize, Damage> {
    let mut filled = 0;
    while filled < into.len() {
        let at = offset.saturating_add(filled as u64);
        match source.read_at(at, &mut into[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Damage::new(Place::Offset(at), format!("cannot be read: {error}"))),
        }
    }
    Ok(filled)
}

/// A key as people can read it: printable text as it is, anything else as hex; never longer than 80 characters.
pub fn key_text(key: &[u8]) -> String {
    let printable = std::str::from_utf8(key).ok().filter(|text| !text.chars().any(char::is_control));
    let mut text: String = match printable {
        Some(text) => text.chars().take(81).collect(),
        None => key.iter().take(41).map(|byte| format!("{byte:02x}")).collect(),
    };
    if text.chars().count() > 80 {
        text = text.chars().take(77).chain("...".chars()).collect();
    }
    text
}

/// Little-endian u16 at `at`; `None` beyond the end.
pub(in crate::format) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// Little-endian u32 at `at`; `None` beyond the end.
pub(in crate::format) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// Little-endian u64 at `at`; `None` beyond the end.
pub(in crate::format) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_read_where_asked_and_no_further() {
        let mut buffer = [0u8; 4];
        assert_eq!(b"abcdef"[..].read_at(4, &mut buffer).expect("a slice"), 2);
        assert_eq!(&buffer[..2], b"ef");
        assert_eq!(b"abcdef"[..].read_at(u64::MAX, &mut buffer).expect("a slice"), 0);
        let early = read_exact(&b"abc".to_vec(), 1, &mut buffer).expect_err("too short");
        assert_eq!(early.to_string(), "offset 1: the file ends early: 4 bytes wanted, 2 there");
    }

    #[test]
    fn damage_is_bounded() {
        let mut damages = Damages::default();
        (0..1000).for_each(|id| damages.push(Damage::new(Place::Page(id), "wrong")));
        assert_eq!((damages.first.len(), damages.more, damages.count()), (KEPT, 936, 1000));
    }

    #[test]
    fn keys_are_readable_and_short() {
        assert_eq!(key_text(b"/registry/pods/a"), "/registry/pods/a");
        assert_eq!(key_text(&[0, 255]), "00ff");
        assert_eq!(key_text(&[b'a'; 500]).len(), 80);
    }
}
