//! The offline readers on files that real servers wrote.

pub(crate) mod server;
mod agree;
mod consul;
pub(crate) mod crash;
mod segments;
mod mutations;
mod zookeeper;
