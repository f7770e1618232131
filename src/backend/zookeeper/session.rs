//! A session with one server. Opening it is a transaction that a majority must commit, as every client's is: what comes
//! of it tells whether there is a quorum, without a znode being touched. In it the server's own member list is read.

use super::{Zookeeper, wire};
use crate::facts::{Observed, QuorumRead, Trouble, TroubleKind, ZookeeperConfig};
use crate::transport::Deadline;
use crate::transport::address::Address;
use std::time::Duration;
use zookeeper_client::{Acl, AuthId, Client, Connector, Error, Permission, TlsOptions};

/// What came of a session.
#[derive(Debug, Default)]
pub(super) struct SessionLook {
    /// Whether it was opened, and how long that took.
    pub(super) read: Observed<QuorumRead>,
    /// `/zookeeper/config`.
    pub(super) config: Observed<ZookeeperConfig>,
    /// Whether the root's ACL gives everybody every right.
    pub(super) root_open: Observed<bool>,
    /// Whether it names users who log in by a password.
    pub(super) root_digest: Observed<bool>,
}

/// How long a server keeps a session that we could not close, at least: it raises what is shorter than two ticks.
const SHORT_LIFE: Duration = Duration::from_secs(4);

/// Of what is left of the time, so that a session that waits in vain leaves some for the rest of the look.
const SHARE: f64 = 0.7;

pub(super) async fn look(zookeeper: &Zookeeper, address: &Address, deadline: Deadline) -> SessionLook {
    let began = deadline.elapsed_ms();
    let patience = deadline.within(deadline.left().mul_f64(SHARE));
    let client = match patience.run(connect(zookeeper, address, SHORT_LIFE)).await {
        Some(Ok(client)) => client,
        Some(Err(trouble)) => {
            let why = trouble.to_string();
            return SessionLook {
                read: Observed::unknown(&why),
                config: Observed::unknown(why),
                ..SessionLook::default()
            };
        }
        None => {
            let why = "a session was not opened in time".to_owned();
            let after_ms = deadline.elapsed_ms() - began;
            return SessionLook {
                config: Observed::unknown(&why),
                read: Observed::Known(QuorumRead::Failed { why, after_ms, refused: false }),
                ..SessionLook::default()
            };
        }
    };
    let ms = deadline.elapsed_ms() - began;
    let (config, acl) =
        futures_util::future::join(patience.run(client.get_config()), patience.run(client.get_acl("/")))
            .await;
    let acl = match acl {
        None => Observed::unknown("not read in time"),
        Some(Err(error)) => Observed::unknown(error.to_string()),
        Some(Ok((acls, _))) => Observed::Known(acls),
    };
    let root_open = acl.map(|acls| acls.contains(&Acl::new(Permission::ALL, AuthId::anyone())));
    let root_digest = acl.map(|acls| acls.iter().any(|acl| acl.scheme() == "digest"));
    let config = match config {
        None => Observed::unknown("/zookeeper/config was not read in time"),
        Some(Err(error)) => Observed::unknown(format!("/zookeeper/config: {error}")),
        Some(Ok((data, _))) => Observed::or_unknown(
            wire::config(&String::from_utf8_lossy(&data)),
            "/zookeeper/config names no server",
        ),
    };
    SessionLook { read: Observed::Known(QuorumRead::Served { ms }), config, root_open, root_digest }
}

/// Opens a session with exactly one server. Bounded by whoever calls.
pub(super) async fn connect(
    zookeeper: &Zookeeper,
    address: &Address,
    life: Duration,
) -> Result<Client, Trouble> {
    let mut connector = Client::connector().with_session_timeout(life).with_fail_eagerly();
    if address.tls {
        connector = connector.with_tls(tls(zookeeper)?);
    }
    let scheme = if address.tls { "tcp+tls" } else { "tcp" };
    open(connector, &format!("{scheme}://{}", address.authority())).await.map_err(|error| match error {
        // The library keeps the reason to itself.
        Error::NoHosts | Error::Timeout => Trouble::new(
            TroubleKind::ServerError,
            "the server answers four-letter words and opens no session: it may want authentication, or allow no \
             further connection from here (maxClientCnxns)",
        ),
        other => Trouble::new(TroubleKind::ServerError, other.to_string()),
    })
}

async fn open(connector: Connector, server: &str) -> Result<Client, Error> {
    connector.connect(server).await
}

/// The library takes PEM text, and verifies always.
fn tls(zookeeper: &Zookeeper) -> Result<TlsOptions, Trouble> {
    let failed = |why: String| Trouble::new(TroubleKind::TlsFailure, why);
    if zookeeper.material.server_name().is_some() || zookeeper.target.tls.insecure_skip_verify {
        return Err(failed(
            "no session is opened with another name to verify, or without verification".into(),
        ));
    }
    let Some(ca) = &zookeeper.target.tls.ca else {
        return Err(failed("a session over TLS needs a CA file: give --cacert".into()));
    };
    let ca = std::fs::read_to_string(ca).map_err(|error| failed(error.to_string()))?;
    let options = TlsOptions::new().with_pem_ca(&ca).map_err(|error| failed(error.to_string()))?;
    let Some((cert, key)) = zookeeper.material.identity_pem() else { return Ok(options) };
    options
        .with_pem_identity(&String::from_utf8_lossy(cert), &String::from_utf8_lossy(key))
        .map_err(|error| failed(error.to_string()))
}
