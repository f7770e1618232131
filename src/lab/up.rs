//! Makes a lab. Whatever goes wrong on the way, what was started is stopped and what was made is removed.

use super::member::{Seat, Server, Setup};
use super::registry::{self, Entry, Home, Lock};
use super::servers::Found;
use super::state::{Lab, Member, MemberState, SCHEMA, TlsPaths};
use super::{LabError, at, certificates, config, hex, network, operate, ports, process, random};
use crate::private;
use crate::target::TlsFiles;
use crate::transport::Deadline;
use crate::transport::http::Http;
use crate::transport::tls::TlsMaterial;
use crate::transport::words;
use futures_util::future::join_all;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What lab to make.
#[derive(Debug)]
pub struct UpRequest {
    /// Its name; the backend's, then with a number, when absent.
    pub name: Option<String>,
    /// Its directory, absolute; must be empty or absent. Under the state directory when not given.
    pub dir: Option<PathBuf>,
    /// How many members, from 1.
    pub nodes: usize,
    /// Exactly this version of the server.
    pub version: Option<String>,
    /// With TLS between everybody.
    pub tls: Option<TlsRequest>,
    /// Each member in a network namespace of its own.
    pub isolated: bool,
    /// Further arguments for every server.
    pub server_arguments: Vec<String>,
    /// How long all members together may take to serve.
    pub timeout: Duration,
    /// This program, for the config file's commands.
    pub quorate: PathBuf,
    /// The wall clock.
    pub now: Timestamp,
}

/// How TLS is set up.
#[derive(Debug, Clone, Copy)]
pub struct TlsRequest {
    /// Validity of members' and the client's certificates, in days.
    pub days: u32,
    /// Whether clients must present a certificate.
    pub client_cert_auth: bool,
}

/// How far a start is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How many members are waited for.
    pub members: usize,
    /// Those that do not serve yet.
    pub waiting_for: Vec<String>,
}

/// A stolen port is bad luck once; more often it is something else.
const ATTEMPTS: usize = 3;

/// Makes a lab and waits until every member serves.
pub async fn up(
    server: &dyn Server,
    request: &UpRequest,
    home: &Home<'_>,
    tell: &mut dyn FnMut(Progress),
) -> Result<Lab, LabError> {
    if request.isolated {
        network::require_root()?;
    }
    let program = home.servers().find(server.program(), request.version.as_deref())?;
    let mut entry = claim(server, request, home)?;
    let lock = match registry::mark(&mut entry) {
        Ok(lock) => lock,
        Err(error) => {
            home.release(&entry.name)?;
            return Err(error);
        }
    };
    match build(server, request, home, &entry, &program, tell).await {
        Ok(lab) => Ok(lab),
        Err(error) => {
            undo(home, &entry, lock)?;
            Err(error)
        }
    }
}

fn undo(home: &Home<'_>, entry: &Entry, lock: Lock) -> Result<(), LabError> {
    operate::dismantle(home, entry, &lock).map(|_| ())
}

fn claim(server: &dyn Server, request: &UpRequest, home: &Home<'_>) -> Result<Entry, LabError> {
    let entry = |name: &str| {
        let dir = request.dir.clone().unwrap_or_else(|| home.default_dir(name));
        Entry { name: name.to_owned(), made_dir: !dir.exists(), dir }
    };
    if let Some(name) = &request.name {
        registry::check_name(name)?;
        let entry = entry(name);
        return home.claim(&entry).map(|()| entry);
    }
    let backend = server.backend().name();
    let mut number = 1;
    loop {
        let name = if number == 1 { backend.to_owned() } else { format!("{backend}-{number}") };
        let entry = entry(&name);
        if request.dir.is_none() && registry::holds_files(&entry.dir) {
            // A lab that was kept.
            number += 1;
            continue;
        }
        match home.claim(&entry) {
            Ok(()) => return Ok(entry),
            Err(LabError::Exists { .. }) => number += 1,
            Err(error) => return Err(error),
        }
    }
}

async fn build(
    server: &dyn Server,
    request: &UpRequest,
    home: &Home<'_>,
    entry: &Entry,
    program: &Found,
    tell: &mut dyn FnMut(Progress),
) -> Result<Lab, LabError> {
    let mut lab = empty(server, request, entry, program);
    lab.write()?;
    let secret = random::<32>()?;
    let index = if request.isolated { Some(network::make_bridge(&mut lab)?) } else { None };
    for attempt in 1.. {
        let (seats, held) = seats(server, request, home, &lab, index)?;
        let tls = lab.tls.clone();
        let setup = setup(request, &lab.name, tls.as_ref(), &seats, program, &secret)?;
        let token = server.token(&setup);
        lab.token_file = token.as_ref().map(|_| lab.dir.join(operate::TOKEN_FILE));
        lab.members = members(server, &setup, &lab, index);
        // Before anything of a member exists: `down` removes what is written here.
        lab.write()?;
        make_directories(&seats)?;
        write_files(&lab.members)?;
        if let (Some(path), Some(token)) = (&lab.token_file, &token) {
            private::write(path, token.as_bytes()).map_err(at("cannot write", path))?;
        }
        write_certificates(server, request, &lab, &seats)?;
        config::write(&lab, &request.quorate)?;
        if attempt == 1 {
            network::plug_in(&lab)?;
        }
        drop(held);
        let everyone: Vec<String> = lab.members.iter().map(|m| m.name.clone()).collect();
        start(&mut lab, &everyone, home)?;
        match ready(&lab, &everyone, Deadline::after(request.timeout), tell).await {
            Ok(()) => return Ok(lab),
            Err(LabError::NotReady { log, .. }) if attempt < ATTEMPTS && port_was_stolen(&log) => {
                process::stop_all(&lab, operate::THROWN_AWAY)?;
                for seat in &seats {
                    std::fs::remove_dir_all(seat.dir()).map_err(at("cannot remove", seat.dir()))?;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(lab)
}

/// The system's words for EADDRINUSE, as every runtime prints them.
fn port_was_stolen(log: &[String]) -> bool {
    log.iter().any(|line| line.to_ascii_lowercase().contains("address already in use"))
}

fn empty(server: &dyn Server, request: &UpRequest, entry: &Entry, program: &Found) -> Lab {
    Lab {
        schema: SCHEMA.to_owned(),
        name: entry.name.clone(),
        backend: server.backend().name().to_owned(),
        version: program.version.clone(),
        dir: entry.dir.clone(),
        config: entry.dir.join(config::FILE),
        tls: request.tls.map(|_| TlsPaths::in_dir(entry.dir.join(operate::TLS_DIR))),
        network: None,
        partition: Vec::new(),
        members: Vec::new(),
        token_file: None,
    }
}

/// Where members will live. On loopback the ports are held until the servers start.
fn seats(
    server: &dyn Server,
    request: &UpRequest,
    home: &Home<'_>,
    lab: &Lab,
    index: Option<u8>,
) -> Result<(Vec<Seat>, Option<ports::Held>), LabError> {
    let roles = server.ports();
    let held = match index {
        Some(_) => None,
        None => Some(ports::hold(request.nodes * roles.len(), &taken(home)?)?),
    };
    let seats = (0..request.nodes).map(|position| {
        let name = format!("n{}", position + 1);
        let port = |at: usize| match &held {
            Some(held) => held.ports.get(position * roles.len() + at).copied().unwrap_or_default(),
            None => roles[at].usual,
        };
        Seat {
            address: index.map_or_else(|| "127.0.0.1".into(), |index| network::address(index, position)),
            ports: roles.iter().enumerate().map(|(at, role)| (role.name.to_owned(), port(at))).collect(),
            data_dir: lab.dir.join(&name).join("data"),
            name,
        }
    });
    Ok((seats.collect(), held))
}

/// Ports that members of other labs want back when they are started again.
fn taken(home: &Home<'_>) -> Result<BTreeSet<u16>, LabError> {
    let labs = home.entries()?.into_iter().filter_map(|entry| Lab::read(&entry.dir).ok().flatten());
    Ok(labs.flat_map(|lab| lab.members).flat_map(|member| member.ports.into_values()).collect())
}

fn make_directories(seats: &[Seat]) -> Result<(), LabError> {
    for seat in seats {
        private::make_dir(&seat.data_dir).map_err(at("cannot make", &seat.data_dir))?;
    }
    Ok(())
}

fn write_files(members: &[Member]) -> Result<(), LabError> {
    for member in members {
        let dir = member.data_dir.parent().unwrap_or(&member.data_dir);
        for (name, text) in &member.spec.files {
            let path = dir.join(name);
            private::write(&path, text.as_bytes()).map_err(at("cannot write", &path))?;
        }
    }
    Ok(())
}

fn write_certificates(
    server: &dyn Server,
    request: &UpRequest,
    lab: &Lab,
    seats: &[Seat],
) -> Result<(), LabError> {
    let (Some(tls), Some(paths)) = (&request.tls, &lab.tls) else { return Ok(()) };
    private::make_dir(&paths.dir).map_err(at("cannot make", &paths.dir))?;
    let members: Vec<(String, String)> = seats.iter().map(|s| (s.name.clone(), s.address.clone())).collect();
    certificates::write(paths, &lab.name, &members, server.certificate_names(), request.now, tls.days)
}

fn setup<'a>(
    request: &'a UpRequest,
    lab: &str,
    tls: Option<&'a TlsPaths>,
    seats: &'a [Seat],
    program: &Found,
    secret: &'a [u8; 32],
) -> Result<Setup<'a>, LabError> {
    Ok(Setup {
        program: program.path.clone(),
        version: program.version.clone(),
        // The same addresses with the same token would be the same cluster to its servers.
        token: format!("{lab}-{}", hex(&random::<6>()?)),
        secret,
        seats,
        tls,
        client_cert_auth: request.tls.is_some_and(|tls| tls.client_cert_auth),
        extra_arguments: &request.server_arguments,
    })
}

fn members(server: &dyn Server, setup: &Setup, lab: &Lab, index: Option<u8>) -> Vec<Member> {
    let member = |seat: &Seat| Member {
        name: seat.name.clone(),
        state: MemberState::Starting,
        pid: None,
        started_ticks: None,
        endpoint: server.endpoint(seat, lab.tls.is_some()),
        address: seat.address.clone(),
        ports: seat.ports.clone(),
        namespace: index.map(|index| network::namespace(index, &seat.name)),
        data_dir: seat.data_dir.clone(),
        log: lab.dir.join(&seat.name).join("server.log"),
        spec: server.describe(seat, setup),
    };
    setup.seats.iter().map(member).collect()
}

/// Starts these members, writing down each before and after.
pub(super) fn start(lab: &mut Lab, names: &[String], home: &Home<'_>) -> Result<(), LabError> {
    for member in lab.members.iter_mut().filter(|m| names.contains(&m.name)) {
        (member.state, member.pid, member.started_ticks) = (MemberState::Starting, None, None);
    }
    lab.write()?;
    let set = |name: &str| home.env.get(name).map(String::as_str);
    for position in 0..lab.members.len() {
        if !names.contains(&lab.members[position].name) {
            continue;
        }
        let pid = process::spawn(lab, &lab.members[position], set("PATH"), set("HOME"))?;
        let started_ticks = process::started_ticks(pid);
        let member = &mut lab.members[position];
        // A process that is gone already has no start time: then it is dead, whoever gets its pid.
        (member.pid, member.started_ticks) = (Some(pid), Some(started_ticks.unwrap_or_default()));
        member.state = if started_ticks.is_some() { MemberState::Running } else { MemberState::Dead };
        lab.write()?;
    }
    Ok(())
}

const ASK_AGAIN: Duration = Duration::from_millis(25);
const ASK_LIMIT: Duration = Duration::from_secs(2);
const FIRST_LINES: usize = 2;
const LAST_LINES: usize = 8;

/// Waits until these members serve. The first to end, or to be late, is the error, with its log.
pub(super) async fn ready(
    lab: &Lab,
    names: &[String],
    deadline: Deadline,
    tell: &mut dyn FnMut(Progress),
) -> Result<(), LabError> {
    tokio::select! {
        outcome = served(lab, names, deadline, tell) => outcome,
        Ok(()) = tokio::signal::ctrl_c() => Err(LabError::Interrupted),
    }
}

async fn served(
    lab: &Lab,
    names: &[String],
    deadline: Deadline,
    tell: &mut dyn FnMut(Progress),
) -> Result<(), LabError> {
    let material = material(lab)?;
    let http = Http::new(&material).map_err(|trouble| no_tls(trouble.to_string()))?;
    let mut waiting: Vec<&Member> = lab.members.iter().filter(|m| names.contains(&m.name)).collect();
    let members = waiting.len();
    loop {
        let answers =
            join_all(waiting.iter().map(|m| serves(&http, &material, m, deadline.within(ASK_LIMIT)))).await;
        waiting = waiting.into_iter().zip(answers).filter(|(_, serves)| !serves).map(|(m, _)| m).collect();
        tell(Progress { members, waiting_for: waiting.iter().map(|m| m.name.clone()).collect() });
        let Some(first) = waiting.first() else { return Ok(()) };
        if let Some(ended) = waiting.iter().find(|m| process::running_pid(lab, m).is_none()) {
            return Err(not_ready(ended, "ended instead of serving".into()));
        }
        if deadline.left().is_zero() {
            let seconds = deadline.elapsed_ms() / 1000.0;
            return Err(not_ready(first, format!("does not serve after {seconds:.0} s")));
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

fn not_ready(member: &Member, what: String) -> LabError {
    let log = process::excerpt(&member.log, FIRST_LINES, LAST_LINES);
    LabError::NotReady { member: member.name.clone(), what, log }
}

async fn serves(http: &Http, material: &TlsMaterial, member: &Member, deadline: Deadline) -> bool {
    let readiness = &member.spec.readiness;
    if let Some((address, word)) = words::parse(&readiness.url) {
        let answer = words::ask(&address, &word, material, deadline).await;
        return answer.is_ok_and(|answer| answer.contains(&readiness.contains));
    }
    let answer = http.get(&readiness.url, deadline).await;
    answer.is_ok_and(|a| a.status == 200 && String::from_utf8_lossy(&a.body).contains(&readiness.contains))
}

fn no_tls(reason: String) -> LabError {
    LabError::Io { what: "cannot speak TLS with the members".into(), source: std::io::Error::other(reason) }
}

/// What quorate presents to the members of a lab with TLS.
fn material(lab: &Lab) -> Result<TlsMaterial, LabError> {
    let some = |path: &Path| Some(path.to_owned());
    let files = lab.tls.as_ref().map_or_else(TlsFiles::default, |tls| TlsFiles {
        ca: some(&tls.ca),
        cert: some(&tls.cert),
        key: some(&tls.key),
        ..TlsFiles::default()
    });
    TlsMaterial::load(&files).map_err(|error| no_tls(error.to_string()))
}
