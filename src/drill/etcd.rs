//! etcd as a place for drills.

use super::ground::Ground;
use crate::backend::etcd::Etcd;
use crate::lab::state::Member;
use crate::recover::action::RealHands;
use crate::recover::executor::Hands;
use crate::recover::plan::Plan;
use crate::target::Target;
use std::path::Path;

/// etcd 3.4 to 3.7.
pub(super) struct EtcdGround;

impl Ground for EtcdGround {
    fn hands(&self, plan: &Plan, target: &Target) -> Result<Box<dyn Hands>, String> {
        let etcd = Etcd::open(target.clone()).map_err(|error| error.to_string())?;
        let hands = RealHands::new(plan, etcd).map_err(|error| error.to_string())?;
        Ok(Box::new(hands))
    }

    fn spoil(&self, _: &Member) -> Result<String, String> {
        Err("not yet".into())
    }

    fn elsewhere(&self, member: &Member, _: &str, _: &Path, _: &[u16]) -> Member {
        member.clone()
    }
}
