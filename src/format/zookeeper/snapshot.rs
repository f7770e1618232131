//! A snapshot from its first byte to its last: header, sessions, ACLs, nodes, and the blocks behind them with their seals.

use super::input::{Input, Packing};
use super::names::Zxid;
use crate::format::source::{Damage, Place, Source, read_exact};
use flate2::Crc;

/// `ZKSN`.
const MAGIC: i32 = 0x5a4b_534e;
/// The one version of the format.
const VERSION: i32 = 2;
/// Longest path, scheme or identity: far more than a packet of the default size carries.
const LONGEST: u64 = 4 << 20;
/// Most bytes of a value that are kept for who looks at it.
const KEPT: usize = 64 << 10;

/// Rights as in an ACL: 1 read, 2 write, 4 create, 8 delete, 16 admin.
pub(super) const ALL: u8 = 31;

/// What an ACL lets whom do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rights {
    /// Rights of `world:anyone`.
    pub(super) anyone: u8,
    /// Whether it names anybody else.
    pub(super) others: bool,
}

/// A node. The path is that of the file: empty for the root.
pub(super) struct Node<'a> {
    pub(super) offset: u64,
    pub(super) path: &'a [u8],
    /// Length of its value.
    pub(super) length: u64,
    /// The value, at most its first 64 KiB.
    pub(super) value: &'a [u8],
    pub(super) acl: i64,
    /// Session, container or time to live.
    pub(super) owner: i64,
    /// CRC-32 of path, value and stat: what the digest of the tree adds up.
    pub(super) checksum: u32,
}

/// Who looks at what is read.
pub(super) trait Visitor {
    fn session(&mut self, id: i64, timeout_ms: i32);
    fn acl(&mut self, id: i64, rights: Rights);
    /// Whether the node may stand where it stands.
    fn node(&mut self, node: &Node<'_>) -> Result<(), Damage>;
}

/// The digest of the tree that a server wrote behind it; 3.6 and later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// The last transaction that is in it; 0 for an empty one.
    pub zxid: Zxid,
    /// How it is computed; 2 in all releases since 3.6.
    pub version: i32,
    /// The sum over all nodes. `None` for version 1, which is text.
    pub value: Option<u64>,
}

/// What stands behind the tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SnapshotEnd {
    /// Written with `zookeeper.digest.enabled`, the default since 3.6.
    pub digest: Option<Digest>,
    /// Written with `zookeeper.serializeLastProcessedZxid.enabled`, the default since 3.9.
    pub last_zxid: Option<Zxid>,
    /// Bytes of what is unpacked.
    pub length: u64,
}

/// Reads all of it. What was seen before damage was met has been seen by `visitor`.
pub(super) fn read(
    source: &dyn Source,
    packing: Packing,
    visitor: &mut dyn Visitor,
) -> Result<SnapshotEnd, Damage> {
    if source.is_empty() {
        return Err(Damage::new(Place::File, "the file is empty"));
    }
    let mut input = Input::new(source, packing);
    header(&mut input)?;
    sessions(&mut input, visitor)?;
    acls(&mut input, visitor)?;
    nodes(&mut input, visitor)?;
    seal(&mut input, "the tree")?;
    end(&mut input)
}

/// Whether a server's first look takes it for a snapshot (`SnapStream.isValidSnapshot`): the end of a plain one, the
/// beginning of one that is packed. What does not pass is as if it were not there.
pub fn passes_first_look(source: &dyn Source, packing: Packing) -> bool {
    let starts_with = |magic: &[u8]| {
        let mut head = vec![0; magic.len()];
        read_exact(source, 0, &mut head).is_ok_and(|()| head == magic)
    };
    match packing {
        Packing::Plain => {
            let mut tail = [0; 5];
            let at = source.len().checked_sub(5).filter(|_| source.len() >= 10);
            at.is_some_and(|at| read_exact(source, at, &mut tail).is_ok_and(|()| tail == *b"\0\0\0\x01/"))
        }
        Packing::Gzip => starts_with(&[0x1f, 0x8b]),
        Packing::Snappy => starts_with(&super::snappy::MAGIC),
    }
}

fn at<T>(offset: u64, what: impl Into<String>) -> Result<T, Damage> {
    Err(Damage::new(Place::Offset(offset), what))
}

fn header(input: &mut Input<'_>) -> Result<(), Damage> {
    match input.int()? {
        MAGIC => {}
        other => return at(0, format!("it begins with {other:08x}, not with ZKSN: no snapshot")),
    }
    match input.int()? {
        VERSION => {}
        other => return at(4, format!("version {other} of the format; 2 is the one that is known")),
    }
    input.long().map(|_database| ())
}

/// A number of things that come one after the other.
fn count(input: &mut Input<'_>, of: &str) -> Result<i32, Damage> {
    let offset = input.offset();
    match input.int()? {
        count if count < 0 => at(offset, format!("{count} {of}")),
        count => Ok(count),
    }
}

fn sessions(input: &mut Input<'_>, visitor: &mut dyn Visitor) -> Result<(), Damage> {
    for _ in 0..count(input, "sessions")? {
        let id = input.long()?;
        visitor.session(id, input.int()?);
    }
    Ok(())
}

fn acls(input: &mut Input<'_>, visitor: &mut dyn Visitor) -> Result<(), Damage> {
    let (mut scheme, mut id) = (Vec::new(), Vec::new());
    for _ in 0..count(input, "access control lists")? {
        let number = input.long()?;
        let mut rights = Rights::default();
        for _ in 0..input.length("an access control list")?.unwrap_or(0) {
            let given = (input.int()? & i32::from(ALL)) as u8;
            input.string("the scheme of an entry", LONGEST, &mut scheme)?;
            input.string("the identity of an entry", LONGEST, &mut id)?;
            match (scheme.as_slice(), id.as_slice()) {
                (b"world", b"anyone") => rights.anyone |= given,
                _ => rights.others = true,
            }
        }
        visitor.acl(number, rights);
    }
    Ok(())
}

fn nodes(input: &mut Input<'_>, visitor: &mut dyn Visitor) -> Result<(), Damage> {
    let (mut path, mut value) = (Vec::new(), Vec::new());
    loop {
        let offset = input.offset();
        input.string("the path of a node", LONGEST, &mut path)?;
        if path == b"/" {
            return Ok(());
        }
        let mut crc = Crc::new();
        crc.update(&path);
        value.clear();
        let length = input.length("a value")?.unwrap_or(0);
        input.pass(length, |piece| {
            crc.update(piece);
            let room = KEPT - value.len();
            value.extend_from_slice(&piece[..piece.len().min(room)]);
        })?;
        let acl = input.long()?;
        let stat = Stat::read(input)?;
        crc.update(&stat.digested());
        let owner = stat.owner;
        let (path, value, checksum) = (path.as_slice(), value.as_slice(), crc.sum());
        visitor.node(&Node { offset, path, length, value, acl, owner, checksum })?;
    }
}

/// What the tree keeps of a node beside its value.
struct Stat {
    czxid: i64,
    mzxid: i64,
    ctime: i64,
    mtime: i64,
    version: i32,
    cversion: i32,
    aversion: i32,
    owner: i64,
    pzxid: i64,
}

impl Stat {
    fn read(input: &mut Input<'_>) -> Result<Stat, Damage> {
        Ok(Stat {
            czxid: input.long()?,
            mzxid: input.long()?,
            ctime: input.long()?,
            mtime: input.long()?,
            version: input.int()?,
            cversion: input.int()?,
            aversion: input.int()?,
            owner: input.long()?,
            pzxid: input.long()?,
        })
    }

    /// In the order in which the digest takes it, which is not that of the file.
    fn digested(&self) -> [u8; 60] {
        let mut bytes = [0; 60];
        let longs = [self.czxid, self.mzxid, self.pzxid, self.ctime, self.mtime];
        let ints = [self.version, self.cversion, self.aversion];
        let all = longs.iter().flat_map(|long| long.to_be_bytes());
        let all = all.chain(ints.iter().flat_map(|int| int.to_be_bytes())).chain(self.owner.to_be_bytes());
        bytes.iter_mut().zip(all).for_each(|(into, byte)| *into = byte);
        bytes
    }
}

/// The Adler-32 of all that stands before it, then `/`.
fn seal(input: &mut Input<'_>, of: &str) -> Result<(), Damage> {
    let (offset, computed) = (input.offset(), input.checksum());
    let stored = input.long()?;
    if stored != i64::from(computed) {
        return at(offset, format!("the checksum behind {of} is {stored:x}, its bytes give {computed:x}"));
    }
    let mut mark = Vec::new();
    input.string("the mark behind a checksum", 1, &mut mark)?;
    if mark != b"/" {
        return at(offset + 8, "the mark behind a checksum is not `/`");
    }
    Ok(())
}

/// Blocks that later versions write. Which there are is not written anywhere: it follows from what is left.
fn end(input: &mut Input<'_>) -> Result<SnapshotEnd, Damage> {
    let mut end = SnapshotEnd::default();
    if !input.is_at_end()? {
        let offset = input.offset();
        let zxid = Zxid(input.long()? as u64);
        // Behind the last zxid comes its seal: the upper half of a checksum, which is 0. No digest has that version.
        let (sealed_at, computed) = (input.offset(), input.checksum());
        match input.int()? {
            0 => {
                last_zxid_alone(input, sealed_at, computed)?;
                end.last_zxid = Some(zxid);
            }
            version => {
                end.digest = Some(digest(input, zxid, version, offset)?);
                seal(input, "the digest")?;
                if !input.is_at_end()? {
                    end.last_zxid = Some(Zxid(input.long()? as u64));
                    seal(input, "the last zxid")?;
                }
            }
        }
    }
    end.length = input.offset();
    match input.is_at_end()? {
        true => Ok(end),
        false => at(end.length, "something stands behind the last seal"),
    }
}

fn digest(input: &mut Input<'_>, zxid: Zxid, version: i32, offset: u64) -> Result<Digest, Damage> {
    if !(1..=16).contains(&version) {
        return at(offset, format!("what stands behind the tree is no digest: its version is {version}"));
    }
    if version >= 2 {
        return Ok(Digest { zxid, version, value: Some(input.long()? as u64) });
    }
    input.string("the digest", 1024, &mut Vec::new())?;
    Ok(Digest { zxid, version, value: None })
}

/// The rest of the seal whose first four bytes were read already.
fn last_zxid_alone(input: &mut Input<'_>, offset: u64, computed: u32) -> Result<(), Damage> {
    let stored = input.int()? as u32;
    if stored != computed {
        let what = format!("the checksum behind the last zxid is {stored:x}, its bytes give {computed:x}");
        return at(offset, what);
    }
    let mut mark = Vec::new();
    input.string("the mark behind a checksum", 1, &mut mark)?;
    if mark != b"/" {
        return at(offset + 8, "the mark behind a checksum is not `/`");
    }
    Ok(())
}
