//! What several tests of a recovery set up: another config file, a run in the middle of it, a line that stalls.

use super::oracle::{data_dir, files, take_disks};
use crate::cluster::{Cluster, PATIENCE, Ran};
use quorate::transport::Deadline;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Three members of which two are killed and their disks gone.
pub(super) fn stuck(version: &str, options: &[&str]) -> Cluster {
    let cluster = Cluster::etcd_with(version, 3, options);
    cluster.settles("healthy");
    lose_two(&cluster);
    cluster
}

/// Kills n2 and n3, for good.
pub(super) fn lose_two(cluster: &Cluster) {
    cluster.lab("kill", &["n2", "n3"]);
    take_disks(cluster, &[1, 2]);
    cluster.settles("lost");
}

/// The cluster's config file with other words in it, each of which must be there.
#[track_caller]
pub(super) fn config_with(cluster: &Cluster, name: &str, edits: &[(&str, &str)]) -> String {
    let mut text = std::fs::read_to_string(cluster.config()).expect("a config file");
    for (from, to) in edits {
        assert!(text.contains(from), "{from} is not in {text}");
        text = text.replace(from, to);
    }
    cluster.home.file(name, &text).display().to_string()
}

/// The same with one command of a member's service replaced; the lab's own is `{}` in it.
#[track_caller]
pub(super) fn config_with_command(
    cluster: &Cluster,
    name: &str,
    member: &str,
    verb: &str,
    to: &str,
) -> String {
    let text = std::fs::read_to_string(cluster.config()).expect("a config file");
    cluster.home.file(name, &with_command(&text, member, verb, to)).display().to_string()
}

/// A config file with one command of a member's service replaced; the old one is `{}` in it.
#[track_caller]
pub(super) fn with_command(text: &str, member: &str, verb: &str, to: &str) -> String {
    let begins = format!("{verb} = \"");
    let mut found = false;
    let lines = text.lines().map(|line| {
        if !line.starts_with("service") || !line.contains(&format!(" {member}\"")) {
            return line.to_owned();
        }
        let at = line.find(&begins).expect("a command") + begins.len();
        let end = at + line[at..].find('"').expect("its end");
        found = true;
        format!("{}{}{}", &line[..at], to.replace("{}", &line[at..end]), &line[end..])
    });
    let text: Vec<String> = lines.collect();
    assert!(found, "{member} has no {verb}");
    text.join("\n") + "\n"
}

/// A run of quorate that was not waited for; killed when dropped.
pub(super) struct Running {
    process: Child,
    said: PathBuf,
}

impl Running {
    /// Starts `quorate ARGS`.
    pub(super) fn start(cluster: &Cluster, args: &[&str]) -> Running {
        let mut command = cluster.home.quorate();
        command.args(args);
        Running::of(cluster, command)
    }

    /// Starts it as if it were typed at a terminal.
    pub(super) fn at_a_terminal(cluster: &Cluster, args: &[&str]) -> Running {
        let quorate = cluster.home.quorate();
        let mut command = Command::new("script");
        let line = format!("{} {}", quorate.get_program().display(), args.join(" "));
        command.args(["-qec", &line, "/dev/null"]).env("XDG_STATE_HOME", cluster.home.path("state"));
        command.stdin(Stdio::piped());
        Running::of(cluster, command)
    }

    /// Starts a command that is ready.
    pub(super) fn of(cluster: &Cluster, mut command: Command) -> Running {
        let said = (0..).map(|n| cluster.home.path(&format!("said-{n}"))).find(|path| !path.exists());
        let said = said.expect("a name");
        let file = std::fs::File::create(&said).expect("a file");
        command.stdout(file.try_clone().expect("once more")).stderr(file);
        let process = command.spawn().expect("it starts: `script` is of util-linux");
        Running { process, said }
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.said).expect("readable")).into_owned()
    }

    /// Waits until it has said this.
    #[track_caller]
    pub(super) fn says(&mut self, words: &str) {
        let deadline = Deadline::after(PATIENCE * 2);
        while !self.text().contains(words) {
            let ended = self.process.try_wait().expect("waits");
            let text = self.text();
            assert!(text.contains(words) || ended.is_none(), "it ended without {words}: {text}");
            assert!(!deadline.left().is_zero(), "it does not say {words}: {text}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types a line.
    pub(super) fn types(&mut self, line: &str) {
        let input = self.process.stdin.as_mut().expect("a terminal");
        writeln!(input, "{line}").and_then(|()| input.flush()).expect("typed");
    }

    pub(super) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for its end; its exit code, and what it said.
    pub(super) fn ends(mut self) -> (i32, String) {
        let status = self.process.wait().expect("ends");
        (status.code().unwrap_or(-1), self.text())
    }

    pub(super) fn kill(mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs quorate with another config file.
pub(super) fn with(cluster: &Cluster, config: &str, args: &[&str]) -> Ran {
    cluster.home.run(&[args, &["--config", config]].concat())
}

/// Every file of members' disks with its bytes, but those of one that runs: it writes into its log.
pub(super) fn disk(cluster: &Cluster, but: usize) -> Vec<(PathBuf, Vec<u8>)> {
    let others = (0..3).filter(|member| *member != but);
    others.flat_map(|member| files(data_dir(cluster, member).parent().expect("a parent"))).collect()
}

/// A line to a server that passes everything on until it is told to stall: then no more than so many bytes of each
/// connection come back.
pub(super) struct Line {
    pub(super) url: String,
    stalls: Arc<AtomicBool>,
    stalled: Arc<AtomicBool>,
}

/// Answers of a server are shorter than this, a snapshot is longer.
const PASSES: usize = 4 << 20;

impl Line {
    /// To `http://host:port`.
    pub(super) fn to(endpoint: &str) -> Line {
        let target = endpoint.strip_prefix("http://").expect("a plain URL").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stalls, stalled) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let flags = (Arc::clone(&stalls), Arc::clone(&stalled));
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            let mut listener = Some(listener);
            loop {
                std::thread::sleep(Duration::from_millis(5));
                // Where nobody listens behind it, nobody listens here.
                let Ok(server) = TcpStream::connect(&target) else {
                    listener = None;
                    continue;
                };
                let open = listener.get_or_insert_with(|| TcpListener::bind(address).expect("the same port"));
                open.set_nonblocking(true).expect("set");
                let Ok((client, _)) = open.accept() else { continue };
                client.set_nonblocking(false).expect("set");
                let (up, down) = (client.try_clone(), server.try_clone());
                let (Ok(client_2), Ok(server_2)) = (up, down) else { continue };
                let flags = flags.clone();
                std::thread::spawn(move || pass(client, server, |_| {}));
                std::thread::spawn(move || {
                    pass(server_2, client_2, |passed| {
                        while passed > PASSES && flags.0.load(Ordering::SeqCst) {
                            flags.1.store(true, Ordering::SeqCst);
                            std::thread::sleep(Duration::from_millis(10));
                        }
                    });
                });
            }
        });
        Line { url, stalls, stalled }
    }

    /// Whether something is held back.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::SeqCst)
    }

    /// Lets everything pass from here on.
    pub(super) fn goes_on(&self) {
        self.stalls.store(false, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, before: impl Fn(usize)) {
    let (mut piece, mut passed) = (vec![0; 16 << 10], 0);
    while let Ok(count @ 1..) = from.read(&mut piece) {
        passed += count;
        before(passed);
        if to.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

/// A file system in memory of so many megabytes; none where this user may not mount one.
pub(super) struct SmallDisk {
    pub(super) path: PathBuf,
}

impl SmallDisk {
    pub(super) fn mount(path: &Path, size: &str) -> Option<SmallDisk> {
        std::fs::create_dir_all(path).expect("a directory");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(path);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| SmallDisk { path: path.to_owned() })
    }

    /// Leaves no byte free.
    pub(super) fn fill(&self) {
        let mut options = std::fs::File::options();
        let file = options.create(true).append(true).open(self.path.join("filler"));
        let mut file = file.expect("a file");
        let piece = vec![1; 64 << 10];
        while file.write_all(&piece).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
    }

    pub(super) fn make_room(&self) {
        std::fs::remove_file(self.path.join("filler")).expect("there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).output();
    }
}
