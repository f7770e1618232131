//! The files that a server was started with, as its command line names them.

use crate::facts::{Observed, TlsPair};
use crate::format::consul::settings;
use crate::host::{HostError, Process};
use crate::listener::certificate;
use crate::target::TlsFiles;
use crate::transport::tls::{TlsFileError, TlsMaterial};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A server's process with what it was started with.
#[derive(Debug)]
pub(super) struct Started {
    settings: BTreeMap<String, String>,
    /// Those of its files that hold a secret.
    secret_files: Vec<PathBuf>,
    /// Where secrets stand on its command line: under which flag.
    secret_flags: Vec<String>,
}

impl Started {
    /// The one process of this machine whose data lie there.
    pub(super) fn of(dir: &Path, processes: &Result<Vec<Process>, HostError>) -> Observed<Started> {
        let processes = match processes {
            Ok(processes) => processes,
            Err(error) => return Observed::unknown(error.to_string()),
        };
        let mut ours = processes.iter().filter_map(Started::read).filter(|started| started.in_dir(dir));
        match (ours.next(), ours.next()) {
            (Some(one), None) => Observed::Known(one),
            (Some(_), Some(_)) => Observed::unknown("more than one process of this machine has its data"),
            (None, _) => Observed::unknown(
                "no process of this machine has its data, by a command line and files that this user may read",
            ),
        }
    }

    fn read(process: &Process) -> Option<Started> {
        let words: Vec<&str> = process.argv.iter().filter_map(|word| word.to_str()).collect();
        let program = Path::new(words.first()?).file_name()?.to_str()?;
        if !program.starts_with("consul") || !words.contains(&"agent") {
            return None;
        }
        let mut started =
            Started { settings: BTreeMap::new(), secret_files: Vec::new(), secret_flags: Vec::new() };
        let mut flags = BTreeMap::new();
        for (name, value) in Flags(words[1..].iter()) {
            let path = || process.cwd.as_deref().unwrap_or(Path::new("/")).join(value);
            match name {
                "config-file" | "config-dir" => {
                    files(&path()).into_iter().try_for_each(|file| started.file(file))?
                }
                "hcl" => started.take("hcl", settings(value)),
                "data-dir" => drop(flags.insert("data_dir".to_owned(), path().display().to_string())),
                "encrypt" => drop(flags.insert("encrypt".to_owned(), value.to_owned())),
                _ => {}
            }
        }
        started.take("encrypt", flags);
        Some(started)
    }

    /// Settings of the command line, which win over files.
    fn take(&mut self, flag: &str, settings: BTreeMap<String, String>) {
        if settings.iter().any(secret) {
            self.secret_flags.push(format!("the command line (-{flag})"));
        }
        self.settings.extend(settings);
    }

    fn file(&mut self, path: PathBuf) -> Option<()> {
        let read = settings(&std::fs::read_to_string(&path).ok()?);
        if read.iter().any(secret) {
            self.secret_files.push(path);
        }
        self.settings.extend(read);
        Some(())
    }

    fn in_dir(&self, dir: &Path) -> bool {
        let own = self.settings.get("data_dir").and_then(|own| std::fs::canonicalize(own).ok());
        own.is_some() && own == std::fs::canonicalize(dir).ok()
    }

    /// `encrypt`.
    pub(super) fn gossip_key(&self) -> Option<&str> {
        self.settings.get("encrypt").map(String::as_str).filter(|key| !key.is_empty())
    }

    /// What every user of the machine can read and nobody else should.
    pub(super) fn exposed(&self) -> Vec<String> {
        let keys = self.settings.iter().filter(|(name, _)| name.ends_with("key_file"));
        let keys = keys.map(|(_, path)| PathBuf::from(path)).filter(|path| path.is_absolute());
        let mut files: Vec<PathBuf> =
            self.secret_files.iter().cloned().chain(keys).filter(|path| open_to_all(path)).collect();
        files.sort();
        files.dedup();
        let files = files.iter().map(|path| path.display().to_string());
        files.chain(self.secret_flags.iter().cloned()).collect()
    }

    /// Certificates with their keys. What a part of `tls` does not name it has from the defaults; before 1.12 there were
    /// only those, without a part.
    pub(super) fn pairs(&self) -> Vec<TlsPair> {
        let of = |part: &str, name: &str| {
            let places = [format!("tls.{part}.{name}"), format!("tls.defaults.{name}"), name.to_owned()];
            places.iter().find_map(|place| self.settings.get(place)).filter(|path| !path.is_empty())
        };
        let mut pairs: Vec<TlsPair> = Vec::new();
        for part in ["internal_rpc", "https", "grpc"] {
            let (Some(cert), Some(key)) = (of(part, "cert_file"), of(part, "key_file")) else { continue };
            match pairs.iter_mut().find(|pair| pair.cert_file == *cert && pair.key_file == *key) {
                Some(pair) => pair.of = format!("{}, {part}", pair.of),
                None => pairs.push(pair(part, cert, key)),
            }
        }
        pairs
    }
}

/// A setting that nobody else should read.
fn secret((name, value): (&String, &String)) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let named = ["encrypt", "private_key", "secret_id"].contains(&last) || last.ends_with("token");
    (named || name.starts_with("acl.tokens.")) && !value.is_empty()
}

/// `-name=value`, `--name=value`, `-name value`.
struct Flags<'a, 'b>(std::slice::Iter<'b, &'a str>);

impl<'a> Iterator for Flags<'a, '_> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        loop {
            let word = self.0.next()?;
            let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
            if let Some(pair) = flag.split_once('=') {
                return Some(pair);
            }
            // Switches have no value: what follows one begins with a dash, or is no flag at all.
            if self.0.as_slice().first().is_some_and(|next| !next.starts_with('-')) {
                return Some((flag, self.0.next()?));
            }
        }
    }
}

/// A file, or those of a directory that a server reads, in its order.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.to_owned()] };
    let read =
        |path: &PathBuf| path.extension().is_some_and(|end| end == "hcl" || end == "json") && path.is_file();
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(read).collect();
    files.sort();
    files
}

/// Whether every user of this machine can read it: its own mode, and a way through every directory above.
fn open_to_all(path: &Path) -> bool {
    let mode = |path: &Path| std::fs::metadata(path).map(|about| about.permissions().mode()).unwrap_or(0);
    mode(path) & 0o004 != 0 && path.ancestors().skip(1).all(|dir| mode(dir) & 0o001 != 0)
}

fn pair(part: &str, cert: &str, key: &str) -> TlsPair {
    let files =
        TlsFiles { cert: Some(PathBuf::from(cert)), key: Some(PathBuf::from(key)), ..TlsFiles::default() };
    let unfit = match TlsMaterial::load(&files) {
        Ok(_) => Observed::Known(None),
        Err(TlsFileError::Mismatch { .. }) => {
            Observed::Known(Some(format!("the key {key} does not belong to the certificate {cert}")))
        }
        Err(TlsFileError::Unreadable { path, source, .. })
            if source.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            Observed::unknown(format!("{}: {source}", path.display()))
        }
        Err(TlsFileError::Unreadable { path, source, .. }) => {
            Observed::Known(Some(format!("{} cannot be read: {source}", path.display())))
        }
        Err(TlsFileError::NotPem { path, expected, .. }) => {
            Observed::Known(Some(format!("{} holds no {expected}", path.display())))
        }
        Err(TlsFileError::Encrypted { path }) => Observed::Known(Some(format!(
            "the key {} is encrypted, and a server asks nobody",
            path.display()
        ))),
        Err(other) => Observed::unknown(other.to_string()),
    };
    let leaf = CertificateDer::from_pem_file(cert)
        .map_err(|_| format!("{cert} holds no certificate that can be read"))
        .and_then(|der| certificate::read(&der).map_err(|error| error.to_string()));
    TlsPair {
        of: part.to_owned(),
        cert_file: cert.to_owned(),
        key_file: key.to_owned(),
        leaf: leaf.map_or_else(Observed::unknown, Observed::Known),
        unfit,
    }
}
