//! Whatever Twilio does and however time passes: no part goes twice to one person while Twilio may
//! still deliver the first, and no delivery is forgotten.

use proptest::prelude::*;

use super::tests::{at, delivery, recipient};
use super::*;
use crate::twilio::errors;

/// What Twilio does with a request, and what the relay hears of it.
#[derive(Debug, Clone, Copy)]
enum Request {
    Accepted,
    AcceptedButUnanswered,
    AcceptedButBroken,
    Unanswered,
    Unreachable,
    Refused(u32),
}

/// What becomes of a message that Twilio accepted.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Delivered,
    Undelivered(u32),
    /// No callback ever comes.
    Silence,
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        Just(Request::Accepted),
        Just(Request::AcceptedButUnanswered),
        Just(Request::AcceptedButBroken),
        Just(Request::Unanswered),
        Just(Request::Unreachable),
        prop::sample::select(vec![20429, 30003, 21614, 21610, 20003, 21617, 99999])
            .prop_map(Request::Refused),
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Delivered),
        prop::sample::select(vec![30003, 30005, 30007]).prop_map(Fate::Undelivered),
        Just(Fate::Silence),
    ]
}

/// A message that Twilio has.
struct Held {
    attempt: u32,
    to: String,
    part: usize,
    sid: MessageSid,
    fate: Fate,
    may_arrive: bool,
}

struct World {
    delivery: Delivery,
    now: i64,
    /// Until then Twilio does not answer when it is asked.
    mute_until: i64,
    held: Vec<Held>,
    script: std::vec::IntoIter<(Request, Fate, f64, bool)>,
}

impl World {
    fn happens(&mut self, event: Event) {
        let jitter = self
            .script
            .as_slice()
            .first()
            .map_or(0.5, |(_, _, jitter, _)| *jitter);
        let before = self.delivery.clone();
        let (after, effects) = step(before, event, at(self.now), jitter);
        self.delivery = after;
        for effect in effects {
            match effect {
                Effect::Send { attempt } => self.send(attempt),
                Effect::Ask { attempt } => self.ask(attempt),
                _ => {}
            }
        }
    }

    fn send(&mut self, number: u32) {
        let attempt = self.delivery.attempt(number).unwrap().clone();
        let doubled = self.held.iter().any(|held| {
            held.may_arrive && held.part == attempt.part && held.to == attempt.to.person
        });
        assert!(
            !doubled,
            "part {} went to {} twice",
            attempt.part, attempt.to.person
        );
        let (request, fate, _, crash) =
            self.script
                .next()
                .unwrap_or((Request::Accepted, Fate::Delivered, 0.5, false));
        let sid = MessageSid::parse(&format!("SM{number:032x}")).unwrap();
        use Request::*;
        if let Accepted | AcceptedButUnanswered | AcceptedButBroken = request {
            let (to, part) = (attempt.to.person, attempt.part);
            self.held.push(Held {
                attempt: number,
                to,
                part,
                sid: sid.clone(),
                fate,
                may_arrive: true,
            });
        }
        if crash {
            return;
        }
        let answer = match request {
            Accepted => Answer::Accepted { sid },
            AcceptedButBroken => errors::refused(None, 502, None),
            AcceptedButUnanswered | Unanswered => Answer::Unknown,
            Unreachable => Answer::NotSent,
            Refused(code) => errors::refused(Some(code), 400, None),
        };
        self.happens(Event::Answered {
            attempt: number,
            answer,
        });
    }

    fn ask(&mut self, attempt: u32) {
        let event = match self.held.iter().find(|held| held.attempt == attempt) {
            _ if self.now < self.mute_until => Event::NoAnswer,
            Some(held) => Event::Status {
                attempt,
                sid: held.sid.clone(),
                status: Status::Sent,
                failure: errors::failure(None, None),
            },
            None => Event::Absent { attempt },
        };
        self.happens(event);
    }

    /// Somebody wakes it whenever it is due, until it is over.
    fn goes_on_to_the_end(&mut self) {
        let began = self.now;
        while let Some(due) = self.delivery.due() {
            self.now = self.now.max(due.as_second() + 1 - at(0).as_second());
            let state = &self.delivery.state;
            assert!(self.now < began + 10 * 3600, "still {state:?}");
            self.happens(Event::Woken);
            self.call_back();
        }
    }

    /// One callback that is still owed, if any.
    fn call_back(&mut self) {
        let owed = |held: &&mut Held| held.may_arrive && !matches!(held.fate, Fate::Silence);
        let Some(held) = self.held.iter_mut().find(owed) else {
            return;
        };
        let (status, code) = match held.fate {
            Fate::Undelivered(code) => (Status::Undelivered, Some(code)),
            Fate::Delivered | Fate::Silence => (Status::Delivered, None),
        };
        if let Fate::Undelivered(_) = held.fate {
            held.may_arrive = false;
        } else {
            // It stays with the phone: a second one would be a double. But it is reported once.
            held.fate = Fate::Silence;
        }
        let (attempt, sid) = (held.attempt, held.sid.clone());
        self.happens(Event::Status {
            attempt,
            sid,
            status,
            failure: errors::failure(code, None),
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_is_doubled_and_nothing_forgotten(
        parts in 1..4usize,
        script in prop::collection::vec((request(), fate(), 0.0..1.0f64, prop::bool::weighted(0.1)), 0..40),
        pauses in prop::collection::vec((0..400i64, any::<bool>()), 0..200),
        mute_until in prop_oneof![Just(0), 0..8_000i64],
        replays in prop::collection::vec(any::<bool>(), 0..4),
    ) {
        let mut world = World { delivery: delivery(parts), now: 0, mute_until, held: Vec::new(), script: script.into_iter() };
        for (pause, callback_first) in pauses {
            if callback_first {
                world.call_back();
            }
            world.happens(Event::Woken);
            world.now += pause;
        }
        world.goes_on_to_the_end();
        // And whenever it gives up, somebody has it tried again, with the same person or others.
        for (round, resumes) in replays.into_iter().enumerate() {
            world.now += 1;
            let others = [20, 21].map(|n| n + 2 * round as u8);
            let cascade = if resumes { vec![world.delivery.to.clone()] } else { others.map(|n| recipient(&n.to_string(), n)).to_vec() };
            let public_url = world.delivery.public_url.clone();
            world.happens(Event::Replayed { cascade, public_url });
            world.goes_on_to_the_end();
        }
    }
}
