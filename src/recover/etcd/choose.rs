//! Which data the new cluster begins with, where it begins, and what forbids it.

use super::source::{Method, Survivor};
use super::{Backup, Chosen, Place, Refusal, Rule, Site, Situation, fits};
use crate::facts::{CommonFacts, EtcdFacts, Member};
use crate::quorum::{self, QuorumState};
use crate::recover::identity;
use std::cmp::Reverse;

pub(super) fn choose<'a>(situation: &'a Situation, common: &'a CommonFacts) -> Result<Chosen<'a>, Refusal> {
    let etcd = situation.facts.native.etcd().ok_or_else(|| undecided("these are not etcd's facts"))?;
    if let Some(backup) = &situation.backup {
        backup.is_whole()?;
    }
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
    let cluster_id =
        match (common.cluster_ids.as_slice(), situation.backup.as_ref().and_then(Backup::cluster)) {
            ([id], _) => id.clone(),
            ([], Some(id)) => id,
            ([], None) => return Err(no_survivor()),
            _ => return Err(undecided("the endpoints do not all belong to one cluster")),
        };
    let cluster_id = &cluster_id;
    let assumed = assumed(situation, common)?;
    let found = survivors(situation, common, etcd, cluster_id)?;
    prove_lost(situation, common, &found, &assumed, quorum.needed)?;
    let (mut survivors, damaged): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|survivor| survivor.damage().is_none());
    if let Some(backup) = &situation.backup {
        backup.suits(situation, common, &survivors)?;
    }
    if survivors.is_empty() && situation.backup.is_none() {
        return Err(none_fit(&damaged));
    }
    let (seed, seed_site) = seed(situation, common, &survivors, &assumed)?;
    if let Some(backup) = &situation.backup {
        survivors =
            vec![Survivor { member: seed, site: Some(seed_site), status: None, copy: Some(&backup.copy) }];
    }
    let source = survivors.first().ok_or_else(no_survivor)?;
    let method = match &situation.backup {
        Some(_) => Method::File,
        None => source.method(
            etcd.auth_enabled.known() == Some(&true),
            situation.has_certificate,
            &situation.program_here,
        )?,
    };
    let tool = fits::fits(situation, source, &method, seed, seed_site)?;
    fits::can_log_in(situation, source, etcd)?;
    let [_] = seed.peer_urls.as_slice() else {
        return Err(Refusal::unsupported(format!("member {} has several peer URLs", seed.label())));
    };
    let new_member = identity::member_id(&seed.peer_urls, &situation.token);
    let others: Vec<&Member> = common.members.iter().filter(|m| m.id != seed.id).collect();
    let joiners = others.iter().filter_map(|member| {
        let site = situation.sites.get(&member.name)?;
        (site.running.known().is_some() && member.peer_urls.len() == 1).then_some((*member, site))
    });
    Ok(Chosen {
        situation,
        common,
        cluster_id: cluster_id.clone(),
        new_cluster_id: format!("{:x}", identity::cluster_id(&[new_member])),
        new_member_id: format!("{new_member:x}"),
        alone_id: format!("{:x}", identity::cluster_id(&[identity::member_id(&[], &situation.token)])),
        seed: Place { member: seed, site: seed_site },
        bump: if can_bump(&tool.1) { situation.bump } else { 0 },
        tool,
        joiners: joiners.collect(),
        others,
        assumed,
        needed: quorum.needed,
        voters: quorum.voters,
        method,
        survivors,
        damaged,
    })
}

/// Voters whose data is left: those that answer, and those whose directory is whole. The one whose log goes furthest is
/// first: by term, then by index, as raft compares logs; never by size or revision.
fn survivors<'a>(
    situation: &'a Situation,
    common: &'a CommonFacts,
    etcd: &'a EtcdFacts,
    cluster_id: &str,
) -> Result<Vec<Survivor<'a>>, Refusal> {
    let mut found = Vec::new();
    for member in common.members.iter().filter(|member| member.voter) {
        let status = etcd.answered(common).find(|(m, _, _)| m.id == member.id).map(|(_, _, status)| status);
        let site = situation.sites.get(&member.name);
        let copy = site.and_then(|site| site.disk.known()?.as_ref()?.copy.known()).map(AsRef::as_ref);
        if let (Some(own), Some(_)) = (copy.and_then(|copy| copy.identity.as_ref()), status)
            && (own.cluster != cluster_id || own.member != member.id)
        {
            return Err(Refusal::new(
                Rule::NoSite,
                format!(
                    "the data directory declared for {} is that of member {} of cluster {}",
                    member.label(),
                    own.member,
                    own.cluster
                ),
                "Correct `data_dir` of that member in the config file.",
            ));
        }
        let survivor = Survivor { member, site, status, copy };
        if status.is_some() || survivor.is_whole(cluster_id) {
            found.push(survivor);
        }
    }
    found.sort_by_key(|survivor| Reverse((survivor.last(), survivor.applied(), survivor.status.is_some())));
    Ok(found)
}

fn no_survivor() -> Refusal {
    Refusal::new(
        Rule::NoSurvivor,
        "no voter answers, and no voter's disk could be read",
        "Declare host, data_dir and service of a member whose disk is left in the config file; \
         `quorate inspect --survivors DIR…` says which disk goes furthest. If none is left, give a backup with \
         `--snapshot FILE`.",
    )
}

/// Every voter that is left is damaged.
fn none_fit(damaged: &[Survivor<'_>]) -> Refusal {
    let Some((survivor, damage)) = damaged.iter().find_map(|one| Some((one, one.damage()?))) else {
        return no_survivor();
    };
    let name = survivor.member.label();
    Refusal::new(
        Rule::NoSurvivor,
        format!(
            "the database of {name} is damaged ({}: {}), and no other voter is left: a snapshot of it would be damaged too",
            damage.place, damage.what
        ),
        format!(
            "Declare host, data_dir and service of a member whose disk is left in the config file: its files are used with its \
             server stopped. If none is left, give a backup with `--snapshot FILE`; `quorate inspect {}` says what of {name} \
             can still be read.",
            damage.file.strip_suffix("/member/snap/db").unwrap_or(&damage.file)
        ),
    )
}

fn assumed<'a>(situation: &Situation, common: &'a CommonFacts) -> Result<Vec<&'a Member>, Refusal> {
    let members = &common.members;
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

/// Members that do not answer must be shown to be stopped, and not to be easily brought back to a quorum.
fn prove_lost(
    situation: &Situation,
    common: &CommonFacts,
    survivors: &[Survivor<'_>],
    assumed: &[&Member],
    needed: usize,
) -> Result<(), Refusal> {
    let vouched = |member: &Member| assumed.iter().any(|a| a.id == member.id);
    let silent = || common.members.iter().filter(|member| !member.reachable && !vouched(member));
    let can_vote = |member: &&Member| {
        let whole = survivors.iter().any(|survivor| survivor.member.id == member.id);
        member.voter && (whole || situation.sites.get(&member.name).is_some_and(Site::is_unread))
    };
    let answering = survivors.iter().filter(|survivor| survivor.status.is_some()).count();
    // With their disks the cluster has a quorum again: that costs no data.
    let enough = answering + silent().filter(can_vote).count() >= needed;
    for member in silent() {
        let (name, site) = (member.label(), situation.sites.get(&member.name));
        let whole = survivors.iter().any(|survivor| survivor.member.id == member.id);
        match site.and_then(|site| site.running.known()) {
            Some(true) if !whole || enough => {
                return Err(Refusal::new(
                    Rule::RunsSilent,
                    format!("the server of {name} runs on its host, though it does not answer here"),
                    "Repair it or what is between: its network, its certificates, its disk. That costs no data.",
                ));
            }
            Some(false) if can_vote(&member) && enough => return Err(can_be_started(&name, whole)),
            Some(_) => {}
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
    }
    held(situation, common)?;
    // A statement does not outweigh what can be seen.
    let runs = |member: &&&Member| {
        let site = situation.sites.get(&member.name);
        !member.reachable && site.and_then(|site| site.running.known()) == Some(&true)
    };
    if let Some(member) = assumed.iter().find(runs) {
        return Err(Refusal::new(
            Rule::RunsSilent,
            format!("the server of {} runs on its host, though it does not answer here", member.label()),
            "Stop it, or repair what is between: that costs no data.",
        ));
    }
    Ok(())
}

/// A server that runs beside its service cannot be stopped by it, and would go on with data that is moved away.
fn held(situation: &Situation, common: &CommonFacts) -> Result<(), Refusal> {
    let held = common.members.iter().find_map(|member| {
        let site = situation.sites.get(&member.name)?;
        Some((member.label(), &site.data_dir, site.held.as_ref()?))
    });
    let Some((name, dir, by)) = held else { return Ok(()) };
    Err(Refusal::new(
        Rule::NotProvenDead,
        format!(
            "the service of {name} says that it does not run, and {by} holds {}: a server runs on it",
            dir.display()
        ),
        "Stop that process, or correct `service` of that member in the config file so that it is known to it.",
    ))
}

fn can_be_started(name: &str, whole: bool) -> Refusal {
    let is = if whole { "is whole" } else { "could not be read from here, and may be whole" };
    Refusal::new(
        Rule::CanBeStarted,
        format!("{name} is stopped, and its data directory {is}"),
        format!(
            "Start its server: with it the cluster may have a quorum again, and nothing is lost. If it cannot be \
             started, say so with `--assume-dead {name}`."
        ),
    )
}

/// Where the new cluster begins: at the member whose data is used, unless its server cannot run.
fn seed<'a>(
    situation: &'a Situation,
    common: &'a CommonFacts,
    survivors: &[Survivor<'a>],
    assumed: &[&Member],
) -> Result<(&'a Member, &'a Site), Refusal> {
    let fit = |member: &&Member| !assumed.iter().any(|dead| dead.id == member.id);
    let by_log = survivors.iter().map(|survivor| survivor.member);
    let member =
        by_log.chain(common.members.iter().filter(|m| situation.sites.contains_key(&m.name))).find(fit);
    let member = member.ok_or_else(|| {
        Refusal::new(
            Rule::NoSite,
            "every member whose host is known is said to be dead",
            "Declare host, data_dir and service of a member that can run in the config file.",
        )
    })?;
    let site = situation.sites.get(&member.name).ok_or_else(|| {
        Refusal::new(
            Rule::NoSite,
            format!("it is not known where the server of {} runs and how it is stopped", member.label()),
            "Add `host`, `data_dir` and `service` of that member to the config file.",
        )
    })?;
    Ok((member, site))
}

/// `--bump-revision` is there from 3.4.27, 3.5.10 and 3.6.0 on.
fn can_bump(version: &str) -> bool {
    let numbers = fits::numbers(version);
    match numbers.as_slice() {
        [3, 4, patch, ..] => *patch >= 27,
        [3, 5, patch, ..] => *patch >= 10,
        _ => numbers >= vec![3, 6],
    }
}

pub(super) fn undecided(why: &str) -> Refusal {
    Refusal::new(Rule::Undecided, why, "See `quorate check` for what is missing.")
}

impl Method {
    /// Whether the data is taken from files, with the server stopped before.
    pub(super) fn is_cold(&self) -> bool {
        !matches!(self, Method::Live)
    }
}
