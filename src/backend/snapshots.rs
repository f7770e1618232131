//! The door for `snapshot`: one member's whole state as a stream, and a hash of it to compare a file with.

use super::Looking;
use crate::facts::Trouble;
use crate::transport::Deadline;
use std::time::Duration;

/// A system whose members can be asked for their whole state. Nothing here writes to the cluster.
pub trait Snapshots {
    /// Opens the stream of the member at `endpoint`. `connect` bounds everything up to the first message; after that no
    /// message may take longer than `idle`, however long all of them take.
    fn stream<'a>(
        &'a self,
        endpoint: &'a str,
        connect: Deadline,
        idle: Duration,
    ) -> Looking<'a, Result<Box<dyn SnapshotStream>, Trouble>>;

    /// The member's hash of its store at a revision.
    fn hash_at<'a>(
        &'a self,
        endpoint: &'a str,
        revision: i64,
        deadline: Deadline,
    ) -> Looking<'a, Result<StoreHash, Trouble>>;
}

/// Bytes of a snapshot as they come.
pub trait SnapshotStream {
    /// Bytes that the member said it will send, without what it puts behind them to prove them; `None` when it has not
    /// said.
    fn announced(&self) -> Option<u64>;

    /// Puts the bytes of the next message behind what is in `into`; false at the end.
    fn next<'a>(&'a mut self, into: &'a mut Vec<u8>) -> Looking<'a, Result<bool, Trouble>>;
}

/// A hash over the keys of all revisions up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreHash {
    /// The hash.
    pub hash: u32,
    /// The member's last compaction: hashes compare only when computed with the same; -1 for none.
    pub compacted: i64,
    /// The member's current revision.
    pub current: i64,
}
