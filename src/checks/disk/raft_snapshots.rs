use crate::checks::agents::nobody;
use crate::facts::{CommonFacts, ConsulFacts, ConsulMember, Observed, RaftSnapshot, SnapshotsDir};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const OVERDUE: Threshold = Threshold {
    key: "snapshot_overdue_warn",
    default: Limit::Count(4.0),
    source: "our own: raft looks for raft_snapshot_threshold new entries every raft_snapshot_interval (30 s), so that four times \
             as many are a snapshot that failed or takes very long",
};

const LEFT_OVER: Threshold = Threshold {
    key: "snapshot_begun_warn",
    default: Limit::Millis(3_600_000.0),
    source: "our own: a snapshot that was not written to for an hour is not being written any more",
};

pub(super) const CHECK: Check = Check {
    slug: "raft-snapshots",
    family: Family::Disk,
    question: "Are snapshots of the log taken, and could every server start from its newest?",
    why: "A server starts from its newest snapshot and the log after it. A snapshot that is damaged is found out at the next \
          start, which fails where the log does not reach back to the one before; without new ones the log grows until the \
          disk is full.",
    remedy: "Save a backup from the leader first (`quorate snapshot save`). Then stop this server, move its whole raft \
             directory away, never a part of it, and let it join anew while the others serve.",
    runbook: Some("replace-member"),
    thresholds: &[OVERDUE, LEFT_OVER],
    sources: &[
        "hashicorp/raft file_snapshot.go: meta.json holds the CRC-64 of state.bin, and two snapshots are kept",
        "consul issues 6991, 318: a bad snapshot on disk and a server that does not start",
        "files are read on members with host = { local = true } in the config file; large ones with --deep",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        if let Some(hit) = overdue(native, policy) {
            tally.hit(hit.on(member.label()));
        }
        let Some(here) = native.here.known() else { continue };
        match &here.snapshots {
            Observed::Known(dir) => on_disk(dir, member.label(), policy, &mut tally),
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its snapshots: {why}"), Severity::Critical)
            }
        }
    }
    tally.outcome()
}

/// Entries since the newest snapshot, where they are far more than should ever be.
fn overdue(native: &ConsulMember, policy: &Policy) -> Option<Hit> {
    let raft = native.raft.known()?;
    let threshold = native.settings.known()?.snapshot_threshold?;
    let since = raft.applied_index.saturating_sub(raft.last_snapshot_index);
    if (since as f64) < threshold as f64 * policy.get(&OVERDUE) {
        return None;
    }
    let says = "it applied {since} log entries since its newest snapshot, and should take one after {threshold}: they fail";
    let hit = Hit::new(Severity::Warning, says).with("since", since).with("threshold", threshold);
    Some(hit.remedy(
        "Look for \"failed to take snapshot\" in its log, and at the room and the rights of raft/snapshots in its data directory.",
    ))
}

fn on_disk(dir: &SnapshotsDir, member: String, policy: &Policy, tally: &mut Tally) {
    for (at, snapshot) in dir.finished.iter().enumerate() {
        match &snapshot.damage {
            Observed::Known(None) => {}
            Observed::Known(Some(damage)) => tally.hit(damaged(snapshot, damage, at == 0).on(member.clone())),
            // What is only old or large must not be called unsound, nor sound.
            Observed::Unknown(why) if at == 0 => {
                let missing = format!("whether its newest snapshot {} is sound: {why}", snapshot.name);
                tally.gap(member.clone(), missing, Severity::Info);
            }
            Observed::Unknown(_) => {}
        }
    }
    for begun in dir.begun.iter().filter(|begun| begun.idle_seconds * 1000.0 >= policy.get(&LEFT_OVER)) {
        let says = "a snapshot that was never finished lies in raft/snapshots ({name}, {bytes}): the server stopped, or its disk \
                    was full, while it wrote it";
        let hit = Hit::new(Severity::Warning, says)
            .with("name", begun.name.as_str())
            .with("bytes", Value::Bytes(begun.bytes))
            .with("idle", Value::Millis(begun.idle_seconds * 1000.0));
        let remedy = "Raft never removes it: make sure that the disk has room, and delete that one directory while the server \
                      runs.";
        tally.hit(hit.remedy(remedy).on(member.clone()));
    }
    if let Some(newest) = dir.finished.first() {
        let taken = newest.taken.map_or(Value::from("unknown"), Value::Time);
        let values = vec![("snapshots", dir.finished.len().into()), ("newest", taken)];
        tally.nearest(newest.bytes as f64, [values, vec![("bytes", Value::Bytes(newest.bytes))]].concat());
    }
}

fn damaged(snapshot: &RaftSnapshot, damage: &str, newest: bool) -> Hit {
    let (severity, says) = match newest {
        true => (
            Severity::Critical,
            "its newest snapshot {name} is damaged: {damage}. At its next start it must do with an older one, or does not start",
        ),
        false => (Severity::Warning, "its older snapshot {name} is damaged: {damage}"),
    };
    let hit = Hit::new(severity, says)
        .with("name", snapshot.name.as_str())
        .with("damage", damage)
        .with("bytes", Value::Bytes(snapshot.bytes));
    let goes_by_itself = "Raft removes it after its next snapshots, and starts from the newest one meanwhile. Look at the disk: \
                          what damaged one file may damage others.";
    if newest { hit } else { hit.remedy(goes_by_itself) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, row, servers, undecided};
    use crate::facts::BegunSnapshot;

    fn with(change: fn(&mut SnapshotsDir)) -> Sample {
        let mut sample = servers(3);
        let one = |name: &str| RaftSnapshot {
            name: name.into(),
            index: 7,
            taken: None,
            bytes: 9,
            damage: Observed::Known(None),
        };
        let mut dir = SnapshotsDir { finished: vec![one("2-16-2000"), one("2-7-1000")], begun: Vec::new() };
        change(&mut dir);
        sample.here_mut_of("n2").snapshots = Observed::Known(dir);
        sample
    }

    #[test]
    fn damaged_begun_and_unread() {
        row(&CHECK, &servers(3), &[]);
        row(&CHECK, &with(|_| ()), &[]);
        let broken = |at: usize| {
            let change: fn(&mut SnapshotsDir) = match at {
                0 => |dir| dir.finished[0].damage = Observed::Known(Some("no meta.json".into())),
                _ => |dir| dir.finished[1].damage = Observed::Known(Some("no meta.json".into())),
            };
            with(change)
        };
        row(&CHECK, &broken(0), &[Severity::Critical]);
        row(&CHECK, &broken(1), &[Severity::Warning]);
        let begun = |idle_seconds| BegunSnapshot { name: "2-9-3.tmp".into(), bytes: 1, idle_seconds };
        let mut writing = with(|_| ());
        let Observed::Known(dir) = &mut writing.here_mut_of("n2").snapshots else { return };
        dir.begun.push(begun(10.0));
        row(&CHECK, &writing, &[]);
        let mut left = with(|_| ());
        let Observed::Known(dir) = &mut left.here_mut_of("n2").snapshots else { return };
        dir.begun.push(begun(3600.0));
        row(&CHECK, &left, &[Severity::Warning]);
        undecided(
            &CHECK,
            &with(|dir| dir.finished[0].damage = Observed::unknown("too large")),
            Severity::Info,
        );
        let mut unread = servers(3);
        unread.here_mut_of("n1").snapshots = Observed::unknown("permission denied");
        undecided(&CHECK, &unread, Severity::Critical);
    }

    #[test]
    fn snapshots_that_are_not_taken() {
        let applied = |index| {
            let mut sample = servers(3);
            sample.settings_mut("n1").snapshot_threshold = Some(16_384);
            sample.raft_mut("n1").last_snapshot_index = 100;
            (sample.raft_mut("n1").applied_index, sample.raft_mut("n1").commit_index) = (index, index);
            sample
        };
        row(&CHECK, &applied(65_635), &[]);
        row(&CHECK, &applied(65_636), &[Severity::Warning]);
    }
}
