//! The day that is over, as Twilio lists it, against what the relay knows of it. What no webhook
//! told is made up for; what cannot be is put on record for people.

use anyhow::{Context, bail};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;

use crate::app::audit::records;
use crate::app::ports::audit::HashKey;
use crate::app::ports::queue::LineQueue;
use crate::app::relay::Relay;
use crate::app::{delivery_status, inbound_sms, missed_calls};
use crate::domain::credentials::Credentials;
use crate::domain::delivery::{Delivery, Status};
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::reconciliation::{
    Comparison, Day, Difference, Message, News, Report, What, due_days,
};
use crate::twilio::client::Listing;

/// How many lines are compared at once. Each may hold a page of Twilio's list.
const LINES_AT_ONCE: usize = 4;

/// How many messages of a line are looked up at once.
const AT_ONCE: usize = 16;

/// Whether a comparison changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Takes in lost texts, tells deliveries what their callbacks would have told, and puts the
    /// differences on record.
    PutRight,
    /// Only looks.
    Look,
}

/// Compares every day of every line that is over and was not compared yet, from the first whole day
/// on that the relay had the line. Returns how many.
///
/// It may be cut off at any moment: a day that was not finished is begun anew the next time, and
/// what was put right stays right. An error means that some lines are left; the others are done.
pub async fn run(relay: &Relay) -> anyhow::Result<usize> {
    let lines = relay.store.lines().await?;
    let mut outcomes = stream::iter(lines)
        .map(|line| async move { (catch_up(relay, &line).await, line.name) })
        .buffer_unordered(LINES_AT_ONCE);
    let (mut days, mut failed) = (0, Vec::new());
    while let Some((outcome, line)) = outcomes.next().await {
        match outcome {
            Ok(compared) => days += compared,
            Err(error) => {
                not_reconciled(&line, &error);
                failed.push(line);
            }
        }
    }
    if failed.is_empty() {
        Ok(days)
    } else {
        bail!("not reconciled, to be tried again: {}", failed.join(", "))
    }
}

/// Sends the lines that have a day to be compared to the queue, and returns how many. Where there are many,
/// one run would take hours. What is sent once more is found done.
pub async fn send_due(relay: &Relay, queue: &dyn LineQueue) -> anyhow::Result<usize> {
    let lines = relay.store.lines().await?;
    let due = stream::iter(lines).map(|line| async move {
        let done = relay.store.reconciled(&line.number).await?;
        let is_due = done.is_none_or(|done| !due_days(&line, done, relay.now()).is_empty());
        anyhow::Ok(is_due.then_some(line.number))
    });
    let due: Vec<_> = due.buffer_unordered(AT_ONCE).try_collect().await?;
    let due: Vec<_> = due.into_iter().flatten().collect();
    queue.compare(&due).await?;
    Ok(due.len())
}

/// Compares the days of one line that are over and were not compared yet. Returns how many. An error means
/// that the line has to come again.
pub async fn run_line(relay: &Relay, number: &PhoneNumber) -> anyhow::Result<usize> {
    let Some(line) = relay.store.line(number).await? else {
        tracing::info!(line = ?number, "a line that was to be compared is gone");
        return Ok(0);
    };
    catch_up(relay, &line)
        .await
        .inspect_err(|error| not_reconciled(&line.name, error))
}

fn not_reconciled(line: &str, error: &anyhow::Error) {
    let error = format!("{error:#}");
    tracing::error!(line, error, "a line was not reconciled");
}

async fn catch_up(relay: &Relay, line: &Line) -> anyhow::Result<usize> {
    let now = relay.now();
    let Some(done) = relay.store.reconciled(&line.number).await? else {
        // Whoever wrote to the line before the relay had it was answered by somebody else.
        let today = line.time_zone.at(now).date();
        relay.store.set_reconciled(&line.number, today).await?;
        return Ok(0);
    };
    let days = due_days(line, done, now);
    for day in &days {
        reconcile(relay, line, *day, Mode::PutRight).await?;
        take_in_calls(relay, line, *day).await;
        relay.store.set_reconciled(&line.number, *day).await?;
    }
    Ok(days.len())
}

/// The calls of the day of which no request came. Where the API key cannot list calls, texts are compared all the
/// same.
async fn take_in_calls(relay: &Relay, line: &Line, date: Date) {
    let taken = match Day::of(date, &line.time_zone) {
        Ok(day) => missed_calls::take_in(relay, line, day.from, day.until).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = taken {
        let (line, error) = (&line.name, format!("{error:#}"));
        tracing::error!(
            line,
            error,
            "the calls of a day were not compared with Twilio's list"
        );
    }
}

/// Compares a line's day. Once more makes no difference: what was put right is found right.
pub async fn reconcile(
    relay: &Relay,
    line: &Line,
    date: Date,
    mode: Mode,
) -> anyhow::Result<Report> {
    let day = Day::of(date, &line.time_zone)?;
    let credentials = relay.credentials.current().await?;
    let mut work = Work {
        relay,
        line,
        day,
        mode,
        key: HashKey::of(&credentials),
        credentials: &credentials,
        comparison: Comparison::new(&line.name, day, relay.now()),
    };
    // What came in is compared with what was sent because of it.
    for listing in [Listing::From, Listing::To] {
        for number in line.numbers() {
            for date in day.in_gmt() {
                work.read(number, listing, date).await.with_context(|| {
                    format!("Twilio's list of {date} (GMT) for the line {}", line.name)
                })?;
            }
        }
    }
    let report = work.comparison.finish();
    if mode == Mode::PutRight {
        let key = HashKey::of(&credentials);
        tell_people(&report);
        let now = relay.now();
        let differences = report.differences.iter();
        let mut audit: Vec<_> = differences
            .map(|difference| records::difference(&report, difference, now, &key))
            .collect();
        audit.push(records::reconciled(&report, now));
        relay.report(audit).await;
    }
    Ok(report)
}

/// The log's `count` field becomes a metric with an alarm. A callback that was made up for is no
/// reason for one, but a text that came by no webhook is, wherever it is by now.
fn tell_people(report: &Report) {
    for difference in &report.differences {
        let Difference {
            what,
            detail,
            put_right,
            ..
        } = difference;
        let is_alarming = !put_right || *what == What::NeverRecorded;
        let (line, day) = (&report.line, report.day);
        let sid = difference.message_sid.as_ref().map(ToString::to_string);
        let delivery = difference.delivery.as_ref().map(ToString::to_string);
        if is_alarming {
            tracing::error!(
                count = "reconciliation_difference",
                line, %day, message.sid = sid, delivery, detail, put_right, "{what}"
            );
        } else {
            tracing::warn!(line, %day, message.sid = sid, delivery, detail, put_right, "{what}");
        }
    }
    let counts = &report.counts;
    tracing::info!(
        line = report.line, day = %report.day, received = counts.received, sent = counts.sent,
        differences = counts.differences, left = counts.left, "a day was compared with Twilio's list"
    );
}

struct Work<'a> {
    relay: &'a Relay,
    line: &'a Line,
    day: Day,
    mode: Mode,
    credentials: &'a Credentials,
    key: HashKey,
    comparison: Comparison,
}

impl Work<'_> {
    /// Reads a list page by page; of none more is held than the page.
    async fn read(
        &mut self,
        number: &PhoneNumber,
        listing: Listing,
        date: Date,
    ) -> anyhow::Result<()> {
        let twilio = &self.relay.twilio;
        let first = twilio.messages_on(self.credentials, number, listing, date);
        let mut page = first.await?;
        loop {
            // Twilio's day is another one than the line's.
            page.messages
                .retain(|message| self.day.contains(message.at));
            match listing {
                Listing::From => self.sent(page.messages).await?,
                Listing::To => self.received(page.messages).await?,
            }
            let Some(next) = page.next else { return Ok(()) };
            page = twilio.messages_at(self.credentials, &next).await?;
        }
    }

    async fn sent(&mut self, messages: Vec<Message>) -> anyhow::Result<()> {
        let relay = self.relay;
        let owners = stream::iter(messages).map(|message| async move {
            let owner = match relay.store.owner_of(&message.sid).await? {
                Some(owner) => relay.store.delivery(&owner).await?,
                None => None,
            };
            anyhow::Ok((message, owner))
        });
        let mut owners = owners.buffered(AT_ONCE);
        while let Some(found) = owners.next().await {
            let (message, owner) = found?;
            let lost = self.comparison.sent(&message, owner.as_ref());
            let Some(delivery) = owner else { continue };
            match lost {
                Some(lost) => self.make_up_for(delivery, lost).await?,
                None => drop(self.comparison.delivery(&delivery)),
            }
        }
        Ok(())
    }

    async fn received(&mut self, messages: Vec<Message>) -> anyhow::Result<()> {
        let relay = self.relay;
        let records = stream::iter(messages).map(|message| async move {
            let record = relay.store.inbound(&message.sid).await?;
            anyhow::Ok((message, record))
        });
        let mut records = records.buffered(AT_ONCE);
        while let Some(found) = records.next().await {
            let (message, record) = found?;
            if let Some(lost) = self.comparison.received(&message, record.is_some()) {
                self.take_in(&message, lost).await?;
            }
            if let Some(record) = record {
                self.deliveries_of(&record).await?;
            }
        }
        Ok(())
    }

    /// Takes in a text that came by no webhook.
    async fn take_in(&mut self, message: &Message, mut lost: Difference) -> anyhow::Result<()> {
        if self.mode == Mode::PutRight && !self.comparison.is_too_old(message) {
            let Work {
                relay,
                credentials,
                line,
                ..
            } = self;
            inbound_sms::take_in_late(relay, credentials, line, message).await?;
            lost.put_right = true;
        }
        self.comparison.add(lost);
        Ok(())
    }

    async fn deliveries_of(&mut self, record: &InboundRecord) -> anyhow::Result<()> {
        for id in &record.deliveries {
            let Some(mut delivery) = self.relay.store.delivery(id).await? else {
                continue;
            };
            for (number, sid) in self.comparison.delivery(&delivery) {
                let listed = self.relay.twilio.message(self.credentials, &sid).await?;
                let found = listed.map(|listed| {
                    let status = listed.status().unwrap_or(Status::Accepted);
                    (status, listed.failure())
                });
                let lost = self.comparison.asked(&delivery, number, &sid, found);
                if let Some(lost) = lost {
                    self.make_up_for(delivery, lost).await?;
                    let Some(after) = self.relay.store.delivery(id).await? else {
                        break;
                    };
                    delivery = after;
                }
            }
        }
        Ok(())
    }

    /// Tells a delivery what a callback would have.
    async fn make_up_for(
        &mut self,
        delivery: Delivery,
        (mut difference, news): (Difference, News),
    ) -> anyhow::Result<()> {
        if self.mode == Mode::PutRight {
            let (relay, sid) = (self.relay, &news.sid);
            if relay
                .store
                .claim_message(&delivery.id, sid, relay.now())
                .await?
            {
                delivery_status::tell(relay, delivery, &news, &self.key).await?;
                difference.put_right = true;
            }
        }
        self.comparison.add(difference);
        Ok(())
    }
}
