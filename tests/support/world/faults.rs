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
    /// Writes of a notice and its deliveries that go well before the failing ones.
    pub notice_writes_spared: AtomicU32,
    pub notice_writes: AtomicU32,
    /// Webhooks that are answered when Twilio has stopped to wait.
    pub late_answers: AtomicU32,
    /// The same for those whose path ends so, and how often.
    late_at: Mutex<Option<(String, u32)>>,
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

    pub(crate) fn answers_late(&self, path: &str) -> bool {
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
        answer.await
    }

    async fn write<T: Send>(
        &self,
        method: &str,
        effect: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.faults.strike(method)?;
        effect.await
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
