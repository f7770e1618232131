//! The config file as it is written. Values that are checked later keep their place in the text.

use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Spanned;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawCluster>")]
    pub(super) clusters: BTreeMap<Spanned<String>, RawCluster>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub(super) policy: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    #[serde(default)]
    #[schemars(with = "Vec<RawWaiver>")]
    pub(super) waivers: Vec<Spanned<RawWaiver>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCluster {
    #[schemars(with = "String")]
    pub(super) backend: Spanned<String>,
    #[schemars(with = "Vec<String>")]
    pub(super) endpoints: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) tls: RawTls,
    #[serde(default)]
    pub(super) auth: RawAuth,
    /// kube-apiserver's `--etcd-prefix`, where it is not `/registry`
    #[schemars(with = "Option<String>")]
    pub(super) kubernetes_prefix: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) members: BTreeMap<String, RawMember>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    #[schemars(with = "Option<PathBuf>")]
    pub(super) ca: Option<Spanned<PathBuf>>,
    #[schemars(with = "Option<PathBuf>")]
    pub(super) cert: Option<Spanned<PathBuf>>,
    #[schemars(with = "Option<PathBuf>")]
    pub(super) key: Option<Spanned<PathBuf>>,
    pub(super) server_name: Option<String>,
    #[serde(default)]
    pub(super) insecure_skip_verify: bool,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAuth {
    #[schemars(with = "Option<String>")]
    pub(super) user: Option<Spanned<String>>,
    #[schemars(with = "Option<PathBuf>")]
    pub(super) password_file: Option<Spanned<PathBuf>>,
    #[schemars(with = "Option<PathBuf>")]
    pub(super) token_file: Option<Spanned<PathBuf>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMember {
    pub(super) zone: Option<String>,
    #[schemars(with = "Option<String>")]
    pub(super) endpoint: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub(super) metrics: Option<Spanned<String>>,
    /// URL of ZooKeeper's AdminServer, where it is not on port 8080.
    #[schemars(with = "Option<String>")]
    pub(super) admin: Option<Spanned<String>>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) wal_dir: Option<PathBuf>,
    pub(super) program: Option<PathBuf>,
    #[schemars(with = "Option<RawHost>")]
    pub(super) host: Option<Spanned<RawHost>>,
    #[schemars(with = "Option<RawService>")]
    pub(super) service: Option<Spanned<RawService>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHost {
    #[serde(default)]
    pub(super) local: bool,
    pub(super) ssh: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    pub(super) systemd: Option<String>,
    pub(super) static_pod: Option<PathBuf>,
    pub(super) start: Option<String>,
    pub(super) stop: Option<String>,
    pub(super) status: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWaiver {
    pub(super) check: String,
    pub(super) cluster: Option<String>,
    pub(super) member: Option<String>,
    #[schemars(with = "String")]
    pub(super) until: toml::Value,
    pub(super) reason: String,
}
