use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::config_file;
use super::page::{Page, PageFlags};
use super::serve::{Place, ended, say, start_log, when_asked_to_stop};
use crate::clock::SystemClock;
use crate::domain::credentials::Credentials;
use crate::domain::line::{Line, config};
use crate::hosts::server::DEV_DATA;
use crate::hosts::server::machine::Machine;
use crate::hosts::server::parts::Parts;
use crate::hosts::server::twilio_account::TwilioAccount;
use crate::sandbox::drive::{Resolve, drive};
use crate::sandbox::{Number, Sandbox, demo_account, http};
use crate::twilio::client::Client;
use crate::twilio::network::Network;
use crate::twilio::voice::{AWAITED, TOLD};

/// Run everything on this machine, with a sandbox in place of Twilio
///
/// The webhooks, the worker and a fake Twilio with virtual phones, on one port. Nothing leaves this
/// machine, and nothing needs to be signed up for. The page shows it in a browser.
#[derive(clap::Args)]
#[command(after_help = "\
Example, with a second shell to write as a customer and to look at Sergio's phone:
  relay dev
  relay text --from 619-555-0107 \"Is the boat ready?\"
  relay phone 619-555-0110
  relay call --from 619-555-0107")]
pub struct Dev {
    /// The lines and the people behind them; by default relay.toml, or an example if there is none
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    page: PageFlags,
    /// Where state and audit are kept, apart from those of `relay serve`
    #[arg(long, value_name = "DIR", default_value = DEV_DATA)]
    data: PathBuf,
}

const CONFIG: &str = "relay.toml";

impl Dev {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let listener = self.place.listen().await?;
        let address = listener.local_addr()?;
        let here = format!("http://{address}");
        // Beside the relay; of one on any free port, on any other.
        let beside = address
            .port()
            .checked_add(1)
            .filter(|_| self.place.port != 0);
        let page = self.page.open(Some(beside.unwrap_or(0))).await?;
        let (config, origin) = self.config(address.port())?;
        let lines = config.lines.clone();
        let stop = when_asked_to_stop()?;

        let InPlaceOfTwilio {
            account,
            sandbox,
            resolve,
        } = InPlaceOfTwilio::of(&lines, &here);
        let heard = TwilioAccount::default();
        let twilio = Client::new(heard.behind(Network::new()), &here);
        let machine = Machine::open(&self.data, config, account, twilio).await?;
        start_log(&lines);
        let command = std::env::args_os().next().unwrap_or_default();
        let command = as_started(Path::new(&command), &std::env::current_dir()?);
        let page = page.map(|opened| {
            let is_open = opened.bind.is_loopback() && opened.url.is_none();
            let (address, access) = if is_open {
                opened.without_key()
            } else {
                opened.with_key(machine.relay().now())
            };
            (opened.listener, address, access)
        });
        let page_at = page.as_ref().map(|(_, address, _)| address.clone());
        say(&greeting(
            &lines,
            &origin,
            &here,
            page_at.as_deref(),
            &command,
        ));

        let mut stopped = stop.clone();
        let until = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let mut parts = Parts::default();
        parts.add("the sandbox", drive(Arc::clone(&sandbox), resolve, until));
        if let Some((listener, _, access)) = page {
            let (relay, sandbox) = (machine.relay(), Some(Arc::clone(&sandbox)));
            let page = Page::new(relay, self.data, sandbox, access, stop.clone());
            parts.add("the page", page.serve(listener));
        }
        let served = machine.serve(listener, http::router(sandbox), parts, heard, stop);
        Ok(ended(served.await))
    }

    /// The configuration, and where it comes from.
    fn config(&self, port: u16) -> anyhow::Result<(config::File, String)> {
        let file = match &self.config {
            Some(file) => file.as_path(),
            None if Path::new(CONFIG).exists() => Path::new(CONFIG),
            None => {
                let lines = config::example(port);
                let file = config::File {
                    lines,
                    ..config::File::default()
                };
                return Ok((file, "the built-in example".to_owned()));
            }
        };
        Ok((config_file::read_file(file)?, file.display().to_string()))
    }
}

/// A sandbox with all numbers of the lines, set up as the guide says, whose webhooks come to this machine.
pub struct InPlaceOfTwilio {
    pub account: Arc<Credentials>,
    pub sandbox: Arc<Sandbox>,
    pub resolve: Resolve,
}

impl InPlaceOfTwilio {
    pub fn of(lines: &[Line], here: &str) -> Self {
        let account = Arc::new(demo_account());
        let sandbox = Arc::new(Sandbox::new(Arc::clone(&account), Arc::new(SystemClock)));
        let mut resolve = Resolve::default();
        for line in lines {
            for number in line.numbers() {
                let reply_number = *number != line.number;
                let setup = Number {
                    reply_number,
                    ..setup(line)
                };
                sandbox.set_number(number.clone(), setup);
            }
            resolve = resolve.with(&line.public_url, here);
        }
        Self {
            account,
            sandbox,
            resolve,
        }
    }
}

fn setup(line: &Line) -> Number {
    let voice = format!("{}/twilio/voice", line.public_url);
    Number {
        voice_url: Some(format!("{voice}{AWAITED}")),
        voice_fallback_url: Some(format!("{voice}/fallback")),
        status_callback: Some(format!("{voice}/end{TOLD}")),
        sms_url: Some(format!("{}/twilio/sms", line.public_url)),
        sms_fallback_url: Some(format!("{}/twilio/fallback", line.public_url)),
        time_zone: Some(line.time_zone.name().to_owned()),
        ..Number::default()
    }
}

/// How to start this program again from a shell in the same folder: on a fresh clone it is not on
/// the PATH.
fn as_started(program: &Path, folder: &Path) -> String {
    let path = program.strip_prefix(folder).unwrap_or(program);
    let path = path.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    match path.as_ref() {
        "" => "relay".to_owned(),
        path if path.chars().all(is_plain) => path.to_owned(),
        path => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// What is there and how to use it; the URLs one per line, for programs.
fn greeting(lines: &[Line], origin: &str, here: &str, page: Option<&str>, command: &str) -> String {
    let mut text = String::new();
    for Line {
        name,
        number,
        people,
        ..
    } in lines
    {
        let people: Vec<_> = people
            .iter()
            .map(|p| format!("{} {}", p.name, p.number.expose()))
            .collect();
        text += &format!(
            "line     {name} {} ({origin}): {}\n",
            number.expose(),
            people.join(", ")
        );
    }
    if let Some(page) = page {
        text += &format!("page     {page}\n");
    }
    text + &format!(
        "ready    {here}/readyz
health   {here}/healthz
webhook  {here}/twilio/sms
fallback {here}/twilio/fallback
sandbox  {here}/sandbox/account
try      {command} text --from 619-555-0107 --url {here} \"Is the boat ready?\"
call     {command} call --from 619-555-0107 --url {here}
         Ctrl-C stops it
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lines_number_is_set_up_for_texts_and_calls() {
        let lines = config::example(4000);
        let setup = setup(&lines[0]);
        let here = "http://127.0.0.1:4000/twilio";
        assert_eq!(setup.sms_url, Some(format!("{here}/sms")));
        assert_eq!(setup.voice_url, Some(format!("{here}/voice{AWAITED}")));
        assert_eq!(
            setup.voice_fallback_url,
            Some(format!("{here}/voice/fallback"))
        );
        assert_eq!(
            setup.status_callback,
            Some(format!("{here}/voice/end{TOLD}"))
        );
    }

    #[test]
    fn the_command_to_try_is_the_one_that_was_started() {
        let started = |program: &str| as_started(Path::new(program), Path::new("/home/me/sms"));
        assert_eq!(started("relay"), "relay");
        assert_eq!(started("target/debug/relay"), "target/debug/relay");
        assert_eq!(
            started("/home/me/sms/target/debug/relay"),
            "target/debug/relay"
        );
        assert_eq!(started("/opt/relay"), "/opt/relay");
        assert_eq!(started("/opt/my relay"), "'/opt/my relay'");
        assert_eq!(started(""), "relay");
    }
}
