//! `/proc/self/mountinfo`: a rename works only under one mount, and two mounts may show one device (bind mounts), which
//! device numbers do not tell apart.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The mount that a path without symbolic links is under: the deepest mount point above it, the last where several are
/// on one point, since that one hides the others.
pub(super) fn id_of(mountinfo: &[u8], path: &Path) -> Option<u64> {
    let mut best: Option<(usize, u64)> = None;
    for line in mountinfo.split(|byte| *byte == b'\n') {
        let Some((id, point)) = mount(line) else { continue };
        let depth = point.len();
        if is_above(&point, path) && best.is_none_or(|(deepest, _)| depth >= deepest) {
            best = Some((depth, id));
        }
    }
    best.map(|(_, id)| id)
}

/// `ID PARENT MAJOR:MINOR ROOT POINT …`
fn mount(line: &[u8]) -> Option<(u64, Vec<u8>)> {
    let mut fields = line.split(|byte| *byte == b' ');
    let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    Some((id, unescaped(fields.nth(3)?)))
}

/// The kernel writes blank, tab, newline and backslash as three octal digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let escape = after
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(escape.unwrap_or(*first));
        rest = if escape.is_some() { &after[3..] } else { after };
    }
    bytes
}

fn is_above(point: &[u8], path: &Path) -> bool {
    path.starts_with(Path::new(std::ffi::OsStr::from_bytes(point)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &[u8] = b"22 1 254:0 / / rw - ext4 /dev/vda rw\n\
        30 22 254:0 /srv/x /var/lib/e\\040tcd rw - ext4 /dev/vda rw\n\
        31 22 0:40 / /var/lib/etc rw - tmpfs tmpfs rw\n\
        33 22 0:41 / /mnt rw - tmpfs tmpfs rw\n\
        34 33 0:42 / /mnt rw - tmpfs tmpfs rw\n";

    #[test]
    fn the_deepest_and_last_mount_point_counts() {
        let id = |path: &str| id_of(INFO, Path::new(path));
        assert_eq!(id("/var/lib/etcd"), Some(22), "not the one whose name only begins alike");
        assert_eq!(id("/var/lib/e tcd/member"), Some(30));
        assert_eq!(id("/var/lib/etc"), Some(31));
        assert_eq!(id("/mnt/a"), Some(34));
        assert_eq!(id_of(b"", Path::new("/")), None);
    }
}
