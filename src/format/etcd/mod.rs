//! etcd's files: the database in bbolt, the digest behind a snapshot, the write-ahead log, the `.snap` files.

mod proto;
mod revision;
mod newest;
mod begin;
mod buckets;
mod digest;
mod survey;
mod hash_kv;
pub mod wal;
mod snap;
mod agreement;

pub use agreement::{Discrepancy, compare};
pub use begin::database_of;
pub use buckets::{Alarm, Auth, ConfState, Downgrade, Lease, Member, MetaRecords, Permission, Records, User};
pub use digest::{Digest, appended, has_digest, read_digest};
pub use hash_kv::{HashKv, hash_kv};
pub use revision::{Change, KeyValue, Revision, Row};
pub use snap::{Snap, read_snap, snap_name};
pub use survey::{Amount, Keys, OTHER, PrefixAmount, Survey, prefix_of, survey};
