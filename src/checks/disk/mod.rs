//! Latency, space, quotas.

mod client_connections;
mod client_sessions;
mod disk_space;
mod jvm;
mod large_nodes;
mod server_errors;
mod server_snapshots;
mod store_size;
mod data_placement;
mod autopurge;
mod commit_latency;
mod txnlog;
mod alarms;
mod backend_commit;
mod compaction;
mod db_quota;
mod db_size_spread;
mod file_descriptors;
mod fragmentation;
mod log_store;
mod memory;
mod raft_snapshots;
mod percentile;
mod wal_fsync;

use crate::finding::Check;

/// Why a check of the disk itself does not apply.
const UNSEEN: &str = "no member's disk can be seen from here (members.NAME.host = { local = true })";

pub(super) const CHECKS: &[&Check] = &[
    &wal_fsync::CHECK,
    &backend_commit::CHECK,
    &db_quota::CHECK,
    &alarms::CHECK,
    &fragmentation::CHECK,
    &db_size_spread::CHECK,
    &compaction::CHECK,
    &disk_space::CHECK,
    &file_descriptors::CHECK,
    &commit_latency::CHECK,
    &log_store::CHECK,
    &raft_snapshots::CHECK,
    &memory::CHECK,
    &autopurge::CHECK,
    &data_placement::CHECK,
    &store_size::CHECK,
    &server_errors::CHECK,
    &jvm::CHECK,
    &client_connections::CHECK,
    &client_sessions::CHECK,
    &server_snapshots::CHECK,
    &large_nodes::CHECK,
];
