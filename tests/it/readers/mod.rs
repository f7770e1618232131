//! The offline readers on files that real servers wrote.

mod server;
mod agree;
mod crash;
mod segments;
mod mutations;
