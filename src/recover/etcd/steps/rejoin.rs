//! The other members, one at a time, and the end.

use super::super::Site;
use super::super::conditions::{absent, exists, owner, undo_start};
use super::{List, SERVE_S};
use crate::facts::Member;
use crate::recover::plan::{Action, Condition, EtcdAction, EtcdCondition, HERE, Joiner, Phase, Undo};

impl List<'_> {
    pub(super) fn rejoin(&mut self, member: &Member, site: &Site) {
        let c = self.chosen;
        let (name, host) = (member.label(), site.host.as_str());
        if site.disk.known().is_none_or(Option::is_some) {
            self.aside(&name, site, &site.data_dir, "data");
        }
        if let Some(wal) = site.wal_dir.as_ref().filter(|_| site.wal_is_there) {
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
            owner: owner(site).or_else(|| owner(c.seed.site)),
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

    pub(super) fn finish(&mut self) {
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
            // Who could not be held may have come back meanwhile, as a second cluster with the old data.
            step.pre.extend(c.left_out_silent());
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
        // What raises the revision counts from the last row, which may have been compacted away.
        let min_revision = if c.bump > 0 { c.bump } else { c.source().revision() };
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
}
