//! Recoveries of real clusters.

mod oracle;
mod stuck;
mod tail;
