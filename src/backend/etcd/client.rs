//! One gRPC client for one member. Never the balanced client: which member answers is what we want to know.

use crate::facts::{Trouble, TroubleKind};
use crate::target::Auth;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::tls::TlsMaterial;
use crate::transport::trouble::{chain, classify};
use etcd_client::{Channel, Client, ConnectOptions, Error, Identity, TlsOptions};
use tonic::Code;

/// What is said of a login that got no answer.
pub(super) const LOGIN_UNANSWERED: &str =
    "the login got no answer: a password login needs a quorum; a client certificate with CN=root does not";

/// Opens a client without logging in. Nothing is dialled before the first call.
pub(super) async fn open(
    address: &Address,
    material: &TlsMaterial,
    deadline: Deadline,
) -> Result<Client, Trouble> {
    connect(address, material, None, deadline).await
}

/// Opens a client and logs in with a password. The login itself is a linearizable read and a proposal: on a cluster
/// without a quorum it never succeeds.
pub(super) async fn log_in(
    address: &Address,
    material: &TlsMaterial,
    auth: &Auth,
    deadline: Deadline,
) -> Result<Client, Trouble> {
    let Auth::Password { user, password } = auth else {
        let detail = "etcd takes a user and a password, not a token";
        return Err(Trouble::new(TroubleKind::Unauthenticated, detail));
    };
    let options = ConnectOptions::new().with_user(user.clone(), password.expose());
    match deadline.run(connect(address, material, Some(options), deadline)).await {
        Some(result) => result,
        None => Err(Trouble::new(TroubleKind::Unauthenticated, LOGIN_UNANSWERED)),
    }
}

async fn connect(
    address: &Address,
    material: &TlsMaterial,
    options: Option<ConnectOptions>,
    deadline: Deadline,
) -> Result<Client, Trouble> {
    let endpoint = tonic::transport::Endpoint::from_shared(address.url())
        .map_err(|error| Trouble::new(TroubleKind::DnsFailure, chain(&error)))?
        // A little before the deadline, so that a host that drops us is told from one that accepts and is silent.
        .connect_timeout(deadline.left().mul_f32(0.9))
        .tcp_nodelay(true);
    let endpoint = if address.tls {
        let mut tls = TlsOptions::new().domain_name(material.server_name().unwrap_or(&address.host));
        if let Some((cert, key)) = material.identity_pem() {
            tls = tls.identity(Identity::from_pem(cert, key));
        }
        endpoint
            .tls_config_with_verifier(tls, material.verifier())
            .map_err(|error| Trouble::new(TroubleKind::TlsFailure, chain(&error)))?
    } else {
        endpoint
    };
    let channel = Channel::Tonic(endpoint.connect_lazy());
    Client::from_channel(channel, options).await.map_err(|error| name(&error))
}

/// The answer to one call, or why there is none.
pub(super) async fn answer<T>(
    deadline: Deadline,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Trouble> {
    match deadline.run(call).await {
        Some(result) => result.map_err(|error| name(&error)),
        None => Err(Trouble::new(TroubleKind::NoAnswer, "no answer within the deadline")),
    }
}

/// Names what an etcd call's error means.
pub(super) fn name(error: &Error) -> Trouble {
    let Error::GRpcStatus(status) = error else {
        return classify(error).unwrap_or_else(|| Trouble::new(TroubleKind::ServerError, chain(error)));
    };
    if let Some(trouble) = classify(status) {
        return trouble;
    }
    let message = status.message().to_owned();
    let kind = match status.code() {
        Code::Unauthenticated => TroubleKind::Unauthenticated,
        Code::InvalidArgument if says_login(&message) => TroubleKind::Unauthenticated,
        Code::PermissionDenied => TroubleKind::PermissionDenied,
        // 3.4 and 3.5 send this without a code of its own.
        _ if message.contains("permission denied") => TroubleKind::PermissionDenied,
        Code::Unimplemented => TroubleKind::WrongService,
        // hyper gives up a request whose connection broke: the caller looks at the port itself.
        Code::Cancelled if message.contains("operation was canceled") => TroubleKind::Garbage,
        Code::Cancelled | Code::DeadlineExceeded => TroubleKind::NoAnswer,
        _ if message.contains("etcdserver:") => TroubleKind::ServerError,
        // Connected, but what came back is not gRPC: the caller looks at the port itself.
        _ => TroubleKind::Garbage,
    };
    Trouble::new(kind, message)
}

/// Whether the server refused only because nobody is logged in: then it did its work up to there.
pub(super) fn says_login(message: &str) -> bool {
    message.contains("user name is empty")
        || message.contains("authentication failed")
        || message.contains("invalid auth token")
}
