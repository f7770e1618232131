//! What of Kubernetes can be told from stored keys and values: the resource a key is of, and in which form a value is
//! stored. Only the first bytes of a value are looked at; nothing of it is kept.
//!
//! Envelopes: kubernetes staging/src/k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go; plaintext:
//! apimachinery/pkg/runtime/serializer (protobuf `k8s\0`, JSON, CBOR's self-described tag).

use crate::facts::ResourceStorage;

/// Where API servers keep their objects: `--etcd-prefix` defaults to `/registry`; OpenShift's is `kubernetes.io`.
pub const PREFIXES: [&str; 2] = ["/registry/", "/kubernetes.io/"];

/// What kube-apiserver makes of its `--etcd-prefix`: a path from `/`, with one `/` behind it.
pub fn prefix_of(option: &str) -> String {
    let parts: Vec<&str> = option.split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "/".into() } else { format!("/{}/", parts.join("/")) }
}

/// Keys that are of no resource: directly under the prefix.
pub const NO_RESOURCE: &str = "(other)";

/// Key names kept for one resource: what a value says of its key is not ours to trust.
const MAX_KEY_NAMES: usize = 32;

/// A header longer than this is none: key names are file-system-like names.
const MAX_HEADER: usize = 300;

/// In which form a value is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// In the clear.
    Plaintext,
    /// By transformer and key name, such as `aescbc:v1:key1`.
    Encrypted(String),
    /// Neither.
    Unrecognised,
}

/// Tells the form of a value.
pub fn classify(value: &[u8]) -> Form {
    if let Some(rest) = value.strip_prefix(b"k8s:enc:") {
        let header = &rest[..rest.len().min(MAX_HEADER)];
        let ends: Vec<usize> =
            header.iter().enumerate().filter(|(_, b)| **b == b':').map(|(at, _)| at).take(3).collect();
        // transformer : version : key name or KMS provider : data
        return match ends.as_slice() {
            [_, _, end] => Form::Encrypted(String::from_utf8_lossy(&header[..*end]).into_owned()),
            _ => Form::Unrecognised,
        };
    }
    let plain: [&[u8]; 3] = [b"k8s\0", b"{", &[0xd9, 0xd9, 0xf7]];
    if plain.iter().any(|start| value.starts_with(start)) { Form::Plaintext } else { Form::Unrecognised }
}

/// Counts a value of a resource.
pub fn count(storage: &mut ResourceStorage, form: Form) {
    storage.looked_at += 1;
    match form {
        Form::Plaintext => storage.plaintext += 1,
        Form::Unrecognised => storage.unrecognised += 1,
        Form::Encrypted(key) => {
            let full = storage.encrypted.len() >= MAX_KEY_NAMES && !storage.encrypted.contains_key(&key);
            let key = if full { "(further keys)".to_owned() } else { key };
            *storage.encrypted.entry(key).or_default() += 1;
        }
    }
}

/// The resource part of what follows the prefix in a key; `None` for a key of no resource. An API group has a dot in its
/// name and holds resources; so does `services`, which is `services/specs` and `services/endpoints`.
pub fn resource(path: &[u8]) -> Option<&[u8]> {
    let mut slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let first = slashes.next()?;
    let group = path[..first].contains(&b'.') || &path[..first] == b"services";
    let end = if group { slashes.next()? } else { first };
    Some(&path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_kubernetes_writes() {
        let encrypted = |value: &[u8], key: &str| {
            assert_eq!(classify(value), Form::Encrypted(key.into()), "{}", String::from_utf8_lossy(value));
        };
        encrypted(b"k8s:enc:aescbc:v1:key1:\x01\x02", "aescbc:v1:key1");
        encrypted(b"k8s:enc:aesgcm:v1:2026-11:x", "aesgcm:v1:2026-11");
        encrypted(b"k8s:enc:secretbox:v1:k:", "secretbox:v1:k");
        encrypted(b"k8s:enc:kms:v1:vault:x", "kms:v1:vault");
        encrypted(b"k8s:enc:kms:v2:vault:\x0a\x10:::", "kms:v2:vault");
        encrypted(b"k8s:enc:aescbc:v1:\x1b[31m:x", "aescbc:v1:\u{1b}[31m");
        for plain in [&b"k8s\0\n\x0c"[..], b"{\"kind\":\"Secret\"}", &[0xd9, 0xd9, 0xf7, 0xa1]] {
            assert_eq!(classify(plain), Form::Plaintext);
        }
        let endless = [b"k8s:enc:aescbc:v1:".as_slice(), &[b'x'; 4096]].concat();
        for odd in [&b""[..], b"k8s", b"k8s:enc:", b"k8s:enc:aescbc:v1", b"hello", &endless] {
            assert_eq!(classify(odd), Form::Unrecognised);
        }
    }

    #[test]
    fn resources_by_path() {
        let name =
            |path: &str| resource(path.as_bytes()).map(|name| String::from_utf8_lossy(name).into_owned());
        assert_eq!(name("secrets/default/a").as_deref(), Some("secrets"));
        assert_eq!(name("services/specs/default/a").as_deref(), Some("services/specs"));
        assert_eq!(name("apps.example.com/widgets/ns/a").as_deref(), Some("apps.example.com/widgets"));
        assert_eq!(name("minions/node.example.com").as_deref(), Some("minions"));
        assert_eq!((name("health"), name(""), name("a.b/c")), (None, None, None));
    }

    #[test]
    fn key_names_are_bounded() {
        let mut storage = ResourceStorage::default();
        for n in 0..1000 {
            count(&mut storage, Form::Encrypted(format!("aescbc:v1:{n}")));
        }
        assert_eq!(storage.encrypted.len(), MAX_KEY_NAMES + 1);
        assert_eq!(storage.encrypted.values().sum::<u64>(), 1000);
    }
}
