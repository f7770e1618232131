use crate::facts::{
    CommonFacts, EtcdFacts, KubernetesStore, Observed, ResourceStorage, SnapshotFacts, ZookeeperFacts,
};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::{Limit, Policy, Threshold};

const PLAINTEXT_CRITICAL: Threshold = Threshold {
    key: "plaintext_secrets_critical",
    default: Limit::Count(0.0),
    source: "so many plaintext secrets are critical; 0 = never, because Kubernetes stores secrets unencrypted unless \
             told otherwise (https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/). Set 1 where \
             encryption at rest is required",
};

pub(super) const CHECK: Check = Check {
    slug: "encryption-at-rest",
    family: Family::AtRest,
    question: "Are Kubernetes secrets encrypted at rest, all with one key and a sound provider?",
    why: "Whoever reads a data directory, a snapshot or a backup reads every secret that is stored in plaintext. Secrets \
          written before encryption was switched on, or with an earlier key, stay as they are until they are rewritten.",
    remedy: "Put a provider other than `identity` first in the EncryptionConfiguration of every API server, restart \
             them, then rewrite all secrets: kubectl get secrets -A -o json | kubectl replace -f -",
    runbook: None,
    thresholds: &[PLAINTEXT_CRITICAL],
    sources: &[
        "https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/",
        "https://kubernetes.io/docs/tasks/administer-cluster/kms-provider/: KMS v1 is deprecated since 1.28",
        "kubernetes apiserver/pkg/server/options/encryptionconfig/config.go: the prefixes of stored values",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(judge_zookeeper), Rule::EtcdFile(judge_file)],
};

const REWRITE: &str = "Rewrite every object of the resource once all API servers write with the new key, such as: \
                       kubectl get secrets -A -o json | kubectl replace -f -. Remove the old key only after that";
const KMS_V1: &str =
    "Move to KMS v2 (apiVersion: v2 in the EncryptionConfiguration), then rewrite the objects";
const AESCBC: &str = "Move to secretbox or KMS v2, then rewrite the objects";
const AESGCM: &str = "Rotate the key before 200 000 writes, or move to secretbox or KMS v2";

/// The resource that must be encrypted; others are judged only where somebody encrypts them.
const SECRETS: &str = "secrets";

/// ZooKeeper has no encryption of its own; what lies below its files cannot be seen over the network.
fn judge_zookeeper(_: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    Outcome::found(
        Hit::new(
            Severity::Info,
            "ZooKeeper stores everything unencrypted: logs, snapshots and copies of them",
        )
        .remedy("Keep dataDir, dataLogDir and every backup on encrypted volumes."),
    )
}

fn judge(etcd: &EtcdFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    let store = match &etcd.kubernetes {
        Observed::Known(store) if store.prefix.is_none() => {
            return Outcome::NotApplicable("no Kubernetes objects are stored here".into());
        }
        Observed::Known(store) => store,
        Observed::Unknown(why) => {
            let missing = format!("whether Kubernetes secrets are stored here, and how: {why}");
            return Outcome::undecided(missing, plaintext(u64::MAX, policy));
        }
    };
    judge_store(store, policy)
}

const OLD_REVISIONS: &str = "Every revision in the file counts, also of objects that were rewritten or deleted since. \
                             Rewrite what is still stored that way, compact, defragment, then save a new snapshot; the \
                             old file keeps what it holds, so guard or delete it";

/// A file tells all revisions that compaction left, not only what is current.
fn judge_file(file: &SnapshotFacts, policy: &Policy) -> Outcome {
    if file.kubernetes.is_empty() {
        return Outcome::NotApplicable("no Kubernetes objects are stored in it".into());
    }
    match judge_store(&file.kubernetes_store(), policy) {
        Outcome::Judged { hits, gaps } => {
            let unfinished = |hit: &Hit| hit.remedy.is_none() || hit.remedy == Some(REWRITE);
            let hits =
                hits.into_iter().map(|hit| if unfinished(&hit) { hit.remedy(OLD_REVISIONS) } else { hit });
            Outcome::Judged { hits: hits.collect(), gaps }
        }
        other => other,
    }
}

fn judge_store(store: &KubernetesStore, policy: &Policy) -> Outcome {
    let mut tally = Tally::new();
    for (name, storage) in &store.resources {
        one_resource(name, storage, policy, &mut tally);
    }
    providers(store, &mut tally);
    not_seen(store, policy, &mut tally);
    if let Some(secrets) = store.resources.get(SECRETS) {
        tally.evidence("secrets", secrets.total);
        tally.evidence("looked_at", secrets.looked_at);
        tally.evidence("keys", keys(secrets));
    }
    tally.outcome()
}

/// How bad so many plaintext secrets are.
fn plaintext(count: u64, policy: &Policy) -> Severity {
    let critical = policy.get(&PLAINTEXT_CRITICAL);
    if critical > 0.0 && count as f64 >= critical { Severity::Critical } else { Severity::Warning }
}

fn one_resource(name: &str, storage: &ResourceStorage, policy: &Policy, tally: &mut Tally) {
    let encrypted: u64 = storage.encrypted.values().sum();
    let hit = |severity, says| {
        Hit::new(severity, says)
            .with("resource", name)
            .with("plaintext", storage.plaintext)
            .with("encrypted", encrypted)
            .with("keys", keys(storage))
            .with("looked_at", storage.looked_at)
            .with("total", storage.total)
    };
    let severity = if name == SECRETS { plaintext(storage.plaintext, policy) } else { Severity::Warning };
    if storage.plaintext > 0 && encrypted > 0 {
        let says = "{resource}: {plaintext} stored in plaintext beside {encrypted} encrypted ({looked_at} of {total} \
                    looked at): the rewrite after a change of the EncryptionConfiguration is unfinished";
        tally.hit(hit(severity, says).remedy(REWRITE));
    } else if storage.plaintext > 0 && name == SECRETS {
        let says = "secrets stored in plaintext: {plaintext} ({looked_at} of {total} looked at)";
        tally.hit(hit(severity, says));
    }
    if storage.encrypted.len() > 1 {
        let says = "{resource}: stored with more than one key, so a rotation is unfinished: {keys} ({looked_at} of \
                    {total} looked at)";
        tally.hit(hit(Severity::Warning, says).remedy(REWRITE));
    }
}

/// Providers that are weak or going away, once for all resources.
fn providers(store: &KubernetesStore, tally: &mut Tally) {
    let known = [
        (
            "kms:v1:",
            Severity::Warning,
            "encrypted with KMS v1, which is deprecated and off by default since Kubernetes 1.29: {resources}",
            KMS_V1,
        ),
        (
            "aescbc:",
            Severity::Warning,
            "encrypted with aescbc, which Kubernetes' documentation calls weak (padding oracle): {resources}",
            AESCBC,
        ),
        (
            "aesgcm:",
            Severity::Info,
            "encrypted with aesgcm, which is safe only while its key is rotated within 200 000 writes: {resources}",
            AESGCM,
        ),
    ];
    for (prefix, severity, says, remedy) in known {
        let uses = |s: &ResourceStorage| s.encrypted.keys().any(|key| key.starts_with(prefix));
        let resources: Vec<String> =
            store.resources.iter().filter(|(_, s)| uses(s)).map(|(name, _)| name.clone()).collect();
        if !resources.is_empty() {
            tally.hit(Hit::new(severity, says).with("resources", resources).remedy(remedy));
        }
    }
}

/// What a clean bill of health would have needed to see.
fn not_seen(store: &KubernetesStore, policy: &Policy, tally: &mut Tally) {
    let at_worst = plaintext(u64::MAX, policy);
    if let Some(why) = &store.unfinished {
        tally.gap(None, format!("how all objects are stored: {why}"), at_worst);
    }
    for (name, storage) in store.resources.iter().filter(|(_, s)| s.unrecognised > 0) {
        let missing = format!(
            "whether {} of {} {name} that were looked at are encrypted: their form is none that Kubernetes is known to \
             write",
            storage.unrecognised, storage.looked_at
        );
        tally.gap(None, missing, if name == SECRETS { at_worst } else { Severity::Info });
    }
    if let Some(secrets) = store.resources.get(SECRETS) {
        let more = secrets.total.saturating_sub(secrets.looked_at);
        if more > 0 && secrets.plaintext == 0 && store.unfinished.is_none() {
            let missing = format!(
                "whether all secrets are encrypted: {} of {} were looked at; --deep reads all",
                secrets.looked_at, secrets.total
            );
            tally.gap(None, missing, at_worst);
        }
    }
}

/// `aescbc:v1:key1: 12`, one for each key.
fn keys(storage: &ResourceStorage) -> Vec<String> {
    storage.encrypted.iter().map(|(key, count)| format!("{key}: {count}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn storing(resources: &[(&str, ResourceStorage)]) -> Sample {
        let mut sample = cluster(3);
        sample.native_mut().kubernetes = Observed::Known(KubernetesStore {
            prefix: Some("/registry/".into()),
            resources: resources.iter().map(|(name, s)| ((*name).to_owned(), s.clone())).collect(),
            unfinished: None,
        });
        sample
    }

    fn stored(plaintext: u64, encrypted: &[(&str, u64)]) -> ResourceStorage {
        let encrypted: std::collections::BTreeMap<String, u64> =
            encrypted.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect();
        let total = plaintext + encrypted.values().sum::<u64>();
        ResourceStorage { total, looked_at: total, plaintext, encrypted, unrecognised: 0 }
    }

    #[test]
    fn one_sound_key_is_clear() {
        row(&CHECK, &storing(&[("secrets", stored(0, &[("secretbox:v1:k1", 5)]))]), &[]);
        row(
            &CHECK,
            &storing(&[("secrets", stored(0, &[("kms:v2:vault", 5)])), ("pods", stored(9, &[]))]),
            &[],
        );
        row(&CHECK, &storing(&[("secrets", stored(0, &[]))]), &[]);
    }

    fn of_etcd(file: SnapshotFacts) -> crate::facts::FileFacts {
        crate::facts::FileFacts::Etcd(Box::new(file))
    }

    #[test]
    fn a_file_tells_all_its_revisions() {
        let stored = crate::facts::StoredResource { values: 7, plaintext: 2, ..Default::default() };
        let kubernetes = [("secrets".to_owned(), stored)].into();
        let file = of_etcd(SnapshotFacts { kubernetes, ..SnapshotFacts::default() });
        let outcome = CHECK.run_on_file(&file, &Policy::default());
        let Some(Outcome::Judged { hits, .. }) = outcome else { unreachable!("found") };
        assert_eq!((hits.len(), hits[0].severity), (1, Severity::Warning));
        assert!(hits[0].remedy.is_some_and(|remedy| remedy.contains("compact")));
        let empty = CHECK.run_on_file(&of_etcd(SnapshotFacts::default()), &Policy::default());
        assert!(matches!(empty, Some(Outcome::NotApplicable(_))));
    }

    #[test]
    fn no_kubernetes_no_question() {
        assert!(matches!(cluster(3).run(&CHECK), Outcome::NotApplicable(_)));
    }

    #[test]
    fn plaintext_secrets_warn_and_are_critical_where_the_policy_says_so() {
        let sample = storing(&[("secrets", stored(3, &[]))]);
        row(&CHECK, &sample, &[Severity::Warning]);
        let mut strict = Policy::default();
        strict.set("plaintext_secrets_critical", Limit::Count(3.0), "a test");
        let Outcome::Judged { hits, .. } = CHECK.run(&sample.0, &strict) else { unreachable!("found") };
        assert_eq!(hits[0].severity, Severity::Critical);
    }

    #[test]
    fn rotations_that_are_unfinished() {
        row(&CHECK, &storing(&[("secrets", stored(1, &[("kms:v2:a", 5)]))]), &[Severity::Warning]);
        row(
            &CHECK,
            &storing(&[("secrets", stored(0, &[("kms:v2:a", 5), ("kms:v2:b", 1)]))]),
            &[Severity::Warning],
        );
        // Nobody expects config maps to be encrypted, but who began should finish.
        row(&CHECK, &storing(&[("configmaps", stored(1, &[("kms:v2:a", 5)]))]), &[Severity::Warning]);
    }

    #[test]
    fn weak_and_deprecated_providers() {
        row(&CHECK, &storing(&[("secrets", stored(0, &[("kms:v1:a", 5)]))]), &[Severity::Warning]);
        row(&CHECK, &storing(&[("secrets", stored(0, &[("aescbc:v1:a", 5)]))]), &[Severity::Warning]);
        row(&CHECK, &storing(&[("secrets", stored(0, &[("aesgcm:v1:a", 5)]))]), &[Severity::Info]);
    }

    #[test]
    fn what_was_not_seen_is_not_ok() {
        let mut denied = cluster(3);
        denied.native_mut().kubernetes = Observed::unknown("permission-denied");
        undecided(&CHECK, &denied, Severity::Warning);
        let part = ResourceStorage { total: 3000, ..stored(0, &[("kms:v2:a", 1000)]) };
        undecided(&CHECK, &storing(&[("secrets", part)]), Severity::Warning);
        let odd = ResourceStorage { unrecognised: 2, ..stored(0, &[("kms:v2:a", 5)]) };
        undecided(&CHECK, &storing(&[("secrets", odd)]), Severity::Warning);
        let mut cut = storing(&[("secrets", stored(0, &[]))]);
        if let Observed::Known(store) = &mut cut.native_mut().kubernetes {
            store.unfinished = Some("no-answer".into());
        }
        undecided(&CHECK, &cut, Severity::Warning);
    }
}
