//! What the command line refuses, how it says so, and which exit code that is.

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;

/// A directory that is home and working directory of the runs in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        Desk(tempfile::tempdir().expect("a directory"))
    }

    fn with_config(text: &str) -> Desk {
        let desk = Desk::new();
        desk.write("quorate.toml", text);
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, text).expect("written");
        path
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::cargo_bin("quorate").expect("the binary is built");
        command.current_dir(self.path()).env_clear().env("HOME", self.path()).env("TERM", "xterm");
        command.args(words);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("runs")
    }

    #[track_caller]
    fn refuses(&self, words: &[&str], says: &[&str]) -> String {
        let output = self.run(words);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(64), "{words:?}: {text}");
        for word in says {
            assert!(text.contains(word), "{words:?} does not say `{word}`: {text}");
        }
        text
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn recording(name: &str) -> String {
    format!("{}/tests/facts/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

/// Nobody listens there.
const NOBODY: &str = "etcd://127.0.0.1:1";

#[test]
fn a_check_without_checks_is_no_check() {
    let facts = recording("lost");
    let words = [
        "check",
        "--facts",
        &facts,
        "--only",
        "quorum-lost,even-voters",
        "--skip",
        "even-voters,quorum-lost",
    ];
    Desk::new().refuses(&words, &["no check is left", "--skip"]);
}

#[test]
fn two_means_critical_and_nothing_else() {
    let desk = Desk::new();
    let facts = recording("healthy");
    for report in ["junit=/nonexistent/x", "json=/"] {
        let path = &report[report.find('/').expect("a path")..];
        desk.refuses(&["check", "--facts", &facts, "--report", report], &[path]);
    }
    desk.refuses(&["check", NOBODY, "--save-facts", "/nonexistent/f"], &["/nonexistent/f"]);
    desk.refuses(&["check", NOBODY, "--save-facts", "-"], &["--save-facts", "file name"]);
    assert!(!desk.path().join("-").exists());
    let plugin = desk.run(&["check", "--facts", &facts, "-o", "nagios", "--report", "junit=/nonexistent/x"]);
    let text = String::from_utf8_lossy(&plugin.stdout);
    assert_eq!((plugin.status.code(), text.lines().count()), (Some(3), 1), "{text}");
    assert!(text.starts_with("QUORATE UNKNOWN - ") && text.contains("/nonexistent/x"), "{text}");
}

#[test]
fn what_could_not_be_told_is_undecided() {
    let desk = Desk::new();
    for format in ["table", "json", "nagios"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("quorate"))
            .current_dir(desk.path())
            .args(["check", "--facts", &recording("healthy"), "-o", format])
            .stdout(full)
            .output()
            .expect("runs");
        assert_eq!(output.status.code(), Some(3), "{format}");
        assert!(stderr(&output).contains("No space left"), "{format}: {}", stderr(&output));
    }
}

#[test]
fn secrets_in_addresses_are_not_repeated() {
    let secret = "hunter2";
    let config = |endpoints: &str| {
        Desk::with_config(&format!("[clusters.a]\nbackend = \"etcd\"\nendpoints = [{endpoints}]\n"))
    };
    let runs: &[(&Desk, &[&str])] = &[
        (&Desk::new(), &["check", "etcd://user:hunter2@127.0.0.1:2379"]),
        (&Desk::new(), &["check", "etcd+https://a:1,user:hunter2@127.0.0.1:2379"]),
        (&Desk::new(), &["check", "user:hunter2@127.0.0.1:2379"]),
        (&Desk::new(), &["check", "http://user:hunter2@127.0.0.1:2379"]),
        (&Desk::new(), &["check", "etcd://user:hun,hunter2/hunter2@h:2379"]),
        (&Desk::new(), &["check", "zk://user:hunter2@h:2379"]),
        (&Desk::new(), &["check", "mongo://user:hunter2@h:2379"]),
        (&Desk::new(), &["check", "etcd+user:hunter2@h://h"]),
        (&Desk::new(), &["check", "--backend", "etcd", "--endpoints", "http://user:hunter2@h:1"]),
        (&Desk::new(), &["check", "--endpoints", "user:x,hunter2@h:1"]),
        (&Desk::new(), &["check", "--endpoints", "http://user:hunter2@h:1,http://user:hunter2@h:1"]),
        (&Desk::new(), &["check", "-o", "nagios", "etcd://user:hunter2@127.0.0.1:2379"]),
        (&Desk::new(), &["status", "etcd://user:hunter2@127.0.0.1:2379"]),
        (&Desk::new(), &["probe", "commit", "etcd://user:hunter2@127.0.0.1:2379"]),
        (&Desk::new(), &["probe", "tls", "https://user:hunter2@127.0.0.1:2379"]),
        (&Desk::new(), &["probe", "tls", "user:hunter2@127.0.0.1"]),
        (&Desk::new(), &["probe", "tls", "a:1", "https://user:hunter2@127.0.0.1:2379"]),
        (&config("\"http://user:hunter2@127.0.0.1:2379\""), &["check", "a"]),
        (&config("\"http://u:hunter2@a:1\", \"http://u:hunter2@a:1\""), &["check", "a"]),
    ];
    for (desk, words) in runs {
        let output = desk.run(words);
        let said = [output.stdout.clone(), output.stderr.clone()].concat();
        let said = String::from_utf8_lossy(&said);
        let code = if words.contains(&"nagios") { 3 } else { 64 };
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert!(!said.contains(secret), "{words:?}: {said}");
        assert!(!said.contains("@") || said.contains("…@"), "{words:?}: {said}");
    }
    let desk = Desk::new();
    let mut environment = desk.command(&["check"]);
    let output = environment.env("ETCDCTL_ENDPOINTS", "http://user:hunter2@h:1").output().expect("runs");
    assert!(output.status.code() == Some(64) && !stderr(&output).contains(secret), "{}", stderr(&output));
}

#[test]
fn no_time_at_all_is_refused() {
    let desk = Desk::new();
    let commands: &[&[&str]] = &[
        &["check", NOBODY, "--timeout"],
        &["check", NOBODY, "--window"],
        &["status", NOBODY, "--timeout"],
        &["probe", "disk", ".", "--timeout"],
        &["probe", "commit", NOBODY, "--timeout"],
        &["probe", "tls", "127.0.0.1:1", "--timeout"],
        &["lab", "up", "etcd", "--timeout"],
        &["lab", "start", "n1", "--wait", "--timeout"],
    ];
    for words in commands {
        for short in ["0s", "9ms", "1ns"] {
            desk.refuses(&[words, &[short][..]].concat(), &["10ms", short]);
        }
        desk.refuses(&[words, &["100000000000y"][..]].concat(), &["7d"]);
    }
}

#[test]
fn config_errors_name_file_line_and_key() {
    const GOOD: &str = "[clusters.prod]\nbackend = \"etcd\"\nendpoints = [\"https://127.0.0.1:1\"]\n";
    let wrong = |more: &str, says: &[&str]| {
        let desk = Desk::with_config(&format!("{GOOD}{more}"));
        desk.write("text.pem", "no PEM\n");
        for command in [&["check", "prod"][..], &["status", "prod"], &["probe", "commit", "prod"]] {
            desk.refuses(command, says);
        }
    };
    let tls = |inside: &str| format!("tls = {{ {inside} }}\n");
    wrong(&tls("ca = \"no.pem\""), &["quorate.toml:4: clusters.prod.tls.ca: cannot read", "no.pem"]);
    wrong(&tls("ca = \"text.pem\""), &["quorate.toml:4: clusters.prod.tls.ca: ", "PEM"]);
    wrong(
        "[clusters.prod.tls]\ncert = \"no.pem\"\nkey = \"no.pem\"\n",
        &["quorate.toml:5: clusters.prod.tls.cert: "],
    );
    wrong(&tls("cert = \"a.pem\""), &["quorate.toml:4: clusters.prod.tls.cert: ", "key"]);
    let auth = "auth = { user = \"root\", password_file = \"no.pass\" }\n";
    wrong(auth, &["quorate.toml:4: clusters.prod.auth.password_file: cannot read", "no.pass"]);
    wrong("auth = { user = \"root\" }\n", &["quorate.toml:4: clusters.prod.auth.user: ", "password"]);

    wrong("[clusters.prod]\n", &["quorate.toml:4: ", "duplicate key `clusters.prod`"]);
    wrong(
        "[clusters.prod.members.n1]\n[clusters.prod.members.n1]\n",
        &["toml:5: ", "`clusters.prod.members.n1`"],
    );
    wrong("[clusters.prod.members]\nn1 = {}\nn1 = {}\n", &["toml:6: ", "duplicate key `n1`"]);
    wrong("[clusters.prod.members.n1]\nzone = 3\n", &["toml:5: ", "zone"]);
    wrong("[[waivers]]\ncheck = \"quorum-lost\"\nuntil = 9999-12-31\nreason = 3\n", &["toml:7: ", "reason"]);
    wrong("[[waivers]]\ncheck = \"quorum-lost\"\nuntil = 9999-12-31\n", &["toml:4: ", "reason"]);

    wrong(
        "[policy]\ndb_quota_critical = 80\ndb_quota_warn = 95\n",
        &["quorate.toml:6: policy.db_quota_warn: ", "db_quota_critical", "80"],
    );
    wrong(
        "[policy]\nfsync_p99_warn = \"2s\"\n",
        &["quorate.toml:5: policy.fsync_p99_warn: ", "fsync_p99_critical"],
    );
    wrong(
        "[policy]\nfsync_p99_critical = \"1ms\"\n",
        &["quorate.toml:5: policy.fsync_p99_critical: ", "fsync_p99_warn"],
    );
    wrong(
        "[policy]\ncertificate_days_critical = \"60d\"\n",
        &["quorate.toml:5: policy.certificate_days_critical: "],
    );
}

#[test]
fn flags_are_not_blamed_on_the_file() {
    let config = "[clusters.prod]\nbackend = \"etcd\"\nendpoints = [\"https://127.0.0.1:1\"]\ntls = { ca = \"a.pem\" }\n";
    let text = Desk::with_config(config).refuses(&["check", "prod", "--cacert", "flag.pem"], &["flag.pem"]);
    assert!(!text.contains("quorate.toml"), "{text}");
}

#[test]
fn labs_that_are_meant_and_are_not_there() {
    let desk = Desk::new();
    let both = ["one", "two"];
    for name in both {
        let dir = desk.path().join(name);
        let entry = serde_json::json!({ "name": name, "dir": dir, "made_dir": true });
        desk.write(&format!(".local/state/quorate/labs/{name}.json"), &entry.to_string());
    }
    for verb in ["kill", "pause", "resume", "start"] {
        desk.refuses(&["lab", verb, "one"], &["lab `one`", "no member is named"]);
        desk.refuses(&["lab", verb, "three"], &["no lab `three`", "one, two"]);
        desk.refuses(&["lab", verb, "three", "n1"], &["no lab `three`", "one, two"]);
        desk.refuses(&["lab", verb, "n1"], &["several labs", "one, two"]);
    }
    desk.refuses(&["lab", "partition", "one"], &["lab `one`", "no groups are named", "n1,n2|n3"]);
    desk.refuses(&["lab", "partition", "three"], &["no lab `three`", "one, two"]);
    desk.refuses(&["lab", "partition", "three", "n1|n2"], &["no lab `three`", "one, two"]);
    desk.refuses(&["lab", "partition", "n1|n2"], &["several labs", "one, two"]);
    desk.refuses(&["lab", "heal", "three"], &["no lab `three`", "one, two"]);
    desk.refuses(&["lab", "heal"], &["several labs", "one, two"]);
    Desk::new().refuses(&["lab", "kill", "three", "n1"], &["no lab `three`", "lab up"]);
}

#[test]
fn a_replay_does_not_look_live() {
    let desk = Desk::new();
    let facts = recording("healthy");
    let table = desk.run(&["check", "--facts", &facts]);
    let text = String::from_utf8_lossy(&table.stdout);
    let json: Value =
        serde_json::from_slice(&desk.run(&["check", "--facts", &facts, "-o", "json"]).stdout).expect("JSON");
    let taken_at = json["taken_at"].as_str().expect("a time");
    let first = text.lines().next().expect("a line");
    assert!(first.contains(&format!("replay of {taken_at}")), "{first}");
    assert_eq!(json["replayed"], true);
    let live: Value =
        serde_json::from_slice(&desk.run(&["check", NOBODY, "-o", "json"]).stdout).expect("JSON");
    assert_eq!(live["replayed"], false);
}

#[test]
fn targets_that_are_none() {
    let desk = Desk::new();
    for bare in ["etcd://", "etcd+https://", "etcd:///"] {
        desk.refuses(&["check", bare], &["names no endpoint", "HOST:2379"]);
    }
    desk.refuses(&["check", "127.0.0.1:2379"], &["hint: ", "etcd://127.0.0.1:2379"]);
    desk.refuses(&["check", "a:1,b:1"], &["hint: ", "etcd://a:1,b:1"]);
    desk.refuses(&["check", "etcd://h:2379/path"], &["/path", "HOST:PORT"]);
    desk.refuses(&["check", "etcd://h:2379?x=1"], &["HOST:PORT"]);
    desk.refuses(&["check", "--endpoints", "http://h:2379/path"], &["/path", "HOST:PORT"]);
    desk.refuses(&["probe", "tls", "https://h:2379/path"], &["/path", "HOST:PORT"]);
    let config = "[clusters.a]\nbackend = \"etcd\"\nendpoints = [\"http://h:1/p\"]\n";
    Desk::with_config(config).refuses(&["check", "a"], &["quorate.toml:3: clusters.a.endpoints", "/p"]);
}

/// What a command draws on a terminal with these variables.
fn on_a_terminal(variables: &[(&str, &str)], words: &str) -> Vec<u8> {
    let desk = Desk::new();
    let quorate = assert_cmd::cargo::cargo_bin("quorate");
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &format!("{} {words}", quorate.display()), "/dev/null"]);
    script.current_dir(desk.path()).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path());
    script.stdin(std::process::Stdio::null()).envs(variables.iter().copied());
    script.output().expect("script, of util-linux, runs").stdout
}

#[test]
fn terminals_that_want_no_escapes_get_none() {
    let check = format!("check --facts {}", recording("lost"));
    let lab = "lab kill";
    let watch = format!("status {NOBODY} --watch=100ms --count 2");
    for words in [check.as_str(), watch.as_str(), "--help", "explain quorum-lost", lab, "size 3"] {
        let drawn = on_a_terminal(&[("TERM", "dumb")], words);
        assert!(!drawn.is_empty() && !drawn.contains(&0x1b), "{words}: {}", String::from_utf8_lossy(&drawn));
    }
    for variable in [("NO_COLOR", "1"), ("CLICOLOR", "0")] {
        let drawn = on_a_terminal(&[("TERM", "xterm"), variable], &check);
        assert!(!drawn.is_empty() && !drawn.contains(&0x1b), "{variable:?}");
    }
    assert!(on_a_terminal(&[("TERM", "xterm")], &check).contains(&0x1b), "a terminal is coloured");
    let forced =
        Desk::new().command(&["check", "--facts", &recording("lost")]).env("CLICOLOR_FORCE", "1").output();
    assert!(forced.expect("runs").stdout.contains(&0x1b), "CLICOLOR_FORCE");
}
