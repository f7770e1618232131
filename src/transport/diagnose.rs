//! When a client library only says "transport error": look at the port ourselves and name what is there.

use super::Deadline;
use super::address::Address;
use super::tls::{Capture, stranger_config};
use super::trouble::{classify, from_tls};
use crate::facts::{Trouble, TroubleKind};
use rustls::pki_types::ServerName;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Longest wait for a port that accepts but says nothing, within the whole deadline.
const SILENCE: Duration = Duration::from_millis(1000);

/// Connects, sends a plain HTTP request (or a TLS hello for https) and names what comes back. `service` is a word
/// that the expected service's `/version` answer contains.
pub async fn diagnose(address: &Address, service: &str, deadline: Deadline) -> Trouble {
    let deadline = deadline.within(SILENCE);
    let connected = deadline.run(TcpStream::connect((address.host.as_str(), address.port))).await;
    let stream = match connected {
        None => return Trouble::new(TroubleKind::ConnectTimeout, "no answer to the connection attempt"),
        Some(Err(error)) => {
            return classify(&error)
                .unwrap_or_else(|| Trouble::new(TroubleKind::HostUnreachable, error.to_string()));
        }
        Some(Ok(stream)) => stream,
    };
    if address.tls {
        over_tls(stream, address, deadline).await
    } else {
        in_plaintext(stream, address, service, deadline).await
    }
}

async fn over_tls(stream: TcpStream, address: &Address, deadline: Deadline) -> Trouble {
    let Ok(name) = ServerName::try_from(address.host.clone()) else {
        return Trouble::new(TroubleKind::DnsFailure, "the host is not a valid name");
    };
    let connector = TlsConnector::from(stranger_config(&Capture::default(), &["h2", "http/1.1"]));
    match deadline.run(connector.connect(name, stream)).await {
        None => Trouble::new(TroubleKind::NoAnswer, "connected, but the TLS handshake got no answer"),
        Some(Err(error)) => match error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
            Some(tls) => from_tls(tls),
            None => {
                classify(&error).unwrap_or_else(|| Trouble::new(TroubleKind::TlsFailure, error.to_string()))
            }
        },
        Some(Ok(_)) => Trouble::new(
            TroubleKind::WrongService,
            "TLS works there, but the service does not answer as expected",
        ),
    }
}

async fn in_plaintext(
    mut stream: TcpStream,
    address: &Address,
    service: &str,
    deadline: Deadline,
) -> Trouble {
    let request =
        format!("GET /version HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", address.authority());
    let mut reply = vec![0; 2048];
    let exchange = async {
        stream.write_all(request.as_bytes()).await?;
        stream.read(&mut reply).await
    };
    match deadline.run(exchange).await {
        None => Trouble::new(TroubleKind::NoAnswer, "connected, but nothing came back"),
        Some(Err(error)) => {
            classify(&error).unwrap_or_else(|| Trouble::new(TroubleKind::ConnectionReset, error.to_string()))
        }
        Some(Ok(length)) => name_reply(&reply[..length], service),
    }
}

/// Names the first bytes of a reply to a plain HTTP request.
fn name_reply(reply: &[u8], service: &str) -> Trouble {
    let text = String::from_utf8_lossy(reply);
    if reply.is_empty() {
        Trouble::new(TroubleKind::EmptyReply, "the connection was closed without an answer")
    } else if reply[0] == 0x15 || text.contains("HTTP request to an HTTPS server") {
        Trouble::new(TroubleKind::PlaintextOnTls, "the port speaks TLS: use https://")
    } else if text.starts_with("HTTP/") && text.contains(service) {
        Trouble::new(TroubleKind::ServerError, "the service answers /version there, but not this request")
    } else if text.starts_with("HTTP/") {
        let first = text.lines().next().unwrap_or_default().to_owned();
        Trouble::new(TroubleKind::WrongService, format!("another HTTP service answers there ({first})"))
    } else {
        let start: String = text.chars().take(24).collect();
        Trouble::new(TroubleKind::Garbage, format!("the answer is not HTTP: {start:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_replies() {
        let kind = |reply: &[u8]| name_reply(reply, "etcdserver").kind;
        assert_eq!(kind(b""), TroubleKind::EmptyReply);
        assert_eq!(kind(b"\x15\x03\x01"), TroubleKind::PlaintextOnTls);
        assert_eq!(
            kind(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server."),
            TroubleKind::PlaintextOnTls
        );
        assert_eq!(kind(b"HTTP/1.1 200 OK\r\n\r\nhello"), TroubleKind::WrongService);
        assert_eq!(kind(b"SSH-2.0-OpenSSH_9.2\r\n"), TroubleKind::Garbage);
        assert_eq!(kind(&[0xff, 0x00, 0x9b]), TroubleKind::Garbage);
    }
}
