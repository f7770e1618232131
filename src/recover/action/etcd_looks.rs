//! What can be seen of an etcd cluster, one member at a time.

use super::{LOOK, POLL, RealHands, said, truth};
use crate::backend::etcd::recovery::{is_nobody, waits_for_quorum};
use crate::facts::{Trouble, TroubleKind};
use crate::recover::executor::Truth;
use crate::recover::plan::EtcdCondition;
use crate::transport::Deadline;
use futures_util::future::join_all;
use std::time::Duration;

/// How long a member that may be dead is waited for.
const DEAD: Duration = Duration::from_secs(2);

/// A connection that somebody accepted and closed again without a word: as a proxy does that has no server behind it.
fn is_cut_short(trouble: &Trouble) -> bool {
    matches!(trouble.kind, TroubleKind::EmptyReply | TroubleKind::ConnectionReset)
}

/// What a learner answers to a login: rpctypes.ErrGRPCNotSupportedForLearner.
const LEARNER: &str = "rpc not supported for learner";

/// How long a leader that is gone may be believed in: etcd's election timeout is 1 s, in some distributions 5 s.
const FORGETS: Duration = Duration::from_secs(6);

impl RealHands {
    pub(super) async fn holds_etcd(&self, condition: &EtcdCondition) -> Result<Truth, String> {
        let look = Deadline::after(LOOK);
        Ok(match condition {
            EtcdCondition::Stuck { endpoints, cluster_id, needed } => {
                self.is_stuck(endpoints, cluster_id, *needed).await
            }
            EtcdCondition::Silent { urls, cluster_id, held } => self.is_silent(urls, cluster_id, *held).await,
            EtcdCondition::Snapshot { path, min_revision } => self.is_snapshot(path, *min_revision).await,
            EtcdCondition::StillAt { endpoint, cluster_id, snapshot } => {
                let status = self.etcd.status_of(endpoint, look).await.map_err(said)?;
                let saved = self.whole(snapshot).await?.revision;
                let same = status.cluster_id == *cluster_id && status.revision as i64 == saved;
                truth(same, || {
                    format!(
                        "cluster {} is at revision {}, the snapshot at {saved}",
                        status.cluster_id, status.revision
                    )
                })
            }
            EtcdCondition::DirectoryOf { host, at, wal_at, cluster_id, member_id } => {
                self.is_directory_of(host, at, wal_at, cluster_id, member_id.as_deref()).await?
            }
            EtcdCondition::Serves { endpoint, cluster_id } => self.serves(endpoint, cluster_id, look).await,
            EtcdCondition::Listed { through, cluster_id, peer_url, voter } => {
                let (cluster, members) = self.etcd.members_of(through, look).await.map_err(said)?;
                let member = members.iter().find(|member| member.peer_urls.contains(peer_url));
                match member {
                    _ if cluster != *cluster_id => Truth::No(format!("{through} is of cluster {cluster}")),
                    None => Truth::No("it is not in the list".into()),
                    Some(member) => truth(!*voter || !member.learner, || "it has no vote yet".into()),
                }
            }
            EtcdCondition::OnlyOurWrites(ask) => self.only_our_writes(ask).await?,
            EtcdCondition::Whole { endpoints, cluster_id, voters } => {
                self.is_whole(endpoints, cluster_id, *voters, look).await
            }
            EtcdCondition::NoLeftoverAlarm { endpoint, .. } => {
                let leftover = self.leftovers(endpoint, look).await?;
                truth(leftover.is_empty(), || format!("alarms stand against {}", leftover.join(", ")))
            }
            EtcdCondition::KeyAbsent { endpoint, key, .. } => {
                let version = self.etcd.version_of(endpoint, key, look).await.map_err(said)?;
                truth(version == 0, || "it exists".into())
            }
        })
    }

    /// A survivor believes in a leader that is gone until it hears nothing of it for an election timeout: that passes.
    async fn is_stuck(&self, endpoints: &[String], cluster_id: &str, needed: usize) -> Truth {
        let limit = Deadline::after(FORGETS);
        loop {
            let told = self.is_stuck_now(endpoints, cluster_id, needed).await;
            match told {
                Ok(truth) => return truth,
                Err(led) if limit.left().is_zero() => return Truth::No(led),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// The error: too few answer, and one of them still sees a leader.
    async fn is_stuck_now(
        &self,
        endpoints: &[String],
        cluster_id: &str,
        needed: usize,
    ) -> Result<Truth, String> {
        let asked = endpoints.iter().map(|url| self.etcd.status_of(url, Deadline::after(DEAD)));
        let answers = join_all(asked).await;
        // A cluster that refuses our login has a quorum that judges it.
        let refused = |trouble: &Trouble| {
            matches!(trouble.kind, TroubleKind::Unauthenticated | TroubleKind::PermissionDenied)
                && !waits_for_quorum(trouble)
        };
        let waiting =
            answers.iter().filter_map(|answer| answer.as_ref().err()).filter(|t| waits_for_quorum(t)).count();
        if let Some(trouble) = answers.iter().filter_map(|answer| answer.as_ref().err()).find(|t| refused(t))
        {
            return Ok(Truth::Unknown(said(trouble)));
        }
        let answers: Vec<_> = answers.into_iter().flatten().collect();
        let ours: Vec<_> = answers.iter().filter(|status| status.cluster_id == cluster_id).collect();
        let alive = ours.len() + waiting;
        if let Some(led) = ours.iter().find_map(|status| status.leader.as_ref()) {
            let led = format!("a member sees the leader {led}: the cluster may be writing again");
            return if alive < needed { Err(led) } else { Ok(Truth::No(led)) };
        }
        Ok(truth(alive < needed, || format!("{alive} members answer")))
    }

    async fn is_silent(&self, urls: &[String], cluster_id: &str, held: bool) -> Truth {
        let asked = urls.iter().map(|url| self.etcd.cluster_at(url, Deadline::after(DEAD)));
        for (url, answer) in urls.iter().zip(join_all(asked).await) {
            match answer {
                Ok(Some(found)) if found == cluster_id => {
                    return Truth::No(format!("{url} answers as a member of it"));
                }
                Ok(Some(_)) => {}
                // A proxy before a server whose host shows that it does not run.
                Ok(None) if held => {}
                Err(trouble) if held && is_cut_short(&trouble) => {}
                Ok(None) => return Truth::Unknown(format!("{url} answers, but not like etcd")),
                Err(trouble) if is_nobody(&trouble) => {}
                Err(trouble) => return Truth::Unknown(format!("{url}: {trouble}")),
            }
        }
        Truth::Yes
    }

    async fn serves(&self, endpoint: &str, cluster_id: &str, deadline: Deadline) -> Truth {
        match self.etcd.status_of(endpoint, deadline).await {
            Ok(status) if status.cluster_id != cluster_id => {
                Truth::No(format!("{endpoint} serves cluster {}", status.cluster_id))
            }
            Ok(status) => truth(status.leader.is_some(), || "it sees no leader".into()),
            Err(trouble) if is_nobody(&trouble) => Truth::No(said(trouble)),
            // With users nobody can log in at a learner. Only one that was just added is one, and its directory says of
            // which cluster it is; whether it follows, the leader judges when it is to be promoted.
            Err(trouble) if trouble.detail.contains(LEARNER) => Truth::Yes,
            Err(trouble) => Truth::Unknown(said(trouble)),
        }
    }

    async fn is_whole(&self, urls: &[String], cluster_id: &str, voters: usize, look: Deadline) -> Truth {
        let answers = join_all(urls.iter().map(|url| self.etcd.status_of(url, look))).await;
        let mut leaders = Vec::new();
        for (url, answer) in urls.iter().zip(answers) {
            match answer {
                Ok(status) if status.cluster_id == cluster_id && !status.learner => {
                    leaders.push(status.leader)
                }
                Ok(_) => return Truth::No(format!("{url} is no voter of it")),
                Err(trouble) => return Truth::No(format!("{url}: {trouble}")),
            }
        }
        leaders.dedup();
        truth(urls.len() == voters && matches!(leaders.as_slice(), [Some(_)]), || {
            "the members do not agree on a leader".into()
        })
    }

    /// Hex ids of members with alarms that are not in the list.
    pub(super) async fn leftovers(&self, endpoint: &str, look: Deadline) -> Result<Vec<String>, String> {
        let (_, members) = self.etcd.members_of(endpoint, look).await.map_err(said)?;
        let alarmed = self.etcd.alarmed(endpoint, look).await.map_err(said)?;
        let gone = |id: &String| !members.iter().any(|member| member.id == *id);
        Ok(alarmed.into_iter().filter(gone).collect())
    }
}
