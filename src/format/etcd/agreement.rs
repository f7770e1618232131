//! Whether the parts of a data directory fit together: database, log and `.snap` file. Values in, discrepancies out.

use super::buckets::Records;
use super::snap::Snap;
use super::wal::{Ending, Scan};
use serde::Serialize;
use std::collections::BTreeSet;

/// Something about the parts of a data directory that does not fit together, or is worth knowing before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Discrepancy {
    /// Raft counts members that the `members` bucket does not have: they vote and cannot be seen (ghosts).
    Ghosts {
        /// Their ids.
        members: Vec<u64>,
    },
    /// The `members` bucket has members that raft does not count: they come back with 3.6 (zombies).
    Zombies {
        /// Their ids.
        members: Vec<u64>,
    },
    /// Voters of raft that the `members` bucket calls learners: 3.6 counts too many learners.
    VotersCalledLearners {
        /// Their ids.
        members: Vec<u64>,
    },
    /// Learners of raft that the `members` bucket calls voters.
    LearnersCalledVoters {
        /// Their ids.
        members: Vec<u64>,
    },
    /// Members that are both there and removed.
    PresentAndRemoved {
        /// Their ids.
        members: Vec<u64>,
    },
    /// The membership that raft counts and the one of the `members` bucket have nobody in common, as a restored database
    /// has before its first start.
    FreshlyRestored,
    /// The member whose log this is was removed from the cluster: its data must not become a new cluster.
    SelfRemoved {
        /// Its id.
        member: u64,
    },
    /// The member whose log this is, is not in the membership.
    SelfUnknown {
        /// Its id.
        member: u64,
    },
    /// Committed entries that are not in the database yet. A server that starts on the directory applies them; a copy of
    /// the database alone loses them.
    CommittedNotApplied {
        /// First index.
        first: u64,
        /// Last index.
        last: u64,
    },
    /// Entries in the log that are not known to be committed.
    Uncertain {
        /// First index.
        first: u64,
        /// Last index.
        last: u64,
    },
    /// The database is ahead of the log's commit. Commit is not synced by itself, so this is how a crash leaves them:
    /// everything up to the database's index is committed.
    CommitLags {
        /// The hard state's commit.
        commit: u64,
        /// The database's consistent index.
        consistent_index: u64,
    },
    /// The database is ahead of the last entry of the log: they are not of the same moment, or not of the same member.
    DatabaseAheadOfLog {
        /// The database's consistent index.
        consistent_index: u64,
        /// The last entry.
        last: u64,
    },
    /// Entries between the database and the first entry of the log are missing.
    LogStartsLate {
        /// The database's consistent index.
        consistent_index: u64,
        /// The first entry.
        first: u64,
    },
    /// The `.snap` file covers more than the database holds: the database is older, or of another member.
    SnapAheadOfDatabase {
        /// The `.snap` file's index.
        snap: u64,
        /// The database's consistent index.
        consistent_index: u64,
    },
    /// The log has no record of the `.snap` file's snapshot, so a server does not use it.
    SnapNotInLog {
        /// The `.snap` file's index.
        snap: u64,
    },
    /// The `.snap` file's checksum covers keys that clients wrote through the v2 API; 3.6 refuses to start on them.
    V2Keys {
        /// How many.
        keys: u64,
    },
    /// The log ends in a record that a crash tore. Nothing acknowledged is in it.
    TornEnd,
}

/// Compares what is there. Parts that are absent are not compared.
pub fn compare(records: Option<&Records>, scan: Option<&Scan>, snap: Option<&Snap>) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    if let Some(records) = records {
        compare_membership(records, &mut found);
    }
    if let (Some(records), Some(scan)) = (records, scan) {
        compare_identity(records, scan, &mut found);
        compare_indices(records, scan, &mut found);
    }
    if let Some(scan) = scan
        && matches!(scan.ending, Ending::Torn(_))
    {
        found.push(Discrepancy::TornEnd);
    }
    if let Some(snap) = snap {
        compare_snap(records, scan, snap, &mut found);
    }
    found
}

fn compare_membership(records: &Records, found: &mut Vec<Discrepancy>) {
    let ids: BTreeSet<u64> = records.members.keys().copied().collect();
    let both: Vec<u64> = ids.intersection(&records.removed).copied().collect();
    if !both.is_empty() {
        found.push(Discrepancy::PresentAndRemoved { members: both });
    }
    // before 3.5 the database does not hold raft's membership
    let Some(conf) = &records.meta.conf_state else { return };
    let voters: BTreeSet<u64> = conf.voters.iter().chain(&conf.voters_outgoing).copied().collect();
    let learners: BTreeSet<u64> = conf.learners.iter().chain(&conf.learners_next).copied().collect();
    let counted: BTreeSet<u64> = voters.union(&learners).copied().collect();
    if counted.is_disjoint(&ids) {
        if !counted.is_empty() || !ids.is_empty() {
            found.push(Discrepancy::FreshlyRestored);
        }
        return;
    }
    let learns = |id: &u64| records.members.get(id).is_some_and(|member| member.is_learner);
    let mut tell = |members: Vec<u64>, make: fn(Vec<u64>) -> Discrepancy| {
        if !members.is_empty() {
            found.push(make(members));
        }
    };
    tell(counted.difference(&ids).copied().collect(), |members| Discrepancy::Ghosts { members });
    tell(ids.difference(&counted).copied().collect(), |members| Discrepancy::Zombies { members });
    tell(voters.iter().filter(|id| learns(id)).copied().collect(), |members| {
        Discrepancy::VotersCalledLearners { members }
    });
    let present = learners.intersection(&ids).filter(|id| !learns(id) && !voters.contains(id));
    tell(present.copied().collect(), |members| Discrepancy::LearnersCalledVoters { members });
}

fn compare_identity(records: &Records, scan: &Scan, found: &mut Vec<Discrepancy>) {
    let Some(identity) = scan.identity else { return };
    let member = identity.member;
    if records.removed.contains(&member) {
        found.push(Discrepancy::SelfRemoved { member });
    } else if !records.members.is_empty() && !records.members.contains_key(&member) {
        found.push(Discrepancy::SelfUnknown { member });
    }
}

fn compare_indices(records: &Records, scan: &Scan, found: &mut Vec<Discrepancy>) {
    let (Some(applied), Some(last)) = (records.meta.consistent_index, scan.last) else { return };
    let commit = scan.commit();
    if applied > last.index {
        let consistent_index = applied;
        found.push(Discrepancy::DatabaseAheadOfLog { consistent_index, last: last.index });
    } else if applied > commit {
        found.push(Discrepancy::CommitLags { commit, consistent_index: applied });
    }
    if let Some(first) = scan.first_index.filter(|first| *first > applied.saturating_add(1)) {
        found.push(Discrepancy::LogStartsLate { consistent_index: applied, first });
    }
    let known = commit.min(last.index);
    if known > applied {
        found.push(Discrepancy::CommittedNotApplied { first: applied + 1, last: known });
    }
    let sure = known.max(applied);
    if last.index > sure {
        found.push(Discrepancy::Uncertain { first: sure + 1, last: last.index });
    }
}

fn compare_snap(records: Option<&Records>, scan: Option<&Scan>, snap: &Snap, found: &mut Vec<Discrepancy>) {
    if let Some(applied) = records.and_then(|records| records.meta.consistent_index)
        && snap.index > applied
    {
        found.push(Discrepancy::SnapAheadOfDatabase { snap: snap.index, consistent_index: applied });
    }
    if scan.is_some_and(|scan| !scan.snapshots.iter().any(|mark| mark.index == snap.index)) {
        found.push(Discrepancy::SnapNotInLog { snap: snap.index });
    }
    if snap.v2_keys > 0 {
        found.push(Discrepancy::V2Keys { keys: snap.v2_keys });
    }
}

#[cfg(test)]
mod tests {
    use super::super::buckets::{ConfState, Member};
    use super::super::wal::scan;
    use super::*;

    fn records(voters: &[u64], learners: &[u64], members: &[(u64, bool)]) -> Records {
        let mut records = Records::default();
        let (voters, learners) = (voters.to_vec(), learners.to_vec());
        records.meta.conf_state = Some(ConfState { voters, learners, ..ConfState::default() });
        for (id, is_learner) in members {
            records.members.insert(*id, Member { id: *id, is_learner: *is_learner, ..Member::default() });
        }
        records
    }

    #[test]
    fn memberships_are_compared() {
        let one = |id: u64| vec![id];
        let cases = [
            (records(&[1, 2], &[3], &[(1, false), (2, false), (3, true)]), vec![]),
            (records(&[1, 2], &[], &[(1, false)]), vec![Discrepancy::Ghosts { members: one(2) }]),
            (records(&[1], &[], &[(1, false), (2, false)]), vec![Discrepancy::Zombies { members: one(2) }]),
            (
                records(&[1, 2], &[], &[(1, false), (2, true)]),
                vec![Discrepancy::VotersCalledLearners { members: one(2) }],
            ),
            (
                records(&[1], &[2], &[(1, false), (2, false)]),
                vec![Discrepancy::LearnersCalledVoters { members: one(2) }],
            ),
            (records(&[1, 2], &[], &[(9, false)]), vec![Discrepancy::FreshlyRestored]),
        ];
        for (records, expected) in cases {
            assert_eq!(compare(Some(&records), None, None), expected);
        }
    }

    #[test]
    fn indices_are_compared() {
        use super::super::wal::{HardState, Identity, LastEntry};
        let mut records = records(&[1], &[], &[(1, false)]);
        let mut log = scan(&[]);
        log.identity = Some(Identity { member: 1, cluster: 5 });
        let mut at = |applied, commit, last| {
            records.meta.consistent_index = Some(applied);
            log.state = Some(HardState { term: 2, vote: 1, commit });
            log.first_index = Some(1);
            log.last = Some(LastEntry { term: 2, index: last });
            compare(Some(&records), Some(&log), None)
        };
        assert_eq!(at(10, 10, 10), []);
        assert_eq!(at(228, 227, 228), [Discrepancy::CommitLags { commit: 227, consistent_index: 228 }]);
        let (missing, uncertain) = (
            Discrepancy::CommittedNotApplied { first: 6, last: 8 },
            Discrepancy::Uncertain { first: 9, last: 10 },
        );
        assert_eq!(at(5, 8, 10), [missing, uncertain]);
        assert_eq!(at(12, 8, 10), [Discrepancy::DatabaseAheadOfLog { consistent_index: 12, last: 10 }]);
    }
}
