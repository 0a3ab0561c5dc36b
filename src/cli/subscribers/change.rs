use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::Serialize;

use super::{rows, topic};
use crate::app::audit::records;
use crate::app::ports::store::Store;
use crate::cli::WrongUsage;
use crate::cli::on_record::OnRecord;
use crate::cli::output::{self, tell};
use crate::cli::schedule::{choose_one, number};
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::subscriber::{
    Change, Consent, How, HowLeft, Leaving, Subscriber, To, Unchanged,
};

#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    whom: Whom,
    /// When they agreed: a date, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// How they agreed, for the record
    #[arg(long, value_name = "WORDS")]
    how: Option<String>,
}

#[derive(clap::Args)]
pub struct Remove {
    #[command(flatten)]
    whom: Whom,
}

#[derive(clap::Args)]
struct Whom {
    /// The number, as people in the line's country write it
    number: String,
    /// Which topic, by its name or keyword
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    #[command(flatten)]
    relay: OnRecord,
    /// Which line's topic, by the line's name or number; needed if there are several
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
    topics: Vec<String>,
    subscribed: bool,
    /// Whether that is new.
    changed: bool,
    /// Whether they opted out of the line's texts, and so get no notices.
    opted_out: bool,
}

impl Add {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let (store, line, number) = self.whom.open(now).await?;
        let topic = topic(&line, self.whom.topic.as_deref())?;
        rows::may_be_texted(&number, &line, &store.lines().await?).map_err(WrongUsage)?;
        let how = rows::how(self.how.as_deref()).map_err(WrongUsage)?;
        let at = match &self.since {
            Some(since) => rows::since(since, &line, now).map_err(WrongUsage)?,
            None => now,
        };
        let consent = Consent {
            at,
            how: How::Hand(how),
        };
        let change = Change {
            topic: topic.name.clone(),
            number,
            to: To::In(consent),
        };
        self.whom
            .make(store.as_ref(), &line, vec![change], now)
            .await
    }
}

impl Remove {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let (store, line, number) = self.whom.open(now).await?;
        let topics = match &self.whom.topic {
            Some(wanted) => vec![topic(&line, Some(wanted))?.name.clone()],
            // Whatever it gets, also of topics that the configuration has no more.
            None => {
                let on_record = store.subscriptions_of(&line.number, &number).await?;
                let active = on_record.into_iter().filter(Subscriber::is_active);
                active.map(|subscriber| subscriber.topic).collect()
            }
        };
        let leaving = Leaving {
            at: now,
            how: HowLeft::Hand,
        };
        let change = |topic| Change {
            topic,
            number: number.clone(),
            to: To::Out(leaving.clone()),
        };
        let changes: Vec<Change> = topics.into_iter().map(change).collect();
        if changes.is_empty() {
            let done = Done {
                line: line.name,
                number: number.expose().to_owned(),
                topics: Vec::new(),
                subscribed: false,
                changed: false,
                opted_out: false,
            };
            return self.whom.say(&done);
        }
        self.whom.make(store.as_ref(), &line, changes, now).await
    }
}

impl Whom {
    async fn open(
        &self,
        now: Timestamp,
    ) -> anyhow::Result<(std::sync::Arc<dyn Store>, Line, PhoneNumber)> {
        // Before anything is changed that could not be put on record.
        self.relay.audit(STREAM, now).await?;
        let store = self.relay.target.store().await?;
        let line = choose_one(store.lines().await?, self.line.as_deref())?;
        let number = number(&self.number, &line)?;
        Ok((store, line, number))
    }

    /// Makes changes of one number.
    async fn make(
        &self,
        store: &dyn Store,
        line: &Line,
        changes: Vec<Change>,
        now: Timestamp,
    ) -> anyhow::Result<ExitCode> {
        let made = store.change_subscribers(&line.number, &changes).await?;
        let mut changed = Vec::new();
        for (change, made) in changes.iter().zip(made) {
            match made {
                Ok(subscriber) => changed.push(records::subscribed_by_hand(line, &subscriber, now)),
                Err(Unchanged::LeftSince(left)) => bail!(
                    "they left {} on {}, and that consent is not from after it; if they agreed \
                     anew, say when with --since",
                    change.topic,
                    line.time_zone.show(left)
                ),
                Err(Unchanged::IsIn | Unchanged::IsOut) => {}
            }
        }
        if !changed.is_empty() {
            let audit = self.relay.audit(STREAM, now).await?;
            let written = audit.write(&changed).await;
            written.context("that is done, but the audit did not take the record of it")?;
        }
        let number = &changes[0].number;
        let known = store.for_sending(&line.number, number).await?;
        self.say(&Done {
            line: line.name.clone(),
            number: number.expose().to_owned(),
            topics: changes.iter().map(|change| change.topic.clone()).collect(),
            subscribed: matches!(changes[0].to, To::In(_)),
            changed: !changed.is_empty(),
            opted_out: known.opt_out.is_some(),
        })
    }

    fn say(&self, done: &Done) -> anyhow::Result<ExitCode> {
        if self.json {
            output::json(done)?;
        } else {
            tell!("{}: {}", done.line, said(done))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What the records' stream is named after.
pub const STREAM: &str = "relay-subscribers";

fn said(done: &Done) -> String {
    let (number, topics) = (&done.number, done.topics.join(", "));
    let blocked = match done.opted_out {
        true => "; but they opted out of the line's texts, and get none until they text START",
        false => "",
    };
    match (done.subscribed, done.changed) {
        (true, true) => format!("{number} gets {topics}{blocked}"),
        (true, false) => format!("{number} gets {topics} already{blocked}"),
        (false, true) => format!("{number} gets {topics} no more"),
        (false, false) if topics.is_empty() => format!("{number} gets no notices"),
        (false, false) => format!("{number} does not get {topics}"),
    }
}
