//! Throwaway clusters of real servers on this machine.
//!
//! The lab knows processes, ports, files, network namespaces and readiness. A backend only describes its member
//! ([`member::Server`]); what it described is written into `lab.json`, so that every later command works on the file
//! alone and needs no backend.

mod certificates;
mod config;
pub mod consul;
pub mod etcd;
pub mod member;
mod network;
mod operate;
mod ports;
mod process;
mod registry;
pub mod servers;
pub mod state;
mod up;
pub mod zookeeper;

pub use operate::{Acted, Control, Did, KILL, parse_signal};
pub use registry::{Entry, Home};
pub use up::{Progress, TlsRequest, UpRequest, up};

use crate::facts::BackendKind;
use std::io;
use std::path::{Path, PathBuf};

/// The servers that `scripts/servers` gets, whether or not labs of them can be made.
pub const PROGRAMS: &[&servers::Program] = &[&etcd::PROGRAM, &servers::ZOOKEEPER, &servers::CONSUL];

/// What describes the members of this backend; `None` when no lab of it can be made.
pub fn server(backend: BackendKind) -> Option<&'static dyn member::Server> {
    match backend {
        BackendKind::Etcd => Some(&etcd::EtcdServer),
        BackendKind::Zookeeper => Some(&zookeeper::ZookeeperServer),
        BackendKind::Consul => Some(&consul::ConsulServer),
    }
}

/// Why the lab could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// No such server program.
    #[error(transparent)]
    Server(#[from] servers::ServerError),
    /// The name is taken.
    #[error("there is a lab `{name}` already, in {}", dir.display())]
    Exists {
        /// The lab's name.
        name: String,
        /// Where it is.
        dir: PathBuf,
    },
    /// A name that cannot be one.
    #[error(
        "`{0}` cannot name a lab: write at most 30 lower-case letters, digits and dashes, unlike a member's n1"
    )]
    Name(String),
    /// Nowhere to keep labs.
    #[error("there is no place to keep labs: neither XDG_STATE_HOME nor HOME is set")]
    Homeless,
    /// The directory holds something.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The directory is not a lab's.
    #[error("{} does not hold a lab's marker: nothing in it was touched", .0.display())]
    NotALab(PathBuf),
    /// No lab of this name.
    #[error("there is no lab `{name}`")]
    NoSuchLab {
        /// As given.
        name: String,
        /// The labs there are.
        known: Vec<String>,
    },
    /// The lab was not named and cannot be guessed.
    #[error("{}", if known.is_empty() { "there is no lab" } else { "there are several labs: name one" })]
    WhichLab {
        /// The labs there are.
        known: Vec<String>,
    },
    /// No member of this name.
    #[error("lab `{lab}` has no member `{name}`")]
    NoSuchMember {
        /// The lab's name.
        lab: String,
        /// As given.
        name: String,
        /// The members there are.
        known: Vec<String>,
    },
    /// Groups that do not describe a partition.
    #[error("`{text}` does not describe a partition: {reason}")]
    Groups {
        /// As given.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// A signal that is not one.
    #[error("`{0}` is not a signal")]
    Signal(String),
    /// Namespaces need root.
    #[error("network namespaces need root, and this is user {uid}")]
    NotRoot {
        /// The effective user id.
        uid: u32,
    },
    /// The lab has no links to cut.
    #[error(
        "lab `{0}` was not made with --isolated: its members share the loopback interface, which cannot be cut"
    )]
    NotIsolated(String),
    /// A command of iproute2 failed.
    #[error("`{command}` failed: {reason}")]
    Network {
        /// The command line.
        command: String,
        /// What it said.
        reason: String,
    },
    /// Another quorate works on this lab.
    #[error("another quorate is working on lab `{0}`")]
    Busy(String),
    /// A member ended or did not serve in time.
    #[error("{member} {what}")]
    NotReady {
        /// Its name.
        member: String,
        /// What happened.
        what: String,
        /// The first and the last lines of its log.
        log: Vec<String>,
    },
    /// A process that would not end.
    #[error("{member} (process {pid}) does not end")]
    Unstoppable {
        /// Its name.
        member: String,
        /// Its process.
        pid: u32,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Certificates could not be made.
    #[error("cannot make certificates: {0}")]
    Certificates(#[from] rcgen::Error),
    /// A file or process operation.
    #[error("{what}: {source}")]
    Io {
        /// What was tried and with which path.
        what: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// Names what an I/O error was about.
fn at<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> LabError + 'a {
    move |source| LabError::Io { what: format!("{what} {}", path.display()), source }
}

/// Random bytes of the kernel: labs need names that do not collide, not secrets.
fn random<const N: usize>() -> Result<[u8; N], LabError> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0; N];
    std::fs::File::open(path)
        .and_then(|mut file| io::Read::read_exact(&mut file, &mut bytes))
        .map_err(at("cannot read", path))?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
