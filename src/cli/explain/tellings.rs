//! What people were told of a text: deliveries of their own, each one moment of its story.

use super::guards;
use super::story::{Moment, Shown};
use super::words::{outcome, why};
use crate::domain::delivery::{Delivery, Purpose, State};
use crate::domain::time_zone::TimeZone;

/// Puts each of them where it happened.
pub fn insert(tellings: &[Delivery], zone: &TimeZone, shown: Shown, moments: &mut Vec<Moment>) {
    for telling in tellings {
        let later = |moment: &Moment| moment.at.is_some_and(|at| telling.created < at);
        let position = moments.iter().position(later);
        let moment = moment(telling, zone, shown);
        moments.insert(position.unwrap_or(moments.len()), moment);
    }
}

fn moment(telling: &Delivery, zone: &TimeZone, shown: Shown) -> Moment {
    let (to, number) = (&telling.to.person, shown.number(&telling.to.number));
    let that = match telling.purpose {
        Purpose::Told => "it moved on",
        Purpose::Alert => "it reached nobody",
        Purpose::Repair => "account, number or campaign need repair",
        Purpose::Unsent => "it did not reach the customer",
        Purpose::Relay
        | Purpose::Reply
        | Purpose::AutoReply
        | Purpose::Thread
        | Purpose::Answer
        | Purpose::Notice { .. }
        | Purpose::Invitation => "of it",
    };
    Moment {
        at: Some(telling.created),
        what: format!("{to} ({number}) was to be told that {that}"),
        details: vec![how_it_stands(telling, zone)],
    }
}

fn how_it_stands(telling: &Delivery, zone: &TimeZone) -> String {
    let to = &telling.to.person;
    let attempts = match telling.attempts.len() {
        0 | 1 => String::new(),
        n => format!(", after {n} attempts"),
    };
    match telling.state {
        State::Delivered => format!("that text reached {to}{attempts}"),
        State::Accepted { .. } => {
            format!("Twilio has that text; nothing says yet whether it reached {to}")
        }
        State::GaveUp { because } => {
            let last = telling.attempts.last();
            let last = last.map_or_else(
                || why(because, &zone.show(telling.deadline)),
                |attempt| outcome(&attempt.outcome),
            );
            format!("that text did not reach {to}{attempts}: {last}")
        }
        State::Withheld { because } => guards::withheld(to, because),
        State::Waiting { .. } | State::Sending { .. } | State::Unknown { .. } => {
            "that text is on its way".to_owned()
        }
    }
}
