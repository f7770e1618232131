//! What a server on this machine shows beside its answers: its command line, its `zoo.cfg` and its directories. Only
//! looked at where the config file says that the member is local: a loopback address may be a tunnel's end.

use super::wire;
use crate::facts::{Observed, ZookeeperDirectory, ZookeeperHere};
use crate::host::local::LocalHost;
use crate::host::{Host, Process};
use crate::target::{DeclaredHost, DeclaredMember};
use crate::transport::Deadline;
use crate::transport::address::Address;
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
            elsewhere: false,
        }
    }
}

/// Looks for the process that serves this address and reads what it was started with.
pub(super) async fn look(
    address: &Address,
    declared: Option<&DeclaredMember>,
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
        (Some(one), None) => one.seen(),
        (None, _) => HereLook::unseen(
            "no process of this machine serves its address by a zoo.cfg that this user may read",
        ),
        (Some(_), Some(_)) => HereLook::unseen("more than one process of this machine serves its address"),
    }
}

/// A server's process with its file.
struct Started {
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

    fn seen(&self) -> HereLook {
        let settings = wire::settings(&self.text);
        // The file is read after the machine's options, and wins.
        let options = self.options.iter().filter_map(|(key, value)| {
            let name = key.strip_prefix("zookeeper.");
            let name = name.or_else(|| super::admin::FOREIGN.contains(&key.as_str()).then_some(key))?;
            Some(wire::kept(name, value))
        });
        let mut properties: BTreeMap<String, String> = options.collect();
        properties.extend(settings.iter().map(|(key, value)| wire::misplaced(key, value)));
        HereLook {
            here: Observed::Known(ZookeeperHere {
                directories: directories(&settings),
                exposed: self.exposed(&settings),
            }),
            file: Observed::Known(settings),
            properties: Observed::Known(properties),
            elsewhere: false,
        }
    }

    /// Files that every user of the machine can read and nobody else should.
    fn exposed(&self, settings: &BTreeMap<String, String>) -> Vec<String> {
        let secret = |(key, value): (&String, &String)| wire::secret(key) && !value.is_empty();
        let file = settings.iter().any(secret).then(|| self.path.clone());
        let stores = settings.iter().filter(|(key, _)| key.ends_with("keyStore.location"));
        let stores = stores.map(|(_, path)| PathBuf::from(path));
        let data = directories(settings).into_iter().filter_map(|dir| a_file_in(Path::new(&dir.path)));
        let mut found: Vec<PathBuf> =
            file.into_iter().chain(stores).chain(data).filter(|path| open_to_all(path)).collect();
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

fn directories(settings: &BTreeMap<String, String>) -> Vec<ZookeeperDirectory> {
    let of = |key: &str| {
        let path = settings.get(key)?;
        let about = std::fs::metadata(path).ok()?;
        let space = rustix::fs::statvfs(path).ok()?;
        Some(ZookeeperDirectory {
            key: key.into(),
            path: path.clone(),
            device: about.dev(),
            free_bytes: space.f_bavail * space.f_frsize,
            size_bytes: space.f_blocks * space.f_frsize,
            largest_file_bytes: largest(Path::new(path)),
        })
    };
    ["dataDir", "dataLogDir"].into_iter().filter_map(of).collect()
}

/// What the next snapshot or log may take: as much as the largest that is there.
fn largest(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir.join("version-2")).into_iter().flatten().flatten();
    files.filter_map(|entry| entry.metadata().ok()).map(|about| about.len()).max().unwrap_or(0)
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
        let started = Started {
            options: [("zookeeper.skipACL", "yes"), ("zookeeper.forceSync", "yes"), ("java.io.tmpdir", "/t")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            path: home.path().join("zoo.cfg"),
            text,
        };
        let at = |port| Address { tls: false, host: "127.0.0.1".into(), port };
        assert!(started.serves(&at(3001), None) && !started.serves(&at(3000), None));
        assert!(started.serves(&at(1), Some(&data)) && !started.serves(&at(3001), Some(home.path())));
        let seen = started.seen();
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
        assert_eq!(seen.here.known().map(|here| here.directories.len()), Some(1));
    }
}
