use std::process::ExitCode;

use serde_json::json;

use super::completions;
use super::notifier::{NotifierRequest, Place, key_of, number, put, values};
use super::output::tell;
use super::show;
use crate::printable::printable;

/// Invite one person, with a link of their own
///
/// The text is one segment; what does not fit is refused. `relay notice show ID` tells what became of
/// it. The same command again sends nothing again, unless --key says otherwise.
#[derive(clap::Args)]
#[command(
    override_usage = "relay invite [OPTIONS] --event <EVENT> --link <URL>\n                    <NAME> <NUMBER>",
    after_help = "\
Examples:
  relay invite Ana +16195550121 --event Zurek --link https://crew.example.com/i/7Jx2
  relay invite Ana +16195550121 --event Zurek --link https://crew.example.com/i/7Jx2 \\
      --url https://relay.example.com --caller crew --env-file repos.env"
)]
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
    /// It is not sent after this instant: RFC 3339, or such as "tomorrow 9am" on the line's clock
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
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
            "number": number(&self.number),
            "event": self.event,
            "link": self.link,
        });
        put(&mut invitation, "starts", self.starts);
        let (expires, line) = (self.expires, self.line);
        put(&mut invitation, "expires", expires.as_ref());
        put(&mut invitation, "line", line.as_ref());
        let data = values(&self.values)?;
        put(&mut invitation, "data", (!data.is_empty()).then_some(data));
        let key = self.key.unwrap_or_else(|| key_of(&invitation));
        invitation["idempotency_key"] = key.into();
        // As it was written in the key: the same command has the same one, whenever it is given.
        if let Some(text) = &expires {
            let at = self.place.instant(text, line.as_deref()).await?;
            put(&mut invitation, "expires", Some(at));
        }
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
