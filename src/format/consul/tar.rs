//! Files of a tar archive, one after the other, as far as Go's archive/tar writes and reads them.

use crate::format::source::{Damage, Place};
use std::io::{self, BufRead, Read};

/// Bytes of a block: headers are one, contents are filled up to one.
const BLOCK: usize = 512;
/// Headers of Go's own with longer names or sizes are of a few hundred bytes.
const MOST_EXTENDED: u64 = 1 << 20;

/// Why an archive cannot be read on.
#[derive(Debug)]
pub(super) enum Broken {
    /// What it is read from fails, and knows its own place.
    Input(io::Error),
    /// It is no archive; the place is an offset in it.
    Form(Damage),
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Its name as it stands there.
    pub(super) name: String,
    /// Its length in bytes.
    pub(super) size: u64,
    /// Whether it is a file and not a link, a directory or a device.
    pub(super) regular: bool,
}

/// Reads an archive from front to back.
pub(super) struct Archive<'i> {
    input: &'i mut dyn BufRead,
    at: u64,
    /// Of the present file: bytes still to read, and those that fill up its last block.
    left: u64,
    padding: u64,
}

impl<'i> Archive<'i> {
    /// Reads from the input's present position, which becomes offset 0.
    pub(super) fn new(input: &'i mut dyn BufRead) -> Archive<'i> {
        Archive { input, at: 0, left: 0, padding: 0 }
    }

    /// The next file, of which nothing is read yet; what was left of the one before is passed over. `None` at the end, which
    /// two blocks of zeros make, or one, or that nothing follows.
    pub(super) fn next(&mut self) -> Result<Option<File>, Broken> {
        let mut extended = Extended::default();
        loop {
            io::copy(self, &mut io::sink()).map_err(Broken::Input)?;
            if self.left > 0 {
                return Err(self.damage("it ends inside a file"));
            }
            if !self.pass(self.padding)? {
                return Err(self.damage("it ends inside the last block of a file"));
            }
            self.padding = 0;
            let Some(block) = self.block()? else { return Ok(None) };
            if block.iter().all(|byte| *byte == 0) {
                self.block()?;
                return Ok(None);
            }
            let size = self.checked(&block)?;
            let kind = block[156];
            self.left = size;
            self.padding = size.next_multiple_of(BLOCK as u64) - size;
            if !matches!(kind, b'x' | b'g' | b'L') {
                let size = extended.size.unwrap_or(size);
                self.left = size;
                self.padding = size.next_multiple_of(BLOCK as u64) - size;
                let name = extended.name.unwrap_or_else(|| text(&block[..100]));
                return Ok(Some(File { name, size, regular: matches!(kind, b'0' | 0) }));
            }
            let mut content = Vec::new();
            if size > MOST_EXTENDED {
                return Err(self.damage(format!("a header of {size} bytes")));
            }
            self.read_to_end(&mut content).map_err(Broken::Input)?;
            match kind {
                b'x' => extended.take(&content),
                b'L' => extended.name = Some(text(&content)),
                _ => {}
            }
        }
    }

    /// How many bytes follow the end of the archive, and whether one of them is not zero.
    pub(super) fn behind(&mut self) -> Result<(u64, bool), Broken> {
        let (mut bytes, mut more_than_zeros) = (0, false);
        loop {
            let there = self.input.fill_buf().map_err(Broken::Input)?;
            let length = there.len();
            if length == 0 {
                return Ok((bytes, more_than_zeros));
            }
            more_than_zeros |= there.iter().any(|byte| *byte != 0);
            bytes += length as u64;
            self.input.consume(length);
        }
    }

    /// The size that a header gives, when the header is whole.
    fn checked(&self, block: &[u8; BLOCK]) -> Result<u64, Broken> {
        let broken = |what: &str| Broken::Form(Damage::new(Place::Offset(self.at - BLOCK as u64), what));
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        let own: u64 = block[148..156].iter().map(|byte| u64::from(*byte)).sum();
        if octal(&block[148..156]) != Some(sum - own + 8 * u64::from(b' ')) {
            return Err(broken(
                "no header of a file in a tar archive, or a damaged one: its checksum does not fit",
            ));
        }
        number(&block[124..136]).ok_or_else(|| broken("the header of a file does not say how long it is"))
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Broken> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.input.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(self.damage("it ends inside a header")),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Broken::Input(error)),
            }
        }
        self.at += BLOCK as u64;
        Ok(Some(block))
    }

    /// Passes over bytes; whether there were so many.
    fn pass(&mut self, bytes: u64) -> Result<bool, Broken> {
        let passed = io::copy(&mut Read::take(&mut *self.input, bytes), &mut io::sink());
        let passed = passed.map_err(Broken::Input)?;
        self.at += passed;
        Ok(passed == bytes)
    }

    fn damage(&self, what: impl Into<String>) -> Broken {
        Broken::Form(Damage::new(Place::Offset(self.at), what))
    }
}

/// The present file's content.
impl Read for Archive<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.input.read(&mut into[..most])?;
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

/// What a header of its own says of the file that follows, where the file's own has no room for it.
#[derive(Default)]
struct Extended {
    name: Option<String>,
    size: Option<u64>,
}

impl Extended {
    /// Lines `LENGTH NAME=VALUE`.
    fn take(&mut self, content: &[u8]) {
        for line in String::from_utf8_lossy(content).lines() {
            match line.split_once(' ').and_then(|(_, rest)| rest.split_once('=')) {
                Some(("path", name)) => self.name = Some(name.to_owned()),
                Some(("size", size)) => self.size = size.parse().ok(),
                _ => {}
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn octal(bytes: &[u8]) -> Option<u64> {
    let text = text(bytes);
    u64::from_str_radix(text.trim(), 8).ok()
}

/// Octal digits, or big-endian behind a set first bit where they have no room.
fn number(bytes: &[u8]) -> Option<u64> {
    match bytes {
        [0x80, rest @ ..] => {
            rest.iter().try_fold(0u64, |number, byte| Some(number.checked_mul(256)? | u64::from(*byte)))
        }
        digits => octal(digits),
    }
}

#[cfg(test)]
pub(super) mod handmade {
    use super::BLOCK;

    /// A file with its header.
    pub(in crate::format) fn file(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block.extend_from_slice(content);
        block.resize(block.len().next_multiple_of(BLOCK), 0);
        block
    }
}

#[cfg(test)]
mod tests {
    use super::handmade::file;
    use super::*;

    fn read(mut bytes: &[u8]) -> (Vec<(String, Vec<u8>)>, String) {
        let mut archive = Archive::new(&mut bytes);
        let mut files = Vec::new();
        loop {
            match archive.next() {
                Ok(Some(file)) => {
                    let mut content = Vec::new();
                    archive.read_to_end(&mut content).expect("memory");
                    files.push((file.name, content));
                }
                Ok(None) => return (files, format!("{:?}", archive.behind().expect("memory"))),
                Err(Broken::Form(damage)) => return (files, damage.to_string()),
                Err(other) => return (files, format!("{other:?}")),
            }
        }
    }

    #[test]
    fn files_come_one_after_the_other() {
        let end = vec![0; 1024];
        let archive = [file("a", b'0', b"hello"), file("b", 0, b""), end.clone()].concat();
        let (files, rest) = read(&archive);
        assert_eq!(files, [("a".into(), b"hello".to_vec()), ("b".into(), Vec::new())]);
        assert_eq!(rest, "(0, false)");
        assert_eq!(read(&[archive.clone(), vec![0; 512]].concat()).1, "(512, false)");
        assert_eq!(read(&[archive.clone(), vec![1]].concat()).1, "(1, true)");
        assert_eq!(read(&archive[..1024]).1, "(0, false)", "an archive may just end");

        let long = [file("x", b'x', b"13 path=long\n9 size=3\n"), file("s", b'0', b"abc"), end].concat();
        assert_eq!(read(&long).0, [("long".into(), b"abc".to_vec())]);
    }

    #[test]
    fn damage_has_its_place() {
        let archive = [file("a", b'0', b"hello"), file("b", b'0', b"x"), vec![0; 1024]].concat();
        assert_eq!(read(&archive[..515]).1, "offset 515: it ends inside a file");
        assert_eq!(read(&archive[..600]).1, "offset 600: it ends inside the last block of a file");
        assert_eq!(read(&archive[..1100]).1, "offset 1024: it ends inside a header");
        let mut flipped = archive.clone();
        flipped[1024] ^= 1;
        let (files, says) = read(&flipped);
        assert!(files.len() == 1 && says.starts_with("offset 1024: no header"), "{says}");
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x01\0\0\0\0"), Some(1 << 32));
        assert_eq!(number(b"12x"), None);
    }
}
