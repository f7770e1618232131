//! A plain etcd of a given version with its own programs beside it, killed when dropped.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where `scripts/servers` keeps the programs of a version.
fn programs(version: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/servers");
    let output = Command::new(script).args(["--list", &format!("etcd@{version}")]).output().expect("it runs");
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let directory = line.split('\t').nth(2).unwrap_or("-").trim().to_owned();
    assert_ne!(directory, "-", "etcd {version} is missing: scripts/servers --all etcd");
    PathBuf::from(directory)
}

/// One member.
pub(crate) struct Server {
    child: Child,
    programs: PathBuf,
    /// Holds the data directory `data` and whatever a test puts beside it.
    pub(crate) folder: tempfile::TempDir,
    endpoint: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    /// Starts a member and waits until it serves.
    pub(crate) fn start(version: &str, flags: &[&str]) -> Server {
        Server::start_in(version, tempfile::tempdir().expect("a folder"), flags)
    }

    /// Starts a member on what is in a folder already.
    pub(crate) fn start_in(version: &str, folder: tempfile::TempDir, flags: &[&str]) -> Server {
        let programs = programs(version);
        let ports = [(); 2].map(|()| crate::cluster::free_address().port());
        let [client, peer] = ports.map(|port| format!("http://127.0.0.1:{port}"));
        let log = std::fs::File::create(folder.path().join("log")).expect("a log file");
        let child = Command::new(programs.join("etcd"))
            .arg("--name=n1")
            .arg(format!("--data-dir={}", folder.path().join("data").display()))
            .args([format!("--listen-client-urls={client}"), format!("--advertise-client-urls={client}")])
            .args([format!("--listen-peer-urls={peer}"), format!("--initial-advertise-peer-urls={peer}")])
            .arg(format!("--initial-cluster=n1={peer}"))
            .args(flags)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("etcd starts");
        let server = Server { child, programs, folder, endpoint: client };
        let ready =
            || server.command("etcdctl").args(["get", "x"]).output().is_ok_and(|out| out.status.success());
        let served = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            ready()
        });
        let log = std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
        assert!(served, "etcd {version} does not serve:\n{log}");
        server
    }

    /// Kills it as the kernel does, without a word.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where clients reach it.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// etcdctl with arguments; its output.
    pub(crate) fn ctl(&self, arguments: &[&str]) -> String {
        run(self.command("etcdctl").args(arguments), None)
    }

    /// etcdctl with arguments and JSON as its output.
    pub(crate) fn ctl_json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ctl(&[arguments, &["-w", "json"]].concat())).expect("JSON")
    }

    /// A transaction of puts without conditions; returns its revision.
    pub(crate) fn put_all(&self, pairs: &[(String, String)]) -> i64 {
        let puts: String = pairs.iter().map(|(key, value)| format!("put {key} {value}\n")).collect();
        run(self.command("etcdctl").arg("txn"), Some(&format!("\n{puts}\n\n")));
        self.revision()
    }

    /// The current revision.
    pub(crate) fn revision(&self) -> i64 {
        self.ctl_json(&["get", "x"])["header"]["revision"].as_i64().expect("a revision")
    }

    /// `snapshot status` of the version's own tool.
    pub(crate) fn status_of(&self, file: &Path) -> Value {
        let tool = if self.programs.join("etcdutl").exists() { "etcdutl" } else { "etcdctl" };
        let file = file.to_str().expect("a path");
        let output = run(self.command(tool).args(["snapshot", "status", file, "-w", "json"]), None);
        serde_json::from_str(&output).expect("JSON")
    }

    /// Another program of this version, with arguments.
    pub(crate) fn tool(&self, program: &str, arguments: &[&str]) -> String {
        run(self.command(program).args(arguments), None)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        if program == "etcdctl" {
            command.env("ETCDCTL_ENDPOINTS", &self.endpoint);
        }
        command
    }
}

fn run(command: &mut Command, input: Option<&str>) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.unwrap_or_default().as_bytes()).expect("it reads");
    }
    let output = child.wait_with_output().expect("it ends");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}");
    out.into_owned()
}
