//! etcd's requests as they go through raft, with the fields that are told. Passwords and tokens are not read.

/// etcdserverpb.InternalRaftRequest
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Request {
    #[prost(bytes = "vec", optional, tag = "2")]
    pub(super) v2: Option<Vec<u8>>,
    #[prost(message, optional, tag = "3")]
    pub(super) range: Option<KeyRange>,
    #[prost(message, optional, tag = "4")]
    pub(super) put: Option<Put>,
    #[prost(message, optional, tag = "5")]
    pub(super) delete_range: Option<KeyRange>,
    #[prost(message, optional, tag = "6")]
    pub(super) txn: Option<Txn>,
    #[prost(message, optional, tag = "7")]
    pub(super) compaction: Option<Compaction>,
    #[prost(message, optional, tag = "8")]
    pub(super) lease_grant: Option<LeaseGrant>,
    #[prost(message, optional, tag = "9")]
    pub(super) lease_revoke: Option<LeaseRevoke>,
    #[prost(message, optional, tag = "10")]
    pub(super) alarm: Option<AlarmRequest>,
    #[prost(message, optional, tag = "11")]
    pub(super) lease_checkpoint: Option<LeaseCheckpoints>,
    #[prost(message, optional, tag = "100")]
    pub(super) header: Option<Header>,
    #[prost(message, optional, tag = "1000")]
    pub(super) auth_enable: Option<Nothing>,
    #[prost(message, optional, tag = "1011")]
    pub(super) auth_disable: Option<Nothing>,
    #[prost(message, optional, tag = "1012")]
    pub(super) authenticate: Option<Named>,
    #[prost(message, optional, tag = "1013")]
    pub(super) auth_status: Option<Nothing>,
    #[prost(message, optional, tag = "1100")]
    pub(super) user_add: Option<Named>,
    #[prost(message, optional, tag = "1101")]
    pub(super) user_delete: Option<Named>,
    #[prost(message, optional, tag = "1102")]
    pub(super) user_get: Option<Named>,
    #[prost(message, optional, tag = "1103")]
    pub(super) user_change_password: Option<Named>,
    #[prost(message, optional, tag = "1104")]
    pub(super) user_grant_role: Option<NamedWithRole>,
    #[prost(message, optional, tag = "1105")]
    pub(super) user_revoke_role: Option<NamedWithRole>,
    #[prost(message, optional, tag = "1106")]
    pub(super) user_list: Option<Nothing>,
    #[prost(message, optional, tag = "1107")]
    pub(super) role_list: Option<Nothing>,
    #[prost(message, optional, tag = "1200")]
    pub(super) role_add: Option<Named>,
    #[prost(message, optional, tag = "1201")]
    pub(super) role_delete: Option<Named>,
    #[prost(message, optional, tag = "1202")]
    pub(super) role_get: Option<Named>,
    #[prost(message, optional, tag = "1203")]
    pub(super) role_grant_permission: Option<Named>,
    #[prost(message, optional, tag = "1204")]
    pub(super) role_revoke_permission: Option<Named>,
    #[prost(message, optional, tag = "1300")]
    pub(super) cluster_version: Option<Version>,
    #[prost(message, optional, tag = "1301")]
    pub(super) member_attributes: Option<MemberAttributes>,
    #[prost(message, optional, tag = "1302")]
    pub(super) downgrade: Option<DowngradeInfo>,
    #[prost(message, optional, tag = "9900")]
    pub(super) downgrade_version_test: Option<Nothing>,
}

/// A message of which only the presence is told.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Nothing {}

/// etcdserverpb.RequestHeader
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Header {
    #[prost(string, tag = "2")]
    pub(super) username: String,
}

/// RangeRequest and DeleteRangeRequest
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct KeyRange {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) range_end: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Put {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
    #[prost(int64, tag = "3")]
    pub(super) lease: i64,
    #[prost(bool, tag = "5")]
    pub(super) ignore_value: bool,
    #[prost(bool, tag = "6")]
    pub(super) ignore_lease: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Txn {
    #[prost(message, repeated, tag = "1")]
    pub(super) compare: Vec<Compare>,
    #[prost(message, repeated, tag = "2")]
    pub(super) success: Vec<RequestOp>,
    #[prost(message, repeated, tag = "3")]
    pub(super) failure: Vec<RequestOp>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Compare {
    /// 0 equal, 1 greater, 2 less, 3 not equal.
    #[prost(int32, tag = "1")]
    pub(super) result: i32,
    /// 0 version, 1 creation, 2 modification, 3 value, 4 lease.
    #[prost(int32, tag = "2")]
    pub(super) target: i32,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "64")]
    pub(super) range_end: Vec<u8>,
}

/// RequestOp: one of these.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RequestOp {
    #[prost(message, optional, tag = "1")]
    pub(super) range: Option<KeyRange>,
    #[prost(message, optional, tag = "2")]
    pub(super) put: Option<Put>,
    #[prost(message, optional, tag = "3")]
    pub(super) delete_range: Option<KeyRange>,
    #[prost(message, optional, boxed, tag = "4")]
    pub(super) txn: Option<Box<Txn>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Compaction {
    #[prost(int64, tag = "1")]
    pub(super) revision: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LeaseGrant {
    #[prost(int64, tag = "1")]
    pub(super) ttl: i64,
    #[prost(int64, tag = "2")]
    pub(super) id: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LeaseRevoke {
    #[prost(int64, tag = "1")]
    pub(super) id: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LeaseCheckpoints {
    #[prost(message, repeated, tag = "1")]
    pub(super) leases: Vec<LeaseRevoke>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AlarmRequest {
    /// 0 read, 1 raise, 2 disarm.
    #[prost(int32, tag = "1")]
    pub(super) action: i32,
    #[prost(uint64, tag = "2")]
    pub(super) member: u64,
    #[prost(int32, tag = "3")]
    pub(super) alarm: i32,
}

/// Any auth request that opens with a name.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Named {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct NamedWithRole {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) role: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Version {
    #[prost(string, tag = "1")]
    pub(super) version: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct MemberAttributes {
    #[prost(uint64, tag = "1")]
    pub(super) member: u64,
    #[prost(message, optional, tag = "2")]
    pub(super) attributes: Option<Attributes>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Attributes {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, repeated, tag = "2")]
    pub(super) client_urls: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DowngradeInfo {
    #[prost(bool, tag = "1")]
    pub(super) enabled: bool,
    #[prost(string, tag = "2")]
    pub(super) version: String,
}

/// raftpb.ConfChange
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct WireConfChange {
    #[prost(int32, tag = "2")]
    pub(super) kind: i32,
    #[prost(uint64, tag = "3")]
    pub(super) node: u64,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) context: Vec<u8>,
}

/// raftpb.ConfChangeV2
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct WireConfChangeV2 {
    #[prost(message, repeated, tag = "2")]
    pub(super) changes: Vec<WireConfChangeSingle>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) context: Vec<u8>,
}

/// raftpb.ConfChangeSingle
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct WireConfChangeSingle {
    #[prost(int32, tag = "1")]
    pub(super) kind: i32,
    #[prost(uint64, tag = "2")]
    pub(super) node: u64,
}

/// etcdserverpb.Request of the v2 API.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct V2Request {
    #[prost(string, tag = "2")]
    pub(super) method: String,
    #[prost(string, tag = "3")]
    pub(super) path: String,
    #[prost(string, tag = "4")]
    pub(super) value: String,
}
