//! What a plan is made of: everything that was seen, and everything that would else be a choice, a clock or a lookup.

use crate::facts::{Facts, Observed};
use crate::offline::CopyFacts;
use crate::recover::plan::{HostSpec, Ownership, ServiceSpec};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// All of it.
#[derive(Debug, Clone)]
pub struct Situation {
    /// Names the run.
    pub run_id: String,
    /// When the facts were taken.
    pub now: Timestamp,
    /// Version of quorate.
    pub quorate: String,
    /// What the user calls the cluster.
    pub cluster: String,
    /// Random: the new cluster's id is made of it.
    pub token: String,
    /// Directory of this run, on this machine.
    pub run_dir: PathBuf,
    /// Bytes that may be written there.
    pub run_dir_free: Observed<u64>,
    /// What the cluster said.
    pub facts: Facts,
    /// Names of members that a person vouches for to be dead.
    pub assumed_dead: Vec<String>,
    /// Whether a user with a password, or a client certificate, is given.
    pub has_login: bool,
    /// Whether a client certificate is.
    pub has_certificate: bool,
    /// By name: members whose host is known.
    pub sites: BTreeMap<String, Site>,
    /// The server's program on this machine, with its version: it replays what is on other hosts.
    pub program_here: Observed<(PathBuf, String)>,
    /// A snapshot that is to be used instead of what is left.
    pub backup: Option<super::Backup>,
    /// By how much revisions are to be raised.
    pub bump: u64,
}

/// A member's place.
#[derive(Debug, Clone)]
pub struct Site {
    /// What steps call its host.
    pub host: String,
    /// How it is reached.
    pub spec: HostSpec,
    /// Its server.
    pub service: ServiceSpec,
    /// Whether the server runs; unknown when the host did not tell.
    pub running: Observed<bool>,
    /// What holds its database though its service says that it does not run, as a phrase.
    pub held: Option<String>,
    /// Its process and when it began, when it runs.
    pub process: Option<(u32, u64)>,
    /// Data directory.
    pub data_dir: PathBuf,
    /// The directory of its log, where it is not inside.
    pub wal_dir: Option<PathBuf>,
    /// Whether something is there.
    pub wal_is_there: bool,
    /// What is in the data directory; `None` when nothing is at its path.
    pub disk: Observed<Option<Disk>>,
    /// Bytes that may be written beside it.
    pub free: Observed<u64>,
    /// The server's program there, with its version: of its process, else as it is declared or found.
    pub program: Observed<(PathBuf, String)>,
    /// `etcdutl` or `etcdctl` of the server's minor version there, with its version.
    pub tool: Observed<(PathBuf, String)>,
}

/// A data directory.
#[derive(Debug, Clone)]
pub struct Disk {
    /// Bytes of its database.
    pub db_bytes: u64,
    /// Whom it belongs to.
    pub owner: Ownership,
    /// What is in it; of another host, in a copy that was made to be read.
    pub copy: Observed<Box<CopyFacts>>,
}
