use crate::address::Address;
use crate::facts::{CommonFacts, Endpoint, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "advertised-urls",
    family: Family::Membership,
    question: "Does every advertised client URL lead to its member?",
    why: "Clients that discover the members (`etcdctl --cluster`, client libraries that sync, this tool) dial what is \
          advertised, not what they were given.",
    remedy: "Set --advertise-client-urls to what clients can reach and restart that member. Behind a tunnel or NAT the \
             URL may be right and only unreachable from here.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeper /zookeeper/config: the client address behind the ;",
        "https://etcd.io/docs/v3.6/op-guide/clustering/ (--advertise-client-urls)",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    if let Some(why) = facts.membership_unseen() {
        return Outcome::undecided(format!("who is a member now: {why}"), Severity::Warning);
    }
    if facts.members.is_empty() {
        let why = facts.membership.why().unwrap_or("the member list is empty");
        return Outcome::undecided(format!("what is advertised: {why}"), Severity::Warning);
    }
    let mut tally = Tally::new();
    let mut judged = 0_usize;
    // A member that does not answer at all is quorum-margin's finding, whatever it advertises; but what others
    // answer in its place is not.
    for member in facts.members.iter().filter(|m| m.started) {
        for url in &member.client_urls {
            judged += 1;
            if let Some(hit) = judge_one(facts, member, url) {
                tally.hit(hit.with("url", url.as_str()).on(member.label()));
            }
        }
    }
    if judged == 0 && facts.members.iter().all(|m| m.started) {
        return Outcome::NotApplicable("no member advertises a client URL".into());
    }
    tally.evidence("advertised", judged);
    tally.outcome()
}

fn judge_one(facts: &CommonFacts, member: &Member, url: &str) -> Option<Hit> {
    let Ok(address) = Address::parse(url, false, 2379) else {
        return Some(warning("it advertises {url}, which is no address a client can dial"));
    };
    if address.unspecified() {
        return Some(warning("it advertises {url}: an address to listen on, not one to dial"));
    }
    if address.loopback() && others_are_elsewhere(facts, member) {
        return Some(warning("it advertises {url}, which leads every client to the client's own machine"));
    }
    let endpoint = facts.endpoints.iter().find(|e| same_place(e, &address))?;
    match (&endpoint.member_id, endpoint.reach.trouble()) {
        (Some(id), _) if *id == member.id => None,
        (Some(id), _) => {
            let other = facts.member(id).map_or_else(|| id.clone(), Member::label);
            Some(warning("at {url}, which it advertises, answers {other}").with("other", other))
        }
        (None, Some(trouble)) if member.reachable => {
            let says =
                "it advertises {url}, which gives {trouble} from here, though it answers at {endpoint}";
            let hit = warning(says).with("trouble", trouble.kind.name());
            Some(hit.with("endpoint", member.endpoint.clone().unwrap_or_default()))
        }
        _ => None,
    }
}

fn warning(says: &'static str) -> Hit {
    Hit::new(Severity::Warning, says)
}

fn same_place(endpoint: &Endpoint, address: &Address) -> bool {
    Address::parse(&endpoint.url, address.tls, 2379).is_ok_and(|a| a == *address)
}

/// Whether the cluster is more than this machine: some address that was reached, or another member's, is no loopback.
fn others_are_elsewhere(facts: &CommonFacts, member: &Member) -> bool {
    let elsewhere = |url: &String| Address::parse(url, false, 2379).is_ok_and(|a| !a.loopback());
    member.endpoint.as_ref().is_some_and(elsewhere)
        || facts.members.iter().filter(|m| m.id != member.id).any(|m| m.client_urls.iter().any(elsewhere))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
    use crate::facts::{Origin, Reach, Trouble, TroubleKind};

    /// n2 advertises this URL as well, and this is what came of it.
    fn advertises(url: &str, reach: Reach, answers: Option<&str>) -> Sample {
        let mut facts = cluster(3);
        facts.member_mut("n2").client_urls = vec![url.into()];
        facts.0.common.endpoints.push(Endpoint {
            url: url.into(),
            origin: Origin::Discovered,
            reach,
            member_id: answers.map(str::to_owned),
            cluster_id: answers.map(|_| "c1".to_owned()),
        });
        facts
    }

    #[test]
    fn must_lead_to_the_member_itself() {
        let refused = || Reach::Failed(Trouble::new(TroubleKind::ConnectionRefused, "nothing listens"));
        let answered = || Reach::Answered { ms: 1.0 };
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &advertises("https://n2:2379", answered(), Some("2")), &[]);
        row(&CHECK, &advertises("https://n2:2379", answered(), Some("3")), &[Severity::Warning]);
        row(&CHECK, &advertises("https://n2:2379", refused(), None), &[Severity::Warning]);
        row(&CHECK, &advertises("https://localhost:2379", refused(), None), &[Severity::Warning]);
        row(&CHECK, &advertises("https://0.0.0.0:2379", refused(), None), &[Severity::Warning]);
        row(&CHECK, &advertises("unix://n2", refused(), None), &[Severity::Warning]);
    }

    #[test]
    fn a_member_that_is_down_is_not_blamed_for_its_url() {
        row(&CHECK, &cluster(3).down("n2"), &[]);
        undecided(&CHECK, &cluster(0), Severity::Warning);
    }

    #[test]
    fn loopback_is_fine_where_everything_is() {
        let mut lab = cluster(1);
        lab.member_mut("n1").client_urls = vec!["http://127.0.0.1:2379".into()];
        lab.member_mut("n1").endpoint = Some("http://127.0.0.1:2379".into());
        row(&CHECK, &lab, &[]);
    }
}
