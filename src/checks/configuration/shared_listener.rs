use super::{Settings, settings};
use crate::checks::versions::release::Release;
use crate::facts::{CommonFacts, EtcdFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "shared-listener",
    family: Family::Configuration,
    question: "Are gRPC and HTTP served on sockets of their own?",
    why: "With TLS, one socket for both makes etcd serve gRPC through Go's HTTP/2 server, where large reads can starve \
          watches.",
    remedy: "Under heavy read load, give HTTP (health, metrics, the gateway) a socket of its own with \
             --listen-client-http-urls; monitoring then has to ask there.",
    runbook: None,
    thresholds: &[],
    sources: &["https://github.com/etcd-io/etcd/issues/15402", "etcd CHANGELOG-3.5: 3.5.8"],
    rules: &[Rule::Etcd(judge)],
};

fn judge(etcd: &EtcdFacts, common: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut shared = Vec::new();
    let mut asked = 0usize;
    for (member, status) in etcd.answering(common) {
        // Without TLS etcd tells the two apart by itself; before these releases there is no such flag.
        let applies =
            member.endpoint.starts_with("https://") && Release::parse(&status.version).is_some_and(has_flag);
        if !applies {
            continue;
        }
        asked += 1;
        match settings(member) {
            Settings::Arguments(vars) if vars.flag("listen-client-http-urls").is_none() => {
                shared.push(member.label())
            }
            Settings::Arguments(_) => {}
            Settings::Elsewhere(why) => tally.gap(member.label(), why, Severity::Info),
            Settings::Unread(why) => {
                tally.gap(member.label(), format!("its start arguments: {why}"), Severity::Info);
            }
        }
    }
    if asked == 0 {
        return Outcome::NotApplicable(
            "no member that answered serves TLS and knows --listen-client-http-urls".into(),
        );
    }
    if !shared.is_empty() {
        let says = "gRPC and HTTP share one TLS socket on {members}";
        tally.hit(Hit::new(Severity::Info, says).with("members", shared));
    }
    tally.outcome()
}

/// Since 3.5.8 and, backported, 3.4.25.
fn has_flag(release: Release) -> bool {
    let since = if release.line() == (3, 4) { Release::new(3, 4, 25) } else { Release::new(3, 5, 8) };
    release >= since
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row, undecided};

    #[test]
    fn only_tls_without_a_socket_for_http() {
        row(&CHECK, &cluster(3), &[Severity::Info]);
        let mut apart = cluster(1);
        apart.vars_mut("n1").cmdline.push("--listen-client-http-urls=https://10.0.0.1:2381".into());
        row(&CHECK, &apart, &[]);
        let mut plain = cluster(1);
        plain.etcd_mut("n1").endpoint = "http://10.0.0.1:2379".into();
        assert!(matches!(plain.run(&CHECK), Outcome::NotApplicable(_)));
        let mut old = cluster(1);
        old.status_mut("n1").version = "3.4.23".into();
        assert!(matches!(old.run(&CHECK), Outcome::NotApplicable(_)));
        let mut file = cluster(1);
        file.vars_mut("n1").cmdline = vec!["etcd".into(), "--config-file=/etc/etcd.yaml".into()];
        undecided(&CHECK, &file, Severity::Info);
    }
}
