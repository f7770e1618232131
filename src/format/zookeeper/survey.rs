//! One pass over a snapshot: what its tree holds, summed up.

use super::input::Packing;
use super::names::Zxid;
use super::snapshot::{ALL, Node, Rights, SnapshotEnd, Visitor, read};
use crate::format::source::{Damage, Place, Source, key_text};
use std::collections::BTreeMap;

/// Top-level nodes that are counted by name; those of further ones are counted together.
const MAX_PREFIXES: usize = 1000;
/// Biggest values, longest lists of children and sessions that are named.
const TOP: usize = 5;
/// Most access control lists and most sessions with ephemeral nodes that are told apart.
const MAX_KEPT: usize = 1 << 20;
/// Where nodes below further top-level nodes are counted.
pub(super) const FURTHER: &str = "(further)";
/// The dynamic configuration.
const CONFIG: &[u8] = b"/zookeeper/config";
/// Nodes below this are not in the digest.
const UNDIGESTED: &[u8] = b"/zookeeper/";
/// The one way to compute a digest that is known.
const DIGEST_VERSION: i32 = 2;
/// A list of children in a reply: its length, and one before each name.
const LENGTH: u64 = 4;

/// What a snapshot holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// What stands behind the tree; `None` when the file is damaged.
    pub end: Option<SnapshotEnd>,
    /// Where it is damaged. What is counted is what stands before.
    pub damage: Option<Damage>,
    /// Nodes, the root and `/zookeeper` included.
    pub nodes: u64,
    /// Bytes of all paths and values.
    pub bytes: u64,
    /// Ephemeral nodes.
    pub ephemerals: u64,
    /// Container nodes.
    pub containers: u64,
    /// Nodes with a time to live.
    pub ttl_nodes: u64,
    /// Open sessions.
    pub sessions: u64,
    /// Shortest and longest of their timeouts, in milliseconds.
    pub timeouts_ms: Option<(i32, i32)>,
    /// Access control lists that differ, without that of `world:anyone` with all rights.
    pub acls: u64,
    /// Nodes whose access control list is not there: servers before 3.8.5 and 3.9.4 do not load them.
    pub without_acl: u64,
    /// By top-level node; `/` is the root alone.
    pub prefixes: BTreeMap<String, Prefix>,
    /// The biggest values, biggest first.
    pub values: Vec<Big>,
    /// The longest lists of children, by the bytes of a reply, longest first.
    pub lists: Vec<ChildList>,
    /// Sessions with the most bytes of ephemeral paths.
    pub owners: Vec<Session>,
    /// Value of `/zookeeper/config`.
    pub config: Option<Vec<u8>>,
    /// Sum over all nodes, as the digest of version 2.
    pub digest: u64,
}

/// Nodes below one top-level node, and itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prefix {
    /// How many.
    pub nodes: u64,
    /// Bytes of paths and values.
    pub bytes: u64,
    /// Of them, ephemeral ones.
    pub ephemerals: u64,
    /// Nodes that anyone may read.
    pub readable: u64,
    /// Nodes that anyone may change: write, create or delete below, or change the ACL.
    pub writable: u64,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Big {
    /// Its node.
    pub path: String,
    /// Its length.
    pub bytes: u64,
}

/// The children of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildList {
    /// The node.
    pub path: String,
    /// How many.
    pub children: u64,
    /// Bytes of the vector in a reply: 4, and 4 and the name for each.
    pub bytes: u64,
}

/// A session and its ephemeral nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: u64,
    /// How many nodes it owns.
    pub nodes: u64,
    /// Bytes of their paths as the transaction that closes it lists them: 4 and the path for each.
    pub bytes: u64,
}

impl Survey {
    /// Whether the digest in it is that of its nodes. `None` when that cannot be told: there is none, or transactions were
    /// applied while it was written and are partly in it.
    pub fn digest_matches(&self, begun_at: Zxid) -> Option<bool> {
        let digest = self.end?.digest.filter(|digest| digest.version == DIGEST_VERSION)?;
        (digest.zxid == begun_at && digest.zxid.0 > 0).then_some(digest.value == Some(self.digest))
    }
}

/// Reads a snapshot once.
pub fn survey(source: &dyn Source, packing: Packing) -> Survey {
    let mut surveyor = Surveyor::default();
    let end = read(source, packing, &mut surveyor);
    let mut survey = surveyor.finish();
    match end {
        Ok(end) => survey.end = Some(end),
        Err(damage) => survey.damage = Some(damage),
    }
    survey
}

/// A node whose children come.
struct Open {
    /// Length of its path.
    end: usize,
    children: u64,
    bytes: u64,
}

#[derive(Default)]
struct Surveyor {
    survey: Survey,
    rights: BTreeMap<i64, Rights>,
    owners: BTreeMap<i64, (u64, u64)>,
    /// Path of the last node, and it and those above it.
    path: Vec<u8>,
    open: Vec<Open>,
}

impl Visitor for Surveyor {
    fn session(&mut self, _id: i64, timeout_ms: i32) {
        self.survey.sessions += 1;
        let (low, high) = self.survey.timeouts_ms.unwrap_or((timeout_ms, timeout_ms));
        self.survey.timeouts_ms = Some((low.min(timeout_ms), high.max(timeout_ms)));
    }

    fn acl(&mut self, id: i64, rights: Rights) {
        self.survey.acls += 1;
        if self.rights.len() < MAX_KEPT {
            self.rights.insert(id, rights);
        }
    }

    fn node(&mut self, node: &Node<'_>) -> Result<(), Damage> {
        self.descend(node)?;
        let survey = &mut self.survey;
        let bytes = node.path.len() as u64 + node.length;
        survey.nodes += 1;
        survey.bytes += bytes;
        keep(
            &mut survey.values,
            node.length,
            |big| big.bytes,
            || Big { path: shown(node.path), bytes: node.length },
        );
        if !node.path.starts_with(UNDIGESTED) {
            survey.digest = survey.digest.wrapping_add(u64::from(node.checksum));
        }
        if node.path == CONFIG && node.value.len() as u64 == node.length {
            survey.config = Some(node.value.to_vec());
        }
        let ephemeral = self.owner(node);
        let rights = self.rights_of(node.acl);
        let prefix = self.prefix(node.path);
        prefix.nodes += 1;
        prefix.bytes += bytes;
        prefix.ephemerals += u64::from(ephemeral);
        prefix.readable += u64::from(rights.anyone & 1 != 0);
        prefix.writable += u64::from(rights.anyone & (ALL - 1) != 0);
        Ok(())
    }
}

impl Surveyor {
    /// Servers write a node, then all below its first child, then all below its second.
    fn descend(&mut self, node: &Node<'_>) -> Result<(), Damage> {
        let wrong = |what: &str| Err(Damage::new(Place::Offset(node.offset), what.to_owned()));
        let path = node.path;
        if self.survey.nodes == 0 {
            if !path.is_empty() {
                return wrong("the first node is not the root");
            }
            self.open.push(Open { end: 0, children: 0, bytes: LENGTH });
            return Ok(());
        }
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/').filter(|at| at + 1 < path.len()) else {
            return wrong("the path of a node is none");
        };
        while self.open.last().is_some_and(|open| open.end > slash) {
            self.close();
        }
        match self.open.last_mut().filter(|open| open.end == slash && self.path[..slash] == path[..slash]) {
            Some(parent) => {
                parent.children += 1;
                parent.bytes += LENGTH + (path.len() - slash - 1) as u64;
            }
            None => return wrong("a node whose parent is not there"),
        }
        self.path.truncate(slash);
        self.path.extend_from_slice(&path[slash..]);
        self.open.push(Open { end: path.len(), children: 0, bytes: LENGTH });
        Ok(())
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop().filter(|open| open.children > 0) else { return };
        let path = &self.path[..open.end];
        keep(
            &mut self.survey.lists,
            open.bytes,
            |list| list.bytes,
            || ChildList { path: shown(path), children: open.children, bytes: open.bytes },
        );
    }

    /// Counts by owner; whether the node is ephemeral.
    fn owner(&mut self, node: &Node<'_>) -> bool {
        match node.owner {
            0 => return false,
            i64::MIN => self.survey.containers += 1,
            owner if owner as u64 >> 56 == 0xff => self.survey.ttl_nodes += 1,
            owner => {
                self.survey.ephemerals += 1;
                if self.owners.len() < MAX_KEPT || self.owners.contains_key(&owner) {
                    let (nodes, bytes) = self.owners.entry(owner).or_default();
                    *nodes += 1;
                    *bytes += LENGTH + node.path.len() as u64;
                }
                return true;
            }
        }
        false
    }

    fn rights_of(&mut self, acl: i64) -> Rights {
        if acl == -1 {
            return Rights { anyone: ALL, others: false };
        }
        let known = self.rights.get(&acl).copied();
        if known.is_none() && self.rights.len() < MAX_KEPT {
            self.survey.without_acl += 1;
        }
        known.unwrap_or_default()
    }

    fn prefix(&mut self, path: &[u8]) -> &mut Prefix {
        let below = path.get(1..).unwrap_or_default();
        let end = below.iter().position(|byte| *byte == b'/').map_or(path.len(), |at| at + 1);
        let name = shown(&path[..end]);
        let full = self.survey.prefixes.len() >= MAX_PREFIXES && !self.survey.prefixes.contains_key(&name);
        self.survey.prefixes.entry(if full { FURTHER.to_owned() } else { name }).or_default()
    }

    fn finish(mut self) -> Survey {
        while !self.open.is_empty() {
            self.close();
        }
        for (id, (nodes, bytes)) in &self.owners {
            keep(
                &mut self.survey.owners,
                *bytes,
                |session| session.bytes,
                || Session { id: *id as u64, nodes: *nodes, bytes: *bytes },
            );
        }
        self.survey
    }
}

/// A path as people write it: the root is `/`.
fn shown(path: &[u8]) -> String {
    if path.is_empty() { "/".to_owned() } else { key_text(path) }
}

/// Keeps the greatest, greatest first.
fn keep<T>(kept: &mut Vec<T>, size: u64, of: impl Fn(&T) -> u64, make: impl FnOnce() -> T) {
    let full = kept.len() >= TOP && kept.last().is_some_and(|least| of(least) >= size);
    if size == 0 || full {
        return;
    }
    let at = kept.partition_point(|other| of(other) >= size);
    kept.insert(at, make());
    kept.truncate(TOP);
}

#[cfg(test)]
mod tests {
    use super::*;
    use adler2::Adler32;

    /// A snapshot as 3.4 writes it, with one ACL of number 1 that lets anyone read.
    fn snapshot(nodes: &[(&str, &[u8], i64, i64)]) -> Vec<u8> {
        let text = |text: &[u8]| [&(text.len() as u32).to_be_bytes()[..], text].concat();
        let mut bytes = [&b"ZKSN"[..], &[0, 0, 0, 2], &[0xff; 8]].concat();
        let session = [&1u32.to_be_bytes()[..], &9u64.to_be_bytes(), &4000u32.to_be_bytes()].concat();
        let acl =
            [&1u32.to_be_bytes()[..], &1u64.to_be_bytes(), &1u32.to_be_bytes(), &1u32.to_be_bytes()].concat();
        bytes.extend([session, acl, text(b"world"), text(b"anyone")].concat());
        for (path, value, acl, owner) in nodes {
            bytes.extend(
                [text(path.as_bytes()), text(value), acl.to_be_bytes().to_vec(), vec![0; 44]].concat(),
            );
            bytes.extend([owner.to_be_bytes(), [0; 8]].concat());
        }
        bytes.extend(text(b"/"));
        seal(bytes)
    }

    fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
        let mut sum = Adler32::new();
        sum.write_slice(&bytes);
        bytes.extend(u64::from(sum.checksum()).to_be_bytes());
        bytes.extend(b"\0\0\0\x01/");
        bytes
    }

    fn read(bytes: &[u8]) -> Survey {
        survey(&bytes.to_vec(), Packing::Plain)
    }

    const ROOT: (&str, &[u8], i64, i64) = ("", b"", -1, 0);

    #[test]
    fn kinds_of_nodes_children_and_rights() {
        let nodes = [
            ROOT,
            ("/a", b"four", -1, 0),
            ("/a/long-name", b"", 1, 9),
            ("/a/b", b"", 1, 0),
            ("/a/b/c", b"", 7, i64::MIN),
            ("/d", b"x", -1, (0xff << 56) | 1000),
        ];
        let found = read(&snapshot(&nodes));
        assert_eq!((found.damage.clone(), found.nodes, found.bytes), (None, 6, 31));
        assert_eq!((found.ephemerals, found.containers, found.ttl_nodes, found.without_acl), (1, 1, 1, 1));
        assert_eq!(
            found.end,
            Some(SnapshotEnd { length: snapshot(&nodes).len() as u64, ..SnapshotEnd::default() })
        );
        assert_eq!((found.sessions, found.timeouts_ms), (1, Some((4000, 4000))));
        assert_eq!(found.lists[0], ChildList { path: "/a".into(), children: 2, bytes: 4 + 4 + 9 + 4 + 1 });
        assert_eq!(found.owners, [Session { id: 9, nodes: 1, bytes: 4 + 12 }]);
        let a = found.prefixes["/a"];
        assert_eq!((a.nodes, a.readable, a.writable, a.ephemerals), (4, 3, 1, 1));
    }

    #[test]
    fn nodes_in_an_order_that_no_tree_has() {
        for (wrong, what) in [
            (vec![("/a", &b""[..], -1, 0)], "not the root"),
            (vec![ROOT, ("/a/b", b"", -1, 0)], "whose parent"),
            (vec![ROOT, ("/a", b"", -1, 0), ("/b", b"", -1, 0), ("/a/x", b"", -1, 0)], "whose parent"),
            (vec![ROOT, ("a", b"", -1, 0)], "is none"),
            (vec![ROOT, ("/a/", b"", -1, 0)], "is none"),
        ] {
            let damage = read(&snapshot(&wrong)).damage.expect("damaged").to_string();
            assert!(damage.contains(what) && damage.starts_with("offset"), "{damage}");
        }
    }

    #[test]
    fn what_stands_behind_the_tree() {
        let plain = snapshot(&[ROOT]);
        let digest = |version: u32, value: &[u8]| {
            let behind = [&3u64.to_be_bytes()[..], &version.to_be_bytes(), value].concat();
            seal([plain.clone(), behind].concat())
        };
        let zxid = |bytes: Vec<u8>| seal([bytes, 3u64.to_be_bytes().to_vec()].concat());
        let sum = read(&plain).digest;
        let both = read(&zxid(digest(2, &sum.to_be_bytes())));
        assert_eq!(both.end.and_then(|end| end.last_zxid), Some(Zxid(3)));
        assert_eq!((both.digest_matches(Zxid(3)), both.digest_matches(Zxid(2))), (Some(true), None));
        assert_eq!(read(&digest(2, &(sum + 1).to_be_bytes())).digest_matches(Zxid(3)), Some(false));
        assert_eq!(read(&digest(1, b"\0\0\0\x02ab")).end.and_then(|end| end.digest?.value), None);
        let alone = read(&zxid(plain.clone()));
        assert_eq!(alone.end.map(|end| (end.digest, end.last_zxid)), Some((None, Some(Zxid(3)))));
        for bad in [[plain.clone(), vec![0]].concat(), [zxid(plain.clone()), vec![0; 40]].concat()] {
            assert!(read(&bad).damage.is_some());
        }
    }
}
