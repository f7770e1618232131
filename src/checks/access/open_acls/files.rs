//! The same question of a snapshot: every node's list is in it.

use crate::facts::{ZookeeperFiles, ZookeeperPrefix, ZookeeperTree};
use crate::finding::{Hit, Outcome, Severity, Tally, Value};
use crate::policy::Policy;

/// Open by itself, and no data of anybody.
const OWN: [&str; 2] = ["/", "/zookeeper"];
/// Subtrees that are named.
const NAMED: usize = 10;

pub(super) fn judge(files: &ZookeeperFiles, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    match (files.unseen_nodes(), &files.tree) {
        (None, None) => return Outcome::NotApplicable("there is no snapshot".into()),
        (unseen, tree) => {
            tree.iter().for_each(|tree| of_tree(tree, &mut tally));
            unseen.into_iter().for_each(|unseen| tally.gap(None, unseen, Severity::Warning));
        }
    }
    tally.outcome()
}

fn of_tree(tree: &ZookeeperTree, tally: &mut Tally) {
    let of_users: Vec<(&String, &ZookeeperPrefix)> =
        tree.prefixes.iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect();
    let count = |of: fn(&ZookeeperPrefix) -> u64| of_users.iter().map(|(_, prefix)| of(prefix)).sum::<u64>();
    let (nodes, readable, writable) = (count(|p| p.nodes), count(|p| p.readable), count(|p| p.writable));
    if tree.prefixes.get("/").is_some_and(|root| root.writable > 0) {
        tally.hit(Hit::new(
            Severity::Info,
            "the root's ACL lets anyone change it: whoever opens a session may create below it",
        ));
    }
    // Where nobody uses ACLs, that is a decision; where somebody does, what is open was left so.
    let used = readable < nodes || writable < nodes;
    let severity = if used { Severity::Warning } else { Severity::Info };
    let worst = |of: fn(&ZookeeperPrefix) -> u64| {
        let mut open: Vec<_> = of_users.iter().filter(|(_, prefix)| of(prefix) > 0).collect();
        open.sort_by_key(|(_, prefix)| std::cmp::Reverse(of(prefix)));
        let named = open.iter().take(NAMED).map(|(name, prefix)| format!("{name} {}", of(prefix)));
        let more = open.len().saturating_sub(NAMED);
        named.chain((more > 0).then(|| format!("{more} more"))).collect::<Vec<_>>()
    };
    if writable > 0 {
        let says = "{writable} of {nodes} nodes can be changed by anyone: {subtrees}";
        let hit = Hit::new(severity, says).with("writable", writable).with("nodes", nodes);
        tally.hit(hit.with("subtrees", Value::List(worst(|prefix| prefix.writable))));
    }
    if readable > writable {
        let says = "{readable} of {nodes} nodes can be read by anyone: {subtrees}";
        let hit = Hit::new(Severity::Info, says).with("readable", readable).with("nodes", nodes);
        tally.hit(hit.with("subtrees", Value::List(worst(|prefix| prefix.readable))));
    }
    tally.evidence("nodes", nodes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::behind_damage;

    #[test]
    fn nodes_that_were_not_seen_may_be_open() {
        for files in behind_damage() {
            let Outcome::Judged { gaps, .. } = judge(&files, &Policy::default()) else {
                unreachable!("is judged");
            };
            assert_eq!(gaps.len(), 1);
        }
    }

    #[test]
    fn what_is_open_where_others_are_closed_was_left_so() {
        let severities = |prefixes: &[(&str, u64, u64)]| {
            let of = |(name, nodes, writable): &(&str, u64, u64)| {
                let readable = *writable;
                (
                    (*name).to_owned(),
                    ZookeeperPrefix { nodes: *nodes, readable, writable: *writable, ..Default::default() },
                )
            };
            let tree =
                ZookeeperTree { prefixes: prefixes.iter().map(of).collect(), ..ZookeeperTree::default() };
            let files = ZookeeperFiles { tree: Some(tree), ..ZookeeperFiles::default() };
            match judge(&files, &Policy::default()) {
                Outcome::Judged { hits, .. } => hits.iter().map(|hit| hit.severity).collect(),
                _ => Vec::new(),
            }
        };
        let own = ("/zookeeper", 4, 2);
        assert_eq!(severities(&[own, ("/", 1, 0), ("/a", 5, 0)]), []);
        assert_eq!(severities(&[own, ("/", 1, 1)]), [Severity::Info]);
        assert_eq!(severities(&[own, ("/", 1, 0), ("/a", 5, 5)]), [Severity::Info]);
        assert_eq!(severities(&[own, ("/", 1, 0), ("/a", 5, 5), ("/b", 3, 0)]), [Severity::Warning]);
    }
}
