use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::candidates::{self, DIM};
use super::output::{Unwritten, tell};
use super::schedule::{Schedule, instant, read_number};
use super::show::{self, count};
use crate::app::inbound_sms;
use crate::app::ports::store::Planned;
use crate::clock::{Clock, SystemClock};
use crate::domain::call::{self, Attestation, Caller, NewCall, Skipped, Stage, Unrung};
use crate::domain::ids::CallSid;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::line::Line;
use crate::domain::line::config::in_words;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::routing::{Decision, Known};
use crate::domain::sms::{Encoding, segments};
use crate::printable::{printable, printable_lines};
use crate::twilio::voice::document;

/// Show where a text would go, or whom a call would ring, and why; sends nothing and rings nobody
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay route --from 858-555-0107 --body \"Are you open?\" --config relay.toml
  relay route --from 858-555-0107 --body hi --at \"Sat 02:00\" --config relay.toml --json
  relay route --from 858-555-0107 --call --at \"Sat 02:00\" --config relay.toml
  relay route --from 858-555-0107 --body hi          (the relay in .relay, with its overrides)")]
pub struct Route {
    /// Who writes or calls: a number as people in the line's country write it, or any other sender
    #[arg(long, value_name = "SENDER")]
    from: String,
    /// What they write
    #[arg(long, value_name = "TEXT", required_unless_present = "call")]
    body: Option<String>,
    /// They call; `--from withheld` for somebody without a number
    #[arg(long, conflicts_with = "body")]
    call: bool,
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
    shown: Value,
    /// Whom `text` goes to: the person, or whoever wrote and is answered.
    text_to: Option<String>,
    text: Option<String>,
    /// How many messages that are sent one by one, and how many segments Twilio bills for them.
    messages: usize,
    segments: usize,
    encoding: Option<&'static str>,
    #[serde(skip)]
    decision: Decision,
    #[serde(skip)]
    number: Option<PhoneNumber>,
}

impl Route {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let (line, known) = self.schedule.line().await?;
        let now = SystemClock.now();
        let at = instant(self.at.as_deref(), now, &line)?;
        let Some(body) = self.body.clone() else {
            return self.call(&line, known, at).await;
        };
        let sms = InboundSms {
            sid: MessageSid::parse(&format!("SM{}", "0".repeat(32))).expect("well formed"),
            from: sender(&self.from, &line),
            to: line.number.clone(),
            place: None,
            body,
            media: Vec::new(),
            media_left_out: 0,
            opt_out_type: None,
        };
        let text = inbound_sms::Text::of(sms, at);
        let (found, view) = self.schedule.found(&line, &text).await?;
        let of_sender = found.known(at);
        let known = Known {
            has_conversation: of_sender.has_conversation,
            blocked: of_sender.blocked,
            ..known
        };
        let plan = inbound_sms::plan(&line, &known, &text, &found, &view);
        let routed = routed(plan.complete(&[]), &line);
        show::print(&routed, self.json, |routed| print(routed, &line))
    }
}

/// Whom a call would ring.
#[derive(Serialize)]
struct CallRouted {
    #[serde(flatten)]
    decision: Value,
    /// Who is rung first.
    rings: Option<String>,
    /// Who is rung after that, in this order, if they take calls then. `then` is the decision's.
    rings_then: Vec<String>,
    skipped: Vec<Skipped>,
    unrung: Option<Unrung>,
    stage: Stage,
    /// What Twilio is told.
    twiml: String,
    /// The same in words.
    #[serde(skip)]
    story: Vec<String>,
    #[serde(skip)]
    known: Decision,
}

const WITHHELD: &str = "withheld";

impl Route {
    async fn call(&self, line: &Line, known: Known, at: Timestamp) -> anyhow::Result<ExitCode> {
        let caller = match sender(&self.from, line) {
            Sender::Phone(number) => Caller::Phone(number),
            _ if self.from.eq_ignore_ascii_case(WITHHELD) => Caller::Withheld,
            _ => Caller::Odd(self.from.clone()),
        };
        let sid = CallSid::parse(&format!("CA{}", "0".repeat(32))).expect("well formed");
        let found = self.schedule.for_call(line, &sid, caller.phone()).await?;
        let of_caller = found.inbound.known(at);
        let known = Known {
            has_conversation: of_caller.has_conversation,
            blocked: of_caller.blocked,
            from_own_line: of_caller.from_own_line,
            ..known
        };
        let new = NewCall {
            sid: sid.clone(),
            caller,
            attestation: Attestation::Absent,
            place: None,
        };
        let began = call::begin(line, &known, &found.live, new, at);
        let call = began.call;
        let story = call::story(&call, &line.time_zone).into_iter();
        let routed = CallRouted {
            decision: candidates::decision_json(&call.decision, &line.time_zone),
            rings: call.legs.first().map(|leg| leg.person.clone()),
            twiml: document(&began.answer, &sid, &line.public_url),
            story: story.skip(1).map(|(_, says)| would_be(says)).collect(),
            known: call.decision,
            rings_then: call.then,
            skipped: call.skipped,
            unrung: call.unrung,
            stage: call.stage,
        };
        show::print(&routed, self.json, |routed| print_call(routed, line))
    }
}

/// A row of a call's story, of a call that nobody has made.
fn would_be(says: String) -> String {
    match says.strip_prefix("rang ") {
        Some(whom) => format!("rings {whom}"),
        None if says == "the voicemail began" => "the voicemail begins".to_owned(),
        None => says,
    }
}

fn print_call(routed: &CallRouted, line: &Line) -> Result<(), Unwritten> {
    let decision = &routed.known;
    show::head(line, decision.at)?;
    for row in candidates::lines(&decision.candidates, &line.time_zone) {
        tell!("  {row}")?;
    }
    for row in decision.because.iter().chain(&routed.story) {
        tell!("  {}", printable(row))?;
    }
    if !routed.rings_then.is_empty() {
        let then = routed.rings_then.join(", ");
        tell!(
            "  {DIM}then, if nobody answers: {}{DIM:#}",
            printable(&then)
        )?;
    }
    tell!("\n{DIM}what Twilio is told{DIM:#}\n  {}", routed.twiml)
}

/// Reads a sender, and a number as people in the line's country write it.
fn sender(text: &str, line: &Line) -> Sender {
    // Letters stand for digits on a dial, but a sender with letters is a name.
    let has_letters = text.chars().any(char::is_alphabetic);
    let number = read_number(text, line).ok().filter(|_| !has_letters);
    number.map_or_else(|| Sender::parse(text), Sender::Phone)
}

/// What would be done about a text.
fn routed(planned: Planned, line: &Line) -> Routed {
    let decision = planned.record.decision;
    let delivery = planned.deliveries.into_iter().next();
    let parts = delivery.iter().flat_map(|delivery| &delivery.parts);
    let parts: Vec<_> = parts.map(|part| segments(&part.body)).collect();
    let is_ucs2 = parts.iter().any(|part| part.encoding == Encoding::Ucs2);
    let encoding = if is_ucs2 { "UCS-2" } else { "GSM-7" };
    let (to, text) = delivery
        .map(|delivery| {
            let text = delivery.with_tag(delivery.body.clone());
            (delivery.to, text)
        })
        .unzip();
    let (text_to, number) = to.map(|to| (to.person, to.number)).unzip();
    Routed {
        shown: candidates::decision_json(&decision, &line.time_zone),
        text_to,
        text,
        messages: parts.len(),
        segments: parts.iter().map(|part| part.count).sum(),
        encoding: (!parts.is_empty()).then_some(encoding),
        decision,
        number,
    }
}

fn print(routed: &Routed, line: &Line) -> Result<(), Unwritten> {
    let decision = &routed.decision;
    show::head(line, decision.at)?;
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
