//! `quorate member replace`: a dead member goes, then its replacement comes. Never the other order: beside a dead voter
//! one more only raises the number that must agree.

use super::carry_out::{Order, carry_out};
use super::change::{HowArgs, peer_url};
use super::{Subject, a_member, beside_a_member, of_one_cluster, split};
use crate::cli::failure::Failure;
use crate::cli::{Global, TargetArgs, World};
use crate::facts::Member;
use crate::membership::Change;
use clap::Args;

/// Replace a dead member: remove it, then add its replacement as a learner
///
/// Prints how the replacement's server must be started; when it has caught up, `quorate member promote` gives it a
/// vote.
#[derive(Debug, Args)]
#[command(
    mut_arg("targets", a_member),
    mut_arg("all", of_one_cluster),
    mut_arg("endpoints", beside_a_member)
)]
#[command(after_help = "Examples:\n  \
    quorate member replace prod-etcd n3\n  \
    quorate member replace prod-etcd n3 --peer-urls https://10.0.0.9:2380 --name n9\n\n\
    A member that still answers is better replaced by `member add`, `member promote` of the new one, then `member \
    remove`: the cluster keeps all its voters. Where the new one must take the same address, give --even-if-alive.\n\n\
    Exit codes: 0 replaced (or with --dry-run: allowed) · 2 failed, or in doubt · 4 refused, or not confirmed · \
    64 usage or configuration · 75 removed, but its replacement is not added: says how to go on")]
pub(in crate::cli) struct ReplaceArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Where the other members will connect to the replacement [default: where they did to the dead one]
    #[arg(long, value_delimiter = ',', value_parser = peer_url, value_name = "URL,…")]
    peer_urls: Vec<String>,
    /// What the replacement will call itself [default: as the dead one]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Also a member that still answers: its data is gone for the cluster as soon as it is removed
    #[arg(long)]
    even_if_alive: bool,
    #[command(flatten)]
    how: HowArgs,
}

pub(super) fn run(args: &ReplaceArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let (target, word) = split(&args.target)?;
    let subject = Subject::to_change(&target, global, world)?;
    let member = subject.member(&word)?;
    if member.reachable && !args.even_if_alive {
        return Err(alive(member, &subject));
    }
    let Some(name) = args.name.clone().or_else(|| Some(member.name.clone()).filter(|n| !n.is_empty())) else {
        return Err(Failure::usage(format!("{} has no name", member.label()))
            .hint("say with --name what its replacement will call itself"));
    };
    let peer_urls = if args.peer_urls.is_empty() { member.peer_urls.clone() } else { args.peer_urls.clone() };
    let changes = [
        Change::Remove { id: member.id.clone() },
        Change::Add { name: Some(name), peer_urls, learner: true },
    ];
    let label = member.label();
    carry_out(&subject, &Order { changes: &changes, word: &label, how: &args.how }, global, world)
}

fn alive(member: &Member, subject: &Subject) -> Failure {
    let (label, cluster) = (member.label(), &subject.target.name);
    Failure::refused(format!("{label} still answers"))
        .hint(format!(
            "keep it until its successor votes: `quorate member add {cluster} NAME --peer-urls URL`, start that one, \
             `quorate member promote {cluster} NAME`, then `quorate member remove {cluster} {label}`"
        ))
        .hint("where the new one must take its place at the same address, give --even-if-alive")
}
