//! The way back of a script whose new cluster never answered.

use super::oracle::data_dir;
use super::scene::with_command;
use super::script::Stuck;
use crate::cluster::Cluster;

/// What nobody can have been told, for nothing was ever written to its log, is no loss.
#[test]
fn a_new_cluster_that_never_answered_does_not_forbid_the_way_back() {
    let tried = |cluster: &Cluster| cluster.home.path("tried").display().to_string();
    let fails_once = |cluster: &Cluster| {
        let start = format!("[ -e {0} ] || {{ touch {0}; exit 1; }}; {{}}", tried(cluster));
        let text = std::fs::read_to_string(cluster.config()).expect("a config file");
        std::fs::write(cluster.config(), with_command(&text, "n1", "start", &start)).expect("written");
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let stuck = Stuck::of(Cluster::etcd("3.6.16", 3), fails_once);
            stuck.run("run", true).exits(2).says(&["Start n1 as the new cluster"]);
            stuck.run("rollback", true).exits(0).says(&["as it was before"]);
            let dir = data_dir(&stuck.cluster, 0).display().to_string();
            let found = stuck.cluster.home.run(&["inspect", &dir, "-o", "json"]).stdout;
            assert!(found.contains(&stuck.old), "the old data is in place: {found}");
            stuck.cluster.home.run(&["lab", "status", "--member", "n1"]).exits(0);
        });
        scope.spawn(|| {
            let stuck = Stuck::of(Cluster::etcd("3.5.35", 3), fails_once);
            stuck.run("run", true).exits(2);
            stuck.kill_at(": Write ");
            stuck.cluster.lab("kill", &["n1"]);
            let refused = stuck.run("rollback", true).exits(4);
            refused.says(&["cannot be rolled back", "has written to its log", "start it"]);
        });
    });
}
