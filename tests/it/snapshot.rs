//! `quorate snapshot` and `check --snapshot` on real clusters of every version.

use crate::cluster::VERSIONS;
use crate::cluster::{Cluster, Home, Ran, pids};
use etcd_client::{Certificate, Client, ConnectOptions, DeleteOptions, Identity, TlsOptions};
use serde_json::Value;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

/// A client of the cluster, with its certificate where it has TLS.
async fn client(cluster: &Cluster) -> Client {
    quorate::transport::tls::install_provider();
    let tls = &cluster.lab["tls"];
    let read = |name: &str| std::fs::read(tls[name].as_str().expect("a path")).expect("a file");
    let options = tls.is_object().then(|| {
        let identity = Identity::from_pem(read("cert"), read("key"));
        let options = TlsOptions::new().ca_certificate(Certificate::from_pem(read("ca"))).identity(identity);
        ConnectOptions::new().with_tls(options)
    });
    Client::connect(&cluster.endpoints()[..1], options).await.expect("connects")
}

/// Puts, overwrites, deletions, a compaction, a lease, Kubernetes secrets in plaintext and encrypted.
fn load(cluster: &Cluster) {
    block_on(async {
        let mut client = client(cluster).await;
        for n in 0..60 {
            let key = format!("/registry/pods/ns{}/{}", n % 3, n % 40);
            client.put(key, format!("k8s\0{}", "v".repeat(n * 17)), None).await.expect("puts");
        }
        client.put("/registry/secrets/ns/old", "k8s\0plain", None).await.expect("puts");
        let revision = client.delete("/registry/pods/ns1/1", None).await.expect("deletes");
        client.compact(revision.header().expect("a header").revision(), None).await.expect("compacts");
        client.put("/registry/secrets/ns/old", "k8s:enc:aescbc:v1:key1:xx", None).await.expect("puts");
        client.put("/registry/secrets/ns/new", "k8s:enc:aescbc:v1:key1:yy", None).await.expect("puts");
        client.put("\u{1b}[31mred", "x", None).await.expect("puts");
        let lease = client.lease_grant(3600, None).await.expect("a lease").id();
        let options = etcd_client::PutOptions::new().with_lease(lease);
        client.put("leased", "x", Some(options)).await.expect("puts");
    });
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn save(cluster: &Cluster, to: &Path, more: &[&str]) -> Ran {
    cluster.run(&[&["snapshot", "save", "-o", "json", "--to", text(to)], more].concat())
}

fn verify(home: &Home, file: &Path) -> Ran {
    home.run(&["snapshot", "verify", text(file), "-o", "json"])
}

/// `snapshot status` of the version's own tool.
fn status_of(version: &str, file: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/servers");
    let listed = Command::new(script).args(["--list", &format!("etcd@{version}")]).output().expect("it runs");
    let line = String::from_utf8_lossy(&listed.stdout).into_owned();
    let programs = PathBuf::from(line.split('\t').nth(2).unwrap_or("-").trim());
    let tool = ["etcdutl", "etcdctl"].map(|name| programs.join(name)).into_iter().find(|tool| tool.exists());
    let mut command = Command::new(tool.expect("a tool of that version"));
    let output = command.args(["snapshot", "status", text(file), "-w", "json"]).output().expect("it runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a directory").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn folder(home: &Home, name: &str) -> PathBuf {
    let path = home.path(name);
    std::fs::create_dir(&path).expect("a directory");
    path
}

#[test]
fn saved_verified_and_compared_on_every_version() {
    for version in VERSIONS {
        let cluster = Cluster::etcd(version, 3);
        cluster.settles("healthy");
        load(&cluster);
        let dir = folder(&cluster.home, "backups");
        let saved = save(&cluster, &dir, &[]).exits(0).json();
        let (path, manifest) = (&saved["snapshots"][0]["path"], &saved["snapshots"][0]["manifest"]);
        let path = PathBuf::from(path.as_str().expect("a path"));
        assert_eq!(names(&dir).len(), 2, "{version}: the snapshot and its manifest, nothing else");
        assert_eq!(
            (&manifest["role"], &manifest["behind_entries"]),
            (&"follower".into(), &0.into()),
            "{version}"
        );
        assert_eq!(manifest["server_version"], version);
        assert_eq!(manifest["others"].as_array().map(Vec::len), Some(2), "{version}");

        let facts = verify(&cluster.home, &path).exits(0).json();
        let status = status_of(version, &path);
        let total = if version < "3.6" { "records" } else { "keys" };
        assert_eq!(facts["status_hash"], status["hash"], "{version}");
        assert_eq!(facts["last_row_revision"], status["revision"], "{version}");
        assert_eq!(facts[total], status["totalKey"], "{version}");
        assert_eq!((&facts["sha256"], &facts["manifest"]["matches"]), (&manifest["sha256"], &true.into()));
        assert_eq!(facts["digest"]["state"], "matches");
        assert_eq!(facts["kubernetes"]["secrets"]["encrypted"]["aescbc:v1:key1"], 2, "{version}");
        assert_eq!(facts["kubernetes"]["secrets"]["plaintext"], 1, "{version}: an old revision");
        assert_eq!(
            (&facts["leftovers"]["leases"], facts["members"].as_array().map(Vec::len)),
            (&1.into(), Some(3))
        );

        // the running cluster still has what the file has, also after it went on
        let compare = |file: &Path| cluster.run(&["snapshot", "diff", text(file), "-o", "json"]);
        assert_eq!(compare(&path).exits(0).json()["members"][0]["equal"], true, "{version}");
        block_on(async {
            let mut client = client(&cluster).await;
            client.put("later", "x", None).await.expect("puts");
            let all = DeleteOptions::new().with_prefix();
            client.delete("/registry/pods/ns2/", Some(all)).await.expect("deletes");
        });
        compare(&path).exits(0);
        let later = cluster.home.path("later.db");
        save(&cluster, &later, &["--from", "n1"]).exits(0);
        let diff =
            cluster.home.run(&["snapshot", "diff", text(&path), text(&later), "-o", "json"]).exits(1).json();
        assert_eq!(
            (&diff["keys"]["only_in_b"], &diff["keys"]["changed"]),
            (&1.into(), &0.into()),
            "{version}"
        );
        let gone = diff["keys"]["prefixes"]["/registry/pods/"]["only_in_a"].as_u64();
        assert_eq!(gone, diff["keys"]["only_in_a"].as_u64(), "{version}");
        cluster.home.run(&["snapshot", "diff", text(&later), text(&later)]).exits(0);

        // once the cluster has compacted that revision, it cannot tell any more
        block_on(async {
            let mut client = client(&cluster).await;
            let now =
                client.put("later", "y", None).await.expect("puts").header().expect("a header").revision();
            client.compact(now, None).await.expect("compacts");
        });
        let told = compare(&path).exits(3);
        assert!(
            told.json()["members"][0]["detail"].as_str().expect("words").contains("compacted"),
            "{version}"
        );
    }
}

#[test]
fn the_survivor_of_a_stuck_cluster_gives_it_too() {
    for version in VERSIONS {
        let cluster = Cluster::etcd(version, 3);
        cluster.settles("healthy");
        load(&cluster);
        cluster.lab("kill", &["n2", "n3"]);
        cluster.settles("lost");
        let file = cluster.home.path("survivor.db");
        let manifest = save(&cluster, &file, &[]).exits(0).json()["snapshots"][0]["manifest"].clone();
        assert_eq!((&manifest["quorum"], &manifest["member"]), (&"lost".into(), &"n1".into()), "{version}");
        verify(&cluster.home, &file).exits(0);
    }
}

#[test]
fn every_member_once() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    let dir = folder(&cluster.home, "all");
    let saved = save(&cluster, &dir, &["--all-members"]).exits(0).json();
    let members: Vec<&str> = saved["snapshots"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|saved| saved["manifest"]["member"].as_str().expect("a name"))
        .collect();
    let mut sorted = members.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["n1", "n2", "n3"]);
    save(&cluster, &cluster.home.path("one.db"), &["--all-members"]).exits(64);
    save(&cluster, &cluster.home.path("one.db"), &["--from", "n9"]).exits(64).says(&["n1, n2, n3"]);
}

/// The lab's client certificate has CN=quorate: with a user of that name and the root role it stands for CN=root.
#[test]
fn without_a_quorum_a_certificate_logs_in_and_a_password_does_not() {
    for version in VERSIONS {
        let cluster = Cluster::etcd_with(version, 3, &["--tls"]);
        cluster.settles("healthy");
        block_on(async {
            let mut client = client(&cluster).await;
            for user in ["root", "quorate"] {
                client.user_add(user, "secret", None).await.expect("a user");
                client.user_grant_role(user, "root").await.expect("a role");
            }
            client.auth_enable().await.expect("auth is on");
        });
        let file = |name: &str| cluster.home.path(name);
        save(&cluster, &file("healthy.db"), &[]).exits(0);
        cluster.lab("kill", &["n2", "n3"]);
        let survived = save(&cluster, &file("survivor.db"), &[]).exits(0).json();
        assert_eq!(survived["snapshots"][0]["manifest"]["quorum"], "lost", "{version}");
        let facts = verify(&cluster.home, &file("survivor.db")).exits(0).json();
        assert_eq!(facts["leftovers"]["auth_enabled"], true, "{version}");

        // the same certificate, but as somebody who is no user
        let other = other_certificate(&cluster);
        let password = cluster.home.file("password", "secret\n");
        let login = ["--user", "root", "--password-file", text(&password), "--timeout", "2s"];
        let as_other = ["--cert", text(&other.0), "--key", text(&other.1)];
        save(&cluster, &file("no.db"), &[&login[..], &as_other].concat()).exits(2).says(&[
            "without a quorum no password can log in",
            "CN=root",
            "member/snap/db",
        ]);
        assert!(!file("no.db").exists(), "{version}");
    }
}

/// A member's own certificate: signed by the CA, but its CN is no user.
fn other_certificate(cluster: &Cluster) -> (PathBuf, PathBuf) {
    let beside = Path::new(cluster.lab["tls"]["cert"].as_str().expect("a path"))
        .parent()
        .expect("a folder")
        .to_owned();
    let key = names(&beside)
        .into_iter()
        .find(|name| name.starts_with("n1") && name.contains("key"))
        .expect("a key");
    let cert = names(&beside).into_iter().find(|name| name.starts_with("n1") && !name.contains("key"));
    (beside.join(cert.expect("a certificate")), beside.join(key))
}

#[test]
fn what_is_damaged_is_told_and_what_is_foreign_is_named() {
    let cluster = Cluster::etcd("3.6.16", 1);
    load(&cluster);
    let home = &cluster.home;
    let sound = home.path("sound.db");
    save(&cluster, &sound, &[]).exits(0);
    let bytes = std::fs::read(&sound).expect("readable");
    let file = home.path("changed.db");
    let verdict = |bytes: &[u8], code: i32| {
        std::fs::write(&file, bytes).expect("written");
        verify(home, &file).exits(code)
    };
    for cut in (1..bytes.len()).step_by(4096).chain([bytes.len() - 31, bytes.len() - 1, bytes.len() - 33]) {
        verdict(&bytes[..cut], 2);
    }
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        let told = verdict(&flipped, 2).json();
        assert!(told["damages"].as_array().is_some_and(|damages| !damages.is_empty()), "at {at}");
    }
    let appended = [bytes.clone(), vec![b'x'; 100]].concat();
    let told = verdict(&appended, 2).json();
    assert!(told["damages"].to_string().contains("appended"), "{told}");
    // without a digest: a copied database, sound as far as can be seen
    let told = verdict(&bytes[..bytes.len() - 32], 0).json();
    assert_eq!(told["digest"]["state"], "absent");

    std::fs::write(&file, [b"meta.json".to_vec(), vec![0; 248], b"ustar".to_vec(), vec![0; 250]].concat())
        .expect("written");
    verify(home, &file).exits(64).says(&["Consul"]);
    std::fs::write(&file, b"").expect("written");
    verify(home, &file).exits(64).says(&["empty"]);
    verify(home, &home.path("none.db")).exits(64).says(&["no such file"]);
    home.run(&["check", "--snapshot", text(&file)]).exits(64);

    // another file under the name of a saved one
    std::fs::write(&sound, &bytes[..bytes.len() - 32]).expect("written");
    verify(home, &sound).exits(2);
    let listed = home
        .run(&["snapshot", "list", text(sound.parent().expect("a folder")), "-o", "json"])
        .exits(0)
        .json();
    let entry =
        listed["snapshots"].as_array().expect("a list").iter().find(|s| s["file"] == "sound.db").cloned();
    assert_eq!(entry.expect("listed")["verified"], false);

    // the database of a running server: whole, or told to be moving, but never a crash
    let data = PathBuf::from(cluster.lab["dir"].as_str().expect("a directory"));
    let live = find_db(&data).expect("a database");
    let told = verify(home, &live);
    assert!([0, 2].contains(&told.code), "{}", told.stderr);
    let member = live.parent().and_then(Path::parent).expect("a folder");
    verify(home, member).exits(64).says(&["data directory"]);
}

fn find_db(dir: &Path) -> Option<PathBuf> {
    std::fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path()).find_map(|path| match path.is_dir() {
        true => find_db(&path),
        false => Some(path).filter(|path| path.ends_with("member/snap/db")),
    })
}

#[test]
fn what_is_there_stays() {
    let cluster = Cluster::etcd("3.6.16", 1);
    let dir = folder(&cluster.home, "out");
    let file = dir.join("a.db");
    std::fs::write(&file, b"precious").expect("written");
    save(&cluster, &file, &[]).exits(4).says(&["is there already", "--force"]);
    assert_eq!(std::fs::read(&file).expect("there"), b"precious");
    let saved = save(&cluster, &file, &["--force"]).exits(0).json();
    let aside = saved["snapshots"][0]["set_aside"].as_str().expect("set aside").to_owned();
    assert_eq!(std::fs::read(aside).expect("there"), b"precious");
    // once more: the old one and its manifest keep each other
    let saved = save(&cluster, &file, &["--force"]).exits(0).json();
    let aside = PathBuf::from(saved["snapshots"][0]["set_aside"].as_str().expect("set aside"));
    assert_eq!(verify(&cluster.home, &aside).exits(0).json()["manifest"]["matches"], true);

    let link = dir.join("link.db");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    for force in [&[][..], &["--force"]] {
        save(&cluster, &link, force).exits(4).says(&["symbolic link"]);
    }
    save(&cluster, &dir.join("none/a.db"), &[]).exits(64).says(&["no directory"]);
    assert!(names(&dir).iter().all(|name| !name.contains(".part")), "{:?}", names(&dir));
}

#[test]
fn a_full_disk_leaves_nothing() {
    let cluster = Cluster::etcd("3.6.16", 1);
    let small = folder(&cluster.home, "small");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8k", "tmpfs"]).arg(&small).status();
    if !mounted.is_ok_and(|status| status.success()) {
        // only root can make a small disk
        return;
    }
    let ran = save(&cluster, &small.join("a.db"), &[]);
    let left = names(&small);
    let unmounted = Command::new("umount").arg(&small).status().expect("it runs");
    ran.exits(2).says(&["no space left"]);
    assert!(unmounted.success() && left.is_empty(), "{left:?}");
}

/// kill -9 at each call that could leave something: the name is there whole, or not at all, and the next run sweeps.
#[test]
fn killed_at_any_call_nothing_has_the_name() {
    let cluster = Cluster::etcd("3.6.16", 1);
    load(&cluster);
    let dir = folder(&cluster.home, "killed");
    let mut kills = 0;
    for call in ["openat", "flock", "write", "fsync", "renameat2", "unlink"] {
        for nth in 1.. {
            let file = dir.join(format!("{call}-{nth}.db"));
            let mut command = Command::new("strace");
            // strace counts the calls of each thread
            command.args(["-f", "-qq", "-o", "/dev/null", "-e"]).arg(format!("trace={call}"));
            command.arg("-e").arg(format!("inject={call}:signal=KILL:when={nth}"));
            // cargo's, which would have the loader look in a hundred places
            command.env_remove("LD_LIBRARY_PATH");
            let quorate = cluster.home.quorate();
            command.arg(quorate.get_program()).env("XDG_STATE_HOME", cluster.home.path("state"));
            command.args(["snapshot", "save", "--config", cluster.config(), "--to", text(&file)]);
            let ended = command.output().expect("strace is there");
            let finished = ended.status.code() == Some(0);
            let killed = !finished;
            kills += u32::from(killed);
            if file.exists() {
                verify(&cluster.home, &file).exits(0);
            }
            assert!(file.exists() || killed, "{call} {nth}");
            assert!(nth < 100, "{call} never comes to its end: {ended:?}");
            if finished {
                break;
            }
        }
    }
    assert!(kills > 30, "{kills} kills");
    save(&cluster, &dir.join("last.db"), &[]).exits(0);
    assert!(names(&dir).iter().all(|name| !name.ends_with(".part")), "{:?}", names(&dir));
}

#[test]
fn a_stream_that_stops_is_given_up_and_ctrl_c_leaves_nothing() {
    let cluster = Cluster::etcd("3.6.16", 1);
    block_on(async {
        let mut client = client(&cluster).await;
        for n in 0..30 {
            client.put(format!("k{n}"), vec![n as u8; 1 << 20], None).await.expect("puts");
        }
    });
    let dir = folder(&cluster.home, "out");
    let file = dir.join("a.db");
    let start = || {
        let mut command = cluster.home.quorate();
        let args = ["snapshot", "save", "--config", cluster.config(), "--to", text(&file), "--idle", "1s"];
        command.args(args).stderr(std::process::Stdio::piped()).spawn().expect("it starts")
    };
    let paused_while = |act: &dyn Fn(u32)| {
        let child = start();
        // as soon as something is written, the member stops
        let begun = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(2));
            !names(&dir).is_empty()
        });
        let pid = pids(&cluster.lab)[0].to_string();
        Command::new("kill").args(["-STOP", &pid]).status().expect("it runs");
        act(child.id());
        let output = child.wait_with_output().expect("it ends");
        Command::new("kill").args(["-CONT", &pid]).status().expect("it runs");
        assert!(begun);
        output
    };
    let output = paused_while(&|_| {});
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(0) {
        assert!(told.contains("nothing came for"), "{told}");
        assert!(names(&dir).is_empty(), "{:?}", names(&dir));
    } else {
        std::fs::remove_file(&file).expect("it was faster than the signal");
        std::fs::remove_file(dir.join("a.db.json")).expect("it was faster than the signal");
    }
    let output = paused_while(&|child| {
        Command::new("kill").args(["-TERM", &child.to_string()]).status().expect("it runs");
    });
    if output.status.code() != Some(0) {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("interrupted"), "{told}");
        assert!(names(&dir).is_empty(), "{:?}", names(&dir));
    }
}

#[test]
fn pruning_deletes_only_what_it_may() {
    let cluster = Cluster::etcd("3.6.16", 1);
    let dir = folder(&cluster.home, "shelf");
    for n in 0..4 {
        block_on(async { client(&cluster).await.put("k", n.to_string(), None).await.expect("puts") });
        save(&cluster, &dir.join(format!("s{n}.db")), &[]).exits(0);
    }
    std::fs::write(dir.join("foreign.db"), b"x").expect("written");
    let prune =
        |more: &[&str]| cluster.home.run(&[&["snapshot", "prune", text(&dir), "-o", "json"], more].concat());
    let fates = |report: &Value, fate: &str| -> Vec<String> {
        let all = report["snapshots"].as_array().expect("a list").iter().filter(|s| s["fate"] == fate);
        all.map(|s| s["file"].as_str().expect("a name").to_owned()).collect()
    };
    prune(&[]).exits(64);
    prune(&["--keep", "0"]).exits(64);
    let before = names(&dir);
    let plan = prune(&["--keep", "2"]).exits(0).json();
    assert_eq!(
        (fates(&plan, "delete"), &plan["dry_run"]),
        (vec!["s1.db".into(), "s0.db".into()], &true.into())
    );
    assert_eq!(names(&dir), before);

    // the newest is no longer what was saved: the newest intact one is protected
    let newest = dir.join("s3.db");
    let mut bytes = std::fs::read(&newest).expect("there");
    bytes[9000] ^= 1;
    std::fs::write(&newest, bytes).expect("written");
    let done = prune(&["--keep", "1", "--yes"]).exits(0).json();
    assert_eq!(fates(&done, "deleted"), ["s1.db", "s0.db"]);
    assert_eq!(names(&dir), ["foreign.db", "s2.db", "s2.db.json", "s3.db", "s3.db.json"]);
    std::fs::remove_file(dir.join("s3.db")).expect("removed");
    let done = prune(&["--keep", "1", "--yes"]).exits(0).json();
    assert_eq!(fates(&done, "deleted"), ["s3.db.json"]);
}

#[test]
fn a_file_answers_the_checks_it_can() {
    let cluster = Cluster::etcd("3.5.35", 1);
    load(&cluster);
    let file = cluster.home.path("a.db");
    save(&cluster, &file, &[]).exits(0);
    let check = |more: &[&str]| {
        cluster.home.run(&[&["check", "--snapshot", text(&file), "-o", "json"], more].concat())
    };
    let report = check(&[]).exits(0).json();
    let findings = report["clusters"][0]["findings"].as_array().expect("findings").clone();
    let status = |slug: &str| findings.iter().find(|f| f["check"] == slug).map(|f| f["status"].clone());
    assert_eq!(status("encryption-at-rest"), Some("fail".into()));
    assert_eq!(status("membership-drift"), Some("pass".into()));
    assert_eq!(status("alarms"), Some("pass".into()));
    assert_eq!(status("quorum-lost"), None);
    check(&["--fail-on", "warning"]).exits(1);
    check(&["--only", "alarms", "--fail-on", "warning"]).exits(0);
    cluster.home.run(&["check", "--snapshot", text(&file)]).exits(0);
}
