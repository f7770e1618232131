use crate::facts::{CommonFacts, ConsulFacts, EtcdFacts, EtcdMember, EtcdStatus, GossipServer};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};

/// Two readings of one process's start may be this far apart in seconds: the kernel's boot time moves with the clock.
const SAME_START: f64 = 5.0;

pub(super) const CHECK: Check = Check {
    slug: "duplicate-identity",
    family: Family::Membership,
    question: "Is every member one process?",
    why: "A copied data directory or a cloned machine gives two processes one identity: both vote and acknowledge as \
          the same member, so a majority may count one voice twice and lose acknowledged writes.",
    remedy: "Stop the copy now and keep its data directory. Then replace the member: remove it and add it again with an \
             empty data directory, since its log may have been confirmed by either process.",
    runbook: Some("replace-member"),
    thresholds: &[],
    sources: &[
        "Consul /v1/agent/members: tag id",
        "our own: /metrics process_start_time_seconds and /debug/vars cmdline behind each address",
    ],
    rules: &[Rule::Etcd(judge), Rule::Consul(judge_consul)],
};

fn judge(etcd: &EtcdFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    let mut by_identity: BTreeMap<(&str, &str), Vec<&EtcdMember>> = BTreeMap::new();
    for native in &etcd.members {
        if let Some(status) = native.status.known() {
            by_identity.entry((&status.cluster_id, &status.member_id)).or_default().push(native);
        }
    }
    if by_identity.is_empty() {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    let mut tally = Tally::new();
    for ((_, id), seen) in &by_identity {
        let Some((first, others)) = seen.split_first() else { continue };
        for other in others {
            match compare(first, other) {
                Verdict::Two(how) => tally.hit(found(id, first, other, how)),
                Verdict::One => {}
                Verdict::CannotTell => tally.gap(
                    label(first),
                    format!(
                        "whether {} and {} are one process: neither its start nor its arguments could be read",
                        first.endpoint, other.endpoint
                    ),
                    Severity::Critical,
                ),
            }
        }
    }
    tally.evidence("members", by_identity.len());
    tally.outcome()
}

enum Verdict {
    One,
    Two(String),
    CannotTell,
}

/// Looks only at what one process cannot differ in, however much happens between two questions: one member reached by
/// two addresses is no finding.
fn compare(a: &EtcdMember, b: &EtcdMember) -> Verdict {
    let started = |m: &EtcdMember| m.metrics.known().and_then(|metrics| metrics.process_start_seconds);
    let starts = started(a).zip(started(b));
    let arguments = a.vars.known().zip(b.vars.known()).map(|(a, b)| (&a.cmdline, &b.cmdline));
    let versions =
        a.status.known().zip(b.status.known()).map(|(a, b): (&EtcdStatus, _)| (&a.version, &b.version));
    if let Some((a, b)) = starts.filter(|(a, b)| (a - b).abs() > SAME_START) {
        return Verdict::Two(format!("one was started {:.0} s after the other", (a - b).abs()));
    }
    if arguments.is_some_and(|(a, b)| a != b) {
        return Verdict::Two("their arguments differ".into());
    }
    if let Some((a, b)) = versions.filter(|(a, b)| a != b) {
        return Verdict::Two(format!("one runs {a}, the other {b}"));
    }
    if starts.is_none() && arguments.is_none() { Verdict::CannotTell } else { Verdict::One }
}

fn found(id: &str, a: &EtcdMember, b: &EtcdMember, how: String) -> Hit {
    let says = "two processes are member {id}: at {a} and at {b} ({how})";
    let hit = Hit::new(Severity::Critical, says)
        .with("id", id)
        .with("a", a.endpoint.as_str())
        .with("b", b.endpoint.as_str())
        .with("how", how);
    hit.on(label(a))
}

fn label(member: &EtcdMember) -> String {
    if member.name.is_empty() { member.id.clone() } else { member.name.clone() }
}

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let pools: Vec<&Vec<GossipServer>> =
        consul.answered(facts).filter_map(|(_, native)| native.gossip.known()).collect();
    if pools.is_empty() {
        return Outcome::undecided("no server told whom its gossip knows", Severity::Critical);
    }
    let mut places: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let live = |server: &&GossipServer| server.status != "left" && !server.id.is_empty();
    for server in pools.into_iter().flatten().filter(live) {
        places.entry(&server.id).or_default().insert(format!("{} at {}", server.name, server.address));
    }
    let mut tally = Tally::new();
    tally.evidence("servers", places.len());
    for (id, servers) in places.into_iter().filter(|(_, servers)| servers.len() > 1) {
        let says = "the node id {id} is used by {servers}: a data directory or an image was copied";
        let hit = Hit::new(Severity::Critical, says)
            .with("id", id)
            .with("servers", servers.into_iter().collect::<Vec<_>>());
        tally.hit(hit.remedy(
            "Stop the copy, move its data directory away, and start it anew: it makes a new node id.",
        ));
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, servers, undecided};
    use crate::facts::Observed;

    /// n2 reached by a second address.
    fn twice(change: impl FnOnce(&mut EtcdMember)) -> Sample {
        let mut facts = cluster(3);
        let mut other = facts.etcd_mut("n2").clone();
        other.endpoint = "https://alias:2379".into();
        change(&mut other);
        facts.native_mut().members.push(other);
        facts
    }

    #[test]
    fn one_member_by_two_addresses_is_one_process() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &twice(|_| {}), &[]);
        let moved_on = twice(|m| {
            if let Observed::Known(status) = &mut m.status {
                status.revision += 10;
                status.raft_term += 1;
            }
        });
        row(&CHECK, &moved_on, &[]);
    }

    #[test]
    fn two_processes_differ_in_start_or_arguments() {
        let later = twice(|m| {
            if let Observed::Known(metrics) = &mut m.metrics {
                metrics.process_start_seconds = metrics.process_start_seconds.map(|s| s + 60.0);
            }
        });
        row(&CHECK, &later, &[Severity::Critical]);
        let moved = twice(|m| {
            if let Observed::Known(vars) = &mut m.vars {
                vars.cmdline.push("--data-dir=/copy".into());
            }
        });
        row(&CHECK, &moved, &[Severity::Critical]);
    }

    #[test]
    fn without_either_nobody_can_tell() {
        let blind = twice(|m| {
            m.metrics = Observed::unknown("HTTP status 404");
            m.vars = Observed::unknown("HTTP status 404");
        });
        undecided(&CHECK, &blind, Severity::Critical);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }

    #[test]
    fn one_id_at_two_places() {
        row(&CHECK, &servers(3), &[]);
        let copied = servers(3).gossiping(|pool| {
            let mut server = pool[0].clone();
            (server.name, server.address) = ("n9".into(), "10.0.0.9:8300".into());
            pool.push(server);
        });
        row(&CHECK, &copied, &[Severity::Critical]);
    }
}
