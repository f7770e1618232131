//! Thresholds. Each is declared beside the check that uses it, with its source; the config file may override it.

use std::collections::BTreeMap;

/// The default of a threshold, with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Milliseconds; written `"10ms"`, `"1s"`.
    Millis(f64),
    /// Whole days; written `"30d"` or as a duration.
    Days(f64),
    /// Percent, 0 to 100; written `80` or `"80%"`.
    Percent(f64),
    /// Bytes; written `"100MiB"` or a number.
    Bytes(u64),
    /// A plain number.
    Count(f64),
    /// Events per second.
    PerSecond(f64),
}

impl Limit {
    /// The number without its unit.
    pub fn number(self) -> f64 {
        match self {
            Limit::Millis(v) | Limit::Days(v) | Limit::Percent(v) | Limit::Count(v) | Limit::PerSecond(v) => {
                v
            }
            Limit::Bytes(v) => v as f64,
        }
    }
}

/// One threshold of one check.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// Key under `[policy]` in the config file, snake_case with the unit's meaning, such as `fsync_p99_warn`.
    pub key: &'static str,
    /// Value when the config file is silent.
    pub default: Limit,
    /// Where the default comes from.
    pub source: &'static str,
}

/// The thresholds in force: defaults, and what the config file changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    overrides: BTreeMap<String, Override>,
}

/// A threshold set by the user.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The value, in the unit of the threshold.
    pub value: Limit,
    /// Where it was set, such as `quorate.toml:12`.
    pub origin: String,
}

impl Policy {
    /// Replaces a default.
    pub fn set(&mut self, key: &str, value: Limit, origin: impl Into<String>) {
        self.overrides.insert(key.to_owned(), Override { value, origin: origin.into() });
    }

    /// The value in force, in the unit of the threshold's default.
    pub fn get(&self, threshold: &Threshold) -> f64 {
        self.overrides.get(threshold.key).map_or(threshold.default, |o| o.value).number()
    }

    /// The value in force, with its unit.
    pub fn limit(&self, threshold: &Threshold) -> Limit {
        self.overrides.get(threshold.key).map_or(threshold.default, |o| o.value)
    }

    /// Where the config file sets it; `None` when the default is in force.
    pub fn set_at(&self, threshold: &Threshold) -> Option<&str> {
        self.overrides.get(threshold.key).map(|o| o.origin.as_str())
    }

    /// Where the value in force comes from: the config file's line, or the source of the default.
    pub fn origin(&self, threshold: &Threshold) -> String {
        self.overrides.get(threshold.key).map_or_else(|| threshold.source.to_owned(), |o| o.origin.clone())
    }
}
