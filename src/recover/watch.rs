//! After a recovery: whether members of the old cluster live again. They cannot join the new one, but clients that find
//! them would read old data, and write what is lost.

use super::plan::Plan;
use crate::backend::etcd::Etcd;
use crate::backend::etcd::recovery::is_nobody;
use crate::transport::Deadline;
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// How long an address is waited for.
const LOOK: Duration = Duration::from_secs(3);

/// A member of the old cluster, as it is found now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OldMember {
    /// Its name.
    pub name: String,
    /// Its hex id in the old cluster.
    pub id: String,
    /// What is found at its addresses.
    pub found: Found,
    /// At which of them.
    pub url: Option<String>,
    /// The leader that it sees: then it serves writes; or why it cannot be told what it is.
    pub says: Option<String>,
}

/// What is found at the addresses of an old member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// Nobody, or a member of another cluster, such as the new one.
    Gone,
    /// It cannot be told.
    Unseen,
    /// It lives, and has no leader: it serves no write.
    Lives,
    /// It lives and sees a leader: it takes writes.
    Serves,
}

/// Looks for every member of the cluster that was lost.
pub async fn old_members(plan: &Plan, etcd: &Etcd) -> Vec<OldMember> {
    let looks = plan.members.iter().map(|member| async move {
        let mut worst = OldMember {
            name: member.name.clone(),
            id: member.id.clone(),
            found: Found::Gone,
            url: None,
            says: None,
        };
        for (url, (found, says)) in
            member.urls.iter().zip(join_all(member.urls.iter().map(|url| at(url, plan, etcd))).await)
        {
            if found > worst.found {
                worst = OldMember { found, says, url: Some(url.clone()), ..worst };
            }
        }
        worst
    });
    join_all(looks).await
}

async fn at(url: &str, plan: &Plan, etcd: &Etcd) -> (Found, Option<String>) {
    match etcd.cluster_at(url, Deadline::after(LOOK)).await {
        Ok(Some(id)) if id == plan.cluster_id => {}
        Ok(Some(_)) => return (Found::Gone, None),
        Ok(None) => return (Found::Unseen, Some("something answers there, and not like etcd".into())),
        Err(trouble) if is_nobody(&trouble) => return (Found::Gone, None),
        Err(trouble) => return (Found::Unseen, Some(trouble.to_string())),
    }
    // A peer port says no more; a client port does.
    match etcd.status_of(url, Deadline::after(LOOK)).await.ok().and_then(|status| status.leader) {
        Some(leader) => (Found::Serves, Some(format!("it sees the leader {leader}"))),
        None => (Found::Lives, None),
    }
}
