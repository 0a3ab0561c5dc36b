//! Rotations: ended at every point and resumed, under every fault of Twilio's, and beside others who
//! change the same secret.

mod cloud;
mod exchange;
mod world;

use relay::clock::Clock;
use relay::credentials::exchange::VersionedSecret;
use relay::credentials::rotation::{DRAIN, LATE_WEBHOOKS, Step, Subject};
use relay::credentials::values::Values;
use relay::domain::credentials::{API_KEY, AUTH_TOKEN, Secret};
use relay::sandbox::{Fault, Injection, Requests};
use world::World;

const SUBJECTS: [Subject; 2] = [Subject::ApiKey, Subject::AuthToken];

/// Nobody's text fails and nobody's webhook is refused, wherever the rotation is.
async fn nobody_suffers(world: &World, at: &str) {
    let journal = world.places.unfinished().unwrap();
    let mut who = vec![
        ("file", world.in_file()),
        ("secret", world.in_secret().await),
    ];
    for (place, credentials) in who.drain(..) {
        assert!(world.sends(&credentials).await, "{at}: {place} cannot send");
        assert!(world.lets_in(&credentials), "{at}: {place} lets nothing in");
    }
    // Until it is drained, somebody may have kept what was there before.
    if journal.is_some_and(|journal| journal.step <= Step::Switched) {
        assert!(world.sends(&world.kept).await, "{at}: kept cannot send");
        assert!(world.lets_in(&world.kept), "{at}: kept lets nothing in");
    }
}

/// One key or token lives, the old one is dead, and nothing is left over.
async fn is_done(world: &World, subject: Subject, at: &str) {
    let (file, secret) = (world.in_file(), world.in_secret().await);
    nobody_suffers(world, at).await;
    let key = |c: &relay::domain::credentials::Credentials| c.api_key.as_ref().unwrap().sid.clone();
    assert_eq!(key(&file), key(&secret), "{at}");
    assert_eq!(file.auth_token.expose(), secret.auth_token.expose(), "{at}");
    match subject {
        Subject::ApiKey => {
            assert_ne!(key(&file), key(&world.kept), "{at}");
            assert!(!world.sends(&world.kept).await, "{at}: the old key lives");
        }
        Subject::AuthToken => {
            let (new, old) = (&file.auth_token, &world.kept.auth_token);
            assert_ne!(new.expose(), old.expose(), "{at}");
            assert!(!world.lets_in(&world.kept), "{at}: the old token signs");
        }
    }
    let alive: Vec<_> = world.sandbox.api_keys();
    assert_eq!(alive.len(), 1, "{at}: {alive:?}");
    assert_eq!(alive[0].0, key(&file), "{at}");
    for values in [
        world.places.file.values().unwrap(),
        world.secret.current().await.unwrap().values,
    ] {
        for name in [API_KEY, AUTH_TOKEN] {
            for end in ["_NEXT", "_PREVIOUS"] {
                let name = format!("{name}{end}");
                assert!(values.get(&name).is_none(), "{at}: {name} is left");
            }
        }
        assert_eq!(values.get("OTHER").unwrap().expose(), "of another service");
    }
    assert_eq!(world.left_behind(), Vec::<String>::new(), "{at}");
    assert!(world.exchange().agree().await.unwrap(), "{at}");
}

#[tokio::test]
async fn the_old_one_outlives_whoever_has_it_and_late_webhooks_come_in() {
    for subject in SUBJECTS {
        let world = World::new().await;
        let began = world.clock.now();
        world.rotate(subject).await.unwrap();
        let drained = began + DRAIN;
        let mut waits = vec![(Step::Switched, drained)];
        if subject == Subject::AuthToken {
            let late = LATE_WEBHOOKS.min(DRAIN);
            waits.push((Step::OldProvenDead, drained + late));
        }
        assert_eq!(*world.waits.lock().unwrap(), waits, "{subject:?}");
    }
}

#[tokio::test]
async fn a_rotation_that_ends_at_any_point_is_resumed_to_its_end() {
    for subject in SUBJECTS {
        for after in [false, true] {
            let mut points = 0;
            loop {
                let world = World::new().await;
                world.fuse.set(points, after);
                let ended = world.rotate(subject).await;
                let at = format!("{subject:?}, point {points}, after: {after}");
                if !world.fuse.is_blown() {
                    ended.unwrap();
                    is_done(&world, subject, &at).await;
                    break;
                }
                ended.unwrap_err();
                world.mend();
                nobody_suffers(&world, &at).await;
                // The end may have come right after the last thing there was to do.
                let is_over = world.places.unfinished().unwrap().is_none()
                    && world.in_file().auth_token.expose() != world.kept.auth_token.expose();
                let key = world.in_file().api_key.unwrap().sid;
                let key_is_new = key != world.kept.api_key.as_ref().unwrap().sid;
                let is_over =
                    is_over || (key_is_new && world.places.unfinished().unwrap().is_none());
                if !is_over {
                    world.rotate(subject).await.unwrap();
                }
                is_done(&world, subject, &at).await;
                points += 1;
            }
            assert!(points > 15, "{subject:?}: only {points} points");
        }
    }
}

#[tokio::test]
async fn a_rotation_that_ends_twice_is_resumed_twice() {
    for subject in SUBJECTS {
        for (first, second) in [(5, 0), (6, 3), (9, 2), (12, 5)] {
            let world = World::new().await;
            for points in [first, second] {
                world.fuse.set(points, true);
                world.rotate(subject).await.unwrap_err();
                world.mend();
                nobody_suffers(&world, "between").await;
            }
            world.rotate(subject).await.unwrap();
            is_done(&world, subject, &format!("{subject:?} {first} {second}")).await;
        }
    }
}

#[tokio::test]
async fn no_fault_of_twilios_leaves_a_second_key_or_no_key() {
    let faults = [
        Fault::LostRequest,
        Fault::LostAnswer,
        Fault::Refuse {
            code: 20003,
            status: 401,
        },
        Fault::Refuse {
            code: 20003,
            status: 403,
        },
        Fault::TooManyRequests { retry_after: None },
        Fault::ServerError { status: 503 },
        Fault::ErrorAfterAccept { status: 502 },
    ];
    let of_keys = [Requests::ListKeys, Requests::CreateKey, Requests::DeleteKey];
    let of_tokens = [
        Requests::DeleteSecondary,
        Requests::CreateSecondary,
        Requests::Promote,
    ];
    for (subject, requests) in [(Subject::ApiKey, of_keys), (Subject::AuthToken, of_tokens)] {
        for requests in requests {
            for fault in &faults {
                let at = format!("{requests:?} {fault:?}");
                let world = World::new().await;
                world
                    .sandbox
                    .inject(Injection::of(fault.clone()).on(requests));
                let error = world.rotate(subject).await.expect_err(&at);
                let error = format!("{error:#}");
                assert!(error.contains("Twilio"), "{at}: {error}");
                nobody_suffers(&world, &at).await;
                world.rotate(subject).await.unwrap();
                is_done(&world, subject, &at).await;
            }
        }
    }
}

#[tokio::test]
async fn a_secret_that_somebody_else_changes_meanwhile_is_left_as_it_is() {
    let world = World::new().await;
    // The program ends before the switch.
    world.fuse.set(9, false);
    world.rotate(Subject::ApiKey).await.unwrap_err();
    world.mend();
    let current = world.secret.current().await.unwrap();
    let mut theirs = current.values.duplicate();
    theirs.set(API_KEY, Secret::new("SK".to_owned() + &"9".repeat(32)));
    world
        .secret
        .replace(&current.version, &theirs)
        .await
        .unwrap();
    let error = world.rotate(Subject::ApiKey).await.unwrap_err().to_string();
    assert!(
        error.contains("somebody else changed the API key"),
        "{error}"
    );
    let after = world.secret.current().await.unwrap();
    assert_eq!(*after.values.to_json(), *theirs.to_json());

    // Given up, what it made is gone from Twilio and from the file.
    let journal = world.places.unfinished().unwrap().unwrap();
    world
        .places
        .abandon(&journal, &world.twilio())
        .await
        .unwrap();
    assert_eq!(world.sandbox.api_keys().len(), 1);
    assert_eq!(world.left_behind(), Vec::<String>::new());
    assert!(world.sends(&world.in_file()).await);
}

#[tokio::test]
async fn a_secondary_token_that_somebody_deletes_is_noticed_before_anything_is_void() {
    let world = World::new().await;
    let owner = relay::twilio::api::Login {
        user: &world.kept.account_sid,
        password: &world.kept.auth_token,
    };
    world.fuse.set(6, true);
    world.rotate(Subject::AuthToken).await.unwrap_err();
    world.mend();
    world.access.delete_secondary(owner).await.unwrap();
    let error = world.rotate(Subject::AuthToken).await.unwrap_err();
    assert!(error.to_string().contains("it was taken back"), "{error}");
    nobody_suffers(&world, "taken back").await;
    world.rotate(Subject::AuthToken).await.unwrap();
    is_done(&world, Subject::AuthToken, "with another token").await;
}

#[tokio::test]
async fn a_file_that_differs_from_its_secret_is_not_rotated() {
    let world = World::new().await;
    let other = "SK".to_owned() + &"8".repeat(32);
    let mut set = |values: &mut Values| values.set(API_KEY, Secret::new(other.as_str()));
    world.places.file.edit(&mut set).unwrap();
    let error = world.rotate(Subject::ApiKey).await.unwrap_err().to_string();
    assert!(error.contains("relay secrets diff"), "{error}");
    assert_eq!(world.sandbox.api_keys().len(), 1);
}
