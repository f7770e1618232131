//! The ids that etcd gives: they follow from peer URLs and token, so a plan can name the new cluster before it exists.
//! api/membership/member.go `computeMemberId`, cluster.go `genID`.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Id of a member that a cluster begins with.
pub fn member_id(peer_urls: &[String], token: &str) -> u64 {
    let mut urls = peer_urls.to_vec();
    urls.sort();
    first_eight(format!("{}{token}", urls.concat()).as_bytes())
}

/// Id of a cluster that begins with these members.
pub fn cluster_id(members: &[u64]) -> u64 {
    let mut members = members.to_vec();
    members.sort_unstable();
    let bytes: Vec<u8> = members.iter().flat_map(|id| id.to_be_bytes()).collect();
    first_eight(&bytes)
}

fn first_eight(bytes: &[u8]) -> u64 {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
    digest.as_ref().iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_that_etcd_gives() {
        let url = |port: u16| vec![format!("http://127.0.0.1:{port}")];
        let members = [12380, 22380, 32380].map(|port| member_id(&url(port), "etcd-cluster-1"));
        assert_eq!(format!("{:x}", members[0]), "8211f1d0f64f3269");
        assert_eq!(format!("{:x}", cluster_id(&members)), "ef37ad9dc622a7c4");
        let alone = member_id(&["http://localhost:2380".into()], "etcd-cluster");
        assert_eq!(format!("{alone:x} {:x}", cluster_id(&[alone])), "8e9e05c52164694d cdf818194e3a8c32");
    }
}
