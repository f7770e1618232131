//! Services behind the user's own commands.

use super::{Service, ServiceError, Status, argv};
use crate::consent::Consent;
use crate::host::HostError;
use crate::transport::Deadline;

/// Runs the line `$1` with its output in a file instead of a pipe. What it leaves behind may hold on to its output: with
/// a pipe we would wait for it for ever or, once we went away, its next message would kill it.
const DETACHED: &str = r#"
said=$(mktemp) || exit 1
sh -c "$1" >"$said" 2>&1 </dev/null
code=$?
tail -c 4000 -- "$said" >&2
rm -f -- "$said"
exit "$code"
"#;

/// 0 means that it runs. 126 and 127 (no such command), 4 (as init scripts say "unknown") and signals say nothing of the
/// service; all else means that it does not.
pub(super) async fn status(
    service: &Service<'_>,
    line: &str,
    deadline: Deadline,
) -> Result<Status, ServiceError> {
    let output = service.host.ask(&argv(&["sh", "-c", line]), deadline).await?;
    Ok(match output.code {
        0 => Status::Running,
        4 | 126.. => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            Status::Unknown(format!("`{line}` exited with {}: {}", output.code, stderr.trim()))
        }
        _ => Status::Stopped,
    })
}

pub(super) async fn start(
    service: &Service<'_>,
    consent: &Consent,
    line: &str,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    let words = argv_of(line);
    let output = service.host.run(consent, &words, None, deadline).await?;
    if output.code == 0 {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(service.not_started(format_args!("the command exited with {}: {}", output.code, said.trim())))
}

pub(super) async fn stop(
    service: &Service<'_>,
    consent: &Consent,
    line: &str,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    let words = argv_of(line);
    let output = service.host.run(consent, &words, None, deadline).await?;
    if output.code == 0 {
        return Ok(());
    }
    // Many a stop command fails on what has stopped already: the service is asked, not the call.
    if service.status(deadline).await? == Status::Stopped {
        return Ok(());
    }
    Err(HostError::Failed {
        host: service.host.name().to_owned(),
        argv0: format!("`{line}`"),
        code: output.code,
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    }
    .into())
}

/// A shell that runs one of these lines for us: however it is reached, its arguments end like this.
pub(super) async fn at_work(
    service: &Service<'_>,
    lines: &[&str],
    deadline: Deadline,
) -> Result<Option<String>, ServiceError> {
    let all = service.host.processes(&[], deadline).await?;
    let ours = |argv: &[std::ffi::OsString]| lines.iter().any(|line| argv.ends_with(&argv_of(line)));
    let found = all.iter().find(|process| ours(&process.argv));
    Ok(found.map(|process| format!("process {} runs its command", process.id.pid)))
}

fn argv_of(line: &str) -> Vec<std::ffi::OsString> {
    argv(&["sh", "-c", DETACHED, "quorate", line])
}
