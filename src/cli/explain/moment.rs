//! One row of a text's story, and how much of the text it may show.

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::show;
use crate::domain::delivery::{Delivery, Disproved, Outcome};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::phone::PhoneNumber;

/// Something that happened, or that is going to.
#[derive(Debug, Serialize)]
pub struct Moment {
    /// `None`: right after the one before.
    pub at: Option<Timestamp>,
    pub what: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

impl Moment {
    /// `at` is an instant, or `None` for right after the moment before.
    pub fn new(at: impl Into<Option<Timestamp>>, what: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            what: what.into(),
            details: Vec::new(),
        }
    }

    pub fn with(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }
}

/// How much of a text is shown.
#[derive(Clone, Copy, clap::Args)]
pub struct Shown {
    /// Show telephone numbers in full
    #[arg(long)]
    pub numbers: bool,
    /// Show what was written
    #[arg(long)]
    pub body: bool,
}

/// An attempt to deliver a text, as `--json` shows it.
#[derive(Debug, Serialize)]
pub struct AttemptShown {
    pub number: u32,
    pub to_person: String,
    pub to: String,
    /// What it was sent from, if that was not the line's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_number: Option<String>,
    part: usize,
    pub began: Timestamp,
    pub outcome: Outcome,
    /// When the outcome became known.
    since: Timestamp,
    message_sid: Option<MessageSid>,
    /// The failure that it was taken for before.
    #[serde(skip_serializing_if = "Option::is_none")]
    disproved: Option<Box<Disproved>>,
}

impl Shown {
    /// Who wrote, and from where as far as that is known.
    pub fn writer(self, sms: &InboundSms) -> String {
        let from = match sms.from.expose() {
            "" => "an unknown sender".to_owned(),
            exposed if self.numbers => exposed.to_owned(),
            _ => show::masked(&sms.from.masked()),
        };
        match &sms.place {
            Some(place) => format!("{from} ({place})"),
            None => from,
        }
    }

    pub fn number(self, number: &PhoneNumber) -> String {
        show::number(number, self.numbers)
    }

    pub fn attempts(self, delivery: &Delivery) -> Vec<AttemptShown> {
        let attempts = delivery.attempts.iter().map(|attempt| AttemptShown {
            number: attempt.number,
            to_person: attempt.to.person.clone(),
            to: self.number(&attempt.to.number),
            reply_number: attempt.via.as_ref().map(|via| self.number(via)),
            part: attempt.part,
            began: attempt.began,
            outcome: attempt.outcome.clone(),
            since: attempt.since,
            message_sid: attempt.sid.clone(),
            disproved: attempt.disproved.clone(),
        });
        attempts.collect()
    }
}
