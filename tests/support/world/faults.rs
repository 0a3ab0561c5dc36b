use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::bail;
use async_trait::async_trait;
use relay::app::ports::store::{Result, Store};
use relay::domain::delivery::Delivery;

use crate::support::hooked_store::Hook;

/// What goes wrong with the store, how often.
#[derive(Default)]
pub struct Faults {
    pub reads: AtomicU32,
    pub records: AtomicU32,
    /// Saves that go well before the failing ones.
    pub saves_spared: AtomicU32,
    pub saves: AtomicU32,
    pub call_saves: AtomicU32,
    /// Writes of a notice and its deliveries that go well before the failing ones.
    pub notice_writes_spared: AtomicU32,
    pub notice_writes: AtomicU32,
    /// Webhooks that are answered when Twilio has stopped to wait.
    pub late_answers: AtomicU32,
    /// The same for those whose path ends so, and how often.
    late_at: Mutex<Option<(String, u32)>>,
    /// What goes wrong by chance.
    pub weather: Mutex<Option<CallWeather>>,
    /// In which order requests that come at once are worked on; one after the other if there is none.
    pub side_by_side: Mutex<Option<fastrand::Rng>>,
}

/// One of Twilio's requests while it is answered.
struct InRequest {
    path: String,
    /// The process died in it.
    died: tokio::sync::Notify,
}

tokio::task_local! {
    static REQUEST: Arc<InRequest>;
}

/// The path of the request that is answered now, if one is.
pub fn path_of_request() -> Option<String> {
    REQUEST.try_with(|request| request.path.clone()).ok()
}

/// Answers a request; `None` if the process dies in it.
pub(crate) async fn in_request<T>(path: &str, answer: impl Future<Output = T>) -> Option<T> {
    let request = Arc::new(InRequest {
        path: path.to_owned(),
        died: tokio::sync::Notify::new(),
    });
    // On the heap: a test's stack is small, and what answers calls is large.
    let answer = Box::pin(REQUEST.scope(Arc::clone(&request), answer));
    tokio::select! {
        biased;
        answered = answer => Some(answered),
        () = request.died.notified() => None,
    }
}

/// What goes wrong with the store and the process while calls are handled, by chance.
pub struct CallWeather {
    pub dice: fastrand::Rng,
    /// How often a call of the store fails, before or after its effect.
    pub fails: f64,
    /// How often a process dies at a write, before or after its effect.
    pub dies: f64,
    /// How often an answer comes when Twilio has stopped to wait.
    pub late: f64,
    /// Nobody answers at the main path.
    pub main_path_is_down: bool,
    /// How often anything of it happened.
    pub happened: u64,
}

impl CallWeather {
    fn strikes(&mut self, share: f64) -> bool {
        let strikes = self.dice.f64() < share;
        self.happened += u64::from(strikes);
        strikes
    }
}

impl Faults {
    /// The store answers neither reads nor writes of inbound texts and calls.
    pub fn break_store(&self) {
        self.reads.store(u32::MAX, Ordering::SeqCst);
    }

    pub fn repair_store(&self) {
        self.reads.store(0, Ordering::SeqCst);
    }

    /// Whoever fans out dies at the write after so many more.
    pub fn die_while_fanning_out(&self, writes_before: u32) {
        self.notice_writes_spared
            .store(writes_before, Ordering::SeqCst);
        self.notice_writes.store(1, Ordering::SeqCst);
    }

    /// The next so many requests to a path that ends so are answered when Twilio has stopped to wait.
    pub fn answer_late_at(&self, path_ends: &str, times: u32) {
        *self.late_at.lock().unwrap() = Some((path_ends.to_owned(), times));
    }

    /// Whether the main path is down, and that is a path of it.
    pub(crate) fn is_unreachable(&self, path: &str) -> bool {
        let weather = self.weather.lock().unwrap();
        let is_down = weather.as_ref().is_some_and(|it| it.main_path_is_down);
        is_down && !path.contains("/fallback")
    }

    /// Whether a call of the store fails now.
    fn fails_by_chance(&self, method: &str) -> Result<()> {
        let mut weather = self.weather.lock().unwrap();
        let is_of_calls = OF_CALLS.contains(&method);
        if is_of_calls && weather.as_mut().is_some_and(|it| it.strikes(it.fails)) {
            bail!("the store does not answer");
        }
        Ok(())
    }

    pub(crate) fn works_side_by_side(&self) -> bool {
        self.side_by_side.lock().unwrap().is_some()
    }

    /// Lets others go first who work at the same time.
    async fn lets_others(&self) {
        let is_request = path_of_request().is_some();
        let times = match &mut *self.side_by_side.lock().unwrap() {
            Some(dice) if is_request => dice.u32(0..4),
            _ => 0,
        };
        for _ in 0..times {
            tokio::task::yield_now().await;
        }
    }

    /// Never comes back if the process dies now.
    async fn may_die(&self, method: &str) {
        let dies = {
            let mut weather = self.weather.lock().unwrap();
            let is_of_calls = OF_CALLS.contains(&method);
            is_of_calls && weather.as_mut().is_some_and(|it| it.strikes(it.dies))
        };
        let request = REQUEST.try_with(Arc::clone);
        if let Some(request) = request.ok().filter(|_| dies) {
            request.died.notify_one();
            std::future::pending::<()>().await;
        }
    }

    pub(crate) fn answers_late(&self, path: &str) -> bool {
        if let Some(weather) = &mut *self.weather.lock().unwrap()
            && path.contains("/voice")
            && !path.contains("/fallback")
            && weather.strikes(weather.late)
        {
            return true;
        }
        let mut late_at = self.late_at.lock().unwrap();
        if let Some((path_ends, times)) = &mut *late_at
            && path.ends_with(path_ends.as_str())
            && 0 < *times
        {
            *times -= 1;
            return true;
        }
        strikes(&self.late_answers)
    }

    /// The worker dies between sending and saving what came of it: the claim is saved, the next
    /// save is not.
    pub fn die_after_sending(&self) {
        self.saves_spared.store(1, Ordering::SeqCst);
        self.saves.store(1, Ordering::SeqCst);
    }
    /// Whether this call of the store fails.
    fn strike(&self, method: &str) -> Result<()> {
        let fails = match method {
            "for_inbound" | "for_call" => strikes(&self.reads),
            "take_in" => strikes(&self.records),
            "save_call" => strikes(&self.call_saves),
            "save" => !strikes(&self.saves_spared) && strikes(&self.saves),
            "save_notice" | "spawn" => self.breaks_off(),
            _ => false,
        };
        if fails {
            bail!("the store does not answer");
        }
        Ok(())
    }

    fn breaks_off(&self) -> bool {
        let breaks_off = !strikes(&self.notice_writes_spared) && strikes(&self.notice_writes);
        if breaks_off {
            // Until it is said how many to spare the next time.
            self.notice_writes_spared.store(0, Ordering::SeqCst);
        }
        breaks_off
    }
}

/// A store that fails when it is told to.
pub struct Failing {
    pub behind: Arc<dyn Store>,
    pub faults: Arc<Faults>,
}

/// The store's methods that the handling of calls uses.
const OF_CALLS: [&str; 5] = ["for_call", "save_call", "call", "keep_voicemail", "take_in"];

pub(crate) fn strikes(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
        .is_ok()
}

#[async_trait]
impl Hook for Failing {
    type Behind = dyn Store;

    fn behind(&self) -> &Arc<dyn Store> {
        &self.behind
    }

    async fn read<T: Send>(
        &self,
        method: &str,
        answer: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.faults.strike(method)?;
        self.faults.fails_by_chance(method)?;
        self.faults.lets_others().await;
        answer.await
    }

    async fn write<T: Send>(
        &self,
        method: &str,
        effect: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.faults.strike(method)?;
        self.faults.fails_by_chance(method)?;
        self.faults.lets_others().await;
        let is_request = path_of_request().is_some();
        if is_request {
            self.faults.may_die(method).await;
        }
        let done = effect.await?;
        if is_request {
            self.faults.may_die(method).await;
        }
        self.faults.fails_by_chance(method)?;
        Ok(done)
    }

    /// Half of a page is there when it dies.
    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        let struck = self.faults.strike("spawn");
        let kept = if struck.is_err() {
            &deliveries[..deliveries.len() / 2]
        } else {
            deliveries
        };
        self.behind.spawn(kept).await?;
        struck
    }
}
