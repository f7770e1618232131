use crate::facts::{CommonFacts, Observed, ZookeeperBig, ZookeeperFacts, ZookeeperFiles, ZookeeperTree};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "packet_share_warn",
    default: Limit::Percent(70.0),
    source: "our own: room for a third more",
};
const CRITICAL: Threshold = Threshold {
    key: "packet_share_critical",
    default: Limit::Percent(90.0),
    source: "our own: the next growth breaks every client that reads it",
};

/// `jute.maxbuffer`, when nobody sets it.
const MAX_BUFFER: u64 = 0xf_ffff;
/// Beside a value or a list in a reply: the reply's header of 16 bytes, the node's stat of 68, a length of 4.
const AROUND: u64 = 88;
/// The longest record of a log that a server with the default reads: the buffer, and as much again (extrasize).
const LONGEST_RECORD: u64 = 2 * MAX_BUFFER;

pub(super) const CHECK: Check = Check {
    slug: "large-nodes",
    family: Family::Disk,
    question: "Does every value and every list of children fit into one packet, with room to grow?",
    why: "A reply, a request and a transaction are one packet each, of at most jute.maxbuffer bytes. A client that asks for \
          more than that loses its connection each time it tries; a node with too many children can then be neither listed \
          nor, by most clients, deleted.",
    remedy: "Split the value, or spread the children over several nodes, before the limit is reached. Raising jute.maxbuffer \
             has to be done on every server and every client, and is carried along for ever.",
    runbook: None,
    thresholds: &[WARN, CRITICAL],
    sources: &[
        "zookeeperAdmin.md: jute.maxbuffer (0xfffff bytes) and jute.maxbuffer.extrasize (as much again)",
        "ZOOKEEPER-4306: the transaction that closes a session lists all its ephemeral nodes",
    ],
    rules: &[Rule::Zookeeper(judge_live), Rule::ZookeeperFile(judge)],
};

/// All members have the same tree: one that was read is enough.
fn judge_live(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    let read = zookeeper.answering().filter_map(|member| member.here.known()?.files.as_ref());
    let mut why = None;
    for files in read {
        match files {
            Observed::Known(files) => return judge(files, policy),
            Observed::Unknown(unread) => why = Some(unread),
        }
    }
    match why {
        Some(why) => Outcome::undecided(format!("the servers' snapshots: {why}"), Severity::Critical),
        None => Outcome::NotApplicable(
            "no server's files were read (--deep, where members.NAME.host = { local = true }), nor a snapshot given".into(),
        ),
    }
}

fn judge(files: &ZookeeperFiles, policy: &Policy) -> Outcome {
    let mut tally = Tally::new();
    for log in files.logs.iter().filter(|log| log.longest_bytes > LONGEST_RECORD) {
        let says = "{file} has a transaction of {bytes}: a server whose jute.maxbuffer is the default does not start on it";
        let hit = Hit::new(Severity::Warning, says).with("file", log.file.as_str());
        tally.hit(hit.with("bytes", Value::Bytes(log.longest_bytes)));
    }
    let unseen = files.unseen_nodes();
    match &files.tree {
        Some(tree) => of_tree(tree, policy, &mut tally),
        None if files.logs.is_empty() && unseen.is_none() => {
            return Outcome::NotApplicable("there is no snapshot".into());
        }
        None => {}
    }
    if let Some(unseen) = unseen {
        tally.gap(None, unseen, Severity::Critical);
    }
    tally.outcome()
}

fn of_tree(tree: &ZookeeperTree, policy: &Policy, tally: &mut Tally) {
    let says_value =
        "the value of {name} takes {bytes}, {percent} of what a packet holds by default (jute.maxbuffer)";
    let says_list = "the list of the {count} children of {name} takes {bytes}, {percent} of what a packet holds by default \
                     (jute.maxbuffer)";
    let says_session = "the transaction that closes session {name} lists {count} ephemeral nodes and takes {bytes}, {percent} \
                        of what a packet holds by default (jute.maxbuffer)";
    let all = [
        (&tree.biggest_values, says_value),
        (&tree.longest_lists, says_list),
        (&tree.biggest_sessions, says_session),
    ];
    for (bigs, says) in all {
        for big in bigs {
            one(big, says, policy, tally);
        }
    }
}

fn one(big: &ZookeeperBig, says: &'static str, policy: &Policy, tally: &mut Tally) {
    let percent = (big.bytes + AROUND) as f64 / MAX_BUFFER as f64 * 100.0;
    let severity = if percent >= policy.get(&CRITICAL) {
        Severity::Critical
    } else if percent >= policy.get(&WARN) {
        Severity::Warning
    } else {
        let values = vec![("nearest", big.name.as_str().into()), ("bytes", Value::Bytes(big.bytes))];
        return tally.nearest(percent, values);
    };
    let hit = Hit::new(severity, says).with("name", big.name.as_str()).with("count", big.count);
    tally.hit(hit.with("bytes", Value::Bytes(big.bytes)).with("percent", Value::Percent(percent)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::behind_damage;

    fn severities(tree: ZookeeperTree) -> Vec<Severity> {
        let files = ZookeeperFiles { tree: Some(tree), ..ZookeeperFiles::default() };
        match judge(&files, &Policy::default()) {
            Outcome::Judged { hits, .. } => hits.iter().map(|hit| hit.severity).collect(),
            _ => Vec::new(),
        }
    }

    fn big(bytes: u64) -> Vec<ZookeeperBig> {
        vec![ZookeeperBig { name: "/a".into(), bytes, count: 3 }]
    }

    #[test]
    fn nodes_that_were_not_seen_are_not_small() {
        for files in behind_damage() {
            let Outcome::Judged { hits, gaps } = judge(&files, &Policy::default()) else {
                unreachable!("is judged");
            };
            assert_eq!((hits.len(), gaps.len()), (0, 1));
        }
    }

    #[test]
    fn at_70_and_90_percent_of_a_packet() {
        let value =
            |bytes| severities(ZookeeperTree { biggest_values: big(bytes), ..ZookeeperTree::default() });
        assert_eq!(value(733_914), []);
        assert_eq!(value(733_915), [Severity::Warning]);
        assert_eq!(value(943_629), [Severity::Warning]);
        assert_eq!(value(943_630), [Severity::Critical]);
        let list = ZookeeperTree { longest_lists: big(800_000), ..ZookeeperTree::default() };
        assert_eq!(severities(list), [Severity::Warning]);
        let session = ZookeeperTree { biggest_sessions: big(800_000), ..ZookeeperTree::default() };
        assert_eq!(severities(session), [Severity::Warning]);
    }

    #[test]
    fn a_record_that_a_default_server_refuses() {
        let log = |longest_bytes| crate::facts::ZookeeperLogFile { longest_bytes, ..Default::default() };
        let files = |longest| ZookeeperFiles { logs: vec![log(longest)], ..ZookeeperFiles::default() };
        assert!(matches!(judge(&files(LONGEST_RECORD), &Policy::default()), Outcome::Clear(_)));
        assert!(matches!(judge(&files(LONGEST_RECORD + 1), &Policy::default()), Outcome::Judged { .. }));
    }
}
