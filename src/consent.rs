//! Consent is a value: whatever changes a cluster takes a `&Consent`, and there is one place that makes one.

use std::io;

/// The user agreed to one change. It cannot be made without having asked.
#[derive(Debug)]
pub struct Consent(());

/// How consent may be given.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is going to happen, as sentences.
    pub what: &'a str,
    /// The word that must be typed, such as the cluster's name: what is easily typed by mistake is no consent.
    pub word: &'a str,
    /// Whether `--yes` was given.
    pub yes: bool,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// Nobody can be asked.
    #[error("this changes the cluster and nobody is at the terminal to confirm it")]
    NobodyThere,
    /// Another word was typed.
    #[error("not confirmed: nothing was changed")]
    NotConfirmed,
    /// The terminal cannot be read.
    #[error("cannot read the confirmation: {0}")]
    Unreadable(#[from] io::Error),
}

impl Consent {
    /// Asks, unless `--yes` was given. `ask` shows a question and returns the typed line; `None` when nobody sits at
    /// the terminal.
    pub fn obtain(
        question: Question<'_>,
        ask: impl FnOnce(&str) -> io::Result<Option<String>>,
    ) -> Result<Consent, Denied> {
        if question.yes {
            return Ok(Consent(()));
        }
        let prompt = format!("{}\nType `{}` to go on: ", question.what, question.word);
        match ask(&prompt)? {
            None => Err(Denied::NobodyThere),
            Some(typed) if typed == question.word && !typed.is_empty() => Ok(Consent(())),
            Some(_) => Err(Denied::NotConfirmed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(typed: Option<&str>, yes: bool) -> Result<Consent, Denied> {
        let question = Question { what: "It changes.", word: "prod", yes };
        Consent::obtain(question, |_| Ok(typed.map(str::to_owned)))
    }

    #[test]
    fn only_the_word_or_yes_is_consent() {
        assert!(answer(None, true).is_ok());
        assert!(answer(Some("prod"), false).is_ok());
        for other in ["", "y", "yes", "Prod"] {
            assert!(matches!(answer(Some(other), false), Err(Denied::NotConfirmed)), "{other}");
        }
        assert!(matches!(answer(None, false), Err(Denied::NobodyThere)));
    }
}
