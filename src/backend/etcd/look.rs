//! Everything asked of one address. Each answer stands for itself: one that fails costs only its own fact.

use super::{Etcd, auth, client, wire};
use crate::backend::Ask;
use crate::facts::{
    ClockOffset, EtcdMetrics, EtcdStatus, EtcdVars, EtcdVersions, ListedMember, Observed, Origin, QuorumRead,
    Trouble, TroubleKind,
};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::diagnose::{self, ETCD};
use crate::transport::http::{Answer, Http};
use crate::transport::tls::Capture;
use etcd_client::{Client, Error, GetOptions};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;

/// How much longer a quorum read may take once it is clear that too few voters answer.
const HOPELESS_GRACE: Duration = Duration::from_millis(250);

/// How long a login may take where the core answers came without one: on a stuck cluster it never succeeds.
const LOGIN_GRACE: Duration = Duration::from_millis(500);

/// The core answers of one address.
pub(super) struct Core {
    pub(super) address: Address,
    pub(super) origin: Origin,
    pub(super) ms: f64,
    pub(super) status: Result<EtcdStatus, Trouble>,
    pub(super) members: Result<BTreeMap<String, ListedMember>, Trouble>,
    pub(super) client: Option<Client>,
    /// Whether the client had to log in.
    pub(super) logged_in: bool,
}

/// What else one address told.
#[derive(Default)]
pub(super) struct Rest {
    pub(super) url: String,
    pub(super) status_again: Observed<EtcdStatus>,
    pub(super) read: Observed<QuorumRead>,
    pub(super) versions: Observed<EtcdVersions>,
    pub(super) metrics: Observed<EtcdMetrics>,
    pub(super) vars: Observed<EtcdVars>,
    pub(super) clock: Observed<ClockOffset>,
}

/// Status and member list: who is there.
pub(super) async fn core(etcd: &Etcd, address: Address, origin: Origin, deadline: Deadline) -> Core {
    let began = Deadline::after(Duration::ZERO);
    let capture = Capture::default();
    let failed = |trouble: Trouble, ms| Core {
        address: address.clone(),
        origin,
        ms,
        status: Err(trouble.clone()),
        members: Err(trouble),
        client: None,
        logged_in: false,
    };
    let mut login = false;
    let mut client = match client::open(&address, &etcd.material, &capture, deadline).await {
        Ok(client) => client,
        Err(trouble) => return failed(trouble, began.elapsed_ms()),
    };
    let (mut status, mut members) = who(&client, deadline).await;
    let refused = |t: &Trouble| t.kind == TroubleKind::Unauthenticated;
    if let (Some(auth), true) =
        (&etcd.target.auth, status.as_ref().is_err_and(refused) || members.as_ref().is_err_and(refused))
    {
        match client::log_in(&address, &etcd.material, &capture, auth, deadline).await {
            Ok(logged_in) => {
                client = logged_in;
                login = true;
                (status, members) = who(&client, deadline).await;
            }
            Err(trouble) => {
                status = status.map_err(|_| trouble.clone());
                members = members.map_err(|_| trouble);
            }
        }
    }
    let ms = began.elapsed_ms();
    if status.is_ok()
        && !login
        && let Some(late) = late_login(etcd, &address, &client, deadline).await
    {
        client = late;
        login = true;
    }
    match status {
        Err(trouble) => failed(sharpen(trouble, etcd, &address, deadline).await, ms),
        Ok(status) => {
            let client = Some(client);
            Core { address, origin, ms, status: Ok(status), members, client, logged_in: login }
        }
    }
}

/// Before 3.4.42 Status and the member list are open to all, and only the rest needs the login that was given.
async fn late_login(etcd: &Etcd, address: &Address, client: &Client, deadline: Deadline) -> Option<Client> {
    let credentials = etcd.target.auth.as_ref()?;
    if auth::directly(client, deadline).await != Observed::Known(true) {
        return None;
    }
    let grace = deadline.within(LOGIN_GRACE);
    client::log_in(address, &etcd.material, &Capture::default(), credentials, grace).await.ok()
}

type Who = (Result<EtcdStatus, Trouble>, Result<BTreeMap<String, ListedMember>, Trouble>);

async fn who(client: &Client, deadline: Deadline) -> Who {
    let (mut maintenance, mut cluster) = (client.maintenance_client(), client.cluster_client());
    let status = async { call(deadline, maintenance.status()).await.map(|answer| wire::status(&answer)) };
    // etcd-client always asks for the serializable list, which needs no quorum.
    let members = async { call(deadline, cluster.member_list()).await.map(|answer| wire::members(&answer)) };
    futures_util::future::join(status, members).await
}

async fn call<T>(deadline: Deadline, work: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match deadline.run(work).await {
        Some(result) => result.map_err(|error| client::name(&error)),
        None => Err(Trouble::new(TroubleKind::NoAnswer, "no answer within the deadline")),
    }
}

/// A client library's "transport error" is no diagnosis: look at the port itself.
async fn sharpen(trouble: Trouble, etcd: &Etcd, address: &Address, deadline: Deadline) -> Trouble {
    let vague = matches!(
        trouble.kind,
        TroubleKind::Garbage
            | TroubleKind::ConnectionReset
            | TroubleKind::EmptyReply
            | TroubleKind::WrongService
            | TroubleKind::TlsOnPlaintext
            | TroubleKind::TlsFailure
    );
    if vague { diagnose::diagnose(address, &etcd.material, ETCD, deadline).await } else { trouble }
}

/// The quorum read, and the HTTP pages. `hopeless` turns true when too few voters answer for any quorum.
pub(super) async fn rest(
    core: &Core,
    http: Option<&Http>,
    ask: &Ask,
    deadline: Deadline,
    hopeless: watch::Receiver<bool>,
) -> Rest {
    let (Ok(status), Some(client)) = (&core.status, &core.client) else { return Rest::default() };
    let url = core.address.url();
    let read = quorum_read(client, status, deadline, hopeless);
    let pages = pages(&url, http, ask, deadline);
    let (read, pages) = futures_util::future::join(read, pages).await;
    let mut maintenance = client.maintenance_client();
    let again = call(deadline, maintenance.status()).await;
    Rest {
        status_again: again
            .map_or_else(|t| Observed::unknown(t.to_string()), |a| Observed::Known(wire::status(&a))),
        read: Observed::Known(read),
        url,
        ..pages
    }
}

async fn quorum_read(
    client: &Client,
    status: &EtcdStatus,
    deadline: Deadline,
    mut hopeless: watch::Receiver<bool>,
) -> QuorumRead {
    let began = Deadline::after(Duration::ZERO);
    let failed = |why: String| QuorumRead::Failed { why, after_ms: began.elapsed_ms() };
    if status.learner {
        return failed("a learner serves no linearizable reads".into());
    }
    let mut kv = client.kv_client();
    // The key etcdctl's `endpoint health` reads; nothing is written, and it need not exist.
    let read = call(deadline, kv.get("health", Some(GetOptions::new().with_count_only())));
    let no_leader = status.leader.is_none();
    let give_up = async {
        if !no_leader && hopeless.wait_for(|hopeless| *hopeless).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(HOPELESS_GRACE).await;
    };
    let outcome = tokio::select! {
        outcome = read => outcome,
        () = give_up => Err(Trouble::new(TroubleKind::NoAnswer, if no_leader {
            "the member has no leader"
        } else {
            "no answer while too few voters can be reached"
        })),
    };
    match outcome {
        Ok(_) => QuorumRead::Served { ms: began.elapsed_ms() },
        // The server authorises a linearizable read only after the quorum confirmed it (etcd server/etcdserver/
        // v3_server.go Range): being refused for one's identity is an answer by a quorum.
        Err(trouble)
            if matches!(trouble.kind, TroubleKind::PermissionDenied | TroubleKind::Unauthenticated) =>
        {
            QuorumRead::Served { ms: began.elapsed_ms() }
        }
        Err(trouble) => failed(if trouble.kind == TroubleKind::ServerError {
            trouble.detail
        } else {
            trouble.to_string()
        }),
    }
}

async fn pages(url: &str, http: Option<&Http>, ask: &Ask, deadline: Deadline) -> Rest {
    let Some(http) = http else { return Rest::default() };
    let get = |path: &str| {
        let url = format!("{url}{path}");
        async move { page(http.get(&url, deadline).await) }
    };
    // One connection per page in flight would triple the handshakes; the small pages share one, /metrics has its own.
    let small = async {
        let sent = deadline.elapsed_ms();
        let version = get("/version").await;
        let clock = match &version {
            Ok(answer) => clock(answer, ask.now, sent, deadline.elapsed_ms()),
            Err(trouble) => Observed::unknown(trouble.to_string()),
        };
        (version, clock, get("/debug/vars").await)
    };
    let ((version, clock, vars), metrics) = futures_util::future::join(small, get("/metrics")).await;
    let read_at = wall(ask.now, deadline.elapsed_ms());
    Rest {
        versions: observed(version.and_then(|a| wire::versions(&a.body))),
        vars: observed(vars.and_then(|a| wire::vars(&a.body))),
        clock,
        metrics: match metrics {
            Ok(answer) => wire::metrics(&answer.body, read_at),
            Err(trouble) => Observed::unknown(trouble.to_string()),
        },
        ..Rest::default()
    }
}

fn page(answer: Result<Answer, Trouble>) -> Result<Answer, Trouble> {
    let answer = answer?;
    match answer.status {
        200 => Ok(answer),
        404 => Err(Trouble::new(TroubleKind::ServerError, "the client port does not serve this page")),
        status => Err(Trouble::new(TroubleKind::ServerError, format!("HTTP status {status}"))),
    }
}

fn observed<T>(result: Result<T, Trouble>) -> Observed<T> {
    result.map_or_else(|trouble| Observed::unknown(trouble.to_string()), Observed::Known)
}

/// The wall clock, from the one reading at the start and the monotonic clock since.
fn wall(start: Timestamp, elapsed_ms: f64) -> Timestamp {
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
