//! etcd's write-ahead log: frames in segments, a checksum chained through all of them, and a replay that says of every
//! entry whether it is committed, applied or uncertain.
//!
//! A log ends in zeros, at the end of its last file, or in a torn record: the one damage that a crash leaves and that
//! etcd repairs by cutting it off. Everything else that is wrong is [`Damage`](crate::format::source::Damage), also where
//! etcd would take it for the end and silently lose what stands behind.

mod frame;
mod record;
mod begin;
mod decided;
mod reader;
mod scan;
mod replay;
mod operation;
mod request;
#[cfg(test)]
mod handmade;
#[cfg(test)]
mod tests;

pub use begin::{FIRST_SEGMENT, first_segment};
pub use decided::{Decided, decided};
pub use operation::{Comparison, ConfChange, ConfChangeKind, Operation};
pub use reader::{Ending, Position, Segment, Tear, segment_name};
pub use record::{Entry, EntryKind, HardState, Identity, Record, SnapshotMark};
pub use replay::{Mark, Replay, Replayed};
pub use scan::{LastEntry, Scan, SegmentScan, scan};
