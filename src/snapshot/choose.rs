//! Which member to take a snapshot of. Values in, a choice and its reason out.

use crate::facts::{EtcdFacts, EtcdStatus, Facts, Role};
use crate::quorum::{self, QuorumState};

/// Entries by which a member may be behind another and still count as equally fresh while writes go on: the members
/// answered at slightly different moments, and the stream begins later than both.
const IN_FLIGHT: u64 = 100;

/// A member that can be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Name, else id.
    pub label: String,
    /// Hex id.
    pub id: String,
    /// Address it answered at.
    pub endpoint: String,
    /// Leads, follows, learns.
    pub role: Role,
    /// What it said of itself.
    pub status: EtcdStatus,
}

/// The member to ask.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// It.
    pub member: Candidate,
    /// Why, as a sentence fragment.
    pub why: String,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// Nobody answered; what each said, as `endpoint: trouble`.
    #[error("no member answers: {}", .0.join("; "))]
    NobodyAnswers(Vec<String>),
    /// `--from` names nobody who answers.
    #[error("{wanted} is no member that answers")]
    NotThere {
        /// As given.
        wanted: String,
        /// Names of those that do.
        there: Vec<String>,
    },
    /// Snapshots of this backend are not taken yet.
    #[error("this version of quorate takes snapshots of etcd only")]
    NoSnapshots,
    /// The endpoints lead to more than one cluster.
    #[error("the endpoints lead to several clusters: {}", .0.join(", "))]
    SeveralClusters(Vec<String>),
}

/// Members of the cluster that answered, the best to ask first.
pub fn candidates(facts: &Facts) -> Result<Vec<Candidate>, ChooseError> {
    let Some(etcd) = facts.native.etcd() else { return Err(ChooseError::NoSnapshots) };
    if facts.common.cluster_ids.len() > 1 {
        return Err(ChooseError::SeveralClusters(facts.common.cluster_ids.clone()));
    }
    let mut found: Vec<Candidate> = answering(facts, etcd);
    if found.is_empty() {
        let failed = facts.common.endpoints.iter().filter_map(|endpoint| {
            endpoint.reach.trouble().map(|trouble| format!("{}: {trouble}", endpoint.url))
        });
        return Err(ChooseError::NobodyAnswers(failed.collect()));
    }
    let serves = matches!(
        quorum::assess(&facts.common).state,
        QuorumState::Healthy | QuorumState::Degraded | QuorumState::AtRisk
    );
    let tolerance = if serves { IN_FLIGHT } else { 0 };
    let newest = found.iter().map(|candidate| candidate.status.raft_applied).max().unwrap_or(0);
    found.sort_by_key(|candidate| {
        let behind = newest - candidate.status.raft_applied;
        let behind = if behind <= tolerance { 0 } else { behind };
        let newer = u64::MAX - candidate.status.revision;
        (behind, preference(candidate.role), if serves { 0 } else { newer }, candidate.label.clone())
    });
    Ok(found)
}

fn answering(facts: &Facts, etcd: &EtcdFacts) -> Vec<Candidate> {
    etcd.answering(&facts.common)
        .map(|(native, status)| {
            let listed = facts.common.member(&status.member_id);
            let role = match (status.learner, status.leader.as_ref()) {
                (true, _) => Role::Learner,
                (false, Some(leader)) if *leader == status.member_id => Role::Leader,
                (false, Some(_)) => Role::Follower,
                (false, None) => Role::Leaderless,
            };
            Candidate {
                label: listed.map_or_else(|| native.label(), |member| member.label()),
                id: status.member_id.clone(),
                endpoint: native.endpoint.clone(),
                role,
                status: status.clone(),
            }
        })
        .collect()
}

/// Among equally fresh ones: the leader has enough to do, and servers before 3.4.28 serve no snapshot of a learner.
fn preference(role: Role) -> u8 {
    match role {
        Role::Follower | Role::Leaderless | Role::Unknown => 0,
        Role::Leader => 1,
        Role::Learner => 2,
    }
}

/// The member to ask: the one that `from` names (by name, id or address), else the best.
pub fn choose(facts: &Facts, from: Option<&str>) -> Result<Choice, ChooseError> {
    let found = candidates(facts)?;
    let newest = found.iter().map(|candidate| candidate.status.raft_applied).max().unwrap_or(0);
    if let Some(wanted) = from {
        let bare =
            |url: &str| url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/').to_owned();
        let named = |c: &&Candidate| c.label == wanted || c.id == wanted || bare(&c.endpoint) == bare(wanted);
        let there = || {
            let mut names: Vec<String> = found.iter().map(|c| c.label.clone()).collect();
            names.sort();
            names
        };
        let member = found.iter().find(named).cloned();
        let member =
            member.ok_or_else(|| ChooseError::NotThere { wanted: wanted.to_owned(), there: there() })?;
        return Ok(Choice { member, why: "asked for with --from".into() });
    }
    let Some(member) = found.first().cloned() else { return Err(ChooseError::NobodyAnswers(Vec::new())) };
    let behind = newest - member.status.raft_applied;
    let why = match (found.len(), member.role) {
        (1, _) => "the only member that answers".to_owned(),
        (_, Role::Leader) => "the leader: no other voter that answers is as fresh".to_owned(),
        (n, role) if behind == 0 => format!("a {} as fresh as any of the {n} that answer", role.name()),
        (n, role) => format!("a {}, {behind} entries behind the newest of {n}", role.name()),
    };
    Ok(Choice { member, why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::cluster;
    use crate::facts::Observed;

    /// Applied indices by member, changed before choosing.
    fn chosen(applied: [u64; 3], leader: &str, change: impl FnOnce(&mut Facts)) -> Choice {
        let mut facts = cluster(3).0;
        let etcd = facts.native.etcd_mut().expect("etcd");
        for (member, index) in etcd.members.iter_mut().zip(applied) {
            let leader = leader.to_owned();
            member.status = member.status.map(|status| EtcdStatus {
                raft_applied: index,
                leader: Some(leader).filter(|l| !l.is_empty()),
                ..status.clone()
            });
        }
        change(&mut facts);
        choose(&facts, None).expect("somebody answers")
    }

    #[test]
    fn a_fresh_follower_before_the_leader() {
        assert_eq!(chosen([1000, 990, 995], "1", |_| {}).member.id, "2");
        assert_eq!(chosen([1000, 500, 400], "1", |_| {}).member.id, "1", "nobody else is fresh");
    }

    #[test]
    fn without_a_quorum_every_entry_counts() {
        let stuck = |facts: &mut Facts| {
            facts.common.members.iter_mut().for_each(|member| {
                member.leader = Observed::Known(None);
                member.quorum_read = Observed::unknown("a test");
            });
        };
        assert_eq!(chosen([1000, 1001, 999], "", stuck).member.id, "2");
    }

    #[test]
    fn the_named_one_or_none() {
        let facts = cluster(3).0;
        assert_eq!(choose(&facts, Some("n3")).expect("is there").member.id, "3");
        let error = choose(&facts, Some("n9")).expect_err("nobody");
        assert!(matches!(error, ChooseError::NotThere { there, .. } if there.len() == 3));
    }
}
