mod files;

use crate::checks::servers::{each, hidden_alike, on};
use crate::facts::{CommonFacts, Observed, ZookeeperFacts, ZookeeperMember, ZookeeperSnapshot};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const SHARE_WARN: Threshold = Threshold {
    key: "snapshot_time_warn",
    default: Limit::Percent(10.0),
    source: "zookeeperMonitor.md: rate(snapshottime_sum[5m]) > 100, milliseconds in a second",
};
const AGE: Threshold = Threshold {
    key: "server_snapshot_age",
    default: Limit::Days(1.0),
    source: "our own: a day of a busy server's transactions, that its next start has to replay",
};

/// The threshold's span in seconds.
const SPAN: f64 = 300.0;

/// `zookeeper.snapCount`: a server takes a snapshot after at most so many transactions.
const SNAP_COUNT: u64 = 100_000;

pub(super) const CHECK: Check = Check {
    slug: "server-snapshots",
    family: Family::Disk,
    question: "Does every server write its snapshots, in good time, and can it start from them?",
    why: "A server starts from its newest snapshot and replays its log from there. One whose snapshots fail goes on \
          serving while its log grows: purging stops with them, the disk fills, and its next start takes for ever. What \
          cannot be loaded is passed over with a warning, and transactions that are missing are missed by few servers.",
    remedy: "Look for errors of snapshots in the server's log, and at the room and the speed of the disk of dataDir. \
             Where they take long, give snapshots and log a disk each (dataLogDir).",
    runbook: Some("full-disk"),
    thresholds: &[SHARE_WARN, AGE],
    sources: &[
        "zookeeperMonitor.md, alert rules: snapshottime",
        "zookeeperAdmin.md: snapCount (100000)",
        "ZooKeeper FileSnap.deserialize: the newest of 100 that loads; QuorumPeer.loadDataBase: acceptedEpoch, \
         currentEpoch",
        "run on 3.8.0, 3.8.3, 3.9.3 and 3.9.5 without a log in the middle: only servers from 3.9.4 on refuse to start",
        "run on 3.9.5 and 3.8.3: a snapshot with a last zxid and no digest is refused while digest.enabled is true",
        "AdminServer last_snapshot: its timestamp is in seconds, and 0 for a snapshot of this process until 3.9",
    ],
    rules: &[Rule::Zookeeper(judge), Rule::ZookeeperFile(files::judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.snapshot) {
        return Outcome::undecided(format!("the servers' snapshots: {why}"), Severity::Warning);
    }
    each(zookeeper, Severity::Warning, |member, tally| {
        if let Some(hit) = slow(member, policy) {
            tally.hit(hit);
        }
        files::of_member(member, policy, tally);
        match (&member.snapshot, &member.zxid) {
            (Observed::Known(snapshot), Observed::Known(zxid)) => {
                late(member, snapshot, *zxid, policy, tally)
            }
            (Observed::Unknown(why), _) | (_, Observed::Unknown(why)) => {
                tally.gap(member.label(), format!("its newest snapshot: {why}"), Severity::Warning);
            }
        }
    })
}

/// Time that snapshots take of all time.
fn slow(member: &ZookeeperMember, policy: &Policy) -> Option<Hit> {
    let window = member.window.known()?;
    let spent_ms = window.grown.get("snapshottime_sum").copied()?;
    // One snapshot in a short look is not what the server does all day.
    let seconds = window.window.seconds()?.max(SPAN);
    let percent = spent_ms / (seconds * 1000.0) * 100.0;
    (percent >= policy.get(&SHARE_WARN)).then(|| {
        on(member, Severity::Warning, "writing snapshots took {spent}, {percent} of the time ({during})")
            .with("spent", Value::Millis(spent_ms))
            .with("percent", Value::Percent(percent))
            .with("during", window.window.label())
    })
}

fn late(
    member: &ZookeeperMember,
    snapshot: &ZookeeperSnapshot,
    zxid: u64,
    policy: &Policy,
    tally: &mut Tally,
) {
    // Of an earlier epoch's transactions nobody knows how many there were: those of this one are the least.
    let same_epoch = zxid >> 32 == snapshot.zxid >> 32;
    let since = if same_epoch { zxid.saturating_sub(snapshot.zxid) } else { zxid & 0xffff_ffff };
    let configured = member.settings.property("snapCount").known().copied().flatten();
    let every = configured.and_then(|count| count.trim().parse().ok()).unwrap_or(SNAP_COUNT);
    let age = snapshot.age_seconds.map(Value::Seconds);
    let told = |hit: Hit| {
        let hit = hit.with("since", since).with("every", every);
        hit.with("age", age.clone().unwrap_or_else(|| "an unknown time".into()))
    };
    let old = snapshot.age_seconds.is_some_and(|seconds| seconds >= policy.get(&AGE) * 86_400.0);
    // A restart begins to count anew: twice as many are possible, once each.
    if since > 2 * every {
        let says = "{since} transactions came since its newest snapshot, {age} ago; it should take one every {every}";
        tally.hit(told(on(member, Severity::Warning, says)));
    } else if old && since > every {
        let says = "its newest snapshot is {age} old, and {since} transactions came since: its next start replays them";
        tally.hit(told(on(member, Severity::Info, says)));
    }
    let seen = [("transactions_since", Some(since.into())), ("age", age.clone())];
    tally.nearest(since as f64, seen.into_iter().filter_map(|(key, value)| Some((key, value?))).collect());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, ensemble, row, undecided};
    use crate::facts::{Window, ZookeeperWindow};

    fn behind(since: u64, days: f64, every: Option<&str>) -> Sample {
        let mut sample = ensemble(3);
        sample.set_property("n1", "snapCount", every);
        let member = sample.zookeeper_mut("n1");
        member.zxid = Observed::Known((7 << 32) + since);
        member.snapshot =
            Observed::Known(ZookeeperSnapshot { zxid: 7 << 32, age_seconds: Some(days * 86_400.0) });
        sample
    }

    #[test]
    fn snapshots_that_do_not_come() {
        row(&CHECK, &ensemble(3), &[]);
        // A quiet server takes none for years.
        row(&CHECK, &behind(5_000, 900.0, None), &[]);
        row(&CHECK, &behind(100_001, 0.9, None), &[]);
        row(&CHECK, &behind(100_001, 1.0, None), &[Severity::Info]);
        row(&CHECK, &behind(200_000, 0.1, None), &[]);
        row(&CHECK, &behind(200_001, 0.1, None), &[Severity::Warning]);
        row(&CHECK, &behind(2_001, 0.1, Some("1000")), &[Severity::Warning]);
        let mut earlier = behind(200_001, 0.1, None);
        earlier.zookeeper_mut("n1").snapshot =
            Observed::Known(ZookeeperSnapshot { zxid: 6 << 32, age_seconds: None });
        row(&CHECK, &earlier, &[Severity::Warning]);
        earlier.zookeeper_mut("n1").snapshot = Observed::unknown("elsewhere");
        undecided(&CHECK, &earlier, Severity::Warning);
    }

    #[test]
    fn files_that_were_read_deeply() {
        let with = |files: Observed<Box<crate::facts::ZookeeperFiles>>| {
            let mut sample = ensemble(3);
            let here = crate::facts::ZookeeperHere { files: Some(files), ..Default::default() };
            sample.zookeeper_mut("n1").here = Observed::Known(here);
            sample
        };
        let start =
            crate::facts::ZookeeperReplay { refusals: vec!["log.1 is damaged".into()], ..Default::default() };
        let files = crate::facts::ZookeeperFiles { start: Some(start), ..Default::default() };
        row(&CHECK, &with(Observed::Known(Box::new(files))), &[Severity::Critical]);
        row(&CHECK, &with(Observed::Known(Box::default())), &[]);
        undecided(&CHECK, &with(Observed::unknown("too slow")), Severity::Critical);
    }

    #[test]
    fn snapshots_that_take_a_tenth_of_the_time() {
        let spent = |ms, seconds| {
            let mut sample = ensemble(3);
            sample.zookeeper_mut("n1").window = Observed::Known(ZookeeperWindow {
                window: Window::Measured { seconds },
                grown: [("snapshottime_sum".to_owned(), ms)].into(),
            });
            sample
        };
        row(&CHECK, &spent(29_000.0, 5.0), &[]);
        row(&CHECK, &spent(30_000.0, 5.0), &[Severity::Warning]);
        row(&CHECK, &spent(30_000.0, 600.0), &[]);
    }
}
