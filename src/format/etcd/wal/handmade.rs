//! Logs written by hand for the tests, as etcd writes them.

use super::request::{Put, Request, WireConfChange};
use prost::Message;

/// walpb.Record
#[derive(Clone, PartialEq, prost::Message)]
struct WireRecord {
    #[prost(int64, optional, tag = "1")]
    kind: Option<i64>,
    #[prost(uint32, optional, tag = "2")]
    crc: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "3")]
    data: Option<Vec<u8>>,
}

/// Metadata, HardState, and the first fields of an entry and of a snapshot record: numbers.
#[derive(Clone, PartialEq, prost::Message)]
struct Numbers {
    #[prost(uint64, optional, tag = "1")]
    first: Option<u64>,
    #[prost(uint64, optional, tag = "2")]
    second: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    third: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "4")]
    data: Option<Vec<u8>>,
}

/// Writes a log: records with their checksums, cut into segments.
pub(super) struct Writer {
    crc: u32,
    files: Vec<Vec<u8>>,
}

impl Writer {
    /// A first segment as etcd opens it: checksum, identity, snapshot of nothing.
    pub(super) fn new() -> Writer {
        let mut writer = Writer { crc: 0, files: Vec::new() };
        writer.cut();
        writer.snapshot(0, 0);
        writer
    }

    /// Starts the next segment.
    pub(super) fn cut(&mut self) {
        self.files.push(Vec::new());
        self.frame(4, self.crc, None);
        self.record(1, Numbers { first: Some(7), second: Some(99), ..Numbers::default() });
    }

    pub(super) fn snapshot(&mut self, index: u64, term: u64) {
        self.record(5, Numbers { first: Some(index), second: Some(term), ..Numbers::default() });
    }

    pub(super) fn state(&mut self, term: u64, vote: u64, commit: u64) {
        self.record(3, Numbers { first: Some(term), second: Some(vote), third: Some(commit), data: None });
    }

    /// An entry that puts a key.
    pub(super) fn put(&mut self, index: u64, term: u64, key: &str) {
        let put = Put { key: key.as_bytes().to_vec(), value: vec![b'v'; 700], ..Put::default() };
        let data = Request { put: Some(put), ..Request::default() }.encode_to_vec();
        self.entry(index, term, 0, Some(data));
    }

    /// An entry that promotes member 8.
    pub(super) fn promote(&mut self, index: u64, term: u64) {
        let context = br#"{"id":8,"peerURLs":["http://a:1"],"isPromote":true}"#.to_vec();
        let change = WireConfChange { kind: 0, node: 8, context };
        self.entry(index, term, 1, Some(change.encode_to_vec()));
    }

    pub(super) fn entry(&mut self, index: u64, term: u64, kind: u64, data: Option<Vec<u8>>) {
        self.record(2, Numbers { first: Some(kind), second: Some(term), third: Some(index), data });
    }

    /// The files, each followed by zeros as etcd preallocates them.
    pub(super) fn files(mut self) -> Vec<Vec<u8>> {
        if let Some(last) = self.files.last_mut() {
            last.resize(last.len() + 4096, 0);
        }
        self.files
    }

    fn record(&mut self, kind: i64, numbers: Numbers) {
        let data = numbers.encode_to_vec();
        self.crc = crc32c::crc32c_append(self.crc, &data);
        self.frame(kind, self.crc, Some(data));
    }

    fn frame(&mut self, kind: i64, crc: u32, data: Option<Vec<u8>>) {
        let bytes = WireRecord { kind: Some(kind), crc: Some(crc), data }.encode_to_vec();
        let padding = bytes.len().wrapping_neg() % 8;
        let mut word = bytes.len() as u64;
        if padding > 0 {
            word |= (0x80 | padding as u64) << 56;
        }
        let Some(file) = self.files.last_mut() else { return };
        file.extend(word.to_le_bytes());
        file.extend(bytes);
        file.resize(file.len() + padding, 0);
    }
}
