//! What a customer's thread has to say before an attempt: whether the text is still wanted, to whom
//! it goes if that is found out only now, whether an earlier one has to leave first, and what the
//! recipient sees of the thread.

use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::app::ports::store::Saved;
use crate::app::relay::Relay;
use crate::domain::delivery::{
    Chase, Chased, Delivery, Directed, Event, Hold, InThread, Limit, OnlyIf, Purpose, Recipient,
    Shown, Slowed, State, Withheld,
};
use crate::domain::ids::Tag;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::{Line, Person};
use crate::domain::routing::decide_for_a_customer;
use crate::domain::sms;
use crate::domain::thread::{ReachedNow, Thread, Threads, Times, excerpt, wording};

/// How often somebody else may save the threads first.
const MOST_TRIES: usize = 8;

/// How long a text waits at most before it looks again whether the one before it has left.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// `None` if nothing speaks against the attempt.
pub async fn before(relay: &Relay, delivery: &Delivery) -> Result<Option<Event>> {
    let Some(thread) = &delivery.in_thread else {
        return Ok(None);
    };
    if delivery.attempts.is_empty()
        && let Some(only_if) = &thread.only_if
    {
        let threads = relay.store.threads(&delivery.from).await?;
        if !holds(only_if, delivery, thread, &threads, relay.now()) {
            return Ok(Some(Event::Held(Hold::Over(Withheld::Settled))));
        }
    }
    if let Some(chase) = thread.chase.as_ref().filter(|chase| !chase.is_directed) {
        return direct(relay, delivery, thread, chase).await.map(Some);
    }
    if let Some(slowed) = out_of_order(relay, delivery, thread).await? {
        return Ok(Some(Event::Held(Hold::Slowed(slowed))));
    }
    if delivery.needs_seat() {
        let threads = relay.store.threads(&delivery.from).await?;
        seat(relay, delivery, thread, threads).await
    } else {
        reaches_late(relay, delivery, thread).await
    }
}

/// The threads may have changed while the text was on its way. Its recipient gets it all the same, and
/// may answer it.
async fn reaches_late(
    relay: &Relay,
    delivery: &Delivery,
    thread: &InThread,
) -> Result<Option<Event>> {
    let is_reminder = delivery.purpose == Purpose::Thread && thread.chase.is_some();
    let asks_for_answer = delivery.purpose == Purpose::Relay || is_reminder;
    if !asks_for_answer || !delivery.attempts.is_empty() {
        return Ok(None);
    }
    let person = &delivery.to.person;
    let threads = relay.store.threads(&delivery.from).await?;
    let reached = change(relay, delivery, threads, |threads, times| {
        let reached = threads.reaches(&thread.customer, person, times);
        (reached, reached == ReachedNow::Changed)
    });
    match reached.await? {
        (ReachedNow::NoSeat, threads) => {
            let seated = seat(relay, delivery, thread, threads).await?;
            // A reminder shows no tag.
            Ok(seated.filter(|_| !is_reminder))
        }
        _ => Ok(None),
    }
}

/// Changes the threads, and saves them if they are to be kept. Where somebody else saves them
/// meanwhile, it is done again by what they are then.
async fn change<T>(
    relay: &Relay,
    delivery: &Delivery,
    mut threads: Threads,
    by: impl Fn(&mut Threads, Times) -> (T, bool),
) -> Result<(T, Threads)> {
    let line = &delivery.from;
    for _ in 0..MOST_TRIES {
        let (done, is_kept) = by(&mut threads, Times::of(&delivery.policy, relay.now()));
        if !is_kept {
            return Ok((done, threads));
        }
        threads.version += 1;
        if relay.store.save_threads(line, &threads).await? == Saved::Yes {
            return Ok((done, threads));
        }
        threads = relay.store.threads(line).await?;
    }
    bail!("the threads of a line were saved by others too often in a row")
}

fn holds(
    only_if: &OnlyIf,
    delivery: &Delivery,
    thread: &InThread,
    threads: &Threads,
    now: Timestamp,
) -> bool {
    match only_if {
        // A question that is asked after its time would be answered as if it were another one.
        OnlyIf::Held { sid, asked } => match delivery.purpose {
            Purpose::Unsent => threads.is_held(sid, *asked),
            _ => threads.is_asked(sid, *asked, now),
        },
        OnlyIf::Unanswered { since } => {
            let thread = threads.of(&thread.customer);
            thread.is_some_and(|thread| thread.unanswered == Some(*since))
        }
    }
}

/// The texts of a thread leave in the order in which they came. One that is stuck keeps the others
/// no longer than until its deadline, and who has a half of a text gets the rest.
async fn out_of_order(
    relay: &Relay,
    delivery: &Delivery,
    thread: &InThread,
) -> Result<Option<Slowed>> {
    let Some(after) = thread.after.as_ref().filter(|_| !delivery.has_begun()) else {
        return Ok(None);
    };
    let Some(before) = relay.store.delivery(after).await? else {
        return Ok(None);
    };
    let now = relay.now();
    let has_left = !matches!(
        before.state,
        State::Waiting { .. } | State::Sending { .. } | State::Unknown { .. }
    );
    if has_left || before.deadline <= now {
        return Ok(None);
    }
    let waits = delivery.slowed.iter().rfind(|s| s.by == Limit::Order);
    let waited = waits.map_or(Duration::ZERO, |slowed| {
        now.duration_since(slowed.at).try_into().unwrap_or_default()
    });
    // Soon again at first, and not for ever in vain.
    let pause = (waited / 8).clamp(Duration::from_secs(1), LOOK_AGAIN);
    Ok(Some(Slowed {
        by: Limit::Order,
        at: now,
        until: (now + pause).min(before.deadline),
    }))
}

/// The recipient gets a part in the thread, so that they can answer, and the tag by which they tell
/// it from their others.
async fn seat(
    relay: &Relay,
    delivery: &Delivery,
    thread: &InThread,
    threads: Threads,
) -> Result<Option<Event>> {
    let Some(sid) = &delivery.message_sid else {
        return Ok(None);
    };
    let person = &delivery.to.person;
    let tag = move_to(relay, delivery, (thread, person, sid), threads).await?;
    Ok(Some(Event::Seated(Shown {
        person: person.clone(),
        tag,
    })))
}

async fn move_to(
    relay: &Relay,
    delivery: &Delivery,
    (thread, person, sid): (&InThread, &str, &MessageSid),
    threads: Threads,
) -> Result<Option<Tag>> {
    let from = delivery.handed_over.last();
    let from = from.map(|hand_over| hand_over.from.person.as_str());
    let moved = change(relay, delivery, threads, |threads, times| {
        let tag = threads.moved_to(&thread.customer, from, person, sid, times);
        (tag, true)
    });
    Ok(moved.await?.0)
}

/// Nobody has answered in time: whom the delivery goes to, and what it says.
async fn direct(
    relay: &Relay,
    delivery: &Delivery,
    in_thread: &InThread,
    chase: &Chase,
) -> Result<Event> {
    let settled = Event::Held(Hold::Over(Withheld::Settled));
    let Some(sid) = &delivery.message_sid else {
        return Ok(settled);
    };
    let stored = relay.store.for_inbound(&delivery.from, sid, None).await?;
    let (line, _, threads, known) = stored.into_known();
    let (Some(line), Some(thread)) = (line, threads.of(&in_thread.customer).cloned()) else {
        return Ok(settled);
    };
    let now = relay.now();
    let decision = decide_for_a_customer(&line, &known, now);
    let is_new = |person: &&Person| !chase.tried.contains(&person.name);
    let on_duty: Vec<&Person> = decision.cascade(&line).filter(is_new).collect();
    let since = line.clock().day_and_time(chase.since, now);
    let to = Turn {
        line: &line,
        thread: &thread,
        since: &since,
    };
    Ok(match chase.what {
        Chased::Remind => {
            let next = on_duty.iter().find(|person| person.name != thread.has);
            match to.reminded(next.map(|person| person.name.as_str())) {
                Some(directed) => Event::Directed(Box::new(directed)),
                None => settled,
            }
        }
        Chased::HandOn => match on_duty.split_first() {
            Some((next, others)) => {
                let records = relay.texts(&thread.texts).await?;
                let whose = (in_thread, next.name.as_str(), sid);
                let tag = move_to(relay, delivery, whose, threads).await?;
                let before = chase.tried.last().map_or("", String::as_str);
                let says = wording::left_unanswered(before, &thread.customer, &since);
                let (body, media) = excerpt::told(&says, &thread.words, &records, &line);
                Event::Directed(Box::new(Directed {
                    purpose: Purpose::Relay,
                    to: Recipient::of(next),
                    remaining: others.iter().map(|person| Recipient::of(person)).collect(),
                    body,
                    media,
                    shown: vec![Shown {
                        person: next.name.clone(),
                        tag,
                    }],
                    after: thread.last_in.clone(),
                }))
            }
            None => match to.nobody() {
                Some(directed) => Event::Directed(Box::new(directed)),
                None => Event::Held(Hold::Over(Withheld::NobodyElse)),
            },
        },
    })
}

/// Whose turn it is to answer a customer who waits since then.
struct Turn<'a> {
    line: &'a Line,
    thread: &'a Thread,
    since: &'a str,
}

impl Turn<'_> {
    /// The person who has the thread, if they are still behind the line.
    fn reminded(&self, next: Option<&str>) -> Option<Directed> {
        let person = self.line.person_named(&self.thread.has)?;
        let words = &self.thread.words.0;
        let says = wording::reminder(&self.thread.customer, self.since, words, next);
        Some(says_to(Purpose::Thread, Recipient::of(person), &says))
    }

    /// The owner, if the line has a number for that.
    fn nobody(&self) -> Option<Directed> {
        let to = Recipient::owner(self.line.policy.alert.clone()?);
        let words = &self.thread.words.0;
        let says = wording::nobody_answered(&self.thread.customer, self.since, words);
        Some(says_to(Purpose::Alert, to, &says))
    }
}

fn says_to(purpose: Purpose, to: Recipient, words: &str) -> Directed {
    Directed {
        purpose,
        to,
        remaining: Vec::new(),
        body: sms::first_segment::first_segment(&sms::gsm7_line(words)),
        media: Vec::new(),
        shown: Vec::new(),
        after: None,
    }
}
