//! split-brain, asked of ZooKeeper: an ensemble has no id; what tells two apart are two leaders, servers that run alone,
//! and lists that share no server.

use crate::facts::{CommonFacts, Origin, ZookeeperFacts};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;

pub(super) fn judge(zookeeper: &ZookeeperFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if zookeeper.answering().next().is_none() {
        return Outcome::undecided("no address told which ensemble it belongs to", Severity::Critical);
    }
    let mut tally = Tally::new();
    let leaders: Vec<String> = zookeeper
        .serving()
        .filter(|(_, srvr)| matches!(srvr.mode.as_str(), "leader" | "standalone"))
        .map(|(member, srvr)| format!("{} ({}, epoch {})", member.label(), srvr.mode, srvr.zxid >> 32))
        .collect();
    if leaders.len() > 1 {
        // A leader that was cut off goes on for as long as it waits for its followers.
        let says = "{count} servers serve for themselves: {leaders}. Two histories are being written, or an old leader \
                    has not noticed yet that it was replaced";
        tally.hit(
            Hit::new(Severity::Critical, says).with("count", leaders.len()).with("leaders", leaders.clone()),
        );
    }
    for (member, config) in zookeeper.answering().filter_map(|m| Some((m, m.config.known()?))) {
        let elsewhere = |place: &String| facts.members.iter().all(|m| !m.peer_urls.contains(place));
        let known = facts.members.iter().any(|m| !m.peer_urls.is_empty());
        if known && config.servers.values().all(|server| elsewhere(&server.quorum)) {
            let says = "its member list shares no server with that of the others: it is of another ensemble";
            tally.hit(Hit::new(Severity::Critical, says).on(member.label()));
        }
    }
    // An address that was given, is no member's, and has somebody behind it who would not tell.
    let of_a_member = |url: &str| facts.members.iter().any(|m| m.endpoint.as_deref() == Some(url));
    for endpoint in facts.endpoints.iter().filter(|e| e.origin == Origin::Given && !of_a_member(&e.url)) {
        if let Some(trouble) = endpoint.reach.trouble().filter(|t| !t.kind.proves_down()) {
            let missing = format!("which ensemble {} belongs to: {}", endpoint.url, trouble.kind.name());
            tally.gap(None, missing, Severity::Critical);
        }
    }
    tally.evidence("leaders", leaders.len());
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::super::split_brain::CHECK;
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn two_leaders_are_two_histories() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.srvr_mut("n2").mode = "leader".into();
        row(&CHECK, &sample, &[Severity::Critical]);
        let mut sample = ensemble(3);
        sample.zookeeper_mut("n3").config = sample.zookeeper_mut("n3").config.map(|config| {
            let mut config = config.clone();
            config.servers.values_mut().for_each(|server| server.quorum.insert_str(0, "other-"));
            config
        });
        row(&CHECK, &sample, &[Severity::Critical]);
    }
}
