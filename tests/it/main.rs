//! The one integration-test binary: it drives the real binary against real servers.

mod etcd_process;
mod kubernetes;
mod probe;
