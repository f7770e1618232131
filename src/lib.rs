//! quorate: an operations toolkit for consensus clusters.
//!
//! **facts → checks → findings → render**, and **facts → plan → executor → events**. The left halves are pure; adapters
//! sit at the rim. Modules stand in dependency order: each may use those above it, and `tests/it/layers.rs` holds that.

pub mod address;
pub mod facts;
pub mod quorum;
pub mod policy;
pub mod value;
pub mod runbook;
pub mod finding;
pub mod checks;
pub mod membership;
pub mod report;
pub mod target;
pub mod consent;
pub mod private;
pub mod format;
pub mod files;
pub mod offline;
pub mod transport;
pub mod host;
pub mod listener;
pub mod backend;
pub mod snapshot;
pub mod lab;
pub mod probe;
pub mod recover;
pub mod drill;
pub mod render;
pub mod cli;
