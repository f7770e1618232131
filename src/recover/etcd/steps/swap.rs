//! The new data beside the old, then in its place, then served.

use super::super::conditions::{absent, beside, exists, free, owner, parent, undo_start, undo_stop};
use super::super::source::Method;
use super::super::{MARGIN_BYTES, Site};
use super::{List, SERVE_S};
use crate::recover::plan::{Action, Condition, EtcdAction, EtcdCondition, HERE, Phase, Restore, Undo};
use std::path::Path;

impl List<'_> {
    pub(super) fn restore(&mut self) {
        let c = self.chosen;
        let site = c.seed.site;
        let host = site.host.as_str();
        let mut on_host = c.snapshot();
        if host != HERE {
            on_host = beside(&site.data_dir, &format!("quorate-{}.snapshot", c.situation.run_id));
            let send =
                Action::SendFile { host: host.into(), from: c.snapshot(), to: on_host.clone(), mode: 0o600 };
            self.step(&format!("send-{}", c.seed.member.label()), Phase::Restore, host, send, |step| {
                step.what = format!("Copy the snapshot to {}", on_host.display());
                step.why = "The restore tool reads it there.".into();
                step.pre = vec![free(host, parent(&site.data_dir), c.source().db_bytes())];
                step.effect = vec![exists(host, &on_host)];
            });
        }
        let restore = Restore {
            host: host.into(),
            tool: c.tool.0.clone(),
            snapshot: on_host,
            name: c.seed.member.name.clone(),
            peer_url: c.seed.member.peer_urls.concat(),
            token: c.situation.token.clone(),
            dir: c.restored(),
            wal_dir: c.restored_wal(),
            bump: c.bump,
            owner: owner(site),
            cluster_id: c.new_cluster_id.clone(),
            member_id: c.new_member_id.clone(),
        };
        let restore = Action::Etcd(EtcdAction::Restore(Box::new(restore)));
        self.step(&format!("restore-{}", c.seed.member.label()), Phase::Restore, host, restore, |step| {
            step.what = format!("Restore it into {}, as a cluster of one", c.restored().display());
            step.why =
                "The new cluster gets an id of its own; the old data stays untouched beside it.".into();
            step.pre = vec![free(host, parent(&site.data_dir), c.source().db_bytes() + MARGIN_BYTES)];
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

    pub(super) fn swap(&mut self) {
        let c = self.chosen;
        let (site, name) = (c.seed.site, c.seed.member.label());
        if !c.is_held() {
            self.stop_seed();
        }
        if let Some(wal) = site.wal_dir.as_ref().filter(|_| site.wal_is_there) {
            self.aside(&name, site, wal, "log");
        }
        if site.disk.known().is_none_or(Option::is_some) {
            self.aside(&name, site, &site.data_dir, "data");
        }
        if let (Some(wal), Some(restored)) = (&site.wal_dir, c.restored_wal()) {
            self.rename("swap-in-log", &name, site, &restored, wal);
        }
        self.rename("swap-in", &name, site, &c.restored(), &site.data_dir);
    }

    fn stop_seed(&mut self) {
        let c = self.chosen;
        let (site, name) = (c.seed.site, c.seed.member.label());
        let host = site.host.as_str();
        let stop = Action::StopService { host: host.into(), service: site.service.clone(), record: None };
        self.step(&format!("stop-{name}"), Phase::Swap, host, stop, |step| {
            step.what = format!("Stop {name}");
            step.why = "Its directory is moved. It serves no write anyway.".into();
            step.pre = vec![c.stuck()];
            if c.method == Method::Live && c.source().member.id == c.seed.member.id {
                step.pre.push(c.still_at_snapshot());
            }
            step.pre.extend(c.others_silent());
            step.effect = c.gone(c.seed.member, site);
            step.settle_s = 30;
            step.undo = undo_stop(site);
            step.danger =
                Some("From here on serializable reads fail too, until the new cluster serves.".into());
        });
    }

    /// Old files get another name: nothing is deleted.
    pub(super) fn aside(&mut self, name: &str, site: &Site, path: &Path, what: &str) {
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
            if data {
                // Asked once more when the server has stopped: a client may have written until then.
                step.undo_pre = vec![c.only_our_writes()];
            }
        });
    }

    pub(super) fn start(&mut self) {
        let c = self.chosen;
        let (site, name) = (c.seed.site, c.seed.member.label());
        let start = Action::StartService { host: site.host.clone(), service: site.service.clone() };
        self.step(&format!("start-{name}"), Phase::Start, &site.host, start, |step| {
            step.what = format!("Start {name} as the new cluster");
            step.why = "It alone is a majority of itself: reads and writes are served from here on.".into();
            step.pre = vec![c.directory(std::slice::from_ref(&site.data_dir))];
            step.pre.extend(c.others_silent());
            step.effect = vec![c.serves(c.seed_url())];
            step.settle_s = SERVE_S;
            step.undo = undo_start(site);
            step.undo_pre = vec![c.only_our_writes()];
            step.danger = Some("Once a client has written to it, this cannot be rolled back.".into());
        });
        if c.source().is_full() {
            self.make_room();
        }
        if c.source().has_alarms() {
            let disarm =
                EtcdAction::DisarmLeftovers { endpoint: c.seed_url(), cluster_id: c.new_cluster_id.clone() };
            // Before the first write, which an alarm for space would refuse.
            self.step("disarm-alarms", Phase::Start, HERE, Action::Etcd(disarm), |step| {
                step.what = "Disarm alarms of members that do not exist any more".into();
                step.why = "Alarms survive a restore and keep the new cluster read-only.".into();
                step.effect = vec![Condition::Etcd(EtcdCondition::NoLeftoverAlarm {
                    endpoint: c.seed_url(),
                    cluster_id: c.new_cluster_id.clone(),
                })];
            });
        }
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
    }
    /// The quota counts the file, not what is in use: without this the next write raises the alarm again.
    fn make_room(&mut self) {
        let c = self.chosen;
        let record = c.record("defragmented");
        let shrink = EtcdAction::MakeRoom {
            endpoint: c.seed_url(),
            cluster_id: c.new_cluster_id.clone(),
            record: record.clone(),
        };
        self.step("make-room", Phase::Start, HERE, Action::Etcd(shrink), |step| {
            step.what = "Drop old revisions and defragment the database".into();
            step.why = "The quota counts the whole file: the next write would raise the alarm again.".into();
            step.pre = vec![c.serves(c.seed_url())];
            step.effect = vec![exists(HERE, &record)];
        });
    }
}
