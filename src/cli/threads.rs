use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::candidates::{BOLD, DIM, YELLOW};
use super::output::{self, Unwritten, tell};
use super::schedule::choose;
use super::target::Target;
use crate::clock::{Clock, SystemClock};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::thread::{Held, Standing, Thread, Threads as LineThreads, Times};
use crate::printable::printable;

/// List customers' threads: who has each, under which tag, and what waits for an answer
///
/// A thread is live as long as its line's thread_for after the last text. A person's text goes to the
/// customer of their only thread, or to the one of the tag in front, such as "#2 on my way".
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay threads
  relay threads --numbers --body
  relay threads --table relay-Table-1A2B3C --json")]
pub struct Threads {
    #[command(flatten)]
    target: Target,
    /// Only this line, by its name or number
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// Show telephone numbers in full
    #[arg(long)]
    numbers: bool,
    /// Show the beginning of what customers wrote last
    #[arg(long)]
    body: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The threads of a line, as `--json` shows them.
#[derive(Serialize)]
struct Shown {
    line: String,
    at: Timestamp,
    threads: Vec<ThreadShown>,
    /// Texts of persons that wait until they say for whom they are.
    held: Vec<HeldShown>,
}

#[derive(Serialize)]
struct ThreadShown {
    customer: String,
    /// The person who has it.
    has: String,
    opened: Timestamp,
    /// When a text of it was last written.
    active: Timestamp,
    /// When it is over if nobody writes.
    over: Timestamp,
    /// Since when the customer waits for an answer.
    unanswered: Option<Timestamp>,
    /// Who can answer it, by their tags.
    people: Vec<SeatShown>,
    /// The texts that were written last.
    texts: Vec<MessageSid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
}

#[derive(Serialize)]
struct SeatShown {
    person: String,
    tag: u16,
}

#[derive(Serialize)]
struct HeldShown {
    message_sid: MessageSid,
    person: String,
    asked: Timestamp,
    /// When it is reported as not sent.
    until: Timestamp,
    tags: Vec<u16>,
}

impl Threads {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let store = self.target.store().await?;
        let now = SystemClock.now();
        let mut all = Vec::new();
        for line in choose(store.lines().await?, self.line.as_deref())? {
            let threads = store.threads(&line.number).await?;
            let shown = self.shown(&line, &threads, now);
            if !self.json {
                print(&line, &shown)?;
            }
            all.push(shown);
        }
        if self.json {
            output::json(&all)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn shown(&self, line: &Line, threads: &LineThreads, now: Timestamp) -> Shown {
        let times = Times::of(&line.policy, now);
        let live = threads.threads.iter().filter(|t| t.is_live(times));
        let mut live: Vec<&Thread> = live.collect();
        live.sort_by_key(|thread| std::cmp::Reverse(thread.active));
        let held = threads.held.iter().filter(|held| now < held.until());
        Shown {
            line: line.name.clone(),
            at: now,
            threads: live.into_iter().map(|t| self.thread(t, times)).collect(),
            held: held.map(held_shown).collect(),
        }
    }

    fn thread(&self, thread: &Thread, times: Times) -> ThreadShown {
        let live =
            |seat: &&crate::domain::thread::Seat| thread.standing(seat, times) == Standing::Live;
        let mut people: Vec<SeatShown> = thread
            .seats
            .iter()
            .filter(live)
            .map(|seat| SeatShown {
                person: seat.person.clone(),
                tag: seat.tag.number(),
            })
            .collect();
        people.sort_by_key(|seat| seat.person != thread.has);
        ThreadShown {
            customer: self.number(&thread.customer),
            has: thread.has.clone(),
            opened: thread.opened,
            active: thread.active,
            over: thread.over_at(times.thread_for),
            unanswered: thread.unanswered,
            people,
            texts: thread.texts.clone(),
            words: self.body.then(|| thread.words.0.clone()),
        }
    }

    fn number(&self, number: &PhoneNumber) -> String {
        match self.numbers {
            true => number.expose().to_owned(),
            false => number.masked().to_string(),
        }
    }
}

fn held_shown(held: &Held) -> HeldShown {
    HeldShown {
        message_sid: held.sid.clone(),
        person: held.person.clone(),
        asked: held.asked,
        until: held.until(),
        tags: held.choices.iter().map(|c| c.tag.number()).collect(),
    }
}

fn print(line: &Line, shown: &Shown) -> Result<(), Unwritten> {
    let zone = &line.time_zone;
    let clock = |at: Timestamp| line.clock().day_and_time(at, shown.at);
    tell!(
        "{BOLD}{}{BOLD:#}  {DIM}{}{DIM:#}",
        printable(&line.name),
        zone.show(shown.at)
    )?;
    if shown.threads.is_empty() {
        tell!("  no customer's thread is live")?;
    }
    for thread in &shown.threads {
        let waits = match thread.unanswered {
            Some(since) => format!(
                "{YELLOW}waits for an answer since {}{YELLOW:#}",
                clock(since)
            ),
            None => "answered".to_owned(),
        };
        tell!(
            "  {BOLD}{}{BOLD:#}  {}  {waits}  {DIM}last text {}, over {}{DIM:#}",
            thread.customer,
            people(thread),
            clock(thread.active),
            clock(thread.over)
        )?;
        if let Some(words) = &thread.words {
            tell!("      {DIM}│{DIM:#} {}", printable(words))?;
        }
    }
    for held in &shown.held {
        let tags: Vec<String> = held.tags.iter().map(|tag| format!("#{tag}")).collect();
        tell!(
            "  {YELLOW}{} waits{YELLOW:#}: {} is to say whether it is for {}, until {}",
            held.message_sid,
            printable(&held.person),
            tags.join(", "),
            clock(held.until)
        )?;
    }
    Ok(())
}

/// Such as `Sergio has it as #2 (Backup #1)`.
fn people(thread: &ThreadShown) -> String {
    let tagged = |seat: &SeatShown| format!("{} #{}", printable(&seat.person), seat.tag);
    let (having, others): (Vec<_>, Vec<_>) = thread
        .people
        .iter()
        .partition(|seat| seat.person == thread.has);
    let has = match having.first() {
        Some(seat) => format!("{} has it as #{}", printable(&seat.person), seat.tag),
        None => format!("{} has it", printable(&thread.has)),
    };
    match others.is_empty() {
        true => has,
        false => {
            let others: Vec<String> = others.into_iter().map(tagged).collect();
            format!("{has} ({})", others.join(", "))
        }
    }
}
