//! The sockets of a server, as a stranger finds them: client ports by a four-letter word, and the ports of the quorum
//! by a TLS greeting to the leader's. Votes are exchanged on a port that takes any eight bytes for a server's id: where
//! it is not known to speak TLS, nothing is sent there.

use super::look::Look;
use super::wire::{self, Word};
use crate::facts::{
    ASKED_ONLY_BY_DEEP, Listener, ListenerKind, Observed, Trouble, TroubleKind, ZookeeperQuorumPort,
};
use crate::listener::stranger::{Session, Spot, in_plaintext, session};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::exchange::{Reply, ask, dial, handshake};
use crate::transport::tls::{Asked, Capture, TlsMaterial, stranger_config};
use crate::transport::words;

fn spot(kind: ListenerKind, address: &Address) -> Spot {
    Spot {
        kind,
        address: address.clone(),
        loopback: address.loopback(),
        unsure: false,
        answered: false,
        path: "/",
    }
}

/// The client port that answered, and a second one beside it that the settings reveal.
pub(super) async fn clients(look: &Look, deadline: Deadline) -> Vec<Listener> {
    if !look.address.tls {
        return vec![in_plaintext(&spot(ListenerKind::Client, &look.address), true)];
    }
    let beside = beside(look);
    let (own, beside) = futures_util::future::join(over_tls(&look.address, deadline), async {
        match beside {
            Some(address) => plain(&address, deadline).await,
            None => None,
        }
    })
    .await;
    std::iter::once(own).chain(beside).collect()
}

/// A plaintext client port of a server that was reached over TLS.
fn beside(look: &Look) -> Option<Address> {
    let settings = [&look.admin.running, &look.conf];
    let port = settings.iter().find_map(|map| map.known()?.get("clientPort")?.parse::<u16>().ok())?;
    (port > 0 && port != look.address.port).then(|| Address { tls: false, port, ..look.address.clone() })
}

async fn plain(address: &Address, deadline: Deadline) -> Option<Listener> {
    let text = words::ask(address, "srvr", &TlsMaterial::stranger(), deadline).await.ok()?;
    (wire::srvr(&text).is_some() || wire::word(&text) != Word::Answered(text))
        .then(|| in_plaintext(&spot(ListenerKind::Client, address), true))
}

/// A client port that speaks TLS. The word is answered only to whom the server lets in.
async fn over_tls(address: &Address, deadline: Deadline) -> Listener {
    let (capture, asked) = (Capture::default(), Asked::default());
    let config = stranger_config(&capture, &asked, &[], None);
    let connected = match dial(address, deadline).await {
        Ok(stream) => handshake(config, &address.host, stream, deadline).await,
        Err(trouble) => Err(trouble),
    };
    let (let_in, reply) = match connected {
        Err(trouble) => (None, Err(trouble)),
        Ok(mut stream) => {
            let said = ask(&mut stream, b"srvr", 1 << 16, deadline).await;
            match said.cut {
                None => (Some(true), Ok(Reply::Other(said.bytes))),
                Some(trouble) => (None, Err(trouble)),
            }
        }
    };
    let session = Session { chain: capture.chain(), asked: asked.yes(), version: None, reply };
    Listener {
        plaintext: Observed::Known(false),
        anonymous: let_in.map_or_else(|| session.anonymous(), Observed::Known),
        chain: session.certificates(),
        legacy_tls: Observed::unknown(ASKED_ONLY_BY_DEEP),
        name_mismatch: session.name_mismatch(&address.host),
        ..in_plaintext(&spot(ListenerKind::Client, address), false)
    }
}

/// What the leader's quorum port speaks: followers speak the same, or could not follow.
#[derive(Debug)]
pub(super) enum Speech {
    Tls,
    Plain,
    Unknown(String),
}

/// Greets the leader's quorum port in TLS.
pub(super) async fn quorum_port(
    leader: &Address,
    deadline: Deadline,
) -> (Speech, Observed<ZookeeperQuorumPort>) {
    let (session, own_machine) =
        futures_util::future::join(session(leader, "/", None, deadline), own_machine(leader, deadline)).await;
    let tls = !session.chain.is_empty() || session.version.is_some();
    let port = |open| {
        own_machine.map_or_else(
            || Observed::unknown("its host name does not resolve"),
            |own| {
                Observed::Known(ZookeeperQuorumPort {
                    address: leader.authority(),
                    open,
                    tls,
                    own_machine: own,
                })
            },
        )
    };
    let heard = |trouble: &Trouble| match trouble.kind {
        // Whoever speaks TLS answers a greeting, if only with an alert.
        TroubleKind::EmptyReply | TroubleKind::ConnectionReset | TroubleKind::TlsOnPlaintext => Some(true),
        TroubleKind::ConnectionRefused | TroubleKind::ConnectTimeout => Some(false),
        _ => None,
    };
    match session.reply {
        _ if tls => (Speech::Tls, port(true)),
        Err(trouble) => match heard(&trouble) {
            Some(true) => (Speech::Plain, port(true)),
            heard => {
                let why = format!("the leader's quorum port: {trouble}");
                (Speech::Unknown(why.clone()), heard.map_or_else(|| Observed::unknown(why), port))
            }
        },
        Ok(_) => {
            let why = "the leader's quorum port answers neither";
            (Speech::Unknown(why.into()), Observed::unknown(why))
        }
    }
}

/// Whether an address is one of this machine's: then packets to it leave from itself. None is sent.
async fn own_machine(address: &Address, deadline: Deadline) -> Option<bool> {
    let host = address.host.trim_matches(['[', ']']);
    let target = deadline.run(tokio::net::lookup_host((host, address.port))).await?.ok()?.next()?;
    let any = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = std::net::UdpSocket::bind(any).ok()?;
    socket.connect(target).ok()?;
    Some(socket.local_addr().ok()?.ip() == target.ip())
}

/// A member's port of the quorum; `election` is where it takes votes.
pub(super) async fn peer(election: &Address, speech: &Speech, deadline: Deadline) -> Listener {
    let spot = spot(ListenerKind::Peer, election);
    match speech {
        Speech::Plain => in_plaintext(&spot, true),
        Speech::Unknown(why) => Listener {
            plaintext: Observed::unknown(why),
            anonymous: Observed::unknown(why),
            chain: Observed::unknown(why),
            legacy_tls: Observed::unknown(why),
            name_mismatch: Observed::unknown(why),
            ..in_plaintext(&spot, false)
        },
        Speech::Tls => {
            let session = session(election, "/", None, deadline).await;
            Listener {
                plaintext: Observed::Known(false),
                anonymous: session.anonymous(),
                chain: session.certificates(),
                legacy_tls: Observed::unknown(ASKED_ONLY_BY_DEEP),
                name_mismatch: session.name_mismatch(&election.host),
                ..in_plaintext(&spot, false)
            }
        }
    }
}
