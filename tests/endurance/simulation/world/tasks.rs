//! The relay's handlers at work: who goes on when, and who dies.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::Response;
use jiff::{SignedDuration, Timestamp};
use relay::app::notices::{Answer, NoticeRejected};
use relay::app::retry_worker;
use relay::domain::delivery::Status;
use relay::domain::ids::DeliveryId;
use relay::domain::ids::NoticeId;
use relay::domain::ids::message_sid::MessageSid;
use relay::sandbox::{NoReply, WebhookId};

use super::World;
use super::happenings::Happening;
use super::restore::CATCHES_UP_EVERY;
use crate::endurance::simulation::faults::Fault;
use crate::endurance::simulation::script::Platform;
use crate::support::memory::Received;

/// A handler that has begun.
pub struct Task {
    pub what: What,
    pub future: Pin<Box<dyn Future<Output = Done>>>,
    pub ready: Timestamp,
    /// When its platform kills it.
    pub limit: Option<Timestamp>,
    /// By how much its machine's clock is ahead of the others'.
    pub apart: SignedDuration,
}

/// What a handler works on.
pub enum What {
    Wake(Received),
    Sweep,
    Replay,
    /// `None` for a copy, or for one that Twilio no longer waits for.
    Text(Option<WebhookId>, MessageSid),
    Status(Option<WebhookId>, News),
    /// A webhook that is not Twilio's.
    Forged,
    /// The notice of this key is asked for.
    Notice(String),
    CallBack(NoticeId),
    CatchUp,
}

/// What a status callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub delivery: DeliveryId,
    pub attempt: u32,
    pub sid: MessageSid,
    pub status: Status,
}

pub enum Done {
    Woken(anyhow::Result<()>),
    Ran,
    Answered(Response<String>),
    Told(Result<Answer, NoticeRejected>),
    CalledBack(anyhow::Result<()>),
    CaughtUp(anyhow::Result<()>),
}

impl World {
    /// A worker gets a wake-up.
    pub(crate) fn receive(&mut self, received: Received) {
        if self.weather.strikes(Fault::WakeUpShared) {
            let soon = self.time.now() + self.weather.up_to(20);
            self.queue.put_back(&received, soon);
        }
        let relay = Arc::clone(&self.relay);
        let message = received.message.clone();
        self.start(What::Wake(received), async move {
            Done::Woken(retry_worker::work_on(&relay, &message).await)
        });
    }

    pub(crate) fn start(&mut self, what: What, future: impl Future<Output = Done> + 'static) {
        self.weather.tell(|| format!("{what} begins"));
        let seconds = match what {
            What::Wake(_) | What::Sweep | What::Notice(_) | What::CallBack(_) => Some(30),
            What::Text(..) | What::Status(..) | What::Forged => Some(8),
            // It runs in somebody's shell.
            What::Replay | What::CatchUp => None,
        };
        let apart = if self.clocks_differ {
            i64::from(self.weather.draw(0..=2000)) - 1000
        } else {
            0
        };
        let now = self.time.now();
        self.tasks.push(Task {
            what,
            future: Box::pin(future),
            ready: now,
            limit: seconds
                .filter(|_| self.platform == Platform::Lambda)
                .map(|seconds| now + Duration::from_secs(seconds)),
            apart: SignedDuration::from_millis(apart),
        });
    }

    /// One of those that can go on now.
    pub(crate) fn pick_task(&self) -> Option<usize> {
        let now = self.time.now();
        if now < self.still_until {
            return None;
        }
        let is_ready = |task: &Task| task.ready <= now;
        let ready = self.tasks.iter().filter(|task| is_ready(task)).count();
        let chosen = match ready {
            0 => return None,
            1 => 0,
            _ => self.weather.draw(0..ready as u32) as usize,
        };
        let mut ready = (0..self.tasks.len()).filter(|at| is_ready(&self.tasks[*at]));
        ready.nth(chosen)
    }

    /// It goes on to its next await, or dies.
    pub(crate) fn poll(&mut self, at: usize) {
        let now = self.time.now();
        let task = &mut self.tasks[at];
        if task.limit.is_some_and(|limit| limit <= now) {
            self.weather.count(Fault::TimeLimit);
            return self.dies(at);
        }
        let crash = match task.what {
            What::Wake(_) => Fault::WorkerCrash,
            What::Sweep | What::CatchUp => Fault::SweepCrash,
            What::Replay => Fault::ReplayCrash,
            What::Text(..)
            | What::Status(..)
            | What::Forged
            | What::Notice(_)
            | What::CallBack(_) => Fault::WebhookCrash,
        };
        if self.weather.strikes(crash) {
            return self.crash(at);
        }
        self.time.work_apart(task.apart);
        let mut context = Context::from_waker(Waker::noop());
        let polled = catch_unwind(AssertUnwindSafe(|| task.future.as_mut().poll(&mut context)));
        let earliest = self.time.take_earliest();
        match polled {
            Ok(Poll::Pending) => {
                let ready = earliest.expect("whoever waits waits for a time");
                task.ready = task.limit.map_or(ready, |limit| ready.min(limit));
            }
            Ok(Poll::Ready(done)) => {
                let task = self.tasks.swap_remove(at);
                self.done(task.what, done);
            }
            Err(_) => {
                let what = &self.tasks[at].what;
                self.violations.push(format!("panic: {what}"));
                self.dies(at);
            }
        }
    }

    fn crash(&mut self, at: usize) {
        let alone =
            self.platform == Platform::Lambda || matches!(self.tasks[at].what, What::Replay);
        if alone {
            return self.dies(at);
        }
        while !self.tasks.is_empty() {
            self.dies(0);
        }
        self.queue.recover(self.time.now());
        self.still_until = self.time.now() + self.weather.up_to(10);
    }

    /// A handler ends at the await at which it is. Its wake-up comes again by itself.
    pub(crate) fn dies(&mut self, at: usize) {
        let Task { what, .. } = self.tasks.swap_remove(at);
        self.weather.tell(|| format!("{what} dies"));
        match &what {
            // Nobody knows which it was at.
            What::Replay => self.is_disturbed_everywhere(),
            What::Notice(key) => self.tell_again(key),
            What::CatchUp => self.put_down(CATCHES_UP_EVERY, Happening::CatchUp),
            What::CallBack(id) => self.put_down(self.weather.up_to(60), Happening::CallBack(*id)),
            what => self.disturbed.extend(what.delivery()),
        }
        self.hear(&what, Err(NoReply::TimedOut));
    }

    pub(crate) fn is_disturbed_everywhere(&mut self) {
        let deliveries = self.store.deliveries().into_iter();
        self.disturbed
            .extend(deliveries.map(|delivery| delivery.id));
    }

    fn done(&mut self, what: What, done: Done) {
        match (&what, done) {
            (What::Wake(received), Done::Woken(result)) => {
                self.weather.tell(|| format!("{what} ends: {result:?}"));
                let soon = self.time.now() + self.weather.up_to(20);
                match result {
                    Ok(()) if self.weather.strikes(Fault::WakeUpAgain) => {
                        self.queue.put_back(received, soon);
                    }
                    Ok(()) => self.queue.acknowledge(received),
                    Err(_) => {
                        self.fails(&what);
                        if self.platform == Platform::OneMachine {
                            let wait = Duration::from_secs(1 << received.receives.min(8));
                            self.queue.put_back(received, self.time.now() + wait);
                        }
                    }
                }
            }
            (What::Replay, _) if !self.unheard.lock().unwrap().is_empty() => {
                self.is_disturbed_everywhere();
            }
            (What::Notice(key), Done::Told(answer)) => self.is_told(key, answer),
            (What::CatchUp, Done::CaughtUp(Err(error))) => {
                self.weather.tell(|| format!("{what} ends: {error:#}"));
                self.put_down(CATCHES_UP_EVERY, Happening::CatchUp);
            }
            (What::CatchUp, _) => self.catch_up_later(),
            (What::CallBack(id), Done::CalledBack(Err(_))) => {
                self.put_down(self.weather.up_to(60), Happening::CallBack(*id));
            }
            (What::Forged, Done::Answered(response)) => {
                let status = response.status().as_u16();
                self.weather.tell(|| format!("{what} ends: {status}"));
                if status < 400 {
                    self.violated("forged: a webhook that is not Twilio's was believed".to_owned());
                }
            }
            (What::Text(..) | What::Status(..), Done::Answered(response)) => {
                self.answered(&what, &response);
            }
            _ => {}
        }
    }

    fn answered(&mut self, what: &What, response: &Response<String>) {
        let status = response.status().as_u16();
        self.weather.tell(|| format!("{what} ends: {status}"));
        match what {
            What::Text(_, sid) if status == 403 && self.was_taken_out(sid) => self.fails(what),
            // It is about a text that is still to be asked for.
            What::Status(..) if status == 403 && self.backup.is_restored => {}
            _ if (400..500).contains(&status) => {
                self.violated(format!("refused: {what} was answered {status}"));
            }
            _ if status != 200 => self.fails(what),
            What::Text(_, sid) => drop(self.acknowledged.insert(sid.clone())),
            What::Status(_, news) => self.told.push(news.clone()),
            _ => {}
        }
        if self.weather.strikes(Fault::WebhookAnswerLost) {
            self.hear(what, Err(NoReply::TimedOut));
        } else {
            self.hear(what, Ok((status, response.body())));
        }
    }

    /// A handler ends with an error. If it did not hear of a save, it could not report what that
    /// was about.
    fn fails(&mut self, what: &What) {
        if let Some(id) = what.delivery()
            && self.unheard.lock().unwrap().remove(&id)
        {
            self.disturbed.insert(id);
        }
    }
}

impl What {
    fn delivery(&self) -> Option<DeliveryId> {
        match self {
            What::Wake(received) => received.message.delivery().cloned(),
            What::Sweep
            | What::Replay
            | What::Forged
            | What::Notice(_)
            | What::CallBack(_)
            | What::CatchUp => None,
            What::Text(_, sid) => Some(DeliveryId::of_inbound(sid)),
            What::Status(_, news) => Some(news.delivery.clone()),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |text: &str| text[text.len() - 4..].to_owned();
        match self {
            What::Wake(received) => {
                write!(f, "worker on {}", end(&received.message.name()))
            }
            What::Sweep => write!(f, "sweep"),
            What::Replay => write!(f, "replay of what is dead"),
            What::Forged => write!(f, "forged webhook"),
            What::Notice(key) => write!(f, "notice {key}"),
            What::CatchUp => write!(f, "catching up"),
            What::CallBack(id) => write!(f, "calling back {id}"),
            What::Text(_, sid) => write!(f, "webhook of text {}", end(sid.as_str())),
            What::Status(_, news) => {
                let (status, id) = (news.status, end(news.delivery.as_str()));
                write!(f, "callback {status:?} of {id}/{}", news.attempt)
            }
        }
    }
}
