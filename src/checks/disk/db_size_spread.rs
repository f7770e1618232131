use crate::facts::{CommonFacts, EtcdFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::{Limit, Policy, Threshold};

const SPREAD: Threshold = Threshold {
    key: "db_size_spread_warn",
    default: Limit::Percent(20.0),
    source: "chosen: members with the same data differ by a few per cent of pages",
};

const FLOOR: Threshold = Threshold {
    key: "db_size_spread_floor",
    default: Limit::Bytes(100 << 20),
    source: "chosen: the mixin's floor for fragmentation; below it a few pages make a large share",
};

pub(super) const CHECK: Check = Check {
    slug: "db-size-spread",
    family: Family::Disk,
    question: "Do the members' databases hold about the same amount of data?",
    why: "The same data take about the same space. A member that uses much more is still compacting, holds an old \
          snapshot read open, or does not have the same data.",
    remedy: "Compare the data with `quorate check --deep`. etcd counts anew at its next commit, so on an idle cluster \
             write a key first. If the data are equal, look for a stuck compaction or a long read on the larger member.",
    runbook: None,
    thresholds: &[SPREAD, FLOOR],
    sources: &[
        "https://etcd.io/docs/v3.6/op-guide/maintenance/#history-compaction-v3-api-key-value-database",
    ],
    rules: &[Rule::Etcd(judge)],
};

fn judge(etcd: &EtcdFacts, common: &CommonFacts, policy: &Policy) -> Outcome {
    // A learner that is catching up has less by design.
    let mut sizes: Vec<(u64, String)> = etcd
        .answering(common)
        .filter(|(_, status)| !status.learner)
        .map(|(member, status)| (status.db_in_use, member.label()))
        .collect();
    sizes.sort();
    let ([(smallest, _), ..], Some((largest, fullest))) = (&sizes[..], sizes.last()) else {
        return Outcome::undecided("no member answered", Severity::Warning);
    };
    if sizes.len() == 1 {
        return Outcome::NotApplicable("only one voter answered: nothing to compare".into());
    }
    let spread = if *largest > 0 { (largest - smallest) as f64 / *largest as f64 * 100.0 } else { 0.0 };
    let values = [
        ("spread", Value::Percent(spread)),
        ("smallest", Value::Bytes(*smallest)),
        ("largest", Value::Bytes(*largest)),
    ];
    if *largest as f64 <= policy.get(&FLOOR) || spread <= policy.get(&SPREAD) {
        return Outcome::Clear(values.to_vec());
    }
    let each = sizes.iter().map(|(size, member)| format!("{member} {}", Value::Bytes(*size).human()));
    let says = "data in use differ by {spread} between members: {each}";
    let hit = Hit::new(Severity::Warning, says).with("each", each.collect::<Vec<_>>()).on(fullest.clone());
    Outcome::found(values.into_iter().fold(hit, |hit, (name, value)| hit.with(name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
    use crate::facts::Observed;

    fn in_use(mib: [u64; 3]) -> Sample {
        let mut sample = cluster(3);
        for (name, mib) in ["n1", "n2", "n3"].iter().zip(mib) {
            sample.status_mut(name).db_in_use = mib << 20;
        }
        sample
    }

    #[test]
    fn only_large_databases_that_differ_by_much() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &in_use([200, 200, 150]), &[Severity::Warning]);
        row(&CHECK, &in_use([200, 200, 160]), &[]);
        row(&CHECK, &in_use([90, 90, 10]), &[]);
        let mut learner = in_use([200, 200, 1]);
        learner.status_mut("n3").learner = true;
        row(&CHECK, &learner, &[]);
    }

    /// A member that was restored elsewhere keeps its id: its numbers are not this cluster's.
    #[test]
    fn an_address_of_another_cluster_is_left_out() {
        let mut sample = in_use([200, 200, 200]);
        let mut stranger = sample.etcd_mut("n1").clone();
        stranger.endpoint = "https://10.9.0.1:2379".into();
        if let Observed::Known(status) = &mut stranger.status {
            (status.cluster_id, status.db_in_use) = ("c2".into(), 1);
        }
        sample.native_mut().members.insert(0, stranger);
        row(&CHECK, &sample, &[]);
        sample.status_mut("n3").db_in_use = 1;
        row(&CHECK, &sample, &[Severity::Warning]);
    }

    #[test]
    fn one_member_has_nothing_to_compare_with() {
        assert!(matches!(cluster(1).run(&CHECK), Outcome::NotApplicable(_)));
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Warning);
    }
}
