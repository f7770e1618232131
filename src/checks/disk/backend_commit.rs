use super::percentile::{self, Question};
use crate::facts::{CommonFacts, EtcdFacts};
use crate::finding::{Check, Family, Outcome, Rule};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "backend_commit_p99_warn",
    default: Limit::Millis(25.0),
    source: "etcd FAQ: the 99th percentile of backend_commit_duration_seconds should be under 25 ms",
};

const CRITICAL: Threshold = Threshold {
    key: "backend_commit_p99_critical",
    default: Limit::Millis(250.0),
    source: "etcd contrib/mixin/alerts: etcdHighCommitDurations (above 0.25 s)",
};

const COMMIT: Question = Question {
    samples: "backend commits",
    pick: |member| &member.store_commit,
    warn: &WARN,
    critical: &CRITICAL,
};

pub(super) const CHECK: Check = Check {
    slug: "backend-commit",
    family: Family::Disk,
    question: "Does every member commit its database fast enough?",
    why: "While a batch is committed to the database file, applied writes wait. Slow commits show as slow applies and, \
          in the end, as refused writes.",
    remedy: "Move the data directory to a faster disk, keep other writers off it, and defragment a file that is mostly \
             free pages. Measure the disk with `quorate probe disk DIR`.",
    runbook: Some("slow-disk"),
    thresholds: &[WARN, CRITICAL],
    sources: &[
        "https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-apply-entries-took-too-long-mean",
        "etcd server/storage/backend/metrics.go: buckets 0.001 s × 2^k",
    ],
    rules: &[Rule::Etcd(judge)],
};

fn judge(etcd: &EtcdFacts, common: &CommonFacts, policy: &Policy) -> Outcome {
    percentile::judge(&COMMIT, etcd, common, policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
    use crate::facts::Observed;
    use crate::finding::Severity;

    fn with(low: f64, high: f64) -> Sample {
        let mut sample = cluster(3);
        if let Observed::Known(latency) = &mut sample.member_mut("n2").store_commit {
            (latency.p99_low_ms, latency.p99_high_ms) = (low, Some(high));
        }
        sample
    }

    #[test]
    fn judges_by_its_own_limits() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &with(8.0, 16.0), &[]);
        undecided(&CHECK, &with(16.0, 32.0), Severity::Warning);
        row(&CHECK, &with(32.0, 64.0), &[Severity::Warning]);
        row(&CHECK, &with(256.0, 512.0), &[Severity::Critical]);
        row(&CHECK, &cluster(3).down("n2"), &[]);
    }
}
