use std::process::ExitCode;

use serde::Serialize;

use super::candidates::{self, BOLD, DIM, DecisionShown};
use super::output::{self, Unwritten, tell};
use super::schedule::{Schedule, instant};
use crate::app::inbound_sms;
use crate::app::ports::store::Planned;
use crate::clock::{Clock, SystemClock};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::line::Line;
use crate::domain::line::config::in_words;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::routing::Decision;
use crate::domain::sms::{Encoding, segments};
use crate::printable::printable_lines;

/// Show where a text would go, and why; sends nothing
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay route --from 858-555-0107 --body \"Are you open?\" --config relay.toml
  relay route --from 858-555-0107 --body hi --at \"Sat 02:00\" --config relay.toml --json
  relay route --from 858-555-0107 --body hi          (the relay in .relay, with its overrides)")]
pub struct Route {
    /// Who writes: a number as people in the line's country write it, or any other sender
    #[arg(long, value_name = "SENDER")]
    from: String,
    /// What they write
    #[arg(long, value_name = "TEXT")]
    body: String,
    /// When: RFC 3339, or such as "Sat 02:00" on the line's clock [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    schedule: Schedule,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A decision, with what would be sent because of it.
#[derive(Serialize)]
struct Routed {
    #[serde(flatten)]
    shown: DecisionShown,
    #[serde(skip)]
    decision: Decision,
    /// Whom `text` goes to: the person, or whoever wrote and is answered.
    text_to: Option<String>,
    #[serde(skip)]
    number: Option<PhoneNumber>,
    text: Option<String>,
    /// How many messages that are sent one by one, and how many segments Twilio bills for them.
    messages: usize,
    segments: usize,
    encoding: Option<&'static str>,
}

impl Route {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let (line, known) = self.schedule.line().await?;
        let now = SystemClock.now();
        let at = instant(self.at.as_deref(), now, &line)?;
        let sms = InboundSms {
            sid: MessageSid::parse(&format!("SM{}", "0".repeat(32))).expect("well formed"),
            from: sender(&self.from, &line),
            to: line.number.clone(),
            place: None,
            body: self.body,
            media: Vec::new(),
            media_left_out: 0,
            opt_out_type: None,
        };
        let threads = self.schedule.threads(&line).await?;
        let text = inbound_sms::text::Text::of(sms, at);
        let routed = routed(inbound_sms::plan(&line, &known, &text, &threads), &line);
        if self.json {
            output::json(&routed)?;
        } else {
            print(&routed, &line)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads a sender, and a number as people in the line's country write it.
fn sender(text: &str, line: &Line) -> Sender {
    let has_letters = text.chars().any(char::is_alphabetic);
    match line.country() {
        // Letters stand for digits on a dial, but a sender with letters is a name.
        Some(country) if !has_letters => match country.read(text) {
            Ok(number) => Sender::Phone(number),
            Err(_) => Sender::parse(text),
        },
        _ => Sender::parse(text),
    }
}

/// What would be done about a text.
fn routed(planned: Planned, line: &Line) -> Routed {
    let Planned {
        record, deliveries, ..
    } = planned;
    let delivery = deliveries.into_iter().next();
    let parts = delivery.as_ref().map(|delivery| delivery.parts.as_slice());
    let parts = parts.unwrap_or_default();
    let counted: Vec<_> = parts.iter().map(|part| segments(&part.body)).collect();
    let is_ucs2 = counted
        .iter()
        .any(|segments| segments.encoding == Encoding::Ucs2);
    Routed {
        shown: DecisionShown::of(&record.decision, &line.time_zone),
        decision: record.decision,
        messages: parts.len(),
        segments: counted.iter().map(|segments| segments.count).sum(),
        encoding: (!counted.is_empty()).then_some(if is_ucs2 { "UCS-2" } else { "GSM-7" }),
        number: delivery.as_ref().map(|delivery| delivery.to.number.clone()),
        text_to: delivery.as_ref().map(|delivery| delivery.to.person.clone()),
        text: delivery.map(|delivery| delivery.body),
    }
}

fn print(routed: &Routed, line: &Line) -> Result<(), Unwritten> {
    let decision = &routed.decision;
    tell!(
        "{BOLD}{}{BOLD:#}  {DIM}{}{DIM:#}",
        line.name,
        line.time_zone.show(decision.at)
    )?;
    for row in candidates::lines(&decision.candidates, &line.time_zone) {
        tell!("  {row}")?;
    }
    tell!("  {}", candidates::outcome(decision))?;
    if let Some(next) = decision.then.first() {
        let after = in_words(line.policy.hand_over_after);
        tell!("  {DIM}without a delivery report within {after} it goes to {next}{DIM:#}")?;
    }
    let (Some(to), Some(text)) = (&routed.text_to, &routed.text) else {
        return Ok(());
    };
    let number = routed.number.as_ref().zip(line.country());
    let number = number.map_or(String::new(), |(number, country)| country.write(number));
    tell!()?;
    tell!(
        "  {DIM}to {to}, {number}: {}, {}, {}{DIM:#}",
        count(routed.messages, "message"),
        count(routed.segments, "segment"),
        routed.encoding.unwrap_or_default()
    )?;
    for row in printable_lines(text).lines() {
        tell!("  {row}")?;
    }
    Ok(())
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
