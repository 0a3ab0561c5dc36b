use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::WrongUsage;
use super::calls::{MOST, caller};
use super::candidates::{BOLD, DIM};
use super::deployment::RelayFlags;
use super::output::{Unwritten, note, tell};
use super::schedule::wrong_time;
use super::show::{self, Listing, count};
use crate::app::inbound_voice::{LINK_FOR, VOICEMAIL_PATH, keeps_for};
use crate::app::ports::store::TokenDigest;
use crate::clock::{Clock, SystemClock};
use crate::domain::call::{Call, Message, SHORTEST_MESSAGE};
use crate::domain::ids::{CallSid, RecordingSid};
use crate::domain::line::Line;
use crate::domain::when::option;
use crate::printable::printable;

/// List callers' messages, and save one to a file
#[derive(clap::Args)]
pub struct Voicemail {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Save(Save),
}

/// List callers' messages: when, who, how long, until when they are kept, and the link to listen
///
/// Whoever has a link can listen, for seven days.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay voicemail list
  relay voicemail list --since 7d --stack relay --json")]
struct List {
    #[command(flatten)]
    listing: Listing,
    /// How far back: 90m, 2h, 7d
    #[arg(long, value_name = "AGE", default_value = "30d")]
    since: String,
}

/// Save a caller's message as an MP3 file that only you can read
#[derive(clap::Args)]
#[command(after_help = "Example:
  relay voicemail save CA… message.mp3          (`relay voicemail list` shows the SIDs)")]
struct Save {
    /// The SID of the call: CA and 32 hexadecimal digits
    #[arg(value_name = "CALL_SID")]
    sid: String,
    /// The file, which must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    relay: RelayFlags,
}

impl Voicemail {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::List(command) => command.run().await,
            Command::Save(command) => command.run().await,
        }
    }
}

/// The messages of a line, as `--json` shows them.
#[derive(Serialize)]
struct Shown {
    line: String,
    at: Timestamp,
    messages: Vec<MessageShown>,
}

#[derive(Serialize)]
struct MessageShown {
    call_sid: CallSid,
    opened: Timestamp,
    caller: String,
    seconds: u32,
    /// Twilio's name for the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    recording_sid: Option<RecordingSid>,
    /// Until when it is kept here; not there if it could not be fetched yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_until: Option<Timestamp>,
    /// Whether Twilio has it still.
    is_at_twilio: bool,
    /// Where it can be listened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl List {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        let since = option::ago(&self.since, now).map_err(wrong_time)?;
        let (store, lines) = self.listing.lines.open().await?;
        let mut all = Vec::new();
        for line in &lines {
            let calls = store.calls_of(&line.number, since, MOST).await?;
            let messages = calls.iter().filter_map(|call| self.shown(call, line, now));
            all.push(Shown {
                line: line.name.clone(),
                at: now,
                messages: messages.collect(),
            });
        }
        show::print(&all, self.listing.json, |all| {
            let mut lines = lines.iter().zip(all);
            lines.try_for_each(|(line, shown)| print(line, shown))
        })
    }

    fn shown(&self, call: &Call, line: &Line, now: Timestamp) -> Option<MessageShown> {
        let message = call.message.as_ref()?;
        let seconds = message.seconds.filter(|_| is_fetched(message))?;
        let kept_until = call.opened + keeps_for(line);
        let link = message
            .token
            .as_ref()
            .filter(|_| now < call.opened + LINK_FOR);
        Some(MessageShown {
            call_sid: call.sid.clone(),
            opened: call.opened,
            caller: caller(call, self.listing.numbers),
            seconds,
            recording_sid: message.recording.clone(),
            kept_until: message
                .kept
                .map(|_| kept_until)
                .filter(|until| now < *until),
            is_at_twilio: message.deleted_at_twilio.is_none(),
            link: link.map(|token| format!("{}{VOICEMAIL_PATH}{token}", line.public_url)),
        })
    }
}

/// Whether it is a message, and not a caller who hung up at the tone.
fn is_fetched(message: &Message) -> bool {
    let is_long = message.seconds.is_some_and(|s| SHORTEST_MESSAGE <= s);
    message.kept.is_some() || is_long
}

fn print(line: &Line, shown: &Shown) -> Result<(), Unwritten> {
    let clock = |at: Timestamp| show::time(line, at);
    show::head(line, shown.at)?;
    if shown.messages.is_empty() {
        tell!("  nobody has left a message")?;
    }
    for message in &shown.messages {
        let kept = match (message.kept_until, message.is_at_twilio) {
            (Some(until), _) => format!("kept until {}", clock(until)),
            (None, true) => match &message.recording_sid {
                Some(recording) => format!("not here, at Twilio as {recording}"),
                None => "not here, at Twilio".to_owned(),
            },
            (None, false) => "not kept any more".to_owned(),
        };
        tell!(
            "  {}  {}  {BOLD}{}:{:02}{BOLD:#}  {kept}  {DIM}{}{DIM:#}",
            clock(message.opened),
            printable(&message.caller),
            message.seconds / 60,
            message.seconds % 60,
            message.call_sid
        )?;
        if let Some(link) = &message.link {
            tell!("      {link}")?;
        }
    }
    Ok(())
}

impl Save {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let sid = CallSid::parse(&self.sid)
            .map_err(|bad| WrongUsage(format!("{:?} is {bad}", self.sid)))?;
        let store = self.relay.store().await?;
        let Some(call) = store.call(&sid).await? else {
            bail!("no call {sid} came in here; `relay voicemail list` shows the messages");
        };
        let sound = match TokenDigest::of_call(&call) {
            Some(token) => store.voicemail(&token, SystemClock.now()).await?,
            None => None,
        };
        let Some(voicemail) = sound else {
            bail!(
                "no message of call {sid} is kept here: the caller left none, it could not be fetched from \
                 Twilio yet, or its time is over; `relay explain {sid}` tells which"
            );
        };
        write(&self.file, &voicemail.sound)?;
        let bytes = voicemail.sound.len();
        note!("{}: {}", self.file.display(), count(bytes, "byte"));
        Ok(ExitCode::SUCCESS)
    }
}

fn write(path: &Path, sound: &[u8]) -> anyhow::Result<()> {
    let mut new = OpenOptions::new();
    let file = new.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| {
        format!(
            "cannot make {}; name a file that is not there yet, in a folder that is",
            path.display()
        )
    })?;
    let written = file.write_all(sound);
    written.with_context(|| format!("cannot write {}", path.display()))
}
