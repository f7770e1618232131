//! The port on which servers and clients speak RPC: the peers' port. Its first byte selects a protocol; a ping of yamux,
//! which both multiplexed forms carry, is answered by whoever accepts the connection, and asks nothing else.

use crate::facts::{
    ASKED_ONLY_BY_DEEP, ConsulSettings, Listener, ListenerKind, Observed, Trouble, TroubleKind,
};
use crate::listener::certificate;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::exchange::{dial, handshake};
use crate::transport::tls::{Asked, Capture, stranger_config};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// `RPCMultiplexV2` in Consul's agent/pool/conn.go.
const MULTIPLEXED: u8 = 4;

/// ALPN name of the same inside TLS (agent/pool/conn.go `ALPN_RPCMultiplexV2`).
const ALPN: &str = "consul/rpc-multi";

/// yamux: version 0, type ping, flag SYN, stream 0, and a number that comes back.
const PING: [u8; 12] = [0, 2, 0, 1, 0, 0, 0, 0, 0x71, 0x75, 0x6f, 0x72];

/// The answer: flag ACK.
const PONG: [u8; 12] = [0, 2, 0, 2, 0, 0, 0, 0, 0x71, 0x75, 0x6f, 0x72];

/// Longest wait for a connection or an answer: where a firewall drops us, nobody should wait a whole deadline.
const PATIENCE: Duration = Duration::from_millis(500);

/// What was found on one RPC port.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The address in raft's configuration.
    pub(super) address: String,
    /// As checks see it.
    pub(super) listener: Listener,
    /// Why there was no connection.
    pub(super) unreachable: Option<Trouble>,
}

/// Looks at one RPC port as a stranger: in plaintext, then in TLS without a certificate.
pub(super) async fn look(address: Address, deadline: Deadline) -> Found {
    let deadline = deadline.within(PATIENCE);
    let mut listener = unseen(&address, "");
    let plain = match dial(&address, deadline).await {
        Err(trouble) => {
            let listener = unseen(&address, &trouble.to_string());
            return Found { address: address.authority(), listener, unreachable: Some(trouble) };
        }
        Ok(mut stream) => {
            let request = [&[MULTIPLEXED][..], &PING].concat();
            ponged(&mut stream, &request, deadline).await
        }
    };
    let (capture, asked) = (Capture::default(), Asked::default());
    let config = stranger_config(&capture, &asked, &[ALPN], None);
    let spoken = match dial(&address, deadline).await {
        Ok(stream) => handshake(config, &address.host, stream, deadline).await,
        Err(trouble) => Err(trouble),
    };
    let pong = match spoken {
        Ok(mut stream) => Ok(ponged(&mut stream, &PING, deadline).await),
        Err(trouble) => Err(trouble),
    };
    let chain = certificate::read_chain(&capture.chain());
    let tls = chain.as_ref().is_ok_and(|chain| !chain.is_empty());
    listener.plaintext = match plain {
        Pong::Answered => Observed::Known(true),
        Pong::Refused => Observed::Known(false),
        Pong::Silent if tls => Observed::Known(false),
        Pong::Silent => Observed::unknown("neither plaintext nor TLS was answered"),
    };
    listener.anonymous = match &pong {
        _ if plain == Pong::Answered => Observed::Known(true),
        Ok(Pong::Answered) => Observed::Known(true),
        _ if asked.yes() => Observed::Known(false),
        Ok(_) => Observed::unknown("the request in TLS got no answer"),
        Err(trouble) if trouble.kind == TroubleKind::ClientCertificate => Observed::Known(false),
        Err(trouble) => Observed::unknown(trouble.to_string()),
    };
    listener.chain = match (chain, &pong) {
        // A port may take both; without TLS it hangs up.
        (Ok(chain), Err(_)) if chain.is_empty() && plain == Pong::Answered => Observed::Known(chain),
        (Ok(chain), Err(trouble)) if chain.is_empty() => Observed::unknown(trouble.to_string()),
        (Ok(chain), _) => Observed::Known(chain),
        (Err(why), _) => Observed::unknown(why),
    };
    Found { address: address.authority(), listener, unreachable: None }
}

/// A port that could not be reached from here, by the settings of its own server.
pub(super) fn by_settings(found: &Found, settings: &ConsulSettings) -> Listener {
    let Some(incoming) = settings.verify_incoming else { return found.listener.clone() };
    let chain = match (incoming, settings.verify_outgoing) {
        // No TLS at all: there is no certificate to look at.
        (false, Some(false)) => Observed::Known(Vec::new()),
        _ => found.listener.chain.clone(),
    };
    let open = Observed::Known(!incoming);
    Listener { plaintext: open.clone(), anonymous: open, chain, ..found.listener.clone() }
}

fn unseen(address: &Address, why: &str) -> Listener {
    Listener {
        kind: ListenerKind::Peer,
        address: address.authority(),
        loopback: address.loopback(),
        plaintext: Observed::unknown(why),
        anonymous: Observed::unknown(why),
        chain: Observed::unknown(why),
        legacy_tls: Observed::unknown(ASKED_ONLY_BY_DEEP),
        // Servers verify the name `server.DATACENTER.DOMAIN`, not the host that they dialled.
        name_mismatch: Observed::Known(None),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pong {
    Answered,
    /// Closed, reset, or answered otherwise.
    Refused,
    Silent,
}

async fn ponged(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
    deadline: Deadline,
) -> Pong {
    let exchange = async {
        stream.write_all(request).await?;
        stream.flush().await?;
        let mut answer = [0; PONG.len()];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    match deadline.run(exchange).await {
        Some(Ok(PONG)) => Pong::Answered,
        Some(_) => Pong::Refused,
        None => Pong::Silent,
    }
}
