//! The documents of `quorate member`: who is a member (`quorate.member-list/v1`), and what a change does and did
//! (`quorate.member-change/v1`).

use super::QuorumReport;
use crate::facts::{Facts, Member, MembershipSource};
use crate::membership::{Change, Forecast, Planned, Verdict};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Result of `quorate member list`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MemberListReport {
    /// `quorate.member-list/v1`.
    pub schema: &'static str,
    /// When it was looked, RFC 3339 UTC.
    pub taken_at: String,
    /// Target's name.
    pub cluster: String,
    /// `etcd`, `zookeeper`, `consul`.
    pub backend: &'static str,
    /// Hex cluster id; `null` when nobody told.
    pub cluster_id: Option<String>,
    /// Who told the list: `cluster`, `remembered` from an earlier run, `declared` in the config file; `null` when
    /// there is none.
    pub source: Option<&'static str>,
    /// Arithmetic of the majority.
    pub quorum: QuorumReport,
    /// Who is a member, by name.
    pub members: Vec<ListedReport>,
}

/// One member of the list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedReport {
    /// Hex id; `null` when it is only declared.
    pub id: Option<String>,
    /// Name; `null` when it never started.
    pub name: Option<String>,
    /// `leader`, `follower`, `learner`, `leaderless`, `unknown`.
    pub role: &'static str,
    /// Whether it counts in the quorum.
    pub voter: bool,
    /// Whether it ever started.
    pub started: bool,
    /// Whether it answered.
    pub reachable: bool,
    /// Why it did not, as a diagnosis; `null` when it did.
    pub diagnosis: Option<&'static str>,
    /// Where the other members connect to it.
    pub peer_urls: Vec<String>,
    /// Where clients connect to it.
    pub client_urls: Vec<String>,
}

impl MemberListReport {
    /// Makes the document.
    pub fn new(taken_at: Timestamp, facts: &Facts) -> Self {
        let mut members: Vec<ListedReport> = facts.common.members.iter().map(listed).collect();
        members.sort_by(|a, b| (a.name.is_none(), &a.name, &a.id).cmp(&(b.name.is_none(), &b.name, &b.id)));
        MemberListReport {
            schema: "quorate.member-list/v1",
            taken_at: super::rfc3339(taken_at),
            cluster: facts.cluster.clone(),
            backend: facts.common.backend.name(),
            cluster_id: facts.common.cluster_ids.first().cloned(),
            source: facts.common.membership.known().map(|source| match source {
                MembershipSource::Cluster => "cluster",
                MembershipSource::Declared => "declared",
                MembershipSource::Remembered { .. } => "remembered",
            }),
            quorum: super::quorum_report(facts),
            members,
        }
    }

    /// Whether the cluster itself told the list.
    pub fn told_by_the_cluster(&self) -> bool {
        self.source == Some("cluster")
    }
}

fn listed(member: &Member) -> ListedReport {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    ListedReport {
        id: text(&member.id),
        name: text(&member.name),
        role: member.role.name(),
        voter: member.voter,
        started: member.started,
        reachable: member.reachable,
        diagnosis: member.trouble.as_ref().map(|trouble| trouble.kind.name()),
        peer_urls: member.peer_urls.clone(),
        client_urls: member.client_urls.clone(),
    }
}

/// What a change of the membership does, and what came of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeReport {
    /// `quorate.member-change/v1`.
    pub schema: &'static str,
    /// When the cluster was looked at, RFC 3339 UTC.
    pub taken_at: String,
    /// Target's name.
    pub cluster: String,
    /// `etcd`, `zookeeper`, `consul`.
    pub backend: &'static str,
    /// Hex cluster id.
    pub cluster_id: Option<String>,
    /// Whether it was only looked at.
    pub dry_run: bool,
    /// One change after the other.
    pub steps: Vec<StepReport>,
    /// How the server of a member that was added, or would be, must be started.
    pub start: Option<StartReport>,
}

/// One change.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StepReport {
    /// What is changed.
    pub change: Change,
    /// The member's name, or its id where it has none.
    pub member: String,
    /// Hex id; of a member that is added, known once it was.
    pub id: Option<String>,
    /// Quorum arithmetic before and after, and whether it may be made.
    pub forecast: Forecast,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it came to that; `null` where there is nothing to say.
    pub why: Option<String>,
    /// How long it took, waiting for the server's readiness included, in milliseconds.
    pub took_ms: Option<f64>,
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Not tried.
    NotTried,
    /// Made, and seen in the cluster.
    Done,
    /// It was so already.
    Nothing,
    /// Refused, by quorate or by the server; nothing was changed.
    Refused,
    /// No answer, and not seen in the cluster so far.
    InDoubt,
    /// It could not be asked for; nothing was changed.
    Failed,
}

/// How to start the server of a new member.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StartReport {
    /// Arguments of the server.
    pub arguments: Vec<String>,
    /// The same as environment variables.
    pub environment: BTreeMap<String, String>,
    /// What else must be so.
    pub remember: Vec<String>,
}

impl ChangeReport {
    /// Before anything was done.
    pub fn new(taken_at: Timestamp, facts: &Facts, planned: &[Planned], dry_run: bool) -> Self {
        ChangeReport {
            schema: "quorate.member-change/v1",
            taken_at: super::rfc3339(taken_at),
            cluster: facts.cluster.clone(),
            backend: facts.common.backend.name(),
            cluster_id: facts.common.cluster_ids.first().cloned(),
            dry_run,
            steps: planned.iter().map(step).collect(),
            start: None,
        }
    }

    /// The first refusal: why, and what to do instead.
    pub fn refusal(&self) -> Option<(&str, &str)> {
        self.steps.iter().find_map(|step| match &step.forecast.verdict {
            Verdict::Refused { why, instead } => Some((why.as_str(), instead.as_str())),
            _ => None,
        })
    }
}

fn step(planned: &Planned) -> StepReport {
    let (outcome, why) = match &planned.forecast.verdict {
        Verdict::Allowed { .. } => (Outcome::NotTried, None),
        Verdict::Nothing { why } => (Outcome::Nothing, Some(why.clone())),
        Verdict::Refused { why, .. } => (Outcome::Refused, Some(why.clone())),
    };
    StepReport {
        change: planned.change.clone(),
        member: planned.member.clone(),
        id: planned.change.id().map(str::to_owned),
        forecast: planned.forecast.clone(),
        outcome,
        why,
        took_ms: None,
    }
}
