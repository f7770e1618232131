//! With which TLS files and which secrets a target is spoken to: flag over environment over file. Secrets come from files,
//! stdin or the environment, never from an argument.

use super::TargetArgs;
use crate::cli::World;
use crate::cli::config::ClusterConfig;
use crate::cli::failure::Failure;
use crate::facts::BackendKind;
use crate::target::{Auth, Secret, Target, TlsFiles};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What a backend's own client takes from the environment.
struct Variables {
    ca: &'static str,
    cert: &'static str,
    key: &'static str,
    server_name: Option<&'static str>,
}

fn variables(backend: BackendKind) -> Option<Variables> {
    match backend {
        BackendKind::Etcd => Some(Variables {
            ca: "ETCDCTL_CACERT",
            cert: "ETCDCTL_CERT",
            key: "ETCDCTL_KEY",
            server_name: None,
        }),
        BackendKind::Consul => Some(Variables {
            ca: "CONSUL_CACERT",
            cert: "CONSUL_CLIENT_CERT",
            key: "CONSUL_CLIENT_KEY",
            server_name: Some("CONSUL_TLS_SERVER_NAME"),
        }),
        BackendKind::Zookeeper => None,
    }
}

/// TLS files of a target that no config file declares.
pub(super) fn ad_hoc_tls(backend: BackendKind, args: &TargetArgs, world: &World) -> TlsFiles {
    let variables = variables(backend);
    let file = |flag: &Option<PathBuf>, name: Option<&str>| {
        flag.clone().or_else(|| name.and_then(|name| world.var(name)).map(PathBuf::from))
    };
    let named =
        variables.as_ref().and_then(|v| v.server_name).and_then(|name| world.var(name)).map(str::to_owned);
    TlsFiles {
        ca: file(&args.cacert, variables.as_ref().map(|v| v.ca)),
        cert: file(&args.cert, variables.as_ref().map(|v| v.cert)),
        key: file(&args.key, variables.as_ref().map(|v| v.key)),
        server_name: args.server_name.clone().or(named),
        insecure_skip_verify: args.insecure_skip_tls_verify
            || (backend == BackendKind::Consul && is(world, "CONSUL_HTTP_SSL_VERIFY", false)),
    }
}

/// Secrets of a target that no config file declares.
pub(super) fn ad_hoc_auth(
    backend: BackendKind,
    args: &TargetArgs,
    world: &World,
) -> Result<Option<Auth>, Failure> {
    match backend {
        BackendKind::Consul => {
            no_password(args)?;
            let given = args.token_file.clone();
            match (given, world.var("CONSUL_HTTP_TOKEN"), world.var("CONSUL_HTTP_TOKEN_FILE")) {
                (Some(file), _, _) => token(&file).map(Some),
                (None, Some(text), _) => Ok(Some(Auth::Token { token: Secret::new(text), file: None })),
                (None, None, Some(file)) => token(Path::new(&file)).map(Some),
                (None, None, None) => Ok(None),
            }
        }
        BackendKind::Etcd | BackendKind::Zookeeper => {
            no_token(args, backend)?;
            let etcd = |name: &str| (backend == BackendKind::Etcd).then(|| world.var(name)).flatten();
            let (user, secret) = match etcd("ETCDCTL_USER") {
                None => (None, None),
                Some(text) => match text.split_once(':') {
                    Some((user, password)) => (Some(user.to_owned()), Some(Secret::new(password))),
                    None => (Some(text.to_owned()), None),
                },
            };
            let secret = etcd("ETCDCTL_PASSWORD").map(Secret::new).or(secret);
            password(args.user.clone().or(user), args.password_file.as_deref(), secret)
        }
    }
}

/// Secrets of a cluster of the config file. What is wrong with one that the file names is blamed on that line.
pub(super) fn declared_auth(cluster: &ClusterConfig, args: &TargetArgs) -> Result<Option<Auth>, Failure> {
    let blame = |place: Option<&str>, failure: Failure| match place.and_then(|key| cluster.places.get(key)) {
        Some(place) => Failure { message: format!("{place}: {}", failure.message), ..failure },
        None => failure,
    };
    if cluster.backend == BackendKind::Consul {
        no_password(args)?;
        if let Some(place) = cluster.places.get("auth.user").or(cluster.places.get("auth.password_file")) {
            return Err(Failure::usage(format!("{place}: Consul takes a token, not a user and a password"))
                .hint("write auth = { token_file = \"…\" }"));
        }
        let (file, place) = match &args.token_file {
            Some(file) => (Some(file), None),
            None => (cluster.token_file.as_ref(), Some("auth.token_file")),
        };
        return file.map(|file| token(file).map_err(|failure| blame(place, failure))).transpose();
    }
    no_token(args, cluster.backend)?;
    if let Some(place) = cluster.places.get("auth.token_file") {
        let name = cluster.backend.name();
        return Err(Failure::usage(format!("{place}: {name} takes a user and a password, not a token"))
            .hint("write auth = { user = \"…\", password_file = \"…\" }"));
    }
    let place = match (&args.password_file, &cluster.password_file, &args.user) {
        (Some(_), _, _) | (None, None, Some(_)) => None,
        (None, Some(_), _) => Some("auth.password_file"),
        (None, None, None) => Some("auth.user"),
    };
    let file = args.password_file.clone().or_else(|| cluster.password_file.clone());
    let user = args.user.clone().or_else(|| cluster.user.clone());
    password(user, file.as_deref(), None).map_err(|failure| blame(place, failure))
}

/// Where Consul's own client would connect; `None` when the environment does not say.
pub(super) fn consul_endpoints(world: &World) -> Result<Option<Vec<String>>, Failure> {
    let Some(text) = world.var("CONSUL_HTTP_ADDR").map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.starts_with("unix://") {
        return Err(Failure::usage(
            "CONSUL_HTTP_ADDR names a socket of this machine, which is not looked at",
        )
        .hint("name the servers: `quorate check consul://HOST:8500,HOST:8500`"));
    }
    let address = text.strip_prefix("tcp://").unwrap_or(text);
    let scheme = if consul_over_tls(world) { "https" } else { "http" };
    let url = if address.contains("://") { address.to_owned() } else { format!("{scheme}://{address}") };
    Ok(Some(vec![url]))
}

/// Whether the environment tells Consul's own client to use TLS.
pub(super) fn consul_over_tls(world: &World) -> bool {
    is(world, "CONSUL_HTTP_SSL", true)
}

/// Says on stderr that others can read a token's file.
pub(super) fn warn_of_exposure(target: &Target, world: &World) {
    let Some(Auth::Token { file: Some(file), .. }) = &target.auth else { return };
    let Ok(mode) = std::fs::metadata(file).map(|meta| meta.permissions().mode()) else { return };
    if mode & 0o077 != 0 {
        world.tell(&format!(
            "warning: the token file {} can be read by others (mode {:03o}): chmod 600 it",
            file.display(),
            mode & 0o777
        ));
    }
}

/// Go's `strconv.ParseBool`.
fn is(world: &World, name: &str, wanted: bool) -> bool {
    let words: &[&str] = if wanted { &["1", "t", "true"] } else { &["0", "f", "false"] };
    world.var(name).is_some_and(|text| words.contains(&text.to_ascii_lowercase().as_str()))
}

fn no_password(args: &TargetArgs) -> Result<(), Failure> {
    if args.user.is_none() && args.password_file.is_none() {
        return Ok(());
    }
    Err(Failure::usage("Consul takes a token, not a user and a password")
        .hint("give --token-file FILE, or CONSUL_HTTP_TOKEN"))
}

fn no_token(args: &TargetArgs, backend: BackendKind) -> Result<(), Failure> {
    match args.token_file {
        None => Ok(()),
        Some(_) => {
            Err(Failure::usage(format!("--token-file: {} takes a user and a password", backend.name()))
                .hint("give --user NAME and --password-file FILE"))
        }
    }
}

fn password(
    user: Option<String>,
    file: Option<&Path>,
    password: Option<Secret>,
) -> Result<Option<Auth>, Failure> {
    let Some(user) = user else { return Ok(None) };
    let password = match (file, password) {
        (Some(path), _) => read(path, "password")?,
        (None, Some(password)) => password,
        (None, None) => {
            return Err(Failure::usage(format!("user `{user}` has no password"))
                .hint("give --password-file FILE (- for stdin), or auth.password_file in the config file, or ETCDCTL_PASSWORD"));
        }
    };
    Ok(Some(Auth::Password { user, password }))
}

fn token(file: &Path) -> Result<Auth, Failure> {
    let token = read(file, "token")?;
    let text = token.expose().trim();
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Failure::usage(format!("the token file {} does not hold one token", file.display()))
            .hint("write the token's SecretID into it, and nothing else"));
    }
    let stdin = file == Path::new("-");
    Ok(Auth::Token { token: Secret::new(text), file: (!stdin).then(|| file.to_owned()) })
}

fn read(path: &Path, what: &str) -> Result<Secret, Failure> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    match text {
        Ok(text) => Ok(Secret::new(text.trim_end_matches(['\n', '\r']))),
        Err(error) => Err(Failure::usage(format!("cannot read the {what} file {}: {error}", path.display()))),
    }
}
