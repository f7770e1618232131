//! The HTTP pages of a member's client port. Asked at once with everything else: none of them needs to know who answers.

use super::look::Rest;
use super::wire;
use crate::backend::Ask;
use crate::facts::{ClockOffset, EtcdMetrics, Observed, Trouble, TroubleKind};
use crate::transport::Deadline;
use crate::transport::http::{Answer, Http};
use jiff::{SignedDuration, Timestamp};

/// Metrics, variables, versions and clock of the member at `url`, over one connection: another handshake would cost
/// more than waiting. `/version` is asked only where the metrics do not tell it.
pub(super) async fn read(url: &str, http: Option<&Http>, ask: &Ask, deadline: Deadline) -> Rest {
    let Some(http) = http else { return Rest::default() };
    let metrics = metrics(url, http, ask, deadline).await;
    let sent = deadline.elapsed_ms();
    let vars = page(url, "/debug/vars", http, deadline).await;
    let clock = match &vars {
        Ok(answer) => clock(answer, ask.now, sent, deadline.elapsed_ms()),
        Err(trouble) => Observed::unknown(trouble.to_string()),
    };
    let versions = match metrics.known().and_then(|m| m.versions.clone()) {
        Some(versions) => Observed::Known(versions),
        None => {
            let answer = page(url, "/version", http, deadline).await;
            observed(answer.and_then(|a| wire::versions(&a.body)))
        }
    };
    Rest {
        versions,
        vars: observed(vars.and_then(|a| wire::vars(&a.body))),
        clock,
        metrics,
        ..Rest::default()
    }
}

/// `/metrics` of one address, with the moment at which it was read. `deadline` began at `ask.now`.
pub(super) async fn metrics(url: &str, http: &Http, ask: &Ask, deadline: Deadline) -> Observed<EtcdMetrics> {
    match page(url, "/metrics", http, deadline).await {
        Ok(answer) => wire::metrics(&answer.body, wall(ask.now, deadline.elapsed_ms())),
        Err(trouble) => Observed::unknown(trouble.to_string()),
    }
}

/// A page that the client port may leave to another socket (`--listen-metrics-urls`).
async fn page(url: &str, path: &str, http: &Http, deadline: Deadline) -> Result<Answer, Trouble> {
    let answer = http.get(&format!("{url}{path}"), deadline).await?;
    if answer.status == 404 {
        return Err(Trouble::new(TroubleKind::ServerError, "the client port does not serve this page"));
    }
    answer.page()
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
