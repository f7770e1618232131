//! `quorate runbook`: the pages to follow, and their commands one after the other.

use super::failure::Failure;
use super::nearest::nearest;
use super::{Global, Shape, World};
use crate::checks;
use crate::finding::Check;
use crate::render::{self, escape};
use crate::runbook::{Block, Kind, PAGES, Page, find};
use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsString;

/// The verbs of `quorate runbook`.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    List(ListArgs),
    Show(ShowArgs),
    Run(RunArgs),
}

/// List the pages, and which findings name them
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
}

/// Show a page
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate runbook show etcd-stuck-quorum\n  \
    quorate runbook show etcd-stuck-quorum prod-etcd    # with the cluster's name in its commands\n\n\
    Exit codes: 0 ok · 64 there is no such page")]
pub(super) struct ShowArgs {
    /// Name of the page
    #[arg(value_name = "PAGE")]
    page: String,
    #[command(flatten)]
    values: Values,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
}

/// Run the commands of a page one after the other
///
/// What only looks is run at once. Before each command that changes something you are asked; the command then has its
/// own guards and asks for its own confirmation. What is not quorate's own (etcdctl, systemctl) is shown and never run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate runbook run etcd-stuck-quorum prod-etcd --dry-run\n  \
    quorate runbook run etcd-stuck-quorum prod-etcd\n  \
    quorate runbook run etcd-replace-member prod-etcd --set member=n3 --set peer_url=https://10.0.0.3:2380\n\n\
    Exit codes: 0 to its end · of a change that failed: its own · 4 nobody is there to be asked · \
    64 usage or configuration")]
pub(super) struct RunArgs {
    /// Name of the page
    #[arg(value_name = "PAGE")]
    page: String,
    #[command(flatten)]
    values: Values,
    /// Say what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask: each change is given --yes
    #[arg(long)]
    yes: bool,
}

/// What comes in place of the braces.
#[derive(Debug, Args)]
struct Values {
    /// The cluster, as a name of the config file or a URL: what `{cluster}` stands for
    #[arg(value_name = "TARGET")]
    cluster: Option<String>,
    /// What `{NAME}` stands for
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| "write NAME=VALUE".to_owned())
}

/// Result of `quorate runbook list -o json` and `show -o json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RunbooksReport {
    /// `quorate.runbooks/v1`.
    schema: &'static str,
    /// In the order in which they are listed.
    runbooks: Vec<RunbookReport>,
}

/// One page.
#[derive(Debug, Serialize, JsonSchema)]
struct RunbookReport {
    /// Its name.
    name: &'static str,
    /// Its title.
    title: &'static str,
    /// When it is for.
    summary: String,
    /// Checks whose findings name it.
    checks: Vec<&'static str>,
    /// The page as Markdown; `null` in a list.
    text: Option<String>,
}

pub(super) fn run(verb: &Verb, global: &Global, world: &World) -> Result<u8, Failure> {
    match verb {
        Verb::List(args) => list(args, world),
        Verb::Show(args) => show(args, world),
        Verb::Run(args) => follow(args, global, world),
    }
}

fn list(args: &ListArgs, world: &World) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    match args.output {
        Shape::Json => {
            let runbooks = PAGES.iter().map(|page| report(page, None)).collect();
            render::write_json(&RunbooksReport { schema: "quorate.runbooks/v1", runbooks }, &mut bytes)?;
        }
        Shape::Table => {
            let rows: Vec<Vec<String>> =
                PAGES.iter().map(|page| vec![page.name.to_owned(), page.title().to_owned()]).collect();
            let lines = render::grid(&["RUNBOOK", "FOR"], &rows, &["FOR"], world.width);
            bytes.extend(lines.join("\n").bytes().chain([b'\n']));
        }
    }
    world.print(&bytes)?;
    Ok(0)
}

fn report(page: &'static Page, text: Option<String>) -> RunbookReport {
    let names = |check: &&Check| {
        check.backends().into_iter().any(|backend| check.page(backend).map(|p| p.name) == Some(page.name))
    };
    let naming = checks::catalogue().filter(names);
    RunbookReport {
        name: page.name,
        title: page.title(),
        summary: page.summary(),
        checks: naming.map(|check| check.slug).collect(),
        text,
    }
}

fn show(args: &ShowArgs, world: &World) -> Result<u8, Failure> {
    let page = wanted(&args.page)?;
    let filled = args.values.fill(page.text);
    let mut bytes = Vec::new();
    match args.output {
        Shape::Json => {
            let runbooks = vec![report(page, Some(filled))];
            render::write_json(&RunbooksReport { schema: "quorate.runbooks/v1", runbooks }, &mut bytes)?;
        }
        Shape::Table => bytes.extend(render::escape_lines(&filled).bytes()),
    }
    world.print(&bytes)?;
    Ok(0)
}

fn wanted(name: &str) -> Result<&'static Page, Failure> {
    find(name).ok_or_else(|| {
        let failure = Failure::usage(format!("there is no runbook `{name}`"));
        match nearest(name, PAGES.iter().map(|page| page.name)) {
            Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
            None => failure.hint("see `quorate runbook list`"),
        }
    })
}

impl Values {
    fn all(&self) -> BTreeMap<&str, &str> {
        let set = self.set.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.cluster.iter().map(|cluster| ("cluster", cluster.as_str())).chain(set).collect()
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in self.all() {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        filled
    }

    /// A command's words, filled in one by one, so that a value is never more than one word; or the name that is missing.
    fn words(&self, command: &str) -> Result<Vec<String>, String> {
        let words: Vec<String> = command.split_whitespace().map(|word| self.fill(word)).collect();
        let open = |word: &String| {
            let (_, rest) = word.split_once('{')?;
            rest.split_once('}').map(|(name, _)| name.to_owned())
        };
        match command
            .split_whitespace()
            .zip(&words)
            .find_map(|(raw, word)| raw.contains('{').then(|| open(word))?)
        {
            Some(missing) => Err(missing),
            None => Ok(words),
        }
    }
}

fn follow(args: &RunArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let page = wanted(&args.page)?;
    world.tell(page.title());
    for block in page.blocks() {
        for command in &block.commands {
            let code = one(&block, command, args, global, world)?;
            if code != 0 && block.kind == Kind::Change {
                world.tell(&format!("it ended with {code}: the runbook stops here"));
                return Ok(code);
            }
        }
    }
    Ok(0)
}

/// One command of a block; its exit code.
fn one(block: &Block, command: &str, args: &RunArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let shown = escape(&args.values.fill(command));
    if block.kind == Kind::ByHand {
        world.tell(&format!("[by hand] {}: {shown}", block.under));
        return Ok(0);
    }
    let mut words = match args.values.words(command) {
        Ok(words) => words,
        Err(missing) if missing == "cluster" => {
            return Err(Failure::usage("it is not said for which cluster")
                .hint(format!("quorate runbook run {} TARGET", args.page)));
        }
        Err(missing) => {
            world.tell(&format!("[left out] {}: {shown}: give --set {missing}=…", block.under));
            return Ok(0);
        }
    };
    let kind = if block.kind == Kind::Look { "look" } else { "change" };
    world.tell(&format!("[{kind}] {}: {shown}", block.under));
    if args.dry_run {
        return Ok(0);
    }
    if block.kind == Kind::Change && !agreed(args, world)? {
        world.tell("[left out]");
        return Ok(0);
    }
    if block.kind == Kind::Change && args.yes && !words.iter().any(|word| word == "--dry-run") {
        words.push("--yes".to_owned());
    }
    if let Some(config) = &global.config {
        words.extend(["--config".to_owned(), config.display().to_string()]);
    }
    let code = super::run(words.into_iter().map(OsString::from), world);
    if code != 0 && block.kind == Kind::Look {
        // A look that finds something is no failure of the runbook.
        world.tell(&format!("(exit code {code})"));
    }
    Ok(code)
}

fn agreed(args: &RunArgs, world: &World) -> Result<bool, Failure> {
    if args.yes {
        return Ok(true);
    }
    match world.ask("Type `yes` to run it, anything else leaves it out: ")? {
        Some(typed) => Ok(typed == "yes"),
        None => Err(Failure::refused("this changes something and nobody is at the terminal to be asked")
            .hint("see what it would run with --dry-run, or give --yes")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::App;
    use super::*;
    use clap::Parser;

    fn example() -> Values {
        let set = [
            ("member", "n3"),
            ("replacement", "n4"),
            ("survivor", "n1"),
            ("peer_url", "https://10.0.0.3:2380"),
            ("endpoint", "https://10.0.0.1:2379"),
            ("data_dir", "/var/lib/etcd"),
            ("host_port", "10.0.0.1:2379"),
            ("run", "20261124t211834z-3043"),
            ("snapshot", "/backup/a.db"),
            ("other", "/backup/b.db"),
            ("backup_dir", "/backup"),
        ];
        let set = set.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Values { cluster: Some("prod".into()), set }
    }

    /// Every line of every page that begins with quorate, also those that nobody runs.
    #[test]
    fn every_command_of_quorate_in_a_page_is_one() {
        let values = example();
        let mut parsed = 0;
        for page in PAGES {
            for block in page.blocks() {
                for command in block.commands.iter().filter(|command| command.starts_with("quorate ")) {
                    let words = values.words(command);
                    assert!(words.is_ok(), "{}: `{command}`: no value for {words:?}", page.name);
                    let app = App::try_parse_from(words.unwrap_or_default());
                    assert!(
                        app.is_ok(),
                        "{}: `{command}`: {}",
                        page.name,
                        app.err().map(|e| e.to_string()).unwrap_or_default()
                    );
                    parsed += 1;
                }
            }
        }
        assert!(parsed > 30, "{parsed} commands");
    }

    #[test]
    fn a_value_is_one_word_and_a_missing_one_is_named() {
        let values = Values { cluster: Some("a b; c".into()), set: Vec::new() };
        assert_eq!(
            values.words("quorate check {cluster}"),
            Ok(vec!["quorate".into(), "check".into(), "a b; c".into()])
        );
        assert_eq!(values.words("quorate member lead {cluster} {member}"), Err("member".into()));
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(pair("=b").is_err() && pair("a").is_err());
    }
}
