//! Foreign bytes and text to values. Pure: no I/O, bounded, total on any input.

pub mod consul;
pub mod kubernetes;
pub mod prometheus;
pub mod source;
pub mod bbolt;
pub mod etcd;
pub mod zookeeper;
