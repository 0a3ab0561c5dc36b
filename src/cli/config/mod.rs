mod templates;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::deployment::RelayFlags;
use super::output::{self, Unwritten, note, print, tell};
use super::show::count;
use super::{agrees, config_file};
use crate::app::inbound_voice;
use crate::app::ports::store::Store;
use crate::clock::{Clock, SystemClock};
use crate::domain::line::changes::Changes;
use crate::domain::line::{Hours, Line, config, voice};

/// Check a configuration, put it where the Lambdas read it, fetch it, or compare
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  relay config check\n  relay config diff --config relay.toml --stack relay\n  relay config push --config relay.toml --stack relay"
)]
pub struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Read the file and say what it makes, or all of its mistakes; needs no relay
    #[command(after_help = "Example:\n  relay config check --config relay.toml")]
    Check(TheFile),
    /// Make the lines of the file the ones in force, and show what changes by it
    #[command(after_help = "Example:\n  relay config push --config relay.toml --stack relay")]
    Push {
        #[command(flatten)]
        file: FileAndRelay,
        /// Do not ask before lines, or topics with subscribers, are removed that the file does not have
        #[arg(long)]
        remove: bool,
    },
    /// Write the lines that are in force as a file
    #[command(after_help = "Example:\n  relay config pull --config relay.toml --stack relay")]
    Pull(Pull),
    /// Show what a push would change; exit code 1 if anything
    #[command(
        after_help = "Examples:\n  relay config check\n  relay config diff --config relay.toml --stack relay"
    )]
    Diff(FileAndRelay),
}

/// A file with lines.
#[derive(clap::Args)]
struct TheFile {
    /// The file with the lines
    #[arg(
        long,
        value_name = "FILE",
        env = "RELAY_CONFIG",
        default_value = "relay.toml"
    )]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct FileAndRelay {
    #[command(flatten)]
    file: TheFile,
    #[command(flatten)]
    relay: RelayFlags,
}

#[derive(clap::Args)]
struct Pull {
    /// The file to write; without it the lines are printed
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the lines as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    relay: RelayFlags,
}

impl Config {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.action {
            Action::Check(args) => args.check(),
            Action::Push { file, remove } => file.push(remove).await,
            Action::Pull(args) => args.pull().await,
            Action::Diff(args) => args.diff().await,
        }
    }
}

impl TheFile {
    fn check(self) -> anyhow::Result<ExitCode> {
        let lines = config_file::read(&self.config)?;
        let warnings: Vec<_> = lines.iter().flat_map(voice::warnings).collect();
        if self.json {
            let checked = json!({
                "lines": lines,
                "templates": templates::tried(&lines),
                "warnings": warnings,
            });
            output::json(&without_pins(checked))?;
            return Ok(ExitCode::SUCCESS);
        }
        for line in &lines {
            let number = line.number.expose();
            let zone = line.time_zone.name();
            tell!("{} {number}, clock of {zone}", line.name)?;
            for (n, person) in line.people.iter().enumerate() {
                let place = if n + 1 == line.people.len() {
                    ", the backup"
                } else {
                    ""
                };
                let hours = hours_in_words(&person.hours);
                tell!("  {}{place}: {hours}", person.name)?;
            }
            let topics: Vec<_> = line
                .notices
                .topics
                .iter()
                .map(|t| t.name.as_str())
                .collect();
            if !topics.is_empty() {
                tell!("  topics: {}", topics.join(", "))?;
            }
            let calls = if line.voice.is_some() {
                "calls ring the people on duty"
            } else {
                "callers hear that the line takes texts only: there is no [line.voice]"
            };
            tell!("  {calls}")?;
        }
        templates::show(&lines)?;
        for warning in warnings {
            note!("{warning}");
        }
        tell!("{} is right", self.config.display())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// PINs are for the file alone.
fn without_pins(mut checked: Value) -> Value {
    let lines = checked["lines"].as_array_mut().into_iter().flatten();
    for line in lines {
        for person in line["people"].as_array_mut().into_iter().flatten() {
            if let Some(person) = person.as_object_mut() {
                person.remove("pin");
            }
        }
    }
    checked
}

fn hours_in_words(hours: &Hours) -> String {
    match hours {
        Hours::Always => "always".to_owned(),
        Hours::Never => "never".to_owned(),
        Hours::Weekly(windows) => {
            let windows: Vec<_> = windows.iter().map(ToString::to_string).collect();
            windows.join(", ")
        }
    }
}

impl FileAndRelay {
    async fn push(self, remove: bool) -> anyhow::Result<ExitCode> {
        let file = config_file::read_file(&self.file.config)?;
        let new = sorted(file.lines);
        let relay = self.relay.open(&[]).await?;
        let (store, place) = (relay.store()?, relay.place());
        let old = sorted(store.lines().await?);
        let changes = Changes::between(&old, &new);
        if !remove {
            self.ask_before_removing(&changes.removed, &place)?;
            let dropped = dropped_topics(store.as_ref(), &changes).await?;
            self.ask_before_dropping(&dropped)?;
        }
        for sound in &file.sounds {
            let put = inbound_voice::put_greeting(
                store.as_ref(),
                &sound.hash,
                &sound.bytes,
                SystemClock.now(),
            );
            put.await
                .context("a greeting could not be put; push again")?;
        }
        // What goes last: until then, a text to a line that moved still finds one.
        let put = changes
            .added
            .iter()
            .chain(changes.changed.iter().map(|(_, new)| new));
        for line in put {
            let failed = || format!("the line {} could not be put; push again", line.name);
            store.put_line(line).await.with_context(failed)?;
        }
        for line in &changes.removed {
            let failed = || format!("the line {} could not be removed; push again", line.name);
            store.remove_line(&line.number).await.with_context(failed)?;
        }
        self.show(&changes, &new, &place, "pushed")?;
        Ok(ExitCode::SUCCESS)
    }

    /// A line that is removed takes no texts any more, and a file for another relay names other lines.
    fn ask_before_removing(&self, removed: &[&Line], place: &str) -> anyhow::Result<()> {
        let names: Vec<_> = removed.iter().map(|line| line.name.clone()).collect();
        let or = "remove that, or write the file with `relay config pull` first";
        self.ask(&format!("what {place} has"), &names, "Remove?", or)
    }

    /// Who subscribed to a topic that the file does not have gets no more notices.
    fn ask_before_dropping(&self, topics: &[String]) -> anyhow::Result<()> {
        let or = "drop them, or put them back into the file";
        self.ask("topics with subscribers", topics, "Drop them?", or)
    }

    /// Asks before the push takes away what the file does not have. `or` ends the advice where nobody can be
    /// asked.
    fn ask(&self, what: &str, names: &[String], question: &str, or: &str) -> anyhow::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let (names, file) = (names.join(", "), self.file.config.display());
        let lacks = format!("{file} does not have {what}: {names}.");
        match agrees(&format!("{lacks} {question}"))? {
            Some(true) => Ok(()),
            Some(false) => bail!("nothing was pushed"),
            None => bail!("nothing was pushed: {lacks} Push with --remove to {or}"),
        }
    }

    async fn diff(self) -> anyhow::Result<ExitCode> {
        let new = sorted(config_file::read(&self.file.config)?);
        let relay = self.relay.open(&[]).await?;
        let old = sorted(relay.store()?.lines().await?);
        let changes = Changes::between(&old, &new);
        self.show(&changes, &new, &relay.place(), "not pushed yet")?;
        Ok(ExitCode::from(u8::from(!changes.is_empty())))
    }

    fn show(
        &self,
        changes: &Changes,
        new: &[Line],
        place: &str,
        state: &str,
    ) -> Result<(), Unwritten> {
        let Changes {
            added,
            changed,
            removed,
        } = changes;
        if self.file.json {
            let names = |lines: &[&Line]| lines.iter().map(|l| l.name.clone()).collect::<Vec<_>>();
            let changed: Vec<_> = changed.iter().map(|(_, new)| *new).collect();
            let changes = json!({
                "different": !changes.is_empty(),
                "added": names(added),
                "changed": names(&changed),
                "removed": names(removed),
                "templates": templates::tried(new),
                "warnings": new.iter().flat_map(voice::warnings).collect::<Vec<_>>(),
            });
            return tell!("{changes}");
        }
        templates::show(new)?;
        for warning in new.iter().flat_map(voice::warnings) {
            note!("{warning}");
        }
        if changes.is_empty() {
            return tell!("{} and {place} are the same", self.file.config.display());
        }
        for line in added {
            tell!("{}: added", line.name)?;
            print_difference(None, Some(line))?;
        }
        for (old, new) in changed {
            tell!("{}: changed", new.name)?;
            print_difference(Some(old), Some(new))?;
        }
        for line in removed {
            tell!("{}: removed", line.name)?;
            print_difference(Some(line), None)?;
        }
        tell!("{state}: {} to {place}", self.file.config.display())
    }
}

impl Pull {
    async fn pull(self) -> anyhow::Result<ExitCode> {
        let relay = self.relay.open(&[]).await?;
        let lines = sorted(relay.store()?.lines().await?);
        if lines.is_empty() {
            bail!(
                "{} has no lines yet; put some there with `relay config push`",
                relay.place()
            );
        }
        if self.json {
            output::json(&lines)?;
        }
        match &self.config {
            Some(file) => write(file, &lines),
            None if self.json => Ok(ExitCode::SUCCESS),
            None => {
                print(format_args!("{}", config::write(&lines)))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// Leaves a file alone that says the same, with its comments; keeps one that says something else.
fn write(file: &Path, lines: &[Line]) -> anyhow::Result<ExitCode> {
    let name = file.display();
    if config_file::read(file).is_ok_and(|read| Changes::between(&read, lines).is_empty()) {
        note!("{name} has these lines already");
        return Ok(ExitCode::SUCCESS);
    }
    if file.exists() {
        let aside = PathBuf::from(format!("{name}.bak"));
        std::fs::rename(file, &aside)
            .with_context(|| format!("cannot put {name} aside as {}", aside.display()))?;
        note!("{name} said something else; it is {} now", aside.display());
    }
    std::fs::write(file, config::write(lines)).with_context(|| format!("cannot write {name}"))?;
    note!("wrote {name}");
    Ok(ExitCode::SUCCESS)
}

/// Such as `events of qdn (12 subscribers)`, where the change leaves out a topic that people get.
async fn dropped_topics(store: &dyn Store, changes: &Changes<'_>) -> anyhow::Result<Vec<String>> {
    /// From here on it does not matter how many.
    const MANY: usize = 1000;
    let mut dropped = Vec::new();
    for (old, new) in &changes.changed {
        let stays = |name: &str| new.notices.topics.iter().any(|topic| topic.name == name);
        for topic in old
            .notices
            .topics
            .iter()
            .filter(|topic| !stays(&topic.name))
        {
            let found = store
                .subscribers(&old.number, &topic.name, None, MANY)
                .await?;
            let many = if found.len() == MANY { "at least " } else { "" };
            if !found.is_empty() {
                let subscribers = count(found.len(), "subscriber");
                dropped.push(format!(
                    "{} of {} ({many}{subscribers})",
                    topic.name, old.name
                ));
            }
        }
    }
    Ok(dropped)
}

pub(super) fn sorted(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| a.number.cmp(&b.number));
    lines
}

/// A PIN is for the file alone, not for a screen or the log of a pipeline.
fn without_pin(line: &str) -> &str {
    if line.starts_with("pin = ") {
        "pin = \"••••\""
    } else {
        line
    }
}

/// Shows the difference as the file would.
fn print_difference(old: Option<&Line>, new: Option<&Line>) -> Result<(), Unwritten> {
    let toml = |line: Option<&Line>| line.map(std::slice::from_ref).map(config::write);
    let (old, new) = (toml(old).unwrap_or_default(), toml(new).unwrap_or_default());
    let added = anstyle::AnsiColor::Green.on_default();
    let removed = anstyle::AnsiColor::Red.on_default();
    let difference = TextDiff::from_lines(old.as_str(), new.as_str());
    for (n, group) in difference.grouped_ops(3).iter().enumerate() {
        if n > 0 {
            tell!("  …")?;
        }
        for change in group.iter().flat_map(|op| difference.iter_changes(op)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Insert => ('+', added),
                ChangeTag::Delete => ('-', removed),
                ChangeTag::Equal => (' ', anstyle::Style::new()),
            };
            let line = without_pin(change.value().trim_end());
            tell!("{style}{sign} {line}{style:#}")?;
        }
    }
    Ok(())
}
