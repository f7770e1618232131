//! ZooKeeper 3.5 to 3.9, with and without TLS: right with only `srvr`, the one word that every server allows.

mod admin;
mod collect;
mod commit;
mod doors;
mod here;
mod listeners;
mod look;
mod merge;
mod roll;
mod session;
mod window;
mod wire;

use super::commits::CommitProbe;
use super::{Ask, Backend, Looking, OpenError};
use crate::facts::{BackendKind, Facts};
use crate::target::Target;
use crate::transport::address::Address;
use crate::transport::tls::TlsMaterial;
use crate::transport::words;

/// A ZooKeeper ensemble, or one server.
#[derive(Debug)]
pub struct Zookeeper {
    target: Target,
    addresses: Vec<Address>,
    material: TlsMaterial,
}

impl Zookeeper {
    /// Reads the target's TLS files and its endpoints' addresses.
    pub fn open(target: Target) -> Result<Zookeeper, OpenError> {
        let material = TlsMaterial::load(&target.tls)?;
        let addresses = target
            .endpoints
            .iter()
            .map(|endpoint| {
                words::address(endpoint, wants_tls(&target))
                    .map_err(|reason| OpenError::Endpoint { endpoint: endpoint.clone(), reason })
            })
            .collect::<Result<_, _>>()?;
        Ok(Zookeeper { target, addresses, material })
    }

    /// The address that a member is known by in facts, `HOST:PORT`, with TLS or without as the target says of it.
    fn address_of(&self, endpoint: &str) -> Result<Address, String> {
        let tls = self.addresses.first().map_or_else(|| wants_tls(&self.target), |address| address.tls);
        let address = words::address(endpoint, tls)?;
        Ok(self
            .addresses
            .iter()
            .find(|known| known.authority() == address.authority())
            .cloned()
            .unwrap_or(address))
    }
}

/// A CA or a client certificate means TLS, where the address does not say.
fn wants_tls(target: &Target) -> bool {
    target.tls.ca.is_some() || target.tls.cert.is_some()
}

impl Backend for Zookeeper {
    fn kind(&self) -> BackendKind {
        BackendKind::Zookeeper
    }

    fn observe<'a>(&'a self, ask: &'a Ask) -> Looking<'a, Facts> {
        Box::pin(collect::collect(self, ask))
    }

    fn commits(&self) -> Option<&dyn CommitProbe> {
        Some(self)
    }
}
