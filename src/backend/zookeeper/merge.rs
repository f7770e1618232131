//! What was told, made into facts. Members that disagree keep their own answers.

use super::collect::Harvest;
use super::look::{Core, Look};
use super::roll::{Roll, declared, listed, own_list, standalone};
use super::session::SessionLook;
use super::{Zookeeper, window};
use crate::backend::Ask;
use crate::backend::state::{self, LastRun};
use crate::facts::*;
use crate::listener::certificate;
use std::collections::BTreeMap;

/// Under which name a target's last run is kept.
pub(super) fn state_key(zookeeper: &Zookeeper) -> String {
    format!("zookeeper-{}", zookeeper.target.name)
}

pub(super) fn facts(zookeeper: &Zookeeper, ask: &Ask, duration_ms: f64, harvest: Harvest) -> Facts {
    let Harvest { looks, roll, unseen, mut peers, quorum_port, earlier, last } = harvest;
    let led = Led::of(&looks, &roll);
    let of_root = |of: fn(&SessionLook) -> &Observed<bool>| {
        let told = || looks.iter().map(|look| of(&look.session));
        told().find(|told| told.known().is_some()).or(told().next()).cloned().unwrap_or_default()
    };
    let (root_open, root_digest) =
        (of_root(|session| &session.root_open), of_root(|session| &session.root_digest));
    let natives: Vec<ZookeeperMember> =
        looks.iter().enumerate().map(|(at, look)| native(at, look, &roll, &earlier, last.as_ref())).collect();
    let mut members: Vec<Member> = roll
        .members
        .iter()
        .map(|(key, listed)| {
            let at = roll.looks.get(key).copied();
            let mut member = member(
                zookeeper,
                key,
                listed,
                at.map(|at| (&looks[at], &natives[at])),
                unseen.get(key),
                &roll,
                &led,
            );
            if let Some(look) = at.map(|at| &looks[at]).filter(|_| member.reachable) {
                member.listeners = look.listeners.clone();
                member.listeners.extend(peers.remove(&look.address.authority()));
            }
            member
        })
        .collect();
    members.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    let common = CommonFacts {
        backend: BackendKind::Zookeeper,
        endpoints: looks.iter().enumerate().map(|(at, look)| endpoint(at, look, &roll)).collect(),
        // An ensemble has no id of its own.
        cluster_ids: Vec::new(),
        views: views(zookeeper, &looks, &roll),
        members,
        own_certificate: own_certificate(zookeeper),
        zones_declared: zookeeper.target.members.values().any(|m| m.zone.is_some()),
        backups: None,
        data_dirs: BTreeMap::new(),
        drills: None,
        membership: roll.source.clone(),
        votes: roll.votes.clone(),
    };
    if let (Some(dir), Observed::Known(MembershipSource::Cluster)) = (&ask.state_dir, &common.membership) {
        // A window is all that is lost when this cannot be written.
        let _ = state::save(dir, &state_key(zookeeper), &remember(ask, &roll, &natives));
    }
    Facts {
        format: FACTS_FORMAT,
        quorate: env!("CARGO_PKG_VERSION").into(),
        cluster: zookeeper.target.name.clone(),
        taken_at: ask.now,
        duration_ms,
        common,
        native: NativeFacts::Zookeeper(ZookeeperFacts {
            members: natives,
            addresses_given: zookeeper.addresses.len(),
            root_open,
            root_digest,
            quorum_port,
        }),
    }
}

/// Who leads, by key and epoch.
struct Led {
    leaders: Vec<(String, u64)>,
    /// Whether a session was opened anywhere and the ensemble's counter moved with it.
    committed: bool,
    /// Voters that did not answer.
    silent: Vec<String>,
}

impl Led {
    fn of(looks: &[Look], roll: &Roll) -> Led {
        let of = |(key, at): (&String, &usize)| {
            let srvr = looks[*at].latest().filter(|s| s.mode == "leader" || s.mode == "standalone")?;
            Some((key.clone(), srvr.zxid >> 32))
        };
        let moved = |look: &Look| look.latest().map(|s| s.zxid) > look.srvr().map(|s| s.zxid);
        Led {
            leaders: roll.looks.iter().filter_map(of).collect(),
            committed: looks.iter().any(moved),
            silent: roll
                .members
                .iter()
                .filter(|(key, member)| {
                    member.voter && roll.looks.get(*key).is_none_or(|at| looks[*at].core.is_err())
                })
                .map(|(key, _)| key.clone())
                .collect(),
        }
    }

    /// What a server that serves sees as its leader. Each epoch has one leader; a follower that has not yet applied a
    /// transaction of the new epoch still tells an older one.
    fn seen_by(&self, look: &Look, roll: &Roll, looked: &dyn Fn(&str) -> bool) -> Observed<Option<String>> {
        let Some(srvr) = look.latest() else { return Observed::Known(None) };
        if let Some(leader) = look.admin.admin.known().and_then(|admin| admin.leader.as_ref()) {
            let key = roll.key(leader);
            // A leader that is gone is still named for a while.
            if self.leaders.iter().any(|(known, _)| *known == key) || !looked(&key) {
                return Observed::Known(Some(key));
            }
        }
        let epoch = srvr.zxid >> 32;
        let same = self.leaders.iter().find(|(_, of)| *of == epoch);
        let newest = || self.leaders.iter().max_by_key(|(_, of)| *of).filter(|(_, of)| *of > epoch);
        if let Some((leader, _)) = same.or_else(newest) {
            return Observed::Known(Some(leader.clone()));
        }
        Observed::unknown("it follows, and its leader did not answer")
    }
}

fn member(
    zookeeper: &Zookeeper,
    key: &str,
    listed: &ListedMember,
    found: Option<(&Look, &ZookeeperMember)>,
    unseen: Option<&Trouble>,
    roll: &Roll,
    led: &Led,
) -> Member {
    let foreign = found.is_some_and(|(look, _)| standalone(look)) && roll.members.len() > 1;
    let answered = found.filter(|(look, _)| look.core.is_ok() && !foreign);
    let look = answered.map(|(look, _)| look);
    let srvr = look.and_then(Look::latest);
    let read = look.map_or_else(unanswered, |look| quorum_read(look, led));
    let in_vain = matches!(&read, Observed::Known(QuorumRead::Failed { refused: false, .. }));
    let was_looked_at = |key: &str| roll.looks.contains_key(key);
    let leader = match (look, srvr) {
        (None, _) => unanswered(),
        (Some(look), None) if matches!(look.core, Ok(Core::Mute)) => {
            Observed::unknown("srvr is not in its whitelist")
        }
        (Some(_), None) => Observed::Known(None),
        (Some(_), Some(srvr)) if srvr.read_only => Observed::Known(None),
        (Some(_), Some(srvr)) if matches!(srvr.mode.as_str(), "leader" | "standalone") => {
            Observed::Known(Some(key.to_owned()))
        }
        (Some(look), Some(_)) => {
            let seen = led.seen_by(look, roll, &was_looked_at);
            // What it follows has not answered us, but what it forwards is committed: there is a leader.
            match (&seen, &read) {
                (Observed::Unknown(_), Observed::Known(QuorumRead::Served { .. })) => {
                    Observed::Known(Some(by_elimination(led)))
                }
                (Observed::Unknown(_), Observed::Unknown(_)) if !in_vain => {
                    Observed::Known(Some(by_elimination(led)))
                }
                _ => seen,
            }
        }
    };
    let at_place = listed.client_urls.first();
    Member {
        id: key.to_owned(),
        name: listed.name.clone(),
        voter: listed.voter,
        started: true,
        role: role(listed, look, srvr),
        client_urls: listed.client_urls.clone(),
        peer_urls: listed.peer_urls.clone(),
        endpoint: found.map(|(look, _)| look.address.authority()).or_else(|| at_place.cloned()),
        trouble: match found {
            _ if answered.is_some() => None,
            Some(_) if foreign => {
                Some(Trouble::new(TroubleKind::WrongService, "a standalone server answers on its address"))
            }
            Some((look, _)) => look.core.as_ref().err().cloned(),
            None => unseen.cloned(),
        },
        reachable: answered.is_some(),
        zone: at_place.and_then(|place| declared(zookeeper, place)).and_then(|(_, m)| m.zone.clone()),
        version: match srvr {
            Some(srvr) => Observed::Known(srvr.version.clone()),
            None if look.is_some() => {
                Observed::unknown("a server that does not serve does not tell its version")
            }
            None => unanswered(),
        },
        leader,
        term: match srvr {
            Some(srvr) => Observed::Known(srvr.zxid >> 32),
            None => unanswered(),
        },
        quorum_read: read,
        log_sync: answered.map_or_else(unanswered, |(_, native)| {
            native.metrics.and_then(|metrics| window::log_sync(metrics, &native.window))
        }),
        store_commit: Observed::unknown("ZooKeeper keeps its znodes in memory"),
        clock: look.map_or_else(unanswered, |look| look.admin.clock.clone()),
        listeners: Vec::new(),
    }
}

fn unanswered<T>() -> Observed<T> {
    Observed::unknown("the member did not answer")
}

/// A session that was opened is a transaction, unless sessions are local: then no server's counter has moved.
fn quorum_read(look: &Look, led: &Led) -> Observed<QuorumRead> {
    match &look.session.read {
        Observed::Known(QuorumRead::Served { .. }) if !led.committed && look.again.known().is_some() => {
            Observed::unknown(
                "a session was opened, but the ensemble committed nothing for it: sessions are local",
            )
        }
        // What a connection and an answer cost without the ensemble is no part of the commit.
        Observed::Known(QuorumRead::Served { ms }) => {
            Observed::Known(QuorumRead::Served { ms: (ms - look.ms).max(0.1) })
        }
        read => read.clone(),
    }
}

/// The leader that followers must have: the only voter that did not answer, else one of those.
fn by_elimination(led: &Led) -> String {
    match led.silent.as_slice() {
        [only] => only.clone(),
        _ => "a server that did not answer".to_owned(),
    }
}

fn role(listed: &ListedMember, look: Option<&Look>, srvr: Option<&ZookeeperSrvr>) -> Role {
    match (look, srvr.map(|s| s.mode.as_str())) {
        _ if !listed.voter => Role::Learner,
        (None, _) => Role::Unknown,
        (Some(look), _) if matches!(look.core, Ok(Core::Mute)) => Role::Unknown,
        (Some(_), Some("leader" | "standalone")) => Role::Leader,
        (Some(_), Some("follower")) => Role::Follower,
        (Some(_), Some("observer")) => Role::Learner,
        (Some(_), _) => Role::Leaderless,
    }
}

fn endpoint(at: usize, look: &Look, roll: &Roll) -> Endpoint {
    let key = roll.looks.iter().find(|(_, found)| **found == at).map(|(key, _)| key.clone());
    Endpoint {
        url: look.address.authority(),
        origin: look.origin,
        reach: match &look.core {
            Ok(_) => Reach::Answered { ms: look.ms },
            Err(trouble) => Reach::Failed(trouble.clone()),
        },
        member_id: key.filter(|_| look.core.is_ok()),
        cluster_id: None,
    }
}

/// Each server's own list, under the keys of the roll.
fn views(zookeeper: &Zookeeper, looks: &[Look], roll: &Roll) -> Vec<MembershipView> {
    let view = |(key, at): (&String, &usize)| {
        let look = looks.get(*at).filter(|look| look.core.is_ok())?;
        if standalone(look) {
            // Its own list is itself; in an ensemble it has no say.
            let members = roll.members.clone();
            let alone = members.len() == 1;
            return alone.then(|| MembershipView {
                source: key.clone(),
                interface: "client".into(),
                members,
            });
        }
        let list = look.session.config.known()?;
        let members = list.servers.iter().map(|(id, server)| {
            let key = roll.key(id);
            let of = roll.looks.get(&key).and_then(|at| looks.get(*at));
            let unsure = key != *id;
            let named = listed(zookeeper, id, server, of, unsure);
            (key, named)
        });
        Some(MembershipView { source: key.clone(), interface: "client".into(), members: members.collect() })
    };
    roll.looks.iter().filter_map(view).collect()
}

fn native(
    at: usize,
    look: &Look,
    roll: &Roll,
    earlier: &BTreeMap<String, ZookeeperMetrics>,
    last: Option<&LastRun>,
) -> ZookeeperMember {
    let key =
        roll.looks.iter().find(|(_, found)| **found == at).map(|(key, _)| key.clone()).unwrap_or_default();
    let authority = look.address.authority();
    let name = roll.members.get(&key).map(|m| m.name.clone()).unwrap_or_default();
    let why = match &look.core {
        Ok(Core::Serving(_)) => String::new(),
        Ok(Core::NotServing) => "it is not currently serving requests".into(),
        Ok(Core::Mute) => "srvr is not in its whitelist".into(),
        Err(trouble) => trouble.to_string(),
    };
    let measured = earlier.get(&authority);
    let then = measured.or_else(|| last?.zookeeper_metrics.get(&authority));
    ZookeeperMember {
        id: key,
        name,
        endpoint: authority.clone(),
        not_serving: matches!(look.core, Ok(Core::NotServing)),
        srvr: Observed::or_unknown(look.latest().cloned(), &why),
        zxid: Observed::or_unknown(look.latest().map(|s| s.zxid), &why),
        zxid_before: Observed::or_unknown(look.srvr().map(|s| s.zxid), &why),
        config: own_list(look).map(|list| (*list).clone()),
        window: look.metrics.and_then(|now| window::grown(now, then, measured.is_some())),
        metrics: look.metrics.clone(),
        settings: settings(look),
        admin: look.admin.admin.clone(),
        answers_any_word: look.any_word.clone(),
        snapshot: snapshot(look),
        here: look.here.here.clone(),
    }
}

/// The file itself, where it is seen: an AdminServer does not always tell when it was written.
fn snapshot(look: &Look) -> Observed<ZookeeperSnapshot> {
    match look.here.here.known().and_then(|here| here.snapshot) {
        Some(file) => Observed::Known(file),
        None => look.admin.snapshot.clone(),
    }
}

/// Of each kind the best source: what the running server tells, then what its machine shows.
fn settings(look: &Look) -> ZookeeperSettings {
    let first = |best: &Observed<BTreeMap<String, String>>, other: &Observed<BTreeMap<String, String>>| match (
        best, other,
    ) {
        (Observed::Unknown(_), Observed::Known(_)) => other.clone(),
        _ => best.clone(),
    };
    ZookeeperSettings {
        properties: first(&look.admin.properties, &look.here.properties),
        running: first(&look.conf, &look.admin.running),
        // What neither tells is seen from the machine alone.
        file: match (&look.admin.initial, &look.here.file) {
            (Observed::Unknown(_), Observed::Unknown(_)) if !look.here.elsewhere => look.here.file.clone(),
            (initial, here) => first(initial, here),
        },
        expected: look.admin.expected,
    }
}

/// The client certificate we present. One that cannot be read would not have been loaded.
fn own_certificate(zookeeper: &Zookeeper) -> Option<OwnCertificate> {
    let certificate = certificate::read(zookeeper.material.own_leaf()?).ok()?;
    let path = zookeeper.material.cert_path.as_ref()?.display().to_string();
    Some(OwnCertificate { path, certificate })
}

fn remember(ask: &Ask, roll: &Roll, natives: &[ZookeeperMember]) -> LastRun {
    let metrics = natives.iter().filter_map(|n| Some((n.endpoint.clone(), n.metrics.known()?.clone())));
    LastRun {
        taken_at: Some(ask.now),
        members: roll.members.clone(),
        votes: roll.votes.clone(),
        zookeeper_metrics: metrics.collect(),
        ..LastRun::default()
    }
}
