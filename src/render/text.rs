//! Text that is safe to show: whatever a server put into a name or a key cannot drive the terminal.

use std::fmt::Write as _;

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

/// Control characters, and those that reverse, isolate or hide what follows them.
pub(super) fn dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Breaks `text` into lines of at most `width` columns at spaces; a longer word stands alone. No `width`: one line.
pub fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
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
        assert_eq!(wrap("aaaaaaa b", Some(5)), ["aaaaaaa", "b"]);
        assert_eq!(wrap("aa bb", None), ["aa bb"]);
    }
}
