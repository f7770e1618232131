//! Writers that know what was acknowledged, and what a recovery is asked afterwards.

use crate::cluster::Cluster;
use etcd_client::{Client, ConnectOptions, GetOptions};
use quorate::transport::Deadline;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Several clients of one member that write new keys until it does not answer.
pub(super) struct Writers {
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<BTreeSet<String>>>,
    begun: Arc<AtomicUsize>,
}

impl Writers {
    /// Starts them.
    pub(super) fn start(endpoint: &str, clients: usize) -> Writers {
        let (stop, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
        let thread = |client: usize| {
            let (stop, begun, acknowledged) =
                (Arc::clone(&stop), Arc::clone(&begun), Arc::clone(&acknowledged));
            let endpoint = endpoint.to_owned();
            std::thread::spawn(move || {
                runtime().block_on(async {
                    let mut etcd = connect(&endpoint).await;
                    for number in 0.. {
                        let key = format!("w/{client}/{number}");
                        begun.fetch_add(1, Ordering::SeqCst);
                        let put = etcd.put(key.clone(), "v", None);
                        // A leader that was paused may have to be elected again: clients try on.
                        match tokio::time::timeout(Duration::from_secs(4), put).await {
                            Ok(Ok(_)) => drop(acknowledged.lock().expect("whole").insert(key)),
                            _ => tokio::time::sleep(Duration::from_millis(20)).await,
                        }
                        if stop.load(Ordering::SeqCst) {
                            return;
                        }
                    }
                });
            })
        };
        let threads = (0..clients).map(thread).collect();
        Writers { threads, stop, acknowledged, begun }
    }

    /// Waits until so many writes are acknowledged.
    pub(super) fn reach(&self, count: usize) {
        crate::cluster::wait("writes are acknowledged", || self.acknowledged() >= count);
    }

    /// How many writes are acknowledged so far.
    pub(super) fn acknowledged(&self) -> usize {
        self.acknowledged.lock().expect("whole").len()
    }

    /// What was acknowledged, and how many writes were begun.
    pub(super) fn end(self) -> Oracle {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().expect("a writer ends");
        }
        let acknowledged = self.acknowledged.lock().expect("whole").clone();
        Oracle { acknowledged, begun: self.begun.load(Ordering::SeqCst) }
    }
}

/// What clients were told.
pub(super) struct Oracle {
    pub(super) acknowledged: BTreeSet<String>,
    pub(super) begun: usize,
}

impl Oracle {
    /// Acknowledged writes that a member does not have.
    pub(super) fn lost(&self, found: &BTreeSet<String>) -> Vec<String> {
        self.acknowledged.difference(found).cloned().collect()
    }

    /// Fails when a member has lost an acknowledged write, or has one that nobody began.
    #[track_caller]
    pub(super) fn judges(&self, endpoint: &str) {
        let found = keys(endpoint, None);
        assert_eq!(self.lost(&found), Vec::<String>::new(), "acknowledged and lost at {endpoint}");
        assert!(found.len() <= self.begun, "{} keys of {} writes", found.len(), self.begun);
    }
}

/// The writers' keys that a member has.
pub(super) fn keys(endpoint: &str, options: Option<ConnectOptions>) -> BTreeSet<String> {
    runtime().block_on(async {
        let mut client = Client::connect([endpoint], options).await.expect("connects");
        let all = GetOptions::new().with_prefix().with_keys_only();
        let found = client.get("w/", Some(all)).await.expect("answers");
        found.kvs().iter().map(|pair| pair.key_str().expect("text").to_owned()).collect()
    })
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    quorate::transport::tls::install_provider();
    tokio::runtime::Runtime::new().expect("a runtime")
}

async fn connect(endpoint: &str) -> Client {
    Client::connect([endpoint], None).await.expect("connects")
}

/// Sends a signal to members, by position, at once: a lab's own command would give them time.
pub(super) fn signal(cluster: &Cluster, signal: &str, members: &[usize]) {
    let pids = crate::cluster::pids(&cluster.lab);
    let mut command = std::process::Command::new("kill");
    command.arg(signal).args(members.iter().map(|member| pids[*member].to_string()));
    assert!(command.status().expect("kill runs").success(), "{signal} to {members:?}");
    if signal == "-KILL" {
        members.iter().for_each(|member| is_gone(pids[*member]));
    }
}

/// Waits until a killed process is gone: one that waits for its disk ends when the disk has answered.
pub(super) fn is_gone(pid: u64) {
    crate::cluster::wait("the process to end", || !crate::cluster::alive(pid));
}

/// The data directory of a member.
pub(super) fn data_dir(cluster: &Cluster, member: usize) -> PathBuf {
    PathBuf::from(cluster.lab["members"][member]["data_dir"].as_str().expect("a data directory"))
}

/// Takes the disks of dead members away.
pub(super) fn take_disks(cluster: &Cluster, members: &[usize]) {
    for member in members {
        let dir = data_dir(cluster, *member);
        std::fs::rename(&dir, dir.with_extension("lost")).expect("the disk is taken away");
    }
}

/// Positions of the leader and of the others.
pub(super) fn roles(cluster: &Cluster) -> (usize, Vec<usize>) {
    let report = cluster.settles("healthy").json();
    let members = report["clusters"][0]["members"].as_array().expect("members").clone();
    let (leaders, others): (Vec<usize>, Vec<usize>) =
        (0..members.len()).partition(|at| members[*at]["role"] == "leader");
    (leaders[0], others)
}

/// The id in a report of `check`.
pub(super) fn cluster_id(report: &Value) -> String {
    report["clusters"][0]["cluster_id"].as_str().expect("a cluster id").to_owned()
}

/// Every file below a directory, with its bytes.
pub(super) fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).expect("a directory").flatten() {
            match entry.path() {
                path if path.is_dir() => dirs.push(path),
                path => found.push((path.clone(), std::fs::read(&path).expect("a file"))),
            }
        }
    }
    found.sort();
    found
}

/// etcdctl of the cluster's version at one member, with the lab's certificates where it has some.
pub(super) struct Ctl {
    program: PathBuf,
    options: Vec<String>,
}

impl Ctl {
    pub(super) fn new(cluster: &Cluster, member: usize) -> Ctl {
        let program = Path::new(cluster.program()).with_file_name("etcdctl");
        let mut options = vec![format!("--endpoints={}", cluster.endpoints()[member])];
        let tls = &cluster.lab["tls"];
        for (flag, key) in [("cacert", "ca"), ("cert", "cert"), ("key", "key")] {
            options.extend(tls[key].as_str().map(|path| format!("--{flag}={path}")));
        }
        Ctl { program, options }
    }

    /// As this user, `name:password`.
    pub(super) fn user(mut self, user: &str) -> Ctl {
        self.options.push(format!("--user={user}"));
        self
    }

    pub(super) fn run(&self, args: &[&str]) -> std::process::Output {
        let mut command = std::process::Command::new(&self.program);
        command.env("ETCDCTL_API", "3").args(&self.options).args(args);
        command.output().expect("etcdctl runs")
    }

    #[track_caller]
    pub(super) fn does(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Writes so many keys, each acknowledged; which.
    pub(super) fn puts(&self, prefix: &str, count: usize) -> BTreeSet<String> {
        let keys: BTreeSet<String> = (0..count).map(|number| format!("{prefix}{number}")).collect();
        keys.iter().for_each(|key| drop(self.does(&["put", key, "v"])));
        keys
    }

    /// The keys under a prefix.
    pub(super) fn keys(&self, prefix: &str) -> BTreeSet<String> {
        let text = self.does(&["get", prefix, "--prefix", "--keys-only"]);
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

/// Runs a recovery and kills it with SIGKILL as soon as it says this.
pub(super) fn runs_until(cluster: &Cluster, words: &str, options: &[&str]) {
    let mut run = cluster.home.quorate();
    run.args(["recover", "run", "--yes", "--config", cluster.config()]).args(options);
    kill_when_it_says(run, &cluster.home.path("progress"), words);
}

/// Kills it with SIGKILL as soon as it says this; what it says goes to a file.
pub(super) fn kill_when_it_says(mut run: std::process::Command, said: &Path, words: &str) {
    let stderr = std::fs::File::create(said).expect("a file");
    run.stderr(stderr);
    let mut run = run.stdout(std::process::Stdio::null()).spawn().expect("quorate starts");
    let deadline = Deadline::after(crate::cluster::PATIENCE);
    let told = || std::fs::read_to_string(said).expect("readable");
    while !told().contains(words) {
        let ended = run.try_wait().expect("waits");
        assert!(ended.is_none() && !deadline.left().is_zero(), "it did not say {words}: {}", told());
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().expect("killed");
    run.wait().expect("ended");
}
