//! A transaction as the log holds it: who asked for it, what it does, and the digest of the tree behind it.

use super::jute::Jute;
use super::names::Zxid;

/// Transactions in one `multi` that are taken apart.
const MAX_PARTS: usize = 10_000;

/// What stands before every transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Header {
    /// Session that asked for it.
    pub session: u64,
    /// Number of the request in that session.
    pub request: i32,
    /// Its id.
    pub zxid: Zxid,
    /// When the leader took it, in milliseconds since 1970.
    pub time_ms: i64,
    /// Its type, by number.
    pub kind: i32,
}

/// Length of a header.
pub(super) const HEADER: usize = 32;

/// A transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Txn {
    /// Whose it is.
    pub header: Header,
    /// What it does.
    pub operation: Operation,
    /// The tree's digest behind it; 3.6 and later.
    pub digest: Option<TxnDigest>,
}

/// The digest of the whole tree once a transaction is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxnDigest {
    /// How it is computed.
    pub version: i32,
    /// The sum.
    pub value: u64,
}

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its type.
    pub kind: OperationKind,
    /// The node; empty where there is none.
    pub path: Vec<u8>,
    /// Length of the value, where it brings one.
    pub value: Option<u64>,
    /// The operations of a `multi`, the ephemeral nodes that a closing session takes along.
    pub parts: Vec<Operation>,
    /// More of them than are listed.
    pub more_parts: usize,
    /// Error code, timeout in milliseconds, or time to live: what the type makes of it.
    pub number: Option<i64>,
}

/// Types of transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationKind {
    /// A session is opened.
    CreateSession,
    /// One is closed or has expired; its ephemeral nodes go with it.
    CloseSession,
    /// A node that stays.
    Create,
    /// A node that goes with its session.
    CreateEphemeral,
    /// A node that goes once its last child went.
    CreateContainer,
    /// A node that goes when nobody changes it for its time to live.
    CreateTtl,
    /// A node goes.
    Delete,
    /// An empty container or an old node goes, by the server itself.
    DeleteContainer,
    /// A value is replaced.
    SetData,
    /// An access control list is replaced.
    SetAcl,
    /// A condition of a `multi`.
    Check,
    /// The members of the ensemble change.
    Reconfig,
    /// Several at once, or none of them.
    Multi,
    /// A request that failed.
    Error,
    /// Of a type that is not known.
    Unknown,
}

impl OperationKind {
    /// The name used in output.
    pub fn name(self) -> &'static str {
        match self {
            OperationKind::CreateSession => "create-session",
            OperationKind::CloseSession => "close-session",
            OperationKind::Create => "create",
            OperationKind::CreateEphemeral => "create-ephemeral",
            OperationKind::CreateContainer => "create-container",
            OperationKind::CreateTtl => "create-ttl",
            OperationKind::Delete => "delete",
            OperationKind::DeleteContainer => "delete-container",
            OperationKind::SetData => "set-data",
            OperationKind::SetAcl => "set-acl",
            OperationKind::Check => "check",
            OperationKind::Reconfig => "reconfig",
            OperationKind::Multi => "multi",
            OperationKind::Error => "error",
            OperationKind::Unknown => "unknown",
        }
    }
}

impl Operation {
    fn of(kind: OperationKind) -> Operation {
        Operation { kind, path: Vec::new(), value: None, parts: Vec::new(), more_parts: 0, number: None }
    }
}

/// Takes a header from the beginning of a record.
pub(super) fn header(payload: &[u8]) -> Option<Header> {
    let mut jute = Jute::new(payload);
    Some(Header {
        session: jute.long()? as u64,
        request: jute.int()?,
        zxid: Zxid(jute.long()? as u64),
        time_ms: jute.long()?,
        kind: jute.int()?,
    })
}

/// Takes a whole record apart; `None` when it is not what its type says.
pub(super) fn decode(payload: &[u8]) -> Option<Txn> {
    let header = header(payload)?;
    let mut jute = Jute::new(payload.get(HEADER..)?);
    let operation = operation(header.kind, &mut jute)?;
    // Behind it comes the digest, or nothing. What a failed part of a multi carries beyond its code is passed over.
    let digest = match jute.left() {
        12 => Some(TxnDigest { version: jute.int()?, value: jute.long()? as u64 }),
        _ => None,
    };
    Some(Txn { header, operation, digest })
}

fn operation(kind: i32, jute: &mut Jute<'_>) -> Option<Operation> {
    match kind {
        -10 => {
            let mut made = Operation::of(OperationKind::CreateSession);
            made.number = Some(i64::from(jute.int()?));
            Some(made)
        }
        -11 => close_session(jute),
        -1 => {
            let mut made = Operation::of(OperationKind::Error);
            made.number = Some(i64::from(jute.int()?));
            Some(made)
        }
        1 | 15 | 19 | 21 => create(kind, jute),
        2 => with_path(OperationKind::Delete, jute),
        20 => with_path(OperationKind::DeleteContainer, jute),
        5 | 16 => {
            let kind = if kind == 5 { OperationKind::SetData } else { OperationKind::Reconfig };
            let mut made = with_path(kind, jute)?;
            made.value = Some(jute.bytes()?.len() as u64);
            jute.int()?;
            Some(made)
        }
        7 => {
            let made = with_path(OperationKind::SetAcl, jute)?;
            acl(jute)?;
            jute.int()?;
            Some(made)
        }
        13 => {
            let made = with_path(OperationKind::Check, jute)?;
            jute.int()?;
            Some(made)
        }
        14 => multi(jute),
        _ => Some(Operation::of(OperationKind::Unknown)),
    }
}

fn with_path(kind: OperationKind, jute: &mut Jute<'_>) -> Option<Operation> {
    let mut made = Operation::of(kind);
    made.path = jute.bytes()?.to_vec();
    Some(made)
}

fn acl(jute: &mut Jute<'_>) -> Option<()> {
    for _ in 0..jute.items(12)? {
        jute.int()?;
        jute.bytes()?;
        jute.bytes()?;
    }
    Some(())
}

fn create(kind: i32, jute: &mut Jute<'_>) -> Option<Operation> {
    let mut made = with_path(OperationKind::Create, jute)?;
    made.value = Some(jute.bytes()?.len() as u64);
    acl(jute)?;
    match kind {
        19 => made.kind = OperationKind::CreateContainer,
        21 => made.kind = OperationKind::CreateTtl,
        _ if jute.bool()? => made.kind = OperationKind::CreateEphemeral,
        _ => {}
    }
    // The first releases of 3.4 wrote no version of the parent.
    if jute.left() >= 4 {
        jute.int()?;
    }
    if kind == 21 {
        made.number = Some(jute.long()?);
    }
    Some(made)
}

/// Since 3.6 it lists the ephemeral nodes that go with the session, unless `closeSessionTxn.enabled` is false: then, and
/// before, nothing or the digest comes.
fn close_session(jute: &mut Jute<'_>) -> Option<Operation> {
    let mut listed = *jute;
    match paths(&mut listed) {
        Some(made) if matches!(listed.left(), 0 | 12) => {
            *jute = listed;
            Some(made)
        }
        _ => matches!(jute.left(), 0 | 12).then(|| Operation::of(OperationKind::CloseSession)),
    }
}

fn paths(jute: &mut Jute<'_>) -> Option<Operation> {
    let mut made = Operation::of(OperationKind::CloseSession);
    let count = jute.items(4)?;
    for at in 0..count {
        let path = jute.bytes()?;
        if at < MAX_PARTS {
            made.parts.push(Operation { path: path.to_vec(), ..Operation::of(OperationKind::Delete) });
        }
    }
    made.more_parts = count.saturating_sub(MAX_PARTS);
    Some(made)
}

fn multi(jute: &mut Jute<'_>) -> Option<Operation> {
    let mut made = Operation::of(OperationKind::Multi);
    let count = jute.items(8)?;
    for at in 0..count {
        let kind = jute.int()?;
        let mut body = Jute::new(jute.bytes()?);
        // Servers do not put one into another.
        let part =
            if kind == 14 { Operation::of(OperationKind::Unknown) } else { operation(kind, &mut body)? };
        if at < MAX_PARTS {
            made.parts.push(part);
        }
    }
    made.more_parts = count.saturating_sub(MAX_PARTS);
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of this type, with parts of a body: numbers of four and eight bytes, texts with their length.
    fn record(kind: i32, body: &[&[u8]]) -> Vec<u8> {
        let head: [&[u8]; 5] = [&[0; 8], &[0; 4], &7u64.to_be_bytes(), &[0; 8], &kind.to_be_bytes()];
        [head.concat(), body.concat()].concat()
    }

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat()
    }

    const DIGEST: [u8; 12] = [0, 0, 0, 2, 0, 0, 0, 9, 1, 2, 3, 4];
    const NO_ACL: [u8; 4] = [0xff; 4];

    #[test]
    fn creations_of_old_and_new() {
        let (path, value) = (text("/a"), text("v"));
        let old = record(1, &[&path, &value, &NO_ACL, &[1]]);
        let txn = decode(&old).expect("whole");
        assert_eq!((txn.operation.kind, txn.digest), (OperationKind::CreateEphemeral, None));
        let ttl = record(21, &[&path, &value, &NO_ACL, &[0; 4], &5u64.to_be_bytes(), &DIGEST]);
        let txn = decode(&ttl).expect("whole");
        assert_eq!((txn.operation.kind, txn.operation.number), (OperationKind::CreateTtl, Some(5)));
        assert_eq!(txn.digest, Some(TxnDigest { version: 2, value: 0x9_0102_0304 }));
        assert_eq!(decode(&ttl[..40]), None, "cut in its path");
    }

    #[test]
    fn a_session_is_closed_with_and_without_a_list() {
        let of = |body: &[&[u8]]| {
            decode(&record(-11, body)).map(|txn| (txn.operation.parts.len(), txn.digest.is_some()))
        };
        assert_eq!(of(&[]), Some((0, false)), "before 3.6");
        assert_eq!(of(&[&DIGEST]), Some((0, true)), "closeSessionTxn.enabled=false");
        assert_eq!(of(&[&[0; 4], &DIGEST]), Some((0, true)));
        assert_eq!(of(&[&[0, 0, 0, 1], &text("/abc")]), Some((1, false)));
        assert_eq!(of(&[&[0, 0, 0, 1], &text("/abc"), &DIGEST]), Some((1, true)));
        assert_eq!(of(&[&[0, 0, 0, 9], &text("/abcde")]), None);
    }

    #[test]
    fn several_at_once() {
        let part = |kind: i32, body: &[u8]| {
            [&kind.to_be_bytes()[..], &(body.len() as u32).to_be_bytes(), body].concat()
        };
        let delete = part(2, &text("/a"));
        // What a failed one carries behind its code is passed over.
        let failed = part(-1, &[&(-101i32).to_be_bytes()[..], b"more"].concat());
        let txn = decode(&record(14, &[&2u32.to_be_bytes(), &delete, &failed, &DIGEST])).expect("whole");
        assert_eq!(txn.operation.parts[0].path, b"/a");
        assert_eq!((txn.operation.parts[1].number, txn.digest.is_some()), (Some(-101), true));
        let within = record(14, &[&1u32.to_be_bytes(), &part(14, &[0; 4])]);
        assert_eq!(decode(&within).map(|txn| txn.operation.parts[0].kind), Some(OperationKind::Unknown));
        assert_eq!(decode(&record(14, &[&0x7fff_ffffu32.to_be_bytes()])), None);
        assert_eq!(decode(&record(99, &[])).map(|txn| txn.operation.kind), Some(OperationKind::Unknown));
    }
}
