use std::process::ExitCode;

use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;

use crate::app::audit::records;
use crate::cli::on_record::OnRecord;
use crate::cli::output::{self, tell};
use crate::cli::schedule::{choose_one, number};
use crate::domain::opt_out::{Cause, Change, OptOut};

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
    relay: OnRecord,
    /// Which line's list, by its name or number; needed if there are several
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
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
        let audit = self.relay.audit("relay-optouts", now).await?;
        let store = self.relay.target.store().await?;
        let line = choose_one(store.lines().await?, self.line.as_deref())?;
        let number = number(&self.number, &line)?;
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
