use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::candidates::{BOLD, DIM, YELLOW};
use super::output::{Unwritten, tell};
use super::show::{self, Listing};
use crate::clock::{Clock, SystemClock};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::Line;
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
  relay threads --stack relay --json")]
pub struct Threads {
    #[command(flatten)]
    listing: Listing,
    /// Show the beginning of what customers wrote last
    #[arg(long)]
    body: bool,
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
        let (store, lines) = self.listing.lines.open().await?;
        let now = SystemClock.now();
        let mut all = Vec::new();
        for line in &lines {
            all.push(self.shown(line, &store.threads(&line.number).await?, now));
        }
        show::print(&all, self.listing.json, |all| {
            let mut lines = lines.iter().zip(all);
            lines.try_for_each(|(line, shown)| print(line, shown))
        })
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
        let seats = thread.seats.iter();
        let live = seats.filter(|seat| thread.standing(seat, times) == Standing::Live);
        let people = live.map(|seat| SeatShown {
            person: seat.person.clone(),
            tag: seat.tag.number(),
        });
        let mut people: Vec<SeatShown> = people.collect();
        people.sort_by_key(|seat| seat.person != thread.has);
        ThreadShown {
            customer: show::number(&thread.customer, self.listing.numbers),
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
    let mut has = format!("{} has it", printable(&thread.has));
    let mut others = Vec::new();
    for SeatShown { person, tag } in &thread.people {
        if *person == thread.has {
            has += &format!(" as #{tag}");
        } else {
            others.push(format!("{} #{tag}", printable(person)));
        }
    }
    if others.is_empty() {
        has
    } else {
        format!("{has} ({})", others.join(", "))
    }
}
