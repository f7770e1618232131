//! The data directory of a member that joins.

use super::files::new_part;
use super::restore::reclaim;
use super::{LOOK, RealHands, said};
use crate::backend::etcd::recovery::Listed;
use crate::consent::Consent;
use crate::format::etcd::wal::{FIRST_SEGMENT, Identity, first_segment};
use crate::format::etcd::{Member, database_of};
use crate::host::{Content, Host, Owner};
use crate::recover::plan::{Joiner, Ownership};
use crate::transport::Deadline;
use std::path::Path;

impl RealHands {
    pub(super) async fn seed_joiner(&self, joiner: &Joiner, consent: &Consent) -> Result<(), String> {
        let deadline = Deadline::after(LOOK);
        let (cluster, members) = self.etcd.members_of(&joiner.through, deadline).await.map_err(said)?;
        if cluster != joiner.cluster_id {
            return Err(format!("{} belongs to cluster {cluster}", joiner.through));
        }
        let member = members.iter().find(|member| member.peer_urls.contains(&joiner.peer_url));
        let member = member.ok_or_else(|| format!("{} is no member", joiner.peer_url))?;
        let log = first_segment(Identity { member: number(&member.id)?, cluster: number(&cluster)? });
        let host = self.host(&joiner.host)?;
        if let Some(wal) = &joiner.wal_dir {
            reclaim(host, consent, wal, &cluster).await?;
            let part = new_part(wal)?;
            make(host, consent, &part).await?;
            finish(host, consent, &part, wal, &log, joiner.owner).await?;
        }
        let part = new_part(&joiner.dir)?;
        let inner = part.join("member");
        make(host, consent, &part).await?;
        make(host, consent, &inner).await?;
        let (snap, known) = (inner.join("snap"), database_of(&known(&members)?).map_err(said)?);
        make(host, consent, &snap).await?;
        write(host, consent, &snap.join("db"), &known).await?;
        if joiner.wal_dir.is_none() {
            make(host, consent, &inner.join("wal")).await?;
            write(host, consent, &inner.join("wal").join(FIRST_SEGMENT), &log).await?;
        }
        settle(host, consent, &part, &joiner.dir, joiner.owner).await
    }
}

/// The members as a database keeps them. Without them the joiner connects to nobody until it has the leader's snapshot,
/// and only then do the five seconds begin after which etcd takes the next member.
fn known(members: &[Listed]) -> Result<Vec<Member>, String> {
    let known = members.iter().map(|member| {
        Ok(Member {
            id: number(&member.id)?,
            peer_urls: member.peer_urls.clone(),
            is_learner: member.learner,
            name: member.name.clone(),
            client_urls: member.client_urls.clone(),
        })
    });
    known.collect()
}

fn number(hex: &str) -> Result<u64, String> {
    u64::from_str_radix(hex, 16).map_err(|_| format!("{hex} is no id"))
}

async fn make(host: &dyn Host, consent: &Consent, dir: &Path) -> Result<(), String> {
    host.make_dir(consent, dir, 0o700, Deadline::after(LOOK)).await.map_err(said)
}

async fn write(host: &dyn Host, consent: &Consent, path: &Path, bytes: &[u8]) -> Result<(), String> {
    host.write_new(consent, path, Content::Bytes(bytes), 0o600, Deadline::after(LOOK)).await.map_err(said)
}

async fn finish(
    host: &dyn Host,
    consent: &Consent,
    part: &Path,
    to: &Path,
    log: &[u8],
    owner: Option<Ownership>,
) -> Result<(), String> {
    write(host, consent, &part.join(FIRST_SEGMENT), log).await?;
    settle(host, consent, part, to, owner).await
}

/// Gives a finished directory its owner and its name.
pub(super) async fn settle(
    host: &dyn Host,
    consent: &Consent,
    part: &Path,
    to: &Path,
    owner: Option<Ownership>,
) -> Result<(), String> {
    let deadline = Deadline::after(super::SERVICE);
    if let Some(Ownership { uid, gid, mode }) = owner {
        let now = host.stat(part, deadline).await.map_err(said)?;
        if now.is_none_or(|now| (now.uid, now.gid) != (uid, gid)) {
            host.chown_tree(consent, part, Owner { uid, gid }, deadline).await.map_err(said)?;
        }
        host.chmod(consent, part, mode, deadline).await.map_err(said)?;
    }
    host.rename(consent, part, to, deadline).await.map_err(said)
}
