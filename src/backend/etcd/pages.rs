//! The HTTP pages of a member's client port. Asked at once with everything else: none of them needs to know who answers.

use super::look::Rest;
use super::wire;
use crate::backend::{Ask, clock};
use crate::facts::{EtcdMetrics, Observed, Trouble, TroubleKind};
use crate::transport::Deadline;
use crate::transport::http::{Answer, Http};

/// Metrics, variables, versions and clock of the member at `url`. Gathering the metrics takes the server longest, so
/// the variables have a connection of their own. `/version` is asked only where the metrics do not tell it.
pub(super) async fn read(url: &str, http: Option<&Http>, ask: &Ask, deadline: Deadline) -> Rest {
    let Some(http) = http else { return Rest::default() };
    let variables = async {
        let sent = deadline.elapsed_ms();
        let vars = page(http.get(&format!("{url}/debug/vars"), deadline).await);
        let clock = match &vars {
            Ok(answer) => clock::of_answer(answer, ask.now, sent, deadline.elapsed_ms()),
            Err(trouble) => Observed::unknown(trouble.to_string()),
        };
        (observed(vars.and_then(|a| wire::vars(&a.body))), clock)
    };
    let (metrics, (vars, clock)) =
        futures_util::future::join(metrics(url, http, ask, deadline), variables).await;
    let versions = match metrics.known().and_then(|m| m.versions.clone()) {
        Some(versions) => Observed::Known(versions),
        None => {
            let answer = page(http.get(&format!("{url}/version"), deadline).await);
            observed(answer.and_then(|a| wire::versions(&a.body)))
        }
    };
    Rest { versions, vars, clock, metrics, ..Rest::default() }
}

/// `/metrics` of one address, with the moment at which it was read. `deadline` began at `ask.now`.
pub(super) async fn metrics(url: &str, http: &Http, ask: &Ask, deadline: Deadline) -> Observed<EtcdMetrics> {
    match page(http.get_lines(&format!("{url}/metrics"), wire::wanted, deadline).await) {
        Ok(answer) => wire::metrics(&answer.body, clock::wall(ask.now, deadline.elapsed_ms())),
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
