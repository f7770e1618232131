//! Does a listener still accept SSL 3.0, TLS 1.0, TLS 1.1, or TLS 1.2 with a broken cipher? rustls cannot ask (it speaks
//! 1.2 and 1.3 only, with sound ciphers), so the question is written by hand: one ClientHello, and the first bytes of the
//! answer.

use crate::facts::{Observed, TroubleKind, WEAK_CIPHER};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::exchange::dial;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a listener should refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    name: &'static str,
    minor: u8,
    suites: &'static [u16],
}

const VERSIONS: [Version; 4] = [
    Version { name: WEAK_CIPHER, minor: 3, suites: &WEAK },
    Version { name: "SSL 3.0", minor: 0, suites: &SUITES },
    Version { name: "TLS 1.0", minor: 1, suites: &SUITES },
    Version { name: "TLS 1.1", minor: 2, suites: &SUITES },
];

/// ECDHE and RSA with 3DES and RC4 (RFC 4492, 5246).
const WEAK: [u16; 8] = [0xc008, 0xc012, 0x0016, 0x000a, 0xc007, 0xc011, 0x0005, 0x0004];

/// Cipher suites that servers of that age share: ECDHE and RSA with AES-CBC, 3DES, RC4 (RFC 4346, 4492, 5246).
const SUITES: [u16; 12] =
    [0xc00a, 0xc009, 0xc014, 0xc013, 0x0039, 0x0033, 0x0035, 0x002f, 0xc012, 0x000a, 0x0005, 0x0004];

/// Longest wait for one answer, within the whole deadline.
const PATIENCE: Duration = Duration::from_millis(500);

/// Names of the old versions that the listener accepts. Unknown when it could not be asked for one of them and
/// accepted none.
pub async fn accepted(address: &Address, deadline: Deadline) -> Observed<Vec<String>> {
    let answers = versions(address, deadline).await;
    let accepted: Vec<String> = answers
        .iter()
        .filter(|(_, answer)| *answer == Observed::Known(true))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    match answers.iter().find_map(|(name, answer)| Some((name, answer.why()?))) {
        Some((name, why)) if accepted.is_empty() => {
            Observed::unknown(format!("{name} could not be asked: {why}"))
        }
        _ => Observed::Known(accepted),
    }
}

/// Each of them, the worst first after the weak ciphers, and whether the listener accepts it.
pub async fn versions(address: &Address, deadline: Deadline) -> Vec<(&'static str, Observed<bool>)> {
    let asked = VERSIONS.map(|version| async move {
        let answer = match ask(address, version, deadline).await {
            Ok(accepts) => Observed::Known(accepts),
            Err(kind) => Observed::unknown(kind.name()),
        };
        (version.name, answer)
    });
    futures_util::future::join_all(asked).await
}

async fn ask(address: &Address, version: Version, deadline: Deadline) -> Result<bool, TroubleKind> {
    let deadline = deadline.within(PATIENCE);
    let mut stream = dial(address, deadline).await.map_err(|trouble| trouble.kind)?;
    let mut reply = Vec::new();
    let exchange = async {
        stream.write_all(&hello(version, &address.host)).await?;
        let mut piece = [0; 64];
        // Enough for the record header, the handshake header and the version.
        while reply.len() < 11 {
            let length = stream.read(&mut piece).await?;
            if length == 0 {
                break;
            }
            reply.extend_from_slice(&piece[..length]);
        }
        Ok::<(), std::io::Error>(())
    };
    match deadline.run(exchange).await {
        None => Err(TroubleKind::NoAnswer),
        // Closing or resetting is how many servers refuse.
        Some(Ok(()) | Err(_)) => Ok(accepts(&reply, version)),
    }
}

/// Whether the reply is a ServerHello of exactly this version: record type 22, handshake type 2 (RFC 2246 §7.4.1.3).
fn accepts(reply: &[u8], version: Version) -> bool {
    matches!(reply, [0x16, 0x03, _, _, _, 0x02, _, _, _, 0x03, minor, ..] if *minor == version.minor)
}

/// One ClientHello of `version`, in one record. The "random" is fixed: no key is ever agreed.
fn hello(version: Version, host: &str) -> Vec<u8> {
    let mut body = vec![0x03, version.minor];
    body.extend_from_slice(&[0x51; 32]);
    body.push(0);
    body.extend_from_slice(&length16(version.suites.len() * 2));
    body.extend(version.suites.iter().flat_map(|suite| suite.to_be_bytes()));
    body.extend_from_slice(&[1, 0]);
    // SSL 3.0 knows no extensions.
    if version.minor > 0 {
        let extensions = extensions(version, host);
        body.extend_from_slice(&length16(extensions.len()));
        body.extend_from_slice(&extensions);
    }
    let mut message = vec![0x01, 0x00];
    message.extend_from_slice(&length16(body.len()));
    message.extend_from_slice(&body);
    let mut record = vec![0x16, 0x03, version.minor.min(1)];
    record.extend_from_slice(&length16(message.len()));
    record.extend_from_slice(&message);
    record
}

/// Server name (not for IP addresses), supported groups, point formats; TLS 1.2 wants the signatures that we take.
fn extensions(version: Version, host: &str) -> Vec<u8> {
    let mut all = Vec::new();
    let mut add = |kind: u16, data: &[u8]| {
        all.extend_from_slice(&kind.to_be_bytes());
        all.extend_from_slice(&length16(data.len()));
        all.extend_from_slice(data);
    };
    if host.parse::<std::net::IpAddr>().is_err() && host.len() <= 253 {
        let mut name = length16(host.len() + 3).to_vec();
        name.push(0);
        name.extend_from_slice(&length16(host.len()));
        name.extend_from_slice(host.as_bytes());
        add(0x0000, &name);
    }
    add(0x000a, &[0, 8, 0, 23, 0, 24, 0, 25, 0, 29]);
    add(0x000b, &[1, 0]);
    if version.minor > 2 {
        add(0x000d, &[0, 14, 8, 4, 4, 1, 4, 3, 5, 1, 5, 3, 2, 1, 2, 3]);
    }
    all
}

/// Everything here is far below 64 KiB: the host is at most 253 bytes.
fn length16(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_server_hello_of_that_version_accepts() {
        let tls10 = VERSIONS[2];
        assert!(accepts(&[0x16, 3, 1, 0, 80, 2, 0, 0, 76, 3, 1], tls10));
        assert!(!accepts(&[0x16, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3], tls10));
        assert!(!accepts(&[0x15, 3, 1, 0, 2, 2, 70], tls10));
        assert!(!accepts(b"HTTP/1.1 400 Bad Request", tls10));
    }

    #[test]
    fn lengths_add_up() {
        for version in VERSIONS {
            let hello = hello(version, "n1.example");
            assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
            assert_eq!(usize::from(u16::from_be_bytes([hello[7], hello[8]])), hello.len() - 9);
        }
    }

    proptest! {
        #[test]
        fn garbage_is_survived(reply in proptest::collection::vec(any::<u8>(), 0..32), host in ".{0,300}") {
            for version in VERSIONS {
                let _ = accepts(&reply, version);
                let _ = hello(version, &host);
            }
        }
    }
}
