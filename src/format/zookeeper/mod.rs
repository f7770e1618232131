//! ZooKeeper's files: snapshots of the tree (`snapshot.ZXID`, plain, gzip or snappy) and transaction logs (`log.ZXID`), of
//! every version from 3.4 on. Both are read as streams: memory is bounded whatever the size of the file.

mod input;
mod jute;
mod log;
mod names;
mod snappy;
mod snapshot;
mod survey;
mod txn;

pub use input::Packing;
pub use log::{Ending, LogHead, LogReader, Record, SERVER_LIMIT};
pub use names::{FileName, Zxid, follows};
pub use snapshot::{Digest, SnapshotEnd, passes_first_look};
pub use survey::{Big, ChildList, Prefix, Session, Survey, survey};
pub use txn::{Header, Operation, OperationKind, Txn, TxnDigest};
