//! `.snap` files: raft's snapshot of the v2 store, with the membership as of its index.

use super::buckets::{ConfState, Member};
use super::proto::{self, Fields};
use crate::format::source::{Damage, Place, Source, read_exact};
use prost::Message;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Longest file that is read. The v2 store of a cluster without v2 data has a few KiB.
const MAX_LENGTH: u64 = 32 << 20;

/// What a `.snap` file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snap {
    /// Raft index that it covers.
    pub index: u64,
    /// Term of that index.
    pub term: u64,
    /// Raft's membership at that index.
    pub conf_state: ConfState,
    /// Members by id, as the v2 store has them. Changes committed later are not in it.
    pub members: BTreeMap<u64, Member>,
    /// Ids of removed members.
    pub removed: BTreeSet<u64>,
    /// The cluster's version.
    pub cluster_version: Option<String>,
    /// Keys that clients wrote through the v2 API: 3.6 and later refuse to start on them.
    pub v2_keys: u64,
}

/// Term and index of a `.snap` file's name, `%016x-%016x.snap`.
pub fn snap_name(name: &str) -> Option<(u64, u64)> {
    let (term, index) = name.strip_suffix(".snap")?.split_once('-')?;
    let number = |text: &str| (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok()).flatten();
    Some((number(term)?, number(index)?))
}

/// Reads and checks a `.snap` file.
pub fn read_snap(source: &dyn Source) -> Result<Snap, Damage> {
    let length = source.len();
    if length == 0 {
        return Err(Damage::new(Place::File, "the file is empty"));
    }
    if length > MAX_LENGTH {
        return Err(Damage::new(Place::File, format!("{length} bytes are more than this reader holds")));
    }
    let mut bytes = vec![0u8; length as usize];
    read_exact(source, 0, &mut bytes)?;
    let at = |what: String| Damage::new(Place::Offset(0), what);
    let (mut crc, mut data) = (0u64, &[][..]);
    for field in Fields::of(&bytes) {
        match field {
            Ok((1, proto::Value::Number(number))) => crc = number,
            Ok((2, proto::Value::Bytes(bytes))) => data = bytes,
            Ok(_) => return Err(at("a field that a snapshot file does not have".to_owned())),
            Err(malformed) => return Err(at(format!("the snapshot does not decode: {malformed}"))),
        }
    }
    let sum = crc32c::crc32c(data);
    if data.is_empty() || u64::from(sum) != crc {
        return Err(at(format!("the snapshot's checksum is {crc:08x}, its content gives {sum:08x}")));
    }
    decode(data).map_err(at)
}

/// raftpb.Snapshot
#[derive(Clone, PartialEq, prost::Message)]
struct Wire {
    #[prost(bytes = "vec", tag = "1")]
    store: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    metadata: Option<Metadata>,
}

/// raftpb.SnapshotMetadata
#[derive(Clone, PartialEq, prost::Message)]
struct Metadata {
    #[prost(message, optional, tag = "1")]
    conf_state: Option<proto::ConfState>,
    #[prost(uint64, tag = "2")]
    index: u64,
    #[prost(uint64, tag = "3")]
    term: u64,
}

fn decode(data: &[u8]) -> Result<Snap, String> {
    let wire = Wire::decode(data).map_err(|error| error.to_string())?;
    let metadata = wire.metadata.ok_or("a snapshot without index and term")?;
    let mut snap = Snap {
        index: metadata.index,
        term: metadata.term,
        conf_state: metadata.conf_state.unwrap_or_default().into(),
        members: BTreeMap::new(),
        removed: BTreeSet::new(),
        cluster_version: None,
        v2_keys: 0,
    };
    if wire.store.is_empty() {
        return Ok(snap);
    }
    let store: Value =
        serde_json::from_slice(&wire.store).map_err(|error| format!("the v2 store is not JSON: {error}"))?;
    let cluster = child(&store["Root"], "0");
    if let Some(members) = cluster.and_then(|node| child(node, "members")).and_then(children) {
        for (id, node) in members {
            let id = u64::from_str_radix(id, 16).map_err(|_| format!("the v2 store has a member {id}"))?;
            snap.members.insert(id, member(id, node)?);
        }
    }
    if let Some(removed) = cluster.and_then(|node| child(node, "removed_members")).and_then(children) {
        snap.removed.extend(removed.keys().filter_map(|id| u64::from_str_radix(id, 16).ok()));
    }
    let version = cluster.and_then(|node| child(node, "version")).and_then(|node| node["Value"].as_str());
    snap.cluster_version = version.map(str::to_owned);
    snap.v2_keys = child(&store["Root"], "1").map_or(0, count_keys);
    Ok(snap)
}

fn member(id: u64, node: &Value) -> Result<Member, String> {
    let part = |name: &str| -> Result<Member, String> {
        match child(node, name).and_then(|node| node["Value"].as_str()) {
            Some(text) => serde_json::from_str::<Part>(text)
                .map(|part| part.0)
                .map_err(|error| format!("member {id:x} of the v2 store: {error}")),
            None => Ok(Member::default()),
        }
    };
    let (raft, attributes) = (part("raftAttributes")?, part("attributes")?);
    Ok(Member { id, name: attributes.name, client_urls: attributes.client_urls, ..raft })
}

/// A member without its id, which stands in the path.
struct Part(Member);

impl<'de> serde::Deserialize<'de> for Part {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Part, D::Error> {
        use serde::de::Error;
        let mut value = Value::deserialize(from)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("id".to_owned(), Value::from(0));
        }
        serde_json::from_value(value).map(Part).map_err(D::Error::custom)
    }
}

fn children(node: &Value) -> Option<&serde_json::Map<String, Value>> {
    node["Children"].as_object()
}

fn child<'a>(node: &'a Value, name: &str) -> Option<&'a Value> {
    children(node)?.get(name)
}

/// Leaves under a node. serde_json has bounded the depth to 128.
fn count_keys(node: &Value) -> u64 {
    match children(node) {
        Some(children) => children.values().map(count_keys).sum(),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(store: &str) -> Vec<u8> {
        #[derive(Clone, PartialEq, prost::Message)]
        struct Outer {
            #[prost(uint32, tag = "1")]
            crc: u32,
            #[prost(bytes = "vec", tag = "2")]
            data: Vec<u8>,
        }
        let conf_state = proto::ConfState { voters: vec![7, 8], ..proto::ConfState::default() };
        let metadata = Metadata { conf_state: Some(conf_state), index: 9, term: 2 };
        let data = Wire { store: store.as_bytes().to_vec(), metadata: Some(metadata) }.encode_to_vec();
        Outer { crc: crc32c::crc32c(&data), data }.encode_to_vec()
    }

    const STORE: &str = r#"{"Root":{"Path":"/","Children":{"0":{"Path":"/0","Children":{"members":{"Children":{
        "7":{"Children":{"attributes":{"Value":"{\"name\":\"n1\",\"clientURLs\":[\"http://a:2379\"]}","Children":null},
        "raftAttributes":{"Value":"{\"peerURLs\":[\"http://a:2380\"],\"isLearner\":true}"}}}}},
        "removed_members":{"Children":{"ff":{"Value":"removed"}}},"version":{"Value":"3.5.0"}}},
        "1":{"Children":{"mine":{"Value":"x"}}}}}}"#;

    #[test]
    fn reads_membership_and_index() {
        let snap = read_snap(&file(STORE)).expect("sound");
        assert_eq!((snap.index, snap.term, snap.conf_state.voters.len()), (9, 2, 2));
        let member = &snap.members[&7];
        assert_eq!((member.id, member.name.as_str(), member.is_learner), (7, "n1", true));
        assert_eq!((snap.removed.contains(&0xff), snap.v2_keys), (true, 1));
        assert_eq!(snap.cluster_version.as_deref(), Some("3.5.0"));
    }

    #[test]
    fn every_changed_byte_is_seen() {
        let sound = file(STORE);
        for at in 0..sound.len() {
            let mut broken = sound.clone();
            broken[at] ^= 4;
            assert!(read_snap(&broken).is_err(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn total_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_snap(&bytes);
        }
    }
}
