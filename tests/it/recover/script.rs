//! A plan as scripts: linted, compared with what is accepted, fed with hostile names, and run by `sh` on real clusters.

use super::oracle::{Ctl, runtime};
use super::ssh::Ssh;
use crate::cluster::{Cluster, Home, PATIENCE, Ran};
use quorate::format::etcd::wal::{FIRST_SEGMENT, Identity, first_segment};
use quorate::recover::Plan;
use quorate::render::recover::{write_plan, write_plan_markdown};
use quorate::render::script::{Access, order, scripts};
use quorate::transport::Deadline;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect("a file of the repository")
}

/// A plan for three hosts, of all three kinds of services.
fn plan() -> Plan {
    serde_json::from_str(&read("tests/plans/etcd.json")).expect("a plan")
}

fn shellcheck(script: &Path) {
    let output = Command::new("shellcheck").arg(script).output();
    let output = output.expect("shellcheck is there: scripts/setup all brings it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn plans_are_shown_as_accepted() {
    let plan = plan();
    let (mut table, mut markdown) = (Vec::new(), Vec::new());
    write_plan(&plan, Some(100), &mut table).expect("written");
    write_plan_markdown(&plan, &mut markdown).expect("written");
    let all = scripts(&plan, &Access::default()).expect("a shell can");
    let mut shown = vec![
        ("plan.txt".to_owned(), String::from_utf8(table).expect("text")),
        ("plan.md".to_owned(), String::from_utf8(markdown).expect("text")),
        ("plan-order.md".to_owned(), order(&plan, &all)),
    ];
    for script in all {
        let text = script.text.replace(&read("src/render/script/lib.sh"), "# (lib.sh)\n");
        let text = text.replace(&read("src/render/script/etcd.sh"), "# (etcd.sh)\n");
        assert!(text.contains("(lib.sh)") && text.contains("(etcd.sh)"), "the library is in it, as it is");
        shown.push((format!("plan-{}", script.file), text));
    }
    let bless = std::env::vars().any(|(key, value)| key == "QUORATE_BLESS" && value == "1");
    for (name, text) in shown {
        let path = root().join("tests/golden").join(name);
        if bless {
            std::fs::write(&path, text).expect("the golden file is written");
        } else {
            let accepted = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(accepted == text, "{} differs (QUORATE_BLESS=1 accepts)", path.display());
        }
    }
}

#[test]
fn scripts_for_several_hosts_are_clean_and_name_whose_turn_it_is() {
    let home = Home::new();
    let all = scripts(&plan(), &Access::default()).expect("a shell can");
    let hosts: Vec<&str> = all.iter().map(|script| script.host.as_str()).collect();
    assert_eq!(hosts, ["root@10.0.0.1", "root@10.0.0.2", "root@10.0.0.3"]);
    for script in &all {
        shellcheck(&home.file(&script.file, &script.text));
    }
    let text = &all[1].text;
    let joins = text.find("\n    step 14 ").expect("adds n2");
    let waits = text[..joins].rfind("    after ").expect("waits for another");
    assert!(
        text[waits..joins].contains("01-root_10.0.0.1.sh"),
        "for the seed to serve: {}",
        &text[waits..joins]
    );
}

#[test]
fn what_a_server_says_is_never_run() {
    let home = Home::new();
    let evil = "n'1\n touch pwned; $(touch pwned) `touch pwned` \" \\";
    let text = read("tests/plans/etcd.json");
    let evil_json = serde_json::to_string(evil).expect("a string");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("a plan");
    fn poison(value: &mut serde_json::Value, evil: &str) {
        match value {
            serde_json::Value::String(text) if text.contains("10.0.0") || text.contains(' ') => {
                text.push_str(evil);
            }
            serde_json::Value::String(text) if text.starts_with('/') => *text = format!("{text}{evil}"),
            serde_json::Value::Array(all) => all.iter_mut().for_each(|one| poison(one, evil)),
            serde_json::Value::Object(all) => all.values_mut().for_each(|one| poison(one, evil)),
            _ => {}
        }
    }
    assert!(!evil_json.is_empty());
    for key in ["members", "notes", "cluster"] {
        poison(&mut value[key], evil);
    }
    for step in value["steps"].as_array_mut().expect("steps") {
        for key in ["what", "why", "danger", "commands"] {
            poison(&mut step[key], evil);
        }
        poison(&mut step["action"], evil);
    }
    let plan: Plan = serde_json::from_value(value).expect("a plan");
    for script in scripts(&plan, &Access::default()).expect("a shell can") {
        let text = script.text.replace("/home/ops/.local", &home.path("state").display().to_string());
        let path = home.file("evil.sh", &text);
        shellcheck(&path);
        let ran = Command::new("sh").arg(&path).arg("status").current_dir(home.path("")).output();
        assert!(ran.is_ok());
        let ran = Command::new("sh").arg(&path).arg("bad").current_dir(home.path("")).output();
        assert!(ran.is_ok_and(|ran| !ran.status.success()));
        assert!(!home.path("pwned").exists(), "a name was run");
    }
}

/// The log that the script writes for a joiner is byte for byte what quorate writes, and it reads whose a real one is.
#[test]
fn the_shell_writes_and_reads_logs_of_etcd() {
    let home = Home::new();
    let library = root().join("src/render/script/etcd.sh").display().to_string();
    let say = |words: String| {
        let output =
            Command::new("sh").arg("-c").arg(format!(". '{library}'; {words}")).output().expect("sh runs");
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    std::fs::create_dir(home.path("wal")).expect("a directory");
    let ids = [1, 127, 128, 0x8e9e_05c5_2164_694d, u64::MAX, 0x0000_0001_0000_0000, 0x7fff_ffff_ffff_ffff];
    for member in ids {
        for cluster in ids {
            let wanted = first_segment(Identity { member, cluster });
            assert!(say(format!("first_log {member:x} {cluster:x}")) == wanted, "{member:x} of {cluster:x}");
            std::fs::write(home.path("wal").join(FIRST_SEGMENT), wanted).expect("written");
            let dir = home.path("wal").display().to_string();
            let read = say(format!("whose '{dir}' && echo \"$member $cluster\""));
            assert_eq!(String::from_utf8_lossy(&read).trim(), format!("{member:x} {cluster:x}"));
        }
    }
    // One that a server wrote.
    let real = root().join("tests/data/etcd").display().to_string();
    let read = say(format!("whose '{real}' && echo \"$member $cluster\""));
    assert_eq!(String::from_utf8_lossy(&read).trim(), real_identity());
}

fn real_identity() -> String {
    let bytes = std::fs::read(root().join("tests/data/etcd").join(FIRST_SEGMENT)).expect("a log");
    let scan = quorate::format::etcd::wal::scan(&[quorate::format::etcd::wal::Segment {
        sequence: 0,
        first_index: 0,
        source: &bytes,
    }]);
    let own = scan.identity.expect("an identity");
    format!("{:x} {:x}", own.member, own.cluster)
}

const KEYS: usize = 20;

/// A cluster of three with keys in it, of which two are killed and their disks gone.
pub(super) struct Stuck {
    pub(super) cluster: Cluster,
    pub(super) old: String,
    script: PathBuf,
}

impl Stuck {
    fn make(version: &str) -> Stuck {
        Stuck::of(Cluster::etcd(version, 3), |_| {})
    }

    /// Whatever else is in it is put in by `prepare`, before the keys are.
    pub(super) fn of(cluster: Cluster, prepare: impl FnOnce(&Cluster)) -> Stuck {
        cluster.settles("healthy");
        for key in 0..KEYS {
            etcdctl(&cluster, 0, &["put", &format!("w{key}"), "v"]);
        }
        prepare(&cluster);
        cluster.lab("kill", &["n2", "n3"]);
        for member in [1, 2] {
            let dir = data_dir(&cluster, member);
            std::fs::rename(&dir, dir.with_extension("lost")).expect("the disk is taken away");
        }
        Stuck::planned(cluster, |cluster, args| cluster.run(args))
    }

    /// The script of a plan that `plan` makes.
    fn planned(cluster: Cluster, plan: impl Fn(&Cluster, &[&str]) -> Ran) -> Stuck {
        let report = cluster.settles("lost").json();
        let old = report["clusters"][0]["cluster_id"].as_str().expect("an id").to_owned();
        let dir = cluster.home.path("scripts");
        let to = dir.display().to_string();
        let scripted = ["recover", "plan", "-o", "script", "--to", &to];
        plan(&cluster, &scripted).exits(0);
        plan(&cluster, &scripted).exits(4).says(&["exists"]);
        let files = std::fs::read_dir(&dir).expect("scripts").flatten().map(|file| file.path());
        let mut files: Vec<PathBuf> = files.filter(|path| path.extension() == Some("sh".as_ref())).collect();
        assert_eq!(files.len(), 1, "one host, one script: {files:?}");
        let script = files.remove(0);
        shellcheck(&script);
        Stuck { cluster, old, script }
    }

    fn command(&self, word: &str) -> Command {
        let mut sh = Command::new("sh");
        sh.arg(&self.script).arg(word).env("XDG_STATE_HOME", self.cluster.home.path("state"));
        sh.env_remove("CONFIRM").stdin(Stdio::null());
        sh
    }

    pub(super) fn run(&self, word: &str, confirm: bool) -> Ran {
        let mut sh = self.command(word);
        if confirm {
            sh.env("CONFIRM", &self.old);
        }
        Ran::new(format!("the script, {word}"), &sh.output().expect("sh runs"))
    }

    /// Runs it and kills it, not what it started, as soon as it says this.
    pub(super) fn kill_at(&self, words: &str) {
        let said = self.cluster.home.path("said");
        let file = std::fs::File::create(&said).expect("a file");
        let mut sh = self.command("run");
        let mut sh =
            sh.env("CONFIRM", &self.old).stdout(Stdio::null()).stderr(file).spawn().expect("sh runs");
        let deadline = Deadline::after(PATIENCE * 4);
        loop {
            let text = std::fs::read_to_string(&said).expect("readable");
            if text.contains(words) {
                break;
            }
            let ended = sh.try_wait().expect("waits");
            assert!(ended.is_none() && !deadline.left().is_zero(), "it did not say {words}: {text}");
            std::thread::sleep(Duration::from_millis(5));
        }
        sh.kill().expect("killed");
        sh.wait().expect("ended");
    }

    fn is_recovered(&self) {
        let report = self.cluster.settles("healthy").json();
        let id = report["clusters"][0]["cluster_id"].as_str().expect("an id");
        assert_ne!(id, self.old, "the new cluster has an id of its own");
        assert_eq!(report["clusters"][0]["quorum"]["voters"], 3);
        for member in 0..3 {
            let found = etcdctl(&self.cluster, member, &["get", "w", "--prefix", "--keys-only"]);
            assert_eq!(
                found.lines().filter(|line| !line.is_empty()).count(),
                KEYS,
                "member {member}: {found}"
            );
        }
        let kept =
            std::fs::read_dir(data_dir(&self.cluster, 0).parent().expect("a parent")).expect("readable");
        let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let aside = kept.flatten().map(name).filter(|name| name.contains(".quorate-"));
        let aside = aside.filter(|name| !name.ends_with(".snapshot")).count();
        assert_eq!(aside, 1, "the old data is kept, and nothing else is left");
    }
}

fn data_dir(cluster: &Cluster, member: usize) -> PathBuf {
    PathBuf::from(cluster.lab["members"][member]["data_dir"].as_str().expect("a data directory"))
}

fn etcdctl(cluster: &Cluster, member: usize, words: &[&str]) -> String {
    Ctl::new(cluster, member).does(words)
}

/// Every name below a directory with its size.
fn names(dir: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).expect("a directory").flatten() {
            found.push((entry.path(), entry.metadata().expect("metadata").len()));
            if entry.path().is_dir() {
                dirs.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_stuck_cluster_is_recovered_by_sh() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let stuck = Stuck::make("3.4.23");
            stuck.run("run", true).exits(0).says(&["is recovered", "Set aside"]);
            stuck.is_recovered();
        });
        scope.spawn(|| {
            let stuck = Stuck::make("3.6.16");
            let before = names(&data_dir(&stuck.cluster, 0));
            stuck.run("run", false).exits(4).says(&["not confirmed", "CONFIRM="]);
            assert!(names(&data_dir(&stuck.cluster, 0)) == before, "nothing is changed without consent");
            // In the middle of the swap, of the start and of a member's joining.
            for words in ["08: ", "10: ", "15: "] {
                stuck.kill_at(words);
            }
            // As a tool that was killed with it leaves it.
            let data = data_dir(&stuck.cluster, 1);
            let part = format!("{}.part", data.display());
            std::fs::create_dir(&part).expect("a directory");
            let named = format!("Never finished, and not needed: rm -r {part}");
            stuck.run("run", true).exits(0).says(&["done before", "is recovered", &named]);
            stuck.is_recovered();
            stuck.run("run", true).exits(0).says(&["22: done before"]);
            etcdctl(&stuck.cluster, 0, &["put", "of-a-client", "1"]);
            stuck.run("rollback", true).exits(4).says(&["cannot be rolled back", "writes of clients"]);
            stuck.is_recovered();
        });
        scope.spawn(|| {
            let stuck = Stuck::make("3.6.16");
            stuck.kill_at("13: ");
            stuck.run("rollback", true).exits(0).says(&["as it was before"]);
            let dir = data_dir(&stuck.cluster, 0).display().to_string();
            let found = stuck.cluster.home.run(&["inspect", &dir, "-o", "json"]).stdout;
            assert!(found.contains(&stuck.old), "the old data is in place: {found}");
            stuck.cluster.home.run(&["lab", "status", "--member", "n1"]).exits(0);
            stuck.run("run", true).exits(4).says(&["was rolled back"]);
        });
    });
}

/// The plan of one machine, as if each member had one of its own.
fn spread(mut plan: serde_json::Value) -> Plan {
    fn move_to(value: &mut serde_json::Value, host: &str) {
        match value {
            serde_json::Value::Object(all) => {
                let here = all.get("path").and_then(|p| p.as_str()).is_some_and(|p| p.contains("/recover/"));
                for (key, value) in all {
                    if key == "host" && value == "localhost" && !here {
                        *value = host.into();
                    }
                    move_to(value, host);
                }
            }
            serde_json::Value::Array(all) => all.iter_mut().for_each(|one| move_to(one, host)),
            _ => {}
        }
    }
    for step in plan["steps"].as_array_mut().expect("steps") {
        let id = step["id"].as_str().expect("an id").to_owned();
        let here = ["keep-", "snapshot-", "verify-online", "verify-whole", "remove-", "add-", "promote-"];
        if !here.iter().any(|slug| id[3..].starts_with(slug)) {
            let member = ["n2", "n3"].into_iter().find(|name| id.ends_with(name)).unwrap_or("n1");
            move_to(step, member);
        }
    }
    plan["hosts"] = serde_json::json!({ "n1": "local", "n2": "local", "n3": "local" });
    for member in plan["members"].as_array_mut().expect("members") {
        member["host"] = member["name"].clone();
    }
    serde_json::from_value(plan).expect("a plan")
}

#[test]
fn scripts_of_several_hosts_wait_for_one_another() {
    let mut stuck = Stuck::make("3.5.35");
    let plan = stuck.cluster.run(&["recover", "plan", "-o", "json"]).exits(0).json();
    let all = scripts(&spread(plan), &Access::default()).expect("a shell can");
    let files: Vec<PathBuf> = all.iter().map(|s| stuck.cluster.home.file(&s.file, &s.text)).collect();
    let turns: [(usize, i32, &[&str]); 8] = [
        (0, 75, &["not yet: Stop n2", "fenced-n2.json", "on n2 run 02-n2.sh"]),
        (1, 75, &["03: Stop n2", "not yet: Stop n1", "on n1 run 01-n1.sh"]),
        (0, 75, &["not yet: Stop n3", "fenced-n3.json", "on n3 run 03-n3.sh"]),
        (2, 75, &["04: Stop n3", "not yet: Stop n1", "on n1 run 01-n1.sh"]),
        (0, 75, &["Start n1 as the new cluster", "not yet: Add n2", "on n2 run 02-n2.sh"]),
        (2, 75, &["not yet: Add n2", "on n2 run 02-n2.sh"]),
        (1, 0, &["has done its part"]),
        (2, 0, &["has done its part"]),
    ];
    for (at, code, words) in turns {
        stuck.script.clone_from(&files[at]);
        stuck.run("run", true).exits(code).says(words);
    }
    // The last member goes back only while no client has written.
    etcdctl(&stuck.cluster, 0, &["put", "of-a-client", "1"]);
    stuck.run("rollback", true).exits(4).says(&["cannot be rolled back", "writes of clients"]);
    stuck.script.clone_from(&files[0]);
    stuck.run("run", true).exits(0).says(&["is recovered"]);
    stuck.is_recovered();
}

#[test]
fn a_script_refuses_a_cluster_that_writes_again() {
    let stuck = Stuck::make("3.6.16");
    // The dead come back with their disks: there is a quorum again.
    for member in [1, 2] {
        let dir = data_dir(&stuck.cluster, member);
        std::fs::rename(dir.with_extension("lost"), &dir).expect("the disk is back");
    }
    stuck.cluster.lab("start", &["n2", "n3"]);
    stuck.cluster.settles("healthy");
    stuck.run("run", true).exits(4).says(&["was not begun", "sees a leader"]);
    stuck.cluster.settles("healthy");
}

/// With TLS, users, and a log on a disk of its own, planned from another machine: a certificate's user needs no password,
/// so the survivor can be asked for a snapshot.
#[test]
fn a_cluster_with_all_that_there_is_is_recovered_by_sh() {
    let cluster = Cluster::etcd_with("3.7.3", 3, &["--tls", "--server-arg=--wal-dir=wal-{member}"]);
    cluster.settles("healthy");
    let lab = data_dir(&cluster, 0);
    let lab = lab.ancestors().nth(2).expect("the lab's directory").to_owned();
    let wal = |member: usize| lab.join(format!("wal-n{}", member + 1));
    let ctl = Ctl::new(&cluster, 0);
    ctl.puts("w", KEYS);
    ctl.does(&["user", "add", "quorate", "--no-password"]);
    ctl.does(&["user", "add", "root:pw"]);
    ctl.does(&["user", "grant-role", "root", "root"]);
    ctl.does(&["role", "add", "root"]);
    ctl.does(&["user", "grant-role", "quorate", "root"]);
    ctl.does(&["auth", "enable"]);
    let mut text = std::fs::read_to_string(cluster.config()).expect("a config file");
    for member in [1, 2] {
        let head = format!("[clusters.etcd.members.n{}]", member + 1);
        let line = format!("{head}\nwal_dir = {:?}", wal(member).display().to_string());
        text = text.replacen(&head, &line, 1);
    }
    std::fs::write(cluster.config(), text).expect("written");
    super::scene::lose_two(&cluster);
    for member in [1, 2] {
        std::fs::rename(wal(member), wal(member).with_extension("lost")).expect("taken away");
    }
    let ssh = Ssh::to(&cluster, |_| "box-all".into());
    let stuck = Stuck::planned(cluster, |cluster, args| ssh.run(cluster, args));
    stuck.run("run", true).exits(0).says(&["is recovered"]);
    stuck.is_recovered();
    let anonymous = Command::new(Path::new(stuck.cluster.program()).with_file_name("etcdctl"))
        .args(["--endpoints", stuck.cluster.endpoints()[0], "--insecure-skip-tls-verify", "get", "w0"])
        .output();
    assert!(!anonymous.expect("etcdctl runs").status.success(), "who shows no certificate is not let in");
}

/// Its alarm would keep the new cluster read-only.
#[test]
fn a_cluster_whose_space_is_used_up_is_recovered_by_sh() {
    let quota = "--server-arg=--quota-backend-bytes=16777216";
    let stuck = Stuck::of(Cluster::etcd_with("3.5.35", 3, &[quota]), |cluster| {
        let full = runtime().block_on(async {
            let mut client = cluster.client().await;
            while client.put("w0", vec![b'v'; 200 << 10], None).await.is_ok() {}
            client.put("w0", "v", None).await.is_err()
        });
        assert!(full, "an alarm stands");
    });
    stuck.run("run", true).exits(0).says(&["defragment the database", "is recovered"]);
    stuck.is_recovered();
    etcdctl(&stuck.cluster, 1, &["put", "new", &"v".repeat(100_000)]);
}

#[test]
fn what_no_shell_can_do_is_refused_with_what_can() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    let ctl = Ctl::new(&cluster, 0);
    ctl.does(&["user", "add", "root:pw"]);
    ctl.does(&["user", "grant-role", "root", "root"]);
    ctl.does(&["auth", "enable"]);
    super::scene::lose_two(&cluster);
    let password = cluster.home.file("password", "pw").display().to_string();
    let login = format!("backend = \"etcd\"\nauth = {{ user = \"root\", password_file = {password:?} }}");
    let config = super::scene::config_with(&cluster, "auth.toml", &[("backend = \"etcd\"", &login)]);
    let plan = ["recover", "plan", "-o", "script"];
    super::scene::with(&cluster, &config, &plan).exits(4).says(&[
        "cannot be given as scripts",
        "more than a shell can do",
        "`quorate recover run etcd`",
        "on the host of n1",
        "quorate runbook show etcd-stuck-quorum",
    ]);
}
