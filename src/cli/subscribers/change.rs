use std::process::ExitCode;

use anyhow::bail;
use jiff::Timestamp;
use serde::Serialize;

use super::{STREAM, rows, topic};
use crate::app::audit::records;
use crate::cli::by_hand::{Opened, Whom};
use crate::cli::completions;
use crate::cli::output::tell;
use crate::cli::{WrongUsage, show};
use crate::domain::phone::PhoneNumber;
use crate::domain::subscriber::{
    Change, Consent, How, HowLeft, Leaving, Subscriber, To, Unchanged,
};

#[derive(clap::Args)]
pub struct Add {
    #[command(flatten)]
    whom: Whom,
    /// Which topic, by its name or keyword; needed if there are several
    #[arg(long, value_name = "TOPIC", add = completions::topics())]
    topic: Option<String>,
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
    /// Which topic, by its name or keyword [default: all that it gets]
    #[arg(long, value_name = "TOPIC", add = completions::topics())]
    topic: Option<String>,
}

#[derive(Serialize)]
struct Changed {
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
        let (opened, number) = self.whom.open(STREAM).await?;
        let line = &opened.line;
        let topic = topic(line, self.topic.as_deref())?.name.clone();
        rows::may_be_texted(&number, line, &opened.lines).map_err(WrongUsage)?;
        let how =
            How::Hand(rows::how(self.how.as_deref().unwrap_or_default()).map_err(WrongUsage)?);
        let at = match &self.since {
            Some(since) => rows::since(since, line, now).map_err(WrongUsage)?,
            None => now,
        };
        let to = To::In(Consent { at, how });
        let changed = change(&opened, number, vec![topic], to, now).await?;
        print(&changed, self.whom.by_hand.json)
    }
}

impl Remove {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let (opened, number) = self.whom.open(STREAM).await?;
        let line = &opened.line;
        let topics = match &self.topic {
            Some(wanted) => vec![topic(line, Some(wanted))?.name.clone()],
            // Whatever it gets, also of topics that the configuration has no more.
            None => {
                let on_record = opened.store.subscriptions_of(&line.number, &number).await?;
                let active = on_record.into_iter().filter(Subscriber::is_active);
                active.map(|subscriber| subscriber.topic).collect()
            }
        };
        let (at, how) = (now, HowLeft::Hand);
        let to = To::Out(Leaving { at, how });
        let changed = change(&opened, number, topics, to, now).await?;
        print(&changed, self.whom.by_hand.json)
    }
}

/// Takes a number into topics, or out of them.
async fn change(
    opened: &Opened,
    number: PhoneNumber,
    topics: Vec<String>,
    to: To,
    now: Timestamp,
) -> anyhow::Result<Changed> {
    let (store, line) = (&opened.store, &opened.line);
    let changes = topics.iter().map(|topic| Change {
        topic: topic.clone(),
        number: number.clone(),
        to: to.clone(),
    });
    let changes: Vec<Change> = changes.collect();
    let made = store.change_subscribers(&line.number, &changes).await?;
    let mut changed = Vec::new();
    for (topic, made) in topics.iter().zip(made) {
        match made {
            Ok(subscriber) => changed.push(records::subscribed_by_hand(line, &subscriber, now)),
            Err(Unchanged::LeftSince(left)) => bail!(
                "they left {topic} on {}, and that consent is not from after it; if they agreed \
                 anew, say when with --since",
                line.time_zone.show(left)
            ),
            Err(Unchanged::IsIn | Unchanged::IsOut) => {}
        }
    }
    opened.put_on_record(&changed).await?;
    let known = store.for_sending(&line.number, &number).await?;
    Ok(Changed {
        line: line.name.clone(),
        number: number.expose().to_owned(),
        topics,
        subscribed: matches!(to, To::In(_)),
        changed: !changed.is_empty(),
        opted_out: known.opt_out.is_some(),
    })
}

fn print(changed: &Changed, json: bool) -> anyhow::Result<ExitCode> {
    let blocked = if changed.opted_out {
        "; but they opted out of the line's texts, and get none until they text START"
    } else {
        ""
    };
    let topics = changed.topics.join(", ");
    let said = match (changed.subscribed, changed.changed) {
        (true, true) => format!("gets {topics}{blocked}"),
        (true, false) => format!("gets {topics} already{blocked}"),
        (false, true) => format!("no longer gets {topics}"),
        (false, false) if topics.is_empty() => "gets no notices".to_owned(),
        (false, false) => format!("does not get {topics}"),
    };
    show::print(changed, json, |changed| {
        tell!("{}: {} {said}", changed.line, changed.number)
    })
}
