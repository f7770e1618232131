//! Everything one address says about its TLS: versions, chain, whether it wants a client certificate, whether it also
//! answers in plaintext, and why our CA would refuse it.

use super::stranger::{Plain, Session, plaintext, session};
use super::{certificate, legacy};
use crate::facts::{Certificate, Observed, Trouble, TroubleKind};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::exchange::Reply;
use crate::transport::tls::TlsMaterial;
use crate::transport::trouble::from_tls;
use crate::transport::words;
use jiff::Timestamp;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use std::time::Duration;

/// What a listener does about client certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificate {
    /// It does not ask for one.
    NotAsked,
    /// It asks, and serves without one.
    Optional,
    /// It asks, and refuses without one.
    Required,
}

impl ClientCertificate {
    /// The word of the JSON document.
    pub fn name(self) -> &'static str {
        match self {
            ClientCertificate::NotAsked => "not-asked",
            ClientCertificate::Optional => "optional",
            ClientCertificate::Required => "required",
        }
    }
}

/// One protocol version and what came of offering only it.
#[derive(Debug, Clone)]
pub struct Version {
    /// `TLS 1.3`, `TLS 1.2`, `TLS 1.1`, `TLS 1.0`, `SSL 3.0`, `TLS 1.2 with RC4 or 3DES`.
    pub name: &'static str,
    /// Whether it was accepted.
    pub accepted: Observed<bool>,
    /// The cipher suite chosen, where we can speak the version ourselves.
    pub suite: Option<String>,
}

/// One address, surveyed.
#[derive(Debug)]
pub struct Survey {
    /// Whether a request without TLS was answered.
    pub plaintext: Observed<bool>,
    /// Newest first; empty when the address does not speak TLS at all.
    pub versions: Vec<Version>,
    /// Leaf first; empty when none was presented.
    pub chain: Vec<Certificate>,
    /// What it does about client certificates.
    pub client_certificate: Observed<ClientCertificate>,
    /// `Ok` when a client with this CA accepts the chain for this name; the reason otherwise. `None` without a chain.
    pub verification: Option<Result<(), Trouble>>,
}

/// Surveys an address. The error is why it could not be reached, or that it speaks neither TLS nor HTTP nor ZooKeeper's
/// four-letter words.
pub async fn survey(
    address: &Address,
    material: &TlsMaterial,
    now: Timestamp,
    deadline: Deadline,
) -> Result<Survey, Trouble> {
    let looks = futures_util::future::join4(
        plaintext(address, "/", deadline, deadline),
        session(address, "/", Some(&TLS13), deadline),
        session(address, "/", Some(&TLS12), deadline),
        legacy::versions(address, deadline),
    );
    let (plain, newer, older, legacy) = looks.await;
    if let Plain::Unreachable(trouble) = plain {
        return Err(trouble);
    }
    let best = if newer.chain.is_empty() { &older } else { &newer };
    let spoken = !best.chain.is_empty() || legacy.iter().any(|(_, answer)| *answer == Observed::Known(true));
    let plaintext = match plain {
        Plain::Answered { .. } => Observed::Known(true),
        Plain::Silent if !spoken => Observed::unknown("no answer"),
        _ => Observed::Known(false),
    };
    // A server of a protocol older than HTTP, such as ZooKeeper, hangs up on it; its own words it answers.
    let plaintext = if spoken || plaintext == Observed::Known(true) {
        plaintext
    } else if answers_words(address, deadline).await {
        Observed::Known(true)
    } else {
        return Err(nothing_known(&newer.reply, plaintext.why()));
    };
    let mut versions = vec![version("TLS 1.3", &newer), version("TLS 1.2", &older)];
    versions.extend(legacy.into_iter().rev().map(|(name, accepted)| Version { name, accepted, suite: None }));
    Ok(Survey {
        plaintext,
        versions: if spoken { versions } else { Vec::new() },
        chain: certificate::read_chain(&best.chain)
            .map_err(|why| Trouble::new(TroubleKind::TlsFailure, why))?,
        client_certificate: client_certificate(&newer, &older),
        verification: verify(&best.chain, address, material, now),
    })
}

/// Whether a four-letter word is answered, be it by a refusal.
async fn answers_words(address: &Address, deadline: Deadline) -> bool {
    let plain = Address { tls: false, ..address.clone() };
    let answer = words::ask(&plain, "srvr", &TlsMaterial::stranger(), deadline).await;
    let ours =
        ["Zookeeper version", "READ-ONLY mode", "srvr is not executed", "This ZooKeeper instance is not"];
    answer.is_ok_and(|text| ours.iter().any(|start| text.starts_with(start)))
}

/// Neither TLS nor any plaintext protocol that is known here.
fn nothing_known(greeted: &Result<Reply, Trouble>, silent: Option<&str>) -> Trouble {
    match (greeted, silent) {
        (_, Some(why)) => Trouble::new(TroubleKind::NoAnswer, format!("neither TLS nor plaintext: {why}")),
        // Whoever speaks TLS answers a greeting, if only with an alert.
        (Err(trouble), None)
            if matches!(trouble.kind, TroubleKind::EmptyReply | TroubleKind::ConnectionReset) =>
        {
            Trouble::new(
                TroubleKind::TlsOnPlaintext,
                "it hangs up on a TLS greeting without an alert, and on HTTP: it speaks a plaintext protocol of its own, \
                 as the quorum and election ports of a ZooKeeper without sslQuorum do",
            )
        }
        (Err(trouble), None) => trouble.clone(),
        (Ok(_), None) => Trouble::new(TroubleKind::Garbage, "neither TLS nor HTTP is spoken there"),
    }
}

fn version(name: &'static str, session: &Session) -> Version {
    // A chain is presented only after the version is agreed: a later refusal does not undo it.
    let accepted = match &session.reply {
        _ if session.version.is_some() || !session.chain.is_empty() => Observed::Known(true),
        Err(trouble) if trouble.kind == TroubleKind::NoAnswer => Observed::unknown(trouble.to_string()),
        _ => Observed::Known(false),
    };
    Version { name, accepted, suite: session.version.as_ref().map(|(_, suite)| suite.clone()) }
}

fn client_certificate(newer: &Session, older: &Session) -> Observed<ClientCertificate> {
    let session = if newer.chain.is_empty() { older } else { newer };
    if session.chain.is_empty() {
        return Observed::unknown("no TLS handshake succeeded");
    }
    if !session.asked {
        return Observed::Known(ClientCertificate::NotAsked);
    }
    match &session.reply {
        // A service that waits for another protocol says nothing to HTTP; had it wanted the certificate, it would
        // have hung up.
        Ok(Reply::Http { .. } | Reply::Other(_) | Reply::WantsTls | Reply::Silent) => {
            Observed::Known(ClientCertificate::Optional)
        }
        Ok(Reply::Closed(_)) | Err(_) => Observed::Known(ClientCertificate::Required),
    }
}

fn verify(
    chain: &[Vec<u8>],
    address: &Address,
    material: &TlsMaterial,
    now: Timestamp,
) -> Option<Result<(), Trouble>> {
    let (leaf, rest) = chain.split_first()?;
    let leaf = CertificateDer::from(leaf.as_slice());
    let rest: Vec<CertificateDer<'_>> = rest.iter().map(|c| CertificateDer::from(c.as_slice())).collect();
    let name = material.server_name().unwrap_or(&address.host).to_owned();
    let Ok(name) = ServerName::try_from(name) else {
        return Some(Err(Trouble::new(
            TroubleKind::CertificateName,
            "the name to verify is not a valid name",
        )));
    };
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let verdict = material.verifier().verify_server_cert(&leaf, &rest, &name, &[], now);
    Some(verdict.map(|_| ()).map_err(|error| from_tls(&error)))
}
