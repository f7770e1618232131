//! What was observed: plain data, saved and replayed as JSON.
//!
//! Nothing here decides anything. A value that could not be read is `Observed::Unknown` with the reason, never a
//! default; members that disagree keep their own answers. This module never does I/O and never reads a clock.

mod backups;
mod certificate;
mod common;
mod consul;
mod data_dir;
mod drill;
mod etcd;
mod latency;
mod snapshot;
mod files;
mod zookeeper;

pub use backups::*;
pub use certificate::*;
pub use common::*;
pub use consul::*;
pub use data_dir::*;
pub use drill::*;
pub use etcd::*;
pub use files::*;
pub use latency::*;
pub use snapshot::*;
pub use zookeeper::*;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Version of the facts file written by `check --save-facts`. Raised when an older quorate could misread a newer file.
pub const FACTS_FORMAT: u32 = 1;

/// A datum that was read, or the reason why it was not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed<T> {
    /// Read from the source.
    Known(T),
    /// Not read; a lower-case phrase that fits after "unknown: ".
    Unknown(String),
}

impl<T> Observed<T> {
    /// The value, when it was read.
    pub fn known(&self) -> Option<&T> {
        match self {
            Observed::Known(value) => Some(value),
            Observed::Unknown(_) => None,
        }
    }

    /// The reason, when it was not read.
    pub fn why(&self) -> Option<&str> {
        match self {
            Observed::Known(_) => None,
            Observed::Unknown(why) => Some(why),
        }
    }

    /// An unread value.
    pub fn unknown(why: impl Into<String>) -> Self {
        Observed::Unknown(why.into())
    }

    /// A value, or `why` when there is none.
    pub fn or_unknown(value: Option<T>, why: impl Into<String>) -> Self {
        value.map_or_else(|| Observed::Unknown(why.into()), Observed::Known)
    }

    /// Applies `f` to a known value and keeps the reason of an unknown one.
    pub fn map<U>(&self, f: impl FnOnce(&T) -> U) -> Observed<U> {
        match self {
            Observed::Known(value) => Observed::Known(f(value)),
            Observed::Unknown(why) => Observed::Unknown(why.clone()),
        }
    }

    /// Like [`Observed::map`] for a function that may itself find nothing.
    pub fn and_then<U>(&self, f: impl FnOnce(&T) -> Observed<U>) -> Observed<U> {
        match self {
            Observed::Known(value) => f(value),
            Observed::Unknown(why) => Observed::Unknown(why.clone()),
        }
    }
}

impl<T> Default for Observed<T> {
    fn default() -> Self {
        Observed::Unknown("not asked".into())
    }
}

impl BackendKind {
    /// Every one.
    pub const ALL: [BackendKind; 3] = [BackendKind::Etcd, BackendKind::Zookeeper, BackendKind::Consul];
}

/// Everything one look at one cluster saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// [`FACTS_FORMAT`] of the writer.
    pub format: u32,
    /// Version of the quorate that collected them.
    pub quorate: String,
    /// The target's name: from the config file, or made from the endpoints.
    pub cluster: String,
    /// When collection began, by the clock of the machine that looked.
    pub taken_at: Timestamp,
    /// How long collection took, in milliseconds.
    pub duration_ms: f64,
    /// What means the same on every backend.
    pub common: CommonFacts,
    /// What only this backend has.
    pub native: NativeFacts,
}

/// The backend's own richness, kept in its own words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NativeFacts {
    /// etcd 3.4 to 3.7.
    Etcd(EtcdFacts),
    /// ZooKeeper 3.5 to 3.9.
    Zookeeper(ZookeeperFacts),
    /// Consul servers 1.13 to 1.22.
    Consul(ConsulFacts),
}

impl NativeFacts {
    /// etcd's, when it is etcd.
    pub fn etcd(&self) -> Option<&EtcdFacts> {
        match self {
            NativeFacts::Etcd(etcd) => Some(etcd),
            NativeFacts::Zookeeper(_) | NativeFacts::Consul(_) => None,
        }
    }

    /// Consul's, when it is Consul.
    pub fn consul(&self) -> Option<&ConsulFacts> {
        match self {
            NativeFacts::Consul(consul) => Some(consul),
            NativeFacts::Etcd(_) | NativeFacts::Zookeeper(_) => None,
        }
    }

    /// ZooKeeper's, when it is ZooKeeper.
    pub fn zookeeper(&self) -> Option<&ZookeeperFacts> {
        match self {
            NativeFacts::Zookeeper(zookeeper) => Some(zookeeper),
            NativeFacts::Etcd(_) | NativeFacts::Consul(_) => None,
        }
    }

    /// etcd's, to be changed.
    pub fn etcd_mut(&mut self) -> Option<&mut EtcdFacts> {
        match self {
            NativeFacts::Etcd(etcd) => Some(etcd),
            NativeFacts::Zookeeper(_) | NativeFacts::Consul(_) => None,
        }
    }
}
