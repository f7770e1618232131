use crate::checks::servers::{each, on};
use crate::facts::{CommonFacts, Observed, ZookeeperFacts};
use crate::finding::{Check, Family, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "four-letter-words",
    family: Family::Configuration,
    question: "Are only harmless four-letter words allowed?",
    why: "Some words cost the server seconds (wchp, wchc, dump) or reset its statistics (srst, crst), for whoever reaches \
          a client port.",
    remedy: "Set 4lw.commands.whitelist=srvr,mntr,conf,ruok in zoo.cfg and restart the servers one at a time.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "CVE-2017-5637",
        "zookeeperAdmin.md: 4lw.commands.whitelist (from 3.5.3 on only srvr by default)",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

/// Words that cost or change something.
const COSTLY: [&str; 6] = ["wchp", "wchc", "dump", "crst", "srst", "stmk"];

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    each(zookeeper, Severity::Warning, |member, tally| {
        let listed = member.settings.property("4lw.commands.whitelist");
        let listed = listed.known().copied().flatten();
        if member.answers_any_word == Observed::Known(true) || listed.is_some_and(|words| words.trim() == "*")
        {
            return tally.hit(on(
                member,
                Severity::Warning,
                "every four-letter word is allowed (4lw.commands.whitelist=*)",
            ));
        }
        let costly: Vec<String> = listed
            .into_iter()
            .flat_map(|words| words.split(','))
            .map(|word| word.trim().to_owned())
            .filter(|word| COSTLY.contains(&word.as_str()))
            .collect();
        if !costly.is_empty() {
            tally.hit(
                on(member, Severity::Warning, "words that cost or change something are allowed: {words}")
                    .with("words", costly),
            );
        } else if let (Observed::Unknown(why), None) = (&member.answers_any_word, listed) {
            tally.gap(member.label(), format!("which words it allows: {why}"), Severity::Warning);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn words() {
        row(&CHECK, &ensemble(3), &[]);
        for (list, expected) in
            [("*", vec![Severity::Warning]), ("srvr, mntr", vec![]), ("srvr,wchp", vec![Severity::Warning])]
        {
            let mut sample = ensemble(1);
            sample.set_property("n1", "4lw.commands.whitelist", Some(list));
            row(&CHECK, &sample, &expected);
        }
        let mut sample = ensemble(1);
        sample.zookeeper_mut("n1").answers_any_word = Observed::Known(true);
        row(&CHECK, &sample, &[Severity::Warning]);
    }
}
