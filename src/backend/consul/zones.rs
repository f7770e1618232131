//! `/v1/operator/autopilot/state` of Enterprise, by its documented answer: none could be run here.
//! <https://developer.hashicorp.com/consul/api-docs/operator/autopilot#read-the-autopilot-state>

use super::wire;
use crate::facts::{RedundancyZone, RedundancyZones, Trouble};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    optimistic_failure_tolerance: Option<u64>,
    /// Absent, or `null`, where no node has the tag of a zone.
    redundancy_zones: Option<BTreeMap<String, Zone>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Zone {
    servers: Option<Vec<String>>,
    voters: Option<Vec<String>>,
    #[serde(default)]
    failure_tolerance: u64,
}

pub(super) fn read(body: &[u8]) -> Result<RedundancyZones, Trouble> {
    let read: State = wire::page(body, "autopilot's state")?;
    let zones = read.redundancy_zones.unwrap_or_default().into_iter().map(|(name, zone)| {
        let zone = RedundancyZone {
            servers: zone.servers.unwrap_or_default(),
            voters: zone.voters.unwrap_or_default(),
            failure_tolerance: zone.failure_tolerance,
        };
        (name, zone)
    });
    Ok(RedundancyZones {
        optimistic_failure_tolerance: read.optimistic_failure_tolerance,
        zones: zones.collect(),
    })
}
