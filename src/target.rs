//! A target: which cluster to look at and with which credentials. Plain data; who made it (flags, environment, file)
//! is `cli::settings`' business.

use crate::facts::BackendKind;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One cluster to look at.
#[derive(Debug, Clone)]
pub struct Target {
    /// Name from the config file, or made from the endpoints.
    pub name: String,
    /// Which system it runs.
    pub backend: BackendKind,
    /// Client URLs, scheme included, without duplicates.
    pub endpoints: Vec<String>,
    /// Files for TLS.
    pub tls: TlsFiles,
    /// User and password, or a token.
    pub auth: Option<Auth>,
    /// Where Kubernetes keeps its objects in etcd, `/…/`, where that is not the usual place.
    pub kubernetes_prefix: Option<String>,
    /// Directory in which its snapshots are kept, where the config file says.
    pub snapshots: Option<PathBuf>,
    /// What the config file declares of the members, by name.
    pub members: BTreeMap<String, DeclaredMember>,
}

/// TLS material, by path, and how to verify.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TlsFiles {
    /// CA bundle (PEM); the system's CAs when absent.
    pub ca: Option<PathBuf>,
    /// Client certificate (PEM).
    pub cert: Option<PathBuf>,
    /// Client key (PEM).
    pub key: Option<PathBuf>,
    /// Name to verify instead of the dialled one.
    pub server_name: Option<String>,
    /// Do not verify the server at all; what would have failed is still reported.
    pub insecure_skip_verify: bool,
}

/// Credentials.
#[derive(Debug, Clone)]
pub enum Auth {
    /// etcd user and password.
    Password {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
    /// A token: Consul's.
    Token {
        /// The token.
        token: Secret,
        /// The file it was read from, where it was one.
        file: Option<PathBuf>,
    },
}

/// A secret: never printed, whatever formats it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(secret: impl Into<String>) -> Self {
        Secret(secret.into())
    }

    /// The secret itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// What the config file says of one member: needed by zone checks and by recovery.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeclaredMember {
    /// Failure domain.
    pub zone: Option<String>,
    /// Its client URL, where the file says.
    pub endpoint: Option<String>,
    /// Where it serves its HTTP pages, when not at `endpoint`: etcd with `--listen-client-http-urls` or
    /// `--listen-metrics-urls`, ZooKeeper's Prometheus provider where that is not on port 7000.
    pub metrics: Option<String>,
    /// Where its administrators' page is (ZooKeeper's AdminServer), where that is not the usual port.
    pub admin: Option<String>,
    /// Data directory on its host.
    pub data_dir: Option<PathBuf>,
    /// Directory of its log there, where it is not in the data directory: for when no server runs that could be asked.
    pub wal_dir: Option<PathBuf>,
    /// The server's program there, for the same reason.
    pub program: Option<PathBuf>,
    /// Where its host is.
    pub host: Option<DeclaredHost>,
    /// How it is started and stopped there.
    pub service: Option<DeclaredService>,
}

/// Where a member's host is.
#[derive(Debug, Clone, PartialEq)]
pub enum DeclaredHost {
    /// This machine.
    Local,
    /// Over the system's ssh.
    Ssh(String),
}

/// How a member is started and stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum DeclaredService {
    /// A systemd unit.
    Systemd(String),
    /// A static pod's manifest.
    StaticPod(PathBuf),
    /// Commands.
    Commands {
        /// Starts it.
        start: String,
        /// Stops it.
        stop: String,
        /// Exits 0 when it runs.
        status: String,
    },
}
