//! A lab's own CA, and a certificate for each member and for quorate.

use super::state::TlsPaths;
use super::{LabError, at};
use crate::private;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use std::path::Path;
use std::time::Duration;

const DAY: u64 = 86_400;
const CA_DAYS: u64 = 3650;
/// Clocks may differ a little.
const BACKDATED: u64 = 3600;

/// Writes everything into the directory of `paths`. `members`: name and address; their certificates have `extra` DNS
/// names too. Leaf certificates live for `days`.
pub(super) fn write(
    paths: &TlsPaths,
    lab: &str,
    members: &[(String, String)],
    extra: &[&str],
    now: Timestamp,
    days: u32,
) -> Result<(), LabError> {
    let now = u64::try_from(now.as_second()).unwrap_or_default();
    let ca_key = KeyPair::generate()?;
    let ca = authority(lab, now)?;
    put(&paths.ca, &ca.self_signed(&ca_key)?.pem())?;
    let issuer = Issuer::from_params(&ca, ca_key);
    for (name, address) in members {
        let mut names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        if !names.contains(address) {
            names.push(address.clone());
        }
        names.extend(extra.iter().map(|name| (*name).to_owned()));
        let mut params = leaf(name, names, now, days)?;
        // A peer is a client of other peers, and etcd's gateway is a client of its own listener.
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let pair = sign(&params, &issuer, &paths.cert_of(name), &paths.key_of(name))?;
        put(&paths.bundle_of(name), &pair)?;
    }
    let mut client = leaf("quorate", Vec::new(), now, days)?;
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    sign(&client, &issuer, &paths.cert, &paths.key).map(drop)
}

fn authority(lab: &str, now: u64) -> Result<CertificateParams, LabError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, format!("quorate lab {lab} CA"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.saturating_sub(BACKDATED));
    params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(now + CA_DAYS * DAY);
    Ok(params)
}

fn leaf(name: &str, names: Vec<String>, now: u64, days: u32) -> Result<CertificateParams, LabError> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.saturating_sub(BACKDATED));
    params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(now + u64::from(days) * DAY);
    Ok(params)
}

/// Writes both files; gives both texts, the key first.
fn sign(
    params: &CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
    cert: &Path,
    key: &Path,
) -> Result<String, LabError> {
    let pair = KeyPair::generate()?;
    let (secret, public) = (pair.serialize_pem(), params.signed_by(&pair, issuer)?.pem());
    put(cert, &public)?;
    put(key, &secret)?;
    Ok(secret + &public)
}

fn put(path: &Path, text: &str) -> Result<(), LabError> {
    private::write(path, text.as_bytes()).map_err(at("cannot write", path))
}
