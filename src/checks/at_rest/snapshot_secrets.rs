use crate::checks::snapshots::snapshot;
use crate::facts::{ConsulFiles, ConsulSnapshot};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "snapshot-secrets",
    family: Family::AtRest,
    question: "Is a snapshot with secrets in it closed to other users of the machine?",
    why: "A snapshot of Consul holds in clear what the servers guard: the private key of the mesh's CA, with which anybody is any \
          service, the secret of every ACL token, and whatever was put under keys.",
    remedy: "Give the file mode 0600 and the directory 0700, keep copies encrypted, and once others could read it rotate the \
             tokens and the CA.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "Consul agent/consul/fsm/snapshot_ce.go: ACL tokens and the CA provider's state are among the records",
        "https://developer.hashicorp.com/consul/commands/snapshot/save: what a snapshot holds",
        "the mode of the file and of every directory above",
    ],
    rules: &[Rule::ConsulFile(judge)],
};

fn judge(files: &ConsulFiles, _: &Policy) -> Outcome {
    let snapshot = match snapshot(files, Severity::Critical) {
        Ok(snapshot) => snapshot,
        Err(outcome) => return outcome,
    };
    let secrets = secrets(snapshot);
    if secrets.is_empty() {
        return Outcome::Clear(vec![(
            "records",
            snapshot.records.values().map(|r| r.count).sum::<u64>().into(),
        )]);
    }
    let Some(readers) = &snapshot.readers else {
        return Outcome::undecided(
            format!("who can read {}, which holds secrets", snapshot.file),
            Severity::Critical,
        );
    };
    let (severity, says) = match (readers.others, readers.group) {
        (true, _) => {
            (Severity::Critical, "every user of this machine can read {file} ({mode}), which holds {secrets}")
        }
        (false, true) => (Severity::Warning, "its group can read {file} ({mode}), which holds {secrets}"),
        (false, false) => {
            (Severity::Info, "{file} holds {secrets}, in clear; only its owner can read it here ({mode})")
        }
    };
    let hit =
        Hit::new(severity, says).with("file", snapshot.file.as_str()).with("mode", readers.mode.as_str());
    let hit = hit.with("secrets", secrets);
    Outcome::found(match severity {
        Severity::Info => hit.remedy("Keep it, and every copy of it, encrypted and as closed as this one."),
        _ => hit,
    })
}

/// What is secret, in words and numbers.
fn secrets(snapshot: &ConsulSnapshot) -> Vec<String> {
    let counts = &snapshot.secrets;
    let all = [
        (counts.ca_private_keys, "private keys of the mesh's CA"),
        (counts.ca_credentials, "credentials for an outside CA"),
        (counts.acl_tokens, "ACL tokens"),
        (counts.auth_methods, "credentials of auth methods"),
        (counts.peering_secrets, "secrets of peerings"),
        (snapshot.keys.private_keys, "private keys under keys"),
    ];
    let some = all.iter().filter(|(count, _)| *count > 0);
    let mut told: Vec<String> = some.map(|(count, what)| format!("{what}: {count}")).collect();
    if let (Some(last), Some(name)) = (told.last_mut(), snapshot.keys.private_key_names.first()) {
        last.push_str(&format!(" (such as {name})"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{ConsulSecrets, FileFacts, FileReaders};

    fn found(readers: Option<(bool, bool)>, secrets: ConsulSecrets, pem: u64) -> Outcome {
        let readers = readers.map(|(group, others)| FileReaders { mode: "0640".into(), group, others });
        let mut snapshot = ConsulSnapshot { secrets, readers, ..ConsulSnapshot::default() };
        snapshot.keys.private_keys = pem;
        snapshot.keys.private_key_names = (0..pem).map(|n| format!("tls/{n}")).collect();
        let files = ConsulFiles { snapshot: Some(snapshot), ..ConsulFiles::default() };
        CHECK.run_on_file(&FileFacts::Consul(Box::new(files)), &Policy::default()).expect("is judged")
    }

    fn severity(outcome: &Outcome) -> (Severity, String) {
        let Outcome::Judged { hits, gaps } = outcome else { return (Severity::Info, format!("{outcome:?}")) };
        match (hits.first(), gaps.first()) {
            (Some(hit), _) => (hit.severity, hit.sentence()),
            (_, Some(gap)) => (gap.at_worst, gap.missing.clone()),
            _ => (Severity::Info, "nothing".into()),
        }
    }

    #[test]
    fn who_can_read_it_decides() {
        let some = ConsulSecrets { ca_private_keys: 1, acl_tokens: 4, ..ConsulSecrets::default() };
        let all =
            "private keys of the mesh's CA: 1, ACL tokens: 4, private keys under keys: 2 (such as tls/0)";
        for (readers, expected) in [
            ((true, true), Severity::Critical),
            ((true, false), Severity::Warning),
            ((false, false), Severity::Info),
        ] {
            let (severity, says) = severity(&found(Some(readers), some, 2));
            assert!(severity == expected && says.contains(all), "{severity:?} {says}");
        }
        assert_eq!(severity(&found(None, some, 0)).0, Severity::Critical, "not seen is not closed");
        assert!(matches!(found(Some((true, true)), ConsulSecrets::default(), 0), Outcome::Clear(_)));
    }

    #[test]
    fn without_a_snapshot() {
        let run = |unread: Vec<String>| {
            let files = ConsulFiles { unread, ..ConsulFiles::default() };
            CHECK.run_on_file(&FileFacts::Consul(Box::new(files)), &Policy::default()).expect("is judged")
        };
        assert!(matches!(run(Vec::new()), Outcome::NotApplicable(_)));
        assert_eq!(severity(&run(vec!["permission denied".into()])).0, Severity::Critical);
    }
}
