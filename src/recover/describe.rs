//! Conditions in words, for plans, refusals and journals.

use super::plan::{Condition, EtcdCondition, Manager, OnlyOurWrites, ServiceSpec};
use crate::value::human_bytes;

/// What must be so, as a lower-case phrase. Paths and urls are raw: whoever shows it escapes it.
pub fn condition(condition: &Condition) -> String {
    match condition {
        Condition::PathExists { path, .. } => format!("{} exists", path.display()),
        Condition::PathAbsent { path, .. } => format!("nothing is at {}", path.display()),
        Condition::Hash { path, sha256, .. } => format!("{} has the SHA-256 {sha256}", path.display()),
        Condition::FreeSpace { path, bytes, .. } => {
            format!("{} are free on the file system of {}", human_bytes(*bytes), path.display())
        }
        Condition::SameFileSystem { a, b, .. } => {
            format!("{} and {} are on one file system", a.display(), b.display())
        }
        Condition::Unlocked { path, .. } => format!("no process has {} locked", path.display()),
        Condition::ServiceStopped { service, .. } => format!("{} is stopped", self::service(service)),
        Condition::ServiceRunning { service, .. } => format!("{} runs", self::service(service)),
        Condition::ServiceReleased { service, .. } => {
            format!("{} may start as it could before", self::service(service))
        }
        Condition::ProcessGone { pid, .. } => format!("process {pid} is gone"),
        Condition::PortSilent { address } => format!("nothing listens at {address}"),
        Condition::Etcd(condition) => etcd(condition),
    }
}

/// What a service is called.
pub fn service(service: &ServiceSpec) -> String {
    match &service.manager {
        Manager::Systemd(unit) => format!("the unit {unit}"),
        Manager::StaticPod(manifest) => format!("the pod of {}", manifest.display()),
        Manager::Commands { .. } => format!("the server of {}", service.trace.path.display()),
    }
}

fn etcd(condition: &EtcdCondition) -> String {
    match condition {
        EtcdCondition::Stuck { cluster_id, needed, endpoints } => format!(
            "cluster {cluster_id} has no leader and fewer than {needed} of {} members answer",
            endpoints.len()
        ),
        EtcdCondition::Silent { urls, cluster_id, .. } => {
            format!("no server of cluster {cluster_id} answers at {}", urls.join(", "))
        }
        EtcdCondition::Snapshot { path, min_revision } => {
            format!("{} is a whole snapshot at revision {min_revision} or later", path.display())
        }
        EtcdCondition::StillAt { endpoint, snapshot, .. } => {
            format!("{endpoint} is still at the revision of {}", snapshot.display())
        }
        EtcdCondition::DirectoryOf { at, cluster_id, .. } => {
            let at: Vec<String> = at.iter().map(|path| path.display().to_string()).collect();
            format!("{} belongs to cluster {cluster_id}", at.join(" or "))
        }
        EtcdCondition::Serves { endpoint, cluster_id } => {
            format!("{endpoint} serves cluster {cluster_id} and sees a leader")
        }
        EtcdCondition::Listed { peer_url, cluster_id, voter, .. } => {
            let what = if *voter { "a voter" } else { "a member" };
            format!("{peer_url} is {what} of cluster {cluster_id}")
        }
        EtcdCondition::OnlyOurWrites(OnlyOurWrites { cluster_id, .. }) => {
            format!("no client has written to cluster {cluster_id} since the restore")
        }
        EtcdCondition::Whole { cluster_id, voters, .. } => {
            format!("all {voters} voters of cluster {cluster_id} answer and agree on a leader")
        }
        EtcdCondition::NoLeftoverAlarm { .. } => "no alarm stands against a member that is gone".into(),
        EtcdCondition::KeyAbsent { key, .. } => format!("the key {key} does not exist"),
    }
}
