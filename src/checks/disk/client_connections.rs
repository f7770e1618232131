use crate::checks::servers::{each, hidden_alike, on};
use crate::facts::{CommonFacts, Observed, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Outcome, Rule, Severity};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "connections_per_address_warn",
    default: Limit::Percent(80.0),
    source: "our own: of maxClientCnxns, which is for each client address and 60 by default",
};

pub(super) const CHECK: Check = Check {
    slug: "client-connections",
    family: Family::Disk,
    question: "May every client machine open further connections?",
    why: "The limit is for each client address. Behind a gateway, or with many processes on one machine, it is reached by \
          all together; the server then hangs up without a word, and health probes from there see a dead server. A check by this \
          program holds two at a time: a session, and one word after the other for what no page tells.",
    remedy: "Find what opens connections and does not close them, or raise maxClientCnxns in zoo.cfg on all servers and \
             restart them one at a time.",
    runbook: None,
    thresholds: &[WARN],
    sources: &[
        "zookeeperAdmin.md: maxClientCnxns (60, for each IP address; 0: no limit)",
        "ZooKeeper NIOServerCnxnFactory: \"Too many connections from\"",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.admin) {
        return Outcome::undecided(format!("the servers' settings: {why}"), Severity::Warning);
    }
    each(zookeeper, Severity::Warning, |member, tally| {
        let (client, limit) = match (member.admin.and_then(|admin| admin.busiest.clone()), limit(member)) {
            (Observed::Known(Some(client)), Observed::Known(Some(limit))) => (client, limit),
            // Nobody, or no limit.
            (Observed::Known(None), _) | (_, Observed::Known(None)) => return,
            (Observed::Unknown(why), _) | (_, Observed::Unknown(why)) => {
                return tally.gap(member.label(), format!("its connections: {why}"), Severity::Warning);
            }
        };
        let percent = client.connections as f64 / limit as f64 * 100.0;
        if percent >= policy.get(&WARN) {
            tally.hit(
                on(
                    member,
                    Severity::Warning,
                    "{connections} connections are open from {address}, and {limit} are allowed from one",
                )
                .with("connections", client.connections)
                .with("address", client.address.as_str())
                .with("limit", limit),
            );
        }
        tally.nearest(
            percent,
            vec![("most_from_one_address", client.connections.into()), ("limit", limit.into())],
        );
    })
}

/// The limit for each address; `Known(None)` for none.
fn limit(member: &ZookeeperMember) -> Observed<Option<u64>> {
    match &member.settings.running {
        Observed::Known(map) => match map.get("maxClientCnxns").and_then(|limit| limit.parse::<u64>().ok()) {
            Some(limit) => Observed::Known((limit > 0).then_some(limit)),
            None => Observed::unknown("the server does not tell maxClientCnxns"),
        },
        Observed::Unknown(why) => Observed::unknown(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, ensemble, row, undecided};

    fn with(limit: &str, connections: u64) -> Sample {
        let mut sample = ensemble(3);
        let member = sample.zookeeper_mut("n2");
        let map = [("maxClientCnxns".to_owned(), limit.to_owned())].into();
        member.settings.running = Observed::Known(map);
        member.admin = member.admin.map(|admin| {
            let mut admin = admin.clone();
            admin.busiest = admin.busiest.map(|client| {
                client.clone().map(|client| crate::facts::ZookeeperClient { connections, ..client })
            });
            admin
        });
        sample
    }

    #[test]
    fn the_limit_is_for_each_address() {
        row(&CHECK, &ensemble(3), &[]);
        row(&CHECK, &with("60", 47), &[]);
        row(&CHECK, &with("60", 48), &[Severity::Warning]);
        row(&CHECK, &with("0", 4800), &[]);
        undecided(&CHECK, &with("x", 1), Severity::Warning);
    }
}
