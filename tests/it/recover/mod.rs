//! Recoveries of real clusters.

mod ssh;
mod stuck;
mod sweep;
