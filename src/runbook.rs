//! The pages of `runbooks/`, built in: what an operator reads at night, and what `quorate runbook run` takes from them.
//!
//! A page is Markdown. The first line is its title, the first paragraph says when it is for. A fenced block's words say
//! what becomes of its commands: `sh look` only looks and is run as it is; `sh change` changes something and is asked
//! about; every other block is for people. What is in braces, such as `{cluster}`, is filled in by whoever runs it.

/// One page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Its name: what findings call it, and its file without `.md`.
    pub name: &'static str,
    /// The whole page.
    pub text: &'static str,
}

macro_rules! pages {
    ($($name:literal),* $(,)?) => {
        /// Every page, in the order in which they are listed.
        pub const PAGES: &[Page] =
            &[$(Page { name: $name, text: include_str!(concat!("../runbooks/", $name, ".md")) }),*];
    };
}

pages![
    "etcd-stuck-quorum",
    "after-recovery",
    "etcd-replace-member",
    "even-members",
    "etcd-membership-drift",
    "etcd-split-brain",
    "etcd-data-divergence",
    "etcd-nospace",
    "slow-disk",
    "expired-certificates",
    "etcd-old-snapshot",
    "recovery-drill",
    "etcd-hardening",
    "zookeeper-stuck-quorum",
    "zookeeper-replace-member",
    "zookeeper-membership-drift",
    "zookeeper-data-divergence",
    "zookeeper-hardening",
    "consul-stuck-quorum",
    "consul-replace-member",
    "consul-membership-drift",
    "consul-hardening",
    "slow-cluster",
    "full-disk",
    "rolling-upgrade",
];

/// What becomes of a block's commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They only look.
    Look,
    /// They change something.
    Change,
    /// They are for people.
    ByHand,
}

/// One fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The heading above it.
    pub under: String,
    /// What becomes of it.
    pub kind: Kind,
    /// Its commands, with continued lines joined and comments left out.
    pub commands: Vec<String>,
}

/// The page with this name.
pub fn find(name: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.name == name)
}

impl Page {
    /// The page on this topic for one system: its own, named after both, else the one for all.
    pub fn on(topic: &str, system: &str) -> Option<&'static Page> {
        find(&format!("{system}-{topic}")).or_else(|| find(topic))
    }

    /// Its first line, without the mark.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// Its first paragraph, on one line.
    pub fn summary(&self) -> String {
        let body = self.text.lines().skip(1).skip_while(|line| line.trim().is_empty());
        let lines: Vec<&str> = body.take_while(|line| !line.trim().is_empty()).collect();
        lines.join(" ")
    }

    /// Its fenced blocks, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let (mut under, mut inside, mut more) = ("", false, false);
        for line in self.text.lines() {
            match line.trim_start().strip_prefix("```") {
                Some(_) if inside => inside = false,
                Some(words) => {
                    blocks.push(Block { under: under.to_owned(), kind: kind(words), commands: Vec::new() });
                    (inside, more) = (true, false);
                }
                None if inside => {
                    if let Some(block) = blocks.last_mut() {
                        more = take(&mut block.commands, line, more);
                    }
                }
                None => {
                    under = line.strip_prefix('#').map_or(under, |rest| rest.trim_start_matches(['#', ' ']))
                }
            }
        }
        blocks
    }
}

fn kind(words: &str) -> Kind {
    match words.trim() {
        "sh look" => Kind::Look,
        "sh change" => Kind::Change,
        _ => Kind::ByHand,
    }
}

/// Takes one line; whether the next one belongs to it.
fn take(commands: &mut Vec<String>, line: &str, continued: bool) -> bool {
    let text = line.split(" # ").next().unwrap_or_default().trim();
    if text.is_empty() || text.starts_with('#') {
        return false;
    }
    let (text, more) = text.strip_suffix('\\').map_or((text, false), |text| (text.trim_end(), true));
    match commands.last_mut().filter(|_| continued) {
        Some(command) => *command = format!("{command} {text}"),
        None => commands.push(text.to_owned()),
    }
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_say_what_becomes_of_them() {
        let text = "# T\n\nWhen it\nburns.\n\n## Look\n\n```sh look\nquorate check {cluster}   # all of it\n```\n\
                    ```sh change\n# not this\nquorate a \\\n  b\n```\n```\nx\n```\n";
        let page = Page { name: "t", text };
        assert_eq!((page.title(), page.summary().as_str()), ("T", "When it burns."));
        let blocks = page.blocks();
        let of = |kind, command: &str| Block { under: "Look".into(), kind, commands: vec![command.into()] };
        assert_eq!(
            blocks,
            [
                of(Kind::Look, "quorate check {cluster}"),
                of(Kind::Change, "quorate a b"),
                of(Kind::ByHand, "x")
            ]
        );
    }

    #[test]
    fn what_is_run_is_of_quorate_and_plain() {
        for page in PAGES {
            assert!(page.text.starts_with("# ") && !page.summary().is_empty(), "{}", page.name);
            for block in page.blocks().into_iter().filter(|block| block.kind != Kind::ByHand) {
                assert!(!block.commands.is_empty(), "{}: an empty block", page.name);
                for command in block.commands {
                    let plain =
                        command.starts_with("quorate ") && !command.contains(['\'', '"', '|', '>', '$', '&']);
                    assert!(plain, "{}: {command}", page.name);
                }
            }
        }
    }
}
