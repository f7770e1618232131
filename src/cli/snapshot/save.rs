//! `quorate snapshot save`: a member's state into a file that is proven before it has its name.

use super::progress::Progress;
use crate::backend::snapshots::{SnapshotStream, Snapshots};
use crate::backend::{self, Ask};
use crate::cli::check::duration;
use crate::cli::failure::{Failure, Kind};
use crate::cli::probe::interruption;
use crate::cli::settings::{Settings, config, settings};
use crate::cli::{Global, Shape, TargetArgs, World, block_on, style};
use crate::facts::{Facts, SnapshotFacts, Trouble, TroubleKind};
use crate::quorum::{self, Quorum, QuorumState};
use crate::render::{self, Style, escape, field};
use crate::snapshot::{
    Candidate, Choice, ChooseError, MANIFEST_SCHEMA, Manifest, OtherMember, SaveError, Target, candidates,
    choose, manifest_path, receive, sweep,
};
use crate::transport::Deadline;
use crate::value::human_bytes;
use clap::Args;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Save a snapshot of a cluster, verified before it has its name
///
/// Streams the state of the freshest member into FILE, or into DIR under a name made of cluster, time and revision. The
/// digest is computed while it is written; then every page and record is read; only then it gets its name, and a
/// manifest FILE.json beside it. It needs no quorum: the survivor of a stuck cluster gives it too.
#[derive(Debug, Args)]
#[command(
    override_usage = "quorate snapshot save [OPTIONS] [TARGET] [FILE|DIR]",
    after_help = "Examples:\n  \
    quorate snapshot save prod-etcd /var/backups/etcd/\n  \
    quorate snapshot save etcd://10.0.0.1:2379,10.0.0.2:2379 backup.db\n  \
    quorate snapshot save prod-etcd --from n2 --to before-upgrade.db\n  \
    quorate snapshot save prod-etcd /var/backups/etcd/ --all-members\n\n\
    Without FILE or DIR it goes into the current directory. With authentication on, a password can log in only while \
    there is a quorum; a client certificate with CN=root always can.\n\n\
    Exit codes: 0 saved and verified · 2 failed or interrupted: nothing has the name · 4 refused: the output is there, or \
    is a symbolic link · 64 usage or configuration"
)]
pub(in crate::cli) struct SaveArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Where it goes: a file, or a directory; the same as the second argument
    #[arg(long, value_name = "FILE|DIR")]
    to: Option<PathBuf>,
    /// The member to ask, by name, id or address [default: the freshest that is not the leader]
    #[arg(long, value_name = "MEMBER")]
    from: Option<String>,
    /// Save one of every member that answers; DIR only
    #[arg(long, conflicts_with = "from")]
    all_members: bool,
    /// When FILE is there, rename it and its manifest, and save
    #[arg(long)]
    force: bool,
    /// Looking at the cluster, and opening the stream, take no longer
    #[arg(long, default_value = "5s", value_parser = duration, value_name = "DURATION")]
    timeout: Duration,
    /// Give up when nothing comes for this long
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "DURATION")]
    idle: Duration,
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
}

/// `snapshot save -o json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SaveReport {
    /// `quorate.snapshot-save/v1`.
    pub(crate) schema: &'static str,
    /// What was saved.
    pub(crate) snapshots: Vec<Saved>,
    /// What killed runs had left in the directory and was removed.
    pub(crate) swept: Vec<String>,
}

/// One saved snapshot.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Saved {
    /// Where it is.
    pub(crate) path: String,
    /// Where its manifest is.
    pub(crate) manifest_path: String,
    /// What was there before, under its new name.
    pub(crate) set_aside: Option<String>,
    /// The manifest.
    pub(crate) manifest: Manifest,
}

pub(super) fn run(args: &SaveArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let (target, place) = places(args, global, world)?;
    let Settings { targets, .. } = settings(&target, global, world)?;
    let [target] = targets.as_slice() else {
        return Err(Failure::usage("snapshot save saves one cluster at a time").hint("name one target"));
    };
    let backend = backend::open(target)?;
    let Some(door) = backend.snapshots() else {
        return Err(Failure::usage(format!("snapshots of {} are not built yet", target.backend.name())));
    };
    let place = place_of(&place, &target.name, args)?;
    let swept = sweep(place.directory()).iter().map(|path| path.display().to_string()).collect();
    let ask = Ask { timeout: args.timeout, deep: false, window: None, state_dir: None, now: world.now() };
    let mut report = SaveReport { schema: "quorate.snapshot-save/v1", snapshots: Vec::new(), swept };
    let saved: Result<(), Failure> = block_on(async {
        let facts = backend.observe(&ask).await;
        let run = Run { args, world, door, facts: &facts, quorum: quorum::assess(&facts.common) };
        tokio::select! {
            saved = run.save(&place, &mut report.snapshots) => saved,
            stopped = interruption() => {
                stopped?;
                Err(Failure::failed("interrupted: what was being saved is gone, nothing has its name"))
            }
        }
    })?;
    let mut out = Vec::new();
    if saved.is_ok() || !report.snapshots.is_empty() {
        match args.output {
            Shape::Table => table(&report, style(global, world), &mut out)?,
            Shape::Json => render::write_json(&report, &mut out)?,
        }
        world.print(&out)?;
    }
    saved.map(|()| 0)
}

/// The target, and where the snapshot goes. The last positional argument is the place when two are given, or when it
/// is no target: a path has a slash or a dot, and a cluster's name in the config file is not meant.
fn places(args: &SaveArgs, global: &Global, world: &World) -> Result<(TargetArgs, PathBuf), Failure> {
    let mut target = args.target.clone();
    let here = || PathBuf::from(".");
    if let Some(to) = &args.to {
        if target.targets.len() > 1 {
            return Err(Failure::usage("the output is given twice")
                .hint("give it as the second argument, or with --to"));
        }
        return Ok((target, to.clone()));
    }
    let is_place = match target.targets.as_slice() {
        [] => return Ok((target, here())),
        [only] if only.contains("://") => false,
        [only] => only.contains(['/', '.']) && !config(global, world)?.clusters.contains_key(only),
        [_, _] => true,
        _ => return Err(Failure::usage("too many arguments").hint("give TARGET and then FILE or DIR")),
    };
    let place = if is_place { target.targets.pop().map(PathBuf::from) } else { None };
    Ok((target, place.unwrap_or_else(here)))
}

fn place_of(place: &Path, cluster: &str, args: &SaveArgs) -> Result<Target, Failure> {
    let target = if place.is_dir() {
        Target::Directory { dir: place.to_owned(), stem: cluster.to_owned() }
    } else {
        Target::File(place.to_owned())
    };
    if args.all_members && matches!(target, Target::File(_)) {
        return Err(Failure::usage(format!("{} is not a directory", place.display()))
            .hint("--all-members saves several files: give a directory that exists"));
    }
    let ends_as_directory = place.as_os_str().as_encoded_bytes().ends_with(b"/");
    if !target.directory().is_dir() || (ends_as_directory && matches!(target, Target::File(_))) {
        let dir = if ends_as_directory { place } else { target.directory() };
        return Err(Failure::usage(format!("there is no directory {}", dir.display())).hint("make it first"));
    }
    target.check(args.force)?;
    Ok(target)
}

struct Run<'r> {
    args: &'r SaveArgs,
    world: &'r World,
    door: &'r dyn Snapshots,
    facts: &'r Facts,
    quorum: Quorum,
}

impl Run<'_> {
    async fn save(&self, place: &Target, saved: &mut Vec<Saved>) -> Result<(), Failure> {
        let ranked = candidates(self.facts).map_err(|error| self.cannot_choose(error))?;
        if self.args.all_members {
            for member in ranked {
                let place = with_member(place, &member.label);
                let choice = Choice { member, why: "asked for with --all-members".into() };
                let stream = self.open(&choice).await.map_err(|trouble| self.refused(&choice, &trouble))?;
                saved.push(self.one(&choice, stream, &place).await?);
            }
            return Ok(());
        }
        let best =
            choose(self.facts, self.args.from.as_deref()).map_err(|error| self.cannot_choose(error))?;
        let (choice, stream) = self.first_that_opens(best, ranked).await?;
        saved.push(self.one(&choice, stream, place).await?);
        Ok(())
    }

    /// A member that hangs, or a learner of a version that serves no snapshot, is passed over unless it was asked for.
    async fn first_that_opens(
        &self,
        best: Choice,
        ranked: Vec<Candidate>,
    ) -> Result<(Choice, Box<dyn SnapshotStream>), Failure> {
        let others = ranked
            .into_iter()
            .filter(|member| member.id != best.member.id)
            .map(|member| Choice { member, why: "the best of those that open a stream".into() });
        let mut first = None;
        for choice in std::iter::once(best.clone()).chain(others) {
            match self.open(&choice).await {
                Ok(stream) => return Ok((choice, stream)),
                Err(trouble) => {
                    let failure = self.refused(&choice, &trouble);
                    if self.args.from.is_some() || is_login(&trouble) {
                        return Err(failure);
                    }
                    self.world.tell(&escape(&failure.message));
                    first.get_or_insert(failure);
                }
            }
        }
        Err(first.unwrap_or_else(|| Failure::failed("no member opens a stream")))
    }

    async fn open(&self, choice: &Choice) -> Result<Box<dyn SnapshotStream>, Trouble> {
        let connect = Deadline::after(self.args.timeout);
        self.door.stream(&choice.member.endpoint, connect, self.args.idle).await
    }

    async fn one(
        &self,
        choice: &Choice,
        mut stream: Box<dyn SnapshotStream>,
        place: &Target,
    ) -> Result<Saved, Failure> {
        let taken_at = self.world.now();
        let began = Deadline::after(Duration::ZERO);
        let mut progress = Progress::new(self.world);
        let size = stream.announced().map_or_else(String::new, |bytes| format!(", {}", human_bytes(bytes)));
        let (member, role) = (&choice.member.label, choice.member.role.name());
        if !self.world.stderr_terminal {
            let line = format!("saving from {member} ({role}) at {}{size}", choice.member.endpoint);
            self.world.tell(&escape(&line));
        }
        let received =
            receive(stream.as_mut(), place.directory(), &mut |bytes, of| progress.come(bytes, of)).await;
        progress.end();
        let received = received.map_err(|error| self.failed(choice, error))?;
        let bytes = received.facts.size_bytes;
        let mut manifest = None;
        let stored = received.store(place, taken_at, self.args.force, |facts, name| {
            let made = self.manifest(choice, facts, name, taken_at, began.elapsed_ms() as u64);
            manifest = Some(made.clone());
            made
        })?;
        if !self.world.stderr_terminal {
            self.world.tell(&format!("saved and verified {}, {}", human_bytes(bytes), progress.rate(bytes)));
        }
        let manifest = manifest.ok_or_else(|| Failure::failed("no manifest was made"))?;
        let shown = |path: &Path| path.display().to_string();
        Ok(Saved {
            manifest_path: shown(&manifest_path(&stored.path)),
            path: shown(&stored.path),
            set_aside: stored.set_aside.as_deref().map(shown),
            manifest,
        })
    }

    fn manifest(
        &self,
        choice: &Choice,
        facts: &SnapshotFacts,
        file: &str,
        at: Timestamp,
        ms: u64,
    ) -> Manifest {
        let status = &choice.member.status;
        let all = candidates(self.facts).unwrap_or_default();
        let newest = all.iter().map(|member| member.status.raft_applied).max().unwrap_or(0);
        let index = facts.consistent_index;
        let others = all.iter().filter(|member| member.id != choice.member.id);
        Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            file: file.to_owned(),
            cluster: self.facts.cluster.clone(),
            cluster_id: status.cluster_id.clone(),
            member: choice.member.label.clone(),
            member_id: choice.member.id.clone(),
            endpoint: choice.member.endpoint.clone(),
            role: choice.member.role.name().to_owned(),
            chosen: choice.why.clone(),
            revision: facts.revision,
            compacted: facts.compacted,
            raft_index: index,
            raft_term: facts.term.unwrap_or(status.raft_term),
            behind_entries: newest.saturating_sub(index.unwrap_or(status.raft_applied)),
            others: others
                .map(|member| OtherMember {
                    member: member.label.clone(),
                    member_id: member.id.clone(),
                    raft_applied: member.status.raft_applied,
                    revision: member.status.revision,
                })
                .collect(),
            quorum: self.quorum.state.name().to_owned(),
            server_version: status.version.clone(),
            cluster_version: facts.cluster_version.clone(),
            storage_version: facts.storage_version.clone(),
            restorable_by: facts.restorable_by.clone(),
            keys: facts.keys,
            encryption_keys: facts.encryption_keys().into_iter().map(str::to_owned).collect(),
            status_hash: facts.status_hash,
            size_bytes: facts.size_bytes,
            sha256: facts.sha256.clone(),
            verified: true,
            taken_at: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            duration_ms: ms,
            quorate: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn cannot_choose(&self, error: ChooseError) -> Failure {
        let failure = Failure::failed(error.to_string());
        match error {
            ChooseError::NobodyAnswers(_) => {
                let login =
                    self.facts.common.endpoints.iter().filter_map(|e| e.reach.trouble()).any(is_login);
                if login { self.credentials(failure) } else { failure.hint(look(&self.facts.cluster)) }
            }
            ChooseError::NotThere { there, .. } => Failure { kind: Kind::Usage, ..failure }
                .hint(format!("members that answer: {}", there.join(", "))),
            ChooseError::NoSnapshots => Failure { kind: Kind::Usage, ..failure },
            ChooseError::SeveralClusters(_) => {
                Failure { kind: Kind::Usage, ..failure }.hint("give the endpoints of one cluster")
            }
        }
    }

    fn refused(&self, choice: &Choice, trouble: &Trouble) -> Failure {
        let (member, endpoint) = (&choice.member.label, &choice.member.endpoint);
        let failure = Failure::failed(format!("{member} at {endpoint} gives no snapshot: {trouble}"));
        if is_login(trouble) { self.credentials(failure) } else { failure.hint(look(&self.facts.cluster)) }
    }

    fn failed(&self, choice: &Choice, error: SaveError) -> Failure {
        match error {
            SaveError::Trouble(trouble) => {
                let from = format!("{} at {}", choice.member.label, choice.member.endpoint);
                Failure::failed(format!("the stream from {from} broke: {trouble}; nothing was saved"))
                    .hint("try again, or another member with --from; --idle waits longer for a slow one")
            }
            other => other.into(),
        }
    }

    /// What can log in, which depends on whether there is a quorum.
    fn credentials(&self, failure: Failure) -> Failure {
        let serves =
            matches!(self.quorum.state, QuorumState::Healthy | QuorumState::Degraded | QuorumState::AtRisk);
        if serves {
            return failure.hint(
                "a snapshot needs the root role: log in with --user root and --password-file, or give a client \
                 certificate with CN=root (--cert, --key)",
            );
        }
        failure
            .hint(
                "authentication is on, and without a quorum no password can log in. A client certificate with CN=root \
                 can (--cert, --key), where the servers run with --client-cert-auth",
            )
            .hint(
                "else stop a member and keep its database: DATA-DIR/member/snap/db; `quorate snapshot verify` reads it",
            )
    }
}

fn is_login(trouble: &Trouble) -> bool {
    matches!(trouble.kind, TroubleKind::Unauthenticated | TroubleKind::PermissionDenied)
}

fn look(cluster: &str) -> String {
    format!("see what is wrong with `quorate check {cluster}`")
}

fn with_member(place: &Target, member: &str) -> Target {
    match place {
        Target::Directory { dir, stem } => {
            Target::Directory { dir: dir.clone(), stem: format!("{stem}-{member}") }
        }
        file => file.clone(),
    }
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        let failure = Failure::failed(error.to_string());
        match error {
            SaveError::Exists(_) => Failure { kind: Kind::Refused, ..failure }
                .hint("give another name, or --force: it renames what is there, and deletes nothing"),
            SaveError::Link(_) => {
                Failure { kind: Kind::Refused, ..failure }.hint("give the path that it leads to")
            }
            SaveError::Strange(_) => Failure { kind: Kind::Usage, ..failure },
            SaveError::NoSpace { .. } => failure.hint("free some space, or give a directory on another disk"),
            SaveError::Cut { .. } | SaveError::Digest(_) => {
                failure.hint("nothing was saved; try again, or another member with --from")
            }
            SaveError::Damaged(_) => failure
                .hint("nothing was saved; save from another member with --from, and look at this one's disk")
                .hint("to keep what it has as evidence, stop it and copy DATA-DIR/member"),
            SaveError::Trouble(_) | SaveError::File { .. } => failure,
        }
    }
}

fn table(report: &SaveReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for path in &report.swept {
        field("removed", &format!("{path}, left behind by a run that was killed"), style, out)?;
    }
    for saved in &report.snapshots {
        let took = crate::value::human_millis(saved.manifest.duration_ms as f64);
        let size = human_bytes(saved.manifest.size_bytes);
        field("saved", &format!("{}  {size} in {took}", saved.path), style, out)?;
        render::write_manifest(&saved.manifest, style, out)?;
        if let Some(aside) = &saved.set_aside {
            field("set aside", &format!("{aside}, which was there before"), style, out)?;
        }
        if saved.manifest.quorum != "healthy" {
            field("quorum", &format!("{} while it was saved", saved.manifest.quorum), style, out)?;
        }
    }
    Ok(())
}
