//! Settings in HCL or JSON, as far as their scalars: JSON is taken for HCL whose names stand in quotes.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// Scalars by the path to them, such as `tls.defaults.key_file`; of one that stands twice the last. Lists are left out.
/// What is no settings at all gives nothing sensible, and never fails.
pub fn settings(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut path: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut value = false;
    let mut lists = 0_usize;
    for token in Tokens(text.chars().peekable()) {
        match token {
            Token::Open('[') => lists += 1,
            Token::Close(']') => {
                lists = lists.saturating_sub(1);
                (names, value) = (Vec::new(), false);
            }
            _ if lists > 0 => {}
            Token::Open(_) => {
                path.push(std::mem::take(&mut names).join("."));
                value = false;
            }
            Token::Close(_) => {
                path.pop();
                (names, value) = (Vec::new(), false);
            }
            Token::Is => value = true,
            Token::Word(word) if value => {
                let place = path.iter().chain(&names).filter(|part| !part.is_empty()).cloned();
                found.insert(place.collect::<Vec<_>>().join("."), word);
                (names, value) = (Vec::new(), false);
            }
            Token::Word(word) => names.push(word),
        }
    }
    found
}

enum Token {
    Word(String),
    /// `=` or `:`.
    Is,
    Open(char),
    Close(char),
}

struct Tokens<'a>(Peekable<Chars<'a>>);

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let character = self.0.next()?;
            match character {
                ',' => {}
                _ if character.is_whitespace() => {}
                '#' => drop(self.line()),
                '/' if self.0.peek() == Some(&'/') => drop(self.line()),
                '/' if self.0.peek() == Some(&'*') => self.comment(),
                '=' | ':' => return Some(Token::Is),
                '{' | '[' => return Some(Token::Open(character)),
                '}' | ']' => return Some(Token::Close(character)),
                '"' => return Some(Token::Word(self.quoted())),
                '<' if self.0.peek() == Some(&'<') => return Some(Token::Word(self.heredoc())),
                _ => return Some(Token::Word(self.bare(character))),
            }
        }
    }
}

impl Tokens<'_> {
    /// The rest of the line.
    fn line(&mut self) -> String {
        self.0.by_ref().take_while(|c| *c != '\n').collect()
    }

    fn comment(&mut self) {
        let mut before = ' ';
        for character in self.0.by_ref().skip(1) {
            if (before, character) == ('*', '/') {
                return;
            }
            before = character;
        }
    }

    fn quoted(&mut self) -> String {
        let mut text = String::new();
        while let Some(character) = self.0.next() {
            match character {
                '"' => break,
                '\\' => match self.0.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some(other) => text.push(other),
                    None => break,
                },
                other => text.push(other),
            }
        }
        text
    }

    fn heredoc(&mut self) -> String {
        let mark = self.line();
        let mark = mark.trim_start_matches(['<', '-']).trim().to_owned();
        let mut text = String::new();
        while self.0.peek().is_some() {
            let line = self.line();
            if line.trim() == mark {
                break;
            }
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    fn bare(&mut self, first: char) -> String {
        let mut text = String::from(first);
        let ends = |c: &char| c.is_whitespace() || ",={}[]\"#".contains(*c);
        while let Some(character) = self.0.next_if(|c| !ends(c)) {
            text.push(character);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hcl_and_json_say_the_same() {
        let hcl = r#"
            # a comment = "not read"
            data_dir = "/var/lib/consul" // nor this
            /* encrypt = "old" */ encrypt = "a+b/c=="
            retry_join = ["10.0.0.1", { encrypt = "x" }]
            server = true
            tls {
              defaults { key_file = "/k\"1.pem", verify_incoming = true }
              internal_rpc { key_file = "/k2.pem" }
            }
            acl = { tokens = { agent = "t" } }
            note = <<EOF
encrypt = "no"
EOF
        "#;
        let json = r#"{ "data_dir": "/var/lib/consul", "encrypt": "a+b/c==", "retry_join": ["10.0.0.1", {"encrypt": "x"}],
            "server": true, "tls": { "defaults": { "key_file": "/k\"1.pem", "verify_incoming": true },
            "internal_rpc": { "key_file": "/k2.pem" } }, "acl": { "tokens": { "agent": "t" } } }"#;
        let mut read = settings(hcl);
        assert_eq!(read.remove("note").as_deref(), Some("encrypt = \"no\"\n"));
        assert_eq!(read, settings(json));
        let of = |key: &str| read.get(key).map(String::as_str);
        assert_eq!(
            [
                of("data_dir"),
                of("encrypt"),
                of("server"),
                of("tls.defaults.key_file"),
                of("acl.tokens.agent")
            ],
            [Some("/var/lib/consul"), Some("a+b/c=="), Some("true"), Some("/k\"1.pem"), Some("t")]
        );
        assert_eq!(read.len(), 7);
    }

    #[test]
    fn what_is_cut_or_no_settings_ends() {
        for text in ["", "}}}]]", "a = \"", "a = <<", "{ [ {", "a = = b", "/*", "= 1", "\"a\\"] {
            assert!(settings(text).len() <= 1, "{text}");
        }
    }
}
