//! What a run leaves on its hosts: old directories under their other names, copies, and parts of what was never
//! finished because a process was killed. It is looked for, not remembered: a kill leaves no record.

use super::{LOOK, RealHands, said};
use crate::recover::journal::Left;
use crate::recover::plan::{Action, EtcdAction, Plan, Undo};
use crate::transport::Deadline;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What is between a name and the digits that an unfinished part of it has.
const PART: &str = ".part-";

impl RealHands {
    /// Everything of this run that is beside what it touched; of a host that cannot be looked at, why.
    pub async fn left_behind(&self, plan: &Plan) -> (Vec<Left>, Vec<String>) {
        let (mut left, mut unseen) = (Vec::new(), Vec::new());
        for ((host, dir), names) in touched(plan) {
            let listed = match self.host(&host) {
                Ok(host) => host.list(&dir, Deadline::after(LOOK)).await.map_err(said),
                Err(why) => Err(why),
            };
            match listed {
                Ok(found) => left.extend(
                    found
                        .iter()
                        .filter_map(|name| name.to_str())
                        .filter(|name| is_left(name, &names, &plan.run_id))
                        .map(|name| Left { host: host.clone(), path: dir.join(name) }),
                ),
                Err(why) => unseen.push(why),
            }
        }
        (left, unseen)
    }
}

/// Directories in which the plan makes or renames something, with the names there.
fn touched(plan: &Plan) -> BTreeMap<(String, PathBuf), BTreeSet<String>> {
    let mut all = BTreeMap::<_, BTreeSet<String>>::new();
    let undone = plan.steps.iter().filter_map(|step| match &step.undo {
        Undo::By { action, .. } => Some(action.as_ref()),
        Undo::NotNeeded(_) | Undo::Impossible(_) => None,
    });
    for (host, path) in plan.steps.iter().map(|step| &step.action).chain(undone).flat_map(places) {
        if let (Some(dir), Some(name)) = (path.parent(), path.file_name()) {
            let names = all.entry((host.to_owned(), dir.to_owned())).or_default();
            names.insert(name.to_string_lossy().into_owned());
        }
    }
    all
}

fn places(action: &Action) -> Vec<(&str, &Path)> {
    match action {
        Action::Rename { host, from, to } => vec![(host, from), (host, to)],
        Action::CopyTree { host, to, .. } | Action::SendFile { host, to, .. } => vec![(host, to)],
        Action::Etcd(EtcdAction::DecideLog(decide)) => vec![(&decide.host, &decide.to)],
        Action::Etcd(EtcdAction::Restore(restore)) => {
            let dirs = [Some(&restore.dir), restore.wal_dir.as_ref()];
            dirs.into_iter().flatten().map(|dir| (restore.host.as_str(), dir.as_path())).collect()
        }
        Action::Etcd(EtcdAction::SeedJoiner(joiner)) => {
            let dirs = [Some(&joiner.dir), joiner.wal_dir.as_ref()];
            dirs.into_iter().flatten().map(|dir| (joiner.host.as_str(), dir.as_path())).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a name is of this run, or a part of something that it makes.
fn is_left(name: &str, made: &BTreeSet<String>, run: &str) -> bool {
    let of_run = name.split_once(".quorate-").is_some_and(|(of, rest)| {
        made.contains(of) && (rest == run || rest.strip_prefix(run).is_some_and(|more| more.starts_with('.')))
    });
    let is_part = name.rsplit_once(PART).is_some_and(|(of, digits)| {
        made.contains(of) && digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    of_run || is_part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recover::testing;

    #[test]
    fn only_what_this_run_made_is_named() {
        let plan = testing::plan();
        let all = touched(&plan);
        let names = &all[&("localhost".to_owned(), PathBuf::from("/data"))];
        let part = "0123456789abcdef";
        for ours in ["n1.quorate-r1", "n2.quorate-r1.given-up", &format!("n3{PART}{part}")] {
            assert!(is_left(ours, names, "r1"), "{ours}");
        }
        assert!(is_left(&format!("n1.quorate-r1.new{PART}{part}"), names, "r1"));
        let theirs = ["n1", "n1.quorate-r10", "n1.quorate-r0", "n9.quorate-r1", "n1.part-1", "n1.part"];
        for other in theirs {
            assert!(!is_left(other, names, "r1"), "{other}");
        }
    }
}
