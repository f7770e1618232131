//! The small buckets of etcd's database: identity, membership, alarms, auth, leases. Each decoder takes one record.

use super::proto;
use super::revision::Revision;
use prost::Message;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most records of one kind that are kept; more are counted as damage by the caller.
const MAX_KEPT: usize = 100_000;

/// Everything outside the `key` bucket, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Records {
    /// The `meta` bucket.
    pub meta: MetaRecords,
    /// The `members` bucket by member id.
    pub members: BTreeMap<u64, Member>,
    /// Ids in `members_removed`.
    pub removed: BTreeSet<u64>,
    /// Raised alarms.
    pub alarms: BTreeSet<Alarm>,
    /// The `auth*` buckets.
    pub auth: Auth,
    /// Leases by id.
    pub leases: BTreeMap<i64, Lease>,
    /// `clusterVersion`, such as "3.5.0".
    pub cluster_version: Option<String>,
    /// A downgrade that was asked for.
    pub downgrade: Option<Downgrade>,
}

/// What the `meta` bucket says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MetaRecords {
    /// Raft index up to which the database holds everything.
    pub consistent_index: Option<u64>,
    /// Raft term of that index; 3.5 and later.
    pub term: Option<u64>,
    /// Raft's membership; 3.5 and later.
    pub conf_state: Option<ConfState>,
    /// The last compaction that was asked for.
    pub scheduled_compaction: Option<i64>,
    /// The last compaction that was finished.
    pub finished_compaction: Option<i64>,
    /// "3.6.0"; 3.6 and later.
    pub storage_version: Option<String>,
}

/// Raft's own membership, ids in decimal in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfState {
    /// Members that vote.
    #[serde(default, deserialize_with = "list")]
    pub voters: Vec<u64>,
    /// Members that do not.
    #[serde(default, deserialize_with = "list")]
    pub learners: Vec<u64>,
    /// Voters of the configuration that is being left.
    #[serde(default, deserialize_with = "list")]
    pub voters_outgoing: Vec<u64>,
    /// Learners to be after it.
    #[serde(default, deserialize_with = "list")]
    pub learners_next: Vec<u64>,
    /// Whether raft leaves a joint configuration by itself.
    #[serde(default)]
    pub auto_leave: bool,
}

impl From<proto::ConfState> for ConfState {
    fn from(wire: proto::ConfState) -> ConfState {
        ConfState {
            voters: wire.voters,
            learners: wire.learners,
            voters_outgoing: wire.voters_outgoing,
            learners_next: wire.learners_next,
            auto_leave: wire.auto_leave.unwrap_or_default(),
        }
    }
}

/// A member as the `members` bucket and the v2 store hold it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Member id.
    pub id: u64,
    /// URLs on which its peers reach it.
    #[serde(default, rename = "peerURLs", deserialize_with = "list")]
    pub peer_urls: Vec<String>,
    /// Whether it only learns.
    #[serde(default)]
    pub is_learner: bool,
    /// Its name; empty until it has started once.
    #[serde(default)]
    pub name: String,
    /// URLs on which clients reach it; empty until it has started once.
    #[serde(default, rename = "clientURLs", deserialize_with = "list")]
    pub client_urls: Vec<String>,
}

/// A raised alarm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Alarm {
    /// The member that raised it; after a restore it may be one that is no more.
    pub member: u64,
    /// `NOSPACE`, `CORRUPT`, or a number.
    pub kind: String,
}

/// Users and roles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Auth {
    /// Whether auth is on; `None` when nothing was ever written about it.
    pub enabled: Option<bool>,
    /// Raised by every change to users and roles.
    pub revision: Option<u64>,
    /// Users with their roles.
    pub users: BTreeMap<String, User>,
    /// Roles with their permissions.
    pub roles: BTreeMap<String, Vec<Permission>>,
}

/// A user. Its password hash is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct User {
    /// Names of its roles.
    pub roles: Vec<String>,
    /// Whether it can only come with a client certificate.
    pub no_password: bool,
}

/// A permission of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// `read`, `write` or `readwrite`.
    pub kind: &'static str,
    /// First key.
    pub key: Vec<u8>,
    /// First key behind the range; empty for the one key, one zero byte for all from `key` on.
    pub range_end: Vec<u8>,
}

/// A lease. Times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// As granted.
    pub ttl: i64,
    /// As last checkpointed; 0 when it never was.
    pub remaining_ttl: i64,
}

/// A downgrade that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Downgrade {
    /// The version to go to.
    #[serde(default)]
    pub target_version: String,
    /// Whether it is under way.
    #[serde(default)]
    pub enabled: bool,
}

impl Records {
    /// Decodes a record of a bucket other than `key`. Buckets that etcd does not have are left alone.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence fragment.
    pub(super) fn take(&mut self, bucket: &[u8], key: &[u8], value: &[u8]) -> Result<(), String> {
        match bucket {
            b"meta" => self.take_meta(key, value),
            b"members" => self.take_member(key, value),
            b"members_removed" => {
                if value != b"removed" {
                    return Err("a removed member whose value is not \"removed\"".to_owned());
                }
                keep_in(&mut self.removed, hex_id(key)?)
            }
            b"alarm" => self.take_alarm(key, value),
            b"lease" => self.take_lease(key, value),
            b"cluster" => self.take_cluster(key, value),
            b"auth" => self.take_auth(key, value),
            b"authUsers" => self.take_user(key, value),
            b"authRoles" => self.take_role(key, value),
            _ => Ok(()),
        }
    }

    fn take_meta(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        match key {
            b"consistent_index" => self.meta.consistent_index = Some(number(value)?),
            b"term" => self.meta.term = Some(number(value)?),
            b"confState" => self.meta.conf_state = Some(json(value)?),
            b"scheduledCompactRev" => self.meta.scheduled_compaction = Some(revision(value)?),
            b"finishedCompactRev" => self.meta.finished_compaction = Some(revision(value)?),
            b"storageVersion" => self.meta.storage_version = Some(version(value)?),
            _ => {}
        }
        Ok(())
    }

    fn take_member(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let id = hex_id(key)?;
        let member: Member = json(value)?;
        if member.id != id {
            return Err(format!("the member of key {id:x} calls itself {:x}", member.id));
        }
        keep(&mut self.members, id, member)
    }

    fn take_alarm(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let alarm = proto::AlarmMember::decode(key).map_err(|error| error.to_string())?;
        if !value.is_empty() {
            return Err("an alarm with a value".to_owned());
        }
        let kind = alarm_name(alarm.alarm);
        keep_in(&mut self.alarms, Alarm { member: alarm.member_id, kind })
    }

    fn take_lease(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let id = number(key)? as i64;
        let lease = proto::Lease::decode(value).map_err(|error| error.to_string())?;
        if lease.id != id {
            return Err(format!("the lease of key {id:x} calls itself {:x}", lease.id));
        }
        keep(&mut self.leases, id, Lease { ttl: lease.ttl, remaining_ttl: lease.remaining_ttl })
    }

    fn take_cluster(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        match key {
            b"clusterVersion" => self.cluster_version = Some(version(value)?),
            b"downgrade" => self.downgrade = Some(json(value)?),
            _ => {}
        }
        Ok(())
    }

    fn take_auth(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        match (key, value) {
            (b"authEnabled", [0]) => self.auth.enabled = Some(false),
            (b"authEnabled", [1]) => self.auth.enabled = Some(true),
            (b"authEnabled", _) => return Err("auth is neither on nor off".to_owned()),
            (b"authRevision", value) => self.auth.revision = Some(number(value)?),
            _ => {}
        }
        Ok(())
    }

    fn take_user(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let user = proto::User::decode(value).map_err(|error| error.to_string())?;
        if user.name != key {
            return Err("the user calls itself otherwise than its key".to_owned());
        }
        let no_password = user.options.is_some_and(|options| options.no_password);
        keep(&mut self.auth.users, text(key), User { roles: user.roles, no_password })
    }

    fn take_role(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let role = proto::Role::decode(value).map_err(|error| error.to_string())?;
        if role.name != key {
            return Err("the role calls itself otherwise than its key".to_owned());
        }
        let permissions = role.permissions.into_iter().map(permission).collect::<Result<_, _>>()?;
        keep(&mut self.auth.roles, text(key), permissions)
    }
}

/// The name of an alarm of etcd's protocol.
pub(super) fn alarm_name(kind: i32) -> String {
    match kind {
        1 => "NOSPACE".to_owned(),
        2 => "CORRUPT".to_owned(),
        other => format!("alarm {other}"),
    }
}

fn permission(wire: proto::Permission) -> Result<Permission, String> {
    let kind = match wire.kind {
        0 => "read",
        1 => "write",
        2 => "readwrite",
        other => return Err(format!("a permission of kind {other}")),
    };
    Ok(Permission { kind, key: wire.key, range_end: wire.range_end })
}

fn keep<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) -> Result<(), String> {
    if map.len() >= MAX_KEPT {
        return Err(format!("more than {MAX_KEPT} records of this kind: not kept"));
    }
    map.insert(key, value);
    Ok(())
}

fn keep_in<K: Ord>(set: &mut BTreeSet<K>, key: K) -> Result<(), String> {
    if set.len() >= MAX_KEPT {
        return Err(format!("more than {MAX_KEPT} records of this kind: not kept"));
    }
    set.insert(key);
    Ok(())
}

fn number(bytes: &[u8]) -> Result<u64, String> {
    let bytes = bytes.try_into().map_err(|_| format!("{} bytes where a number has 8", bytes.len()))?;
    Ok(u64::from_be_bytes(bytes))
}

fn revision(bytes: &[u8]) -> Result<i64, String> {
    Revision::parse(bytes).map(|revision| revision.main).ok_or_else(|| "no revision".to_owned())
}

/// Member ids are keys in lower-case hex without leading zeros.
fn hex_id(key: &[u8]) -> Result<u64, String> {
    let text = std::str::from_utf8(key).map_err(|_| "the key is no member id".to_owned())?;
    let id = u64::from_str_radix(text, 16).map_err(|_| "the key is no member id".to_owned())?;
    if format!("{id:x}") != text {
        return Err("the key is no member id as etcd writes it".to_owned());
    }
    Ok(id)
}

fn version(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the version is no text".to_owned())?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(major), Some(minor), Some(_)) if digits(major) && digits(minor) => Ok(text.to_owned()),
        _ => Err("the version is not of the form 3.6.0".to_owned()),
    }
}

fn json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("not the JSON it should be: {error}"))
}

/// Go writes `null` for a list that was never made.
fn list<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(from)?.unwrap_or_default())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn taken(bucket: &str, key: &[u8], value: &[u8]) -> Result<Records, String> {
        let mut records = Records::default();
        records.take(bucket.as_bytes(), key, value).map(|()| records)
    }

    #[test]
    fn decodes_as_servers_write() {
        let member = br#"{"id":10501334649042878790,"peerURLs":["http://127.0.0.1:2380"],"name":"n1","clientURLs":["http://127.0.0.1:2379"]}"#;
        let records = taken("members", b"91bc3c398fb3c146", member).expect("a member");
        assert_eq!(records.members[&0x91bc_3c39_8fb3_c146].name, "n1");
        let conf = br#"{"voters":[7],"voters_outgoing":null,"learners":[],"auto_leave":false}"#;
        let records =
            taken("meta", b"confState", &conf[..]).expect("a conf state, with Go's null for an empty list");
        assert_eq!(records.meta.conf_state.map(|conf| conf.voters), Some(vec![7]));
    }

    #[test]
    fn alarms_name_their_member() {
        let records = taken("alarm", &[0x08, 0x07, 0x10, 0x01], b"").expect("an alarm");
        assert!(records.alarms.contains(&Alarm { member: 7, kind: "NOSPACE".to_owned() }));
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(taken("members", b"7", br#"{"id":8}"#).is_err());
        assert!(taken("members", b"0007", br#"{"id":7}"#).is_err());
        assert!(taken("lease", &9u64.to_be_bytes(), &[8, 8]).is_err());
        assert!(taken("auth", b"authEnabled", &[2]).is_err());
        assert!(taken("meta", b"storageVersion", b"3.x.0").is_err());
        assert!(taken("meta", b"consistent_index", b"short").is_err());
    }

    proptest! {
        #[test]
        fn total_on_any_bytes(which in 0usize..9, key in proptest::collection::vec(any::<u8>(), 0..20), value in proptest::collection::vec(any::<u8>(), 0..64)) {
            let names = ["meta", "members", "members_removed", "alarm", "lease", "cluster", "auth", "authUsers", "authRoles"];
            let _ = taken(names[which], &key, &value);
        }
    }
}
