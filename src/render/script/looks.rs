//! Conditions as calls of the library's looks.

use super::words::{call, number, word};
use crate::host::service::{Standing, moved_out};
use crate::recover::describe;
use crate::recover::plan::{
    Action, Becomes, Condition, Directory, EtcdAction, EtcdCondition, HERE, Manager, Plan, ServiceSpec,
};
use std::path::{Path, PathBuf};

/// From one host.
pub(super) struct Looks<'a> {
    pub(super) host: &'a str,
    pub(super) plan: &'a Plan,
}

impl Looks<'_> {
    /// Lines that end with the first look that is not 0.
    pub(super) fn all(&self, conditions: &[Condition]) -> Vec<String> {
        let mut lines: Vec<String> = conditions.iter().map(|condition| self.one(condition)).collect();
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.iter_mut().enumerate() {
            if at > 0 {
                line.insert_str(0, "    ");
            }
            if at < last {
                line.push_str(" &&");
            }
        }
        lines
    }

    /// A directory and that of its log, where they are on this host.
    fn here(&self, at: Option<&Directory>) -> (String, String) {
        let Some(at) = at.filter(|at| at.host == self.host) else { return Default::default() };
        let log = at.wal_dir.clone().unwrap_or_else(|| at.dir.join("member/wal"));
        (text(&at.dir), text(&log))
    }

    fn one(&self, condition: &Condition) -> String {
        // What quorate would look at from its own machine is looked at from this one.
        let on = |host: &str, line: String| {
            if host == self.host || host == HERE {
                return line;
            }
            let what = format!("on {host}: whether {}", describe::condition(condition));
            format!("unseen {}", word(&what))
        };
        match condition {
            Condition::PathExists { host, path } => on(host, call("path_exists", &[&text(path)])),
            Condition::PathAbsent { host, path } => on(host, call("path_absent", &[&text(path)])),
            Condition::Hash { host, path, sha256 } => on(host, call("has_hash", &[&text(path), sha256])),
            Condition::FreeSpace { host, path, bytes } => {
                on(host, call("has_room", &[&text(path), &bytes.to_string()]))
            }
            Condition::SameFileSystem { host, a, b } => {
                on(host, call("one_file_system", &[&text(a), &text(b)]))
            }
            Condition::Unlocked { host, path } => on(host, call("unlocked", &[&text(path)])),
            Condition::ServiceStopped { host, service } => on(host, asked("stopped", service)),
            Condition::ServiceRunning { host, service } => on(host, asked("running", service)),
            Condition::ServiceReleased { host, service } => on(host, released(service)),
            Condition::ProcessGone { host, pid, started_ticks } => {
                on(host, call("process_gone", &[&pid.to_string(), &started_ticks.to_string()]))
            }
            Condition::PortSilent { address } => call("silent", &["none", "0", &format!("http://{address}")]),
            Condition::Etcd(condition) => self.etcd(condition, &on),
        }
    }

    fn etcd(&self, condition: &EtcdCondition, on: &dyn Fn(&str, String) -> String) -> String {
        match condition {
            EtcdCondition::Stuck { endpoints, cluster_id, needed } => {
                let (cluster, needed) = (number(cluster_id), needed.to_string());
                call("stuck", &with(&[&cluster, &needed], endpoints))
            }
            EtcdCondition::Silent { urls, cluster_id, .. } => {
                call("silent", &with(&[cluster_id, &number(cluster_id)], urls))
            }
            EtcdCondition::Snapshot { path, min_revision } => {
                call("snapshot", &[&text(path), &min_revision.to_string()])
            }
            EtcdCondition::StillAt { endpoint, cluster_id, snapshot } => {
                call("still_at", &[endpoint, &number(cluster_id), &text(snapshot)])
            }
            EtcdCondition::DirectoryOf { host, at, wal_at, cluster_id, member_id } => {
                let inside = || at.iter().map(|dir| text(dir.join("member/wal"))).collect();
                let logs: Vec<String> =
                    if wal_at.is_empty() { inside() } else { wal_at.iter().map(text).collect() };
                let member = member_id.as_deref().unwrap_or("any");
                let dirs = at.iter().map(text).chain(["--".to_owned()]);
                let places: Vec<String> = dirs.chain(logs).collect();
                on(host, call("directory_of", &with(&[cluster_id, member], &places)))
            }
            EtcdCondition::Serves { endpoint, cluster_id } => {
                call("serves", &[endpoint, &number(cluster_id)])
            }
            EtcdCondition::Listed { through, cluster_id, peer_url, voter } => {
                let vote = if *voter { "voter" } else { "any" };
                call("listed", &[through, &number(cluster_id), peer_url, vote])
            }
            EtcdCondition::OnlyOurWrites(ask) => {
                let (began, bump) = (self.began(&ask.snapshot), ask.bump.to_string());
                let record = ask.record.as_ref().map(text).unwrap_or_default();
                let cluster = number(&ask.cluster_id);
                let (dir, log) = self.here(ask.at.as_ref());
                let words = [&ask.endpoint, &cluster, &began, &bump, &ask.key, &record, &dir, &log];
                call("only_our_writes", &words.map(String::as_str))
            }
            EtcdCondition::Whole { endpoints, cluster_id, voters } => {
                call("whole", &with(&[&number(cluster_id), &voters.to_string()], endpoints))
            }
            EtcdCondition::NoLeftoverAlarm { endpoint, cluster_id } => {
                call("no_leftover_alarm", &[endpoint, &number(cluster_id)])
            }
            EtcdCondition::KeyAbsent { endpoint, cluster_id, key } => {
                call("key_absent", &[endpoint, &number(cluster_id), key])
            }
        }
    }
}

impl Looks<'_> {
    /// The snapshot, which is only on the seed's host; elsewhere the revision that the plan knows of it: it may be lower,
    /// and then too many writes are counted, never too few.
    fn began(&self, snapshot: &Path) -> String {
        let seed = self.plan.members.iter().find(|member| member.becomes == Becomes::Seed);
        let revision = self.plan.steps.iter().find_map(|step| match &step.action {
            Action::Etcd(EtcdAction::SaveSnapshot { to, min_revision, .. }) if to == snapshot => {
                Some(min_revision)
            }
            _ => None,
        });
        match revision.filter(|_| seed.and_then(|seed| seed.host.as_deref()) != Some(self.host)) {
            Some(revision) => revision.to_string(),
            None => text(snapshot),
        }
    }
}

fn released(service: &ServiceSpec) -> String {
    match (&service.manager, &service.standing) {
        (Manager::Systemd(unit), Standing::Unit(word)) => call("released", &["systemd", unit, word]),
        (Manager::StaticPod(manifest), _) => call("released", &["pod", &text(manifest), ""]),
        _ => ":".to_owned(),
    }
}

/// `stopped` or `running` of a service.
pub(super) fn asked(name: &str, service: &ServiceSpec) -> String {
    let (manager, of, parked) = match &service.manager {
        Manager::Systemd(unit) => ("systemd", unit.clone(), String::new()),
        Manager::StaticPod(manifest) => ("pod", text(manifest), parked(manifest)),
        Manager::Commands { status, .. } => ("commands", status.clone(), String::new()),
    };
    let trace = &service.trace;
    call(name, &[manager, &of, &parked, &trace.program, &text(&trace.path)])
}

pub(super) fn parked(manifest: &Path) -> String {
    moved_out(manifest).map(|path| text(&path)).unwrap_or_default()
}

pub(super) fn text(path: impl Into<PathBuf>) -> String {
    path.into().display().to_string()
}

fn with<'a>(first: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    first.iter().copied().chain(more.iter().map(String::as_str)).collect()
}
