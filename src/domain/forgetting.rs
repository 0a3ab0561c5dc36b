//! What of a customer is to go when they ask for it, in records that are not only theirs.

use jiff::{SignedDuration, Timestamp};

use crate::domain::call::{Call, LineCalls};
use crate::domain::conversation::PersonState;
use crate::domain::delivery::{Delivery, Purpose};
use crate::domain::inbound_record::InboundRecord;
use crate::domain::notice::{Audience, Notice};
use crate::domain::phone::{PhoneNumber, Sender};

/// What asks Twilio for the texts of the last days would take a text anew whose SID is not known any more.
const SIDS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Shorter words, such as "ok", say nothing of who wrote them.
const LEAST_WORDS: usize = 12;

/// Others read only the beginning of longer ones.
const BEGINNING: usize = 30;

/// What stands where the number stood.
const NOBODY: &str = "(forgotten)";

/// Somebody who is to be forgotten, and by what others' records are known that are about them.
#[derive(Debug, Clone)]
pub struct Forgotten {
    number: PhoneNumber,
    tags: Vec<String>,
    beginnings: Vec<String>,
}

impl Forgotten {
    pub fn new(number: PhoneNumber) -> Self {
        Self {
            number,
            tags: Vec::new(),
            beginnings: Vec::new(),
        }
    }

    /// Whether a record, as it is stored, has the number.
    pub fn is_in(&self, json: &str) -> bool {
        json.contains(self.number.expose())
    }

    /// They are called so in what people read.
    pub fn has_tag(&mut self, tag: String) {
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    /// They wrote this.
    pub fn wrote(&mut self, words: &str) {
        let words = words.trim();
        if words.chars().count() >= LEAST_WORDS {
            self.beginnings
                .push(words.chars().take(BEGINNING).collect());
        }
    }

    /// They called, and people read the link to what they said.
    pub fn called(&mut self, call: &Call) {
        let message = call.message.iter();
        let token = message.clone().filter_map(|message| message.token.clone());
        self.beginnings.extend(token);
        for transcript in message.filter_map(|message| message.transcript.as_deref()) {
            self.wrote(transcript);
        }
    }

    /// A line's calls without their number, of the next version; `None` if it is not there.
    pub fn not_in_calls(&self, calls: &LineCalls) -> Option<LineCalls> {
        let mut after = calls.clone();
        let live = after.live.iter_mut().map(|call| &mut call.caller);
        let recent = after.recent.iter_mut().map(|(_, caller)| caller);
        for caller in live.chain(recent) {
            caller.take_if(|caller| *caller == self.number);
        }
        let is_theirs = |caller: Option<&PhoneNumber>| caller == Some(&self.number);
        after.missed.retain(|told| !is_theirs(told.caller.as_ref()));
        let is_changed = after != *calls;
        after.version += 1;
        is_changed.then_some(after)
    }

    /// Whether a delivery without the number tells others of them, such as a question for whom a text is.
    pub fn is_quoted_by(&self, delivery: &Delivery) -> bool {
        let body = &delivery.body;
        let tells = !matches!(
            delivery.purpose,
            Purpose::Relay | Purpose::Reply | Purpose::AutoReply | Purpose::Invitation
        ) && delivery.purpose.notice().is_none();
        let mut words = body.split(|c: char| !c.is_ascii_digit());
        let is_named = tells && words.any(|word| self.tags.iter().any(|tag| tag == word));
        is_named || self.beginnings.iter().any(|said| body.contains(said))
    }

    /// What is left of a text: that its SID is known, as long as somebody could ask for it. `None` if nothing
    /// is.
    pub fn left_of(&self, record: InboundRecord, now: Timestamp) -> Option<InboundRecord> {
        if record.received + SIDS_KEPT <= now {
            return None;
        }
        let mut left = record;
        // Of a person's text the writer stays.
        if left.sms.from.phone() == Some(&self.number) {
            left.sms.from = Sender::Alphanumeric(NOBODY.to_owned());
        }
        left.sms.body.clear();
        left.sms.media.clear();
        left.sms.place = None;
        left.words_removed = Some(now);
        left.deliveries.clear();
        left.opt_out = None;
        left.subscriptions.clear();
        left.conversation = None;
        Some(left)
    }

    /// What is known of a person without them, of the next version; `None` if it says nothing of them.
    pub fn without(&self, state: &PersonState) -> Option<PersonState> {
        let mut after = state.clone();
        after.question = after.question.filter(|question| {
            let mut choices = question.choices.iter();
            !choices.any(|choice| choice.customer == self.number)
        });
        after
            .reply_numbers
            .retain(|known| known.customer != self.number);
        for known in &mut after.reply_numbers {
            known.before = known.before.take().filter(|before| *before != self.number);
        }
        (after != *state).then(|| PersonState {
            version: state.version + 1,
            ..after
        })
    }

    /// A notice without them among its recipients and in its words, of the next version.
    pub fn not_in(&self, notice: Notice) -> Notice {
        let without = |text: &str| text.replace(self.number.expose(), NOBODY);
        let mut notice = notice;
        if let Audience::Numbers(numbers) = &mut notice.audience {
            numbers.retain(|number| *number != self.number);
        }
        notice.text = without(&notice.text);
        notice.text_if_unheard = notice.text_if_unheard.as_deref().map(without);
        notice.subject = notice.subject.as_deref().map(without);
        notice.key = without(&notice.key);
        if let Ok(data) = without(&notice.data.to_string()).parse() {
            notice.data = data;
        }
        notice.version += 1;
        notice
    }
}
