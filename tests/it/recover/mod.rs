//! Recoveries of real clusters.

mod script;
mod ssh;
mod stuck;
mod sweep;
