//! `quorate inspect` on the files of real servers: running, stopped, killed, damaged, and several at once.

use crate::cluster::{Cluster, Home, Ran};
use crate::readers::crash::load_and_kill;
use crate::readers::server::Server;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

fn inspect(home: &Home, arguments: &[&str]) -> Ran {
    home.run(&[&["inspect", "-o", "json"], arguments].concat())
}

/// Lines of `--log`.
fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

/// A server with its log elsewhere, that commits by count and not by time: what is in the database stays known.
fn server(version: &str) -> Server {
    let folder = tempfile::tempdir().expect("a folder");
    let wal = format!("--wal-dir={}", folder.path().join("log-disk").display());
    Server::start_in(version, folder, &[&wal, "--backend-batch-interval=1m", "--backend-batch-limit=300"])
}

fn every_kind_of_copy(version: &str) {
    let home = Home::new();
    let mut server = server(version);
    server.put_all(&[
        ("/registry/pods/a".to_owned(), "1".to_owned()),
        ("/registry/pods/b".to_owned(), "2".to_owned()),
    ]);
    server.ctl(&["put", "plain", "classified"]);
    server.ctl(&["del", "/registry/pods/", "--prefix"]);
    server.ctl(&["member", "add", "late", "--learner", "--peer-urls=http://127.0.0.1:1"]);
    server.ctl(&["lease", "grant", "600"]);
    server.ctl(&["user", "add", "root:classified"]);
    let (data, wal, saved) = (server.path("data"), server.path("log-disk"), server.path("saved.db"));
    server.ctl(&["snapshot", "save", text(&saved)]);
    let members = server.ctl_json(&["member", "list"]);

    running(version, &home, &server, &members);
    snapshot(version, &home, &saved, &server);
    log_alone(version, &home, &wal, &members);
    let without_log = inspect(&home, &[text(&data)]).exits(3);
    assert!(without_log.stdout.contains("--wal-dir"), "{version}: {}", without_log.stdout);

    let acknowledged = load_and_kill(&mut server);
    killed(version, &home, &data, &wal, &acknowledged);
}

fn running(version: &str, home: &Home, server: &Server, members: &Value) {
    let (data, wal) = (server.path("data"), server.path("log-disk"));
    let before =
        fs::metadata(data.join("member/snap/db")).and_then(|about| about.modified()).expect("a time");
    let facts = inspect(home, &[text(&data), "--wal-dir", text(&wal)]).exits(0).json();
    assert_eq!(
        (&facts["schema"], &facts["verdict"]),
        (&"quorate.inspect/v1".into(), &"sound".into()),
        "{version}"
    );
    assert_eq!(facts["holder"]["command"], "etcd", "{version}: {}", facts["holder"]);
    let cluster = members["header"]["cluster_id"].as_u64().expect("an id");
    assert_eq!(facts["identity"]["cluster"], format!("{cluster:x}"), "{version}");
    assert_eq!((&facts["name"], &facts["kind"]), (&"n1".into(), &"data-directory".into()), "{version}");
    let known: Vec<(bool, &str)> = facts["membership"]["members"]
        .as_array()
        .expect("members")
        .iter()
        .map(|member| (member["voter"].as_bool().expect("a flag"), member["name"].as_str().expect("a name")))
        .collect();
    assert_eq!(BTreeSet::from_iter(known), BTreeSet::from([(true, "n1"), (false, "")]), "{version}");
    let changes: Vec<&str> = facts["membership"]["history"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|change| change["change"].as_str().expect("a change"))
        .collect();
    assert_eq!(changes, ["add", "add-learner"], "{version}");
    let minor = version.rsplit_once('.').expect("a version").0;
    let startable = facts["database"]["startable_by"].as_array().expect("versions");
    assert_eq!(startable[0], minor, "{version}");
    let after = fs::metadata(data.join("member/snap/db")).and_then(|about| about.modified()).expect("a time");
    assert_eq!(before, after, "{version}: nothing is written");
    server.ctl(&["get", "plain"]);
}

fn snapshot(version: &str, home: &Home, saved: &Path, server: &Server) {
    let ran = inspect(home, &[text(saved)]).exits(0);
    assert!(!ran.stdout.contains("classified"), "{version}: no value and no password");
    let facts = ran.json();
    let database = &facts["database"];
    assert_eq!((&facts["kind"], &database["digest"]), (&"snapshot".into(), &"matches".into()), "{version}");
    assert_eq!(database["revision"].as_i64(), Some(server.revision()), "{version}");
    assert_eq!((number(&database["keys"]), number(&database["tombstones"])), (1, 2), "{version}");
    assert_eq!(number(&database["prefixes"]["/registry/pods/"]["rows"]), 4, "{version}");
    assert_eq!((number(&database["leases"]), &database["auth"]["enabled"]), (1, &false.into()), "{version}");
    assert_eq!(database["auth"]["users"]["root"], serde_json::json!([]), "{version}");
    let status = server.status_of(saved);
    let hash = u32::from_str_radix(database["status_hash"].as_str().expect("hex"), 16).expect("hex");
    assert_eq!(u64::from(hash), number(&status["hash"]), "{version}");
    home.run(&["inspect", text(saved), "--log"])
        .exits(64)
        .says(&["without its write-ahead log", "--wal-dir"]);
    home.run(&["inspect", text(saved)]).exits(0);
}

fn log_alone(version: &str, home: &Home, wal: &Path, members: &Value) {
    let facts = inspect(home, &[text(wal)]).exits(0).json();
    assert_eq!((&facts["kind"], &facts["database"]), (&"log-directory".into(), &Value::Null), "{version}");
    let ids = |list: &Value, name: &str| -> BTreeSet<String> {
        let hex = |id: &Value| {
            id.as_u64().map_or_else(|| id.as_str().unwrap_or_default().to_owned(), |id| format!("{id:x}"))
        };
        list.as_array().expect("a list").iter().map(|member| hex(&member[name])).collect()
    };
    // the add of the learner may not be known to be committed yet
    let known = ids(&facts["membership"]["members"], "id");
    assert!(!known.is_empty() && known.is_subset(&ids(&members["members"], "ID")), "{version}: {known:?}");
    let played = inspect(home, &[text(wal), "--log", "--type", "put,delete,txn"])
        .exits(0)
        .says(&["no entry is marked applied"]);
    let says: Vec<String> =
        lines(&played).iter().map(|line| line["says"].as_str().expect("words").to_owned()).collect();
    let expected = [
        "put /registry/pods/a (1 byte), put /registry/pods/b (1 byte)",
        "put plain (10 bytes)",
        "delete everything under /registry/pods/",
    ];
    assert_eq!(says, expected, "{version}");
    assert!(!played.stdout.contains("classified"), "{version}: no values");
    let values = inspect(home, &[text(wal), "--log", "--key", "pl", "--values"]).exits(0);
    assert_eq!(lines(&values)[0]["keys"][0]["value"], "classified", "{version}");
    let by_prefix = lines(&inspect(home, &[text(wal), "--log", "--key", "/registry/"]).exits(0)).len();
    assert_eq!(by_prefix, 2, "{version}: the transaction and the deletion of the range");
}

/// Every acknowledged write is in the log, marked, and those that are not in the database are listed.
fn killed(version: &str, home: &Home, data: &Path, wal: &Path, acknowledged: &BTreeSet<Vec<u8>>) {
    let at = [text(data), "--wal-dir", text(wal)];
    let facts = inspect(home, &at).exits(0).json();
    assert_eq!(facts["holder"], Value::Null, "{version}");
    let (log, applied) = (&facts["log"], number(&facts["database"]["consistent_index"]));
    let last = number(&log["last"]["index"]);
    let tail = &log["tail"];
    let told = tail["entries"].as_array().expect("entries").len() as u64 + number(&tail["more"]);
    assert_eq!(told, last - applied, "{version}");
    let spans: u64 = ["committed", "uncertain"]
        .iter()
        .filter(|name| !tail[**name].is_null())
        .map(|name| number(&tail[*name]["last"]) + 1 - number(&tail[*name]["first"]))
        .sum();
    assert_eq!(spans, told, "{version}: {tail}");

    let played = lines(&inspect(home, &[&at[..], &["--log"]].concat()).exits(0));
    let marks: BTreeMap<&str, &str> = played
        .iter()
        .filter(|line| line["type"] == "put")
        .map(|line| (line["keys"][0]["key"].as_str().expect("a key"), line["mark"].as_str().expect("a mark")))
        .collect();
    let mark = |key: &Vec<u8>| marks.get(std::str::from_utf8(key).expect("text")).copied();
    let missed: Vec<_> = acknowledged.iter().filter(|key| mark(key).is_none()).collect();
    assert!(acknowledged.len() > 100 && missed.is_empty(), "{version}: {} {missed:?}", acknowledged.len());
    assert!(
        acknowledged.iter().any(|key| mark(key) != Some("applied")),
        "{version}: some are in the log only"
    );
    for line in &played {
        let index = number(&line["index"]);
        assert_eq!(line["mark"] == "applied", index <= applied, "{version}: {line}");
    }
    let (from, to) = ((applied + 1).to_string(), last.to_string());
    let part = lines(&inspect(home, &[&at[..], &["--log", "--from", &from, "--to", &to]].concat()).exits(0));
    assert_eq!(part.len() as u64, told, "{version}");
}

#[test]
fn copies_of_etcd_3_4() {
    every_kind_of_copy("3.4.23");
}

#[test]
fn copies_of_etcd_3_5() {
    every_kind_of_copy("3.5.35");
}

#[test]
fn copies_of_etcd_3_6() {
    every_kind_of_copy("3.6.16");
}

#[test]
fn copies_of_etcd_3_7() {
    every_kind_of_copy("3.7.3");
}

/// Five members, one of them paused while the others go on; then all are killed.
fn survivors(version: &str) {
    let cluster = Cluster::etcd(version, 5);
    let home = &cluster.home;
    let slow = cluster.with_role("follower")[0].clone();
    cluster.lab("pause", &[&slow]);
    let members = cluster.lab["members"].as_array().expect("members");
    let others: Vec<&Value> = members.iter().filter(|member| member["name"] != slow.as_str()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let endpoint = others[0]["endpoint"].as_str().expect("an endpoint");
        let mut client = etcd_client::Client::connect([endpoint], None).await.expect("connected");
        for n in 0..50 {
            client.put(format!("/late/{n}"), "v", None).await.expect("acknowledged");
        }
    });
    cluster.lab("kill", &["n1", "n2", "n3", "n4", "n5"]);
    let directory = |name: &str| -> String {
        let member = members.iter().find(|member| member["name"] == name).expect("a member");
        member["data_dir"].as_str().expect("a directory").to_owned()
    };
    let [fast, faster] = [0, 1].map(|at| directory(others[at]["name"].as_str().expect("a name")));
    let slow = directory(&slow);

    let two = inspect(home, &["--survivors", &slow, &fast]).exits(0).json();
    assert_eq!(two["schema"], "quorate.inspect-survivors/v1");
    assert_eq!(
        (&two["order"][0]["path"], &two["order"][1]["path"]),
        (&fast.as_str().into(), &slow.as_str().into()),
        "{version}"
    );
    assert_eq!(
        (&two["loss"]["state"], number(&two["disks"]), &two["needed"]),
        (&"at-risk".into(), 2, &3.into()),
        "{version}"
    );
    let (first, second) = (&two["order"][0]["last"], &two["order"][1]["last"]);
    assert!(number(&first["index"]) >= number(&second["index"]) + 50, "{version}: {first} {second}");
    let at_risk = two["entries_at_risk"].as_array().expect("entries");
    assert!(
        at_risk.iter().all(|risk| risk["entry"]["says"].as_str().is_some_and(|says| !says.is_empty())),
        "{version}"
    );
    let held = &two["order"][0];
    let behind = number(&held["last"]["index"]) - number(&held["applied"]);
    assert_eq!(at_risk.len() as u64 + number(&two["entries_more"]), behind, "{version}");

    let three = inspect(home, &["--survivors", &slow, &fast, &faster]).exits(0).json();
    assert_eq!(
        (&three["loss"]["state"], &three["majority"]),
        (&"lossless".into(), &true.into()),
        "{version}"
    );
    let table = home.run(&["inspect", "--survivors", &slow, &fast]).exits(0);
    assert!(
        table.stdout.starts_with("AT RISK") && table.stdout.contains(&format!("BEST  {fast}")),
        "{}",
        table.stdout
    );

    let stranger = server(version);
    let other = inspect(home, &["--survivors", &fast, text(&stranger.path("log-disk"))]);
    other.exits(64).says(&["different clusters", &fast, "log-disk"]);
}

#[test]
fn survivors_of_etcd_3_4() {
    survivors("3.4.23");
}

#[test]
fn survivors_of_etcd_3_7() {
    survivors("3.7.3");
}

/// A stopped server's directory, whose files a test may break.
fn stopped(home: &Home) -> PathBuf {
    let mut server = Server::start("3.6.16", &[]);
    for round in 0..20 {
        server.put_all(&[(format!("/some/key/{round}"), "v".repeat(3000))]);
    }
    server.kill();
    let copy = home.path("copy");
    let done = std::process::Command::new("cp").arg("-r").arg(server.path("data")).arg(&copy).status();
    assert!(done.expect("cp runs").success());
    copy
}

fn flip(path: &Path, offset: u64) {
    let file = fs::OpenOptions::new().read(true).write(true).open(path).expect("opened");
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).expect("read");
    file.write_all_at(&[byte[0] ^ 0xff], offset).expect("written");
}

#[test]
fn damage_is_told_with_its_place() {
    let home = Home::new();
    let data = stopped(&home);
    let (database, log) =
        (data.join("member/snap/db"), data.join("member/wal/0000000000000000-0000000000000000.wal"));
    inspect(&home, &[text(&data)]).exits(0);

    flip(&log, 2000);
    let broken = inspect(&home, &[text(&data)]).exits(2).json();
    let damage = &broken["damage"][0];
    assert!(damage["file"].as_str().is_some_and(|file| file.ends_with(".wal")), "{damage}");
    assert!(damage["place"].as_str().is_some_and(|place| place.contains("offset")), "{damage}");
    inspect(&home, &[text(&data), "--log"]).exits(2).says(&["the log is damaged", "offset"]);
    flip(&log, 2000);

    let whole = fs::read(&database).expect("read");
    fs::write(&database, &whole[..whole.len() / 3000]).expect("cut");
    let cut = inspect(&home, &[text(&data)]).exits(2).json();
    assert_eq!(cut["database"], Value::Null);
    assert!(cut["log"]["last"]["index"].is_u64(), "the log is still read");
    fs::write(&database, b"").expect("emptied");
    inspect(&home, &[text(&data)]).exits(2);
    fs::remove_file(&database).expect("removed");
    let none = inspect(&home, &[text(&data)]).exits(2);
    assert!(none.stdout.contains("there is no database"), "{}", none.stdout);
    fs::write(&database, &whole).expect("put back");
    inspect(&home, &[text(&data)]).exits(0);

    // a pipe would wait for a writer for ever
    fs::remove_file(&database).expect("removed");
    rustix::fs::mknodat(rustix::fs::CWD, &database, rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .expect("a pipe");
    inspect(&home, &[text(&data)]).exits(3);
}

#[test]
fn other_things_are_named() {
    let home = Home::new();
    let file = |name: &str, bytes: &[u8]| {
        fs::write(home.path(name), bytes).expect("written");
        home.path(name)
    };
    let cases = [
        (file("empty", b""), "an empty file"),
        (file("consul.snap", b"\x1f\x8b\x08\0\0"), "Consul snapshot"),
        (file("notes", b"hello\n"), "a text file"),
        (home.path("nothing"), "no such file"),
    ];
    for (path, what) in cases {
        home.run(&["inspect", text(&path)]).exits(64).says(&[what]);
    }
    home.run(&["inspect", "a", "b"]).exits(64).says(&["--survivors"]);
    home.run(&["inspect", "a", "--log", "--type", "nonsense"]).exits(64).says(&["conf-change"]);
    home.run(&["inspect", "a", "--from", "3"]).exits(64).says(&["--log"]);
}

#[test]
fn links_are_followed_and_told() {
    let home = Home::new();
    let data = stopped(&home);
    fs::rename(data.join("member/wal"), home.path("elsewhere")).expect("moved");
    std::os::unix::fs::symlink(home.path("elsewhere"), data.join("member/wal")).expect("a link");
    let facts = inspect(&home, &[text(&data)]).exits(0).json();
    assert!(facts["links"][0].as_str().is_some_and(|link| link.ends_with("elsewhere")), "{}", facts["links"]);
}

/// Somebody else than the owner: a folder of mode 0700, and one file in it.
#[test]
fn without_permission_nothing_is_decided() {
    let home = Home::new();
    let data = stopped(&home);
    let open =
        tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().expect("a folder");
    let copied = open.path().join("data");
    let done = std::process::Command::new("cp").arg("-r").arg(&data).arg(&copied).status();
    assert!(done.expect("cp runs").success());
    let program = open.path().join("quorate");
    fs::copy(env!("CARGO_BIN_EXE_quorate"), &program).expect("copied");
    let as_nobody = || {
        let mut command = std::process::Command::new(&program);
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        let output = command.arg("inspect").arg(&copied).current_dir("/").output().expect("it runs");
        Ran::new("inspect as nobody".to_owned(), &output)
    };
    let modes = |member: u32, database: u32| {
        let set = |path: &str, mode| {
            fs::set_permissions(copied.join(path), fs::Permissions::from_mode(mode)).expect("set")
        };
        set("member/snap/db", database);
        for path in ["member/snap", "member/wal", "", "member"] {
            set(path, if path == "member" { member } else { 0o755 });
        }
    };
    modes(0, 0o644);
    as_nobody().exits(3).says(&["Permission denied", "root"]);
    modes(0o755, 0);
    let ran = as_nobody().exits(3).says(&["root"]);
    assert!(ran.stdout.contains("UNDECIDED") && ran.stdout.contains("Permission denied"), "{}", ran.stdout);
    modes(0o755, 0o644);
}
