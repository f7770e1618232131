//! Facts whose words mean the same on every backend: voters, leader, versions, disk, clock, listeners.

use super::{Backups, Certificate, DataDir, DrillFacts, Observed, OwnCertificate, SyncLatency};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which consensus system a target runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackendKind {
    /// etcd.
    Etcd,
    /// Apache ZooKeeper.
    Zookeeper,
    /// HashiCorp Consul servers.
    Consul,
}

impl BackendKind {
    /// The name used in config files, URLs and JSON.
    pub fn name(self) -> &'static str {
        match self {
            BackendKind::Etcd => "etcd",
            BackendKind::Zookeeper => "zookeeper",
            BackendKind::Consul => "consul",
        }
    }
}

/// Why an address did not give what was asked. Each kind is a diagnosis with its own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// The host name does not resolve.
    DnsFailure,
    /// The host answered that nothing listens on the port.
    ConnectionRefused,
    /// No route.
    HostUnreachable,
    /// The member list has no address of it: it never started, or never told one.
    NoAddress,
    /// Nobody told where it listens for clients: it may well serve others.
    AddressUnknown,
    /// No answer to the connection attempt within the deadline.
    ConnectTimeout,
    /// Connected, but nothing came back within the deadline (paused, hung or half-open).
    NoAnswer,
    /// The peer closed the connection without a byte of answer.
    EmptyReply,
    /// The connection was reset in the middle.
    ConnectionReset,
    /// The answer is not of the expected protocol.
    Garbage,
    /// Something else answers on this port (an HTTP server that is not the expected service).
    WrongService,
    /// https was asked of a port that speaks plaintext.
    TlsOnPlaintext,
    /// http was asked of a port that speaks TLS.
    PlaintextOnTls,
    /// The server's certificate is not signed by the CA we trust.
    WrongCa,
    /// The server's certificate has expired.
    CertificateExpired,
    /// The server's certificate is not valid yet.
    CertificateNotYetValid,
    /// The server's certificate does not name the address that was dialled.
    CertificateName,
    /// The server's certificate may not be used for a server (extended key usage).
    CertificatePurpose,
    /// The server wants a client certificate and got none, or refused the one it got.
    ClientCertificate,
    /// TLS failed for another reason.
    TlsFailure,
    /// The server wants a user and password (or token) and got none, or refused them.
    Unauthenticated,
    /// The user may not ask this.
    PermissionDenied,
    /// The server answered with an error of its own.
    ServerError,
}

impl TroubleKind {
    /// The diagnosis as users read it and scripts match it, in kebab-case.
    pub fn name(self) -> &'static str {
        match self {
            TroubleKind::DnsFailure => "dns-failure",
            TroubleKind::ConnectionRefused => "connection-refused",
            TroubleKind::HostUnreachable => "host-unreachable",
            TroubleKind::NoAddress => "no-address",
            TroubleKind::AddressUnknown => "address-unknown",
            TroubleKind::ConnectTimeout => "connect-timeout",
            TroubleKind::NoAnswer => "no-answer",
            TroubleKind::EmptyReply => "empty-reply",
            TroubleKind::ConnectionReset => "connection-reset",
            TroubleKind::Garbage => "garbage",
            TroubleKind::WrongService => "wrong-service",
            TroubleKind::TlsOnPlaintext => "tls-on-plaintext",
            TroubleKind::PlaintextOnTls => "plaintext-on-tls",
            TroubleKind::WrongCa => "wrong-ca",
            TroubleKind::CertificateExpired => "certificate-expired",
            TroubleKind::CertificateNotYetValid => "certificate-not-yet-valid",
            TroubleKind::CertificateName => "certificate-name",
            TroubleKind::CertificatePurpose => "certificate-purpose",
            TroubleKind::ClientCertificate => "client-certificate",
            TroubleKind::TlsFailure => "tls-failure",
            TroubleKind::Unauthenticated => "unauthenticated",
            TroubleKind::PermissionDenied => "permission-denied",
            TroubleKind::ServerError => "server-error",
        }
    }

    /// Whether the failure proves that no process serves the address: a timeout may be our own network's fault.
    pub fn proves_down(self) -> bool {
        matches!(self, TroubleKind::ConnectionRefused | TroubleKind::NoAddress)
    }

    /// Whether the failure means down when our network is well: connections are taken, and nothing is said.
    pub fn means_hung(self) -> bool {
        matches!(self, TroubleKind::NoAnswer | TroubleKind::EmptyReply)
    }
}

/// A named diagnosis with the detail a person needs to act on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The diagnosis.
    pub kind: TroubleKind,
    /// A lower-case phrase: what was seen. Server-supplied text in it is not yet escaped.
    pub detail: String,
}

impl Trouble {
    /// Makes one.
    pub fn new(kind: TroubleKind, detail: impl Into<String>) -> Self {
        Trouble { kind, detail: detail.into() }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.detail.is_empty() {
            f.write_str(self.kind.name())
        } else {
            write!(f, "{}: {}", self.kind.name(), self.detail)
        }
    }
}

/// Whether an address gave its core answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// The core request (etcd: Status) was answered, in so many milliseconds.
    Answered {
        /// Time from the first byte sent, connection included, in milliseconds.
        ms: f64,
    },
    /// It was not.
    Failed(Trouble),
}

impl Reach {
    /// Whether the core request was answered.
    pub fn answered(&self) -> bool {
        matches!(self, Reach::Answered { .. })
    }

    /// The trouble, when it was not.
    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            Reach::Answered { .. } => None,
            Reach::Failed(trouble) => Some(trouble),
        }
    }
}

/// Where an address came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Given by the user.
    Given,
    /// Found in the member list.
    Discovered,
}

/// One client address that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The URL as given or as advertised.
    pub url: String,
    /// Where it came from.
    pub origin: Origin,
    /// What came of it.
    pub reach: Reach,
    /// The member that answered there, as a hex id.
    pub member_id: Option<String>,
    /// The cluster that member says it belongs to, as a hex id.
    pub cluster_id: Option<String>,
}

/// What a member is doing in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Leads.
    Leader,
    /// Follows a leader.
    Follower,
    /// Receives the log but does not vote (etcd learner, Consul non-voter, ZooKeeper observer).
    Learner,
    /// Answers, but follows nobody and leads nothing.
    Leaderless,
    /// Not seen.
    #[default]
    Unknown,
}

impl Role {
    /// The name used in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Role::Leader => "leader",
            Role::Follower => "follower",
            Role::Learner => "learner",
            Role::Leaderless => "leaderless",
            Role::Unknown => "unknown",
        }
    }
}

/// A read that only a working quorum can answer (etcd: linearizable Get; Consul: `?consistent`; ZooKeeper: sync).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuorumRead {
    /// Answered: a quorum exists.
    Served {
        /// Duration in milliseconds.
        ms: f64,
    },
    /// Refused by the server or not answered in time: no quorum could be shown from this member.
    Failed {
        /// What the server said, or that it said nothing.
        why: String,
        /// How long we waited, in milliseconds.
        after_ms: f64,
        /// Whether the server itself said no; `false` when nothing was heard.
        #[serde(default)]
        refused: bool,
    },
}

/// One member, voter or not: what the membership says of it and what it says itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Member {
    /// Hex id; empty when membership is not known and only an address is.
    pub id: String,
    /// Its name; empty when it never started.
    pub name: String,
    /// Whether it counts in the quorum.
    pub voter: bool,
    /// Whether it has ever started (an added member without a name and client URL has not).
    pub started: bool,
    /// What it is doing.
    pub role: Role,
    /// Client addresses, as advertised.
    pub client_urls: Vec<String>,
    /// Peer addresses, as in the membership.
    pub peer_urls: Vec<String>,
    /// The address it answered on, or the first one tried.
    pub endpoint: Option<String>,
    /// Why it did not answer; `None` when it did.
    pub trouble: Option<Trouble>,
    /// Whether it answered its core request.
    pub reachable: bool,
    /// Failure domain, from the config file.
    pub zone: Option<String>,
    /// Server version, such as `3.6.16`.
    pub version: Observed<String>,
    /// The leader it sees, as a hex id; `Known(None)` when it sees none.
    pub leader: Observed<Option<String>>,
    /// Raft term or ZooKeeper epoch.
    pub term: Observed<u64>,
    /// The read only a quorum can answer.
    pub quorum_read: Observed<QuorumRead>,
    /// How long its log takes to reach the disk.
    pub log_sync: Observed<SyncLatency>,
    /// How long its state store takes to commit.
    pub store_commit: Observed<SyncLatency>,
    /// Its clock minus ours in milliseconds, and how far off that may be.
    pub clock: Observed<ClockOffset>,
    /// Its sockets, as seen from here.
    pub listeners: Vec<Listener>,
}

impl Member {
    /// What to call it: its name, else its id, else its address.
    pub fn label(&self) -> String {
        if !self.name.is_empty() {
            self.name.clone()
        } else if !self.id.is_empty() {
            self.id.clone()
        } else {
            self.endpoint.clone().or_else(|| self.peer_urls.first().cloned()).unwrap_or_default()
        }
    }
}

/// A clock measured over the network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClockOffset {
    /// Remote minus local, in milliseconds.
    pub offset_ms: f64,
    /// Half the round trip plus the resolution of the remote's answer, in milliseconds.
    pub uncertainty_ms: f64,
}

/// Which socket of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListenerKind {
    /// Where clients connect.
    Client,
    /// Where the other members connect.
    Peer,
    /// Where only metrics and health are served.
    Metrics,
    /// Where proxies of a service mesh connect (Consul).
    Grpc,
}

impl ListenerKind {
    /// The name used in findings.
    pub fn name(self) -> &'static str {
        match self {
            ListenerKind::Client => "client",
            ListenerKind::Peer => "peer",
            ListenerKind::Metrics => "metrics",
            ListenerKind::Grpc => "grpc",
        }
    }
}

/// One socket as a stranger without credentials finds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// Which one.
    pub kind: ListenerKind,
    /// `host:port`.
    pub address: String,
    /// Whether the address is a loopback one.
    pub loopback: bool,
    /// Whether a request without TLS was answered.
    pub plaintext: Observed<bool>,
    /// Whether a request without a client certificate (in TLS, or in plaintext) was answered.
    pub anonymous: Observed<bool>,
    /// The served chain, leaf first; `Known(empty)` when the listener does not speak TLS.
    pub chain: Observed<Vec<Certificate>>,
    /// Protocol versions older than TLS 1.2 that it accepted; asked only by `--deep` and `probe tls`.
    pub legacy_tls: Observed<Vec<String>>,
    /// Why the name dialled is not in the leaf's names, or `Known(None)` when it is.
    pub name_mismatch: Observed<Option<String>>,
}

/// A membership list as one source tells it: lists may differ, and the difference is a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipView {
    /// Who said so: a member's hex id.
    pub source: String,
    /// Which interface: `client`, `peer`, `raft`, `declared`.
    pub interface: String,
    /// Hex id to what is said of the member.
    pub members: BTreeMap<String, ListedMember>,
}

/// A member in somebody's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ListedMember {
    /// Its name; empty when it never started.
    pub name: String,
    /// Whether it votes.
    pub voter: bool,
    /// Peer addresses; empty when this source does not tell.
    pub peer_urls: Vec<String>,
    /// Client addresses; empty when this source does not tell.
    pub client_urls: Vec<String>,
}

/// Facts every backend fills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommonFacts {
    /// Which system.
    pub backend: BackendKind,
    /// Every address tried.
    pub endpoints: Vec<Endpoint>,
    /// Every cluster id that answered, in order of first sight. More than one is a finding.
    pub cluster_ids: Vec<String>,
    /// Members of the cluster that most endpoints belong to. Empty when membership could not be learnt.
    pub members: Vec<Member>,
    /// Where `members` came from; why it is empty otherwise.
    pub membership: Observed<MembershipSource>,
    /// Every list that was seen.
    pub views: Vec<MembershipView>,
    /// The client certificate we present.
    pub own_certificate: Option<OwnCertificate>,
    /// Whether zones were declared for the members.
    pub zones_declared: bool,
    /// The directory of snapshots; `None` where the config file names none.
    #[serde(default)]
    pub backups: Option<Observed<Backups>>,
    /// Data directories of the members that run on this machine by the config file's word, by the members' names there.
    #[serde(default)]
    pub data_dirs: BTreeMap<String, Observed<DataDir>>,
    /// Drills of this system; `None` where no evidence of any is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drills: Option<Observed<DrillFacts>>,
    /// Which sets of voters decide.
    #[serde(default)]
    pub votes: VoteRule,
}

/// Which sets of voters are a quorum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum VoteRule {
    /// More than half of them.
    #[default]
    Majority,
    /// ZooKeeper's hierarchical quorums: more than half of the groups, each by more than half of its weight. The weights
    /// of each group's members, by id.
    Groups(Vec<BTreeMap<String, u64>>),
}

/// Where the member list came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MembershipSource {
    /// Told by members of the cluster now.
    Cluster,
    /// Declared in the config file; nobody who answered could tell.
    Declared,
    /// Remembered from an earlier run.
    Remembered {
        /// When it was seen.
        seen_at: Timestamp,
    },
}

impl CommonFacts {
    /// Why the membership is not what the cluster says now: what is read from it then proves nothing of today.
    pub fn membership_unseen(&self) -> Option<&str> {
        match &self.membership {
            Observed::Known(MembershipSource::Cluster) => None,
            Observed::Known(_) => Some("no member told the membership"),
            Observed::Unknown(why) => Some(why),
        }
    }

    /// Members that count in the quorum.
    pub fn voters(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|m| m.voter)
    }

    /// Members that answered.
    pub fn reachable(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|m| m.reachable)
    }

    /// `members` as a source lists them, to compare a view with.
    pub fn members_as_listed(&self) -> BTreeMap<String, ListedMember> {
        let listed = |m: &Member| ListedMember {
            name: m.name.clone(),
            voter: m.voter,
            peer_urls: m.peer_urls.clone(),
            client_urls: m.client_urls.clone(),
        };
        self.members.iter().map(|m| (m.id.clone(), listed(m))).collect()
    }

    /// The member with this hex id.
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|m| m.id == id)
    }
}
