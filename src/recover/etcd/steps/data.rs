//! How everything that a member holds gets into a snapshot.

use super::super::conditions::{Files, absent, exists, free, parent};
use super::super::source::Method;
use super::super::{Backup, Place, fits};
use super::List;
use crate::recover::plan::{
    Action, Condition, DecideLog, EtcdAction, EtcdCondition, HERE, HostSpec, Phase, Replay,
};
use std::path::PathBuf;

impl List<'_> {
    /// What the running server has applied.
    pub(super) fn live(&mut self) {
        let c = self.chosen;
        let save = EtcdAction::SaveSnapshot {
            endpoint: c.url(c.source().member),
            cluster_id: c.cluster_id.clone(),
            to: c.snapshot(),
            min_revision: c.source().revision(),
        };
        self.step(&format!("snapshot-{}", c.source().member.label()), Phase::Evidence, HERE, Action::Etcd(save), |step| {
            step.what = format!("Save a snapshot of {} to {}", c.source().member.label(), c.snapshot().display());
            step.why = "A snapshot needs no quorum and holds everything this member has applied; it is verified \
                        down to every record."
                .into();
            step.pre = vec![c.stuck()];
            step.effect = vec![Condition::Etcd(EtcdCondition::Snapshot {
                path: c.snapshot(),
                min_revision: c.source().revision(),
            })];
        });
    }

    /// What a stopped server's files hold: its database, or that of a copy which has applied the whole log.
    pub(super) fn stopped(&mut self) {
        let c = self.chosen;
        let Some(site) = c.source().site.filter(|_| c.method.is_cold()) else { return };
        let at = Place { member: c.source().member, site };
        // Where it is another member's place that the new cluster begins at, that one has been stopped with the others.
        if at.member.id == c.seed.member.id {
            self.hold(at.member, site, "Its files are read, and its directory is moved later.");
        }
        if let Some(backup) = &c.situation.backup {
            return self.backup(backup);
        }
        let files = c.files(at);
        if site.spec != HostSpec::Local {
            self.fetch(at, &files);
        }
        let database = match &c.method {
            Method::Replay { last, program } => {
                self.copy(at, &files);
                self.decide(at, &files, last.term, last.index);
                self.replay(at, &files, program.clone(), last.index);
                &files.replayed
            }
            Method::Live | Method::Cold | Method::File => &files.data,
        };
        self.seal(at, &files, database.join("member/snap/db"));
    }

    /// Everything that is worked on is worked on here, and stays with this run as it was there.
    fn fetch(&mut self, at: Place<'_>, files: &Files) {
        let c = self.chosen;
        let (site, name) = (at.site, at.member.label());
        let mut parts = vec![("data", site.data_dir.join("member"), files.data.join("member"))];
        parts.extend(site.wal_dir.iter().map(|wal| ("log", wal.clone(), files.log.clone())));
        for (what, from, to) in parts {
            let fetch = Action::FetchTree { host: site.host.clone(), from: from.clone(), to: to.clone() };
            self.step(&format!("fetch-{what}-{name}"), Phase::Restore, &site.host, fetch, |step| {
                step.what = format!("Copy {} of {} to {} here", from.display(), site.host, to.display());
                step.why =
                    "It is read and worked on where quorate runs; every file is hashed on both sides.".into();
                step.pre = self_stopped(at);
                step.pre.push(free(HERE, &c.situation.run_dir, fits::fetched_bytes(c.source(), &c.method)));
                step.pre.push(absent(HERE, &to));
                step.effect = vec![exists(HERE, &to)];
            });
        }
    }

    /// The file as it was when the plan was made, whoever prunes backups meanwhile.
    fn backup(&mut self, backup: &Backup) {
        let c = self.chosen;
        let (from, to, min_revision) = (backup.path.clone(), c.snapshot(), c.source().revision());
        let copy = Action::CopyTree { host: HERE.into(), from: from.clone(), to: to.clone() };
        self.step("take-snapshot", Phase::Restore, HERE, copy, |step| {
            step.what = format!("Copy {} to {}", from.display(), to.display());
            step.why = "It is verified down to every record, and kept with this run.".into();
            step.pre = vec![absent(HERE, &to)];
            step.pre.extend(backup.sha256().map(|sha256| Condition::Hash {
                host: HERE.into(),
                path: from.clone(),
                sha256: sha256.to_owned(),
            }));
            step.effect = vec![Condition::Etcd(EtcdCondition::Snapshot { path: to.clone(), min_revision })];
        });
    }

    fn copy(&mut self, at: Place<'_>, files: &Files) {
        let c = self.chosen;
        let (host, dir, to) = (&files.host, &files.data, files.replayed.clone());
        let copy = Action::CopyTree { host: host.clone(), from: dir.clone(), to: to.clone() };
        self.step(&format!("copy-{}", at.member.label()), Phase::Restore, host, copy, |step| {
            step.what = format!("Copy {} to {}", dir.display(), to.display());
            step.why =
                "What applies the rest of the log works on a copy: the original stays as it is.".into();
            step.pre = self_stopped(at);
            step.pre.push(free(host, parent(dir), fits::replay_bytes(c.source(), &c.method)));
            step.pre.push(absent(host, &to));
            step.effect = vec![exists(host, &to)];
        });
    }

    fn decide(&mut self, at: Place<'_>, files: &Files, last_term: u64, last_index: u64) {
        let c = self.chosen;
        let (host, from, to) = (&files.host, files.log.clone(), files.replayed_log.clone());
        let decide = DecideLog {
            host: host.clone(),
            from: from.clone(),
            to: to.clone(),
            cluster_id: c.cluster_id.clone(),
            member_id: at.member.id.clone(),
            alone_id: c.alone_id.clone(),
            last_term,
            last_index,
        };
        let decide = Action::Etcd(EtcdAction::DecideLog(Box::new(decide)));
        self.step(&format!("decide-{}", at.member.label()), Phase::Restore, host, decide, |step| {
            step.what = format!(
                "Write the log of {} once more to {}, with every entry up to {last_index} decided",
                from.display(),
                to.display()
            );
            step.why = "The member with the longest log decides what is in it, as a new leader would. The copy gets a \
                        cluster id of its own: whoever comes back, it speaks with nobody."
                .into();
            step.pre = self_stopped(at);
            step.effect = vec![Condition::Etcd(EtcdCondition::DirectoryOf {
                host: host.clone(),
                at: vec![to.clone()],
                wal_at: vec![to.clone()],
                cluster_id: c.alone_id.clone(),
                member_id: Some(at.member.id.clone()),
            })];
        });
    }

    fn replay(&mut self, at: Place<'_>, files: &Files, program: PathBuf, last_index: u64) {
        let c = self.chosen;
        let (host, dir, log) = (&files.host, files.replayed.clone(), files.replayed_log.clone());
        let record = c.record("replayed");
        let replay = Replay {
            host: host.clone(),
            program,
            name: at.member.name.clone(),
            dir: dir.clone(),
            wal_dir: log.clone(),
            last_index,
            record: record.clone(),
        };
        let replay = Action::Etcd(EtcdAction::Replay(Box::new(replay)));
        self.step(&format!("replay-{}", at.member.label()), Phase::Restore, host, replay, |step| {
            step.what =
                format!("Start a server on {} until it has applied {last_index}, and stop it", dir.display());
            step.why =
                "Only the server itself knows how its entries are applied. It listens on no port of the \
                        cluster, and ends with this step."
                    .into();
            step.pre = vec![exists(host, &dir), exists(host, &log)];
            step.effect = vec![exists(HERE, &record)];
        });
    }

    fn seal(&mut self, at: Place<'_>, files: &Files, from: PathBuf) {
        let c = self.chosen;
        let min_revision = c.source().revision();
        let name = at.member.label();
        let seal = EtcdAction::SealDatabase {
            host: files.host.clone(),
            from: from.clone(),
            to: c.snapshot(),
            min_revision,
        };
        self.step(&format!("snapshot-{name}"), Phase::Restore, &files.host, Action::Etcd(seal), |step| {
            step.what = format!("Make the snapshot {} of {}", c.snapshot().display(), from.display());
            step.why = "A stopped server's database with its digest behind it is what a server would have sent; it is \
                        verified down to every record."
                .into();
            step.pre = self_stopped(at);
            step.pre.push(exists(&files.host, &from));
            step.effect = vec![Condition::Etcd(EtcdCondition::Snapshot { path: c.snapshot(), min_revision })];
        });
    }
}

/// The server whose files are read does not run, whoever started it.
fn self_stopped(at: Place<'_>) -> Vec<Condition> {
    let (host, db) = (at.site.host.clone(), at.site.data_dir.join("member/snap/db"));
    vec![
        Condition::ServiceStopped { host: host.clone(), service: at.site.service.clone() },
        Condition::Unlocked { host, path: db },
    ]
}
