//! Whether authentication is on, learnt without a proposal: AuthStatus goes through raft and needs a login itself
//! before 3.7, so it is not asked.

use super::client;
use super::look::Core;
use super::{Etcd, wire};
use crate::facts::{Observed, Trouble, TroubleKind};
use crate::transport::Deadline;
use crate::transport::http::Http;
use etcd_client::{Client, GetOptions};
use std::sync::Arc;

/// Asks one member. A serializable read without credentials needs no quorum: it is served when authentication is off
/// and refused with "user name is empty" when it is on (server/etcdserver/v3_server.go `Range`, auth/store.go).
pub(super) async fn enabled(
    etcd: &Etcd,
    core: &Core,
    http: Option<&Http>,
    deadline: Deadline,
) -> Observed<bool> {
    if core.logged_in || refused(core) {
        return Observed::Known(true);
    }
    let (Ok(_), Some(client)) = (&core.status, &core.client) else {
        return Observed::unknown("the member did not answer");
    };
    if etcd.material.own_leaf().is_some() {
        through_gateway(core, http, deadline).await
    } else {
        directly(client, deadline).await
    }
}

/// Whether an answer without a login was refused for want of one.
fn refused(core: &Core) -> bool {
    core.status.as_ref().is_err_and(wants_login) || core.members.as_ref().is_err_and(wants_login)
}

fn wants_login(trouble: &Trouble) -> bool {
    matches!(trouble.kind, TroubleKind::Unauthenticated | TroubleKind::PermissionDenied)
}

/// Through a client that has not logged in.
pub(super) async fn directly(client: &Client, deadline: Deadline) -> Observed<bool> {
    let mut kv = client.kv_client();
    let options = GetOptions::new().with_serializable().with_count_only();
    match client::answer(deadline, kv.get("health", Some(options))).await {
        Ok(_) => Observed::Known(false),
        Err(trouble) if wants_login(&trouble) => Observed::Known(true),
        Err(trouble) => Observed::unknown(trouble.to_string()),
    }
}

/// With a client certificate a read may be served as the user its CN names. etcd's JSON gateway never takes the
/// certificate for a login (auth/store.go `AuthInfoFromTLS`), so a read through it is anonymous.
async fn through_gateway(core: &Core, http: Option<&Http>, deadline: Deadline) -> Observed<bool> {
    let Some(http) = http else { return Observed::unknown("no HTTP client") };
    let url = format!("{}/v3/kv/range", core.address.url());
    let body = serde_json::json!({ "key": "aGVhbHRo", "serializable": true, "count_only": true });
    match http.post(&url, &body, deadline).await {
        Err(trouble) => Observed::unknown(trouble.to_string()),
        Ok(answer) if answer.status == 200 => Observed::Known(false),
        Ok(answer) if demands_login(&String::from_utf8_lossy(&answer.body)) => Observed::Known(true),
        Ok(answer) => Observed::unknown(format!(
            "the JSON gateway answered with HTTP status {}: {}",
            answer.status,
            wire::gateway_error(&answer.body)
        )),
    }
}

/// The gateway also refuses a certificate with a common name, but only while authentication is on (embed/serve.go
/// `accessController`): both prove it.
fn demands_login(body: &str) -> bool {
    client::says_login(body) || body.contains("CommonName of client sending a request against gateway")
}

/// The cluster's answer: what any member could tell.
pub(super) fn merge(answers: &[Observed<bool>], cores: &[Arc<Core>]) -> Observed<bool> {
    if cores.iter().any(|core| refused(core)) {
        return Observed::Known(true);
    }
    let known = answers.iter().find(|answer| answer.known().is_some());
    known.or_else(|| answers.first()).cloned().unwrap_or_else(|| Observed::unknown("no member answered"))
}
