//! What checks that count over time have in common: how a window is said, and why there is none.

use crate::facts::{CommonFacts, EtcdFacts, Observed, Window};
use crate::finding::human_millis;

/// Shorter windows count as this many seconds: a few events in a member's first seconds are no rate.
const SHORTEST: f64 = 60.0;

/// A window as a sentence says it.
pub(super) trait Spoken {
    /// Such as `in the 15m since the last run`.
    fn spoken(&self) -> String;
    /// Events per second, for this many events.
    fn rate(&self, events: f64) -> f64;
}

impl Spoken for Window {
    fn spoken(&self) -> String {
        let length = |seconds: f64| human_millis((seconds.max(1.0)).round() * 1000.0);
        match self {
            Window::SinceStart { seconds: Some(seconds) } => {
                format!("in the {} since its start", length(*seconds))
            }
            Window::SinceStart { seconds: None } => "since its start".into(),
            Window::SinceLastRun { seconds } => format!("in the {} since the last run", length(*seconds)),
            Window::LastInterval { seconds } | Window::Measured { seconds } => {
                format!("in the {} measured", length(*seconds))
            }
        }
    }

    fn rate(&self, events: f64) -> f64 {
        events / self.seconds().unwrap_or(SHORTEST).max(SHORTEST)
    }
}

/// Why nothing was counted: the reason of the first member that answered.
pub(super) fn why(etcd: &EtcdFacts, facts: &CommonFacts, what: &str) -> String {
    let reason = etcd.answered(facts).map(|(_, native, _)| match &native.window {
        Observed::Unknown(why) => why.clone(),
        Observed::Known(_) => "this version publishes no such metric".to_owned(),
    });
    let reason = reason.into_iter().next();
    format!("{what}: {}", reason.unwrap_or_else(|| "no member answered".into()))
}

#[cfg(test)]
pub(super) mod testing {
    use crate::checks::testing::{Sample, cluster};
    use crate::facts::{EtcdCounters, Observed, Window};

    /// Three members; n1 counted so much over this window.
    pub(in crate::checks::replication) fn windowed(
        window: Window,
        change: impl FnOnce(&mut EtcdCounters),
    ) -> Sample {
        let mut facts = cluster(3);
        if let Observed::Known(counted) = &mut facts.etcd_mut("n1").window {
            counted.window = window;
            change(&mut counted.grown);
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_time() {
        let last = Window::SinceLastRun { seconds: 900.2 };
        assert_eq!(last.spoken(), "in the 15m since the last run");
        assert_eq!(Window::SinceStart { seconds: Some(5.0) }.spoken(), "in the 5 s since its start");
        assert_eq!(Window::SinceStart { seconds: None }.spoken(), "since its start");
        assert_eq!(last.rate(900.2), 1.0);
        assert_eq!(Window::Measured { seconds: 1.0 }.rate(60.0), 1.0);
    }
}
