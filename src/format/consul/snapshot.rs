//! `raft/snapshots/TERM-INDEX-MILLISECONDS/{meta.json,state.bin}` (hashicorp/raft file_snapshot.go).

use serde::Deserialize;

/// What the name of a snapshot's directory says. Ordered as raft orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotName {
    /// Term of the last entry in it.
    pub term: u64,
    /// Index of the last entry in it.
    pub index: u64,
    /// When it was begun, in milliseconds since 1970.
    pub millis: i64,
}

impl SnapshotName {
    /// Reads `2-71-1795578850714`; `None` for anything else.
    pub fn parse(name: &str) -> Option<SnapshotName> {
        let mut parts = name.split('-');
        let read = SnapshotName {
            term: parts.next()?.parse().ok()?,
            index: parts.next()?.parse().ok()?,
            millis: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(read)
    }
}

/// `meta.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Index of the last entry in it.
    pub index: u64,
    /// Bytes of `state.bin`.
    pub size: u64,
    /// CRC-64 of `state.bin`.
    pub crc: u64,
}

/// Reads `meta.json`. The reason is a phrase.
pub fn meta(bytes: &[u8]) -> Result<Meta, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct File {
        index: u64,
        size: u64,
        #[serde(rename = "CRC")]
        crc: String,
    }
    let file: File = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let crc = decoded(&file.crc).ok_or("its CRC is no eight bytes in base64")?;
    Ok(Meta { index: file.index, size: file.size, crc: u64::from_be_bytes(crc) })
}

/// Eight bytes of base64: eleven characters and one to fill up.
fn decoded(text: &str) -> Option<[u8; 8]> {
    let digits = text.strip_suffix('=')?;
    if digits.len() != 11 {
        return None;
    }
    let mut value: u128 = 0;
    for digit in digits.bytes() {
        let of = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        value = (value << 6) | u128::from(of);
    }
    // 66 bits, of which the last two only fill up.
    u64::try_from(value >> 2).ok().map(u64::to_be_bytes)
}

/// CRC-64 with the polynomial of ECMA-182, as Go's hash/crc64 makes it.
#[derive(Debug, Clone, Copy)]
pub struct Crc64(u64);

const TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = at as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xc96c_5795_d787_0f42 } else { crc >> 1 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
}

impl Default for Crc64 {
    fn default() -> Crc64 {
        Crc64(u64::MAX)
    }
}

impl Crc64 {
    /// Takes in further bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = TABLE[usize::from(self.0 as u8 ^ byte)] ^ (self.0 >> 8);
        }
    }

    /// The sum of all that was taken in.
    pub fn sum(self) -> u64 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_by_numbers() {
        let name = SnapshotName::parse("2-71-1795578850714").expect("a name");
        assert_eq!((name.term, name.index, name.millis), (2, 71, 1_795_578_850_714));
        assert!(SnapshotName::parse("2-162-1795578852941") > Some(name), "162 is more than 71");
        for other in ["", "2-71", "2-71-1-1", "2-71-1.tmp", "a-1-1", "2--71"] {
            assert_eq!(SnapshotName::parse(other), None, "{other}");
        }
    }

    /// The check value of CRC-64/XZ, and what a real 1.13.9 wrote.
    #[test]
    fn sums_are_those_of_go() {
        let mut crc = Crc64::default();
        crc.update(b"12345");
        crc.update(b"6789");
        assert_eq!(crc.sum(), 0x995d_c9bb_df19_39fa);
        let meta = meta(br#"{"Version":1,"ID":"2-71-1795578850714","Index":71,"Term":2,"Size":10956,"CRC":"LcZcW21GakQ="}"#);
        assert_eq!(meta, Ok(Meta { index: 71, size: 10956, crc: 0x2dc6_5c5b_6d46_6a44 }));
        for damaged in
            [r#"{"Index":1,"Size":1}"#, r#"{"Index":1,"Size":1,"CRC":"LcZcW21GakQ"}"#, "", "{\"Ind"]
        {
            assert!(super::meta(damaged.as_bytes()).is_err(), "{damaged}");
        }
        assert_eq!(decoded("LcZcW21G!kQ="), None);
        assert_eq!(decoded("//////////8="), Some([0xff; 8]));
    }
}
