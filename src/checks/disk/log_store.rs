use crate::checks::consul::log;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "log-store",
    family: Family::Disk,
    question: "Is every member's log store sound and unsaturated?",
    why: "Appends that are batched to the limit wait for the disk; a free list that is written at \
          every commit slows each; a log whose checksums do not match is damaged.",
    remedy: "Look at the disk of that server: `quorate probe disk DIR`.",
    runbook: None,
    thresholds: &[log::BATCH_WARN, log::FREELIST_WARN],
    sources: &["Consul telemetry reference: consul.raft.boltdb.*, consul.raft.logstore.verifier.*"],
    rules: &[Rule::Consul(log::store_health)],
};
