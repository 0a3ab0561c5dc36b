//! What happens by itself, at its time.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::SignedDuration;
use relay::app::dead_letters as dead;
use relay::app::dead_letters::Wanted;
use relay::app::relay::Relay;
use relay::app::retry_worker;
use relay::domain::ids::NoticeId;
use relay::domain::phone::PhoneNumber;
use relay::sandbox::{Power, Webhook, WebhookId};

use super::World;
use super::tasks::{Done, What};
use crate::endurance::simulation::faults::Fault;
use crate::endurance::simulation::mistakes::Mistake;
use crate::endurance::simulation::script::Event;

pub const SWEEP_EVERY: Duration = Duration::from_secs(60);

pub enum Happening {
    Planned(Event),
    Sweep,
    /// The owner has every dead letter tried again.
    Replay,
    /// The next notice is asked for.
    Tell,
    CallBack(NoticeId),
    /// Somebody behind a line writes to it, `answer` being which of their answers.
    Writes {
        from: PhoneNumber,
        to: PhoneNumber,
        words: String,
        answer: Option<usize>,
    },
    /// Everybody looks at what came while they slept.
    Wake,
    Webhook(Webhook, Option<WebhookId>),
    GivesUpWaiting(WebhookId),
    Switch(PhoneNumber, Power),
    Suspend(Duration),
    Jump(SignedDuration),
    GoodWeather,
    BackUp,
    /// The machine is lost; another one is set up from the backup.
    Lost,
    Restore,
    CatchUp,
}

impl Happening {
    /// Whether a run is not over before it.
    pub fn has_to_come(&self) -> bool {
        matches!(
            self,
            Happening::Planned(_)
                | Happening::Replay
                | Happening::Tell
                | Happening::CallBack(_)
                | Happening::Writes { .. }
                | Happening::Wake
                | Happening::Webhook(..)
                | Happening::BackUp
                | Happening::Lost
                | Happening::Restore
                | Happening::CatchUp
        )
    }
}

impl World {
    pub(crate) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::BackUp => self.back_up(),
            Happening::Lost => self.is_lost(),
            Happening::Restore => self.restore(),
            Happening::CatchUp => self.catch_up(),
            // The owner cannot reach it, and a copy of a webhook does not either.
            Happening::Planned(Event::Override { .. }) | Happening::Webhook(..)
                if self.is_down() => {}
            Happening::Planned(event) => self.is_done(event),
            Happening::Wake => self.look_at_phones(),
            Happening::Sweep => {
                self.put_down(SWEEP_EVERY, Happening::Sweep);
                self.sweep();
                if self.weather.strikes(Fault::SweepTwice) {
                    self.sweep();
                }
            }
            Happening::Replay => {
                self.weather.count(Fault::Replayed);
                let relay = Arc::clone(&self.relay);
                self.start(What::Replay, async move {
                    replay(&relay).await;
                    Done::Ran
                });
            }
            Happening::Tell => self.tell(),
            Happening::CallBack(id) => self.call_back(id),
            Happening::Writes {
                from,
                to,
                words,
                answer,
            } => self.writes(from, &to, words, answer),
            Happening::Webhook(webhook, id) => self.answer(&webhook, id),
            Happening::GivesUpWaiting(id) => self.give_up_waiting(id),
            Happening::Switch(phone, power) => {
                self.sandbox.switch(&phone, power);
                self.weather.tell(|| format!("{phone:?}: {power:?}"));
            }
            Happening::Suspend(time) => {
                self.weather.count(Fault::Suspended);
                self.still_until = self.time.now() + time;
            }
            // A clock that is wrong for the very time of a request cannot tell how long that was
            // under way; so the jump waits for a moment without one.
            Happening::Jump(by) if self.network.is_busy() => {
                self.put_down(Duration::from_secs(1), Happening::Jump(by));
            }
            Happening::Jump(by) => {
                let back = by.is_negative();
                self.is_in_order &= !back;
                self.weather.count(if back {
                    Fault::ClockBack
                } else {
                    Fault::ClockForward
                });
                self.time.jump(by);
            }
            Happening::GoodWeather => {
                self.weather
                    .tell(|| "from here on, nothing goes wrong".to_owned());
                self.weather.calm();
                self.sandbox.clear_faults();
                self.calm_since = Some(self.time.now());
            }
        }
    }

    /// Something that is in the script.
    fn is_done(&mut self, event: Event) {
        match event {
            Event::Text { from, to, text } => {
                let sid = self.sandbox.text(&from, &to, text);
                let sid = sid.expect("a number of the sandbox's");
                self.texts += 1;
                self.weather.tell(|| format!("{from:?} texts, {sid}"));
            }
            Event::Override { line, person, to } => {
                let set = self.relay.store.set_override(&line, &person, to.as_ref());
                let set = set.now_or_never().expect("memory does not wait");
                set.expect("it does not fail");
                self.weather.tell(|| format!("{person} is set {to:?}"));
            }
            Event::Push(line) => {
                self.weather.count(Fault::ConfigurationPushed);
                if self.is_down() {
                    return self.put_down(SWEEP_EVERY, Happening::Planned(Event::Push(line)));
                }
                let put = self.relay.store.put_line(&line).now_or_never();
                put.expect("memory does not wait")
                    .expect("it does not fail");
                self.lines.push((self.time.now(), *line));
            }
        }
    }

    fn sweep(&mut self) {
        if self.mistake != Some(Mistake::ForgetsWakeUps) {
            let relay = Arc::clone(&self.relay);
            self.start(What::Sweep, async move {
                let _ = retry_worker::sweep(&relay).await;
                Done::Ran
            });
        }
    }
}

/// As `relay dead replay --all` does it.
async fn replay(relay: &Relay) {
    let Ok(letters) = dead::letters(relay.store.as_ref(), Wanted::default()).await else {
        return;
    };
    for letter in letters {
        let _ = dead::replay(relay, &letter.id).await;
    }
}
