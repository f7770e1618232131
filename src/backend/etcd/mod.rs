//! etcd 3.4 to 3.7, with and without TLS, client certificates and authentication.

mod auth;
mod client;
mod collect;
mod commit;
mod hash;
mod kubernetes;
mod listeners;
mod look;
mod membership;
mod merge;
mod pages;
mod peer;
mod snapshot;
pub mod recovery;
mod window;
mod wire;

use super::commits::CommitProbe;
use super::membership::Membership;
use super::snapshots::Snapshots;
use super::{Ask, Backend, Looking, OpenError};
use crate::facts::{BackendKind, Facts};
use crate::target::Target;
use crate::transport::address::Address;
use crate::transport::tls::TlsMaterial;

/// An etcd cluster.
#[derive(Debug)]
pub struct Etcd {
    target: Target,
    addresses: Vec<Address>,
    material: TlsMaterial,
}

impl Etcd {
    /// Reads the target's TLS files and its endpoints' addresses.
    pub fn open(target: Target) -> Result<Etcd, OpenError> {
        let material = TlsMaterial::load(&target.tls)?;
        let addresses = target
            .endpoints
            .iter()
            .map(|endpoint| {
                Address::parse(endpoint, false, 2379)
                    .map_err(|reason| OpenError::Endpoint { endpoint: endpoint.clone(), reason })
            })
            .collect::<Result<_, _>>()?;
        Ok(Etcd { target, addresses, material })
    }

    /// Where the config file says that the member which clients reach at `client` serves its metrics.
    fn declared_metrics(&self, client: &Address) -> Option<String> {
        let reached =
            |url: &str| Address::parse(url, client.tls, 2379).is_ok_and(|address| address == *client);
        let member = self.target.members.values().find(|m| m.endpoint.as_deref().is_some_and(reached))?;
        Address::parse(member.metrics.as_deref()?, false, 2381).ok().map(|address| address.url())
    }
}

impl Backend for Etcd {
    fn kind(&self) -> BackendKind {
        BackendKind::Etcd
    }

    fn observe<'a>(&'a self, ask: &'a Ask) -> Looking<'a, Facts> {
        Box::pin(collect::collect(self, ask))
    }

    fn commits(&self) -> Option<&dyn CommitProbe> {
        Some(self)
    }

    fn membership(&self) -> Option<&dyn Membership> {
        Some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        Some(self)
    }
}
