//! The one integration-test binary: it drives the real binary against real servers.

mod catalogue;
mod check_etcd;
mod cli;
mod consul;
mod consul_answers;
mod consul_disks;
mod consul_files;
mod consul_here;
mod diagnosis;
mod drill;
mod cluster;
mod lab;
mod inspect;
mod host;
mod kubernetes;
mod layers;
mod member;
mod probe;
mod readers;
mod recover;
mod render;
mod runbook;
mod snapshot;
mod tls_servers;
mod zookeeper;
mod zookeeper_files;
