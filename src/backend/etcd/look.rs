//! Everything asked of one address. Each answer stands for itself: one that fails costs only its own fact.

use super::client::{self, answer};
use super::{Etcd, auth, pages, wire};
use crate::backend::Ask;
use crate::facts::{
    ClockOffset, EtcdMetrics, EtcdStatus, EtcdVars, EtcdVersions, ListedMember, Observed, Origin, QuorumRead,
    Trouble, TroubleKind,
};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::diagnose::{self, ETCD};
use crate::transport::http::Http;
use etcd_client::{Client, GetOptions};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;

/// How much longer a quorum read may take once it is clear that too few voters answer.
const HOPELESS_GRACE: Duration = Duration::from_millis(250);

/// How soon a refused quorum read is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(50);

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
    /// Why the login that was given was refused, where the core answers came without one.
    pub(super) login_refused: Option<Trouble>,
}

/// What else one address told.
#[derive(Default)]
pub(super) struct Rest {
    pub(super) url: String,
    pub(super) status_again: Observed<EtcdStatus>,
    pub(super) read: Observed<QuorumRead>,
    pub(super) versions: Observed<EtcdVersions>,
    pub(super) metrics: Observed<EtcdMetrics>,
    /// Where they were read.
    pub(super) metrics_url: String,
    /// The first of two looks at the metrics, when `--window` asked for two.
    pub(super) earlier: Option<EtcdMetrics>,
    pub(super) vars: Observed<EtcdVars>,
    pub(super) clock: Observed<ClockOffset>,
}

/// One address with its client: what is asked of it shares one connection.
pub(super) struct Line {
    pub(super) address: Address,
    pub(super) origin: Origin,
    client: Result<Client, Trouble>,
}

impl Line {
    /// Dials nothing yet.
    pub(super) async fn open(etcd: &Etcd, address: Address, origin: Origin, deadline: Deadline) -> Line {
        let client = client::open(&address, &etcd.material, deadline).await;
        Line { address, origin, client }
    }
}

/// What is known of an address while its other answers are awaited.
#[derive(Clone, Default)]
pub(super) struct Prospect {
    /// Who is there was asked, and this client may ask more; `Some(None)` when it did not answer.
    told: Option<Option<Client>>,
    /// Too few voters answer for any quorum.
    pub(super) hopeless: bool,
}

impl Prospect {
    /// What its core answers mean for the rest.
    pub(super) fn learn(&mut self, core: &Core) {
        self.told = Some(core.client.clone());
    }
}

/// Status and member list: who is there.
pub(super) async fn core(etcd: &Etcd, line: &Line, deadline: Deadline) -> Core {
    let began = Deadline::after(Duration::ZERO);
    let (address, origin) = (line.address.clone(), line.origin);
    let failed = |trouble: Trouble, ms| Core {
        address: line.address.clone(),
        origin,
        ms,
        status: Err(trouble.clone()),
        members: Err(trouble),
        client: None,
        logged_in: false,
        login_refused: None,
    };
    let mut login = false;
    let mut client = match &line.client {
        Ok(client) => client.clone(),
        Err(trouble) => return failed(trouble.clone(), began.elapsed_ms()),
    };
    let (mut status, mut members) = who(&client, deadline).await;
    let refused = |t: &Trouble| t.kind == TroubleKind::Unauthenticated;
    if let (Some(auth), true) =
        (&etcd.target.auth, status.as_ref().is_err_and(refused) || members.as_ref().is_err_and(refused))
    {
        match client::log_in(&address, &etcd.material, auth, deadline).await {
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
    let mut login_refused = None;
    if status.is_ok() && !login {
        match late_login(etcd, &address, &client, deadline).await {
            Some(Ok(late)) => {
                client = late;
                login = true;
            }
            Some(Err(trouble)) => login_refused = Some(trouble),
            None => {}
        }
    }
    match status {
        Err(trouble) => failed(sharpen(trouble, etcd, &address, deadline).await, ms),
        Ok(status) => {
            let client = Some(client);
            Core { address, origin, ms, status: Ok(status), members, client, logged_in: login, login_refused }
        }
    }
}

/// Before 3.4.42 Status and the member list are open to all, and only the rest needs the login that was given. `None`
/// when none was given, or none is needed.
async fn late_login(
    etcd: &Etcd,
    address: &Address,
    client: &Client,
    deadline: Deadline,
) -> Option<Result<Client, Trouble>> {
    let credentials = etcd.target.auth.as_ref()?;
    if auth::directly(client, deadline).await != Observed::Known(true) {
        return None;
    }
    let grace = deadline.within(LOGIN_GRACE);
    Some(client::log_in(address, &etcd.material, credentials, grace).await)
}

type Who = (Result<EtcdStatus, Trouble>, Result<BTreeMap<String, ListedMember>, Trouble>);

async fn who(client: &Client, deadline: Deadline) -> Who {
    let mut cluster = client.cluster_client();
    // etcd-client always asks for the serializable list, which needs no quorum.
    let members =
        async { answer(deadline, cluster.member_list()).await.map(|answer| wire::members(&answer)) };
    futures_util::future::join(status(client, deadline), members).await
}

/// Status, which no quorum is needed for.
pub(super) async fn status(client: &Client, deadline: Deadline) -> Result<EtcdStatus, Trouble> {
    let mut maintenance = client.maintenance_client();
    answer(deadline, maintenance.status()).await.map(|answer| wire::status(&answer))
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

/// The quorum read and the HTTP pages, asked at once with the core questions; given up when those fail.
pub(super) async fn rest(
    etcd: &Etcd,
    line: &Line,
    http: Option<&Http>,
    ask: &Ask,
    deadline: Deadline,
    mut prospect: watch::Receiver<Prospect>,
) -> Rest {
    let url = line.address.url();
    let Ok(client) = &line.client else { return Rest { url, ..Rest::default() } };
    let mut dead = prospect.clone();
    let both = futures_util::future::join(
        read_and_status(client, deadline, &mut prospect),
        pages::read(&url, etcd.declared_metrics(&line.address), http, ask, deadline),
    );
    tokio::select! {
        ((read, status_again), pages) = both => {
            Rest { status_again, read: Observed::Known(read), url: url.clone(), ..pages }
        }
        _ = dead.wait_for(|p| matches!(p.told, Some(None))) => Rest { url: url.clone(), ..Rest::default() },
    }
}

/// The quorum read, and after it Status once more, by the client that the core questions found to be allowed.
async fn read_and_status(
    client: &Client,
    deadline: Deadline,
    prospect: &mut watch::Receiver<Prospect>,
) -> (QuorumRead, Observed<EtcdStatus>) {
    let read = quorum_read(client, deadline, prospect.clone()).await;
    let allowed = prospect.wait_for(|p| p.told.is_some()).await.ok().and_then(|p| p.told.clone().flatten());
    let Some(client) = allowed else { return (read, Observed::default()) };
    let again = status(&client, deadline).await;
    (read, again.map_or_else(|trouble| Observed::unknown(trouble.to_string()), Observed::Known))
}

async fn quorum_read(
    client: &Client,
    deadline: Deadline,
    mut prospect: watch::Receiver<Prospect>,
) -> QuorumRead {
    let began = Deadline::after(Duration::ZERO);
    let give_up = async {
        // Without a leader but with a majority answering, an election is under way: worth the whole deadline.
        if prospect.wait_for(|p| p.hopeless).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(HOPELESS_GRACE).await;
    };
    tokio::select! {
        // Some time is left for the Status that follows: it tells what an election came to.
        read = read_until_served(client, began, deadline.within(deadline.left().mul_f64(0.9))) => read,
        () = give_up => QuorumRead::Failed {
            why: "no answer while too few voters can be reached".into(),
            after_ms: began.elapsed_ms(),
            refused: false,
        },
    }
}

/// Reads until a quorum answers. What a server refuses in the middle of an election (`leader changed`, `no leader`) it
/// may serve a moment later.
async fn read_until_served(client: &Client, began: Deadline, deadline: Deadline) -> QuorumRead {
    let mut last_refusal = None;
    loop {
        let attempt = Deadline::after(Duration::ZERO);
        let mut kv = client.kv_client();
        // The key etcdctl's `endpoint health` reads; nothing is written, and it need not exist.
        let read = answer(deadline, kv.get("health", Some(GetOptions::new().with_count_only()))).await;
        let served = QuorumRead::Served { ms: attempt.elapsed_ms() };
        let trouble = match read {
            Ok(_) => return served,
            Err(trouble) => trouble,
        };
        match trouble.kind {
            // The server authorises a linearizable read only after the quorum confirmed it (etcd server/etcdserver/
            // v3_server.go Range): being refused for one's identity is an answer by a quorum.
            TroubleKind::PermissionDenied | TroubleKind::Unauthenticated => return served,
            TroubleKind::ServerError if !trouble.detail.contains("not supported for learner") => {
                last_refusal = Some(trouble.detail);
                tokio::time::sleep(RETRY_AFTER.min(deadline.left())).await;
                if !deadline.left().is_zero() {
                    continue;
                }
            }
            TroubleKind::ServerError => last_refusal = Some(trouble.detail),
            _ if last_refusal.is_none() => {
                let why = trouble.to_string();
                return QuorumRead::Failed { why, after_ms: began.elapsed_ms(), refused: false };
            }
            _ => {}
        }
        let why = last_refusal.unwrap_or_default();
        // Refused for an election is not refused for good.
        let refused = !why.contains("leader changed") && !why.contains("no leader");
        return QuorumRead::Failed { why, after_ms: began.elapsed_ms(), refused };
    }
}
