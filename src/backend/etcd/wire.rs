//! etcd's answers to facts: the only place that knows their spelling. Derives for foreign formats live here.

use crate::facts::{
    EtcdCounters, EtcdMetrics, EtcdStatus, EtcdVars, EtcdVersions, ListedMember, Observed, RaftProgress,
    Trouble, TroubleKind,
};
use crate::format::prometheus::Page;
use etcd_client::{MemberListResponse, StatusResponse};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

/// An id as etcdctl and the logs print it: lower-case hex without leading zeros.
pub(super) fn hex(id: u64) -> String {
    format!("{id:x}")
}

pub(super) fn status(answer: &StatusResponse) -> EtcdStatus {
    let header = answer.header();
    let text = |s: &str| (!s.is_empty()).then(|| s.to_owned());
    let since_3_6 = at_least_3_6(answer.version());
    EtcdStatus {
        version: answer.version().to_owned(),
        cluster_id: header.map_or_else(String::new, |h| hex(h.cluster_id())),
        member_id: header.map_or_else(String::new, |h| hex(h.member_id())),
        revision: header.map_or(0, |h| u64::try_from(h.revision()).unwrap_or(0)),
        db_size: u64::try_from(answer.db_size()).unwrap_or(0),
        db_in_use: u64::try_from(answer.raft_used_db_size()).unwrap_or(0),
        leader: (answer.leader() != 0).then(|| hex(answer.leader())),
        raft_term: answer.raft_term(),
        raft_index: answer.raft_index(),
        raft_applied: answer.raft_applied_index(),
        errors: answer.errors().to_vec(),
        learner: answer.is_learner(),
        storage_version: text(answer.storage_version()),
        quota: since_3_6.then(|| answer.db_size_quota()),
        downgrade_target: answer
            .downgrade_info()
            .filter(|d| d.enabled())
            .map(|d| d.target_version().to_owned()),
    }
}

pub(super) fn at_least_3_6(version: &str) -> bool {
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (3, 6)
}

pub(super) fn members(answer: &MemberListResponse) -> BTreeMap<String, ListedMember> {
    answer
        .members()
        .iter()
        .map(|member| {
            let listed = ListedMember {
                name: member.name().to_owned(),
                voter: !member.is_learner(),
                peer_urls: member.peer_urls().to_vec(),
                client_urls: member.client_urls().to_vec(),
            };
            (hex(member.id()), listed)
        })
        .collect()
}

/// One of `/members` on a peer port.
#[derive(Deserialize)]
struct PeerMemberAnswer {
    id: u64,
    #[serde(rename = "peerURLs", default)]
    peer_urls: Vec<String>,
    #[serde(default)]
    name: String,
    #[serde(rename = "clientURLs", default)]
    client_urls: Vec<String>,
    #[serde(rename = "isLearner", default)]
    learner: bool,
}

/// `/members` of a peer port.
pub(super) fn peer_members(body: &[u8]) -> Result<BTreeMap<String, ListedMember>, Trouble> {
    let answer: Vec<PeerMemberAnswer> = serde_json::from_slice(body)
        .map_err(|_| Trouble::new(TroubleKind::WrongService, "/members is not etcd's"))?;
    Ok(answer
        .into_iter()
        .map(|m| {
            let listed = ListedMember {
                name: m.name,
                voter: !m.learner,
                peer_urls: m.peer_urls,
                client_urls: m.client_urls,
            };
            (hex(m.id), listed)
        })
        .collect())
}

/// `/raft/probing` of a peer port: its clock.
#[derive(Deserialize)]
struct ProbingAnswer {
    #[serde(rename = "Now")]
    now: Timestamp,
}

/// The clock in `/raft/probing`.
pub(super) fn probed_now(body: &[u8]) -> Result<Timestamp, Trouble> {
    serde_json::from_slice::<ProbingAnswer>(body)
        .map(|answer| answer.now)
        .map_err(|_| Trouble::new(TroubleKind::WrongService, "/raft/probing is not etcd's"))
}

/// `/version`.
#[derive(Deserialize)]
struct VersionAnswer {
    etcdserver: String,
    etcdcluster: String,
    storage: Option<String>,
}

pub(super) fn versions(body: &[u8]) -> Result<EtcdVersions, Trouble> {
    serde_json::from_slice::<VersionAnswer>(body)
        .map(|v| EtcdVersions { server: v.etcdserver, cluster: v.etcdcluster, storage: v.storage })
        .map_err(|_| Trouble::new(TroubleKind::WrongService, "/version is not etcd's"))
}

/// `/debug/vars`: Go's expvar. etcd publishes `raft.status` as a JSON object or as JSON text, by version.
#[derive(Deserialize)]
struct VarsAnswer {
    #[serde(default)]
    cmdline: Vec<String>,
    #[serde(rename = "raft.status")]
    raft: Option<serde_json::Value>,
    file_descriptor_limit: Option<u64>,
}

#[derive(Deserialize)]
struct RaftStatusAnswer {
    #[serde(rename = "raftState")]
    state: Option<String>,
    #[serde(default)]
    progress: BTreeMap<String, ProgressAnswer>,
}

#[derive(Deserialize)]
struct ProgressAnswer {
    #[serde(rename = "match", default)]
    matched: u64,
    #[serde(default)]
    next: u64,
    #[serde(default)]
    state: String,
}

pub(super) fn vars(body: &[u8]) -> Result<EtcdVars, Trouble> {
    let garbage = |_| Trouble::new(TroubleKind::Garbage, "/debug/vars is not JSON");
    let answer: VarsAnswer = serde_json::from_slice(body).map_err(garbage)?;
    let raft: Option<RaftStatusAnswer> = match answer.raft {
        Some(serde_json::Value::String(text)) => serde_json::from_str(&text).ok(),
        Some(value) => serde_json::from_value(value).ok(),
        None => None,
    };
    let (raft_state, progress) = raft.map_or((None, BTreeMap::new()), |r| (r.state, r.progress));
    Ok(EtcdVars {
        cmdline: answer.cmdline,
        raft_state,
        progress: progress
            .into_iter()
            .map(|(id, p)| (id, RaftProgress { matched: p.matched, next: p.next, state: p.state }))
            .collect(),
        fd_limit: answer.file_descriptor_limit,
    })
}

/// Whether a line of `/metrics` is of a metric we keep; everything else on the page is skipped unread.
pub(super) fn wanted(line: &[u8]) -> bool {
    const PREFIXES: [&str; 4] =
        ["etcd_disk_wal_fsync_", "etcd_disk_backend_commit_", "etcd_network_peer_round_trip_", "os_fd_"];
    const NAMES: [&str; 19] = [
        "etcd_cluster_version",
        "etcd_server_version",
        "process_start_time_seconds",
        "process_open_fds",
        "process_max_fds",
        "etcd_server_leader_changes_seen_total",
        "etcd_server_proposals_failed_total",
        "etcd_server_proposals_pending",
        "etcd_server_heartbeat_send_failures_total",
        "etcd_server_slow_read_indexes_total",
        "etcd_server_read_indexes_failed_total",
        "etcd_server_slow_apply_total",
        "etcd_server_quota_backend_bytes",
        "etcd_network_peer_sent_failures_total",
        "etcd_network_active_peers",
        "etcd_debugging_mvcc_compact_revision",
        "etcd_debugging_mvcc_current_revision",
        "etcd_debugging_mvcc_db_compaction_last",
        "etcd_debugging_mvcc_keys_total",
    ];
    // Most lines are of gRPC and the Go runtime: one look at the first byte tells.
    if !matches!(line.first(), Some(b'e' | b'o' | b'p')) {
        return false;
    }
    let end = line.iter().position(|b| matches!(b, b'{' | b' ')).unwrap_or(line.len());
    let name = &line[..end];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
        || NAMES.iter().any(|n| n.as_bytes() == name)
}

pub(super) fn metrics(body: &[u8], read_at: Timestamp) -> Observed<EtcdMetrics> {
    let text = String::from_utf8_lossy(body);
    let page = Page::parse(&text, |_| true);
    if page.value("etcd_server_quota_backend_bytes").is_none()
        && page.value("process_start_time_seconds").is_none()
    {
        return Observed::unknown("/metrics is not etcd's");
    }
    Observed::Known(EtcdMetrics {
        process_start_seconds: page.value("process_start_time_seconds"),
        versions: metric_versions(&page),
        read_at,
        counters: EtcdCounters {
            leader_changes: page.sum("etcd_server_leader_changes_seen_total"),
            proposals_failed: page.sum("etcd_server_proposals_failed_total"),
            heartbeat_failures: page.sum("etcd_server_heartbeat_send_failures_total"),
            slow_reads: page.sum("etcd_server_slow_read_indexes_total"),
            failed_reads: page.sum("etcd_server_read_indexes_failed_total"),
            slow_applies: page.sum("etcd_server_slow_apply_total"),
            // A vector without children is absent from the page: nothing failed yet.
            peer_sent_failures: Some(page.sum("etcd_network_peer_sent_failures_total").unwrap_or(0.0)),
        },
        quota: page.value("etcd_server_quota_backend_bytes"),
        // os_fd_used is refreshed every ten minutes, process_open_fds at every look.
        fds_used: page.value("process_open_fds").or_else(|| page.value("os_fd_used")),
        fds_limit: page.value("process_max_fds").or_else(|| page.value("os_fd_limit")),
        proposals_pending: page.value("etcd_server_proposals_pending"),
        compact_revision: page.value("etcd_debugging_mvcc_compact_revision"),
        current_revision: page.value("etcd_debugging_mvcc_current_revision"),
        compacted_at_seconds: page.value("etcd_debugging_mvcc_db_compaction_last").filter(|v| *v > 0.0),
        keys: page.value("etcd_debugging_mvcc_keys_total"),
        wal_fsync: page.histogram("etcd_disk_wal_fsync_duration_seconds"),
        backend_commit: page.histogram("etcd_disk_backend_commit_duration_seconds"),
        peer_rtt: page.histograms_by("etcd_network_peer_round_trip_time_seconds", "To"),
        peer_sent_failures: page.by_label("etcd_network_peer_sent_failures_total", "To"),
        active_peers: page.by_label("etcd_network_active_peers", "Remote"),
    })
}

/// The message in an error of the JSON gateway; the start of the body when it has none.
pub(super) fn gateway_error(body: &[u8]) -> String {
    let document: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let message = document.as_ref().and_then(|d| d.get("message").or_else(|| d.get("error"))?.as_str());
    let text = message.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    text.chars().take(120).collect()
}

/// What `/version` says, from the metrics: they give the cluster version without its patch, which is always 0.
fn metric_versions(page: &Page<'_>) -> Option<EtcdVersions> {
    let set = |name, label| page.all(name).iter().find(|s| s.value == 1.0)?.label(label).map(str::to_owned);
    let cluster = set("etcd_cluster_version", "cluster_version")?;
    let cluster = if cluster.matches('.').count() == 1 { format!("{cluster}.0") } else { cluster };
    Some(EtcdVersions { server: set("etcd_server_version", "server_version")?, cluster, storage: None })
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vars_come_as_an_object_or_as_text() {
        let object = br#"{"cmdline":["etcd"],"raft.status":{"raftState":"StateLeader","progress":{"a":{"match":5,"next":6,"state":"StateReplicate"}}}}"#;
        let text = br#"{"raft.status":"{\"raftState\":\"StateFollower\",\"progress\":{}}"}"#;
        assert_eq!(vars(object).expect("parses").progress["a"].matched, 5);
        assert_eq!(vars(text).expect("parses").raft_state.as_deref(), Some("StateFollower"));
        assert!(vars(b"<html>").is_err());
        assert_eq!(vars(b"{}").expect("parses"), EtcdVars::default());
    }

    #[test]
    fn peer_ports_tell_members_and_time() {
        let members = peer_members(
            br#"[{"id":255,"peerURLs":["http://a:1"],"name":"n1","clientURLs":["http://a:2"]},{"id":16,"peerURLs":["http://b:1"],"isLearner":true,"name":""}]"#,
        )
        .expect("parses");
        assert_eq!((members["ff"].name.as_str(), members["ff"].voter), ("n1", true));
        assert!(!members["10"].voter && members["10"].client_urls.is_empty());
        assert!(peer_members(b"{}").is_err() && peer_members(b"404 page not found").is_err());
        let now = probed_now(br#"{"OK":true,"Now":"2026-11-24T17:52:20.679753582+01:00"}"#).expect("parses");
        assert_eq!(now.as_second(), 1_795_539_140);
        assert!(probed_now(b"{}").is_err());
    }

    #[test]
    fn another_servers_pages_are_not_taken_for_etcds() {
        assert!(versions(br#"{"version":"1"}"#).is_err());
        assert!(metrics(b"up 1\n", Timestamp::UNIX_EPOCH).known().is_none());
    }
}
