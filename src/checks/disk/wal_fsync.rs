use super::percentile::{self, Question};
use super::txnlog;
use crate::checks::agents::{nobody, unread};
use crate::facts::{CommonFacts, ConsulFacts, ConsulMember, EtcdFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "fsync_p99_warn",
    default: Limit::Millis(10.0),
    source: "etcd FAQ: the 99th percentile of wal_fsync_duration_seconds should be under 10 ms",
};

const CRITICAL: Threshold = Threshold {
    key: "fsync_p99_critical",
    default: Limit::Millis(100.0),
    source: "the default heartbeat interval: etcd maintainers want no fsync above it (etcd issue 5870)",
};

const FSYNC: Question =
    Question { samples: "fsyncs", pick: |member| &member.log_sync, warn: &WARN, critical: &CRITICAL };

const APPEND_WARN: Threshold = Threshold {
    key: "log_append_mean_warn",
    default: Limit::Millis(10.0),
    source: "our own, as etcd's limit for fsync; Consul's documentation only says to watch the trend",
};

pub(super) const CHECK: Check = Check {
    slug: "wal-fsync",
    family: Family::Disk,
    question: "Does the log reach every member's disk fast enough?",
    why: "No write is acknowledged before a majority has synced it to the log. A member that syncs slowly misses \
          heartbeats and loses elections; a slow leader slows every write.",
    remedy: "Give the log an SSD of its own (--wal-dir), keep other writers off that disk, and measure it with \
             `quorate probe disk DIR`. Look again with `--window 30s` under load.",
    runbook: Some("slow-disk"),
    thresholds: &[WARN, CRITICAL, APPEND_WARN, txnlog::MEAN_WARN, txnlog::SLOWEST_WARN],
    sources: &[
        "ZooKeeper ServerMetrics.java: fsynctime (3.6 and later)",
        "Consul telemetry reference: consul.raft.leader.dispatchLog, consul.raft.rpc.appendEntries.storeLogs",
        "https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-failed-to-send-out-heartbeat-on-time-mean",
        "etcd server/storage/wal/metrics.go: buckets 0.001 s × 2^k",
        "etcd contrib/mixin/alerts: etcdHighFsyncDurations (warning above 0.5 s, critical above 1 s)",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(txnlog::fsync), Rule::Consul(judge_consul)],
};

fn judge(etcd: &EtcdFacts, common: &CommonFacts, policy: &Policy) -> Outcome {
    percentile::judge(&FSYNC, etcd, common, policy)
}

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let warn = policy.get(&APPEND_WARN);
    let mut tally = Tally::new();
    let mut idle = 0_usize;
    for (member, native) in consul.answered(facts) {
        unread(member, native, &mut tally);
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

/// What to do about a slow disk of the log.
pub(super) const SLOW: &str = "Give data_dir an SSD of its own, keep other writers off that disk, and measure it with `quorate probe disk \
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, sampled, servers, undecided};
    use crate::facts::{Observed, SyncLatency, Window};

    fn with(low: f64, high: Option<f64>, samples: u64) -> Sample {
        let mut sample = cluster(3);
        sample.member_mut("n2").log_sync = Observed::Known(SyncLatency {
            p99_low_ms: low,
            p99_high_ms: high,
            slowest_only: samples < 100,
            samples,
            mean_ms: low,
            over_100ms: 0.0,
            window: Window::Measured { seconds: 30.0 },
        });
        sample
    }

    #[test]
    fn bounds_on_one_side_of_the_limit_decide() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &with(4.0, Some(8.0), 100), &[]);
        row(&CHECK, &with(16.0, Some(32.0), 100), &[Severity::Warning]);
        row(&CHECK, &with(64.0, Some(128.0), 100), &[Severity::Warning]);
        row(&CHECK, &with(128.0, Some(256.0), 100), &[Severity::Critical]);
        row(&CHECK, &with(8192.0, None, 100), &[Severity::Critical]);
    }

    #[test]
    fn bounds_around_the_limit_do_not() {
        undecided(&CHECK, &with(8.0, Some(16.0), 100), Severity::Warning);
        undecided(&CHECK, &with(8.0, None, 100), Severity::Critical);
    }

    #[test]
    fn few_samples_prove_nothing() {
        row(&CHECK, &with(4.0, Some(8.0), 5), &[]);
        undecided(&CHECK, &with(512.0, Some(1024.0), 99), Severity::Warning);
        let mut silent = cluster(3);
        silent.member_mut("n1").log_sync = Observed::unknown("nothing was synced yet");
        undecided(&CHECK, &silent, Severity::Warning);
    }

    #[test]
    fn unread_metrics_may_hide_anything_and_a_dead_member_is_not_asked() {
        let mut unread = cluster(3);
        unread.etcd_mut("n1").metrics = Observed::unknown("HTTP status 503");
        unread.member_mut("n1").log_sync = Observed::unknown("HTTP status 503");
        undecided(&CHECK, &unread, Severity::Critical);
        row(&CHECK, &cluster(3).down("n3"), &[]);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }

    #[test]
    fn the_sentence_gives_bounds_samples_and_window() {
        let Outcome::Judged { hits, .. } = with(16.0, Some(32.0), 420).run(&CHECK) else {
            unreachable!("a slow disk")
        };
        assert_eq!(
            hits[0].sentence(),
            "16 ms to 32 ms at the 99th percentile of 420 fsyncs in 30 s; limit 10 ms"
        );
    }

    #[test]
    fn the_limits_are_the_users() {
        let mut policy = Policy::default();
        policy.set("fsync_p99_warn", Limit::Millis(32.0), "quorate.toml:3");
        assert!(matches!(CHECK.run(&with(16.0, Some(32.0), 100).0, &policy), Outcome::Clear(_)));
    }

    #[test]
    fn slow_and_stalled_appends() {
        row(&CHECK, &servers(3), &[]);
        let mut slow = servers(3);
        slow.interval_mut("n2")
            .samples
            .insert("raft.rpc.appendEntries.storeLogs".into(), sampled(12.0, 20.0));
        row(&CHECK, &slow, &[Severity::Warning]);
        let mut stalled = servers(3);
        stalled.interval_mut("n1").samples.insert("raft.leader.dispatchLog".into(), sampled(2.0, 260.0));
        row(&CHECK, &stalled, &[Severity::Warning]);
        let mut idle = servers(3);
        idle.interval_mut("n1").samples.clear();
        row(&CHECK, &idle, &[]);
        let mut young = servers(3);
        young.consul_mut("n1").metrics = Observed::unknown("younger than one interval");
        undecided(&CHECK, &young, Severity::Warning);
    }
}
