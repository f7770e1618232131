//! The raft log on its way to the disk. Consul has no measure of fsync of its own: what a leader's dispatch and a
//! follower's append take is nearly all fsync. Each answer is of one interval of 10 s, which never makes a finding critical.

use super::nobody;
use crate::facts::{CommonFacts, ConsulFacts, ConsulMember, Member, Observed};
use crate::finding::{Hit, Outcome, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

pub(in crate::checks) const APPEND_WARN: Threshold = Threshold {
    key: "log_append_mean_warn",
    default: Limit::Millis(10.0),
    source: "our own, as etcd's limit for fsync; Consul's documentation only says to watch the trend",
};

pub(in crate::checks) const COMMIT_WARN: Threshold = Threshold {
    key: "commit_latency_mean_warn",
    default: Limit::Millis(25.0),
    source: "our own, as etcd's limit for commits; Consul telemetry reference: normally a few ms",
};

pub(in crate::checks) const BATCH_WARN: Threshold = Threshold {
    key: "log_batch_warn",
    default: Limit::Count(48.0),
    source: "three quarters of raft's largest batch of 64, at which Consul's telemetry reference calls the disk saturated",
};

pub(in crate::checks) const FREELIST_WARN: Threshold = Threshold {
    key: "log_freelist_warn",
    default: Limit::Bytes(4 << 20),
    source: "our own: BoltDB writes its whole free list at every commit",
};

/// What is missing where metrics were not read, said the same everywhere. It is a warning at worst, as what a glimpse of one
/// interval can show.
pub(super) fn unread(member: &Member, native: &ConsulMember, what: &str, tally: &mut Tally) {
    if let Observed::Unknown(why) = &native.metrics {
        tally.gap(member.label(), format!("{what}: {why}"), Severity::Warning);
    }
}

/// `wal-fsync`.
pub(in crate::checks) fn append(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let warn = policy.get(&APPEND_WARN);
    let mut tally = Tally::new();
    let mut idle = 0_usize;
    for (member, native) in consul.answered(facts) {
        unread(member, native, "how fast its log reaches the disk", &mut tally);
        let Some(metrics) = native.metrics.known() else { continue };
        let Some((metric, sample)) = metrics.log_sync() else {
            idle += 1;
            continue;
        };
        let lease = native.settings.known().and_then(|settings| settings.lease_ms);
        let stalled = lease.is_some_and(|lease| sample.max > lease / 2.0);
        let values = vec![
            ("mean", Value::Millis(sample.mean)),
            ("slowest", Value::Millis(sample.max)),
            ("samples", Value::Count(sample.count)),
            ("metric", Value::from(metric)),
            ("store", Value::from(store(native))),
        ];
        let says = match lease {
            Some(_) if stalled => {
                "an append to the log ({store}) took {slowest}, more than half of the leader's lease of {lease}: a stall of \
                 the whole lease makes the leader step down"
            }
            _ if sample.mean > warn => {
                "appends to the log ({store}) take {mean} on average, over {limit}; the slowest of {samples} took {slowest}"
            }
            _ => {
                tally.nearest(sample.mean, values);
                continue;
            }
        };
        let mut hit = Hit::new(Severity::Warning, says)
            .with("limit", Value::Millis(warn))
            .with("lease", Value::Millis(lease.unwrap_or_default()));
        hit.values.extend(values);
        tally.hit(hit.remedy(SLOW).on(member.label()));
    }
    tally.evidence("servers_that_wrote_nothing", idle);
    tally.outcome()
}

const SLOW: &str = "Give data_dir an SSD of its own, keep other writers off that disk, and measure it with `quorate probe disk \
                    DIR`.";

/// Which store holds the log, by its own word, else by what it measures.
fn store(native: &ConsulMember) -> &'static str {
    let told = native.settings.known().and_then(|settings| settings.log_store.as_deref());
    let measures = |prefix: &str| {
        native.metrics.known().is_some_and(|m| {
            m.samples
                .keys()
                .chain(m.gauges.keys())
                .chain(m.counters.keys())
                .any(|name| name.starts_with(prefix))
        })
    };
    match told {
        _ if measures("raft.boltdb.") => "BoltDB",
        _ if measures("raft.wal.") => "WAL",
        Some("wal") => "WAL",
        Some("boltdb") => "BoltDB",
        _ => "of a store that is not told",
    }
}

/// `commit-latency`: what the leader waits until a majority has an entry.
pub(in crate::checks) fn commit(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let Some((leader, native)) = consul.leader(facts) else {
        return Outcome::undecided("how long commits take: no leader answered", Severity::Warning);
    };
    let mut tally = Tally::new();
    unread(leader, native, "how long commits take", &mut tally);
    if let Some(sample) = native.metrics.known().and_then(|m| m.samples.get("raft.commitTime")) {
        let limit = policy.get(&COMMIT_WARN);
        if sample.mean > limit {
            let says =
                "commits take {mean} on average, over {limit}; the slowest of {samples} took {slowest}";
            let hit = Hit::new(Severity::Warning, says)
                .with("mean", Value::Millis(sample.mean))
                .with("limit", Value::Millis(limit))
                .with("samples", sample.count)
                .with("slowest", Value::Millis(sample.max));
            tally.hit(hit.on(leader.label()));
        }
        tally.evidence("mean", Value::Millis(sample.mean));
        tally.evidence("samples", sample.count);
    }
    tally.outcome()
}

/// `log-store`: saturation, free list, checksums.
pub(in crate::checks) fn store_health(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, "how its log store is", &mut tally);
        let Some(metrics) = native.metrics.known() else { continue };
        let failures: f64 = ["read", "write"]
            .iter()
            .filter_map(|kind| {
                metrics.counters.get(&format!("raft.logstore.verifier.{kind}_checksum_failures"))
            })
            .sum();
        if failures > 0.0 {
            let says = "checksums of {failures} ranges of its log do not match: entries were damaged on the disk or on their \
                        way to it";
            let hit = Hit::new(Severity::Critical, says).with("failures", failures as u64);
            tally.hit(
                hit.remedy("Stop this server, move its whole raft directory away, never half of it, and let it join anew.")
                    .on(member.label()),
            );
        }
        let batch = metrics.samples.get("raft.boltdb.logsPerBatch").map_or(0.0, |sample| sample.max);
        if batch >= policy.get(&BATCH_WARN) {
            let says = "up to {batch} entries were appended at once, of 64 at most: the disk of the log is saturated";
            tally.hit(
                Hit::new(Severity::Warning, says).with("batch", batch as u64).remedy(SLOW).on(member.label()),
            );
        }
        let freelist = metrics.gauges.get("raft.boltdb.freelistBytes").copied().unwrap_or_default();
        if freelist > policy.get(&FREELIST_WARN) {
            let says = "BoltDB writes a free list of {freelist} at every commit";
            let hit = Hit::new(Severity::Warning, says).with("freelist", Value::Bytes(freelist as u64));
            tally.hit(
                hit.remedy("Set raft_boltdb.NoFreelistSync = true, or let the server make its log anew (1.15+: as a WAL).")
                    .on(member.label()),
            );
        }
        tally.nearest(freelist, vec![("freelist", Value::Bytes(freelist as u64))]);
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{sampled, servers};
    use crate::checks::find;
    use crate::checks::testing::{row, undecided};
    use crate::facts::Observed;
    use crate::finding::Severity;

    #[test]
    fn slow_and_stalled_appends() {
        let check = find("wal-fsync").expect("is there");
        row(check, &servers(3), &[]);
        let mut slow = servers(3);
        slow.interval_mut("n2")
            .samples
            .insert("raft.rpc.appendEntries.storeLogs".into(), sampled(12.0, 20.0));
        row(check, &slow, &[Severity::Warning]);
        let mut stalled = servers(3);
        stalled.interval_mut("n1").samples.insert("raft.leader.dispatchLog".into(), sampled(2.0, 260.0));
        row(check, &stalled, &[Severity::Warning]);
        let mut idle = servers(3);
        idle.interval_mut("n1").samples.clear();
        row(check, &idle, &[]);
        let mut young = servers(3);
        young.consul_mut("n1").metrics = Observed::unknown("younger than one interval");
        undecided(check, &young, Severity::Warning);
    }

    #[test]
    fn commits_as_the_leader_sees_them() {
        let check = find("commit-latency").expect("is there");
        row(check, &servers(3), &[]);
        let mut slow = servers(3);
        slow.interval_mut("n1").samples.insert("raft.commitTime".into(), sampled(26.0, 90.0));
        row(check, &slow, &[Severity::Warning]);
        undecided(check, &servers(3).down("n1"), Severity::Warning);
    }

    #[test]
    fn saturated_bloated_and_damaged_stores() {
        let check = find("log-store").expect("is there");
        row(check, &servers(3), &[]);
        let mut saturated = servers(3);
        saturated.interval_mut("n1").samples.insert("raft.boltdb.logsPerBatch".into(), sampled(50.0, 60.0));
        row(check, &saturated, &[Severity::Warning]);
        let mut bloated = servers(3);
        bloated.interval_mut("n1").gauges.insert("raft.boltdb.freelistBytes".into(), 5e6);
        row(check, &bloated, &[Severity::Warning]);
        let mut damaged = servers(3);
        let name = "raft.logstore.verifier.read_checksum_failures";
        damaged.interval_mut("n3").counters.insert(name.into(), 1.0);
        row(check, &damaged, &[Severity::Critical]);
    }
}
