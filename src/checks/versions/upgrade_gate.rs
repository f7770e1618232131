use crate::facts::{Drift, SnapshotFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "upgrade-gate",
    family: Family::Versions,
    question: "Does nothing stored stand in the way of an upgrade from 3.5 to 3.6?",
    why: "etcd 3.6 takes its membership from the database, where earlier versions did not: members that were removed long \
          ago come back and vote, and learners that were promoted are learners again.",
    remedy: "Bring every member to 3.5.26 or later (3.5.32 is the documented floor) and restart it: it repairs its stored \
             membership. Then save a new snapshot and look again before the upgrade.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "https://etcd.io/docs/v3.6/upgrades/upgrade_3_6/",
        "etcd-io/etcd#20967 (zombie members), #19557 and #20793 (promotions that are stored only once)",
    ],
    rules: &[Rule::EtcdFile(judge)],
};

fn judge(file: &SnapshotFacts, _: &Policy) -> Outcome {
    let before = file.cluster_version.as_deref().is_some_and(|version| version.starts_with("3.5."));
    if !before || file.storage_version.is_some() {
        return Outcome::NotApplicable("it is not of a cluster at 3.5".into());
    }
    let mut tally = Tally::new();
    for drift in &file.membership {
        let says = match drift.kind {
            Drift::Zombies => "these members were removed and would vote again in 3.6: {members}",
            Drift::Ghosts => "these voters would be lost in 3.6: {members}",
            Drift::VotersCalledLearners => "these voters would be learners again in 3.6: {members}",
            Drift::LearnersCalledVoters => "these learners would vote in 3.6: {members}",
            Drift::PresentAndRemoved => "these members are listed and removed at once: {members}",
            Drift::FreshlyRestored => continue,
        };
        let members: Vec<String> = drift.members.iter().map(|id| file.label(id)).collect();
        tally.hit(Hit::new(Severity::Critical, says).with("members", members));
    }
    let learners = file.conf_state.iter().flat_map(|conf| &conf.learners);
    let learners: Vec<String> = learners.map(|id| file.label(id)).collect();
    if !learners.is_empty() {
        let says = "learners are not promoted yet: {members}. Promote or remove them before the upgrade";
        tally.hit(Hit::new(Severity::Warning, says).with("members", learners));
    }
    tally.evidence("members", file.members.len());
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{StoredConfState, StoredDrift};

    fn judged(change: impl FnOnce(&mut SnapshotFacts)) -> Outcome {
        let cluster_version = Some("3.5.0".to_owned());
        let mut file = SnapshotFacts { cluster_version, ..SnapshotFacts::default() };
        change(&mut file);
        judge(&file, &Policy::default())
    }

    #[test]
    fn only_what_3_6_would_read_otherwise_stands_in_the_way() {
        assert!(matches!(judged(|_| {}), Outcome::Clear(_)));
        assert!(matches!(
            judged(|file| file.storage_version = Some("3.6.0".into())),
            Outcome::NotApplicable(_)
        ));
        let kinds = [Drift::Zombies, Drift::Ghosts, Drift::VotersCalledLearners, Drift::LearnersCalledVoters];
        for kind in kinds {
            let outcome =
                judged(|file| file.membership = vec![StoredDrift { kind, members: vec!["9".into()] }]);
            let Outcome::Judged { hits, .. } = outcome else { unreachable!("{kind:?}") };
            assert_eq!(hits[0].severity, Severity::Critical);
            assert!(hits[0].sentence().contains('9'));
        }
        let restored = vec![StoredDrift { kind: Drift::FreshlyRestored, members: vec![] }];
        assert!(matches!(judged(|file| file.membership = restored), Outcome::Clear(_)));
        let learning = StoredConfState { voters: vec!["1".into()], learners: vec!["2".into()] };
        let outcome = judged(|file| file.conf_state = Some(learning));
        assert!(matches!(outcome, Outcome::Judged { hits, .. } if hits[0].severity == Severity::Warning));
    }
}
