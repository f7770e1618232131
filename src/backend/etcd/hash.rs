//! HashKV of every member at one revision: whether the members really hold the same data. It reads each member's whole
//! key bucket, so it is asked only by `--deep`.

use super::client;
use super::look::{self, Core};
use crate::facts::{EtcdStatus, HashComparison, MemberHash, Observed, Trouble, TroubleKind};
use crate::transport::Deadline;
use etcd_client::{Client, HashKvResponse};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a new revision is picked when a compaction or a lagging member overtook the one we had.
const TRIES: usize = 3;

/// A member to ask.
struct Subject {
    status: EtcdStatus,
    client: Client,
}

type Answers = Vec<(String, Result<HashKvResponse, Trouble>)>;

/// Compares the members of `cluster_id` among those that answered. Learners serve no HashKV and are left out.
pub(super) async fn compare(
    cores: &[Arc<Core>],
    cluster_id: &str,
    deadline: Deadline,
) -> Observed<HashComparison> {
    let subjects = subjects(cores, cluster_id);
    let Some(mut revision) = lowest(subjects.values().map(|s| s.status.revision)) else {
        return Observed::unknown("no voter answered");
    };
    for attempt in 1..=TRIES {
        // On 3.4 a store that was compacted at its head cannot be hashed at that revision at all, only "now".
        let asked = if attempt == TRIES { 0 } else { revision };
        let answers = hash_all(&subjects, asked, deadline).await;
        if attempt == TRIES || !answers.iter().any(|(_, answer)| answer.as_ref().is_err_and(overtaken)) {
            return Observed::Known(judged(answers, asked, revision));
        }
        match lowest(revisions(&subjects, deadline).await) {
            Some(fresh) => revision = fresh,
            None => return Observed::unknown("the members stopped answering while a revision was picked"),
        }
    }
    Observed::unknown("no revision was found that every member could hash")
}

/// Each member once, however many addresses lead to it.
fn subjects(cores: &[Arc<Core>], cluster_id: &str) -> BTreeMap<String, Subject> {
    let answered = cores.iter().filter_map(|core| Some((core.status.as_ref().ok()?, core.client.as_ref()?)));
    answered
        .filter(|(status, _)| status.cluster_id == cluster_id && !status.learner)
        .map(|(status, client)| {
            (status.member_id.clone(), Subject { status: status.clone(), client: client.clone() })
        })
        .collect()
}

fn lowest(revisions: impl IntoIterator<Item = u64>) -> Option<u64> {
    revisions.into_iter().min()
}

async fn hash_all(subjects: &BTreeMap<String, Subject>, revision: u64, deadline: Deadline) -> Answers {
    let revision = i64::try_from(revision).unwrap_or(i64::MAX);
    let asked = subjects.iter().map(|(id, subject)| async move {
        let mut maintenance = subject.client.maintenance_client();
        let answer = deadline.run(maintenance.hash_kv(revision)).await;
        let answer = match answer {
            Some(answer) => answer.map_err(|error| client::name(&error)),
            None => Err(Trouble::new(
                TroubleKind::NoAnswer,
                "no hash within the deadline; a larger --timeout gives it more time",
            )),
        };
        (id.clone(), answer)
    });
    join_all(asked).await
}

async fn revisions(subjects: &BTreeMap<String, Subject>, deadline: Deadline) -> Vec<u64> {
    let asked = subjects.values().map(|subject| look::status(&subject.client, deadline));
    join_all(asked).await.into_iter().filter_map(Result::ok).map(|status| status.revision).collect()
}

/// Whether the revision was compacted away, or not reached yet, between picking it and hashing it.
fn overtaken(trouble: &Trouble) -> bool {
    trouble.detail.contains("required revision has been compacted")
        || trouble.detail.contains("required revision is a future revision")
}

fn judged(answers: Answers, asked: u64, revision: u64) -> HashComparison {
    let members = answers
        .into_iter()
        .map(|(id, answer)| {
            let hash = match answer {
                Ok(answer) => accepted(&answer, asked, revision),
                Err(trouble) => Observed::unknown(reason(&trouble)),
            };
            (id, hash)
        })
        .collect();
    HashComparison { revision, members }
}

/// A hash of another revision than the one all are compared at would be called a divergence.
fn accepted(answer: &HashKvResponse, asked: u64, revision: u64) -> Observed<MemberHash> {
    let header = answer.header().map_or(0, |h| h.revision());
    let hashed = match (answer.hash_revision(), asked) {
        // Before 3.6 the answer does not say what was hashed: it is what was asked, or "now" for 0.
        (0, 0) => header,
        (0, _) => i64::try_from(asked).unwrap_or(i64::MAX),
        (told, _) => told,
    };
    if u64::try_from(hashed) == Ok(revision) {
        Observed::Known(MemberHash { hash: answer.hash(), compact_revision: answer.compact_version() })
    } else {
        Observed::unknown(format!("it hashed revision {hashed} instead of {revision}"))
    }
}

fn reason(trouble: &Trouble) -> String {
    let refused = matches!(trouble.kind, TroubleKind::Unauthenticated | TroubleKind::PermissionDenied)
        // 3.4 and 3.5 say so with gRPC's code "unknown".
        || trouble.detail.contains("permission denied");
    if refused {
        format!("with authentication on, HashKV needs the root role ({})", trouble.detail)
    } else {
        trouble.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_revision_that_moved_away_is_worth_another_try() {
        let says = |text: &str| Trouble::new(TroubleKind::ServerError, text);
        assert!(overtaken(&says("etcdserver: mvcc: required revision has been compacted")));
        assert!(overtaken(&says("etcdserver: mvcc: required revision is a future revision")));
        assert!(!overtaken(&says("etcdserver: permission denied")));
    }

    #[test]
    fn a_refused_hash_is_unknown_with_what_would_help() {
        let denied = Trouble::new(TroubleKind::PermissionDenied, "etcdserver: permission denied");
        let comparison = judged(vec![("a".into(), Err(denied))], 7, 7);
        assert_eq!(comparison.revision, 7);
        assert!(comparison.members["a"].why().is_some_and(|why| why.contains("root")), "{comparison:?}");
        assert!(reason(&Trouble::new(TroubleKind::Garbage, "auth: permission denied")).contains("root"));
    }
}
