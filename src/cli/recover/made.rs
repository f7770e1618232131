//! A plan made of what is seen now.

use super::WhatArgs;
use super::places::{Places, Scratch};
use crate::backend::etcd::Etcd;
use crate::backend::{Ask, Backend};
use crate::cli::failure::Failure;
use crate::cli::settings::{Settings, settings};
use crate::cli::{Global, TargetArgs, World, block_on};
use crate::facts::{BackendKind, Facts, Observed};
use crate::host::local::LocalHost;
use crate::offline;
use crate::quorum::{self, QuorumState};
use crate::recover::action::{Limits, RealHands, free_near};
use crate::recover::etcd::{self, Situation};
use crate::recover::gather;
use crate::recover::plan::Plan;
use crate::snapshot::read_manifest;
use crate::target::{DeclaredHost, Target};
use crate::transport::Deadline;
use std::path::Path;
use std::time::Duration;

/// Time for one look at the cluster: what is slow must not be taken for lost.
const LOOK: Duration = Duration::from_secs(5);

/// By how much revisions are raised: a week at 1500 writes a second, as etcd's own documentation has it.
const BUMP: u64 = 1_000_000_000;

/// A plan and what it is for.
pub(super) struct Made {
    pub(super) plan: Plan,
    pub(super) target: Target,
}

/// The one cluster that is meant.
pub(super) fn target(args: &TargetArgs, global: &Global, world: &World) -> Result<Target, Failure> {
    let Settings { mut targets, .. } = settings(args, global, world)?;
    if targets.len() > 1 {
        return Err(Failure::usage("recover is about one cluster at a time").hint("name one target"));
    }
    let target = targets.pop().ok_or_else(|| Failure::usage("no target"))?;
    match target.backend {
        BackendKind::Etcd => Ok(target),
        other => {
            let name = other.name();
            Err(Failure::usage(format!("this version of quorate recovers no {name}"))
                .hint(format!("by hand, step by step: quorate runbook show {name}-stuck-quorum")))
        }
    }
}

pub(super) fn make(args: &WhatArgs, global: &Global, world: &World) -> Result<Made, Failure> {
    let target = target(&args.target, global, world)?;
    let places = Places::of(world)?;
    let plan = block_on(plan(&target, &args.assume_dead, args.snapshot.as_deref(), &places, world))??;
    Ok(Made { plan, target })
}

/// Looks, and plans, from a `snapshot` where one is given; drills do it too. The run will be kept in `places`.
pub(in crate::cli) async fn plan(
    target: &Target,
    assumed_dead: &[String],
    snapshot: Option<&Path>,
    places: &Places,
    world: &World,
) -> Result<Plan, Failure> {
    let backup = snapshot.map(|path| backup(path, world)).transpose()?;
    let mut situation = look(target, assumed_dead, places, world).await?;
    situation.backup.clone_from(&backup);
    let mut planned = etcd::plan(&situation);
    // One that was killed a moment ago may still be ending, one that was started may be about to answer.
    if planned.as_ref().is_err_and(|refusal| refusal.rule == etcd::Rule::RunsSilent) {
        situation = look(target, assumed_dead, places, world).await?;
        situation.backup = backup;
        planned = etcd::plan(&situation);
    }
    planned.map_err(|refusal| Failure::refused(refusal.why.clone()).hint(refusal.instead.clone()))
}

/// What there is to plan from: what the members say, and what is on their hosts.
async fn look(
    target: &Target,
    assumed_dead: &[String],
    places: &Places,
    world: &World,
) -> Result<Situation, Failure> {
    let etcd = Etcd::open(target.clone())?;
    let now = world.now();
    let ask = Ask { timeout: LOOK, deep: false, window: None, state_dir: world.state_dir(), now };
    let mut random = [0u8; 12];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Failure::failed("the system gives no random bytes"))?;
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let run_id = format!("{}-{}", now.strftime("%Y%m%dt%H%M%Sz"), &hex[..4]);
    let run_dir = places.run_dir(&run_id);
    let (facts, sites) = if has_other_hosts(target) {
        // What is on other hosts is copied here to be read: only where there may be something to recover.
        let facts = etcd.observe(&ask).await;
        let scratch = stuck(&facts).then(|| places.scratch()).transpose()?;
        let sites = gather::sites(&target.members, scratch.as_ref().map(Scratch::path)).await;
        (facts, sites)
    } else {
        // side by side: what the disks hold is read for as long as the members are given to answer
        futures_util::join!(etcd.observe(&ask), gather::sites(&target.members, None))
    };
    let free = free_near(&LocalHost, &run_dir, Deadline::after(LOOK)).await;
    Ok(Situation {
        token: format!("quorate-{run_id}-{}", &hex[4..]),
        run_id,
        now,
        quorate: env!("CARGO_PKG_VERSION").to_owned(),
        cluster: target.name.clone(),
        run_dir,
        run_dir_free: free.map_or_else(Observed::unknown, Observed::Known),
        facts,
        assumed_dead: assumed_dead.to_vec(),
        has_login: target.auth.is_some() || target.tls.cert.is_some(),
        has_certificate: target.tls.cert.is_some(),
        sites,
        program_here: gather::program_here().await,
        backup: None,
        bump: BUMP,
    })
}

fn has_other_hosts(target: &Target) -> bool {
    target.members.values().any(|member| matches!(member.host, Some(DeclaredHost::Ssh(_))))
}

/// Whether there may be something to recover: then what is on other hosts is worth being copied to be read.
fn stuck(facts: &Facts) -> bool {
    matches!(quorum::assess(&facts.common).state, QuorumState::Lost | QuorumState::Unknown)
}

/// The snapshot that is given, read down to every record, with what the manifest beside it says.
fn backup(path: &Path, world: &World) -> Result<etcd::Backup, Failure> {
    let refused = |why: String| Failure::refused(format!("{}: {why}", path.display()));
    let path = world.cwd.join(path).canonicalize().map_err(|error| refused(error.to_string()))?;
    let copy = offline::open(&path, None).map_err(|error| refused(error.to_string()))?;
    // A manifest that cannot be read says nothing; the snapshot itself is what counts.
    let manifest = read_manifest(&path).ok().flatten();
    Ok(etcd::Backup { path, copy, cluster_id: manifest.map(|manifest| manifest.cluster_id) })
}

/// What carries the plan out.
pub(super) fn hands(plan: &Plan, target: &Target, limits: Limits) -> Result<RealHands, Failure> {
    let etcd = Etcd::open(target.clone())?;
    RealHands::new(plan, etcd, limits).map_err(|error| Failure::failed(error.to_string()))
}
