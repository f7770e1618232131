use crate::facts::{CommonFacts, EtcdFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

pub(super) const WARN: Threshold = Threshold {
    key: "file_descriptors_warn",
    default: Limit::Percent(80.0),
    source: "etcd server/etcdserver/metrics.go: the server logs a warning above 80 %",
};

pub(super) const CHECK: Check = Check {
    slug: "file-descriptors",
    family: Family::Disk,
    question: "Does every member have file descriptors to spare?",
    why: "Every client connection takes a descriptor. A member that runs out refuses connections, and may fail to open \
          its next log segment.",
    remedy: "Raise the limit of open files of the service (systemd: LimitNOFILE=65536) and restart the member; look for \
             clients that open connections without closing them.",
    runbook: None,
    thresholds: &[WARN],
    sources: &[
        "ZooKeeper mntr: open_file_descriptor_count, max_file_descriptor_count",
        "etcd server/etcdserver/metrics.go: monitorFileDescriptor",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(super::txnlog::files)],
};

fn judge(etcd: &EtcdFacts, common: &CommonFacts, policy: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut asked = 0usize;
    for (member, _) in etcd.answering(common) {
        asked += 1;
        let counts = member.metrics.and_then(|m| {
            Observed::or_unknown(m.fds_used.zip(m.fds_limit), "this server publishes no such metric")
        });
        let (used, limit) = match counts {
            Observed::Known(counts) => counts,
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its open files: {why}"), Severity::Warning);
                continue;
            }
        };
        let percent = if limit > 0.0 { used / limit * 100.0 } else { 0.0 };
        if percent >= policy.get(&WARN) {
            tally.hit(
                Hit::new(Severity::Warning, "{used} of {limit} file descriptors are open ({percent})")
                    .with("used", used as u64)
                    .with("limit", limit as u64)
                    .with("percent", Value::Percent(percent))
                    .on(member.label()),
            );
        } else {
            let values = vec![
                ("member", member.label().into()),
                ("used", Value::Count(used as u64)),
                ("limit", (limit as u64).into()),
            ];
            tally.nearest(percent, values);
        }
    }
    if asked == 0 { Outcome::undecided("no member answered", Severity::Warning) } else { tally.outcome() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row, undecided};

    #[test]
    fn counts_open_files_against_the_limit() {
        row(&CHECK, &cluster(3), &[]);
        let mut full = cluster(3);
        full.metrics_mut("n2").fds_limit = Some(50.0);
        row(&CHECK, &full, &[Severity::Warning]);
        full.metrics_mut("n2").fds_limit = None;
        undecided(&CHECK, &full, Severity::Warning);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Warning);
    }
}
