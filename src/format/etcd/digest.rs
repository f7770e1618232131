//! The SHA-256 that `snapshot save` puts behind a database, recomputed while streaming.

use crate::format::source::{Damage, Place, Source, read_full};
use sha2::{Digest as _, Sha256};

/// Bytes of the digest.
const LENGTH: u64 = 32;
/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// What the end of a file says about its beginning.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Digest {
    /// No digest: the size is not 32 more than a multiple of 512, as in a copied database.
    Absent,
    /// The digest is that of the content.
    Matches {
        /// It, in hex.
        sha256: String,
    },
    /// The content is not what was saved.
    Differs {
        /// In the file, in hex.
        stored: String,
        /// Of the content, in hex.
        computed: String,
    },
}

/// Whether a file of this length ends in a digest, by the rule of etcd's own tools.
pub fn has_digest(length: u64) -> bool {
    length % 512 == LENGTH
}

/// Reads the whole file once. Returns what its digest says, and the SHA-256 of the file as it is, in hex.
pub fn read_digest(source: &dyn Source) -> Result<(Digest, String), Damage> {
    let length = source.len();
    let body = if has_digest(length) { length - LENGTH } else { length };
    let mut hasher = Sha256::new();
    hash(source, 0, body, &mut hasher)?;
    if body == length {
        return Ok((Digest::Absent, hex(&hasher.finalize())));
    }
    let mut stored = [0u8; LENGTH as usize];
    if read_full(source, body, &mut stored)? < stored.len() {
        return Err(Damage::new(Place::Offset(body), "the file ends early, in its digest"));
    }
    let computed = hasher.clone().finalize();
    hasher.update(stored);
    let digest = if computed[..] == stored {
        Digest::Matches { sha256: hex(&stored) }
    } else {
        Digest::Differs { stored: hex(&stored), computed: hex(&computed) }
    };
    Ok((digest, hex(&hasher.finalize())))
}

/// A digest that stands where the database ends although the file goes on: something was appended to a snapshot.
/// `used` is where the database ends. Returns the number of bytes behind it. Reads the file only when there is anything
/// behind the database that could be a digest.
pub fn appended(source: &dyn Source, used: u64) -> Result<Option<u64>, Damage> {
    let mut stored = [0u8; LENGTH as usize];
    let behind = source.len().saturating_sub(used);
    if behind <= LENGTH || read_full(source, used, &mut stored)? < stored.len() || stored == [0; 32] {
        return Ok(None);
    }
    let mut hasher = Sha256::new();
    hash(source, 0, used, &mut hasher)?;
    Ok((hasher.finalize()[..] == stored).then_some(behind - LENGTH))
}

fn hash(source: &dyn Source, from: u64, to: u64, hasher: &mut Sha256) -> Result<(), Damage> {
    let mut chunk = vec![0u8; CHUNK.min(usize::try_from(to - from).unwrap_or(CHUNK))];
    let mut at = from;
    while at < to {
        let wanted = (to - at).min(chunk.len() as u64) as usize;
        let read = read_full(source, at, &mut chunk[..wanted])?;
        if read < wanted {
            return Err(Damage::new(
                Place::Offset(at + read as u64),
                "the file became shorter while it was read",
            ));
        }
        hasher.update(&chunk[..read]);
        at += read as u64;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_three_apart() {
        let body = vec![3u8; 1024];
        assert_eq!(read_digest(&body).expect("read").0, Digest::Absent);
        let mut saved = [body.clone(), Sha256::digest(&body).to_vec()].concat();
        assert!(matches!(read_digest(&saved).expect("read").0, Digest::Matches { .. }));
        let longer = [saved.clone(), vec![0; 480]].concat();
        assert_eq!(appended(&longer, 1024).expect("read"), Some(480));
        assert_eq!(appended(&saved, 1024).expect("read"), None);
        saved[77] ^= 1;
        assert!(matches!(read_digest(&saved).expect("read").0, Digest::Differs { .. }));
    }
}
