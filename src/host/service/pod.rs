//! Static pods: the kubelet runs what has a manifest in the directory it watches.

use super::{Service, ServiceError, Standing, Status};
use crate::consent::Consent;
use crate::host::{HostError, Place};
use crate::transport::Deadline;
use std::path::{Path, PathBuf};

/// Where manifests wait: beside the watched directory, so on the same file system and never watched.
const MOVED: &str = "quorate-moved";

/// `alone`: it is known that no process of it lives.
pub(super) async fn status(
    service: &Service<'_>,
    manifest: &Path,
    alone: bool,
    deadline: Deadline,
) -> Result<Status, ServiceError> {
    Ok(match (in_place(service, manifest, deadline).await?, alone) {
        (true, true) => Status::Unknown("no process of it lives, but its manifest is in place".into()),
        (true, false) => Status::Unknown("its manifest is in place".into()),
        (false, true) => Status::Stopped,
        (false, false) => Status::Unknown("its manifest is moved out; its process is not known".into()),
    })
}

pub(super) async fn standing(
    service: &Service<'_>,
    manifest: &Path,
    deadline: Deadline,
) -> Result<Standing, ServiceError> {
    Ok(Standing::Manifest { in_place: in_place(service, manifest, deadline).await? })
}

/// Does nothing when it is out already.
pub(super) async fn move_out(
    service: &Service<'_>,
    consent: &Consent,
    manifest: &Path,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    if !in_place(service, manifest, deadline).await? {
        return Ok(());
    }
    let aside = aside(service, manifest)?;
    match service.host.make_dir(consent, parent(&aside), 0o700, deadline).await {
        Ok(()) | Err(HostError::Exists(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(service.host.rename(consent, manifest, &aside, deadline).await?)
}

/// Does nothing when it is in place already.
pub(super) async fn put_back(
    service: &Service<'_>,
    consent: &Consent,
    manifest: &Path,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    if in_place(service, manifest, deadline).await? {
        return Ok(());
    }
    Ok(service.host.rename(consent, &aside(service, manifest)?, manifest, deadline).await?)
}

/// Whether the manifest is where the kubelet sees it; an error when it is nowhere.
async fn in_place(service: &Service<'_>, manifest: &Path, deadline: Deadline) -> Result<bool, ServiceError> {
    if service.host.stat(manifest, deadline).await?.is_some() {
        return Ok(true);
    }
    let aside = aside(service, manifest)?;
    match service.host.stat(&aside, deadline).await? {
        Some(_) => Ok(false),
        None => Err(service.missing(format_args!("neither its manifest nor {} is there", aside.display()))),
    }
}

fn aside(service: &Service<'_>, manifest: &Path) -> Result<PathBuf, ServiceError> {
    let outside = manifest.parent().and_then(Path::parent).zip(manifest.file_name());
    let (outside, name) = outside.ok_or_else(|| {
        let place = Place::path(service.host.name(), "move", manifest);
        place.refused("the watched directory has no parent to move it to")
    })?;
    Ok(outside.join(MOVED).join(name))
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
