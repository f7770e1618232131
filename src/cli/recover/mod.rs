//! `quorate recover`: a stuck cluster back to full size.

mod carry_out;
mod made;
mod places;
mod scripts;
mod status;

use super::check::duration;
use super::failure::Failure;
use super::{Global, TargetArgs, World, block_on};
use crate::recover::action::Limits;
use crate::recover::{Plan, rehearse};
use crate::render;
use clap::{Args, Subcommand, ValueEnum};
pub(super) use made::plan;
pub(super) use places::Places;
pub(super) use status::RunsReport;
use std::path::PathBuf;
use std::time::Duration;

/// The verbs of `quorate recover`.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    Plan(PlanArgs),
    Run(RunArgs),
    Resume(OnArgs),
    Rollback(OnArgs),
    Status(StatusArgs),
}

/// What is to be recovered, and what a person vouches for.
#[derive(Debug, Args)]
struct WhatArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// This member is dead and will not come back: recorded as your statement
    #[arg(long, value_name = "MEMBER")]
    assume_dead: Vec<String>,
    /// Begin with this snapshot: for when no disk is left that holds more
    #[arg(long, value_name = "FILE")]
    snapshot: Option<std::path::PathBuf>,
}

/// How long hosts and servers are waited for.
#[derive(Debug, Args)]
struct LimitArgs {
    /// A service that does not stop, or start, for this long has failed to
    #[arg(long, default_value = "2m", value_parser = duration, value_name = "DURATION")]
    service_timeout: Duration,
    /// Give a snapshot up when nothing of it comes for this long
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "DURATION")]
    idle: Duration,
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        Limits { service: self.service_timeout, idle: self.idle }
    }
}

/// Say what would be lost and what would be done; change nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate recover plan prod-etcd\n  \
    quorate recover plan prod-etcd --assume-dead n3 -o json\n  \
    quorate recover plan prod-etcd -o script --to ./recovery   # a POSIX script for each host\n\n\
    Exit codes: 0 a plan · 2 failed · 4 refused: the reason says what to do instead · 64 usage or configuration")]
pub(super) struct PlanArgs {
    #[command(flatten)]
    what: WhatArgs,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Planned,
    /// With `-o script`: write the scripts, the order in which they are run and the plan to this directory
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// Formats of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Planned {
    /// For people
    #[default]
    Table,
    /// For scripts, as in `quorate schema plan`
    Json,
    /// For a ticket
    Markdown,
    /// A commented POSIX script for each host, for where no program may be brought
    Script,
}

/// Make a plan, ask for consent, and carry it out
///
/// Every step is written to a journal before and after: whatever ends this process, `quorate recover resume` goes on
/// where it was. Nothing is deleted: old data directories get another name.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate recover run prod-etcd --dry-run\n  \
    quorate recover run prod-etcd\n\n\
    Exit codes: 0 recovered (or with --dry-run: could be) · 2 failed · 4 refused, or not confirmed · \
    64 usage or configuration · 75 incomplete: resume or roll back")]
pub(super) struct RunArgs {
    #[command(flatten)]
    what: WhatArgs,
    /// Look at every precondition that can be looked at now, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for the id of the cluster
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Go on with, or undo, a run that did not come to its end
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done · 2 failed · 4 refused, or not confirmed · 64 usage or configuration · \
    75 incomplete: resume or roll back"
)]
pub(super) struct OnArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Which run [default: the only one that is not at its end]
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Do not ask for the id of the cluster
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

/// List runs, or show one
///
/// Of a finished run that is named, or whose cluster is, the members of the lost cluster are looked for at their old
/// addresses: one that was started again would serve old data beside the new cluster.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate recover status\n  \
    quorate recover status prod-etcd          # the runs of one cluster; does the old one live again?\n  \
    quorate recover status RUN -o markdown    # the report of one run\n\n\
    Exit codes: 0 ok · 2 a member of the old cluster lives again, or failed · 3 that could not be seen · \
    64 there is no such run or cluster")]
pub(super) struct StatusArgs {
    /// A run, or a cluster by name or id: then its runs [default: all of them]
    #[arg(value_name = "RUN|CLUSTER")]
    of: Option<String>,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shown,
}

/// Formats of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Shown {
    /// For people
    #[default]
    Table,
    /// For scripts
    Json,
    /// The report of one run
    Markdown,
}

pub(super) fn run(verb: &Verb, global: &Global, world: &World) -> Result<u8, Failure> {
    match verb {
        Verb::Plan(args) => show_plan(args, global, world),
        Verb::Run(args) => start(args, global, world),
        Verb::Resume(args) => carry_out::go_on(args, carry_out::Way::Resume, global, world),
        Verb::Rollback(args) => carry_out::go_on(args, carry_out::Way::Rollback, global, world),
        Verb::Status(args) => status::status(args, global, world),
    }
}

fn show_plan(args: &PlanArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    if args.to.is_some() && args.output != Planned::Script {
        return Err(Failure::usage("--to is for scripts").hint("add `-o script`"));
    }
    let made = made::make(&args.what, global, world)?;
    let mut bytes = Vec::new();
    match (args.output, &args.to) {
        (Planned::Table, _) => render::recover::write_plan(&made.plan, world.width, &mut bytes)?,
        (Planned::Json, _) => render::write_json(&made.plan, &mut bytes)?,
        (Planned::Markdown, _) => render::recover::write_plan_markdown(&made.plan, &mut bytes)?,
        (Planned::Script, None) => scripts::print(&made, world)?,
        (Planned::Script, Some(dir)) => scripts::write(&made, dir, world)?,
    }
    world.print(&bytes)?;
    Ok(0)
}

fn start(args: &RunArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let places = Places::of(world)?;
    // In the middle of a recovery the cluster is neither the old one nor whole: that run has to come to its end first.
    let target = made::target(&args.what.target, global, world)?;
    at_its_end(&places, &target.name, |plan| plan.cluster == target.name)?;
    let made = made::make(&args.what, global, world)?;
    if args.dry_run {
        return dry_run(&made, world);
    }
    let _cluster = places.lock_cluster(&made.plan.cluster_id)?;
    at_its_end(&places, &target.name, |plan| plan.cluster_id == made.plan.cluster_id)?;
    let mut bytes = Vec::new();
    render::recover::write_plan(&made.plan, world.width, &mut bytes)?;
    world.print(&bytes)?;
    carry_out::begin(&made, args, &places, world)
}

fn dry_run(made: &made::Made, world: &World) -> Result<u8, Failure> {
    let hands = made::hands(&made.plan, &made.target, Limits::default())?;
    let rehearsed = block_on(rehearse::rehearse(&made.plan, &hands))?;
    let mut bytes = Vec::new();
    render::recover::write_rehearsal(&made.plan, &rehearsed, world.width, &mut bytes)?;
    world.print(&bytes)?;
    if rehearse::could_run(&rehearsed) {
        Ok(0)
    } else {
        Err(Failure::refused("the plan could not be carried out as things are"))
    }
}

fn at_its_end(places: &Places, target: &str, of: impl Fn(&Plan) -> bool) -> Result<(), Failure> {
    match places.unfinished(of)?.first() {
        None => Ok(()),
        Some((run, plan)) => Err(places.busy(run, plan, target).unwrap_or_else(|| {
            Failure::refused(format!("run {run} of this cluster is not at its end"))
                .hint(format!("go on with it: quorate recover resume {target} --run {run}"))
                .hint(format!("or undo it: quorate recover rollback {target} --run {run}"))
        })),
    }
}
