//! `lab.json`: what a lab is made of. Written before and after each change, so that whoever comes next, also after
//! a kill -9, knows what may run.

use super::member::MemberSpec;
use super::{LabError, at};
use crate::private;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Schema of the file and of `lab up -o json`.
pub const SCHEMA: &str = "quorate.lab/v1";
const FILE: &str = "lab.json";
const NEW_FILE: &str = ".lab.json.new";

/// One lab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Lab {
    /// `quorate.lab/v1`.
    pub schema: String,
    /// Its name, which is also the cluster's in its config file.
    pub name: String,
    /// Which system.
    pub backend: String,
    /// Version of the servers.
    pub version: String,
    /// Where everything is.
    pub dir: PathBuf,
    /// Config file for every other command.
    pub config: PathBuf,
    /// TLS files, when it has TLS.
    pub tls: Option<TlsPaths>,
    /// File with the token that clients need, when they need one.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Its own network, when it is isolated.
    pub network: Option<Network>,
    /// Groups that cannot reach each other; empty when all can.
    #[serde(default)]
    pub partition: Vec<Vec<String>>,
    /// Its members, in order.
    pub members: Vec<Member>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Member {
    /// `n1`, `n2`, …
    pub name: String,
    /// How it stands.
    pub state: MemberState,
    /// Its process, when one was started and not seen to end.
    pub pid: Option<u32>,
    /// When that process started, in clock ticks since boot: field 22 of `/proc/PID/stat`. Tells a recycled pid.
    pub started_ticks: Option<u64>,
    /// What clients connect to.
    pub endpoint: String,
    /// IPv4 address.
    pub address: String,
    /// Port numbers by role.
    pub ports: BTreeMap<String, u16>,
    /// Network namespace, when isolated.
    pub namespace: Option<String>,
    /// Data directory.
    pub data_dir: PathBuf,
    /// What it prints.
    pub log: PathBuf,
    /// How it is run.
    pub spec: MemberSpec,
}

/// How a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemberState {
    /// About to be started, or started by somebody who could not record it.
    Starting,
    /// Its process runs.
    Running,
    /// Its process is stopped by a signal, and can be continued.
    Paused,
    /// Stopped by the lab.
    Exited,
    /// Ended by itself or by somebody else.
    Dead,
}

impl MemberState {
    /// The word of the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            MemberState::Starting => "starting",
            MemberState::Running => "running",
            MemberState::Paused => "paused",
            MemberState::Exited => "exited",
            MemberState::Dead => "dead",
        }
    }
}

/// TLS files of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TlsPaths {
    /// The directory of all of them.
    pub dir: PathBuf,
    /// The CA that signed every certificate.
    pub ca: PathBuf,
    /// The client certificate for quorate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl TlsPaths {
    /// In this directory.
    pub fn in_dir(dir: PathBuf) -> TlsPaths {
        TlsPaths {
            ca: dir.join("ca.pem"),
            cert: dir.join("client.pem"),
            key: dir.join("client-key.pem"),
            dir,
        }
    }

    /// A member's certificate.
    pub fn cert_of(&self, member: &str) -> PathBuf {
        self.dir.join(format!("{member}.pem"))
    }

    /// A member's key.
    pub fn key_of(&self, member: &str) -> PathBuf {
        self.dir.join(format!("{member}-key.pem"))
    }

    /// A member's key and certificate in one file, as Java's servers read PEM.
    pub fn bundle_of(&self, member: &str) -> PathBuf {
        self.dir.join(format!("{member}-bundle.pem"))
    }
}

/// A bridge with a subnet of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Network {
    /// The subnet is `10.231.<index>.0/24`, the bridge `qlab<index>`.
    pub index: u8,
    /// Hardware address of the bridge: chosen beforehand, so that it says whose bridge it is.
    pub mac: String,
}

impl Lab {
    /// Reads `lab.json` of a directory; `None` when there is none.
    pub fn read(dir: &Path) -> Result<Option<Lab>, LabError> {
        let path = dir.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at("cannot read", &path)(error)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| at("cannot read", &path)(error.into()))
    }

    /// Replaces `lab.json` atomically. Whoever writes holds the lab's lock, so one name for the new file is enough.
    pub fn write(&self) -> Result<(), LabError> {
        let (path, new) = (self.dir.join(FILE), self.dir.join(NEW_FILE));
        let write = || {
            let mut text = serde_json::to_vec_pretty(self)?;
            text.push(b'\n');
            private::write(&new, &text)?;
            std::fs::rename(&new, &path)
        };
        write().map_err(at("cannot write", &path))
    }

    /// Every file that [`Lab::write`] may leave in a directory.
    pub(super) fn files(dir: &Path) -> [PathBuf; 2] {
        [dir.join(NEW_FILE), dir.join(FILE)]
    }

    /// A member by name.
    pub fn member(&self, name: &str) -> Result<&Member, LabError> {
        self.members.iter().find(|m| m.name == name).ok_or_else(|| LabError::NoSuchMember {
            lab: self.name.clone(),
            name: name.to_owned(),
            known: self.members.iter().map(|m| m.name.clone()).collect(),
        })
    }

    /// What clients connect to, of every member.
    pub fn endpoints(&self) -> Vec<&str> {
        self.members.iter().map(|m| m.endpoint.as_str()).collect()
    }
}
