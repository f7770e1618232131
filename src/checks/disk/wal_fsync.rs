use super::percentile::{self, Question};
use super::txnlog;
use crate::checks::consul;
use crate::facts::{CommonFacts, EtcdFacts};
use crate::finding::{Check, Family, Outcome, Rule};
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

pub(super) const CHECK: Check = Check {
    slug: "wal-fsync",
    family: Family::Disk,
    question: "Does the log reach every member's disk fast enough?",
    why: "No write is acknowledged before a majority has synced it to the log. A member that syncs slowly misses \
          heartbeats and loses elections; a slow leader slows every write.",
    remedy: "Give the log an SSD of its own (--wal-dir), keep other writers off that disk, and measure it with \
             `quorate probe disk DIR`. Look again with `--window 30s` under load.",
    runbook: Some("slow-disk"),
    thresholds: &[WARN, CRITICAL, consul::log::APPEND_WARN, txnlog::MEAN_WARN, txnlog::SLOWEST_WARN],
    sources: &[
        "https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-failed-to-send-out-heartbeat-on-time-mean",
        "etcd server/storage/wal/metrics.go: buckets 0.001 s × 2^k",
        "etcd contrib/mixin/alerts: etcdHighFsyncDurations (warning above 0.5 s, critical above 1 s)",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(txnlog::fsync), Rule::Consul(consul::log::append)],
};

fn judge(etcd: &EtcdFacts, common: &CommonFacts, policy: &Policy) -> Outcome {
    percentile::judge(&FSYNC, etcd, common, policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
    use crate::facts::{Observed, SyncLatency, Window};
    use crate::finding::Severity;

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
}
