//! `quorate snapshot verify` and `inspect`: one file, read completely.

use crate::cli::failure::{Failure, Kind};
use crate::cli::{Global, Shape, World, style};
use crate::facts::{ManifestAgreement, SnapshotFacts, Soundness, StoredDamage};
use crate::offline::verify;
use crate::render;
use crate::snapshot::read_manifest;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Verify a snapshot: digest, every page, every record
///
/// Reads the file completely and changes nothing. Says what a restore would bring back besides keys: alarms, users,
/// leases, and the encryption keys that Kubernetes values in it need.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate snapshot verify backup.db\n  \
    quorate snapshot verify backup.db -o json | jq '.revision, .keys'\n  \
    quorate snapshot verify /var/lib/etcd/member/snap/db   # of a stopped member\n\n\
    Exit codes: 0 sound · 2 damaged · 64 not a snapshot, or it cannot be read")]
pub(in crate::cli) struct VerifyArgs {
    /// The snapshot, or a database of a stopped member
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
}

/// Show what is in a snapshot: members, keys by prefix, users, alarms, Kubernetes resources
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate snapshot inspect backup.db\n  \
    quorate snapshot inspect backup.db -o json | jq '.prefixes'\n\n\
    Exit codes: 0 read, and sound · 2 damaged; what can be read is shown · 64 not a snapshot, or it cannot be read")]
pub(in crate::cli) struct InspectArgs {
    /// The snapshot, or a database of a stopped member
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
}

/// `snapshot verify -o json`, `snapshot inspect -o json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FileReport {
    /// `quorate.snapshot-verify/v1` or `quorate.snapshot-inspect/v1`.
    pub(crate) schema: &'static str,
    /// What the file holds.
    #[serde(flatten)]
    pub(crate) facts: SnapshotFacts,
}

pub(super) fn run(args: &VerifyArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    show(&args.file, args.output, "quorate.snapshot-verify/v1", false, global, world)
}

pub(super) fn inspect(args: &InspectArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    show(&args.file, args.output, "quorate.snapshot-inspect/v1", true, global, world)
}

fn show(
    file: &Path,
    output: Shape,
    schema: &'static str,
    all: bool,
    global: &Global,
    world: &World,
) -> Result<u8, Failure> {
    let facts = look_at(file)?;
    let verdict = facts.verdict;
    let mut out = Vec::new();
    match output {
        Shape::Table => render::write_snapshot(&facts, all, style(global, world), &mut out)?,
        Shape::Json => render::write_json(&FileReport { schema, facts }, &mut out)?,
    }
    world.print(&out)?;
    Ok(if verdict == Soundness::Sound { 0 } else { Kind::Failed.code() })
}

/// Reads a file, and compares it with the manifest beside it.
pub(crate) fn look_at(file: &Path) -> Result<SnapshotFacts, Failure> {
    let mut facts = verify(file)?;
    let damage = |what: String| StoredDamage { at: "the file".into(), what };
    match read_manifest(file) {
        Ok(None) => {}
        Ok(Some(manifest)) => {
            let matches = manifest.sha256 == facts.sha256 && manifest.size_bytes == facts.size_bytes;
            if !matches {
                facts.damages.push(damage(format!(
                    "it is not the file that was saved: its manifest says {} bytes, sha256 {}",
                    manifest.size_bytes, manifest.sha256
                )));
            }
            let (cluster_id, taken_at) = (manifest.cluster_id, manifest.taken_at);
            facts.manifest = Some(ManifestAgreement { matches, cluster_id, taken_at });
        }
        Err(error) => facts.damages.push(damage(format!("its manifest cannot be used: {error}"))),
    }
    if !facts.damages.is_empty() {
        facts.verdict = Soundness::Damaged;
    }
    Ok(facts)
}
