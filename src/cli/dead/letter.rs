//! A dead letter as people see it.

use jiff::Timestamp;
use serde::Serialize;

use crate::app::dead_letters::Wanted;
use crate::app::ports::queue::{DeadLetterQueue, DeadWakeUp};
use crate::app::ports::store::Store;
use crate::cli::candidates::{BOLD, DIM};
use crate::cli::explain::moment::Shown;
use crate::cli::explain::words::{outcome, why};
use crate::cli::output::{Unwritten, tell};
use crate::domain::delivery::{Delivery, GaveUp, State};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::time_zone::TimeZone;
use crate::printable::printable;

/// How many wake-ups are looked at, at most.
pub const MOST_WAKE_UPS: usize = 1000;

/// A text that reached nobody.
#[derive(Serialize)]
pub struct Letter {
    pub delivery: DeliveryId,
    pub message_sid: Option<MessageSid>,
    pub line: String,
    /// Who wrote it, if that is still known.
    pub from: Option<String>,
    pub gave_up: Option<Timestamp>,
    pub because: Option<GaveUp>,
    /// Twilio's code of the last error that had one.
    pub error_code: Option<u32>,
    /// Whom it was for when the relay gave up.
    pub to_person: String,
    pub attempts: usize,
    pub replays: usize,
    /// Who has it all the same: news of it came when the relay had given up.
    pub arrived_at: Option<String>,
    /// Why it reached nobody, in a sentence.
    pub reason: String,
    #[serde(skip)]
    pub zone: TimeZone,
}

/// A wake-up that was brought too often in vain.
#[derive(Serialize)]
pub struct Waker {
    /// `None` if the message on the queue is no wake-up.
    pub delivery: Option<DeliveryId>,
    pub due: Option<Timestamp>,
    #[serde(skip)]
    pub dead: DeadWakeUp,
}

impl Letter {
    pub async fn of(store: &dyn Store, delivery: &Delivery, numbers: bool) -> anyhow::Result<Self> {
        let inbound = match &delivery.message_sid {
            Some(sid) => store.inbound(sid).await?,
            None => None,
        };
        let line = store.line(&delivery.from).await?;
        // The line may have been taken out since.
        let zone = line.map(|line| line.time_zone).unwrap_or_default();
        let because = match delivery.state {
            State::GaveUp { because } => Some(because),
            _ => None,
        };
        let mut reason = match because {
            Some(because) => why(because, &zone.show(delivery.deadline)),
            None => "it has not been given up".to_owned(),
        };
        let arrived_at = delivery.reached().map(|to| to.person.clone());
        if let Some(person) = &arrived_at {
            reason += &format!("; but it reached {person} after all");
        } else if let Some(last) = delivery.attempts.last() {
            let outcome = outcome(&last.outcome);
            reason += &format!("; the last attempt, to {}: {outcome}", last.to.person);
        }
        let shown = Shown {
            numbers,
            body: false,
        };
        Ok(Self {
            delivery: delivery.id.clone(),
            message_sid: delivery.message_sid.clone(),
            line: delivery.line.clone(),
            from: inbound.map(|inbound| shown.writer(&inbound.sms)),
            gave_up: delivery.gave_up,
            because,
            error_code: delivery.last_error(),
            to_person: delivery.to.person.clone(),
            attempts: delivery.attempts.len(),
            replays: delivery.replays.len(),
            arrived_at,
            reason,
            zone,
        })
    }

    pub fn print(&self) -> Result<(), Unwritten> {
        let when = match self.gave_up {
            Some(at) => format!("gave up {}", self.zone.show(at)),
            None => "not given up".to_owned(),
        };
        let from = self.from.as_deref().unwrap_or("somebody");
        let name = match &self.message_sid {
            Some(sid) => sid.to_string(),
            None => self.delivery.to_string(),
        };
        tell!("{BOLD}{name}{BOLD:#}")?;
        tell!("  {}: {when}, from {}", self.line, printable(from))?;
        tell!("  {}", printable(&self.reason))
    }
}

impl Waker {
    pub fn of(dead: DeadWakeUp) -> Self {
        let wake_up = dead.wake_up.as_ref();
        Self {
            delivery: wake_up.map(|wake_up| wake_up.delivery.clone()),
            due: wake_up.map(|wake_up| wake_up.due),
            dead,
        }
    }

    /// Wake-ups know no errors.
    pub fn is_among(&self, wanted: Wanted) -> bool {
        let is_old = |before| self.due.is_some_and(|due| due < before);
        wanted.error.is_none() && wanted.before.is_none_or(is_old)
    }

    pub fn print(&self) -> Result<(), Unwritten> {
        match (&self.delivery, self.due) {
            (Some(delivery), Some(due)) => tell!(
                "{BOLD}{delivery}{BOLD:#}\n  {DIM}a wake-up that was wanted at {due} and was brought too often in vain{DIM:#}"
            ),
            _ => tell!("{DIM}a message that is no wake-up; it stays where it is{DIM:#}"),
        }
    }
}

/// Looks at the wake-ups and lets them go at once. Those that are to be sent again must be held.
pub async fn glance(wake_ups: Option<&dyn DeadLetterQueue>) -> anyhow::Result<Vec<Waker>> {
    let Some(wake_ups) = wake_ups else {
        return Ok(Vec::new());
    };
    let dead = wake_ups.hold(MOST_WAKE_UPS).await?;
    wake_ups.release(&dead).await?;
    Ok(dead.into_iter().map(Waker::of).collect())
}
