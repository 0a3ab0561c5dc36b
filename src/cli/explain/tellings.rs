//! What people were told of a text: deliveries of their own, each one moment of its story.

use super::moment::{Moment, Shown};
use super::words::{outcome, why, withheld};
use crate::domain::delivery::{Delivery, State};
use crate::domain::time_zone::TimeZone;

/// Puts each of them where it happened.
pub fn tell(notifications: &[Delivery], zone: &TimeZone, shown: Shown, moments: &mut Vec<Moment>) {
    for notification in notifications {
        insert(moments, moment(notification, zone, shown));
    }
}

/// Puts a moment before those that are later.
pub fn insert(moments: &mut Vec<Moment>, moment: Moment) {
    let later = |other: &Moment| moment.at.is_some_and(|at| other.at.is_some_and(|o| at < o));
    let position = moments.iter().position(later).unwrap_or(moments.len());
    moments.insert(position, moment);
}

fn moment(notification: &Delivery, zone: &TimeZone, shown: Shown) -> Moment {
    let to = &notification.to;
    let that = notification.purpose.tells_that().unwrap_or_default();
    let (person, number) = (&to.person, shown.number(&to.number));
    let what = format!("{person} ({number}) was to be told that {that}");
    Moment::new(notification.created, what).with([how_it_stands(notification, zone)])
}

fn how_it_stands(notification: &Delivery, zone: &TimeZone) -> String {
    let to = &notification.to.person;
    let attempts = match notification.attempts.len() {
        0 | 1 => String::new(),
        n => format!(", after {n} attempts"),
    };
    match notification.state {
        State::Delivered => format!("that text reached {to}{attempts}"),
        State::Accepted { .. } => {
            format!("Twilio has that text; nothing says yet whether it reached {to}")
        }
        State::GaveUp { because } => {
            let last = match notification.attempts.last() {
                Some(attempt) => outcome(&attempt.outcome),
                None => why(because, &zone.show(notification.deadline)),
            };
            format!("that text did not reach {to}{attempts}: {last}")
        }
        State::Withheld { because } => withheld(to, because),
        State::Waiting { .. } | State::Sending { .. } | State::Unknown { .. } => {
            "that text is on its way".to_owned()
        }
    }
}
