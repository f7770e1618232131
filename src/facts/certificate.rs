//! Certificates, as servers present them and as we do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One X.509 certificate, as far as operators care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Distinguished name of the subject.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Serial number in hex.
    pub serial: String,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// DNS names and IP addresses it is for.
    pub names: Vec<String>,
    /// Key algorithm and size, such as `ECDSA P-256`, `RSA 2048`.
    pub key: String,
    /// Key size in bits, where known.
    pub key_bits: u32,
    /// Signature algorithm, such as `ecdsa-with-SHA256`.
    pub signature: String,
    /// Whether basic constraints say CA.
    pub ca: bool,
    /// Whether it may identify a server (no extended key usage at all allows everything).
    pub server_auth: bool,
    /// Whether it may identify a client.
    pub client_auth: bool,
    /// SHA-256 of the DER, in hex.
    pub fingerprint: String,
}

/// Our own client certificate, which can expire like any other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnCertificate {
    /// The file it was read from.
    pub path: String,
    /// The leaf.
    pub certificate: Certificate,
}
