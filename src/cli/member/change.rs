//! `quorate member add`, `remove`, `promote`, `lead`: one change each.

use super::carry_out::{Order, PAUSE, carry_out};
use super::{Subject, a_member, a_new_member, beside_a_member, of_one_cluster, split};
use crate::cli::check::duration;
use crate::cli::failure::Failure;
use crate::cli::{Global, Shape, TargetArgs, World, block_on};
use crate::membership::Change;
use crate::transport::Deadline;
use crate::transport::address::Address;
use clap::Args;
use std::time::Duration;

/// How a change is made.
#[derive(Debug, Args)]
pub(super) struct HowArgs {
    /// Do not ask. What would strand the cluster is refused all the same
    #[arg(long)]
    pub(super) yes: bool,
    /// Say what it would do to the quorum, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How long the servers may take to become ready for it
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "DURATION")]
    pub(super) timeout: Duration,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) output: Shape,
}

/// Add a member, as a learner
///
/// A learner receives the log without a vote, so that the quorum stays as it is until the new member has caught up:
/// then `quorate member promote` gives it a vote. Prints how its server must be started.
#[derive(Debug, Args)]
#[command(
    mut_arg("targets", a_new_member),
    mut_arg("all", of_one_cluster),
    mut_arg("endpoints", beside_a_member)
)]
#[command(after_help = "Examples:\n  \
    quorate member add prod-etcd n4 --peer-urls https://10.0.0.4:2380\n  \
    quorate member add prod-etcd n4 --peer-urls https://10.0.0.4:2380 --dry-run\n  \
    quorate member add prod-etcd n4 --peer-urls https://10.0.0.4:2380 --yes -o json | jq -r '.start.arguments[]'\n\n\
    Exit codes: 0 added (or with --dry-run: allowed) · 2 failed, or in doubt · 4 refused, or not confirmed · \
    64 usage or configuration")]
pub(in crate::cli) struct AddArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Where the other members will connect to it
    #[arg(long, value_delimiter = ',', required = true, value_parser = peer_url, value_name = "URL,…")]
    peer_urls: Vec<String>,
    /// With a vote at once: it counts before it has even started
    #[arg(long)]
    voter: bool,
    #[command(flatten)]
    how: HowArgs,
}

/// Remove a member for good
///
/// It can never come back with its data. A leader hands over first.
#[derive(Debug, Args)]
#[command(
    mut_arg("targets", a_member),
    mut_arg("all", of_one_cluster),
    mut_arg("endpoints", beside_a_member)
)]
#[command(after_help = "Examples:\n  \
    quorate member remove prod-etcd n3\n  \
    quorate member remove prod-etcd 8211f1d0f64f3269 --dry-run\n\n\
    Exit codes: 0 removed (or with --dry-run: allowed) · 2 failed, or in doubt · 4 refused, or not confirmed · \
    64 usage or configuration, a name that two members have")]
pub(in crate::cli) struct RemoveArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    how: HowArgs,
}

/// Give a learner a vote
///
/// Waits until the leader finds that it has caught up.
#[derive(Debug, Args)]
#[command(
    mut_arg("targets", a_member),
    mut_arg("all", of_one_cluster),
    mut_arg("endpoints", beside_a_member)
)]
#[command(after_help = "Examples:\n  \
    quorate member promote prod-etcd n4\n  \
    quorate member promote prod-etcd n4 --yes --wait --timeout 10m\n\n\
    Exit codes: 0 it votes (or with --dry-run: allowed) · 2 failed, or in doubt · 4 refused, or not confirmed, or not \
    caught up within --timeout · 64 usage or configuration")]
pub(in crate::cli) struct PromoteArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Also wait, within --timeout, until it has started and answers
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    how: HowArgs,
}

/// Let another voter lead
#[derive(Debug, Args)]
#[command(
    mut_arg("targets", a_member),
    mut_arg("all", of_one_cluster),
    mut_arg("endpoints", beside_a_member)
)]
#[command(after_help = "Examples:\n  \
    quorate member lead prod-etcd n2\n\n\
    Exit codes: 0 it leads (or with --dry-run: allowed) · 2 failed, or in doubt · 4 refused, or not confirmed · \
    64 usage or configuration")]
pub(in crate::cli) struct LeadArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    how: HowArgs,
}

pub(super) fn add(args: &AddArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let (target, name) = split(&args.target)?;
    let subject = Subject::to_change(&target, global, world)?;
    let peer_urls = args.peer_urls.clone();
    let change = Change::Add { name: Some(name.clone()), peer_urls, learner: !args.voter };
    carry_out(&subject, &Order { changes: &[change], word: &name, how: &args.how }, global, world)
}

pub(super) fn remove(args: &RemoveArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    about(&args.target, &args.how, |id| Change::Remove { id }, global, world)
}

pub(super) fn promote(args: &PromoteArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let until = Deadline::after(if args.wait { args.how.timeout } else { Duration::ZERO });
    while !until.left().is_zero() && !is_up(&args.target, global, world)? {
        block_on(async { tokio::time::sleep(PAUSE).await })?;
    }
    about(&args.target, &args.how, |id| Change::Promote { id }, global, world)
}

pub(super) fn lead(args: &LeadArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    about(&args.target, &args.how, |id| Change::MoveLeader { id }, global, world)
}

/// Whether the member has started and answers. Before it starts, only its id means it.
fn is_up(target: &TargetArgs, global: &Global, world: &World) -> Result<bool, Failure> {
    let (target, word) = split(target)?;
    let subject = Subject::to_change(&target, global, world)?;
    Ok(subject.member(&word).is_ok_and(|member| member.started && member.reachable))
}

/// A change about a member that is there.
fn about(
    target: &TargetArgs,
    how: &HowArgs,
    change: impl FnOnce(String) -> Change,
    global: &Global,
    world: &World,
) -> Result<u8, Failure> {
    let (target, word) = split(target)?;
    let subject = Subject::to_change(&target, global, world)?;
    let member = subject.member(&word)?;
    let (id, label) = (member.id.clone(), member.label());
    carry_out(&subject, &Order { changes: &[change(id)], word: &label, how }, global, world)
}

/// A URL as etcd takes it: scheme, host and port, nothing more.
pub(super) fn peer_url(text: &str) -> Result<String, String> {
    let form = "write http://HOST:PORT or https://HOST:PORT";
    let Some((scheme @ ("http" | "https"), place)) = text.split_once("://") else { return Err(form.into()) };
    let (_, port) = place.rsplit_once(':').ok_or(form)?;
    if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err(form.into());
    }
    Address::parse(text, scheme == "https", 2380).map(|_| text.to_owned())
}
