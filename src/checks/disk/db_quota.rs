use crate::checks::versions::release::Release;
use crate::facts::{CommonFacts, EtcdFacts, EtcdMember, EtcdStatus, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "db_quota_warn",
    default: Limit::Percent(75.0),
    source: "OpenShift cluster-etcd-operator alerts: etcdDatabaseQuotaLowSpace (warning above 75 %)",
};

const CRITICAL: Threshold = Threshold {
    key: "db_quota_critical",
    default: Limit::Percent(85.0),
    source: "OpenShift cluster-etcd-operator alerts: etcdDatabaseQuotaLowSpace (critical above 85 %)",
};

const LARGEST: Threshold = Threshold {
    key: "db_quota_largest",
    default: Limit::Bytes(8 << 30),
    source: "etcd server/storage/quota.go: MaxQuotaBytes, above which the server itself warns",
};

/// etcd server/storage/quota.go: DefaultQuotaBytes.
const DEFAULT_QUOTA: u64 = 2 << 30;

pub(super) const CHECK: Check = Check {
    slug: "db-quota",
    family: Family::Disk,
    question: "Is every member's database well below its quota?",
    why: "When one member's file reaches its quota, it raises a NOSPACE alarm and the whole cluster refuses writes until \
          somebody makes room and disarms it.",
    remedy: "Compact old revisions (`etcdctl compact REV`), then `etcdctl defrag` one member at a time, the leader last. \
             If the data itself has grown, raise --quota-backend-bytes alike on all members, to 8 GiB at most.",
    runbook: Some("nospace"),
    thresholds: &[WARN, CRITICAL, LARGEST],
    sources: &[
        "https://etcd.io/docs/v3.6/op-guide/maintenance/#space-quota",
        "etcd contrib/mixin/alerts: etcdDatabaseQuotaLowSpace (critical above 95 %)",
    ],
    rules: &[Rule::Etcd(judge)],
};

/// A member's limit on its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quota {
    Bytes(u64),
    /// A negative setting: the file may grow until the disk is full.
    Disabled,
}

fn judge(etcd: &EtcdFacts, common: &CommonFacts, policy: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut quotas: Vec<(String, Quota)> = Vec::new();
    for (member, status) in etcd.answering(common) {
        match quota(member, status) {
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its quota: {why}"), Severity::Critical);
            }
            Observed::Known(quota) => {
                quotas.push((member.label(), quota));
                if let Quota::Bytes(quota) = quota {
                    room(member, status, quota, policy, &mut tally);
                }
            }
        }
    }
    if etcd.answering(common).next().is_none() {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    if !quotas.is_empty() && quotas.iter().all(|(_, quota)| *quota == Quota::Disabled) {
        return Outcome::NotApplicable("the quota is disabled (--quota-backend-bytes is negative)".into());
    }
    alike(&quotas, policy, &mut tally);
    tally.outcome()
}

/// From Status where it is right (3.6.6 on), else from the metrics.
fn quota(member: &EtcdMember, status: &EtcdStatus) -> Observed<Quota> {
    let status_is_right = Release::parse(&status.version).is_some_and(|r| r >= Release::new(3, 6, 6));
    let number = match status.quota.filter(|_| status_is_right) {
        Some(quota) => Observed::Known(quota as f64),
        None => member
            .metrics
            .and_then(|m| Observed::or_unknown(m.quota, "this version publishes no such metric")),
    };
    number.map(|bytes| match *bytes {
        negative if negative < 0.0 => Quota::Disabled,
        0.0 => Quota::Bytes(DEFAULT_QUOTA),
        bytes => Quota::Bytes(bytes as u64),
    })
}

fn room(member: &EtcdMember, status: &EtcdStatus, quota: u64, policy: &Policy, tally: &mut Tally) {
    let percent = status.db_size as f64 / quota as f64 * 100.0;
    let severity = match percent {
        p if p >= policy.get(&CRITICAL) => Severity::Critical,
        p if p >= policy.get(&WARN) => Severity::Warning,
        _ => {
            let values = vec![
                ("member", member.label().into()),
                ("used", Value::Bytes(status.db_size)),
                ("quota", Value::Bytes(quota)),
            ];
            return tally.nearest(percent, values);
        }
    };
    tally.hit(
        Hit::new(severity, "{used} of {quota} used ({percent}), {in_use} of it by live data")
            .with("used", Value::Bytes(status.db_size))
            .with("quota", Value::Bytes(quota))
            .with("percent", Value::Percent(percent))
            .with("in_use", Value::Bytes(status.db_in_use))
            .on(member.label()),
    );
}

/// Members with other quotas would raise the alarm at different times; far above 8 GiB etcd is not tested.
fn alike(quotas: &[(String, Quota)], policy: &Policy, tally: &mut Tally) {
    let Some((_, first)) = quotas.first() else { return };
    if quotas.iter().any(|(_, quota)| quota != first) {
        let each =
            quotas.iter().map(|(member, quota)| format!("{member} {}", words(*quota))).collect::<Vec<_>>();
        tally.hit(
            Hit::new(Severity::Warning, "the members' quotas differ: {quotas}")
                .with("quotas", each)
                .remedy("Set --quota-backend-bytes alike on all members: the lowest one stops all writes."),
        );
    }
    let largest = policy.get(&LARGEST);
    let too_large: Vec<&(String, Quota)> =
        quotas.iter().filter(|(_, q)| matches!(q, Quota::Bytes(b) if *b as f64 > largest)).collect();
    if let Some((_, Quota::Bytes(bytes))) = too_large.first() {
        tally.hit(
            Hit::new(Severity::Warning, "a quota of {quota} on {members} is above {largest}")
                .with("quota", Value::Bytes(*bytes))
                .with("members", too_large.iter().map(|(member, _)| member.clone()).collect::<Vec<_>>())
                .with("largest", Value::Bytes(largest as u64))
                .remedy("Keep --quota-backend-bytes at 8 GiB or less: larger files make restarts and recovery slow."),
        );
    }
}

fn words(quota: Quota) -> String {
    match quota {
        Quota::Bytes(bytes) => Value::Bytes(bytes).human(),
        Quota::Disabled => "none".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn used(percent: u64) -> Sample {
        let mut sample = cluster(3);
        sample.status_mut("n2").db_size = (2u64 << 30) * percent / 100;
        sample
    }

    fn quota(bytes: i64) -> Sample {
        let mut sample = cluster(3);
        ["n1", "n2", "n3"].iter().for_each(|name| sample.status_mut(name).quota = Some(bytes));
        sample
    }

    #[test]
    fn judges_the_file_against_the_quota() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &used(74), &[]);
        row(&CHECK, &used(76), &[Severity::Warning]);
        row(&CHECK, &used(90), &[Severity::Critical]);
        row(&CHECK, &used(90).down("n2"), &[]);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }

    #[test]
    fn zero_is_the_default_and_a_negative_number_is_none() {
        row(&CHECK, &quota(0), &[]);
        assert!(matches!(quota(-1).run(&CHECK), Outcome::NotApplicable(_)));
        row(&CHECK, &quota(16 << 30), &[Severity::Warning]);
        row(&CHECK, &quota(8 << 30), &[]);
        let mut mixed = cluster(3);
        mixed.status_mut("n1").quota = Some(-1);
        row(&CHECK, &mixed, &[Severity::Warning]);
    }

    #[test]
    fn before_3_6_6_only_the_metrics_tell() {
        let mut old = cluster(1);
        old.status_mut("n1").version = "3.6.5".into();
        old.status_mut("n1").quota = Some(1);
        row(&CHECK, &old, &[]);
        old.metrics_mut("n1").quota = Some(11e6);
        row(&CHECK, &old, &[Severity::Critical]);
        old.etcd_mut("n1").metrics = Observed::unknown("HTTP status 503");
        undecided(&CHECK, &old, Severity::Critical);
    }
}
