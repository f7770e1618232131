//! What an etcd snapshot or database file holds, as plain data: the report of `snapshot verify` and what `check
//! --snapshot` judges. Ids are lower-case hex, as etcd's own tools print them.

use super::{KubernetesStore, ResourceStorage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A file, read completely once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotFacts {
    /// Path as it was given.
    pub file: String,
    /// Length of the file in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the whole file, hex.
    pub sha256: String,
    /// `sound` or `damaged`.
    pub verdict: Soundness,
    /// What the digest behind the database says.
    pub digest: StoredDigest,
    /// What the manifest beside the file says of it; `null` when there is none.
    pub manifest: Option<ManifestAgreement>,
    /// Everything that is wrong, each with its place; the first ones.
    pub damages: Vec<StoredDamage>,
    /// How many more there are.
    pub more_damages: u64,
    /// Pages of the database.
    pub pages: StoredPages,
    /// The CRC-32C that `etcdutl snapshot status` prints as hash.
    pub status_hash: u32,
    /// CRC-32C over all rows of all revisions, keys and values: what a restore must not change.
    #[serde(default)]
    pub rows_hash: u32,
    /// The store's revision as a server that starts on it has it.
    pub revision: i64,
    /// The revision that `etcdutl snapshot status` prints: the last row's.
    pub last_row_revision: i64,
    /// The last compaction; `null` when there was none.
    pub compacted: Option<i64>,
    /// Keys that exist now. `etcdutl` 3.6 and later prints this as total keys.
    pub keys: u64,
    /// Rows over all revisions that are still there.
    pub key_revisions: u64,
    /// Rows in all buckets. `etcdutl` 3.5 and earlier prints this as total keys.
    pub records: u64,
    /// Keys and bytes by prefix.
    pub prefixes: BTreeMap<String, StoredPrefix>,
    /// Raft index up to which everything is in it.
    pub consistent_index: Option<u64>,
    /// Raft term of that index; 3.5 and later.
    pub term: Option<u64>,
    /// The cluster's version, such as `3.5.0`.
    pub cluster_version: Option<String>,
    /// Version of the storage; 3.6 and later.
    pub storage_version: Option<String>,
    /// Minor versions of etcd whose own tools and servers can restore it.
    pub restorable_by: Vec<String>,
    /// Who was a member.
    pub members: Vec<StoredMember>,
    /// Ids of members that were removed.
    pub removed_members: Vec<String>,
    /// Whom raft counts; `null` before 3.5.
    pub conf_state: Option<StoredConfState>,
    /// How the two differ.
    pub membership: Vec<StoredDrift>,
    /// What would be in force after a restore.
    pub leftovers: Leftovers,
    /// Kubernetes objects by resource, every revision counted; empty when there are none.
    pub kubernetes: BTreeMap<String, StoredResource>,
}

/// Whether anything is wrong with the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Soundness {
    /// Nothing is.
    Sound,
    /// Something is.
    #[default]
    Damaged,
}

/// The SHA-256 behind the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum StoredDigest {
    /// It is that of the content.
    Matches {
        /// It, hex.
        sha256: String,
    },
    /// It is not that of the content.
    Differs {
        /// In the file, hex.
        stored: String,
        /// Of the content, hex.
        computed: String,
    },
    /// There is none, as in a copied database: a flipped bit inside a value cannot be seen.
    #[default]
    Absent,
}

/// Whether the file is the one that its manifest describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestAgreement {
    /// Whether length and SHA-256 are those that were saved.
    pub matches: bool,
    /// Cluster id that was saved, hex.
    pub cluster_id: String,
    /// When it was saved, RFC 3339 UTC.
    pub taken_at: String,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredDamage {
    /// Where: `page 7`, `offset 4096`, `bucket key, key 12/0`.
    pub at: String,
    /// What.
    pub what: String,
}

/// Pages of a bbolt database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredPages {
    /// Bytes in a page.
    pub page_size: u32,
    /// Pages in all.
    pub total: u64,
    /// Pages that hold something.
    pub used: u64,
    /// Pages that are free.
    pub free: u64,
}

/// Keys under a prefix.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredPrefix {
    /// Keys that exist now.
    pub keys: u64,
    /// Bytes of those keys and their values.
    pub bytes: u64,
    /// Rows over all revisions.
    pub revisions: u64,
    /// Bytes of those.
    pub revision_bytes: u64,
}

/// A member of the `members` bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredMember {
    /// Hex id.
    pub id: String,
    /// Name; empty when it never started.
    pub name: String,
    /// Whether it only learns.
    pub learner: bool,
    /// Where its peers reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it.
    pub client_urls: Vec<String>,
}

/// Raft's own membership.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredConfState {
    /// Hex ids.
    pub voters: Vec<String>,
    /// Hex ids.
    pub learners: Vec<String>,
}

/// How raft's membership and the `members` bucket differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// Raft counts members that the bucket does not have.
    Ghosts,
    /// The bucket has members that raft does not count: they come back with 3.6.
    Zombies,
    /// Voters that the bucket calls learners.
    VotersCalledLearners,
    /// Learners that the bucket calls voters.
    LearnersCalledVoters,
    /// Members that are both there and removed.
    PresentAndRemoved,
    /// Nobody in common, as in a restored database before its first start.
    FreshlyRestored,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredDrift {
    /// Which.
    pub kind: Drift,
    /// Hex ids of those it is about.
    pub members: Vec<String>,
}

/// What a restore brings back besides keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Leftovers {
    /// Raised alarms: a NOSPACE alarm makes the restored cluster refuse writes.
    pub alarms: Vec<StoredAlarm>,
    /// Whether authentication is on; `null` when nothing was ever said about it.
    pub auth_enabled: Option<bool>,
    /// Users.
    pub users: Vec<String>,
    /// Roles.
    pub roles: Vec<String>,
    /// Leases: they run again from their full time.
    pub leases: u64,
    /// Keys under leases that do not exist.
    pub keys_without_lease: u64,
    /// A downgrade that was under way: its target version.
    pub downgrade_target: Option<String>,
}

/// A raised alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredAlarm {
    /// Hex id of the member that raised it.
    pub member: String,
    /// `NOSPACE`, `CORRUPT`.
    pub kind: String,
}

/// How the values of one Kubernetes resource are stored, over every revision that is still there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredResource {
    /// Values looked at: all there are.
    pub values: u64,
    /// In the clear.
    pub plaintext: u64,
    /// By transformer and key name, such as `aescbc:v1:key1`.
    pub encrypted: BTreeMap<String, u64>,
    /// Of neither form.
    pub unrecognised: u64,
}

impl From<&ResourceStorage> for StoredResource {
    fn from(storage: &ResourceStorage) -> StoredResource {
        StoredResource {
            values: storage.looked_at,
            plaintext: storage.plaintext,
            encrypted: storage.encrypted.clone(),
            unrecognised: storage.unrecognised,
        }
    }
}

impl SnapshotFacts {
    /// As the look at a running cluster counts them.
    pub fn kubernetes_store(&self) -> KubernetesStore {
        let resources = self.kubernetes.iter().map(|(name, stored)| {
            let storage = ResourceStorage {
                total: stored.values,
                looked_at: stored.values,
                plaintext: stored.plaintext,
                encrypted: stored.encrypted.clone(),
                unrecognised: stored.unrecognised,
            };
            (name.clone(), storage)
        });
        let resources: BTreeMap<String, ResourceStorage> = resources.collect();
        let prefix = (!resources.is_empty()).then(|| "the file".to_owned());
        KubernetesStore { prefix, resources, unfinished: None }
    }

    /// Names of all keys with which a Kubernetes value is encrypted.
    pub fn encryption_keys(&self) -> std::collections::BTreeSet<&str> {
        self.kubernetes.values().flat_map(|resource| resource.encrypted.keys()).map(String::as_str).collect()
    }

    /// A member's name, else its id.
    pub fn label(&self, id: &str) -> String {
        let named = self.members.iter().find(|member| member.id == id && !member.name.is_empty());
        named.map_or_else(|| id.to_owned(), |member| member.name.clone())
    }
}
