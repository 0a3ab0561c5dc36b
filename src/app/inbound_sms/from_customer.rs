//! A customer's text on its way to the line's people.

use super::deliveries::{self, Way, delivery};
use super::text::Text;
use crate::domain::delivery::{Awaited, Delivery, InThread, Purpose, Recipient, Shown, wording};
use crate::domain::duty::auto_reply_words;
use crate::domain::ids::DeliveryId;
use crate::domain::inbound::content;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::loop_guard::nature;
use crate::domain::routing::Known;
use crate::domain::routing::nature::Nature;
use crate::domain::sms;
use crate::domain::thread::{Began, Threads, Times, Words};

/// How much is remembered of what a customer wrote last, in septets: enough to recognise it.
const REMEMBERED: usize = 60;

/// To the person of the decision; and what is set up for the case that nobody answers.
pub fn relay(
    line: &Line,
    known: &Known,
    text: &Text,
    record: &mut InboundRecord,
    threads: &mut Threads,
) -> Vec<Delivery> {
    let Text { sms, now, .. } = text;
    let mut cascade = record.decision.cascade(line);
    let Some(first) = cascade.next() else {
        return Vec::new();
    };
    let remaining = cascade.map(Recipient::of).collect();
    let way = Way {
        id: DeliveryId::of_inbound(&sms.sid),
        purpose: Purpose::Relay,
        to: Recipient::of(first),
        sid: &sms.sid,
    };
    let media = sms.media.iter().map(|media| media.url.clone()).collect();
    let mut relayed = Delivery {
        sender: Some(sms.from.clone()),
        remaining,
        ..delivery(way, words(text, record, line), media, line, *now)
    };
    let mut others = Vec::new();
    if let Some(number) = sms.from.phone() {
        let times = Times::of(&line.policy, *now);
        let said = Words(sms::clipped(
            &sms::gsm7_line(&content::what(sms)),
            REMEMBERED,
        ));
        let to = (first.name.as_str(), &relayed.id);
        let began = threads.customer_wrote(number, said, &sms.sid, to, times);
        relayed.in_thread = Some(Box::new(InThread {
            after: began.after.clone(),
            shown: vec![Shown {
                person: first.name.clone(),
                tag: began.tag,
            }],
            ..InThread::of(number.clone())
        }));
        relayed.cut();
        others.extend(auto_reply(line, known, text, &began));
        if !others.is_empty() {
            threads.replied_automatically(number);
        }
        others.extend(chase(line, text, &began, &relayed));
        record.thread = Some(began.thread);
        threads.forget(times);
    }
    others.insert(0, relayed);
    others
}

/// What the person reads.
fn words(text: &Text, record: &InboundRecord, line: &Line) -> String {
    let body = wording::relayed(&text.sms);
    let body = match &record.opt_out {
        Some(change) => wording::with_opt_out(&body, change),
        None => body,
    };
    if !text.is_found {
        return body;
    }
    wording::late(&line.clock().day_and_time(text.received, text.now), &body)
}

/// Once in a thread, to somebody who wrote it themselves and wants to be written to.
fn auto_reply(line: &Line, known: &Known, text: &Text, began: &Began) -> Option<Delivery> {
    let (auto_reply, sms) = (line.auto_reply.as_ref()?, &text.sms);
    let number = sms.from.phone()?;
    let is_wanted = began.not_replied && is_somebodys(sms) && known.opt_outs.of(number).is_none();
    if !is_wanted || text.is_found {
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

/// If the line wants its customers to be answered within a time, and this one waits from now on.
fn chase(line: &Line, text: &Text, began: &Began, relayed: &Delivery) -> Vec<Delivery> {
    let Some(within) = line.policy.answer_within else {
        return Vec::new();
    };
    if !began.waits || !is_somebodys(&text.sms) {
        return Vec::new();
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
    sms.wish().is_none() && nature(sms, false) == Nature::Ordinary
}
