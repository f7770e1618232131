//! HTTP as this tool uses it: GET and POST with a deadline and a bound on the answer, no proxy, no redirect followed, so that
//! credentials go nowhere else.

use super::Deadline;
use super::tls::TlsMaterial;
use super::trouble::{chain, classify};
use crate::facts::{Trouble, TroubleKind};
use futures_util::StreamExt;

/// Longest answer read, in bytes. etcd's /metrics is about 150 kB.
const MAX_BODY: usize = 16 << 20;

/// An HTTP client for one identity.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
}

/// An answer of any status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// The answer, if it is the page that was asked for.
    pub fn page(self) -> Result<Answer, Trouble> {
        match self.status {
            200 => Ok(self),
            status => Err(Trouble::new(TroubleKind::ServerError, format!("HTTP status {status}"))),
        }
    }
}

impl Http {
    /// With the target's certificate and CA.
    pub fn new(material: &TlsMaterial) -> Result<Http, Trouble> {
        let config = material.client_config(&["http/1.1"]);
        reqwest::Client::builder()
            .tls_backend_preconfigured((*config).clone())
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .build()
            .map(|client| Http { client })
            .map_err(|error| Trouble::new(TroubleKind::TlsFailure, chain(&error)))
    }

    /// GETs a URL. Any HTTP status is an answer; everything else is a named trouble.
    pub async fn get(&self, url: &str, deadline: Deadline) -> Result<Answer, Trouble> {
        self.send(self.client.get(url), deadline).await
    }

    /// GETs a page: what is not served is a trouble too.
    pub async fn page(&self, url: &str, deadline: Deadline) -> Result<Answer, Trouble> {
        self.get(url, deadline).await?.page()
    }

    /// POSTs a JSON document. Any HTTP status is an answer.
    pub async fn post(
        &self,
        url: &str,
        body: &serde_json::Value,
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        self.send(self.client.post(url).json(body), deadline).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, deadline: Deadline) -> Result<Answer, Trouble> {
        let answer = deadline.run(fetch(request)).await;
        answer.unwrap_or_else(|| Err(Trouble::new(TroubleKind::NoAnswer, "no answer within the deadline")))
    }
}

async fn fetch(request: reqwest::RequestBuilder) -> Result<Answer, Trouble> {
    let response = request.send().await.map_err(|error| name(&error))?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.next().await {
        body.extend_from_slice(&piece.map_err(|error| name(&error))?);
        if body.len() > MAX_BODY {
            return Err(Trouble::new(
                TroubleKind::Garbage,
                format!("the answer is longer than {MAX_BODY} bytes"),
            ));
        }
    }
    Ok(Answer { status, headers, body })
}

fn name(error: &reqwest::Error) -> Trouble {
    classify(error).unwrap_or_else(|| {
        let kind = if error.is_timeout() { TroubleKind::NoAnswer } else { TroubleKind::Garbage };
        Trouble::new(kind, chain(error))
    })
}
