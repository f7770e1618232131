//! One real etcd of one version, for tests that need no more.

use quorate::transport::Deadline;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The versions that are promised.
pub(crate) const VERSIONS: [&str; 4] = ["3.4.23", "3.5.35", "3.6.16", "3.7.3"];

/// A running server; killed and its data removed when dropped.
pub(crate) struct EtcdProcess {
    process: Child,
    /// Client URL.
    pub(crate) url: String,
    _data: TempDir,
}

impl EtcdProcess {
    /// Starts one and waits until it serves.
    pub(crate) fn start(version: &str) -> EtcdProcess {
        let binary = binary(version);
        let data = tempfile::tempdir().expect("a directory");
        let (client, peer) = (url(), url());
        let process = Command::new(&binary)
            .arg("--data-dir")
            .arg(data.path().join("data"))
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("etcd starts");
        let started = EtcdProcess { process, url: client, _data: data };
        started.wait();
        started
    }

    /// As a target of the command line.
    pub(crate) fn target(&self) -> String {
        self.url.replace("http://", "etcd://")
    }

    /// A client of our own, to put things in and to look.
    pub(crate) async fn client(&self) -> etcd_client::Client {
        quorate::transport::tls::install_provider();
        etcd_client::Client::connect([&self.url], None).await.expect("connects")
    }

    fn wait(&self) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let deadline = Deadline::after(Duration::from_secs(30));
        while !runtime.block_on(self.serves()) {
            assert!(!deadline.left().is_zero(), "etcd at {} does not serve", self.url);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    async fn serves(&self) -> bool {
        let mut client = self.client().await;
        let read = tokio::time::timeout(Duration::from_secs(1), client.get("health", None)).await;
        read.is_ok_and(|answer| answer.is_ok())
    }
}

impl Drop for EtcdProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The server of this version, as `scripts/servers` put it.
#[expect(clippy::disallowed_methods, reason = "a test reads its surroundings itself")]
pub(crate) fn binary(version: &str) -> PathBuf {
    let servers = std::env::var_os("QUORATE_SERVERS").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache/quorate/servers")
    });
    let binary = servers.join("etcd").join(version).join("etcd");
    assert!(binary.is_file(), "{} is missing: run scripts/servers", binary.display());
    binary
}

/// A loopback URL whose port was free a moment ago.
pub(crate) fn url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}
