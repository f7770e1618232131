//! Consul servers, run on 1.13 and 1.14; 1.15 to 1.22 by their documented API. The same raft and the same family of
//! endpoints stand in Nomad and in Vault: what asks one server is in look.rs, and nothing outside this folder knows a path.

mod agent;
mod api;
mod collect;
mod commit;
mod grpc;
mod here;
mod leader;
mod listeners;
mod look;
mod merge;
mod metrics;
mod rpc;
mod wire;
mod zones;

use super::commits::CommitProbe;
use super::{Ask, Backend, Looking, OpenError};
use crate::facts::{BackendKind, Facts};
use crate::target::Target;
use crate::transport::address::Address;
use crate::transport::tls::TlsMaterial;

/// A cluster of Consul servers.
#[derive(Debug)]
pub struct Consul {
    target: Target,
    addresses: Vec<Address>,
    material: TlsMaterial,
}

impl Consul {
    /// Reads the target's TLS files and its endpoints' addresses.
    pub fn open(target: Target) -> Result<Consul, OpenError> {
        let material = TlsMaterial::load(&target.tls)?;
        let addresses = target
            .endpoints
            .iter()
            .map(|endpoint| {
                parse(endpoint).map_err(|reason| OpenError::Endpoint { endpoint: endpoint.clone(), reason })
            })
            .collect::<Result<_, _>>()?;
        Ok(Consul { target, addresses, material })
    }
}

/// HTTP has a port of its own, and HTTPS another.
fn parse(endpoint: &str) -> Result<Address, String> {
    Address::parse(endpoint, false, if endpoint.starts_with("https://") { 8501 } else { 8500 })
}

impl Backend for Consul {
    fn kind(&self) -> BackendKind {
        BackendKind::Consul
    }

    fn observe<'a>(&'a self, ask: &'a Ask) -> Looking<'a, Facts> {
        Box::pin(collect::collect(self, ask))
    }

    fn commits(&self) -> Option<&dyn CommitProbe> {
        Some(self)
    }
}
