//! The ports on which proxies and peers speak gRPC. The first thing that a server of HTTP/2 says is its SETTINGS: it says them
//! to whoever connects in the right way, in plaintext or in TLS.

use crate::facts::{ASKED_ONLY_BY_DEEP, ConsulSettings, Listener, ListenerKind, Observed, TroubleKind};
use crate::listener::certificate;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::exchange::{dial, handshake};
use crate::transport::tls::{Asked, Capture, stranger_config};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a client says first (RFC 9113, 3.4), with an empty SETTINGS frame behind it.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Length of a frame's head; its fourth byte is the type.
const HEAD: usize = 9;
const SETTINGS: u8 = 4;

/// Longest wait for a connection or an answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where a server says that it serves gRPC, as far as that can be dialled from here.
pub(super) fn addresses(settings: &ConsulSettings, answered_at: &Address) -> Vec<(Address, bool)> {
    let told = settings.grpc.iter().chain(&settings.grpc_tls);
    let listens = told.filter_map(|text| Address::parse(text, false, 8502).ok());
    let dialled = listens.filter_map(|listens| match listens.unspecified() {
        true => Some((Address { host: answered_at.host.clone(), ..listens }, true)),
        // Loopback of another machine cannot be dialled.
        false if listens.loopback() && !answered_at.loopback() => None,
        false => Some((listens, false)),
    });
    dialled.collect()
}

/// Looks at one as a stranger; `None` where nobody can be reached: nobody was told to dial it.
pub(super) async fn look((address, everywhere): (Address, bool), deadline: Deadline) -> Option<Listener> {
    let deadline = deadline.within(PATIENCE);
    let mut stream = dial(&address, deadline).await.ok()?;
    let plain = settled(&mut stream, deadline).await;
    let (capture, asked) = (Capture::default(), Asked::default());
    let config = stranger_config(&capture, &asked, &["h2"], None);
    let stream = dial(&address, deadline).await.ok()?;
    let served = match handshake(config, &address.host, stream, deadline).await {
        Ok(mut stream) => Ok(settled(&mut stream, deadline).await),
        Err(trouble) => Err(trouble),
    };
    let chain = certificate::read_chain(&capture.chain());
    let tls = chain.as_ref().is_ok_and(|chain| !chain.is_empty());
    Some(Listener {
        kind: ListenerKind::Grpc,
        address: address.authority(),
        loopback: address.loopback() && !everywhere,
        plaintext: match plain {
            Some(true) => Observed::Known(true),
            _ if tls => Observed::Known(false),
            _ => Observed::unknown("neither plaintext nor TLS was answered"),
        },
        anonymous: match &served {
            _ if plain == Some(true) => Observed::Known(true),
            Ok(Some(true)) => Observed::Known(true),
            _ if asked.yes() => Observed::Known(false),
            Err(trouble) if trouble.kind == TroubleKind::ClientCertificate => Observed::Known(false),
            Err(trouble) => Observed::unknown(trouble.to_string()),
            Ok(_) => Observed::unknown("the request in TLS got no answer"),
        },
        chain: match chain {
            Ok(chain) if chain.is_empty() && plain != Some(true) => Observed::unknown("no TLS was spoken"),
            Ok(chain) => Observed::Known(chain),
            Err(why) => Observed::unknown(why),
        },
        legacy_tls: Observed::unknown(ASKED_ONLY_BY_DEEP),
        // Proxies verify the name `server.DATACENTER.DOMAIN`, not the host that they dialled.
        name_mismatch: Observed::Known(None),
    })
}

/// Whether SETTINGS came back; `None` when nothing did.
async fn settled(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), deadline: Deadline) -> Option<bool> {
    let exchange = async {
        stream.write_all(PREFACE).await?;
        stream.flush().await?;
        let mut head = [0; HEAD];
        stream.read_exact(&mut head).await?;
        Ok::<_, std::io::Error>(head)
    };
    match deadline.run(exchange).await {
        Some(Ok(head)) => Some(head[3] == SETTINGS && head[5..] == [0; 4]),
        Some(Err(_)) => Some(false),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_dialled_from_here() {
        let settings = ConsulSettings {
            grpc: vec!["127.0.0.1:8502".into()],
            grpc_tls: vec!["[::]:8503".into()],
            ..ConsulSettings::default()
        };
        let from = |host: &str| {
            let at = Address::parse(host, false, 8500).expect("an address");
            let dialled = addresses(&settings, &at).into_iter();
            dialled.map(|(address, everywhere)| (address.authority(), everywhere)).collect::<Vec<_>>()
        };
        assert_eq!(from("10.0.0.1"), [("10.0.0.1:8503".to_owned(), true)]);
        assert_eq!(
            from("127.0.0.1"),
            [("127.0.0.1:8502".to_owned(), false), ("127.0.0.1:8503".to_owned(), true)]
        );
    }
}
