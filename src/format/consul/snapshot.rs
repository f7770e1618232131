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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// Of the format: 1 since raft protocol 1.
    pub version: u64,
    /// `TERM-INDEX-MILLISECONDS`, as the directory is called.
    pub id: String,
    /// Index of the last entry in it.
    pub index: u64,
    /// Term of that entry.
    pub term: u64,
    /// Who was in the cluster.
    pub servers: Vec<Server>,
    /// Index of the entry that made it so; 1 after a recovery too.
    pub configuration_index: u64,
    /// Bytes of `state.bin`.
    pub size: u64,
    /// CRC-64 of `state.bin`; only where raft keeps its own snapshots, not in an archive.
    pub crc: Option<u64>,
}

/// A server in raft's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Server {
    /// 0 voter, 1 non-voter, 2 staging.
    pub suffrage: u8,
    /// Node id.
    #[serde(rename = "ID")]
    pub id: String,
    /// `HOST:PORT` of its RPC.
    pub address: String,
}

/// Reads `meta.json`. The reason is a phrase.
pub fn meta(bytes: &[u8]) -> Result<Meta, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct File {
        #[serde(default)]
        version: u64,
        #[serde(rename = "ID", default)]
        id: String,
        index: u64,
        #[serde(default)]
        term: u64,
        #[serde(default)]
        configuration: Configuration,
        #[serde(default)]
        configuration_index: u64,
        size: u64,
        #[serde(rename = "CRC")]
        crc: Option<String>,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase")]
    struct Configuration {
        #[serde(default)]
        servers: Option<Vec<Server>>,
    }
    let file: File = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let crc = match file.crc {
        Some(text) => Some(decoded(&text).ok_or("its CRC is no eight bytes in base64")?),
        None => None,
    };
    Ok(Meta {
        version: file.version,
        id: file.id,
        index: file.index,
        term: file.term,
        servers: file.configuration.servers.unwrap_or_default(),
        configuration_index: file.configuration_index,
        size: file.size,
        crc: crc.map(u64::from_be_bytes),
    })
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
        let meta = meta(br#"{"Version":1,"ID":"2-71-1795578850714","Index":71,"Term":2,"Configuration":{"Servers":
            [{"Suffrage":1,"ID":"n","Address":"10.0.0.1:8300"}]},"ConfigurationIndex":1,"Size":10956,"CRC":"LcZcW21GakQ="}"#);
        let expected = Meta {
            version: 1,
            id: "2-71-1795578850714".into(),
            index: 71,
            term: 2,
            servers: vec![Server { suffrage: 1, id: "n".into(), address: "10.0.0.1:8300".into() }],
            configuration_index: 1,
            size: 10956,
            crc: Some(0x2dc6_5c5b_6d46_6a44),
        };
        assert_eq!(meta, Ok(expected));
        assert_eq!(super::meta(br#"{"Index":1,"Size":1}"#).map(|meta| meta.crc), Ok(None));
        for damaged in [r#"{"Size":1}"#, r#"{"Index":1,"Size":1,"CRC":"LcZcW21GakQ"}"#, "", "{\"Ind"] {
            assert!(super::meta(damaged.as_bytes()).is_err(), "{damaged}");
        }
        assert_eq!(decoded("LcZcW21G!kQ="), None);
        assert_eq!(decoded("//////////8="), Some([0xff; 8]));
    }
}
