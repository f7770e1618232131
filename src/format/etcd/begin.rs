//! A database that knows who the members are and holds nothing else.

use super::Member;
use crate::format::bbolt;

/// Bytes in a page: the usual one; bbolt takes what its file says.
const PAGE: usize = 4096;

/// A server that finds it, with the beginning of a log, reaches its peers before it has heard of them from the leader.
pub fn database_of(members: &[Member]) -> serde_json::Result<Vec<u8>> {
    let mut records: Vec<(String, Vec<u8>)> = members
        .iter()
        .map(|member| Ok((format!("{:x}", member.id), serde_json::to_vec(member)?)))
        .collect::<serde_json::Result<_>>()?;
    records.sort();
    let pairs: Vec<_> = records.iter().map(|(key, value)| (key.as_bytes(), value.as_slice())).collect();
    Ok(bbolt::first_file(PAGE, &[(b"members", &pairs)]))
}

#[cfg(test)]
mod tests {
    use super::super::survey;
    use super::*;
    use crate::format::bbolt::Database;

    #[test]
    fn the_reader_finds_the_members_and_no_key() {
        let member = |id, learner| Member {
            id,
            peer_urls: vec![format!("https://10.0.0.{id}:2380")],
            is_learner: learner,
            name: format!("n{id}"),
            client_urls: Vec::new(),
        };
        let members = [member(0x91, false), member(0x8, true)];
        let bytes = database_of(&members).expect("made");
        let database = Database::open(&bytes).expect("opened");
        let survey = survey(&database, &mut |_| {});
        assert!(survey.structure.damages.is_empty() && survey.damages.is_empty(), "{survey:?}");
        assert_eq!(
            survey.records.members.into_values().collect::<Vec<_>>(),
            [members[1].clone(), members[0].clone()]
        );
        assert_eq!((survey.keys.live, survey.records.meta.consistent_index), (0, None));
    }
}
