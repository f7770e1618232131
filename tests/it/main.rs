//! The one integration-test binary: it drives the real binary against real servers.

mod diagnosis;
mod tls_servers;
