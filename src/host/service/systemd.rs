//! Units of systemd. Jobs are queued with `--no-block` and then watched: systemctl's own waiting can outlast any deadline.

use super::{Held, POLL, Service, ServiceError, Standing, Status, argv};
use crate::consent::Consent;
use crate::host::Output;
use crate::transport::Deadline;

pub(super) async fn status(
    service: &Service<'_>,
    unit: &str,
    deadline: Deadline,
) -> Result<Status, ServiceError> {
    Ok(look(service, unit, deadline).await?.status())
}

pub(super) async fn start(
    service: &Service<'_>,
    consent: &Consent,
    unit: &str,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    systemctl(service, consent, &["start", "--no-block", "--", unit], deadline).await?;
    loop {
        let seen = look(service, unit, deadline).await?;
        match seen.status() {
            Status::Running => return Ok(()),
            // Without a job nothing will happen any more.
            Status::Stopped if !seen.has_job() => return Err(service.not_started(seen.described())),
            _ if deadline.left() <= POLL => return Err(service.not_started(seen.described())),
            _ => tokio::time::sleep(POLL).await,
        }
    }
}

pub(super) async fn stop(
    service: &Service<'_>,
    consent: &Consent,
    unit: &str,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    systemctl(service, consent, &["stop", "--no-block", "--", unit], deadline).await.map(|_| ())
}

pub(super) async fn standing(
    service: &Service<'_>,
    unit: &str,
    deadline: Deadline,
) -> Result<Standing, ServiceError> {
    // It exits with 1 for `disabled`; only the word counts.
    let words = argv(&["systemctl", "is-enabled", "--", unit]);
    let output = service.host.ask(&words, deadline).await?;
    let word = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if word.is_empty() || word == "not-found" {
        return Err(service.missing(said(&output)));
    }
    Ok(Standing::Unit(word))
}

/// A unit on its way to rest, or a job for one that rests or runs. One that is being started does not count: a server that
/// tells systemd when it serves stays so for ever without a quorum, and whatever is asked next replaces that job.
pub(super) async fn at_work(
    service: &Service<'_>,
    unit: &str,
    deadline: Deadline,
) -> Result<Option<String>, ServiceError> {
    let seen = look(service, unit, deadline).await?;
    let moves = match seen.active.as_str() {
        "deactivating" => true,
        "activating" => false,
        _ => seen.has_job(),
    };
    Ok(moves.then(|| format!("the unit {unit} is {}", seen.described())))
}

/// Disables and masks. A unit whose own file is where the mask would be (`/etc/systemd/system`) cannot be masked.
pub(super) async fn hold(
    service: &Service<'_>,
    consent: &Consent,
    unit: &str,
    deadline: Deadline,
) -> Result<Held, ServiceError> {
    if standing(service, unit, deadline).await? == Standing::Unit("masked".into()) {
        return Ok(Held::Firmly);
    }
    systemctl(service, consent, &["disable", "--", unit], deadline).await?;
    let words = argv(&["systemctl", "mask", "--", unit]);
    let output = service.host.run(consent, &words, None, deadline).await?;
    Ok(match output.code {
        0 => Held::Firmly,
        _ => Held::Loosely(format!("it is disabled but cannot be masked: {}", said(&output))),
    })
}

pub(super) async fn release(
    service: &Service<'_>,
    consent: &Consent,
    unit: &str,
    before: &str,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    if before.starts_with("masked") {
        return Ok(());
    }
    systemctl(service, consent, &["unmask", "--", unit], deadline).await?;
    match before {
        "enabled" => systemctl(service, consent, &["enable", "--", unit], deadline).await?,
        "enabled-runtime" => {
            systemctl(service, consent, &["enable", "--runtime", "--", unit], deadline).await?
        }
        _ => {}
    }
    Ok(())
}

async fn systemctl(
    service: &Service<'_>,
    consent: &Consent,
    arguments: &[&str],
    deadline: Deadline,
) -> Result<(), ServiceError> {
    let mut words = argv(&["systemctl"]);
    words.extend(argv(arguments));
    service.host.run(consent, &words, None, deadline).await?.success(service.host, &words)?;
    Ok(())
}

async fn look(service: &Service<'_>, unit: &str, deadline: Deadline) -> Result<Seen, ServiceError> {
    let properties = "--property=LoadState,ActiveState,SubState,MainPID,Job,Result";
    let words = argv(&["systemctl", "show", properties, "--", unit]);
    let output = service.host.ask(&words, deadline).await?.success(service.host, &words)?;
    let seen = Seen::parse(&String::from_utf8_lossy(&output.stdout));
    match seen.load.as_str() {
        "not-found" => Err(service.missing("systemd knows no such unit")),
        _ => Ok(seen),
    }
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    match text.trim() {
        "" => format!("systemctl exited with {}", output.code),
        text => text.to_owned(),
    }
}

/// What `systemctl show` prints of interest.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    load: String,
    active: String,
    sub: String,
    main_pid: String,
    job: String,
    result: String,
}

impl Seen {
    fn parse(text: &str) -> Seen {
        let mut seen = Seen::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let field = match key {
                "LoadState" => &mut seen.load,
                "ActiveState" => &mut seen.active,
                "SubState" => &mut seen.sub,
                "MainPID" => &mut seen.main_pid,
                "Job" => &mut seen.job,
                "Result" => &mut seen.result,
                _ => continue,
            };
            value.clone_into(field);
        }
        seen
    }

    /// Only what has come to rest without a process has stopped: `deactivating` has not, and `activating` is also what
    /// `Restart=always` does between two lives.
    fn status(&self) -> Status {
        match self.active.as_str() {
            "inactive" | "failed" if matches!(self.main_pid.as_str(), "0" | "") => Status::Stopped,
            "active" | "activating" | "reloading" | "deactivating" | "inactive" | "failed" => Status::Running,
            "" => Status::Unknown("systemctl does not say".into()),
            other => Status::Unknown(format!("systemctl says {other}")),
        }
    }

    fn has_job(&self) -> bool {
        !matches!(self.job.as_str(), "" | "0")
    }

    fn described(&self) -> String {
        format!("{} ({}), result {}", self.active, self.sub, self.result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_rests_without_a_process_has_stopped() {
        let status = |active: &str, pid: &str| {
            Seen::parse(&format!("MainPID={pid}\nActiveState={active}\nId=a=b\nodd\n")).status()
        };
        assert_eq!(status("inactive", "0"), Status::Stopped);
        assert_eq!(status("failed", "0"), Status::Stopped);
        for (active, pid) in [("active", "7"), ("activating", "0"), ("deactivating", "7"), ("failed", "7")] {
            assert_eq!(status(active, pid), Status::Running, "{active}");
        }
        assert!(matches!(status("", "0"), Status::Unknown(_)));
        assert!(matches!(status("maintenance", "0"), Status::Unknown(_)));
    }

    #[test]
    fn a_queued_job_is_seen() {
        assert!(Seen::parse("Job=12\n").has_job());
        assert!(!Seen::parse("Job=\n").has_job() && !Seen::parse("").has_job());
    }
}
