use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::candidates::BOLD;
use super::notifier::{NotifierRequest, Place};
use super::output::{Rows, Unwritten, note, tell};
use super::schedule::Lines;
use super::show;
use crate::domain::notice::NoticeState;
use crate::printable::printable;

/// What waits to go out, how a notice or an invitation stands, and calling one back
#[derive(clap::Args)]
pub struct Notice {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Show(Show),
    Cancel(Cancel),
}

/// List the notices that have not gone out yet, those that are due first
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  relay notice list
  relay notice list --line qdn --json
  relay notice list --stack relay")]
struct List {
    #[command(flatten)]
    lines: Lines,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Waiting {
    id: String,
    line: String,
    topic: String,
    subject: Option<String>,
    state: &'static str,
    /// When its next page is due.
    due: Timestamp,
    /// When it is too late for a text that has not gone out.
    expires: Timestamp,
    text: String,
}

/// More than that wait at nobody's.
const MOST_WAITING: usize = 500;

impl List {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let (store, lines) = self.lines.open().await?;
        let due = store.notices_due_before(Timestamp::MAX, MOST_WAITING);
        let (mut rows, mut any) = (Rows::of(self.json), false);
        for id in due.await? {
            let Some(notice) = store.notice(id).await? else {
                continue;
            };
            let line = lines.iter().find(|line| line.number == notice.from);
            let (Some(line), Some(state)) = (line, waits(&notice.state)) else {
                continue;
            };
            if !any {
                rows.say(format_args!(
                    "{BOLD}{:<26}{:<14}NOTICE{BOLD:#}",
                    "NEXT", "TOPIC"
                ))?;
                any = true;
            }
            let waiting = Waiting {
                id: notice.id.to_string(),
                line: notice.line,
                topic: notice.topic,
                subject: notice.subject,
                state,
                due: notice.page_due,
                expires: notice.expires,
                text: notice.text,
            };
            rows.row(&waiting, |waiting| {
                let due = line.time_zone.show(waiting.due);
                let topic = printable(&waiting.topic);
                tell!("{due:<26}{topic:<14}{} {state}", waiting.id)?;
                tell!("{:26}{}", "", printable(&waiting.text))
            })?;
        }
        if !any {
            rows.say(format_args!("no notice waits"))?;
        }
        rows.end()
    }
}

/// What to call the state of a notice that has not gone out to all.
fn waits(state: &NoticeState) -> Option<&'static str> {
    match state {
        NoticeState::Scheduled => Some("scheduled"),
        NoticeState::Sending => Some("sending"),
        _ => None,
    }
}

/// Show how many recipients of a notice stand where, or what became of an invitation
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  relay notice show no-… --follow
  relay notice show iv-… --json")]
struct Show {
    /// As `relay notify` or `relay invite` printed it
    id: String,
    /// Go on showing how far it is until it has gone out
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    place: Place,
}

/// Call a notice back: whoever has not got it yet never will
#[derive(clap::Args)]
#[command(after_help = "Example:\n  relay notice cancel no-…")]
struct Cancel {
    /// As `relay notify` printed it
    id: String,
    #[command(flatten)]
    place: Place,
}

impl Notice {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let (place, request) = match self.command {
            Command::List(list) => return list.run().await,
            Command::Show(Show {
                id,
                follow: true,
                place,
            }) => return follow(&place, id).await,
            Command::Show(Show { id, place, .. }) => (place, NotifierRequest::Show(id)),
            Command::Cancel(Cancel { id, place }) => (place, NotifierRequest::Cancel(id)),
        };
        let answer = place.asked(&request).await?;
        show::print(&answer, place.json, print)
    }
}

/// How often a notice that is followed is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Says how far a notice is, until nobody waits for it any more.
pub async fn follow(place: &Place, id: String) -> anyhow::Result<ExitCode> {
    let request = NotifierRequest::Show(id);
    let mut said = String::new();
    loop {
        let answer = place.asked(&request).await?;
        if is_over(&answer) {
            return show::print(&answer, place.json, print);
        }
        let progress = progress(&answer);
        if progress != said {
            note!("{progress}");
            said = progress;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether nothing more is sent of it. What became of the last texts may still be to be heard.
fn is_over(answer: &Value) -> bool {
    let state = answer["state"].as_str().unwrap_or_default();
    match answer["counts"].as_object() {
        Some(counts) => {
            let left = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or_default();
            !matches!(state, "scheduled" | "sending") && left("waiting") + left("sending") == 0
        }
        None => matches!(state, "delivered" | "failed"),
    }
}

fn progress(answer: &Value) -> String {
    let state = printable(answer["state"].as_str().unwrap_or_default());
    match counted(answer) {
        counts if counts.is_empty() => state,
        counts => format!("{state}: {counts}"),
    }
}

/// Such as `12 delivered, 3 waiting`.
fn counted(answer: &Value) -> String {
    let counts = answer["counts"].as_object().into_iter().flatten();
    let counts = counts.filter_map(|(name, count)| {
        let count = count.as_u64().filter(|count| 0 < *count)?;
        Some(format!("{count} {}", name.replace('_', " ")))
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn print(answer: &Value) -> Result<(), Unwritten> {
    let text = |name: &str| printable(answer[name].as_str().unwrap_or_default());
    tell!("{} {}", text("id"), progress(answer))?;
    if answer["counts"].is_null() {
        tell!("{} to {}", text("name"), text("event"))?;
    } else {
        tell!("{}", text("text"))?;
    }
    if !answer["because"].is_null() {
        let code = answer["error_code"].as_u64();
        let code = code.map_or(String::new(), |code| format!(" (error {code})"));
        tell!("because: {}{code}", text("because").replace('_', " "))?;
    }
    if !answer["superseded_by"].is_null() {
        tell!("superseded by {}", text("superseded_by"))?;
    }
    Ok(())
}
