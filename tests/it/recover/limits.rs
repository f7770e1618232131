//! A stream that goes silent, and disks that are full: at the snapshot, at the restore, at the journal.

use super::oracle::{data_dir, runtime, signal};
use super::scene::{Line, Running, SmallDisk, config_with, lose_two, stuck, with};
use crate::cluster::{Cluster, Ran, alive, pids, wait};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A stuck cluster whose survivor's database has 16 MB, and a config file that reaches it over a line.
fn over_a_line() -> (Cluster, Line, String) {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    runtime().block_on(async {
        let mut client = cluster.client().await;
        for key in 0..32 {
            client.put(format!("w{key}"), vec![b'v'; 512 << 10], None).await.expect("acknowledged");
        }
    });
    lose_two(&cluster);
    let line = Line::to(cluster.endpoints()[0]);
    let config = config_with(&cluster, "line.toml", &[(cluster.endpoints()[0], &line.url)]);
    (cluster, line, config)
}

/// Files of the evidence of the one run.
fn evidence(state: &Path) -> Vec<String> {
    let runs = std::fs::read_dir(state.join("quorate/recover")).expect("runs").flatten();
    let dirs: Vec<PathBuf> = runs.map(|run| run.path().join("evidence")).filter(|dir| dir.is_dir()).collect();
    let files = dirs.iter().flat_map(|dir| std::fs::read_dir(dir).expect("readable").flatten());
    files.map(|file| file.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_snapshot_that_goes_silent_is_given_up() {
    let (cluster, line, config) = over_a_line();
    with(&cluster, &config, &["recover", "run", "--yes", "--idle", "2s"]).exits(75).says(&[
        "nothing came for 2.0 s",
        "recover resume",
        "recover rollback",
    ]);
    assert!(line.is_stalled());
    assert_eq!(evidence(&cluster.home.path("state")), Vec::<String>::new(), "what is not whole has no name");
    line.goes_on();
    with(&cluster, &config, &["recover", "resume", "--yes"]).exits(0);
    cluster.settles("healthy");
}

#[test]
fn a_disk_that_is_full_at_the_snapshot_or_for_the_journal_stops_the_run_and_no_more() {
    let (cluster, line, config) = over_a_line();
    let Some(small) = SmallDisk::mount(&cluster.home.path("small"), "80m") else { return };
    let quorate = |args: &[&str]| {
        let mut command = cluster.home.quorate();
        command.env("XDG_STATE_HOME", &small.path).args(args).args(["--config", &config]);
        command
    };
    let run = |args: &[&str]| Ran::new(args.join(" "), &quorate(args).output().expect("quorate starts"));
    let begun = Running::of(&cluster, quorate(&["recover", "run", "--yes"]));
    wait("the snapshot is on its way", || line.is_stalled());
    small.fill();
    line.goes_on();
    let (code, text) = begun.ends();
    assert!(code == 75 && text.to_lowercase().contains("no space left"), "{code}: {text}");
    assert!(text.contains("recover resume"), "{text}");
    assert_eq!(evidence(&small.path), Vec::<String>::new(), "what is not whole has no name");
    // Each attempt is a line of the journal, until that is full too.
    wait("the journal is full", || {
        small.fill();
        let ran = run(&["recover", "resume", "--yes"]).exits(75);
        ran.stderr.contains("without a record of it nothing more is done") && ran.stderr.contains("make room")
    });
    assert!(alive(pids(&cluster.lab)[0]), "the server was left alone");
    small.make_room();
    run(&["recover", "resume", "--yes"]).exits(0);
    cluster.settles("healthy");
}

/// The disk is full only once the tool writes: what is free was enough before.
#[test]
fn a_disk_that_is_full_at_the_restore_stops_the_run_and_what_is_left_is_named_at_the_end() {
    let cluster = stuck("3.6.16", &[]);
    signal(&cluster, "-KILL", &[0]);
    wait("it is dead", || !alive(pids(&cluster.lab)[0]));
    let data = data_dir(&cluster, 0);
    let place = data.parent().expect("a parent");
    let kept = cluster.home.path("kept");
    std::fs::rename(place, &kept).expect("moved");
    let Some(small) = SmallDisk::mount(place, "400m") else { return };
    assert!(Command::new("cp").args(["-a", "-T"]).args([&kept, place]).status().expect("cp runs").success());

    // The tool beside the program fills the disk, once.
    let real = Path::new(cluster.program());
    let bin = cluster.home.path("bin");
    std::fs::create_dir(&bin).expect("a directory");
    std::os::unix::fs::symlink(real, bin.join("etcd")).expect("a link");
    let filler = small.path.join("filler");
    let tool = format!(
        "#!/bin/sh\nif [ \"$1 $2\" = 'snapshot restore' ] && [ ! -e {0} ]; then\n  touch {0}\n  \
         dd if=/dev/zero of={1} bs=64k status=none\nfi\nexec {2} \"$@\"\n",
        cluster.home.path("filled").display(),
        filler.display(),
        real.with_file_name("etcdutl").display()
    );
    let path = cluster.home.file("bin/etcdutl", &tool);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("executable");
    let program = bin.join("etcd").display().to_string();
    let config = config_with(&cluster, "small.toml", &[(&real.display().to_string(), &program)]);

    let run = ["recover", "run", "--yes"];
    with(&cluster, &config, &run).exits(75).says(&[
        "-restore-n1 failed",
        "no space left on device",
        "recover resume",
        "recover rollback",
    ]);
    assert!(data.join("member/snap/db").exists(), "the old data is where it was");
    std::fs::remove_file(&filler).expect("there is room again");
    let done = with(&cluster, &config, &["recover", "resume", "--yes"]).exits(0);
    let part = std::fs::read_dir(place).expect("readable").flatten().map(|entry| entry.path());
    let parts: Vec<PathBuf> = part.filter(|path| path.to_string_lossy().contains(".part-")).collect();
    assert_eq!(parts.len(), 1, "what the tool had begun is kept");
    let line = format!("rm -r {}", parts[0].display());
    assert!(done.stdout.contains(&line), "{line}: {}", done.stdout);
    let aside = format!("rm -r {}.quorate-", data.display());
    assert!(done.stdout.contains(&aside), "{aside}: {}", done.stdout);
    let report = cluster.run(&["recover", "status", "-o", "markdown"]).exits(0).stdout;
    for words in
        [&*line, "**Recovered, ", "## What went wrong on the way", "restore-n1 failed: ", "run (--yes)"]
    {
        assert!(report.contains(words), "{words}: {report}");
    }
    let journal = std::fs::read_dir(cluster.home.path("state/quorate/recover")).expect("runs").flatten();
    let journal = journal.map(|run| run.path().join("journal.jsonl")).find(|path| path.is_file());
    let journal = std::fs::read_to_string(journal.expect("a journal")).expect("readable");
    let schema = cluster.home.run(&["schema", "recover-journal"]).exits(0).stdout;
    for line in journal.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a record");
        let kind = format!("\"const\": {}", line["record"]["kind"]);
        assert!(schema.contains(&kind), "{kind} is not in the schema");
    }
    cluster.settles("healthy");
}
