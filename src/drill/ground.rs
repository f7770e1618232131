//! What a drill needs to know of the system it drills.

use super::etcd::EtcdGround;
use crate::facts::BackendKind;
use crate::lab::state::Member;
use crate::recover::executor::Hands;
use crate::recover::plan::Plan;
use crate::target::Target;
use std::path::Path;

/// One system, as a place for drills.
pub trait Ground: Sync {
    /// What carries a recovery's plan out.
    fn hands(&self, plan: &Plan, target: &Target) -> Result<Box<dyn Hands>, String>;

    /// Spoils one page of a member's state on disk, as a disk does that loses a write; what was spoiled, for people.
    fn spoil(&self, member: &Member) -> Result<String, String>;

    /// A member with the data in `data_dir` that runs beside its successor, at other ports.
    fn elsewhere(&self, member: &Member, name: &str, data_dir: &Path, ports: &[u16]) -> Member;
}

/// The ground of this system; `None` when this version does not drill it.
pub fn ground(backend: BackendKind) -> Option<&'static dyn Ground> {
    match backend {
        BackendKind::Etcd => Some(&EtcdGround),
        BackendKind::Zookeeper | BackendKind::Consul => None,
    }
}
