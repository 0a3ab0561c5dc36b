//! A text whose attachments cannot be passed on goes without them, and says so.

use super::{Delivery, Outcome, wording};
use crate::domain::sms::{MOST_CHARACTERS, Part, size};

impl Delivery {
    /// Leaves out the attachments that the present recipient has not got, and says so in the first
    /// message that had any, or in one of its own if there is no room. Returns whether there were
    /// any. Whoever gets the text next gets it with them again: their phone may take them.
    pub(super) fn leave_out_attachments(&mut self) -> bool {
        let is_open = |part: &usize| {
            let is_there = self.standing_of(*part).is_some_and(Outcome::is_with_twilio);
            !self.parts[*part].media.is_empty() && !is_there
        };
        let open: Vec<usize> = (0..self.parts.len()).filter(is_open).collect();
        let Some(first) = open.first() else {
            return false;
        };
        let left_out = open.iter().map(|part| self.parts[*part].media.len()).sum();
        for part in &open {
            self.parts[*part].media.clear();
        }
        let is_all = left_out == self.media.len();
        let attached = if is_all { self.attached.as_str() } else { "" };
        let remark = wording::left_out(self.language, attached, left_out);
        let body = &mut self.parts[*first].body;
        let longer = match body.as_str() {
            "" => remark.clone(),
            words => format!("{words}\n{remark}"),
        };
        if size(&longer) <= MOST_CHARACTERS {
            *body = longer;
        } else {
            self.parts.push(Part {
                body: remark,
                media: Vec::new(),
            });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::delivery::step::tests::{
        accepted, after, alone, at, delivery, recipient, refused, status,
    };
    use crate::domain::delivery::{Delivery, Effect, Event, State, Status};
    use crate::domain::sms;

    const INVALID_URL: Option<u32> = Some(21620);
    const TOO_LARGE: Option<u32> = Some(30019);

    fn with(body: &str, media: usize, attached: &str) -> Delivery {
        let media: Vec<_> = (0..media)
            .map(|n| format!("https://example.com/{n}"))
            .collect();
        Delivery {
            parts: sms::parts(body, &media),
            body: body.to_owned(),
            media,
            attached: attached.to_owned(),
            ..delivery(1)
        }
    }

    fn said(delivery: &Delivery) -> Vec<&str> {
        delivery
            .parts
            .iter()
            .map(|part| part.body.as_str())
            .collect()
    }

    #[test]
    fn it_goes_to_the_same_person_at_once_without_them_and_says_so() {
        for failed in [
            refused(1, INVALID_URL, 400),
            status(1, Status::Undelivered, TOO_LARGE),
        ] {
            let photo = with("see", 1, "1 photo");
            let (again, effects) = after(photo, [(0, Event::Woken), (1, failed)]);
            assert_eq!(said(&again), ["see\n(1 photo could not be passed on)"]);
            assert_eq!(again.parts[0].media, [""; 0]);
            assert_eq!(
                (&again.to, again.due()),
                (&recipient("Sergio", 10), Some(at(1)))
            );
            assert!(effects.contains(&Effect::Wake { due: at(1) }));
            let done = [
                (1, Event::Woken),
                (2, accepted(2)),
                (3, status(2, Status::Delivered, None)),
            ];
            assert_eq!(after(again, done).0.state, State::Delivered);
        }
    }

    #[test]
    fn what_is_missing_is_said_in_plain_words() {
        for (body, media, attached, says) in [
            (
                "see",
                2,
                "2 photos",
                "see\n(2 photos could not be passed on)",
            ),
            (
                "see",
                2,
                "1 photo, 1 contact",
                "see\n(1 photo, 1 contact could not be passed on)",
            ),
            ("see", 1, "", "see\n(1 attachment could not be passed on)"),
            ("see", 3, "", "see\n(3 attachments could not be passed on)"),
            ("", 1, "1 photo", "(1 photo could not be passed on)"),
        ] {
            let failed = [(0, Event::Woken), (1, refused(1, INVALID_URL, 400))];
            assert_eq!(said(&after(with(body, media, attached), failed).0), [says]);
        }
    }

    #[test]
    fn a_message_without_room_is_followed_by_one_that_says_it() {
        let long = "x".repeat(1600);
        let failed = [(0, Event::Woken), (1, refused(1, INVALID_URL, 400))];
        let (again, _) = after(with(&long, 1, "1 photo"), failed);
        assert_eq!(said(&again), [&long, "(1 photo could not be passed on)"]);
    }

    #[test]
    fn what_the_person_has_already_stays_as_it_is() {
        let events = [
            (0, Event::Woken),
            (1, accepted(1)),
            (1, Event::Woken),
            (2, refused(2, INVALID_URL, 400)),
        ];
        let (again, _) = after(with("see", 12, "12 photos"), events);
        assert_eq!(again.parts[0].media.len(), 10);
        assert_eq!(
            said(&again),
            ["(1/2) see", "(2/2)\n(2 attachments could not be passed on)"]
        );
    }

    #[test]
    fn the_next_person_gets_it_with_the_attachment() {
        let events = [
            (0, Event::Woken),
            (1, refused(1, Some(30011), 400)),
            (1, Event::Woken),
            (2, refused(2, Some(21614), 400)),
        ];
        let (moved, _) = after(with("see", 1, "1 photo"), events);
        assert_eq!(moved.to.person, "Backup");
        assert_eq!(moved.parts[0].media.len(), 1);
        assert_eq!(said(&moved), ["Sergio could not be reached. see"]);
    }

    #[test]
    fn a_text_without_attachments_that_fails_so_is_not_repeated_for_ever() {
        let (mut last, mut now) = (alone(), 0);
        for attempt in 1..5 {
            let events = [
                (now, Event::Woken),
                (now, refused(attempt, Some(63021), 400)),
            ];
            (last, _) = after(last, events);
            let due = last.due().unwrap().as_second() - at(0).as_second();
            assert!(attempt == 1 || now < due, "a pause after the second");
            now = due + 1;
        }
        let events = [
            (0, Event::Woken),
            (1, refused(1, Some(63021), 400)),
            (1, Event::Woken),
            (2, refused(2, Some(63021), 400)),
        ];
        assert_eq!(after(delivery(1), events).0.to.person, "Backup");
    }
}
