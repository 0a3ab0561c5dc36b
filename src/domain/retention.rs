//! What of the store has become too old to be kept, and what is still needed however old it is.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::call::{Call, LineCalls};
use crate::domain::conversation::{Conversation, PersonState, Words};
use crate::domain::delivery::Delivery;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::{Line, Retention};
use crate::domain::notice::Notice;

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Stays,
    /// It stays without what somebody wrote.
    LosesWords,
    Goes,
}

/// What a line keeps, at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    retention: Retention,
    conversation_for: Duration,
    now: Timestamp,
}

impl Limits {
    pub fn of(line: &Line, now: Timestamp) -> Self {
        Self {
            retention: line.retention,
            conversation_for: line.policy.conversation_for,
            now,
        }
    }

    /// Of a line that is not configured any more.
    pub fn of_no_line(now: Timestamp) -> Self {
        Self {
            retention: Retention::default(),
            conversation_for: Duration::ZERO,
            now,
        }
    }

    /// Whether nothing that came to be then is old enough for anything to go.
    pub fn are_far_from(&self, created: Timestamp) -> bool {
        let Retention {
            keep_words,
            keep_texts,
        } = self.retention;
        !is_past(created, keep_words.min(keep_texts), self.now)
    }

    /// `conversation` is the one that the text belongs to.
    pub fn inbound(&self, record: &InboundRecord, conversation: Option<&Conversation>) -> Fate {
        let sid = &record.sms.sid;
        let is_needed = self.live(conversation).is_some_and(|conversation| {
            conversation.texts.contains(sid) || conversation.last.as_ref() == Some(sid)
        });
        if is_needed {
            return Fate::Stays;
        }
        self.fate(record.received, record.words_removed.is_none())
    }

    /// `conversation` is the one that the text belongs to.
    pub fn delivery(&self, delivery: &Delivery, conversation: Option<&Conversation>) -> Fate {
        let is_open = delivery.due().is_some() || delivery.gave_up.is_some();
        let id = &delivery.id;
        let is_needed = self.live(conversation).is_some_and(|conversation| {
            let mut last = conversation.last_in.iter().chain(&conversation.last_out);
            let mut read = conversation.participants.iter();
            last.any(|last| last == id) || read.any(|person| person.texts.contains(id))
        });
        if is_open || is_needed {
            return Fate::Stays;
        }
        self.fate(delivery.changed(), delivery.has_words())
    }

    pub fn conversation(&self, conversation: &Conversation) -> Fate {
        if self.live(Some(conversation)).is_some() {
            return Fate::Stays;
        }
        let has_words = !conversation.words.0.is_empty();
        match self.fate(conversation.active, has_words) {
            // Their texts are to reach nobody, whenever they write again.
            Fate::Goes if conversation.blocked.is_some() && has_words => Fate::LosesWords,
            Fate::Goes if conversation.blocked.is_some() => Fate::Stays,
            fate => fate,
        }
    }

    pub fn notice(&self, notice: &Notice) -> Fate {
        let last = notice.created.max(notice.expires);
        match self.fate(last, false) {
            _ if notice.state.is_open() => Fate::Stays,
            fate => fate,
        }
    }

    pub fn call(&self, call: &Call) -> Fate {
        if call.due.is_some() {
            return Fate::Stays;
        }
        let transcript = call.message.as_ref().map(|message| &message.transcript);
        let has_words = transcript.is_some_and(Option::is_some);
        self.fate(call.ended.unwrap_or(call.opened), has_words)
    }

    /// A line's calls without those that are too old, of the next version; `None` if none is.
    pub fn line_calls(&self, calls: &LineCalls) -> Option<LineCalls> {
        let mut left = calls.clone();
        let is_kept = |at: Timestamp| !is_past(at, self.retention.keep_texts, self.now);
        left.live.retain(|call| is_kept(call.until));
        left.recent.retain(|(came, _)| is_kept(*came));
        left.out.retain(|(asked, _)| is_kept(*asked));
        left.missed.retain(|told| is_kept(told.at));
        left.unpressed
            .retain(|phone| phone.advised.is_none_or(is_kept));
        let are_gone = left != *calls;
        left.version += 1;
        are_gone.then_some(left)
    }

    /// Whether a person's last question, which holds words of theirs and of customers, is to go.
    pub fn is_question_over(&self, state: &PersonState) -> bool {
        let asked = state.question.as_ref().map(|question| question.asked);
        asked.is_some_and(|asked| is_past(asked, self.retention.keep_words, self.now))
    }

    fn live<'c>(&self, conversation: Option<&'c Conversation>) -> Option<&'c Conversation> {
        conversation.filter(|c| c.is_open(self.conversation_for, self.now))
    }

    fn fate(&self, last: Timestamp, has_words: bool) -> Fate {
        let Retention {
            keep_words,
            keep_texts,
        } = self.retention;
        if is_past(last, keep_texts, self.now) {
            Fate::Goes
        } else if has_words && is_past(last, keep_words, self.now) {
            Fate::LosesWords
        } else {
            Fate::Stays
        }
    }
}

fn is_past(since: Timestamp, kept: Duration, now: Timestamp) -> bool {
    since.checked_add(kept).is_ok_and(|end| end <= now)
}

/// The same record without words and addresses of attachments.
pub fn inbound_without_words(record: InboundRecord, now: Timestamp) -> InboundRecord {
    let mut record = record;
    record.sms.body.clear();
    record.sms.media.clear();
    record.words_removed = Some(now);
    record
}

/// The same delivery without words and addresses of attachments, of the next version. How many parts it had
/// stays, by which a late report is understood.
pub fn delivery_without_words(delivery: Delivery) -> Delivery {
    let mut delivery = delivery;
    delivery.version += 1;
    delivery.body.clear();
    delivery.media.clear();
    delivery.attached.clear();
    for part in &mut delivery.parts {
        part.body.clear();
        part.media.clear();
    }
    delivery
}

pub fn conversation_without_words(conversation: Conversation) -> Conversation {
    Conversation {
        words: Words::default(),
        ..conversation
    }
}

/// The same call without what its caller said, of the next version.
pub fn call_without_words(call: Call) -> Call {
    let mut call = call;
    call.version += 1;
    if let Some(message) = &mut call.message {
        message.transcript = None;
    }
    call
}
