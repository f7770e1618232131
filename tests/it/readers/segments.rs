//! A log of several files: the checksum runs through all of them, and one of them may be gone.

use super::agree::{log_files, segments};
use super::server::Server;
use quorate::format::etcd::wal::{Operation, Replay, scan};

#[test]
fn a_log_of_several_files_is_read_through() {
    let mut server = Server::start("3.6.16", &["--unsafe-no-fsync"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut client = etcd_client::Client::connect([server.endpoint()], None).await.expect("connected");
        for n in 0..140 {
            client.put(format!("/big/{n}"), vec![n as u8; 1 << 20], None).await.expect("put");
        }
    });
    server.kill();

    let files = log_files(&server.path("data/member/wal"));
    let all = segments(&files);
    assert!(all.len() >= 3, "{} files", all.len());
    let found = scan(&all);
    assert!(found.is_sound(), "{:?}", found.damages);
    let puts =
        |entry: &quorate::format::etcd::wal::Replayed| matches!(entry.operation, Operation::Put { .. });
    assert_eq!(Replay::new(&all, &found, None, 0).filter(puts).count(), 140);

    // older files are purged: the log is as good from the second file on
    let rest = scan(&all[1..]);
    assert!(rest.is_sound(), "{:?}", rest.damages);
    assert_eq!((rest.last, rest.state), (found.last, found.state));
    assert_eq!(rest.first_index, Some(all[1].first_index));

    // a file is missing in the middle, or only the first ones were copied
    let holed = scan(&[&all[..1], &all[2..]].concat());
    assert!(holed.damages.first.iter().any(|damage| damage.what.contains("gap in the log")), "{holed:?}");
    assert!(scan(&all[..1]).last < found.last);
}
