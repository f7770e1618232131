//! The pages: every finding's is there, every command in them is one, and the one for a stuck quorum is followed on a
//! real cluster.

use crate::cluster::{Cluster, Home};
use quorate::runbook::{Kind, PAGES, find};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn no_page_is_left_out_and_each_has_its_parts() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let files = std::fs::read_dir(dir).expect("runbooks/").flatten();
    let mut names: Vec<String> =
        files.filter_map(|f| f.file_name().to_str()?.strip_suffix(".md").map(str::to_owned)).collect();
    names.sort();
    let mut built_in: Vec<&str> = PAGES.iter().map(|page| page.name).collect();
    built_in.sort_unstable();
    assert_eq!(names, built_in);
    for page in PAGES {
        for part in ["\n## 1. ", "## Never", "Sources: "] {
            let never = part == "## Never" && page.text.contains("Never\n");
            let whole = page.name == "after-recovery" && part == "## Never";
            assert!(page.text.contains(part) || never || whole, "{} lacks {part:?}", page.name);
        }
        for other in page.text.split("runbook show ").skip(1) {
            let name: String = other.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            assert!(find(&name).is_some(), "{} names {name}", page.name);
        }
    }
}

/// Commands of etcd's tools, with `--help` behind them: unknown verbs and flags are refused, and nothing is done.
#[test]
fn every_command_of_etcd_in_a_page_is_one() {
    let home = std::env::vars().find(|(name, _)| name == "HOME").expect("HOME").1;
    let tools = PathBuf::from(home).join(".cache/quorate/servers/etcd/3.6.16");
    let mut parsed = 0;
    for page in PAGES {
        for block in page.blocks().into_iter().filter(|block| block.kind == Kind::ByHand) {
            for command in
                block.commands.iter().filter(|c| c.starts_with("etcdctl") || c.starts_with("etcdutl"))
            {
                let mut words = command.split_whitespace();
                let tool = tools.join(words.next().expect("a word"));
                let ran = Command::new(tool).args(words).arg("--help").output().expect("the tool runs");
                let said = String::from_utf8_lossy(&ran.stderr);
                assert!(ran.status.success() && said.is_empty(), "{}: {command}: {said}", page.name);
                parsed += 1;
            }
        }
    }
    assert!(parsed > 20, "{parsed} commands");
}

/// Commands of consul: the verb has to be there, and its help has to name every flag.
#[test]
fn every_command_of_consul_in_a_page_is_one() {
    let consul = server_dir("consul/1.14.11").join("consul");
    let mut parsed = 0;
    for (page, command) in by_hand("consul ") {
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let verb = words.iter().take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        let mut verb: Vec<&str> = verb.copied().filter(|word| !word.starts_with('-')).collect();
        // What stands behind a verb may look like one: a file, a name.
        let help = loop {
            let ran = Command::new(&consul).args(&verb).arg("-help").output().expect("consul runs");
            let said =
                format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            if said.contains(&format!("Usage: consul {}", verb.join(" "))) {
                break said;
            }
            verb.pop();
            assert!(!verb.is_empty(), "{page}: {command}: {said}");
        };
        for flag in words.iter().filter(|word| word.starts_with('-')) {
            let flag = flag.split('=').next().unwrap_or_default();
            // From 1.16 on, and the page says so.
            let newer = command.contains("transfer-leader");
            assert!(newer || help.contains(flag), "{page}: {command}: {flag} is not in {help}");
        }
        parsed += 1;
    }
    assert!(parsed > 20, "{parsed} commands");
}

/// Commands of ZooKeeper's shell and its four-letter words.
#[test]
fn every_command_of_zookeeper_in_a_page_is_one() {
    let jars = server_dir("zookeeper/3.9.5").join("lib/*");
    let shell = Command::new("java")
        .args(["-cp", jars.to_str().expect("a path"), "org.apache.zookeeper.ZooKeeperMain"])
        .args(["-server", "127.0.0.1:1", "help"])
        .output()
        .expect("java runs");
    let help =
        format!("{}{}", String::from_utf8_lossy(&shell.stdout), String::from_utf8_lossy(&shell.stderr));
    let usage = |verb: &str| help.lines().find(|line| line.trim().split(' ').next() == Some(verb));
    let mut parsed = 0;
    for (page, command) in by_hand("zkCli.sh ") {
        let words: Vec<&str> = command.split_whitespace().collect();
        let usage = words.get(3).and_then(|verb| usage(verb));
        assert!(usage.is_some(), "{page}: {command}: no such command in {help}");
        let usage = usage.unwrap_or_default();
        for flag in words[4..].iter().filter(|word| word.starts_with('-')) {
            assert!(usage.contains(flag), "{page}: {command}: {flag} is not in {usage}");
        }
        parsed += 1;
    }
    assert!(parsed > 10, "{parsed} commands");
    const WORDS: [&str; 8] = ["srvr", "mntr", "ruok", "conf", "cons", "stat", "isro", "wchs"];
    for (page, command) in by_hand("echo ") {
        let word = command.split_whitespace().nth(1).expect("a word");
        assert!(!command.contains("| nc ") || WORDS.contains(&word), "{page}: {command}");
    }
}

/// Where a server of the tests is.
fn server_dir(name: &str) -> PathBuf {
    let home = std::env::vars().find(|(name, _)| name == "HOME").expect("HOME").1;
    PathBuf::from(home).join(".cache/quorate/servers").join(name)
}

/// Page and command, of those for people that begin so.
fn by_hand(program: &str) -> Vec<(&'static str, String)> {
    let blocks = PAGES.iter().flat_map(|page| page.blocks().into_iter().map(move |block| (page.name, block)));
    let people = blocks.filter(|(_, block)| block.kind == Kind::ByHand);
    people
        .flat_map(|(page, block)| block.commands.into_iter().map(move |command| (page, command)))
        .filter(|(_, command)| command.starts_with(program))
        .collect()
}

#[test]
fn pages_are_listed_shown_and_filled_in() {
    let home = Home::new();
    let all = home.run(&["runbook", "list", "-o", "json"]).exits(0).json();
    assert_eq!(all["schema"], "quorate.runbooks/v1");
    assert_eq!(all["runbooks"].as_array().map(Vec::len), Some(PAGES.len()));
    let stuck = &all["runbooks"][0];
    assert!(stuck["name"] == "etcd-stuck-quorum" && stuck["text"].is_null(), "{stuck}");
    assert!(stuck["checks"].to_string().contains("quorum-lost"), "{stuck}");
    let shown = home.run(&["runbook", "show", "etcd-stuck-quorum", "prod-etcd"]).exits(0).stdout;
    assert!(shown.contains("quorate recover run prod-etcd") && !shown.contains("{cluster}"), "{shown}");
    home.run(&["runbook", "show", "etcd-stuck-qorum"]).exits(64).says(&["did you mean `etcd-stuck-quorum`?"]);
    home.run(&["runbook", "run", "etcd-stuck-quorum"])
        .exits(64)
        .says(&["runbook run etcd-stuck-quorum TARGET"]);
    let dry = home.run(&["runbook", "run", "etcd-replace-member", "prod", "--dry-run"]).exits(0);
    let dry = dry.says(&["[look]", "quorate member list prod", "[by hand]", "give --set member=…"]);
    assert!(dry.stdout.is_empty(), "nothing is run: {}", dry.stdout);
    let evil = ["runbook", "run", "etcd-replace-member", "--set", "member=x --yes", "prod", "--dry-run"];
    home.run(&evil).exits(0).says(&["quorate member replace prod x --yes"]);
}

#[test]
fn the_page_for_a_stuck_quorum_recovers_a_real_cluster() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    let name = cluster.check(&[]).json()["clusters"][0]["name"].as_str().expect("a name").to_owned();
    cluster.lab("kill", &["n2", "n3"]);
    for member in [1, 2] {
        let dir = PathBuf::from(cluster.lab["members"][member]["data_dir"].as_str().expect("a directory"));
        std::fs::rename(&dir, dir.with_extension("lost")).expect("the disk is taken away");
    }
    let old = cluster.settles("lost").json()["clusters"][0]["cluster_id"].clone();
    // Nobody is there to be asked: everything up to the first change is looked at, and nothing is changed.
    cluster.run(&["runbook", "run", "etcd-stuck-quorum", &name]).exits(4).says(&[
        "[look]",
        "[change]",
        "nobody is at the terminal",
    ]);
    assert_eq!(cluster.settles("lost").json()["clusters"][0]["cluster_id"], old);
    let ran = cluster.run(&["runbook", "run", "etcd-stuck-quorum", &name, "--yes"]).exits(0);
    assert!(ran.stdout.contains("is recovered") && ran.stdout.contains("LOSS:"), "{}", ran.stdout);
    let report = cluster.settles("healthy").json();
    assert_eq!(report["clusters"][0]["quorum"]["voters"], 3);
    assert_ne!(report["clusters"][0]["cluster_id"], old);
    // A cluster's runs are found by its name and its id, a run by its own id.
    let runs = cluster.run(&["recover", "status", &name, "-o", "json"]).exits(0).json();
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "{runs}");
    let (run, id) = (runs["runs"][0]["run"].as_str().expect("a run"), old.as_str().expect("an id"));
    for of in [run, id] {
        let found = cluster.run(&["recover", "status", of, "-o", "json"]).exits(0).json();
        assert_eq!(found["runs"], runs["runs"], "by {of}");
    }
    assert!(cluster.run(&["recover", "status", run]).exits(0).stdout.contains("01-keep-evidence"));
    cluster.run(&["recover", "status", "nonsense"]).exits(64).says(&["no run and no cluster `nonsense`"]);
}

/// Who cannot be recovered by the tool yet is told where the steps are.
#[test]
fn a_recovery_by_hand_is_pointed_to() {
    for (target, page) in
        [("zk://127.0.0.1:1", "zookeeper-stuck-quorum"), ("consul://127.0.0.1:1", "consul-stuck-quorum")]
    {
        let home = Home::new();
        home.run(&["recover", "plan", target]).exits(64).says(&[page]);
        home.run(&["runbook", "show", page]).exits(0);
    }
}
