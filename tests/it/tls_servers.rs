//! Small servers that behave badly on purpose, and a CA to make certificates with.

use crate::cluster::wait;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

/// Serves every connection on a fresh loopback port with `serve`; returns `127.0.0.1:PORT`. The thread ends with the
/// test process.
pub(crate) fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Reads what the client says first, answers with `reply`, closes.
pub(crate) fn answers(reply: &'static [u8]) -> String {
    server(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(reply);
    })
}

/// Says `greeting` before it is asked, as SSH does.
pub(crate) fn greets(greeting: &'static [u8]) -> String {
    server(move |mut stream| {
        let _ = stream.write_all(greeting);
        let _ = stream.read(&mut [0; 4096]);
    })
}

/// Sends `start` and then nothing, for ever.
pub(crate) fn stalls_after(start: &'static [u8]) -> String {
    server(move |mut stream| {
        let _ = stream.write_all(start);
        while stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {}
        loop {
            thread::park();
        }
    })
}

/// A CA in a directory of its own.
pub(crate) struct Ca {
    pub(crate) dir: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

impl Ca {
    pub(crate) fn new() -> Ca {
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "quorate test CA");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a CA");
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("ca.pem"), certificate.pem()).expect("writes");
        Ca { dir, der: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    /// The CA's file.
    pub(crate) fn file(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// A leaf for 127.0.0.1, changed before it is signed.
    pub(crate) fn leaf(
        &self,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (CertificateDer<'static>, PrivateKeyDer<'static>, String, String) {
        let mut params = CertificateParams::new(vec!["127.0.0.1".into()]).expect("a name");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let der = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        (certificate.der().clone(), der, certificate.pem(), key.serialize_pem())
    }

    /// Files of such a leaf with an RSA key, which old cipher suites need, and of its key.
    pub(crate) fn rsa_leaf(&self) -> (PathBuf, PathBuf) {
        let params = CertificateParams::new(vec!["127.0.0.1".into()]).expect("a name");
        let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let files = (self.dir.path().join("rsa.pem"), self.dir.path().join("rsa-key.pem"));
        std::fs::write(&files.0, certificate.pem()).expect("writes");
        std::fs::write(&files.1, key.serialize_pem()).expect("writes");
        files
    }

    /// A TLS server with such a leaf, which answers every request with `reply`.
    pub(crate) fn serves(
        &self,
        demands_certificate: bool,
        reply: &'static [u8],
        change: impl FnOnce(&mut CertificateParams),
    ) -> String {
        let (leaf, key, ..) = self.leaf(change);
        tls_server(leaf, key, demands_certificate.then(|| self.der.clone()), reply)
    }
}

/// One real etcd with a certificate of its own; it ends with this.
pub(crate) struct Alone {
    process: Child,
    _data: tempfile::TempDir,
    pub(crate) url: String,
}

impl Alone {
    /// `suites` as for etcd's `--cipher-suites`.
    pub(crate) fn serves_tls(program: &str, cert: &Path, key: &Path, suites: Option<&str>) -> Alone {
        let free =
            || TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port");
        let (client, peer) = (format!("https://{}", free()), format!("http://{}", free()));
        let data = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(program);
        command.arg("--data-dir").arg(data.path()).arg("--cert-file").arg(cert).arg("--key-file").arg(key);
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("default={peer}")]);
        command.args(suites.map(|suites| format!("--cipher-suites={suites}")));
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("etcd runs");
        let place = client.trim_start_matches("https://").to_owned();
        wait("etcd listens", || TcpStream::connect(&place).is_ok());
        Alone { process, _data: data, url: client }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A TLS server whose certificate is self-signed and says CA:TRUE, as etcd's --auto-tls makes them since 3.6; its
/// address and the certificate's PEM.
pub(crate) fn serves_its_own_ca(reply: &'static [u8]) -> (String, String) {
    let mut params = CertificateParams::new(vec!["127.0.0.1".into()]).expect("a name");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let der = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    (tls_server(certificate.der().clone(), der, None, reply), certificate.pem())
}

fn tls_server(
    leaf: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    client_ca: Option<CertificateDer<'static>>,
    reply: &'static [u8],
) -> String {
    quorate::transport::tls::install_provider();
    let builder = ServerConfig::builder();
    let builder = match client_ca {
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(ca).expect("a root");
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier");
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(vec![leaf], key).expect("a configuration");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    server(move |stream| serve_tls(config.clone(), stream, reply))
}

fn serve_tls(config: Arc<ServerConfig>, mut stream: TcpStream, reply: &[u8]) {
    // As etcd does: hang up on plaintext without a word.
    let mut first = [0];
    if stream.peek(&mut first).is_err() || first[0] != 0x16 {
        return;
    }
    let Ok(mut tls) = ServerConnection::new(config) else { return };
    // complete_io sends the alert before it reports the failure.
    while tls.is_handshaking() {
        if tls.complete_io(&mut stream).is_err() {
            return;
        }
    }
    let mut tls = rustls::Stream::new(&mut tls, &mut stream);
    let _ = tls.read(&mut [0; 4096]);
    let _ = tls.write_all(reply);
    let _ = tls.flush();
}
