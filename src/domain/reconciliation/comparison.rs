use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::{Counts, Day, Difference, Message, Report, TOO_OLD, Way, What, Words};
use crate::domain::delivery::{Attempt, Delivery, Event, Failure, Outcome, State, Status, step};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::names::name_of;
use crate::domain::phone::Sender;

/// How far apart two messages with the same words may be for one to be taken for a double.
const DOUBLED_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// The most differences that are kept word by word.
const MOST: usize = 1000;

/// What Twilio says of an attempt and the relay did not hear: a callback that got lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub attempt: u32,
    pub sid: MessageSid,
    pub status: Status,
    pub failure: Failure,
}

impl News {
    pub fn event(&self) -> Event {
        Event::Status {
            attempt: self.attempt,
            sid: self.sid.clone(),
            status: self.status,
            failure: self.failure,
        }
    }
}

/// A line's day under comparison. First it gets what was sent, then what came in, message by
/// message; of each no more is kept than its name and a hash of its words.
pub struct Comparison {
    line: String,
    day: Day,
    now: Timestamp,
    counts: Counts,
    differences: Vec<Difference>,
    listed: HashSet<MessageSid>,
    ours: HashMap<Words, Vec<(Timestamp, DeliveryId)>>,
    others: Vec<(Words, Difference)>,
    open: HashSet<DeliveryId>,
}

impl Comparison {
    pub fn new(line: &str, day: Day, now: Timestamp) -> Self {
        Self {
            line: line.to_owned(),
            day,
            now,
            counts: Counts::default(),
            differences: Vec::new(),
            listed: HashSet::new(),
            ours: HashMap::new(),
            others: Vec::new(),
            open: HashSet::new(),
        }
    }

    /// A message that was sent from the line, with the delivery that owns it. If a callback got
    /// lost, what it would have told.
    pub fn sent(
        &mut self,
        message: &Message,
        owner: Option<&Delivery>,
    ) -> Option<(Difference, News)> {
        if !self.day.contains(message.at) {
            return None;
        }
        match message.way {
            Way::Out => self.counts.sent += 1,
            Way::Reply => {
                self.counts.replies += 1;
                return None;
            }
            Way::In => return None,
        }
        self.listed.insert(message.sid.clone());
        let Some((delivery, attempt)) = owner.and_then(|d| Some((d, attempt_of(d, message)?)))
        else {
            let stranger = Difference {
                other: Some(message.other.clone()),
                detail: format!("Twilio: {}", name_of(&message.status)),
                error_code: message.failure.code,
                ..difference(What::NotOurs, message.at, Some(&message.sid))
            };
            self.others.push((message.words, stranger));
            return None;
        };
        let same = self.ours.entry(message.words).or_default();
        same.push((message.at, delivery.id.clone()));
        let news = News {
            attempt: attempt.number,
            sid: message.sid.clone(),
            status: message.status,
            failure: message.failure,
        };
        self.end(delivery, attempt, message.at, news)
    }

    /// A text that came in, and whether there is a record of it. If there is none, it is to be
    /// taken in now unless it is [`TOO_OLD`].
    pub fn received(&mut self, message: &Message, recorded: bool) -> Option<Difference> {
        if !self.day.contains(message.at) || message.way != Way::In {
            return None;
        }
        self.counts.received += 1;
        if recorded {
            return None;
        }
        let detail = if self.is_too_old(message) {
            "too old to be relayed now: call whoever wrote it"
        } else {
            "neither the webhook nor the fallback brought it"
        };
        Some(Difference {
            other: Some(message.other.clone()),
            detail: detail.to_owned(),
            ..difference(What::NeverRecorded, message.at, Some(&message.sid))
        })
    }

    pub fn is_too_old(&self, message: &Message) -> bool {
        message.at + TOO_OLD < self.now
    }

    /// A delivery that one of the day's messages belongs to, as it stands now. Returns its messages
    /// that Twilio did not list among the day's.
    pub fn delivery(&mut self, delivery: &Delivery) -> Vec<(u32, MessageSid)> {
        let is_open = !matches!(delivery.state, State::Delivered | State::GaveUp { .. });
        if is_open && delivery.deadline < self.now && self.open.insert(delivery.id.clone()) {
            let last = delivery.attempts.last();
            let last = last.map_or("no attempt".to_owned(), |a| name_of(&a.outcome));
            let still_open = Difference {
                delivery: Some(delivery.id.clone()),
                other: Some(Sender::Phone(delivery.to.number.clone())),
                detail: format!("last heard: {last}"),
                ..difference(What::StillOpen, delivery.deadline, None)
            };
            self.add(still_open);
        }
        let sids = |a: &Attempt| Some((a.number, a.sid.clone()?));
        let attempts = delivery.attempts.iter().filter_map(sids);
        attempts
            .filter(|(_, sid)| !self.listed.contains(sid))
            .collect()
    }

    /// What Twilio says when it is asked about a message that it did not list; `None` if it has no
    /// such message.
    pub fn asked(
        &mut self,
        delivery: &Delivery,
        number: u32,
        sid: &MessageSid,
        found: Option<(Status, Failure)>,
    ) -> Option<(Difference, News)> {
        self.listed.insert(sid.clone());
        let attempt = delivery.attempt(number)?;
        match found {
            Some((status, failure)) => {
                let news = News {
                    attempt: number,
                    sid: sid.clone(),
                    status,
                    failure,
                };
                self.end(delivery, attempt, attempt.began, news)
            }
            None => {
                let here = name_of(&attempt.outcome);
                let not_listed = Difference {
                    detail: format!("here: {here}"),
                    ..of_attempt(What::NotListed, delivery, attempt, attempt.began, sid)
                };
                self.add(not_listed);
                None
            }
        }
    }

    /// Compares how an attempt ended. What the relay would have believed of a callback is news; what
    /// it would not have is left as it is.
    fn end(
        &mut self,
        delivery: &Delivery,
        attempt: &Attempt,
        at: Timestamp,
        news: News,
    ) -> Option<(Difference, News)> {
        let other_end = || {
            let (twilio, here) = (name_of(&news.status), name_of(&attempt.outcome));
            Difference {
                detail: format!("Twilio: {twilio}, here: {here}"),
                error_code: news.failure.code,
                ..of_attempt(What::OtherEnd, delivery, attempt, at, &news.sid)
            }
        };
        let (after, _) = step(delivery.clone(), news.event(), self.now, 0.0);
        if after != *delivery {
            return Some((other_end(), news));
        }
        if news.status.is_final() && !is_said_by(&attempt.outcome, news.status) {
            self.add(other_end());
        }
        None
    }

    pub fn add(&mut self, difference: Difference) {
        self.counts.differences += 1;
        self.counts.left += u64::from(!difference.put_right);
        if self.differences.len() < MOST {
            self.differences.push(difference);
        }
    }

    /// What it came to.
    pub fn finish(mut self) -> Report {
        for (words, mut stranger) in std::mem::take(&mut self.others) {
            let ours = self.ours.get(&words).into_iter().flatten();
            let near = |at: Timestamp| at.duration_since(stranger.at).abs() <= DOUBLED_WITHIN;
            if let Some((_, delivery)) = ours.into_iter().find(|(at, _)| near(*at)) {
                stranger.what = What::Doubled;
                stranger.delivery = Some(delivery.clone());
            }
            self.add(stranger);
        }
        self.differences.sort_by_key(|difference| difference.at);
        Report {
            line: self.line,
            day: self.day.date,
            from: self.day.from,
            until: self.day.until,
            counts: self.counts,
            differences: self.differences,
        }
    }
}

/// The attempt that a message came of. One whose answer got lost is recognised by recipient and
/// words.
fn attempt_of<'a>(delivery: &'a Delivery, message: &Message) -> Option<&'a Attempt> {
    let named = |a: &&Attempt| a.sid.as_ref() == Some(&message.sid);
    let like_it = |a: &&Attempt| {
        let unheard = matches!(a.outcome, Outcome::Pending | Outcome::Unknown);
        let body = delivery.parts.get(a.part).map(|part| &part.body);
        let words = body.map(|body| Words::of(a.to.number.expose(), body));
        unheard && a.sid.is_none() && words == Some(message.words)
    };
    let attempts = &delivery.attempts;
    attempts
        .iter()
        .find(named)
        .or_else(|| attempts.iter().find(like_it))
}

fn is_said_by(outcome: &Outcome, status: Status) -> bool {
    match status {
        Status::Delivered | Status::Read => *outcome == Outcome::Delivered,
        _ => matches!(outcome, Outcome::Undelivered { .. }),
    }
}

fn of_attempt(
    what: What,
    delivery: &Delivery,
    attempt: &Attempt,
    at: Timestamp,
    sid: &MessageSid,
) -> Difference {
    Difference {
        delivery: Some(delivery.id.clone()),
        attempt: Some(attempt.number),
        other: Some(Sender::Phone(attempt.to.number.clone())),
        ..difference(what, at, Some(sid))
    }
}

fn difference(what: What, at: Timestamp, sid: Option<&MessageSid>) -> Difference {
    Difference {
        what,
        at,
        message_sid: sid.cloned(),
        delivery: None,
        attempt: None,
        other: None,
        detail: String::new(),
        error_code: None,
        put_right: false,
    }
}

#[cfg(test)]
mod tests;
