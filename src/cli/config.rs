//! The config file: read, checked and explained. Every error names the file, the line, the key, and what to write.

mod mistake;
mod raw;

use super::failure::Failure;
pub use super::nearest::nearest;
use crate::address::redacted;
use crate::checks;
use crate::facts::BackendKind;
use crate::finding::Waiver;
use crate::format::kubernetes;
use crate::policy::{Limit, Policy, Threshold};
use crate::target::{DeclaredHost, DeclaredMember, DeclaredService, TlsFiles};
use raw::{RawCluster, RawConfig, RawMember, RawWaiver};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A checked config file.
#[derive(Debug, Default)]
pub struct Config {
    /// Where it was read from; `None` when there is none.
    pub path: Option<PathBuf>,
    /// Clusters in the order of their names.
    pub clusters: BTreeMap<String, ClusterConfig>,
    /// Thresholds.
    pub policy: Policy,
    /// Silenced findings.
    pub waivers: Vec<Waiver>,
}

/// One cluster of the file.
#[derive(Debug)]
pub struct ClusterConfig {
    /// Line of the file that declares it, from 1.
    pub line: usize,
    /// Which system.
    pub backend: BackendKind,
    /// Client URLs.
    pub endpoints: Vec<String>,
    /// TLS files, absolute or relative to the current directory.
    pub tls: TlsFiles,
    /// User name.
    pub user: Option<String>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// File with the token.
    pub token_file: Option<PathBuf>,
    /// Where the keys of files and credentials stand, such as `tls.ca` → `quorate.toml:4: clusters.prod.tls.ca`.
    pub places: BTreeMap<&'static str, String>,
    /// Where Kubernetes keeps its objects, `/…/`, where that is not the usual place.
    pub kubernetes_prefix: Option<String>,
    /// Declared members by name.
    pub members: BTreeMap<String, DeclaredMember>,
}

/// The file's JSON schema; the keys of `[policy]` are the thresholds of the catalogue.
pub fn schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(RawConfig);
    schema.insert("title".into(), "quorate.toml".into());
    let keys = checks::thresholds().into_iter().map(|threshold| {
        (
            threshold.key.to_owned(),
            serde_json::json!({ "type": ["string", "number"], "description": threshold.source }),
        )
    });
    let policy = serde_json::json!({
        "type": "object",
        "properties": keys.collect::<serde_json::Map<_, _>>(),
        "additionalProperties": false,
    });
    if let Some(properties) = schema.get_mut("properties").and_then(|p| p.as_object_mut()) {
        properties.insert("policy".into(), policy);
    }
    schema
}

/// Reads and checks a file. `today` decides whether a waiver has expired.
pub fn read(path: &Path, today: jiff::civil::Date) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read the config file {}: {error}", path.display()))
            .hint("check the path given by --config or QUORATE_CONFIG")
    })?;
    parse(&text, path, today)
}

/// Checks the text of a config file at `path`.
pub fn parse(text: &str, path: &Path, today: jiff::civil::Date) -> Result<Config, Failure> {
    let at = Place { text, path };
    let raw: RawConfig = toml::from_str(text).map_err(|error| at.syntax(&error))?;
    let mut config = Config { path: Some(path.to_owned()), ..Config::default() };
    for (name, cluster) in raw.clusters {
        let checked = at.cluster(name.get_ref(), at.number(&name.span()), cluster)?;
        config.clusters.insert(name.into_inner(), checked);
    }
    for (key, value) in raw.policy {
        at.threshold(&key, &value, &mut config.policy)?;
    }
    mistake::contradiction(&config.policy)?;
    for waiver in raw.waivers {
        config.waivers.push(at.waiver(waiver, today, &config.clusters)?);
    }
    Ok(config)
}

/// The file being read, to say where something is wrong.
struct Place<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Place<'_> {
    fn number(&self, span: &Range<usize>) -> usize {
        self.text[..span.start.min(self.text.len())].matches('\n').count() + 1
    }

    fn line(&self, span: Range<usize>) -> String {
        format!("{}:{}", self.path.display(), self.number(&span))
    }

    fn wrong(&self, span: Range<usize>, message: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("{}: {message}", self.line(span)))
    }

    fn syntax(&self, error: &toml::de::Error) -> Failure {
        let place = error.span().map_or_else(|| self.path.display().to_string(), |span| self.line(span));
        let message = error.message().replace("unknown field", "unknown key");
        let message = match error.span() {
            Some(span) => mistake::naming_the_key(message, self.text, span),
            None => message,
        };
        let failure = Failure::usage(format!("{place}: {message}"));
        match did_you_mean(&message) {
            Some(key) => failure.hint(format!("write `{key}` instead")),
            None => failure.hint("see `quorate schema config` for every key"),
        }
    }

    fn cluster(&self, name: &str, line: usize, raw: RawCluster) -> Result<ClusterConfig, Failure> {
        let backend = match raw.backend.get_ref().as_str() {
            "etcd" => BackendKind::Etcd,
            "zookeeper" => BackendKind::Zookeeper,
            "consul" => BackendKind::Consul,
            other => {
                return Err(self
                    .wrong(raw.backend.span(), format!("clusters.{name}.backend: `{other}` is not a backend"))
                    .hint("write \"etcd\", \"zookeeper\" or \"consul\""));
            }
        };
        let mut endpoints: Vec<String> = Vec::new();
        for endpoint in raw.endpoints {
            let (span, endpoint) = (endpoint.span(), endpoint.into_inner());
            if endpoints.contains(&endpoint) {
                let message = format!("clusters.{name}.endpoints: `{}` is listed twice", redacted(&endpoint));
                return Err(self.wrong(span, message).hint("list each endpoint once"));
            }
            super::settings::endpoint_address(backend, &endpoint).map_err(|reason| {
                let endpoint = redacted(&endpoint);
                self.wrong(span, format!("clusters.{name}.endpoints: `{endpoint}`: {reason}"))
            })?;
            endpoints.push(endpoint);
        }
        if endpoints.is_empty() {
            let message = format!("clusters.{name}.endpoints: the list is empty");
            return Err(self
                .wrong(raw.backend.span(), message)
                .hint("write at least one, such as \"https://10.0.0.1:2379\""));
        }
        let members = raw
            .members
            .into_iter()
            .map(|(member, raw)| Ok((member.clone(), self.member(name, &member, backend, raw)?)))
            .collect::<Result<_, Failure>>()?;
        let mut places = BTreeMap::new();
        let mut place = |key, span: Option<Range<usize>>| {
            if let Some(span) = span {
                places.insert(key, format!("{}: clusters.{name}.{key}", self.line(span)));
            }
        };
        place("tls.ca", raw.tls.ca.as_ref().map(Spanned::span));
        place("tls.cert", raw.tls.cert.as_ref().map(Spanned::span));
        place("tls.key", raw.tls.key.as_ref().map(Spanned::span));
        place("auth.user", raw.auth.user.as_ref().map(Spanned::span));
        place("auth.password_file", raw.auth.password_file.as_ref().map(Spanned::span));
        place("auth.token_file", raw.auth.token_file.as_ref().map(Spanned::span));
        Ok(ClusterConfig {
            line,
            places,
            backend,
            endpoints,
            tls: TlsFiles {
                ca: raw.tls.ca.map(|p| self.relative(p.get_ref())),
                cert: raw.tls.cert.map(|p| self.relative(p.get_ref())),
                key: raw.tls.key.map(|p| self.relative(p.get_ref())),
                server_name: raw.tls.server_name,
                insecure_skip_verify: raw.tls.insecure_skip_verify,
            },
            user: raw.auth.user.map(Spanned::into_inner),
            password_file: raw.auth.password_file.map(|p| self.relative(p.get_ref())),
            token_file: raw.auth.token_file.map(|p| self.relative(p.get_ref())),
            kubernetes_prefix: raw.kubernetes_prefix.map(|prefix| kubernetes::prefix_of(prefix.get_ref())),
            members,
        })
    }

    /// Paths in the file are relative to the file.
    fn relative(&self, path: &Path) -> PathBuf {
        self.path.parent().map_or_else(|| path.to_owned(), |dir| dir.join(path))
    }

    fn member(
        &self,
        cluster: &str,
        name: &str,
        backend: BackendKind,
        raw: RawMember,
    ) -> Result<DeclaredMember, Failure> {
        let host = match raw.host {
            None => None,
            Some(host) => Some(match (host.get_ref().local, host.get_ref().ssh.clone()) {
                (true, None) => DeclaredHost::Local,
                (false, Some(ssh)) => DeclaredHost::Ssh(ssh),
                _ => {
                    let message =
                        format!("clusters.{cluster}.members.{name}.host: one of `local` and `ssh` is needed");
                    return Err(self
                        .wrong(host.span(), message)
                        .hint("write { local = true } or { ssh = \"user@host\" }"));
                }
            }),
        };
        let service = match raw.service {
            None => None,
            Some(service) => {
                let span = service.span();
                let service = service.into_inner();
                Some(
                    match (service.systemd, service.static_pod, service.start, service.stop, service.status) {
                        (Some(unit), None, None, None, None) => DeclaredService::Systemd(unit),
                        (None, Some(manifest), None, None, None) => DeclaredService::StaticPod(manifest),
                        (None, None, Some(start), Some(stop), Some(status)) => {
                            DeclaredService::Commands { start, stop, status }
                        }
                        _ => {
                            let message =
                                format!("clusters.{cluster}.members.{name}.service: incomplete or ambiguous");
                            return Err(self.wrong(span, message).hint(
                            "write { systemd = \"etcd\" }, { static_pod = \"/path/etcd.yaml\" }, or all of start, stop and status",
                        ));
                        }
                    },
                )
            }
        };
        // Pages beside the endpoint are HTTP on every backend.
        let endpoint = self.member_url((cluster, name, "endpoint"), backend, raw.endpoint)?;
        let metrics = self.member_url((cluster, name, "metrics"), BackendKind::Etcd, raw.metrics)?;
        if metrics.is_some() && endpoint.is_none() {
            let message = format!("clusters.{cluster}.members.{name}.metrics: whose it is cannot be told");
            return Err(Failure::usage(format!("{}: {message}", self.path.display()))
                .hint("give the member's `endpoint` too"));
        }
        let admin = self.member_url((cluster, name, "admin"), BackendKind::Etcd, raw.admin)?;
        Ok(DeclaredMember {
            zone: raw.zone,
            endpoint,
            metrics,
            admin,
            data_dir: raw.data_dir,
            wal_dir: raw.wal_dir,
            program: raw.program,
            host,
            service,
        })
    }

    fn member_url(
        &self,
        (cluster, name, key): (&str, &str, &str),
        backend: BackendKind,
        url: Option<Spanned<String>>,
    ) -> Result<Option<String>, Failure> {
        let Some(url) = url else { return Ok(None) };
        let (span, url) = (url.span(), url.into_inner());
        match super::settings::endpoint_address(backend, &url) {
            Ok(_) => Ok(Some(url)),
            Err(reason) => {
                let message =
                    format!("clusters.{cluster}.members.{name}.{key}: `{}`: {reason}", redacted(&url));
                let failure = self.wrong(span, message);
                // ZooKeeper's reason says itself what to write.
                Err(if backend == BackendKind::Zookeeper {
                    failure
                } else {
                    failure.hint("write https://HOST:PORT")
                })
            }
        }
    }

    fn threshold(
        &self,
        key: &Spanned<String>,
        value: &Spanned<toml::Value>,
        policy: &mut Policy,
    ) -> Result<(), Failure> {
        let known = checks::thresholds();
        let Some(threshold) = known.iter().find(|t| t.key == key.get_ref()) else {
            let nearest = nearest(key.get_ref(), known.iter().map(|t| t.key));
            let failure = self.wrong(key.span(), format!("policy.{}: unknown key", key.get_ref()));
            return Err(match nearest {
                Some(nearest) => failure.hint(format!("write `{nearest}` instead")),
                None => failure.hint("see `quorate explain --list` for the thresholds of every check"),
            });
        };
        let limit = limit(threshold, value.get_ref()).map_err(|write| {
            self.wrong(value.span(), format!("policy.{}: wrong value", threshold.key)).hint(write)
        })?;
        policy.set(threshold.key, limit, self.line(key.span()));
        Ok(())
    }

    fn waiver(
        &self,
        raw: Spanned<RawWaiver>,
        today: jiff::civil::Date,
        clusters: &BTreeMap<String, ClusterConfig>,
    ) -> Result<Waiver, Failure> {
        let span = raw.span();
        let raw = raw.into_inner();
        if checks::find(&raw.check).is_none() {
            let failure = self.wrong(span, format!("waivers.check: there is no check `{}`", raw.check));
            return Err(match nearest(&raw.check, checks::catalogue().map(|c| c.slug)) {
                Some(nearest) => failure.hint(format!("write `{nearest}` instead")),
                None => failure.hint("see `quorate explain --list`"),
            });
        }
        if let Some(cluster) = raw.cluster.as_ref().filter(|c| !clusters.contains_key(*c)) {
            let failure =
                self.wrong(span, format!("waivers.cluster: there is no cluster `{cluster}` in this file"));
            return Err(failure.hint("name a cluster of this file, or leave `cluster` out"));
        }
        let text = match &raw.until {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let until: jiff::civil::Date = text.parse().map_err(|_| {
            self.wrong(span.clone(), format!("waivers.until: `{text}` is not a date"))
                .hint("write until = 2027-01-31")
        })?;
        if until < today {
            let message = format!("waivers.until: the waiver of `{}` expired on {until}", raw.check);
            return Err(self
                .wrong(span, message)
                .hint("remove the waiver, or write a later date with its reason"));
        }
        if raw.reason.trim().is_empty() {
            return Err(self.wrong(span, "waivers.reason: empty").hint("say why, such as a change ticket"));
        }
        Ok(Waiver { check: raw.check, cluster: raw.cluster, member: raw.member, until, reason: raw.reason })
    }
}

/// Reads a threshold's value in its own unit; the error is what to write instead.
fn limit(threshold: &Threshold, value: &toml::Value) -> Result<Limit, String> {
    let number = match value {
        toml::Value::Integer(n) => Some(*n as f64),
        toml::Value::Float(n) => Some(*n),
        _ => None,
    };
    let text = value.as_str();
    let duration = || text.and_then(|t| humantime::parse_duration(t).ok()).map(|d| d.as_secs_f64());
    let limit = match threshold.default {
        Limit::Millis(_) => {
            duration().map(|s| Limit::Millis(s * 1000.0)).ok_or("write a duration such as \"10ms\" or \"1s\"")
        }
        Limit::Days(_) => {
            duration().map(|s| Limit::Days(s / 86_400.0)).ok_or("write a duration such as \"30d\"")
        }
        Limit::Percent(_) => number
            .or_else(|| text.and_then(|t| t.trim_end_matches('%').trim().parse().ok()))
            .filter(|p| (0.0..=100.0).contains(p))
            .map(Limit::Percent)
            .ok_or("write a percentage such as 80 or \"80%\""),
        Limit::Bytes(_) => number
            .map(|n| n as u64)
            .or_else(|| text.and_then(parse_bytes))
            .map(Limit::Bytes)
            .ok_or("write a size such as \"100MiB\""),
        Limit::Count(_) => number.map(Limit::Count).ok_or("write a number"),
        Limit::PerSecond(_) => number.map(Limit::PerSecond).ok_or("write a number of events per second"),
    };
    let limit = limit.map_err(str::to_owned)?;
    if limit.number() < 0.0 || !limit.number().is_finite() {
        Err("write a number that is not negative".into())
    } else {
        Ok(limit)
    }
}

/// `100MiB`, `2GB`, `512` → bytes.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let factor: f64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1_048_576.0,
        "mb" => 1e6,
        "g" | "gib" => 1_073_741_824.0,
        "gb" => 1e9,
        "t" | "tib" => 1_099_511_627_776.0,
        "tb" => 1e12,
        _ => return None,
    };
    Some((number * factor) as u64)
}

/// The expected key nearest to the unknown one in a serde message: "unknown key `x`, expected one of `a`, `b`".
fn did_you_mean(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    let expected: Vec<&str> = quoted.collect();
    nearest(unknown, expected.into_iter()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[clusters.prod]\nbackend = \"etcd\"\nendpoints = [\"https://a:2379\"]\n";

    fn parse_text(text: &str) -> Result<Config, Failure> {
        parse(text, Path::new("/etc/q.toml"), jiff::civil::date(2026, 11, 24))
    }

    #[track_caller]
    fn wrong(text: &str, place: &str, hint: &str) {
        let failure = parse_text(text).expect_err("must be refused");
        assert_eq!(failure.kind.code(), 64);
        assert!(failure.message.contains(place), "{}", failure.message);
        assert!(failure.hints.iter().any(|h| h.contains(hint)), "{:?}", failure.hints);
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = parse_text(&format!("{GOOD}tls = {{ ca = \"ca.pem\" }}\n")).expect("good");
        assert_eq!(config.clusters["prod"].tls.ca.as_deref(), Some(Path::new("/etc/ca.pem")));
    }

    #[test]
    fn errors_name_file_line_key_and_cure() {
        wrong(&format!("{GOOD}endpionts = []\n"), "/etc/q.toml:4: unknown key `endpionts`", "endpoints");
        wrong(
            "[clusters.a]\nbackend = \"etc\"\nendpoints = [\"a\"]\n",
            "q.toml:2: clusters.a.backend",
            "zookeeper",
        );
        wrong(
            "[clusters.a]\nbackend = \"etcd\"\nendpoints = [\"a:1\",\n\"a:1\"]\n",
            "q.toml:4: clusters.a.endpoints",
            "once",
        );
        wrong(
            &format!("{GOOD}\n[[waivers]]\ncheck = \"quorum-lst\"\nuntil = 2027-01-31\nreason = \"x\"\n"),
            "q.toml:5: waivers.check",
            "quorum-lost",
        );
        wrong(
            &format!("{GOOD}\n[[waivers]]\ncheck = \"quorum-lost\"\nuntil = 2026-01-31\nreason = \"x\"\n"),
            "expired on 2026-01-31",
            "later date",
        );
        let member = |lines: &str| format!("{GOOD}[clusters.prod.members.n1]\n{lines}");
        wrong(&member("endpoint = \"http://a:x\"\n"), "q.toml:5: clusters.prod.members.n1.endpoint", "HOST");
        wrong(
            &member("metrics = \"http://a:1\"\n"),
            "q.toml: clusters.prod.members.n1.metrics",
            "`endpoint`",
        );
        wrong("[clusters.a]\n[clusters.a]\n", "q.toml:2", "");
        wrong("[policy]\nfsnc = 3\n", "q.toml:2: policy.fsnc", "explain --list");
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_bytes("100MiB"), Some(100 << 20));
        assert_eq!(parse_bytes("1.5 GB"), Some(1_500_000_000));
        assert_eq!(parse_bytes("x"), None);
    }
}
