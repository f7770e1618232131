//! Recoveries of real clusters.

mod backup;
mod fencing;
mod guards;
mod kinds;
mod oracle;
mod refused;
mod scene;
mod script;
mod ssh;
mod stuck;
mod sweep;
mod tail;
