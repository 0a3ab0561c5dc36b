//! Credentials that are kept for a while, so that no text waits for them, and not for too long, so
//! that a rotation reaches everybody.
//!
//! Their age is the greater of what the clock on the wall and a stopwatch say: Lambda freezes a
//! function between two events and its stopwatch with it, and the wall's clock may be set. A clock
//! that went back says nothing any more about ages, so everything counts as old then.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use anyhow::bail;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::app::ports::credentials::{CredentialsSource, RefreshReason};
use crate::clock::{Chance, Clock, Stopwatch, SystemChance, SystemStopwatch};
use crate::domain::credentials::Credentials;

/// After this they are read again.
pub const FRESH: Duration = Duration::from_secs(5 * 60);
/// Until then, what was read last is used if it cannot be read again; after that, nothing is.
pub const USABLE: Duration = Duration::from_secs(60 * 60);
/// By up to so much earlier than [`FRESH`], so that many functions do not ask all at once.
const JITTER: Duration = Duration::from_secs(30);
/// Between two attempts while they cannot be read.
const PAUSE: Duration = Duration::from_secs(30);
/// For how long a version is not read again for the same reason. Whoever forges signatures cannot
/// cause more requests than this allows.
const COOL_DOWN: Duration = Duration::from_secs(60);
/// A clock that is set right by a little has not gone back.
const SET_RIGHT: SignedDuration = SignedDuration::from_secs(5);

/// Where credentials are read from.
#[async_trait]
pub trait Fetch: Send + Sync {
    async fn fetch(&self, now: Timestamp) -> anyhow::Result<Credentials>;
}

/// Credentials from `F`.
pub struct Cache<F> {
    from: F,
    clock: Arc<dyn Clock>,
    stopwatch: Arc<dyn Stopwatch>,
    chance: Arc<dyn Chance>,
    kept: RwLock<Option<Kept>>,
    /// Held while they are being read, so that they are read once for all who want them; with what
    /// went wrong the last time.
    reading: tokio::sync::Mutex<Option<String>>,
    readings: AtomicU64,
    /// For each reason, which version was looked into last, and when.
    looked_into: Mutex<HashMap<RefreshReason, (Option<String>, Moment)>>,
}

#[derive(Clone)]
struct Kept {
    credentials: Arc<Credentials>,
    /// When they were read. An attempt in vain does not change it.
    read: Moment,
    fresh_for: Duration,
    /// The last attempt in vain since then.
    failed: Option<Moment>,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    wall: Timestamp,
    stopwatch: Duration,
}

impl Moment {
    /// How long ago it was at `now`, at least.
    fn ago(self, now: Moment) -> Duration {
        let wall = now.wall.duration_since(self.wall);
        if wall < -SET_RIGHT {
            return Duration::MAX;
        }
        let wall = Duration::try_from(wall).unwrap_or_default();
        wall.max(now.stopwatch.saturating_sub(self.stopwatch))
    }
}

impl<F: Fetch> Cache<F> {
    pub fn new(from: F, clock: Arc<dyn Clock>) -> Self {
        let stopwatch = Arc::new(SystemStopwatch::started());
        Self::with(from, clock, stopwatch, Arc::new(SystemChance))
    }

    pub fn with(
        from: F,
        clock: Arc<dyn Clock>,
        stopwatch: Arc<dyn Stopwatch>,
        chance: Arc<dyn Chance>,
    ) -> Self {
        Self {
            from,
            clock,
            stopwatch,
            chance,
            kept: RwLock::default(),
            reading: Default::default(),
            readings: AtomicU64::new(0),
            looked_into: Mutex::default(),
        }
    }

    fn now(&self) -> Moment {
        Moment {
            wall: self.clock.now(),
            stopwatch: self.stopwatch.elapsed(),
        }
    }

    fn kept(&self) -> Option<Kept> {
        let kept = self.kept.read();
        kept.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, kept: Kept) {
        let mut place = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        *place = Some(kept);
    }

    /// What may be used without asking.
    fn at_hand(&self) -> Option<Arc<Credentials>> {
        let (kept, now) = (self.kept()?, self.now());
        let age = kept.read.ago(now);
        let failed_just_now = kept.failed.is_some_and(|at| at.ago(now) < PAUSE);
        let usable = age < kept.fresh_for || (failed_just_now && age < USABLE);
        usable.then_some(kept.credentials)
    }

    /// What is at hand, if it is another version than `seen`.
    fn other_than(&self, seen: &Credentials) -> Option<Arc<Credentials>> {
        let kept = self.at_hand()?;
        (kept.version != seen.version).then_some(kept)
    }

    /// Reads them; for whoever holds the lock of `reading`.
    async fn read(&self, went_wrong: &mut Option<String>) -> anyhow::Result<Arc<Credentials>> {
        // What is read is as old as the question.
        let asked = self.now();
        let read = self.from.fetch(asked.wall).await;
        self.readings.fetch_add(1, Ordering::Release);
        match read {
            Ok(credentials) => {
                let credentials = Arc::new(credentials);
                self.keep(Kept {
                    credentials: Arc::clone(&credentials),
                    read: asked,
                    fresh_for: FRESH - JITTER.mul_f64(self.chance.draw()),
                    failed: None,
                });
                *went_wrong = None;
                Ok(credentials)
            }
            Err(error) => {
                *went_wrong = Some(format!("{error:#}"));
                let now = self.now();
                let kept = self.kept().filter(|kept| kept.read.ago(now) < USABLE);
                let Some(kept) = kept else {
                    return Err(error);
                };
                tracing::warn!(
                    count = "credentials_stale",
                    "going on with credentials of {}: {error:#}",
                    kept.read.wall
                );
                let credentials = Arc::clone(&kept.credentials);
                let failed = Some(now);
                self.keep(Kept { failed, ..kept });
                Ok(credentials)
            }
        }
    }

    /// Whether to read again now, for this reason; if so, not again for a while.
    fn may_look(&self, seen: &Credentials, because: RefreshReason) -> bool {
        let now = self.now();
        let looked = self.looked_into.lock();
        let mut looked = looked.unwrap_or_else(PoisonError::into_inner);
        let recently = looked
            .get(&because)
            .is_some_and(|(version, at)| *version == seen.version && at.ago(now) < COOL_DOWN);
        if !recently {
            looked.insert(because, (seen.version.clone(), now));
        }
        !recently
    }
}

#[async_trait]
impl<F: Fetch> CredentialsSource for Cache<F> {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>> {
        if let Some(credentials) = self.at_hand() {
            return Ok(credentials);
        }
        let before = self.readings.load(Ordering::Acquire);
        let mut went_wrong = self.reading.lock().await;
        // Somebody else may have read them meanwhile, or tried to.
        if let Some(credentials) = self.at_hand() {
            return Ok(credentials);
        }
        if self.readings.load(Ordering::Acquire) != before
            && let Some(error) = &*went_wrong
        {
            bail!("{error}");
        }
        self.read(&mut went_wrong).await
    }

    async fn look(&self) -> anyhow::Result<Arc<Credentials>> {
        self.from.fetch(self.clock.now()).await.map(Arc::new)
    }

    async fn newer(&self, seen: &Credentials, because: RefreshReason) -> Option<Arc<Credentials>> {
        if let Some(newer) = self.other_than(seen) {
            return Some(newer);
        }
        if !self.may_look(seen, because) {
            return None;
        }
        let mut went_wrong = self.reading.lock().await;
        if let Some(newer) = self.other_than(seen) {
            return Some(newer);
        }
        match self.read(&mut went_wrong).await {
            Ok(read) => (read.version != seen.version).then_some(read),
            Err(error) => {
                tracing::warn!("credentials in doubt cannot be read again: {error:#}");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
