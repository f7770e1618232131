//! The one integration-test binary: it drives the real binary against real servers.

mod check_etcd;
mod cluster;
mod lab;
