//! Jute's binary form on a slice: big endian, a length before what has one, -1 for null.

/// What is left of a record. Every method is `None` when that is too short or makes no sense.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jute<'a> {
    rest: &'a [u8],
}

impl<'a> Jute<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Jute<'a> {
        Jute { rest: bytes }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn bool(&mut self) -> Option<bool> {
        self.take(1).map(|byte| byte[0] != 0)
    }

    pub(super) fn int(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(super) fn long(&mut self) -> Option<i64> {
        Some(i64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    /// A string or a buffer; null is empty.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        match self.int()? {
            -1 => Some(&[]),
            length => self.take(usize::try_from(length).ok()?),
        }
    }

    /// How many items a vector has; null has none. Never more than could be there, each of `least` bytes.
    pub(super) fn items(&mut self, least: usize) -> Option<usize> {
        match self.int()? {
            -1 => Some(0),
            count => usize::try_from(count).ok().filter(|count| count.saturating_mul(least) <= self.left()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let mut jute = Jute::new(b"\0\0\0\x02ab\xff\xff\xff\xff\x01\0\0\0\0\0\0\0\x07");
        assert_eq!((jute.bytes(), jute.bytes(), jute.bool()), (Some(&b"ab"[..]), Some(&b""[..]), Some(true)));
        assert_eq!((jute.long(), jute.left(), jute.int()), (Some(7), 0, None));
        assert_eq!(Jute::new(b"\0\0\x10\0x").bytes(), None);
        assert_eq!(Jute::new(b"\x7f\0\0\0x").items(4), None);
        assert_eq!(Jute::new(b"\xff\xff\xff\xfe").items(4), None);
    }
}
