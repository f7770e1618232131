//! What a plan needs to know of the members' hosts. Looks only; what cannot be seen stays unknown, with its reason.

use super::action::{declared, fetch_tree, free_near, open, trace};
use super::etcd::{Disk, Site};
use super::plan::{HERE, HostSpec, Manager, Ownership, ServiceSpec, TraceSpec};
use crate::facts::Observed;
use crate::host::local::LocalHost;
use crate::host::service::{Service, Standing, Status};
use crate::host::{Host, Process};
use crate::offline::{self, CopyFacts};
use crate::target::{DeclaredHost, DeclaredMember, DeclaredService};
use crate::transport::Deadline;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time for one host.
const LOOK: Duration = Duration::from_secs(30);

/// Time for the files of one host to arrive: a database may have gigabytes, and what hangs is noticed much sooner.
const FETCH: Duration = Duration::from_secs(3600);

/// Bytes that are left free where files of other hosts are put to be read.
const ROOM: u64 = 64 << 20;

/// Every declared member's place, by the member's name. `scratch` is a directory of nobody else: files of other hosts are
/// copied there and read; without it they stay unread.
pub async fn sites(
    declared: &BTreeMap<String, DeclaredMember>,
    scratch: Option<&Path>,
) -> BTreeMap<String, Site> {
    let looks = declared.iter().enumerate().filter_map(|(at, (name, declared))| {
        let (host, service, dir) =
            (declared.host.as_ref()?, declared.service.as_ref()?, declared.data_dir.as_ref()?);
        let scratch = scratch.map(|scratch| scratch.join(at.to_string()));
        Some(async move { (name.clone(), site(declared, host, service, dir, scratch.as_deref()).await) })
    });
    join_all(looks).await.into_iter().collect()
}

/// The server's program on this machine's path: what replays a copy whose own host is another one.
pub async fn program_here() -> Observed<(PathBuf, String)> {
    let deadline = Deadline::after(LOOK);
    // Whole: a server on a copy gets no environment, so no path either.
    let argv: Vec<OsString> = ["sh", "-c", "command -v etcd"].map(Into::into).into();
    let found = LocalHost.ask(&argv, deadline).await.ok().filter(|output| output.code == 0);
    let found = found.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let Some(program) = found.filter(|program| program.is_absolute()) else {
        return Observed::unknown("there is no etcd on the path of this machine");
    };
    match version(&LocalHost, &program, "--version", deadline).await {
        Some(version) => Observed::Known((program, version)),
        None => Observed::unknown(format!("{} does not tell its version", program.display())),
    }
}

async fn site(
    member: &DeclaredMember,
    at: &DeclaredHost,
    by: &DeclaredService,
    data_dir: &Path,
    scratch: Option<&Path>,
) -> Site {
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
        Ok(host) => look(&mut site, member, host.as_ref(), scratch).await,
    }
    site
}

async fn look(site: &mut Site, member: &DeclaredMember, host: &dyn Host, scratch: Option<&Path>) {
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
    site.disk = disk(site, host, scratch, deadline).await;
    let deadline = Deadline::after(LOOK);
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

async fn disk(
    site: &Site,
    host: &dyn Host,
    scratch: Option<&Path>,
    deadline: Deadline,
) -> Observed<Option<Disk>> {
    let found = match host.stat(&site.data_dir, deadline).await {
        Ok(None) => return Observed::Known(None),
        Ok(Some(found)) => found,
        Err(error) => return Observed::unknown(error.to_string()),
    };
    let db = host.stat(&site.data_dir.join("member/snap/db"), deadline).await;
    let copy = match (&db, &site.spec, scratch) {
        (Ok(None), _, _) => Observed::unknown("there is no database in it"),
        (_, HostSpec::Local, _) => match read(&site.data_dir, site.wal_dir.as_deref()).await {
            Ok(copy) => Observed::Known(Box::new(copy)),
            Err(why) => Observed::unknown(why),
        },
        (_, HostSpec::Ssh(_), None) => Observed::unknown("its files are on another host and were not read"),
        (_, HostSpec::Ssh(_), Some(scratch)) => match fetched(site, host, scratch).await {
            Ok(copy) => Observed::Known(Box::new(copy)),
            Err(why) => Observed::unknown(why),
        },
    };
    Observed::Known(Some(Disk {
        db_bytes: db.ok().flatten().map_or(0, |db| db.size),
        owner: Ownership { uid: found.uid, gid: found.gid, mode: found.mode },
        copy,
    }))
}

/// Beside everything else that is waited for.
async fn read(dir: &Path, wal_dir: Option<&Path>) -> Result<CopyFacts, String> {
    let (dir, wal_dir) = (dir.to_owned(), wal_dir.map(Path::to_owned));
    let read = tokio::task::spawn_blocking(move || offline::open(&dir, wal_dir.as_deref()));
    read.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

/// What is in the directory of another host, read in a copy that is here. It is called what it is called there.
async fn fetched(site: &Site, host: &dyn Host, scratch: &Path) -> Result<CopyFacts, String> {
    let deadline = Deadline::after(FETCH);
    let (member, log) = (scratch.join("data/member"), scratch.join("log"));
    fetch_tree(host, &site.data_dir.join("member"), &member, ROOM, deadline).await?;
    if let Some(wal) = &site.wal_dir {
        fetch_tree(host, wal, &log, ROOM, deadline).await?;
    }
    let (data, log) = (scratch.join("data"), site.wal_dir.as_ref().map(|_| log));
    let mut copy = read(&data, log.as_deref()).await?;
    let named = |path: &str| {
        let path = Path::new(path);
        let in_log = || Some(site.wal_dir.as_ref()?.join(path.strip_prefix(log.as_ref()?).ok()?));
        let there = path.strip_prefix(&data).ok().map(|below| site.data_dir.join(below)).or_else(in_log);
        there.unwrap_or_else(|| path.to_owned()).display().to_string()
    };
    copy.path = site.data_dir.display().to_string();
    for damage in &mut copy.damage {
        damage.file = named(&damage.file);
    }
    Ok(copy)
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
