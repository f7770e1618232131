//! Recoveries of real clusters.

mod script;
mod stuck;
