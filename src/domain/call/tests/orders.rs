//! The requests of one call in any order in which they can come, and any of them twice: the same outcome, and
//! people are told once.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// What Twilio asks one after the other, and what it tells at any time after the question before.
struct Story {
    questions: Vec<Event>,
    /// How many questions came before, at least.
    news: Vec<(usize, Event)>,
    ends: Outcome,
}

fn stories() -> Vec<Story> {
    let of_leg = |after: usize, leg: usize, status: LegStatus| {
        let statuses = [LegStatus::Ringing, LegStatus::Answered, status];
        statuses
            .map(|status| (after, progress(leg, status)))
            .to_vec()
    };
    let busy_then = |questions: Vec<Event>| {
        let mut all = vec![dialed(1, LegStatus::Busy, Some(false), Some(0))];
        all.extend(questions);
        all
    };
    let ended = |after: usize, seconds: u32| {
        let seconds = Some(seconds);
        (after, Event::Ended { seconds })
    };
    let busy = (0, progress(1, LegStatus::Busy));
    let spoke = |person: &str| Outcome::Spoke {
        person: person.to_owned(),
        seconds: None,
    };
    let missed = |at| Outcome::Missed { at };
    let with = |mut news: Vec<(usize, Event)>, more: &[(usize, Event)]| {
        news.extend(more.iter().cloned());
        news
    };
    let to_the_tone: Vec<Event> = (1..=3).map(not_answered).collect();
    let tone_then = |question: Event| {
        let mut all = to_the_tone.clone();
        all.push(question);
        all
    };
    vec![
        Story {
            questions: busy_then(vec![
                picked_up(2),
                pressed(2, "1"),
                hung_up(2, LegStatus::Completed, Some(true), Some(60)),
            ]),
            news: with(
                of_leg(1, 2, LegStatus::Completed),
                &[busy.clone(), ended(3, 60)],
            ),
            ends: spoke("María"),
        },
        Story {
            questions: busy_then(vec![
                picked_up(2),
                pressed(2, "1"),
                dialed(2, LegStatus::Completed, Some(true), Some(60)),
            ]),
            news: with(of_leg(1, 2, LegStatus::Completed), &[ended(3, 61)]),
            ends: spoke("María"),
        },
        Story {
            questions: vec![hung_up(1, LegStatus::Canceled, Some(false), None)],
            news: vec![
                (0, progress(1, LegStatus::Ringing)),
                (0, progress(1, LegStatus::Canceled)),
                ended(0, 0),
            ],
            ends: missed(MissedAt::Ringing),
        },
        Story {
            questions: vec![
                picked_up(1),
                hung_up(1, LegStatus::Completed, Some(false), Some(4)),
            ],
            news: with(of_leg(0, 1, LegStatus::Completed), &[ended(1, 4)]),
            ends: missed(MissedAt::Ringing),
        },
        Story {
            questions: tone_then(Event::Recorded { hung_up: true }),
            news: vec![ended(3, 30), (3, recorded(23))],
            ends: Outcome::Voicemail { seconds: 23 },
        },
        Story {
            questions: tone_then(Event::Recorded { hung_up: false }),
            news: vec![(3, recorded(23)), ended(3, 30)],
            ends: Outcome::Voicemail { seconds: 23 },
        },
        Story {
            questions: tone_then(Event::Recorded { hung_up: true }),
            news: vec![ended(3, 9), (3, recorded(1))],
            ends: missed(MissedAt::Voicemail),
        },
        Story {
            questions: vec![
                picked_up(1),
                pressed(1, "1"),
                dialed(1, LegStatus::Completed, Some(true), Some(3)),
                Event::Recorded { hung_up: true },
            ],
            news: vec![(3, recorded(0)), ended(3, 12)],
            ends: missed(MissedAt::CutOff),
        },
    ]
}

/// The lengths apart, of which Twilio tells more than one.
fn without_seconds(outcome: &Outcome) -> Outcome {
    match outcome {
        Outcome::Spoke { person, .. } => Outcome::Spoke {
            person: person.clone(),
            seconds: None,
        },
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn any_order_and_repetition_ends_the_same(
        which in 0..8_usize,
        places in prop::collection::vec(any::<Index>(), 8),
        twice in prop::collection::vec((any::<Index>(), any::<Index>()), 0..6),
    ) {
        let story = stories().remove(which);
        let mut events = story.questions.clone();
        let mut befores: Vec<usize> = (0..events.len()).collect();
        for ((after, news), place) in story.news.iter().zip(&places) {
            let at = events
                .iter()
                .zip(&befores)
                .take_while(|(_, before)| **before < *after)
                .count();
            let at = at + place.index(events.len() - at + 1);
            events.insert(at, news.clone());
            // News carry the number of the question behind them.
            let before = befores.get(at).copied().unwrap_or(story.questions.len());
            befores.insert(at, before);
        }
        for (which, later) in twice {
            let at = which.index(events.len());
            let again = events[at].clone();
            let to = at + 1 + later.index(events.len() - at);
            events.insert(to, again);
        }
        let mut world = World::new();
        for (n, event) in events.iter().enumerate() {
            // Before anything is due.
            world.takes(4 + n as i64 / 8, event.clone());
        }
        world.is_left_alone();
        let ends = world.outcome().map(without_seconds);
        prop_assert_eq!(ends, Some(story.ends), "{:#?}", events);
        prop_assert_eq!(world.times_told(), 1);
        prop_assert!(world.live.live.is_empty());
    }
}
