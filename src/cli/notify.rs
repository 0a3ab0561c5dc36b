use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use super::completions;
use super::notice::follow;
use super::notifier::{NotifierRequest, Place, Said, key_of, put, values};
use super::output::{Unwritten, tell};
use super::{confirms, show};
use crate::clock::{Clock, SystemClock};
use crate::domain::time_zone::TimeZone;
use crate::printable::printable;

/// Send a notice to a topic's subscribers
///
/// What the template needs is given with --set, or all of the notice as JSON in a file. The same
/// command again sends nothing again, unless --key says otherwise.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  relay notify --topic events --template event_published \\
      --set name=Zurek --set starts=2027-04-29T18:00:00-07:00 --dry-run
  relay notify notice.json --follow
  relay notify notice.json --url https://relay.example.com --caller daemon --env-file repos.env
  relay notify notice.json --stack relay

`relay schema` prints all that a notice can have.")]
pub struct Notify {
    /// The notice as JSON, as POST /v1/notices takes it; - for standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The topic whose subscribers get it
    #[arg(long, required_unless_present = "file", add = completions::topics())]
    topic: Option<String>,
    /// The template of its text
    #[arg(long, required_unless_present = "file", add = completions::templates())]
    template: Option<String>,
    /// A value that the template needs; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// Only to this number instead of all subscribers, as people in the line's country write it; with
    /// --url such as +16195550110; may be repeated
    #[arg(long = "number", value_name = "NUMBER")]
    numbers: Vec<String>,
    /// What it is about, such as an event's id: a later change is about the same
    #[arg(long)]
    subject: Option<String>,
    /// Nothing is sent before: "tomorrow 9am", "Dec 10" on the line's clock, 2h, or RFC 3339
    #[arg(long, value_name = "TIME")]
    not_before: Option<String>,
    /// Nothing is sent after, written in the same ways
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// The line that sends it, by name or number; needed if there are several
    #[arg(long, value_name = "LINE", add = completions::lines())]
    line: Option<String>,
    /// The idempotency key: a notice of the same key is sent once
    #[arg(long)]
    key: Option<String>,
    /// Say what would be sent, to how many and at what cost, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on showing how far it is until it has gone out
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
    /// Do not ask before it goes to many; needed where there is no terminal
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    place: Place,
}

impl Notify {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut notice = self.notice().await?;
        self.put_times(&mut notice).await?;
        if notice["dry_run"] != true && !self.yes {
            self.ask_before_many(&notice).await?;
        }
        let request = NotifierRequest::Notice(notice);
        let answer = self.place.asked(&request).await?;
        if self.follow {
            let id = answer["id"].as_str().unwrap_or_default().to_owned();
            return follow(&self.place, id).await;
        }
        let standing = if self.dry_run {
            String::new()
        } else {
            self.place.standing(&answer, SystemClock.now()).await?
        };
        show::print(&answer, self.place.json, |answer| {
            if self.dry_run {
                return estimate(answer);
            }
            let text = |name: &str| printable(answer[name].as_str().unwrap_or_default());
            tell!("{} {standing}", text("id"))?;
            tell!("{}", text("text"))
        })
    }

    /// Texts to many cannot be taken back, and cost money.
    async fn ask_before_many(&self, notice: &Value) -> anyhow::Result<()> {
        let mut estimated = notice.clone();
        put(&mut estimated, "dry_run", Some(true));
        let Said::Done(answer) = self.place.ask(&NotifierRequest::Notice(estimated)).await? else {
            // What is wrong with it is said by the answer to the notice itself.
            return Ok(());
        };
        let recipients = answer["recipients"].as_u64().unwrap_or_default();
        if recipients < MANY {
            return Ok(());
        }
        let cost = printable(answer["cost"].as_str().unwrap_or_default());
        let question = format!("This goes to {recipients} recipients for about ${cost}.");
        if !confirms(self.yes, &question)? {
            bail!("nothing was sent");
        }
        Ok(())
    }

    /// The notice of the file with what the options say besides.
    async fn notice(&self) -> anyhow::Result<Value> {
        let mut notice = match &self.file {
            Some(file) => super::notifier::read(file)?,
            None => json!({}),
        };
        put(&mut notice, "topic", self.topic.as_ref());
        put(&mut notice, "template", self.template.as_ref());
        put(&mut notice, "subject", self.subject.as_ref());
        put(&mut notice, "line", self.line.as_ref());
        // As they are written: the same command has the same key, whenever it is given.
        put(&mut notice, "not_before", self.not_before.as_ref());
        put(&mut notice, "expires", self.expires.as_ref());
        if !self.numbers.is_empty() {
            let line = notice["line"].as_str().map(str::to_owned);
            let numbers = self.place.numbers(&self.numbers, line.as_deref()).await?;
            notice["audience"] = json!({ "numbers": numbers });
        }
        for (name, value) in values(&self.values)? {
            notice["data"][name] = value;
        }
        put(&mut notice, "idempotency_key", self.key.as_ref());
        if notice["idempotency_key"].is_null() {
            notice["idempotency_key"] = key_of(&notice).into();
        }
        put(&mut notice, "dry_run", self.dry_run.then_some(true));
        Ok(notice)
    }

    /// Puts instants in the place of the times that the options say.
    async fn put_times(&self, notice: &mut Value) -> anyhow::Result<()> {
        let line = notice["line"].as_str().map(str::to_owned);
        for (name, given) in [("not_before", &self.not_before), ("expires", &self.expires)] {
            let Some(text) = given else { continue };
            let at = self.place.instant(text, line.as_deref()).await?;
            put(notice, name, Some(at));
        }
        Ok(())
    }
}

/// From so many recipients on, the command asks first.
const MANY: u64 = 100;

fn estimate(answer: &Value) -> Result<(), Unwritten> {
    let text = |name: &str| printable(answer[name].as_str().unwrap_or_default());
    let count = |name: &str| answer[name].as_u64().unwrap_or_default();
    tell!("{}", text("text"))?;
    if !answer["text_if_unheard"].is_null() {
        tell!(
            "{} (to whoever has not heard of it yet)",
            text("text_if_unheard")
        )?;
    }
    tell!(
        "{}, {}, about ${}",
        show::count(count("recipients") as usize, "recipient"),
        show::count(count("segments") as usize, "segment"),
        text("cost")
    )?;
    tell!(
        "begins {}, takes about {}",
        begins(answer),
        lasting(count("seconds"))
    )?;
    let skipped = answer["skipped_numbers"].as_array();
    for skipped in skipped.into_iter().flatten() {
        let text = |name: &str| printable(skipped[name].as_str().unwrap_or_default());
        tell!("  not to {}: {}", text("number"), text("because"))?;
    }
    Ok(())
}

/// When it would begin, as the line's clock shows it.
fn begins(answer: &Value) -> String {
    let at = answer["begins"].as_str().unwrap_or_default();
    let zone = answer["time_zone"].as_str().unwrap_or_default();
    match (at.parse(), TimeZone::named(zone)) {
        (Ok(at), Ok(zone)) => zone.show(at),
        _ => printable(at).to_string(),
    }
}

fn lasting(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
