//! Recovery: **facts → plan → executor → events**. A plan is a value, finished before anything is done; the executor is
//! the only code that changes a cluster; the journal is what a killed run leaves for the next. None of the three knows
//! which system it recovers: that is in the variants `Etcd(…)` of conditions and actions, and in the file that plans.

pub mod action;
pub mod commands;
pub mod describe;
pub mod etcd;
pub mod executor;
pub mod gather;
pub mod identity;
pub mod journal;
pub mod plan;
pub mod rehearse;
pub mod watch;
#[cfg(test)]
mod sweeps;
#[cfg(test)]
mod testing;

pub use plan::Plan;
