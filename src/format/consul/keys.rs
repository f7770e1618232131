//! What the key-value store of a snapshot holds: amounts by prefix, private keys among the values, and whether Vault keeps
//! its data there. Values are looked at and never kept.

use super::state::Amount;
use memchr::memmem;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Prefixes counted by name; keys of further ones are counted together under [`OTHER`].
const MOST_PREFIXES: usize = 4096;
/// Name under which keys of further prefixes are counted.
pub(super) const OTHER: &str = "(other)";
/// Bytes of a prefix's name that are kept.
const LONGEST_PREFIX: usize = 256;
/// Names of keys that are given as examples.
const EXAMPLES: usize = 8;
/// Places where Vault may have its data that are looked at.
const MOST_PLACES: usize = 64;

/// The store, counted while it is read.
#[derive(Debug, Default)]
pub struct Keys {
    /// By what stands before the second `/`, as `consul snapshot inspect -kvdetails` does.
    prefixes: HashMap<Vec<u8>, Amount>,
    other: Amount,
    /// Keys and the bytes of their records.
    pub all: Amount,
    /// Values with a private key in PEM that is not encrypted.
    pub private_keys: u64,
    /// Names of some of those keys.
    pub examples: Vec<String>,
    places: BTreeMap<Vec<u8>, Place>,
}

/// Where Vault has its data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vault {
    /// The prefix, with its last `/`.
    pub prefix: String,
    /// Keys below it.
    pub keys: u64,
    /// Keys without which it cannot be unsealed and that are not there.
    pub missing: Vec<String>,
}

#[derive(Debug, Default)]
struct Place {
    keys: u64,
    core: BTreeSet<&'static str>,
    /// Whether there is anything that only a Vault that was initialised writes.
    initialised: bool,
}

/// Keys below `core/` by which Vault is known (hashicorp/vault, vault/barrier.go, seal.go, mount.go, auth.go, audit.go).
const CORE: [&str; 14] = [
    "keyring",
    "seal-config",
    "master",
    "shamir-kek",
    "mounts",
    "auth",
    "audit",
    "local-mounts",
    "local-auth",
    "local-audit",
    "recovery-config",
    "hsm/barrier-unseal-keys",
    "wrapping/jwtkey",
    "cluster/local/info",
];

/// Without these no unseal key opens it.
const NEEDED: [&str; 2] = ["keyring", "seal-config"];

/// So many of [`CORE`] below one prefix are Vault's, whatever the prefix is called.
const ENOUGH: usize = 3;

impl Keys {
    /// Counts a key whose record has so many bytes.
    pub(super) fn count(&mut self, key: &[u8], bytes: u64) {
        self.all.add(bytes);
        let prefix = prefix_of(key);
        if let Some(amount) = self.prefixes.get_mut(prefix) {
            amount.add(bytes);
        } else if self.prefixes.len() >= MOST_PREFIXES {
            self.other.add(bytes);
        } else {
            self.prefixes.insert(prefix.to_vec(), Amount { count: 1, bytes });
        }
        self.look_for_vault(key);
    }

    /// Counts a private key that stands in the value of a key.
    pub(super) fn private_key(&mut self, key: &[u8]) {
        self.private_keys += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(crate::format::source::key_text(key));
        }
    }

    /// Amounts by prefix.
    pub fn by_prefix(&self) -> BTreeMap<String, Amount> {
        let mut named: BTreeMap<String, Amount> = BTreeMap::new();
        for (prefix, amount) in &self.prefixes {
            named.entry(String::from_utf8_lossy(prefix).into_owned()).or_default().join(*amount);
        }
        if self.other.count > 0 {
            named.entry(OTHER.to_owned()).or_default().join(self.other);
        }
        named
    }

    /// Where Vault has its data, when it has them here.
    pub fn vaults(&self) -> Vec<Vault> {
        let known = |(prefix, place): &(&Vec<u8>, &Place)| {
            let named = prefix.as_slice() == b"vault/" || prefix.ends_with(b"/vault/");
            place.core.len() >= ENOUGH || (named && place.initialised)
        };
        let missing =
            |place: &Place| NEEDED.iter().filter(|name| !place.core.contains(*name)).copied().collect();
        let vault = |(prefix, place): (&Vec<u8>, &Place)| {
            let missing: Vec<&str> = missing(place);
            Vault {
                prefix: String::from_utf8_lossy(prefix).into_owned(),
                keys: place.keys,
                missing: missing.iter().map(|name| format!("core/{name}")).collect(),
            }
        };
        self.places.iter().filter(known).map(vault).collect()
    }

    /// Vault's keys are `PREFIX/core/…`, `PREFIX/sys/…` and `PREFIX/logical/…`.
    fn look_for_vault(&mut self, key: &[u8]) {
        let begin = &key[..key.len().min(LONGEST_PREFIX)];
        let parts: [&[u8]; 3] = [b"/core/", b"/sys/", b"/logical/"];
        let found = parts.iter().filter_map(|part| Some((memmem::find(begin, part)?, *part)));
        let Some((at, part)) = found.min() else { return };
        let (prefix, rest) = (&key[..=at], &key[at + part.len()..]);
        if !self.places.contains_key(prefix) && self.places.len() >= MOST_PLACES {
            return;
        }
        let place = self.places.entry(prefix.to_vec()).or_default();
        place.keys += 1;
        if part == b"/core/" {
            place.core.extend(CORE.iter().find(|name| name.as_bytes() == rest));
        }
        place.initialised |= part != b"/core/" || !place.core.is_empty();
    }
}

/// What stands before the second `/`.
fn prefix_of(key: &[u8]) -> &[u8] {
    let mut slashes = key.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let end = slashes.nth(1).unwrap_or(key.len());
    &key[..end.min(LONGEST_PREFIX)]
}

/// Looks for a private key in PEM in what is shown piece by piece.
#[derive(Debug, Default)]
pub(super) struct PemSearch {
    /// The end of what was seen, and then the next piece.
    window: Vec<u8>,
    /// Whether one was found.
    pub(super) found: bool,
}

/// How a private key is called; `ENCRYPTED` before it means that it needs a password.
const NAMED: &[u8] = b"PRIVATE KEY-----";
const BEGINS: &[u8] = b"-----BEGIN ";
/// The longest name of a kind of key between the two.
const KIND: usize = 16;
const KEPT: usize = NAMED.len() + BEGINS.len() + KIND;

impl PemSearch {
    /// Looks at the next piece.
    pub(super) fn look(&mut self, piece: &[u8]) {
        if self.found {
            return;
        }
        self.window.extend_from_slice(piece);
        self.found = memmem::find_iter(&self.window, NAMED).any(|at| begins(&self.window[..at]));
        let old = self.window.len().saturating_sub(KEPT);
        self.window.drain(..old);
    }
}

fn begins(before: &[u8]) -> bool {
    let before = &before[before.len().saturating_sub(BEGINS.len() + KIND)..];
    memmem::rfind(before, BEGINS).is_some_and(|at| {
        let kind = &before[at + BEGINS.len()..];
        kind != b"ENCRYPTED " && kind.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b' ')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(keys: &[&str]) -> Keys {
        let mut counted = Keys::default();
        keys.iter().for_each(|key| counted.count(key.as_bytes(), 10));
        counted
    }

    /// As strings.Split and strings.Join of Go make them with a depth of 2.
    #[test]
    fn prefixes_are_those_of_consul() {
        let cases = [
            ("a", "a"),
            ("a/", "a/"),
            ("a/b", "a/b"),
            ("a/b/c", "a/b"),
            ("/a/b", "/a"),
            ("//", "/"),
            ("", ""),
        ];
        for (key, prefix) in cases {
            assert_eq!(prefix_of(key.as_bytes()), prefix.as_bytes(), "{key}");
        }
        let mut keys = counted(&["a/b/1", "a/b/2", "c"]);
        assert_eq!(keys.by_prefix()["a/b"], Amount { count: 2, bytes: 20 });
        (0..5000).for_each(|n| keys.count(format!("{n}").as_bytes(), 1));
        let by_prefix = keys.by_prefix();
        assert_eq!(by_prefix.len(), MOST_PREFIXES + 1);
        assert_eq!(by_prefix[OTHER].count, 5000 - (MOST_PREFIXES as u64 - 2));
        assert_eq!(by_prefix.values().map(|amount| amount.count).sum::<u64>(), keys.all.count);
    }

    #[test]
    fn vault_is_known_by_its_keys() {
        let whole = counted(&[
            "vault/core/keyring",
            "vault/core/seal-config",
            "vault/logical/a/b",
            "vault/sys/policy/x",
        ]);
        let vault = |prefix: &str, keys, missing: &[&str]| Vault {
            prefix: prefix.into(),
            keys,
            missing: missing.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert_eq!(whole.vaults(), [vault("vault/", 4, &[])]);
        let cut = counted(&["vault/core/seal-config", "vault/logical/a/b"]);
        assert_eq!(cut.vaults(), [vault("vault/", 2, &["core/keyring"])]);
        let elsewhere = counted(&["x/y/core/mounts", "x/y/core/auth", "x/y/core/audit", "x/y/sys/token/1"]);
        assert_eq!(elsewhere.vaults(), [vault("x/y/", 4, &["core/keyring", "core/seal-config"])]);
        assert!(counted(&["app/core/auth", "app/sys/x", "core/keyring"]).vaults().is_empty());
        assert!(
            counted(&["vault/core/lock", "vault/core/leader/1"]).vaults().is_empty(),
            "not initialised yet"
        );
        let many: Vec<String> = (0..1000).map(|n| format!("{n}/core/x")).collect();
        assert_eq!(counted(&many.iter().map(String::as_str).collect::<Vec<_>>()).places.len(), MOST_PLACES);
    }

    #[test]
    fn private_keys_are_found_wherever_pieces_end() {
        let found = |text: &str, size: usize| {
            let mut search = PemSearch::default();
            text.as_bytes().chunks(size).for_each(|piece| search.look(piece));
            search.found
        };
        for size in 1..100 {
            for kind in ["", "RSA ", "EC ", "OPENSSH "] {
                let text = format!("{}-----BEGIN {kind}PRIVATE KEY-----\nMII", "x".repeat(50));
                assert!(found(&text, size), "{kind} in pieces of {size}");
            }
            for other in [
                "-----BEGIN ENCRYPTED PRIVATE KEY-----",
                "-----BEGIN CERTIFICATE-----",
                "the words PRIVATE KEY----- alone",
                "-----BEGIN notes on a PRIVATE KEY-----",
            ] {
                assert!(!found(other, size), "{other} in pieces of {size}");
            }
        }
    }
}
