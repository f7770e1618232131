//! The steps, in order. Each names what must be so before it, and an effect that stays so to the end of the plan.

use super::conditions::{absent, beside, exists, free, make_dir, owner, parent, undo_start, undo_stop};
use super::{Chosen, MARGIN_BYTES, Site};
use crate::facts::Member;
use crate::recover::plan::{
    Action, Condition, EtcdAction, EtcdCondition, HERE, Joiner, Phase, Restore, Step, Undo,
};
use std::path::Path;

/// Seconds that a server may take until it serves: a first start compacts what was restored.
const SERVE_S: u32 = 120;

/// All steps.
pub(super) fn steps(chosen: &Chosen<'_>) -> Vec<Step> {
    let mut list = List { chosen, steps: Vec::new() };
    list.evidence();
    list.fence();
    list.restore();
    list.swap();
    list.start();
    for (member, site) in &chosen.joiners {
        list.rejoin(member, site);
    }
    list.finish();
    list.steps
}

struct List<'a> {
    chosen: &'a Chosen<'a>,
    steps: Vec<Step>,
}

impl List<'_> {
    fn evidence(&mut self) {
        let c = self.chosen;
        let db = c.seed_status.db_size;
        self.step("keep-evidence", Phase::Triage, HERE, make_dir(&c.evidence()), |step| {
            step.what = format!("Make {} for copies and records", c.evidence().display());
            step.why = "What is copied and measured survives whatever comes.".into();
            step.pre = vec![c.stuck(), free(HERE, &c.situation.run_dir, db * 2)];
            step.effect = vec![exists(HERE, &c.evidence())];
        });
        let save = EtcdAction::SaveSnapshot {
            endpoint: c.seed_url(),
            cluster_id: c.cluster_id.clone(),
            to: c.snapshot(),
            min_revision: c.seed_status.revision,
        };
        self.step(&format!("snapshot-{}", c.seed.label()), Phase::Evidence, HERE, Action::Etcd(save), |step| {
            step.what = format!("Save a snapshot of {} to {}", c.seed.label(), c.snapshot().display());
            step.why = "A snapshot needs no quorum and holds everything this member has applied; it is verified \
                        down to every record."
                .into();
            step.pre = vec![c.stuck()];
            step.effect = vec![Condition::Etcd(EtcdCondition::Snapshot {
                path: c.snapshot(),
                min_revision: c.seed_status.revision,
            })];
        });
    }

    fn fence(&mut self) {
        let c = self.chosen;
        for (member, site) in &c.joiners {
            let record = c.record(&format!("fenced-{}", member.label()));
            let stop = Action::StopService {
                host: site.host.clone(),
                service: site.service.clone(),
                record: Some(record.clone()),
            };
            self.step(&format!("fence-{}", member.label()), Phase::Fence, &site.host, stop, |step| {
                step.what = format!("Stop {} and keep it from starting", member.label());
                step.why = "Old members that come back would serve and change the old data.".into();
                step.effect = vec![exists(HERE, &record)];
                step.effect.extend(c.gone(member, site));
                step.settle_s = 30;
                step.undo = if site.running.known() == Some(&true) {
                    undo_stop(site)
                } else {
                    Undo::NotNeeded("it did not run before".into())
                };
            });
        }
    }

    fn restore(&mut self) {
        let c = self.chosen;
        let site = c.seed_site;
        let host = site.host.as_str();
        let mut on_host = c.snapshot();
        if host != HERE {
            on_host = beside(&site.data_dir, &format!("quorate-{}.snapshot", c.situation.run_id));
            let send =
                Action::SendFile { host: host.into(), from: c.snapshot(), to: on_host.clone(), mode: 0o600 };
            self.step(&format!("send-{}", c.seed.label()), Phase::Restore, host, send, |step| {
                step.what = format!("Copy the snapshot to {}", on_host.display());
                step.why = "The restore tool reads it there.".into();
                step.pre = vec![free(host, parent(&site.data_dir), c.seed_status.db_size)];
                step.effect = vec![exists(host, &on_host)];
            });
        }
        let restore = Restore {
            host: host.into(),
            tool: c.tool.0.clone(),
            snapshot: on_host,
            name: c.seed.name.clone(),
            peer_url: c.seed.peer_urls.concat(),
            token: c.situation.token.clone(),
            dir: c.restored(),
            wal_dir: c.restored_wal(),
            bump: c.bump,
            owner: owner(site),
            cluster_id: c.new_cluster_id.clone(),
            member_id: c.new_member_id.clone(),
        };
        let restore = Action::Etcd(EtcdAction::Restore(Box::new(restore)));
        self.step(&format!("restore-{}", c.seed.label()), Phase::Restore, host, restore, |step| {
            step.what = format!("Restore it into {}, as a cluster of one", c.restored().display());
            step.why =
                "The new cluster gets an id of its own; the old data stays untouched beside it.".into();
            step.pre = vec![free(host, parent(&site.data_dir), c.seed_status.db_size + MARGIN_BYTES)];
            step.effect = vec![c.directory(&[c.restored(), site.data_dir.clone()])];
        });
        let verify = EtcdAction::VerifyDirectory {
            host: host.into(),
            dir: c.restored(),
            wal_dir: c.restored_wal(),
            snapshot: c.snapshot(),
            record: c.record("restored"),
        };
        self.step("verify-offline", Phase::Verify, host, Action::Etcd(verify), |step| {
            step.what = "Read the restored directory and compare it with the snapshot".into();
            step.why = "What is wrong with it is to be known before anything is stopped.".into();
            step.pre = vec![exists(host, &c.restored())];
            step.effect = vec![exists(HERE, &c.record("restored"))];
        });
    }

    fn swap(&mut self) {
        let c = self.chosen;
        let (site, name) = (c.seed_site, c.seed.label());
        let host = site.host.as_str();
        let stop = Action::StopService { host: host.into(), service: site.service.clone(), record: None };
        self.step(&format!("stop-{name}"), Phase::Swap, host, stop, |step| {
            step.what = format!("Stop {name}");
            step.why = "Its directory is moved. It serves no write anyway.".into();
            step.pre = vec![c.stuck(), c.still_at_snapshot()];
            step.pre.extend(c.others_silent());
            step.effect = c.gone(c.seed, site);
            step.settle_s = 30;
            step.undo = undo_stop(site);
            step.danger =
                Some("From here on serializable reads fail too, until the new cluster serves.".into());
        });
        if let (Some(wal), Some(restored)) = (&site.wal_dir, c.restored_wal()) {
            self.aside(&name, site, wal, "log");
            self.rename("swap-in-log", &name, site, &restored, wal);
        }
        self.aside(&name, site, &site.data_dir, "data");
        self.rename("swap-in", &name, site, &c.restored(), &site.data_dir);
    }

    /// Old files get another name: nothing is deleted.
    fn aside(&mut self, name: &str, site: &Site, path: &Path, what: &str) {
        let c = self.chosen;
        let aside = c.aside(path);
        let rename = Action::Rename { host: site.host.clone(), from: path.to_owned(), to: aside.clone() };
        self.step(&format!("aside-{what}-{name}"), Phase::Swap, &site.host, rename, |step| {
            step.what = format!("Rename the old {what} of {name} to {}", aside.display());
            step.why = "Nothing is deleted: the old state can be put back, or read, later.".into();
            step.pre = vec![
                Condition::ServiceStopped { host: site.host.clone(), service: site.service.clone() },
                Condition::Unlocked { host: site.host.clone(), path: site.data_dir.join("member/snap/db") },
                absent(&site.host, &aside),
            ];
            step.effect = vec![exists(&site.host, &aside)];
            step.undo = Undo::By {
                action: Box::new(Action::Rename {
                    host: site.host.clone(),
                    from: aside.clone(),
                    to: path.to_owned(),
                }),
                effect: vec![absent(&site.host, &aside)],
            };
        });
    }

    fn rename(&mut self, slug: &str, name: &str, site: &Site, from: &Path, to: &Path) {
        let c = self.chosen;
        let host = site.host.as_str();
        let rename = |from: &Path, to: &Path| Action::Rename {
            host: host.into(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let data = to == site.data_dir;
        self.step(&format!("{slug}-{name}"), Phase::Swap, host, rename(from, to), |step| {
            step.what = format!("Rename {} to {}", from.display(), to.display());
            step.why = "A rename happens whole or not at all.".into();
            step.pre = vec![exists(host, from), absent(host, to)];
            step.effect = if data {
                vec![c.directory(&[to.to_owned()])]
            } else {
                vec![exists(host, to), absent(host, from)]
            };
            step.undo = Undo::By { action: Box::new(rename(to, from)), effect: vec![exists(host, from)] };
        });
    }

    fn start(&mut self) {
        let c = self.chosen;
        let (site, name) = (c.seed_site, c.seed.label());
        let start = Action::StartService { host: site.host.clone(), service: site.service.clone() };
        self.step(&format!("start-{name}"), Phase::Start, &site.host, start, |step| {
            step.what = format!("Start {name} as the new cluster");
            step.why = "It alone is a majority of itself: reads and writes are served from here on.".into();
            step.pre = vec![c.directory(std::slice::from_ref(&site.data_dir))];
            step.pre.extend(c.others_silent());
            step.effect = vec![c.serves(c.seed_url())];
            step.settle_s = SERVE_S;
            step.undo = undo_start(site);
            step.undo_pre = vec![Condition::Etcd(EtcdCondition::OnlyOurWrites {
                endpoint: c.seed_url(),
                cluster_id: c.new_cluster_id.clone(),
                snapshot: c.snapshot(),
                bump: c.bump,
                key: c.key(),
            })];
            step.danger = Some("Once a client has written to it, this cannot be rolled back.".into());
        });
        let verify = EtcdAction::VerifyWrites {
            endpoint: c.seed_url(),
            cluster_id: c.new_cluster_id.clone(),
            key: c.key(),
            record: c.record("serving"),
        };
        self.step("verify-online", Phase::Start, HERE, Action::Etcd(verify), |step| {
            step.what = format!("Write {} and look at revision and members", c.key());
            step.why = "A server that answers need not be able to write.".into();
            step.pre = vec![c.serves(c.seed_url())];
            step.effect = vec![exists(HERE, &c.record("serving"))];
        });
        if c.seed_status.errors.iter().any(|error| error.contains("alarm")) {
            let disarm =
                EtcdAction::DisarmLeftovers { endpoint: c.seed_url(), cluster_id: c.new_cluster_id.clone() };
            self.step("disarm-alarms", Phase::Start, HERE, Action::Etcd(disarm), |step| {
                step.what = "Disarm alarms of members that do not exist any more".into();
                step.why = "Alarms survive a restore and keep the new cluster read-only.".into();
                step.effect = vec![Condition::Etcd(EtcdCondition::NoLeftoverAlarm {
                    endpoint: c.seed_url(),
                    cluster_id: c.new_cluster_id.clone(),
                })];
            });
        }
    }

    fn rejoin(&mut self, member: &Member, site: &Site) {
        let c = self.chosen;
        let (name, host) = (member.label(), site.host.as_str());
        if site.disk.known().is_none_or(Option::is_some) {
            self.aside(&name, site, &site.data_dir, "data");
        }
        if let Some(wal) = &site.wal_dir {
            self.aside(&name, site, wal, "log");
        }
        let peer_url = member.peer_urls.concat();
        let listed = |voter| {
            Condition::Etcd(EtcdCondition::Listed {
                through: c.seed_url(),
                cluster_id: c.new_cluster_id.clone(),
                peer_url: peer_url.clone(),
                voter,
            })
        };
        let add = EtcdAction::AddLearner {
            through: c.seed_url(),
            cluster_id: c.new_cluster_id.clone(),
            name: name.clone(),
            peer_url: peer_url.clone(),
        };
        self.step(&format!("add-{name}"), Phase::Rejoin, HERE, Action::Etcd(add), |step| {
            step.what = format!("Add {name} ({peer_url}) without a vote");
            step.why = "A learner is no part of the quorum: if it fails to start, writes go on.".into();
            step.pre = vec![c.serves(c.seed_url())];
            step.effect = vec![listed(false)];
            step.undo = Undo::NotNeeded("the new cluster is given up as a whole".into());
        });
        self.seed_joiner(member, site, &peer_url);
        let start = Action::StartService { host: host.into(), service: site.service.clone() };
        self.step(&format!("start-{name}"), Phase::Rejoin, host, start, |step| {
            step.what = format!("Start {name}; it fetches everything from the leader");
            step.why = "It joins empty: no old data comes back.".into();
            step.pre = vec![c.directory_of_any(site)];
            // Not that it serves: it fetches everything before that, and the leader says when it is ready for a vote.
            step.effect =
                vec![Condition::ServiceRunning { host: host.into(), service: site.service.clone() }];
            step.settle_s = SERVE_S;
            step.undo = undo_start(site);
        });
        let promote = EtcdAction::Promote {
            through: c.seed_url(),
            cluster_id: c.new_cluster_id.clone(),
            peer_url: peer_url.clone(),
        };
        self.step(&format!("promote-{name}"), Phase::Rejoin, HERE, Action::Etcd(promote), |step| {
            step.what = format!("Give {name} a vote once the server finds it ready");
            step.why = "With a vote it counts for the quorum and tolerates the loss of others.".into();
            step.pre = vec![Condition::ServiceRunning { host: host.into(), service: site.service.clone() }];
            step.effect = vec![listed(true)];
            step.undo = Undo::NotNeeded("the new cluster is given up as a whole".into());
        });
    }

    fn seed_joiner(&mut self, member: &Member, site: &Site, peer_url: &str) {
        let c = self.chosen;
        let (name, host) = (member.label(), site.host.as_str());
        let joiner = Joiner {
            host: host.into(),
            through: c.seed_url(),
            cluster_id: c.new_cluster_id.clone(),
            name: name.clone(),
            peer_url: peer_url.to_owned(),
            initial_cluster: c.initial_cluster(member),
            dir: site.data_dir.clone(),
            wal_dir: site.wal_dir.clone(),
            owner: owner(site).or_else(|| owner(c.seed_site)),
        };
        let given_up = c.given_up(&site.data_dir);
        let seed = Action::Etcd(EtcdAction::SeedJoiner(Box::new(joiner)));
        self.step(&format!("prepare-{name}"), Phase::Rejoin, host, seed, |step| {
            step.what = format!("Make {} with a log that says who {name} is", site.data_dir.display());
            step.why =
                "It is what etcd's first start writes. With it the server joins this cluster and no other, \
                        whatever its --initial-cluster says."
                    .into();
            step.pre = vec![
                absent(host, &site.data_dir),
                Condition::ServiceStopped { host: host.into(), service: site.service.clone() },
            ];
            step.effect = vec![c.directory_of_any(site)];
            step.undo = Undo::By {
                action: Box::new(Action::Rename {
                    host: host.into(),
                    from: site.data_dir.clone(),
                    to: given_up,
                }),
                effect: vec![absent(host, &site.data_dir)],
            };
        });
    }

    fn finish(&mut self) {
        let c = self.chosen;
        let mut endpoints = vec![c.seed_url()];
        endpoints.extend(c.joiners.iter().map(|(member, _)| c.url(member)));
        let whole = Condition::Etcd(EtcdCondition::Whole {
            endpoints: endpoints.clone(),
            cluster_id: c.new_cluster_id.clone(),
            voters: endpoints.len(),
        });
        let verify = EtcdAction::VerifyWhole {
            endpoints,
            cluster_id: c.new_cluster_id.clone(),
            record: c.record("whole"),
        };
        self.step("verify-whole", Phase::Finish, HERE, Action::Etcd(verify), |step| {
            step.what = "Compare the data of all members".into();
            step.why = "Every member must hold the same, at the same revision.".into();
            step.effect = vec![exists(HERE, &c.record("whole")), whole];
            step.settle_s = SERVE_S;
        });
        let (endpoint, cluster_id, key) = (c.seed_url(), c.new_cluster_id.clone(), c.key());
        let delete = EtcdAction::DeleteKey {
            endpoint: endpoint.clone(),
            cluster_id: cluster_id.clone(),
            key: key.clone(),
        };
        self.step("remove-scratch-key", Phase::Finish, HERE, Action::Etcd(delete), |step| {
            step.what = format!("Delete {}", c.key());
            step.why = "It was only for this run.".into();
            step.effect = vec![Condition::Etcd(EtcdCondition::KeyAbsent { endpoint, cluster_id, key })];
        });
        let min_revision = c.seed_status.revision + c.bump;
        let save = EtcdAction::SaveSnapshot {
            endpoint: c.seed_url(),
            cluster_id: c.new_cluster_id.clone(),
            to: c.fresh(),
            min_revision,
        };
        self.step("snapshot-new", Phase::Finish, HERE, Action::Etcd(save), |step| {
            step.what = format!("Save a snapshot of the new cluster to {}", c.fresh().display());
            step.why = "Older backups are of the old cluster.".into();
            step.effect = vec![Condition::Etcd(EtcdCondition::Snapshot { path: c.fresh(), min_revision })];
        });
    }

    fn step(&mut self, slug: &str, phase: Phase, host: &str, action: Action, fill: impl FnOnce(&mut Step)) {
        let mut step = Step::new(self.steps.len() + 1, slug, phase, host, action);
        fill(&mut step);
        self.steps.push(step);
    }
}
