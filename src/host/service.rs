//! Services of a host: started, stopped, and kept from starting, each shown to be so before it is said.
//!
//! Three kinds, as the config file declares them. A **systemd** unit. A **static pod**, whose manifest is moved out of the
//! directory that the kubelet watches and back, never deleted: for `/etc/kubernetes/manifests/x.yaml` that is
//! `/etc/kubernetes/quorate-moved/x.yaml` (a rename inside the directory would still be a manifest). **Commands**: each is
//! a line for `sh -c`, as the user would type it, with pipes and variables; nothing is added to it.

mod commands;
mod pod;
mod systemd;

pub use pod::moved_out;

use super::{Host, HostError, Process, ProcessId};
use crate::consent::Consent;
use crate::target::DeclaredService;
use crate::transport::Deadline;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Time between two looks while waiting.
const POLL: Duration = Duration::from_millis(200);

/// A service on its host.
#[derive(Clone, Copy)]
pub struct Service<'a> {
    host: &'a dyn Host,
    declared: &'a DeclaredService,
    trace: Option<&'a Trace>,
}

/// How the service's processes are recognised. What a service manager says is not enough to be sure that nothing runs.
pub struct Trace {
    /// Variables that `belongs` wants to see, by the beginning of their name.
    pub prefixes: Vec<String>,
    /// Whether a process is of the service.
    pub belongs: Box<dyn Fn(&Process) -> bool + Send + Sync>,
}

/// Whether it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It does, or is about to.
    Running,
    /// It does not.
    Stopped,
    /// Cannot be told, and why.
    Unknown(String),
}

/// How a service stood before it was kept from starting: what an undo has to bring back. Goes into a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// What `systemctl is-enabled` said, such as `enabled`, `disabled`, `static`.
    Unit(String),
    /// Whether the manifest was in place.
    Manifest {
        /// Else it had been moved out.
        in_place: bool,
    },
    /// Commands know no such thing.
    Commands,
}

/// How well a service is kept from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Nothing on its host starts it.
    Firmly,
    /// Something may, and why.
    Loosely(String),
}

/// Why a service did not do as it was told.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Its host.
    #[error(transparent)]
    Host(#[from] HostError),
    /// It was told to stop and did not.
    #[error("{service} does not stop: {status} after {}", humantime::format_duration(*after))]
    StillRunning {
        /// Which, and on which host.
        service: String,
        /// What was seen last.
        status: Status,
        /// How long it was waited for.
        after: Duration,
    },
    /// It was told to start and did not.
    #[error("{service} does not start: {reason}")]
    NotStarted {
        /// Which, and on which host.
        service: String,
        /// What its manager says.
        reason: String,
    },
    /// It was told to stop, and nothing can show that it did.
    #[error("{service} was told to stop, but that it did cannot be shown: {reason}")]
    Unproven {
        /// Which, and on which host.
        service: String,
        /// What is missing.
        reason: String,
    },
    /// There is no such service.
    #[error("{service} does not exist: {reason}")]
    Missing {
        /// Which, and on which host.
        service: String,
        /// Where it was looked for.
        reason: String,
    },
}

impl<'a> Service<'a> {
    /// A declared service of a host. Without a trace its manager's word has to do, and a static pod can never be shown to
    /// have stopped.
    pub fn new(host: &'a dyn Host, declared: &'a DeclaredService, trace: Option<&'a Trace>) -> Service<'a> {
        Service { host, declared, trace }
    }

    /// Whether it runs: a living process outweighs what its manager says.
    pub async fn status(&self, deadline: Deadline) -> Result<Status, ServiceError> {
        let living = self.processes(deadline).await?;
        if let Some(living) = &living
            && !living.is_empty()
        {
            return Ok(Status::Running);
        }
        let alone = living.is_some();
        match self.declared {
            DeclaredService::Systemd(unit) => systemd::status(self, unit, deadline).await,
            DeclaredService::StaticPod(manifest) => pod::status(self, manifest, alone, deadline).await,
            DeclaredService::Commands { status, .. } => commands::status(self, status, deadline).await,
        }
    }

    /// Its processes now, by its trace; `None` without one.
    pub async fn processes(&self, deadline: Deadline) -> Result<Option<Vec<ProcessId>>, ServiceError> {
        let Some(trace) = self.trace else { return Ok(None) };
        let prefixes: Vec<&str> = trace.prefixes.iter().map(String::as_str).collect();
        let all = self.host.processes(&prefixes, deadline).await?;
        Ok(Some(
            all.into_iter().filter(|process| (trace.belongs)(process)).map(|process| process.id).collect(),
        ))
    }

    /// Starts it and returns once its manager has it running, or about to. Whether it serves is for the caller to ask it:
    /// a manager's own waiting (`Type=notify`) can last until a cluster has quorum.
    pub async fn start(&self, consent: &Consent, deadline: Deadline) -> Result<(), ServiceError> {
        match self.declared {
            DeclaredService::Systemd(unit) => systemd::start(self, consent, unit, deadline).await,
            DeclaredService::StaticPod(manifest) => pod::put_back(self, consent, manifest, deadline).await,
            DeclaredService::Commands { start, .. } => commands::start(self, consent, start, deadline).await,
        }
    }

    /// Stops it and returns once it has: its manager says so and, with a trace, no process of it lives.
    pub async fn stop(&self, consent: &Consent, deadline: Deadline) -> Result<(), ServiceError> {
        match self.declared {
            DeclaredService::Systemd(unit) => systemd::stop(self, consent, unit, deadline).await?,
            DeclaredService::StaticPod(manifest) => {
                pod::move_out(self, consent, manifest, deadline).await?;
                if self.trace.is_none() {
                    return Err(ServiceError::Unproven {
                        service: self.to_string(),
                        reason: "a pod's process must be known to see it end".into(),
                    });
                }
            }
            DeclaredService::Commands { stop, .. } => commands::stop(self, consent, stop, deadline).await?,
        }
        self.until_stopped(deadline).await
    }

    /// How it stands, for [`Service::enable`] to bring back. Ask, and write it down, before [`Service::disable`].
    pub async fn standing(&self, deadline: Deadline) -> Result<Standing, ServiceError> {
        match self.declared {
            DeclaredService::Systemd(unit) => systemd::standing(self, unit, deadline).await,
            DeclaredService::StaticPod(manifest) => pod::standing(self, manifest, deadline).await,
            DeclaredService::Commands { .. } => Ok(Standing::Commands),
        }
    }

    /// Stops it and keeps it from starting: a unit is disabled and masked, a manifest moved out. May be repeated.
    pub async fn disable(&self, consent: &Consent, deadline: Deadline) -> Result<Held, ServiceError> {
        let held = match self.declared {
            DeclaredService::Systemd(unit) => systemd::hold(self, consent, unit, deadline).await?,
            DeclaredService::StaticPod(_) => Held::Firmly,
            DeclaredService::Commands { .. } => {
                Held::Loosely("it is stopped by a command, and what else may start it is not known".into())
            }
        };
        self.stop(consent, deadline).await?;
        Ok(held)
    }

    /// Undoes [`Service::disable`]. It does not start a unit; a manifest that is back is started by the kubelet.
    pub async fn enable(
        &self,
        consent: &Consent,
        before: &Standing,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        match (self.declared, before) {
            (DeclaredService::Systemd(unit), Standing::Unit(state)) => {
                systemd::release(self, consent, unit, state, deadline).await
            }
            (DeclaredService::StaticPod(manifest), Standing::Manifest { in_place: true }) => {
                pod::put_back(self, consent, manifest, deadline).await
            }
            _ => Ok(()),
        }
    }

    /// What of an earlier command to stop or start it is still at work, as a phrase; `None` when nothing is. Such a
    /// command outlives whoever gave it.
    pub async fn at_work(&self, deadline: Deadline) -> Result<Option<String>, ServiceError> {
        match self.declared {
            DeclaredService::Systemd(unit) => systemd::at_work(self, unit, deadline).await,
            // The rename of a manifest is over at once; the kubelet then goes by where it is.
            DeclaredService::StaticPod(_) => Ok(None),
            DeclaredService::Commands { start, stop, .. } => {
                commands::at_work(self, &[start.as_str(), stop.as_str()], deadline).await
            }
        }
    }

    async fn until_stopped(&self, deadline: Deadline) -> Result<(), ServiceError> {
        let mut last = Status::Unknown("it was not seen again".into());
        loop {
            match self.status(deadline).await {
                Ok(Status::Stopped) => return Ok(()),
                Ok(status) => last = status,
                // The time ran out in the middle of a look; what was seen before says more.
                Err(ServiceError::Host(HostError::TimedOut { .. })) => {}
                Err(error) => return Err(error),
            }
            if deadline.left() <= POLL {
                let after = Duration::from_millis(deadline.elapsed_ms() as u64);
                return Err(ServiceError::StillRunning { service: self.to_string(), status: last, after });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn not_started(&self, reason: impl fmt::Display) -> ServiceError {
        ServiceError::NotStarted { service: self.to_string(), reason: reason.to_string() }
    }

    fn missing(&self, reason: impl fmt::Display) -> ServiceError {
        ServiceError::Missing { service: self.to_string(), reason: reason.to_string() }
    }
}

impl fmt::Display for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.name();
        match self.declared {
            DeclaredService::Systemd(unit) => write!(f, "the unit {unit} on {host}"),
            DeclaredService::StaticPod(manifest) => {
                write!(f, "the static pod {} on {host}", manifest.display())
            }
            DeclaredService::Commands { start, .. } => {
                write!(f, "the service started by `{start}` on {host}")
            }
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Running => f.write_str("it runs"),
            Status::Stopped => f.write_str("it does not run"),
            Status::Unknown(why) => write!(f, "whether it runs is not known ({why})"),
        }
    }
}

fn argv(words: &[&str]) -> Vec<std::ffi::OsString> {
    words.iter().map(Into::into).collect()
}
