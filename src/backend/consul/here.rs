//! What a server on this machine shows beside its answers: the stores of its log, its snapshots, its keyring, and what it
//! was started with. Only looked at where the config file says that the member is local: a loopback address may be a
//! tunnel's end.

mod config;
mod snapshots;

use super::look::Core;
use super::{Consul, parse};
use crate::backend::Ask;
use crate::facts::{ConfigFiles, ConfiguredKey, ConsulHere, KeyringFile, Observed, WalDir};
use crate::host::local::LocalHost;
use crate::host::{Host, HostError, Process};
use crate::target::{DeclaredHost, DeclaredMember};
use crate::transport::Deadline;
use config::Started;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What was seen of one server.
#[derive(Debug, Clone)]
pub(super) struct Here {
    pub(super) peers_json: Observed<bool>,
    pub(super) disk: Observed<ConsulHere>,
}

impl Here {
    /// Why nothing of this is known.
    fn unseen(why: &str) -> Here {
        Here { peers_json: Observed::unknown(why), disk: Observed::unknown(why) }
    }
}

impl Default for Here {
    fn default() -> Here {
        Here::unseen("its disk cannot be seen from here")
    }
}

/// Looks at every server that is on this machine, by URL of its address.
pub(super) async fn look(
    consul: &Consul,
    cores: &[Rc<Core>],
    ask: &Ask,
    deadline: Deadline,
) -> BTreeMap<String, Here> {
    let local: Vec<(&Core, &DeclaredMember)> =
        cores.iter().filter_map(|core| Some((core.as_ref(), declared(consul, core)?))).collect();
    if local.is_empty() {
        return BTreeMap::new();
    }
    let processes = LocalHost.processes(&[], deadline).await;
    let seen = local.into_iter().map(|(core, declared)| {
        let told = core.agent.as_ref().ok().map(|agent| PathBuf::from(agent.settings().data_dir));
        let dir = declared.data_dir.clone().or(told).filter(|dir| !dir.as_os_str().is_empty());
        let here = match dir {
            Some(dir) => at(&dir, &processes, ask, deadline),
            None => Here::unseen("its data directory is not known"),
        };
        (core.address.url(), here)
    });
    seen.collect()
}

/// The member of the config file whose address this is, where it is on this machine.
fn declared<'a>(consul: &'a Consul, core: &Core) -> Option<&'a DeclaredMember> {
    let here = |member: &&DeclaredMember| {
        member.host == Some(DeclaredHost::Local)
            && member.endpoint.as_deref().and_then(|url| parse(url).ok()).as_ref() == Some(&core.address)
    };
    consul.target.members.values().find(here)
}

fn at(dir: &Path, processes: &Result<Vec<Process>, HostError>, ask: &Ask, deadline: Deadline) -> Here {
    let unread = |error: std::io::Error| format!("{}: {error}", dir.display());
    let peers_json = match dir.join("raft/peers.json").try_exists() {
        Ok(there) => Observed::Known(there),
        Err(error) => Observed::unknown(unread(error)),
    };
    if let Err(error) = std::fs::read_dir(dir.join("raft")) {
        return Here { peers_json, disk: Observed::unknown(unread(error)) };
    }
    let started = Started::of(dir, processes);
    let disk = Observed::Known(ConsulHere {
        raft_db: std::fs::metadata(dir.join("raft/raft.db")).ok().map(|about| about.len()),
        wal: wal(&dir.join("raft/wal")),
        snapshots: snapshots::look(&dir.join("raft/snapshots"), ask, deadline),
        keyring: keyring(&dir.join("serf/local.keyring"), &started, ask.now),
        config: started.map(Started::files),
        memory: memory(),
    });
    Here { peers_json, disk }
}

/// Bytes before the first entry of a segment: its header (hashicorp/raft-wal segment/format.go).
const WAL_HEADER: u64 = 32;

fn wal(dir: &Path) -> Option<WalDir> {
    let mut found = WalDir::default();
    let entries = std::fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    for path in entries.filter(|path| path.extension().is_some_and(|end| end == "wal")) {
        found.segments += 1;
        found.bytes += std::fs::metadata(&path).map(|about| about.blocks().saturating_mul(512)).unwrap_or(0);
        found.written += u64::from(written(&path));
    }
    Some(found)
}

/// Whether a frame follows the header: what was allocated ahead is zero.
fn written(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(WAL_HEADER + 8).read_to_end(&mut start));
    read.is_ok() && start.iter().skip(WAL_HEADER as usize).any(|byte| *byte != 0)
}

fn keyring(path: &Path, started: &Observed<Started>, now: Timestamp) -> Option<KeyringFile> {
    let about = std::fs::metadata(path).ok()?;
    let keys: Vec<String> = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let configured = started.map(|started| match started.gossip_key() {
        None => ConfiguredKey::Unset,
        Some(key) if keys.first().is_some_and(|primary| primary == key) => ConfiguredKey::Primary,
        Some(key) if keys.iter().any(|other| other == key) => ConfiguredKey::Secondary,
        Some(_) => ConfiguredKey::Absent,
    });
    let age_days = (now.as_second() - about.mtime()) as f64 / 86_400.0;
    Some(KeyringFile { age_days, keys: keys.len() as u64, configured })
}

fn memory() -> Observed<u64> {
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_memory(&text));
    Observed::or_unknown(total, "/proc/meminfo does not tell how much memory the machine has")
}

/// `MemTotal:       16384000 kB`, in bytes.
fn total_memory(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

impl Started {
    fn files(&self) -> ConfigFiles {
        ConfigFiles { exposed: self.exposed(), pairs: self.pairs() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_that_was_only_allocated_holds_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(wal(&dir.path().join("wal")), None);
        let mut header = vec![0x0d; WAL_HEADER as usize];
        header.resize(4096, 0);
        std::fs::write(dir.path().join("00000000000000000001-0000000000000000.wal"), &header)
            .expect("a file");
        std::fs::write(dir.path().join("wal-meta.db"), "x").expect("a file");
        let seen = wal(dir.path()).expect("is seen");
        assert_eq!((seen.segments, seen.written), (1, 0));
        header[WAL_HEADER as usize] = 1;
        std::fs::write(dir.path().join("00000000000000000009-0000000000000001.wal"), &header)
            .expect("a file");
        let seen = wal(dir.path()).expect("is seen");
        assert_eq!((seen.segments, seen.written), (2, 1));
    }

    #[test]
    fn memory_of_the_machine() {
        assert_eq!(total_memory("MemTotal:       16 kB\nMemFree: 1 kB\n"), Some(16_384));
        assert_eq!(total_memory("MemFree: 1 kB\n"), None);
    }
}
