//! A rotation as Secrets Manager and the schedule ask for it, step by step and under faults.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use relay::clock::{Clock, ManualClock};
use relay::credentials::exchange::VersionedSecret;
use relay::credentials::rotation::four_steps::{Done, Event, Rotator, SecretsManagersStep, handle};
use relay::credentials::rotation::{LATE_WEBHOOKS, LONG_DRAIN, Subject};
use relay::domain::credentials::{API_KEY, PREVIOUS_NOT_AFTER, Secret};
use relay::sandbox::{Fault, InProcess, Injection, Requests};
use relay::twilio::access::{Access, KeyType};

use super::world::World;

const STEPS: [SecretsManagersStep; 4] = [
    SecretsManagersStep::CreateSecret,
    SecretsManagersStep::SetSecret,
    SecretsManagersStep::TestSecret,
    SecretsManagersStep::FinishSecret,
];

/// A rotation's version.
fn version(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

struct Cloud {
    world: World,
    rotator: Rotator,
    /// Secrets Manager's times are real ones.
    clock: Arc<ManualClock>,
}

impl Cloud {
    async fn new(subject: Subject) -> Self {
        let world = World::new().await;
        let clock = Arc::new(ManualClock::at(Timestamp::now()));
        let transport = Box::new(InProcess(world.sandbox.clone()));
        let rotator = Rotator {
            secret: world.secret.clone(),
            access: Access::new(transport, "https://api.twilio.com"),
            subject,
            key_type: KeyType::Standard,
            clock: clock.clone(),
        };
        Self {
            world,
            rotator,
            clock,
        }
    }

    async fn step(&self, step: SecretsManagersStep, number: u32) -> anyhow::Result<Done> {
        let event = Event::Step {
            step,
            secret_id: self.rotator.secret.id().to_owned(),
            client_request_token: version(number),
        };
        handle(&self.rotator, event).await
    }

    /// As Secrets Manager does it: a step that fails comes again.
    async fn steps(&self, number: u32) {
        for step in STEPS {
            let mut last = None;
            for _ in 0..5 {
                match self.step(step, number).await {
                    Ok(_) => {
                        last = None;
                        break;
                    }
                    Err(error) => last = Some(error),
                }
            }
            assert!(last.is_none(), "{step:?}: {last:?}");
        }
    }

    async fn finish(&self) -> anyhow::Result<Done> {
        handle(&self.rotator, Event::Finish { finish: true }).await
    }

    async fn nobody_suffers(&self) {
        let credentials = self.world.in_secret().await;
        assert!(self.world.sends(&credentials).await);
        assert!(self.world.lets_in(&credentials));
    }
}

#[tokio::test]
async fn the_old_key_is_ended_an_hour_after_the_switch_and_the_next_rotation_may_begin() {
    let cloud = Cloud::new(Subject::ApiKey).await;
    for number in 1..3 {
        let old = cloud.world.in_secret().await;
        cloud.steps(number).await;
        cloud.steps(number).await;
        cloud.nobody_suffers().await;
        assert_eq!(cloud.world.sandbox.api_keys().len(), 2);
        assert!(cloud.world.sends(&old).await, "somebody may still have it");
        assert!(matches!(cloud.finish().await.unwrap(), Done::NotBefore(_)));
        let error = cloud.step(STEPS[0], number + 10).await.unwrap_err();
        assert!(error.to_string().contains("not finished"), "{error}");

        cloud.clock.advance(LONG_DRAIN + Duration::from_secs(5));
        assert_eq!(cloud.finish().await.unwrap(), Done::OldProvenDead);
        assert_eq!(cloud.finish().await.unwrap(), Done::NothingToFinish);
        cloud.nobody_suffers().await;
        assert!(!cloud.world.sends(&old).await);
        assert_eq!(cloud.world.sandbox.api_keys().len(), 1);
        let kept = cloud.world.secret.current().await.unwrap();
        let json = kept.values.to_json();
        assert!(!json.contains("_PREVIOUS") && !json.contains("RELAY_"));
        assert!(json.contains("of another service"));
        // A pending version beside the current one would block Secrets Manager.
        let pending = cloud.world.secret.pending(&version(number)).await;
        assert!(pending.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_token_is_promoted_when_everybody_accepts_both_and_forgotten_later() {
    let cloud = Cloud::new(Subject::AuthToken).await;
    let old = cloud.world.in_secret().await;
    cloud.steps(1).await;
    cloud.nobody_suffers().await;
    assert!(
        cloud.world.lets_in(&old),
        "Twilio still signs with the old one"
    );
    cloud.clock.advance(LONG_DRAIN + Duration::from_secs(5));
    assert_eq!(cloud.finish().await.unwrap(), Done::OldProvenDead);
    cloud.nobody_suffers().await;
    assert!(!cloud.world.lets_in(&old));
    let values = cloud.world.secret.current().await.unwrap().values;
    let until: Timestamp = values
        .get(PREVIOUS_NOT_AFTER)
        .unwrap()
        .expose()
        .parse()
        .unwrap();
    assert_eq!(until, cloud.clock.now() + LATE_WEBHOOKS);
    assert_eq!(cloud.finish().await.unwrap(), Done::NothingToFinish);
    cloud.clock.advance(LATE_WEBHOOKS + Duration::from_secs(1));
    assert_eq!(cloud.finish().await.unwrap(), Done::Forgotten);
    let values = cloud.world.secret.current().await.unwrap().values;
    assert!(!values.to_json().contains("_PREVIOUS"));
    cloud.nobody_suffers().await;
}

#[tokio::test]
async fn a_step_that_twilio_fails_is_repeated_without_a_key_too_many() {
    for (subject, requests) in [
        (Subject::ApiKey, Requests::ListKeys),
        (Subject::ApiKey, Requests::CreateKey),
        (Subject::ApiKey, Requests::DeleteKey),
        (Subject::AuthToken, Requests::CreateSecondary),
        (Subject::AuthToken, Requests::Promote),
    ] {
        for fault in [
            Fault::LostAnswer,
            Fault::LostRequest,
            Fault::ServerError { status: 503 },
            Fault::TooManyRequests { retry_after: None },
        ] {
            let cloud = Cloud::new(subject).await;
            let fault = Injection::of(fault).on(requests);
            cloud.world.sandbox.inject(fault);
            cloud.steps(1).await;
            cloud.nobody_suffers().await;
            cloud.clock.advance(LONG_DRAIN + Duration::from_secs(5));
            if cloud.finish().await.is_err() {
                cloud.nobody_suffers().await;
                assert_eq!(cloud.finish().await.unwrap(), Done::OldProvenDead);
            }
            cloud.nobody_suffers().await;
            assert!(cloud.world.sandbox.pending_faults().is_empty());
            assert_eq!(cloud.world.sandbox.api_keys().len(), 1, "{requests:?}");
        }
    }
}

#[tokio::test]
async fn a_secret_that_was_changed_since_the_rotation_began_is_left_alone() {
    let cloud = Cloud::new(Subject::ApiKey).await;
    cloud.step(STEPS[0], 1).await.unwrap();
    let current = cloud.world.secret.current().await.unwrap();
    let mut theirs = current.values;
    theirs.set(API_KEY, Secret::new("SK".to_owned() + &"9".repeat(32)));
    let secret = &cloud.world.secret;
    secret.replace(&current.version, &theirs).await.unwrap();
    let error = cloud.step(STEPS[3], 1).await.unwrap_err().to_string();
    assert!(
        error.contains("somebody else changed TWILIO_API_KEY"),
        "{error}"
    );
    let after = secret.current().await.unwrap().values;
    assert_eq!(*after.to_json(), *theirs.to_json());
}

#[tokio::test]
async fn a_pending_version_that_the_function_did_not_make_is_tested_all_the_same() {
    let cloud = Cloud::new(Subject::ApiKey).await;
    let current = cloud.world.secret.current().await.unwrap();
    let secret = &cloud.world.secret;
    secret
        .put_pending(&version(7), &current.values)
        .await
        .unwrap();
    assert_eq!(cloud.step(STEPS[2], 7).await.unwrap(), Done::Tested);
    let error = cloud.step(STEPS[2], 8).await.unwrap_err().to_string();
    assert!(error.contains("neither pending nor current"), "{error}");
}
