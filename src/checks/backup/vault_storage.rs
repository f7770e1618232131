use crate::checks::snapshots::snapshot;
use crate::facts::ConsulFiles;
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "vault-storage",
    family: Family::Backup,
    question: "Are the data of a Vault that are kept in Consul whole in the snapshot?",
    why: "Vault with the storage `consul` keeps everything under one prefix, encrypted with a keyring that lies there too. \
          Without its keyring and its seal configuration no unseal key opens what a restore brings back.",
    remedy: "Do not count on this snapshot. See with `consul kv get -keys PREFIX` whether the keys are still there; if they are, \
             take a new one now, and if not, restore an older one elsewhere before Vault is sealed or restarted.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "https://developer.hashicorp.com/vault/docs/configuration/storage/consul (path)",
        "Vault vault/barrier.go and vault/seal.go: core/keyring, core/seal-config",
    ],
    rules: &[Rule::ConsulFile(judge)],
};

fn judge(files: &ConsulFiles, _: &Policy) -> Outcome {
    let snapshot = match snapshot(files, Severity::Critical) {
        Ok(snapshot) => snapshot,
        Err(outcome) => return outcome,
    };
    if snapshot.vaults.is_empty() {
        return Outcome::NotApplicable("no Vault keeps its data in it".into());
    }
    let mut tally = Tally::new();
    for vault in &snapshot.vaults {
        let hit = match vault.missing.as_slice() {
            [] => Hit::new(
                Severity::Info,
                "Vault keeps its data below {prefix} ({keys} keys): a restore of this snapshot is a restore of Vault",
            )
            .remedy("Stop every Vault server before a restore, and have the unseal keys of that day at hand."),
            missing => Hit::new(
                Severity::Critical,
                "Vault keeps its data below {prefix} ({keys} keys), and {missing} is not among them: nothing unseals it",
            )
            .with("missing", missing.to_vec()),
        };
        tally.hit(hit.with("prefix", vault.prefix.as_str()).with("keys", vault.keys));
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{ConsulSnapshot, ConsulVault, FileFacts};

    fn hits(vaults: &[&[&str]]) -> Vec<Severity> {
        let vault = |missing: &&[&str]| ConsulVault {
            prefix: "vault/".into(),
            keys: 7,
            missing: missing.iter().map(|name| (*name).to_owned()).collect(),
        };
        let vaults = vaults.iter().map(vault).collect();
        let snapshot = Some(ConsulSnapshot { vaults, ..ConsulSnapshot::default() });
        let files = ConsulFiles { snapshot, ..ConsulFiles::default() };
        match CHECK.run_on_file(&FileFacts::Consul(Box::new(files)), &Policy::default()) {
            Some(Outcome::Judged { hits, .. }) => hits.iter().map(|hit| hit.severity).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn what_is_missing_is_critical() {
        assert!(hits(&[]).is_empty());
        assert_eq!(hits(&[&[]]), [Severity::Info]);
        assert_eq!(hits(&[&["core/keyring"], &[]]), [Severity::Critical, Severity::Info]);
    }
}
