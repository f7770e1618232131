//! A model of hosts and of an etcd cluster, on which plans are carried out in tests, with requests and answers that get
//! lost.

use super::etcd::{self, Disk, Site, Situation};
use super::executor::{Hands, Truth};
use super::journal::{JournalError, Tape};
use super::plan::{
    Action, Condition, EtcdAction, EtcdCondition, HERE, HostSpec, Manager, Ownership, Plan, ServiceSpec,
    TraceSpec,
};
use crate::backend::Looking;
use crate::consent::{Consent, Question};
use crate::facts::{
    BackendKind, CommonFacts, EtcdFacts, EtcdMember, EtcdStatus, FACTS_FORMAT, Facts, Member,
    MembershipSource, NativeFacts, Observed, Trouble, TroubleKind, VoteRule,
};
use crate::host::service::Standing;
use crate::transport::Deadline;
use jiff::Timestamp;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

/// The lost cluster of every test.
pub(super) const OLD: &str = "aaaa";

/// Three members, of which `n1` is left.
pub(super) fn situation() -> Situation {
    let members = ["n1", "n2", "n3"].map(member);
    let native = EtcdMember {
        id: "1".into(),
        name: "n1".into(),
        endpoint: "http://n1:2379".into(),
        status: Observed::Known(EtcdStatus {
            version: "3.6.16".into(),
            cluster_id: OLD.into(),
            member_id: "1".into(),
            revision: 100,
            db_size: 1 << 20,
            raft_term: 3,
            raft_index: 120,
            raft_applied: 120,
            ..EtcdStatus::default()
        }),
        ..EtcdMember::default()
    };
    let sites = members.iter().map(|member| (member.name.clone(), site(&member.name)));
    Situation {
        run_id: "r1".into(),
        now: Timestamp::UNIX_EPOCH,
        quorate: "0".into(),
        cluster: "prod".into(),
        token: "token".into(),
        run_dir: "/state/r1".into(),
        run_dir_free: Observed::Known(1 << 40),
        program_here: Observed::unknown("not asked"),
        sites: sites.collect(),
        facts: Facts {
            format: FACTS_FORMAT,
            quorate: "0".into(),
            cluster: "prod".into(),
            taken_at: Timestamp::UNIX_EPOCH,
            duration_ms: 1.0,
            common: CommonFacts {
                backend: BackendKind::Etcd,
                endpoints: Vec::new(),
                cluster_ids: vec![OLD.into()],
                members: members.to_vec(),
                membership: Observed::Known(MembershipSource::Cluster),
                views: Vec::new(),
                own_certificate: None,
                zones_declared: false,
                backups: None,
                data_dirs: Default::default(),
                votes: VoteRule::Majority,
                drills: None,
            },
            native: NativeFacts::Etcd(EtcdFacts {
                members: vec![native],
                kubernetes: Observed::unknown("not asked"),
                auth_enabled: Observed::Known(false),
                hashes: Observed::unknown("not asked"),
                login_refused: None,
                remembered: None,
            }),
        },
        assumed_dead: Vec::new(),
        has_login: false,
        has_certificate: false,
        backup: None,
        bump: 1000,
    }
}

/// The plan for it.
pub(super) fn plan() -> Plan {
    etcd::plan(&situation()).expect("a plan")
}

/// Consent, as a test gives it.
pub(super) fn consent() -> Consent {
    let question = Question { what: "", word: "w", yes: true };
    Consent::obtain(question, |_| Ok(None)).expect("agreed")
}

/// A journal in memory.
#[derive(Debug, Clone, Default)]
pub(super) struct MemoryTape(Rc<RefCell<Vec<u8>>>);

impl MemoryTape {
    pub(super) fn holding(bytes: &[u8]) -> MemoryTape {
        MemoryTape(Rc::new(RefCell::new(bytes.to_vec())))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.borrow().clone()
    }
}

impl Tape for MemoryTape {
    fn read(&mut self) -> Result<Vec<u8>, JournalError> {
        Ok(self.bytes())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn cut(&mut self, length: u64) -> Result<(), JournalError> {
        self.0.borrow_mut().truncate(length as usize);
        Ok(())
    }
}

/// What happens to the n-th action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// It never arrives.
    RequestLost(usize),
    /// It is done, and nobody hears of it.
    AnswerLost(usize),
}

/// Hosts and clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct World {
    /// What is at a path: the cluster that the directory belongs to, or empty for anything else.
    pub(super) paths: BTreeMap<PathBuf, String>,
    /// Paths whose service runs.
    pub(super) running: BTreeSet<PathBuf>,
    /// Paths whose service is kept from starting.
    pub(super) held: BTreeSet<PathBuf>,
    /// Peer URLs of the new cluster's members, and whether they vote.
    pub(super) listed: BTreeMap<String, bool>,
    /// Whether the run's own key exists.
    pub(super) key: bool,
    /// Writes of clients to the new cluster.
    pub(super) client_writes: u64,
}

impl World {
    /// As the situation has it: n1 runs, n2 and n3 are dead and their disks are not whole.
    pub(super) fn stuck() -> World {
        let data = |name: &str| PathBuf::from(format!("/data/{name}"));
        World {
            paths: ["n1", "n2", "n3"].map(|name| (data(name), OLD.to_owned())).into(),
            running: [data("n1")].into(),
            held: BTreeSet::new(),
            listed: BTreeMap::new(),
            key: false,
            client_writes: 0,
        }
    }

    /// The cluster that a member serves, by any of its URLs.
    fn served(&self, url: &str) -> Option<String> {
        let name = url.strip_prefix("http://")?.split(':').next()?;
        let dir = PathBuf::from(format!("/data/{name}"));
        self.running.contains(&dir).then(|| self.paths.get(&dir).cloned()).flatten()
    }
}

/// Hands that act on a model.
pub(super) struct Model {
    pub(super) world: RefCell<World>,
    pub(super) mishap: Option<Mishap>,
    acted: Cell<usize>,
}

impl Model {
    pub(super) fn new(world: World, mishap: Option<Mishap>) -> Model {
        Model { world: RefCell::new(world), mishap, acted: Cell::new(0) }
    }

    /// Actions carried out or lost so far.
    pub(super) fn acted(&self) -> usize {
        self.acted.get()
    }
}

impl Hands for Model {
    fn holds<'a>(&'a self, condition: &'a Condition) -> Looking<'a, Truth> {
        let is = holds(&self.world.borrow(), condition);
        Box::pin(async move { if is { Truth::Yes } else { Truth::No("it is not".into()) } })
    }

    fn perform<'a>(&'a self, action: &'a Action, _: &'a Consent) -> Looking<'a, Result<(), String>> {
        let number = self.acted.get();
        self.acted.set(number + 1);
        let done = match self.mishap {
            Some(Mishap::RequestLost(at)) if at == number => Err("lost".to_owned()),
            Some(Mishap::AnswerLost(at)) if at == number => {
                let _ = perform(&mut self.world.borrow_mut(), action);
                Err("lost".to_owned())
            }
            _ => perform(&mut self.world.borrow_mut(), action),
        };
        Box::pin(async move { done })
    }

    fn at_rest<'a>(&'a self, _: &'a Action) -> Looking<'a, Truth> {
        Box::pin(async { Truth::Yes })
    }

    fn wait<'a>(&'a self, _: Deadline) -> Looking<'a, bool> {
        Box::pin(async { false })
    }
}

fn holds(world: &World, condition: &Condition) -> bool {
    let there = |path: &PathBuf| world.paths.contains_key(path);
    let runs = |service: &ServiceSpec| world.running.contains(&service.trace.path);
    match condition {
        Condition::PathExists { path, .. } => there(path),
        Condition::PathAbsent { path, .. } => !there(path),
        Condition::Hash { .. } | Condition::FreeSpace { .. } | Condition::SameFileSystem { .. } => true,
        Condition::Unlocked { path, .. } => !world.running.iter().any(|dir| path.starts_with(dir)),
        Condition::ServiceStopped { service, .. } => !runs(service),
        Condition::ServiceRunning { service, .. } => runs(service),
        Condition::ServiceReleased { service, .. } => !world.held.contains(&service.trace.path),
        // The only process that a plan knows is n1's old one.
        Condition::ProcessGone { .. } => world.served("http://n1:2379").as_deref() != Some(OLD),
        Condition::PortSilent { .. } => true,
        Condition::Etcd(condition) => holds_etcd(world, condition),
    }
}

fn holds_etcd(world: &World, condition: &EtcdCondition) -> bool {
    let serves = |url: &String, cluster: &String| world.served(url).as_ref() == Some(cluster);
    match condition {
        EtcdCondition::Stuck { .. } | EtcdCondition::NoLeftoverAlarm { .. } => true,
        EtcdCondition::Silent { urls, cluster_id, .. } => !urls.iter().any(|url| serves(url, cluster_id)),
        EtcdCondition::Snapshot { path, .. } => world.paths.contains_key(path),
        EtcdCondition::StillAt { endpoint, cluster_id, .. } => serves(endpoint, cluster_id),
        EtcdCondition::DirectoryOf { at, cluster_id, .. } => {
            at.iter().any(|path| world.paths.get(path) == Some(cluster_id))
        }
        EtcdCondition::Serves { endpoint, cluster_id } => serves(endpoint, cluster_id),
        EtcdCondition::Listed { through, cluster_id, peer_url, voter } => {
            let vote = world.listed.get(peer_url);
            serves(through, cluster_id) && vote.is_some_and(|has| *has || !voter)
        }
        EtcdCondition::OnlyOurWrites(_) => world.client_writes == 0,
        EtcdCondition::Whole { endpoints, cluster_id, .. } => {
            endpoints.iter().all(|url| serves(url, cluster_id)) && world.listed.values().all(|vote| *vote)
        }
        EtcdCondition::KeyAbsent { .. } => !world.key,
    }
}

fn perform(world: &mut World, action: &Action) -> Result<(), String> {
    let new = |world: &mut World, path: &PathBuf, what: &str| {
        if world.paths.contains_key(path) {
            return Err(format!("{} exists", path.display()));
        }
        world.paths.insert(path.clone(), what.to_owned());
        Ok(())
    };
    match action {
        Action::MakeDir { path, .. } | Action::WriteFile { path, .. } => new(world, path, ""),
        Action::Rename { from, to, .. } => {
            let what = world.paths.get(from).cloned().ok_or("there is nothing to rename")?;
            new(world, to, &what)?;
            world.paths.remove(from);
            Ok(())
        }
        Action::CopyTree { to, .. } | Action::FetchTree { to, .. } | Action::SendFile { to, .. } => {
            new(world, to, "")
        }
        Action::Run { .. } => Ok(()),
        Action::StopService { service, record, .. } => {
            world.running.remove(&service.trace.path);
            world.held.insert(service.trace.path.clone());
            record.iter().try_for_each(|record| new(world, record, ""))
        }
        Action::StartService { service, .. } => {
            world.running.insert(service.trace.path.clone());
            world.held.remove(&service.trace.path);
            Ok(())
        }
        Action::ReleaseService { service, .. } => {
            world.held.remove(&service.trace.path);
            Ok(())
        }
        Action::Etcd(action) => match action {
            EtcdAction::SaveSnapshot { to, .. } | EtcdAction::SealDatabase { to, .. } => new(world, to, ""),
            EtcdAction::DecideLog(decide) => new(world, &decide.to, &decide.alone_id),
            EtcdAction::Replay(replay) => new(world, &replay.record, ""),
            EtcdAction::Restore(restore) => new(world, &restore.dir, &restore.cluster_id),
            EtcdAction::VerifyDirectory { record, .. }
            | EtcdAction::VerifyWhole { record, .. }
            | EtcdAction::MakeRoom { record, .. } => new(world, record, ""),
            EtcdAction::VerifyWrites { record, .. } => {
                world.key = true;
                new(world, record, "")
            }
            EtcdAction::DisarmLeftovers { .. } => Ok(()),
            EtcdAction::AddLearner { peer_url, .. } => match world.listed.insert(peer_url.clone(), false) {
                None => Ok(()),
                Some(_) => Err("it is a member already".into()),
            },
            EtcdAction::SeedJoiner(joiner) => new(world, &joiner.dir, &joiner.cluster_id),
            EtcdAction::Promote { peer_url, .. } => match world.listed.insert(peer_url.clone(), true) {
                Some(false) => Ok(()),
                _ => Err("it is no learner".into()),
            },
            EtcdAction::DeleteKey { .. } => {
                world.key = false;
                Ok(())
            }
        },
    }
}

fn member(name: &str) -> Member {
    let alive = name == "n1";
    Member {
        id: name.trim_start_matches('n').to_owned(),
        name: name.to_owned(),
        voter: true,
        started: true,
        client_urls: vec![format!("http://{name}:2379")],
        peer_urls: vec![format!("http://{name}:2380")],
        endpoint: Some(format!("http://{name}:2379")),
        trouble: (!alive).then(|| Trouble::new(TroubleKind::ConnectionRefused, "")),
        reachable: alive,
        version: Observed::Known("3.6.16".into()),
        leader: if alive { Observed::Known(None) } else { Observed::unknown("dead") },
        ..Member::default()
    }
}

fn site(name: &str) -> Site {
    let path = PathBuf::from(format!("/data/{name}"));
    Site {
        host: HERE.into(),
        spec: HostSpec::Local,
        service: ServiceSpec {
            manager: Manager::Systemd(format!("etcd-{name}")),
            standing: Standing::Unit("enabled".into()),
            trace: TraceSpec { program: "etcd".into(), path: path.clone() },
        },
        running: Observed::Known(name == "n1"),
        held: None,
        process: (name == "n1").then_some((42, 7)),
        data_dir: path,
        wal_dir: None,
        wal_is_there: false,
        disk: Observed::Known(Some(Disk {
            db_bytes: 1 << 20,
            owner: Ownership { uid: 0, gid: 0, mode: 0o700 },
            copy: Observed::unknown("damaged"),
        })),
        free: Observed::Known(1 << 40),
        program: Observed::Known(("/bin/etcd".into(), "3.6.16".into())),
        tool: Observed::Known(("/bin/etcdutl".into(), "3.6.16".into())),
    }
}
