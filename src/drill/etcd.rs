//! etcd as a place for drills.

use super::ground::Ground;
use crate::backend::etcd::Etcd;
use crate::files::FileSource;
use crate::format::bbolt::{Cursor, Database};
use crate::format::source::Damage;
use crate::lab::state::{Member, MemberState};
use crate::recover::action::{Limits, RealHands};
use crate::recover::executor::Hands;
use crate::recover::plan::Plan;
use crate::target::Target;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// etcd 3.4 to 3.7.
pub(super) struct EtcdGround;

impl Ground for EtcdGround {
    fn hands(&self, plan: &Plan, target: &Target) -> Result<Box<dyn Hands>, String> {
        let etcd = Etcd::open(target.clone()).map_err(|error| error.to_string())?;
        let hands = RealHands::new(plan, etcd, Limits::default()).map_err(|error| error.to_string())?;
        Ok(Box::new(hands))
    }

    fn spoil(&self, member: &Member) -> Result<String, String> {
        let path = member.data_dir.join("member/snap/db");
        let (page, size) = used_page(&path)?;
        let file = OpenOptions::new().write(true).open(&path).map_err(|error| error.to_string())?;
        let zeros = vec![0; size as usize];
        let spoiled = file.write_all_at(&zeros, page * size).and_then(|()| file.sync_all());
        spoiled.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(format!("page {page} of its database is overwritten with zeros"))
    }

    fn elsewhere(&self, member: &Member, name: &str, data_dir: &Path, ports: &[u16]) -> Member {
        let mut moved = member.clone();
        let url = |at: usize| {
            let scheme = if member.endpoint.starts_with("https") { "https" } else { "http" };
            format!("{scheme}://{}:{}", member.address, ports.get(at).copied().unwrap_or_default())
        };
        // Its name, its peer URL and its token stay what they are in its log: only where it listens is new.
        let given = [
            ("--data-dir=", data_dir.display().to_string()),
            ("--listen-client-urls=", url(0)),
            ("--advertise-client-urls=", url(0)),
            ("--listen-peer-urls=", url(1)),
        ];
        for argument in &mut moved.spec.arguments {
            if let Some((flag, value)) = given.iter().find(|(flag, _)| argument.starts_with(flag)) {
                *argument = format!("{flag}{value}");
            }
        }
        moved.name = name.to_owned();
        (moved.state, moved.pid, moved.started_ticks) = (MemberState::Exited, None, None);
        moved.ports = member.ports.keys().cloned().zip(ports.iter().copied()).collect();
        moved.endpoint = url(0);
        moved.log = member
            .log
            .parent()
            .and_then(Path::parent)
            .map_or_else(|| member.log.clone(), |lab| lab.join(name).join("server.log"));
        moved.spec.readiness.url = format!("{}/health", url(0));
        moved.data_dir = data_dir.to_owned();
        moved
    }
}

/// A page of a database that holds keys and is in use, from the middle of them; and the size of a page.
fn used_page(path: &Path) -> Result<(u64, u64), String> {
    let source = FileSource::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let said = |damage: Damage| format!("{}: {damage}", path.display());
    let database = Database::open(&source).map_err(said)?;
    let mut keys = Cursor::bucket(&database, b"key").map_err(said)?.ok_or("there are no keys")?;
    let mut pages = Vec::new();
    while let Some(item) = keys.next().map_err(said)? {
        pages.push(item.page);
    }
    let middle = pages.get(pages.len() / 2).copied().ok_or("there are no keys")?;
    Ok((middle, u64::from(database.meta.page_size)))
}
