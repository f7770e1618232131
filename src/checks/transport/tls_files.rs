use crate::checks::agents::nobody;
use crate::facts::{CommonFacts, ConsulFacts, ConsulSettings, ListenerKind, Member, Observed, TlsPair};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "tls-files",
    family: Family::Transport,
    question: "Would every server start and be believed with the TLS files that it has now?",
    why: "A server goes on with what it read when it started. A key that does not belong to its certificate, or a certificate \
          without the name that others demand, is found out at the next restart, of all servers at once when all were changed.",
    remedy: "Issue certificate and key together, with server.DATACENTER.DOMAIN as a name, put both in place, and let the agent \
             read them: `consul reload`, one server at a time.",
    runbook: Some("expired-certificates"),
    thresholds: &[],
    sources: &[
        "https://developer.hashicorp.com/consul/docs/security/encryption/mtls",
        "the files that the server's own command line and configuration name, on members with host = { local = true } in the \
         config file",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let mut judged = 0_usize;
    for (member, native) in consul.answered(facts) {
        let Some(here) = native.here.known() else { continue };
        let files = match &here.config {
            Observed::Known(files) => files,
            // A server without TLS has no such files.
            Observed::Unknown(why) if speaks_tls(member) => {
                tally.gap(member.label(), format!("its TLS files: {why}"), Severity::Critical);
                continue;
            }
            Observed::Unknown(_) => continue,
        };
        for pair in &files.pairs {
            judged += 1;
            of_pair(pair, member, native.settings.known(), &mut tally);
        }
    }
    tally.evidence("pairs", judged);
    match tally.outcome() {
        Outcome::Clear(_) if judged == 0 => {
            Outcome::NotApplicable("no server's TLS files can be seen from here".into())
        }
        outcome => outcome,
    }
}

fn speaks_tls(member: &Member) -> bool {
    member.listeners.iter().any(|listener| listener.chain.known().is_some_and(|chain| !chain.is_empty()))
}

fn of_pair(pair: &TlsPair, member: &Member, settings: Option<&ConsulSettings>, tally: &mut Tally) {
    match &pair.unfit {
        Observed::Known(None) => {}
        Observed::Known(Some(why)) => {
            let says = "it cannot start with the TLS files of {of}: {why}";
            let hit = Hit::new(Severity::Critical, says).with("of", pair.of.as_str());
            tally.hit(hit.with("why", why.as_str()).on(member.label()));
            return;
        }
        Observed::Unknown(why) => {
            let missing = format!("whether it could start with the TLS files of {}: {why}", pair.of);
            tally.gap(member.label(), missing, Severity::Critical);
        }
    }
    let Some(leaf) = pair.leaf.known() else { return };
    let peers = pair.of.contains("internal_rpc");
    let demanded = settings.filter(|s| s.verify_server_hostname == Some(true)).map(|s| &s.server_name);
    if let Some(name) = demanded.filter(|name| peers && !leaf.names.contains(name)) {
        let says = "the certificate {file} does not name {name}: no server talks to it once it has read it";
        let hit = Hit::new(Severity::Critical, says).with("file", pair.cert_file.as_str());
        tally.hit(hit.with("name", name.as_str()).on(member.label()));
    }
    let others = member.listeners.iter().filter(|listener| uses(pair, listener.kind));
    let other = others.filter_map(|l| l.chain.known()?.first()).find(|l| l.fingerprint != leaf.fingerprint);
    if let Some(served) = other {
        let says = "it serves another certificate than {file} holds (until {served}, and until {held}): it has not read the file \
                    since it was changed";
        let hit = Hit::new(Severity::Warning, says)
            .with("file", pair.cert_file.as_str())
            .with("served", crate::finding::Value::Time(served.not_after))
            .with("held", crate::finding::Value::Time(leaf.not_after));
        tally.hit(hit.remedy("Let the agent read it: `consul reload`.").on(member.label()));
    }
}

fn uses(pair: &TlsPair, kind: ListenerKind) -> bool {
    let part = match kind {
        ListenerKind::Peer => "internal_rpc",
        ListenerKind::Client => "https",
        ListenerKind::Grpc | ListenerKind::Metrics => return false,
    };
    pair.of.split(", ").any(|of| of == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, row, servers, undecided};
    use crate::facts::ConfigFiles;

    /// n2 with the certificate that it serves its peers.
    fn with(change: fn(&mut TlsPair)) -> Sample {
        let mut sample = servers(3);
        let leaf = sample.member_mut("n2").listeners[1].chain.known().map(|chain| chain[0].clone());
        let mut pair = TlsPair {
            of: "internal_rpc, grpc".into(),
            cert_file: "/etc/consul.d/n2.pem".into(),
            key_file: "/etc/consul.d/n2-key.pem".into(),
            leaf: Observed::or_unknown(leaf, "none"),
            unfit: Observed::Known(None),
        };
        change(&mut pair);
        let files = ConfigFiles { pairs: vec![pair], ..ConfigFiles::default() };
        sample.here_mut_of("n2").config = Observed::Known(files);
        sample
    }

    fn leaf(pair: &mut TlsPair, change: fn(&mut crate::facts::Certificate)) {
        if let Observed::Known(leaf) = &mut pair.leaf {
            change(leaf);
        }
    }

    #[test]
    fn what_a_restart_would_find_out() {
        assert!(matches!(servers(3).run(&CHECK), Outcome::NotApplicable(_)));
        row(&CHECK, &with(|_| ()), &[]);
        row(&CHECK, &with(|pair| pair.unfit = Observed::Known(Some("no key".into()))), &[Severity::Critical]);
        row(&CHECK, &with(|pair| leaf(pair, |l| l.names.clear())), &[Severity::Critical]);
        row(&CHECK, &with(|pair| leaf(pair, |l| l.fingerprint = "new".into())), &[Severity::Warning]);
        // A client's certificate needs no server's name.
        let https = with(|pair| {
            pair.of = "grpc".into();
            leaf(pair, |l| l.names.clear());
        });
        row(&CHECK, &https, &[]);
        undecided(&CHECK, &with(|pair| pair.unfit = Observed::unknown("denied")), Severity::Critical);
        let mut unseen = servers(3);
        unseen.here_mut_of("n2").config = Observed::unknown("no process");
        undecided(&CHECK, &unseen, Severity::Critical);
    }
}
