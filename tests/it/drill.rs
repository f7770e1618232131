//! Drills, whole, on real servers: they pass when nothing is lost, turn red when something is, and leave evidence that
//! cannot be changed unnoticed, and no lab.

use crate::cluster::{Home, PATIENCE, Ran, VERSIONS};
use quorate::transport::Deadline;
use serde_json::Value;
use std::process::{Child, Stdio};
use std::time::Duration;

const VERSION: &str = "3.6.16";

fn drill(home: &Home, scenario: &str, version: &str, options: &[&str]) -> Ran {
    let mut args = vec!["drill", "run", scenario, "--version", version, "-o", "json"];
    args.extend(options);
    home.run(&args)
}

/// A drill that must pass, with every expectation seen to hold.
#[track_caller]
fn passes(home: &Home, scenario: &str, version: &str, options: &[&str]) -> Value {
    let record = drill(home, scenario, version, options).exits(0).json();
    assert_eq!(record["verdict"], "pass", "{record:#}");
    assert_eq!(record["server_version"], version);
    assert!(list(&record, "expectations").iter().all(|e| e["held"] == "yes"), "{record:#}");
    let count = |name: &str| record["writes"][name].as_u64().expect("a count");
    assert!(count("acknowledged") >= 200, "{record:#}");
    assert_eq!([count("lost"), count("resurrected"), count("invented"), count("backwards")], [0; 4]);
    assert!(home.has_no_lab(), "the lab is gone");
    record
}

fn list<'a>(record: &'a Value, name: &str) -> &'a Vec<Value> {
    record[name].as_array().expect("a list")
}

#[track_caller]
fn expects(record: &Value, words: &str) {
    let said = list(record, "expectations").iter().any(|e| e["what"].as_str().unwrap_or("").contains(words));
    assert!(said, "nothing is said of `{words}`: {record:#}");
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Deadline::after(PATIENCE * 4);
    while !holds() {
        assert!(!deadline.left().is_zero(), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_stuck_quorum_is_recovered_on_every_version_and_the_evidence_is_one_chain() {
    let homes: Vec<Home> = VERSIONS.iter().map(|_| Home::new()).collect();
    let shelf = Home::new();
    let evidence = shelf.path("evidence").display().to_string();
    std::thread::scope(|scope| {
        for (version, home) in VERSIONS.iter().zip(&homes) {
            let evidence = &evidence;
            scope.spawn(move || {
                let record = passes(home, "stuck-quorum", version, &["--evidence", evidence]);
                let times = &record["times"];
                for name in ["detected_ms", "service_ms", "whole_ms"] {
                    assert!(times[name].as_u64().is_some(), "{name}: {record:#}");
                }
                let recovery = &record["recoveries"][0];
                assert_ne!(recovery["old_cluster"], recovery["new_cluster"]);
                assert_eq!(recovery["steps_done"], recovery["steps"]);
                for phase in ["detect", "plan", "triage", "fence", "restore", "start", "rejoin", "finish"] {
                    assert!(list(&record, "phases").iter().any(|p| p["name"] == phase), "{phase}");
                }
                let kept: Vec<&str> =
                    list(&record, "files").iter().filter_map(|f| f["path"].as_str()).collect();
                for file in ["history.jsonl", "report.md", "report.html", "logs/n1.log"] {
                    assert!(kept.contains(&file), "{file} of {kept:?}");
                }
                assert!(kept.iter().any(|file| file.ends_with("journal.jsonl")), "{kept:?}");
            });
        }
    });
    let on = |args: &[&str]| shelf.run(&[args, &["--evidence", &evidence]].concat());
    let listed = on(&["drill", "list", "-o", "json"]).exits(0).json();
    assert_eq!((list(&listed, "drills").len(), list(&listed, "breaks").len()), (4, 0), "{listed:#}");
    on(&["drill", "show", "--verify"]).exits(0).says(&["4 drills", "as they were sealed"]);
    on(&["drill", "due", "--max-age", "90d"]).exits(0);
    on(&["drill", "due", "--server-version", "3.4"]).exits(0);
    on(&["drill", "due", "--server-version", "3.8"]).exits(2);
    on(&["drill", "due", "--scenario", "dead-return"]).exits(2);
    on(&["drill", "due", "--max-age", "1ms"]).exits(2);
    let id = listed["drills"][1]["id"].as_str().expect("an id");
    let page = on(&["drill", "show", id, "-o", "html"]).exits(0).stdout;
    assert!(page.contains("<svg") && page.contains("class=\"phase work\"") && page.contains("lost for good"));
    assert!(on(&["drill", "show", id, "-o", "markdown"]).exits(0).stdout.contains("| rejoin |"));
    let checked = || {
        let mut check = shelf.quorate();
        check.env("QUORATE_EVIDENCE", &evidence);
        // Nobody has to answer there: this is about the evidence.
        check.args(["check", "etcd://127.0.0.1:1", "--only", "drill-overdue", "-o", "json"]);
        let ran = Ran::new("check".into(), &check.output().expect("quorate starts")).json();
        ran["clusters"][0]["findings"][0].clone()
    };
    assert_eq!(checked()["status"], "pass");
    let record = shelf.path("evidence").join(id).join("history.jsonl");
    let text = std::fs::read_to_string(&record).expect("readable");
    std::fs::write(&record, text.replacen("acknowledged", "in-doubt", 1)).expect("written");
    on(&["drill", "show", "--verify"]).exits(2).says(&[id, "not the file that was sealed"]);
    let due = on(&["drill", "due", "-o", "json"]).exits(2).json();
    assert!(due["scenarios"][0]["why"].as_str().expect("why").contains("cannot be trusted"), "{due:#}");
    // The last drill is removed with its line.
    let chain = shelf.path("evidence/chain.jsonl");
    let lines = std::fs::read_to_string(&chain).expect("readable");
    let end = lines.trim_end().rfind('\n').expect("several lines") + 1;
    std::fs::write(&chain, &lines[..end]).expect("written");
    let last = listed["drills"][3]["id"].as_str().expect("an id");
    std::fs::remove_dir_all(shelf.path("evidence").join(last)).expect("removed");
    let found = checked();
    assert_eq!((found["status"].as_str(), found["severity"].as_str()), (Some("fail"), Some("warning")));
    assert!(found["summary"].as_str().expect("words").contains("its end is missing"), "{found}");
}

#[test]
fn a_recovery_that_loses_writes_turns_the_drill_red() {
    let home = Home::new();
    let (ready, go) = (home.path("ready"), home.path("go"));
    let command = format!(
        "echo $QUORATE_DRILL_ENDPOINTS > {0}.new; mv {0}.new {0}; until [ -e {1} ]; do sleep 0.05; done",
        ready.display(),
        go.display()
    );
    let run = home
        .quorate()
        .args(["drill", "run", "stuck-quorum", "--version", VERSION, "-o", "json"])
        .args(["--verify-with", &command])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let run = run.expect("quorate starts");
    until("the cluster is recovered", || ready.exists());
    let endpoints = std::fs::read_to_string(&ready).expect("readable");
    let first = endpoints.trim().split(',').next().expect("an endpoint").to_owned();
    quorate::transport::tls::install_provider();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let deleted = runtime.block_on(async {
        let mut client = etcd_client::Client::connect([first], None).await.expect("connects");
        let options = etcd_client::DeleteOptions::new().with_prefix();
        client.delete("quorate.drill/0/", Some(options)).await.expect("deletes").deleted()
    });
    assert!(deleted > 0);
    std::fs::write(&go, "").expect("written");
    let output = run.wait_with_output().expect("ends");
    let record = Ran::new("drill run".into(), &output).exits(2).json();
    assert_eq!(record["verdict"], "fail");
    assert!(record["writes"]["lost"].as_u64().expect("a count") > 0, "{record:#}");
    let wrong = record["writes"]["wrong"][0].as_str().expect("a sentence");
    assert!(wrong.contains("quorate.drill/0/") && wrong.contains("holds nothing"), "{wrong}");
    home.run(&["drill", "due"]).exits(2);
    assert!(home.has_no_lab());
}

#[test]
fn members_that_come_back_from_the_dead_are_found_and_harmless() {
    let record = passes(&Home::new(), "dead-return", VERSION, &[]);
    expects(&record, "finds the old cluster's member");
    expects(&record, "cannot outvote");
    expects(&record, "do not join");
    expects(&record, "serve no write");
}

#[test]
fn a_damaged_copy_does_not_become_the_new_cluster() {
    let record = passes(&Home::new(), "corrupt-survivor", VERSION, &[]);
    expects(&record, "the damaged copy does not become the new cluster");
}

#[test]
fn a_minority_refuses_writes() {
    let home = Home::new();
    if !rustix::process::geteuid().is_root() {
        drill(&home, "minority-partition", VERSION, &[]).exits(4).says(&["need root"]);
        return;
    }
    let record = passes(&home, "minority-partition", VERSION, &[]);
    expects(&record, "the minority acknowledges no write");
    let measured = |what: &str| list(&record, "measures").iter().any(|measure| measure["what"] == what);
    assert!(measured("slowest refusal"), "{record:#}");
}

#[test]
fn a_slow_disk_is_named() {
    let record = passes(&Home::new(), "slow-disk", VERSION, &[]);
    expects(&record, "critical");
    let home = Home::new();
    let mut without = home.quorate();
    without.env("PATH", home.path("empty")).args(["drill", "run", "slow-disk"]);
    let ran = without.output().expect("quorate starts");
    Ran::new("drill run slow-disk".into(), &ran).exits(4).says(&["strace", "install"]);
}

/// A drill that is in the middle of it.
fn begun(home: &Home) -> Child {
    let said = home.path("progress");
    let stderr = std::fs::File::create(&said).expect("a file");
    let mut run = home.quorate();
    run.args(["drill", "run", "stuck-quorum", "--version", VERSION]).stdout(Stdio::null()).stderr(stderr);
    let run = run.spawn().expect("quorate starts");
    until("a recovery is on its way", || {
        std::fs::read_to_string(&said).expect("readable").contains("recovery 05-")
    });
    run
}

#[test]
fn an_interrupted_drill_cleans_up_and_a_killed_one_is_found() {
    let home = Home::new();
    let mut run = begun(&home);
    let pid = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("signalled");
    assert_eq!(run.wait().expect("ends").code(), Some(2));
    assert!(home.has_no_lab(), "an interrupted drill cleans up");
    let mut run = begun(&home);
    run.kill().expect("killed");
    run.wait().expect("ended");
    let labs = home.run(&["lab", "status", "-o", "json"]).exits(0).json();
    assert!(labs["labs"][0]["name"].as_str().expect("a name").starts_with("drill-stuck-quorum-"));
    home.run(&["lab", "down", "--all"]).exits(0);
    assert!(home.has_no_lab());
    let listed = home.run(&["drill", "list", "-o", "json"]).exits(0).json();
    assert_eq!((list(&listed, "drills").len(), list(&listed, "unfinished").len()), (0, 2), "{listed:#}");
    home.run(&["drill", "due"]).exits(2);
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let home = Home::new();
    home.run(&["drill", "run", "no-such"]).exits(64).says(&["stuck-quorum"]);
    home.run(&["drill", "run", "corrupt-survivor", "--nodes", "3"]).exits(64).says(&["5 members"]);
    home.run(&["drill", "run", "stuck-quorum", "--report", "pdf=x"]).exits(64).says(&["html"]);
    home.run(&["drill", "show"]).exits(64).says(&["no drill"]);
    home.run(&["drill", "due"]).exits(2);
    let listed = home.run(&["drill", "list"]).exits(0).stdout;
    assert!(listed.contains("minority-partition") && listed.contains("strace"), "{listed}");
}
