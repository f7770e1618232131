use crate::facts::{CommonFacts, EtcdFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const IN_USE: Threshold = Threshold {
    key: "fragmentation_in_use_warn",
    default: Limit::Percent(50.0),
    source: "etcd contrib/mixin/alerts: etcdExcessiveDatabaseFragmentation",
};

const FLOOR: Threshold = Threshold {
    key: "fragmentation_floor",
    default: Limit::Bytes(100 << 20),
    source: "etcd contrib/mixin/alerts: only above 100 MiB in use",
};

pub(super) const CHECK: Check = Check {
    slug: "fragmentation",
    family: Family::Disk,
    question: "Is at least half of every database file in use?",
    why: "Compaction frees pages inside the file but never shrinks it: free pages count against the quota, and are copied \
          by every snapshot.",
    remedy: "`etcdctl defrag` one member at a time, the leader last. It blocks that member while it runs.",
    runbook: Some("nospace"),
    thresholds: &[IN_USE, FLOOR],
    sources: &["https://etcd.io/docs/v3.6/op-guide/maintenance/#defragmentation"],
    rules: &[Rule::Etcd(judge)],
};

fn judge(etcd: &EtcdFacts, common: &CommonFacts, policy: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut asked = 0usize;
    for (member, status) in etcd.answering(common) {
        asked += 1;
        let (file, in_use) = (status.db_size as f64, status.db_in_use as f64);
        let percent = if file > 0.0 { in_use / file * 100.0 } else { 100.0 };
        if percent < policy.get(&IN_USE) && in_use > policy.get(&FLOOR) {
            tally.hit(
                Hit::new(Severity::Warning, "only {in_use} of a file of {file} are in use ({percent})")
                    .with("in_use", Value::Bytes(status.db_in_use))
                    .with("file", Value::Bytes(status.db_size))
                    .with("percent", Value::Percent(percent))
                    .on(member.label()),
            );
        }
    }
    if asked == 0 {
        return Outcome::undecided("no member answered", Severity::Warning);
    }
    tally.evidence("members_asked", asked);
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn sizes(file_mib: u64, in_use_mib: u64) -> Sample {
        let mut sample = cluster(3);
        let status = sample.status_mut("n3");
        (status.db_size, status.db_in_use) = (file_mib << 20, in_use_mib << 20);
        sample
    }

    #[test]
    fn a_large_file_that_is_mostly_free_pages() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &sizes(1000, 499), &[Severity::Warning]);
        row(&CHECK, &sizes(1000, 500), &[]);
        row(&CHECK, &sizes(1000, 100), &[]);
        row(&CHECK, &sizes(0, 0), &[]);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Warning);
    }
}
