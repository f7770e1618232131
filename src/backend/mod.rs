//! The adapters: what every consensus system can be asked, and how to open one. What only some can do is a door that
//! returns `None` elsewhere.

mod clock;
pub mod commits;
pub mod consul;
pub mod etcd;
pub mod keys;
pub mod membership;
pub mod snapshots;
pub mod state;
pub mod zookeeper;

use crate::facts::{BackendKind, Facts};
use crate::target::Target;
use crate::transport::tls::TlsFileError;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What to look at.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The whole look takes no longer.
    pub timeout: Duration,
    /// Also ask what costs the servers something: hashes, every stored object, legacy TLS.
    pub deep: bool,
    /// Look twice, this long apart, for what needs two samples.
    pub window: Option<Duration>,
    /// Where counters of the previous run are kept; `None` keeps none.
    pub state_dir: Option<std::path::PathBuf>,
    /// The wall clock at the start.
    pub now: jiff::Timestamp,
}

/// A future that an object-safe trait can return.
pub type Looking<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// One consensus system behind its adapter.
pub trait Backend {
    /// Which system; for display.
    fn kind(&self) -> BackendKind;

    /// Looks once, within `ask.timeout`. Total: what cannot be seen is in the facts as unknown, with its reason.
    /// Never writes to the cluster.
    fn observe<'a>(&'a self, ask: &'a Ask) -> Looking<'a, Facts>;

    /// Timed writes to a scratch key.
    fn commits(&self) -> Option<&dyn commits::CommitProbe> {
        None
    }

    /// Changes of the membership.
    fn membership(&self) -> Option<&dyn membership::Membership> {
        None
    }

    /// Keys written and read as any client does it.
    fn keys(&self) -> Option<&dyn keys::Keys> {
        None
    }

    /// Streams of one member's whole state.
    fn snapshots(&self) -> Option<&dyn snapshots::Snapshots> {
        None
    }
}

/// Opens a target: reads its TLS files, connects to nothing.
pub fn open(target: &Target) -> Result<Box<dyn Backend>, OpenError> {
    match target.backend {
        BackendKind::Etcd => Ok(Box::new(etcd::Etcd::open(target.clone())?)),
        BackendKind::Zookeeper => Ok(Box::new(zookeeper::Zookeeper::open(target.clone())?)),
        BackendKind::Consul => Ok(Box::new(consul::Consul::open(target.clone())?)),
    }
}

/// Why a target cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A TLS file.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// An endpoint that is no address.
    #[error("endpoint {endpoint}: {reason}")]
    Endpoint {
        /// As given.
        endpoint: String,
        /// What is wrong and what to write.
        reason: String,
    },
}
