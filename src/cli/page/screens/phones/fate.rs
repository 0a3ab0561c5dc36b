//! What became of a text, in a few words: of one that a phone wrote, and of one that was sent to it.

use jiff::Timestamp;
use serde::Serialize;

use crate::app::ports::store::Store;
use crate::cli::candidates;
use crate::domain::delivery::{Delivery, Outcome, Purpose, State, Status};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::time_zone::TimeZone;
use crate::sandbox::Message;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fate {
    pub says: String,
    /// `good`, `bad`, `warn` or nothing.
    pub tone: &'static str,
}

impl Fate {
    fn new(tone: &'static str, says: impl Into<String>) -> Self {
        let says = says.into();
        Self { says, tone }
    }
}

/// Of a text that a phone wrote to a line.
pub async fn of_written(
    store: &dyn Store,
    sid: &MessageSid,
    zone: &TimeZone,
) -> anyhow::Result<Fate> {
    let Some(record) = store.inbound(sid).await? else {
        return Ok(Fate::new("", "on its way to the relay"));
    };
    let deliveries = store.deliveries(&record.deliveries).await?;
    let is_the_text = |d: &&Delivery| matches!(d.purpose, Purpose::Relay | Purpose::Reply);
    Ok(match deliveries.iter().find(is_the_text) {
        Some(delivery) => of_delivery(delivery, record.received, zone),
        None => {
            let (to, why) = candidates::nobody(record.decision.rule);
            Fate::new("", format!("goes to {to}: {why}"))
        }
    })
}

fn of_delivery(delivery: &Delivery, received: Timestamp, zone: &TimeZone) -> Fate {
    let mut says = String::new();
    for hand_over in &delivery.handed_over {
        let code = hand_over.because.code();
        let code = code.map_or(String::new(), |code| format!(" ({code})"));
        says += &format!("{} did not get it{code}; ", hand_over.from.person);
    }
    let to = &delivery.to.person;
    let (tone, now) = match delivery.state {
        State::Delivered => {
            let reached = delivery.reached().map_or(to, |reached| &reached.person);
            let last = delivery.attempts.iter().rev();
            let mut last = last.filter(|attempt| attempt.outcome == Outcome::Delivered);
            let after = last.next().map(|attempt| after(received, attempt.since));
            let after = after.map_or(String::new(), |after| format!(" after {after}"));
            let tone = if says.is_empty() { "good" } else { "warn" };
            (tone, format!("reached {reached}{after}"))
        }
        State::Waiting { due } => match delivery.attempts.last().map(|last| &last.outcome) {
            None => ("", format!("is about to go to {to}")),
            Some(outcome) => {
                let code = outcome.code();
                let code = code.map_or(String::new(), |code| format!(" ({code})"));
                let at = zone.at(due).strftime("%H:%M:%S");
                ("warn", format!("goes to {to} again at {at}{code}"))
            }
        },
        State::Sending { .. } => ("", format!("is being sent to {to}")),
        State::Unknown { .. } => (
            "warn",
            format!("may have been sent to {to}: Twilio is asked"),
        ),
        State::Accepted { .. } => ("", format!("was sent to {to}, no report yet")),
        State::GaveUp { because } => ("bad", format!("reached nobody: {}", because.in_words())),
        State::Withheld { .. } => ("warn", "was better not sent".to_owned()),
    };
    Fate::new(tone, says + &now)
}

/// Of a message to a phone, which shows it or not.
pub fn of_received(message: &Message, is_shown: bool) -> Fate {
    let code = message.error_code;
    let code = code.map_or(String::new(), |code| format!(": {code}"));
    match message.status {
        Status::Delivered | Status::Read => {
            let after = after(message.created, message.updated);
            Fate::new("good", format!("delivered after {after}"))
        }
        Status::Undelivered | Status::Failed if is_shown => Fate::new(
            "warn",
            format!("arrived, though reported as not delivered{code}"),
        ),
        Status::Undelivered | Status::Failed => Fate::new("bad", format!("did not arrive{code}")),
        Status::Canceled => Fate::new("bad", "was called back"),
        _ if is_shown => Fate::new("", "arrived, no report yet"),
        Status::Sent => Fate::new("warn", "sent, and the phone does not say that it arrived"),
        _ => Fate::new("", "on its way"),
    }
}

fn after(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs_f64().max(0.0);
    format!("{seconds:.1} s")
}
