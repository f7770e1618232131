//! Files, processes and commands on the plan's hosts.

use super::{LOOK, RealHands, WORK, fetch_tree, said, truth};
use crate::consent::Consent;
use crate::host::{Content, Host, HostError, Kind};
use crate::recover::executor::Truth;
use crate::recover::plan::{Action, Condition};
use crate::transport::Deadline;
use crate::value::human_bytes;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpStream;

impl RealHands {
    pub(super) async fn holds_on_host(&self, condition: &Condition) -> Result<Truth, String> {
        let look = Deadline::after(LOOK);
        Ok(match condition {
            Condition::PathExists { host, path } => {
                let found = self.host(host)?.stat(path, look).await.map_err(said)?;
                truth(found.is_some(), || format!("nothing is at {}", path.display()))
            }
            Condition::PathAbsent { host, path } => {
                let found = self.host(host)?.stat(path, look).await.map_err(said)?;
                truth(found.is_none(), || format!("{} exists", path.display()))
            }
            Condition::Hash { host, path, sha256 } => {
                match self.host(host)?.sha256(path, Deadline::after(WORK)).await {
                    Ok(found) => truth(found == *sha256, || format!("it is {found}")),
                    Err(HostError::NotFound(_)) => Truth::No("there is no such file".into()),
                    Err(error) => return Err(said(error)),
                }
            }
            Condition::FreeSpace { host, path, bytes } => {
                let free = free_near(self.host(host)?, path, look).await?;
                truth(free >= *bytes, || format!("only {} are", human_bytes(free)))
            }
            Condition::SameFileSystem { host, a, b } => {
                let same = self.host(host)?.same_filesystem(a, b, look).await.map_err(said)?;
                truth(same, || "they are on two".into())
            }
            Condition::Unlocked { host, path } => {
                let host = self.host(host)?;
                let there = host.stat(path, look).await.map_err(said)?.is_some();
                let locked = there && host.locked(path, look).await.map_err(said)?;
                truth(!locked, || "a process holds it: a server runs on it".into())
            }
            Condition::ProcessGone { host, pid, started_ticks } => {
                let all = self.host(host)?.processes(&[], look).await.map_err(said)?;
                let lives = all.iter().any(|p| p.id.pid == *pid && p.id.start_ticks == *started_ticks);
                truth(!lives, || "it still runs".into())
            }
            Condition::PortSilent { address } => port(address).await,
            Condition::ServiceStopped { .. }
            | Condition::ServiceRunning { .. }
            | Condition::ServiceReleased { .. }
            | Condition::Etcd(_) => Truth::Unknown("this is not looked at here".into()),
        })
    }

    pub(super) async fn perform_on_host(&self, action: &Action, consent: &Consent) -> Result<(), String> {
        let (look, work) = (Deadline::after(LOOK), Deadline::after(WORK));
        match action {
            Action::MakeDir { host, path, mode } => {
                self.host(host)?.make_dir(consent, path, *mode, look).await.map_err(said)
            }
            Action::Rename { host, from, to } => {
                self.host(host)?.rename(consent, from, to, look).await.map_err(said)
            }
            Action::CopyTree { host, from, to } => {
                let host = self.host(host)?;
                let part = new_part(to)?;
                host.copy_tree(consent, from, &part, work).await.map_err(said)?;
                host.rename(consent, &part, to, look).await.map_err(said)
            }
            Action::FetchTree { host, from, to } => {
                // The same name again: what a killed attempt has fetched is hashed, and not fetched once more.
                let mut part = to.clone().into_os_string();
                part.push(".part");
                let part = PathBuf::from(part);
                fetch_tree(self.host(host)?, from, &part, 0, work).await?;
                self.here()?.rename(consent, &part, to, look).await.map_err(said)
            }
            Action::WriteFile { host, path, text, mode } => {
                let content = Content::Bytes(text.as_bytes());
                self.host(host)?.write_new(consent, path, content, *mode, look).await.map_err(said)
            }
            Action::SendFile { host, from, to, mode } => {
                self.host(host)?.write_new(consent, to, Content::File(from), *mode, work).await.map_err(said)
            }
            Action::Run { host, argv, timeout_s } => {
                let limit = Deadline::after(Duration::from_secs(u64::from(*timeout_s)));
                run(self.host(host)?, consent, argv, limit).await
            }
            Action::StopService { .. } | Action::StartService { .. } | Action::ReleaseService { .. } => {
                Err("this is not done here".into())
            }
            Action::Etcd(_) => Err("this is not done here".into()),
        }
    }
}

/// Runs a command to its good end.
pub(super) async fn run(
    host: &dyn Host,
    consent: &Consent,
    argv: &[String],
    deadline: Deadline,
) -> Result<(), String> {
    let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
    let output = host.run(consent, &argv, None, deadline).await.map_err(said)?;
    output.success(host, &argv).map(drop).map_err(said)
}

/// A name beside the path that nobody has and no attempt had before: `PATH.part-0123456789abcdef`. Of a run that was
/// killed, what it had started may still be at work on the name it was given. Nothing is deleted, so that stays too.
pub(super) fn new_part(path: &Path) -> Result<PathBuf, String> {
    let mut random = [0u8; 8];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| "the system gives no random bytes")?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".part-{:016x}", u64::from_be_bytes(random)));
    Ok(PathBuf::from(name))
}

/// Free bytes on the file system of the path, or of the nearest directory above that exists.
pub async fn free_near(host: &dyn Host, path: &Path, deadline: Deadline) -> Result<u64, String> {
    for above in path.ancestors() {
        match host.stat(above, deadline).await.map_err(said)? {
            Some(found) if found.kind == Kind::Directory => {
                return host.free_space(above, deadline).await.map_err(said);
            }
            _ => {}
        }
    }
    Err(format!("nothing above {} exists", path.display()))
}

async fn port(address: &str) -> Truth {
    match Deadline::after(LOOK).run(TcpStream::connect(address)).await {
        Some(Ok(_)) => Truth::No("something listens there".into()),
        Some(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => Truth::Yes,
        Some(Err(error)) => Truth::Unknown(error.to_string()),
        None => Truth::Unknown("no answer".into()),
    }
}
