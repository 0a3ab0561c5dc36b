use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use clap::Subcommand;

use super::deployment::RelayFlags;
use super::output::tell;
use super::page::access::{Access, Key, SESSION_FOR};
use super::page::{Page, PageFlags, links};
use super::serve::{ended, say, start_log, when_asked_to_stop};
use crate::clock::{Clock, SystemClock};
use crate::hosts::server::parts::Parts;

/// Show in a browser how a relay stands
///
/// On a relay of this machine, whether it runs or rests. `relay dev` has a page by itself, and `relay
/// serve` with --page. The page is for this machine alone; from another one,
/// `ssh -L 4001:127.0.0.1:4001 HOST` leads to it.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  relay page
  relay page --data .relay/dev --page 4002
  relay page link --as Maria --for 8h --read-only"
)]
pub struct PageCommand {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    relay: RelayFlags,
    #[command(flatten)]
    page: PageFlags,
}

#[derive(Subcommand)]
enum Command {
    /// Let one more browser into the page of a running relay
    ///
    /// Prints an address with a key. It is good once, and for 10 minutes.
    #[command(after_help = "Examples:
  relay page link --as Maria
  relay page link --as Maria --for 8h --read-only")]
    Link(Link),
}

#[derive(clap::Args)]
struct Link {
    /// Who it is for; what they change is on record under that name
    #[arg(long = "as", value_name = "NAME", value_parser = name)]
    name: String,
    /// How long they stay logged in, such as 8h or 30m; 12h at most
    #[arg(long = "for", value_name = "TIME", default_value = "12h", value_parser = lasts)]
    lasts: Duration,
    /// They may look, and change nothing; numbers stay masked
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    relay: RelayFlags,
}

const LONGEST_NAME: usize = 40;

fn name(text: &str) -> Result<String, &'static str> {
    let is_one = !text.trim().is_empty()
        && text.chars().count() <= LONGEST_NAME
        && !text.chars().any(crate::printable::steers);
    is_one
        .then(|| text.trim().to_owned())
        .ok_or("not a name; write one of up to 40 characters, such as Maria")
}

fn lasts(text: &str) -> Result<Duration, &'static str> {
    let how = "not a time up to 12h; write such as 8h or 30m";
    let unit = match text.chars().last() {
        Some('h') => 3600,
        Some('m') => 60,
        _ => return Err(how),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| how)?;
    let lasts = Duration::from_secs(number.saturating_mul(unit));
    let is_one = !lasts.is_zero() && lasts <= SESSION_FOR;
    is_one.then_some(lasts).ok_or(how)
}

impl PageCommand {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Some(Command::Link(link)) => link.run().await,
            None => show(&self.relay, &self.page).await,
        }
    }
}

/// The data folder of the relay that is named.
async fn data(relay: &RelayFlags) -> anyhow::Result<PathBuf> {
    let opened = relay.open(&[]).await?;
    let machine = opened.machine();
    let folder = machine.and_then(|machine| machine.kept_texts.parent().map(PathBuf::from));
    folder.ok_or_else(|| {
        anyhow::anyhow!(
            "the page shows relays of this machine; {} is none: name a data folder with --data",
            opened.place()
        )
    })
}

async fn show(flags: &RelayFlags, page: &PageFlags) -> anyhow::Result<ExitCode> {
    let data = data(flags).await?;
    let relay = flags.open(&[]).await?.relay("relay-page")?;
    let Some(opened) = page.open(Some(4001)).await? else {
        bail!("with --page 0 there is no page; leave it out, or name a port");
    };
    start_log(&relay.store.lines().await?);
    let stop = when_asked_to_stop()?;
    let (address, access) = opened.with_key(SystemClock.now());
    say(&format!("page     {address}\n         Ctrl-C stops it\n"));
    let page = Page::new(Arc::new(relay), data, None, access, stop.clone());
    let mut parts = Parts::default();
    parts.add("the page", page.serve(opened.listener));
    Ok(ended(parts.run(stop).await))
}

impl Link {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let data = data(&self.relay).await?;
        let now = SystemClock.now();
        let (secret, key) = Key::new(&self.name, self.read_only, self.lasts, now);
        let address = links::leave(&data, &key)?;
        tell!("{}", Access::address(&address, &secret))?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_times_are_what_they_should_be() {
        assert_eq!(lasts("8h"), Ok(Duration::from_secs(8 * 3600)));
        assert_eq!(lasts("30m"), Ok(Duration::from_secs(30 * 60)));
        for none in [
            "",
            "h",
            "0h",
            "13h",
            "8",
            "-1h",
            "8d",
            "99999999999999999999h",
            "8ü",
        ] {
            assert!(lasts(none).is_err(), "{none}");
        }
        assert_eq!(name(" Maria "), Ok("Maria".to_owned()));
        for none in ["", " ", "a\nb", &"x".repeat(41)] {
            assert!(name(none).is_err(), "{none}");
        }
    }
}
