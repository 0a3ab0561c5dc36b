use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;

use super::deployment::{Part, RelayFlags};
use super::output::{note, tell};
use super::schedule;
use super::show::{self, counts};
use super::{WrongUsage, agrees};
use crate::adapters::sqlite::store::forget::{Found, forget_in_file};
use crate::app::audit::records;
use crate::clock::{Clock, SystemClock};
use crate::domain::line::Line;
use crate::domain::phone::{PhoneNumber, international};

/// Remove a customer who asks for it: their number, their words, and what was written to them
///
/// Without --yes it only shows what would go, and asks on a terminal. Reminders that nobody answered them go, too. Of all lines it removes texts, calls with voicemails, deliveries,
/// conversations, subscriptions and what others read of their words; then the database is written anew, so that free pages hold
/// nothing either. If that takes longer than two seconds, a running relay has Twilio call the fallback for the
/// texts that come meanwhile.
/// An opt-out stays, as the law wants, and the audit keeps counts, masked numbers and keyed hashes. It works
/// for the relay on this machine.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay forget 858-555-0107
  relay forget 858-555-0107 --yes
  relay forget +18585550107 --yes --also-open --data /srv/relay")]
pub struct Forget {
    /// The number, as people in the line's country write it
    number: String,
    /// Carry it out
    #[arg(long)]
    yes: bool,
    /// Also texts that are on their way, and those that reached nobody: nobody gets them
    #[arg(long)]
    also_open: bool,
    #[command(flatten)]
    relay: RelayFlags,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How much there is, or was.
#[derive(Serialize)]
struct Forgotten {
    /// Masked.
    number: String,
    /// Whether it was carried out.
    forgotten: bool,
    texts: usize,
    deliveries: usize,
    /// Of those, of notices and of calls, how many are not finished.
    open: usize,
    /// How many of these only wait for the case that nobody answers.
    reminders: usize,
    /// Texts to others that have words of theirs.
    quoting: usize,
    conversations: usize,
    blocked: bool,
    subscriptions: usize,
    notices: usize,
    /// With what was said after the tone.
    calls: usize,
    /// How many stay.
    opt_outs: usize,
}

impl Forgotten {
    fn new(number: &PhoneNumber, found: &Found) -> Self {
        Self {
            number: number.masked().to_string(),
            forgotten: false,
            texts: found.texts.len(),
            deliveries: found.deliveries.len(),
            open: found.open,
            reminders: found.reminders,
            quoting: found.quoting.len(),
            conversations: found.conversations.len(),
            blocked: found.is_blocked,
            subscriptions: found.subscriptions,
            notices: found.notices.len(),
            calls: found.calls.len(),
            opt_outs: found.opt_outs,
        }
    }

    /// What somebody still waits for, or should look at.
    fn on_the_way(&self) -> usize {
        self.open - self.reminders.min(self.open)
    }

    fn on_the_way_in_words(&self) -> String {
        let is = if self.on_the_way() == 1 { "is" } else { "are" };
        format!(
            "{} of it {is} on the way or reached nobody",
            self.on_the_way()
        )
    }

    fn in_words(&self) -> String {
        let counted = counts([
            (self.texts, "text"),
            (self.deliveries, "outgoing text"),
            (self.quoting, "quoting text"),
            (self.conversations, "conversation"),
            (self.subscriptions, "subscription"),
            (self.notices, "notice"),
            (self.calls, "call"),
        ]);
        match &counted[..] {
            [] => "nothing".to_owned(),
            counted => counted.join(", "),
        }
    }
}

impl Forget {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        let relay = self.relay.open(&[Part::Audit]).await?;
        let Some(machine) = relay.machine() else {
            let why = "relay forget works on the relay of this machine only: name its data folder with --data";
            return Err(WrongUsage(why.to_owned()).into());
        };
        let audit = relay.audit("relay-forget")?;
        let lines = relay.store()?.lines().await?;
        let number = number(&self.number, &lines)?;
        let kept = std::fs::read_to_string(&machine.kept_texts).unwrap_or_default();
        if kept.contains(number.expose().trim_start_matches('+')) {
            bail!(
                "a text of theirs waits in {} until the relay takes it in: start the relay, or wait a minute, \
                 then run this again",
                machine.kept_texts.display()
            );
        }
        let (found, gone) = machine.store.of_number(&number)?;
        let mut forgotten = Forgotten::new(&number, &found);
        if self.yes || self.is_agreed(&forgotten)? {
            if self.yes && forgotten.on_the_way() > 0 && !self.also_open {
                bail!(
                    "{}: see `relay dead list`; with --also-open they are taken back, and nobody gets them",
                    forgotten.on_the_way_in_words()
                );
            }
            machine.store.forget(&number, &found, &gone, now).await?;
            forget_in_file(&machine.unusable, &number)?;
            let what = forgotten.in_words();
            let record = records::forgotten_by_hand(&number, &what, now);
            let written = audit.write(&[record]).await;
            written.context("that is done, but the audit did not take the record of it")?;
            let rewritten = machine.store.rewrite().await;
            rewritten.context(
                "it is removed, but remains may stand in free pages of the file: run this again, with the \
                 relay stopped if need be",
            )?;
            forgotten.forgotten = true;
        }
        show::print(&forgotten, self.json, |forgotten| {
            let what = forgotten.in_words();
            if forgotten.forgotten {
                tell!("{} is forgotten: {what}", forgotten.number)?;
            } else {
                tell!("of {} would go: {what}", forgotten.number)?;
                if forgotten.reminders > 0 {
                    let reminders = counts([(forgotten.reminders, "reminder")]).join("");
                    tell!(
                        "  {reminders} for the people who have the customer: taken back with the rest"
                    )?;
                }
                if forgotten.on_the_way() > 0 {
                    tell!("  {}: needs --also-open", forgotten.on_the_way_in_words())?;
                }
            }
            if forgotten.blocked {
                tell!("  the block goes too: block the number again if it is to reach nobody")?;
            }
            if forgotten.opt_outs > 0 {
                tell!("  the opt-out stays, with the number: the law wants it kept")?;
            }
            if !forgotten.forgotten {
                tell!("nothing was removed; --yes carries it out")?;
            }
            Ok(())
        })
    }

    /// Nobody at a terminal is no yes.
    fn is_agreed(&self, forgotten: &Forgotten) -> anyhow::Result<bool> {
        if self.json || !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            return Ok(false);
        }
        note!("Of {} would go: {}", forgotten.number, forgotten.in_words());
        if forgotten.on_the_way() > 0 {
            note!(
                "{}. Nobody gets them then.",
                forgotten.on_the_way_in_words()
            );
        }
        Ok(agrees("It cannot be brought back.")?.unwrap_or(false))
    }
}

/// The number of nobody who belongs to a line.
fn number(text: &str, lines: &[Line]) -> anyhow::Result<PhoneNumber> {
    let number = match lines.first() {
        Some(first) if lines.iter().all(|line| line.country == first.country) => {
            schedule::number(text, first)?
        }
        _ => international(text).map_err(|_| {
            let why = "write the number in full, such as +18585550107: the lines are of several countries";
            WrongUsage(why.to_owned())
        })?,
    };
    for line in lines {
        let is_own = line.numbers().any(|own| *own == number);
        if is_own || line.person_with(&number).is_some() {
            let why = format!(
                "that number is of line {} itself, or of one of its people: take it out of relay.toml first",
                line.name
            );
            return Err(WrongUsage(why).into());
        }
    }
    Ok(number)
}
