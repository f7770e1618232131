//! `state.bin`: the state of a server as one stream: a header, then one byte and one MessagePack value for each record
//! (hashicorp/consul agent/consul/fsm). Nothing of it is held but counts and names.

use super::keys::{Keys, PemSearch};
use super::kinds::{
    ACL_TOKEN, AUTH_METHOD, CA_CONFIG, CA_PROVIDER_STATE, CA_ROOT, KVS, OLD_ACL, PEERING_SECRET, REGISTER,
    kind_text,
};
use super::msgpack::{Broken, Entry, Reader, Token};
use std::collections::BTreeMap;
use std::io::BufRead;

/// Longer keys are cut for their prefix and their name; Consul has no limit of its own.
const LONGEST_KEY: usize = 4096;
/// Names, ids and secrets.
const LONGEST_TEXT: usize = 256;
/// Servers whose names are kept.
const MOST_SERVERS: usize = 256;

/// A number of records and the bytes that they take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Amount {
    pub(super) fn add(&mut self, bytes: u64) {
        self.join(Amount { count: 1, bytes });
    }

    pub(super) fn join(&mut self, other: Amount) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}

/// What is in it.
#[derive(Debug, Default)]
pub struct State {
    /// The last raft index that changed it; `None` when there is no header.
    pub last_index: Option<u64>,
    /// It begins as the state of a Nomad server does.
    pub of_nomad: bool,
    /// Records by kind. The header's bytes are counted with the first record, as `consul snapshot inspect` does.
    pub records: BTreeMap<u8, Amount>,
    /// The key-value store.
    pub keys: Keys,
    /// Nodes, instances of services and checks.
    pub catalog: Catalog,
    /// What of it is secret.
    pub secrets: Secrets,
    /// The mesh's CA.
    pub ca: Ca,
}

/// The catalog, counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Nodes.
    pub nodes: u64,
    /// Instances of services.
    pub services: u64,
    /// Checks.
    pub checks: u64,
    /// Names of nodes that are servers, by their node id.
    pub servers: BTreeMap<String, String>,
}

/// Secrets, counted and never kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Private keys of the mesh's CA.
    pub ca_keys: u64,
    /// Credentials of an outside CA in the configuration of the mesh's.
    pub ca_credentials: u64,
    /// Tokens, without the anonymous one.
    pub tokens: u64,
    /// Those of them that may do everything, by the policy global-management.
    pub management: u64,
    /// Ways to log in with a credential in their configuration.
    pub auth_methods: u64,
    /// Secrets between peered clusters.
    pub peerings: u64,
}

/// The mesh's CA.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ca {
    /// `consul`, `vault`, …; empty when it is not configured.
    pub provider: String,
    /// Root certificates.
    pub roots: u64,
}

/// Reads to the end, or as far as it can be read: then says why not further.
pub(super) fn read(input: &mut dyn BufRead) -> (State, Result<(), Broken>) {
    let mut state = State::default();
    let mut reader = Reader::new(input);
    let read = state.read_all(&mut reader);
    (state, read)
}

impl State {
    fn read_all(&mut self, reader: &mut Reader<'_>) -> Result<(), Broken> {
        self.header(reader)?;
        let mut from = 0;
        while let Some(kind) = reader.byte()? {
            let key = self.record(kind, reader)?;
            let bytes = reader.at() - from;
            from = reader.at();
            self.records.entry(kind).or_default().add(bytes);
            if let Some(key) = key {
                self.keys.count(&key, bytes);
            }
        }
        Ok(())
    }

    fn header(&mut self, reader: &mut Reader<'_>) -> Result<(), Broken> {
        let entries = reader.map(&mut |reader, name| {
            if name != b"LastIndex" {
                return Ok(false);
            }
            self.last_index = reader.number()?;
            Ok(true)
        })?;
        self.of_nomad = entries == Some(0);
        if self.last_index.is_none() {
            return Err(reader.damage("it does not begin as the state of a Consul server does"));
        }
        Ok(())
    }

    /// Reads one record; a key's name is returned.
    fn record(&mut self, kind: u8, reader: &mut Reader<'_>) -> Result<Option<Vec<u8>>, Broken> {
        match kind {
            KVS => return self.key(reader).map(Some),
            REGISTER => self.register(reader)?,
            ACL_TOKEN => self.token(reader, ACL_TOKEN, b"SecretID")?,
            OLD_ACL => self.token(reader, OLD_ACL, b"ID")?,
            CA_ROOT => {
                self.ca.roots += 1;
                self.secrets.ca_keys += u64::from(has(reader, kind, b"SigningKey")?);
            }
            CA_PROVIDER_STATE => self.secrets.ca_keys += u64::from(has(reader, kind, b"PrivateKey")?),
            CA_CONFIG => self.ca_config(reader)?,
            AUTH_METHOD => self.auth_method(reader)?,
            PEERING_SECRET => {
                self.secrets.peerings += 1;
                reader.skip()?;
            }
            _ => reader.skip()?,
        }
        Ok(None)
    }

    fn key(&mut self, reader: &mut Reader<'_>) -> Result<Vec<u8>, Broken> {
        let (mut key, mut pem) = (None, PemSearch::default());
        fields(reader, KVS, &mut |reader, name| {
            match name {
                b"Key" => key = reader.bytes(LONGEST_KEY)?,
                b"Value" => search(reader, &mut pem)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let Some(key) = key else { return Err(reader.damage("a key without its name ends here")) };
        if pem.found {
            self.keys.private_key(&key);
        }
        Ok(key)
    }

    /// A node alone, or with an instance of a service, or with a check.
    fn register(&mut self, reader: &mut Reader<'_>) -> Result<(), Broken> {
        let (mut id, mut node, mut check, mut service) = (String::new(), String::new(), false, None);
        fields(reader, REGISTER, &mut |reader, name| {
            match name {
                b"ID" => id = reader.text(LONGEST_TEXT)?,
                b"Node" => node = reader.text(LONGEST_TEXT)?,
                b"Check" => check = reader.map(&mut |_, _| Ok(false))?.is_some(),
                b"Service" => {
                    let mut called = String::new();
                    let there = reader.map(&mut |reader, name| {
                        if name != b"Service" {
                            return Ok(false);
                        }
                        called = reader.text(LONGEST_TEXT)?;
                        Ok(true)
                    })?;
                    service = there.map(|_| called.clone());
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let catalog = &mut self.catalog;
        match service {
            Some(called) => {
                catalog.services += 1;
                if called == "consul" && !id.is_empty() && catalog.servers.len() < MOST_SERVERS {
                    catalog.servers.insert(id, node);
                }
            }
            None if check => catalog.checks += 1,
            None => catalog.nodes += 1,
        }
        Ok(())
    }

    /// A token of either kind; its secret is in the field `holds`. One of before 1.4 has no policies.
    fn token(&mut self, reader: &mut Reader<'_>, kind: u8, holds: &[u8]) -> Result<(), Broken> {
        let (mut secret, mut management) = (false, false);
        fields(reader, kind, &mut |reader, name| {
            match name {
                name if name == holds => {
                    let text = reader.text(LONGEST_TEXT)?;
                    secret = !text.is_empty() && text != "anonymous";
                }
                b"Type" => management |= reader.text(LONGEST_TEXT)? == "management",
                b"Policies" => reader.array(&mut |reader| {
                    reader.map(&mut |reader, name| {
                        if name != b"ID" {
                            return Ok(false);
                        }
                        management |= reader.text(LONGEST_TEXT)? == GLOBAL_MANAGEMENT;
                        Ok(true)
                    })?;
                    Ok(())
                })?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        self.secrets.tokens += u64::from(secret);
        self.secrets.management += u64::from(secret && management);
        Ok(())
    }

    fn ca_config(&mut self, reader: &mut Reader<'_>) -> Result<(), Broken> {
        let (mut provider, mut keys, mut credentials) = (String::new(), 0, 0);
        fields(reader, CA_CONFIG, &mut |reader, name| {
            match name {
                b"Provider" => provider = reader.text(LONGEST_TEXT)?,
                b"Config" => drop(reader.map(&mut |reader, name| {
                    match name {
                        b"PrivateKey" => keys += u64::from(reader.length()? > 0),
                        b"Token" => credentials += u64::from(reader.length()? > 0),
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        if !provider.is_empty() {
            self.ca.provider = provider;
        }
        self.secrets.ca_keys += keys;
        self.secrets.ca_credentials += credentials;
        Ok(())
    }

    fn auth_method(&mut self, reader: &mut Reader<'_>) -> Result<(), Broken> {
        let mut credential = false;
        fields(reader, AUTH_METHOD, &mut |reader, name| {
            if name != b"Config" {
                return Ok(false);
            }
            reader.map(&mut |reader, name| {
                if !matches!(name, b"ServiceAccountJWT" | b"OIDCClientSecret") {
                    return Ok(false);
                }
                credential |= reader.length()? > 0;
                Ok(true)
            })?;
            Ok(true)
        })?;
        self.secrets.auth_methods += u64::from(credential);
        Ok(())
    }
}

/// The id of the built-in policy that may do everything.
const GLOBAL_MANAGEMENT: &str = "00000000-0000-0000-0000-000000000001";

/// The fields of a record, which is a map.
fn fields<'i>(reader: &mut Reader<'i>, kind: u8, entry: &mut Entry<'_, 'i>) -> Result<(), Broken> {
    match reader.map(entry)? {
        Some(_) => Ok(()),
        None => Err(reader.damage(format!("a record {} that is no map ends here", kind_text(kind)))),
    }
}

/// Whether a record has something in this field.
fn has(reader: &mut Reader<'_>, kind: u8, field: &[u8]) -> Result<bool, Broken> {
    let mut there = false;
    fields(reader, kind, &mut |reader, name| {
        if name != field {
            return Ok(false);
        }
        there = reader.length()? > 0;
        Ok(true)
    })?;
    Ok(there)
}

fn search(reader: &mut Reader<'_>, pem: &mut PemSearch) -> Result<(), Broken> {
    match reader.token()? {
        Token::Bytes(length) => reader.scan_rest(length, &mut |piece| pem.look(piece)),
        other => reader.skip_rest(other),
    }
}

#[cfg(test)]
pub(super) mod handmade {
    /// Text as go-msgpack writes it.
    pub(in crate::format) fn raw(bytes: &[u8]) -> Vec<u8> {
        let head = match bytes.len() {
            short @ 0..=31 => vec![0xa0 | short as u8],
            long => [vec![0xda], (long as u16).to_be_bytes().to_vec()].concat(),
        };
        [head, bytes.to_vec()].concat()
    }

    /// A map of values that are encoded already.
    pub(in crate::format) fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = vec![0x80 | entries.len() as u8];
        for (name, value) in entries {
            bytes.extend(raw(name.as_bytes()));
            bytes.extend(value);
        }
        bytes
    }

    /// A header and records.
    pub(in crate::format) fn state(records: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = map(&[("LastIndex", vec![7])]);
        for (kind, value) in records {
            bytes.push(*kind);
            bytes.extend(value);
        }
        bytes
    }

    /// A key.
    pub(in crate::format) fn key(name: &str, value: &[u8]) -> (u8, Vec<u8>) {
        (2, map(&[("Flags", vec![0]), ("Key", raw(name.as_bytes())), ("Value", raw(value))]))
    }
}

#[cfg(test)]
mod tests {
    use super::handmade::{key, map, raw, state};
    use super::*;

    fn whole(bytes: &[u8]) -> State {
        let mut input = bytes;
        let (state, read) = read(&mut input);
        read.expect("whole");
        state
    }

    fn broken(mut bytes: &[u8]) -> String {
        match read(&mut bytes).1 {
            Err(Broken::Form(damage)) => damage.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn records_are_counted_and_the_header_goes_with_the_first() {
        let bytes = state(&[key("a/b/c", b"1"), key("a/b/d", b"2"), (16, map(&[])), (200, vec![0xc0])]);
        let state = whole(&bytes);
        assert_eq!((state.last_index, state.of_nomad), (Some(7), false));
        assert_eq!(state.records[&16], Amount { count: 1, bytes: 2 });
        assert_eq!(state.records[&200], Amount { count: 1, bytes: 2 });
        assert_eq!(state.records.values().map(|amount| amount.bytes).sum::<u64>(), bytes.len() as u64);
        assert_eq!(state.keys.by_prefix()["a/b"], state.records[&KVS]);
    }

    #[test]
    fn secrets_are_counted() {
        let text = |text: &str| raw(text.as_bytes());
        let policies = [vec![0x91], map(&[("ID", text(GLOBAL_MANAGEMENT))])].concat();
        let state = whole(&state(&[
            (ACL_TOKEN, map(&[("Policies", policies), ("SecretID", text("s"))])),
            (ACL_TOKEN, map(&[("Policies", vec![0xc0]), ("SecretID", text("t"))])),
            (ACL_TOKEN, map(&[("SecretID", text("anonymous"))])),
            (OLD_ACL, map(&[("ID", text("u")), ("Type", text("management"))])),
            (CA_ROOT, map(&[("SigningKey", text(""))])),
            (CA_PROVIDER_STATE, map(&[("PrivateKey", text("-----BEGIN"))])),
            (CA_CONFIG, map(&[("Config", map(&[("Token", text("v"))])), ("Provider", text("vault"))])),
            (AUTH_METHOD, map(&[("Config", map(&[("ServiceAccountJWT", text("j"))]))])),
            (PEERING_SECRET, map(&[])),
            key("tls", b"-----BEGIN EC PRIVATE KEY-----\n"),
        ]));
        let expected =
            Secrets { ca_keys: 1, ca_credentials: 1, tokens: 3, management: 2, auth_methods: 1, peerings: 1 };
        assert_eq!(state.secrets, expected);
        assert_eq!(state.ca, Ca { provider: "vault".into(), roots: 1 });
        assert_eq!((state.keys.private_keys, state.keys.examples.as_slice()), (1, &["tls".to_owned()][..]));
    }

    #[test]
    fn the_catalog_names_its_servers() {
        let node = |more: &[(&str, Vec<u8>)]| {
            let own = [("ID", raw(b"i1")), ("Node", raw(b"n1"))];
            (REGISTER, map(&[&own[..], more].concat()))
        };
        let service = |name: &str| ("Service", map(&[("Service", raw(name.as_bytes()))]));
        let state = whole(&state(&[
            node(&[("Check", vec![0xc0]), ("Service", vec![0xc0])]),
            node(&[service("consul")]),
            node(&[service("web")]),
            node(&[("Check", map(&[]))]),
        ]));
        let servers = [("i1".to_owned(), "n1".to_owned())].into();
        assert_eq!(state.catalog, Catalog { nodes: 1, services: 2, checks: 1, servers });
    }

    #[test]
    fn damage_ends_it_with_its_place() {
        assert_eq!(broken(b""), "offset 0: it ends where a value should begin");
        assert_eq!(broken(b"\x80"), "offset 1: it does not begin as the state of a Consul server does");
        let bytes = state(&[key("a", b"1"), (KVS, map(&[]))]);
        assert_eq!(broken(&bytes), format!("offset {}: a key without its name ends here", bytes.len()));
        let bytes = state(&[(REGISTER, vec![1])]);
        assert_eq!(
            broken(&bytes),
            format!("offset {}: a record Register that is no map ends here", bytes.len())
        );
        let mut nomad: &[u8] = b"\x80\x01";
        assert!(read(&mut nomad).0.of_nomad);
    }
}
