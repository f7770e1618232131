//! A recovery from a snapshot file: for when no disk is left that holds more.

use super::source::Survivor;
use super::{Refusal, Rule, Situation};
use crate::facts::CommonFacts;
use crate::offline::{CopyFacts, CopyKind, MemberFacts};
use crate::recover::identity;
use std::path::PathBuf;

/// A snapshot file on this machine.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Absolute path, without links.
    pub path: PathBuf,
    /// What is in it.
    pub copy: CopyFacts,
    /// Hex id of the cluster, as the manifest beside it has it.
    pub cluster_id: Option<String>,
}

impl Backup {
    /// Who was in the cluster.
    pub(super) fn members(&self) -> &[MemberFacts] {
        &self.copy.membership.members
    }

    /// The cluster's id: of the manifest, else as it follows from the members, if the cluster was founded with them.
    pub(super) fn cluster(&self) -> Option<String> {
        let ids: Option<Vec<u64>> =
            self.members().iter().map(|member| u64::from_str_radix(&member.id, 16).ok()).collect();
        let founded =
            || ids.filter(|ids| !ids.is_empty()).map(|ids| format!("{:x}", identity::cluster_id(&ids)));
        self.cluster_id.clone().or_else(founded)
    }

    /// SHA-256 of the file.
    pub(super) fn sha256(&self) -> Option<&str> {
        self.copy.database.as_ref()?.sha256.as_deref()
    }

    /// Whether the file is to be used for this cluster, with these survivors.
    pub(super) fn suits(
        &self,
        situation: &Situation,
        common: &CommonFacts,
        survivors: &[Survivor<'_>],
    ) -> Result<(), Refusal> {
        self.is_of(situation, common)?;
        let applied = self.copy.database.as_ref().and_then(|database| database.consistent_index);
        match (survivors.first(), applied) {
            (Some(survivor), Some(index)) if survivor.last().is_some_and(|last| last.index < index) => Ok(()),
            (Some(survivor), _) => Err(Refusal::new(
                Rule::OlderSnapshot,
                format!(
                    "{} is left, and holds {}; the snapshot ends at index {}, revision {}",
                    survivor.member.label(),
                    survivor.last().map_or_else(|| "more".to_owned(), |last| format!("index {}", last.index)),
                    applied.unwrap_or(0),
                    self.copy.database.as_ref().map_or(0, |database| database.revision)
                ),
                "Leave --snapshot out: with what is left less is lost.",
            )),
            (None, _) => Ok(()),
        }
    }

    /// Whether it is a snapshot that can be used at all.
    pub(super) fn is_whole(&self) -> Result<(), Refusal> {
        let unfit = |why: String| {
            Err(Refusal::new(
                Rule::UnfitSnapshot,
                format!("{} {why}", self.path.display()),
                "Use another one: `quorate snapshot list` and `quorate snapshot verify` say which are whole.",
            ))
        };
        if let Some(damage) = self.copy.damage.first() {
            return unfit(format!("is damaged: {}: {}", damage.place, damage.what));
        }
        if let Some(gap) = self.copy.gaps.first() {
            return unfit(format!("could not be read: {}: {}", gap.what, gap.why));
        }
        match self.copy.kind {
            CopyKind::Snapshot if self.sha256().is_some() => Ok(()),
            kind => unfit(format!("is {}, and no snapshot", kind.article())),
        }
    }

    /// Members have ids that are made of their addresses and their cluster's token: another cluster has others.
    fn is_of(&self, situation: &Situation, common: &CommonFacts) -> Result<(), Refusal> {
        let other = |id: &str, is: &str| {
            Err(Refusal::new(
                Rule::OtherCluster,
                format!("{} is of cluster {id}, and {} {is}", self.path.display(), situation.cluster),
                "Use a snapshot of this cluster.",
            ))
        };
        let theirs = self.cluster().unwrap_or_default();
        if let (Some(saved), [known]) = (&self.cluster_id, common.cluster_ids.as_slice())
            && saved != known
        {
            return other(saved, &format!("is {known}"));
        }
        let known = || common.members.iter().filter(|m| u64::from_str_radix(&m.id, 16).is_ok());
        let shared = known().any(|member| self.members().iter().any(|theirs| theirs.id == member.id));
        if known().next().is_some() && !shared {
            return other(&theirs, "has none of its members");
        }
        let named = |name: &String| self.members().iter().any(|member| member.name == *name);
        if !situation.sites.keys().any(named) {
            return other(&theirs, "declares none of its members");
        }
        Ok(())
    }
}
