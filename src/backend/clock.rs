//! A server's clock, from the `Date:` header of any of its answers.

use crate::facts::{ClockOffset, Observed};
use crate::transport::http::Answer;
use jiff::{SignedDuration, Timestamp};

/// The wall clock, from the one reading at the start and the monotonic clock since.
pub(crate) fn wall(start: Timestamp, elapsed_ms: f64) -> Timestamp {
    start.checked_add(SignedDuration::from_micros((elapsed_ms * 1000.0) as i64)).unwrap_or(start)
}

/// `Date:` is cut to the second: on average it is half a second behind. The moments are milliseconds since `start`.
pub(crate) fn of_answer(
    answer: &Answer,
    start: Timestamp,
    sent_ms: f64,
    received_ms: f64,
) -> Observed<ClockOffset> {
    let Some(date) = answer.header("date").and_then(date) else {
        return Observed::unknown("the answer has no Date header");
    };
    let middle = wall(start, (sent_ms + received_ms) / 2.0);
    let offset_ms = date.duration_since(middle).as_secs_f64() * 1000.0 + 500.0;
    Observed::Known(ClockOffset { offset_ms, uncertainty_ms: 500.0 + (received_ms - sent_ms) / 2.0 })
}

fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date("Tue, 24 Nov 2026 17:00:00 GMT").map(|t| t.as_second()), Some(1_795_539_600));
        assert_eq!(date("yesterday"), None);
    }
}
