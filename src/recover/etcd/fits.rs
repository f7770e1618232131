//! Whether hosts have the room, the tools and the credentials that a plan needs.

use super::choose::undecided;
use super::source::{Method, Survivor};
use super::{MARGIN_BYTES, Refusal, Rule, Site, Situation};
use crate::facts::{EtcdFacts, Member};
use crate::recover::plan::HostSpec;
use crate::value::human_bytes;
use std::path::{Path, PathBuf};

/// The tool that restores, if everything else is there too.
pub(super) fn fits(
    situation: &Situation,
    source: &Survivor<'_>,
    method: &Method,
    seed: &Member,
    site: &Site,
) -> Result<(PathBuf, String), Refusal> {
    let db = source.db_bytes();
    let here = db * 2 + fetched_bytes(source, method);
    room(&situation.run_dir, situation.run_dir_free.known().copied(), here)
        .ok_or_else(|| undecided(&unseen("copies", situation.run_dir_free.why())))??;
    let is_source = source.member.id == seed.id;
    if site.disk.known().is_none() {
        return Err(undecided(&unseen(&format!("{}'s data directory", seed.label()), site.disk.why())));
    }
    if is_source && *method != Method::File && matches!(site.disk.known(), Some(None)) {
        return Err(Refusal::new(
            Rule::NoSite,
            format!("nothing is at {}, though {} runs", site.data_dir.display(), seed.label()),
            "Correct `data_dir` of that member in the config file.",
        ));
    }
    let beside = if is_fetched(source) { 0 } else { replay_bytes(source, method) };
    let replayed = if is_source { beside } else { 0 };
    room(&site.data_dir, site.free.known().copied(), db + MARGIN_BYTES + replayed)
        .ok_or_else(|| undecided(&unseen(&site.host, site.free.why())))??;
    if let (Some(at), false) = (source.site, is_source) {
        room(&at.data_dir, at.free.known().copied(), beside)
            .ok_or_else(|| undecided(&unseen(&at.host, at.free.why())))??;
    }
    let version = source.version().unwrap_or_default();
    if let (Some(at), Some(agreed), true) = (source.site, agreed(source), method.is_cold()) {
        starts_on(at.program.known(), &agreed)?;
        if is_fetched(source) && matches!(method, Method::Replay { .. }) {
            starts_on(situation.program_here.known(), &agreed)?;
        }
    }
    let (tool, found) = site.tool.known().ok_or_else(|| {
        Refusal::new(
            Rule::NoTool,
            format!("no restore tool for etcd {version} on {}: {}", site.host, site.tool.why().unwrap_or("")),
            "Put etcdutl (for 3.4: etcdctl) of the server's minor version beside the server's program.",
        )
    })?;
    same_minor(tool, found, &version)?;
    Ok((tool.clone(), found.clone()))
}

/// After the restore the new cluster asks for a login as the old one did, and members are added by its root user.
pub(super) fn can_log_in(
    situation: &Situation,
    source: &Survivor<'_>,
    etcd: &EtcdFacts,
) -> Result<(), Refusal> {
    if situation.has_login || !(source.has_auth() || etcd.auth_enabled.known() == Some(&true)) {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::NoLogin,
        "authentication is on, and neither a password nor a client certificate is given: the new cluster will ask for \
         it before it lets members be added",
        "Give root's credentials: `auth = { user, password_file }` or `tls = { cert, key }` of the cluster in the config \
         file. A password that is wrong shows only then, for a login needs a quorum.",
    ))
}

/// What a replay puts beside the directory: a copy of it, and its log once more.
pub(super) fn replay_bytes(source: &Survivor<'_>, method: &Method) -> u64 {
    match method {
        Method::Replay { .. } => source.db_bytes() + 2 * source.log_bytes() + MARGIN_BYTES,
        Method::Live | Method::Cold | Method::File => 0,
    }
}

/// Whether its files are worked on in a copy that is brought to this machine.
fn is_fetched(source: &Survivor<'_>) -> bool {
    source.site.is_some_and(|site| site.spec != HostSpec::Local)
}

/// What is brought to this machine, and what is then made of it here.
pub(super) fn fetched_bytes(source: &Survivor<'_>, method: &Method) -> u64 {
    match method {
        Method::Cold | Method::Replay { .. } if is_fetched(source) => {
            source.db_bytes() + source.log_bytes() + replay_bytes(source, method)
        }
        _ => 0,
    }
}

/// A server starts on data of its own minor version and of the one before: then the cluster was being upgraded.
fn starts_on(program: Option<&(PathBuf, String)>, agreed: &str) -> Result<(), Refusal> {
    let Some((program, found)) = program else { return Ok(()) };
    let (is, was) = (minor(found), minor(agreed));
    let next = was.iter().copied().enumerate().map(|(at, part)| if at == 1 { part + 1 } else { part });
    if is == was || is == next.collect::<Vec<_>>() {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::NoTool,
        format!("{} is of version {found}, the data of {agreed}", program.display()),
        "Install the server version that the data is of, and set `program` of that member in the config file to it; on the \
         machine of quorate, put it on the path.",
    ))
}

fn agreed(source: &Survivor<'_>) -> Option<String> {
    source.copy?.database.as_ref()?.cluster_version.clone()
}

fn same_minor(tool: &Path, found: &str, server: &str) -> Result<(), Refusal> {
    if minor(found) == minor(server) {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::NoTool,
        format!("{} is of version {found}, the server of {server}", tool.display()),
        "Use the tool of the server's minor version: a newer one may write what the server cannot read.",
    ))
}

fn unseen(what: &str, why: Option<&str>) -> String {
    format!("the free space for {what}: {}", why.unwrap_or("not known"))
}

/// `None` when it is not known how much is free.
fn room(path: &Path, free: Option<u64>, needed: u64) -> Option<Result<(), Refusal>> {
    let free = free?;
    if free >= needed {
        return Some(Ok(()));
    }
    Some(Err(Refusal::new(
        Rule::NoSpace,
        format!(
            "{} are free for {}, and {} are needed",
            human_bytes(free),
            path.display(),
            human_bytes(needed)
        ),
        "Make room: nothing is deleted by a recovery, so old and new data are there at once.",
    )))
}

pub(super) fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

fn minor(version: &str) -> Vec<u32> {
    numbers(version).into_iter().take(2).collect()
}
