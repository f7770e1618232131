use crate::checks::snapshots::snapshot;
use crate::facts::{ConsulFiles, ConsulSnapshot};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "snapshot-restorable",
    family: Family::Backup,
    question: "Can any server restore the snapshot, and does it bring all that a cluster needs?",
    why: "A leader that restores a record of a kind that it does not know panics: the cluster loses it on the very day on which the \
          snapshot is needed. What is not in it, such as the CA's private key, has to be made anew by hand.",
    remedy: "Keep servers of the version and edition that wrote it for its restore, and drill it.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "measured: a restore into 1.13.9 ends its leader with \"panic: failed to restore snapshot: ... msg type <64> is a Consul \
         Enterprise log entry. Consul OSS cannot restore it\"",
        "Consul agent/structs/structs.go: kinds of records; those from 64 on are Enterprise's",
        "https://developer.hashicorp.com/consul/docs/manage/disaster-recovery/backup-restore",
    ],
    rules: &[Rule::ConsulFile(judge)],
};

fn judge(files: &ConsulFiles, _: &Policy) -> Outcome {
    let snapshot = match snapshot(files, Severity::Warning) {
        Ok(snapshot) => snapshot,
        Err(outcome) => return outcome,
    };
    let mut tally = Tally::new();
    strange(snapshot, &mut tally);
    needed(snapshot, &mut tally);
    tally.evidence("kinds", snapshot.records.len());
    tally.evidence("records", snapshot.records.values().map(|records| records.count).sum::<u64>());
    tally.outcome()
}

fn strange(snapshot: &ConsulSnapshot, tally: &mut Tally) {
    let counted = |kinds: &std::collections::BTreeMap<u8, u64>| -> Vec<String> {
        kinds.iter().map(|(kind, count)| format!("kind {kind}: {count}")).collect()
    };
    if !snapshot.enterprise.is_empty() {
        let says =
            "it holds records of Consul Enterprise ({kinds}): a Community server that restores it panics";
        let hit = Hit::new(Severity::Info, says).with("kinds", counted(&snapshot.enterprise));
        tally.hit(hit.remedy("Restore it into Enterprise servers of the version that wrote it."));
    }
    if !snapshot.unknown.is_empty() {
        let says = "it holds records of kinds that came after Consul 1.14 ({kinds}): an older server that restores it panics";
        let hit = Hit::new(Severity::Info, says).with("kinds", counted(&snapshot.unknown));
        tally.hit(hit.remedy("Restore it into servers of the version that wrote it, or of a later one."));
    }
}

fn needed(snapshot: &ConsulSnapshot, tally: &mut Tally) {
    let (ca, secrets) = (&snapshot.mesh_ca, &snapshot.secrets);
    if ca.provider.as_deref() == Some("consul") && ca.roots > 0 && secrets.ca_private_keys == 0 {
        let says = "the built-in CA of the mesh has {roots} root certificates in it and no private key: after a restore a new root \
                    is made, and every service's certificate with it";
        tally.hit(Hit::new(Severity::Warning, says).with("roots", ca.roots));
    }
    if secrets.acl_tokens > 0 && secrets.management_tokens == 0 {
        let says = "none of the {tokens} ACL tokens in it has the policy global-management: after a restore nobody may be able to \
                    administer the rights";
        let hit = Hit::new(Severity::Info, says).with("tokens", secrets.acl_tokens);
        tally.hit(hit.remedy(
            "Make sure that some token in use may write ACLs; else a restore needs the file acl-bootstrap-reset in the leader's \
             data directory.",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::FileFacts;

    fn hits(change: impl Fn(&mut ConsulSnapshot)) -> Vec<Severity> {
        let mut snapshot = ConsulSnapshot::default();
        snapshot.mesh_ca.provider = Some("consul".into());
        snapshot.mesh_ca.roots = 1;
        snapshot.secrets.ca_private_keys = 1;
        (snapshot.secrets.acl_tokens, snapshot.secrets.management_tokens) = (3, 1);
        change(&mut snapshot);
        let files = ConsulFiles { snapshot: Some(snapshot), ..ConsulFiles::default() };
        match CHECK.run_on_file(&FileFacts::Consul(Box::new(files)), &Policy::default()) {
            Some(Outcome::Judged { hits, .. }) => hits.iter().map(|hit| hit.severity).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn what_a_restore_would_miss_or_refuse() {
        assert!(hits(|_| {}).is_empty());
        assert_eq!(hits(|snapshot| snapshot.enterprise = [(64, 2)].into()), [Severity::Info]);
        assert_eq!(hits(|snapshot| snapshot.unknown = [(42, 2)].into()), [Severity::Info]);
        assert_eq!(hits(|snapshot| snapshot.secrets.ca_private_keys = 0), [Severity::Warning]);
        assert_eq!(hits(|snapshot| snapshot.secrets.management_tokens = 0), [Severity::Info]);
        let outside = |snapshot: &mut ConsulSnapshot| {
            snapshot.secrets.ca_private_keys = 0;
            snapshot.mesh_ca.provider = Some("vault".into());
        };
        assert!(hits(outside).is_empty(), "the key is where the CA is");
    }
}
