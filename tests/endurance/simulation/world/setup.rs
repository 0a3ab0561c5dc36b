use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use futures::FutureExt;
use jiff::SignedDuration;
use relay::adapters::files::audit_fallback::Fallback;
use relay::app::ports::alerts::NoAlerts;
use relay::app::ports::event_bus::NoBus;
use relay::app::relay::{PublicUrls, Relay};
use relay::clock::{Clock, ManualClock};
use relay::sandbox::{Number, Power, Sandbox, demo_account};
use relay::twilio::client::Client;

use super::happenings::{Happening, SWEEP_EVERY};
use super::{Backup, Printed, World};
use crate::endurance::simulation::faults::Fault;
use crate::endurance::simulation::faulty::{
    FaultyAudit, FaultyCredentials, FaultyQueue, FaultyStore,
};
use crate::endurance::simulation::mistakes::Mistake;
use crate::endurance::simulation::network::{Connection, Network};
use crate::endurance::simulation::script::{Platform, Script};
use crate::endurance::simulation::time::Time;
use crate::endurance::simulation::weather::Weather;
use crate::support::hooked_store::HookedStore;
use crate::support::memory::{MemoryAudit, MemoryQueue, MemoryStore};

impl World {
    pub fn new(seed: u64, mistake: Option<Mistake>, trace: bool) -> Self {
        let mut dice = Rng::with_seed(seed);
        let script = Script::write(&mut dice);
        Self::of(script, dice, mistake, trace)
    }

    pub fn of(script: Script, dice: Rng, mistake: Option<Mistake>, trace: bool) -> Self {
        let clock = Arc::new(ManualClock::at(script.start));
        let account = Arc::new(demo_account());
        let sandbox = Arc::new(Sandbox::new(account.clone(), clock.clone()));
        let time = Time::new(clock, script.ahead);
        let weather = Weather::new(time.clone(), dice, trace);
        let store = Arc::new(MemoryStore::default());
        let queue = Arc::new(MemoryQueue::default());
        let audit = Arc::new(MemoryAudit::default());
        let printed = Printed::default();
        let unheard = Arc::new(Mutex::new(BTreeSet::new()));
        let network = Network::new(sandbox.clone(), weather.clone(), mistake);
        let faulty_audit = FaultyAudit {
            behind: audit.clone(),
            weather: weather.clone(),
            mistake,
        };
        let relay = Relay {
            store: Arc::new(HookedStore(FaultyStore {
                behind: store.clone(),
                weather: weather.clone(),
                mistake,
                unheard: unheard.clone(),
            })),
            queue: Arc::new(FaultyQueue {
                behind: queue.clone(),
                weather: weather.clone(),
                mistake,
                longest_delay: match script.platform {
                    Platform::Lambda => Duration::from_secs(900),
                    // It has no queue, and asks the store what is due.
                    _ => Duration::from_secs(24 * 60 * 60),
                },
            }),
            audit: Arc::new(Fallback::new(
                faulty_audit,
                time.clone() as Arc<dyn Clock>,
                "Relay",
                Box::new(printed.clone()),
            )),
            public_urls: PublicUrls::default(),
            credentials: Arc::new(FaultyCredentials {
                behind: account,
                weather: weather.clone(),
            }),
            twilio: Client::new(
                Box::new(Connection(network.clone())),
                "https://api.twilio.com",
            ),
            bus: Arc::new(NoBus),
            alerts: Arc::new(NoAlerts),
            clock: time.clone(),
            chance: weather.clone(),
        };
        for line in &script.lines {
            let setup = Number {
                sms_url: Some(script.sms_url.clone()),
                ..Number::default()
            };
            for number in line.numbers() {
                sandbox.set_number(number.clone(), setup.clone());
            }
            let put = relay.store.put_line(line).now_or_never();
            put.expect("memory does not wait")
                .expect("it does not fail");
        }
        let lines = script.lines.iter();
        let mut world = Self {
            lines: lines.map(|line| (script.start, line.clone())).collect(),
            sandbox,
            store,
            weather,
            acknowledged: BTreeSet::new(),
            complained: BTreeSet::new(),
            told: Vec::new(),
            disturbed: BTreeSet::new(),
            telling: Default::default(),
            people: Default::default(),
            violations: Vec::new(),
            texts: 0,
            backup: Backup::default(),
            is_in_order: true,
            clocks_differ: false,
            audit,
            printed,
            queue,
            relay: Arc::new(relay),
            network,
            time,
            platform: script.platform,
            mistake,
            unheard,
            tasks: Vec::new(),
            agenda: BTreeMap::new(),
            happenings: 0,
            still_until: script.start,
            calm_since: None,
            replays_to_come: script.replays,
        };
        world.plan(script);
        world
    }

    fn plan(&mut self, script: Script) {
        for (at, event) in script.events {
            self.put_down(at, Happening::Planned(event));
        }
        self.put_down(SWEEP_EVERY, Happening::Sweep);
        self.put_down(script.bad_for, Happening::GoodWeather);
        let weather = Arc::clone(&self.weather);
        let people = script.lines.iter().flat_map(|line| &line.people);
        let phones: BTreeSet<_> = people.map(|person| person.number.clone()).collect();
        for phone in phones {
            for (fault, power) in [
                (Fault::PhoneOff, Power::Off),
                (Fault::PhoneSilent, Power::Silent),
            ] {
                // A phone that is off is no rarity.
                if weather.one_in(12) {
                    weather.count(fault);
                    let switch = Happening::Switch(phone.clone(), power);
                    self.put_down(weather.up_to(60), switch);
                    if weather.one_in(2) {
                        let on = Happening::Switch(phone.clone(), Power::On);
                        self.put_down(Duration::from_secs(60) + weather.up_to(600), on);
                    }
                }
            }
        }
        match self.platform {
            Platform::OneMachine if weather.one_in(4) => {
                self.put_down(weather.up_to(100), Happening::Suspend(weather.up_to(400)));
            }
            Platform::Lambda if weather.one_in(8) => {
                weather.count(Fault::ClocksDiffer);
                self.is_in_order = false;
                self.clocks_differ = true;
            }
            _ => {}
        }
        if weather.one_in(4) {
            let by = SignedDuration::from_secs(weather.draw(1..=300).into());
            let by = if weather.one_in(2) { by } else { -by };
            self.put_down(weather.up_to(200), Happening::Jump(by));
        }
        if weather.one_in(10) {
            self.put_down(weather.up_to(2000), Happening::Replay);
        }
    }

    pub(crate) fn put_down(&mut self, after: Duration, happening: Happening) {
        self.happenings += 1;
        let at = self.time.now() + after;
        self.agenda.insert((at, self.happenings), happening);
    }
}
