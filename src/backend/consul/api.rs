//! One server's HTTP API. Redirects are not followed, so that the token goes nowhere else; it is never printed.

use super::wire;
use crate::facts::{Trouble, TroubleKind};
use crate::target::{Auth, Secret};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::{Answer, Http};
use serde::de::DeserializeOwned;

/// One server's API, with or without a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Api<'a> {
    pub(super) http: &'a Http,
    pub(super) address: &'a Address,
    pub(super) token: Option<&'a Secret>,
}

/// The header in which Consul takes a token.
const TOKEN: &str = "X-Consul-Token";

/// Longest refusal of a server that is repeated, in characters.
const LONGEST_REFUSAL: usize = 300;

impl<'a> Api<'a> {
    pub(super) fn new(http: &'a Http, address: &'a Address, auth: Option<&'a Auth>) -> Api<'a> {
        let token = match auth {
            Some(Auth::Token { token, .. }) => Some(token),
            Some(Auth::Password { .. }) | None => None,
        };
        Api { http, address, token }
    }

    /// The same without the token: what a stranger may ask.
    pub(super) fn anonymous(self) -> Api<'a> {
        Api { token: None, ..self }
    }

    /// GETs `/v1/PATH`; any status is an answer.
    pub(super) async fn get(&self, path: &str, deadline: Deadline) -> Result<Answer, Trouble> {
        let url = format!("{}/v1/{path}", self.address.url());
        self.http.get_with(&url, self.header(), deadline).await
    }

    /// PUTs to `/v1/PATH`; any status is an answer.
    pub(super) async fn put(&self, path: &str, body: &[u8], deadline: Deadline) -> Result<Answer, Trouble> {
        let url = format!("{}/v1/{path}", self.address.url());
        self.http.put(&url, body, self.header(), deadline).await
    }

    /// DELETEs `/v1/PATH`; any status is an answer.
    pub(super) async fn delete(&self, path: &str, deadline: Deadline) -> Result<Answer, Trouble> {
        let url = format!("{}/v1/{path}", self.address.url());
        self.http.delete(&url, self.header(), deadline).await
    }

    /// GETs a page of status 200.
    pub(super) async fn page(&self, path: &str, deadline: Deadline) -> Result<Answer, Trouble> {
        served(self.get(path, deadline).await?)
    }

    /// GETs a page and reads its JSON.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        path: &str,
        deadline: Deadline,
    ) -> Result<T, Trouble> {
        wire::page(&self.page(path, deadline).await?.body, path)
    }

    fn header(&self) -> Option<(&'static str, &str)> {
        self.token.map(|token| (TOKEN, token.expose()))
    }
}

/// The answer, if it is what was asked for; else what Consul, or whoever answers in its place, says of it.
pub(super) fn served(answer: Answer) -> Result<Answer, Trouble> {
    let said: String = String::from_utf8_lossy(&answer.body).trim().chars().take(LONGEST_REFUSAL).collect();
    match answer.status {
        200 => {
            // Some proxies and service meshes answer errors with 200.
            if said.starts_with("{\"error\"") {
                return Err(Trouble::new(TroubleKind::ServerError, said));
            }
            Ok(answer)
        }
        300..=399 => {
            let to = answer.header("location").unwrap_or("somewhere else").to_owned();
            Err(Trouble::new(
                TroubleKind::WrongService,
                format!("it redirects to {to}, which is not followed: the token would go there"),
            ))
        }
        401 | 403 if said.contains("ACL not found") => {
            Err(Trouble::new(TroubleKind::Unauthenticated, "the token is not known there: ACL not found"))
        }
        401 | 403 => Err(Trouble::new(TroubleKind::PermissionDenied, one_line(&said))),
        _ if said.starts_with('<') => Err(Trouble::new(
            TroubleKind::WrongService,
            format!("HTTP status {} with a web page: a proxy stands in between", answer.status),
        )),
        status => {
            let said = one_line(&said);
            let what = if said.is_empty() { format!("HTTP status {status}") } else { said };
            Err(Trouble::new(TroubleKind::ServerError, what))
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether an answer comes from Consul: it says so in every header.
pub(super) fn is_consul(answer: &Answer) -> bool {
    answer.headers.keys().any(|name| name.as_str().starts_with("x-consul-"))
}
