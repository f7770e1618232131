//! Timed writes to a key that a session holds. The session has a life of its own, and takes the key with it.

use super::api::{self, Api};
use super::{Consul, parse};
use crate::backend::Looking;
use crate::backend::commits::{CommitProbe, SCRATCH_LIFE, Scratch};
use crate::consent::Consent;
use crate::facts::{Trouble, TroubleKind};
use crate::target::Secret;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use serde::Deserialize;
use std::time::Duration;

const PREFIX: &str = "quorate.probe/";

/// The session is renewed when this much of its life has passed.
const RENEW_AFTER: Duration = Duration::from_secs(SCRATCH_LIFE.as_secs() / 3);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Made {
    #[serde(rename = "ID")]
    id: String,
}

impl CommitProbe for Consul {
    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn held_by(&self) -> &'static str {
        "session"
    }

    fn begin<'a>(
        &'a self,
        _: &'a Consent,
        endpoint: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<Box<dyn Scratch>, Trouble>> {
        Box::pin(async move {
            let address = parse(endpoint).map_err(|reason| Trouble::new(TroubleKind::DnsFailure, reason))?;
            let http = Http::new(&self.material)?;
            let api = Api::new(&http, &address, self.target.auth.as_ref());
            let token = api.token.cloned();
            // No node's health ends it, and no delay keeps others from the key after it.
            let body = serde_json::json!({
                "Name": "quorate probe commit",
                "TTL": format!("{}s", SCRATCH_LIFE.as_secs()),
                "Behavior": "delete",
                "LockDelay": "0s",
                "NodeChecks": [],
                "ServiceChecks": [],
            });
            let answer =
                api::served(api.put("session/create", body.to_string().as_bytes(), deadline).await?)?;
            let made: Made = super::wire::page(&answer.body, "the session")?;
            let key = format!("{PREFIX}{}", made.id);
            let scratch: Box<dyn Scratch> = Box::new(Held {
                http,
                address,
                token,
                session: made.id,
                key,
                renewed: Deadline::after(RENEW_AFTER),
            });
            Ok(scratch)
        })
    }
}

struct Held {
    http: Http,
    address: Address,
    token: Option<Secret>,
    session: String,
    key: String,
    /// Runs out when the session should be renewed.
    renewed: Deadline,
}

impl Held {
    fn api(&self) -> Api<'_> {
        Api { http: &self.http, address: &self.address, token: self.token.as_ref() }
    }

    async fn put(&self, path: &str, body: &[u8], deadline: Deadline) -> Result<bool, Trouble> {
        let answer = api::served(self.api().put(path, body, deadline).await?)?;
        Ok(answer.body.trim_ascii() != b"false")
    }
}

impl Scratch for Held {
    fn key(&self) -> &str {
        &self.key
    }

    fn keep(&mut self, deadline: Deadline) -> Looking<'_, Result<(), Trouble>> {
        Box::pin(async move {
            if self.renewed.left().is_zero() {
                self.put(&format!("session/renew/{}", self.session), b"", deadline).await?;
                self.renewed = Deadline::after(RENEW_AFTER);
            }
            Ok(())
        })
    }

    fn write<'a>(&'a mut self, value: &'a [u8], deadline: Deadline) -> Looking<'a, Result<(), Trouble>> {
        Box::pin(async move {
            // Whoever holds a key may acquire it again: that replaces its value. After the session is gone it is refused.
            match self.put(&format!("kv/{}?acquire={}", self.key, self.session), value, deadline).await? {
                true => Ok(()),
                false => {
                    Err(Trouble::new(TroubleKind::ServerError, "the key is not held by our session any more"))
                }
            }
        })
    }

    fn remove(&mut self, deadline: Deadline) -> Looking<'_, Result<(), Trouble>> {
        Box::pin(async move {
            // Ending the session deletes the key too; asked even when the delete failed.
            let deleted = match self.api().delete(&format!("kv/{}", self.key), deadline).await {
                Ok(answer) => api::served(answer).map(drop),
                Err(trouble) => Err(trouble),
            };
            let ended = self.put(&format!("session/destroy/{}", self.session), b"", deadline).await;
            match (deleted, ended) {
                (_, Ok(_)) => Ok(()),
                (_, Err(trouble)) => Err(trouble),
            }
        })
    }
}
