//! Whether the relay does its work, for monitors: `/healthz` answers as long as the process lives, for
//! every part of it does then; `/readyz` says what keeps texts from being taken in or sent.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::alerts::OwnerAlerts;
use super::parts::until_asked;
use super::twilio_account::TwilioAccount;
use crate::adapters::sqlite::database::{Database, FilesNow, Trouble};
use crate::adapters::sqlite::integrity::{Integrity, Pages};
use crate::adapters::sqlite::queue::SqliteQueue;
use crate::app::ports::alerts::{Alert, Alerts};
use crate::app::ports::credentials::CredentialsSource;
use crate::clock::Clock;

/// How often everything is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The pause between two trials, each of which writes to the disk or reads from it.
const TRY_EVERY: Duration = Duration::from_secs(4);

/// How long something may take that is tried, and how old what was looked at may be.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long trouble with the disk counts after it was met.
const TROUBLE_COUNTS: Duration = Duration::from_secs(60);

/// The least room on the disk, in bytes. SQLite reuses room that it has, so that some writes go well on
/// a full disk for long.
const LEAST_ROOM: u64 = 8 * 1024 * 1024;

/// How long a text may have been due. What Twilio or the network makes wait is due later.
const DUE_FOR: Duration = Duration::from_secs(2 * 60);

/// What keeps the relay from its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    NotLookedYet,
    LooksHang,
    CannotWrite,
    WriteHangs,
    DiskFull,
    DatabaseGone,
    DatabaseReplaced,
    Damaged,
    StillChecked,
    NoCredentials,
    CredentialsHang,
    Refused,
    WorkerStuck,
    Overdue,
    QueueUnreadable,
    TextsRefused,
    AlertsFail,
}

impl Reason {
    /// Whether the relay has not looked at itself yet.
    pub(super) fn is_of_the_start(self) -> bool {
        matches!(self, Reason::NotLookedYet | Reason::LooksHang)
    }

    /// Whether something hangs in the process, which may be gone if that is started anew.
    pub(super) fn ends_with_a_restart(self) -> bool {
        matches!(
            self,
            Reason::LooksHang
                | Reason::WriteHangs
                | Reason::DatabaseReplaced
                | Reason::CredentialsHang
                | Reason::WorkerStuck
                | Reason::QueueUnreadable
        )
    }

    /// What is wrong and what to do, without anything of anybody's: whoever asks may read it.
    pub fn in_words(self) -> &'static str {
        match self {
            Reason::NotLookedYet => "the relay has only just started: ask again in a few seconds",
            Reason::LooksHang => {
                "the relay has not been able to look at itself for some seconds: see whether its disk \
                 or this machine is overloaded, and restart it"
            }
            Reason::CannotWrite => {
                "the database cannot be written: see the log, the disk and the permissions of the data \
                 folder"
            }
            Reason::WriteHangs => {
                "a write to the database takes longer than 5 seconds: see whether the disk is broken or \
                 overloaded, or another program holds the database"
            }
            Reason::DiskFull => {
                "the disk with the data folder is full, or nearly: less than 8 MiB are free"
            }
            Reason::DatabaseGone => {
                "the database's file was deleted or moved away while the relay uses it, so that what it \
                 writes is lost when it ends: stop the relay, put the file back, and start it again"
            }
            Reason::DatabaseReplaced => {
                "the database's file was replaced while the relay uses the old one: restart the relay to \
                 use the new one"
            }
            Reason::Damaged => {
                "the database is damaged: stop the relay, put a copy of it back, and start it again"
            }
            Reason::StillChecked => {
                "the database is large and is still being checked after the start: ask again later"
            }
            Reason::NoCredentials => {
                "the credentials cannot be read from their file: see the log, or run `relay secrets check`"
            }
            Reason::CredentialsHang => {
                "reading the credentials' file takes longer than 5 seconds: see the disk that it is on"
            }
            Reason::Refused => {
                "Twilio refuses the credentials, or has closed the account, so nothing can be sent: see \
                 the account in Twilio's console, and run `relay secrets check`"
            }
            Reason::WorkerStuck => {
                "the worker has not looked for some seconds for what is to be sent: see the log, and \
                 restart the relay"
            }
            Reason::Overdue => {
                "texts have been due for longer than 2 minutes and were not worked on: see the log for why"
            }
            Reason::TextsRefused => {
                "Twilio has refused texts in the last 20 minutes because of account, number or campaign: see \
                 the log for its error, and Twilio's console"
            }
            Reason::AlertsFail => {
                "the last alert did not get out by alert_command or alert_url: see the log"
            }
            Reason::QueueUnreadable => "what is due cannot be read from the database: see the log",
        }
    }
}

/// When the worker last looked for what is due.
#[derive(Clone)]
pub(super) struct Pulse(Arc<Mutex<Instant>>);

impl Pulse {
    pub fn starts(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    pub fn beat(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    fn is_late(&self, now: Instant) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.saturating_duration_since(last) > PATIENCE
    }
}

/// What is looked at.
pub(super) struct Sources {
    pub folder: PathBuf,
    pub database: Database,
    pub integrity: Integrity,
    pub queue: SqliteQueue,
    pub credentials: Arc<dyn CredentialsSource>,
    pub account: TwilioAccount,
    pub alerts: OwnerAlerts,
    pub worker: Pulse,
    pub clock: Arc<dyn Clock>,
}

/// What was found last, for everybody who asks.
#[derive(Clone)]
pub struct Readiness(Arc<Mutex<Found>>);

struct Found {
    at: Instant,
    reasons: Vec<Reason>,
}

/// Something that is tried again and again and may hang.
#[derive(Default)]
struct Trial(Mutex<Tried>);

#[derive(Default)]
struct Tried {
    /// When the trial began that is under way.
    began: Option<Instant>,
    /// Whether the last one went well.
    went_well: Option<bool>,
}

impl Trial {
    fn lock(&self) -> std::sync::MutexGuard<'_, Tried> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tries for ever.
    async fn keep_trying<A>(&self, what: &'static str, attempt: impl Fn() -> A)
    where
        A: Future<Output = anyhow::Result<()>>,
    {
        loop {
            self.lock().began = Some(Instant::now());
            let tried = attempt().await;
            let now = Tried {
                began: None,
                went_well: Some(tried.is_ok()),
            };
            let before = std::mem::replace(&mut *self.lock(), now);
            if let Err(error) = tried
                && before.went_well != Some(false)
            {
                tracing::warn!(error = format!("{error:#}"), "a check failed: {what}");
            }
            tokio::time::sleep(TRY_EVERY).await;
        }
    }

    fn reason(&self, now: Instant, failed: Reason, hangs: Reason) -> Option<Reason> {
        let tried = self.lock();
        let is_long = |began| now.saturating_duration_since(began) > PATIENCE;
        match tried.went_well {
            _ if tried.began.is_some_and(is_long) => Some(hangs),
            Some(true) => None,
            Some(false) => Some(failed),
            None => Some(Reason::NotLookedYet),
        }
    }
}

impl Readiness {
    pub(super) fn unknown(now: Instant) -> Self {
        let reasons = vec![Reason::NotLookedYet];
        Self(Arc::new(Mutex::new(Found { at: now, reasons })))
    }

    #[cfg(test)]
    pub(super) fn found(&self, reasons: Vec<Reason>, at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Found { at, reasons };
    }

    /// What keeps the relay from its work; nothing if it is ready.
    pub fn reasons(&self, now: Instant) -> Vec<Reason> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(found.at) > PATIENCE {
            return vec![Reason::LooksHang];
        }
        found.reasons.clone()
    }

    /// Looks at everything until `stop` says so.
    pub(super) async fn keep_looking(self, at: Sources, stop: watch::Receiver<bool>) {
        let (writes, reads) = (Trial::default(), Trial::default());
        let write = writes.keep_trying("a write to the database", || {
            let database = at.database.clone();
            async move { database.probe().await }
        });
        let read = reads.keep_trying("reading the credentials", || {
            let (source, account) = (Arc::clone(&at.credentials), at.account.clone());
            async move {
                let credentials = source.look().await?;
                account.uses(credentials.version.as_deref());
                Ok(())
            }
        });
        let look = async {
            let mut before = vec![Reason::NotLookedYet];
            let mut lasting = Lasting::default();
            loop {
                let now = Instant::now();
                let reasons = at.reasons(&writes, &reads, now);
                report(&before, &reasons);
                lasting
                    .note(&reasons, now)
                    .for_each(|alert| at.alerts.raise(alert));
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Found {
                    at: now,
                    reasons: reasons.clone(),
                };
                let is_first = reasons.contains(&Reason::NotLookedYet);
                before = reasons;
                let pause = if is_first {
                    LOOK_EVERY / 40
                } else {
                    LOOK_EVERY
                };
                tokio::time::sleep(pause).await;
            }
        };
        until_asked(stop, futures::future::join3(write, read, look)).await;
    }
}

/// How long a reason may last before there is an alert.
const LASTS: Duration = Duration::from_secs(60);

/// Since when there are the reasons.
#[derive(Default)]
struct Lasting(Vec<(Reason, Instant)>);

impl Lasting {
    /// The alerts of those that have lasted for long.
    fn note(&mut self, reasons: &[Reason], now: Instant) -> impl Iterator<Item = Alert> {
        self.0.retain(|(reason, _)| reasons.contains(reason));
        for reason in reasons {
            if self.0.iter().all(|(before, _)| before != reason) {
                self.0.push((*reason, now));
            }
        }
        let last = self.0.iter().filter(move |(reason, since)| {
            // Of the one there is an alert already, and the other cannot be told by one.
            let is_told = [Reason::TextsRefused, Reason::AlertsFail].contains(reason);
            !is_told && now.saturating_duration_since(*since) >= LASTS
        });
        last.map(|(reason, _)| Alert {
            cause: format!("{reason:?}"),
            text: format!(
                "The relay has not been ready for a minute: {}.",
                reason.in_words()
            ),
            refused_with: None,
        })
    }
}

/// Says in the log what has changed.
fn report(before: &[Reason], now: &[Reason]) {
    for reason in now.iter().filter(|reason| !before.contains(reason)) {
        if *reason != Reason::NotLookedYet {
            tracing::error!(count = "not_ready", "not ready: {}", reason.in_words());
        }
    }
    let was_asked_about = before.iter().any(|reason| *reason != Reason::NotLookedYet);
    if now.is_empty() && was_asked_about {
        tracing::info!("ready again");
    }
}

impl Sources {
    fn reasons(&self, writes: &Trial, reads: &Trial, now: Instant) -> Vec<Reason> {
        let trouble = self.database.trouble();
        let trouble = trouble.filter(|(_, at)| now.saturating_duration_since(*at) < TROUBLE_COUNTS);
        let files = match self.database.files() {
            FilesNow::Same => None,
            FilesNow::Gone => Some(Reason::DatabaseGone),
            FilesNow::Others => Some(Reason::DatabaseReplaced),
        };
        // The check opens what is in the place of the file now.
        let pages = match self.integrity.found() {
            Pages::Damaged if files.is_none() => Some(Reason::Damaged),
            Pages::Unknown => Some(Reason::StillChecked),
            Pages::Sound | Pages::Damaged => None,
        };
        let met = trouble.map(|(trouble, _)| match trouble {
            Trouble::Damaged => Reason::Damaged,
            Trouble::Unwritable => Reason::CannotWrite,
        });
        let overdue = match self.queue.oldest_due() {
            Ok(Some(due)) => {
                let waits = self.clock.now().duration_since(due);
                let is_long = Duration::try_from(waits).is_ok_and(|waits| waits > DUE_FOR);
                is_long.then_some(Reason::Overdue)
            }
            Ok(None) => None,
            Err(error) => {
                // The worker says so louder.
                tracing::debug!(error = format!("{error:#}"), "what is due cannot be read");
                Some(Reason::QueueUnreadable)
            }
        };
        let found = [
            files,
            pages,
            has_no_room(&self.folder).then_some(Reason::DiskFull),
            writes.reason(now, Reason::CannotWrite, Reason::WriteHangs),
            met,
            reads.reason(now, Reason::NoCredentials, Reason::CredentialsHang),
            self.account.refuses().then_some(Reason::Refused),
            self.worker.is_late(now).then_some(Reason::WorkerStuck),
            overdue,
            self.alerts
                .texts_are_refused(now)
                .then_some(Reason::TextsRefused),
            self.alerts.fail().then_some(Reason::AlertsFail),
        ];
        let mut reasons = Vec::new();
        for reason in found.into_iter().flatten() {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }
}

/// A disk that does not say how large it is is not full.
fn has_no_room(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|disk| {
        disk.f_blocks > 0 && disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_ROOM
    })
}

/// The answer to `/readyz`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Document {
    pub ready: bool,
    pub reasons: Vec<String>,
}

pub(super) fn answer(reasons: &[Reason]) -> Response {
    let document = Document {
        ready: reasons.is_empty(),
        reasons: reasons
            .iter()
            .map(|reason| reason.in_words().to_owned())
            .collect(),
    };
    let status = if document.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    let body = serde_json::to_string(&document).unwrap_or_default() + "\n";
    (status, headers, body).into_response()
}

#[cfg(test)]
mod tests;
