//! A customer's text on its way to the line's people.

use jiff::SignedDuration;

use super::deliveries::{self, Way, delivery};
use super::text::Text;
use crate::app::ports::store::{Changed, ForInbound};
use crate::domain::automatic_text::reaction;
use crate::domain::conversation::{Conversation, CustomerText, Relayed, Words, excerpt};
use crate::domain::delivery::{
    Awaited, Delivery, InConversation, Purpose, Recipient, Restored, State, wording,
};
use crate::domain::duty::auto_reply_words;
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::content;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::voice::AtNight;
use crate::domain::line::{Line, quiet_until};
use crate::domain::loop_guard::nature;
use crate::domain::routing::nature::Nature;
use crate::domain::routing::{Decision, Known};
use crate::domain::sms;

/// How much is remembered of what a customer wrote last, in septets: enough to recognise it.
const REMEMBERED: usize = 60;

/// The texts that whoever gets a waiting customer from somebody else reads first.
pub fn needs<'f>(line: &Line, found: &'f ForInbound, decision: &Decision) -> &'f [MessageSid] {
    let conversation = found.conversation.as_ref();
    let moves =
        conversation.filter(|conversation| from_whom(line, conversation, decision).is_some());
    moves.map_or(&[], |conversation| &conversation.texts)
}

/// Who had a waiting customer whose text goes to somebody else, who has not read the others.
fn from_whom<'l>(
    line: &'l Line,
    conversation: &Conversation,
    decision: &Decision,
) -> Option<&'l str> {
    let to = line.person_named(decision.to_person.as_ref()?)?;
    let had = conversation.has.as_ref().filter(|had| **had != to.number)?;
    let is_new = conversation.participant(&to.number).is_none();
    let waits = conversation.waits.is_some();
    (waits && is_new).then(|| line.person_with(had).map_or("somebody", |had| &had.name))
}

/// To the person of the decision; and what is set up for the case that nobody answers. Returns what
/// it changes about the customer's conversation, if they are somebody who can have one.
pub fn relay(
    line: &Line,
    known: &Known,
    text: &Text,
    (found, before_it): (&ForInbound, &[InboundSms]),
    record: &mut InboundRecord,
) -> (Vec<Delivery>, Option<Changed>) {
    let Text { sms, now, .. } = text;
    let conversation = found.conversation.as_ref();
    let from = conversation.and_then(|before| from_whom(line, before, &record.decision));
    let mut cascade = record.decision.cascade(line);
    let Some(first) = cascade.next() else {
        return (Vec::new(), None);
    };
    let remaining = cascade.map(Recipient::of).collect();
    let way = Way {
        id: DeliveryId::of_inbound(&sms.sid),
        purpose: Purpose::Relay,
        to: Recipient::of(first),
        sid: &sms.sid,
    };
    let own = sms.media.iter().map(|media| media.url.clone());
    let (body, media) = match (from, conversation) {
        (Some(from), Some(conversation)) => {
            let says = wording::with_what_was_before(
                line.language,
                &words_of(text, known, record, line),
                from,
            );
            let (body, mut media) = excerpt::told(&says, &conversation.words, before_it, line);
            media.splice(0..0, own);
            (body, media)
        }
        _ => (words_of(text, known, record, line), own.collect()),
    };
    let mut relayed = Delivery {
        sender: Some(sms.from.clone()),
        remaining,
        ..delivery(way, body, media, line, *now)
    };
    relayed.restored = text.since_backup.map(|since| Restored {
        since,
        late: text.is_found.then(|| late(line, text, "")),
        words: Some(content::what(line.language, sms)),
    });
    relayed.attached = content::attached(line.language, sms, relayed.media.len());
    let talk_untold = text.talk.as_ref().filter(|talk| !talk.is_told);
    let Some(customer) = sms.from.phone() else {
        let told = talk_untold.is_none().then_some(relayed);
        return (told.into_iter().collect(), None);
    };
    let before = found.conversation.clone();
    let new = || Conversation::new(customer.clone(), &found.alike, *now);
    let mut after = before.clone().unwrap_or_else(new);
    let wants_answer = is_somebodys(sms) && text.talk.is_none();
    let said = Words(sms::clipped(
        &sms::gsm7_line(&content::what(line.language, sms)),
        REMEMBERED,
    ));
    if let Some(talk) = talk_untold {
        let talked = (&first.number, talk.is_answer);
        let link = after.talked(talked, &sms.sid, &said, line.policy.conversation_for, *now);
        record.conversation = Some(link);
        return (Vec::new(), Some(Changed::new(before, after)));
    }
    let began = after.customer_wrote(
        CustomerText {
            sid: &sms.sid,
            words: &said,
            person: &first.number,
            delivery: &relayed.id,
            wants_answer,
        },
        line.policy.conversation_for,
        *now,
    );
    if text.talk.as_ref().is_some_and(|talk| talk.is_answer) {
        after.waits = None;
    }
    relayed.in_conversation = Some(Box::new(InConversation {
        after: began.after.clone(),
        tag: after.tag.clone(),
        known_to: began.known_to.clone(),
        joined: vec![first.number.clone()],
        ..InConversation::of(customer.clone())
    }));
    relayed.cut();
    let is_wanted = began.is_first && wants_answer;
    let replied = is_wanted.then(|| auto_reply(line, known, text)).flatten();
    after.auto_replied |= replied.is_some();
    let is_missed = text.is_of_call() && text.talk.is_none() && !after.missed_texted;
    let missed = is_missed.then(|| missed_text(line, known, text)).flatten();
    after.missed_texted |= missed.is_some();
    let mut deliveries = vec![relayed];
    deliveries.extend(replied);
    deliveries.extend(missed);
    let followed_up = follow_up(line, text, &began, &deliveries[0]);
    deliveries.extend(followed_up);
    record.conversation = Some(began.link);
    (deliveries, Some(Changed::new(before, after)))
}

/// What the person reads.
fn words_of(text: &Text, known: &Known, record: &InboundRecord, line: &Line) -> String {
    let body = wording::relayed(line.language, &text.sms);
    let caller = text.sms.from.phone().filter(|_| text.is_of_call());
    if caller.is_some_and(|caller| known.opt_outs.of(caller).is_some()) {
        return wording::caller_opted_out(line.language, &body);
    }
    let body = match &record.opt_out {
        Some(change) => wording::with_opt_out(line.language, &body, change),
        None => body,
    };
    // If the relay has sent it before it was restored, it was not late.
    if !text.is_found || text.since_backup.is_some() {
        return body;
    }
    late(line, text, &body)
}

fn late(line: &Line, text: &Text, body: &str) -> String {
    let received = line.clock().day_and_time(text.received, text.now);
    wording::late(line.language, &received, body)
}

/// Once in a conversation, to somebody who wrote it themselves and wants to be written to.
fn auto_reply(line: &Line, known: &Known, text: &Text) -> Option<Delivery> {
    let (auto_reply, sms) = (line.auto_reply.as_ref()?, &text.sms);
    let number = sms.from.phone()?;
    if known.opt_outs.of(number).is_some() || text.is_found || text.is_of_call() {
        return None;
    }
    let words = auto_reply_words(auto_reply, line, &known.overrides, text.now)?;
    let words = words
        .inspect_err(|error| tracing::error!(line = line.name, %error, "the automatic reply"))
        .ok()?;
    let way = Way {
        id: DeliveryId::auto_reply(&sms.sid),
        purpose: Purpose::AutoReply,
        to: deliveries::customer(number),
        sid: &sms.sid,
    };
    Some(delivery(way, words, Vec::new(), line, text.now))
}

/// A call of longer ago is over for its caller, too.
const CALLED_LATELY: SignedDuration = SignedDuration::from_mins(30);

/// Once in a conversation, to a caller whom nobody talked with, who may be and wants to be written to.
fn missed_text(line: &Line, known: &Known, text: &Text) -> Option<Delivery> {
    let missed = line.voice.as_ref()?.missed_text.as_ref()?;
    let (sms, now) = (&text.sms, text.now);
    let number = sms.from.phone()?;
    let may_be_texted = line.policy.allows(number) && known.opt_outs.of(number).is_none();
    if !may_be_texted || CALLED_LATELY < now.duration_since(text.received) {
        return None;
    }
    let words = auto_reply_words(&missed.reply, line, &known.overrides, now)?;
    let words = words
        .inspect_err(
            |error| tracing::error!(line = line.name, %error, "the text to missed callers"),
        )
        .ok()?;
    let due = match (quiet_until(line, now), missed.at_night) {
        (None, _) => now,
        (Some(until), AtNight::Wait) => until,
        (Some(_), AtNight::Never) => return None,
    };
    let way = Way {
        id: DeliveryId::auto_reply(&sms.sid),
        purpose: Purpose::AutoReply,
        to: deliveries::customer(number),
        sid: &sms.sid,
    };
    Some(Delivery {
        state: State::Waiting { due },
        deadline: due + line.policy.deliver_within,
        ..delivery(way, words, Vec::new(), line, now)
    })
}

/// If the line wants its customers to be answered within a time, and this one waits from now on.
fn follow_up(line: &Line, text: &Text, began: &Relayed, relayed: &Delivery) -> Option<Delivery> {
    let within = line.policy.answer_within?;
    if !began.begins_to_wait {
        return None;
    }
    let awaited = Awaited {
        sid: &text.sms.sid,
        since: text.now,
        within,
        tried: vec![relayed.to.person.clone()],
    };
    relayed.chased_by(&awaited, text.now)
}

/// Whether somebody wrote it who may want an answer.
fn is_somebodys(sms: &InboundSms) -> bool {
    let is_reaction = reaction::read(&sms.body).is_some_and(|it| it.kind != reaction::Kind::Unsure);
    !is_reaction && sms.wish().is_none() && nature(sms, false) == Nature::Ordinary
}
