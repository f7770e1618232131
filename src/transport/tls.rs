//! The one TLS factory and the one certificate verifier. A capture keeps the chain that a server presented, whether
//! or not it was accepted, so that a check can say what is wrong with it.

use crate::target::TlsFiles;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Installs the one crypto provider. Called first in `main` and in every test that speaks TLS; later calls do nothing.
pub fn install_provider() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A TLS file that cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileError {
    /// Not readable.
    #[error("cannot read the {what} {}: {source}", path.display())]
    Unreadable {
        /// `CA file`, `client certificate`, `client key`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Readable but without the expected PEM block.
    #[error("the {what} {} holds no {expected}", path.display())]
    NotPem {
        /// `CA file`, `client certificate`, `client key`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// `certificate in PEM form`, `unencrypted private key in PEM form`.
        expected: &'static str,
    },
    /// A private key that needs a passphrase.
    #[error("the client key {} is encrypted", path.display())]
    Encrypted {
        /// Which file.
        path: PathBuf,
    },
    /// A certificate without its key, or the reverse.
    #[error("a client certificate and its key go together: {given} is given, {missing} is not")]
    HalfAPair {
        /// The one that is there.
        given: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// The key does not belong to the certificate.
    #[error("the client key {} does not belong to the certificate {}: {reason}", key.display(), cert.display())]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        cert: PathBuf,
        /// rustls' reason.
        reason: String,
    },
}

/// TLS material, read once.
pub struct TlsMaterial {
    roots: Option<Arc<RootCertStore>>,
    trust: Arc<Trust>,
    chain: Vec<CertificateDer<'static>>,
    key: Option<PrivateKeyDer<'static>>,
    pem: Option<(Vec<u8>, Vec<u8>)>,
    server_name: Option<String>,
    skip_verify: bool,
    /// File of the client certificate.
    pub cert_path: Option<PathBuf>,
}

/// Says what there is and never the key.
impl std::fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsMaterial")
            .field("own_ca", &self.roots.is_some())
            .field("cert_path", &self.cert_path)
            .field("server_name", &self.server_name)
            .field("skip_verify", &self.skip_verify)
            .finish_non_exhaustive()
    }
}

impl TlsMaterial {
    /// Reads the files of a target. Without a CA file the system's CAs are used, read only when first needed.
    pub fn load(files: &TlsFiles) -> Result<TlsMaterial, TlsFileError> {
        let roots = files.ca.as_deref().map(load_roots).transpose()?.map(Arc::new);
        let (chain, key, pem) = match (&files.cert, &files.key) {
            (None, None) => (Vec::new(), None, None),
            (Some(_), None) => return Err(TlsFileError::HalfAPair { given: "cert", missing: "key" }),
            (None, Some(_)) => return Err(TlsFileError::HalfAPair { given: "key", missing: "cert" }),
            (Some(cert), Some(key)) => {
                let chain = load_certificates("client certificate", cert)?;
                let private = load_key(key)?;
                check_pair(cert, key, &chain, &private)?;
                let pem = (read("client certificate", cert)?, read("client key", key)?);
                (chain, Some(private), Some(pem))
            }
        };
        Ok(TlsMaterial {
            trust: Arc::new(Trust { roots: roots.clone(), verifier: OnceLock::new() }),
            roots,
            chain,
            key,
            pem,
            server_name: files.server_name.clone(),
            skip_verify: files.insecure_skip_verify,
            cert_path: files.cert.clone(),
        })
    }

    /// No certificate of our own, and any server accepted: a stranger's.
    pub fn stranger() -> TlsMaterial {
        TlsMaterial {
            trust: Arc::new(Trust { roots: None, verifier: OnceLock::new() }),
            roots: None,
            chain: Vec::new(),
            key: None,
            pem: None,
            server_name: None,
            skip_verify: true,
            cert_path: None,
        }
    }

    /// Our own leaf certificate in DER.
    pub fn own_leaf(&self) -> Option<&[u8]> {
        self.chain.first().map(|c| c.as_ref())
    }

    /// The name to verify instead of the dialled one.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// Client certificate and key as PEM, for clients that take only that.
    pub fn identity_pem(&self) -> Option<&(Vec<u8>, Vec<u8>)> {
        self.pem.as_ref()
    }

    /// A verifier that accepts what the target's CA signed (or anything, with `insecure_skip_verify`).
    pub fn verifier(&self) -> Arc<Verifier> {
        Arc::new(Verifier {
            trust: self.trust.clone(),
            accept_all: self.skip_verify,
            roots: self.roots.clone(),
            capture: Capture::default(),
        })
    }

    /// A client configuration with our certificate, for the given application protocols.
    pub fn client_config(&self, alpn: &[&str]) -> Arc<ClientConfig> {
        config(self.verifier(), self.identity(), alpn)
    }

    fn identity(&self) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        self.key.as_ref().map(|key| (self.chain.clone(), key.clone_key()))
    }
}

/// What is trusted. Reading the system's hundred and more CAs costs more than a whole plaintext check, so nothing is
/// built before the first certificate is to be verified.
#[derive(Debug)]
struct Trust {
    roots: Option<Arc<RootCertStore>>,
    verifier: OnceLock<Option<Arc<WebPkiServerVerifier>>>,
}

impl Trust {
    fn verifier(&self) -> Option<&Arc<WebPkiServerVerifier>> {
        let build = || self.roots.clone().or_else(system_roots).and_then(build_verifier);
        self.verifier.get_or_init(build).as_ref()
    }
}

fn system_roots() -> Option<Arc<RootCertStore>> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    (!store.is_empty()).then(|| Arc::new(store))
}

/// A configuration without a client certificate that accepts any server: how a stranger sees a listener. `asked`
/// learns whether the server wanted a client certificate. `None` offers TLS 1.3 and 1.2.
pub fn stranger_config(
    capture: &Capture,
    asked: &Asked,
    alpn: &[&str],
    only: Option<&'static SupportedProtocolVersion>,
) -> Arc<ClientConfig> {
    let trust = Arc::new(Trust { roots: None, verifier: OnceLock::new() });
    let verifier = Arc::new(Verifier { trust, accept_all: true, roots: None, capture: capture.clone() });
    let builder = match only {
        Some(version) => ClientConfig::builder_with_protocol_versions(&[version]),
        None => ClientConfig::builder(),
    };
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(Arc::new(asked.clone()));
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// Remembers whether a server asked for a client certificate. It never gets one.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<AtomicBool>);

impl Asked {
    /// Whether it asked.
    pub fn yes(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    /// Claiming to have one is what makes rustls tell us of the question.
    fn has_certs(&self) -> bool {
        true
    }
}

fn config(
    verifier: Arc<Verifier>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    alpn: &[&str],
) -> Arc<ClientConfig> {
    // The provider's own protocol versions are always consistent, and the pair was checked when it was loaded: both
    // fallbacks below only keep this function total.
    let builder = ClientConfig::builder().dangerous().with_custom_certificate_verifier(verifier.clone());
    let mut config = match identity {
        Some((chain, key)) => builder
            .clone()
            .with_client_auth_cert(chain, key)
            .unwrap_or_else(|_| builder.with_no_client_auth()),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    Arc::new(config)
}

fn build_verifier(roots: Arc<RootCertStore>) -> Option<Arc<WebPkiServerVerifier>> {
    WebPkiServerVerifier::builder_with_provider(roots, provider()).build().ok()
}

fn load_roots(path: &Path) -> Result<RootCertStore, TlsFileError> {
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(load_certificates("CA file", path)?);
    if added == 0 {
        return Err(TlsFileError::NotPem {
            what: "CA file",
            path: path.into(),
            expected: "usable certificate",
        });
    }
    Ok(store)
}

fn load_certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let pem = read(what, path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
    if certificates.is_empty() {
        return Err(TlsFileError::NotPem { what, path: path.into(), expected: "certificate in PEM form" });
    }
    Ok(certificates)
}

fn load_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    let pem = read("client key", path)?;
    if is_encrypted(&pem) {
        return Err(TlsFileError::Encrypted { path: path.into() });
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsFileError::NotPem {
        what: "client key",
        path: path.into(),
        expected: "private key in PEM form",
    })
}

/// PKCS #8 says so in its label, the older forms in a header (RFC 7468 §11, RFC 1421 §4.6.1.1).
fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsFileError> {
    std::fs::read(path).map_err(|source| TlsFileError::Unreadable { what, path: path.into(), source })
}

fn check_pair(
    cert: &Path,
    key: &Path,
    chain: &[CertificateDer<'static>],
    private: &PrivateKeyDer<'static>,
) -> Result<(), TlsFileError> {
    rustls::sign::CertifiedKey::from_der(chain.to_vec(), private.clone_key(), &provider())
        .map(|_| ())
        .map_err(|error| TlsFileError::Mismatch {
            key: key.into(),
            cert: cert.into(),
            reason: error.to_string(),
        })
}

/// Keeps the last chain a server presented, leaf first, in DER.
#[derive(Debug, Clone, Default)]
pub struct Capture(Arc<Mutex<Vec<Vec<u8>>>>);

impl Capture {
    /// The chain; empty when no server presented one.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        self.0.lock().map(|chain| chain.clone()).unwrap_or_default()
    }

    fn keep(&self, leaf: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) {
        if let Ok(mut chain) = self.0.lock() {
            *chain = std::iter::once(leaf).chain(intermediates).map(|c| c.as_ref().to_vec()).collect();
        }
    }
}

/// Verifies as a standard client does, with two differences: what was presented is captured, and a self-signed
/// certificate that is itself the trust anchor is accepted although it says CA:TRUE (etcd's auto-TLS makes such since
/// 3.6; Go clients accept them).
#[derive(Debug)]
pub struct Verifier {
    trust: Arc<Trust>,
    accept_all: bool,
    roots: Option<Arc<RootCertStore>>,
    capture: Capture,
}

impl Verifier {
    /// Judges the server's proof that it holds its certificate's key. Who accepts any certificate has no use for it: a
    /// listener with a key too short for us is still to be looked at.
    fn handshake(
        &self,
        verdict: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        match verdict {
            Err(_) if self.accept_all => Ok(HandshakeSignatureValid::assertion()),
            Err(Error::InvalidCertificate(CertificateError::BadSignature)) => {
                Err(Error::General("the server's key is below 2048 bits, or is not its certificate's".into()))
            }
            other => other,
        }
    }

    fn pinned(&self, leaf: &CertificateDer<'_>) -> bool {
        let Some(roots) = &self.roots else { return false };
        webpki_anchor(leaf).is_some_and(|(subject, key)| {
            roots.roots.iter().any(|anchor| {
                anchor.subject.as_ref() == subject && anchor.subject_public_key_info.as_ref() == key
            })
        })
    }
}

fn self_signed(leaf: &CertificateDer<'_>) -> bool {
    x509_parser::parse_x509_certificate(leaf).is_ok_and(|(_, x509)| x509.subject() == x509.issuer())
}

/// Subject and public key of a certificate, as a trust anchor has them.
fn webpki_anchor(leaf: &CertificateDer<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut store = RootCertStore::empty();
    store.add(leaf.clone().into_owned()).ok()?;
    let anchor = store.roots.pop()?;
    Some((anchor.subject.as_ref().to_vec(), anchor.subject_public_key_info.as_ref().to_vec()))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.capture.keep(leaf, intermediates);
        if self.accept_all {
            return Ok(ServerCertVerified::assertion());
        }
        let Some(inner) = self.trust.verifier() else {
            return Err(Error::General(
                "no CA is trusted: give one with --cacert, this system has none".into(),
            ));
        };
        match inner.verify_server_cert(leaf, intermediates, name, ocsp, now) {
            // CaUsedAsEndEntity: webpki has checked the validity before, and nothing after.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if self.pinned(leaf) => {
                rustls::client::verify_server_name(
                    &rustls::server::ParsedCertificate::try_from(leaf)?,
                    name,
                )?;
                Ok(ServerCertVerified::assertion())
            }
            // A self-signed certificate that nobody trusts: that it also says CA:TRUE is beside the point.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if self_signed(leaf) => {
                Err(CertificateError::UnknownIssuer.into())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        self.handshake(rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &provider().signature_verification_algorithms;
        self.handshake(rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_never_printed() {
        let dir = tempfile::tempdir().expect("a directory");
        let pair = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(vec!["n1".into()]).expect("valid names");
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("is written");
            Some(path)
        };
        let key = pair.serialize_pem();
        let files = TlsFiles {
            cert: file("cert.pem", &params.self_signed(&pair).expect("a certificate").pem()),
            key: file("key.pem", &key),
            ..TlsFiles::default()
        };
        let material = TlsMaterial::load(&files).expect("loads");
        let printed = format!("{material:?}");
        let bytes = format!("{:?}", &key.as_bytes()[..40]);
        assert!(!printed.contains(bytes.trim_matches(['[', ']'])), "{printed}");
        assert!(!printed.contains("PRIVATE KEY"), "{printed}");
    }
}
