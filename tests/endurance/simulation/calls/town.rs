//! Who calls and who answers, at random.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use relay::clock::Clock;
use relay::domain::call;
use relay::domain::ids::CallSid;
use relay::domain::line::auto_reply::Sends;
use relay::domain::line::voice::Treatment;
use relay::domain::line::{AutoReply, Line};
use relay::domain::phone::Sender;
use relay::hosts::server::kept::Left;
use relay::sandbox::{
    Act, CallFault, CallStatus, CallTrouble, CallView, Fault, Injection, NewCall, TakesCalls, Text,
    Unchecked, WITHHELD,
};

use super::check::Facts;
use crate::endurance::simulation::script::pick;
use crate::support::world::{CallWeather, IN_HOURS, World, example, minutes, number, seconds};

const FOREIGN: &str = "+442079460123";
const CUSTOMERS: [&str; 3] = ["+16195550142", "+16195550143", "+16195550144"];

/// For so long people call, and things go wrong.
const TROUBLE: u64 = 240;

pub struct Town {
    pub world: World,
    dice: Rng,
    /// The call, what its caller does after the tone, and whether they did.
    callers: Vec<(String, Message, bool)>,
    calls_to_come: u32,
    main_path: Vec<(u64, bool)>,
    trace: bool,
    opted_out: BTreeMap<String, Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Message {
    seconds: Option<f64>,
    ends_with: Option<&'static str>,
}

fn line(dice: &mut Rng) -> Line {
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
    pub async fn of(seed: u64, trace: bool) -> Self {
        let mut dice = Rng::with_seed(seed);
        let line = line(&mut dice);
        let world = World::in_memory(line, IN_HOURS).await;
        world.set_fallback_url();
        world.watches_exchanges();
        world.sandbox.set_unchecked(unchecked(&mut dice));
        if dice.bool() {
            world.restarts_before_each_request();
        }
        if dice.u32(0..4) > 0 {
            *world.faults.weather.lock().unwrap() = Some(CallWeather {
                dice: dice.fork(),
                fails: pick(&mut dice, &[0.0, 0.03, 0.2]),
                dies: pick(&mut dice, &[0.0, 0.03]),
                late: pick(&mut dice, &[0.0, 0.05]),
                main_path_is_down: false,
                happened: 0,
            });
        }
        let mut town = Self {
            callers: Vec::new(),
            calls_to_come: dice.u32(2..7),
            main_path: main_path(&mut dice),
            dice,
            world,
            trace,
            opted_out: BTreeMap::new(),
        };
        town.phones_change();
        town
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
        self.facts(repaired).await
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

    fn phones_change(&mut self) {
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
        if !self.one_in(12) {
            return;
        }
        let urls = [
            "/voice#",
            "/screen",
            "/chosen",
            "/progress",
            "/ended",
            "/end#",
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
        let times = self.dice.u32(1..3);
        self.tells(|| format!("{what:?} at {url:?}, {times} times"));
        let fault = Fault::Call(CallFault { what, url });
        self.world.sandbox.inject(Injection::of(fault).times(times));
    }

    fn somebody_calls(&mut self) {
        if self.calls_to_come == 0 || !self.one_in(25) {
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
        let new = NewCall {
            hang_up_after: patience.map(Duration::from_millis),
            stir_verstat: pick(&mut self.dice, &stir).map(str::to_owned),
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
        let sid = self.world.sandbox.call(&from, &to, new.clone());
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
            self.text(from, body);
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
                self.text(phone, body);
            }
            let calls = self.world.sandbox.calls();
            let legs = calls.iter().flat_map(|call| &call.legs);
            let Some(leg) = legs
                .rev()
                .find(|leg| leg.to == phone && leg.status.is_live())
            else {
                continue;
            };
            let act = self.callee(leg);
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

    fn text(&self, from: &str, body: &str) {
        self.tells(|| format!("{from} texts {body}"));
        let (from, text) = (Sender::parse(from), Text::new(body));
        let sent = self
            .world
            .sandbox
            .text(&from, &self.world.line.number, text);
        sent.expect("the number is the sandbox's");
    }

    async fn facts(&self, repaired: Timestamp) -> Facts {
        let world = &self.world;
        let calls = world.sandbox.calls();
        let mut kept: BTreeMap<String, call::Call> = BTreeMap::new();
        let mut sounds = BTreeMap::new();
        for view in &calls {
            let sid = CallSid::parse(&view.sid).expect("the SID of a call");
            let call = world.relay().store.call(&sid).await;
            let Some(call) = call.expect("the store is read") else {
                continue;
            };
            if let Some(token) = relay::app::ports::store::TokenDigest::of_call(&call) {
                let sound = world.relay().store.voicemail(&token, world.clock.now());
                let sound = sound.await.expect("the store is read");
                sounds.extend(sound.map(|sound| (view.sid.clone(), sound.sound.len())));
            }
            kept.insert(view.sid.clone(), call);
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
