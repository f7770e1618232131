//! learner-stuck, asked of ZooKeeper: its learners without a vote are observers.

use crate::facts::{CommonFacts, ZookeeperFacts};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;

pub(super) fn judge(zookeeper: &ZookeeperFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if let Some(why) = facts.membership_unseen() {
        return Outcome::undecided(format!("whether there is an observer: {why}"), Severity::Warning);
    }
    let observers: Vec<_> = facts.members.iter().filter(|m| !m.voter).collect();
    if observers.is_empty() {
        return Outcome::NotApplicable("there is no observer".into());
    }
    let mut tally = Tally::new();
    for observer in &observers {
        match &observer.trouble {
            Some(trouble) => tally.hit(
                Hit::new(Severity::Warning, "the observer does not answer ({trouble})")
                    .with("trouble", trouble.kind.name())
                    .on(observer.label()),
            ),
            None if zookeeper.of(observer).is_some_and(|of| of.not_serving) => tally.hit(
                Hit::new(Severity::Warning, "the observer follows no leader: it does not serve")
                    .on(observer.label()),
            ),
            None => {}
        }
    }
    let synced = zookeeper.serving().find_map(|(member, srvr)| {
        (srvr.mode == "leader").then(|| member.metric("synced_observers")).flatten()
    });
    match synced {
        Some(synced) if (synced as usize) < observers.len() => tally.hit(
            Hit::new(
                Severity::Warning,
                "the leader counts {synced} observers in step, and {observers} are listed",
            )
            .with("synced", synced as u64)
            .with("observers", observers.len()),
        ),
        _ => {}
    }
    tally.evidence("observers", observers.len());
    tally.outcome()
}
