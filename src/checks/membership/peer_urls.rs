use crate::address::Address;
use crate::facts::{CommonFacts, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use jiff::Timestamp;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "peer-urls",
    family: Family::Membership,
    question: "Can the others reach each member by its listed peer URL?",
    why: "Members dial each other by the URLs in the membership. One that leads nowhere, or back to whoever dials, \
          works until connections are made anew.",
    remedy: "Correct it while a quorum serves: `etcdctl member update ID --peer-urls=…`.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "Consul /v1/operator/raft/configuration: Address",
        "https://etcd.io/docs/v3.6/op-guide/runtime-configuration/#update-a-member",
        "a member made by --force-new-cluster after its removal is listed at http://localhost:2380",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    if let Some(why) = facts.membership_unseen() {
        return Outcome::undecided(format!("who is a member now: {why}"), Severity::Warning);
    }
    let listed: Vec<(&Member, Address)> = facts
        .members
        .iter()
        .flat_map(|member| member.peer_urls.iter().map(move |url| (member, url)))
        .filter_map(|(member, url)| Some((member, Address::parse(url, false, 2380).ok()?)))
        .collect();
    if facts.members.len() == 1 {
        return Outcome::NotApplicable("one member is dialled by nobody".into());
    }
    if listed.is_empty() {
        let why = facts.membership.why().unwrap_or("the member list has none");
        return Outcome::undecided(format!("the peer URLs: {why}"), Severity::Critical);
    }
    let mut tally = Tally::new();
    duplicates(&listed, &mut tally);
    for (member, address) in listed.iter().filter(|(_, address)| leads_nowhere(address, &listed)) {
        let says = if address.loopback() {
            "its peer URL {url} leads every other member back to itself"
        } else {
            "its peer URL {url} is no address that can be dialled"
        };
        tally.hit(Hit::new(Severity::Critical, says).with("url", address.url()).on(member.label()));
    }
    mixed(&listed, &mut tally);
    tally.evidence("peer_urls", listed.len());
    tally.outcome()
}

fn duplicates(listed: &[(&Member, Address)], tally: &mut Tally) {
    let mut places: BTreeMap<String, Vec<&Member>> = BTreeMap::new();
    for (member, address) in listed {
        let here = places.entry(address.authority()).or_default();
        if here.iter().all(|other| other.id != member.id) {
            here.push(member);
        }
    }
    for (place, members) in places.into_iter().filter(|(_, members)| members.len() > 1) {
        let names: Vec<String> = members.iter().map(|m| m.label()).collect();
        let hit = Hit::new(Severity::Critical, "{names} are listed at the same peer address {place}");
        tally.hit(hit.with("names", names).with("place", place));
    }
}

/// A loopback URL is good only where all members are on one machine.
fn leads_nowhere(address: &Address, listed: &[(&Member, Address)]) -> bool {
    address.unspecified()
        || (address.loopback() && listed.iter().any(|(_, a)| !a.loopback() && !a.unspecified()))
}

fn mixed(listed: &[(&Member, Address)], tally: &mut Tally) {
    let of = |tls: bool| -> Vec<String> {
        listed.iter().filter(|(_, a)| a.tls == tls).map(|(member, _)| member.label()).collect()
    };
    let (plain, tls) = (of(false), of(true));
    if !plain.is_empty() && !tls.is_empty() {
        let says =
            "some peer URLs are http ({plain}), others https ({tls}): a change of TLS was left half done";
        tally.hit(Hit::new(Severity::Warning, says).with("plain", plain).with("tls", tls));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn listed(n: usize, name: &str, url: &str) -> Sample {
        let mut facts = cluster(n);
        facts.member_mut(name).peer_urls = vec![url.into()];
        facts
    }

    #[test]
    fn a_url_that_does_not_lead_to_its_member() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &listed(3, "n2", "https://10.0.0.1:2380"), &[Severity::Critical]);
        row(&CHECK, &listed(3, "n2", "https://localhost:2380"), &[Severity::Critical]);
        row(&CHECK, &listed(3, "n2", "https://0.0.0.0:2380"), &[Severity::Critical]);
        row(&CHECK, &listed(3, "n2", "https://[::]:2380"), &[Severity::Critical]);
        row(&CHECK, &listed(3, "n2", "http://10.0.0.2:2380"), &[Severity::Warning]);
    }

    #[test]
    fn all_on_one_machine_or_all_alone_is_fine() {
        let mut lab = cluster(3);
        for (at, name) in ["n1", "n2", "n3"].iter().enumerate() {
            lab.member_mut(name).peer_urls = vec![format!("https://127.0.0.1:{}", 2380 + at)];
        }
        row(&CHECK, &lab, &[]);
        row(&CHECK, &listed(1, "n1", "http://localhost:2380"), &[]);
        undecided(&CHECK, &cluster(0), Severity::Critical);
    }
}
