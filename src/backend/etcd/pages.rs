//! The HTTP pages of a member's client port. Asked at once with everything else: none of them needs to know who answers.

use super::look::Rest;
use super::wire;
use crate::backend::Ask;
use crate::facts::{ClockOffset, EtcdMetrics, EtcdVars, Observed, Trouble, TroubleKind};
use crate::transport::Deadline;
use crate::transport::http::{Answer, Http};
use jiff::{SignedDuration, Timestamp};

/// Metrics, variables, versions and clock of the member at `url`. Gathering the metrics takes the server longest, so
/// the variables have a connection of their own. `/version` is asked only where the metrics do not tell it.
///
/// `apart`: where the config file says that the metrics are. With `--listen-client-http-urls` the other pages are
/// there too, and the client port serves none of them; with `--listen-metrics-urls` they stay at the client port.
pub(super) async fn read(
    url: &str,
    apart: Option<String>,
    http: Option<&Http>,
    ask: &Ask,
    deadline: Deadline,
) -> Rest {
    let Some(http) = http else { return Rest::default() };
    let pages = Pages { http, ask, deadline, urls: apart.iter().map(String::as_str).chain([url]).collect() };
    let ((metrics, metrics_url), (vars, clock)) =
        futures_util::future::join(pages.metrics(), pages.variables()).await;
    let versions = match metrics.known().and_then(|m| m.versions.clone()) {
        Some(versions) => Observed::Known(versions),
        None => observed(pages.page("/version").await.and_then(|a| wire::versions(&a.body))),
    };
    Rest { versions, vars, clock, metrics, metrics_url, ..Rest::default() }
}

/// The pages of one member, at whichever of its addresses serves them.
struct Pages<'a> {
    http: &'a Http,
    ask: &'a Ask,
    deadline: Deadline,
    /// The likeliest for metrics first; the client's last.
    urls: Vec<&'a str>,
}

impl Pages<'_> {
    /// The metrics, and the address that served them or was asked last.
    async fn metrics(&self) -> (Observed<EtcdMetrics>, String) {
        let mut told = (Observed::default(), String::new());
        for url in &self.urls {
            told = (metrics(url, self.http, self.ask, self.deadline).await, (*url).to_owned());
            if told.0.known().is_some() {
                break;
            }
        }
        told
    }

    async fn variables(&self) -> (Observed<EtcdVars>, Observed<ClockOffset>) {
        let sent = self.deadline.elapsed_ms();
        let vars = self.page("/debug/vars").await;
        let clock = match &vars {
            Ok(answer) => clock(answer, self.ask.now, sent, self.deadline.elapsed_ms()),
            Err(trouble) => Observed::unknown(trouble.to_string()),
        };
        (observed(vars.and_then(|a| wire::vars(&a.body))), clock)
    }

    /// A page other than the metrics: from the client's address, else from the other.
    async fn page(&self, path: &str) -> Result<Answer, Trouble> {
        let mut told = Err(Trouble::new(TroubleKind::NoAddress, "it has no address"));
        for url in self.urls.iter().rev() {
            told = page(self.http.get(&format!("{url}{path}"), self.deadline).await);
            if told.is_ok() {
                break;
            }
        }
        told
    }
}

/// `/metrics` of one address, with the moment at which it was read. `deadline` began at `ask.now`.
pub(super) async fn metrics(url: &str, http: &Http, ask: &Ask, deadline: Deadline) -> Observed<EtcdMetrics> {
    match page(http.get_lines(&format!("{url}/metrics"), wire::wanted, deadline).await) {
        Ok(answer) => wire::metrics(&answer.body, wall(ask.now, deadline.elapsed_ms())),
        Err(trouble) => Observed::unknown(trouble.to_string()),
    }
}

fn page(answer: Result<Answer, Trouble>) -> Result<Answer, Trouble> {
    let answer = answer?;
    match answer.status {
        // `--listen-metrics-urls` may have moved it to another socket.
        404 => Err(Trouble::new(TroubleKind::ServerError, "the client port does not serve this page")),
        _ => answer.page(),
    }
}

fn observed<T>(result: Result<T, Trouble>) -> Observed<T> {
    result.map_or_else(|trouble| Observed::unknown(trouble.to_string()), Observed::Known)
}

/// The wall clock, from the one reading at the start and the monotonic clock since.
pub(super) fn wall(start: Timestamp, elapsed_ms: f64) -> Timestamp {
    start.checked_add(SignedDuration::from_micros((elapsed_ms * 1000.0) as i64)).unwrap_or(start)
}

/// A clock read from a `Date:` header, which is cut to the second: on average it is half a second behind.
fn clock(answer: &Answer, start: Timestamp, sent_ms: f64, received_ms: f64) -> Observed<ClockOffset> {
    let Some(date) = answer.header("date").and_then(wire::http_date) else {
        return Observed::unknown("the answer has no Date header");
    };
    let middle = wall(start, (sent_ms + received_ms) / 2.0);
    let offset_ms = date.duration_since(middle).as_secs_f64() * 1000.0 + 500.0;
    Observed::Known(ClockOffset { offset_ms, uncertainty_ms: 500.0 + (received_ms - sent_ms) / 2.0 })
}
