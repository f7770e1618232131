//! Processes and locks.

use super::{Hosts, consent, soon};
use crate::cluster::{Cluster, pids};
use quorate::host::{HostError, ProcessId, Signal};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[tokio::test]
async fn a_process_is_known_by_what_it_is_and_signalled_only_if_it_still_is() {
    for (host, dir) in Hosts::start().each() {
        let mut child = Command::new("sleep")
            .args(["77.5"])
            .env("QUORATE_TEST_NAME", "a=b\nc")
            .env("QUORATE_SECRET", "canary")
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .spawn()
            .expect("sleeps");
        let all = host.processes(&["QUORATE_TEST_"], soon()).await.expect("listed");
        let found = all.iter().find(|process| process.id.pid == child.id()).expect("is listed");
        assert_eq!(found.argv, ["sleep", "77.5"]);
        assert_eq!(found.env, Some(vec![("QUORATE_TEST_NAME".into(), "a=b\nc".into())]));
        assert_eq!(found.cwd.as_deref(), Some(dir.path()));
        assert_eq!(found.exe.as_deref(), Some(Path::new("/usr/bin/sleep")));
        assert_eq!(found.uid, rustix::process::geteuid().as_raw());
        assert_eq!(found.gid, rustix::process::getegid().as_raw());
        let plain = host.processes(&[], soon()).await.expect("listed");
        assert!(plain.iter().all(|process| process.env.as_ref().is_some_and(Vec::is_empty)));

        let other = ProcessId { start_ticks: found.id.start_ticks + 1, ..found.id };
        for id in [other, ProcessId { pid: 0, ..found.id }, ProcessId { pid: u32::MAX, ..found.id }] {
            let result = host.signal(&consent(), id, Signal::Kill, soon()).await;
            assert!(matches!(result, Err(HostError::NotFound(_))), "{}: {id:?}: {result:?}", host.name());
        }
        assert!(child.try_wait().expect("asked").is_none(), "another process was meant");
        host.signal(&consent(), found.id, Signal::Term, soon()).await.expect("signalled");
        while !is_zombie(child.id()) {
            std::thread::yield_now();
        }
        let dead = host.signal(&consent(), found.id, Signal::Kill, soon()).await;
        assert!(matches!(dead, Err(HostError::NotFound(_))), "a zombie: {dead:?}");
        let after = host.processes(&[], soon()).await.expect("listed");
        assert!(!after.iter().any(|process| process.id == found.id), "a zombie is no process");
        child.wait().expect("reaped");
    }
}

fn is_zombie(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| status.contains("State:\tZ"))
}

#[tokio::test]
async fn an_exclusive_lock_is_seen_and_not_disturbed() {
    for (host, dir) in Hosts::start().each() {
        let path = dir.path().join("db");
        let holder = File::create(&path).expect("made");
        let locked = async || host.locked(&path, soon()).await.expect("seen");
        assert!(!locked().await);
        holder.lock().expect("locked");
        assert!(locked().await, "{}", host.name());
        holder.unlock().expect("unlocked");
        holder.lock_shared().expect("locked");
        assert!(!locked().await, "a reader is no server");
        File::open(&path).expect("opened").try_lock_shared().expect("nothing of ours is left on it");
    }
}

#[tokio::test]
async fn a_running_etcd_is_seen_by_its_locks() {
    let cluster = Cluster::etcd("3.6.16", 1);
    let pid = u32::try_from(pids(&cluster.lab)[0]).expect("a pid");
    for (host, _dir) in Hosts::start().each() {
        let all = host.processes(&["ETCD_"], soon()).await.expect("listed");
        let etcd = all.iter().find(|process| process.id.pid == pid).expect("is listed");
        let data = etcd.argv.iter().filter_map(|word| word.to_str()?.strip_prefix("--data-dir"));
        let data: Vec<&str> = data.map(|rest| rest.trim_start_matches('=')).collect();
        let at = etcd.argv.iter().position(|word| word == "--data-dir");
        let named = at.and_then(|at| etcd.argv[at + 1].to_str()).or(data.first().copied());
        let member = PathBuf::from(named.expect("has a data directory")).join("member");
        let wal = host.list(&member.join("wal"), soon()).await.expect("listed");
        let wal = wal.iter().find(|name| name.to_string_lossy().ends_with(".wal")).expect("has a log");
        for file in [member.join("snap/db"), member.join("wal").join(wal)] {
            assert!(host.locked(&file, soon()).await.expect("seen"), "{} on {}", file.display(), host.name());
        }
    }
}
