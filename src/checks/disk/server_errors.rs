use crate::checks::servers::{each_with_numbers, grown, number, on};
use crate::facts::{CommonFacts, ZookeeperFacts};
use crate::finding::{Check, Family, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "server-errors",
    family: Family::Disk,
    question: "Do the servers count no errors, refusals or throttling of their own?",
    why: "A server that throttles, refuses connections or fails to write a snapshot goes on answering health probes.",
    remedy: "Look at the server's log at the time; raise the limit that is hit (globalOutstandingLimit, maxClientCnxns, \
             jute.maxbuffer), or find the client that hits it.",
    runbook: None,
    thresholds: &[],
    sources: &["ZooKeeper ServerMetrics.java", "zookeeperMonitor.md"],
    rules: &[Rule::Zookeeper(judge)],
};

/// Counters, how bad their growth is, and what they say.
const COUNTERS: [(&str, Severity, &str); 7] = [
    ("unrecoverable_error_count", Severity::Critical, "{count} unrecoverable errors ({during})"),
    ("snapshot_error_count", Severity::Warning, "{count} snapshots failed ({during})"),
    ("throttled_ops", Severity::Warning, "{count} requests were throttled ({during})"),
    ("large_requests_rejected", Severity::Warning, "{count} requests were refused as too large ({during})"),
    ("stale_requests_dropped", Severity::Warning, "{count} requests were dropped as stale ({during})"),
    (
        "connection_rejected",
        Severity::Warning,
        "{count} connections were refused: too many (maxCnxns) ({during})",
    ),
    (
        "tls_handshake_exceeded",
        Severity::Warning,
        "{count} TLS handshakes were refused: too many at once ({during})",
    ),
];

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    each_with_numbers(zookeeper, Severity::Warning, |member, tally| {
        if member.metrics.known().is_none() {
            let _ = number(member, "throttled_ops", "its counters", Severity::Warning, tally);
            return;
        }
        for (name, severity, says) in COUNTERS {
            let Some(total) = member.metric(name) else { continue };
            let (count, during) = match (grown(member, name), member.window.known()) {
                (Some(count), Some(window)) => (count, window.window.label()),
                _ => (total, "since start"),
            };
            if count > 0.0 {
                tally.hit(on(member, severity, says).with("count", count as u64).with("during", during));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn counters_speak() {
        let mut sample = ensemble(3);
        row(&CHECK, &sample, &[]);
        sample.numbers_mut("n1").insert("throttled_ops".into(), 3.0);
        sample.numbers_mut("n2").insert("unrecoverable_error_count".into(), 1.0);
        row(&CHECK, &sample, &[Severity::Warning, Severity::Critical]);
    }
}
