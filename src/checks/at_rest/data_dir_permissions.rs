use crate::facts::{CommonFacts, ConsulFacts, DataDir, Observed, ZookeeperFacts};
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
        "the modes of the files and of every directory above, on members with host = { local = true } in the config file",
    ],
    rules: &[Rule::Zookeeper(judge_zookeeper), Rule::Consul(judge_consul), Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    if facts.data_dirs.is_empty() {
        let why = "no member's disk can be seen from here (members.NAME.host = { local = true })";
        return Outcome::NotApplicable(why.into());
    }
    data_dirs(facts).outcome()
}

/// Beside its data a ZooKeeper has a log elsewhere, key stores, and a zoo.cfg that may hold their passwords.
fn judge_zookeeper(zookeeper: &ZookeeperFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if zookeeper.answering().all(|member| member.here.known().is_none()) {
        return judge(facts, policy, Timestamp::UNIX_EPOCH);
    }
    let mut tally = data_dirs(facts);
    for (member, here) in zookeeper.answering().filter_map(|m| Some((m, m.here.known()?))) {
        if !here.exposed.is_empty() {
            let says = "every user of its machine can read {files}: with a key a stranger is a server, with the log he has \
                        the data";
            let hit = Hit::new(Severity::Warning, says).with("files", here.exposed.clone());
            tally.hit(hit.on(member.label()));
        }
    }
    tally.outcome()
}

/// A Consul is told its secrets in files beside its data: private keys, the gossip key, tokens.
fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let files =
        consul.answered(facts).filter_map(|(m, native)| Some((m, native.here.known()?.config.known()?)));
    let exposed: Vec<_> = files.filter(|(_, config)| !config.exposed.is_empty()).collect();
    if facts.data_dirs.is_empty() && exposed.is_empty() {
        return judge(facts, &Policy::default(), Timestamp::UNIX_EPOCH);
    }
    let mut tally = data_dirs(facts);
    for (member, config) in exposed {
        let says = "every user of its machine can read its secrets in {files}: with a private key a stranger is a server, with a \
                    token or the gossip key he has what it has";
        let hit = Hit::new(Severity::Warning, says).with("files", config.exposed.clone());
        tally.hit(hit.remedy("Give the files to the user that runs the server, with mode 0600, and take secrets off the command \
                              line.").on(member.label()));
    }
    tally.outcome()
}

fn data_dirs(facts: &CommonFacts) -> Tally {
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
    tally
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, servers, undecided};
    use crate::facts::ConfigFiles;

    fn with(dir: DataDir) -> Sample {
        let mut sample = cluster(3);
        sample.0.common.data_dirs.insert("n2".into(), Observed::Known(dir));
        sample
    }

    #[test]
    fn secrets_beside_the_data_of_a_consul() {
        assert!(matches!(servers(3).run(&CHECK), Outcome::NotApplicable(_)));
        let mut sample = servers(3);
        let exposed = vec!["/etc/consul.d/key.pem".to_owned()];
        sample.here_mut_of("n2").config = Observed::Known(ConfigFiles { exposed, ..ConfigFiles::default() });
        row(&CHECK, &sample, &[Severity::Warning]);
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
}
