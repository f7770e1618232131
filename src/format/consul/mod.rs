//! Consul's files: snapshots as archives and as raft keeps them on the disk, the store of raft's log, and settings in HCL or
//! JSON.

mod archive;
mod keys;
mod kinds;
mod log_store;
mod msgpack;
mod settings;
mod snapshot;
mod state;
mod streams;
mod tar;

pub use archive::{Foreign, META, Proof, STATE, SUMS, Snapshot, archive, files};
pub use keys::{Keys, Vault};
pub use kinds::{ENTERPRISE, kind_name, kind_text};
pub use log_store::{LogStore, Tail, log_store};
pub use settings::settings;
pub use snapshot::{Crc64, Meta, Server, SnapshotName, meta};
pub use state::{Amount, Ca, Catalog, Secrets, State};
