//! Records of the log. They are read strictly: a record's type stands outside of its checksum, so a changed type can only
//! be seen by what stands in the record.

use super::super::buckets::ConfState;
use super::super::proto::{self, Fields, Malformed};
use prost::Message;
use serde::Serialize;

/// A record with its checksum, in place.
pub(super) struct Raw<'a> {
    pub(super) kind: u64,
    pub(super) crc: u32,
    pub(super) data: &'a [u8],
}

impl<'a> Raw<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Raw<'a>, Malformed> {
        let mut raw = Raw { kind: 0, crc: 0, data: &[] };
        for field in Fields::of(bytes) {
            match field? {
                (1, value) => raw.kind = value.number()?,
                (2, value) => {
                    raw.crc = u32::try_from(value.number()?)
                        .map_err(|_| Malformed("its checksum has no 32 bits"))?;
                }
                (3, value) => raw.data = value.bytes()?,
                _ => return Err(Malformed("a field that a record does not have")),
            }
        }
        Ok(raw)
    }
}

/// The record type that carries the running checksum.
pub(super) const CRC: u64 = 4;

/// A record of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Record<'a> {
    /// Whose log it is.
    Identity(Identity),
    /// A raft entry.
    Entry(Entry<'a>),
    /// Raft's hard state.
    State(HardState),
    /// A snapshot was taken or received.
    Snapshot(SnapshotMark),
}

/// Whose log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Member id.
    pub member: u64,
    /// Cluster id.
    pub cluster: u64,
}

/// A raft entry, in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Raft term in which a leader made it.
    pub term: u64,
    /// Raft index.
    pub index: u64,
    /// What its data are.
    pub kind: EntryKind,
    /// The proposal.
    pub data: &'a [u8],
}

/// What an entry's data are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A request, or nothing from a new leader.
    Normal,
    /// A change of membership.
    ConfChange,
    /// A change of membership in raft's newer form, which etcd does not write yet.
    ConfChangeV2,
}

/// Raft's hard state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HardState {
    /// Raft term.
    pub term: u64,
    /// The member voted for in that term; 0 for none.
    pub vote: u64,
    /// Index known to be committed when it was written. Commit alone is not synced: more may be committed.
    pub commit: u64,
}

/// A snapshot was taken or received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotMark {
    /// Index that it covers.
    pub index: u64,
    /// Term of that index.
    pub term: u64,
    /// Membership at that index; 3.5 and later.
    pub conf_state: Option<ConfState>,
}

impl<'a> Record<'a> {
    pub(super) fn parse(raw: &Raw<'a>) -> Result<Record<'a>, Malformed> {
        match raw.kind {
            1 => identity(raw.data).map(Record::Identity),
            2 => entry(raw.data).map(Record::Entry),
            3 => {
                let [term, vote, commit] = numbers(raw.data)?;
                Ok(Record::State(HardState { term, vote, commit }))
            }
            5 => mark(raw.data).map(Record::Snapshot),
            _ => Err(Malformed("a record of a type that etcd does not have")),
        }
    }
}

fn identity(data: &[u8]) -> Result<Identity, Malformed> {
    let mut identity = Identity { member: 0, cluster: 0 };
    for field in Fields::of(data) {
        match field? {
            (1, value) => identity.member = value.number()?,
            (2, value) => identity.cluster = value.number()?,
            _ => return Err(Malformed("a field that the identity does not have")),
        }
    }
    if identity.member == 0 || identity.cluster == 0 {
        return Err(Malformed("an identity without member or cluster"));
    }
    Ok(identity)
}

fn entry(data: &[u8]) -> Result<Entry<'_>, Malformed> {
    let mut entry = Entry { term: 0, index: 0, kind: EntryKind::Normal, data: &[] };
    for field in Fields::of(data) {
        match field? {
            (1, value) => {
                entry.kind = match value.number()? {
                    0 => EntryKind::Normal,
                    1 => EntryKind::ConfChange,
                    2 => EntryKind::ConfChangeV2,
                    _ => return Err(Malformed("an entry of a type that raft does not have")),
                }
            }
            (2, value) => entry.term = value.number()?,
            (3, value) => entry.index = value.number()?,
            (4, value) => entry.data = value.bytes()?,
            _ => return Err(Malformed("a field that an entry does not have")),
        }
    }
    if entry.term == 0 || entry.index == 0 {
        return Err(Malformed("an entry without term or index"));
    }
    Ok(entry)
}

fn mark(data: &[u8]) -> Result<SnapshotMark, Malformed> {
    let mut mark = SnapshotMark { index: 0, term: 0, conf_state: None };
    for field in Fields::of(data) {
        match field? {
            (1, value) => mark.index = value.number()?,
            (2, value) => mark.term = value.number()?,
            (3, value) => {
                let conf_state = proto::ConfState::decode(value.bytes()?)
                    .map_err(|_| Malformed("its membership does not decode"))?;
                mark.conf_state = Some(conf_state.into());
            }
            _ => return Err(Malformed("a field that a snapshot record does not have")),
        }
    }
    Ok(mark)
}

/// The first `N` fields, all numbers, and no other.
fn numbers<const N: usize>(data: &[u8]) -> Result<[u64; N], Malformed> {
    let mut numbers = [0; N];
    for field in Fields::of(data) {
        let (number, value) = field?;
        let slot =
            numbers.get_mut(number as usize - 1).ok_or(Malformed("a field that its type does not have"))?;
        *slot = value.number()?;
    }
    Ok(numbers)
}
