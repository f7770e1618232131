//! Typed values in findings: renderers decide how they look. The table prints `1.9 GiB`, JSON prints a number.

use jiff::Timestamp;

/// A typed value in a finding. The table prints `1.9 GiB`, JSON prints a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number of things.
    Count(u64),
    /// A signed or fractional number.
    Number(f64),
    /// Bytes.
    Bytes(u64),
    /// Milliseconds.
    Millis(f64),
    /// Seconds.
    Seconds(f64),
    /// Days.
    Days(i64),
    /// Percent, 0 to 100.
    Percent(f64),
    /// A moment.
    Time(Timestamp),
    /// Text, possibly supplied by a server: escaped by every renderer.
    Text(String),
    /// Several texts.
    List(Vec<String>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}
impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Value::Count(count as u64)
    }
}
impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Value::Count(count)
    }
}
impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        Value::List(list)
    }
}

impl Value {
    /// As a person reads it. Not yet escaped.
    pub fn human(&self) -> String {
        match self {
            Value::Count(n) => n.to_string(),
            Value::Number(n) => trim_number(*n),
            Value::Bytes(n) => human_bytes(*n),
            Value::Millis(n) => human_millis(*n),
            Value::Seconds(n) => human_millis(*n * 1000.0),
            Value::Days(1) => "1 day".into(),
            Value::Days(n) => format!("{n} days"),
            Value::Percent(n) => format!("{}%", trim_number(*n)),
            Value::Time(t) => t.strftime("%Y-%m-%d").to_string(),
            Value::Text(s) => s.clone(),
            Value::List(items) => items.join(", "),
        }
    }

    /// As JSON carries it: numbers stay numbers.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Value::Count(n) | Value::Bytes(n) => (*n).into(),
            Value::Days(n) => (*n).into(),
            Value::Number(n) | Value::Millis(n) | Value::Seconds(n) | Value::Percent(n) => {
                serde_json::Number::from_f64(*n).map_or(serde_json::Value::Null, Into::into)
            }
            Value::Time(t) => t.to_string().into(),
            Value::Text(s) => s.clone().into(),
            Value::List(items) => items.clone().into(),
        }
    }
}

fn trim_number(n: f64) -> String {
    if n.fract() == 0.0 || n.abs() >= 100.0 { format!("{n:.0}") } else { format!("{n:.1}") }
}

/// `1536` → `1.5 KiB`.
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", trim_number(value), UNITS[unit])
}

/// `0.42` → `0.42 ms`, `1500` → `1.5 s`, `90000` → `1m30s`.
pub fn human_millis(ms: f64) -> String {
    let magnitude = ms.abs();
    if magnitude < 10.0 && ms.fract() != 0.0 {
        format!("{ms:.2} ms")
    } else if magnitude < 1000.0 {
        format!("{ms:.0} ms")
    } else if magnitude < 60_000.0 {
        format!("{} s", trim_number(ms / 1000.0))
    } else {
        humantime::format_duration(std::time::Duration::from_secs((magnitude / 1000.0) as u64)).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_read_like_a_person_writes_them() {
        assert_eq!(Value::Bytes(2_040_109_465).human(), "1.9 GiB");
        assert_eq!(Value::Millis(0.42).human(), "0.42 ms");
        assert_eq!(Value::Millis(1500.0).human(), "1.5 s");
        assert_eq!(Value::Days(1).human(), "1 day");
    }
}
