use super::wal_fsync;
use crate::checks::agents::{nobody, unread};
use crate::facts::{CommonFacts, ConsulFacts};
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

pub(super) const CHECK: Check = Check {
    slug: "log-store",
    family: Family::Disk,
    question: "Is every member's log store sound and unsaturated?",
    why: "Appends that are batched to the limit wait for the disk; a free list that is written at \
          every commit slows each; a log whose checksums do not match is damaged.",
    remedy: "Look at the disk of that server: `quorate probe disk DIR`.",
    runbook: Some("slow-disk"),
    thresholds: &[BATCH_WARN, FREELIST_WARN],
    sources: &["Consul telemetry reference: consul.raft.boltdb.*, consul.raft.logstore.verifier.*"],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, &mut tally);
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
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, sampled, servers};

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
