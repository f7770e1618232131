//! The Prometheus text format, as far as servers' /metrics need it: samples with labels, and cumulative histograms.
//! Lines that do not parse are skipped and counted; nothing panics on any input.

use crate::facts::Histogram;
use std::collections::{BTreeMap, HashMap};

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    /// Label names and values in order of appearance. Values are unescaped only when they need to be.
    pub labels: Vec<(&'a str, String)>,
    /// The number; NaN and infinities included.
    pub value: f64,
}

impl Sample<'_> {
    /// A label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }
}

/// The samples of a page, by metric name. Only names for which `wanted` is true are kept.
#[derive(Debug, Clone, Default)]
pub struct Page<'a> {
    samples: HashMap<&'a str, Vec<Sample<'a>>>,
    /// Lines that are not comments and did not parse.
    pub bad_lines: usize,
}

impl<'a> Page<'a> {
    /// Reads a page.
    pub fn parse(text: &'a str, wanted: impl Fn(&str) -> bool) -> Page<'a> {
        let mut page = Page::default();
        for line in text.lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let name_end = line.find(['{', ' ', '\t']).unwrap_or(line.len());
            let name = &line[..name_end];
            if !wanted(name) {
                continue;
            }
            match parse_sample(&line[name_end..]) {
                Some(sample) => page.samples.entry(name).or_default().push(sample),
                None => page.bad_lines += 1,
            }
        }
        page
    }

    /// All samples of a metric.
    pub fn all(&self, name: &str) -> &[Sample<'a>] {
        self.samples.get(name).map_or(&[], Vec::as_slice)
    }

    /// The only finite value of a metric without labels, or its first one.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.all(name).first().map(|s| s.value).filter(|v| v.is_finite())
    }

    /// The sum over all label values; `None` when the metric is absent.
    pub fn sum(&self, name: &str) -> Option<f64> {
        let samples = self.all(name);
        (!samples.is_empty()).then(|| samples.iter().map(|s| s.value).filter(|v| v.is_finite()).sum())
    }

    /// Values by one label.
    pub fn by_label(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        let mut values = BTreeMap::new();
        for sample in self.all(name).iter().filter(|s| s.value.is_finite()) {
            if let Some(key) = sample.label(label) {
                *values.entry(key.to_owned()).or_default() += sample.value;
            }
        }
        values
    }

    /// A histogram without other labels.
    pub fn histogram(&self, name: &str) -> Option<Histogram> {
        self.histograms(name, None).remove("")
    }

    /// Histograms by one label.
    pub fn histograms_by(&self, name: &str, label: &str) -> BTreeMap<String, Histogram> {
        self.histograms(name, Some(label))
    }

    fn histograms(&self, name: &str, label: Option<&str>) -> BTreeMap<String, Histogram> {
        let key_of = |sample: &Sample<'_>| match label {
            Some(label) => sample.label(label).map(str::to_owned),
            None => Some(String::new()),
        };
        let mut found: BTreeMap<String, Histogram> = BTreeMap::new();
        for sample in self.all(&format!("{name}_bucket")) {
            let (Some(key), Some(bound)) = (key_of(sample), sample.label("le")) else { continue };
            let Some(bound) = parse_number(bound) else { continue };
            if sample.value.is_finite() && bound.is_finite() {
                found.entry(key).or_default().buckets.push((bound, sample.value));
            }
        }
        for sample in self.all(&format!("{name}_count")) {
            if let Some(histogram) = key_of(sample).and_then(|key| found.get_mut(&key)) {
                histogram.count = if sample.value.is_finite() { sample.value } else { 0.0 };
            }
        }
        for sample in self.all(&format!("{name}_sum")) {
            if let Some(histogram) = key_of(sample).and_then(|key| found.get_mut(&key)) {
                histogram.sum = if sample.value.is_finite() { sample.value } else { 0.0 };
            }
        }
        for histogram in found.values_mut() {
            histogram.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        found
    }
}

/// What follows the name: `{labels} value [timestamp]`.
fn parse_sample(rest: &str) -> Option<Sample<'_>> {
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => parse_labels(inside)?,
        None => (Vec::new(), rest),
    };
    let value = parse_number(rest.split_whitespace().next()?)?;
    Some(Sample { labels, value })
}

/// Label pairs up to the closing brace, and what follows it.
fn parse_labels(mut rest: &str) -> Option<(Vec<(&str, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.strip_prefix('"')?)?;
        labels.push((name.trim(), value));
        rest = after;
    }
}

/// A quoted value after its opening quote, unescaped, and what follows the closing quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

fn parse_number(text: &str) -> Option<f64> {
    match text {
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: &str = "# HELP x y\n\
        plain 1.5e+09\n\
        labelled{To=\"a\",Kind=\"q\\\"uote\"} 2 1700000000\n\
        labelled{To=\"b\"} NaN\n\
        h_bucket{le=\"0.002\"} 3\nh_bucket{le=\"0.001\"} 1\nh_bucket{le=\"+Inf\"} 4\nh_sum 0.5\nh_count 4\n\
        r_bucket{To=\"a\",le=\"0.1\"} 1\nr_count{To=\"a\"} 2\nr_sum{To=\"a\"} 3\n\
        broken{le=\"0.1\n\
        worse\n";

    #[test]
    fn reads_samples_labels_and_histograms() {
        let page = Page::parse(PAGE, |_| true);
        assert_eq!(page.value("plain"), Some(1.5e9));
        assert_eq!(page.all("labelled")[0].label("Kind"), Some("q\"uote"));
        assert_eq!(page.sum("labelled"), Some(2.0));
        assert_eq!(page.sum("absent"), None);
        let h = page.histogram("h").expect("a histogram");
        assert_eq!((h.buckets, h.count, h.sum), (vec![(0.001, 1.0), (0.002, 3.0)], 4.0, 0.5));
        assert_eq!(page.histograms_by("r", "To")["a"].count, 2.0);
        assert_eq!(page.bad_lines, 2);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let page = Page::parse(&text, |_| true);
            let _ = page.histogram("h");
        }

        #[test]
        fn survives_truncation(cut in 0usize..PAGE.len()) {
            if PAGE.is_char_boundary(cut) {
                let _ = Page::parse(&PAGE[..cut], |_| true).histogram("h");
            }
        }
    }
}
