//! ZooKeeper's four-letter words: four bytes on the client port, with or without TLS; the answer ends with the connection.

use super::Deadline;
use super::address::Address;
use super::exchange::{Said, ask as converse, dial, handshake};
use super::tls::TlsMaterial;
use crate::facts::{Trouble, TroubleKind};

/// Longest answer read, in bytes: `mntr` is about 15 kB, `cons` grows with its clients and is not asked.
const LONGEST: usize = 1 << 20;

/// The port clients use.
const CLIENT_PORT: u16 = 2181;

/// Spellings of an address without TLS, and with it.
const PLAIN: [&str; 4] = ["zk", "zookeeper", "tcp", "http"];
const WITH_TLS: [&str; 6] = ["zk+tls", "zk+https", "zookeeper+tls", "zookeeper+https", "tcp+tls", "https"];

/// Reads a server's address as users write it: `zk://HOST:2181`, `zk+tls://HOST:2281`, `HOST:2181` (TLS then as
/// `default_tls` says), `HOST`. The error says what to write instead.
pub fn address(text: &str, default_tls: bool) -> Result<Address, String> {
    let (tls, rest) = match text.split_once("://") {
        Some((scheme, rest)) if PLAIN.contains(&scheme) => (false, rest),
        Some((scheme, rest)) if WITH_TLS.contains(&scheme) => (true, rest),
        Some((scheme, _)) => {
            return Err(format!(
                "scheme `{scheme}` is not ZooKeeper's: write zk://HOST:PORT or zk+tls://HOST:PORT"
            ));
        }
        None => (default_tls, text),
    };
    Address::parse_endpoint(rest, tls, CLIENT_PORT)
}

/// An address as this program writes it.
pub fn url(address: &Address) -> String {
    format!("{}://{}", if address.tls { "zk+tls" } else { "zk" }, address.authority())
}

/// Reads `zk://HOST:PORT/WORD`.
pub fn parse(url: &str) -> Option<(Address, String)> {
    let (server, word) = url.rsplit_once('/')?;
    let named = server.starts_with("zk://") || server.starts_with("zk+tls://");
    (named && word.len() == 4).then(|| Some((address(server, false).ok()?, word.to_owned())))?
}

/// Asks one word. What came of it is whole, or it is a trouble: half an answer may say the opposite of the whole.
pub async fn ask(
    address: &Address,
    word: &str,
    material: &TlsMaterial,
    deadline: Deadline,
) -> Result<String, Trouble> {
    let mut stream = dial(address, deadline).await?;
    let said = if address.tls {
        let host = material.server_name().unwrap_or(&address.host);
        let mut stream = handshake(material.client_config(&[]), host, stream, deadline).await?;
        converse(&mut stream, word.as_bytes(), LONGEST, deadline).await
    } else {
        converse(&mut stream, word.as_bytes(), LONGEST, deadline).await
    };
    whole(said)
}

/// The text, if all of it came.
fn whole(said: Said) -> Result<String, Trouble> {
    match said {
        Said { cut: None, bytes } => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Said { cut: Some(trouble), bytes } if bytes.is_empty() => Err(trouble),
        Said { cut: Some(trouble), bytes } => Err(Trouble::new(
            // It speaks: it does not hang.
            if trouble.kind == TroubleKind::NoAnswer { TroubleKind::Garbage } else { trouble.kind },
            format!("the answer was cut after {} bytes: {}", bytes.len(), trouble.detail),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_users_write() {
        let read = |text| address(text, false).map(|a| url(&a));
        assert_eq!(read("zk1"), Ok("zk://zk1:2181".into()));
        assert_eq!(read("zk://[::1]:1"), Ok("zk://[::1]:1".into()));
        assert_eq!(read("zk+tls://a:2281"), Ok("zk+tls://a:2281".into()));
        assert_eq!(read("tcp+tls://a"), Ok("zk+tls://a:2181".into()));
        assert!(address("a:1", true).is_ok_and(|a| a.tls));
        for bad in ["ftp://a", "zk://a/chroot", "a:0", "zk://", "zk://u:p@a"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(parse("zk://a:1/srvr").is_some_and(|(a, word)| a.port == 1 && word == "srvr"));
        assert!(parse("http://a:1/srvr").is_none() && parse("zk://a:1").is_none());
    }

    #[test]
    fn half_an_answer_is_none() {
        let said = |bytes: &str, cut: Option<Trouble>| whole(Said { bytes: bytes.into(), cut });
        assert_eq!(said("Mode: leader", None), Ok("Mode: leader".into()));
        let cut = said("Mode: le", Some(Trouble::new(TroubleKind::NoAnswer, "x"))).expect_err("cut");
        assert_eq!(cut.kind, TroubleKind::Garbage);
        let silent = said("", Some(Trouble::new(TroubleKind::NoAnswer, "x"))).expect_err("silent");
        assert_eq!(silent.kind, TroubleKind::NoAnswer);
    }
}
