use crate::checks::servers::{each, hidden_alike, on};
use crate::facts::{CommonFacts, DataDir, Observed, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "data-dir-permissions",
    family: Family::AtRest,
    question: "Are the data on disk closed to other users of the machine?",
    why: "Log, snapshots and database hold every key in clear, with tokens and, in Consul, the private key of the mesh's CA: \
          whoever can read the files needs no login. Whoever can write in the directory can replace them.",
    remedy: "Take the rights of others away, with the server running: `chmod o-rwx DIR`; the directory should be 0700 and of \
             the user that runs the server.",
    runbook: Some("hardening"),
    thresholds: &[],
    sources: &[
        "etcd server/embed: a data directory is made 0700, and others are warned of since 3.4.10",
        "https://developer.hashicorp.com/consul/docs/security/security-models/core (data_dir)",
        "zookeeperAdmin.md: \"The data stored in these files is not encrypted\"",
        "ZooKeeper DigestAuthenticationProvider: ACLs hold SHA-1 digests without salt",
        "the modes of the files and of every directory above, on members with host = { local = true } in the config file",
    ],
    rules: &[Rule::Zookeeper(judge_zookeeper), Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    if facts.data_dirs.is_empty() {
        let why = "no member's disk can be seen from here (members.NAME.host = { local = true })";
        return Outcome::NotApplicable(why.into());
    }
    let mut tally = Tally::new();
    for (member, dir) in &facts.data_dirs {
        let missing = match dir {
            Observed::Known(dir) => {
                open(dir).into_iter().for_each(|hit| tally.hit(hit.on(member.clone())));
                dir.not_all_seen.as_deref()
            }
            Observed::Unknown(why) => Some(why.as_str()),
        };
        if let Some(why) = missing {
            tally.gap(member.clone(), format!("who can read its data: {why}"), Severity::Critical);
        }
    }
    tally.evidence("directories", facts.data_dirs.len());
    tally.outcome()
}

/// Files that hold no data: a text for people, a server's own name, the names of its neighbours.
const HARMLESS: [&str; 4] = ["raft/peers.info", "serf/local.snapshot", "node-id", "myid"];

fn open(dir: &DataDir) -> Vec<Hit> {
    let mut hits = Vec::new();
    if let Some(first) = dir.writable_by_others.first() {
        let says = "every user of the machine can replace files in {path} ({directories} directories, such as {first})";
        let hit = Hit::new(Severity::Critical, says).with("directories", dir.writable_by_others.len());
        hits.push(hit.with("path", dir.path.as_str()).with("first", first.as_str()));
    }
    let readable: Vec<&String> =
        dir.readable_by_others.iter().filter(|name| !HARMLESS.contains(&name.as_str())).collect();
    if let Some(first) = readable.first() {
        let says = "every user of the machine can read {files} files in {path}, such as {first}";
        let hit = Hit::new(Severity::Warning, says).with("files", readable.len());
        hits.push(hit.with("path", dir.path.as_str()).with("first", first.as_str()));
    }
    hits
}

/// ZooKeeper tells itself where its data, its log and its secrets are.
fn judge_zookeeper(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.here) {
        return Outcome::undecided(format!("the servers' disks: {why}"), Severity::Warning);
    }
    each(zookeeper, Severity::Warning, |member, tally| match &member.here {
        Observed::Known(here) if here.exposed.is_empty() => {}
        Observed::Known(here) => tally.hit(
            on(member, Severity::Warning, "every user of its machine can read {files}")
                .with("files", here.exposed.clone()),
        ),
        Observed::Unknown(why) => {
            tally.gap(member.label(), format!("its disks: {why}"), Severity::Warning);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, ensemble, row, undecided};

    fn with(dir: DataDir) -> Sample {
        let mut sample = cluster(3);
        sample.0.common.data_dirs.insert("n2".into(), Observed::Known(dir));
        sample
    }

    #[test]
    fn readable_and_writable() {
        assert!(matches!(cluster(3).run(&CHECK), Outcome::NotApplicable(_)));
        row(&CHECK, &with(DataDir::default()), &[]);
        let readable = DataDir { readable_by_others: vec!["raft/state.bin".into()], ..DataDir::default() };
        row(&CHECK, &with(readable), &[Severity::Warning]);
        let harmless = DataDir { readable_by_others: vec!["raft/peers.info".into()], ..DataDir::default() };
        row(&CHECK, &with(harmless), &[]);
        let writable = DataDir { writable_by_others: vec![".".into()], ..DataDir::default() };
        row(&CHECK, &with(writable), &[Severity::Critical]);
        let half = DataDir { not_all_seen: Some("permission denied".into()), ..DataDir::default() };
        undecided(&CHECK, &with(half), Severity::Critical);
    }

    #[test]
    fn what_everybody_can_read_is_named() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.here_mut("n1").exposed = vec!["/var/lib/zk/version-2/snapshot.0".into()];
        row(&CHECK, &sample, &[Severity::Warning]);
        let mut far = ensemble(3);
        for name in ["n1", "n2", "n3"] {
            far.zookeeper_mut(name).here = Observed::unknown("elsewhere");
        }
        undecided(&CHECK, &far, Severity::Warning);
    }
}
