//! Free ports, held until the moment the servers take them over.

use super::{LabError, random};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};

/// Below every usual ephemeral range (Linux: from 32768): a port that the kernel hands to outgoing connections would
/// be gone when a killed member wants it back.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Ports that are bound by us and by nobody else, until this is dropped.
pub(super) struct Held {
    /// The port numbers.
    pub(super) ports: Vec<u16>,
    _listeners: Vec<TcpListener>,
}

/// Holds `count` free ports of 127.0.0.1 that are not in `taken` (ports of other labs' stopped members).
pub(super) fn hold(count: usize, taken: &BTreeSet<u16>) -> Result<Held, LabError> {
    let width = RANGE.end - RANGE.start;
    let offset = u16::from_le_bytes(random::<2>()?) % width;
    let candidates = (0..width).map(|step| RANGE.start + (offset + step) % width);
    let mut listeners: Vec<TcpListener> = candidates
        .filter(|port| !taken.contains(port))
        .filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
        .take(count)
        .collect();
    let wrong = |source| LabError::Io { what: "cannot find a free port".to_owned(), source };
    while listeners.len() < count {
        listeners.push(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(wrong)?);
    }
    let ports =
        listeners.iter().map(|l| Ok(l.local_addr()?.port())).collect::<Result<_, _>>().map_err(wrong)?;
    Ok(Held { ports, _listeners: listeners })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_holders_share_a_port() {
        let one = hold(20, &BTreeSet::new()).expect("ports");
        let two = hold(20, &one.ports.iter().copied().collect()).expect("ports");
        let all: BTreeSet<u16> = one.ports.iter().chain(&two.ports).copied().collect();
        assert_eq!(all.len(), 40);
    }
}
