//! Names what went wrong, from the chain of causes that a client library hands us.

use crate::facts::{Trouble, TroubleKind};
use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error as TlsError};
use std::error::Error;
use std::io;

/// Walks the chain of causes and names the most telling one; `None` when nothing in it is known.
pub fn classify(error: &(dyn Error + 'static)) -> Option<Trouble> {
    let mut cause = Some(error);
    let mut found = None;
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<TlsError>() {
            return Some(from_tls(tls));
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            // A TLS error travels inside an io::Error, which hides it from source().
            if let Some(inner) = io.get_ref() {
                if let Some(tls) = inner.downcast_ref::<TlsError>() {
                    return Some(from_tls(tls));
                }
                found = found.or_else(|| classify(inner));
            }
            found = from_io(io).or(found);
        }
        cause = error.source();
    }
    found.or_else(|| from_text(&chain(error)))
}

/// All messages of the chain in one line, without repeating one that contains the next.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        cause = error.source();
    }
    line
}

fn from_io(error: &io::Error) -> Option<Trouble> {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => TroubleKind::ConnectionRefused,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => TroubleKind::HostUnreachable,
        io::ErrorKind::TimedOut => TroubleKind::ConnectTimeout,
        // A pipe is broken when the other side had hung up before our question was on its way.
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            TroubleKind::ConnectionReset
        }
        io::ErrorKind::UnexpectedEof => TroubleKind::EmptyReply,
        _ => return from_text(&error.to_string()),
    };
    let detail = match kind {
        TroubleKind::ConnectionRefused => "nothing listens on that port".to_owned(),
        TroubleKind::EmptyReply => "the connection was closed without an answer".to_owned(),
        TroubleKind::ConnectTimeout => "no answer to the connection attempt".to_owned(),
        _ => error.to_string(),
    };
    Some(Trouble::new(kind, detail))
}

fn from_text(text: &str) -> Option<Trouble> {
    let lower = text.to_lowercase();
    let is = |needle: &str| lower.contains(needle);
    let kind = if is("failed to lookup address") || is("name or service not known") || is("dns error") {
        TroubleKind::DnsFailure
    } else if is("deadline has elapsed") || is("timeout expired") || is("timed out") {
        TroubleKind::NoAnswer
    } else {
        return None;
    };
    Some(Trouble::new(kind, text))
}

/// Names a TLS failure. Names and dates that the certificate carries are in the detail.
pub fn from_tls(error: &TlsError) -> Trouble {
    let kind = match error {
        TlsError::InvalidMessage(_) => TroubleKind::TlsOnPlaintext,
        TlsError::InvalidCertificate(reason) => from_certificate(reason),
        TlsError::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied,
        ) => TroubleKind::ClientCertificate,
        _ => TroubleKind::TlsFailure,
    };
    let detail = match (kind, error) {
        (TroubleKind::TlsOnPlaintext, _) => "the port does not speak TLS".to_owned(),
        (TroubleKind::WrongCa, _) => "the server's certificate is not signed by the trusted CA".to_owned(),
        (_, TlsError::AlertReceived(AlertDescription::CertificateRequired)) => {
            "the server demands a client certificate: give --cert and --key".to_owned()
        }
        (TroubleKind::ClientCertificate, TlsError::AlertReceived(alert)) => {
            format!("the server refused our client certificate, or demands one ({alert:?})")
        }
        (_, TlsError::General(text)) => text.clone(),
        (_, TlsError::InvalidCertificate(reason)) => {
            certificate_detail(reason).unwrap_or_else(|| error.to_string())
        }
        _ => error.to_string(),
    };
    Trouble::new(kind, detail)
}

/// What is wrong with the server's certificate, with its dates and names; `None` leaves it to rustls' words.
fn certificate_detail(reason: &CertificateError) -> Option<String> {
    let date = |time: &UnixTime| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).strftime("%Y-%m-%d").to_string()
    };
    match reason {
        CertificateError::ExpiredContext { not_after, .. } => {
            Some(format!("the server's certificate expired on {}", date(not_after)))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            Some(format!("the server's certificate is not valid before {}", date(not_before)))
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            Some(format!("the server's certificate does not name {}, but {names}", expected.to_str()))
        }
        CertificateError::Expired => Some("the server's certificate has expired".into()),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            Some("the server's certificate is signed in a way that is refused, such as with SHA-1".into())
        }
        _ => None,
    }
}

/// `DnsName("localhost")` → `localhost`, `IpAddress(127.0.0.1)` → `127.0.0.1`.
fn bare(name: &str) -> &str {
    name.split_once('(').map_or(name, |(_, rest)| rest.trim_end_matches(')').trim_matches('"'))
}

fn from_certificate(error: &CertificateError) -> TroubleKind {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            TroubleKind::CertificateExpired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TroubleKind::CertificateNotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TroubleKind::CertificateName
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            TroubleKind::CertificatePurpose
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TroubleKind::WrongCa,
        _ => TroubleKind::TlsFailure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_tls_reason_inside_an_io_error() {
        let tls = TlsError::InvalidCertificate(CertificateError::UnknownIssuer);
        let io = io::Error::new(io::ErrorKind::InvalidData, tls);
        assert_eq!(classify(&io).map(|t| t.kind), Some(TroubleKind::WrongCa));
    }

    #[test]
    fn a_refused_certificate_tells_its_date_and_names() {
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let expired =
            CertificateError::ExpiredContext { time: at(1_800_000_000), not_after: at(1_600_000_000) };
        let trouble = from_tls(&TlsError::InvalidCertificate(expired));
        assert_eq!(trouble.kind, TroubleKind::CertificateExpired);
        assert_eq!(trouble.detail, "the server's certificate expired on 2020-09-13");
        let name = CertificateError::NotValidForNameContext {
            expected: rustls::pki_types::ServerName::try_from("n1").expect("a name"),
            presented: vec!["DnsName(\"n2\")".into(), "IpAddress(10.0.0.2)".into()],
        };
        let trouble = from_tls(&TlsError::InvalidCertificate(name));
        assert_eq!(trouble.detail, "the server's certificate does not name n1, but n2, 10.0.0.2");
    }

    #[test]
    fn names_what_the_kernel_says() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(classify(&refused).map(|t| t.kind), Some(TroubleKind::ConnectionRefused));
        let dns = io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(classify(&dns).map(|t| t.kind), Some(TroubleKind::DnsFailure));
        assert_eq!(classify(&io::Error::other("odd")), None);
    }
}
