use super::wal_fsync;
use crate::checks::agents::{nobody, unread};
use crate::facts::{CommonFacts, ConsulFacts, ConsulHere, ConsulMetrics, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const BATCH_WARN: Threshold = Threshold {
    key: "log_batch_warn",
    default: Limit::Count(48.0),
    source: "three quarters of raft's largest batch of 64, at which Consul's telemetry reference calls the disk saturated",
};

const FREELIST_WARN: Threshold = Threshold {
    key: "log_freelist_warn",
    default: Limit::Bytes(4 << 20),
    source: "our own: BoltDB writes its whole free list at every commit",
};

const FILE_WARN: Threshold = Threshold {
    key: "raft_db_warn",
    default: Limit::Bytes(1 << 30),
    source: "our own; consul issues 6181 (64 GB on one follower) and 12078 (90 GB): BoltDB never gives room back",
};

const SPREAD_WARN: Threshold = Threshold {
    key: "raft_db_spread_warn",
    default: Limit::Count(10.0),
    source: "our own, from consul issue 6181: servers cut their logs alike",
};

/// Below it a few pages make a large ratio.
const SPREAD_FLOOR: u64 = 100 << 20;

pub(super) const CHECK: Check = Check {
    slug: "log-store",
    family: Family::Disk,
    question: "Is every member's log store sound and unsaturated?",
    why: "Appends that are batched to the limit wait for the disk; a free list that is written at \
          every commit slows each; a log whose checksums do not match is damaged.",
    remedy: "Look at the disk of that server: `quorate probe disk DIR`.",
    runbook: Some("slow-disk"),
    thresholds: &[BATCH_WARN, FREELIST_WARN, FILE_WARN, SPREAD_WARN],
    sources: &[
        "Consul telemetry reference: consul.raft.boltdb.*, consul.raft.logstore.verifier.*, consul.raft.wal.*",
        "Consul agent/consul/server.go setupRaft: with a raft.db there, a WAL is not used",
        "files are looked at on members with host = { local = true } in the config file",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, &mut tally);
        if let Some(here) = native.here.known() {
            files(here, native.metrics.known(), policy)
                .into_iter()
                .for_each(|hit| tally.hit(hit.on(member.label())));
        }
        let Some(metrics) = native.metrics.known() else { continue };
        cut_back(metrics, member, &mut tally);
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
                Hit::new(Severity::Warning, says)
                    .with("batch", batch as u64)
                    .remedy(wal_fsync::SLOW)
                    .on(member.label()),
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
    spread(consul, facts, policy).into_iter().for_each(|hit| tally.hit(hit));
    tally.outcome()
}

/// What the directory of the log shows.
fn files(here: &ConsulHere, metrics: Option<&ConsulMetrics>, policy: &Policy) -> Vec<Hit> {
    let mut hits = Vec::new();
    if let (Some(wal), Some(db)) = (&here.wal, here.raft_db) {
        let (severity, says) = match wal.written {
            0 => (
                Severity::Warning,
                "raft.db and wal/ lie both in its raft directory: it uses raft.db, whatever raft_logstore says",
            ),
            _ => (
                Severity::Critical,
                "raft.db and wal/ lie both in its raft directory, and both hold a log ({written} segments in wal/): it uses \
                 raft.db, and without that file it would start from the other one",
            ),
        };
        let hit = Hit::new(severity, says).with("written", wal.written).with("raft_db", Value::Bytes(db));
        hits.push(hit.remedy(
            "Keep a copy of the whole raft directory. Then stop this server, move that directory away, never half of it, and let \
             the server join anew: it makes the store that raft_logstore names.",
        ));
    }
    if let Some(size) = here.raft_db.filter(|size| *size as f64 > policy.get(&FILE_WARN)) {
        let free =
            metrics.and_then(|m| m.gauges.get("raft.boltdb.freePageBytes")).copied().unwrap_or_default();
        let says = "its raft.db has {size}, of which {free} are free pages: the file never shrinks";
        let hit = Hit::new(Severity::Warning, says).with("size", Value::Bytes(size));
        hits.push(hit.with("free", Value::Bytes(free as u64)).remedy(
            "Lower raft_trailing_logs if it was raised, and look whether snapshots are taken (`quorate check --only \
             raft-snapshots`). To give the room back, stop this server, move its raft directory away, and let it join anew.",
        ));
    }
    hits
}

/// Entries that a WAL threw away at its end (1.15+): they were of a leader that nobody followed.
fn cut_back(metrics: &ConsulMetrics, member: &Member, tally: &mut Tally) {
    let cut = metrics.counters.get("raft.wal.tail_truncations").copied().unwrap_or_default();
    if cut > 0.0 {
        let says = "{cut} entries at the end of its log were thrown away in the last 10 s: a leader had written them that a \
                    majority did not follow";
        let hit = Hit::new(Severity::Info, says).with("cut", cut as u64);
        tally.hit(hit.remedy("See who led before: `quorate check --only leader-churn`.").on(member.label()));
    }
}

/// Logs of one cluster are cut alike.
fn spread(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Option<Hit> {
    let sizes = || consul.answered(facts).filter_map(|(m, native)| Some((native.here.known()?.raft_db?, m)));
    let ((smallest, least), (largest, most)) = (sizes().min_by_key(|s| s.0)?, sizes().max_by_key(|s| s.0)?);
    if largest < SPREAD_FLOOR || (largest as f64) < smallest as f64 * policy.get(&SPREAD_WARN) {
        return None;
    }
    let says = "its raft.db has {largest}, and {other} has {smallest} for the same log";
    let hit = Hit::new(Severity::Warning, says)
        .with("largest", Value::Bytes(largest))
        .with("smallest", Value::Bytes(smallest))
        .with("other", least.label());
    Some(
        hit.remedy("Look whether it takes snapshots: `quorate check --only raft-snapshots`.")
            .on(most.label()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, sampled, servers};
    use crate::facts::WalDir;

    #[test]
    fn two_stores_and_files_that_grow() {
        let mut sample = servers(3);
        let sizes = [("n1", 60 << 20), ("n2", 200 << 20), ("n3", 60 << 20)];
        sizes.iter().for_each(|(name, size)| sample.here_mut_of(name).raft_db = Some(*size));
        row(&CHECK, &sample, &[]);
        sample.here_mut_of("n2").wal = Some(WalDir { segments: 1, ..WalDir::default() });
        row(&CHECK, &sample, &[Severity::Warning]);
        sample.here_mut_of("n2").wal = Some(WalDir { segments: 1, written: 1, bytes: 4096 });
        row(&CHECK, &sample, &[Severity::Critical]);
        (sample.here_mut_of("n2").wal, sample.here_mut_of("n2").raft_db) = (None, Some(600 << 20));
        row(&CHECK, &sample, &[Severity::Warning]);
        for name in ["n1", "n2", "n3"] {
            sample.here_mut_of(name).raft_db = Some((1 << 30) + 1);
        }
        row(&CHECK, &sample, &[Severity::Warning; 3]);
        let mut cut = servers(3);
        cut.interval_mut("n1").counters.insert("raft.wal.tail_truncations".into(), 3.0);
        row(&CHECK, &cut, &[Severity::Info]);
    }

    #[test]
    fn saturated_bloated_and_damaged_stores() {
        row(&CHECK, &servers(3), &[]);
        let mut saturated = servers(3);
        saturated.interval_mut("n1").samples.insert("raft.boltdb.logsPerBatch".into(), sampled(50.0, 60.0));
        row(&CHECK, &saturated, &[Severity::Warning]);
        let mut bloated = servers(3);
        bloated.interval_mut("n1").gauges.insert("raft.boltdb.freelistBytes".into(), 5e6);
        row(&CHECK, &bloated, &[Severity::Warning]);
        let mut damaged = servers(3);
        let name = "raft.logstore.verifier.read_checksum_failures";
        damaged.interval_mut("n3").counters.insert(name.into(), 1.0);
        row(&CHECK, &damaged, &[Severity::Critical]);
    }
}
