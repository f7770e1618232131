//! Words of a script: what is data is quoted, in one place; what is a comment cannot end.

use crate::host::typed;
use crate::render::escape;

/// Data as one word.
pub(super) fn word(text: &str) -> String {
    typed(&[text.to_owned()])
}

/// A call with data as its arguments.
pub(super) fn call(name: &str, data: &[&str]) -> String {
    let mut line = name.to_owned();
    for one in data {
        line.push(' ');
        line.push_str(&word(one));
    }
    line
}

/// Text within a comment or for people.
pub(super) fn said(text: &str) -> String {
    escape(text)
}

/// A hex id as etcdctl prints it in `-w fields`; 0 is the id of nothing.
pub(super) fn number(hex: &str) -> String {
    u64::from_str_radix(hex, 16).unwrap_or(0).to_string()
}
