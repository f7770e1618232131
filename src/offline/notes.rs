//! What does not fit together in a copy, in sentences: a note, or damage when no server could have left it so.

use super::facts::{CopyFacts, Note, NoteWeight};
use crate::format::etcd::wal::Scan;
use crate::format::etcd::{Discrepancy, Records, Snap, compare};

/// Compares the parts and fills in notes and damage.
pub(super) fn fill(
    records: Option<&Records>,
    scan: Option<&Scan>,
    snap: Option<&Snap>,
    facts: &mut CopyFacts,
) {
    let found = compare(records, scan, snap);
    // what was read at several moments does not fit together, and that says nothing
    let torn = facts.gaps.iter().any(|gap| gap.what == "the database");
    for discrepancy in found {
        let (kind, standing, says) = tell(&discrepancy, facts);
        match standing {
            Standing::Damage if torn => {}
            Standing::Damage => {
                let file = facts.path.clone();
                facts.damaged(&file, "the parts together", says);
            }
            Standing::Note(weight) => facts.notes.push(Note { kind: kind.to_owned(), weight, says }),
        }
    }
    tell_leftovers(facts);
}

enum Standing {
    Note(NoteWeight),
    Damage,
}

const INFO: Standing = Standing::Note(NoteWeight::Info);
const WARNING: Standing = Standing::Note(NoteWeight::Warning);

fn tell(discrepancy: &Discrepancy, facts: &CopyFacts) -> (&'static str, Standing, String) {
    match discrepancy {
        Discrepancy::Ghosts { .. }
        | Discrepancy::Zombies { .. }
        | Discrepancy::VotersCalledLearners { .. }
        | Discrepancy::LearnersCalledVoters { .. }
        | Discrepancy::PresentAndRemoved { .. } => tell_members(discrepancy),
        Discrepancy::FreshlyRestored => (
            "freshly-restored",
            INFO,
            "restored and not started since: raft still names the voters of the cluster it came from".to_owned(),
        ),
        Discrepancy::SelfRemoved { member } => (
            "self-removed",
            WARNING,
            format!("this member ({member:x}) was removed from the cluster: its data must not become a new cluster"),
        ),
        Discrepancy::SelfUnknown { member } => {
            ("self-unknown", WARNING, format!("the member whose log this is ({member:x}) is not in the membership"))
        }
        Discrepancy::TornEnd => (
            "torn-end",
            INFO,
            "the log ends in a record that a crash tore; nothing acknowledged is in it, and a server cuts it off".to_owned(),
        ),
        Discrepancy::V2Keys { keys } => {
            ("v2-keys", WARNING, format!("{keys} keys were written through the v2 API: 3.6 refuses to start on them"))
        }
        _ => tell_indices(discrepancy, facts),
    }
}

fn tell_members(discrepancy: &Discrepancy) -> (&'static str, Standing, String) {
    let (kind, members, what) = match discrepancy {
        Discrepancy::Ghosts { members } => ("ghosts", members, "counted by raft, and not in the membership"),
        Discrepancy::Zombies { members } => {
            ("zombies", members, "in the membership, and not counted by raft: they come back with 3.6")
        }
        Discrepancy::VotersCalledLearners { members } => (
            "voters-called-learners",
            members,
            "voters of raft that the membership calls learners: 3.6 counts them wrongly",
        ),
        Discrepancy::LearnersCalledVoters { members } => {
            ("learners-called-voters", members, "learners of raft that the membership calls voters")
        }
        Discrepancy::PresentAndRemoved { members } => {
            ("present-and-removed", members, "both in the membership and removed")
        }
        _ => return ("unknown", WARNING, String::new()),
    };
    let ids: Vec<String> = members.iter().map(|id| format!("{id:x}")).collect();
    (kind, WARNING, format!("{}: {what}", ids.join(", ")))
}

fn tell_indices(discrepancy: &Discrepancy, facts: &CopyFacts) -> (&'static str, Standing, String) {
    match discrepancy {
        Discrepancy::CommittedNotApplied { first, last } => {
            let what = "committed and in the log only: kept by a server that starts on this directory, lost with a copy \
                        of the database alone";
            ("committed-not-applied", INFO, format!("{} {what}", entries(*first, *last)))
        }
        Discrepancy::Uncertain { first, last } => {
            let what =
                "in the log and not known to be committed: a client may have been told that it is safe";
            ("uncertain", INFO, format!("{} {what}", entries(*first, *last)))
        }
        Discrepancy::CommitLags { commit, consistent_index } => (
            "commit-lags",
            INFO,
            format!(
                "the log's commit is {commit}, the database has applied {consistent_index}: all up to there is committed"
            ),
        ),
        Discrepancy::DatabaseAheadOfLog { consistent_index, last } => (
            "database-ahead-of-log",
            Standing::Damage,
            format!(
                "the database has applied entry {consistent_index}, the log ends with {last}: they do not belong together"
            ),
        ),
        Discrepancy::LogStartsLate { consistent_index, first } => (
            "log-starts-late",
            Standing::Damage,
            format!(
                "the database has applied entry {consistent_index}, the log starts with {first}: entries are missing"
            ),
        ),
        Discrepancy::SnapAheadOfDatabase { snap, consistent_index } => {
            let received = format!("{snap:016x}.snap.db");
            if facts.leftovers.contains(&received) {
                let what = format!(
                    "a snapshot was received ({received}) and not put in place: a server does so at its start"
                );
                return ("snapshot-received", INFO, what);
            }
            let what = format!(
                "the .snap file covers entry {snap}, the database has applied {consistent_index}: it is older, or of \
                 another member"
            );
            ("snap-ahead-of-database", Standing::Damage, what)
        }
        Discrepancy::SnapNotInLog { snap } => (
            "snap-not-in-log",
            INFO,
            format!("the log has no record of the .snap file of index {snap}: a server passes it over"),
        ),
        _ => ("unknown", WARNING, format!("{discrepancy:?}")),
    }
}

fn entries(first: u64, last: u64) -> String {
    if first == last { format!("entry {first} is") } else { format!("entries {first} to {last} are") }
}

fn tell_leftovers(facts: &mut CopyFacts) {
    let broken: Vec<&str> =
        facts.leftovers.iter().filter(|name| name.ends_with(".broken")).map(String::as_str).collect();
    if !broken.is_empty() {
        let says = format!("a server set damaged files aside here before: {}", broken.join(", "));
        facts.notes.push(Note { kind: "set-aside".to_owned(), weight: NoteWeight::Warning, says });
    }
    let Some(database) = &facts.database else { return };
    let alarms: Vec<String> =
        database.alarms.iter().map(|alarm| format!("{} of member {}", alarm.alarm, alarm.member)).collect();
    if !alarms.is_empty() {
        let says = format!("alarms are raised, and stay so after a restore: {}", alarms.join(", "));
        facts.notes.push(Note { kind: "alarms".to_owned(), weight: NoteWeight::Warning, says });
    }
}
