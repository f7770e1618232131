//! The harness: quorate in a home of its own, and real clusters made with `quorate lab`, gone when dropped. A server
//! that is not there fails the test, and the message says how to get it.

use quorate::host::StatLine;
use quorate::transport::Deadline;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Variables of the user that would change what a test sees.
const FOREIGN: &[&str] =
    &["QUORATE_CONFIG", "QUORATE_EVIDENCE", "NO_COLOR", "CLICOLOR_FORCE", "XDG_CONFIG_HOME"];

/// The versions of etcd that are promised.
pub(crate) const VERSIONS: [&str; 4] = ["3.4.23", "3.5.35", "3.6.16", "3.7.3"];

/// How long anything that must come may take, on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A directory for state and files of one test. Labs in it are taken down with it, also after a panic.
pub(crate) struct Home {
    dir: TempDir,
}

impl Home {
    /// An empty one.
    pub(crate) fn new() -> Home {
        Home { dir: tempfile::Builder::new().prefix("quorate-it-").tempdir().expect("a temporary directory") }
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file in it.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file in the temporary directory");
        path
    }

    /// quorate, with its state here.
    pub(crate) fn quorate(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        let theirs = std::env::vars().map(|(name, _)| name);
        for name in theirs.filter(|n| {
            n.starts_with("ETCDCTL_") || n.starts_with("CONSUL_") || FOREIGN.contains(&n.as_str())
        }) {
            command.env_remove(name);
        }
        command.env("XDG_STATE_HOME", self.path("state")).current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    /// Runs quorate to its end.
    pub(crate) fn run<A: AsRef<str>>(&self, args: &[A]) -> Ran {
        let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
        let output = self.quorate().args(&args).output().expect("quorate starts");
        Ran::new(args.join(" "), &output)
    }

    /// Whether nothing of any lab is left.
    pub(crate) fn has_no_lab(&self) -> bool {
        !self.path("state/quorate/labs").exists()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !self.has_no_lab() {
            let _ = self.quorate().args(["lab", "down", "--all"]).output();
        }
    }
}

/// What a run of quorate did.
pub(crate) struct Ran {
    what: String,
    /// Exit code; -1 after a signal.
    pub(crate) code: i32,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it told people.
    pub(crate) stderr: String,
}

impl Ran {
    /// Of a finished process.
    pub(crate) fn new(what: String, output: &Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ran = Ran {
            what,
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        assert!(!ran.stderr.contains("panicked"), "{}", ran.told());
        ran
    }

    /// Fails unless it ended with this code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "exit code of {}", self.told());
        self
    }

    /// Fails unless stderr says all of this.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Ran {
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is missing in the messages of {}", self.told());
        }
        self
    }

    /// Its output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let document = serde_json::from_str(&self.stdout);
        assert!(document.is_ok(), "no JSON from {}", self.told());
        document.expect("just looked")
    }

    fn told(&self) -> String {
        format!("`quorate {}`\n--- stdout\n{}--- stderr\n{}", self.what, self.stdout, self.stderr)
    }
}

/// A cluster of real servers in a home of its own.
pub(crate) struct Cluster {
    /// Its home.
    pub(crate) home: Home,
    /// What `lab up -o json` said.
    pub(crate) lab: Value,
}

impl Cluster {
    /// etcd of exactly this version, plain, on loopback.
    pub(crate) fn etcd(version: &str, nodes: usize) -> Cluster {
        Cluster::etcd_with(version, nodes, &[])
    }

    /// The same with more options of `lab up`.
    pub(crate) fn etcd_with(version: &str, nodes: usize, options: &[&str]) -> Cluster {
        Cluster::of("etcd", version, nodes, options)
    }

    /// ZooKeeper of exactly this version, on loopback.
    pub(crate) fn zookeeper(version: &str, nodes: usize, options: &[&str]) -> Cluster {
        Cluster::of("zookeeper", version, nodes, options)
    }

    /// Servers of any system, of exactly this version, with more options of `lab up`.
    pub(crate) fn of(backend: &str, version: &str, nodes: usize, options: &[&str]) -> Cluster {
        let home = Home::new();
        let nodes = nodes.to_string();
        let mut args = vec!["lab", "up", backend, "-o", "json", "--version", version, "--nodes", &nodes];
        args.extend(options);
        let up = home.run(&args);
        assert_eq!(up.code, 0, "a server is missing or does not start: {}", up.told());
        let lab = up.json();
        Cluster { home, lab }
    }

    /// Its config file.
    pub(crate) fn config(&self) -> &str {
        self.lab["config"].as_str().expect("a config path")
    }

    /// What clients connect to, by position.
    pub(crate) fn endpoints(&self) -> Vec<&str> {
        let members = self.lab["members"].as_array().expect("members");
        members.iter().map(|m| m["endpoint"].as_str().expect("an endpoint")).collect()
    }

    /// Its first member as a target of the command line.
    pub(crate) fn target(&self) -> String {
        self.endpoints()[0].replace("http://", "etcd://")
    }

    /// The server program its members run.
    pub(crate) fn program(&self) -> &str {
        self.lab["members"][0]["spec"]["program"].as_str().expect("a program")
    }

    /// A client of our own to the first member, to put things in and to look.
    pub(crate) async fn client(&self) -> etcd_client::Client {
        quorate::transport::tls::install_provider();
        etcd_client::Client::connect([self.endpoints()[0]], None).await.expect("connects")
    }

    /// Runs a command with its config file.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let mut all = args.to_vec();
        all.extend(["--config", self.config()]);
        self.home.run(&all)
    }

    /// `check -o json` with more options.
    pub(crate) fn check(&self, options: &[&str]) -> Ran {
        let mut args = vec!["check", "-o", "json"];
        args.extend(options);
        self.run(&args)
    }

    /// `lab VERB MEMBER…`.
    #[track_caller]
    pub(crate) fn lab(&self, verb: &str, members: &[&str]) {
        let mut args = vec!["lab", verb];
        args.extend(members);
        self.home.run(&args).exits(0);
    }

    /// Checks until quorum is in this state, for it takes a moment until a cluster has noticed; the last check.
    #[track_caller]
    pub(crate) fn settles(&self, state: &str) -> Ran {
        let deadline = Deadline::after(PATIENCE);
        loop {
            let ran = self.check(&[]);
            let found = ran.json()["clusters"][0]["quorum"]["state"].clone();
            if found == state {
                return ran;
            }
            assert!(!deadline.left().is_zero(), "quorum is {found}, not {state}: {}", ran.told());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What clients of this member connect to.
    pub(crate) fn endpoint_of(&self, name: &str) -> String {
        let members = self.lab["members"].as_array().expect("members");
        let member = members.iter().find(|m| m["name"] == name).expect("a member of that name");
        member["endpoint"].as_str().expect("an endpoint").to_owned()
    }

    /// Checks until the cluster is healthy and no quorum read is slow: a Java server's first answers are.
    #[track_caller]
    pub(crate) fn settles_calm(&self) -> Ran {
        let deadline = Deadline::after(PATIENCE * 2);
        loop {
            let ran = self.settles("healthy");
            let report = ran.json();
            let findings = report["clusters"][0]["findings"].as_array().expect("findings").clone();
            let slow = |f: &Value| {
                f["status"] != "pass" && f["check"] == "linearizable-read"
                    || f["status"] == "unknown" && f["severity"] == "critical"
            };
            if !findings.iter().any(slow) || deadline.left().is_zero() {
                return ran;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Names of members with this role.
    pub(crate) fn with_role(&self, role: &str) -> Vec<String> {
        let report = self.settles("healthy").json();
        let members = report["clusters"][0]["members"].as_array().expect("members").clone();
        let of_role = members.iter().filter(|m| m["role"] == role);
        of_role.map(|m| m["name"].as_str().expect("a name").to_owned()).collect()
    }
}

/// A variable of whoever runs the tests.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::vars().find_map(|(found, value)| (found == name).then_some(value))
}

/// A loopback URL whose port was free a moment ago: for servers that no lab starts.
pub(crate) fn url() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

/// Whether anything of a process is left that holds files or ports.
pub(crate) fn alive(pid: u64) -> bool {
    let stat = std::fs::read(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| !StatLine::parse(&stat).expect("a stat line").is_dead())
}

/// Process ids of a lab's members.
pub(crate) fn pids(lab: &Value) -> Vec<u64> {
    lab["members"].as_array().into_iter().flatten().filter_map(|m| m["pid"].as_u64()).collect()
}

/// Asks until it is so.
#[track_caller]
pub(crate) fn wait(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Deadline::after(PATIENCE);
    while !is() {
        assert!(!deadline.left().is_zero(), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A loopback address whose port was free a moment ago.
pub(crate) fn free_address() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address")
}
