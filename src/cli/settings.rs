//! Which targets, with which credentials: flag over environment over file over default.

mod credentials;

use super::config::{self, ClusterConfig, Config, nearest};
use super::failure::Failure;
use super::{Global, World};
use crate::address::{Address, redacted};
use crate::backend::{self, Backend, OpenError};
use crate::facts::BackendKind;
use crate::target::{Target, TlsFiles};
use crate::transport::tls::TlsFileError;
use crate::transport::words;
use clap::Args;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};

/// Arguments that name targets.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Cluster names of the config file, or URLs: etcd://HOST:PORT,HOST:PORT  etcd+https://…
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Every cluster of the config file
    #[arg(long, conflicts_with_all = ["targets", "endpoints"])]
    pub all: bool,
    /// What runs at --endpoints
    #[arg(long, value_name = "etcd|zookeeper|consul")]
    pub backend: Option<String>,
    /// Client URLs of one cluster, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "URL,…", conflicts_with = "targets")]
    pub endpoints: Vec<String>,
    /// CA bundle (PEM) that signed the servers' certificates
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// Client certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Client key (PEM)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Name to verify in the servers' certificates instead of the host
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// Do not verify the servers' certificates; what is wrong with them is still reported
    #[arg(long)]
    pub insecure_skip_tls_verify: bool,
    /// User to log in as; the password comes from --password-file or ETCDCTL_PASSWORD
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// File with the password, - for stdin
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// File with Consul's token, - for stdin
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub token_file: Option<PathBuf>,
}

/// Config file and targets of one run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The file, or an empty one.
    pub config: Config,
    /// At least one.
    pub targets: Vec<Target>,
}

impl Settings {
    /// Reads the files of every target.
    pub(super) fn open(&self) -> Result<Vec<Box<dyn Backend>>, Failure> {
        self.targets.iter().map(|target| self.open_one(target)).collect()
    }

    /// Reads the files of one target; what is wrong with one that the config file names is blamed on that line.
    pub(super) fn open_one(&self, target: &Target) -> Result<Box<dyn Backend>, Failure> {
        backend::open(target).map_err(|error| {
            let place = match &error {
                OpenError::Tls(error) => self.place_of(error, target),
                _ => None,
            };
            let failure = Failure::from(error);
            match place {
                Some(place) => Failure { message: format!("{place}: {}", failure.message), ..failure },
                None => failure,
            }
        })
    }

    fn place_of(&self, error: &TlsFileError, target: &Target) -> Option<&str> {
        let cluster = self.config.clusters.get(&target.name)?;
        let key = match error {
            TlsFileError::Unreadable { what, .. } | TlsFileError::NotPem { what, .. } => match *what {
                "CA file" => "tls.ca",
                "client certificate" => "tls.cert",
                _ => "tls.key",
            },
            TlsFileError::Encrypted { .. } | TlsFileError::Mismatch { .. } => "tls.key",
            TlsFileError::HalfAPair { given, .. } if *given == "cert" => "tls.cert",
            TlsFileError::HalfAPair { .. } => "tls.key",
        };
        let from_file = match key {
            "tls.ca" => cluster.tls.ca == target.tls.ca,
            "tls.cert" => cluster.tls.cert == target.tls.cert,
            _ => cluster.tls.key == target.tls.key,
        };
        cluster.places.get(key).filter(|_| from_file).map(String::as_str)
    }
}

/// The config file in force: `--config` or `QUORATE_CONFIG` (must exist), `./quorate.toml`, then the user's.
pub(crate) fn config(global: &Global, world: &World) -> Result<Config, Failure> {
    let today = world.now().to_zoned(TimeZone::UTC).date();
    if let Some(path) = &global.config {
        return config::read(path, today);
    }
    let home = || world.var("HOME").map(|home| Path::new(home).join(".config"));
    let user = world
        .var("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(home)
        .map(|dir| dir.join("quorate/config.toml"));
    let candidates = [Some(PathBuf::from("quorate.toml")), user];
    match candidates.into_iter().flatten().find(|path| path.is_file()) {
        Some(path) => config::read(&path, today),
        None => Ok(Config::default()),
    }
}

/// Config and targets.
pub(crate) fn settings(args: &TargetArgs, global: &Global, world: &World) -> Result<Settings, Failure> {
    let config = config(global, world)?;
    let targets = targets(args, &config, world)?;
    targets.iter().for_each(|target| credentials::warn_of_exposure(target, world));
    Ok(Settings { config, targets })
}

/// The cluster of this name in this file: of a lab, whose config file we wrote.
pub(super) fn target_in(path: &Path, name: &str, world: &World) -> Result<Target, Failure> {
    let config = config::read(path, world.now().to_zoned(TimeZone::UTC).date())?;
    let cluster = config
        .clusters
        .get(name)
        .ok_or_else(|| Failure::failed(format!("there is no cluster `{name}` in {}", path.display())))?;
    from_config(name, cluster, &TargetArgs::default())
}

fn targets(args: &TargetArgs, config: &Config, world: &World) -> Result<Vec<Target>, Failure> {
    if args.all {
        if config.clusters.is_empty() {
            return Err(
                Failure::usage("--all: there is no cluster in the config file").hint(no_target_hint())
            );
        }
        return config.clusters.iter().map(|(name, cluster)| from_config(name, cluster, args)).collect();
    }
    if !args.endpoints.is_empty() {
        let backend = match args.backend.as_deref() {
            Some(text) => backend(text)?,
            // As etcdctl's are.
            None => BackendKind::Etcd,
        };
        return Ok(vec![ad_hoc(backend, &args.endpoints, args, world)?]);
    }
    if !args.targets.is_empty() {
        return args.targets.iter().map(|text| named(text, args, config, world)).collect();
    }
    if config.clusters.len() == 1 {
        return config.clusters.iter().map(|(name, cluster)| from_config(name, cluster, args)).collect();
    }
    if let Some(endpoints) = world.var("ETCDCTL_ENDPOINTS") {
        let endpoints: Vec<String> = endpoints.split(',').map(|e| e.trim().to_owned()).collect();
        return Ok(vec![ad_hoc(BackendKind::Etcd, &endpoints, args, world)?]);
    }
    if let Some(endpoints) = credentials::consul_endpoints(world)? {
        return Ok(vec![ad_hoc(BackendKind::Consul, &endpoints, args, world)?]);
    }
    let names: Vec<&str> = config.clusters.keys().map(String::as_str).collect();
    Err(if names.is_empty() {
        Failure::usage("no target").hint(no_target_hint())
    } else {
        Failure::usage(format!("no target, and the config file has several clusters: {}", names.join(", ")))
            .hint(format!("name one, such as `quorate check {}`, or all with --all", names[0]))
    })
}

fn no_target_hint() -> &'static str {
    "name a cluster of the config file, or give `etcd://HOST:2379,HOST:2379`, or --endpoints URL,URL, or start a \
     throwaway cluster with `quorate lab up etcd`"
}

pub(super) fn backend(text: &str) -> Result<BackendKind, Failure> {
    match text {
        "etcd" => Ok(BackendKind::Etcd),
        "zk" | "zookeeper" => Ok(BackendKind::Zookeeper),
        "consul" => Ok(BackendKind::Consul),
        other => Err(Failure::usage(format!("`{}` is not a backend", redacted(other)))
            .hint("write etcd, zookeeper or consul")),
    }
}

fn named(text: &str, args: &TargetArgs, config: &Config, world: &World) -> Result<Target, Failure> {
    if let Some(cluster) = config.clusters.get(text) {
        return from_config(text, cluster, args);
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        if text.contains(':') {
            return Err(Failure::usage(format!(
                "`{}` does not say which backend runs there",
                redacted(text)
            ))
            .hint(format!("write etcd://{}", redacted(text))));
        }
        let known: Vec<&str> = config.clusters.keys().map(String::as_str).collect();
        let file = config
            .path
            .as_ref()
            .map_or_else(|| "no config file was found".into(), |p| p.display().to_string());
        let failure = Failure::usage(format!("there is no cluster `{}` ({file})", redacted(text)));
        return Err(match nearest(text, known.iter().copied()) {
            Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
            None if known.is_empty() => failure.hint(no_target_hint()),
            None => failure.hint(format!("known: {}", known.join(", "))),
        });
    };
    let (name, tls) = match scheme.split_once('+') {
        Some((name, "https" | "tls")) => (name, Some(true)),
        Some((name, "http")) => (name, Some(false)),
        Some((_, other)) => {
            return Err(Failure::usage(format!(
                "`{}` is not a transport: write +http or +https",
                redacted(other)
            )));
        }
        None if matches!(scheme, "http" | "https") => {
            return Err(Failure::usage(format!(
                "`{}` does not say which backend runs there",
                redacted(text)
            ))
            .hint(format!(
                "write etcd{}://{}",
                if scheme == "https" { "+https" } else { "" },
                redacted(rest)
            )));
        }
        None => (scheme, None),
    };
    let backend = backend(name)?;
    let rest = rest.trim_end_matches('/');
    if rest.is_empty() {
        return Err(Failure::usage(format!("`{text}` names no endpoint"))
            .hint(format!("write {text}HOST:2379 or {text}HOST:2379,HOST:2379").replace(":///", "://")));
    }
    let scheme = |endpoint: &str| match tls {
        _ if endpoint.contains("://") => endpoint.to_owned(),
        // Without a word about TLS its own settings decide.
        None if backend == BackendKind::Zookeeper => endpoint.to_owned(),
        Some(tls) if backend == BackendKind::Zookeeper => {
            format!("{}://{endpoint}", if tls { "zk+tls" } else { "zk" })
        }
        Some(true) => format!("https://{endpoint}"),
        Some(false) => format!("http://{endpoint}"),
        // A CA or a client certificate means TLS, as it does for etcdctl.
        None if args.cacert.is_some() || args.cert.is_some() => format!("https://{endpoint}"),
        None if backend == BackendKind::Consul && credentials::consul_over_tls(world) => {
            format!("https://{endpoint}")
        }
        None => format!("http://{endpoint}"),
    };
    let endpoints: Vec<String> = rest.split(',').map(|endpoint| scheme(endpoint.trim())).collect();
    ad_hoc(backend, &endpoints, args, world)
}

fn ad_hoc(
    backend: BackendKind,
    endpoints: &[String],
    args: &TargetArgs,
    world: &World,
) -> Result<Target, Failure> {
    check_endpoints(backend, endpoints)?;
    Ok(Target {
        name: ad_hoc_name(endpoints),
        backend,
        endpoints: endpoints.to_vec(),
        tls: credentials::ad_hoc_tls(backend, args, world),
        auth: credentials::ad_hoc_auth(backend, args, world)?,
        kubernetes_prefix: None,
        members: Default::default(),
    })
}

fn check_endpoints(backend: BackendKind, endpoints: &[String]) -> Result<(), Failure> {
    // Before they are looked at one by one: the password itself may hold a comma.
    let all = endpoints.join(",");
    if all.contains('@') {
        return Err(Failure::usage(format!(
            "endpoint `{}`: credentials do not belong into a URL",
            redacted(&all)
        ))
        .hint("give --user NAME and --password-file FILE, or ETCDCTL_USER and ETCDCTL_PASSWORD"));
    }
    for (at, endpoint) in endpoints.iter().enumerate() {
        if endpoints[..at].contains(endpoint) {
            return Err(Failure::usage(format!("endpoint `{endpoint}` is given twice"))
                .hint("give each endpoint once"));
        }
        endpoint_address(backend, endpoint)
            .map_err(|reason| Failure::usage(format!("endpoint `{endpoint}`: {reason}")))?;
    }
    Ok(())
}

/// Reads an endpoint as its backend's users write it; the error says what to write instead.
pub(super) fn endpoint_address(backend: BackendKind, endpoint: &str) -> Result<Address, String> {
    match backend {
        BackendKind::Zookeeper => words::address(endpoint, false),
        BackendKind::Etcd | BackendKind::Consul => Address::parse_endpoint(endpoint, false, 1),
    }
}

/// What an ad-hoc target is called: its first endpoint without the scheme.
fn ad_hoc_name(endpoints: &[String]) -> String {
    let first = endpoints.first().map(String::as_str).unwrap_or_default();
    let bare = first.split_once("://").map_or(first, |(_, rest)| rest).trim_end_matches('/');
    match endpoints.len() {
        0 | 1 => bare.to_owned(),
        n => format!("{bare}+{}", n - 1),
    }
}

fn from_config(name: &str, cluster: &ClusterConfig, args: &TargetArgs) -> Result<Target, Failure> {
    let tls = TlsFiles {
        ca: args.cacert.clone().or_else(|| cluster.tls.ca.clone()),
        cert: args.cert.clone().or_else(|| cluster.tls.cert.clone()),
        key: args.key.clone().or_else(|| cluster.tls.key.clone()),
        server_name: args.server_name.clone().or_else(|| cluster.tls.server_name.clone()),
        insecure_skip_verify: args.insecure_skip_tls_verify || cluster.tls.insecure_skip_verify,
    };
    Ok(Target {
        name: name.to_owned(),
        backend: cluster.backend,
        endpoints: cluster.endpoints.clone(),
        tls,
        auth: credentials::declared_auth(cluster, args)?,
        kubernetes_prefix: cluster.kubernetes_prefix.clone(),
        members: cluster.members.clone(),
    })
}
