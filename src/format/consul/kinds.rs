//! Kinds of records, by the byte before each (hashicorp/consul agent/structs/structs.go). The names are those that `consul
//! snapshot inspect` prints.

/// Nodes, services and checks.
pub(super) const REGISTER: u8 = 0;
/// Keys and their values.
pub(super) const KVS: u8 = 2;
/// Tokens as they were before 1.4: the id is the secret.
pub(super) const OLD_ACL: u8 = 4;
/// Root certificates of the mesh's CA.
pub(super) const CA_ROOT: u8 = 13;
/// What the provider of the mesh's CA keeps: for the built-in one its private key.
pub(super) const CA_PROVIDER_STATE: u8 = 14;
/// How the mesh's CA is configured.
pub(super) const CA_CONFIG: u8 = 15;
/// Tokens.
pub(super) const ACL_TOKEN: u8 = 17;
/// Ways to log in, some with a credential.
pub(super) const AUTH_METHOD: u8 = 27;
/// Secrets between peered clusters.
pub(super) const PEERING_SECRET: u8 = 40;
/// The first kind that only Consul Enterprise writes and reads.
pub const ENTERPRISE: u8 = 64;

/// What `consul snapshot inspect` calls a kind; `None` for one that is not known here.
pub fn kind_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        REGISTER => "Register",
        1 => "Deregister",
        KVS => "KVS",
        3 => "Session",
        OLD_ACL => "ACL",
        5 => "Tombstone",
        6 => "CoordinateBatchUpdate",
        7 => "PreparedQuery",
        8 => "Txn",
        9 => "Autopilot",
        10 => "Area",
        11 => "ACLBootstrap",
        12 => "Intention",
        CA_ROOT => "ConnectCA",
        CA_PROVIDER_STATE => "ConnectCAProviderState",
        CA_CONFIG => "ConnectCAConfig",
        16 => "Index",
        ACL_TOKEN => "ACLToken",
        18 => "ACLTokenDelete",
        19 => "ACLPolicy",
        20 => "ACLPolicyDelete",
        21 => "ConnectCALeaf",
        22 => "ConfigEntry",
        23 => "ACLRole",
        24 => "ACLRoleDelete",
        25 => "ACLBindingRule",
        26 => "ACLBindingRuleDelete",
        AUTH_METHOD => "ACLAuthMethod",
        28 => "ACLAuthMethodDelete",
        29 => "ChunkingState",
        30 => "FederationState",
        31 => "SystemMetadata",
        32 => "ServiceVirtualIP",
        33 => "FreeVirtualIP",
        34 => "KindServiceName",
        35 => "Peering",
        36 => "PeeringDelete",
        38 => "PeeringTrustBundle",
        39 => "PeeringTrustBundleDelete",
        PEERING_SECRET => "PeeringSecret",
        _ => return None,
    })
}

/// The same, with a name for those that are not known, as Consul's own tool has it.
pub fn kind_text(kind: u8) -> String {
    kind_name(kind).map_or_else(|| format!("Unknown({kind})"), str::to_owned)
}
