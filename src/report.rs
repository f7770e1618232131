//! The document every renderer reads. Its structs are the JSON contract (`quorate.check/v1`): changing a key here is
//! changing the contract; internal types may change freely.

pub mod membership;
pub mod status;

use crate::checks::{self, Verdict};
use crate::facts::{BackendKind, EtcdFacts, Facts, Member, NativeFacts, Role, TroubleKind};
use crate::finding::{Finding, Severity, Status};
use crate::quorum::{self, QuorumState};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Result of `quorate check`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CheckReport {
    /// `quorate.check/v1`.
    pub schema: &'static str,
    /// When it began, RFC 3339 UTC.
    pub taken_at: String,
    /// How long all clusters together took, in milliseconds.
    pub duration_ms: u64,
    /// Whether recorded facts were judged (`--facts`), taken at `taken_at`, and no cluster was looked at.
    pub replayed: bool,
    /// The worst of the clusters: `ok`, `warning`, `unknown`, `critical`.
    pub verdict: &'static str,
    /// One per target.
    pub clusters: Vec<ClusterReport>,
    /// What decides the exit code; not part of the document.
    #[serde(skip)]
    #[schemars(skip)]
    pub worst: Option<VerdictOf>,
}

/// The verdict, kept as a value for the exit code.
#[derive(Debug, Clone, Copy)]
pub struct VerdictOf {
    /// Worst over all clusters.
    pub verdict: Verdict,
    /// What `--fail-on` was.
    pub fail_on: Severity,
}

/// One cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ClusterReport {
    /// Target's name.
    pub name: String,
    /// `etcd`, `zookeeper`, `consul`.
    pub backend: &'static str,
    /// Hex cluster id; `null` when nobody told.
    pub cluster_id: Option<String>,
    /// `ok`, `warning`, `unknown`, `critical`.
    pub verdict: &'static str,
    /// Where the config file declares it; `null` for an ad-hoc target.
    pub declared_at: Option<Place>,
    /// Arithmetic of the majority.
    pub quorum: QuorumReport,
    /// Who is in.
    pub members: Vec<MemberReport>,
    /// Addresses that gave no answer, with their diagnosis.
    pub unreachable: Vec<UnreachableReport>,
    /// Every check that applies, in catalogue order.
    pub findings: Vec<FindingReport>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// Path as it was given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

/// Arithmetic of the majority.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct QuorumReport {
    /// `healthy`, `degraded`, `at-risk`, `lost`, `unknown`.
    pub state: QuorumState,
    /// Voters in the membership.
    pub voters: usize,
    /// How many must agree.
    pub needed: usize,
    /// Voters that answered.
    pub serving: usize,
    /// How many more may fail; `null` when it cannot be told.
    pub failures_until_stuck: Option<usize>,
    /// Whether the number of voters is even.
    pub even: bool,
    /// Name of the leader; `null` for none.
    pub leader: Option<String>,
    /// Why the state is what it is.
    pub why: String,
}

/// One member.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MemberReport {
    /// Name; `null` when it never started.
    pub name: Option<String>,
    /// Hex id; `null` when membership could not be learnt.
    pub id: Option<String>,
    /// `leader`, `follower`, `learner`, `leaderless`, `unknown`.
    pub role: &'static str,
    /// Whether it counts in the quorum.
    pub voter: bool,
    /// Whether it answered.
    pub reachable: bool,
    /// Server version.
    pub version: Option<String>,
    /// The address asked.
    pub endpoint: Option<String>,
    /// Diagnosis when it did not answer, such as `connection-refused`.
    pub trouble: Option<String>,
    /// Latency of the log's fsync.
    pub fsync_p99_ms: Option<LatencyReport>,
    /// Failure domain, from the config file.
    pub zone: Option<String>,
    /// Raft term or ZooKeeper epoch.
    pub term: Option<u64>,
    /// Log entries that some member has committed and this one has not applied. The members answered at slightly
    /// different moments, so a few entries under load are no lag.
    pub applied_lag: Option<u64>,
    /// Revision of the store.
    pub revision: Option<u64>,
    /// Size of the database file in bytes.
    pub db_size_bytes: Option<u64>,
    /// Bytes of it that hold data.
    pub db_in_use_bytes: Option<u64>,
    /// The served certificate that expires first, over all listeners; `null` when none was seen.
    pub certificate: Option<CertificateReport>,
    /// Its clock against ours.
    pub clock_ms: Option<ClockReport>,
}

/// A certificate's end.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CertificateReport {
    /// `client`, `peer`, `metrics`.
    pub listener: &'static str,
    /// `host:port` that served it.
    pub address: String,
    /// End of validity, RFC 3339 UTC.
    pub not_after: String,
    /// Whole days left; negative when it has expired.
    pub days_left: i64,
}

/// A clock measured over the network.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct ClockReport {
    /// Remote minus local, in milliseconds.
    pub offset: f64,
    /// How far off that may be, in milliseconds.
    pub uncertainty: f64,
}

/// Bounds of a percentile.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LatencyReport {
    /// At least, in milliseconds.
    pub low: f64,
    /// At most, in milliseconds; `null` when the slowest bucket is open.
    pub high: Option<f64>,
    /// How many syncs were counted.
    pub samples: u64,
    /// `since start`, `since last run`, `measured now`.
    pub window: &'static str,
}

/// An address without an answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UnreachableReport {
    /// The address.
    pub endpoint: String,
    /// Named diagnosis.
    pub diagnosis: &'static str,
    /// What was seen.
    pub detail: String,
}

/// One finding.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FindingReport {
    /// Slug.
    pub check: &'static str,
    /// `pass`, `fail`, `unknown`, `waived`.
    pub status: Status,
    /// `info`, `warning`, `critical`; at worst for `unknown`; `null` for `pass`.
    pub severity: Option<Severity>,
    /// One sentence.
    pub summary: String,
    /// Member's label.
    pub member: Option<String>,
    /// The values behind the sentence.
    pub evidence: serde_json::Map<String, serde_json::Value>,
    /// What to do.
    pub remedy: Option<&'static str>,
    /// Runbook page.
    pub runbook: Option<&'static str>,
    /// Until when and why it is silenced.
    pub waiver: Option<WaiverReport>,
}

/// A waiver in force.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WaiverReport {
    /// Last day, ISO 8601.
    pub until: String,
    /// The user's words.
    pub reason: String,
}

/// One cluster's facts and findings, before they become a document.
#[derive(Debug)]
pub struct Judged {
    /// What was seen.
    pub facts: Facts,
    /// What it means.
    pub findings: Vec<Finding>,
    /// Where the config file declares the cluster.
    pub declared_at: Option<Place>,
}

impl CheckReport {
    /// Makes the document of a look; a replay sets `replayed`.
    pub fn new(taken_at: Timestamp, duration_ms: u64, clusters: &[Judged], fail_on: Severity) -> Self {
        let worst =
            clusters.iter().map(|c| checks::verdict(&c.findings, fail_on)).max().unwrap_or(Verdict::Unknown);
        CheckReport {
            schema: "quorate.check/v1",
            taken_at: rfc3339(taken_at),
            duration_ms,
            replayed: false,
            verdict: worst.name(),
            clusters: clusters.iter().map(|c| cluster_report(c, fail_on)).collect(),
            worst: Some(VerdictOf { verdict: worst, fail_on }),
        }
    }
}

/// A moment as documents write it: UTC, to the second.
pub(crate) fn rfc3339(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn cluster_report(judged: &Judged, fail_on: Severity) -> ClusterReport {
    let Judged { facts, findings, declared_at } = judged;
    let common = &facts.common;
    ClusterReport {
        name: facts.cluster.clone(),
        backend: common.backend.name(),
        cluster_id: common.cluster_ids.first().cloned(),
        verdict: checks::verdict(findings, fail_on).name(),
        declared_at: declared_at.clone(),
        quorum: quorum_report(facts),
        members: member_reports(facts),
        unreachable: unreachable_reports(facts),
        findings: findings.iter().map(|finding| finding_report(finding, common.backend)).collect(),
    }
}

fn quorum_report(facts: &Facts) -> QuorumReport {
    let quorum = quorum::assess(&facts.common);
    let named = |id: &String| facts.common.member(id).map_or_else(|| id.clone(), Member::label);
    QuorumReport {
        state: quorum.state,
        voters: quorum.voters,
        needed: quorum.needed,
        serving: quorum.serving,
        failures_until_stuck: quorum.failures_until_stuck,
        even: quorum.voters > 0 && quorum.voters.is_multiple_of(2),
        leader: quorum.leader.as_ref().map(named),
        why: quorum.why,
    }
}

/// Every address that failed, and members whose address nobody told.
fn unreachable_reports(facts: &Facts) -> Vec<UnreachableReport> {
    let failed = facts.common.endpoints.iter().filter_map(|e| Some((e.url.clone(), e.reach.trouble()?)));
    let tried = |url: &String| facts.common.endpoints.iter().any(|endpoint| endpoint.url == *url);
    let untold = facts.common.members.iter().filter_map(|member| {
        let trouble = member.trouble.as_ref().filter(|t| t.kind == TroubleKind::AddressUnknown)?;
        let shown = member.endpoint.as_ref().is_some_and(tried);
        (!shown).then(|| (member.label(), trouble))
    });
    failed
        .chain(untold)
        .map(|(endpoint, trouble)| UnreachableReport {
            endpoint,
            diagnosis: trouble.kind.name(),
            detail: trouble.detail.clone(),
        })
        .collect()
}

/// Members by name, as people count them: `n2` before `n10`.
fn member_reports(facts: &Facts) -> Vec<MemberReport> {
    let mut members: Vec<&Member> = facts.common.members.iter().collect();
    members.sort_by_cached_key(|member| {
        let label = member.label();
        let stem = label.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        (label[..stem].to_owned(), label[stem..].parse::<u64>().unwrap_or(0), label)
    });
    members.into_iter().map(|member| member_report(member, &facts.native, facts.taken_at)).collect()
}

fn member_report(member: &Member, native: &NativeFacts, now: Timestamp) -> MemberReport {
    let non_empty = |text: &String| (!text.is_empty()).then(|| text.clone());
    let store = store(member, native);
    MemberReport {
        name: non_empty(&member.name),
        id: non_empty(&member.id),
        role: if member.reachable || member.role == Role::Learner {
            member.role.name()
        } else {
            Role::Unknown.name()
        },
        voter: member.voter,
        reachable: member.reachable,
        version: member.version.known().cloned(),
        endpoint: member.endpoint.clone(),
        trouble: member.trouble.as_ref().map(|t| t.kind.name().to_owned()),
        fsync_p99_ms: member.log_sync.known().map(|l| LatencyReport {
            low: l.p99_low_ms,
            high: l.p99_high_ms,
            samples: l.samples,
            window: l.window.label(),
        }),
        zone: member.zone.clone(),
        term: member.term.known().copied(),
        applied_lag: store.applied_lag,
        revision: store.revision,
        db_size_bytes: store.size,
        db_in_use_bytes: store.in_use,
        certificate: soonest_certificate(member, now),
        clock_ms: member
            .clock
            .known()
            .map(|c| ClockReport { offset: micros(c.offset_ms), uncertainty: micros(c.uncertainty_ms) }),
    }
}

/// To the microsecond: more digits would only be noise.
fn micros(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

/// What a member's store holds, in its backend's own numbers.
#[derive(Debug, Default)]
struct Store {
    applied_lag: Option<u64>,
    revision: Option<u64>,
    size: Option<u64>,
    in_use: Option<u64>,
}

fn store(member: &Member, native: &NativeFacts) -> Store {
    match native {
        NativeFacts::Etcd(etcd) => etcd_store(member, etcd),
        NativeFacts::Zookeeper(zookeeper) => {
            let told = || zookeeper.members.iter().filter_map(|m| Some((&m.id, *m.zxid.known()?)));
            Store { applied_lag: lag(told, &member.id), ..Store::default() }
        }
        NativeFacts::Consul(consul) => {
            let told = || consul.members.iter().filter_map(|m| Some((&m.id, *m.applied_index.known()?)));
            Store { applied_lag: lag(told, &member.id), ..Store::default() }
        }
    }
}

fn etcd_store(member: &Member, etcd: &EtcdFacts) -> Store {
    let of_member = etcd.members.iter().filter(|m| !m.id.is_empty() && m.id == member.id);
    let Some(status) = of_member.filter_map(|m| m.status.known()).next() else { return Store::default() };
    let highest = etcd.members.iter().filter_map(|m| m.status.known()).map(|s| s.raft_index).max();
    Store {
        applied_lag: highest.map(|highest| highest.saturating_sub(status.raft_applied)),
        revision: Some(status.revision),
        size: Some(status.db_size),
        in_use: Some(status.db_in_use),
    }
}

/// How far a member is behind the one that has applied most.
fn lag<'a, I: Iterator<Item = (&'a String, u64)>>(told: impl Fn() -> I, id: &str) -> Option<u64> {
    let own = told().find(|(of, _)| *of == id).map(|(_, index)| index)?;
    told().map(|(_, index)| index).max().map(|highest| highest.saturating_sub(own))
}

fn soonest_certificate(member: &Member, now: Timestamp) -> Option<CertificateReport> {
    let served = member.listeners.iter().filter_map(|l| Some((l, l.chain.known()?)));
    let (listener, leaf) =
        served.filter_map(|(l, chain)| Some((l, chain.first()?))).min_by_key(|(_, leaf)| leaf.not_after)?;
    Some(CertificateReport {
        listener: listener.kind.name(),
        address: listener.address.clone(),
        not_after: rfc3339(leaf.not_after),
        days_left: (leaf.not_after.as_second() - now.as_second()).div_euclid(86_400),
    })
}

/// What is worth acting on has a page to follow.
fn runbook(finding: &Finding, backend: BackendKind) -> Option<&'static str> {
    let acts = finding.status != Status::Pass && finding.severity >= Some(Severity::Warning);
    finding.check.page(backend).filter(|_| acts).map(|page| page.name)
}

fn finding_report(finding: &Finding, backend: BackendKind) -> FindingReport {
    FindingReport {
        check: finding.check.slug,
        status: finding.status,
        severity: finding.severity,
        summary: finding.summary.clone(),
        member: finding.member.clone(),
        evidence: finding.evidence.iter().map(|(name, value)| ((*name).to_owned(), value.json())).collect(),
        remedy: finding.remedy,
        runbook: runbook(finding, backend),
        waiver: finding
            .waiver
            .as_ref()
            .map(|w| WaiverReport { until: w.until.to_string(), reason: w.reason.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::cluster;

    #[test]
    fn members_come_as_people_count_with_their_numbers() {
        let mut facts = cluster(10).0;
        let etcd = facts.native.etcd_mut().expect("etcd");
        let slow = etcd.members.iter_mut().find(|m| m.id == "10").expect("is there");
        slow.status =
            slow.status.map(|s| crate::facts::EtcdStatus { raft_applied: s.raft_index - 7, ..s.clone() });
        let silent = etcd.members.iter_mut().find(|m| m.id == "9").expect("is there");
        silent.status = crate::facts::Observed::unknown("it did not answer");
        let members = member_reports(&facts);
        let names: Vec<&str> = members.iter().filter_map(|m| m.name.as_deref()).collect();
        assert_eq!(names, ["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10"]);
        assert_eq!((members[9].applied_lag, members[8].applied_lag), (Some(7), None));
        let certificate = members[0].certificate.as_ref().expect("one is served");
        assert!((100..=366).contains(&certificate.days_left), "{}", certificate.days_left);
    }

    #[test]
    fn the_certificate_that_ends_first_is_the_one_shown() {
        let mut facts = cluster(3).0;
        let now = facts.taken_at;
        let peer = &mut facts.common.members[0].listeners[1];
        peer.chain = peer.chain.map(|chain| {
            let mut chain = chain.clone();
            chain[0].not_after = now - jiff::SignedDuration::from_hours(1);
            chain
        });
        let soonest = soonest_certificate(&facts.common.members[0], now).expect("served");
        assert_eq!((soonest.listener, soonest.days_left), ("peer", -1), "an hour over is not 0 days left");
    }
}
