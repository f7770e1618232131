//! etcd's protobuf records. What is read millions of times is read in place by [`Fields`]; the rest is prost, with only
//! the fields that an operator is told about. Passwords and tokens are left out on purpose.

use std::fmt;

/// A value of a protobuf field, in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(super) fn number(self) -> Result<u64, Malformed> {
        match self {
            Value::Number(number) => Ok(number),
            Value::Bytes(_) => Err(Malformed("a field has the wrong type")),
        }
    }

    pub(super) fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Number(_) => Err(Malformed("a field has the wrong type")),
        }
    }
}

/// Why bytes are no record of the kind that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The fields of a record in the order in which etcd writes them: ascending numbers, each once. Anything else is an
/// error, so that a changed byte in a tag is seen.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    last: u64,
}

impl<'a> Fields<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Fields<'a> {
        Fields { rest: bytes, last: 0 }
    }

    fn field(&mut self) -> Result<(u64, Value<'a>), Malformed> {
        let tag = self.varint()?;
        let number = tag >> 3;
        if number <= self.last {
            return Err(Malformed("its fields are not in ascending order"));
        }
        self.last = number;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            2 => {
                let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                let (bytes, rest) = self
                    .rest
                    .split_at_checked(length)
                    .ok_or(Malformed("a field is longer than its record"))?;
                self.rest = rest;
                Value::Bytes(bytes)
            }
            _ => return Err(Malformed("a field of a type that etcd does not use here")),
        };
        Ok((number, value))
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                if at == 9 && *byte > 1 {
                    break;
                }
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        Err(Malformed("a number in it does not end"))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// leasepb.Lease
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Lease {
    #[prost(int64, tag = "1")]
    pub(super) id: i64,
    #[prost(int64, tag = "2")]
    pub(super) ttl: i64,
    #[prost(int64, tag = "3")]
    pub(super) remaining_ttl: i64,
}

/// etcdserverpb.AlarmMember
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AlarmMember {
    #[prost(uint64, tag = "1")]
    pub(super) member_id: u64,
    #[prost(int32, tag = "2")]
    pub(super) alarm: i32,
}

/// authpb.User without its password hash.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct User {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) name: Vec<u8>,
    #[prost(string, repeated, tag = "3")]
    pub(super) roles: Vec<String>,
    #[prost(message, optional, tag = "4")]
    pub(super) options: Option<UserOptions>,
}

/// authpb.UserAddOptions
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct UserOptions {
    #[prost(bool, tag = "1")]
    pub(super) no_password: bool,
}

/// authpb.Role
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Role {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) name: Vec<u8>,
    #[prost(message, repeated, tag = "2")]
    pub(super) permissions: Vec<Permission>,
}

/// authpb.Permission
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Permission {
    /// 0 read, 1 write, 2 both.
    #[prost(int32, tag = "1")]
    pub(super) kind: i32,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) range_end: Vec<u8>,
}

/// raftpb.ConfState
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ConfState {
    #[prost(uint64, repeated, packed = "false", tag = "1")]
    pub(super) voters: Vec<u64>,
    #[prost(uint64, repeated, packed = "false", tag = "2")]
    pub(super) learners: Vec<u64>,
    #[prost(uint64, repeated, packed = "false", tag = "3")]
    pub(super) voters_outgoing: Vec<u64>,
    #[prost(uint64, repeated, packed = "false", tag = "4")]
    pub(super) learners_next: Vec<u64>,
    #[prost(bool, optional, tag = "5")]
    pub(super) auto_leave: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_read_in_place() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i'];
        let fields: Vec<_> = Fields::of(&bytes).collect::<Result<_, _>>().expect("well formed");
        assert_eq!(fields, [(1, Value::Number(150)), (2, Value::Bytes(b"hi"))]);
    }

    #[test]
    fn malformed_records_say_why() {
        let cases: [(&[u8], &str); 5] = [
            (&[0x12, 0x05, 1], "longer than its record"),
            (&[0x08], "does not end"),
            (&[0x08, 1, 0x08, 1], "ascending"),
            (&[0x0d, 1, 1, 1, 1], "does not use here"),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "does not end"),
        ];
        for (bytes, expected) in cases {
            let error = Fields::of(bytes).find_map(Result::err).expect("malformed");
            assert!(error.0.contains(expected), "{bytes:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn total_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(Fields::of(&bytes).count() <= bytes.len());
        }
    }
}
