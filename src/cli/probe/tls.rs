//! `quorate probe tls HOST:PORT`: what a stranger learns from a listener's TLS.

use crate::cli::check::duration;
use crate::cli::failure::Failure;
use crate::cli::{Global, Shape, World, block_on, colorful};
use crate::facts::{Certificate, Observed};
use crate::listener::survey::{ClientCertificate, Survey, survey};
use crate::render::{escape, write_json};
use crate::report::rfc3339;
use crate::target::TlsFiles;
use crate::transport::Deadline;
use crate::transport::address::{Address, redacted};
use crate::transport::tls::TlsMaterial;
use anstyle::{AnsiColor, Style as Paint};
use clap::Args;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Show what a listener's TLS looks like to a stranger
///
/// Protocol versions, certificate chain, whether a client certificate is demanded, whether plaintext is answered too.
/// Presents no credentials and sends one harmless request.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate probe tls 10.0.0.1:2379 --cacert ca.pem\n  \
    quorate probe tls db.example:2380 --server-name n1.internal -o json\n\n\
    Exit codes: 0 it could be probed, whatever was found · 2 it could not be reached · 64 usage")]
pub(in crate::cli) struct TlsArgs {
    /// Where to look
    #[arg(value_name = "HOST:PORT")]
    address: String,
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
    /// CA bundle (PEM) to verify with [default: the system's]
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Name to verify instead of the host
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// The whole probe takes no longer
    #[arg(long, default_value = "5s", value_parser = duration, value_name = "DURATION")]
    timeout: Duration,
}

pub(super) fn run(args: &TlsArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let address = Address::parse_endpoint(&args.address, true, 0).map_err(|reason| {
        Failure::usage(format!("`{}`: {reason}", redacted(&args.address)))
            .hint("write HOST:PORT, such as 10.0.0.1:2379")
    })?;
    if address.port == 0 {
        return Err(Failure::usage(format!("`{}`: the port is missing", args.address))
            .hint(format!(
                "write {}:PORT: etcd serves clients on 2379 and peers on 2380, ZooKeeper clients on 2181 or 2281 and its \
                 quorum on 2888 (the leader) and 3888",
                args.address
            )));
    }
    let material = TlsMaterial::load(&TlsFiles {
        ca: args.cacert.clone(),
        server_name: args.server_name.clone(),
        ..TlsFiles::default()
    })?;
    let now = world.now();
    let seen = block_on(async { survey(&address, &material, now, Deadline::after(args.timeout)).await })?
        .map_err(|trouble| Failure::failed(format!("{}: {trouble}", address.authority())))?;
    let report = TlsReport::new(&address, args, &seen, now);
    let mut bytes = Vec::new();
    match args.output {
        Shape::Json => write_json(&report, &mut bytes)?,
        Shape::Table => bytes.extend(table(&report, colorful(global.color, world)).into_bytes()),
    }
    world.print(&bytes)?;
    Ok(0)
}

/// Result of `quorate probe tls`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TlsReport {
    /// `quorate.probe-tls/v1`.
    schema: &'static str,
    /// `host:port` as dialled.
    address: String,
    /// When, RFC 3339 UTC.
    taken_at: String,
    /// Whether a request without TLS was answered; `null` when that could not be told.
    plaintext: Option<bool>,
    /// Newest first; empty when no TLS is spoken.
    versions: Vec<VersionReport>,
    /// `not-asked`, `optional`, `required`; `null` when that could not be told.
    client_certificate: Option<&'static str>,
    /// Whether a client with this CA would accept; `null` when no certificate was presented.
    verification: Option<VerificationReport>,
    /// Leaf first.
    chain: Vec<CertificateReport>,
}

/// One protocol version.
#[derive(Debug, Serialize, JsonSchema)]
struct VersionReport {
    /// `TLS 1.3` … `SSL 3.0`.
    version: &'static str,
    /// `null` when it could not be asked.
    accepted: Option<bool>,
    /// The cipher suite chosen; `null` for versions that only the greeting was tried of.
    suite: Option<String>,
}

/// What verification says.
#[derive(Debug, Serialize, JsonSchema)]
struct VerificationReport {
    /// Whether it would be accepted.
    ok: bool,
    /// The name that was verified.
    name: String,
    /// The CA file, or `system`.
    ca: String,
    /// Named diagnosis, such as `wrong-ca`; `null` when ok.
    diagnosis: Option<&'static str>,
    /// What was seen; `null` when ok.
    detail: Option<String>,
}

/// One certificate.
#[derive(Debug, Serialize, JsonSchema)]
struct CertificateReport {
    /// Distinguished name.
    subject: String,
    /// Distinguished name.
    issuer: String,
    /// Hex.
    serial: String,
    /// RFC 3339 UTC.
    not_before: String,
    /// RFC 3339 UTC.
    not_after: String,
    /// Whole days until it expires; negative when it has.
    days_left: i64,
    /// DNS names and IP addresses.
    names: Vec<String>,
    /// Such as `ECDSA P-256`.
    key: String,
    /// Such as `ecdsa-with-SHA256`.
    signature: String,
    /// Whether basic constraints say CA.
    ca: bool,
    /// Whether it may identify a server.
    server_auth: bool,
    /// Whether it may identify a client.
    client_auth: bool,
    /// SHA-256 of the DER, hex.
    fingerprint: String,
}

impl TlsReport {
    fn new(address: &Address, args: &TlsArgs, seen: &Survey, now: Timestamp) -> TlsReport {
        TlsReport {
            schema: "quorate.probe-tls/v1",
            address: address.authority(),
            taken_at: rfc3339(now),
            plaintext: seen.plaintext.known().copied(),
            versions: seen
                .versions
                .iter()
                .map(|v| VersionReport {
                    version: v.name,
                    accepted: v.accepted.known().copied(),
                    suite: v.suite.clone(),
                })
                .collect(),
            client_certificate: match &seen.client_certificate {
                Observed::Known(answer) => Some(ClientCertificate::name(*answer)),
                Observed::Unknown(_) => None,
            },
            verification: seen.verification.as_ref().map(|verdict| {
                let trouble = verdict.as_ref().err();
                VerificationReport {
                    ok: trouble.is_none(),
                    name: args.server_name.clone().unwrap_or_else(|| address.host.clone()),
                    ca: args.cacert.as_ref().map_or_else(|| "system".into(), |p| p.display().to_string()),
                    diagnosis: trouble.map(|t| t.kind.name()),
                    detail: trouble.map(|t| t.detail.clone()),
                }
            }),
            chain: seen.chain.iter().map(|c| certificate(c, now)).collect(),
        }
    }
}

fn certificate(c: &Certificate, now: Timestamp) -> CertificateReport {
    CertificateReport {
        subject: c.subject.clone(),
        issuer: c.issuer.clone(),
        serial: c.serial.clone(),
        not_before: rfc3339(c.not_before),
        not_after: rfc3339(c.not_after),
        days_left: (c.not_after.duration_since(now).as_secs_f64() / 86_400.0).floor() as i64,
        names: c.names.clone(),
        key: c.key.clone(),
        signature: c.signature.clone(),
        ca: c.ca,
        server_auth: c.server_auth,
        client_auth: c.client_auth,
        fingerprint: c.fingerprint.clone(),
    }
}

fn table(report: &TlsReport, color: bool) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<20}{value}");
    };
    let good = |word: &str, good: bool| paint(word, good, color);
    line("address", &escape(&report.address));
    line(
        "plaintext",
        &match report.plaintext {
            Some(true) => good("answered: whoever can see the network can read it", false),
            Some(false) => good("refused", true),
            None => "unknown".into(),
        },
    );
    if report.versions.is_empty() {
        line("TLS", &good("not spoken", false));
    }
    for v in &report.versions {
        let old = !matches!(v.version, "TLS 1.3" | "TLS 1.2");
        let answer = match (v.accepted, &v.suite) {
            (Some(true), Some(suite)) => format!("{} ({})", good("accepted", !old), escape(suite)),
            (Some(true), None) => good("accepted", !old),
            (Some(false), _) => "refused".into(),
            (None, _) => "unknown".into(),
        };
        line(v.version, &answer);
    }
    match report.client_certificate {
        Some("required") => line("client certificate", &good("required", true)),
        Some("optional") => line("client certificate", &good("asked for, but not required", false)),
        Some(_) => line("client certificate", &good("not asked for", false)),
        None => {}
    }
    if let Some(v) = &report.verification {
        let by = format!(
            "for {} by {}",
            escape(&v.name),
            if v.ca == "system" { "the system's CAs".into() } else { escape(&v.ca) }
        );
        let verdict = match (&v.diagnosis, &v.detail) {
            (Some(diagnosis), Some(detail)) => format!("{} {by}: {}", good(diagnosis, false), escape(detail)),
            _ => format!("{} {by}", good("ok", true)),
        };
        line("verification", &verdict);
    }
    for (at, c) in report.chain.iter().enumerate() {
        text.push_str(&certificate_lines(at, c, color));
    }
    text
}

fn certificate_lines(at: usize, c: &CertificateReport, color: bool) -> String {
    let left = match c.days_left {
        days if days < 0 => paint("expired", false, color),
        1 => paint("1 day left", false, color),
        days => paint(&format!("{days} days left"), days >= 30, color),
    };
    let purposes: Vec<&str> = [("server", c.server_auth), ("client", c.client_auth), ("CA", c.ca)]
        .into_iter()
        .filter(|(_, allowed)| *allowed)
        .map(|(purpose, _)| purpose)
        .collect();
    let rows = [
        ("subject", escape(&c.subject)),
        ("issuer", escape(&c.issuer)),
        ("names", if c.names.is_empty() { "none".into() } else { escape(&c.names.join(", ")) }),
        ("valid", format!("{} to {}, {left}", &c.not_before, &c.not_after)),
        ("key", format!("{}, signed with {}", escape(&c.key), escape(&c.signature))),
        ("for", purposes.join(", ")),
        ("serial", escape(&c.serial)),
        ("SHA-256", c.fingerprint.clone()),
    ];
    let mut text = format!("\n{}\n", if at == 0 { "certificate".to_owned() } else { format!("issuer {at}") });
    for (name, value) in rows {
        let _ = writeln!(text, "  {name:<18}{value}");
    }
    text
}

fn paint(word: &str, good: bool, color: bool) -> String {
    if !color {
        return word.to_owned();
    }
    let paint = Paint::new().fg_color(Some(if good { AnsiColor::Green } else { AnsiColor::Red }.into()));
    format!("{paint}{word}{paint:#}")
}
