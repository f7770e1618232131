//! Recoveries of real clusters.

mod backup;
mod fencing;
mod kinds;
mod oracle;
mod refused;
mod stuck;
mod tail;
