//! `quorate member list`.

use super::Subject;
use crate::cli::failure::{Failure, Kind};
use crate::cli::{Global, Shape, TargetArgs, World, style};
use crate::render;
use crate::report::membership::MemberListReport;
use clap::Args;

/// Show who is a member, whether it votes, ever started, and answers
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate member list prod-etcd\n  \
    quorate member list etcd://10.0.0.1:2379 -o json | jq -r '.members[] | select(.started | not).id'\n\n\
    Exit codes: 0 the cluster told its list · 3 nobody did: the list is from an earlier run, from the config file, or \
    empty · 64 usage or configuration")]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
}

pub(super) fn run(args: &ListArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let subject = Subject::look_at(&args.target, global, world)?;
    let report = MemberListReport::new(subject.facts.taken_at, &subject.facts);
    let mut bytes = Vec::new();
    match args.output {
        Shape::Table => render::write_members(&report, style(global, world), &mut bytes)?,
        Shape::Json => render::write_json(&report, &mut bytes)?,
    }
    world.print(&bytes)?;
    Ok(if report.told_by_the_cluster() { 0 } else { Kind::Undecided.code() })
}
