use crate::facts::{CommonFacts, EtcdFacts, EtcdMember, EtcdStatus, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::{Limit, Policy, Threshold};

const BACKLOG: Threshold = Threshold {
    key: "uncompacted_revisions_warn",
    default: Limit::Count(100_000.0),
    source: "chosen: a small cluster stays quiet for weeks; a busy one crosses it in an hour",
};

/// A compaction this recent proves that somebody compacts: etcd itself, or a job outside.
const RECENT_SECONDS: f64 = 86_400.0;

/// The apiserver compacts every five minutes (--etcd-compaction-interval); two missed rounds are no accident.
const RECENT_SECONDS_KUBERNETES: f64 = 600.0;

pub(super) const CHECK: Check = Check {
    slug: "compaction",
    family: Family::Disk,
    question: "Is old history compacted away?",
    why: "etcd keeps every revision until somebody compacts. By default nobody does: the file grows with every write \
          until it reaches the quota.",
    remedy: "Start all members with --auto-compaction-mode=periodic --auto-compaction-retention=1h. Under Kubernetes the \
             apiserver compacts: look at its log and its --etcd-compaction-interval.",
    runbook: Some("nospace"),
    thresholds: &[BACKLOG],
    sources: &[
        "https://etcd.io/docs/v3.6/op-guide/maintenance/#auto-compaction",
        "kubernetes staging/src/k8s.io/apiserver/pkg/storage/etcd3/compact.go",
    ],
    rules: &[Rule::Etcd(judge)],
};

/// Compaction goes through the log, so the cluster has one history, whoever is asked.
fn judge(etcd: &EtcdFacts, common: &CommonFacts, policy: &Policy) -> Outcome {
    let known: Vec<(&EtcdMember, u64, Option<f64>)> = etcd
        .answering(common)
        .filter_map(|(member, status)| history(member, status).known().map(|(b, age)| (member, *b, *age)))
        .collect();
    let Some(backlog) = known.iter().map(|(_, backlog, _)| *backlog).min() else {
        let why = etcd.answering(common).find_map(|(m, s)| history(m, s).why().map(str::to_owned));
        let why =
            why.map_or_else(|| "no member answered".into(), |why| format!("the compacted revision: {why}"));
        return Outcome::undecided(why, Severity::Warning);
    };
    let clear = || Outcome::Clear(vec![("uncompacted_revisions", Value::from(backlog))]);
    let kubernetes = etcd.kubernetes.known().is_some_and(|k| k.prefix.is_some());
    let recent = if kubernetes { RECENT_SECONDS_KUBERNETES } else { RECENT_SECONDS };
    let compacts = known.iter().any(|(_, _, age)| age.is_some_and(|age| age <= recent));
    if backlog as f64 <= policy.get(&BACKLOG) || compacts {
        return clear();
    }
    if kubernetes {
        return Outcome::found(
            Hit::new(
                Severity::Warning,
                "{revisions} revisions of history are kept, and the Kubernetes apiserver has not compacted for over \
                 {recent}",
            )
            .with("revisions", backlog)
            .with("recent", Value::Seconds(recent)),
        );
    }
    match automatic(etcd, common) {
        Observed::Known(true) => clear(),
        Observed::Known(false) => Outcome::found(
            Hit::new(
                Severity::Warning,
                "{revisions} revisions of history are kept, no member was started with --auto-compaction-retention, and \
                 nothing else has compacted lately",
            )
            .with("revisions", backlog),
        ),
        Observed::Unknown(why) => Outcome::undecided(
            format!("{backlog} revisions of history are kept; whether they will be compacted: {why}"),
            Severity::Warning,
        ),
    }
}

/// Revisions since the last compaction, and the age of that compaction in seconds where this version tells (3.5+).
fn history(member: &EtcdMember, status: &EtcdStatus) -> Observed<(u64, Option<f64>)> {
    member.metrics.and_then(|metrics| {
        let Some(compacted) = metrics.compact_revision else {
            return Observed::unknown("this server publishes no such metric");
        };
        let now = metrics.read_at.as_millisecond() as f64 / 1000.0;
        let age = metrics.compacted_at_seconds.map(|at| now - at);
        // The server counts -1 before the first compaction.
        Observed::Known((status.revision.saturating_sub(compacted.max(0.0) as u64), age))
    })
}

/// Whether any member was started with automatic compaction: only the leader's compactor runs, but anyone may lead.
fn automatic(etcd: &EtcdFacts, common: &CommonFacts) -> Observed<bool> {
    let mut unseen = None;
    for (member, _) in etcd.answering(common) {
        match member.vars.known().map(|vars| (vars, vars.flag("auto-compaction-retention"))) {
            Some((_, Some(retention))) if !is_zero(retention) => return Observed::Known(true),
            Some((vars, _)) if vars.config_file().is_some() => {
                unseen = Some("the settings are in a config file".to_owned());
            }
            Some(_) => {}
            None => unseen = member.vars.why().map(|why| format!("the start arguments: {why}")),
        }
    }
    unseen.map_or(Observed::Known(false), Observed::Unknown)
}

/// `0`, `0s`, `0h`: off.
fn is_zero(retention: &str) -> bool {
    !retention.chars().any(|c| c.is_ascii_digit() && c != '0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
    use crate::facts::KubernetesStore;

    /// A history of 200 000 revisions, last compacted ten days ago, without automatic compaction.
    fn neglected() -> Sample {
        let mut sample = cluster(3);
        for name in ["n1", "n2", "n3"] {
            sample.status_mut(name).revision = 200_900;
            let metrics = sample.metrics_mut(name);
            metrics.read_at = "2026-11-24T12:00:00Z".parse().expect("a valid time");
            metrics.compacted_at_seconds = Some(1_794_600_000.0);
            sample.vars_mut(name).cmdline = vec!["etcd".into(), "--auto-compaction-retention=0".into()];
        }
        sample
    }

    #[test]
    fn fires_only_on_a_large_history_that_nobody_compacts() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &neglected(), &[Severity::Warning]);
        let mut small = neglected();
        ["n1", "n2", "n3"].iter().for_each(|n| small.status_mut(n).revision = 100_000);
        row(&CHECK, &small, &[]);
        let mut on = neglected();
        on.vars_mut("n2").cmdline = vec!["etcd".into(), "--auto-compaction-retention".into(), "8".into()];
        row(&CHECK, &on, &[]);
        let mut by_a_job = neglected();
        by_a_job.metrics_mut("n3").compacted_at_seconds = Some(1_795_520_000.0);
        row(&CHECK, &by_a_job, &[]);
    }

    #[test]
    fn under_kubernetes_only_a_recent_compaction_counts() {
        let mut kubernetes = neglected();
        kubernetes.native_mut().kubernetes =
            Observed::Known(KubernetesStore { prefix: Some("/registry/".into()), ..Default::default() });
        row(&CHECK, &kubernetes, &[Severity::Warning]);
        kubernetes.metrics_mut("n1").compacted_at_seconds = Some(1_795_520_000.0);
        row(&CHECK, &kubernetes, &[Severity::Warning]);
        kubernetes.metrics_mut("n1").compacted_at_seconds = Some(1_795_521_500.0);
        row(&CHECK, &kubernetes, &[]);
    }

    #[test]
    fn a_config_file_hides_the_setting() {
        let mut hidden = neglected();
        for name in ["n1", "n2", "n3"] {
            hidden.vars_mut(name).cmdline = vec!["etcd".into(), "--config-file=/etc/etcd.yaml".into()];
        }
        undecided(&CHECK, &hidden, Severity::Warning);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Warning);
    }
}
