//! What only etcd has: revisions, alarms, quotas, raft progress, flags, stored Kubernetes objects.

use super::{CommonFacts, Histogram, Member, Observed, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// etcd's own facts. `members` has one entry per address that was tried, in the order of `CommonFacts::endpoints`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EtcdFacts {
    /// Per address.
    pub members: Vec<EtcdMember>,
    /// Whether the cluster keeps Kubernetes objects, and how they are stored.
    pub kubernetes: Observed<KubernetesStore>,
    /// Whether authentication is on: proven by a refused anonymous request or by AuthStatus.
    pub auth_enabled: Observed<bool>,
    /// Why the user and password that were given did not log in, where members answered without; `None` when they
    /// did, or were not needed.
    #[serde(default)]
    pub login_refused: Option<String>,
    /// HashKV of every member at one revision; asked only by `--deep`.
    pub hashes: Observed<HashComparison>,
    /// The highest revision an earlier run saw in this very cluster; `None` when nothing is remembered of it.
    #[serde(default)]
    pub remembered: Option<RememberedRevision>,
}

/// Why `EtcdFacts::hashes` is unknown when nobody asked for it: then it is no gap.
pub const ASKED_ONLY_BY_DEEP: &str = "asked only by --deep";

/// In a listener's `legacy_tls`: TLS 1.2 with a cipher broken in any version, RC4 (RFC 7465) or 3DES (CVE-2016-2183).
pub const WEAK_CIPHER: &str = "TLS 1.2 with RC4 or 3DES";

/// A revision that the cluster had once reached: it must never be lower later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedRevision {
    /// Revision of the key-value store.
    pub revision: u64,
    /// Raft index that was committed then.
    pub raft_index: u64,
    /// When it was last seen.
    pub seen_at: Timestamp,
}

impl EtcdFacts {
    /// What members of the cluster say themselves, each once however many addresses lead to it, whether or not the
    /// member list could be read. Addresses of another cluster are left out: an id may well be the same in both.
    pub fn answering<'a>(
        &'a self,
        common: &'a CommonFacts,
    ) -> impl Iterator<Item = (&'a EtcdMember, &'a EtcdStatus)> {
        let of_it = |status: &EtcdStatus| Some(&status.cluster_id) == common.cluster_ids.first();
        let status = move |member: &'a EtcdMember| member.status.known().filter(|status| of_it(status));
        self.members.iter().enumerate().filter_map(move |(at, member)| {
            let again = self.members[..at].iter().any(|m| m.id == member.id && status(m).is_some());
            status(member).filter(|_| !again).map(|status| (member, status))
        })
    }

    /// The same with what the member list says of each, in its order; empty when the list could not be read.
    pub fn answered<'a>(
        &'a self,
        common: &'a CommonFacts,
    ) -> impl Iterator<Item = (&'a Member, &'a EtcdMember, &'a EtcdStatus)> {
        common.reachable().filter_map(move |member| {
            let mut answering = self.answering(common);
            let (native, status) = answering.find(|(_, status)| status.member_id == member.id)?;
            Some((member, native, status))
        })
    }

    /// The leader that answered and knows it is one, with raft's own view of everybody's progress.
    pub fn leader<'a>(
        &'a self,
        common: &'a CommonFacts,
    ) -> Option<(&'a Member, &'a EtcdMember, &'a EtcdStatus)> {
        self.answered(common)
            .filter(|(member, _, status)| status.leader.as_ref() == Some(&member.id))
            .max_by_key(|(_, _, status)| status.raft_term)
    }
}

impl EtcdMember {
    /// What to call it: its name, else its id, else its address.
    pub fn label(&self) -> String {
        [&self.name, &self.id, &self.endpoint]
            .into_iter()
            .find(|t| !t.is_empty())
            .cloned()
            .unwrap_or_default()
    }
}

/// What one etcd member says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct EtcdMember {
    /// Hex member id; empty when it did not answer.
    pub id: String,
    /// Name in the membership, for findings.
    pub name: String,
    /// The address asked.
    pub endpoint: String,
    /// `Maintenance/Status`.
    pub status: Observed<EtcdStatus>,
    /// Status a moment later: two looks tell a lag that moves from one that is stuck.
    pub status_again: Observed<EtcdStatus>,
    /// `/version`.
    pub http_version: Observed<EtcdVersions>,
    /// `/metrics`.
    pub metrics: Observed<EtcdMetrics>,
    /// What changed in the metrics over a window; `Unknown` when there was nothing to compare with.
    pub window: Observed<EtcdWindow>,
    /// `/debug/vars`.
    pub vars: Observed<EtcdVars>,
    /// `/members` on the peer port.
    pub peer: Observed<EtcdPeerView>,
}

/// `Maintenance/Status`, in the server's own terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct EtcdStatus {
    /// Server version, such as `3.6.16`.
    pub version: String,
    /// Hex cluster id.
    pub cluster_id: String,
    /// Hex member id.
    pub member_id: String,
    /// Revision of the key-value store.
    pub revision: u64,
    /// Size of the backend file in bytes.
    pub db_size: u64,
    /// Bytes of it that are in use.
    pub db_in_use: u64,
    /// Hex id of the leader it sees; `None` for no leader.
    pub leader: Option<String>,
    /// Raft term.
    pub raft_term: u64,
    /// Committed raft index.
    pub raft_index: u64,
    /// Applied raft index.
    pub raft_applied: u64,
    /// The server's own error strings: `etcdserver: no leader`, alarms.
    pub errors: Vec<String>,
    /// Whether it is a learner.
    pub learner: bool,
    /// Storage version (3.6+).
    pub storage_version: Option<String>,
    /// Backend quota in bytes as Status tells it (right from 3.6.6 on); `None` before 3.6.
    pub quota: Option<i64>,
    /// Target version of a downgrade under way.
    pub downgrade_target: Option<String>,
}

/// `/version`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct EtcdVersions {
    /// Server version.
    pub server: String,
    /// Cluster version (the lowest common minor).
    pub cluster: String,
    /// Storage version (3.6+).
    pub storage: Option<String>,
}

/// The metrics that checks use, as counted since the server's start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct EtcdMetrics {
    /// Start of the process, seconds since the epoch.
    pub process_start_seconds: Option<f64>,
    /// Server and cluster version, where the metrics tell both.
    pub versions: Option<EtcdVersions>,
    /// When the metrics were read.
    pub read_at: Timestamp,
    /// Counters and gauges by short name; see `backend/etcd/wire.rs` for the metric behind each.
    pub counters: EtcdCounters,
    /// Quota in bytes; 0 = default of 2 GiB, negative = disabled.
    pub quota: Option<f64>,
    /// Open file descriptors.
    pub fds_used: Option<f64>,
    /// Limit of open file descriptors.
    pub fds_limit: Option<f64>,
    /// Proposals waiting.
    pub proposals_pending: Option<f64>,
    /// Revision of the last compaction.
    pub compact_revision: Option<f64>,
    /// Current revision.
    pub current_revision: Option<f64>,
    /// When the last compaction ran (seconds since the epoch; 3.5+).
    pub compacted_at_seconds: Option<f64>,
    /// Stored keys.
    pub keys: Option<f64>,
    /// WAL fsync, since start.
    pub wal_fsync: Option<Histogram>,
    /// Backend commit, since start.
    pub backend_commit: Option<Histogram>,
    /// Round trip to each peer by its hex id, since start (sampled every 30 s).
    pub peer_rtt: BTreeMap<String, Histogram>,
    /// Failed sends to each peer by its hex id, since start.
    pub peer_sent_failures: BTreeMap<String, f64>,
    /// Connected peers by hex id; 1 = active. The server counts a peer once per stream.
    pub active_peers: BTreeMap<String, f64>,
}

/// Counters since the server's start. `None` where this version has no such metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct EtcdCounters {
    /// `etcd_server_leader_changes_seen_total`.
    pub leader_changes: Option<f64>,
    /// `etcd_server_proposals_failed_total`.
    pub proposals_failed: Option<f64>,
    /// `etcd_server_heartbeat_send_failures_total`.
    pub heartbeat_failures: Option<f64>,
    /// `etcd_server_slow_read_indexes_total`.
    pub slow_reads: Option<f64>,
    /// `etcd_server_read_indexes_failed_total`.
    pub failed_reads: Option<f64>,
    /// `etcd_server_slow_apply_total`.
    pub slow_applies: Option<f64>,
    /// Sum of `etcd_network_peer_sent_failures_total`.
    pub peer_sent_failures: Option<f64>,
}

/// What happened over a window of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EtcdWindow {
    /// Which time.
    pub window: Window,
    /// Growth of the counters in it.
    pub grown: EtcdCounters,
    /// Round trips to peers in it.
    pub peer_rtt: BTreeMap<String, Histogram>,
    /// Failed sends in it to each peer by its hex id.
    #[serde(default)]
    pub peer_sent_failures: BTreeMap<String, f64>,
}

/// `/debug/vars`: how the process was started, and raft's own view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct EtcdVars {
    /// The process's arguments, program first. Settings from a config file or the environment are not in it.
    pub cmdline: Vec<String>,
    /// Raft's state on this member: `StateLeader`, `StateFollower`, `StateCandidate`, …
    pub raft_state: Option<String>,
    /// Progress of every member as the leader tracks it, by hex id; empty on followers.
    pub progress: BTreeMap<String, RaftProgress>,
    /// Limit of open files.
    pub fd_limit: Option<u64>,
}

impl EtcdVars {
    /// Value of a `--flag=value` or `--flag value` argument; a bare `--flag` gives `"true"`.
    pub fn flag(&self, name: &str) -> Option<&str> {
        let mut found = None;
        let mut arguments = self.cmdline.iter().skip(1).peekable();
        while let Some(argument) = arguments.next() {
            let Some(rest) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else {
                continue;
            };
            match rest.split_once('=') {
                Some((key, value)) if key == name => found = Some(value),
                None if rest == name => {
                    found = match arguments.peek() {
                        Some(next) if !next.starts_with('-') => Some(next.as_str()),
                        _ => Some("true"),
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// Whether the process reads its settings from a file: then flags and environment are ignored by etcd.
    pub fn config_file(&self) -> Option<&str> {
        self.flag("config-file")
    }
}

/// How far the leader knows a member to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct RaftProgress {
    /// Highest index known to be stored there.
    pub matched: u64,
    /// Next index to send.
    pub next: u64,
    /// `StateProbe`, `StateReplicate`, `StateSnapshot`.
    pub state: String,
}

/// What the peer port told a stranger (or our client certificate).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct EtcdPeerView {
    /// Which peer URL was asked.
    pub url: String,
    /// `X-Etcd-Cluster-ID`, hex.
    pub cluster_id: Option<String>,
    /// Whether gRPC Status was served on the peer port (3.4 and 3.5 serve the whole client API there).
    pub serves_clients: Observed<bool>,
}

/// HashKV of the members at one revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct HashComparison {
    /// The revision that was hashed.
    pub revision: u64,
    /// Per member's hex id.
    pub members: BTreeMap<String, Observed<MemberHash>>,
}

/// One member's HashKV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberHash {
    /// The hash.
    pub hash: u32,
    /// Compaction revision at the time: hashes compare only when these are equal.
    pub compact_revision: i64,
}

/// Kubernetes objects found in etcd.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct KubernetesStore {
    /// Key prefix under which they are, such as `/registry/`; `None` when there are none.
    pub prefix: Option<String>,
    /// Per resource, such as `secrets`, `configmaps`, `apiextensions.k8s.io/customresourcedefinitions`.
    pub resources: BTreeMap<String, ResourceStorage>,
    /// Why the look ended before everything that was to be looked at had been.
    #[serde(default)]
    pub unfinished: Option<String>,
}

/// How the values of one resource are stored. Only counted: values are never kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ResourceStorage {
    /// Keys under the resource's prefix.
    pub total: u64,
    /// How many of them were looked at.
    pub looked_at: u64,
    /// Values stored in the clear (protobuf, JSON or CBOR).
    pub plaintext: u64,
    /// Encrypted values by transformer and key name, such as `aescbc:v1:key1`, `kms:v2:vault`.
    pub encrypted: BTreeMap<String, u64>,
    /// Values of neither form.
    pub unrecognised: u64,
}
