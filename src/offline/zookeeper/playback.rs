//! The log played back, transaction by transaction.

use super::places::{self, Places};
use super::{moment, name};
use crate::facts::ZookeeperFilesKind;
use crate::files::FileSource;
use crate::format::source::key_text;
use crate::format::zookeeper::{LogReader, Operation, OperationKind, Record, Zxid};
use crate::offline::recognise::{Unrecognised, other, unreadable};
use crate::value::human_bytes;
use schemars::JsonSchema;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// Operations of one transaction that are listed.
const LISTED: usize = 100;

/// A line of `quorate inspect --log -o json` on logs of ZooKeeper.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ZookeeperLogLine {
    /// `quorate.inspect-zookeeper-log/v1`.
    pub schema: &'static str,
    /// Its id, hex.
    pub zxid: String,
    /// When the leader took it, RFC 3339 UTC.
    pub time: Option<String>,
    /// Session that asked for it, hex.
    pub session: String,
    /// Its type, such as `set-data`; `too-long` for one of more than 4 MiB, which is not taken apart.
    pub r#type: &'static str,
    /// What it does, as a sentence.
    pub says: String,
    /// Its operations: of a `multi` all of them, else the one.
    pub operations: Vec<ZookeeperOperation>,
    /// How many more there are.
    pub more_operations: usize,
    /// The digest of the tree behind it, hex; 3.6 and later.
    pub digest: Option<String>,
    /// The file.
    pub file: String,
    /// Where the record begins in it.
    pub offset: u64,
}

/// One operation of a transaction.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ZookeeperOperation {
    /// Its type.
    pub r#type: &'static str,
    /// The node; `null` where there is none.
    pub path: Option<String>,
    /// Bytes of the value; `null` where it brings none.
    pub value_bytes: Option<u64>,
    /// Timeout or time to live in milliseconds, or the code of an error.
    pub number: Option<i64>,
}

/// How the logs end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogEnding {
    /// What is wrong, each with file and place.
    pub damages: Vec<String>,
    /// Records that were not written to their end.
    pub torn: Vec<String>,
}

/// Reads the logs at `path` in their order, from the one that holds the transaction `from` on; `each` sees file and record
/// and says whether to go on.
///
/// # Errors
/// There is no log there, or one cannot be opened.
pub fn play(
    path: &Path,
    log_dir: Option<&Path>,
    from: u64,
    each: &mut dyn FnMut(&str, &Record) -> bool,
) -> Result<LogEnding, Unrecognised> {
    let mut logs: Vec<(Zxid, PathBuf)> = if path.is_dir() {
        Places::find(path, log_dir)?.logs
    } else if places::kind_of(path)? == ZookeeperFilesKind::Log {
        vec![(Zxid(0), path.to_owned())]
    } else {
        return Err(other(path, "a snapshot, which has no log in it", Some("a log.ZXID, or a dataDir")));
    };
    if logs.is_empty() {
        return Err(other(
            path,
            "a directory without a log",
            Some("the dataLogDir, or --wal-dir DIR beside it"),
        ));
    }
    let first = logs.iter().rposition(|(zxid, _)| zxid.0 <= from).unwrap_or(0);
    let mut ending = LogEnding::default();
    for (_, path) in logs.drain(first..) {
        let source = match FileSource::open(&path) {
            Ok(source) => source,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(&path, error)),
        };
        if !play_one(&source, &name(&path), &mut ending, each) {
            break;
        }
    }
    Ok(ending)
}

fn play_one(
    source: &FileSource,
    file: &str,
    ending: &mut LogEnding,
    each: &mut dyn FnMut(&str, &Record) -> bool,
) -> bool {
    let mut reader = match LogReader::open(source) {
        Ok((reader, _)) => reader,
        Err(damage) => {
            ending.damages.push(format!("{file}, {damage}"));
            return true;
        }
    };
    while let Some(next) = reader.next_record() {
        match next {
            Ok(record) => {
                if !each(file, &record) {
                    return false;
                }
            }
            Err(damage) => ending.damages.push(format!("{file}, {damage}")),
        }
    }
    if let Some(at) = reader.ending().torn {
        ending.torn.push(format!("{file} ends in a record that is not whole, offset {at}"));
    }
    true
}

/// Whether an operation is on a node with this prefix, or holds one that is.
pub fn touches(operation: &Operation, prefix: &[u8]) -> bool {
    let on = |path: &[u8]| !path.is_empty() && path.starts_with(prefix);
    on(&operation.path) || operation.more_parts > 0 || operation.parts.iter().any(|part| on(&part.path))
}

/// A record as a line.
pub fn describe(file: &str, record: &Record) -> ZookeeperLogLine {
    let header = &record.header;
    let operation = record.txn.as_ref().map(|txn| &txn.operation);
    let parts: &[Operation] = match operation {
        Some(operation) if !operation.parts.is_empty() => &operation.parts,
        Some(operation) => std::slice::from_ref(operation),
        None => &[],
    };
    let told = |operation: &Operation| ZookeeperOperation {
        r#type: operation.kind.name(),
        path: (!operation.path.is_empty()).then(|| key_text(&operation.path)),
        value_bytes: operation.value,
        number: operation.number,
    };
    let more = operation.map_or(0, |operation| operation.more_parts);
    let digest = record.txn.as_ref().and_then(|txn| txn.digest);
    ZookeeperLogLine {
        schema: "quorate.inspect-zookeeper-log/v1",
        zxid: header.zxid.to_string(),
        time: moment(header.time_ms),
        session: format!("0x{:x}", header.session),
        r#type: operation.map_or("too-long", |operation| operation.kind.name()),
        says: operation.map_or_else(|| format!("{} bytes, not taken apart", record.length), says),
        operations: parts.iter().take(LISTED).map(told).collect(),
        more_operations: parts.len().saturating_sub(LISTED) + more,
        digest: digest.map(|digest| format!("{:x}", digest.value)),
        file: file.to_owned(),
        offset: record.offset,
    }
}

/// Operations that a sentence names.
const NAMED: usize = 6;

fn says(operation: &Operation) -> String {
    let name = operation.kind.name();
    let parts: Vec<String> = operation.parts.iter().take(NAMED).map(says).collect();
    let more = operation.parts.len().saturating_sub(NAMED) + operation.more_parts;
    let more = if more > 0 { format!(", {more} more") } else { String::new() };
    let value = operation.value.map_or_else(String::new, |bytes| format!(" ({})", human_bytes(bytes)));
    match (operation.kind, operation.number) {
        // One operation that failed fails them all, also those before it.
        (OperationKind::Multi, _) if operation.parts.iter().any(|part| part.kind == OperationKind::Error) => {
            format!("{name} that failed: {}{more}", parts.join(", "))
        }
        (OperationKind::Multi, _) => format!("{name}: {}{more}", parts.join(", ")),
        (OperationKind::CloseSession, _) if !parts.is_empty() => {
            format!("{name}, with {}{more}", parts.join(", "))
        }
        (OperationKind::CreateSession, Some(timeout)) => format!("{name} with a timeout of {timeout} ms"),
        (OperationKind::CreateTtl, Some(ttl)) => {
            format!("{name} {}{value} for {ttl} ms", key_text(&operation.path))
        }
        (OperationKind::Error, Some(code)) => format!("{name} {code}"),
        _ if operation.path.is_empty() => name.to_owned(),
        _ => format!("{name} {}{value}", key_text(&operation.path)),
    }
}
