//! What the screen shows.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::known::Known;
use super::{call, fate, faults};
use crate::cli::page::Page;
use crate::cli::page::view::Moment;
use crate::domain::conversation::digits_alike;
use crate::domain::delivery::Status;
use crate::domain::line::Line;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::time_zone::TimeZone;
use crate::sandbox::{CallView, Direction, Message, Number, Power, Sandbox};

/// The customer that the first page of the README writes as.
const CUSTOMER: &str = "+16195550107";

/// The most texts of a phone.
const MOST_TEXTS: usize = 30;

/// How far back callers' messages are shown, and how many of a line.
const MESSAGES_OF: SignedDuration = SignedDuration::from_hours(24 * 7);
const MOST_MESSAGES: usize = 20;

/// After that a message that the carrier has will hardly come.
const ARRIVES_WITHIN: SignedDuration = SignedDuration::from_secs(3);

#[derive(Serialize)]
pub struct Shown {
    phones: Vec<Phone>,
    /// The numbers that can be texted and called, if there are several.
    lines: Vec<Choice>,
    messages: Vec<Voicemail>,
    faults: Vec<Choice>,
    waiting: Vec<faults::Waiting>,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    says: String,
}

#[derive(Serialize)]
struct Phone {
    id: String,
    name: String,
    number: String,
    /// Its last digits.
    ends: String,
    is_person: bool,
    power: &'static str,
    /// How it takes calls.
    calls: String,
    texts: Vec<TextShown>,
    /// How many earlier ones are not shown.
    earlier: usize,
    call: Option<call::Shown>,
}

impl Phone {
    /// Such as `Sergio 0110`.
    fn says(&self) -> String {
        format!("{} {}", self.name, self.ends)
    }
}

#[derive(Serialize)]
struct TextShown {
    sent: bool,
    /// The other side, if it is not the only line's own number.
    with: Option<String>,
    body: String,
    media: Vec<String>,
    at: Moment,
    fate: fate::Fate,
    /// Whether there is a story to be told of it.
    story: Option<String>,
}

#[derive(Serialize)]
struct Voicemail {
    call: String,
    line: String,
    at: Moment,
    caller: String,
    seconds: u32,
    transcript: Option<String>,
    is_kept: bool,
}

pub async fn shown(page: &Page, sandbox: &Sandbox, known: &Known) -> anyhow::Result<Shown> {
    let (now, lines) = (page.now(), page.store().lines().await?);
    let zone = lines.first().map(|line| line.time_zone.clone());
    let zone = zone.unwrap_or_default();
    let numbers: BTreeMap<PhoneNumber, Number> = sandbox.numbers().into_iter().collect();
    let people = lines.iter().flat_map(|line| &line.people);
    let people = people.map(|person| Sender::Phone(person.number.clone()));
    let is_own = |phone: &Sender| phone.phone().is_some_and(|n| numbers.contains_key(n));
    let used = sandbox.phones().into_iter();
    let all = [Sender::parse(CUSTOMER)].into_iter().chain(people);
    let phones = known.with(all.chain(used.filter(|phone| !is_own(phone))));

    let looks = Looks {
        page,
        sandbox,
        lines: &lines,
        numbers: &numbers,
        messages: sandbox.messages(),
        calls: sandbox.calls(),
        zone: &zone,
        now,
    };
    let mut shown = Vec::new();
    for (id, phone) in phones {
        shown.push(looks.at(id, &phone).await?);
    }
    let name_of = |to: &PhoneNumber| {
        let mut shown = shown.iter();
        let phone = shown.find(|phone: &&Phone| phone.number == to.expose());
        phone.map_or_else(|| to.expose().to_owned(), Phone::says)
    };
    Ok(Shown {
        waiting: faults::waiting(&sandbox.pending_faults(), name_of),
        lines: choices(&lines, &numbers),
        messages: messages(page, &lines, now).await?,
        faults: faults::ALL
            .iter()
            .map(|(what, says)| Choice {
                value: (*what).to_owned(),
                says: (*says).to_owned(),
            })
            .collect(),
        phones: shown,
    })
}

/// What can be texted, where there is something to choose.
fn choices(lines: &[Line], numbers: &BTreeMap<PhoneNumber, Number>) -> Vec<Choice> {
    if numbers.len() < 2 {
        return Vec::new();
    }
    let choices = numbers.iter().map(|(number, setup)| {
        let line = lines
            .iter()
            .find(|line| line.numbers().any(|own| own == number));
        let name = line.map_or("another number", |line| &line.name);
        let what = if setup.reply_number {
            "reply number"
        } else {
            "line"
        };
        Choice {
            value: number.expose().to_owned(),
            says: format!("{name}, {what} {}", number.expose()),
        }
    });
    let mut choices: Vec<Choice> = choices.collect();
    choices.sort_by_key(|choice| choice.says.contains("reply number"));
    choices
}

/// What phones are looked at with.
struct Looks<'a> {
    page: &'a Page,
    sandbox: &'a Sandbox,
    lines: &'a [Line],
    numbers: &'a BTreeMap<PhoneNumber, Number>,
    messages: Vec<Message>,
    calls: Vec<CallView>,
    zone: &'a TimeZone,
    now: Timestamp,
}

impl Looks<'_> {
    async fn at(&self, id: String, phone: &Sender) -> anyhow::Result<Phone> {
        let exposed = phone.expose();
        let screen = self.sandbox.screen(phone);
        let on_screen: HashSet<_> = screen.iter().filter(|e| !e.sent).map(|e| &e.sid).collect();
        let has = |message: &&Message| {
            let is_for_it = message.to == exposed;
            let shows = || on_screen.contains(&message.sid) || self.is_lost(message);
            message.from == exposed || (is_for_it && shows())
        };
        let own: Vec<&Message> = self.messages.iter().filter(has).collect();
        let earlier = own.len().saturating_sub(MOST_TEXTS);
        let mut texts = Vec::new();
        for message in &own[earlier..] {
            texts.push(self.text(message, on_screen.contains(&message.sid)).await?);
        }
        let people = self.lines.iter().flat_map(|line| &line.people);
        let mut people = people.filter(|person| Some(&person.number) == phone.phone());
        let person = people.next();
        let call = call::at_phone(&self.calls, exposed);
        Ok(Phone {
            id,
            name: person.map_or("Customer", |person| &person.name).to_owned(),
            number: exposed.to_owned(),
            ends: phone.phone().map_or(exposed, digits_alike).to_owned(),
            is_person: person.is_some(),
            power: match self.sandbox.power(phone) {
                Power::On => "on",
                Power::Off => "off",
                Power::Silent => "silent",
            },
            calls: calls_of(self.sandbox, phone),
            texts,
            earlier,
            call: call.map(|(call, is_called)| call::shown(call, is_called, self.zone, self.now)),
        })
    }

    /// Whether a message that the phone does not show will hardly arrive.
    fn is_lost(&self, message: &Message) -> bool {
        message.status.is_final()
            || (message.status == Status::Sent && message.updated + ARRIVES_WITHIN < self.now)
    }

    async fn text(&self, message: &Message, is_shown: bool) -> anyhow::Result<TextShown> {
        let sent = message.direction == Direction::Inbound;
        let fate = if sent {
            fate::of_written(self.page.store(), &message.sid, self.zone).await?
        } else {
            fate::of_received(message, is_shown)
        };
        let with = if sent { &message.to } else { &message.from };
        Ok(TextShown {
            sent,
            with: Some(with.clone()).filter(|_| self.numbers.len() > 1),
            body: message.body.clone(),
            media: message.media.clone(),
            at: Moment::new(message.created, self.zone, self.now),
            story: sent.then(|| message.sid.to_string()),
            fate,
        })
    }
}

fn calls_of(sandbox: &Sandbox, phone: &Sender) -> String {
    let calls = serde_json::to_value(sandbox.how_it_takes_calls(phone));
    let name = calls
        .ok()
        .and_then(|calls| Some(calls.as_str()?.to_owned()));
    name.unwrap_or_else(|| "forwards".to_owned())
}

/// What callers said after the tone.
async fn messages(page: &Page, lines: &[Line], now: Timestamp) -> anyhow::Result<Vec<Voicemail>> {
    let mut found = Vec::new();
    for line in lines {
        let since = now - MESSAGES_OF;
        for call in page
            .store()
            .calls_of(&line.number, since, MOST_MESSAGES)
            .await?
        {
            let Some(message) = &call.message else {
                continue;
            };
            let Some(seconds) = message.seconds else {
                continue;
            };
            let caller = call.caller.phone();
            found.push(Voicemail {
                call: call.sid.to_string(),
                line: line.name.clone(),
                at: Moment::new(message.began, &line.time_zone, now),
                caller: caller
                    .map_or("a withheld number", PhoneNumber::expose)
                    .to_owned(),
                seconds,
                transcript: message.transcript.clone(),
                is_kept: message.kept.is_some(),
            });
        }
    }
    Ok(found)
}
