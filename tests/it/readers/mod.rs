//! The offline readers on files that real servers wrote.

pub(crate) mod server;
mod agree;
pub(crate) mod crash;
mod segments;
mod mutations;
