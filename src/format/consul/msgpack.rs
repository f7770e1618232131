//! MessagePack, read from front to back and never held: what is not asked for is passed over. HashiCorp's go-msgpack writes
//! the old dialect, in which text and bytes are one family; whatever a newer one may write is understood too.

use crate::format::source::{Damage, Place};
use std::io::{self, BufRead};

/// Longer names of fields are cut; the longest that Consul has is of 31 bytes.
const LONGEST_NAME: usize = 64;

/// Why it cannot be read on.
#[derive(Debug)]
pub(super) enum Broken {
    /// What it is read from fails, and knows its own place.
    Input(io::Error),
    /// It is no MessagePack, or not what was to come; the place is an offset in what is read.
    Form(Damage),
}

/// The beginning of a value. What follows it is still to be read: `Bytes(n)` bytes, two values for each entry of a map, one
/// for each of an array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token {
    /// Nothing.
    Nil,
    /// True or false.
    Bool(bool),
    /// A number that is not negative.
    Unsigned(u64),
    /// A negative number.
    Negative(i64),
    /// A fraction.
    Float(f64),
    /// Text, bytes, or an extension's.
    Bytes(u64),
    /// A map of so many entries.
    Map(u64),
    /// An array of so many values.
    Array(u64),
}

/// What is told the names in a map, and says whether it read the value.
pub(super) type Entry<'f, 'i> = dyn FnMut(&mut Reader<'i>, &[u8]) -> Result<bool, Broken> + 'f;

/// Reads values, and knows how far it is.
pub(super) struct Reader<'i> {
    input: &'i mut dyn BufRead,
    at: u64,
}

impl<'i> Reader<'i> {
    /// Reads from the input's present position, which becomes offset 0.
    pub(super) fn new(input: &'i mut dyn BufRead) -> Reader<'i> {
        Reader { input, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Damage at the present position.
    pub(super) fn damage(&self, what: impl Into<String>) -> Broken {
        Broken::Form(Damage::new(Place::Offset(self.at), what))
    }

    /// The next byte; `None` at the end.
    pub(super) fn byte(&mut self) -> Result<Option<u8>, Broken> {
        let first = self.filled()?.first().copied();
        if first.is_some() {
            self.consume(1);
        }
        Ok(first)
    }

    /// The beginning of the next value.
    pub(super) fn token(&mut self) -> Result<Token, Broken> {
        let Some(first) = self.byte()? else {
            return Err(self.damage("it ends where a value should begin"));
        };
        Ok(match first {
            0x00..=0x7f => Token::Unsigned(first.into()),
            0x80..=0x8f => Token::Map(u64::from(first & 0x0f)),
            0x90..=0x9f => Token::Array(u64::from(first & 0x0f)),
            0xa0..=0xbf => Token::Bytes(u64::from(first & 0x1f)),
            0xc0 => Token::Nil,
            0xc1 => {
                self.at -= 1;
                return Err(self.damage("a byte c1 where a value should begin: there is no such value"));
            }
            0xc2 | 0xc3 => Token::Bool(first == 0xc3),
            0xc4 | 0xd9 => Token::Bytes(self.big_endian(1)?),
            0xc5 | 0xda => Token::Bytes(self.big_endian(2)?),
            0xc6 | 0xdb => Token::Bytes(self.big_endian(4)?),
            0xc7 => Token::Bytes(self.big_endian(1)? + 1),
            0xc8 => Token::Bytes(self.big_endian(2)? + 1),
            0xc9 => Token::Bytes(self.big_endian(4)? + 1),
            0xca => Token::Float(f32::from_bits(self.big_endian(4)? as u32).into()),
            0xcb => Token::Float(f64::from_bits(self.big_endian(8)?)),
            0xcc => Token::Unsigned(self.big_endian(1)?),
            0xcd => Token::Unsigned(self.big_endian(2)?),
            0xce => Token::Unsigned(self.big_endian(4)?),
            0xcf => Token::Unsigned(self.big_endian(8)?),
            0xd0 => signed(i64::from(self.big_endian(1)? as i8)),
            0xd1 => signed(i64::from(self.big_endian(2)? as i16)),
            0xd2 => signed(i64::from(self.big_endian(4)? as i32)),
            0xd3 => signed(self.big_endian(8)? as i64),
            // an extension of 1, 2, 4, 8 or 16 bytes, and the byte that says which
            0xd4..=0xd8 => Token::Bytes((1 << (first - 0xd4)) + 1),
            0xdc => Token::Array(self.big_endian(2)?),
            0xdd => Token::Array(self.big_endian(4)?),
            0xde => Token::Map(self.big_endian(2)?),
            0xdf => Token::Map(self.big_endian(4)?),
            0xe0..=0xff => Token::Negative(i64::from(first as i8)),
        })
    }

    /// Passes over one value with all that is in it.
    pub(super) fn skip(&mut self) -> Result<(), Broken> {
        let token = self.token()?;
        self.skip_rest(token)
    }

    /// Passes over what follows a token that was read already. How deep it goes does not matter: only how many values are
    /// still to come is counted.
    pub(super) fn skip_rest(&mut self, token: Token) -> Result<(), Broken> {
        let mut pending: u64 = 0;
        let mut next = Some(token);
        loop {
            let token = match next.take() {
                Some(token) => token,
                None if pending == 0 => return Ok(()),
                None => {
                    pending -= 1;
                    self.token()?
                }
            };
            let more = match token {
                Token::Bytes(length) => {
                    self.scan_rest(length, &mut |_| {})?;
                    0
                }
                Token::Map(entries) => 2 * entries,
                Token::Array(values) => values,
                _ => 0,
            };
            pending =
                pending.checked_add(more).ok_or_else(|| self.damage("more values than there can be"))?;
        }
    }

    /// Shows the next `length` bytes, piece by piece.
    pub(super) fn scan_rest(&mut self, length: u64, show: &mut dyn FnMut(&[u8])) -> Result<(), Broken> {
        let mut left = length;
        while left > 0 {
            let there = self.filled()?;
            let taken = there.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if taken == 0 {
                return Err(
                    self.damage(format!("it ends inside a value: {left} of {length} bytes are missing"))
                );
            }
            show(&there[..taken]);
            self.consume(taken);
            left -= taken as u64;
        }
        Ok(())
    }

    /// The next value when it is text or bytes, at most the first `most` of them; `None` for any other.
    pub(super) fn bytes(&mut self, most: usize) -> Result<Option<Vec<u8>>, Broken> {
        match self.token()? {
            Token::Bytes(length) => {
                let mut bytes = Vec::new();
                self.scan_rest(length, &mut |piece| {
                    let room = most.saturating_sub(bytes.len());
                    bytes.extend_from_slice(&piece[..piece.len().min(room)]);
                })?;
                Ok(Some(bytes))
            }
            other => self.skip_rest(other).map(|()| None),
        }
    }

    /// The same as text; empty for any other value.
    pub(super) fn text(&mut self, most: usize) -> Result<String, Broken> {
        let bytes = self.bytes(most)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// How long the next value is when it is text or bytes, which are passed over; 0 for any other.
    pub(super) fn length(&mut self) -> Result<u64, Broken> {
        let token = self.token()?;
        self.skip_rest(token)?;
        Ok(if let Token::Bytes(length) = token { length } else { 0 })
    }

    /// The next value when it is a number; `None` for any other.
    pub(super) fn number(&mut self) -> Result<Option<u64>, Broken> {
        match self.token()? {
            Token::Unsigned(number) => Ok(Some(number)),
            other => self.skip_rest(other).map(|()| None),
        }
    }

    /// The next value when it is a map: `entry` is told each name, and either reads the value and says so, or leaves it. Says
    /// how many entries there were; `None` for any other value, which is passed over.
    pub(super) fn map(&mut self, entry: &mut Entry<'_, 'i>) -> Result<Option<u64>, Broken> {
        let entries = match self.token()? {
            Token::Map(entries) => entries,
            other => return self.skip_rest(other).map(|()| None),
        };
        for _ in 0..entries {
            let name = self.bytes(LONGEST_NAME)?.unwrap_or_default();
            if !entry(self, &name)? {
                self.skip()?;
            }
        }
        Ok(Some(entries))
    }

    /// The next value when it is an array: `each` reads one value of it. Any other value is passed over.
    pub(super) fn array(
        &mut self,
        each: &mut dyn FnMut(&mut Self) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        match self.token()? {
            Token::Array(values) => (0..values).try_for_each(|_| each(self)),
            other => self.skip_rest(other),
        }
    }

    fn filled(&mut self) -> Result<&[u8], Broken> {
        // asked twice: the first answer's borrow would reach to the end, whatever is returned
        while let Err(error) = self.input.fill_buf() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(Broken::Input(error));
            }
        }
        self.input.fill_buf().map_err(Broken::Input)
    }

    fn consume(&mut self, bytes: usize) {
        self.input.consume(bytes);
        self.at += bytes as u64;
    }

    fn big_endian(&mut self, bytes: u64) -> Result<u64, Broken> {
        let mut number = 0;
        self.scan_rest(bytes, &mut |piece| {
            number = piece.iter().fold(number, |number, byte| (number << 8) | u64::from(*byte));
        })?;
        Ok(number)
    }
}

fn signed(number: i64) -> Token {
    u64::try_from(number).map_or(Token::Negative(number), Token::Unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(mut bytes: &[u8]) -> Vec<Token> {
        let mut reader = Reader::new(&mut bytes);
        let mut found = Vec::new();
        while let Ok(token) = reader.token() {
            found.push(token);
        }
        found
    }

    #[test]
    fn every_beginning_is_known() {
        use Token::*;
        let cases: [(&[u8], Token); 17] = [
            (b"\x07", Unsigned(7)),
            (b"\xff", Negative(-1)),
            (b"\xcc\xff", Unsigned(255)),
            (b"\xcd\x01\x2b", Unsigned(299)),
            (b"\xcf\0\0\0\0\0\0\x01\0", Unsigned(256)),
            (b"\xd0\x05", Unsigned(5)),
            (b"\xd1\xff\xfe", Negative(-2)),
            (b"\xd3\xff\xff\xff\xff\xff\xff\xff\xff", Negative(-1)),
            (b"\xca\x3f\x80\0\0", Float(1.0)),
            (b"\xcb\x3f\xf8\0\0\0\0\0\0", Float(1.5)),
            (b"\xda\0\x24", Bytes(36)),
            (b"\xd9\x24", Bytes(36)),
            (b"\xc7\x0c", Bytes(13)),
            (b"\xd8", Bytes(17)),
            (b"\xde\0\x10", Map(16)),
            (b"\xdd\0\0\0\x02", Array(2)),
            (b"\xc3", Bool(true)),
        ];
        for (bytes, token) in cases {
            assert_eq!(tokens(bytes), [token], "{bytes:?}");
        }
    }

    #[test]
    fn what_is_passed_over_may_be_deep_and_must_be_whole() {
        let deep = [vec![0x91; 1_000_000], vec![0xc0, 0x2a]].concat();
        let mut input = deep.as_slice();
        let mut reader = Reader::new(&mut input);
        reader.skip().expect("whole");
        assert_eq!((reader.at(), reader.number().expect("a number")), (1_000_001, Some(42)));

        let place = |mut bytes: &[u8]| match Reader::new(&mut bytes).skip() {
            Err(Broken::Form(damage)) => damage.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(place(b"\x82\xa1a\x01\xa1b"), "offset 6: it ends where a value should begin");
        assert_eq!(
            place(b"\xdb\xff\xff\xff\xffabc"),
            "offset 8: it ends inside a value: 4294967292 of 4294967295 bytes are missing"
        );
        assert_eq!(
            place(b"\x91\xc1"),
            "offset 1: a byte c1 where a value should begin: there is no such value"
        );
    }

    #[test]
    fn a_map_is_told_by_its_names() {
        let mut bytes: &[u8] = b"\x83\xa1a\x92\x01\x02\xa1b\xa5hello\xa1c\xc0\x01";
        let mut reader = Reader::new(&mut bytes);
        let mut text = String::new();
        let entries = reader.map(&mut |reader, name| {
            if name != b"b" {
                return Ok(false);
            }
            text = reader.text(4)?;
            Ok(true)
        });
        assert_eq!((entries.expect("whole"), text.as_str()), (Some(3), "hell"));
        assert_eq!(reader.map(&mut |_, _| Ok(false)).expect("whole"), None, "a number is no map");
    }
}
