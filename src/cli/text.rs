use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use super::output::{note, tell};
use super::running_sandbox::RunningSandbox;
use super::{WrongUsage, config_file, phone, show};
use crate::printable::printable;
use crate::sandbox::control::{NewText, Screen, Texted};
use crate::twilio::webhook::is_fetchable;

/// Send a customer's or a person's text in a running sandbox, and see who gets what
///
/// It waits until a phone gets something, three seconds at most. That may be the text, an answer, or
/// both.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  relay text --from 858-555-0107 'Are you open today?'
  relay phone 619-555-0110        # who got it?
  relay text --from 619-555-0110 --to 619-555-0150 'Yes'     # to the number that it came from")]
pub struct Text {
    /// Who writes: a phone's number, a short code, a name, or rcs:AGENT
    #[arg(long, value_name = "NUMBER")]
    from: String,
    /// The number to text, a line's or a reply number; may be left out where the sandbox has only one line
    #[arg(long, value_name = "NUMBER")]
    to: Option<String>,
    /// An attachment; may be given up to ten times
    #[arg(long, value_name = "URL", value_parser = attachment)]
    media: Vec<String>,
    /// Do not wait to see who gets what
    #[arg(long)]
    no_wait: bool,
    /// Print JSON; does not wait
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: RunningSandbox,
    /// What to write
    body: String,
}

fn attachment(url: &str) -> Result<String, &'static str> {
    is_fetchable(url)
        .then(|| url.to_owned())
        .ok_or("Twilio's attachments are at https://…; here, http://127.0.0.1:… is fine, too")
}

impl Text {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if self.media.len() > 10 {
            return Err(WrongUsage("a text has at most ten attachments".to_owned()).into());
        }
        let to = self.to.map(|to| self.sandbox.number(&to)).transpose()?;
        let text = NewText {
            from: self.sandbox.sender(&self.from)?.expose().to_owned(),
            to,
            body: self.body,
            media: self.media,
            fields: Default::default(),
            copies: 1,
        };
        let mut phones = Phones::default();
        let waits = !self.json && !self.no_wait;
        if waits {
            phones.news(&self.sandbox).await?;
        }
        let texted: Texted = self.sandbox.post("/sandbox/texts", &text).await?;
        show::print(&texted, self.json, |Texted { sid, from, to }| {
            tell!("{} → {to}  {sid}", printable(from))
        })?;
        if waits && !phones.tell_news(&self.sandbox).await? {
            note!(
                "No phone has got anything yet. `relay explain {}` tells what became of it.",
                texted.sid
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// How often the phones are looked at, for how long, and how long after the first text.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const MOST_LOOKS: u32 = 30;
const MORE_LOOKS: u32 = 4;

/// The phones of a sandbox, as far as they were looked at.
#[derive(Default)]
struct Phones {
    cursors: BTreeMap<String, usize>,
}

impl Phones {
    /// What came to each phone since the last look.
    async fn news(&mut self, sandbox: &RunningSandbox) -> anyhow::Result<Vec<(String, String)>> {
        let phones: Vec<String> = sandbox.get("/sandbox/phones").await?;
        let mut news = Vec::new();
        for phone in phones {
            let cursor = self.cursors.entry(phone.clone()).or_default();
            let screen: Screen = sandbox.get(&phone::screen_path(&phone, *cursor)).await?;
            *cursor = screen.cursor;
            let came = screen.entries.into_iter().filter(|entry| !entry.sent);
            news.extend(came.map(|entry| (phone.clone(), entry.body)));
        }
        Ok(news)
    }

    /// Prints what comes; whether anything did.
    async fn tell_news(&mut self, sandbox: &RunningSandbox) -> anyhow::Result<bool> {
        let names = config_file::names_here();
        let (mut any, mut looks) = (false, MOST_LOOKS);
        while looks > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
            looks -= 1;
            for (phone, body) in self.news(sandbox).await? {
                let name = names.get(&phone).map(|name| format!(" ({name})"));
                let name = name.unwrap_or_default();
                tell!(
                    "  {}{} got: {}",
                    printable(&phone),
                    printable(&name),
                    printable(&body.replace('\n', " / "))
                )?;
                (any, looks) = (true, MORE_LOOKS);
            }
        }
        Ok(any)
    }
}
