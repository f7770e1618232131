//! What a recovery asks of single members, with and without a quorum. Each call goes to one member; ids are lower-case
//! hex without leading zeros.

use super::client::answer;
use super::{Etcd, client, snapshot, wire};
use crate::backend::snapshots::SnapshotStream;
use crate::facts::{EtcdStatus, Trouble, TroubleKind};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use etcd_client::{AlarmAction, AlarmOptions, AlarmType, Client, CompactionOptions, GetOptions};
use std::time::Duration;

/// A member as one server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Hex id.
    pub id: String,
    /// Its name; empty until it has started once.
    pub name: String,
    /// Peer URLs.
    pub peer_urls: Vec<String>,
    /// Client URLs; none until it has started once.
    pub client_urls: Vec<String>,
    /// Whether it has no vote.
    pub learner: bool,
}

/// HashKV of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashed {
    /// The hash.
    pub hash: u32,
    /// Revision of the last compaction.
    pub compacted: i64,
}

impl Etcd {
    /// `Maintenance/Status`; logs in only when the server demands it, for that needs a quorum.
    pub async fn status_of(&self, endpoint: &str, deadline: Deadline) -> Result<EtcdStatus, Trouble> {
        let client = self.stranger(endpoint, deadline).await?;
        let first = answer(deadline, client.maintenance_client().status()).await;
        let answered = match first {
            Err(trouble) if wants_login(&trouble) => {
                let client = self.client_for(endpoint, deadline).await?;
                answer(deadline, client.maintenance_client().status()).await?
            }
            other => other?,
        };
        Ok(wire::status(&answered))
    }

    /// The members that this server knows of, with the cluster it belongs to. Needs no quorum.
    pub async fn members_of(
        &self,
        endpoint: &str,
        deadline: Deadline,
    ) -> Result<(String, Vec<Listed>), Trouble> {
        let client = self.client_for(endpoint, deadline).await?;
        let list = answer(deadline, client.cluster_client().member_list()).await?;
        let cluster = list.header().map_or_else(String::new, |header| wire::hex(header.cluster_id()));
        let members = list.members().iter().map(|member| Listed {
            id: wire::hex(member.id()),
            name: member.name().to_owned(),
            peer_urls: member.peer_urls().to_vec(),
            client_urls: member.client_urls().to_vec(),
            learner: member.is_learner(),
        });
        Ok((cluster, members.collect()))
    }

    /// The cluster that a server says it belongs to on its client or peer port; `None` when nothing answers like etcd.
    pub async fn cluster_at(&self, url: &str, deadline: Deadline) -> Result<Option<String>, Trouble> {
        match self.status_of(url, deadline).await {
            Ok(status) => return Ok(Some(status.cluster_id)),
            Err(trouble) if is_nobody(&trouble) => return Err(trouble),
            Err(_) => {}
        }
        let http = Http::new(&self.material)?;
        let address = Address::parse(url, false, 2380)
            .map_err(|reason| Trouble::new(TroubleKind::DnsFailure, reason))?;
        let page = http.get(&format!("{}/members", address.url()), deadline).await?;
        Ok(page.header("x-etcd-cluster-id").map(|id| id.trim_start_matches('0').to_owned()))
    }

    /// A snapshot, piece by piece. `connect` bounds everything up to the first piece, `idle` the wait for each later one.
    pub async fn snapshot_of(
        &self,
        endpoint: &str,
        connect: Deadline,
        idle: Duration,
    ) -> Result<Box<dyn SnapshotStream>, Trouble> {
        let client = self.stranger(endpoint, connect).await?;
        let messages = match answer(connect, client.maintenance_client().snapshot()).await {
            Err(trouble) if wants_login(&trouble) => {
                let client = self.client_for(endpoint, connect).await?;
                answer(connect, client.maintenance_client().snapshot()).await?
            }
            other => other?,
        };
        snapshot::begun(messages, connect, idle).await
    }

    /// Writes a key and reads it back through the quorum; how often it was written since it was made.
    pub async fn write_and_read(
        &self,
        endpoint: &str,
        key: &str,
        value: &str,
        deadline: Deadline,
    ) -> Result<i64, Trouble> {
        let client = self.client_for(endpoint, deadline).await?;
        answer(deadline, client.kv_client().put(key, value, None)).await?;
        let read = answer(deadline, client.kv_client().get(key, None)).await?;
        let written = read.kvs().first().filter(|pair| pair.value() == value.as_bytes());
        written.map(etcd_client::KeyValue::version).ok_or_else(|| {
            Trouble::new(TroubleKind::ServerError, "what was written is not what is read back")
        })
    }

    /// How often a key was written since it was made, as this server has it; 0 when it does not exist. Needs no quorum.
    pub async fn version_of(&self, endpoint: &str, key: &str, deadline: Deadline) -> Result<i64, Trouble> {
        let client = self.client_for(endpoint, deadline).await?;
        let options = GetOptions::new().with_serializable();
        let read = answer(deadline, client.kv_client().get(key, Some(options))).await?;
        Ok(read.kvs().first().map_or(0, etcd_client::KeyValue::version))
    }

    /// Deletes a key.
    pub async fn delete(&self, endpoint: &str, key: &str, deadline: Deadline) -> Result<(), Trouble> {
        let client = self.client_for(endpoint, deadline).await?;
        answer(deadline, client.kv_client().delete(key, None)).await.map(drop)
    }

    /// Drops every revision below this one; what is dropped already is none of it.
    pub async fn drop_history(
        &self,
        endpoint: &str,
        revision: u64,
        deadline: Deadline,
    ) -> Result<(), Trouble> {
        let client = self.client_for(endpoint, deadline).await?;
        let options = CompactionOptions::new().with_physical();
        let revision = i64::try_from(revision).unwrap_or(0);
        match answer(deadline, client.kv_client().compact(revision, Some(options))).await {
            Err(trouble) if trouble.detail.contains("has been compacted") => Ok(()),
            other => other.map(drop),
        }
    }

    /// Rewrites the database without its free pages; the server answers nobody meanwhile.
    pub async fn defragment(&self, endpoint: &str, deadline: Deadline) -> Result<(), Trouble> {
        let client = self.client_for(endpoint, deadline).await?;
        let mut maintenance = client.maintenance_client();
        answer(deadline, maintenance.defragment()).await.map(drop)
    }

    /// HashKV at a revision.
    pub async fn hash_of(
        &self,
        endpoint: &str,
        revision: u64,
        deadline: Deadline,
    ) -> Result<Hashed, Trouble> {
        let client = self.client_for(endpoint, deadline).await?;
        let revision = i64::try_from(revision).unwrap_or(0);
        let hashed = answer(deadline, client.maintenance_client().hash_kv(revision)).await?;
        Ok(Hashed { hash: hashed.hash(), compacted: hashed.compact_version() })
    }

    /// Hex ids of members that an alarm stands against. Needs a quorum.
    pub async fn alarmed(&self, endpoint: &str, deadline: Deadline) -> Result<Vec<String>, Trouble> {
        let client = self.client_for(endpoint, deadline).await?;
        let mut maintenance = client.maintenance_client();
        let asked = maintenance.alarm(AlarmAction::Get, AlarmType::None, None);
        let alarms = answer(deadline, asked).await?;
        Ok(alarms.alarms().iter().map(|alarm| wire::hex(alarm.member_id())).collect())
    }

    /// Takes back every alarm against a member.
    pub async fn disarm(&self, endpoint: &str, member: &str, deadline: Deadline) -> Result<(), Trouble> {
        let client = self.client_for(endpoint, deadline).await?;
        let id = u64::from_str_radix(member, 16)
            .map_err(|_| Trouble::new(TroubleKind::ServerError, format!("{member} is no id")))?;
        let mut maintenance = client.maintenance_client();
        for alarm in [AlarmType::Nospace, AlarmType::Corrupt] {
            let mut options = AlarmOptions::new();
            options.with_member(id);
            answer(deadline, maintenance.alarm(AlarmAction::Deactivate, alarm, Some(options))).await?;
        }
        Ok(())
    }

    async fn stranger(&self, endpoint: &str, deadline: Deadline) -> Result<Client, Trouble> {
        let address = Address::parse(endpoint, false, 2379)
            .map_err(|reason| Trouble::new(TroubleKind::DnsFailure, reason))?;
        client::open(&address, &self.material, deadline).await
    }
}

fn wants_login(trouble: &Trouble) -> bool {
    // rpctypes.ErrUserEmpty: what a snapshot without a login is refused with, as an invalid argument.
    matches!(trouble.kind, TroubleKind::Unauthenticated | TroubleKind::PermissionDenied)
        || trouble.detail.contains("auth: user name is empty")
}

/// Whether a member lives and has nobody to judge a login with.
pub fn waits_for_quorum(trouble: &Trouble) -> bool {
    trouble.detail == client::LOGIN_UNANSWERED
}

/// Whether no process could be talked to at all.
pub fn is_nobody(trouble: &Trouble) -> bool {
    matches!(
        trouble.kind,
        TroubleKind::ConnectionRefused
            | TroubleKind::HostUnreachable
            | TroubleKind::ConnectTimeout
            | TroubleKind::DnsFailure
            | TroubleKind::NoAddress
    )
}
