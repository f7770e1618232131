//! The frames of snappy-java's `SnappyOutputStream`: not the standard frame format. A header of 16 bytes, then blocks,
//! each with its packed length before it.

use std::io::{self, Read};

/// What they begin with.
pub(super) const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];

/// Longest block, packed or not. Java writes blocks of 32 KiB.
const LONGEST: usize = 8 << 20;

/// What is in the frames.
pub(super) struct Frames<R> {
    inner: R,
    packed: Vec<u8>,
    block: Vec<u8>,
    taken: usize,
    begun: bool,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(inner: R) -> Frames<R> {
        Frames { inner, packed: Vec::new(), block: Vec::new(), taken: 0, begun: false }
    }

    /// Unpacks the next block; false at the end.
    fn next(&mut self) -> io::Result<bool> {
        let mut head = [0; 4];
        if !self.begun {
            let mut header = [0; 16];
            self.inner.read_exact(&mut header)?;
            if header[..8] != MAGIC {
                return Err(invalid("it does not begin as snappy-java's frames do".to_owned()));
            }
            self.begun = true;
        }
        if !read_or_end(&mut self.inner, &mut head)? {
            return Ok(false);
        }
        if head == MAGIC[..4] {
            // Java lets frames stand behind each other.
            let mut rest = [0; 12];
            self.inner.read_exact(&mut rest)?;
            return if rest[..4] == MAGIC[4..] {
                self.next_is_empty()
            } else {
                Err(invalid(BLOCK.to_owned()))
            };
        }
        let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(invalid(format!("a packed block of {length} bytes")));
        }
        self.packed.resize(length, 0);
        self.inner.read_exact(&mut self.packed)?;
        let unpacked = snap::raw::decompress_len(&self.packed).map_err(|error| invalid(error.to_string()))?;
        if unpacked > LONGEST {
            return Err(invalid(format!("a block that unpacks to {unpacked} bytes")));
        }
        self.block.resize(unpacked, 0);
        let mut decoder = snap::raw::Decoder::new();
        decoder.decompress(&self.packed, &mut self.block).map_err(|error| invalid(error.to_string()))?;
        self.taken = 0;
        Ok(true)
    }

    fn next_is_empty(&mut self) -> io::Result<bool> {
        self.block.clear();
        self.taken = 0;
        Ok(true)
    }
}

const BLOCK: &str = "a block that is none";

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.block.len() {
            if !self.next()? {
                return Ok(0);
            }
        }
        let piece = into.len().min(self.block.len() - self.taken);
        into[..piece].copy_from_slice(&self.block[self.taken..self.taken + piece]);
        self.taken += piece;
        Ok(piece)
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Fills `into`; false when the end comes before its first byte.
fn read_or_end(inner: &mut impl Read, into: &mut [u8; 4]) -> io::Result<bool> {
    let first = loop {
        match inner.read(&mut into[..1]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if first == 0 {
        return Ok(false);
    }
    inner.read_exact(&mut into[1..])?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(blocks: &[&[u8]]) -> Vec<u8> {
        let mut bytes = [&MAGIC[..], &[0, 0, 0, 1, 0, 0, 0, 1]].concat();
        for block in blocks {
            let packed = snap::raw::Encoder::new().compress_vec(block).expect("packed");
            bytes.extend((packed.len() as u32).to_be_bytes());
            bytes.extend(packed);
        }
        bytes
    }

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        Frames::new(bytes).read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn frames_behind_each_other_are_unpacked() {
        let long = vec![7; 100_000];
        let both = [framed(&[b"one", b"", &long]), framed(&[b"two"])].concat();
        assert_eq!(unpacked(&both).expect("whole"), [b"one", &long[..], b"two"].concat());
    }

    #[test]
    fn what_is_cut_or_wrong_is_an_error() {
        let whole = framed(&[b"hello", b"world"]);
        let ends = [16, 16 + 4 + whole[19] as usize, whole.len()];
        for end in (0..whole.len()).filter(|end| !ends.contains(end)) {
            assert!(unpacked(&whole[..end]).is_err(), "{end}");
        }
        let mut huge = whole;
        huge[16] = 0x7f;
        assert!(unpacked(&huge).is_err() && unpacked(b"").is_err());
    }
}
