use std::process::ExitCode;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;

use super::candidates::{BOLD, DIM};
use super::output::{Unwritten, tell};
use super::schedule::wrong_time;
use super::show::{self, Listing};
use crate::app::ports::store::Store;
use crate::clock::{Clock, SystemClock};
use crate::domain::call::{Call, Caller, Stage};
use crate::domain::ids::CallSid;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::Line;
use crate::domain::phone::Sender;
use crate::domain::when::option;
use crate::printable::printable;

/// List the calls of each line: who called, who was rung, how it ended and who was told
///
/// The latest come first, at most 1,000 of a line. `relay explain CA…` tells the story of one.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay calls
  relay calls --live --numbers
  relay calls --since 30d --stack relay --json")]
pub struct Calls {
    #[command(flatten)]
    listing: Listing,
    /// Only calls that go on now
    #[arg(long)]
    live: bool,
    /// How far back: 90m, 2h, 7d
    #[arg(long, value_name = "AGE", default_value = "7d")]
    since: String,
}

/// The most calls of a line.
pub const MOST: usize = 1000;

/// How many calls are looked up at once.
const AT_ONCE: usize = 16;

/// The calls of a line, as `--json` shows them.
#[derive(Serialize)]
struct Shown {
    line: String,
    at: Timestamp,
    calls: Vec<CallShown>,
}

#[derive(Serialize)]
struct CallShown {
    call_sid: CallSid,
    opened: Timestamp,
    caller: String,
    /// Who asked by text to call them; otherwise they called.
    #[serde(skip_serializing_if = "Option::is_none")]
    called_by: Option<String>,
    /// The people who were rung, in this order.
    rang: Vec<String>,
    /// How it stands or ended, in words; `stage` has it in a form for programs.
    outcome: String,
    stage: Stage,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Timestamp>,
    /// When people were told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<Timestamp>,
    /// Who was told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    told_to: Option<String>,
    by_fallback: bool,
}

impl Calls {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        let since = option::ago(&self.since, now).map_err(wrong_time)?;
        let (store, lines) = self.listing.lines.open().await?;
        let mut all = Vec::new();
        for line in &lines {
            let mut calls = store.calls_of(&line.number, since, MOST).await?;
            calls.retain(|call| !self.live || goes_on(call));
            let shown = stream::iter(calls).map(|call| self.shown(store.as_ref(), call));
            all.push(Shown {
                line: line.name.clone(),
                at: now,
                calls: shown.buffered(AT_ONCE).try_collect().await?,
            });
        }
        show::print(&all, self.listing.json, |all| {
            let mut lines = lines.iter().zip(all);
            lines.try_for_each(|(line, shown)| self.print(line, shown))
        })
    }

    async fn shown(&self, store: &dyn Store, call: Call) -> anyhow::Result<CallShown> {
        let told = store.inbound(&MessageSid::of_call(&call.sid)).await?;
        let outcome = match &call.stage {
            Stage::Ringing { leg } => match call.legs.get(leg.saturating_sub(1)) {
                Some(leg) => format!("rings {}", leg.person),
                None => "rings".to_owned(),
            },
            Stage::Talking { leg } => match call.legs.get(leg.saturating_sub(1)) {
                Some(leg) => format!("talks with {}", leg.person),
                None => "talks".to_owned(),
            },
            Stage::TakingMessage => "at the voicemail".to_owned(),
            Stage::Over { outcome } => outcome.in_words(),
        };
        Ok(CallShown {
            caller: caller(&call, self.listing.numbers),
            called_by: (call.legs.first().filter(|_| call.out.is_some()))
                .map(|leg| leg.person.clone()),
            rang: call.legs.iter().map(|leg| leg.person.clone()).collect(),
            outcome,
            stage: call.stage,
            ended: call.ended,
            told: call.told.filter(|_| told.is_some()),
            told_to: told.and_then(|told| told.decision.to_person),
            by_fallback: call.by_fallback,
            opened: call.opened,
            call_sid: call.sid,
        })
    }

    fn print(&self, line: &Line, shown: &Shown) -> Result<(), Unwritten> {
        let clock = |at: Timestamp| show::time(line, at);
        show::head(line, shown.at)?;
        if shown.calls.is_empty() {
            let none = if self.live {
                "no call goes on"
            } else {
                "nobody has called"
            };
            tell!("  {none}")?;
        }
        for call in &shown.calls {
            let rang = match (&call.called_by, call.rang.as_slice()) {
                (Some(person), _) => format!("called by {person}"),
                (None, []) => "rang nobody".to_owned(),
                (None, rang) => format!("rang {}", rang.join(", ")),
            };
            let told = match &call.told_to {
                Some(person) => format!(", {} was told", printable(person)),
                None => String::new(),
            };
            let by = if call.by_fallback {
                ", by the fallback"
            } else {
                ""
            };
            tell!(
                "  {}  {}  {}  {BOLD}{}{BOLD:#}{told}{by}  {DIM}{}{DIM:#}",
                clock(call.opened),
                printable(&call.caller),
                printable(&rang),
                printable(&call.outcome),
                call.call_sid
            )?;
        }
        Ok(())
    }
}

fn goes_on(call: &Call) -> bool {
    call.ended.is_none() && !matches!(call.stage, Stage::Over { .. })
}

/// Who called, masked unless it is asked for in full.
pub fn caller(call: &Call, in_full: bool) -> String {
    match &call.caller {
        Caller::Phone(number) => show::number(number, in_full),
        Caller::Withheld => "number withheld".to_owned(),
        Caller::Odd(address) if in_full => address.clone(),
        Caller::Odd(address) => Sender::Alphanumeric(address.clone()).masked().to_string(),
    }
}
