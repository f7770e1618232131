//! HTTP as this tool uses it: GET and POST with a deadline and a bound on the answer, no proxy, no redirect followed,
//! so that credentials go nowhere else.

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
        self.send(self.client.get(url), |piece, body| body.extend_from_slice(piece), deadline).await
    }

    /// GETs a URL with one more header, which may hold a secret.
    pub async fn get_with(
        &self,
        url: &str,
        header: Option<(&str, &str)>,
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        let request = with(self.client.get(url), header)?;
        self.send(request, |piece, body| body.extend_from_slice(piece), deadline).await
    }

    /// PUTs bytes, with one more header, which may hold a secret. Any HTTP status is an answer.
    pub async fn put(
        &self,
        url: &str,
        body: &[u8],
        header: Option<(&str, &str)>,
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        let request = with(self.client.put(url).body(body.to_vec()), header)?;
        self.send(request, |piece, body| body.extend_from_slice(piece), deadline).await
    }

    /// DELETEs a URL, with one more header, which may hold a secret. Any HTTP status is an answer.
    pub async fn delete(
        &self,
        url: &str,
        header: Option<(&str, &str)>,
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        let request = with(self.client.delete(url), header)?;
        self.send(request, |piece, body| body.extend_from_slice(piece), deadline).await
    }

    /// GETs a page of text and keeps only the lines that are wanted, as they arrive: a page of metrics is ten times
    /// what is used of it. A line is given without its end.
    pub async fn get_lines(
        &self,
        url: &str,
        wanted: impl Fn(&[u8]) -> bool,
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        let mut lines = Lines { begun: Vec::new(), wanted };
        let mut answer =
            self.send(self.client.get(url), |piece, body| lines.feed(piece, body), deadline).await?;
        lines.end(&mut answer.body);
        Ok(answer)
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
        let keep = |piece: &[u8], body: &mut Vec<u8>| body.extend_from_slice(piece);
        self.send(self.client.post(url).json(body), keep, deadline).await
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        keep: impl FnMut(&[u8], &mut Vec<u8>),
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        let answer = deadline.run(fetch(request, keep)).await;
        answer.unwrap_or_else(|| Err(Trouble::new(TroubleKind::NoAnswer, "no answer within the deadline")))
    }
}

/// Adds a header whose value no log of the HTTP library shows.
fn with(
    request: reqwest::RequestBuilder,
    header: Option<(&str, &str)>,
) -> Result<reqwest::RequestBuilder, Trouble> {
    let Some((name, value)) = header else { return Ok(request) };
    let mut value = reqwest::header::HeaderValue::from_str(value).map_err(|_| {
        Trouble::new(
            TroubleKind::Unauthenticated,
            format!("what is to be sent as {name} cannot stand in a header"),
        )
    })?;
    value.set_sensitive(true);
    Ok(request.header(name, value))
}

async fn fetch(
    request: reqwest::RequestBuilder,
    mut keep: impl FnMut(&[u8], &mut Vec<u8>),
) -> Result<Answer, Trouble> {
    let response = request.send().await.map_err(|error| name(&error))?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let (mut body, mut received) = (Vec::new(), 0);
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| name(&error))?;
        received += piece.len();
        if received > MAX_BODY {
            return Err(Trouble::new(
                TroubleKind::Garbage,
                format!("the answer is longer than {MAX_BODY} bytes"),
            ));
        }
        keep(&piece, &mut body);
    }
    Ok(Answer { status, headers, body })
}

/// Cuts pieces into lines; a line may begin in one piece and end in another.
struct Lines<W> {
    begun: Vec<u8>,
    wanted: W,
}

impl<W: Fn(&[u8]) -> bool> Lines<W> {
    fn feed(&mut self, piece: &[u8], body: &mut Vec<u8>) {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', piece) {
            if self.begun.is_empty() {
                self.keep(&piece[from..end], body);
            } else {
                self.begun.extend_from_slice(&piece[from..end]);
                self.end(body);
            }
            from = end + 1;
        }
        self.begun.extend_from_slice(&piece[from..]);
    }

    /// The last line need not have an end.
    fn end(&mut self, body: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.begun);
        self.keep(&line, body);
    }

    fn keep(&self, line: &[u8], body: &mut Vec<u8>) {
        if (self.wanted)(line) {
            body.extend_from_slice(line);
            body.push(b'\n');
        }
    }
}

fn name(error: &reqwest::Error) -> Trouble {
    classify(error).unwrap_or_else(|| {
        let kind = if error.is_timeout() { TroubleKind::NoAnswer } else { TroubleKind::Garbage };
        Trouble::new(kind, chain(error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_the_answer_is_cut() {
        let page = b"keep one\ndrop\nkeep two\n\nkeep three";
        for cut in 0..page.len() {
            let mut lines = Lines { begun: Vec::new(), wanted: |line: &[u8]| line.starts_with(b"keep") };
            let mut body = Vec::new();
            lines.feed(&page[..cut], &mut body);
            lines.feed(&page[cut..], &mut body);
            lines.end(&mut body);
            assert_eq!(String::from_utf8_lossy(&body), "keep one\nkeep two\nkeep three\n", "cut at {cut}");
        }
    }
}
