use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::bail;
use async_trait::async_trait;
use relay::app::ports::event_bus::Bus;
use relay::domain::delivery::Failed;

use super::faults::strikes;

/// Other systems, and what they hear.
#[derive(Default)]
pub struct Listeners {
    heard: Mutex<Vec<Failed>>,
    /// How often nobody is there to listen.
    away: AtomicU32,
}

impl Listeners {
    /// The next so many times nobody listens.
    pub fn are_away(&self, times: u32) {
        self.away.store(times, Ordering::SeqCst);
    }

    /// What was heard since the last time.
    pub fn hear(&self) -> Vec<Failed> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

#[async_trait]
impl Bus for Listeners {
    async fn tell(&self, failed: &Failed) -> anyhow::Result<()> {
        if strikes(&self.away) {
            bail!("nobody listens");
        }
        self.heard.lock().unwrap().push(failed.clone());
        Ok(())
    }
}
