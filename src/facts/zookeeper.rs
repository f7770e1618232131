//! What only ZooKeeper has, in its own words: modes, zxids, the dynamic configuration, settings, the AdminServer.

use super::{CommonFacts, DataDir, Member, Observed, Window, ZookeeperFiles};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything ZooKeeper's servers told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperFacts {
    /// One for each address that was asked, in the order of `CommonFacts::endpoints`.
    pub members: Vec<ZookeeperMember>,
    /// How many addresses the user gave: more than one means that an ensemble is expected.
    pub addresses_given: usize,
    /// Whether the root's ACL gives everybody every right.
    pub root_open: Observed<bool>,
    /// Whether the root's ACL names users of the scheme `digest`: then clients log in by a password.
    pub root_digest: Observed<bool>,
    /// Where the leader takes followers, as it is found from here.
    pub quorum_port: Observed<ZookeeperQuorumPort>,
}

/// A leader's port for followers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperQuorumPort {
    /// `HOST:PORT`.
    pub address: String,
    /// Whether it took a connection from here.
    pub open: bool,
    /// Whether it spoke TLS.
    pub tls: bool,
    /// Whether this is the leader's own machine: then that it is reached from here tells nothing.
    pub own_machine: bool,
}

/// What one server told of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperMember {
    /// Its `myid` in decimal, as in the common facts; empty when it did not tell.
    pub id: String,
    /// Its name in findings.
    pub name: String,
    /// The address that was asked, `HOST:PORT`.
    pub endpoint: String,
    /// Whether it answered with "not currently serving requests": it runs, and has no quorum or is synchronising.
    pub not_serving: bool,
    /// The word `srvr`.
    pub srvr: Observed<ZookeeperSrvr>,
    /// The last transaction it has applied: epoch in the upper, counter in the lower 32 bits.
    pub zxid: Observed<u64>,
    /// The same a moment before: two looks tell a lag that moves from one that is stuck.
    pub zxid_before: Observed<u64>,
    /// `/zookeeper/config` as this server tells it, or its AdminServer.
    pub config: Observed<ZookeeperConfig>,
    /// Numbers of `mntr`, the AdminServer's `monitor`, or the Prometheus page, under one spelling.
    pub metrics: Observed<ZookeeperMetrics>,
    /// What changed in them since an earlier look; `Unknown` when there was nothing to compare with.
    pub window: Observed<ZookeeperWindow>,
    /// How the server is set up.
    pub settings: ZookeeperSettings,
    /// Its AdminServer.
    pub admin: Observed<ZookeeperAdmin>,
    /// Whether it answers `gtmk`, a word that nobody lists by itself: then its whitelist is `*` (or 3.4's).
    pub answers_any_word: Observed<bool>,
    /// Its newest snapshot: the file, where its machine is this one, else what its AdminServer tells.
    pub snapshot: Observed<ZookeeperSnapshot>,
    /// What its machine shows, where it is this one.
    pub here: Observed<ZookeeperHere>,
}

/// A snapshot that a server wrote for itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperSnapshot {
    /// The last transaction that was applied when it was begun.
    pub zxid: u64,
    /// How long ago it was written, in seconds; `None` where the server does not tell.
    pub age_seconds: Option<f64>,
}

/// What is seen of a server from its own machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperHere {
    /// Its data directories, as far as this user may look at them.
    pub directories: Vec<ZookeeperDirectory>,
    /// Files beside the data directory that hold data or secrets and that every user of the machine can read: key stores, a
    /// `zoo.cfg` with passwords, one file of a log elsewhere.
    pub exposed: Vec<String>,
    /// Memory of its process that is swapped out, in bytes (`VmSwap`); `None` where the system does not tell.
    pub swapped_bytes: Option<u64>,
    /// Its newest snapshot; `None` without one that may be read.
    pub snapshot: Option<ZookeeperSnapshot>,
    /// What it will find when it is started again.
    pub start: ZookeeperStart,
    /// Key stores that are PEM files, by the prefix of their settings: `ssl` for clients, `ssl.quorum`.
    pub stores: BTreeMap<String, ZookeeperStore>,
    /// Its snapshots and logs, read completely; `None` where that was not asked for (`--deep`).
    pub files: Option<Observed<Box<ZookeeperFiles>>>,
}

/// The files that a server starts from, as they are now. Secrets are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperStart {
    /// `zoo.cfg`.
    pub file: BTreeMap<String, String>,
    /// The file that its `dynamicConfigFile` names; `None` where it names none, or that cannot be read.
    pub dynamic: Option<BTreeMap<String, String>>,
    /// What stands in `myid`; `None` where there is no such file that may be read.
    pub myid: Option<String>,
    /// Whether a `.dynamic.next` lies beside the `zoo.cfg`: a configuration that was proposed and not taken up.
    pub left_over: Option<String>,
}

/// A key store, as the file is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperStore {
    /// The file.
    pub path: String,
    /// SHA-256 of its first certificate, in hex.
    pub fingerprint: String,
}

/// A directory of a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperDirectory {
    /// `dataDir` or `dataLogDir`.
    pub key: String,
    /// Number of the device that holds it.
    pub device: u64,
    /// Its room; who can read it is not looked at here.
    pub room: DataDir,
}

impl ZookeeperHere {
    /// The log's directory, where it is on another device than the data.
    pub fn log_apart(&self) -> Option<&DataDir> {
        let of = |key: &str| self.directories.iter().find(|dir| dir.key == key);
        let log = of("dataLogDir")?;
        of("dataDir").is_none_or(|data| data.device != log.device).then_some(&log.room)
    }
}

impl ZookeeperMember {
    /// What to call it: its name, else its address.
    pub fn label(&self) -> String {
        if self.name.is_empty() { self.endpoint.clone() } else { self.name.clone() }
    }

    /// A metric by the name in [`ZookeeperMetrics::numbers`].
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.known()?.numbers.get(name).copied()
    }
}

impl ZookeeperFacts {
    /// Servers that said something, each once.
    pub fn answering(&self) -> impl Iterator<Item = &ZookeeperMember> {
        self.members.iter().enumerate().filter_map(|(at, member)| {
            let again = !member.id.is_empty() && self.members[..at].iter().any(|m| m.id == member.id);
            ((member.srvr.known().is_some() || member.not_serving) && !again).then_some(member)
        })
    }

    /// Servers that serve, with what `srvr` told.
    pub fn serving(&self) -> impl Iterator<Item = (&ZookeeperMember, &ZookeeperSrvr)> {
        self.answering().filter_map(|member| Some((member, member.srvr.known()?)))
    }

    /// What the server of a common member told.
    pub fn of(&self, member: &Member) -> Option<&ZookeeperMember> {
        let by_id = |m: &&ZookeeperMember| !m.id.is_empty() && m.id == member.id;
        let by_place = |m: &&ZookeeperMember| Some(&m.endpoint) == member.endpoint.as_ref();
        self.answering().find(by_id).or_else(|| self.answering().find(by_place))
    }

    /// The common member that a server is.
    pub fn common<'a>(&self, native: &ZookeeperMember, common: &'a CommonFacts) -> Option<&'a Member> {
        common.members.iter().find(|m| self.of(m).is_some_and(|of| of.endpoint == native.endpoint))
    }
}

/// The answer to `srvr`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperSrvr {
    /// Version, such as `3.9.5`.
    pub version: String,
    /// `leader`, `follower`, `observer`, `standalone`, `read-only`.
    pub mode: String,
    /// Whether it is in read-only mode: it has lost the others and serves old data to those who ask for it.
    pub read_only: bool,
    /// Last applied transaction.
    pub zxid: u64,
    /// Number of znodes.
    pub nodes: Option<u64>,
    /// Open connections, this program's included.
    pub connections: Option<u64>,
    /// Packets received since the start (or since somebody reset it): mostly requests.
    pub received: Option<u64>,
    /// Requests that wait.
    pub outstanding: Option<u64>,
    /// Mean latency of requests since the start (or since somebody reset it), in milliseconds.
    pub latency_avg_ms: Option<f64>,
    /// The slowest of them, in milliseconds.
    pub latency_max_ms: Option<f64>,
}

/// The servers of the ensemble, by decimal `myid`, as one server has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperConfig {
    /// Configuration version; 0 where the list is static; `None` where the source does not tell.
    pub version: Option<u64>,
    /// The members.
    pub servers: BTreeMap<String, ZookeeperServer>,
    /// Groups of servers, by decimal `myid`, that decide instead of a majority (`group.N=1:2:3`); empty without.
    pub groups: BTreeMap<String, Vec<String>>,
    /// What a server's vote counts in its group, where that is not 1 (`weight.N=2`).
    pub weights: BTreeMap<String, u64>,
}

/// One line `server.N=HOST:QUORUM:ELECTION:ROLE;CLIENT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperServer {
    /// Where followers connect to it when it leads, `HOST:PORT`.
    pub quorum: String,
    /// Where votes are exchanged, `HOST:PORT`.
    pub election: String,
    /// Where clients connect, `HOST:PORT`; `None` where the line does not tell.
    pub client: Option<String>,
    /// Whether it is an observer.
    pub observer: bool,
}

/// Numbers since the server's start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperMetrics {
    /// Where they were read: `mntr`, `AdminServer`, `Prometheus`.
    pub source: String,
    /// When.
    pub read_at: Timestamp,
    /// By `mntr`'s names without the leading `zk_`; of a summary `fsynctime`: `fsynctime_cnt`, `fsynctime_sum`,
    /// `fsynctime_avg`, `fsynctime_max`, `fsynctime_p99`, in the unit of the metric (milliseconds for times).
    pub numbers: BTreeMap<String, f64>,
}

/// What happened over a window of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZookeeperWindow {
    /// Which time.
    pub window: Window,
    /// Growth of those numbers that are in both looks.
    pub grown: BTreeMap<String, f64>,
}

/// Settings by their names in `zoo.cfg`. Passwords are never kept: only that one is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperSettings {
    /// System properties of the process, without the leading `zookeeper.`: every key of `zoo.cfg` that the parser does
    /// not know by itself becomes one. From the AdminServer, or from command line and file where it runs here. A key
    /// that ZooKeeper reads without the prefix and somebody set with it keeps the prefix: nobody reads it.
    pub properties: Observed<BTreeMap<String, String>>,
    /// What the word `conf` or the AdminServer's `configuration` tells.
    pub running: Observed<BTreeMap<String, String>>,
    /// Its `zoo.cfg`: as it was read at the start, from the AdminServer's `initial_configuration`, else as it is now, where
    /// the server runs on this machine.
    pub file: Observed<BTreeMap<String, String>>,
    /// Whether the settings should have been told: the config file names the AdminServer, or one answered and failed.
    pub expected: bool,
}

impl ZookeeperSettings {
    /// A setting that the parser passes on as a system property; `Known(None)` when it is certainly not set.
    pub fn property(&self, key: &str) -> Observed<Option<&str>> {
        match (&self.properties, &self.file) {
            (Observed::Known(map), _) => Observed::Known(map.get(key).map(String::as_str)),
            // A property may also come from the command line, which the file does not show: only what is there is sure.
            (Observed::Unknown(why), Observed::Known(map)) => match map.get(key) {
                Some(value) => Observed::Known(Some(value)),
                None => Observed::unknown(why),
            },
            (Observed::Unknown(why), Observed::Unknown(_)) => Observed::unknown(why),
        }
    }

    /// A setting that the parser keeps to itself, such as `autopurge.purgeInterval`: only the file tells it.
    pub fn parsed(&self, key: &str) -> Observed<Option<&str>> {
        match &self.file {
            Observed::Known(map) => Observed::Known(map.get(key).map(String::as_str)),
            Observed::Unknown(why) => Observed::unknown(why),
        }
    }
}

/// An AdminServer that answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperAdmin {
    /// Where.
    pub url: String,
    /// Whether the address is a loopback one.
    pub loopback: bool,
    /// Whether it listens for this machine only, by its own settings; `None` when they do not tell.
    pub listens_loopback: Option<bool>,
    /// Names of settings whose passwords it tells to whoever asks.
    pub leaks: Vec<String>,
    /// `leader`: whom it follows, by decimal id.
    pub leader: Option<String>,
    /// `connections`: the client address with the most of them; `Known(None)` without any.
    pub busiest: Observed<Option<ZookeeperClient>>,
}

/// A client machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperClient {
    /// Its address, without a port.
    pub address: String,
    /// How many connections are open from there.
    pub connections: u64,
}
