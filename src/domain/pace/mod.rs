//! How many texts may go between two numbers, and how many one sender may have relayed: whatever
//! comes too fast gets a slot later, in the order in which it asked.
//!
//! The rule is the generic cell rate algorithm (ITU-T I.371, Annex A), whose only state is the
//! theoretical arrival time (TAT): when the next text would be due if all came evenly. A TAT that
//! has passed says no more than none does, so it needs no keeping.

mod budget;

pub use budget::{Budget, Spent};

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::phone::PhoneNumber;

/// One in so much time, and so many at once before they have to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// From one to the next, if they come evenly.
    interval: Duration,
    at_once: u32,
}

/// Between a line and one phone. Twilio stops two numbers for 30 seconds after 30 texts within 30
/// seconds (error 14107, meant against loops); by this rate they are 20 at most.
pub const PAIR: Rate = Rate {
    interval: Duration::from_secs(3),
    at_once: 10,
};

/// Beside [`PAIR`], for what goes before the rest: 7 more within 30 seconds at most.
pub const URGENT: Rate = Rate {
    interval: Duration::from_secs(10),
    at_once: 4,
};

/// Of [`URGENT`], what first texts may take. With [`FIRST_WAITS`] they leave two slots at once to
/// answers.
pub const FIRST: Rate = Rate {
    at_once: 1,
    ..URGENT
};

/// How long a first text waits for one of the urgent slots.
const FIRST_WAITS: Duration = Duration::from_secs(10);

/// Of what one program asks for over HTTP. More than one a second is a loop gone wild: a notice
/// goes to as many as subscribe.
pub const CALLER: Rate = Rate {
    interval: Duration::from_secs(1),
    at_once: 20,
};

impl Rate {
    /// As many at once as in a minute; at least one, since nothing must wait for ever.
    pub fn a_minute(count: u32) -> Self {
        let count = count.max(1);
        Self {
            at_once: count,
            ..Self::apart(Duration::from_millis(60_000 / u64::from(count)))
        }
    }

    /// One after the other, with this time between them.
    pub fn apart(interval: Duration) -> Self {
        // Whole milliseconds, as stores keep instants.
        let interval = Duration::from_millis(interval.as_millis() as u64);
        Self {
            interval: interval.max(Duration::from_millis(1)),
            at_once: 1,
        }
    }

    /// From one to the next, if they come evenly.
    pub fn interval(self) -> Duration {
        self.interval
    }

    /// How far ahead of the even pace a burst may be.
    fn ahead(self) -> Duration {
        self.interval() * self.at_once.saturating_sub(1)
    }

    /// The slot of whoever finds this TAT.
    pub fn slot(self, tat: Timestamp, now: Timestamp) -> Timestamp {
        tat.checked_sub(self.ahead()).unwrap_or(now).max(now)
    }

    /// The latest TAT that leaves a slot within `patience`.
    pub fn latest(self, now: Timestamp, patience: Duration) -> Timestamp {
        now.checked_add(self.ahead())
            .and_then(|latest| latest.checked_add(patience))
            .unwrap_or(Timestamp::MAX)
    }
}

/// What asking for a slot came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    Taken(Timestamp),
    /// It would be then, which is further away than the patience: nothing was taken.
    TooLate(Timestamp),
}

impl Slot {
    pub fn taken(self) -> Option<Timestamp> {
        match self {
            Slot::Taken(slot) => Some(slot),
            Slot::TooLate(_) => None,
        }
    }
}

/// A slot, and the TAT for the next one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub tat: Timestamp,
    pub slot: Timestamp,
}

/// How far ahead a TAT can be: a text may take ten hours at most (`deliver_within`). One that is further
/// ahead is of a clock that was, and would silence a phone until then.
pub const BELIEVED: Duration = Duration::from_secs(12 * 60 * 60);

/// The next slot after those that led to `tat`. If it is further away than `patience`, nothing is
/// taken, and the error is when it would be.
pub fn claim(
    tat: Option<Timestamp>,
    now: Timestamp,
    rate: Rate,
    patience: Duration,
) -> Result<Claim, Timestamp> {
    let end = now.checked_add(BELIEVED).unwrap_or(Timestamp::MAX);
    let tat = tat.filter(|tat| *tat <= end);
    let tat = tat.map_or(now, |tat| tat.max(now));
    let slot = rate.slot(tat, now);
    if rate.latest(now, patience) < tat {
        return Err(slot);
    }
    let tat = tat.checked_add(rate.interval()).unwrap_or(Timestamp::MAX);
    Ok(Claim { tat, slot })
}

/// How soon a text has to be on its phone if many wait for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Whoever has the phone has just written and waits for it, or has to act.
    Answer,
    /// It begins a conversation.
    First,
    Rest,
}

/// One way to a slot on a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    pub is_urgent: bool,
    pub rate: Rate,
    pub patience: Duration,
}

impl Urgency {
    /// The ways to a slot within `patience`, which are tried one after the other.
    pub fn lanes(self, patience: Duration) -> Vec<Lane> {
        let of_pair = |patience| Lane {
            is_urgent: false,
            rate: PAIR,
            patience,
        };
        let urgent = |rate, patience| Lane {
            is_urgent: true,
            rate,
            patience,
        };
        match self {
            Urgency::Answer => vec![urgent(URGENT, Duration::ZERO), of_pair(patience)],
            Urgency::First => vec![
                of_pair(Duration::ZERO),
                urgent(FIRST, FIRST_WAITS.min(patience)),
                of_pair(patience),
            ],
            Urgency::Rest => vec![of_pair(patience)],
        }
    }
}

impl Lane {
    pub fn key(self, line: &PhoneNumber, to: &PhoneNumber) -> Key {
        if self.is_urgent {
            Key::urgent(line, to)
        } else {
            Key::pair(line, to)
        }
    }
}

/// Whose pace it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// What `line` sends to one phone.
    pub fn pair(line: &PhoneNumber, to: &PhoneNumber) -> Self {
        Self(format!("pair#{}#{}", line.expose(), to.expose()))
    }

    /// What `line` sends to one phone before the rest.
    pub fn urgent(line: &PhoneNumber, to: &PhoneNumber) -> Self {
        Self(format!("urgent#{}#{}", line.expose(), to.expose()))
    }

    /// What `line` sends of notices.
    pub fn notices(line: &PhoneNumber) -> Self {
        Self(format!("notices#{}", line.expose()))
    }

    /// What one sender has relayed by `line`.
    pub fn sender(line: &PhoneNumber, sender: &str) -> Self {
        Self(format!("sender#{}#{sender}", line.expose()))
    }

    /// What a program asks for over HTTP.
    pub fn caller(name: &str) -> Self {
        Self(format!("caller#{name}"))
    }

    /// That `line` answered one phone with these words, which `digest` stands for.
    pub fn said(line: &PhoneNumber, to: &PhoneNumber, digest: &str) -> Self {
        Self(format!("said#{}#{}#{digest}", line.expose(), to.expose()))
    }

    /// The key as stores have it; there are numbers in it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// It shows no numbers.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.0.split('#').next().unwrap_or_default();
        write!(f, "Key({kind})")
    }
}

#[cfg(test)]
mod tests;
