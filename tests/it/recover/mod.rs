//! Recoveries of real clusters.

mod stuck;
mod sweep;
