use crate::checks::servers::{each, hidden_alike, on};
use crate::facts::{CommonFacts, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "data-placement",
    family: Family::Disk,
    question: "Is the data where it stays, and the log on a disk of its own?",
    why: "Directories such as /tmp are emptied at boot or live in memory: a server that comes back without its data has \
          a full vote and no history. A log that shares its disk with snapshots waits for them.",
    remedy: "Move dataDir (while the server is stopped) to a directory that stays, and give the log a device of its own: \
             dataLogDir.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "zookeeperAdmin.md: dataLogDir, \"having a dedicated log device has a large impact on throughput\"",
        "ZooKeeper conf/zoo_sample.cfg: \"do not use /tmp for storage, /tmp here is just example sakes\"",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

/// Directories that do not outlive a boot.
const PASSING: [&str; 5] = ["/tmp", "/var/tmp", "/dev/shm", "/run", "/var/run"];

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.settings.running)
        && zookeeper.answering().all(|member| directory(member, "dataDir").is_none())
    {
        return Outcome::undecided(format!("the servers' directories: {why}"), Severity::Warning);
    }
    each(zookeeper, Severity::Warning, |member, tally| {
        let Some(data) = directory(member, "dataDir") else {
            let why = member.settings.running.why().unwrap_or("the server does not tell");
            return tally.gap(member.label(), format!("dataDir: {why}"), Severity::Warning);
        };
        let log = directory(member, "dataLogDir").unwrap_or(data);
        let passing = |path: &str| {
            PASSING.iter().any(|p| path.strip_prefix(p).is_some_and(|r| r.is_empty() || r.starts_with('/')))
        };
        if let Some(lost) = [data, log].into_iter().find(|path| passing(path)) {
            tally.hit(
                on(
                    member,
                    Severity::Warning,
                    "its data are in {path}, which may be empty after the next boot",
                )
                .with("path", lost),
            );
        } else if data == log {
            tally.hit(
                on(member, Severity::Info, "snapshots and the log share {path}: each snapshot delays writes")
                    .with("path", data),
            );
        } else if let Some(device) = one_device(member) {
            // Two partitions of one disk are two devices here: this sees only what is on one file system.
            tally.hit(
                on(
                    member,
                    Severity::Info,
                    "dataDir and dataLogDir are two directories of one file system (device {device}): \
                                            each snapshot delays writes",
                )
                .with("device", format!("{}:{}", device >> 8 & 0xfff, device & 0xff)),
            );
        }
    })
}

/// The device that holds both directories, where its machine was looked at.
fn one_device(member: &ZookeeperMember) -> Option<u64> {
    let here = member.here.known()?;
    let of = |key: &str| here.directories.iter().find(|dir| dir.key == key).map(|dir| dir.device);
    of("dataDir").filter(|device| of("dataLogDir") == Some(*device))
}

fn directory<'a>(member: &'a ZookeeperMember, key: &str) -> Option<&'a str> {
    let settings = &member.settings;
    let told = settings.running.known().and_then(|map| map.get(key));
    let written = settings.file.known().and_then(|map| map.get(key));
    told.or(written).map(|path| path.trim_end_matches("/version-2")).filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};
    use crate::facts::Observed;

    #[test]
    fn directories() {
        for (data, log, expected) in [
            ("/var/lib/zk", "/txn/zk", vec![]),
            ("/var/lib/zk", "/var/lib/zk", vec![Severity::Info]),
            ("/tmp/zookeeper", "/txn/zk", vec![Severity::Warning]),
            ("/tmpfiles/zk", "/txn/zk", vec![]),
            ("/var/lib/zk", "/dev/shm/zk", vec![Severity::Warning]),
        ] {
            let mut sample = ensemble(1);
            let map = [("dataDir".to_owned(), data.to_owned()), ("dataLogDir".to_owned(), log.to_owned())];
            sample.zookeeper_mut("n1").settings.running = Observed::Known(map.into());
            row(&CHECK, &sample, &expected);
        }
        let mut sample = ensemble(1);
        sample.here_mut("n1").directories[1].device = 1;
        row(&CHECK, &sample, &[Severity::Info]);
    }
}
