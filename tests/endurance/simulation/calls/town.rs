//! Who calls and who answers, at random.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use relay::app::ports::store::Store;
use relay::clock::Clock;
use relay::domain::call;
use relay::domain::delivery::Outcome;
use relay::domain::ids::CallSid;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::line::auto_reply::Sends;
use relay::domain::line::voice::Treatment;
use relay::domain::line::{AutoReply, Line};
use relay::domain::phone::Sender;
use relay::hosts::server::kept::Left;
use relay::sandbox::{
    Act, CallFault, CallStatus, CallTrouble, CallView, Fault, Injection, NewCall, TakesCalls, Text,
    Unchecked, WITHHELD,
};

use super::broken::{Broken, BrokenStore, BrokenWords};
use super::check::{Again, Facts, Told};
use crate::endurance::simulation::script::pick;
use crate::support::hooked_store::HookedStore;
use crate::support::memory::MemoryStore;
use crate::support::world::{CallWeather, IN_HOURS, World, example, minutes, number, seconds};

const FOREIGN: &str = "+442079460123";
pub const CUSTOMERS: [&str; 3] = ["+16195550142", "+16195550143", "+16195550144"];

/// For so long people call, and things go wrong.
const TROUBLE: u64 = 240;

pub struct Town {
    pub world: World,
    pub dice: Rng,
    /// The call, what its caller does after the tone, and whether they did.
    callers: Vec<(String, Message, bool)>,
    calls_to_come: u32,
    main_path: Vec<(u64, bool)>,
    trace: bool,
    opted_out: BTreeMap<String, Timestamp>,
    people_wrote: Vec<Timestamp>,
    /// What customers wrote, and from which number.
    customers_wrote: Vec<(String, MessageSid)>,
    went_away: Vec<(String, Timestamp)>,
    /// Nothing goes wrong.
    is_calm: bool,
    broken: Option<Broken>,
}

#[derive(Debug, Clone, Copy)]
struct Message {
    seconds: Option<f64>,
    ends_with: Option<&'static str>,
}

pub fn line(dice: &mut Rng) -> Line {
    let mut line = example();
    let mut third = line.people[0].clone();
    third.name = "Ana".to_owned();
    third.number = number("+16195550113");
    if dice.bool() {
        line.people.insert(1, third);
    }
    if dice.bool() {
        line.auto_reply = Some(AutoReply {
            text: "Thanks, we answer soon.".to_owned(),
            when: Sends::Always,
        });
    }
    let mut voice = line.voice.clone().unwrap_or_default();
    voice.after_call = dice.bool();
    voice.unknown_callers = pick(
        dice,
        &[Treatment::Ring, Treatment::Voicemail, Treatment::Refuse],
    );
    voice.voicemail.keep_at_twilio = dice.u32(0..4) == 0;
    // A talk of which no end is heard is asked about when it must be over.
    voice.talk_limit = minutes(2);
    line.voice = Some(voice);
    line
}

fn unchecked(dice: &mut Rng) -> Unchecked {
    Unchecked {
        extra_ring_ms: pick(dice, &[0, 5_000]),
        second_dial_answers: dice.bool(),
        dial_bridged_absent: dice.bool(),
        no_action_after_hang_up: dice.bool(),
        callee_falls_back: dice.bool(),
        callee_without_parent: dice.bool(),
        attested_after_signing: dice.bool(),
        silent_record_falls_through: dice.bool(),
    }
}

/// The main path goes down and comes back, at these seconds.
fn main_path(dice: &mut Rng) -> Vec<(u64, bool)> {
    if dice.u32(0..3) > 0 {
        return Vec::new();
    }
    let from = dice.u64(0..TROUBLE);
    vec![(from, true), (from + dice.u64(5..180), false)]
}

impl Town {
    pub async fn of(seed: u64, broken: Option<Broken>, trace: bool) -> Self {
        let mut dice = Rng::with_seed(seed);
        let line = line(&mut dice);
        let behind = Arc::new(MemoryStore::default());
        let store: Arc<dyn Store> = match broken {
            Some(broken) => Arc::new(HookedStore(BrokenStore { behind, broken })),
            None => behind,
        };
        let world = World::on(store, line, IN_HOURS).await;
        if let Some(broken) = broken {
            let sandbox = Arc::clone(&world.sandbox);
            world.puts_between(Arc::new(BrokenWords { broken, sandbox }));
        }
        world.set_fallback_url();
        world.watches_exchanges();
        world.sandbox.set_unchecked(unchecked(&mut dice));
        if dice.bool() {
            world.restarts_before_each_request();
        }
        if dice.bool() {
            *world.faults.side_by_side.lock().unwrap() = Some(dice.fork());
        }
        let is_calm = dice.u32(0..3) == 0;
        if !is_calm && dice.u32(0..4) > 0 {
            *world.faults.weather.lock().unwrap() = Some(CallWeather {
                dice: dice.fork(),
                fails: pick(&mut dice, &[0.0, 0.03, 0.2]),
                dies: pick(&mut dice, &[0.0, 0.03]),
                late: pick(&mut dice, &[0.0, 0.05]),
                main_path_is_down: false,
                happened: 0,
            });
        }
        let calls_to_come = dice.u32(2..7);
        let main_path = if is_calm {
            Vec::new()
        } else {
            main_path(&mut dice)
        };
        let mut town = Self {
            calls_to_come,
            main_path,
            trace,
            is_calm,
            broken,
            ..Self::around(world, dice)
        };
        town.phones_change();
        town
    }

    /// Nobody calls, and nothing goes wrong.
    pub fn around(world: World, dice: Rng) -> Self {
        Self {
            world,
            dice,
            callers: Vec::new(),
            calls_to_come: 0,
            main_path: Vec::new(),
            trace: false,
            opted_out: BTreeMap::new(),
            people_wrote: Vec::new(),
            customers_wrote: Vec::new(),
            went_away: Vec::new(),
            is_calm: true,
            broken: None,
        }
    }

    pub async fn run(mut self) -> Facts {
        for second in 0..TROUBLE {
            if let Some((_, down)) = self.main_path.iter().rfind(|(at, _)| *at == second) {
                let mut weather = self.world.faults.weather.lock().unwrap();
                if let Some(weather) = &mut *weather {
                    weather.main_path_is_down = *down;
                } else if *down {
                    self.world.faults.break_store();
                } else {
                    self.world.faults.repair_store();
                }
            }
            self.troubles();
            self.somebody_calls();
            self.acts();
            if self.broken == Some(Broken::TellsAtBothEnds) {
                self.tells_again().await;
            }
            if self.dice.u32(0..5) == 0 {
                self.world.take_kept_now().await;
            }
            self.world.advance(seconds(1)).await;
        }
        self.repair();
        let repaired = self.world.clock.now();
        for _ in 0..200 {
            self.acts();
            self.world.take_kept_now().await;
            self.world.advance(seconds(1)).await;
        }
        for call in self.world.sandbox.calls() {
            if call.status.is_live() {
                let _ = self.world.sandbox.caller_acts(&call.sid, &Act::HangUp);
            }
        }
        while self.world.take_kept_now().await == Left::More {}
        self.world.advance(minutes(30)).await;
        let before = self.world.sandbox.messages().len();
        let mut facts = self.facts(repaired).await;
        facts.again = self.everything_again(before).await;
        facts
    }

    /// Every request that was answered well comes once more, in any order.
    async fn everything_again(&mut self, messages: usize) -> Again {
        let exchanges = self.world.exchanges().into_iter();
        let of_calls = exchanges.filter(|it| it.status < 300 && it.url.contains("/voice"));
        let mut of_calls: Vec<_> = of_calls.collect();
        self.dice.shuffle(&mut of_calls);
        let mut answers = Vec::new();
        for exchange in of_calls {
            let answer = self.world.asks_again(&exchange.webhook).await;
            answers.push((exchange.url, answer.into_body()));
        }
        while self.world.take_kept_now().await == Left::More {}
        self.world.advance(minutes(30)).await;
        Again {
            kept: self.kept().await,
            answers,
            sent: self.world.sandbox.messages().split_off(messages),
        }
    }

    async fn kept(&self) -> BTreeMap<String, call::Call> {
        let mut kept = BTreeMap::new();
        for view in self.world.sandbox.calls() {
            let sid = CallSid::parse(&view.sid).expect("the SID of a call");
            let call = self.world.relay().store.call(&sid).await;
            let call = call.expect("the store is read");
            kept.extend(call.map(|call| (view.sid, call)));
        }
        kept
    }

    /// By whom the text about a call was read, as the relay says.
    async fn told_to(&self, sid: &CallSid) -> Vec<Told> {
        self.read_by(&MessageSid::of_call(sid)).await
    }

    async fn read_by(&self, sid: &MessageSid) -> Vec<Told> {
        let store = &self.world.relay().store;
        let record = store.inbound(sid).await;
        let record = record.expect("the store is read");
        let mut told = Vec::new();
        for id in record.iter().flat_map(|record| &record.deliveries) {
            let delivery = store.delivery(id).await.expect("the store is read");
            let attempts = delivery.into_iter().flat_map(|delivery| delivery.attempts);
            let arrived = attempts.filter(|it| it.outcome == Outcome::Delivered);
            told.extend(arrived.filter_map(|it| {
                let phone = it.to.number.expose().to_owned();
                Some(Told {
                    phone,
                    sid: it.sid?,
                })
            }));
        }
        told
    }

    async fn holders(&self) -> BTreeMap<String, Option<String>> {
        let customers: Vec<_> = CUSTOMERS.iter().map(|customer| number(customer)).collect();
        let store = &self.world.relay().store;
        let found = store.conversations(&self.world.line.number, &customers);
        let found = found.await.expect("the store is read").into_iter();
        let holder = found.map(|it| {
            let holder = it.has.map(|person| person.expose().to_owned());
            (it.customer.expose().to_owned(), holder)
        });
        holder.collect()
    }

    fn repair(&self) {
        *self.world.faults.weather.lock().unwrap() = None;
        self.world.faults.repair_store();
        self.world.sandbox.clear_faults();
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.dice.u32(0..n) == 0
    }

    fn tells(&self, what: impl FnOnce() -> String) {
        if self.trace {
            println!("{} {}", self.world.clock.now(), what());
        }
    }

    pub fn phones_change(&mut self) {
        for person in self.world.line.people.clone() {
            let how = pick(
                &mut self.dice,
                &[
                    TakesCalls::On,
                    TakesCalls::On,
                    TakesCalls::On,
                    TakesCalls::Off,
                    TakesCalls::Silent,
                    TakesCalls::Busy,
                    TakesCalls::BusyMailbox,
                    TakesCalls::Declines,
                    TakesCalls::NoMailbox,
                    TakesCalls::Assistant,
                    TakesCalls::Dead,
                    TakesCalls::ForwardsTo(self.world.line.number.clone()),
                ],
            );
            self.tells(|| format!("{} is {how:?}", person.name));
            self.world.sandbox.takes_calls(&person.number, how);
        }
    }

    fn troubles(&mut self) {
        if self.one_in(60) {
            self.phones_change();
        }
        if self.is_calm || !self.one_in(12) {
            return;
        }
        let urls = [
            // Whichever comes next.
            "/voice",
            "/screen",
            "/chosen",
            "/progress",
            "/ended",
            "/voice/end",
            "/recorded",
            "/recording",
        ];
        let what = pick(
            &mut self.dice,
            &[
                CallTrouble::LostAnswer,
                CallTrouble::SlowAnswer { ms: 2_000 },
                CallTrouble::SlowAnswer { ms: 20_000 },
                CallTrouble::ErrorAnswer { status: 503 },
                CallTrouble::RepeatedRequest,
                CallTrouble::LostCallback,
                CallTrouble::ReorderedCallback,
                CallTrouble::Failed { code: 13227 },
            ],
        );
        let url = Some(pick(&mut self.dice, &urls).to_owned());
        let times = self.dice.u32(1..6);
        self.tells(|| format!("{what:?} at {url:?}, {times} times"));
        let fault = Fault::Call(CallFault { what, url });
        self.world.sandbox.inject(Injection::of(fault).times(times));
    }

    fn somebody_calls(&mut self) {
        if self.calls_to_come == 0 {
            return;
        }
        if let Some(again) = self.calls_back() {
            self.calls_to_come -= 1;
            return self.calls(&again);
        }
        if !self.one_in(25) {
            return;
        }
        self.calls_to_come -= 1;
        let people = self.world.line.people.len();
        let person = self.dice.usize(0..people);
        let person = self.world.line.people[person].number.expose().to_owned();
        let from = match self.dice.u32(0..12) {
            0..8 => pick(&mut self.dice, &CUSTOMERS).to_owned(),
            8 => FOREIGN.to_owned(),
            9 => person,
            _ => WITHHELD.to_owned(),
        };
        self.calls(&from);
    }

    /// Whoever was not reached, or missed a call, may call soon after.
    fn calls_back(&mut self) -> Option<String> {
        let now = self.world.clock.now();
        let lately = |ended: Option<Timestamp>| {
            ended.is_some_and(|ended| now.duration_since(ended).as_secs() < 30)
        };
        let calls = self.world.sandbox.calls().into_iter();
        let over = calls.filter(|call| !call.heard.iter().any(|it| it.text == "connected"));
        let over: Vec<_> = over.collect();
        let callers = over.iter().filter(|call| lately(call.ended));
        let callers = callers.map(|call| call.from.clone());
        let legs = over.iter().flat_map(|call| &call.legs);
        let people = legs.filter(|leg| lately(leg.ended) && leg.answered.is_none());
        let people = people.map(|leg| leg.to.clone());
        let own = self.world.line.number.expose();
        let all: Vec<_> = callers.chain(people).filter(|from| from != own).collect();
        let does = !all.is_empty() && self.one_in(100);
        does.then(|| pick(&mut self.dice, &all))
    }

    fn calls(&mut self, from: &str) {
        let patience = match self.dice.u32(0..4) {
            0 => Some(self.dice.u64(100..5_000)),
            1 => Some(self.dice.u64(5_000..120_000)),
            _ => None,
        };
        let stir = [
            None,
            Some("TN-Validation-Passed-A"),
            Some("TN-Validation-Failed"),
        ];
        let stir = pick(&mut self.dice, &stir);
        // A person who is known hears the menu, and no longer calls like a customer.
        let is_person = self.world.line.person_with(&number(from)).is_some();
        let new = NewCall {
            hang_up_after: patience.map(Duration::from_millis),
            stir_verstat: stir.filter(|_| !is_person).map(str::to_owned),
            ..NewCall::default()
        };
        let longest = self.dice.u64(1..140) as f64;
        let message = Message {
            seconds: pick(
                &mut self.dice,
                &[None, Some(0.5), Some(1.2), Some(3.0), Some(longest)],
            ),
            ends_with: pick(&mut self.dice, &[None, Some("#"), Some("hangs up")]),
        };
        let to = self.world.line.number.clone();
        let sid = self.world.sandbox.call(from, &to, new.clone());
        let sid = sid.expect("the number is the sandbox's");
        self.tells(|| format!("{from} calls, {sid}: {new:?}, {message:?}"));
        self.callers.push((sid, message, false));
    }

    fn acts(&mut self) {
        self.customers_act();
        self.people_act();
    }

    fn customers_act(&mut self) {
        for n in 0..self.callers.len() {
            let (sid, message, spoke) = self.callers[n].clone();
            let view = self.world.sandbox.call_view(&sid).expect("a call");
            if !view.status.is_live() {
                continue;
            }
            let mut act = None;
            if view.now == "is recorded" && !spoke {
                self.callers[n].2 = true;
                act = message.seconds.map(Act::Say);
            } else if view.now == "is recorded" && self.said_it(&view, message) {
                act = match message.ends_with {
                    Some("#") => Some(Act::Press("#".to_owned())),
                    Some(_) => Some(Act::HangUp),
                    None => None,
                };
            } else if self.one_in(60) {
                act = Some(pick(
                    &mut self.dice,
                    &[Act::HangUp, Act::Press("1".to_owned())],
                ));
            }
            if let Some(act) = act {
                self.tells(|| format!("{sid}: {act:?}"));
                let _ = self.world.sandbox.caller_acts(&sid, &act);
            }
        }
        if self.one_in(60) {
            let from = pick(&mut self.dice, &CUSTOMERS);
            let body = pick(&mut self.dice, &["Hello?", "Please call me.", "STOP"]);
            if body == "STOP" {
                let now = self.world.clock.now();
                self.opted_out.entry(from.to_owned()).or_insert(now);
            }
            let sid = self.text(from, body);
            self.customers_wrote.push((from.to_owned(), sid));
        }
    }

    fn said_it(&self, view: &CallView, message: Message) -> bool {
        let beep = view.heard.iter().rfind(|heard| heard.text == "beep");
        let lasts = Duration::from_secs_f64(message.seconds.unwrap_or(1.0));
        beep.is_some_and(|beep| beep.at + lasts <= self.world.clock.now())
    }

    fn people_act(&mut self) {
        for person in self.world.line.people.clone() {
            let phone = person.number.expose();
            if self.one_in(90) {
                let body = pick(&mut self.dice, &["AWAY", "BACK", "Yes, I come.", "STATUS"]);
                if body == "AWAY" {
                    self.went_away
                        .push((phone.to_owned(), self.world.clock.now()));
                }
                if body == "Yes, I come." {
                    self.people_wrote.push(self.world.clock.now());
                }
                self.text(phone, body);
            }
            let rings = |leg: &CallView| leg.status != CallStatus::InProgress;
            if self.leg_at(phone).is_some_and(|leg| rings(&leg)) && self.one_in(60) {
                self.went_away
                    .push((phone.to_owned(), self.world.clock.now()));
                self.text(phone, "AWAY");
            }
        }
        self.people_take_calls();
    }

    /// What rings at a phone, or goes on there.
    fn leg_at(&self, phone: &str) -> Option<CallView> {
        let calls = self.world.sandbox.calls().into_iter();
        let mut legs = calls.flat_map(|call| call.legs).rev();
        legs.find(|leg| leg.to == phone && leg.status.is_live())
    }

    pub fn people_take_calls(&mut self) {
        for person in self.world.line.people.clone() {
            let Some(leg) = self.leg_at(person.number.expose()) else {
                continue;
            };
            let act = self.callee(&leg);
            if let Some(act) = act {
                self.tells(|| format!("{}: {act:?}", person.name));
                let _ = self.world.sandbox.callee_acts(&person.number, &act);
            }
        }
    }

    fn callee(&mut self, leg: &CallView) -> Option<Act> {
        let is_machine = leg.heard.iter().any(|it| it.text.starts_with("a machine"));
        if leg.connected {
            return self.one_in(25).then_some(Act::HangUp);
        }
        if leg.status != CallStatus::InProgress {
            return match self.dice.u32(0..24) {
                0..4 => Some(Act::Answer),
                4 => Some(Act::Decline),
                _ => None,
            };
        }
        if is_machine {
            return self.one_in(8).then_some(Act::Answer);
        }
        match self.dice.u32(0..16) {
            0..4 => Some(Act::Press("1".to_owned())),
            4 => Some(Act::Press(
                pick(&mut self.dice, &["2", "9", "*", "#", "0"]).to_owned(),
            )),
            5 => Some(Act::HangUp),
            _ => None,
        }
    }

    fn text(&self, from: &str, body: &str) -> MessageSid {
        self.tells(|| format!("{from} texts {body}"));
        let (from, text) = (Sender::parse(from), Text::new(body));
        let sent = self
            .world
            .sandbox
            .text(&from, &self.world.line.number, text);
        sent.expect("the number is the sandbox's")
    }

    /// How often which phone read a customer's text, as the relay says.
    async fn texts_read(&self) -> BTreeMap<String, Vec<Told>> {
        let mut read = BTreeMap::new();
        for (from, sid) in &self.customers_wrote {
            let told = self.read_by(sid).await;
            let to_others = told.into_iter().filter(|told| told.phone != *from);
            read.insert(sid.to_string(), to_others.collect());
        }
        read
    }

    async fn facts(&self, repaired: Timestamp) -> Facts {
        let world = &self.world;
        let calls = world.sandbox.calls();
        let kept = self.kept().await;
        let mut sounds = BTreeMap::new();
        let mut told_to = BTreeMap::new();
        for (sid, call) in &kept {
            if let Some(token) = relay::app::ports::store::TokenDigest::of_call(call) {
                let sound = world.relay().store.voicemail(&token, world.clock.now());
                let sound = sound.await.expect("the store is read");
                sounds.extend(sound.map(|sound| (sid.clone(), sound.sound.len())));
            }
            told_to.insert(sid.clone(), self.told_to(&call.sid).await);
        }
        let mut texts = Vec::new();
        let owner = world.line.policy.alert.clone();
        let people = world.line.people.iter().map(|person| &person.number);
        for phone in people.chain(&owner) {
            let screen = world.sandbox.screen(&Sender::Phone(phone.clone()));
            texts.extend(screen.into_iter().filter(|entry| !entry.sent));
        }
        let facts = Facts {
            line: world.line.clone(),
            unchecked: world.sandbox.unchecked(),
            calls,
            kept,
            sounds,
            texts,
            messages: world.sandbox.messages(),
            exchanges: world.exchanges(),
            audit: world.audit_text(),
            repaired,
            opted_out: self.opted_out.clone(),
            foreign: FOREIGN.to_owned(),
            unfinished: world.unfinished(),
            is_calm: self.is_calm,
            alerts: world.sandbox.alerts(),
            told_to,
            holders: self.holders().await,
            people_wrote: self.people_wrote.clone(),
            went_away: self.went_away.clone(),
            texts_read: self.texts_read().await,
            again: Again {
                kept: BTreeMap::new(),
                answers: Vec::new(),
                sent: Vec::new(),
            },
        };
        if self.trace {
            println!("{:#?}\n{:#?}", facts.calls, facts.kept);
            for exchange in &facts.exchanges {
                println!("{} {} {}", exchange.status, exchange.url, exchange.body);
            }
            for text in &facts.texts {
                println!("{} {} {}", text.at, text.sid, text.body);
            }
        }
        facts
    }
}
