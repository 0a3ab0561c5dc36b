use std::process::ExitCode;

use super::output::tell;
use super::running_sandbox::RunningSandbox;
use super::{WrongUsage, show};
use crate::printable::printable;
use crate::sandbox::control::{NewText, Texted};
use crate::twilio::webhook::is_fetchable;

/// Send a customer's or a person's text in a running sandbox
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
    /// Print JSON
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
        let texted: Texted = self.sandbox.post("/sandbox/texts", &text).await?;
        show::print(&texted, self.json, |Texted { sid, from, to }| {
            tell!("{} → {to}  {sid}", printable(from))
        })
    }
}
