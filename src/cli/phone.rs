use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::candidates::{BOLD, DIM, GREEN};
use super::completions;
use super::output::{Unwritten, escaped, note, tell};
use super::running_sandbox::RunningSandbox;
use super::{WrongUsage, call, show};
use crate::domain::time_zone::TimeZone;
use crate::printable::{printable, printable_lines};
use crate::sandbox::control::Screen;
use crate::sandbox::control_calls::Acted;
use crate::sandbox::{Entry, TakesCalls};

/// Show a phone's screen in a running sandbox, or use the phone that rings
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  relay phone 619-555-0110 --follow
  relay phone 619-555-0110 answer          # the call that rings there (see `relay call`)
  relay phone 619-555-0110 press 1         # or: decline, hang-up, say 20s
  relay phone 619-555-0110 --calls off     # the next call goes to its mailbox
  relay phone 619-555-0110 --calls forwards-to=619-555-0100

`←` is what the phone received, `→` what it sent. Texts with several numbers stand under each number, but
with --follow in the order of their times, which are those of the line's zone.")]
pub struct Phone {
    /// The phone's number, as people write it or as +16195550110
    #[arg(value_name = "NUMBER", add = completions::phones())]
    number: String,
    /// What the person does with the call that rings or goes on: answer, decline, press KEYS, say 20s, hang-up
    #[arg(value_name = "ACTION", num_args = 0..=2, conflicts_with_all = ["follow", "calls"])]
    act: Vec<String>,
    /// How it takes calls from now on: on (rings until it is answered), off (mailbox after 1 s), silent
    /// (mailbox after 25 s), busy, busy-mailbox, declines, no-mailbox, assistant, dead (no such number), or
    /// forwards-to=NUMBER
    #[arg(long, value_name = "HOW", conflicts_with = "follow")]
    calls: Option<String>,
    /// Go on showing what comes, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// One JSON object per text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: RunningSandbox,
}

/// How often a followed phone is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

impl Phone {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let phone = self.sandbox.sender(&self.number)?;
        if !self.act.is_empty() {
            let act = call::act(&self.act, &["answer", "decline", "press", "say", "hang-up"])?;
            let path = format!("/sandbox/phones/{}/call", encoded(phone.expose()));
            let acted: Acted = self.sandbox.post(&path, &act).await?;
            return show::print(&acted, self.json, |Acted { sid }| {
                tell!("done, in the call {sid}")
            });
        }
        if let Some(how) = &self.calls {
            let calls = self.takes_calls(how)?;
            let path = format!("/sandbox/phones/{}", encoded(phone.expose()));
            let told: Value = self.sandbox.post(&path, &json!({ "calls": calls })).await?;
            return show::print(&told, self.json, |_| {
                tell!("{}: calls {how}", phone.expose())
            });
        }
        let mut printer = Printer {
            json: self.json,
            day: None,
        };
        let mut cursor = 0;
        loop {
            let path = screen_path(phone.expose(), cursor);
            let screen: Screen = self.sandbox.get(&path).await?;
            if screen.entries.is_empty() && cursor == 0 && !self.follow {
                note!("Nothing has come to {} yet.", phone.expose());
            }
            let printed = if self.follow || self.json {
                printer.print(&screen)
            } else {
                printer.by_number(&screen)
            };
            printed.map_err(Unwritten::from)?;
            if !self.follow {
                break;
            }
            cursor = screen.cursor;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Phone {
    fn takes_calls(&self, how: &str) -> anyhow::Result<TakesCalls> {
        if let Some(number) = how.strip_prefix("forwards-to=") {
            return Ok(TakesCalls::ForwardsTo(self.sandbox.number(number)?));
        }
        serde_json::from_value(json!(how)).map_err(|_| {
            let why = format!(
                "--calls {how}: write on, off, silent, busy, busy-mailbox, declines, no-mailbox, assistant, \
                 dead or forwards-to=NUMBER"
            );
            WrongUsage(why).into()
        })
    }
}

/// What to ask for what came to a phone after `cursor`.
pub fn screen_path(phone: &str, cursor: usize) -> String {
    format!("/sandbox/phones/{}?after={cursor}", encoded(phone))
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

const CYAN: Style = AnsiColor::Cyan.on_default();

struct Printer {
    json: bool,
    /// The day of the last line.
    day: Option<Date>,
}

impl Printer {
    fn print(&mut self, screen: &Screen) -> std::io::Result<()> {
        let mut out = anstream::stdout().lock();
        let zone = screen.time_zone.as_deref().map(TimeZone::named);
        let zone = zone.and_then(Result::ok).unwrap_or_default();
        for entry in &screen.entries {
            if self.json {
                let entry = escaped(&serde_json::to_string(entry)?);
                writeln!(out, "{entry}")?;
            } else {
                self.line(&mut out, entry, &zone)?;
            }
        }
        out.flush()
    }

    /// As a phone shows them: a conversation with each number.
    fn by_number(&mut self, screen: &Screen) -> std::io::Result<()> {
        let mut numbers: Vec<&str> = Vec::new();
        for entry in &screen.entries {
            if !numbers.contains(&entry.with.as_str()) {
                numbers.push(&entry.with);
            }
        }
        for number in &numbers {
            if numbers.len() > 1 {
                let mut out = anstream::stdout().lock();
                writeln!(out, "{BOLD}{}{BOLD:#}", printable(number))?;
                self.day = None;
            }
            let entries = screen.entries.iter();
            self.print(&Screen {
                phone: screen.phone.clone(),
                time_zone: screen.time_zone.clone(),
                calls: screen.calls.clone(),
                entries: entries.filter(|e| e.with == *number).cloned().collect(),
                ..*screen
            })?;
        }
        Ok(())
    }

    fn line(
        &mut self,
        out: &mut impl Write,
        entry: &Entry,
        zone: &TimeZone,
    ) -> std::io::Result<()> {
        let at = zone.at(entry.at);
        if self.day != Some(at.date()) {
            self.day = Some(at.date());
            let day = at.strftime("%A, %B %-d, %Y (%Z)");
            writeln!(out, "{DIM}{day}{DIM:#}")?;
        }
        let (arrow, style) = if entry.sent {
            ("→", GREEN)
        } else {
            ("←", CYAN)
        };
        let time = at.strftime("%H:%M:%S");
        let with = printable(&entry.with);
        write!(out, "{DIM}{time}{DIM:#} {style}{arrow} {with}{style:#}  ")?;
        // The lines of a text stand under each other.
        let margin = format!("\n{}", " ".repeat(14 + with.chars().count() - 1));
        let body = printable_lines(&entry.body).replace('\n', &margin);
        writeln!(out, "{body}")?;
        for url in &entry.media {
            writeln!(out, "{}{DIM}📎 {}{DIM:#}", &margin[1..], printable(url))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::message_sid::MessageSid;

    fn entry(at: &str, sent: bool, body: &str, media: &[&str]) -> Entry {
        Entry {
            at: at.parse().unwrap(),
            sid: MessageSid::parse(&("SM".to_owned() + &"0".repeat(32))).unwrap(),
            sent,
            with: "+16195550100".into(),
            body: body.into(),
            media: media.iter().map(|url| (*url).to_owned()).collect(),
        }
    }

    #[test]
    fn a_screen_reads_as_a_conversation_in_the_lines_time() {
        let mut out = Vec::new();
        let mut printer = Printer {
            json: false,
            day: None,
        };
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        for entry in [
            entry(
                "2026-01-05T17:00:03Z",
                false,
                "Hi\nthere\u{1b}[2J",
                &["https://x.example/a.png"],
            ),
            entry("2026-01-05T17:01:00Z", true, "got it", &[]),
        ] {
            printer.line(&mut out, &entry, &zone).unwrap();
        }
        let plain = anstream::adapter::strip_bytes(&out).into_vec();
        assert_eq!(
            String::from_utf8(plain).unwrap(),
            "Monday, January 5, 2026 (PST)\n\
             09:00:03 ← +16195550100  Hi\n\
             \x20                        there�[2J\n\
             \x20                        📎 https://x.example/a.png\n\
             09:01:00 → +16195550100  got it\n"
        );
    }
}
