//! SHA-256 of a file, by the TLS provider's own implementation: no second one for one digest.

use super::super::error::Trouble;
use super::files::{in_time, open_regular};
use crate::transport::Deadline;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;

pub(super) fn sha256(path: &Path, deadline: Deadline) -> Result<String, Trouble> {
    let mut file = open_regular(path)?;
    let suite = rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
    let suite = suite.tls13().ok_or_else(|| io::Error::other("this build has no SHA-256"))?;
    let mut hash = suite.common.hash_provider.start();
    let mut buffer = vec![0; 1 << 20];
    loop {
        in_time(deadline)?;
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    Ok(hash.finish().as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
