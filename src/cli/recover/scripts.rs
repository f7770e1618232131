//! A plan as scripts: one on standard output, or all of them in a directory of their own.

use super::made::Made;
use crate::cli::World;
use crate::cli::failure::Failure;
use crate::private;
use crate::recover::plan::Becomes;
use crate::render::script::{Access, Script, order, scripts};
use crate::render::{self, escape};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Prints the one script, or says where several go.
pub(super) fn print(made: &Made, world: &World) -> Result<(), Failure> {
    let all = of(made)?;
    let [script] = all.as_slice() else {
        let hosts: Vec<String> = all.iter().map(|script| escape(&script.host)).collect();
        // Each plan has a random token of its own: scripts of two plans do not belong together.
        return Err(Failure::usage(format!("the plan is for {} hosts: {}", all.len(), hosts.join(", ")))
            .hint("write a script for each with `-o script --to DIR`"));
    };
    Ok(world.print(script.text.as_bytes())?)
}

/// Writes everything to a directory in which none of it may exist.
pub(super) fn write(made: &Made, dir: &Path, world: &World) -> Result<(), Failure> {
    let all = of(made)?;
    let mut plan = Vec::new();
    render::write_json(&made.plan, &mut plan)?;
    let mut shown = Vec::new();
    render::recover::write_plan_markdown(&made.plan, &mut shown)?;
    private::make_dir(dir)?;
    let said = order(&made.plan, &all);
    let files: Vec<(&str, u32, &[u8])> = all
        .iter()
        .map(|script: &Script| (script.file.as_str(), 0o700, script.text.as_bytes()))
        .chain([("ORDER.md", 0o600, said.as_bytes())])
        .chain([("plan.json", 0o600, plan.as_slice()), ("plan.md", 0o600, shown.as_slice())])
        .collect();
    if let Some((taken, ..)) = files.iter().find(|(name, ..)| dir.join(name).symlink_metadata().is_ok()) {
        return Err(Failure::refused(format!("{} exists", dir.join(taken).display()))
            .hint("name a directory that is new or empty: nothing is overwritten"));
    }
    for (name, mode, bytes) in files {
        let path = dir.join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        file.write_all(bytes).and_then(|()| file.sync_all())?;
        world.print(format!("{}\n", escape(&path.display().to_string())).as_bytes())?;
    }
    Ok(())
}

fn of(made: &Made) -> Result<Vec<Script>, Failure> {
    scripts(&made.plan, &Access::of(&made.target)).map_err(|why| {
        let seed = made.plan.members.iter().find(|member| member.becomes == Becomes::Seed);
        let on = seed.map_or_else(String::new, |seed| format!(" on the host of {}", seed.name));
        Failure::refused(format!("this plan cannot be given as scripts: {why}"))
            .hint(format!(
                "carry it out with `quorate recover run {}`{on}: it is one file, and needs nothing to be installed",
                made.plan.cluster
            ))
            .hint("where it may not be brought there, by hand: quorate runbook show etcd-stuck-quorum")
    })
}
