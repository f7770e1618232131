//! Consul's files: a snapshot of raft as it lies on the disk, and settings in HCL or JSON.

mod settings;
mod snapshot;

pub use settings::settings;
pub use snapshot::{Crc64, Meta, SnapshotName, meta};
