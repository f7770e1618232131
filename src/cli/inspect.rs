//! `quorate inspect`: what is on a disk, server or no server.

mod zookeeper;

use super::failure::{Failure, Kind};
use super::{Global, Shape, World, style};
use crate::facts::{BackendKind, Soundness};
use crate::offline::{self, ConsulFilesReport};
use crate::offline::{
    CopyFacts, Detail, InspectReport, LogLine, Loss, Playback, RankError, SurvivorsReport, Unrecognised,
    Verdict, describe, open, rank, touches,
};
use crate::render::{self, escape};
use clap::Args;
use std::io;
use std::path::{Path, PathBuf};

/// Read a data directory, log, snapshot or database offline; a server may run on it or not
///
/// Nothing is written, and no lock is taken. With --log etcd's write-ahead log or ZooKeeper's transaction log is played back
/// entry by entry; with --survivors several copies of etcd's data are put in the order in which to recover from them. Of
/// ZooKeeper, a data directory, a snapshot or a transaction log: what a server loads and replays when it is started on it,
/// and what is lost then. Of Consul, snapshots, packed or not, and data directories: secrets in them are counted, never
/// shown.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate inspect /var/lib/etcd\n  \
    quorate inspect /var/lib/etcd --wal-dir /mnt/wal -o json | jq '.log.last'\n  \
    quorate inspect backup.db\n  \
    quorate inspect consul.snap -o json | jq '.snapshot.records'\n  \
    quorate inspect /opt/consul/data\n  \
    quorate inspect /var/lib/etcd --log --from 1200 --key /registry/secrets/\n  \
    quorate inspect /var/lib/etcd --log --type conf-change -o json\n  \
    quorate inspect --survivors n1/etcd n2/etcd\n  \
    quorate inspect /var/lib/zookeeper --wal-dir /mnt/txnlog\n  \
    quorate inspect /var/lib/zookeeper --log --from 0x500000000 --key /kafka/\n\n\
    Exit codes: 0 all of it was read and is whole · 2 damaged · 3 not all of it could be read, or (with --survivors) how \
    many voters there are is unknown · 64 usage, or a path that is something else")]
pub(super) struct InspectArgs {
    /// A data directory, a directory of log files, a snapshot, a log, or a database file; with --survivors several
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Where the log is, when the server has --wal-dir (etcd) or dataLogDir (ZooKeeper)
    #[arg(long, value_name = "DIR", conflicts_with = "survivors")]
    wal_dir: Option<PathBuf>,
    /// Play the log back, entry by entry
    #[arg(long)]
    log: bool,
    /// With --log: from this index, or zxid, on
    #[arg(long, value_name = "INDEX", requires = "log", default_value_t = 0, hide_default_value = true,
          value_parser = index)]
    from: u64,
    /// With --log: up to this index, or zxid
    #[arg(long, value_name = "INDEX", requires = "log", value_parser = index)]
    to: Option<u64>,
    /// With --log: only entries that may write a key, or a node, with this prefix
    #[arg(long, value_name = "PREFIX", requires = "log")]
    key: Option<String>,
    /// With --log: only entries of these types
    #[arg(long = "type", value_name = "TYPE", requires = "log", value_delimiter = ',', value_parser = TYPES)]
    types: Vec<String>,
    /// With --log: show values too, the first 256 bytes of each; they may be secrets
    #[arg(long, requires = "log")]
    values: bool,
    /// Put copies of one cluster in the order in which to recover from them, and say what may be lost
    #[arg(long, conflicts_with = "log")]
    survivors: bool,
    /// With --survivors: how many voters the cluster has, when the copies do not know
    #[arg(long, value_name = "N", requires = "survivors", value_parser = clap::value_parser!(u16).range(1..))]
    voters: Option<u16>,
    /// Output format; with --log JSON comes one entry a line
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
}

/// Names of operations, as in the output.
const TYPES: [&str; 29] = [
    "put",
    "delete",
    "txn",
    "range",
    "compaction",
    "lease-grant",
    "lease-revoke",
    "lease-checkpoint",
    "conf-change",
    "member-attributes",
    "cluster-version",
    "alarm",
    "auth",
    "downgrade",
    "v2",
    "empty",
    // ZooKeeper's
    "create-session",
    "close-session",
    "create",
    "create-ephemeral",
    "create-container",
    "create-ttl",
    "delete-container",
    "set-data",
    "set-acl",
    "check",
    "reconfig",
    "multi",
    "error",
];

/// An index in decimal, or a zxid in hex as ZooKeeper prints it.
fn index(text: &str) -> Result<u64, String> {
    let number = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    number.map_err(|error| format!("{error}: write a number such as 1200, or 0x500000001"))
}

pub(super) fn run(args: &InspectArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    if args.survivors {
        return survivors(args, global, world);
    }
    let [path] = args.paths.as_slice() else {
        return Err(Failure::usage("several paths")
            .hint("give one path, or add --survivors to compare copies of one cluster"));
    };
    match offline::whose(path) {
        Some(BackendKind::Zookeeper) => zookeeper::run(args, path, global, world),
        Some(BackendKind::Consul) => consul(args, path, global, world),
        Some(BackendKind::Etcd) | None if args.log => log(args, path, global, world),
        Some(BackendKind::Etcd) | None => one(args, path, global, world),
    }
}

/// Consul's files.
fn consul(args: &InspectArgs, path: &Path, global: &Global, world: &World) -> Result<u8, Failure> {
    only_whole(args)?;
    let files = offline::consul::read(path, world.now())?;
    let code = match soundness(files.verdict) {
        0 if !files.unread.is_empty() => Kind::Undecided.code(),
        code => code,
    };
    let denied = files.unread.iter().any(|unread| unread.contains("Permission denied"));
    let mut out = Vec::new();
    match args.output {
        Shape::Table => render::write_consul_files(&files, style(global, world), &mut out)?,
        Shape::Json => render::write_json(&ConsulFilesReport::new(files), &mut out)?,
    }
    world.print(&out)?;
    if denied {
        world.tell("hint: run it as root, or as the user that the server runs as");
    }
    Ok(code)
}

/// What is not offered for files of Consul is refused, not passed over.
fn only_whole(args: &InspectArgs) -> Result<(), Failure> {
    let flag = match (args.log, &args.wal_dir) {
        (true, _) => "--log",
        (_, Some(_)) => "--wal-dir",
        _ => return Ok(()),
    };
    Err(Failure::usage(format!("{flag} is for files of etcd and ZooKeeper, and these are of Consul"))
        .hint("leave it out"))
}

fn soundness(verdict: Soundness) -> u8 {
    if verdict == Soundness::Sound { 0 } else { Kind::Failed.code() }
}

fn one(args: &InspectArgs, path: &Path, global: &Global, world: &World) -> Result<u8, Failure> {
    let copy = open(path, args.wal_dir.as_deref())?;
    let code = code(copy.verdict());
    let report = InspectReport::new(copy, world.now());
    let mut out = Vec::new();
    match args.output {
        Shape::Table => render::write_inspect(&report, style(global, world), &mut out)?,
        Shape::Json => render::write_json(&report, &mut out)?,
    }
    world.print(&out)?;
    hints(&report.copy, world);
    Ok(code)
}

fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Sound => 0,
        Verdict::Damaged => Kind::Failed.code(),
        Verdict::Undecided => Kind::Undecided.code(),
    }
}

/// What to type next when something could not be read.
fn hints(copy: &CopyFacts, world: &World) {
    if copy.gaps.iter().any(|gap| gap.why.contains("Permission denied")) {
        world.tell("hint: run it as root, or as the user that the server runs as");
    }
    if copy.gaps.iter().any(|gap| gap.why.contains("went on writing")) {
        world
            .tell("hint: a snapshot is of one moment: etcdctl snapshot save FILE, then quorate inspect FILE");
    }
}

/// Output that is gathered before it is written.
const CHUNK: usize = 64 << 10;

fn log(args: &InspectArgs, path: &Path, global: &Global, world: &World) -> Result<u8, Failure> {
    if args.to.is_some_and(|to| to < args.from) {
        return Err(Failure::usage("--to is below --from"));
    }
    let playback = Playback::open(path, args.wal_dir.as_deref())?;
    if let Some(why) = &playback.applied_unknown {
        world.tell(&format!("note: no entry is marked applied: {}", escape(why)));
    }
    let style = style(global, world);
    let detail = if args.values { Detail::Values } else { Detail::Keys };
    let mut out = Vec::with_capacity(CHUNK);
    if args.output == Shape::Table {
        render::write_log_header(&mut out)?;
    }
    let written = playback.run(args.from, &mut |entry| {
        let wanted = args.to.is_none_or(|to| entry.index <= to)
            && (args.types.is_empty() || args.types.iter().any(|name| name == entry.operation.name()))
            && args.key.as_ref().is_none_or(|prefix| touches(&entry.operation, prefix.as_bytes()));
        if !wanted {
            return Ok(true);
        }
        let told = describe(entry, detail);
        match args.output {
            Shape::Table => render::write_log_line(&told, style, &mut out)?,
            Shape::Json => {
                let segment = format!("{:016x}", entry.position.segment);
                let line = LogLine {
                    schema: "quorate.inspect-log/v1",
                    entry: told,
                    segment,
                    offset: entry.position.offset,
                };
                render::write_json_line(&line, &mut out)?;
            }
        }
        if out.len() >= CHUNK {
            world.print_more(&out)?;
            out.clear();
        }
        Ok(true)
    });
    match written.and_then(|()| world.print_more(&out)) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
        other => other?,
    }
    Ok(match playback.ending() {
        Some((what, true)) => {
            world.tell(&format!("error: the log is damaged: {}", escape(&what)));
            Kind::Failed.code()
        }
        Some((what, false)) => {
            world.tell(&format!("note: {}", escape(&what)));
            0
        }
        None => 0,
    })
}

fn survivors(args: &InspectArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let copies = args.paths.iter().map(|path| open(path, None)).collect::<Result<Vec<_>, _>>()?;
    let ranking = rank(&copies, args.voters.map(usize::from))?;
    let unread = copies.iter().any(|copy| !copy.gaps.is_empty());
    let best_damaged = ranking.order.first().is_none_or(|best| best.damaged);
    let unknown = matches!(ranking.loss, Loss::Unknown { .. });
    let report = SurvivorsReport::new(ranking, copies, world.now());
    let mut out = Vec::new();
    match args.output {
        Shape::Table => render::write_survivors(&report, style(global, world), &mut out)?,
        Shape::Json => render::write_json(&report, &mut out)?,
    }
    world.print(&out)?;
    report.copies.iter().for_each(|copy| hints(copy, world));
    Ok(if best_damaged {
        Kind::Failed.code()
    } else if unread || unknown {
        Kind::Undecided.code()
    } else {
        0
    })
}

impl From<Unrecognised> for Failure {
    fn from(error: Unrecognised) -> Self {
        match &error {
            Unrecognised::Absent(_) => Failure::usage(error.to_string()),
            Unrecognised::Unreadable { error: cause, .. } => {
                let failure =
                    Failure { kind: Kind::Undecided, message: error.to_string(), hints: Vec::new() };
                match cause.kind() {
                    io::ErrorKind::PermissionDenied => {
                        failure.hint("run it as root, or as the user that the server runs as")
                    }
                    _ => failure,
                }
            }
            Unrecognised::Other { instead, .. } => {
                let failure = Failure::usage(error.to_string());
                match instead {
                    Some(instead) => failure.hint(format!("give {instead}")),
                    None => failure.hint(
                        "give a data directory, a directory of etcd's log files, a snapshot, or a database file",
                    ),
                }
            }
        }
    }
}

impl From<RankError> for Failure {
    fn from(error: RankError) -> Self {
        match &error {
            RankError::Nothing | RankError::DifferentClusters(_) => {
                Failure::usage(error.to_string()).hint("give copies of one cluster only")
            }
            RankError::Contradiction { .. } => Failure::failed(error.to_string()).hint(
                "two clusters were made with one token and the same members; find out which one clients used",
            ),
        }
    }
}
