//! What is done to an etcd cluster.

use super::snapshot::seal;
use super::{LOOK, POLL, RealHands, SERVICE, WORK, said};
use crate::backend::membership::{Membership, NewMember, Setback};
use crate::consent::Consent;
use crate::facts::Trouble;
use crate::recover::plan::EtcdAction;
use crate::transport::Deadline;
use futures_util::future::join_all;
use std::future::Future;
use std::path::Path;

/// Looks in a row at which nothing more was dropped.
const STANDS_STILL: u32 = 20;

/// How often hashes are asked for while members move on.
const TRIES: usize = 5;

impl RealHands {
    pub(super) async fn perform_etcd(&self, action: &EtcdAction, consent: &Consent) -> Result<(), String> {
        let look = Deadline::after(LOOK);
        match action {
            EtcdAction::SaveSnapshot { endpoint, cluster_id, to, min_revision } => {
                self.save(endpoint, cluster_id, to, *min_revision).await
            }
            EtcdAction::DecideLog(decide) => self.decide(decide, consent).await,
            EtcdAction::Replay(replay) => self.replay(replay, consent).await,
            EtcdAction::SealDatabase { host, from, to, min_revision } => {
                if !self.is_local(host) {
                    return Err("a database can only be read on this machine".into());
                }
                seal(from, to, *min_revision)
            }
            EtcdAction::Restore(restore) => self.restore(restore, consent).await,
            EtcdAction::VerifyDirectory { host, dir, wal_dir, snapshot, record } => {
                self.verify_directory(host, dir, wal_dir.as_deref(), snapshot, record, consent).await
            }
            EtcdAction::VerifyWrites { endpoint, cluster_id, key, record } => {
                self.belongs_to(endpoint, cluster_id).await?;
                let wrote = self.etcd.write_and_read(endpoint, key, "1", look).await;
                let version = wrote.map_err(|trouble| advised(&trouble))?;
                let status = self.etcd.status_of(endpoint, look).await.map_err(said)?;
                let found = serde_json::json!({ "cluster_id": status.cluster_id, "member_id": status.member_id,
                    "version": status.version, "revision": status.revision, "scratch_writes": version });
                self.write_record(record, &found, consent).await
            }
            EtcdAction::MakeRoom { endpoint, cluster_id, record } => {
                self.belongs_to(endpoint, cluster_id).await?;
                let found = self.make_room(endpoint).await?;
                self.write_record(record, &found, consent).await
            }
            EtcdAction::DisarmLeftovers { endpoint, cluster_id } => {
                self.belongs_to(endpoint, cluster_id).await?;
                for member in self.leftovers(endpoint, look).await? {
                    self.etcd.disarm(endpoint, &member, look).await.map_err(said)?;
                }
                Ok(())
            }
            EtcdAction::AddLearner { through, cluster_id, peer_url, .. } => {
                self.belongs_to(through, cluster_id).await?;
                let urls = [peer_url.clone()];
                let member = NewMember { peer_urls: &urls, learner: true };
                until_agreed(|| async {
                    let added = self.etcd.add(consent, through, member, Deadline::after(LOOK)).await;
                    added.map(drop)
                })
                .await
            }
            EtcdAction::SeedJoiner(joiner) => self.seed_joiner(joiner, consent).await,
            EtcdAction::Promote { through, cluster_id, peer_url } => {
                let (cluster, members) = self.etcd.members_of(through, look).await.map_err(said)?;
                let member = members.iter().find(|member| member.peer_urls.contains(peer_url));
                let member = member.filter(|_| cluster == *cluster_id);
                let member = member.ok_or_else(|| format!("{peer_url} is no member of {cluster_id}"))?;
                until_agreed(|| async {
                    self.etcd.promote(consent, through, &member.id, Deadline::after(LOOK)).await
                })
                .await
            }
            EtcdAction::VerifyWhole { endpoints, record, .. } => {
                self.compare(endpoints, record, consent).await
            }
            EtcdAction::DeleteKey { endpoint, cluster_id, key } => {
                self.belongs_to(endpoint, cluster_id).await?;
                self.etcd.delete(endpoint, key, look).await.map_err(said)
            }
        }
    }

    /// Nothing is ever done to another cluster than the one that is meant.
    async fn belongs_to(&self, endpoint: &str, cluster_id: &str) -> Result<(), String> {
        let status = self.etcd.status_of(endpoint, Deadline::after(LOOK)).await.map_err(said)?;
        if status.cluster_id == cluster_id {
            return Ok(());
        }
        Err(format!("{endpoint} belongs to cluster {}, not {cluster_id}", status.cluster_id))
    }

    /// The quota counts the whole file, so old revisions are dropped and their pages given back.
    async fn make_room(&self, endpoint: &str) -> Result<serde_json::Value, String> {
        let look = || Deadline::after(LOOK);
        let work = Deadline::after(WORK);
        let before = self.etcd.status_of(endpoint, look()).await.map_err(said)?;
        self.etcd.drop_history(endpoint, before.revision, work).await.map_err(said)?;
        // What a restore marked compacted is dropped by the server on its own account, after its start.
        let (mut used, mut still) = (before.db_in_use, 0);
        while still < STANDS_STILL && !work.left().is_zero() {
            tokio::time::sleep(POLL).await;
            let now = self.etcd.status_of(endpoint, look()).await.map_err(said)?.db_in_use;
            still = if now == used { still + 1 } else { 0 };
            used = now;
        }
        self.etcd.defragment(endpoint, work).await.map_err(said)?;
        let after = self.etcd.status_of(endpoint, look()).await.map_err(said)?;
        Ok(serde_json::json!({ "before": before.db_size, "after": after.db_size, "quota": after.quota }))
    }

    /// A member that has joined may open its client port seconds after it got its vote: etcd first publishes the member's
    /// name through the log, and if that entry reaches it inside the leader's snapshot, it tries again after 7 s.
    async fn until_all_serve(&self, endpoints: &[String]) -> Result<(), String> {
        let limit = Deadline::after(SERVICE);
        for endpoint in endpoints {
            while let Err(trouble) = self.etcd.status_of(endpoint, Deadline::after(LOOK)).await {
                if limit.left().is_zero() {
                    return Err(format!("{endpoint}: {trouble}"));
                }
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }

    /// Hashes of all members at the lowest revision that all have, once all of them serve.
    async fn compare(&self, endpoints: &[String], record: &Path, consent: &Consent) -> Result<(), String> {
        self.until_all_serve(endpoints).await?;
        let mut last = String::new();
        for _ in 0..TRIES {
            let look = Deadline::after(LOOK);
            let asked = endpoints.iter().map(|endpoint| self.etcd.status_of(endpoint, look));
            let answers: Result<Vec<_>, _> = join_all(asked).await.into_iter().collect();
            let revision = answers.map_err(said)?.iter().map(|status| status.revision).min().unwrap_or(0);
            let limit = Deadline::after(SERVICE);
            let asked = endpoints.iter().map(|endpoint| self.etcd.hash_of(endpoint, revision, limit));
            let mut hashes = Vec::new();
            for (endpoint, answer) in endpoints.iter().zip(join_all(asked).await) {
                match answer {
                    Ok(hashed) => hashes.push(hashed),
                    Err(trouble) => last = format!("{endpoint}: {trouble}"),
                }
            }
            if hashes.len() == endpoints.len() {
                let same = hashes.windows(2).all(|pair| pair[0] == pair[1]);
                if same {
                    let found = serde_json::json!({ "revision": revision, "members": endpoints,
                        "hash": hashes.first().map(|hashed| hashed.hash) });
                    return self.write_record(record, &found, consent).await;
                }
                let compacted = hashes.windows(2).all(|pair| pair[0].compacted == pair[1].compacted);
                last = format!("the members hold different data at revision {revision}");
                if compacted {
                    return Err(last);
                }
            }
            tokio::time::sleep(POLL * 5).await;
        }
        Err(last)
    }
}

/// With what to do about it.
fn advised(trouble: &Trouble) -> String {
    if trouble.detail.contains("database space exceeded") {
        return format!(
            "{trouble}: the keys themselves fill the quota; restart the server with a higher --quota-backend-bytes, and \
             disarm the alarm: etcdctl alarm disarm"
        );
    }
    trouble.to_string()
}

/// Asks again as long as the server says "not yet": its own rule of readiness is the only one that counts.
async fn until_agreed<F: Future<Output = Result<(), Setback>>>(ask: impl Fn() -> F) -> Result<(), String> {
    let deadline = Deadline::after(SERVICE);
    loop {
        match ask().await {
            Ok(()) => return Ok(()),
            Err(Setback::NotYet(why)) if deadline.left().is_zero() => return Err(why),
            Err(Setback::NotYet(_)) => tokio::time::sleep(POLL / 2).await,
            Err(Setback::Refused(why)) => return Err(why),
            Err(Setback::InDoubt(trouble) | Setback::NotAsked(trouble)) => return Err(said(trouble)),
        }
    }
}
