//! Log entries in words, with the keys they touch.

use super::facts::EntryMark;
use crate::format::etcd::wal::{ConfChange, ConfChangeKind, Mark, Operation, Replayed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keys of one entry that are told; a transaction may have 128 operations and more.
const MAX_KEYS: usize = 256;
/// Bytes of a key that are shown: etcd allows a megabyte, nobody uses more than this.
const MAX_KEY: usize = 1024;
/// Bytes of a value that are shown.
const MAX_VALUE: usize = 256;

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryFacts {
    /// Raft index.
    pub index: u64,
    /// Raft term.
    pub term: u64,
    /// Its fate.
    pub mark: EntryMark,
    /// Type of the operation, such as `put` or `conf-change`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it asks for, in words.
    pub says: String,
    /// Keys that it may write; of a transaction those of both branches.
    pub keys: Vec<KeyChange>,
    /// Bytes of its data.
    pub bytes: u64,
}

/// A key that an entry may write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyChange {
    /// `put` or `delete`.
    pub change: String,
    /// The key, or the first of a range. Bytes that are no text as `0x` and hex; cut behind 1024 bytes.
    pub key: String,
    /// The first key behind the range; absent for one key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub range_end: Option<String>,
    /// Bytes of the value that is put.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value_bytes: Option<u64>,
    /// The value, at most 256 bytes of it, when values were asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
}

/// How much of an entry is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Keys, never values: they may be secrets.
    Keys,
    /// Values too.
    Values,
}

/// An entry in words.
pub fn describe(entry: &Replayed, detail: Detail) -> EntryFacts {
    let mut keys = Vec::new();
    collect(&entry.operation, detail, &mut keys);
    EntryFacts {
        index: entry.index,
        term: entry.term,
        mark: mark(entry.mark),
        kind: entry.operation.name().to_owned(),
        says: words(&entry.operation),
        keys,
        bytes: entry.bytes,
    }
}

/// Whether an operation may write a key that starts with `prefix`.
pub fn touches(operation: &Operation, prefix: &[u8]) -> bool {
    operation.written_keys().into_iter().any(|(key, end)| match end {
        [] => key.starts_with(prefix),
        // one zero byte: everything from the key on
        [0] => key < prefix || key.starts_with(prefix),
        end => key.starts_with(prefix) || (key < prefix && prefix < end),
    })
}

pub(super) fn mark(mark: Mark) -> EntryMark {
    match mark {
        Mark::Applied => EntryMark::Applied,
        Mark::Committed => EntryMark::Committed,
        Mark::Uncertain => EntryMark::Uncertain,
        Mark::Overwritten => EntryMark::Overwritten,
    }
}

/// What is done to a member, as the JSON says it.
pub(super) fn change_name(kind: ConfChangeKind) -> &'static str {
    match kind {
        ConfChangeKind::Add => "add",
        ConfChangeKind::Remove => "remove",
        ConfChangeKind::Update => "update",
        ConfChangeKind::AddLearner => "add-learner",
        ConfChangeKind::Promote => "promote",
        ConfChangeKind::Other => "other",
    }
}

fn collect(operation: &Operation, detail: Detail, into: &mut Vec<KeyChange>) {
    if into.len() >= MAX_KEYS {
        return;
    }
    match operation {
        Operation::Put { key, value, .. } => into.push(KeyChange {
            change: "put".to_owned(),
            key: readable(key),
            range_end: None,
            value_bytes: Some(value.len() as u64),
            value: (detail == Detail::Values).then(|| shown(value)),
        }),
        Operation::Delete { key, range_end } => into.push(KeyChange {
            change: "delete".to_owned(),
            key: readable(key),
            range_end: (!range_end.is_empty()).then(|| readable(range_end)),
            value_bytes: None,
            value: None,
        }),
        Operation::Txn { success, failure, .. } => {
            success.iter().chain(failure).for_each(|inner| collect(inner, detail, into));
        }
        _ => {}
    }
}

/// A key: text as it is, other bytes as hex. The renderers escape what could drive a terminal.
fn readable(key: &[u8]) -> String {
    cut(key, MAX_KEY)
}

fn shown(value: &[u8]) -> String {
    cut(value, MAX_VALUE)
}

/// At most `most` bytes, cut between characters so that text stays text.
fn cut(bytes: &[u8], most: usize) -> String {
    if bytes.len() <= most {
        return text_or_hex(bytes);
    }
    let end = (most - 3..=most).rev().find(|end| std::str::from_utf8(&bytes[..*end]).is_ok());
    format!("{}...", text_or_hex(&bytes[..end.unwrap_or(most)]))
}

fn text_or_hex(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().fold("0x".to_owned(), |hex, byte| hex + &format!("{byte:02x}")),
    }
}

fn words(operation: &Operation) -> String {
    match operation {
        Operation::Empty => "nothing: a new leader's first entry".to_owned(),
        Operation::Put { key, value, lease, keeps_value, keeps_lease } => {
            let value = if *keeps_value { "its old value".to_owned() } else { bytes(value.len() as u64) };
            let lease = match (keeps_lease, lease) {
                (true, _) => ", its old lease".to_owned(),
                (false, 0) => String::new(),
                (false, lease) => format!(", lease {lease:x}"),
            };
            format!("put {} ({value}{lease})", readable(key))
        }
        Operation::Delete { key, range_end } => format!("delete {}", range(key, range_end)),
        Operation::Range { key, range_end } => format!("read {}", range(key, range_end)),
        Operation::Txn { compares, success, failure } => txn(compares.len(), success, failure),
        Operation::Compaction { revision } => format!("drop revisions up to {revision}"),
        Operation::LeaseGrant { id, ttl } => format!("grant lease {id:x} for {ttl} s"),
        Operation::LeaseRevoke { id } => format!("revoke lease {id:x} and delete its keys"),
        Operation::LeaseCheckpoint { leases } => format!("note the remaining time of {leases} leases"),
        Operation::Alarm { action, member, alarm } => {
            format!("{action} alarm {alarm} of {}", member_or_all(*member))
        }
        Operation::Auth { action, name, role } => [action, name.as_str(), role]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        Operation::ClusterVersion { version } => format!("set the cluster version to {version}"),
        Operation::MemberAttributes { member, name, client_urls } => {
            format!("member {member:x} is {name} at {}", client_urls.join(", "))
        }
        Operation::Downgrade { enabled: true, version } => format!("start a downgrade to {version}"),
        Operation::Downgrade { enabled: false, .. } => "end a downgrade".to_owned(),
        Operation::ConfChange { changes } => changes.iter().map(conf_change).collect::<Vec<_>>().join("; "),
        Operation::V2 { method, path, value_bytes } => {
            format!("v2 {method} {path} ({})", bytes(*value_bytes))
        }
        Operation::Unknown { why } => format!("not decoded: {why}"),
    }
}

fn txn(compares: usize, success: &[Operation], failure: &[Operation]) -> String {
    let list = |operations: &[Operation]| {
        let told: Vec<String> = operations.iter().take(8).map(words).collect();
        let more = operations.len().saturating_sub(told.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        if told.is_empty() { "nothing".to_owned() } else { told.join(", ") + &more }
    };
    if compares == 0 {
        return list(success);
    }
    let comparisons =
        if compares == 1 { "1 comparison holds".to_owned() } else { format!("{compares} comparisons hold") };
    format!("if {comparisons}: {}; else: {}", list(success), list(failure))
}

fn conf_change(change: &ConfChange) -> String {
    let what = match change.change {
        ConfChangeKind::Add => "add voter",
        ConfChangeKind::Remove => "remove member",
        ConfChangeKind::Update => "change the peer URLs of",
        ConfChangeKind::AddLearner => "add learner",
        ConfChangeKind::Promote => "promote to voter",
        ConfChangeKind::Other => "change in an unknown way",
    };
    let about = change.about.as_ref().map_or_else(String::new, |about| {
        let parts = [about.name.clone(), about.peer_urls.join(", ")];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(" at ")) }
    });
    format!("{what} {:x}{about}", change.member)
}

fn range(key: &[u8], end: &[u8]) -> String {
    match end {
        [] => readable(key),
        [0] => format!("everything from {}", readable(key)),
        end if is_prefix(key, end) => format!("everything under {}", readable(key)),
        end => format!("from {} to before {}", readable(key), readable(end)),
    }
}

/// Whether a range is that of a prefix: its end is the key with its last byte raised.
fn is_prefix(key: &[u8], end: &[u8]) -> bool {
    let kept = key.iter().rposition(|byte| *byte < 0xff).map(|at| &key[..=at]);
    kept.and_then(<[u8]>::split_last).is_some_and(|(last, head)| end == [head, &[last + 1]].concat())
}

fn member_or_all(member: u64) -> String {
    if member == 0 { "all members".to_owned() } else { format!("member {member:x}") }
}

fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, value: &[u8]) -> Operation {
        let (key, value) = (key.as_bytes().to_vec(), value.to_vec());
        Operation::Put { key, value, lease: 0, keeps_value: false, keeps_lease: false }
    }

    fn delete(key: &str, end: &[u8]) -> Operation {
        Operation::Delete { key: key.as_bytes().to_vec(), range_end: end.to_vec() }
    }

    #[test]
    fn words_name_keys_and_never_values() {
        let txn =
            Operation::Txn { compares: Vec::new(), success: vec![put("/a", b"secret")], failure: Vec::new() };
        assert_eq!(words(&txn), "put /a (6 bytes)");
        assert_eq!(words(&delete("/a/", b"/a0")), "delete everything under /a/");
        assert_eq!(words(&delete("/a", b"\0")), "delete everything from /a");
        assert_eq!(words(&delete("/a", b"")), "delete /a");
        assert_eq!(words(&delete("/a", b"/c")), "delete from /a to before /c");
        let mut keys = Vec::new();
        collect(&txn, Detail::Keys, &mut keys);
        assert_eq!((keys[0].value_bytes, keys[0].value.as_deref()), (Some(6), None));
    }

    #[test]
    fn values_are_cut_between_characters() {
        assert_eq!(shown(b"short"), "short");
        let long = "é".repeat(400);
        assert_eq!(shown(long.as_bytes()), format!("{}...", "é".repeat(128)));
        assert_eq!(shown(&[0xff, 0]), "0xff00");
    }

    #[test]
    fn a_range_touches_what_it_covers() {
        assert!(touches(&put("/a/b", b""), b"/a/"));
        assert!(!touches(&put("/b", b""), b"/a/"));
        assert!(touches(&delete("/", b"0"), b"/a/"));
        assert!(touches(&delete("", b"\0"), b"/a/"));
        assert!(!touches(&delete("/b", b"/c"), b"/a/"));
        assert!(touches(&delete("/a/x", b"/a/y"), b"/a/"));
    }
}
