//! The one integration-test binary: it drives the real binary against real servers.

mod catalogue;
mod check_etcd;
mod cluster;
mod lab;
mod layers;
mod render;
