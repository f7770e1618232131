//! What a person would type for an action: argument vectors, to be quoted by whoever shows them.

use super::plan::{Action, EtcdAction, Joiner, Manager, Replay, Restore, ServiceSpec};
use crate::host::service::{Standing, moved_out};
use std::path::Path;

/// The commands of an action, in order. Empty where no command does it; then the step's words say what to do.
pub fn of(action: &Action) -> Vec<Vec<String>> {
    match action {
        Action::MakeDir { path, mode, .. } => vec![words(["mkdir", "-m", &format!("{mode:o}"), &text(path)])],
        Action::Rename { from, to, .. } => vec![words(["mv", "-nT", &text(from), &text(to)])],
        Action::CopyTree { from, to, .. } => vec![words(["cp", "-a", &text(from), &text(to)])],
        Action::FetchTree { host, from, to } => {
            vec![words(["scp", "-pr", &format!("{host}:{}", text(from)), &text(to)])]
        }
        Action::WriteFile { path, text: content, .. } => {
            vec![words(["sh", "-c", "printf %s \"$1\" > \"$2\"", "sh", content, &text(path)])]
        }
        Action::SendFile { from, to, .. } => {
            vec![words(["scp", "-p", &text(from), &format!(":{}", text(to))])]
        }
        Action::Run { argv, .. } => vec![argv.clone()],
        Action::StopService { service, .. } => stop(service),
        Action::StartService { service, .. } => start(service),
        Action::ReleaseService { service, .. } => release(service),
        Action::Etcd(action) => of_etcd(action),
    }
}

/// The commands that let it start again, and do not start a unit.
fn release(service: &ServiceSpec) -> Vec<Vec<String>> {
    match (&service.manager, &service.standing) {
        (Manager::Systemd(unit), Standing::Unit(word)) => {
            let enable = (word == "enabled").then(|| words(["systemctl", "enable", unit]));
            [words(["systemctl", "unmask", unit])].into_iter().chain(enable).collect()
        }
        (Manager::StaticPod(_), _) => start(service),
        _ => Vec::new(),
    }
}

/// The commands that stop a service and keep it stopped.
pub fn stop(service: &ServiceSpec) -> Vec<Vec<String>> {
    match &service.manager {
        Manager::Systemd(unit) => {
            vec![words(["systemctl", "disable", "--now", unit]), words(["systemctl", "mask", unit])]
        }
        Manager::StaticPod(manifest) => {
            let parked = moved_out(manifest).unwrap_or_default();
            let dir = parked.parent().map_or_else(String::new, text);
            vec![words(["mkdir", "-p", &dir]), words(["mv", "-nT", &text(manifest), &text(&parked)])]
        }
        Manager::Commands { stop, .. } => vec![words(["sh", "-c", stop])],
    }
}

/// The commands that start it.
pub fn start(service: &ServiceSpec) -> Vec<Vec<String>> {
    match &service.manager {
        Manager::Systemd(unit) => {
            vec![words(["systemctl", "unmask", unit]), words(["systemctl", "enable", "--now", unit])]
        }
        Manager::StaticPod(manifest) => {
            let parked = moved_out(manifest).unwrap_or_default();
            vec![words(["mv", "-nT", &text(&parked), &text(manifest)])]
        }
        Manager::Commands { start, .. } => vec![words(["sh", "-c", start])],
    }
}

fn of_etcd(action: &EtcdAction) -> Vec<Vec<String>> {
    let ctl = |endpoint: &str, rest: &[&str]| {
        let mut argv = words(["etcdctl", &format!("--endpoints={endpoint}")]);
        argv.extend(rest.iter().map(|word| (*word).to_owned()));
        argv
    };
    match action {
        EtcdAction::SaveSnapshot { endpoint, to, .. } => {
            vec![ctl(endpoint, &["snapshot", "save", &text(to)])]
        }
        // Its checksums are chained: nothing that is on a host writes one.
        EtcdAction::DecideLog(_) => Vec::new(),
        EtcdAction::Replay(replay) => vec![replay_argv(replay, 0)],
        EtcdAction::SealDatabase { from, to, .. } => vec![words([
            "sh",
            "-c",
            "{ cat \"$1\"; sha256sum \"$1\" | cut -c-64 | xxd -r -p; } > \"$2\"",
            "sh",
            &text(from),
            &text(to),
        ])],
        EtcdAction::Restore(restore) => vec![restore_argv(restore, &restore.dir, restore.wal_dir.as_deref())],
        EtcdAction::VerifyDirectory { .. } => Vec::new(),
        EtcdAction::VerifyWrites { endpoint, key, .. } => vec![ctl(endpoint, &["put", key, "1"])],
        EtcdAction::MakeRoom { endpoint, .. } => {
            vec![ctl(endpoint, &["compact", "--physical", "REVISION"]), ctl(endpoint, &["defrag"])]
        }
        EtcdAction::DisarmLeftovers { endpoint, .. } => vec![ctl(endpoint, &["alarm", "disarm"])],
        EtcdAction::AddLearner { through, name, peer_url, .. } => {
            vec![ctl(through, &["member", "add", name, "--learner", &format!("--peer-urls={peer_url}")])]
        }
        EtcdAction::SeedJoiner(joiner) => vec![joiner_argv(joiner)],
        EtcdAction::Promote { through, .. } => {
            vec![ctl(through, &["member", "list"]), ctl(through, &["member", "promote", "ID"])]
        }
        EtcdAction::VerifyWhole { endpoints, .. } => {
            vec![ctl(&endpoints.join(","), &["endpoint", "hashkv"])]
        }
        EtcdAction::DeleteKey { endpoint, key, .. } => vec![ctl(endpoint, &["del", key])],
    }
}

/// The command that restores, into these directories.
pub fn restore_argv(restore: &Restore, dir: &Path, wal_dir: Option<&Path>) -> Vec<String> {
    let mut argv = vec![
        text(&restore.tool),
        "snapshot".into(),
        "restore".into(),
        text(&restore.snapshot),
        format!("--name={}", restore.name),
        format!("--initial-cluster={}={}", restore.name, restore.peer_url),
        format!("--initial-advertise-peer-urls={}", restore.peer_url),
        format!("--initial-cluster-token={}", restore.token),
        format!("--data-dir={}", dir.display()),
    ];
    argv.extend(wal_dir.map(|wal| format!("--wal-dir={}", wal.display())));
    if restore.bump > 0 {
        argv.extend([format!("--bump-revision={}", restore.bump), "--mark-compacted".into()]);
    }
    argv
}

/// The server on a copy, alone: it listens on sockets in its own directory, and tells on loopback what it has applied.
/// Nothing of the environment may tell it otherwise.
pub fn replay_argv(replay: &Replay, metrics_port: u16) -> Vec<String> {
    let (client, peer) = ("unix://client.sock:1", "unix://peer.sock:1");
    let mut argv = words(["env", "-i", &text(&replay.program)]);
    argv.extend([
        format!("--name={}", replay.name),
        format!("--data-dir={}", replay.dir.display()),
        format!("--wal-dir={}", replay.wal_dir.display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster={}={peer}", replay.name),
        format!("--listen-metrics-urls=http://127.0.0.1:{metrics_port}"),
        "--quota-backend-bytes=-1".to_owned(),
        // Without a quorum the server knows no clean end: what it applies has to be on disk at once.
        "--backend-batch-limit=1".to_owned(),
        "--snapshot-count=1".to_owned(),
    ]);
    argv
}

/// How the server joins when it is started by hand: what it is otherwise started with comes in place of the dots.
fn joiner_argv(joiner: &Joiner) -> Vec<String> {
    let mut argv = vec!["etcd".to_owned(), "...".to_owned(), format!("--name={}", joiner.name)];
    argv.push(format!("--data-dir={}", joiner.dir.display()));
    argv.extend(joiner.wal_dir.iter().map(|wal| format!("--wal-dir={}", wal.display())));
    argv.push(format!("--initial-advertise-peer-urls={}", joiner.peer_url));
    argv.push(format!("--initial-cluster={}", joiner.initial_cluster));
    argv.push("--initial-cluster-state=existing".to_owned());
    argv
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}
