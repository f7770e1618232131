//! DER to [`Certificate`]. Pure and total: whatever a server presents, this returns.

use crate::facts::Certificate;
use jiff::Timestamp;
use std::fmt::Write as _;
use std::net::IpAddr;
use x509_parser::asn1_rs::Oid;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
    OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Reads one certificate. The error says what is wrong with it.
pub fn read(der: &[u8]) -> Result<Certificate, String> {
    let (_, x509) =
        X509Certificate::from_der(der).map_err(|error| format!("not an X.509 certificate: {error}"))?;
    let (key, key_bits) = key(x509.public_key());
    let usage = x509.extended_key_usage().ok().flatten().map(|extension| extension.value);
    let allows = |named: fn(&x509_parser::extensions::ExtendedKeyUsage<'_>) -> bool| {
        // RFC 5280 §4.2.1.12: without the extension every purpose is allowed.
        usage.is_none_or(|usage| usage.any || named(usage))
    };
    Ok(Certificate {
        subject: x509.subject().to_string(),
        issuer: x509.issuer().to_string(),
        serial: hex(x509.raw_serial()),
        not_before: moment(x509.validity().not_before.timestamp()),
        not_after: moment(x509.validity().not_after.timestamp()),
        names: names(&x509),
        key,
        key_bits,
        signature: signature(&x509.signature_algorithm.algorithm),
        ca: x509.is_ca(),
        server_auth: allows(|usage| usage.server_auth),
        client_auth: allows(|usage| usage.client_auth),
        fingerprint: sha256(der),
    })
}

/// A chain, leaf first; the error names the first certificate that cannot be read.
pub fn read_chain(chain: &[Vec<u8>]) -> Result<Vec<Certificate>, String> {
    chain.iter().map(|der| read(der)).collect()
}

/// A moment beyond what we can hold is as good as the end of time.
fn moment(seconds: i64) -> Timestamp {
    let end = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(end)
}

fn names(x509: &X509Certificate<'_>) -> Vec<String> {
    let Some(extension) = x509.subject_alternative_name().ok().flatten() else { return Vec::new() };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|b| IpAddr::from(b).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|b| IpAddr::from(b).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Algorithm with its size as people say it, and the size in bits (0 where unknown).
fn key(info: &SubjectPublicKeyInfo<'_>) -> (String, u32) {
    let algorithm = &info.algorithm.algorithm;
    if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = info.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok());
        return match curve {
            Some(curve) if curve == OID_EC_P256 => ("ECDSA P-256".into(), 256),
            Some(curve) if curve == OID_NIST_EC_P384 => ("ECDSA P-384".into(), 384),
            Some(curve) if curve == OID_NIST_EC_P521 => ("ECDSA P-521".into(), 521),
            Some(curve) => (format!("ECDSA {curve}"), 0),
            None => ("ECDSA".into(), 0),
        };
    }
    let bits = info.parsed().map_or(0, |key| u32::try_from(key.key_size()).unwrap_or(u32::MAX));
    if *algorithm == OID_PKCS1_RSAENCRYPTION {
        (format!("RSA {bits}"), bits)
    } else if *algorithm == OID_SIG_ED25519 {
        ("Ed25519".into(), 256)
    } else {
        (algorithm.to_string(), bits)
    }
}

/// Names as openssl prints them; an algorithm not listed keeps its number.
fn signature(oid: &Oid<'_>) -> String {
    const NAMES: [(&str, &str); 12] = [
        ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
        ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
        ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
        ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
        ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
        ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
        ("1.2.840.113549.1.1.10", "rsassaPss"),
        ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
        ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
        ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
        ("1.2.840.10040.4.3", "dsa-with-SHA1"),
        ("1.3.101.112", "ed25519"),
    ];
    let number = oid.to_id_string();
    NAMES.iter().find(|(id, _)| *id == number).map_or(number.clone(), |(_, name)| (*name).to_owned())
}

/// The TLS provider's own SHA-256: no second implementation for one digest.
fn sha256(bytes: &[u8]) -> String {
    let suite = rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
    suite.tls13().map_or_else(String::new, |suite| hex(suite.common.hash_provider.hash(bytes).as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};

    fn leaf(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params =
            CertificateParams::new(vec!["n1.example".into(), "127.0.0.1".into()]).expect("valid names");
        params.not_after = rcgen::date_time_ymd(2027, 3, 1);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    #[test]
    fn reads_what_operators_care_about() {
        let der = leaf(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
        let read = read(&der).expect("reads");
        assert_eq!(read.names, ["n1.example", "127.0.0.1"]);
        assert_eq!((read.key.as_str(), read.key_bits), ("ECDSA P-256", 256));
        assert_eq!(read.signature, "ecdsa-with-SHA256");
        assert!(read.server_auth && !read.client_auth && !read.ca);
        assert_eq!(read.not_after.to_string(), "2027-03-01T00:00:00Z");
        assert_eq!(read.fingerprint.len(), 64);
    }

    #[test]
    fn no_extended_key_usage_allows_everything() {
        let read = read(&leaf(|_| ())).expect("reads");
        assert!(read.server_auth && read.client_auth);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_damaged_certificate_is_survived(at in 0usize..300, byte in any::<u8>()) {
            let mut der = leaf(|_| ());
            let length = der.len();
            der[at % length] = byte;
            let _ = read(&der);
        }
    }
}
