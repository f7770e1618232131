//! Actions as calls of the library.

use super::looks::{asked, parked, text};
use super::words::{call, number, word};
use crate::host::service::Standing;
use crate::host::typed;
use crate::recover::commands::restore_argv;
use crate::recover::plan::{Action, EtcdAction, Joiner, Manager, Ownership, Restore, ServiceSpec};

/// The lines that do it on this host.
pub(super) fn of(action: &Action, host: &str) -> Vec<String> {
    match action {
        Action::MakeDir { path, mode, .. } => vec![call("make_dir", &[&text(path), &octal(*mode)])],
        Action::Rename { from, to, .. } => vec![call("rename", &[&text(from), &text(to)])],
        Action::CopyTree { from, to, .. } => vec![call("copy_tree", &[&text(from), &text(to)])],
        // `scripts` refuses a plan that has one.
        Action::FetchTree { .. } => {
            vec![call("stop", &["2", "its files are read on the machine of quorate"])]
        }
        Action::WriteFile { path, text: content, mode, .. } => {
            vec![call("write_file", &[&text(path), &octal(*mode), content])]
        }
        // What quorate has on its own machine is made on this one.
        Action::SendFile { from, to, mode, .. } => {
            vec![call("copy_file", &[&text(from), &text(to), &octal(*mode)])]
        }
        Action::Run { argv, timeout_s, .. } => vec![format!("timeout {timeout_s} {}", typed(argv))],
        Action::StopService { service, record, .. } => {
            let mut lines = vec![stop(service), asked("until_stopped", service)];
            if let Some(record) = record {
                let said = serde_json::json!({ "host": host, "stopped": true, "by": "script" }).to_string();
                lines.push(format!("mkdir -p -- {}", word(&text(record.parent().unwrap_or(record)))));
                lines.push(call("write_file", &[&text(record), "600", &said]));
            }
            lines
        }
        Action::StartService { service, .. } => vec![start(service)],
        Action::ReleaseService { service, .. } => vec![release(service)],
        Action::Etcd(action) => vec![etcd(action)],
    }
}

fn release(service: &ServiceSpec) -> String {
    match (&service.manager, &service.standing) {
        (Manager::Systemd(unit), Standing::Unit(word)) => call("release_service", &["systemd", unit, word]),
        (Manager::StaticPod(manifest), _) => {
            call("release_service", &["pod", &text(manifest), &parked(manifest)])
        }
        _ => ":".to_owned(),
    }
}

fn stop(service: &ServiceSpec) -> String {
    match &service.manager {
        Manager::Systemd(unit) => call("stop_service", &["systemd", unit, ""]),
        Manager::StaticPod(manifest) => call("stop_service", &["pod", &text(manifest), &parked(manifest)]),
        Manager::Commands { stop, .. } => call("stop_service", &["commands", stop, ""]),
    }
}

fn start(service: &ServiceSpec) -> String {
    match &service.manager {
        Manager::Systemd(unit) => {
            let before = match &service.standing {
                Standing::Unit(word) => word.as_str(),
                Standing::Manifest { .. } | Standing::Commands => "",
            };
            call("start_service", &["systemd", unit, before])
        }
        Manager::StaticPod(manifest) => call("start_service", &["pod", &text(manifest), &parked(manifest)]),
        Manager::Commands { start, .. } => call("start_service", &["commands", start, ""]),
    }
}

fn etcd(action: &EtcdAction) -> String {
    match action {
        EtcdAction::SaveSnapshot { endpoint, cluster_id, to, min_revision } => {
            let lowest = min_revision.to_string();
            call("save_snapshot", &[endpoint, &number(cluster_id), &text(to), &lowest])
        }
        // `scripts` refuses a plan that has one.
        EtcdAction::DecideLog(_) | EtcdAction::Replay(_) | EtcdAction::SealDatabase { .. } => {
            call("stop", &["2", "no shell can write a log"])
        }
        EtcdAction::Restore(restore) => self::restore(restore),
        EtcdAction::VerifyDirectory { dir, snapshot, record, .. } => {
            call("verify_directory", &[&text(dir), &text(snapshot), &text(record)])
        }
        EtcdAction::VerifyWrites { endpoint, cluster_id, key, record } => {
            call("verify_writes", &[endpoint, &number(cluster_id), key, &text(record)])
        }
        EtcdAction::MakeRoom { endpoint, cluster_id, record } => {
            call("make_room", &[endpoint, &number(cluster_id), &text(record)])
        }
        EtcdAction::DisarmLeftovers { endpoint, cluster_id } => {
            call("disarm_leftovers", &[endpoint, &number(cluster_id)])
        }
        EtcdAction::AddLearner { through, cluster_id, name, peer_url } => {
            call("add_learner", &[through, &number(cluster_id), name, peer_url])
        }
        EtcdAction::SeedJoiner(joiner) => seed_joiner(joiner),
        EtcdAction::Promote { through, cluster_id, peer_url } => {
            call("promote", &[through, &number(cluster_id), peer_url])
        }
        EtcdAction::VerifyWhole { endpoints, record, .. } => {
            let record = text(record);
            let mut words = vec![record.as_str()];
            words.extend(endpoints.iter().map(String::as_str));
            call("verify_whole", &words)
        }
        EtcdAction::DeleteKey { endpoint, cluster_id, key } => {
            call("delete_key", &[endpoint, &number(cluster_id), key])
        }
    }
}

/// The directories are the library's: until they are verified they have another name.
fn restore(restore: &Restore) -> String {
    let argv = restore_argv(restore, &restore.dir, restore.wal_dir.as_deref());
    let argv = argv.iter().filter(|word| !word.starts_with("--data-dir=") && !word.starts_with("--wal-dir="));
    let wal = restore.wal_dir.as_ref().map(text).unwrap_or_default();
    let (owner, mode) = owned(restore.owner);
    let dir = text(&restore.dir);
    let mut words =
        vec![dir.as_str(), &wal, &owner, &mode, restore.member_id.as_str(), restore.cluster_id.as_str()];
    words.extend(argv.map(String::as_str));
    call("restore", &words)
}

fn seed_joiner(joiner: &Joiner) -> String {
    let wal = joiner.wal_dir.as_ref().map(text).unwrap_or_default();
    let (owner, mode) = owned(joiner.owner);
    let (through, id) = (joiner.through.as_str(), joiner.cluster_id.as_str());
    call(
        "seed_joiner",
        &[through, &number(id), id, &joiner.peer_url, &text(&joiner.dir), &wal, &owner, &mode],
    )
}

fn owned(owner: Option<Ownership>) -> (String, String) {
    owner.map_or_else(Default::default, |own| (format!("{}:{}", own.uid, own.gid), octal(own.mode)))
}

fn octal(mode: u32) -> String {
    format!("{mode:o}")
}
