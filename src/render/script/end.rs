//! How a script ends: what it leaves for a person to remove, and what it has done.

use super::{Parts, escape, looks, words};
use crate::host::typed;
use crate::recover::plan::{Action, EtcdAction, Step, Undo};
use std::fmt::Write as _;
use std::path::PathBuf;

impl Parts<'_> {
    pub(super) fn end(&self, own: &[(usize, &Step)]) -> String {
        let mut text = String::new();
        let mut made = Vec::new();
        for (_, step) in own {
            let aside = match (&step.action, &step.undo) {
                (Action::Rename { to, .. }, Undo::By { .. }) => Some(to),
                (Action::SendFile { to, .. } | Action::CopyTree { to, .. }, _) => Some(to),
                _ => None,
            };
            if let Some(to) = aside.filter(|to| to.to_string_lossy().contains(".quorate-")) {
                let line = format!(
                    "Set aside: {}; once it is not needed any more: {}",
                    escape(&to.display().to_string()),
                    escape(&typed(&["rm".into(), "-r".into(), to.display().to_string()]))
                );
                let _ = writeln!(text, "    say {}", words::word(&line));
            }
            made.extend(makes(&step.action).into_iter().map(looks::text));
        }
        if !made.is_empty() {
            let made: Vec<&str> = made.iter().map(String::as_str).collect();
            let _ = writeln!(text, "    {}", words::call("unfinished", &made));
        }
        let last = own.last().is_some_and(|(at, _)| at + 1 == self.plan.steps.len());
        let line = if last {
            format!(
                "{} is recovered: cluster {}.",
                escape(&self.plan.cluster),
                self.plan.new_cluster_id.as_deref().unwrap_or("")
            )
        } else {
            "This host has done its part.".to_owned()
        };
        let _ = writeln!(text, "    say {}", words::word(&line));
        text
    }
}

/// What an action makes under another name first.
fn makes(action: &Action) -> Vec<&PathBuf> {
    match action {
        Action::CopyTree { to, .. } | Action::SendFile { to, .. } => vec![to],
        Action::Etcd(EtcdAction::SaveSnapshot { to, .. }) => vec![to],
        Action::Etcd(EtcdAction::Restore(restore)) => {
            [Some(&restore.dir), restore.wal_dir.as_ref()].into_iter().flatten().collect()
        }
        Action::Etcd(EtcdAction::SeedJoiner(joiner)) => {
            [Some(&joiner.dir), joiner.wal_dir.as_ref()].into_iter().flatten().collect()
        }
        _ => Vec::new(),
    }
}
