pub mod call;
pub mod conversation;
pub mod moment;
pub mod story;
mod tellings;
pub mod words;

use std::process::ExitCode;

use anyhow::bail;

use self::call::CallTold;
use self::moment::{Moment, Shown};
use self::story::Story;
use super::candidates::{BOLD, DIM};
use super::deployment::RelayFlags;
use super::output::{Unwritten, tell};
use super::{WrongUsage, show};
use crate::app::ports::store::Store;
use crate::domain::delivery::Delivery;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{CallSid, DeliveryId};
use crate::domain::line::Line;
use crate::domain::time_zone::TimeZone;
use crate::printable::{printable, printable_lines};

/// Tell the story of one text or call
///
/// When it came, what was decided and why, every attempt to deliver it and what became of it; and
/// what else was written in its conversation. Of a call, whom it rang and what each of them did.
#[derive(clap::Args)]
#[command(after_help = "Example:
  relay explain SM…          (the SID is in the audit, in Twilio's console and in `relay phone`)")]
pub struct Explain {
    /// The SID of the text that came in, SM or MM and 32 hexadecimal digits, or of the call, CA and 32 of them
    #[arg(value_name = "SID")]
    sid: String,
    #[command(flatten)]
    relay: RelayFlags,
    #[command(flatten)]
    shown: Shown,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let sid = match CallSid::parse(&self.sid) {
            Ok(call) => MessageSid::of_call(&call),
            Err(_) => MessageSid::parse(&self.sid)
                .map_err(|bad| {
                    WrongUsage(format!(
                        "{:?} is {bad}, and no call's (CA…); `relay calls` has those of calls, and Twilio's console \
                         those of texts",
                        self.sid
                    ))
                })?,
        };
        let store = self.relay.store().await?;
        match told(store.as_ref(), &sid, self.shown).await? {
            Some(Told::Text(story, zone)) => {
                show::print(&*story, self.json, |story| print(story, &zone))
            }
            Some(Told::Call(call)) => show::print(&call, self.json, call::print),
            None if sid.call().is_some() => bail!(
                "no call {sid} came in here; `relay calls` lists those that did, and --data or --stack \
                 names the relay"
            ),
            None => bail!(
                "no text {sid} came in here; check that it is the SID of the customer's text and \
                 not of one that was sent on, and name the relay with --data or --stack"
            ),
        }
    }
}

/// What is stored of a text or a call.
pub enum Told {
    Text(Box<Story>, TimeZone),
    /// A call of which people have read nothing.
    Call(CallTold),
}

/// The story of a text or a call; `None` if nothing is stored of it.
pub async fn told(
    store: &dyn Store,
    sid: &MessageSid,
    shown: Shown,
) -> anyhow::Result<Option<Told>> {
    let call = CallTold::find(store, sid).await?;
    let Some(record) = store.inbound(sid).await? else {
        return Ok(call.map(Told::Call));
    };
    let mut deliveries = Vec::new();
    for id in &record.deliveries {
        deliveries.push((id.clone(), store.delivery(id).await?));
    }
    // What waited until somebody said for whom it is went out by that, and then nobody is asked
    // about it any more.
    let later = DeliveryId::reply(sid, 0);
    if !record.deliveries.contains(&later)
        && let Some(sent) = store.delivery(&later).await?
    {
        deliveries.retain(|(_, asking)| !asking.as_ref().is_some_and(is_set_up));
        deliveries.push((later, Some(sent)));
    }
    let mut notifications = Vec::new();
    let stored = deliveries.iter().flat_map(|(_, delivery)| delivery);
    for id in stored.flat_map(Delivery::telling_ids).collect::<Vec<_>>() {
        notifications.extend(store.delivery(&id).await?);
    }
    let line = store.line(&record.sms.to).await?;
    let zone = line.as_ref().map(|line| line.time_zone.clone());
    // The line may have been taken out since.
    let zone = zone.unwrap_or_default();
    let conversation = conversation::of(store, &record, line.as_ref(), shown).await?;
    let is_own = |line: &Line| line.number == record.sms.to;
    let came_to = line.as_ref().filter(|line| !is_own(line));
    let story = Story {
        conversation,
        reply_number: came_to.map(|_| shown.number(&record.sms.to)),
        call,
        ..Story::of(&record, &deliveries, &notifications, &zone, shown)
    };
    Ok(Some(Told::Text(Box::new(story), zone)))
}

/// Whether it waits for a case that may not come.
fn is_set_up(delivery: &Delivery) -> bool {
    let part = delivery.in_conversation.as_ref();
    delivery.attempts.is_empty() && part.is_some_and(|part| part.only_if.is_some())
}

fn print(story: &Story, zone: &TimeZone) -> Result<(), Unwritten> {
    tell!("{BOLD}{}{BOLD:#}", story.message_sid)?;
    let from = printable(&story.from);
    let number = story.reply_number.as_deref();
    let number = number.map_or(String::new(), |number| {
        format!(", to its reply number {number}")
    });
    match &story.call {
        Some(call) => {
            match &call.called_by {
                Some(person) => {
                    let person = printable(person);
                    tell!("{person} called the customer {from} for {}", call.line)?;
                }
                None => tell!("{from} called {}", call.line)?,
            }
            print_moments(&call.moments, zone)?;
            tell!("\n{BOLD}What people read of it{BOLD:#}: {}", story.content)?;
        }
        None => tell!("{from} wrote to {}{number}: {}", story.line, story.content)?,
    }
    let body = story.body.as_deref().map(printable_lines);
    for row in body.iter().flat_map(|body| body.lines()) {
        tell!("  {DIM}│{DIM:#} {row}")?;
    }
    print_moments(&story.moments, zone)?;
    if let Some(conversation) = &story.conversation {
        conversation::print(conversation, &story.message_sid, zone)?;
    }
    Ok(())
}

fn print_moments(moments: &[Moment], zone: &TimeZone) -> Result<(), Unwritten> {
    let mut day = String::new();
    for moment in moments {
        let time = match moment.at.map(|at| zone.at(at)) {
            Some(local) => {
                let date = local.strftime("%a %Y-%m-%d %Z").to_string();
                if date != day {
                    tell!("\n{DIM}{date}{DIM:#}")?;
                    day = date;
                }
                local.strftime("%H:%M:%S").to_string()
            }
            None => " ".repeat("00:00:00".len()),
        };
        tell!("  {DIM}{time}{DIM:#}  {}", printable(&moment.what))?;
        for detail in &moment.details {
            tell!("            {}", printable(detail))?;
        }
    }
    Ok(())
}
