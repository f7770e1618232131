//! The catalogue as a whole: names are unique and well-formed, words are there.

use quorate::checks;
use std::collections::BTreeSet;

/// Slugs the contract promises for etcd; a slug is stable for ever.
const PROMISED: &[&str] = &[
    "quorum-lost",
    "quorum-margin",
    "leader-agreement",
    "linearizable-read",
    "even-voters",
    "too-many-voters",
    "single-voter",
    "zone-spread",
    "unstarted-member",
    "learner-stuck",
    "raft-lag",
    "revision-divergence",
    "data-divergence",
    "leader-churn",
    "proposals",
    "wal-fsync",
    "backend-commit",
    "db-quota",
    "fragmentation",
    "alarms",
    "compaction",
    "version-skew",
    "version-unsupported",
    "version-known-bug",
    "clock-skew",
    "membership-drift",
    "advertised-urls",
    "split-brain",
    "client-tls",
    "client-cert-auth",
    "peer-tls",
    "peer-cert-auth",
    "certificate-expiry",
    "certificate-names",
    "tls-version",
    "admin-exposed",
    "auth",
    "encryption-at-rest",
    "unsafe-flags",
];

#[test]
fn slugs_are_unique_kebab_case_and_all_there() {
    let mut seen = BTreeSet::new();
    for check in checks::catalogue() {
        assert!(seen.insert(check.slug), "{} is there twice", check.slug);
        let kebab = check.slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        assert!(kebab, "{} is not kebab-case", check.slug);
    }
    let missing: Vec<_> = PROMISED.iter().filter(|slug| !seen.contains(*slug)).collect();
    assert!(missing.is_empty(), "promised but not there: {missing:?}");
}

#[test]
fn every_check_says_what_why_and_what_to_do() {
    for check in checks::catalogue() {
        assert!(check.question.ends_with('?'), "{}: the question is no question", check.slug);
        assert!(check.why.ends_with('.') && check.why.len() > 30, "{}: why does it matter?", check.slug);
        assert!(check.remedy.len() > 20, "{}: what to do?", check.slug);
        assert!(!check.rules.is_empty(), "{}: no rule", check.slug);
        assert!(!check.sources.is_empty(), "{}: where does it come from?", check.slug);
        for words in [check.question, check.why, check.remedy] {
            assert!(!words.contains("  "), "{}: two spaces in `{words}`", check.slug);
        }
    }
}

#[test]
fn thresholds_have_one_meaning_each() {
    for check in checks::catalogue() {
        for threshold in check.thresholds {
            let snake =
                threshold.key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            assert!(snake, "{}: {} is not snake_case", check.slug, threshold.key);
            assert!(!threshold.source.is_empty(), "{}: {} has no source", check.slug, threshold.key);
            for other in checks::catalogue().flat_map(|c| c.thresholds).filter(|t| t.key == threshold.key) {
                assert_eq!(other.default, threshold.default, "{} has two defaults", threshold.key);
            }
        }
    }
}
