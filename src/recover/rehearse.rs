//! A dry run: every precondition that is about the world as it is now is looked at; what an earlier step will bring about
//! is assumed. Nothing is changed and nothing is recorded.

use super::describe;
use super::executor::{Hands, Truth};
use super::plan::{Action, Condition, EtcdAction, EtcdCondition, HERE, Plan, Step};
use serde::Serialize;
use std::path::Path;

/// What a rehearsal says of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rehearsed {
    /// Id of the step.
    pub step: String,
    /// How it stands.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// How a step stands before anything is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Its effect is there already.
    AlreadyTrue,
    /// Everything it needs is so, or will be through the steps before it.
    Ready {
        /// What could only be assumed, as phrases.
        assumed: Vec<String>,
    },
    /// It could not be done.
    Blocked {
        /// What should be so.
        what: String,
        /// What is.
        why: String,
    },
    /// It cannot be seen whether it could be done.
    Unseen {
        /// Whether what is so.
        what: String,
        /// Why it cannot be seen.
        why: String,
    },
}

/// Goes through the plan.
pub async fn rehearse(plan: &Plan, hands: &dyn Hands) -> Vec<Rehearsed> {
    let mut rehearsed = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let verdict = one(step, &plan.steps[..at], hands).await;
        rehearsed.push(Rehearsed { step: step.id.clone(), verdict });
    }
    rehearsed
}

/// Whether every step could be taken.
pub fn could_run(rehearsed: &[Rehearsed]) -> bool {
    rehearsed.iter().all(|r| matches!(r.verdict, Verdict::AlreadyTrue | Verdict::Ready { .. }))
}

async fn one(step: &Step, before: &[Step], hands: &dyn Hands) -> Verdict {
    if already(step, hands).await {
        return Verdict::AlreadyTrue;
    }
    let mut assumed = Vec::new();
    for condition in &step.pre {
        let what = describe::condition(condition);
        if before.iter().any(|earlier| earlier.effect.contains(condition) || changes(earlier, condition)) {
            assumed.push(what);
            continue;
        }
        match hands.holds(condition).await {
            Truth::Yes => {}
            Truth::No(why) => return Verdict::Blocked { what, why },
            Truth::Unknown(why) => return Verdict::Unseen { what, why },
        }
    }
    Verdict::Ready { assumed }
}

async fn already(step: &Step, hands: &dyn Hands) -> bool {
    for condition in &step.effect {
        if hands.holds(condition).await != Truth::Yes {
            return false;
        }
    }
    true
}

/// Whether the step may change the answer to the condition: then it cannot be asked now.
fn changes(step: &Step, condition: &Condition) -> bool {
    let path = |host: &str, path: &Path| touched(&step.action, host, path);
    match condition {
        Condition::PathExists { host, path: at }
        | Condition::PathAbsent { host, path: at }
        | Condition::Hash { host, path: at, .. }
        | Condition::Unlocked { host, path: at } => path(host, at) || acts_on_a_service(&step.action, host),
        // Room is needed now, whatever the steps before use of it.
        Condition::FreeSpace { .. } => false,
        Condition::SameFileSystem { host, a, b } => path(host, a) || path(host, b),
        Condition::ServiceStopped { host, .. }
        | Condition::ServiceRunning { host, .. }
        | Condition::ServiceReleased { host, .. } => acts_on_a_service(&step.action, host),
        Condition::ProcessGone { host, .. } => acts_on_a_service(&step.action, host),
        Condition::PortSilent { .. } => matches!(
            step.action,
            Action::StopService { .. } | Action::StartService { .. } | Action::Run { .. }
        ),
        Condition::Etcd(condition) => changes_etcd(&step.action, condition),
    }
}

fn acts_on_a_service(action: &Action, on: &str) -> bool {
    match action {
        Action::StopService { host, .. }
        | Action::StartService { host, .. }
        | Action::ReleaseService { host, .. }
        | Action::Run { host, .. } => host == on,
        _ => false,
    }
}

fn changes_etcd(action: &Action, condition: &EtcdCondition) -> bool {
    match condition {
        EtcdCondition::Stuck { .. } => false,
        EtcdCondition::Snapshot { .. } => {
            matches!(
                action,
                Action::CopyTree { .. }
                    | Action::Etcd(EtcdAction::SaveSnapshot { .. } | EtcdAction::SealDatabase { .. })
            )
        }
        EtcdCondition::StillAt { .. } => {
            matches!(action, Action::StopService { .. } | Action::Etcd(EtcdAction::SaveSnapshot { .. }))
        }
        EtcdCondition::Silent { .. }
        | EtcdCondition::DirectoryOf { .. }
        | EtcdCondition::Serves { .. }
        | EtcdCondition::Listed { .. }
        | EtcdCondition::OnlyOurWrites(_)
        | EtcdCondition::Whole { .. }
        | EtcdCondition::NoLeftoverAlarm { .. }
        | EtcdCondition::KeyAbsent { .. } => matches!(
            action,
            Action::StopService { .. }
                | Action::StartService { .. }
                | Action::Rename { .. }
                | Action::Etcd(_)
        ),
    }
}

/// Whether the action puts something at the path, or takes it away.
fn touched(action: &Action, on: &str, path: &Path) -> bool {
    let covers =
        |host: &str, changed: &Path| host == on && (path.starts_with(changed) || changed.starts_with(path));
    match action {
        Action::MakeDir { host, path, .. } | Action::WriteFile { host, path, .. } => covers(host, path),
        Action::Rename { host, from, to } => covers(host, from) || covers(host, to),
        Action::CopyTree { host, to, .. } | Action::SendFile { host, to, .. } => covers(host, to),
        Action::FetchTree { to, .. } => covers(HERE, to),
        Action::Run { host, .. } => host == on,
        Action::StopService { .. } | Action::StartService { .. } | Action::ReleaseService { .. } => false,
        Action::Etcd(action) => match action {
            EtcdAction::SaveSnapshot { to, .. } | EtcdAction::SealDatabase { to, .. } => path.starts_with(to),
            EtcdAction::DecideLog(decide) => covers(&decide.host, &decide.to),
            EtcdAction::Replay(replay) => path.starts_with(&replay.record),
            EtcdAction::Restore(restore) => {
                covers(&restore.host, &restore.dir)
                    || restore.wal_dir.as_deref().is_some_and(|wal| covers(&restore.host, wal))
            }
            EtcdAction::SeedJoiner(joiner) => {
                covers(&joiner.host, &joiner.dir)
                    || joiner.wal_dir.as_deref().is_some_and(|wal| covers(&joiner.host, wal))
            }
            EtcdAction::VerifyDirectory { record, .. }
            | EtcdAction::VerifyWrites { record, .. }
            | EtcdAction::MakeRoom { record, .. }
            | EtcdAction::VerifyWhole { record, .. } => path.starts_with(record),
            EtcdAction::DisarmLeftovers { .. }
            | EtcdAction::AddLearner { .. }
            | EtcdAction::Promote { .. }
            | EtcdAction::DeleteKey { .. } => false,
        },
    }
}
