use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;

use super::completions;
use super::notifier::{NotifierRequest, Place, key_of, put, values};
use super::output::tell;
use super::show;
use crate::printable::printable;

/// Invite one person, with a link of their own
///
/// The text is one segment; what does not fit is refused. `relay notice show ID` tells what became of
/// it. The same command again sends nothing again, unless --key says otherwise.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  relay invite Ana +16195550121 --event Zurek --link https://crew.example.com/i/7Jx2
  relay invite Ana +16195550121 --event Zurek --link https://crew.example.com/i/7Jx2 \\
      --url https://relay.example.com --caller crew --env-file repos.env")]
pub struct Invite {
    /// How the text calls them
    name: String,
    /// Their number, such as +16195550121
    number: String,
    /// What they are invited to
    #[arg(long)]
    event: String,
    /// What they follow to accept
    #[arg(long, value_name = "URL")]
    link: String,
    /// When it is: a time, or a date alone
    #[arg(long, value_name = "TIME")]
    starts: Option<String>,
    /// It is not sent after this instant
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,
    /// A further value for a template of your own; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// The line that sends it, by name or number; needed if there are several
    #[arg(long, value_name = "LINE", add = completions::lines())]
    line: Option<String>,
    /// The idempotency key: an invitation of the same key is sent once
    #[arg(long)]
    key: Option<String>,
    /// Say what would be sent and at what cost, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
}

impl Invite {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut invitation = json!({
            "name": self.name,
            "number": self.number,
            "event": self.event,
            "link": self.link,
        });
        put(&mut invitation, "starts", self.starts);
        put(&mut invitation, "expires", self.expires);
        put(&mut invitation, "line", self.line);
        let data = values(&self.values)?;
        put(&mut invitation, "data", (!data.is_empty()).then_some(data));
        let key = self.key.unwrap_or_else(|| key_of(&invitation));
        invitation["idempotency_key"] = key.into();
        put(&mut invitation, "dry_run", self.dry_run.then_some(true));
        let request = NotifierRequest::Invitation(invitation);
        let answer = self.place.asked(&request).await?;
        let text = |name: &str| printable(answer[name].as_str().unwrap_or_default());
        show::print(&answer, self.place.json, |_| {
            if self.dry_run {
                return tell!("{}\nabout ${}", text("text"), text("cost"));
            }
            tell!("{} accepted{}", text("id"), self.place.hears())?;
            tell!("{}", text("text"))
        })
    }
}
