//! What an entry asks for.

use super::super::buckets::{Member, alarm_name};
use super::record::EntryKind;
use super::request::{self as wire, Request, V2Request, WireConfChange, WireConfChangeV2};
use crate::format::source::key_text;
use prost::Message;
use serde::{Serialize, Serializer};

/// Methods of the v2 API's requests.
const V2_METHODS: [&str; 6] = ["PUT", "POST", "DELETE", "GET", "QGET", "SYNC"];

/// What an entry asks for. Keys are written as text when they are text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum Operation {
    /// Nothing: a new leader writes such an entry.
    Empty,
    /// A key is put.
    Put {
        /// The key.
        #[serde(serialize_with = "as_text")]
        key: Vec<u8>,
        /// The value; empty also when the old one is kept.
        #[serde(rename = "value-bytes", serialize_with = "as_length")]
        value: Vec<u8>,
        /// The lease it is attached to; 0 for none.
        lease: i64,
        /// Whether the old value stays.
        keeps_value: bool,
        /// Whether the old lease stays.
        keeps_lease: bool,
    },
    /// Keys are deleted.
    Delete {
        /// The first key.
        #[serde(serialize_with = "as_text")]
        key: Vec<u8>,
        /// The first key behind the range; empty for the one key.
        #[serde(serialize_with = "as_text")]
        range_end: Vec<u8>,
    },
    /// Keys are read, inside of a transaction.
    Range {
        /// The first key.
        #[serde(serialize_with = "as_text")]
        key: Vec<u8>,
        /// The first key behind the range; empty for the one key.
        #[serde(serialize_with = "as_text")]
        range_end: Vec<u8>,
    },
    /// One of two lists is done, by comparisons. The log does not say which.
    Txn {
        /// What is compared.
        compares: Vec<Comparison>,
        /// Done when all hold.
        success: Vec<Operation>,
        /// Done otherwise.
        failure: Vec<Operation>,
    },
    /// Old revisions are dropped.
    Compaction {
        /// Up to this one.
        revision: i64,
    },
    /// A lease is granted.
    LeaseGrant {
        /// Its id.
        id: i64,
        /// Seconds.
        ttl: i64,
    },
    /// A lease is revoked, with the keys attached to it.
    LeaseRevoke {
        /// Its id.
        id: i64,
    },
    /// Remaining times of leases are noted.
    LeaseCheckpoint {
        /// How many leases.
        leases: usize,
    },
    /// An alarm is read, raised or disarmed.
    Alarm {
        /// `read`, `raise` or `disarm`.
        action: &'static str,
        /// Of this member; 0 for all.
        member: u64,
        /// `NOSPACE`, `CORRUPT`, or a number.
        alarm: String,
    },
    /// Users, roles or auth itself are changed, or somebody logs in.
    Auth {
        /// What is done, as the API names it.
        action: &'static str,
        /// The user or role; empty when there is none.
        name: String,
        /// The role granted or revoked; empty when there is none.
        role: String,
    },
    /// The version that all members speak is set.
    ClusterVersion {
        /// Such as "3.6.0".
        version: String,
    },
    /// A member publishes its name and client URLs.
    MemberAttributes {
        /// Its id.
        member: u64,
        /// Its name.
        name: String,
        /// Its client URLs.
        client_urls: Vec<String>,
    },
    /// A downgrade is started or ended.
    Downgrade {
        /// Whether it is started.
        enabled: bool,
        /// To this version.
        version: String,
    },
    /// Membership is changed.
    ConfChange {
        /// One change, or several at once in raft's newer form.
        changes: Vec<ConfChange>,
    },
    /// A request of the v2 API; etcd up to 3.5 writes its own membership this way.
    V2 {
        /// Such as PUT.
        method: String,
        /// Such as /0/members/….
        path: String,
        /// Bytes of the value.
        value_bytes: u64,
    },
    /// A request of a kind that this version does not know, or bytes that do not decode. Its checksum is right, so it is
    /// what the server wrote.
    Unknown {
        /// Why.
        why: String,
    },
}

/// What a transaction compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The key.
    #[serde(serialize_with = "as_text")]
    pub key: Vec<u8>,
    /// `version`, `create`, `mod`, `value` or `lease`.
    pub target: &'static str,
    /// `=`, `>`, `<` or `!=`.
    pub relation: &'static str,
}

/// A change of membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfChange {
    /// What is done.
    pub change: ConfChangeKind,
    /// To this member.
    pub member: u64,
    /// The member as it was proposed; absent for a removal.
    pub about: Option<Member>,
}

/// What is done to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfChangeKind {
    /// Added as a voter.
    Add,
    /// Removed.
    Remove,
    /// Its peer URLs changed.
    Update,
    /// Added as a learner.
    AddLearner,
    /// A learner becomes a voter.
    Promote,
    /// Something that raft has added since.
    Other,
}

impl Operation {
    /// Decodes an entry's data. Total: what does not decode is [`Operation::Unknown`].
    pub fn decode(kind: EntryKind, data: &[u8]) -> Operation {
        let decoded = match kind {
            EntryKind::Normal if data.is_empty() => Ok(Operation::Empty),
            EntryKind::Normal => normal(data),
            EntryKind::ConfChange => conf_change(data),
            EntryKind::ConfChangeV2 => conf_change_v2(data),
        };
        decoded.unwrap_or_else(|error| Operation::Unknown { why: error.to_string() })
    }

    /// The name of its type, as in its JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Empty => "empty",
            Operation::Put { .. } => "put",
            Operation::Delete { .. } => "delete",
            Operation::Range { .. } => "range",
            Operation::Txn { .. } => "txn",
            Operation::Compaction { .. } => "compaction",
            Operation::LeaseGrant { .. } => "lease-grant",
            Operation::LeaseRevoke { .. } => "lease-revoke",
            Operation::LeaseCheckpoint { .. } => "lease-checkpoint",
            Operation::Alarm { .. } => "alarm",
            Operation::Auth { .. } => "auth",
            Operation::ClusterVersion { .. } => "cluster-version",
            Operation::MemberAttributes { .. } => "member-attributes",
            Operation::Downgrade { .. } => "downgrade",
            Operation::ConfChange { .. } => "conf-change",
            Operation::V2 { .. } => "v2",
            Operation::Unknown { .. } => "unknown",
        }
    }

    /// Keys and ranges that it may write: for a transaction those of both lists.
    pub fn written_keys(&self) -> Vec<(&[u8], &[u8])> {
        match self {
            Operation::Put { key, .. } => vec![(key, &[])],
            Operation::Delete { key, range_end } => vec![(key, range_end)],
            Operation::Txn { success, failure, .. } => {
                success.iter().chain(failure).flat_map(Operation::written_keys).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn normal(data: &[u8]) -> Result<Operation, prost::DecodeError> {
    // up to 3.5 the data may be a v2 request by itself: then field 2 is its method
    match Request::decode(data) {
        Ok(request) => match &request.v2 {
            Some(method) if V2_METHODS.iter().any(|known| known.as_bytes() == method.as_slice()) => v2(data),
            Some(inner) => v2(inner),
            None => Ok(of_request(request)),
        },
        Err(error) => match v2(data) {
            Ok(operation @ Operation::V2 { .. }) => Ok(operation),
            _ => Err(error),
        },
    }
}

fn v2(data: &[u8]) -> Result<Operation, prost::DecodeError> {
    let request = V2Request::decode(data)?;
    if !V2_METHODS.contains(&request.method.as_str()) {
        return Ok(Operation::Unknown {
            why: "neither a request of the v3 API nor one of the v2 API".to_owned(),
        });
    }
    Ok(Operation::V2 { method: request.method, path: request.path, value_bytes: request.value.len() as u64 })
}

fn of_request(request: Request) -> Operation {
    if let Some(put) = request.put {
        return of_put(put);
    }
    if let Some(range) = request.delete_range {
        return Operation::Delete { key: range.key, range_end: range.range_end };
    }
    if let Some(txn) = request.txn {
        return of_txn(txn);
    }
    if let Some(range) = request.range {
        return Operation::Range { key: range.key, range_end: range.range_end };
    }
    if let Some(compaction) = request.compaction {
        return Operation::Compaction { revision: compaction.revision };
    }
    if let Some(grant) = request.lease_grant {
        return Operation::LeaseGrant { id: grant.id, ttl: grant.ttl };
    }
    if let Some(revoke) = request.lease_revoke {
        return Operation::LeaseRevoke { id: revoke.id };
    }
    if let Some(checkpoint) = request.lease_checkpoint {
        return Operation::LeaseCheckpoint { leases: checkpoint.leases.len() };
    }
    of_cluster(request)
}

/// Requests that change no key.
fn of_cluster(request: Request) -> Operation {
    if let Some(alarm) = request.alarm {
        let action = ["read", "raise", "disarm"].get(alarm.action as usize).copied().unwrap_or("unknown");
        return Operation::Alarm { action, member: alarm.member, alarm: alarm_name(alarm.alarm) };
    }
    if let Some(version) = request.cluster_version {
        return Operation::ClusterVersion { version: version.version };
    }
    if let Some(member) = request.member_attributes {
        let attributes = member.attributes.unwrap_or_default();
        let (name, client_urls) = (attributes.name, attributes.client_urls);
        return Operation::MemberAttributes { member: member.member, name, client_urls };
    }
    if let Some(downgrade) = request.downgrade {
        return Operation::Downgrade { enabled: downgrade.enabled, version: downgrade.version };
    }
    if request.downgrade_version_test.is_some() {
        return Operation::Unknown { why: "a downgrade's test of versions".to_owned() };
    }
    of_auth(request)
}

fn of_auth(request: Request) -> Operation {
    let named = [
        ("authenticate", request.authenticate),
        ("user-add", request.user_add),
        ("user-delete", request.user_delete),
        ("user-get", request.user_get),
        ("user-change-password", request.user_change_password),
        ("role-add", request.role_add),
        ("role-delete", request.role_delete),
        ("role-get", request.role_get),
        ("role-grant-permission", request.role_grant_permission),
        ("role-revoke-permission", request.role_revoke_permission),
    ];
    let with_role =
        [("user-grant-role", request.user_grant_role), ("user-revoke-role", request.user_revoke_role)];
    let bare = [
        ("enable", request.auth_enable),
        ("disable", request.auth_disable),
        ("status", request.auth_status),
        ("user-list", request.user_list),
        ("role-list", request.role_list),
    ];
    let named = named.into_iter().filter_map(|(action, of)| Some((action, of?.name, String::new())));
    let with_role = with_role.into_iter().filter_map(|(action, of)| of.map(|of| (action, of.name, of.role)));
    let bare = bare.into_iter().filter_map(|(action, of)| of.map(|_| (action, String::new(), String::new())));
    match named.chain(with_role).chain(bare).next() {
        Some((action, name, role)) => Operation::Auth { action, name, role },
        None => Operation::Unknown { why: "a request of a kind that is not known here".to_owned() },
    }
}

fn of_put(put: wire::Put) -> Operation {
    Operation::Put {
        key: put.key,
        value: put.value,
        lease: put.lease,
        keeps_value: put.ignore_value,
        keeps_lease: put.ignore_lease,
    }
}

/// A nested transaction is at most as deep as prost decodes: 100.
fn of_txn(txn: wire::Txn) -> Operation {
    let of_list = |list: Vec<wire::RequestOp>| list.into_iter().filter_map(of_op).collect();
    Operation::Txn {
        compares: txn.compare.into_iter().map(of_compare).collect(),
        success: of_list(txn.success),
        failure: of_list(txn.failure),
    }
}

fn of_op(op: wire::RequestOp) -> Option<Operation> {
    let of_range = |range: wire::KeyRange| Operation::Range { key: range.key, range_end: range.range_end };
    let of_delete = |range: wire::KeyRange| Operation::Delete { key: range.key, range_end: range.range_end };
    op.put
        .map(of_put)
        .or(op.delete_range.map(of_delete))
        .or(op.txn.map(|txn| of_txn(*txn)))
        .or(op.range.map(of_range))
}

fn of_compare(compare: wire::Compare) -> Comparison {
    let target = ["version", "create", "mod", "value", "lease"];
    let relation = ["=", ">", "<", "!="];
    Comparison {
        key: compare.key,
        target: target.get(compare.target as usize).copied().unwrap_or("unknown"),
        relation: relation.get(compare.result as usize).copied().unwrap_or("unknown"),
    }
}

/// The context of a change: the member, with a mark when it is a promotion.
#[derive(serde::Deserialize)]
struct Context {
    #[serde(flatten)]
    member: Member,
    #[serde(default, rename = "isPromote")]
    is_promote: bool,
}

fn conf_change(data: &[u8]) -> Result<Operation, prost::DecodeError> {
    let change = WireConfChange::decode(data)?;
    Ok(Operation::ConfChange { changes: vec![of_change(change.kind, change.node, &change.context)] })
}

fn conf_change_v2(data: &[u8]) -> Result<Operation, prost::DecodeError> {
    let all = WireConfChangeV2::decode(data)?;
    let changes =
        all.changes.iter().map(|change| of_change(change.kind, change.node, &all.context)).collect();
    Ok(Operation::ConfChange { changes })
}

fn of_change(kind: i32, member: u64, context: &[u8]) -> ConfChange {
    let context: Option<Context> = serde_json::from_slice(context).ok();
    let promotes = context.as_ref().is_some_and(|context| context.is_promote);
    let change = match kind {
        0 if promotes => ConfChangeKind::Promote,
        0 => ConfChangeKind::Add,
        1 => ConfChangeKind::Remove,
        2 => ConfChangeKind::Update,
        3 => ConfChangeKind::AddLearner,
        _ => ConfChangeKind::Other,
    };
    ConfChange { change, member, about: context.map(|context| context.member) }
}

fn as_text<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&key_text(bytes))
}

fn as_length<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(bytes.len() as u64)
}
