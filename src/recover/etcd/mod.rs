//! etcd's recovery, from facts to a plan. Pure: the same situation always gives the same plan.

mod backup;
mod choose;
mod conditions;
mod disks;
mod fits;
mod refusal;
mod situation;
mod source;
mod steps;
mod words;

pub use backup::Backup;
pub use refusal::{Refusal, Rule};
pub use situation::{Disk, Site, Situation};

use super::plan::{Plan, SCHEMA, Statement};
use crate::facts::{CommonFacts, Member};
use source::{Method, Survivor};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Room for a log segment and what grows around a database, in bytes: etcd preallocates 64 MB, twice at most.
const MARGIN_BYTES: u64 = 160 << 20;

/// Plans the recovery of a cluster that lost its quorum, or says why there is none to be made.
pub fn plan(situation: &Situation) -> Result<Plan, Refusal> {
    let common = disks::membership(situation);
    let chosen = choose::choose(situation, &common)?;
    let fates = common.members.iter().map(|member| chosen.fate(member)).collect();
    let hosts = situation.sites.values().map(|site| (site.host.clone(), site.spec.clone()));
    let statements = chosen.assumed.iter().map(|member| Statement {
        member: member.label(),
        says: format!(
            "member {} ({}) is dead and will not come back; vouched for with --assume-dead",
            member.label(),
            member.id
        ),
    });
    let plan = Plan {
        schema: SCHEMA.to_owned(),
        run_id: situation.run_id.clone(),
        backend: common.backend.name().to_owned(),
        cluster: situation.cluster.clone(),
        cluster_id: chosen.cluster_id.clone(),
        new_cluster_id: Some(chosen.new_cluster_id.clone()),
        made_at: situation.now,
        quorate: situation.quorate.clone(),
        loss: chosen.loss()?,
        kept: chosen.kept(),
        statements: statements.collect(),
        members: fates,
        hosts: hosts.collect::<BTreeMap<_, _>>(),
        notes: chosen.notes(),
        steps: steps::steps(&chosen),
        hash: String::new(),
    };
    Ok(plan.sealed())
}

/// What was decided.
pub(super) struct Chosen<'a> {
    situation: &'a Situation,
    common: &'a CommonFacts,
    /// Hex id of the lost cluster.
    cluster_id: String,
    /// Hex id of the new one.
    new_cluster_id: String,
    /// Hex id of its first member.
    new_member_id: String,
    /// Hex id that a copy which is replayed is given, so that it stays alone.
    alone_id: String,
    /// Voters whose data is left. The first one's is used.
    survivors: Vec<Survivor<'a>>,
    /// Voters that are left and whose databases are damaged.
    damaged: Vec<Survivor<'a>>,
    /// How it is taken.
    method: Method,
    /// Where the new cluster begins.
    seed: Place<'a>,
    /// The tool that restores.
    tool: (PathBuf, String),
    /// How much revisions are raised; 0 where the tool cannot.
    bump: u64,
    /// Other members that join afterwards.
    joiners: Vec<(&'a Member, &'a Site)>,
    /// Every other voter or learner, in the order of the membership.
    others: Vec<&'a Member>,
    assumed: Vec<&'a Member>,
    needed: usize,
    voters: usize,
}

/// A member and where it is.
#[derive(Clone, Copy)]
struct Place<'a> {
    member: &'a Member,
    site: &'a Site,
}

impl Chosen<'_> {
    /// Whose data is used.
    fn source(&self) -> &Survivor<'_> {
        // `choose` refuses when there is none.
        &self.survivors[0]
    }
}
