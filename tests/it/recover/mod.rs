//! Recoveries of real clusters.

mod stuck;
