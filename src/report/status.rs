//! The document of `quorate status` (`quorate.status/v1`): who is in, without judging more than the quorum.

use super::{MemberReport, QuorumReport, UnreachableReport};
use crate::facts::Facts;
use crate::quorum::QuorumState;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Result of `quorate status`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StatusReport {
    /// `quorate.status/v1`.
    pub schema: &'static str,
    /// When it began, RFC 3339 UTC.
    pub taken_at: String,
    /// How long all clusters together took, in milliseconds.
    pub duration_ms: u64,
    /// One per target.
    pub clusters: Vec<ClusterStatus>,
}

/// One cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ClusterStatus {
    /// Target's name.
    pub name: String,
    /// `etcd`, `zookeeper`, `consul`.
    pub backend: &'static str,
    /// Hex cluster id; `null` when nobody told.
    pub cluster_id: Option<String>,
    /// Arithmetic of the majority.
    pub quorum: QuorumReport,
    /// Who is in, by name.
    pub members: Vec<MemberReport>,
    /// Addresses that gave no answer, with their diagnosis.
    pub unreachable: Vec<UnreachableReport>,
}

impl StatusReport {
    /// Makes the document.
    pub fn new(taken_at: Timestamp, clusters: &[Facts]) -> Self {
        StatusReport {
            schema: "quorate.status/v1",
            taken_at: super::rfc3339(taken_at),
            duration_ms: clusters.iter().map(|f| f.duration_ms).fold(0.0, f64::max) as u64,
            clusters: clusters.iter().map(cluster_status).collect(),
        }
    }

    /// 0 while every cluster serves, 2 when one has lost its quorum, 3 when that cannot be told of one.
    pub fn exit_code(&self) -> u8 {
        let any = |state| self.clusters.iter().any(|c| c.quorum.state == state);
        if any(QuorumState::Lost) {
            2
        } else if any(QuorumState::Unknown) {
            3
        } else {
            0
        }
    }
}

fn cluster_status(facts: &Facts) -> ClusterStatus {
    ClusterStatus {
        name: facts.cluster.clone(),
        backend: facts.common.backend.name(),
        cluster_id: facts.common.cluster_ids.first().cloned(),
        quorum: super::quorum_report(facts),
        members: super::member_reports(facts),
        unreachable: super::unreachable_reports(facts),
    }
}
