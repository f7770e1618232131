//! What a plan needs to know of the members' hosts. Looks only; what cannot be seen stays unknown, with its reason.

use super::action::{declared, free_near, open, trace};
use super::etcd::{Disk, Site};
use super::plan::{HERE, HostSpec, Manager, Ownership, ServiceSpec, TraceSpec};
use crate::facts::Observed;
use crate::host::service::{Service, Standing, Status};
use crate::host::{Host, Process};
use crate::offline;
use crate::target::{DeclaredHost, DeclaredMember, DeclaredService};
use crate::transport::Deadline;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time for one host.
const LOOK: Duration = Duration::from_secs(30);

/// Every declared member's place, by the member's name.
pub async fn sites(declared: &BTreeMap<String, DeclaredMember>) -> BTreeMap<String, Site> {
    let looks = declared.iter().filter_map(|(name, declared)| {
        let (host, service, dir) =
            (declared.host.as_ref()?, declared.service.as_ref()?, declared.data_dir.as_ref()?);
        Some(async move { (name.clone(), site(declared, host, service, dir).await) })
    });
    join_all(looks).await.into_iter().collect()
}

async fn site(member: &DeclaredMember, at: &DeclaredHost, by: &DeclaredService, data_dir: &Path) -> Site {
    let spec = match at {
        DeclaredHost::Local => HostSpec::Local,
        DeclaredHost::Ssh(destination) => HostSpec::Ssh(destination.clone()),
    };
    let host_name = match at {
        DeclaredHost::Local => HERE.to_owned(),
        DeclaredHost::Ssh(destination) => destination.clone(),
    };
    let manager = match by {
        DeclaredService::Systemd(unit) => Manager::Systemd(unit.clone()),
        DeclaredService::StaticPod(manifest) => Manager::StaticPod(manifest.clone()),
        DeclaredService::Commands { start, stop, status } => {
            Manager::Commands { start: start.clone(), stop: stop.clone(), status: status.clone() }
        }
    };
    let trace = TraceSpec { program: "etcd".into(), path: data_dir.to_owned() };
    let mut site = Site {
        host: host_name,
        spec: spec.clone(),
        service: ServiceSpec { manager, standing: Standing::Commands, trace },
        running: Observed::unknown("its host was not asked"),
        held: None,
        process: None,
        data_dir: data_dir.to_owned(),
        wal_dir: None,
        wal_is_there: false,
        disk: Observed::unknown("its host was not asked"),
        free: Observed::unknown("its host was not asked"),
        program: Observed::unknown("its host was not asked"),
        tool: Observed::unknown("its host was not asked"),
    };
    match open(&spec) {
        Err(error) => site.running = Observed::unknown(error.to_string()),
        Ok(host) => look(&mut site, member, host.as_ref()).await,
    }
    site
}

async fn look(site: &mut Site, member: &DeclaredMember, host: &dyn Host) {
    let deadline = Deadline::after(LOOK);
    let (service, trace) = (declared(&site.service), trace(&site.service.trace));
    let server = Service::new(host, &service, Some(&trace));
    match (server.standing(deadline).await, server.status(deadline).await) {
        (Ok(standing), Ok(status)) => {
            site.service.standing = standing;
            site.running = match status {
                Status::Running => Observed::Known(true),
                Status::Stopped => Observed::Known(false),
                Status::Unknown(why) => Observed::unknown(why),
            };
        }
        (Err(error), _) | (_, Err(error)) => {
            site.running = Observed::unknown(error.to_string());
            return;
        }
    }
    let processes = host.processes(&["ETCD_"], deadline).await.unwrap_or_default();
    let process = processes.iter().find(|process| (trace.belongs)(process));
    site.process = process.map(|process| (process.id.pid, process.id.start_ticks));
    // A process that runs says where its log is; where none runs, the config file has to.
    site.wal_dir = match process {
        Some(process) => wal_dir(process),
        None => member.wal_dir.clone(),
    };
    if let Some(wal) = &site.wal_dir {
        // What cannot be seen is taken to be there: a rename that finds nothing stops the run, and loses nothing.
        site.wal_is_there = host.stat(wal, deadline).await.map_or(true, |found| found.is_some());
    }
    site.disk = disk(site, host, deadline).await;
    if site.running.known() == Some(&false) {
        site.held = held(site, host, deadline).await;
    }
    let above = site.data_dir.parent().unwrap_or(&site.data_dir);
    site.free = free_near(host, above, deadline).await.map_or_else(Observed::unknown, Observed::Known);
    site.program = program(site, member, process, host, deadline).await;
    site.tool = match site.program.known() {
        Some((program, version)) => tool(host, program, version, deadline).await,
        None => Observed::unknown("the server's program is not known"),
    };
}

/// The server's program: of its process, else as it is declared, else of its unit, else on the path.
async fn program(
    site: &Site,
    member: &DeclaredMember,
    process: Option<&Process>,
    host: &dyn Host,
    deadline: Deadline,
) -> Observed<(PathBuf, String)> {
    let of_process = process.and_then(|process| process.exe.clone());
    let of_unit = match &site.service.manager {
        Manager::Systemd(unit) if of_process.is_none() && member.program.is_none() => {
            unit_program(host, unit, deadline).await
        }
        _ => None,
    };
    let candidate =
        of_process.or_else(|| member.program.clone()).or(of_unit).unwrap_or_else(|| "etcd".into());
    match version(host, &candidate, "--version", deadline).await {
        Some(version) => Observed::Known((candidate, version)),
        None => Observed::unknown(format!("{} does not tell its version", candidate.display())),
    }
}

/// `{ path=/usr/bin/etcd ; argv[]=… }`
async fn unit_program(host: &dyn Host, unit: &str, deadline: Deadline) -> Option<PathBuf> {
    let argv: Vec<OsString> =
        ["systemctl", "show", "--property=ExecStart", "--value", unit].map(Into::into).into();
    let output = host.ask(&argv, deadline).await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let path = text.split_once("path=")?.1.split_whitespace().next()?;
    Some(PathBuf::from(path))
}

/// What a program of etcd says of its version.
async fn version(host: &dyn Host, program: &Path, ask: &str, deadline: Deadline) -> Option<String> {
    let argv: Vec<OsString> = vec![program.to_owned().into_os_string(), ask.into()];
    let output = host.ask(&argv, deadline).await.ok().filter(|output| output.code == 0)?;
    let text = String::from_utf8_lossy(&output.stdout).to_ascii_lowercase();
    let told = text.lines().find_map(|line| {
        line.split_once("version:")
            .filter(|(before, _)| !before.contains("api"))
            .map(|(_, v)| v.trim().to_owned())
    });
    told.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

/// `--wal-dir`, as a flag or from the environment; relative to the process's directory.
fn wal_dir(process: &Process) -> Option<PathBuf> {
    let words: Vec<String> = process.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut given = None;
    for (at, word) in words.iter().enumerate() {
        let flag = word.trim_start_matches('-');
        if !word.starts_with('-') {
            continue;
        }
        if let Some(value) = flag.strip_prefix("wal-dir=") {
            given = Some(value.to_owned());
        } else if flag == "wal-dir" {
            given = words.get(at + 1).cloned();
        }
    }
    let from_environment = || {
        let found = process.env.iter().flatten().find(|(name, _)| name == "ETCD_WAL_DIR");
        found.map(|(_, value)| value.to_string_lossy().into_owned())
    };
    let given = given.or_else(from_environment).filter(|value| !value.is_empty())?;
    Some(process.cwd.as_deref().unwrap_or(Path::new("/")).join(given))
}

async fn disk(site: &Site, host: &dyn Host, deadline: Deadline) -> Observed<Option<Disk>> {
    let found = match host.stat(&site.data_dir, deadline).await {
        Ok(None) => return Observed::Known(None),
        Ok(Some(found)) => found,
        Err(error) => return Observed::unknown(error.to_string()),
    };
    let db = host.stat(&site.data_dir.join("member/snap/db"), deadline).await;
    let copy = match (&db, site.spec == HostSpec::Local) {
        (Ok(None), _) => Observed::unknown("there is no database in it"),
        (_, false) => Observed::unknown("its files are on another host"),
        (_, true) => {
            let (dir, wal) = (site.data_dir.clone(), site.wal_dir.clone());
            let read = tokio::task::spawn_blocking(move || offline::open(&dir, wal.as_deref()));
            match read.await {
                Ok(Ok(copy)) => Observed::Known(Box::new(copy)),
                Ok(Err(error)) => Observed::unknown(error.to_string()),
                Err(error) => Observed::unknown(error.to_string()),
            }
        }
    };
    Observed::Known(Some(Disk {
        db_bytes: db.ok().flatten().map_or(0, |db| db.size),
        owner: Ownership { uid: found.uid, gid: found.gid, mode: found.mode },
        copy,
    }))
}

/// A server that its service does not know of shows by its locks.
async fn held(site: &Site, host: &dyn Host, deadline: Deadline) -> Option<String> {
    let copy = site.disk.known().and_then(Option::as_ref).and_then(|disk| disk.copy.known());
    if let Some(holder) = copy.and_then(|copy| copy.holder.as_ref()) {
        let process = holder.pid.map_or_else(|| "a process".to_owned(), |pid| format!("process {pid}"));
        let command = holder.command.as_ref().map_or_else(String::new, |command| format!(" ({command})"));
        return Some(process + &command);
    }
    let locked = host.locked(&site.data_dir.join("member/snap/db"), deadline).await;
    locked.unwrap_or(false).then(|| "a process".to_owned())
}

/// The restore tool beside the server's program, else on the path: etcdutl, and for 3.4 etcdctl.
async fn tool(
    host: &dyn Host,
    server: &Path,
    server_version: &str,
    deadline: Deadline,
) -> Observed<(PathBuf, String)> {
    let name = if server_version.starts_with("3.4.") { "etcdctl" } else { "etcdutl" };
    let beside = server.parent().filter(|dir| dir.is_absolute()).map(|dir| dir.join(name));
    for candidate in beside.into_iter().chain([PathBuf::from(name)]) {
        if let Some(version) = version(host, &candidate, "version", deadline).await {
            return Observed::Known((candidate, version));
        }
    }
    Observed::unknown(format!("there is no {name} beside the server's program, nor on the path"))
}
