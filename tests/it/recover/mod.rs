//! Recoveries of real clusters.

mod backup;
mod fencing;
mod kinds;
mod oracle;
mod refused;
mod script;
mod ssh;
mod stuck;
mod sweep;
mod tail;
