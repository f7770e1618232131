//! The real hands: conditions looked at and actions carried out on hosts and servers.

mod etcd_looks;
mod etcd_acts;
mod fetch;
mod files;
mod joiner;
mod left;
mod replay;
mod restore;
mod services;
mod snapshot;
mod writes;

use snapshot::Proven;

pub(super) use fetch::fetch_tree;
pub use files::free_near;
pub(super) use services::{declared, trace};

use super::executor::{Hands, Truth};
use super::plan::{Action, Condition, HostSpec, Plan};
use crate::backend::Looking;
use crate::backend::etcd::Etcd;
use crate::consent::Consent;
use crate::host::{self, Host, HostError};
use crate::target::DeclaredHost;
use crate::transport::Deadline;
use std::collections::BTreeMap;
use std::time::Duration;

/// Time between two looks while waiting.
const POLL: Duration = Duration::from_millis(100);
/// How often an effect is looked for that somebody waits for: a look leaves no line in a server's log.
const SETTLES: Duration = Duration::from_millis(25);
/// A look at a host or a server.
const LOOK: Duration = Duration::from_secs(5);
/// Anything that moves a database.
const WORK: Duration = Duration::from_secs(3600);
/// What a server may take for its own work beside a stop or a start: to agree to a change, to serve after it.
const SERVICE: Duration = Duration::from_secs(120);

/// How long hosts and servers are waited for, where it depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A service to stop or to start: more than the 90 s after which systemd kills what does not stop.
    pub service: Duration,
    /// A stream to go on.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { service: Duration::from_secs(120), idle: Duration::from_secs(30) }
    }
}

/// Hosts and servers of one plan.
pub struct RealHands {
    hosts: BTreeMap<String, Box<dyn Host>>,
    local: Vec<String>,
    etcd: Etcd,
    proven: Proven,
    limits: Limits,
}

impl RealHands {
    /// Reaches the plan's hosts; connects to nothing yet.
    pub fn new(plan: &Plan, etcd: Etcd, limits: Limits) -> Result<RealHands, HostError> {
        let mut hosts = BTreeMap::new();
        let here = (super::plan::HERE.to_owned(), HostSpec::Local);
        let specs = plan.hosts.iter().map(|(name, spec)| (name.clone(), spec.clone()));
        for (name, spec) in specs.chain([here]) {
            hosts.insert(name, open(&spec)?);
        }
        let local = plan.hosts.iter().filter(|(_, spec)| **spec == HostSpec::Local);
        let local = local.map(|(name, _)| name.clone()).chain([super::plan::HERE.to_owned()]).collect();
        Ok(RealHands { hosts, local, etcd, proven: Proven::default(), limits })
    }

    fn host(&self, name: &str) -> Result<&dyn Host, String> {
        self.hosts.get(name).map(AsRef::as_ref).ok_or_else(|| format!("the plan has no host {name}"))
    }

    fn here(&self) -> Result<&dyn Host, String> {
        self.host(super::plan::HERE)
    }

    /// Whether the host's files are this machine's.
    fn is_local(&self, host: &str) -> bool {
        self.local.iter().any(|name| name == host)
    }
}

/// The machine that a plan or a situation names.
pub(super) fn open(spec: &HostSpec) -> Result<Box<dyn Host>, HostError> {
    host::open(&match spec {
        HostSpec::Local => DeclaredHost::Local,
        HostSpec::Ssh(destination) => DeclaredHost::Ssh(destination.clone()),
    })
}

impl Hands for RealHands {
    fn holds<'a>(&'a self, condition: &'a Condition) -> Looking<'a, Truth> {
        Box::pin(async move {
            let seen = match condition {
                Condition::ServiceStopped { host, service } => self.stopped(host, service).await,
                Condition::ServiceRunning { host, service } => self.runs(host, service).await,
                Condition::ServiceReleased { host, service } => self.released(host, service).await,
                Condition::Etcd(condition) => self.holds_etcd(condition).await,
                other => self.holds_on_host(other).await,
            };
            seen.unwrap_or_else(Truth::Unknown)
        })
    }

    fn perform<'a>(&'a self, action: &'a Action, consent: &'a Consent) -> Looking<'a, Result<(), String>> {
        Box::pin(async move {
            match action {
                Action::StopService { host, service, record } => {
                    self.stop(host, service, record.as_deref(), consent).await
                }
                Action::StartService { host, service } => self.start(host, service, consent).await,
                Action::ReleaseService { host, service } => self.release(host, service, consent).await,
                Action::Etcd(action) => self.perform_etcd(action, consent).await,
                other => self.perform_on_host(other, consent).await,
            }
        })
    }

    fn at_rest<'a>(&'a self, action: &'a Action) -> Looking<'a, Truth> {
        Box::pin(async move { self.rests(action).await.unwrap_or_else(Truth::Unknown) })
    }

    fn wait<'a>(&'a self, deadline: Deadline) -> Looking<'a, bool> {
        Box::pin(async move {
            tokio::time::sleep(SETTLES).await;
            !deadline.left().is_zero()
        })
    }
}

/// A look that is sure.
fn truth(is: bool, otherwise: impl FnOnce() -> String) -> Truth {
    if is { Truth::Yes } else { Truth::No(otherwise()) }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
