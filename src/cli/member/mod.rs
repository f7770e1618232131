//! `quorate member`: who is a member, and changes of it with a look at the quorum before each.

mod carry_out;
mod change;
mod list;
mod replace;

use super::failure::Failure;
use super::nearest::nearest;
use super::settings::{Settings, settings};
use super::{Global, TargetArgs, World, block_on};
use crate::backend::{self, Ask, Backend};
use crate::facts::{Facts, Member};
use crate::membership;
use crate::quorum;
use crate::target::Target;
use clap::builder::Resettable;
use clap::{Arg, Subcommand};
use std::time::Duration;

/// The verbs of `quorate member`.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    List(list::ListArgs),
    Add(change::AddArgs),
    Remove(change::RemoveArgs),
    Promote(change::PromoteArgs),
    Replace(replace::ReplaceArgs),
    Lead(change::LeadArgs),
}

pub(super) fn run(verb: &Verb, global: &Global, world: &World) -> Result<u8, Failure> {
    match verb {
        Verb::List(args) => list::run(args, global, world),
        Verb::Add(args) => change::add(args, global, world),
        Verb::Remove(args) => change::remove(args, global, world),
        Verb::Promote(args) => change::promote(args, global, world),
        Verb::Replace(args) => replace::run(args, global, world),
        Verb::Lead(args) => change::lead(args, global, world),
    }
}

/// Time for one look at the cluster: what `check` takes by default.
const LOOK: Duration = Duration::from_secs(2);

/// The cluster that a command is about, and what was seen of it.
struct Subject {
    target: Target,
    backend: Box<dyn Backend>,
    facts: Facts,
}

impl Subject {
    /// Looks at the one target.
    fn look_at(args: &TargetArgs, global: &Global, world: &World) -> Result<Subject, Failure> {
        let Settings { mut targets, .. } = settings(args, global, world)?;
        if targets.len() > 1 {
            return Err(Failure::usage("member is about one cluster at a time").hint("name one target"));
        }
        let Some(target) = targets.pop() else { return Err(Failure::usage("no target")) };
        let backend = backend::open(&target)?;
        let facts = block_on(backend.observe(&look(world)))?;
        Ok(Subject { target, backend, facts })
    }

    /// The same for a change: refused where it is not clear which cluster would be changed, or who is in it.
    fn to_change(args: &TargetArgs, global: &Global, world: &World) -> Result<Subject, Failure> {
        let subject = Subject::look_at(args, global, world)?;
        let common = &subject.facts.common;
        if common.cluster_ids.len() > 1 {
            return Err(Failure::refused(format!(
                "the endpoints belong to {} clusters: {}",
                common.cluster_ids.len(),
                common.cluster_ids.join(", ")
            ))
            .hint("name only endpoints of the cluster that is meant"));
        }
        if common.members.is_empty() {
            let why = quorum::assess(common).why;
            return Err(Failure::refused(format!("it cannot be told whether there is a quorum: {why}"))
                .hint(format!("see what is wrong with `quorate check {}`", subject.target.name)));
        }
        Ok(subject)
    }

    /// The one member that a word means: by id, else by name.
    fn member(&self, word: &str) -> Result<&Member, Failure> {
        let members = &self.facts.common.members;
        let meant = membership::meant(&self.facts.common, word);
        match meant.as_slice() {
            [member] => Ok(member),
            [] => {
                let failure = Failure::usage(format!("{} has no member `{word}`", self.target.name));
                let names =
                    || members.iter().map(|m| if m.name.is_empty() { m.id.as_str() } else { &m.name });
                Err(match nearest(word, names()) {
                    Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
                    None => failure.hint(format!("members: {}", names().collect::<Vec<_>>().join(", "))),
                })
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|m| m.id.as_str()).collect();
                Err(Failure::usage(format!("`{word}` means {} members", several.len()))
                    .hint(format!("give the id of one: {}", ids.join(", "))))
            }
        }
    }
}

fn look(world: &World) -> Ask {
    Ask { timeout: LOOK, deep: false, window: None, state_dir: world.state_dir(), now: world.now() }
}

/// The words of a command about a member that is there.
fn a_member(words: Arg) -> Arg {
    let words = words.value_name("[TARGET] MEMBER").num_args(1..=2).required(true);
    words.help("The member's name or id; the cluster may stand before it")
}

/// The words of a command that makes one.
fn a_new_member(words: Arg) -> Arg {
    let words = words.value_name("[TARGET] NAME").num_args(1..=2).required(true);
    words.help("What the new member will call itself; the cluster may stand before it")
}

/// A change is about one cluster.
fn of_one_cluster(all: Arg) -> Arg {
    all.hide(true)
}

/// `--endpoints` excludes a target, but not the member that is named beside it.
fn beside_a_member(endpoints: Arg) -> Arg {
    endpoints.conflicts_with(Resettable::Reset)
}

/// Splits `[TARGET] MEMBER`: the member is the last word, as the config file may have one cluster only.
fn split(args: &TargetArgs) -> Result<(TargetArgs, String), Failure> {
    let mut rest = args.clone();
    if args.targets.len() > 1 && !args.endpoints.is_empty() {
        return Err(Failure::usage("both --endpoints and a target are given").hint("give one of them"));
    }
    match rest.targets.pop() {
        Some(member) if !member.contains("://") => Ok((rest, member)),
        Some(target) => Err(Failure::usage(format!("after the target {target} a member is missing"))),
        None => Err(Failure::usage("a member is missing").hint("name one: its name or its id")),
    }
}
