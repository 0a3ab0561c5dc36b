use std::process::ExitCode;

use anyhow::bail;

use super::output::tell;
use super::running_sandbox::RunningSandbox;
use crate::printable::printable;
use crate::twilio::sandbox::control::{NewText, Texted};

/// Send a customer's text in a running sandbox
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  relay text --from 858-555-0107 'Are you open today?'
  relay phone 619-555-0110        # who got it?")]
pub struct Text {
    /// Who writes: a phone's number, a short code, a name, or rcs:AGENT
    #[arg(long, value_name = "NUMBER")]
    from: String,
    /// The number to text; may be left out where the sandbox has only one
    #[arg(long, value_name = "LINE")]
    to: Option<String>,
    /// An attachment; may be given up to ten times
    #[arg(long, value_name = "URL")]
    media: Vec<String>,
    #[command(flatten)]
    sandbox: RunningSandbox,
    /// What to write
    body: String,
}

impl Text {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if self.media.len() > 10 {
            bail!("a text has at most ten attachments");
        }
        let to = self.to.map(|to| self.sandbox.number(&to)).transpose()?;
        let text = NewText {
            from: self.sandbox.sender(&self.from)?.expose().to_owned(),
            to,
            body: self.body,
            media: self.media,
            fields: serde_json::Map::new(),
            copies: 1,
        };
        let texted: Texted = self.sandbox.post("/sandbox/texts", &text).await?;
        let from = printable(&texted.from);
        tell!("{from} → {}  {}", texted.to, texted.sid)?;
        Ok(ExitCode::SUCCESS)
    }
}
