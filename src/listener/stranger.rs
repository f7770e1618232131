//! A listener as a stranger without credentials finds it: is it served without TLS, without a client certificate,
//! and which chain does it present?

use super::{certificate, legacy};
use crate::facts::{ASKED_ONLY_BY_DEEP, Certificate, Listener, ListenerKind, Observed, Trouble, TroubleKind};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::exchange::{Reply, dial, get, handshake};
use crate::transport::tls::{Asked, Capture, stranger_config};
use crate::transport::trouble::from_tls;
use rustls::SupportedProtocolVersion;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use std::time::Duration;

/// Longest wait for a connection: where a firewall drops us, nobody should wait a whole deadline at every check.
const CONNECT_PATIENCE: Duration = Duration::from_millis(500);

/// Longest wait for a plaintext answer before TLS is tried: a TLS port refuses plaintext at once.
const PLAINTEXT_PATIENCE: Duration = Duration::from_millis(400);

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Which socket of a member.
    pub kind: ListenerKind,
    /// Where to dial; the scheme is not looked at.
    pub address: Address,
    /// Whether only this machine can reach it.
    pub loopback: bool,
    /// Whether it may well not be reachable from here: nobody was told to dial it.
    pub unsure: bool,
    /// Whether it has already answered a plaintext request: then nothing is left to ask.
    pub answered: bool,
    /// A page it serves to whoever may connect.
    pub path: &'static str,
}

/// Looks at one listener. A plaintext answer settles the matter: TLS is then not tried. `deep` also asks for protocol
/// versions older than TLS 1.2, which costs three more connections.
pub async fn listener(spot: &Spot, deep: bool, deadline: Deadline) -> Listener {
    let connecting = deadline.within(CONNECT_PATIENCE);
    let plain = plaintext(&spot.address, spot.path, connecting, deadline).await;
    if let Plain::Answered { anonymous } = plain {
        return in_plaintext(spot, anonymous);
    }
    if let Plain::Unreachable(trouble) = &plain {
        return unseen(spot, &trouble.to_string());
    }
    let tls = session(&spot.address, spot.path, None, deadline).await;
    let spoken = tls.version.is_some() || !tls.chain.is_empty();
    Listener {
        plaintext: match &plain {
            Plain::Silent if !spoken => Observed::unknown("neither plaintext nor TLS was answered"),
            _ => Observed::Known(false),
        },
        anonymous: tls.anonymous(),
        chain: tls.certificates(),
        legacy_tls: match deep {
            true => legacy::accepted(&spot.address, deadline).await,
            false => Observed::unknown(ASKED_ONLY_BY_DEEP),
        },
        name_mismatch: tls.name_mismatch(&spot.address.host),
        ..unseen(spot, "")
    }
}

/// A listener that is known to answer in plaintext: there is nothing more to ask.
pub fn in_plaintext(spot: &Spot, anonymous: bool) -> Listener {
    Listener {
        plaintext: Observed::Known(true),
        anonymous: Observed::Known(anonymous),
        chain: Observed::Known(Vec::new()),
        legacy_tls: Observed::Known(Vec::new()),
        name_mismatch: Observed::Known(None),
        ..unseen(spot, "")
    }
}

fn unseen(spot: &Spot, why: &str) -> Listener {
    Listener {
        kind: spot.kind,
        address: spot.address.authority(),
        loopback: spot.loopback,
        plaintext: Observed::unknown(why),
        anonymous: Observed::unknown(why),
        chain: Observed::unknown(why),
        legacy_tls: Observed::unknown(why),
        name_mismatch: Observed::unknown(why),
    }
}

/// What a plaintext request came to.
#[derive(Debug)]
pub enum Plain {
    /// HTTP without TLS.
    Answered {
        /// Whether the page was served, rather than a login demanded.
        anonymous: bool,
    },
    /// Refused, or answered in another protocol.
    Refused,
    /// No answer in time.
    Silent,
    /// No connection.
    Unreachable(Trouble),
}

/// Connects before `connecting` ends, and asks for a page in plaintext.
pub async fn plaintext(address: &Address, path: &str, connecting: Deadline, deadline: Deadline) -> Plain {
    let mut stream = match dial(address, connecting).await {
        Ok(stream) => stream,
        Err(trouble) => return Plain::Unreachable(trouble),
    };
    match get(&mut stream, address, path, deadline.within(PLAINTEXT_PATIENCE)).await {
        Reply::Http { status, .. } => Plain::Answered { anonymous: !matches!(status, 401 | 403) },
        Reply::WantsTls | Reply::Other(_) | Reply::Closed(_) => Plain::Refused,
        Reply::Silent => Plain::Silent,
    }
}

/// One TLS connection without a client certificate, and one request in it. TLS 1.3 refuses a missing client
/// certificate only after the handshake: a handshake alone proves nothing.
#[derive(Debug)]
pub struct Session {
    /// The chain presented, leaf first, in DER; kept even when the handshake failed later.
    pub chain: Vec<Vec<u8>>,
    /// Whether the server asked for a client certificate.
    pub asked: bool,
    /// Protocol version and cipher suite of a finished handshake.
    pub version: Option<(String, String)>,
    /// What came of the request, or why there was no connection.
    pub reply: Result<Reply, Trouble>,
}

/// Connects and asks. `only` offers one protocol version; `None` offers TLS 1.3 and 1.2.
pub async fn session(
    address: &Address,
    path: &str,
    only: Option<&'static SupportedProtocolVersion>,
    deadline: Deadline,
) -> Session {
    let (capture, asked) = (Capture::default(), Asked::default());
    let config = stranger_config(&capture, &asked, &["http/1.1"], only);
    let connected = match dial(address, deadline).await {
        Ok(stream) => handshake(config, &address.host, stream, deadline).await,
        Err(trouble) => Err(trouble),
    };
    let (version, reply) = match connected {
        Err(trouble) => (None, Err(trouble)),
        Ok(mut stream) => {
            let tls = stream.get_ref().1;
            let version = tls.protocol_version().and_then(|v| v.as_str()).unwrap_or_default();
            let suite = tls.negotiated_cipher_suite().and_then(|s| s.suite().as_str()).unwrap_or_default();
            let spoken = (version.replace("TLSv1_", "TLS 1."), suite.to_owned());
            (Some(spoken), Ok(get(&mut stream, address, path, deadline).await))
        }
    };
    Session { chain: capture.chain(), asked: asked.yes(), version, reply }
}

impl Session {
    /// Whether the request was served although no client certificate was presented.
    pub fn anonymous(&self) -> Observed<bool> {
        match &self.reply {
            Ok(Reply::Http { status, .. }) => Observed::Known(!matches!(status, 401 | 403)),
            Ok(Reply::Closed(trouble)) | Err(trouble) if trouble.kind == TroubleKind::ClientCertificate => {
                Observed::Known(false)
            }
            // The alert that says so can be lost: a server that closes with our request unread resets the
            // connection. It asked, got nothing, and hung up: that is a refusal.
            Ok(Reply::Closed(_)) | Err(_) if self.asked => Observed::Known(false),
            Ok(Reply::Silent) => Observed::unknown("the request in TLS got no answer"),
            Ok(_) => Observed::unknown("the answer in TLS is not HTTP"),
            Err(trouble) => Observed::unknown(trouble.to_string()),
        }
    }

    /// The chain, read.
    pub fn certificates(&self) -> Observed<Vec<Certificate>> {
        match (&self.reply, certificate::read_chain(&self.chain)) {
            (Err(trouble), Ok(chain)) if chain.is_empty() => Observed::unknown(trouble.to_string()),
            (_, Ok(chain)) => Observed::Known(chain),
            (_, Err(why)) => Observed::unknown(why),
        }
    }

    /// Why the leaf does not name `host`; `Known(None)` when it does.
    pub fn name_mismatch(&self, host: &str) -> Observed<Option<String>> {
        let Some(leaf) = self.chain.first() else {
            return Observed::unknown("no certificate was presented");
        };
        let leaf = CertificateDer::from(leaf.as_slice());
        match (ParsedCertificate::try_from(&leaf), ServerName::try_from(host)) {
            (Ok(parsed), Ok(name)) => Observed::Known(
                rustls::client::verify_server_name(&parsed, &name).err().map(|error| from_tls(&error).detail),
            ),
            (Err(error), _) => Observed::unknown(error.to_string()),
            (_, Err(_)) => Observed::unknown(format!("`{host}` is not a valid name")),
        }
    }
}
