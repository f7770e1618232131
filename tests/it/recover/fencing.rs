//! The dead come back: in the middle of a run, and after it.

use super::oracle::{Ctl, cluster_id, roles, runs_until, signal};
use super::scene::{Running, stuck, with};
use crate::cluster::{Cluster, wait};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

#[test]
fn old_members_that_come_back_in_the_middle_stop_the_run_and_it_can_be_undone() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    let wrote = Ctl::new(&cluster, 0).puts("w/", 10);
    let old = cluster_id(&cluster.settles("healthy").json());
    cluster.lab("kill", &["n2", "n3"]);
    cluster.settles("lost");
    let dead = ["--assume-dead", "n2", "--assume-dead", "n3"];
    runs_until(&cluster, "restore-n1: done", &dead);
    // Somebody starts them on their old disks, which are still in place.
    cluster.lab("start", &["n2", "n3"]);
    cluster.settles("healthy");
    cluster
        .run(&["recover", "resume", "--yes"])
        .exits(75)
        .says(&["was done, and somebody undid it", "recover rollback"]);
    cluster.run(&["recover", "rollback", "--yes"]).exits(0);
    let report = cluster.settles("healthy").json();
    assert_eq!(cluster_id(&report), old, "the old cluster serves as before");
    for member in 0..3 {
        assert_eq!(Ctl::new(&cluster, member).keys("w/"), wrote);
    }
}

#[test]
fn old_members_that_come_back_afterwards_are_named_and_can_do_nothing_to_the_new_cluster() {
    let cluster = Cluster::etcd("3.6.16", 3);
    let (leader, others) = roles(&cluster);
    let name = |member: usize| format!("n{}", member + 1);
    let (first, second) = (name(leader), name(others[1]));
    Ctl::new(&cluster, leader).puts("w/", 10);
    let old = cluster_id(&cluster.settles("healthy").json());
    signal(&cluster, "-KILL", &[leader, others[1]]);
    // Where they are is not known, so they are left out, and cannot be kept from coming back.
    let config = std::fs::read_to_string(cluster.config()).expect("a config file");
    let mut place = String::new();
    let left_out: Vec<&str> = config
        .lines()
        .filter(|line| {
            if line.starts_with('[') {
                place = (*line).to_owned();
            }
            let gone = [&first, &second].iter().any(|name| place.ends_with(&format!(".{name}]")));
            !(gone && (line.starts_with("host") || line.starts_with("service")))
        })
        .collect();
    std::fs::write(cluster.config(), left_out.join("\n")).expect("written");
    wait("the cluster is stuck", || {
        cluster.run(&["recover", "plan"]).stderr.contains("nothing shows that it is stopped")
    });
    let dead = ["recover", "run", "--yes", "--assume-dead", &first, "--assume-dead", &second];
    cluster.run(&dead).exits(0);
    let survivor = Ctl::new(&cluster, others[0]);
    let wrote = survivor.puts("new/", 10);
    let members = survivor.does(&["member", "list"]);
    let status = || cluster.run(&["recover", "status", "etcd"]);
    assert!(status().exits(0).stdout.contains(&format!("No member of the old cluster {old} answers")));
    // Both are a majority of what they remember.
    cluster.lab("start", &[&first, &second]);
    wait("they are found and named", || {
        let report = cluster.check(&[]).json();
        let findings = report["clusters"][0]["findings"].as_array().expect("findings").clone();
        let brain = findings.iter().find(|f| f["check"] == "split-brain" && f["status"] == "fail");
        brain.is_some_and(|found| found.to_string().contains(&old))
    });
    assert_eq!(survivor.does(&["member", "list"]), members, "nobody joined");
    assert_eq!(survivor.keys("new/"), wrote);
    survivor.puts("more/", 5);
    let theirs = Ctl::new(&cluster, leader);
    wait("they lead themselves, as the old cluster", || theirs.run(&["put", "old/x", "v"]).status.success());
    assert!(survivor.keys("old/").is_empty(), "what they write reaches nobody of the new cluster");
    assert!(theirs.keys("more/").is_empty());
    let found = cluster.run(&["recover", "status", "etcd", "-o", "json"]).exits(2).json();
    let members = found["runs"][0]["old_members"].as_array().expect("members").clone();
    let is = |name: &str| members.iter().find(|member| member["name"] == name).expect("a member").clone();
    for name in [&first, &second] {
        assert_eq!(is(name)["found"], "serves", "{members:?}");
        assert!(status().exits(2).stdout.contains(&format!("SECOND CLUSTER: {name} (")));
    }
    assert_eq!(is(&format!("n{}", others[0] + 1))["found"], "gone", "the new cluster's is none of them");
    cluster.lab("kill", &[&first]);
    let one = format!("OLD MEMBER: {second} (");
    wait("one alone takes no writes", || status().exits(2).stdout.contains(&one));
    // Nothing tells how it is reached.
    let run = found["runs"][0]["run"].as_str().expect("a run");
    cluster.home.run(&["recover", "status", run, "--config", "/dev/null"]).exits(3);
}

/// A port at which connections are accepted and closed again, as by a proxy that has no server behind it.
struct EmptyProxy {
    stops: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl EmptyProxy {
    fn at(endpoint: &str) -> EmptyProxy {
        let address = endpoint.strip_prefix("http://").expect("a plain URL");
        let listener = TcpListener::bind(address).expect("nobody is there");
        listener.set_nonblocking(true).expect("set");
        let stops = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stops);
        let thread = std::thread::spawn(move || {
            while !flag.load(Ordering::SeqCst) {
                drop(listener.accept());
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        EmptyProxy { stops, thread: Some(thread) }
    }
}

impl Drop for EmptyProxy {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn a_proxy_before_a_server_whose_host_shows_it_stopped_is_no_member() {
    let cluster = stuck("3.6.16", &[]);
    let proxies: Vec<EmptyProxy> =
        [1, 2].map(|member| EmptyProxy::at(cluster.endpoints()[member])).into_iter().collect();
    let mut run = Running::start(&cluster, &["recover", "run", "--yes", "--config", cluster.config()]);
    run.says("start-n1: done");
    // The members are to listen there themselves now.
    drop(proxies);
    let (code, text) = run.ends();
    assert_eq!(code, 0, "{text}");
    cluster.settles("healthy");

    // Of a member of which only a person says that it is dead, it may stand before one that runs.
    let cluster = stuck("3.6.16", &[]);
    let text = std::fs::read_to_string(cluster.config()).expect("a config file");
    let at = text.find("[clusters.etcd.members.n3]").expect("n3 is the last one");
    let config = cluster.home.file("vouched.toml", &text[..at]).display().to_string();
    let _proxy = EmptyProxy::at(cluster.endpoints()[2]);
    let vouched = ["recover", "run", "--yes", "--assume-dead", "n3"];
    with(&cluster, &config, &vouched).exits(75).says(&["it cannot be seen whether no server of cluster"]);
}
