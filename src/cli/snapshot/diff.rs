//! `quorate snapshot diff`: a file against another, or against a running cluster.

use super::verify::look_at;
use crate::backend::snapshots::{Snapshots, StoreHash};
use crate::backend::{self, Ask};
use crate::cli::check::duration;
use crate::cli::failure::{Failure, Kind};
use crate::cli::settings::{Settings, settings};
use crate::cli::{Global, Shape, TargetArgs, World, block_on, style};
use crate::facts::{SnapshotFacts, Soundness, Trouble};
use crate::files::FileSource;
use crate::format::bbolt::Database;
use crate::format::etcd::hash_kv;
use crate::render::{self, Style, field};
use crate::snapshot::{Candidate, Difference, candidates, differ};
use crate::transport::Deadline;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Compare a snapshot with another, or with a running cluster
///
/// Two files: the keys that exist now, with values, leases and history; counted by prefix, with some keys as examples,
/// never a value. A cluster: each member's hash of all its data at the snapshot's revision, which must not have been
/// compacted there.
#[derive(Debug, Args)]
#[command(
    override_usage = "quorate snapshot diff [OPTIONS] FILE FILE|TARGET",
    after_help = "Examples:\n  \
    quorate snapshot diff monday.db tuesday.db\n  \
    quorate snapshot diff backup.db prod-etcd\n  \
    quorate snapshot diff backup.db --endpoints https://10.0.0.1:2379 --cacert ca.pem\n\n\
    Exit codes: 0 equal · 1 different · 2 a file is damaged, or a member cannot be asked · 3 cannot be compared, and \
    why · 64 usage, or not a snapshot"
)]
pub(in crate::cli) struct DiffArgs {
    /// A snapshot
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    /// How many keys to show
    #[arg(long, default_value = "20", value_name = "N")]
    examples: usize,
    /// Hashing all data of a member takes no longer
    #[arg(long, default_value = "1m", value_parser = duration, value_name = "DURATION")]
    timeout: Duration,
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
}

/// `snapshot diff -o json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DiffReport {
    /// `quorate.snapshot-diff/v1`.
    pub(crate) schema: &'static str,
    /// `equal`, `different`, `incomparable`.
    pub(crate) verdict: DiffVerdict,
    /// The first file.
    pub(crate) a: DiffSide,
    /// The second file, or the cluster.
    pub(crate) b: DiffSide,
    /// How the keys of two files differ; `null` for a cluster.
    pub(crate) keys: Option<Difference>,
    /// What else differs between two files: `auth`, `alarms`, `leases`, `members`.
    pub(crate) besides: Vec<&'static str>,
    /// What each member of a cluster answered.
    pub(crate) members: Vec<MemberDiff>,
}

/// Whether both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DiffVerdict {
    /// The same.
    Equal,
    /// Not the same.
    Different,
    /// It cannot be told.
    Incomparable,
}

/// One side.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DiffSide {
    /// Path or name of the target.
    pub(crate) name: String,
    /// Its revision.
    pub(crate) revision: i64,
    /// Keys that exist; `null` for a cluster.
    pub(crate) keys: Option<u64>,
}

/// One member against the file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MemberDiff {
    /// Name.
    pub(crate) member: String,
    /// Address.
    pub(crate) endpoint: String,
    /// Whether its data up to the file's revision is the file's; `null` when it cannot be told.
    pub(crate) equal: Option<bool>,
    /// What was compared, or why it could not be.
    pub(crate) detail: String,
}

pub(super) fn run(args: &DiffArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let facts = sound(&args.file)?;
    let report = match args.target.targets.as_slice() {
        [other] if Path::new(other).is_file() => files(facts, sound(Path::new(other))?, args)?,
        [other] if looks_like_a_file(other) => {
            return Err(Failure::usage(format!("there is no file {other}")));
        }
        _ => live(facts, args, global, world)?,
    };
    let mut out = Vec::new();
    match args.output {
        Shape::Table => table(&report, style(global, world), &mut out)?,
        Shape::Json => render::write_json(&report, &mut out)?,
    }
    world.print(&out)?;
    Ok(match report.verdict {
        DiffVerdict::Equal => 0,
        DiffVerdict::Different => 1,
        DiffVerdict::Incomparable => Kind::Undecided.code(),
    })
}

fn looks_like_a_file(text: &str) -> bool {
    !text.contains("://") && (text.contains('/') || text.ends_with(".db"))
}

/// Comparing what is damaged would prove nothing.
fn sound(path: &Path) -> Result<SnapshotFacts, Failure> {
    let facts = look_at(path)?;
    match facts.verdict {
        Soundness::Sound => Ok(facts),
        Soundness::Damaged => Err(Failure::failed(format!("{} is damaged", path.display()))
            .hint(format!("see where with `quorate snapshot verify {}`", path.display()))),
    }
}

fn side(facts: &SnapshotFacts) -> DiffSide {
    DiffSide { name: facts.file.clone(), revision: facts.revision, keys: Some(facts.keys) }
}

fn files(a: SnapshotFacts, b: SnapshotFacts, args: &DiffArgs) -> Result<DiffReport, Failure> {
    let open = |facts: &SnapshotFacts| FileSource::open(Path::new(&facts.file));
    let (source_a, source_b) = (open(&a)?, open(&b)?);
    let keys = differ(&source_a, &source_b, a.keys.max(b.keys), args.examples)
        .map_err(|damage| Failure::failed(damage.to_string()))?;
    let besides = besides(&a, &b);
    let equal = keys.is_none() && besides.is_empty() && a.revision == b.revision;
    Ok(DiffReport {
        schema: "quorate.snapshot-diff/v1",
        verdict: if equal { DiffVerdict::Equal } else { DiffVerdict::Different },
        a: side(&a),
        b: side(&b),
        keys: Some(keys),
        besides,
        members: Vec::new(),
    })
}

fn besides(a: &SnapshotFacts, b: &SnapshotFacts) -> Vec<&'static str> {
    let (left, right) = (&a.leftovers, &b.leftovers);
    let auth =
        |l: &crate::facts::Leftovers| (l.auth_enabled.unwrap_or(false), l.users.clone(), l.roles.clone());
    let ids = |facts: &SnapshotFacts| facts.members.iter().map(|m| m.id.clone()).collect::<Vec<_>>();
    let differences = [
        ("auth", auth(left) != auth(right)),
        ("alarms", left.alarms != right.alarms),
        ("leases", left.leases != right.leases),
        ("members", ids(a) != ids(b)),
    ];
    differences.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

fn live(
    facts: SnapshotFacts,
    args: &DiffArgs,
    global: &Global,
    world: &World,
) -> Result<DiffReport, Failure> {
    let Settings { targets, .. } = settings(&args.target, global, world)?;
    let [target] = targets.as_slice() else {
        return Err(Failure::usage("snapshot diff compares with one cluster").hint("name one target"));
    };
    let backend = backend::open(target)?;
    let Some(door) = backend.snapshots() else {
        return Err(Failure::usage(format!("snapshots of {} are not built yet", target.backend.name())));
    };
    let timeout = args.timeout.min(Duration::from_secs(5));
    let ask = Ask { timeout, deep: false, window: None, state_dir: None, now: world.now() };
    let source = FileSource::open(&args.file)?;
    let (members, revision) = block_on(async {
        let seen = backend.observe(&ask).await;
        let there = candidates(&seen).map_err(|error| Failure::failed(error.to_string()))?;
        let revision = there.iter().map(|member| member.status.revision).max().unwrap_or(0);
        let mut members = Vec::new();
        for member in &there {
            members.push(compare(door, member, &facts, &source, args.timeout).await?);
        }
        Ok::<_, Failure>((members, revision))
    })??;
    let verdict = if members.iter().any(|member| member.equal == Some(false)) {
        DiffVerdict::Different
    } else if members.iter().any(|member| member.equal == Some(true)) {
        DiffVerdict::Equal
    } else {
        DiffVerdict::Incomparable
    };
    let b = DiffSide {
        name: target.name.clone(),
        revision: i64::try_from(revision).unwrap_or(i64::MAX),
        keys: None,
    };
    let schema = "quorate.snapshot-diff/v1";
    Ok(DiffReport { schema, verdict, a: side(&facts), b, keys: None, besides: Vec::new(), members })
}

/// Asks one member for its hash at the file's revision, and computes what the file's would be with that member's
/// compaction: the file holds at least the rows that the member still has, if it was compacted earlier.
async fn compare(
    door: &dyn Snapshots,
    member: &Candidate,
    facts: &SnapshotFacts,
    source: &FileSource,
    timeout: Duration,
) -> Result<MemberDiff, Failure> {
    let told = |equal, detail: String| MemberDiff {
        member: member.label.clone(),
        endpoint: member.endpoint.clone(),
        equal,
        detail,
    };
    let served = match door.hash_at(&member.endpoint, facts.revision, Deadline::after(timeout)).await {
        Ok(served) => served,
        Err(trouble) => return Ok(told(None, why_not(&trouble, facts, member))),
    };
    let compacted = facts.compacted.unwrap_or(-1);
    if compacted > served.compacted {
        let detail = format!(
            "the file is compacted at {compacted}, the member only at {}: the file has not all that it hashed",
            served.compacted
        );
        return Ok(told(None, detail));
    }
    let computed = {
        let database = Database::open(source).map_err(|damage| Failure::failed(damage.to_string()))?;
        hash_kv(&database, facts.revision, served.compacted)
    };
    let computed = computed.map_err(|damage| Failure::failed(damage.to_string()))?;
    let StoreHash { hash, compacted, current } = served;
    let equal = computed.hash == hash;
    let words = if equal { "the same data" } else { "OTHER data" };
    let detail = format!(
        "{words} at revision {} (hash {hash:08x}, compacted at {compacted}); it is at {current} now",
        facts.revision
    );
    Ok(told(Some(equal), detail))
}

fn why_not(trouble: &Trouble, facts: &SnapshotFacts, member: &Candidate) -> String {
    let revision = facts.revision;
    if trouble.detail.contains("has been compacted") {
        format!("it has compacted revision {revision} away: it no longer has what the file has")
    } else if trouble.detail.contains("future revision") {
        format!("it is only at revision {}: the file is newer, or of another cluster", member.status.revision)
    } else if member.status.learner {
        format!("a learner serves no hash ({trouble})")
    } else {
        format!("it gave no hash: {trouble}")
    }
}

fn table(report: &DiffReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let keys = |side: &DiffSide| side.keys.map_or_else(String::new, |keys| format!(", {keys} keys"));
    for (name, side) in [("A", &report.a), ("B", &report.b)] {
        field(name, &format!("{}  revision {}{}", side.name, side.revision, keys(side)), style, out)?;
    }
    let verdict = match report.verdict {
        DiffVerdict::Equal => "EQUAL".to_owned(),
        DiffVerdict::Incomparable => "CANNOT BE COMPARED".to_owned(),
        DiffVerdict::Different => match &report.keys {
            Some(d) => format!(
                "DIFFERENT: {} keys only in A, {} only in B, {} changed",
                d.only_in_a, d.only_in_b, d.changed
            ),
            None => "DIFFERENT".to_owned(),
        },
    };
    field("result", &verdict, style, out)?;
    if !report.besides.is_empty() {
        field("besides", &format!("{} differ", report.besides.join(", ")), style, out)?;
    }
    for member in &report.members {
        field(&member.member, &member.detail, style, out)?;
    }
    match &report.keys {
        Some(keys) if !keys.is_none() => render::write_difference(keys, style, out),
        _ => Ok(()),
    }
}
