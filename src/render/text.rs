//! Text that is safe to show: whatever a server put into a name or a key cannot drive the terminal.

use std::fmt::Write as _;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Replaces control characters (C0, DEL, C1) and characters that reorder or hide text by a visible escape.
pub fn escape(text: &str) -> String {
    if !text.chars().any(dangerous) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if dangerous(character) {
            let _ = if (character as u32) < 0x100 {
                write!(safe, "\\x{:02x}", character as u32)
            } else {
                write!(safe, "\\u{{{:x}}}", character as u32)
            };
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Control characters; those that reverse, isolate or hide text, or stand for nothing; and the noncharacters that XML
/// has no way to write.
pub(super) fn dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

/// [`escape`] for each line of a text that has several.
pub fn escape_lines(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// Columns that `text` takes on a terminal.
pub fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Breaks `text` into lines of at most `width` columns at spaces, and inside a word only where it is longer than a
/// line. No `width`: one line.
pub fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for character in word.chars() {
            let more = UnicodeWidthChar::width(character).unwrap_or(0);
            if !line.is_empty() && columns(&line) + more > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_drives_the_terminal() {
        assert_eq!(escape("n1\x1b[2J\n\u{9b}\u{202e}x"), "n1\\x1b[2J\\x0a\\x9b\\u{202e}x");
        assert_eq!(escape("plain – text"), "plain – text");
    }

    #[test]
    fn wraps_at_spaces() {
        assert_eq!(wrap("aa bb cc", Some(5)), ["aa bb", "cc"]);
        assert_eq!(wrap("aaaaaaa b", Some(5)), ["aaaaa", "aa b"]);
        assert_eq!(wrap("日本語 b", Some(4)), ["日本", "語 b"]);
        assert_eq!(wrap("aa bb", None), ["aa bb"]);
    }
}
