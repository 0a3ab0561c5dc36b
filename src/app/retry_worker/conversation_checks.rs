//! What a customer's conversation has to say before an attempt: whether the text is still wanted, to
//! whom it goes if that is found out only now, and whether an earlier one has to leave first.

use std::time::Duration;

use anyhow::Result;

use crate::app::conversations;
use crate::app::ports::audit::HashKey;
use crate::app::relay::Relay;
use crate::domain::conversation::{Conversation, excerpt, wording};
use crate::domain::delivery::{
    Chase, Chased, Delivery, Directed, Event, Hold, InConversation, Limit, OnlyIf, Purpose,
    Recipient, Slowed, Withheld,
};
use crate::domain::ids::DeliveryId;
use crate::domain::line::{Line, Person};
use crate::domain::routing::decide_for_a_customer;
use crate::domain::sms;

/// The text before wakes the next one when it leaves. Should that get lost, the next one looks by itself.
const LOOKS_AGAIN: Duration = Duration::from_secs(30);

/// `None` if nothing speaks against the attempt.
pub async fn before(relay: &Relay, delivery: &Delivery, key: &HashKey) -> Result<Option<Event>> {
    let Some(part) = &delivery.in_conversation else {
        return Ok(None);
    };
    if delivery.attempts.is_empty()
        && let Some(only_if) = &part.only_if
        && !holds(relay, delivery, part, only_if).await?
    {
        return Ok(Some(Event::Held(Hold::Over(Withheld::Settled))));
    }
    if is_of_blocked(relay, delivery, part).await? {
        return Ok(Some(Event::Held(Hold::Over(Withheld::Blocked))));
    }
    if let Some(chase) = part.chase.as_ref().filter(|chase| !chase.is_directed) {
        return direct(relay, delivery, part, chase).await.map(Some);
    }
    if let Some(slowed) = out_of_order(relay, delivery, part, key).await? {
        return Ok(Some(Event::Held(Hold::Slowed(slowed))));
    }
    if !delivery.is_to_join() {
        return Ok(None);
    }
    // It went on to somebody else, who can answer it from now on and has the conversation.
    let to = &delivery.to.number;
    change(relay, delivery, part, |conversation| {
        let hand_over = delivery.handed_over.last();
        if let Some(hand_over) = hand_over.filter(|h| h.because.may_be_told()) {
            let told = DeliveryId::told(&delivery.id, delivery.handed_over.len());
            conversation.reads(&hand_over.from.number, &told);
        }
        conversation.joins(to, &delivery.id);
        conversation.has = Some(to.clone());
    })
    .await?;
    Ok(Some(Event::Joined))
}

/// Of a customer's text that had to wait: whether they were blocked meanwhile. One that leaves at once
/// was decided just now.
async fn is_of_blocked(relay: &Relay, delivery: &Delivery, part: &InConversation) -> Result<bool> {
    let has_waited = !delivery.slowed.is_empty() || !delivery.attempts.is_empty();
    if delivery.purpose != Purpose::Relay || !has_waited || delivery.has_begun() {
        return Ok(false);
    }
    let conversation = conversation(relay, delivery, part).await?;
    Ok(conversation.is_some_and(|conversation| conversation.blocked.is_some()))
}

/// Changes the conversation, unless it is forgotten.
async fn change(
    relay: &Relay,
    delivery: &Delivery,
    part: &InConversation,
    by: impl Fn(&mut Conversation),
) -> Result<()> {
    let (store, line) = (relay.store.as_ref(), &delivery.from);
    let changed = conversations::change(store, line, &part.customer, |before| {
        let mut after = before.cloned()?;
        by(&mut after);
        Some(after)
    });
    changed.await.map(drop)
}

async fn conversation(
    relay: &Relay,
    delivery: &Delivery,
    part: &InConversation,
) -> Result<Option<Conversation>> {
    let customer = std::slice::from_ref(&part.customer);
    let mut found = relay.store.conversations(&delivery.from, customer).await?;
    Ok(found.pop())
}

async fn holds(
    relay: &Relay,
    delivery: &Delivery,
    part: &InConversation,
    only_if: &OnlyIf,
) -> Result<bool> {
    match only_if {
        OnlyIf::Asked { sid, asked } => {
            let person = &delivery.to.number;
            let state = relay.store.person_state(&delivery.from, person).await?;
            Ok(match delivery.purpose {
                Purpose::Unsent => !state.is_settled(sid),
                // A question that is asked after its time would be answered as if it were another one.
                _ => state.is_asked(sid, *asked, relay.now()),
            })
        }
        OnlyIf::Unanswered { since } => {
            let conversation = conversation(relay, delivery, part).await?;
            let waits = conversation.and_then(|conversation| conversation.waits);
            Ok(waits.is_some_and(|waits| waits.since == *since))
        }
    }
}

/// The texts of a conversation leave in the order in which they came. One that is stuck keeps the
/// others no longer than until its deadline, and who has a half of a text gets the rest. The one
/// before wakes this one when it leaves.
async fn out_of_order(
    relay: &Relay,
    delivery: &Delivery,
    part: &InConversation,
    key: &HashKey,
) -> Result<Option<Slowed>> {
    let Some(after) = part.after.as_ref().filter(|_| !delivery.has_begun()) else {
        return Ok(None);
    };
    let now = relay.now();
    let waits_for = |before: &Delivery| !before.has_left() && now < before.deadline;
    let Some(before) = relay.store.delivery(after).await?.filter(waits_for) else {
        return Ok(None);
    };
    let before = follow(relay, before, &delivery.id, key).await?;
    let before = before.filter(waits_for);
    Ok(before.map(|before| {
        let until = before.deadline.min(now + LOOKS_AGAIN);
        Slowed::new(Limit::Order, now, until)
    }))
}

/// Has the text before wake this one when it leaves.
async fn follow(
    relay: &Relay,
    before: Delivery,
    next: &DeliveryId,
    key: &HashKey,
) -> Result<Option<Delivery>> {
    let is_known = |before: &Delivery| {
        let part = before.in_conversation.as_ref();
        part.is_none_or(|part| part.before.as_ref() == Some(next))
    };
    let event = |before: &Delivery| {
        let is_to_know = !before.has_left() && !is_known(before);
        is_to_know.then(|| Event::FollowedBy(next.clone()))
    };
    relay.settle(before, key, event).await
}

/// Nobody has answered in time: whom the delivery goes to, and what it says.
async fn direct(
    relay: &Relay,
    delivery: &Delivery,
    part: &InConversation,
    chase: &Chase,
) -> Result<Event> {
    let settled = Event::Held(Hold::Over(Withheld::Settled));
    let Some(sid) = &delivery.message_sid else {
        return Ok(settled);
    };
    let stored = relay.store.for_inbound(&delivery.from, sid, None).await?;
    let now = relay.now();
    let known = stored.known(now);
    let conversation = conversation(relay, delivery, part).await?;
    let (Some(line), Some(conversation)) = (stored.line, conversation) else {
        return Ok(settled);
    };
    let decision = decide_for_a_customer(&line, &known, now);
    let is_new = |person: &&Person| !chase.tried.contains(&person.name);
    let on_duty: Vec<&Person> = decision.cascade(&line).filter(is_new).collect();
    let since = line.clock().behind_until(chase.since, now);
    let to = Turn {
        line: &line,
        conversation: &conversation,
        since: &since,
    };
    let reminded = match chase.what {
        Chased::Remind => {
            let has = conversation.has.as_ref();
            let is_there = decision.cascade(&line).any(|p| Some(&p.number) == has);
            let next = on_duty.iter().find(|person| Some(&person.number) != has);
            let reminded = || to.reminded(next.map(|person| person.name.as_str()));
            // Whose duty is over is not reminded: somebody else is there.
            (is_there || next.is_none()).then(reminded).flatten()
        }
        Chased::HandOn | Chased::Forget => None,
    };
    let directed = match (reminded, on_duty.split_first()) {
        _ if chase.what == Chased::Forget => to.forgotten(),
        (Some(reminded), _) => Some(reminded),
        (None, Some((next, others))) => {
            let texts = relay.texts(&conversation.texts).await?;
            let before = chase.tried.last().map_or("", String::as_str);
            let says =
                wording::left_unanswered(line.language, before, &conversation.customer, &since);
            let (body, media) = excerpt::told(&says, &conversation.words, &texts, &line);
            Some(Directed {
                purpose: Purpose::Relay,
                to: Recipient::of(next),
                remaining: others.iter().map(|person| Recipient::of(person)).collect(),
                body,
                media,
                joined: vec![next.number.clone()],
                after: conversation.last_in.clone(),
            })
        }
        (None, None) => to.nobody(),
    };
    let Some(directed) = directed else {
        return Ok(Event::Held(Hold::Over(Withheld::NobodyElse)));
    };
    change(relay, delivery, part, |conversation| {
        if let Some(waits) = &mut conversation.waits
            && chase.what != Chased::Forget
        {
            waits.reminded = now;
        }
        match directed.purpose {
            Purpose::Relay => {
                conversation.joins(&directed.to.number, &delivery.id);
                conversation.has = Some(directed.to.number.clone());
            }
            _ => conversation.reads(&directed.to.number, &delivery.id),
        }
    })
    .await?;
    Ok(Event::Directed(Box::new(directed)))
}

/// Whose turn it is to answer a customer who waits since then.
struct Turn<'a> {
    line: &'a Line,
    conversation: &'a Conversation,
    since: &'a str,
}

impl Turn<'_> {
    /// The person who has the conversation, if they are still behind the line.
    fn reminded(&self, next: Option<&str>) -> Option<Directed> {
        let person = self.line.person_with(self.conversation.has.as_ref()?)?;
        let says = wording::reminder(self.line.language, self.conversation, self.since, next);
        Some(says_to(Purpose::Conversation, Recipient::of(person), &says))
    }

    /// The owner, if the line has a number for that.
    fn nobody(&self) -> Option<Directed> {
        let words = &self.conversation.words.0;
        let says = wording::nobody_answered(
            self.line.language,
            &self.conversation.customer,
            self.since,
            words,
        );
        self.alert(&says)
    }

    /// The owner again, a week later.
    fn forgotten(&self) -> Option<Directed> {
        self.alert(&wording::forgotten(
            self.line.language,
            self.conversation,
            self.since,
        ))
    }

    fn alert(&self, says: &str) -> Option<Directed> {
        let to = Recipient::owner(self.line.policy.alert.clone()?);
        Some(says_to(Purpose::Alert, to, says))
    }
}

fn says_to(purpose: Purpose, to: Recipient, words: &str) -> Directed {
    Directed {
        purpose,
        to,
        remaining: Vec::new(),
        body: sms::first_segment::first_segment(&sms::gsm7_line(words)),
        media: Vec::new(),
        joined: Vec::new(),
        after: None,
    }
}
