//! A real sshd on loopback, with keys, configuration and port of its own, ended with the test.

use quorate::host::ssh::{Options, SshHost};
use quorate::transport::Deadline;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";

pub(crate) struct Sshd {
    process: Child,
    dir: TempDir,
    pub(super) port: u16,
}

impl Sshd {
    /// With more lines for its configuration, which outweigh the usual ones.
    pub(crate) fn start(more: &[&str]) -> Sshd {
        assert!(Path::new(SSHD).exists(), "sshd is missing: run scripts/setup all");
        if super::is_root() {
            // sshd refuses to start without it, and only a service manager makes it.
            std::fs::create_dir_all("/run/sshd").expect("a directory for sshd");
        }
        let dir = tempfile::tempdir().expect("a directory");
        keygen(&dir.path().join("host_key"));
        keygen(&dir.path().join("user_key"));
        let port = free_port();
        // The first of several settings counts. Without a home, no start-up file of whoever runs this has a say.
        let mut config: String = more.iter().map(|line| format!("{line}\n")).collect();
        config.push_str(&format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {dir}/host_key\nAuthorizedKeysFile {dir}/user_key.pub\n\
             UsePAM no\nStrictModes no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n\
             MaxStartups 100\nMaxSessions 100\nPrintMotd no\nSetEnv HOME={dir}\n",
            dir = dir.path().display(),
        ));
        std::fs::write(dir.path().join("sshd_config"), config).expect("written");
        let process = Command::new(SSHD)
            .args(["-D", "-E"])
            .arg(dir.path().join("log"))
            .arg("-f")
            .arg(dir.path().join("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sshd starts");
        let server = Sshd { process, dir, port };
        server.wait();
        server.configure_client();
        server
    }

    /// The host behind it, as the alias of a configuration file. `box-` with anything behind it is the same.
    pub(super) fn host(&self) -> SshHost {
        SshHost::new("box", self.options()).expect("a destination")
    }

    pub(super) fn options(&self) -> Options {
        Options { config: Some(self.client_config()), ..Options::default() }
    }

    pub(crate) fn client_config(&self) -> PathBuf {
        self.dir.path().join("ssh_config")
    }

    fn configure_client(&self) {
        let dir = self.dir.path().display();
        let host_key = std::fs::read_to_string(self.dir.path().join("host_key.pub")).expect("a key");
        let known = format!("[127.0.0.1]:{} {host_key}", self.port);
        std::fs::write(self.dir.path().join("known_hosts"), known).expect("written");
        let config = format!(
            "Host box box-*\n HostName 127.0.0.1\n Port {}\n IdentityFile {dir}/user_key\n IdentitiesOnly yes\n\
             \x20UserKnownHostsFile {dir}/known_hosts\n StrictHostKeyChecking yes\n\
             # what must not get in the way\n LocalForward 1 127.0.0.1:1\n RemoteCommand echo wrong\n\
             Host stranger\n HostName 127.0.0.1\n Port {}\n UserKnownHostsFile /dev/null\n",
            self.port, self.port
        );
        std::fs::write(self.client_config(), config).expect("written");
    }

    fn wait(&self) {
        let deadline = Deadline::after(Duration::from_secs(20));
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(!deadline.left().is_zero(), "sshd does not listen: {log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Sshd {
    /// Sends a signal to it and to everything that it started.
    pub(crate) fn signal(&self, signal: &str) {
        let mut all = vec![self.process.id().to_string()];
        let mut at = 0;
        while at < all.len() {
            let children = Command::new("pgrep").args(["-P", &all[at]]).output().expect("pgrep runs");
            all.extend(String::from_utf8_lossy(&children.stdout).lines().map(str::to_owned));
            at += 1;
        }
        let sent = Command::new("kill").arg(signal).args(&all).status();
        assert!(sent.expect("kill runs").success(), "{signal} to {all:?}");
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn keygen(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status();
    assert!(made.expect("ssh-keygen runs").success());
}

/// Below the ports that the system gives out by itself. Tests run beside each other, so none is tried twice.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 28_000 + (std::process::id() % 400) as u16;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(port < 29_000, "no port is free");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
