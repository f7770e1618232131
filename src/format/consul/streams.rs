//! What is read on the way to somebody else: from a source, counted, summed up.

use super::snapshot::Crc64;
use crate::format::source::Source;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::io::{self, BufRead, Read};

/// A source, from its beginning on.
pub(super) struct Bytes<'s> {
    source: &'s dyn Source,
    at: u64,
}

impl<'s> Bytes<'s> {
    pub(super) fn of(source: &'s dyn Source) -> Bytes<'s> {
        Bytes { source, at: 0 }
    }
}

impl Read for Bytes<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read_at(self.at, into)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Tells how far it was read, also to whom cannot ask because a decoder owns it.
pub(super) struct Counted<'c, R> {
    inner: R,
    at: &'c Cell<u64>,
}

impl<'c, R> Counted<'c, R> {
    pub(super) fn new(inner: R, at: &'c Cell<u64>) -> Counted<'c, R> {
        Counted { inner, at }
    }
}

impl<R: BufRead> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.at.set(self.at.get() + read as u64);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.inner.consume(bytes);
        self.at.set(self.at.get() + bytes as u64);
    }
}

/// Sums up all that is read through it.
pub(super) struct Summed<'i> {
    input: &'i mut dyn Read,
    pub(super) sha256: Sha256,
    /// `None` where nothing is to be compared with it.
    pub(super) crc: Option<Crc64>,
    /// How many bytes that were.
    pub(super) bytes: u64,
}

impl<'i> Summed<'i> {
    pub(super) fn of(input: &'i mut dyn Read, crc: Option<Crc64>) -> Summed<'i> {
        Summed { input, sha256: Sha256::new(), crc, bytes: 0 }
    }
}

impl Read for Summed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.sha256.update(&into[..read]);
        if let Some(crc) = &mut self.crc {
            crc.update(&into[..read]);
        }
        self.bytes += read as u64;
        Ok(read)
    }
}
