//! What a backend says of its member; the lab does the rest.

use super::servers::Program;
use super::state::TlsPaths;
use crate::facts::BackendKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A server that labs can be made of.
pub trait Server: Sync {
    /// Which system.
    fn backend(&self) -> BackendKind;

    /// The program to look for on this machine.
    fn program(&self) -> &'static Program;

    /// The ports each member listens on.
    fn ports(&self) -> &'static [PortRole];

    /// The URL that clients use.
    fn endpoint(&self, seat: &Seat, tls: bool) -> String;

    /// DNS names that the certificate of each member has besides its address.
    fn certificate_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// What clients prove themselves with, where the members of such a lab demand it. The lab keeps it in a file.
    fn token(&self, _: &Setup) -> Option<String> {
        None
    }

    /// How one member is run and how to tell that it serves.
    fn describe(&self, seat: &Seat, setup: &Setup) -> MemberSpec;
}

/// A port with a purpose.
#[derive(Debug)]
pub struct PortRole {
    /// `client`, `peer`.
    pub name: &'static str,
    /// The number it usually has: used where every member has an address of its own.
    pub usual: u16,
}

/// Where one member lives.
#[derive(Debug, Clone)]
pub struct Seat {
    /// `n1`, `n2`, …
    pub name: String,
    /// IPv4 address it listens on.
    pub address: String,
    /// Port numbers by role.
    pub ports: BTreeMap<String, u16>,
    /// Its data directory, which exists and is empty.
    pub data_dir: PathBuf,
}

impl Seat {
    /// The member's own directory, above its data directory: where its log and its files are.
    pub fn dir(&self) -> &Path {
        self.data_dir.parent().unwrap_or(&self.data_dir)
    }

    /// `ADDRESS:PORT` of a role.
    pub fn socket(&self, role: &str) -> String {
        format!("{}:{}", self.address, self.ports.get(role).copied().unwrap_or_default())
    }
}

/// What all members of a lab have in common.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The program, found.
    pub program: PathBuf,
    /// Its version, such as `3.6.16`.
    pub version: String,
    /// Unique to this cluster, for ever.
    pub token: String,
    /// Random, and known to this lab only: what its keys and passwords are made of.
    pub secret: &'a [u8; 32],
    /// Every member, this one too.
    pub seats: &'a [Seat],
    /// TLS files of the lab, when it has TLS.
    pub tls: Option<&'a TlsPaths>,
    /// Whether clients must present a certificate.
    pub client_cert_auth: bool,
    /// Further arguments, as the user gave them.
    pub extra_arguments: &'a [String],
}

/// How one member is run. Kept in `lab.json`, so that it can be started again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MemberSpec {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its environment, besides PATH and HOME; nothing else of ours is passed on.
    pub environment: BTreeMap<String, String>,
    /// Files it needs before its first start, by name in the member's directory (the parent of its data directory)
    /// or, with a leading `data/`, in its data directory; for their owner only. They may hold secrets, so that nothing else
    /// keeps or prints them.
    #[serde(default, skip_serializing)]
    pub files: BTreeMap<PathBuf, String>,
    /// Further keys of the member in the lab's config file.
    #[serde(default)]
    pub declared: BTreeMap<String, String>,
    /// How to tell that it serves.
    pub readiness: Readiness,
}

/// What a member answers once it serves: a GET, or `zk://HOST:PORT/WORD` for a four-letter word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Readiness {
    /// What to get.
    pub url: String,
    /// What the answer (of status 200) contains then.
    pub contains: String,
}
