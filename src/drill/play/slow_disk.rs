//! Every fdatasync of one member is delayed by strace, which stops the real server's real system call. It costs every
//! other traced call a little too, which is why only fdatasync is traced.

use super::super::oracle::Write;
use super::super::stage::{Broken, PATIENCE, Stage};
use crate::finding::{Finding, Severity, Status};
use crate::lab::LabError;
use crate::transport::Deadline;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// What is added to each fdatasync: above the limit from which `wal-fsync` is critical (100 ms), with the width of one
/// of the servers' buckets (128 to 256 ms) to spare on both sides.
const DELAY: Duration = Duration::from_millis(180);

/// `check` judges a percentile of at least 100 samples: so long until a member that syncs one after the other has them.
const WINDOW: Duration = Duration::from_secs(30);

/// What is looked at when it is over.
const AFTERWARDS: Duration = Duration::from_secs(10);

/// The check that has to see it.
const CHECK: &str = "wal-fsync";

/// Where strace is among these directories of PATH; why it cannot be used.
pub(in crate::drill) fn strace(path: Option<&str>) -> Result<PathBuf, String> {
    let dirs = path.unwrap_or_default().split(':').filter(|dir| !dir.is_empty());
    dirs.map(|dir| PathBuf::from(dir).join("strace"))
        .find(|program| program.is_file())
        .ok_or_else(|| "it is not on PATH; install the package strace".to_owned())
}

pub(in crate::drill) async fn play(stage: &Stage<'_>, writes: &mut Vec<Write>) -> Result<(), Broken> {
    let members = stage.leader_first().await?;
    let (slow, others) = (&members[1], [members[0].clone(), members[2].clone()]);
    let load = stage.load(&others).await?;
    let pid = stage.lab()?.member(slow)?.pid.ok_or_else(|| Broken(format!("{slow} does not run")))?;
    let mut tracer = attach(stage, pid).await?;
    let fault = stage.timeline.moment(&format!("{slow}: fdatasync takes {} ms", DELAY.as_millis()));
    stage.say(&format!("every fdatasync of {slow} takes {} ms longer", DELAY.as_millis()));
    let before = load.acknowledged();
    let look = stage.look_with(&*stage.backend, Some(WINDOW));
    let facts = stage.timeline.during("slow", look).await;
    let alive = tracer.try_wait()?.is_none();
    tracer.kill().await?;
    let over = stage.timeline.moment("the delay ends");
    if !alive {
        return Err(Broken("strace ended before the look: the disk was not slow all the time".into()));
    }
    let findings = stage.findings(&facts);
    named(stage, slow, &findings);
    let went_on = load.acknowledged() - before;
    stage.must("writes go on", went_on > 0, format!("{went_on} acknowledged while the disk was slow"));
    stage.measure(
        "writes a second while the disk was slow",
        (went_on as u64 * 1000 / (over - fault).max(1)) as f64,
        "writes",
    );
    let (_, quorum, whole) = stage.timeline.during("whole", stage.whole(members.len())).await;
    stage.must("all members serve when it is over", whole, quorum.why);
    if load.next_acknowledged(Deadline::after(PATIENCE)).await.is_none() {
        stage.must("clients write when it is over", false, "no write was acknowledged any more");
    }
    over_when_over(stage, slow).await;
    stage.judge(load, &members, writes).await
}

/// A look at what is now no longer calls the disk critical. Rarer syncs than the log's are too few to be judged by then.
async fn over_when_over(stage: &Stage<'_>, slow: &str) {
    let facts = stage.look_with(&*stage.backend, Some(AFTERWARDS)).await;
    let findings = stage.findings(&facts);
    let still = findings.iter().find(|f| {
        f.check.slug == CHECK && f.severity == Some(Severity::Critical) && f.status == Status::Fail
    });
    let said = still.map_or("nothing".to_owned(), |finding| finding.summary.clone());
    stage.must(&format!("the disk of {slow} is well when the delay is over"), still.is_none(), said);
}

/// `check` names the member with the slow disk and no other; whatever else it says is kept.
fn named(stage: &Stage<'_>, slow: &str, findings: &[Finding]) {
    let failed = |finding: &&Finding| finding.status == Status::Fail;
    let of_check: Vec<&Finding> = findings.iter().filter(failed).filter(|f| f.check.slug == CHECK).collect();
    let critical = |f: &&&Finding| f.severity == Some(Severity::Critical);
    let about = |f: &&&Finding| f.member.as_deref() == Some(slow);
    let said = of_check.iter().find(about).map_or("nothing of it", |finding| finding.summary.as_str());
    let what = format!("`check` calls the disk of {slow} critical");
    stage.must(&what, of_check.iter().filter(critical).any(|f| about(&f)), format!("{CHECK}: {said}"));
    let others: Vec<&str> = of_check
        .iter()
        .filter(critical)
        .filter(|f| !about(f))
        .map(|f| f.member.as_deref().unwrap_or("a member"))
        .collect();
    let found = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
    stage.must("`check` calls no other disk critical", others.is_empty(), found);
    let all = findings.iter().filter(failed).map(|f| f.check.slug).collect::<std::collections::BTreeSet<_>>();
    stage.say(&format!("`check` finds: {}", all.into_iter().collect::<Vec<_>>().join(", ")));
}

/// Attaches strace to every thread of a server, and waits until it is.
async fn attach(stage: &Stage<'_>, pid: u32) -> Result<Child, Broken> {
    let path = stage.home.env.get("PATH").map(String::as_str);
    let program = strace(path).map_err(Broken)?;
    let mut command = Command::new(program);
    let inject = format!("inject=fdatasync:delay_exit={}", DELAY.as_micros());
    command.args(["-f", "-p", &pid.to_string(), "-o", "/dev/null", "-e", "trace=fdatasync", "-e", &inject]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut tracer =
        command.spawn().map_err(|source| LabError::Io { what: "cannot run strace".into(), source })?;
    let mut said = Vec::new();
    if let Some(stderr) = tracer.stderr.take() {
        let mut lines = BufReader::new(stderr).lines();
        let limit = Deadline::after(Duration::from_secs(10));
        while let Some(Ok(Some(line))) = limit.run(lines.next_line()).await {
            if line.contains("attached") {
                // What it says later must not block it.
                tokio::task::spawn_local(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(tracer);
            }
            said.push(line);
        }
    }
    Err(Broken(format!("strace does not attach to process {pid}: {}", said.join("; "))))
}
