//! kill -9 of quorate at its write-type system calls, by strace, on real clusters.
//!
//! A recovery that is killed once takes as long as a whole one. So kills are chained: a process is killed at its first
//! call of a kind, the next one, which resumes, at its second, and so on until one has finished a step; then again from
//! the first. Each call is a kill in the middle of what all the kills before it left, and one recovery is enough for one
//! kind of call. strace counts the calls of each thread, and each process begins to count anew.
//!
//! By default only some calls are taken, always the same. `QUORATE_SWEEP=all` takes every one; `QUORATE_SWEEP_SEED=N`
//! takes others.

use super::oracle::{data_dir, runtime};
use super::stuck::written;
use crate::cluster::{Cluster, PATIENCE, alive, variable};
use quorate::transport::Deadline;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

const KEYS: usize = 40;
/// Calls by which something on the disk changes, and those that carry requests to servers. Files are made by `openat`,
/// of which nearly all only read: each that makes one is between two calls of these.
const CALLS: [&str; 10] =
    ["renameat2", "fsync", "mkdirat", "fchmod", "mkdir", "flock", "renameat", "unlink", "write", "writev"];
/// Clusters at once.
const AT_ONCE: usize = 4;

/// A cluster that can be made stuck again and again.
struct Stuck {
    cluster: Cluster,
    template: PathBuf,
    config: String,
    /// Where the survivor's files are listed with their hashes, each time it was stopped or is started.
    listed: [PathBuf; 2],
    /// The survivor's process.
    pid: u64,
}

impl Stuck {
    fn new() -> Stuck {
        // Members that start together wait up to 7 s for each other's hashes with it.
        let quick = "--server-arg=--feature-gates=InitialCorruptCheck=false";
        let cluster = Cluster::etcd_with("3.6.16", 3, &[quick]);
        cluster.settles("healthy");
        let runtime = runtime();
        runtime.block_on(async {
            let mut client = cluster.client().await;
            for key in 0..KEYS {
                client.put(format!("w{key}"), vec![b'v'; 2000], None).await.expect("acknowledged");
            }
        });
        let home = &cluster.home;
        home.run(&["lab", "kill", "--signal", "TERM", "n1", "n2", "n3"]).exits(0);
        let template = home.path("template");
        std::fs::create_dir(&template).expect("a directory");
        for member in 0..3 {
            copy(&data_dir(&cluster, member), &template.join(member.to_string()));
        }
        let listed = ["stopped", "started"].map(|name| home.path(name));
        let config = home.path("sweep.toml");
        let mut stuck = Stuck { cluster, template, config: config.display().to_string(), listed, pid: 0 };
        std::fs::write(config, stuck.config()).expect("written");
        stuck.reset();
        stuck
    }

    /// The lab's own config file, but the survivor's files are listed after it stops and before it starts.
    fn config(&self) -> String {
        let text = std::fs::read_to_string(self.cluster.config()).expect("the lab's config file");
        let list = |file: &Path| {
            let dir = data_dir(&self.cluster, 0);
            format!(
                "(cd '{}' && find . -type f -exec sha256sum {{}} + | sort -k2 >'{}')",
                dir.display(),
                file.display()
            )
        };
        let lines = text.lines().map(|line| {
            if !line.starts_with("service") || !line.contains(" n1\"") {
                return line.to_owned();
            }
            let [stopped, started] = &self.listed;
            let line = line.replacen("start = \"", &format!("start = \"{} && ", list(started)), 1);
            line.replacen("--signal TERM n1\"", &format!("--signal TERM n1 && {}\"", list(stopped)), 1)
        });
        lines.map(|line| line + "\n").collect()
    }

    fn data(&self) -> PathBuf {
        data_dir(&self.cluster, 0)
    }

    /// Everything as it was when two of three were lost.
    fn reset(&mut self) {
        let home = &self.cluster.home;
        home.run(&["lab", "kill", "n1", "n2", "n3"]);
        for member in 0..3 {
            let dir = data_dir(&self.cluster, member);
            for entry in std::fs::read_dir(dir.parent().expect("a parent")).expect("readable").flatten() {
                if entry.file_name().to_string_lossy().starts_with("data") {
                    std::fs::remove_dir_all(entry.path()).expect("removed");
                }
            }
            copy(&self.template.join(member.to_string()), &dir);
        }
        for gone in [home.path("state/quorate/recover"), self.listed[0].clone(), self.listed[1].clone()] {
            let _ = std::fs::remove_dir_all(&gone).or_else(|_| std::fs::remove_file(&gone));
        }
        self.cluster.lab("start", &["n1", "n2", "n3"]);
        self.cluster.settles("healthy");
        self.cluster.lab("kill", &["n2", "n3"]);
        for member in [1, 2] {
            std::fs::remove_dir_all(data_dir(&self.cluster, member)).expect("the disk is gone");
        }
        self.cluster.settles("lost");
        let status = home.run(&["lab", "status", "-o", "json"]).json();
        self.pid = find_pid(&status, "n1").expect("the survivor runs");
    }

    /// `recover VERB`, killed at its `nth` call of a kind.
    fn recover(&self, verb: &str, kill: Option<(&str, usize)>) -> (ExitStatus, String) {
        let quorate = self.cluster.home.quorate();
        let mut command = Command::new("strace");
        // Not what quorate starts: only itself.
        command.args(["-f", "-qq", "--seccomp-bpf", "-b", "execve", "-o", "/dev/null"]);
        match kill {
            Some((call, nth)) => {
                command.arg(format!("--trace={call}"));
                command.arg(format!("--inject={call}:signal=KILL:when={nth}"))
            }
            None => command.arg("--trace=none"),
        };
        // cargo's, which would have the loader look in a hundred places
        command.env_remove("LD_LIBRARY_PATH").env("XDG_STATE_HOME", self.cluster.home.path("state"));
        command.arg(quorate.get_program()).args(["recover", verb, "--yes", "--config", &self.config]);
        let ended = command.output().expect("strace is there");
        (ended.status, String::from_utf8_lossy(&ended.stderr).into_owned())
    }

    /// The journal's records.
    fn journal(&self) -> Vec<Value> {
        let runs = self.cluster.home.path("state/quorate/recover");
        let runs = std::fs::read_dir(runs).into_iter().flatten().flatten();
        let texts = runs.filter_map(|run| std::fs::read_to_string(run.path().join("journal.jsonl")).ok());
        let texts: Vec<String> = texts.filter(|text| text.contains('\n')).collect();
        assert!(texts.len() < 2, "there is one run at most");
        let lines = texts.iter().flat_map(|text| text.split_inclusive('\n'));
        let whole = lines.filter(|line| line.ends_with('\n'));
        whole.map(|line| serde_json::from_str::<Value>(line).expect("a record")["record"].clone()).collect()
    }

    fn has(&self, kind: &str) -> bool {
        self.journal().iter().any(|record| record["kind"] == kind)
    }

    /// Whether the step with this slug was begun.
    fn begun(&self, slug: &str) -> bool {
        self.journal().iter().any(|record| {
            record["kind"] == "started" && record["step"].as_str().is_some_and(|step| step.ends_with(slug))
        })
    }

    fn progress(&self) -> usize {
        self.journal().iter().filter(|record| record["kind"] == "done" || record["kind"] == "undone").count()
    }

    /// Kills one process after another until one comes to its end, but not more than `limit`; how many were killed.
    fn chain(&self, verb: &str, call: &str, which: Which, limit: usize) -> usize {
        let (mut nth, mut done, mut kills) = (which.first, self.progress(), 0);
        while kills < limit {
            let now = if verb == "run" && !self.journal().is_empty() { "resume" } else { verb };
            let (status, said) = self.recover(now, Some((call, nth)));
            if status.code() == Some(0) || self.has("finished") || self.has("rolled-back") {
                return kills;
            }
            assert!(status.code().is_none(), "{now} with {call} {nth} ends with {status}: {said}");
            kills += 1;
            let progress = self.progress();
            nth = if progress > done { which.first } else { nth + which.step };
            done = progress;
            assert!(nth < 2000, "{call} never comes to its end: {said}");
        }
        kills
    }

    /// As the undisturbed run leaves it.
    fn is_recovered(&self, when: &str) {
        let plan = self.journal()[0]["plan"].clone();
        let report = self.cluster.settles("healthy").json();
        let cluster = &report["clusters"][0];
        assert_eq!(cluster["cluster_id"], plan["new_cluster_id"], "{when}");
        assert_eq!(cluster["quorum"]["voters"], 3, "{when}");
        for endpoint in self.cluster.endpoints() {
            assert_eq!(written(endpoint), KEYS, "{when}");
        }
        let kept = std::fs::read_dir(self.data().parent().expect("a parent")).expect("readable");
        let run = plan["run_id"].as_str().expect("a run id");
        let aside = format!("data.quorate-{run}");
        let kept: Vec<String> =
            kept.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        assert!(kept.contains(&aside), "{when}: the old data is kept: {kept:?}");
    }

    /// The survivor is what it was: never stopped, or started on the very bytes it was stopped on.
    fn is_back(&self, when: &str) {
        let [stopped, started] = &self.listed;
        let deadline = Deadline::after(PATIENCE);
        let runs = || {
            let status = self.cluster.home.run(&["lab", "status", "-o", "json"]).json();
            find_pid(&status, "n1").filter(|pid| alive(*pid))
        };
        while runs().is_none() {
            assert!(!deadline.left().is_zero(), "{when}: the survivor does not run");
            std::thread::sleep(Duration::from_millis(50));
        }
        if !stopped.exists() {
            assert_eq!(runs(), Some(self.pid), "{when}: it was never stopped");
            return;
        }
        let text = |path: &Path| std::fs::read_to_string(path).expect("a list of files");
        assert_eq!(text(stopped), text(started), "{when}: the bytes are those that were there");
        assert!(text(stopped).contains("member/snap/db"), "{when}");
    }
}

/// Which calls of a kind.
#[derive(Clone, Copy)]
struct Which {
    first: usize,
    step: usize,
}

impl Which {
    /// All of them, or every `step`-th.
    fn of(step: usize) -> Which {
        if is_all() {
            return Which { first: 1, step: 1 };
        }
        let seed = variable("QUORATE_SWEEP_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(0);
        tell(&format!("QUORATE_SWEEP_SEED={seed}"));
        Which { first: 1 + seed % step, step }
    }
}

fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn is_all() -> bool {
    variable("QUORATE_SWEEP").is_some_and(|all| all == "all")
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().expect("cp runs").success());
}

fn find_pid(status: &Value, member: &str) -> Option<u64> {
    let labs = status["labs"].as_array().into_iter().flatten().chain([status, &status["lab"]]);
    let members = labs.flat_map(|lab| lab["members"].as_array().into_iter().flatten());
    members.filter(|m| m["name"] == member).find_map(|m| m["pid"].as_u64())
}

/// Each kind of call on a cluster of its own, some at once.
fn each(calls: &[(&str, usize)], sweep: impl Fn(&str, Which) -> usize + Sync) {
    for some in calls.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            for (call, step) in some {
                let sweep = &sweep;
                scope.spawn(move || {
                    let kills = sweep(call, Which::of(*step));
                    tell(&format!("{call}: {kills} kills"));
                    assert!(kills > 0 || is_all(), "{call} is never called");
                });
            }
        });
    }
}

#[test]
fn killed_at_any_call_it_resumes_to_the_same_end() {
    let all = CALLS.map(|call| (call, 1));
    each(if is_all() { &all } else { &[("renameat2", 1), ("fsync", 4)] }, |call, which| {
        let stuck = Stuck::new();
        let kills = stuck.chain("run", call, which, usize::MAX);
        stuck.is_recovered(call);
        kills
    });
}

#[test]
fn killed_before_the_new_cluster_starts_it_goes_back_to_the_same_bytes() {
    let all = ["renameat2", "mkdirat", "fchmod", "fsync"].map(|call| (call, 1));
    each(if is_all() { &all } else { &[("renameat2", 2), ("fsync", 7)] }, goes_back);
}

/// Goes back after one kill, after two, and so on, until the kills get so far that the new cluster is started. The way
/// back is killed at each such call as well.
fn goes_back(call: &str, which: Which) -> usize {
    let mut stuck = Stuck::new();
    let mut kills = 0;
    for killed in (which.first..2000).step_by(which.step) {
        let reached =
            stuck.chain("run", call, Which { first: 1, step: if which.step > 4 { 4 } else { 1 } }, killed);
        if stuck.begun("-start-n1") || reached < killed {
            break;
        }
        kills += reached;
        let when = format!("{call}, {killed} kills");
        if stuck.journal().is_empty() {
            assert!(alive(stuck.pid) && !stuck.listed[0].exists(), "{when}: nothing was begun");
        } else {
            kills += stuck.chain("rollback", call, Which { first: 1, step: 1 }, usize::MAX);
            stuck.is_back(&when);
        }
        stuck.reset();
    }
    kills
}
