//! The bytes of a snapshot in their order, unpacked, with the running Adler-32 over all that was taken.

use super::snappy::Frames;
use crate::format::source::{Damage, Place, Source};
use adler2::Adler32;
use std::io::{self, Read};

/// How a snapshot is packed. Its seals are of what is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// `zookeeper.snapshot.compression.method=gz`.
    Gzip,
    /// `zookeeper.snapshot.compression.method=snappy`: the frames of snappy-java.
    Snappy,
}

const CHUNK: usize = 64 << 10;

/// A file as a stream.
pub(super) struct Sequence<'a> {
    source: &'a dyn Source,
    at: u64,
}

impl<'a> Sequence<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Sequence<'a> {
        Sequence { source, at: 0 }
    }
}

impl Read for Sequence<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read_at(self.at, into)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// What is read and what of it was taken.
pub(super) struct Input<'a> {
    inner: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are filled.
    filled: usize,
    /// Bytes of it that were taken, and of these, that the checksum has seen.
    taken: usize,
    summed: usize,
    /// Offset of the buffer's first byte.
    base: u64,
    sum: Adler32,
}

impl<'a> Input<'a> {
    pub(super) fn new(source: &'a dyn Source, packing: Packing) -> Input<'a> {
        let file = Sequence::new(source);
        let inner: Box<dyn Read + 'a> = match packing {
            Packing::Plain => Box::new(file),
            Packing::Gzip => {
                Box::new(flate2::bufread::MultiGzDecoder::new(io::BufReader::with_capacity(CHUNK, file)))
            }
            Packing::Snappy => Box::new(Frames::new(io::BufReader::with_capacity(CHUNK, file))),
        };
        let sum = Adler32::new();
        Input { inner, buffer: vec![0; CHUNK], filled: 0, taken: 0, summed: 0, base: 0, sum }
    }

    /// Offset of the next byte in what is unpacked.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.taken as u64
    }

    /// Adler-32 of everything that was taken.
    pub(super) fn checksum(&mut self) -> u32 {
        self.sum.write_slice(&self.buffer[self.summed..self.taken]);
        self.summed = self.taken;
        self.sum.checksum()
    }

    /// Bytes that are there without reading; reads when there are none. Empty at the end.
    fn available(&mut self) -> Result<&[u8], Damage> {
        if self.taken == self.filled {
            self.checksum();
            self.base += self.filled as u64;
            (self.filled, self.taken, self.summed) = (0, 0, 0);
            while self.filled == 0 {
                match self.inner.read(&mut self.buffer) {
                    Ok(0) => break,
                    Ok(read) => self.filled = read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        let what = match error.kind() {
                            io::ErrorKind::UnexpectedEof => "what is packed ends early".to_owned(),
                            _ => format!("cannot be read: {error}"),
                        };
                        return Err(Damage::new(Place::Offset(self.offset()), what));
                    }
                }
            }
        }
        Ok(&self.buffer[self.taken..self.filled])
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&mut self) -> Result<bool, Damage> {
        Ok(self.available()?.is_empty())
    }

    /// Hands over the next bytes piece by piece.
    pub(super) fn pass(&mut self, length: u64, mut each: impl FnMut(&[u8])) -> Result<(), Damage> {
        let mut left = length;
        while left > 0 {
            let available = self.available()?;
            if available.is_empty() {
                let what = format!("the file ends early: {left} bytes are missing");
                return Err(Damage::new(Place::Offset(self.offset()), what));
            }
            let piece = usize::try_from(left).unwrap_or(usize::MAX).min(available.len());
            each(&available[..piece]);
            self.taken += piece;
            left -= piece as u64;
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let mut bytes = [0; N];
        let mut at = 0;
        self.pass(N as u64, |piece| {
            bytes[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
        })?;
        Ok(bytes)
    }

    pub(super) fn int(&mut self) -> Result<i32, Damage> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Result<i64, Damage> {
        self.array().map(i64::from_be_bytes)
    }

    /// Length of a string, a buffer or a vector: `None` for null.
    pub(super) fn length(&mut self, of: &str) -> Result<Option<u64>, Damage> {
        let at = self.offset();
        match self.int()? {
            -1 => Ok(None),
            length => match u64::try_from(length) {
                Ok(length) => Ok(Some(length)),
                Err(_) => Err(Damage::new(Place::Offset(at), format!("the length of {of} is {length}"))),
            },
        }
    }

    /// A string of at most `longest` bytes.
    pub(super) fn string(&mut self, of: &str, longest: u64, into: &mut Vec<u8>) -> Result<(), Damage> {
        into.clear();
        let at = self.offset();
        match self.length(of)? {
            None => Err(Damage::new(Place::Offset(at), format!("{of} is null"))),
            Some(length) if length > longest => {
                let what = format!("{of} has {length} bytes; more than {longest} are not read");
                Err(Damage::new(Place::Offset(at), what))
            }
            Some(length) => self.pass(length, |piece| into.extend_from_slice(piece)),
        }
    }
}
