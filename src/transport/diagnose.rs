//! When a client library only says "transport error": look at the port ourselves, with the same credentials, and name
//! what is there.

use super::Deadline;
use super::address::Address;
use super::exchange::{Reply, dial, get, handshake};
use super::tls::{Asked, Capture, TlsMaterial, stranger_config};
use crate::facts::{Trouble, TroubleKind};
use std::time::Duration;
use tokio::net::TcpStream;

/// Longest wait for a port that accepts but says nothing, within the whole deadline.
const SILENCE: Duration = Duration::from_millis(1000);

/// The service that is expected on a port.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// Its name, for sentences.
    pub name: &'static str,
    /// A page that it serves to everyone who may connect.
    pub path: &'static str,
    /// A word that this page contains.
    pub word: &'static str,
}

/// etcd, which tells its version to everyone.
pub const ETCD: Expected = Expected { name: "etcd", path: "/version", word: "etcdserver" };

/// Consul, which marks every answer.
pub const CONSUL: Expected = Expected { name: "Consul", path: "/v1/status/leader", word: "X-Consul-" };

/// Connects, asks for the expected page as the address says (in plaintext, or in TLS with the target's material) and
/// names what comes back.
pub async fn diagnose(
    address: &Address,
    material: &TlsMaterial,
    expected: Expected,
    deadline: Deadline,
) -> Trouble {
    let deadline = deadline.within(SILENCE);
    let outcome = if address.tls {
        over_tls(address, material, expected, deadline).await
    } else {
        in_plaintext(address, expected, deadline).await
    };
    outcome.unwrap_or_else(|trouble| trouble)
}

/// `Ok` and `Err` are both a diagnosis; `?` ends the look.
type Diagnosis = Result<Trouble, Trouble>;

async fn over_tls(
    address: &Address,
    material: &TlsMaterial,
    expected: Expected,
    deadline: Deadline,
) -> Diagnosis {
    let stream = dial(address, deadline).await?;
    let host = material.server_name().unwrap_or(&address.host);
    let config = material.client_config(&["h2", "http/1.1"]);
    let mut stream = match handshake(config, host, stream, deadline).await {
        // etcd hangs up on a TLS greeting at its plaintext port without a word: only asking in plaintext tells.
        Err(trouble)
            if matches!(
                trouble.kind,
                TroubleKind::TlsOnPlaintext | TroubleKind::EmptyReply | TroubleKind::ConnectionReset
            ) =>
        {
            return Err(instead_of_tls(trouble, address, expected, deadline).await);
        }
        other => other?,
    };
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        let reply = get(&mut stream, address, expected.path, deadline).await;
        let trouble = name_reply(reply, expected);
        return Ok(match trouble.kind {
            TroubleKind::ServerError => Trouble::new(
                TroubleKind::WrongService,
                format!(
                    "{} answers there, but HTTP/2 was not negotiated: a proxy stands in between",
                    expected.name
                ),
            ),
            _ => trouble,
        });
    }
    // Whoever negotiated HTTP/2 and then refuses us says why in an alert: TLS 1.3 judges the client's certificate only
    // after the handshake.
    match get(&mut stream, address, expected.path, deadline).await {
        Reply::Closed(trouble) if trouble.kind == TroubleKind::ClientCertificate => Err(trouble),
        _ => Ok(Trouble::new(
            TroubleKind::WrongService,
            format!("TLS and HTTP/2 work there, but {} does not answer as expected", expected.name),
        )),
    }
}

/// What a port speaks that does not speak TLS, or hung up on us; the trouble itself where that is TLS after all.
async fn instead_of_tls(
    trouble: Trouble,
    address: &Address,
    expected: Expected,
    deadline: Deadline,
) -> Trouble {
    let hung_up = trouble.kind != TroubleKind::TlsOnPlaintext;
    let detail = match in_plaintext(address, expected, deadline).await {
        Ok(there) if there.kind == TroubleKind::ServerError => {
            format!("the port speaks plaintext: use http://, or turn TLS on in {}", expected.name)
        }
        _ if hung_up => return trouble,
        Ok(there) => format!("the port does not speak TLS; {}", there.detail),
        Err(_) => trouble.detail,
    };
    Trouble::new(TroubleKind::TlsOnPlaintext, detail)
}

async fn in_plaintext(address: &Address, expected: Expected, deadline: Deadline) -> Diagnosis {
    let mut stream: TcpStream = dial(address, deadline).await?;
    let reply = get(&mut stream, address, expected.path, deadline).await;
    // etcd hangs up on plaintext at its TLS port without a word.
    if matches!(reply, Reply::Closed(_)) && !address.tls && speaks_tls(address, deadline).await {
        return Ok(name_reply(Reply::WantsTls, expected));
    }
    Ok(name_reply(reply, expected))
}

/// Whether a TLS greeting is answered with a certificate, whatever comes of the handshake.
async fn speaks_tls(address: &Address, deadline: Deadline) -> bool {
    let capture = Capture::default();
    let config = stranger_config(&capture, &Asked::default(), &[], None);
    let Ok(stream) = dial(address, deadline).await else { return false };
    let _ = handshake(config, &address.host, stream, deadline).await;
    !capture.chain().is_empty()
}

/// Names the reply to a request for the expected page.
fn name_reply(reply: Reply, expected: Expected) -> Trouble {
    let name = expected.name;
    match reply {
        Reply::Silent => Trouble::new(TroubleKind::NoAnswer, "connected, but nothing came back"),
        Reply::Closed(trouble) => trouble,
        Reply::WantsTls => Trouble::new(TroubleKind::PlaintextOnTls, "the port speaks TLS: use https://"),
        Reply::Http { start, .. } if start.contains(expected.word) => Trouble::new(
            TroubleKind::ServerError,
            format!("{name} answers {} there, but not this request", expected.path),
        ),
        Reply::Http { start, .. } => {
            let first = start.lines().next().unwrap_or_default();
            Trouble::new(
                TroubleKind::WrongService,
                format!("another HTTP service answers there, not {name} ({first})"),
            )
        }
        Reply::Other(bytes) => name_bytes(&bytes, name),
    }
}

/// Names bytes that are not HTTP, by what some well-known services say first.
fn name_bytes(bytes: &[u8], name: &str) -> Trouble {
    const GREETINGS: [(&[u8], &str); 4] = [
        (b"SSH-", "an SSH server"),
        (b"-ERR", "a Redis server"),
        (b"-DENIED", "a Redis server"),
        (b"220", "a mail or FTP server"),
    ];
    if let Some((_, service)) = GREETINGS.iter().find(|(greeting, _)| bytes.starts_with(greeting)) {
        return Trouble::new(TroubleKind::WrongService, format!("{service} answers there, not {name}"));
    }
    let start: String = String::from_utf8_lossy(bytes).chars().take(24).collect();
    Trouble::new(TroubleKind::Garbage, format!("the answer is not HTTP: {start:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_replies() {
        let http = |start: &str| Reply::Http { status: 200, start: start.into() };
        let kind = |reply| name_reply(reply, ETCD).kind;
        assert_eq!(kind(Reply::WantsTls), TroubleKind::PlaintextOnTls);
        assert_eq!(kind(http("HTTP/1.1 200 OK\r\n\r\nhello")), TroubleKind::WrongService);
        assert_eq!(kind(http("HTTP/1.1 200 OK\r\n\r\n{\"etcdserver\":\"3\"}")), TroubleKind::ServerError);
        assert_eq!(kind(Reply::Other(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())), TroubleKind::WrongService);
        assert_eq!(kind(Reply::Other(vec![0xff, 0x00, 0x9b])), TroubleKind::Garbage);
        assert_eq!(kind(Reply::Silent), TroubleKind::NoAnswer);
    }
}
