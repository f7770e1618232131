//! Recoveries of real clusters.

mod back;
mod backup;
mod damaged;
mod far;
mod fencing;
mod guards;
mod kinds;
mod limits;
mod oracle;
mod refused;
mod scene;
mod script;
mod script_back;
mod ssh;
mod stuck;
mod sweep;
mod tail;
