//! The one place where an argument vector becomes a line for a shell: ssh joins what it is given with blanks and has
//! the login shell of the other side take it apart again.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The line that a POSIX shell splits into exactly these words. Every word is quoted, so none is an option of the shell,
/// a keyword or an assignment. NUL cannot be in an argument and is not looked for.
pub(super) fn line<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> OsString {
    let mut line = Vec::new();
    for word in words {
        if !line.is_empty() {
            line.push(b' ');
        }
        quote(word.as_ref().as_bytes(), &mut line);
    }
    OsString::from_vec(line)
}

/// Words as a person would type them into a POSIX shell: quoted only where a shell would otherwise take them for more.
pub fn typed(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%=,".contains(c);
    let mut line = Vec::new();
    for word in argv {
        if !line.is_empty() {
            line.push(b' ');
        }
        match !word.is_empty() && word.chars().all(plain) {
            true => line.extend_from_slice(word.as_bytes()),
            false => quote(word.as_bytes(), &mut line),
        }
    }
    String::from_utf8_lossy(&line).into_owned()
}

/// Between single quotes nothing has a meaning but the closing one: that is put outside, after a backslash.
fn quote(word: &[u8], line: &mut Vec<u8>) {
    line.push(b'\'');
    for byte in word {
        match byte {
            b'\'' => line.extend_from_slice(b"'\\''"),
            other => line.push(*other),
        }
    }
    line.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    /// What `sh` makes of the line, as words.
    fn through_sh(words: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut script = OsString::from("printf '%s\\0' ");
        script.push(line(words.iter().map(|word| OsStr::from_bytes(word))));
        let output = Command::new("sh").arg("-c").arg(script).output().expect("sh runs");
        let text = output.stdout.strip_suffix(b"\0").expect("words end with NUL").to_vec();
        text.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn what_shells_treat_specially_comes_through() {
        let words: Vec<Vec<u8>> = [
            "", "-n", "--", "a b", "'", "''", "\n", "\\", "$HOME", "`id`", "$(id)", "*", "~", "a=b", "!", "#",
        ]
        .iter()
        .map(|word| word.as_bytes().to_vec())
        .chain([b"\xff\xfe'\x80".to_vec()])
        .collect();
        assert_eq!(through_sh(&words), words);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_come_through(
            words in proptest::collection::vec(proptest::collection::vec(1u8.., 0..40), 1..6)
        ) {
            prop_assert_eq!(through_sh(&words), words);
        }
    }
}
