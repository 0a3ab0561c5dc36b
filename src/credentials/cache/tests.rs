use std::sync::atomic::AtomicBool;

use futures::future::join_all;

use super::*;
use crate::clock::{FixedChance, ManualClock, ManualStopwatch};
use crate::domain::credentials::{Callers, Secret};

/// A place that counts how often it is asked.
#[derive(Default)]
struct Place {
    version: AtomicU64,
    asked: AtomicU64,
    broken: AtomicBool,
}

#[async_trait]
impl Fetch for Arc<Place> {
    async fn fetch(&self, _: Timestamp) -> anyhow::Result<Credentials> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        if self.broken.load(Ordering::Relaxed) {
            bail!("the place is out of order");
        }
        let version = self.version.load(Ordering::Relaxed).to_string();
        Ok(Credentials {
            account_sid: "AC".to_owned() + &"0".repeat(32),
            auth_token: Secret::new(version.clone()),
            next_auth_token: None,
            previous_auth_token: None,
            webhook_keys: Vec::new(),
            audit_key: None,
            api_key: None,
            callers: Callers::default(),
            version: Some(version),
        })
    }
}

struct Setting {
    cache: Cache<Arc<Place>>,
    place: Arc<Place>,
    clock: Arc<ManualClock>,
    stopwatch: Arc<ManualStopwatch>,
}

const NOON: &str = "2026-11-23T12:00:00Z";

fn setting() -> Setting {
    let clock = Arc::new(ManualClock::at(NOON.parse().unwrap()));
    let stopwatch = Arc::new(ManualStopwatch::default());
    let place = Arc::new(Place::default());
    let chance = Arc::new(FixedChance(0.0));
    let cache = Cache::with(place.clone(), clock.clone(), stopwatch.clone(), chance);
    Setting {
        cache,
        place,
        clock,
        stopwatch,
    }
}

impl Setting {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>> {
        self.cache.current().await
    }

    async fn version(&self) -> String {
        self.current().await.unwrap().version.clone().unwrap()
    }

    /// Both clocks go on.
    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.stopwatch.advance(Duration::from_secs(seconds));
    }

    /// A rotation happens.
    fn rotate(&self) {
        self.place.version.fetch_add(1, Ordering::Relaxed);
    }

    fn break_it(&self, broken: bool) {
        self.place.broken.store(broken, Ordering::Relaxed);
    }

    fn asked(&self) -> u64 {
        self.place.asked.swap(0, Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_frozen_function_notices_by_the_wall_that_time_has_passed() {
    let setting = setting();
    assert_eq!(setting.version().await, "0");
    setting.rotate();
    // Lambda froze it: the stopwatch stood still.
    setting.clock.advance(FRESH);
    assert_eq!(setting.version().await, "1");
}

#[tokio::test]
async fn a_clock_that_stands_still_does_not_keep_credentials_young() {
    let setting = setting();
    setting.version().await;
    setting.rotate();
    setting.stopwatch.advance(FRESH);
    assert_eq!(setting.version().await, "1");
}

#[tokio::test]
async fn a_clock_that_went_back_makes_everything_old() {
    let setting = setting();
    setting.pass(600);
    setting.version().await;
    setting.asked();
    setting.clock.set(NOON.parse().unwrap());
    setting.rotate();
    assert_eq!(setting.version().await, "1");
    // From then on ages are known again.
    assert_eq!(setting.version().await, "1");
    assert_eq!(setting.asked(), 1);

    // And if they cannot be read, nobody knows whether they may still be used.
    setting.break_it(true);
    setting
        .clock
        .set(NOON.parse::<Timestamp>().unwrap() - FRESH);
    assert!(setting.current().await.is_err());
}

#[tokio::test]
async fn a_clock_that_is_set_right_by_a_second_is_no_reason_to_ask() {
    let setting = setting();
    setting.version().await;
    setting.asked();
    let noon: Timestamp = NOON.parse().unwrap();
    setting.clock.set(noon - Duration::from_secs(1));
    setting.version().await;
    assert_eq!(setting.asked(), 0);
}

#[tokio::test]
async fn many_functions_do_not_ask_in_the_same_second() {
    let early = setting();
    let late = setting();
    let cache = Cache::with(
        early.place.clone(),
        early.clock.clone(),
        early.stopwatch.clone(),
        Arc::new(FixedChance(0.999)),
    );
    let early = Setting { cache, ..early };
    for setting in [&early, &late] {
        setting.version().await;
        setting.asked();
        setting.pass(275);
        setting.version().await;
    }
    assert_eq!((early.asked(), late.asked()), (1, 0));
}

#[tokio::test]
async fn an_outage_is_bridged_for_an_hour_and_makes_nothing_younger() {
    let setting = setting();
    setting.version().await;
    setting.break_it(true);
    let mut passed = 0;
    while passed + 60 < 3600 {
        setting.pass(60);
        passed += 60;
        assert_eq!(setting.version().await, "0");
    }
    // Fifty-odd attempts in vain: had one of them counted as a reading, this would go on.
    setting.pass(60);
    let error = setting.current().await.unwrap_err().to_string();
    assert!(error.contains("out of order"), "{error}");
    setting.break_it(false);
    setting.rotate();
    assert_eq!(setting.version().await, "1");
}

#[tokio::test]
async fn an_outage_is_not_asked_about_by_every_text() {
    let setting = setting();
    setting.version().await;
    setting.pass(FRESH.as_secs());
    setting.break_it(true);
    setting.asked();
    for _ in 0..100 {
        setting.version().await;
    }
    assert_eq!(setting.asked(), 1);
}

#[tokio::test]
async fn all_who_wait_share_one_question_and_its_failure() {
    let setting = setting();
    setting.break_it(true);
    let answers = join_all((0..50).map(|_| setting.current())).await;
    assert!(answers.iter().all(Result::is_err));
    assert_eq!(setting.asked(), 1);
    setting.break_it(false);
    let answers = join_all((0..50).map(|_| setting.current())).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(setting.asked(), 1);
}

#[tokio::test]
async fn a_refusal_by_twilio_is_looked_into_once_and_finds_the_rotation() {
    let setting = setting();
    let seen = setting.current().await.unwrap();
    setting.rotate();
    setting.asked();
    let newer = join_all((0..50).map(|_| setting.cache.newer(&seen, RefreshReason::Refused))).await;
    let found = newer.iter().flatten().count();
    assert!(found >= 1, "somebody finds the new version");
    assert_eq!(setting.asked(), 1);
    // Whoever still has the old ones gets the new ones without a question.
    let newer = setting
        .cache
        .newer(&seen, RefreshReason::Refused)
        .await
        .unwrap();
    assert_eq!(newer.version.as_deref(), Some("1"));
    assert_eq!(setting.asked(), 0);
}

#[tokio::test]
async fn a_storm_of_refusals_for_a_bad_key_asks_once_a_minute() {
    let setting = setting();
    let seen = setting.current().await.unwrap();
    setting.asked();
    for _ in 0..600 {
        assert!(
            setting
                .cache
                .newer(&seen, RefreshReason::Refused)
                .await
                .is_none()
        );
        setting.pass(1);
    }
    // Ten minutes: once a minute, and the readings that the age asks for besides.
    assert!(setting.asked() <= 12, "too many questions");
}

#[tokio::test]
async fn a_storm_of_forgeries_neither_drives_questions_nor_hides_a_refusal() {
    let setting = setting();
    let seen = setting.current().await.unwrap();
    setting.asked();
    for _ in 0..10_000 {
        assert!(
            setting
                .cache
                .newer(&seen, RefreshReason::Signature)
                .await
                .is_none()
        );
    }
    assert_eq!(setting.asked(), 1);
    setting.rotate();
    let newer = setting.cache.newer(&seen, RefreshReason::Refused).await;
    assert_eq!(newer.unwrap().version.as_deref(), Some("1"));
    // The first forgery after it is measured with the new ones, which are at hand.
    assert!(
        setting
            .cache
            .newer(&seen, RefreshReason::Signature)
            .await
            .is_some()
    );
    assert_eq!(setting.asked(), 1);
}

#[tokio::test]
async fn a_doubt_during_an_outage_changes_nothing() {
    let setting = setting();
    let seen = setting.current().await.unwrap();
    setting.break_it(true);
    assert!(
        setting
            .cache
            .newer(&seen, RefreshReason::Refused)
            .await
            .is_none()
    );
    assert_eq!(setting.version().await, "0");
}
