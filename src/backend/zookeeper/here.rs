//! What a server on this machine shows beside its answers: its command line, its `zoo.cfg` and its directories. Only
//! looked at where the config file says that the member is local: a loopback address may be a tunnel's end.

use super::wire;
use crate::backend::Ask;
use crate::facts::{
    DataDir, Observed, ZookeeperConfig, ZookeeperDirectory, ZookeeperFiles, ZookeeperHere, ZookeeperSnapshot,
    ZookeeperStart, ZookeeperStore,
};
use crate::host::local::LocalHost;
use crate::host::{Host, Process};
use crate::listener::certificate;
use crate::offline;
use crate::target::{DeclaredHost, DeclaredMember};
use crate::transport::Deadline;
use crate::transport::address::Address;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What was seen.
#[derive(Debug)]
pub(super) struct HereLook {
    /// Its `zoo.cfg` as it is now.
    pub(super) file: Observed<BTreeMap<String, String>>,
    /// The properties that command line and file make.
    pub(super) properties: Observed<BTreeMap<String, String>>,
    pub(super) here: Observed<ZookeeperHere>,
    /// The member list in its files, for when nobody serves who could tell it.
    pub(super) list: Option<ZookeeperConfig>,
    /// Whether it was not looked for: nobody says that it is on this machine.
    pub(super) elsewhere: bool,
}

impl Default for HereLook {
    fn default() -> HereLook {
        HereLook { elsewhere: true, ..HereLook::unseen(ELSEWHERE) }
    }
}

/// Why nothing of this is known of most servers, and how it would be.
const ELSEWHERE: &str = "only its own machine shows it: run quorate there, with host = { local = true } of the member in the config \
                         file";

impl HereLook {
    fn unseen(why: &str) -> HereLook {
        HereLook {
            file: Observed::unknown(why),
            properties: Observed::unknown(why),
            here: Observed::unknown(why),
            list: None,
            elsewhere: false,
        }
    }
}

/// Looks for the process that serves this address and reads what it was started with.
pub(super) async fn look(
    address: &Address,
    declared: Option<&DeclaredMember>,
    ask: &Ask,
    deadline: Deadline,
) -> HereLook {
    let Some(declared) = declared.filter(|member| member.host == Some(DeclaredHost::Local)) else {
        return HereLook::default();
    };
    let processes = match LocalHost.processes(&[], deadline).await {
        Ok(processes) => processes,
        Err(error) => return HereLook::unseen(&error.to_string()),
    };
    let mut started = processes.iter().filter_map(Started::of);
    let mut ours = started.by_ref().filter(|one| one.serves(address, declared.data_dir.as_deref()));
    match (ours.next(), ours.next()) {
        (Some(one), None) => {
            let mut seen = one.seen(ask.now);
            if let (true, Observed::Known(here), Observed::Known(file)) =
                (ask.deep, &mut seen.here, &seen.file)
            {
                here.files = Some(files(file, deadline).await);
            }
            seen
        }
        (None, _) => HereLook::unseen(
            "no process of this machine serves its address by a zoo.cfg that this user may read",
        ),
        (Some(_), Some(_)) => HereLook::unseen("more than one process of this machine serves its address"),
    }
}

/// Reads all that it keeps. On a thread of its own: one that reads on behind the deadline keeps nobody waiting.
async fn files(settings: &BTreeMap<String, String>, deadline: Deadline) -> Observed<Box<ZookeeperFiles>> {
    let at = |key: &str| settings.get(key).map(PathBuf::from);
    let Some(data) = at("dataDir") else { return Observed::unknown("its zoo.cfg names no dataDir") };
    let log = at("dataLogDir");
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Nobody listens any more behind the deadline.
        let _ = tell.send(offline::zookeeper::read(&data, log.as_deref()));
    });
    match deadline.run(told).await {
        Some(Ok(Ok(files))) => Observed::Known(Box::new(files)),
        Some(Ok(Err(error))) => Observed::unknown(error.to_string()),
        Some(Err(_)) | None => {
            Observed::unknown("they were not read to their end in time (--timeout gives more)")
        }
    }
}

/// A server's process with its file.
struct Started {
    pid: u32,
    /// `-D` options.
    options: BTreeMap<String, String>,
    path: PathBuf,
    text: String,
}

/// Classes that `zkServer.sh` starts, and the one they call.
const CLASSES: [&str; 2] =
    ["org.apache.zookeeper.server.quorum.QuorumPeerMain", "org.apache.zookeeper.server.ZooKeeperServerMain"];

impl Started {
    fn of(process: &Process) -> Option<Started> {
        let words: Vec<&str> = process.argv.iter().filter_map(|word| word.to_str()).collect();
        let class = words.iter().position(|word| CLASSES.contains(word))?;
        let path = Path::new(words.get(class + 1)?);
        let path = if path.is_absolute() { path.to_owned() } else { process.cwd.as_ref()?.join(path) };
        let text = std::fs::read_to_string(&path).ok()?;
        let options = words[..class].iter().filter_map(|word| word.strip_prefix("-D")?.split_once('='));
        Some(Started {
            pid: process.id.pid,
            options: options.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            path,
            text,
        })
    }

    fn serves(&self, address: &Address, data_dir: Option<&Path>) -> bool {
        let settings = wire::settings(&self.text);
        let written = settings.get("dataDir").map(Path::new);
        if data_dir.is_some() && written.is_some() {
            return data_dir == written;
        }
        let port = address.port.to_string();
        let own = ["clientPort", "secureClientPort"].iter().any(|key| settings.get(*key) == Some(&port));
        let id = written.and_then(|dir| std::fs::read_to_string(dir.join("myid")).ok());
        let listed = wire::config(&self.text).and_then(|list| list.servers.get(id?.trim())?.client.clone());
        own || listed.is_some_and(|client| client.rsplit(':').next() == Some(port.as_str()))
    }

    fn seen(&self, now: Timestamp) -> HereLook {
        let settings = wire::settings(&self.text);
        // The file is read after the machine's options, and wins.
        let options = self.options.iter().filter_map(|(key, value)| {
            let name = key.strip_prefix("zookeeper.");
            let name = name.or_else(|| super::admin::FOREIGN.contains(&key.as_str()).then_some(key))?;
            Some(wire::kept(name, value))
        });
        let mut properties: BTreeMap<String, String> = options.collect();
        properties.extend(settings.iter().map(|(key, value)| wire::misplaced(key, value)));
        let dynamic = settings.get("dynamicConfigFile").and_then(|path| std::fs::read_to_string(path).ok());
        HereLook {
            list: dynamic.as_deref().and_then(wire::config).or_else(|| wire::config(&self.text)),
            here: Observed::Known(ZookeeperHere {
                start: self.start(&settings, dynamic.as_deref()),
                directories: directories(&settings),
                exposed: self.exposed(&settings),
                swapped_bytes: swapped(self.pid),
                snapshot: settings.get("dataDir").and_then(|dir| newest_snapshot(Path::new(dir), now)),
                stores: stores(&settings),
                files: None,
            }),
            file: Observed::Known(settings),
            properties: Observed::Known(properties),
            elsewhere: false,
        }
    }

    fn start(&self, settings: &BTreeMap<String, String>, dynamic: Option<&str>) -> ZookeeperStart {
        let myid = settings.get("dataDir").map(|dir| Path::new(dir).join("myid"));
        let next = PathBuf::from(format!("{}.dynamic.next", self.path.display()));
        ZookeeperStart {
            file: settings.clone(),
            dynamic: dynamic.map(wire::settings),
            myid: myid.and_then(|path| std::fs::read_to_string(path).ok()).map(|id| id.trim().to_owned()),
            left_over: next.exists().then(|| next.display().to_string()),
        }
    }

    /// Files that every user of the machine can read and nobody else should.
    fn exposed(&self, settings: &BTreeMap<String, String>) -> Vec<String> {
        let secret = |(key, value): (&String, &String)| wire::secret(key) && !value.is_empty();
        let file = settings.iter().any(secret).then(|| self.path.clone());
        let stores = settings.iter().filter(|(key, _)| key.ends_with("keyStore.location"));
        let stores = stores.map(|(_, path)| PathBuf::from(path));
        // What lies in the data directory is looked at for every system.
        let log = settings.get("dataLogDir").filter(|dir| settings.get("dataDir") != Some(*dir));
        let log = log.and_then(|dir| a_file_in(Path::new(dir)));
        let mut found: Vec<PathBuf> =
            file.into_iter().chain(stores).chain(log).filter(|path| open_to_all(path)).collect();
        found.sort();
        found.dedup();
        found.iter().map(|path| path.display().to_string()).collect()
    }
}

/// A log or a snapshot that everybody may read, if there is one: else the newest name.
fn a_file_in(dir: &Path) -> Option<PathBuf> {
    let names = std::fs::read_dir(dir.join("version-2")).ok()?.flatten().map(|entry| entry.path());
    let data = names.filter(|path| {
        let name = path.file_name().map(OsStrExt::as_bytes).unwrap_or_default();
        name.starts_with(b"snapshot.") || name.starts_with(b"log.")
    });
    data.max_by_key(|path| (open_to_all(path), path.clone()))
}

/// What of a process's memory is on the swap device.
fn swapped(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmSwap:"))?;
    Some(kib.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1024))
}

/// The snapshot that the server would start from: `snapshot.ZXID`, perhaps compressed. None of its content is read.
fn newest_snapshot(dir: &Path, now: Timestamp) -> Option<ZookeeperSnapshot> {
    let files = std::fs::read_dir(dir.join("version-2")).ok()?.flatten();
    let of = |file: std::fs::DirEntry| {
        let name = file.file_name().into_string().ok()?;
        let zxid = u64::from_str_radix(name.strip_prefix("snapshot.")?.split('.').next()?, 16).ok()?;
        let written = Timestamp::try_from(file.metadata().ok()?.modified().ok()?).ok()?;
        Some(ZookeeperSnapshot {
            zxid,
            age_seconds: Some(now.duration_since(written).as_secs_f64().max(0.0)),
        })
    };
    files.filter_map(of).max_by_key(|snapshot| snapshot.zxid)
}

/// Whether every user of this machine can read it: its own mode, and a way through every directory above.
fn open_to_all(path: &Path) -> bool {
    let mode = |path: &Path| std::fs::metadata(path).map(|about| about.permissions().mode()).unwrap_or(0);
    mode(path) & 0o004 != 0
        && path
            .ancestors()
            .skip(1)
            .filter(|dir| !dir.as_os_str().is_empty())
            .all(|dir| mode(dir) & 0o001 != 0)
}

/// The certificates that the server would read if it read them now. JKS and PKCS12 stores are not opened.
fn stores(settings: &BTreeMap<String, String>) -> BTreeMap<String, ZookeeperStore> {
    let store = |prefix: &str| {
        let path = settings.get(&format!("{prefix}.keyStore.location"))?;
        let leaf = CertificateDer::from_pem_file(path).ok()?;
        let fingerprint = certificate::read(&leaf).ok()?.fingerprint;
        Some((prefix.to_owned(), ZookeeperStore { path: path.clone(), fingerprint }))
    };
    ["ssl", "ssl.quorum"].into_iter().filter_map(store).collect()
}

fn directories(settings: &BTreeMap<String, String>) -> Vec<ZookeeperDirectory> {
    let of = |key: &str| {
        let path = settings.get(key)?;
        let about = std::fs::metadata(path).ok()?;
        let space = rustix::fs::statvfs(path).ok()?;
        Some(ZookeeperDirectory {
            key: key.into(),
            device: about.dev(),
            room: DataDir {
                path: path.clone(),
                free_bytes: space.f_bavail.saturating_mul(space.f_frsize),
                total_bytes: space.f_blocks.saturating_mul(space.f_frsize),
                used_bytes: used(Path::new(path)),
                ..DataDir::default()
            },
        })
    };
    ["dataDir", "dataLogDir"].into_iter().filter_map(of).collect()
}

/// What logs and snapshots take on the disk: of a log that was allocated ahead, what is there.
fn used(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir.join("version-2")).into_iter().flatten().flatten();
    files.filter_map(|entry| entry.metadata().ok()).map(|about| about.blocks().saturating_mul(512)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
    }

    #[test]
    fn a_closed_directory_above_protects_what_is_open_below() {
        let home = tempfile::tempdir().expect("a directory");
        let inner = home.path().join("data");
        std::fs::create_dir(&inner).expect("a directory");
        let file = inner.join("f");
        std::fs::write(&file, "x").expect("a file");
        mode(&inner, 0o755);
        mode(&file, 0o644);
        mode(home.path(), 0o700);
        assert!(!open_to_all(&file));
        mode(home.path(), 0o755);
        assert!(open_to_all(&file));
        mode(&file, 0o640);
        assert!(!open_to_all(&file));
    }

    #[test]
    fn a_process_is_known_by_its_file_and_the_file_wins_over_options() {
        let home = tempfile::tempdir().expect("a directory");
        let data = home.path().join("data");
        std::fs::create_dir(&data).expect("a directory");
        std::fs::write(data.join("myid"), "2\n").expect("an id");
        let text = format!(
            "dataDir={}\nforceSync=no\njute.maxbuffer=1\nserver.1=a:1:2;3000\nserver.2=a:3:4;0.0.0.0:3001\n",
            data.display()
        );
        std::fs::create_dir(data.join("version-2")).expect("a directory");
        for name in ["snapshot.0", "snapshot.10000000a.gz", "log.10000000b", "snapshot.x"] {
            std::fs::write(data.join("version-2").join(name), "").expect("a file");
        }
        let started = Started {
            pid: std::process::id(),
            options: [("zookeeper.skipACL", "yes"), ("zookeeper.forceSync", "yes"), ("java.io.tmpdir", "/t")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            path: home.path().join("zoo.cfg"),
            text,
        };
        let at = |port| Address { tls: false, host: "127.0.0.1".into(), port };
        assert!(started.serves(&at(3001), None) && !started.serves(&at(3000), None));
        assert!(started.serves(&at(1), Some(&data)) && !started.serves(&at(3001), Some(home.path())));
        let seen = started.seen(Timestamp::MAX);
        let properties = seen.properties.known().expect("seen");
        let of = |key: &str| properties.get(key).map(String::as_str);
        assert_eq!(
            [
                of("skipACL"),
                of("forceSync"),
                of("jute.maxbuffer"),
                of("zookeeper.jute.maxbuffer"),
                of("java.io.tmpdir")
            ],
            [Some("yes"), Some("no"), None, Some("1"), None]
        );
        let here = seen.here.known().expect("seen");
        assert_eq!((here.directories.len(), here.snapshot.map(|s| s.zxid)), (1, Some(0x1_0000_000a)));
        assert!(here.swapped_bytes.is_some());
    }
}
