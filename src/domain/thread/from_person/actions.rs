//! What a person's text does, once it is known for which thread.

use super::{Carried, Desk, Passed, Sent, Writer};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Rule;
use crate::domain::sms;
use crate::domain::thread::{Link, Thread, What, wording};

impl Desk<'_> {
    /// What was to be done is done, now that it is known for which thread.
    pub(super) fn done(
        &mut self,
        sid: &MessageSid,
        what: &What,
        customer: &PhoneNumber,
    ) -> Carried {
        match what {
            What::Send { body, media } => self.send(sid, &body.0, media, customer),
            What::Pass => self.pass(sid, customer),
            What::Claim => self.claim(customer),
        }
    }

    fn send(
        &mut self,
        sid: &MessageSid,
        body: &str,
        media: &[String],
        customer: &PhoneNumber,
    ) -> Carried {
        let Writer {
            person, sms, times, ..
        } = self.writer;
        let had_it = self.had_it(customer);
        self.threads.be_part_of(customer, person, sid, times);
        let mut carried = self.carried(Rule::Answer, String::new());
        if let Some(thread) = self.threads.of_mut(customer) {
            carried.thread = Some(Link {
                customer: customer.clone(),
                opened: thread.opened,
                previous: (!thread.texts.is_empty()).then(|| thread.last.clone()),
                sends: None,
            });
            thread.goes_on(sid, &sms.sid, times.now);
            thread.has = person.to_owned();
            thread.unanswered = None;
            let reply = DeliveryId::reply(sid);
            carried.sent = Some(Sent {
                sid: sid.clone(),
                customer: customer.clone(),
                body: body.to_owned(),
                media: media.to_vec(),
                after: thread.last_out.replace(reply),
            });
        }
        let told = had_it.map(|other| {
            let words = sms::attachments::or_attachments(body, media.len());
            (other, wording::answered_by(person, customer, &words))
        });
        carried.told = told.into_iter().collect();
        carried
    }

    fn claim(&mut self, customer: &PhoneNumber) -> Carried {
        let Writer {
            person, sms, times, ..
        } = self.writer;
        self.threads.be_part_of(customer, person, &sms.sid, times);
        let mut carried = self.carried(Rule::Claimed, format!("{person} has it from now on"));
        if let Some(thread) = self.threads.of_mut(customer) {
            carried.thread = Some(goes_on(thread, &sms.sid));
            thread.has = person.to_owned();
            thread.unanswered = None;
        }
        let thread = self.threads.of(customer);
        let others = thread.into_iter().flat_map(|t| t.others(person, times));
        let told = others.map(|other| (other.to_owned(), wording::has_it(person, customer)));
        carried.told = told.collect();
        carried.answer = Some(wording::you_have_it(customer, carried.told.len()));
        carried
    }

    fn pass(&mut self, sid: &MessageSid, customer: &PhoneNumber) -> Carried {
        let Writer {
            person, sms, times, ..
        } = self.writer;
        let Some(next) = self.next else {
            let answer = wording::nobody_to_pass_to().to_owned();
            return self.nothing(Rule::Passed, "nobody else is on duty", answer);
        };
        let mut carried = self.carried(Rule::Passed, format!("{person} gave it to {next}"));
        self.threads.leave(customer, person, true, times.now);
        let tag = self.threads.sit(customer, next, &sms.sid, times);
        if let Some(thread) = self.threads.of_mut(customer) {
            carried.thread = Some(goes_on(thread, &sms.sid));
            thread.has = next.to_owned();
            thread.unanswered = thread.unanswered.map(|_| times.now);
            carried.passed = Some(Passed {
                sid: sid.clone(),
                customer: customer.clone(),
                to: next.to_owned(),
                tag,
                words: thread.words.clone(),
                after: thread.last_in.replace(DeliveryId::passed(sid)),
                is_awaited: thread.unanswered.is_some(),
            });
        }
        carried.answer = Some(wording::passed_on(next, customer));
        carried
    }

    /// Somebody else who has the thread and can answer it.
    fn had_it(&self, customer: &PhoneNumber) -> Option<String> {
        let Writer { person, times, .. } = self.writer;
        let has = self.threads.who_has(customer, times)?;
        (has != person).then(|| has.to_owned())
    }
}

/// The record of a command is the thread's last one.
fn goes_on(thread: &mut Thread, record: &MessageSid) -> Link {
    let previous = std::mem::replace(&mut thread.last, record.clone());
    Link {
        customer: thread.customer.clone(),
        opened: thread.opened,
        previous: Some(previous).filter(|previous| previous != record),
        sends: None,
    }
}
