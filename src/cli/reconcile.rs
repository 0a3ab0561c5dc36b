use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::access::api_address;
use super::candidates::{BOLD, DIM};
use super::deployment::{Part, RelayFlags};
use super::output::{Unwritten, tell};
use super::schedule::{choose, wrong_time};
use super::{WrongUsage, show};
use crate::adapters::files::audit_fallback::{Fallback, NAMESPACE};
use crate::app::reconciliation::{Mode, reconcile};
use crate::app::relay::Relay;
use crate::clock::{Clock, SystemClock};
use crate::domain::line::Line;
use crate::domain::reconciliation::{Report, last_settled};
use crate::domain::when::option;
use crate::printable::printable;
use crate::twilio::API_URL;
use crate::twilio::client::Client;
use crate::twilio::network::Network;

/// Compare a day with Twilio's list, and make up for what got lost
///
/// The relay does this by itself every night, from the first whole day on that it has the line. A text that came by no webhook is relayed, news that no
/// callback brought is told; messages that are not the relay's, or that Twilio does not have, are
/// listed. Exit code 1 if differences are left.
///
/// Texts from before the relay had the line look lost, too: look with --dry-run first.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay reconcile --env-file repos.env --dry-run
  relay reconcile --env-file repos.env --day 2026-11-22 --line qdn
  relay reconcile --stack relay")]
pub struct Reconcile {
    /// The day by the line's clock: 2026-11-22, "Nov 22", yesterday [default: the last one that is
    /// settled]
    #[arg(long, value_name = "DATE")]
    day: Option<String>,
    /// Only this line, by name or number
    #[arg(long, value_name = "NAME")]
    line: Option<String>,
    /// Only compare
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    relay: RelayFlags,
    /// The one-machine relay's file with Twilio's credentials
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Twilio's API, or something that stands in for it
    #[arg(long, value_name = "URL", env = "TWILIO_API_URL", default_value = API_URL, value_parser = api_address)]
    twilio_url: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Reconcile {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        let relay = self.open().await?;
        let lines = choose(relay.store.lines().await?, self.line.as_deref())?;
        let mode = if self.dry_run {
            Mode::Look
        } else {
            Mode::PutRight
        };
        let mut reports = Vec::new();
        for line in &lines {
            let day = self.day_of(line, now)?;
            reports.push(reconcile(&relay, line, day, mode).await?);
        }
        show::print(&reports, self.json, |reports| {
            let mut lines = reports.iter().zip(&lines);
            lines.try_for_each(|(report, line)| print(report, line))
        })?;
        let left = reports.iter().any(|report| report.counts.left > 0);
        Ok(ExitCode::from(u8::from(left)))
    }

    /// A day that is not over has texts that are on their way, and none of that is a difference.
    fn day_of(&self, line: &Line, now: Timestamp) -> Result<Date, WrongUsage> {
        let settled = last_settled(line, now);
        let Some(text) = &self.day else {
            return Ok(settled);
        };
        match option::day(text, now, line.clock()).map_err(wrong_time)? {
            day if day <= settled => Ok(day),
            day => Err(WrongUsage(format!(
                "{day} is not settled yet on the line {}: some of its texts may still be on their \
                 way; the last day that is settled is {settled}",
                line.name
            ))),
        }
    }

    async fn open(&self) -> anyhow::Result<Relay> {
        let needed = [Part::Queue, Part::Audit, Part::Secret];
        let deployment = self.relay.open(&needed).await?;
        let relay = deployment.relay("relay-reconcile")?;
        // What the audit does not take is printed, since what was found lost goes out all the same.
        let audit = Fallback::new(
            relay.audit,
            Arc::new(SystemClock),
            NAMESPACE,
            Box::new(std::io::stderr()),
        );
        Ok(Relay {
            audit: Arc::new(audit),
            credentials: deployment.credentials(self.env_file.as_deref())?,
            twilio: Client::new(Box::new(Network::new()), &self.twilio_url),
            ..relay
        })
    }
}

fn print(report: &Report, line: &Line) -> Result<(), Unwritten> {
    let counts = report.counts;
    let (differences, left) = (counts.differences, counts.left);
    let day = line.time_zone.at(report.from);
    let summary = match (differences, left) {
        (0, _) => "no differences".to_owned(),
        (1, 0) => "1 difference, put right".to_owned(),
        (_, 0) => format!("{differences} differences, all put right"),
        (1, _) => "1 difference".to_owned(),
        (_, _) => format!("{differences} differences, {left} left"),
    };
    tell!(
        "{BOLD}{}{BOLD:#}, {}: {} in, {} out, {summary}",
        printable(&report.line),
        day.strftime("%a %Y-%m-%d"),
        counts.received,
        counts.sent
    )?;
    for difference in &report.differences {
        let (put_right, other) = (difference.put_right, difference.other.as_ref());
        let done = if put_right { "put right: " } else { "" };
        let other = other.map(|other| format!(", {}", other.masked()));
        tell!(
            "  {}  {done}{} ({}{})",
            line.time_zone.at(difference.at).strftime("%H:%M:%S"),
            difference.what,
            printable(&difference.detail),
            other.unwrap_or_default()
        )?;
        let (sid, delivery) = (&difference.message_sid, &difference.delivery);
        let named = [
            sid.as_ref().map(ToString::to_string),
            delivery.as_ref().map(|id| format!("delivery {id}")),
            difference.attempt.map(|number| format!("attempt {number}")),
            difference.error_code.map(|code| format!("error {code}")),
        ];
        let named: Vec<String> = named.into_iter().flatten().collect();
        tell!("            {DIM}{}{DIM:#}", named.join(" · "))?;
    }
    let listed = report.differences.len() as u64;
    if listed < differences {
        tell!("  … and {} more", differences - listed)?;
    }
    Ok(())
}
