//! A network of its own for an isolated lab: a bridge on this machine, and for each member a namespace with its own
//! address. A link between two members is cut on both sides, by a neighbour entry that leads nowhere: packets vanish
//! in silence, as they do when a real network breaks, while this machine still reaches every member.
//!
//! Needs root and iproute2; every command is an argument vector.

use super::state::{Lab, Member, Network};
use super::{LabError, at, random};
use std::path::Path;
use std::process::Command;

/// A locally administered hardware address that nobody has.
const NOWHERE: &str = "02:00:00:00:00:01";
const INSIDE: &str = "eth0";
/// Of 10.231.0.0/16: one /24 for each lab.
const INDEXES: u8 = 254;

/// Refuses unless we are root.
pub(super) fn require_root() -> Result<(), LabError> {
    let uid = rustix::process::geteuid();
    if uid.is_root() { Ok(()) } else { Err(LabError::NotRoot { uid: uid.as_raw() }) }
}

/// Makes the lab's bridge and writes down, beforehand, which one it will be. The kernel lets only one lab have an
/// index; the hardware address tells whose bridge it is, should we be killed in between.
pub(super) fn make_bridge(lab: &mut Lab) -> Result<u8, LabError> {
    let [first, a, b, c, d] = random::<5>()?;
    let mac = format!("02:51:{a:02x}:{b:02x}:{c:02x}:{d:02x}");
    let indexes = (0..INDEXES).map(|step| 1 + (first % INDEXES + step) % INDEXES);
    for index in indexes {
        if Path::new(&format!("/sys/class/net/{}", bridge(index))).exists() {
            continue;
        }
        lab.network = Some(Network { index, mac: mac.clone() });
        lab.write()?;
        match ip(&["link", "add", "name", &bridge(index), "address", &mac, "type", "bridge"]) {
            Ok(()) => {}
            Err(LabError::Network { reason, .. }) if reason.contains("File exists") => continue,
            Err(error) => return Err(error),
        }
        ip(&["addr", "add", &format!("10.231.{index}.1/24"), "dev", &bridge(index)])?;
        ip(&["link", "set", &bridge(index), "up"])?;
        return Ok(index);
    }
    Err(LabError::Network {
        command: "ip link add".into(),
        reason: "every subnet of 10.231.0.0/16 is in use".into(),
    })
}

/// The address of the member at this position (from 0).
pub(super) fn address(index: u8, position: usize) -> String {
    format!("10.231.{index}.{}", 11 + position)
}

/// The namespace of a member.
pub(super) fn namespace(index: u8, member: &str) -> String {
    format!("{}-{member}", bridge(index))
}

/// Makes the namespaces of all members and plugs them into the bridge.
pub(super) fn plug_in(lab: &Lab) -> Result<(), LabError> {
    let Some(network) = &lab.network else { return Ok(()) };
    let bridge = bridge(network.index);
    for (position, member) in lab.members.iter().enumerate() {
        let Some(namespace) = &member.namespace else { continue };
        let outside = outside(network.index, position);
        ip(&["netns", "add", namespace])?;
        ip(&["link", "add", &outside, "type", "veth", "peer", "name", INSIDE, "netns", namespace])?;
        ip(&["link", "set", &outside, "master", &bridge])?;
        ip(&["link", "set", &outside, "up"])?;
        ip(&["-n", namespace, "addr", "add", &format!("{}/24", member.address), "dev", INSIDE])?;
        ip(&["-n", namespace, "link", "set", INSIDE, "up"])?;
        ip(&["-n", namespace, "link", "set", "lo", "up"])?;
    }
    Ok(())
}

/// Cuts every link between members of different groups of `lab.partition`, restores every other.
pub(super) fn apply_partition(lab: &Lab) -> Result<(), LabError> {
    let group = |member: &Member| lab.partition.iter().position(|group| group.contains(&member.name));
    for here in &lab.members {
        let Some(namespace) = &here.namespace else { continue };
        for there in lab.members.iter().filter(|there| there.name != here.name) {
            if group(here) == group(there) {
                restore(namespace, &there.address)?;
            } else {
                cut(namespace, &there.address)?;
            }
        }
    }
    Ok(())
}

fn cut(namespace: &str, address: &str) -> Result<(), LabError> {
    ip(&["-n", namespace, "neigh", "replace", address, "lladdr", NOWHERE, "dev", INSIDE, "nud", "permanent"])
}

fn restore(namespace: &str, address: &str) -> Result<(), LabError> {
    match ip(&["-n", namespace, "neigh", "del", address, "dev", INSIDE]) {
        // There was nothing to remove.
        Err(LabError::Network { reason, .. }) if reason.contains("No such file") => Ok(()),
        other => other,
    }
}

/// Removes everything that [`make_bridge`] and [`plug_in`] made, as far as it is there, and nothing of other labs.
pub(super) fn remove(lab: &Lab) -> Result<(), LabError> {
    let Some(network) = &lab.network else { return Ok(()) };
    let address = std::fs::read_to_string(format!("/sys/class/net/{}/address", bridge(network.index)));
    if address.ok().as_deref().map(str::trim) != Some(network.mac.as_str()) {
        return Ok(());
    }
    for (position, member) in lab.members.iter().enumerate() {
        // The link first: a namespace takes its links with it, but later.
        let outside = outside(network.index, position);
        if Path::new("/sys/class/net").join(&outside).exists() {
            ip(&["link", "del", &outside])?;
        }
        if let Some(namespace) =
            member.namespace.as_ref().filter(|n| Path::new("/run/netns").join(n).exists())
        {
            ip(&["netns", "del", namespace])?;
        }
    }
    ip(&["link", "del", &bridge(network.index)])
}

fn bridge(index: u8) -> String {
    format!("qlab{index}")
}

fn outside(index: u8, position: usize) -> String {
    format!("ql{index}-{}", position + 1)
}

fn ip(arguments: &[&str]) -> Result<(), LabError> {
    let output = Command::new("ip").args(arguments).output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => LabError::Network {
            command: "ip".into(),
            reason: "the program is not there: install the package iproute2".into(),
        },
        _ => at("cannot run", Path::new("ip"))(error),
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(LabError::Network {
        command: format!("ip {}", arguments.join(" ")),
        reason: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
