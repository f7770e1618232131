//! etcd's recovery, from facts to a plan. Pure: the same situation always gives the same plan.

mod conditions;
mod refusal;
mod situation;
mod steps;

pub use refusal::{Refusal, Rule};
pub use situation::{Disk, Site, Situation};

use super::identity;
use super::plan::{Becomes, Fate, Loss, Plan, SCHEMA, Statement};
use crate::facts::{EtcdFacts, EtcdStatus, Member};
use crate::quorum::{self, QuorumState};
use std::collections::BTreeMap;

/// Room for a log segment and what grows around a database, in bytes: etcd preallocates 64 MB, twice at most.
const MARGIN_BYTES: u64 = 160 << 20;

/// Plans the recovery of a cluster that lost its quorum, or says why there is none to be made.
pub fn plan(situation: &Situation) -> Result<Plan, Refusal> {
    let chosen = choose(situation)?;
    let common = &situation.facts.common;
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
        loss: chosen.loss(),
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
    /// Hex id of the lost cluster.
    cluster_id: String,
    /// Hex id of the new one.
    new_cluster_id: String,
    /// Hex id of its first member.
    new_member_id: String,
    /// Whose data is used.
    seed: &'a Member,
    seed_status: &'a EtcdStatus,
    seed_site: &'a Site,
    /// The tool that restores.
    tool: (std::path::PathBuf, String),
    /// How much revisions are raised; 0 where the tool cannot.
    bump: u64,
    /// Other members that join afterwards.
    joiners: Vec<(&'a Member, &'a Site)>,
    /// Every other voter or learner, in the order of the membership.
    others: Vec<&'a Member>,
    assumed: Vec<&'a Member>,
    needed: usize,
    voters: usize,
    survivors: usize,
}

fn choose(situation: &Situation) -> Result<Chosen<'_>, Refusal> {
    let common = &situation.facts.common;
    let etcd = situation.facts.native.etcd().ok_or_else(|| undecided("these are not etcd's facts"))?;
    let quorum = quorum::assess(common);
    match quorum.state {
        QuorumState::Lost => {}
        QuorumState::Unknown => return Err(undecided(&quorum.why)),
        QuorumState::Healthy | QuorumState::Degraded | QuorumState::AtRisk => {
            return Err(Refusal::new(
                Rule::HasQuorum,
                format!("the cluster has a quorum: {}", quorum.why),
                "Replace the members that are gone one by one: `quorate member replace`; nothing is lost by that.",
            ));
        }
    }
    let [cluster_id] = common.cluster_ids.as_slice() else {
        return Err(undecided("the endpoints do not all belong to one cluster"));
    };
    let (seed, seed_status) = best(etcd, situation)?;
    let assumed = assumed(situation)?;
    for member in common.members.iter().filter(|m| !m.reachable) {
        let vouched = assumed.iter().any(|a| a.id == member.id);
        prove_lost(member, situation.sites.get(&member.id), vouched, cluster_id)?;
    }
    let seed_site = situation.sites.get(&seed.id).ok_or_else(|| {
        Refusal::new(
            Rule::NoSite,
            format!("it is not known where the server of {} runs and how it is stopped", seed.label()),
            "Add `host`, `data_dir` and `service` of that member to the config file.",
        )
    })?;
    let tool = fits(situation, seed, seed_status, seed_site)?;
    let [_] = seed.peer_urls.as_slice() else {
        return Err(unsupported(format!("member {} has several peer URLs", seed.label())));
    };
    let new_member = identity::member_id(&seed.peer_urls, &situation.token);
    let others: Vec<&Member> = common.members.iter().filter(|m| m.id != seed.id).collect();
    let joiners = others.iter().filter_map(|member| {
        let site = situation.sites.get(&member.id)?;
        (site.running.known().is_some() && member.peer_urls.len() == 1).then_some((*member, site))
    });
    Ok(Chosen {
        situation,
        cluster_id: cluster_id.clone(),
        new_cluster_id: format!("{:x}", identity::cluster_id(&[new_member])),
        new_member_id: format!("{new_member:x}"),
        seed,
        seed_status,
        seed_site,
        bump: if can_bump(&tool.1) { situation.bump } else { 0 },
        tool,
        joiners: joiners.collect(),
        others,
        assumed,
        needed: quorum.needed,
        voters: quorum.voters,
        survivors: quorum.serving,
    })
}

/// The survivor whose log goes furthest: by term, then by index, as raft compares logs; never by size or revision.
fn best<'a>(etcd: &'a EtcdFacts, situation: &'a Situation) -> Result<(&'a Member, &'a EtcdStatus), Refusal> {
    let log_end = |member: &Member, status: &EtcdStatus| {
        let copy = situation.sites.get(&member.id).and_then(|site| site.disk.known()?.as_ref());
        let last = copy.and_then(|disk| disk.copy.known()?.last());
        last.map_or((status.raft_term, status.raft_index), |last| (last.term, last.index))
    };
    let voters = etcd.answered(&situation.facts.common).filter(|(member, _, _)| member.voter);
    let best = voters.max_by_key(|(member, _, status)| (log_end(member, status), status.raft_applied));
    best.map(|(member, _, status)| (member, status)).ok_or_else(|| {
        Refusal::new(
            Rule::NoSurvivor,
            "no voter answers",
            "Start the server of a member whose disk is left: it replays its log, and a plan can be made of it. \
             `quorate inspect --survivors DIR…` says which disk goes furthest.",
        )
    })
}

fn assumed(situation: &Situation) -> Result<Vec<&Member>, Refusal> {
    let members = &situation.facts.common.members;
    let find = |name: &String| {
        members.iter().find(|m| m.name == *name || m.id == *name).ok_or_else(|| {
            let known: Vec<String> = members.iter().map(Member::label).collect();
            Refusal::new(
                Rule::NotProvenDead,
                format!("there is no member {name}"),
                format!("Members are: {}.", known.join(", ")),
            )
        })
    };
    situation.assumed_dead.iter().map(find).collect()
}

/// A member that does not answer must be shown to be stopped, and not to be easily brought back.
fn prove_lost(member: &Member, site: Option<&Site>, vouched: bool, cluster_id: &str) -> Result<(), Refusal> {
    let name = member.label();
    let running = site.and_then(|site| site.running.known());
    match running {
        Some(true) => {
            return Err(Refusal::new(
                Rule::NotProvenDead,
                format!("the server of {name} runs on its host, though it does not answer here"),
                "Repair it or what is between: its network, its certificates, its disk. That costs no data.",
            ));
        }
        Some(false) => {}
        None if vouched => return Ok(()),
        None => {
            let why = site.and_then(|site| site.running.why()).unwrap_or("its host is not declared");
            return Err(Refusal::new(
                Rule::NotProvenDead,
                format!("{name} does not answer, and nothing shows that it is stopped: {why}"),
                format!(
                    "Declare its host and service in the config file; or make sure that it is off and cannot \
                     come back, and say so with `--assume-dead {name}`."
                ),
            ));
        }
    }
    let disk = site.and_then(|site| site.disk.known()?.as_ref());
    let whole = disk.and_then(|disk| disk.copy.known()).is_some_and(|copy| {
        copy.damage.is_empty() && copy.identity.as_ref().is_some_and(|own| own.cluster == cluster_id)
    });
    if whole && !vouched {
        return Err(Refusal::new(
            Rule::CanBeStarted,
            format!("{name} is stopped, and its data directory is whole"),
            format!(
                "Start its server: with it the cluster may have a quorum again, and nothing is lost. If it \
                 cannot be started, say so with `--assume-dead {name}`."
            ),
        ));
    }
    Ok(())
}

/// Whether the survivor's host has the room and the tool.
fn fits(
    situation: &Situation,
    seed: &Member,
    status: &EtcdStatus,
    site: &Site,
) -> Result<(std::path::PathBuf, String), Refusal> {
    let unseen = |what: &str, why: Option<&str>| {
        undecided(&format!("{what} of {}: {}", seed.label(), why.unwrap_or("not known")))
    };
    let Some(disk) = site.disk.known() else { return Err(unseen("the data directory", site.disk.why())) };
    if disk.is_none() {
        return Err(Refusal::new(
            Rule::NoSite,
            format!("nothing is at {}, though {} runs", site.data_dir.display(), seed.label()),
            "Correct `data_dir` of that member in the config file.",
        ));
    }
    let needed = status.db_size + MARGIN_BYTES;
    match site.free.known() {
        None => return Err(unseen("the free space", site.free.why())),
        Some(free) if *free < needed => return Err(no_space(&site.data_dir, *free, needed)),
        Some(_) => {}
    }
    match situation.run_dir_free.known() {
        None => return Err(unseen("the free space for copies", situation.run_dir_free.why())),
        Some(free) if *free < status.db_size * 2 => {
            return Err(no_space(&situation.run_dir, *free, status.db_size * 2));
        }
        Some(_) => {}
    }
    let (tool, version) = site.tool.known().ok_or_else(|| {
        Refusal::new(
            Rule::NoTool,
            format!(
                "no restore tool for etcd {} on {}: {}",
                status.version,
                site.host,
                site.tool.why().unwrap_or("")
            ),
            "Put etcdutl (for 3.4: etcdctl) of the server's minor version beside the server's program.",
        )
    })?;
    if minor(version) != minor(&status.version) {
        return Err(Refusal::new(
            Rule::NoTool,
            format!("{} is of version {version}, the server of {}", tool.display(), status.version),
            "Use the tool of the server's minor version: a newer one may write what the server cannot read.",
        ));
    }
    Ok((tool.clone(), version.clone()))
}

fn no_space(path: &std::path::Path, free: u64, needed: u64) -> Refusal {
    use crate::value::human_bytes;
    Refusal::new(
        Rule::NoSpace,
        format!(
            "{} are free for {}, and {} are needed",
            human_bytes(free),
            path.display(),
            human_bytes(needed)
        ),
        "Make room: nothing is deleted by a recovery, so old and new data are there at once.",
    )
}

fn undecided(why: &str) -> Refusal {
    Refusal::new(Rule::Undecided, why, "See `quorate check` for what is missing.")
}

fn unsupported(why: String) -> Refusal {
    Refusal::new(Rule::Unsupported, why, "Recover by hand as the etcd runbook says.")
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

fn minor(version: &str) -> Vec<u32> {
    numbers(version).into_iter().take(2).collect()
}

/// `--bump-revision` is there from 3.4.27, 3.5.10 and 3.6.0 on.
fn can_bump(version: &str) -> bool {
    let numbers = numbers(version);
    match numbers.as_slice() {
        [3, 4, patch, ..] => *patch >= 27,
        [3, 5, patch, ..] => *patch >= 10,
        _ => numbers >= vec![3, 6],
    }
}

impl Chosen<'_> {
    fn fate(&self, member: &Member) -> Fate {
        let joins = self.joiners.iter().any(|(joiner, _)| joiner.id == member.id);
        let becomes = match () {
            () if member.id == self.seed.id => Becomes::Seed,
            () if joins => Becomes::Rejoins,
            () => Becomes::LeftOut,
        };
        let site = self.situation.sites.get(&member.id);
        Fate {
            name: member.label(),
            id: member.id.clone(),
            becomes,
            host: site.map(|site| site.host.clone()),
            data_dir: site.map(|site| site.data_dir.clone()),
        }
    }

    /// An acknowledged write is on a majority. With n voters and a majority of q, any n − q + 1 disks hold each of them.
    fn loss(&self) -> Loss {
        let enough = self.voters - self.needed + 1;
        let survivors = self.survivors;
        if survivors >= enough {
            let why = format!(
                "{survivors} of {} voters are left, and every acknowledged write is on at least one of any {enough}; \
                 the one whose log goes furthest is used.",
                self.voters
            );
            return Loss::Lossless { why };
        }
        let tail = self.seed_site.disk.known().and_then(|disk| disk.as_ref()?.copy.known());
        let tail = tail.and_then(|copy| copy.log.as_ref()).map(|log| &log.tail.entries);
        let line = |entry: &crate::offline::EntryFacts| {
            let keys: Vec<&str> = entry.keys.iter().map(|change| change.key.as_str()).collect();
            format!("index {}, term {}: {} {}", entry.index, entry.term, entry.says, keys.join(" "))
        };
        Loss::AtRisk {
            why: format!(
                "{survivors} of {} voters is left, and {enough} are needed to be certain: what the lost members \
                 acknowledged and {} had not yet received is lost. It is at term {}, index {}, revision {}.",
                self.voters,
                self.seed.label(),
                self.seed_status.raft_term,
                self.seed_status.raft_index,
                self.seed_status.revision
            ),
            entries: tail.map_or_else(Vec::new, |entries| entries.iter().map(line).collect()),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "The new cluster has another id, {}: the old members cannot join it, outvote it or confuse it.",
            self.new_cluster_id
        )];
        notes.push(if self.bump > 0 {
            format!(
                "Revisions go on {} higher, and everything below is marked compacted: watches and caches of clients \
                 are told to start again.",
                self.bump
            )
        } else {
            format!(
                "{} {} cannot raise revisions: they may go backwards for clients of a lost member. Restart every \
                 client that watches or caches.",
                self.tool.0.display(),
                self.tool.1
            )
        });
        notes.push(
            "If it is rolled back, the old server runs on its old data again, and answers no client until it has a \
             quorum: etcd opens its client port only then."
                .into(),
        );
        let left_out: Vec<String> = (self.others.iter())
            .filter(|member| !self.joiners.iter().any(|(joiner, _)| joiner.id == member.id))
            .map(|member| member.label())
            .collect();
        if !left_out.is_empty() {
            notes.push(format!(
                "Left out, because it is not known where they run: {}. Add members with `quorate member add` until \
                 there are {} again.",
                left_out.join(", "),
                self.voters
            ));
        }
        notes
    }
}
