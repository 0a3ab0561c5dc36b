use std::process::ExitCode;

use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;

use crate::audit::{Audit, records};
use crate::cli::WrongUsage;
use crate::cli::output::{self, tell};
use crate::cli::schedule::{choose, names};
use crate::cli::target::Target;
use crate::line::Line;
use crate::machine::AUDIT;
use crate::opt_out::{Cause, Change, OptOut};
use crate::phone::PhoneNumber;

#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    whom: Whom,
}

#[derive(clap::Args)]
pub struct Remove {
    #[command(flatten)]
    whom: Whom,
}

/// Whose entry of which list.
#[derive(clap::Args)]
struct Whom {
    /// The number, as people in the line's country write it
    number: String,
    #[command(flatten)]
    target: Target,
    /// Which line's list, by its name or number; needed if there are several
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// A deployed relay's audit (the stack's output AuditLogGroup)
    #[arg(long, value_name = "NAME", env = "AUDIT_LOG_GROUP")]
    log_group: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Done {
    line: String,
    number: String,
    opted_out: bool,
    /// Whether that is new.
    changed: bool,
}

impl Add {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let opt_out = OptOut {
            since: now,
            by: Cause::Hand,
        };
        self.whom.change(Some(opt_out), now).await
    }
}

impl Remove {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        self.whom.change(None, now).await
    }
}

impl Whom {
    async fn change(self, to: Option<OptOut>, now: Timestamp) -> anyhow::Result<ExitCode> {
        let audit = self.audit(now).await?;
        let store = self.target.store().await?;
        let line = self.line(store.lines().await?)?;
        let number = self.number(&line)?;
        let change = Change {
            of_person: line.person_with(&number).is_some(),
            number,
            to,
        };
        let changed = store.change_opt_out(&line.number, &change).await?;
        if changed {
            let record = records::opted_out_by_hand(&line, &change, now);
            let written = audit.write(&[record]).await;
            written.context("the list is changed, but the audit did not take the record of it")?;
        }
        let done = Done {
            line: line.name,
            number: change.number.expose().to_owned(),
            opted_out: change.to.is_some(),
            changed,
        };
        if self.json {
            output::json(&done)?;
        } else {
            tell!("{}: {}", done.line, said(&done))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn line(&self, lines: Vec<Line>) -> anyhow::Result<Line> {
        let mut lines = choose(lines, self.line.as_deref())?;
        if lines.len() > 1 {
            let names = names(lines.iter());
            let message = format!("there are several lines; say which one with --line: {names}");
            return Err(WrongUsage(message).into());
        }
        Ok(lines.remove(0))
    }

    fn number(&self, line: &Line) -> Result<PhoneNumber, WrongUsage> {
        let read = match line.country() {
            Some(country) => country.read(&self.number).ok(),
            None => PhoneNumber::parse(&self.number).ok(),
        };
        read.ok_or_else(|| {
            WrongUsage(format!(
                "{:?} is no telephone number; write it as {} does or with a plus sign and the \
                 country code",
                self.number, line.country
            ))
        })
    }

    async fn audit(&self, now: Timestamp) -> anyhow::Result<Box<dyn Audit>> {
        use crate::audit::file::FileAudit;

        let Some(table) = self.target.table() else {
            // Says that there is no relay, before there is an audit of none.
            self.target.database()?;
            return Ok(Box::new(FileAudit::open(&self.target.data.join(AUDIT))?));
        };
        let group = self.log_group.as_deref().filter(|name| !name.is_empty());
        let Some(group) = group else {
            return Err(WrongUsage(
                "a change on a deployed relay needs its audit: name it with --log-group (the \
                 stack's output AuditLogGroup)"
                    .to_owned(),
            )
            .into());
        };
        in_log_group(table, group, now).await
    }
}

#[cfg(feature = "aws")]
async fn in_log_group(table: &str, group: &str, now: Timestamp) -> anyhow::Result<Box<dyn Audit>> {
    use crate::audit::cloudwatch::{CloudWatchAudit, stream_name};

    let aws = crate::cli::target::aws(table).await?;
    let random = getrandom::u64().map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let stream = stream_name("relay-optouts", now, random);
    let logs = aws_sdk_cloudwatchlogs::Client::new(&aws);
    Ok(Box::new(CloudWatchAudit::new(logs, group, stream)))
}

#[cfg(not(feature = "aws"))]
async fn in_log_group(table: &str, _: &str, _: Timestamp) -> anyhow::Result<Box<dyn Audit>> {
    anyhow::bail!(
        "this `relay` was built without AWS and cannot open the table {table}; build it with its \
         default features, as `cargo run -- …` does"
    )
}

fn said(done: &Done) -> String {
    let Done { number, .. } = done;
    match (done.opted_out, done.changed) {
        (true, true) => format!("{number} is texted no more"),
        (true, false) => format!("{number} is on the list already"),
        (false, true) => format!(
            "{number} is texted again, if Twilio does not have it on its own list; they get off \
             that by texting START"
        ),
        (false, false) => format!("{number} is not on the list"),
    }
}
