//! TLS on every listener.

mod grpc_tls;
mod hostname_verification;
mod admin_server;
mod admin_exposed;
mod auto_tls;
mod certificate_expiry;
mod certificate_names;
mod client_cert_auth;
mod client_tls;
mod mesh_ca;
mod peer_cert_auth;
mod peer_tls;
mod peer_verification;
mod quorum_ports;
mod shared_ca;
mod sockets;
mod tls_files;
mod tls_version;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[
    &client_tls::CHECK,
    &client_cert_auth::CHECK,
    &peer_tls::CHECK,
    &peer_cert_auth::CHECK,
    &certificate_expiry::CHECK,
    &certificate_names::CHECK,
    &tls_version::CHECK,
    &admin_exposed::CHECK,
    &auto_tls::CHECK,
    &shared_ca::CHECK,
    &peer_verification::CHECK,
    &grpc_tls::CHECK,
    &mesh_ca::CHECK,
    &hostname_verification::CHECK,
    &tls_files::CHECK,
    &quorum_ports::CHECK,
];
