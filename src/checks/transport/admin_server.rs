//! admin-exposed, asked of ZooKeeper: its AdminServer answers everybody, in plaintext.

use crate::checks::servers::{each, on};
use crate::facts::{CommonFacts, Observed, ZookeeperFacts};
use crate::finding::{Outcome, Severity};
use crate::policy::Policy;

const REMEDY: &str = "Set admin.serverAddress=127.0.0.1 (or admin.enableServer=false) in zoo.cfg and restart the servers \
                      one at a time; keep passwords in files: ssl.keyStore.passwordPath (3.8 and later).";

pub(super) fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    each(zookeeper, Severity::Warning, |member, tally| {
        // One that does not answer us is not exposed to us.
        let Observed::Known(admin) = &member.admin else { return };
        // Through loopback we cannot tell how far it listens; its own settings can.
        let here_only = admin.listens_loopback.unwrap_or(admin.loopback);
        if !admin.leaks.is_empty() {
            let severity = if here_only { Severity::Warning } else { Severity::Critical };
            let says = "its AdminServer ({url}) tells {leaks} to whoever asks";
            tally.hit(
                on(member, severity, says)
                    .with("url", admin.url.as_str())
                    .with("leaks", admin.leaks.clone())
                    .remedy(REMEDY),
            );
        } else if !here_only {
            let says = "its AdminServer ({url}) answers everybody, without TLS: settings, sessions and, from 3.9 on, \
                        snapshots and restores for whoever knows a password";
            tally.hit(on(member, Severity::Warning, says).with("url", admin.url.as_str()).remedy(REMEDY));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::admin_exposed::CHECK;
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn passwords_are_worse_than_an_open_page() {
        row(&CHECK, &ensemble(3), &[]);
        for (here_only, leaks, expected) in
            [(true, 1, Severity::Warning), (false, 1, Severity::Critical), (false, 0, Severity::Warning)]
        {
            let mut sample = ensemble(1);
            let member = sample.zookeeper_mut("n1");
            member.admin = member.admin.map(|admin| {
                let mut admin = admin.clone();
                admin.listens_loopback = Some(here_only);
                admin.leaks = vec!["zookeeper.ssl.keyStore.password".to_owned(); leaks];
                admin
            });
            row(&CHECK, &sample, &[expected]);
        }
    }
}
