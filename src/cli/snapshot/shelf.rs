//! `quorate snapshot list` and `prune`: what lies in a directory, and what may go.

use crate::cli::failure::{Failure, Kind};
use crate::cli::{Global, Shape, World, style};
use crate::consent::{Consent, Question};
use crate::render::{self, Style, escape, field};
use crate::snapshot::{Fate, Kept, Rule, Shelf, look_through, plan_prune};
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// List the snapshots of a directory
///
/// Reads the manifests, not the snapshots: VERIFIED says what was true when they were saved, and that the length is still
/// the same. `snapshot verify` reads one again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate snapshot list /var/backups/etcd\n  \
    quorate snapshot list /var/backups/etcd -o json | jq '.snapshots[0].age_seconds'\n\n\
    Exit codes: 0 listed · 2 the directory cannot be read · 64 usage")]
pub(in crate::cli) struct ListArgs {
    /// The directory
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
}

/// Delete old snapshots of a directory; without --yes only say which
///
/// Deletes only snapshots that quorate saved, with their manifest, and never the newest of a cluster that is still byte
/// for byte what was saved. Rules count per cluster; with both, what either keeps is kept.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate snapshot prune /var/backups/etcd --keep 7\n  \
    quorate snapshot prune /var/backups/etcd --keep 3 --keep-days 14 --yes\n\n\
    Exit codes: 0 done, or said what would be done · 2 something could not be deleted · 64 usage")]
pub(in crate::cli) struct PruneArgs {
    /// The directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Keep the newest N of each cluster
    #[arg(long, value_name = "N", required_unless_present = "keep_days", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Keep what is younger than D days
    #[arg(long, value_name = "D", value_parser = clap::value_parser!(u32).range(1..=36500))]
    keep_days: Option<u32>,
    /// Delete; without it nothing is
    #[arg(long)]
    yes: bool,
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
}

/// `snapshot list -o json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShelfReport {
    /// `quorate.snapshot-list/v1`.
    pub(crate) schema: &'static str,
    /// The directory.
    pub(crate) dir: String,
    /// The newest first; those without manifest last.
    pub(crate) snapshots: Vec<Kept>,
    /// Manifests whose snapshot is gone.
    pub(crate) orphans: Vec<String>,
}

/// `snapshot prune -o json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PruneReport {
    /// `quorate.snapshot-prune/v1`.
    pub(crate) schema: &'static str,
    /// The directory.
    pub(crate) dir: String,
    /// Whether nothing was deleted because nobody said --yes.
    pub(crate) dry_run: bool,
    /// What became of each.
    pub(crate) snapshots: Vec<Pruned>,
}

/// What became of one file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Pruned {
    /// Its name.
    pub(crate) file: String,
    /// Its length in bytes.
    pub(crate) size_bytes: u64,
    /// `keep`, `delete` (planned), `deleted`, `failed`.
    pub(crate) fate: &'static str,
    /// Why.
    pub(crate) why: String,
}

fn shelf(dir: &Path, world: &World) -> Result<Shelf, Failure> {
    look_through(dir, world.now())
        .map_err(|error| Failure::failed(format!("cannot look through {}: {error}", dir.display())))
}

pub(super) fn list(args: &ListArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let Shelf { dir, kept: snapshots, orphans } = shelf(&args.dir, world)?;
    let dir = dir.display().to_string();
    let report = ShelfReport { schema: "quorate.snapshot-list/v1", dir, snapshots, orphans };
    let mut out = Vec::new();
    match args.output {
        Shape::Json => render::write_json(&report, &mut out)?,
        Shape::Table if report.snapshots.is_empty() => {
            writeln!(out, "There is no snapshot in {}", escape(&report.dir))?;
        }
        Shape::Table => render::write_kept(&report.snapshots, style(global, world), &mut out)?,
    }
    world.print(&out)?;
    Ok(0)
}

pub(super) fn prune(args: &PruneArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let shelf = shelf(&args.dir, world)?;
    let rule = Rule { keep: args.keep.map(|keep| keep as usize), keep_days: args.keep_days };
    let fates = plan_prune(&shelf, rule, world.now(), &mut |kept| shelf.is_intact(kept));
    let consent = if args.yes {
        let question = Question { what: "deletes snapshots", word: "", yes: true };
        Some(Consent::obtain(question, |_| Ok(None))?)
    } else {
        None
    };
    let consent = consent.as_ref();
    let mut snapshots: Vec<Pruned> =
        shelf.kept.iter().zip(fates).map(|(kept, fate)| one(&shelf, kept, fate, consent)).collect();
    snapshots.extend(shelf.orphans.iter().map(|name| orphan(&shelf, name, consent)));
    let report = PruneReport {
        schema: "quorate.snapshot-prune/v1",
        dir: args.dir.display().to_string(),
        dry_run: !args.yes,
        snapshots,
    };
    let mut out = Vec::new();
    match args.output {
        Shape::Json => render::write_json(&report, &mut out)?,
        Shape::Table => table(&report, style(global, world), &mut out)?,
    }
    world.print(&out)?;
    let failed = report.snapshots.iter().any(|pruned| pruned.fate == "failed");
    Ok(if failed { Kind::Failed.code() } else { 0 })
}

fn one(shelf: &Shelf, kept: &Kept, fate: Fate, consent: Option<&Consent>) -> Pruned {
    let (fate, why) = match (fate, consent) {
        (Fate::Keep(why), _) => ("keep", why),
        (Fate::Delete(why), None) => ("delete", why),
        (Fate::Delete(why), Some(consent)) => match shelf.delete(consent, kept) {
            Ok(()) => ("deleted", why),
            Err(error) => ("failed", error.to_string()),
        },
    };
    Pruned { file: kept.file.clone(), size_bytes: kept.size_bytes, fate, why }
}

fn orphan(shelf: &Shelf, name: &str, consent: Option<&Consent>) -> Pruned {
    let why = "a manifest whose snapshot is gone".to_owned();
    let (fate, why) = match consent.map(|consent| shelf.delete_orphan(consent, name)) {
        None => ("delete", why),
        Some(Ok(())) => ("deleted", why),
        Some(Err(error)) => ("failed", error.to_string()),
    };
    Pruned { file: name.to_owned(), size_bytes: 0, fate, why }
}

fn table(report: &PruneReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if report.snapshots.is_empty() {
        return writeln!(out, "There is no snapshot in {}", escape(&report.dir));
    }
    for pruned in &report.snapshots {
        let size = crate::value::human_bytes(pruned.size_bytes);
        field(pruned.fate, &format!("{}  {size}  {}", pruned.file, pruned.why), style, out)?;
    }
    if report.dry_run && report.snapshots.iter().any(|pruned| pruned.fate == "delete") {
        writeln!(out, "\nNothing was deleted. With --yes it is.")?;
    }
    Ok(())
}
