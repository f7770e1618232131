//! One bounded question over one fresh connection, and a name for what came back. Where a client library only says
//! "transport error", this sees the bytes.

use super::Deadline;
use super::address::Address;
use super::trouble::classify;
use crate::facts::{Trouble, TroubleKind};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Longest part of an answer that is kept, in bytes: a status line and the start of a small page.
const MAX_REPLY: usize = 4096;

/// What a Go server says in plaintext to plaintext on its TLS port (net/http `Server.serve`).
const GO_WANTS_TLS: &str = "HTTP request to an HTTPS server";

/// What came back to a plain HTTP/1.1 request.
#[derive(Debug)]
pub enum Reply {
    /// An HTTP answer: its status and the start of it.
    Http {
        /// Status code.
        status: u16,
        /// The first bytes, status line included; not escaped.
        start: String,
    },
    /// The port says that it speaks TLS.
    WantsTls,
    /// Bytes that are not HTTP.
    Other(Vec<u8>),
    /// Closed or reset without a byte.
    Closed(Trouble),
    /// Nothing within the deadline.
    Silent,
}

/// Connects, without TLS.
pub async fn dial(address: &Address, deadline: Deadline) -> Result<TcpStream, Trouble> {
    match deadline.run(TcpStream::connect((address.host.as_str(), address.port))).await {
        None => Err(Trouble::new(TroubleKind::ConnectTimeout, "no answer to the connection attempt")),
        Some(Err(error)) => {
            Err(classify(&error)
                .unwrap_or_else(|| Trouble::new(TroubleKind::HostUnreachable, error.to_string())))
        }
        Some(Ok(stream)) => {
            // A small request must not wait for an acknowledgement.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
    }
}

/// Shakes hands over a connection. `host` is the name to ask for and to verify.
pub async fn handshake(
    config: Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
    deadline: Deadline,
) -> Result<TlsStream<TcpStream>, Trouble> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Trouble::new(TroubleKind::DnsFailure, "the host is not a valid name"))?;
    match deadline.run(TlsConnector::from(config).connect(name, stream)).await {
        None => Err(Trouble::new(TroubleKind::NoAnswer, "connected, but the TLS handshake got no answer")),
        Some(Err(error)) => {
            Err(classify(&error).unwrap_or_else(|| Trouble::new(TroubleKind::TlsFailure, error.to_string())))
        }
        Some(Ok(stream)) => Ok(stream),
    }
}

/// Sends `GET path` and reads the start of the answer.
pub async fn get(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    address: &Address,
    path: &str,
    deadline: Deadline,
) -> Reply {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", address.authority());
    let mut reply = Vec::with_capacity(MAX_REPLY);
    let ended = deadline.run(exchange(stream, request.as_bytes(), &mut reply)).await;
    if !reply.is_empty() {
        return read(reply);
    }
    match ended {
        None => Reply::Silent,
        Some(Ok(())) => Reply::Closed(empty_reply()),
        Some(Err(error)) => Reply::Closed(
            classify(&error).unwrap_or_else(|| Trouble::new(TroubleKind::ConnectionReset, error.to_string())),
        ),
    }
}

/// What a service said until it closed the connection, or until nothing more came.
#[derive(Debug)]
pub struct Said {
    /// All that came, at most `limit` bytes.
    pub bytes: Vec<u8>,
    /// Why it is not whole; `None` when the service closed the connection after it.
    pub cut: Option<Trouble>,
}

/// Sends a request and reads until the service closes: protocols whose answer ends with the connection.
pub async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
    limit: usize,
    deadline: Deadline,
) -> Said {
    let mut bytes = Vec::with_capacity(1024);
    let ended = deadline.run(until_closed(stream, request, limit, &mut bytes)).await;
    let cut = match ended {
        None => Some(Trouble::new(TroubleKind::NoAnswer, "the answer did not end within the deadline")),
        // Whoever has said something and then closes without TLS's farewell has still said it.
        Some(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof && !bytes.is_empty() => None,
        Some(Err(error)) => Some(
            classify(&error).unwrap_or_else(|| Trouble::new(TroubleKind::ConnectionReset, error.to_string())),
        ),
        Some(Ok(())) if bytes.is_empty() => Some(empty_reply()),
        Some(Ok(())) if bytes.len() >= limit => {
            Some(Trouble::new(TroubleKind::Garbage, format!("the answer is longer than {limit} bytes")))
        }
        Some(Ok(())) => None,
    };
    Said { bytes, cut }
}

async fn until_closed(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
    limit: usize,
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    let sent = stream.write_all(request).await;
    let flushed = if sent.is_ok() { stream.flush().await } else { sent };
    let mut piece = [0; 4096];
    while bytes.len() < limit {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        bytes.extend_from_slice(&piece[..length]);
    }
    if bytes.is_empty() { flushed } else { Ok(()) }
}

fn empty_reply() -> Trouble {
    Trouble::new(TroubleKind::EmptyReply, "the connection was closed without an answer")
}

/// Fills `reply`, which keeps what came even when the connection then fails.
async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
    reply: &mut Vec<u8>,
) -> io::Result<()> {
    // A server may have refused and closed before it reads: what it said is still to be read.
    let sent = stream.write_all(request).await;
    let flushed = if sent.is_ok() { stream.flush().await } else { sent };
    let mut piece = [0; 1024];
    while reply.len() < MAX_REPLY && !complete(reply) {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        reply.extend_from_slice(&piece[..length]);
    }
    if reply.is_empty() { flushed } else { Ok(()) }
}

/// Whether a whole HTTP answer is there: a server may keep the connection open although asked to close it.
fn complete(reply: &[u8]) -> bool {
    let Some(head) = reply.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let body = reply.len() - head - 4;
    let text = String::from_utf8_lossy(&reply[..head]).to_ascii_lowercase();
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    match length {
        Some(length) => body >= length,
        None => reply.ends_with(b"\r\n0\r\n\r\n"),
    }
}

/// Names the first bytes of a reply.
fn read(reply: Vec<u8>) -> Reply {
    let text = String::from_utf8_lossy(&reply);
    if is_tls_record(&reply) || text.contains(GO_WANTS_TLS) {
        return Reply::WantsTls;
    }
    let status = text.strip_prefix("HTTP/").and_then(|rest| rest.split_ascii_whitespace().nth(1));
    match status.and_then(|status| status.parse().ok()) {
        Some(status) => Reply::Http { status, start: text.into_owned() },
        None => Reply::Other(reply),
    }
}

/// A TLS alert: record type 21 and a version of SSL 3.0 to TLS 1.3 (RFC 8446 §5.1, §6).
fn is_tls_record(reply: &[u8]) -> bool {
    matches!(reply, [0x15, 0x03, 0x00..=0x04, ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_replies() {
        let http = |bytes: &[u8]| matches!(read(bytes.to_vec()), Reply::Http { status: 200, .. });
        assert!(http(b"HTTP/1.1 200 OK\r\n\r\n{}"));
        assert!(matches!(read(b"\x15\x03\x01\x00\x02\x02\x46".to_vec()), Reply::WantsTls));
        let go = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
        assert!(matches!(read(go.to_vec()), Reply::WantsTls));
        assert!(matches!(read(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), Reply::Other(_)));
        assert!(matches!(read(b"HTTP/".to_vec()), Reply::Other(_)));
    }

    #[test]
    fn an_answer_ends_where_its_length_says() {
        assert!(complete(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
        assert!(!complete(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"));
        assert!(!complete(b"HTTP/1.1 200 OK\r\n\r\n{}"));
        assert!(complete(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"));
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_name(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = complete(&bytes);
            let _ = read(bytes);
        }
    }
}
