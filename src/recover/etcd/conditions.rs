//! Names and conditions that several steps share.

use super::{Chosen, Place, Site};
use crate::facts::Member;
use crate::host::service::Standing;
use crate::recover::plan::{
    Action, Condition, Directory, EtcdCondition, HERE, HostSpec, OnlyOurWrites, Ownership, Undo,
};
use std::path::{Path, PathBuf};

impl Chosen<'_> {
    pub(super) fn evidence(&self) -> PathBuf {
        self.situation.run_dir.join("evidence")
    }

    pub(super) fn snapshot(&self) -> PathBuf {
        self.evidence().join("before.db")
    }

    pub(super) fn fresh(&self) -> PathBuf {
        self.evidence().join("after.db")
    }

    pub(super) fn record(&self, of: &str) -> PathBuf {
        self.evidence().join(format!("{of}.json"))
    }

    pub(super) fn key(&self) -> String {
        format!("quorate/recover/{}", self.situation.run_id)
    }

    pub(super) fn aside(&self, path: &Path) -> PathBuf {
        beside(path, &format!("quorate-{}", self.situation.run_id))
    }

    pub(super) fn restored(&self) -> PathBuf {
        beside(&self.seed.site.data_dir, &format!("quorate-{}.new", self.situation.run_id))
    }

    pub(super) fn restored_wal(&self) -> Option<PathBuf> {
        let wal = self.seed.site.wal_dir.as_deref()?;
        Some(beside(wal, &format!("quorate-{}.new", self.situation.run_id)))
    }

    /// Where the files of a stopped member are worked on: on its own machine if that is this one, else in a copy here.
    pub(super) fn files(&self, at: Place<'_>) -> Files {
        let site = at.site;
        if site.spec == HostSpec::Local {
            let run = &self.situation.run_id;
            return Files {
                host: site.host.clone(),
                data: site.data_dir.clone(),
                log: site.wal_dir.clone().unwrap_or_else(|| site.data_dir.join("member/wal")),
                replayed: beside(&site.data_dir, &format!("quorate-{run}.replay")),
                replayed_log: beside(&site.data_dir, &format!("quorate-{run}.replay-log")),
            };
        }
        let here = |what: &str| self.evidence().join(format!("{what}-{}", at.member.label()));
        let data = here("data");
        Files {
            host: HERE.into(),
            log: if site.wal_dir.is_some() { here("log") } else { data.join("member/wal") },
            data,
            replayed: here("replay"),
            replayed_log: here("replay-log"),
        }
    }

    pub(super) fn given_up(&self, path: &Path) -> PathBuf {
        beside(path, &format!("quorate-{}.given-up", self.situation.run_id))
    }

    pub(super) fn url(&self, member: &Member) -> String {
        let asked = member.endpoint.clone();
        asked.or_else(|| member.client_urls.first().cloned()).unwrap_or_default()
    }

    pub(super) fn seed_url(&self) -> String {
        self.url(self.seed.member)
    }

    /// Every member once this one is added: those before it in the plan, and itself.
    pub(super) fn initial_cluster(&self, member: &Member) -> String {
        let mut members: Vec<&Member> = vec![self.seed.member];
        for (joiner, _) in &self.joiners {
            members.push(joiner);
            if joiner.id == member.id {
                break;
            }
        }
        let pairs: Vec<String> =
            members.iter().map(|m| format!("{}={}", m.label(), m.peer_urls.concat())).collect();
        pairs.join(",")
    }

    pub(super) fn stuck(&self) -> Condition {
        let members = &self.common.members;
        Condition::Etcd(EtcdCondition::Stuck {
            endpoints: members.iter().filter(|m| m.voter).map(|m| self.url(m)).collect(),
            cluster_id: self.cluster_id.clone(),
            needed: self.needed,
        })
    }

    /// Whether the seed is stopped already when its directory is to be moved.
    pub(super) fn is_held(&self) -> bool {
        self.method.is_cold() && self.source().member.id == self.seed.member.id
    }

    pub(super) fn still_at_snapshot(&self) -> Condition {
        Condition::Etcd(EtcdCondition::StillAt {
            endpoint: self.seed_url(),
            cluster_id: self.cluster_id.clone(),
            snapshot: self.snapshot(),
        })
    }

    /// No member but the seed serves as the old cluster.
    pub(super) fn others_silent(&self) -> Vec<Condition> {
        let held = self.others.iter().copied().filter(|member| self.joins(member));
        self.silent(held, true).into_iter().chain(self.left_out_silent()).collect()
    }

    /// No member that does not join serves as the old cluster. Those that join are held, and their directories are new.
    pub(super) fn left_out_silent(&self) -> Option<Condition> {
        self.silent(self.others.iter().copied().filter(|member| !self.joins(member)), false)
    }

    fn joins(&self, member: &Member) -> bool {
        self.joiners.iter().any(|(joiner, _)| joiner.id == member.id)
    }

    fn silent<'m>(&self, members: impl Iterator<Item = &'m Member>, held: bool) -> Option<Condition> {
        let urls: Vec<String> = members.flat_map(|member| self.urls(member)).collect();
        let cluster_id = self.cluster_id.clone();
        (!urls.is_empty()).then_some(Condition::Etcd(EtcdCondition::Silent { urls, cluster_id, held }))
    }

    pub(super) fn urls(&self, member: &Member) -> Vec<String> {
        let mut urls = vec![self.url(member)];
        urls.extend(member.peer_urls.iter().cloned());
        urls
    }

    /// The old server is no more.
    pub(super) fn gone(&self, member: &Member, site: &Site) -> Vec<Condition> {
        let silent = EtcdCondition::Silent {
            urls: self.urls(member),
            cluster_id: self.cluster_id.clone(),
            held: true,
        };
        let mut gone = vec![Condition::Etcd(silent)];
        gone.extend(site.process.map(|(pid, started_ticks)| Condition::ProcessGone {
            host: site.host.clone(),
            pid,
            started_ticks,
        }));
        gone
    }

    /// What going back would lose.
    pub(super) fn only_our_writes(&self) -> Condition {
        let site = self.seed.site;
        Condition::Etcd(EtcdCondition::OnlyOurWrites(OnlyOurWrites {
            endpoint: self.seed_url(),
            cluster_id: self.new_cluster_id.clone(),
            snapshot: self.snapshot(),
            bump: self.bump,
            key: self.key(),
            at: Some(Directory {
                host: site.host.clone(),
                dir: site.data_dir.clone(),
                wal_dir: site.wal_dir.clone(),
            }),
            record: Some(self.record("serving")),
        }))
    }

    pub(super) fn serves(&self, endpoint: String) -> Condition {
        Condition::Etcd(EtcdCondition::Serves { endpoint, cluster_id: self.new_cluster_id.clone() })
    }

    pub(super) fn directory(&self, at: &[PathBuf]) -> Condition {
        let wal = self.seed.site.wal_dir.clone().zip(self.restored_wal());
        let wal_at = wal.map(|(wal, restored)| vec![restored, wal]).unwrap_or_default();
        Condition::Etcd(EtcdCondition::DirectoryOf {
            host: self.seed.site.host.clone(),
            at: at.to_vec(),
            wal_at,
            cluster_id: self.new_cluster_id.clone(),
            member_id: Some(self.new_member_id.clone()),
        })
    }

    pub(super) fn directory_of_any(&self, site: &Site) -> Condition {
        Condition::Etcd(EtcdCondition::DirectoryOf {
            host: site.host.clone(),
            at: vec![site.data_dir.clone()],
            wal_at: site.wal_dir.iter().cloned().collect(),
            cluster_id: self.new_cluster_id.clone(),
            member_id: None,
        })
    }
}

/// The files of a stopped member, on the machine where they are worked on.
pub(super) struct Files {
    pub(super) host: String,
    pub(super) data: PathBuf,
    /// The directory of the log.
    pub(super) log: PathBuf,
    /// The copy that is replayed.
    pub(super) replayed: PathBuf,
    /// Its log.
    pub(super) replayed_log: PathBuf,
}

pub(super) fn undo_stop(site: &Site) -> Undo {
    let service = || (site.host.clone(), site.service.clone());
    let ((host, service), (on, of)) = (service(), service());
    Undo::By {
        action: Box::new(Action::StartService { host, service }),
        effect: vec![Condition::ServiceRunning { host: on, service: of }],
    }
}

/// Of a server that did not run before it was held: it may start again, and is not started.
pub(super) fn undo_hold(site: &Site) -> Undo {
    match &site.service.standing {
        Standing::Unit(word) if !word.starts_with("masked") => {}
        Standing::Manifest { in_place: true } => {}
        _ => return Undo::NotNeeded("it did not run before, and nothing held it".into()),
    }
    let service = || (site.host.clone(), site.service.clone());
    let ((host, service), (on, of)) = (service(), service());
    Undo::By {
        action: Box::new(Action::ReleaseService { host, service }),
        effect: vec![Condition::ServiceReleased { host: on, service: of }],
    }
}

pub(super) fn undo_start(site: &Site) -> Undo {
    let service = || (site.host.clone(), site.service.clone());
    let ((host, service), (on, of)) = (service(), service());
    Undo::By {
        action: Box::new(Action::StopService { host, service, record: None }),
        effect: vec![Condition::ServiceStopped { host: on, service: of }],
    }
}

pub(super) fn owner(site: &Site) -> Option<Ownership> {
    site.disk.known().and_then(|disk| disk.as_ref().map(|disk| disk.owner))
}

pub(super) fn make_dir(path: &Path) -> Action {
    Action::MakeDir { host: HERE.into(), path: path.to_owned(), mode: 0o700 }
}

pub(super) fn exists(host: &str, path: &Path) -> Condition {
    Condition::PathExists { host: host.into(), path: path.to_owned() }
}

pub(super) fn absent(host: &str, path: &Path) -> Condition {
    Condition::PathAbsent { host: host.into(), path: path.to_owned() }
}

pub(super) fn free(host: &str, path: &Path, bytes: u64) -> Condition {
    Condition::FreeSpace { host: host.into(), path: path.to_owned(), bytes }
}

pub(super) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// `/var/lib/etcd` → `/var/lib/etcd.SUFFIX`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}
