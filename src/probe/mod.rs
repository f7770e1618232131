//! Measurements of what the cluster's own API does not tell.

pub mod commit;
pub mod disk;
pub mod samples;
