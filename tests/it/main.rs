//! The one integration-test binary: it drives the real binary against real servers.

mod catalogue;
mod check_etcd;
mod diagnosis;
mod cluster;
mod lab;
mod etcd_process;
mod inspect;
mod kubernetes;
mod layers;
mod member;
mod probe;
mod readers;
mod recover;
mod render;
mod tls_servers;
