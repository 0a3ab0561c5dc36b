//! Seeding and pulling, against a secret that others change.

use relay::credentials::exchange::Direction::{Pull, Seed};
use relay::credentials::exchange::{NotStored, VersionedSecret};
use relay::credentials::rotation::Subject;
use relay::credentials::values::Values;
use relay::domain::credentials::{
    API_KEY, API_SECRET, AUDIT_KEY, AUTH_TOKEN, PREVIOUS_AUTH_TOKEN, Secret,
};

use super::world::World;

fn key(digit: char) -> Secret {
    Secret::new("SK".to_owned() + &digit.to_string().repeat(32))
}

impl World {
    fn edit(&self, name: &str, value: Option<&Secret>) {
        let mut change = |values: &mut Values| match value {
            Some(value) => values.set(name, value.duplicate()),
            None => values.remove(name),
        };
        self.places.file.edit(&mut change).unwrap();
    }

    /// Somebody else changes the secret.
    async fn somebody_sets(&self, name: &str, value: &Secret) {
        let current = self.secret.current().await.unwrap();
        let mut values = current.values;
        values.set(name, Secret::new(value.expose()));
        self.secret
            .replace(&current.version, &values)
            .await
            .unwrap();
    }

    async fn secret_has(&self, name: &str) -> Option<String> {
        let current = self.secret.current().await.unwrap();
        current
            .values
            .get(name)
            .map(|value| value.expose().to_owned())
    }

    async fn version(&self) -> String {
        self.secret.current().await.unwrap().version
    }
}

#[tokio::test]
async fn what_is_new_in_the_file_goes_into_the_secret_once() {
    let world = World::new().await;
    world.exchange().run(Seed, false).await.unwrap();
    let before = world.version().await;
    world.edit(API_KEY, Some(&key('2')));
    let planned = world.exchange().run(Seed, true).await.unwrap();
    assert_eq!(planned.set, [API_KEY]);
    assert_eq!(world.version().await, before, "a dry run changes nothing");

    let done = world.exchange().run(Seed, false).await.unwrap();
    assert_eq!(done, planned);
    assert_eq!(world.secret_has(API_KEY).await.unwrap(), key('2').expose());
    assert_eq!(
        world.secret_has("OTHER").await.unwrap(),
        "of another service"
    );
    let after = world.version().await;
    assert_ne!(after, before);
    // Nothing changed, so there is no further version.
    assert!(
        world
            .exchange()
            .run(Seed, false)
            .await
            .unwrap()
            .is_nothing()
    );
    assert_eq!(world.version().await, after);
}

#[tokio::test]
async fn seeding_makes_an_audit_key_once_for_both() {
    let world = World::new().await;
    let planned = world.exchange().run(Seed, true).await.unwrap();
    assert!(!planned.set.iter().any(|name| name == AUDIT_KEY));
    world.exchange().run(Seed, false).await.unwrap();
    let key = world.secret_has(AUDIT_KEY).await.unwrap();
    assert_eq!(key.len(), 64);
    let in_file = world.places.file.values().unwrap();
    assert_eq!(in_file.get(AUDIT_KEY).unwrap().expose(), key);
    assert!(
        world
            .exchange()
            .run(Seed, false)
            .await
            .unwrap()
            .is_nothing()
    );
    assert_eq!(world.secret_has(AUDIT_KEY).await.unwrap(), key);
}

#[tokio::test]
async fn who_joins_with_a_new_file_gets_the_audit_key_that_is_in_use() {
    let world = World::new().await;
    let (ours, theirs) = (Secret::new("a".repeat(64)), Secret::new("b".repeat(64)));
    world.somebody_sets(AUDIT_KEY, &theirs).await;
    world.edit(AUDIT_KEY, Some(&ours));
    let seeded = world.exchange().run(Seed, true).await.unwrap();
    assert_eq!(seeded.left, [AUDIT_KEY]);
    world.exchange().run(Pull, false).await.unwrap();
    let file = world.places.file.values().unwrap();
    assert_eq!(file.get(AUDIT_KEY), Some(&theirs));
}

#[tokio::test]
async fn a_key_that_was_rotated_in_the_cloud_does_not_come_back_by_seeding() {
    let world = World::new().await;
    world.exchange().run(Seed, false).await.unwrap();
    world.somebody_sets(API_KEY, &key('3')).await;
    let error = world
        .exchange()
        .run(Seed, false)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("relay secrets pull"), "{error}");
    assert_eq!(world.secret_has(API_KEY).await.unwrap(), key('3').expose());

    let planned = world.exchange().run(Pull, true).await.unwrap();
    assert_eq!(planned.set, [API_KEY]);
    assert_ne!(world.in_file().api_key.unwrap().sid, key('3').expose());
    world.exchange().run(Pull, false).await.unwrap();
    assert_eq!(world.in_file().api_key.unwrap().sid, key('3').expose());
    assert!(
        world
            .exchange()
            .run(Seed, false)
            .await
            .unwrap()
            .is_nothing()
    );
}

#[tokio::test]
async fn what_changed_in_both_is_left_to_people() {
    let world = World::new().await;
    world.exchange().run(Seed, false).await.unwrap();
    world.somebody_sets(API_KEY, &key('3')).await;
    world.edit(API_KEY, Some(&key('2')));
    for error in [
        world.exchange().run(Seed, false).await.unwrap_err(),
        world.exchange().run(Pull, false).await.unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains(API_KEY) && error.contains("nothing was changed"));
        assert!(!error.contains(key('2').expose()) && !error.contains(key('3').expose()));
    }
    assert_eq!(world.secret_has(API_KEY).await.unwrap(), key('3').expose());
}

#[tokio::test]
async fn what_was_taken_out_of_one_place_is_taken_out_of_the_other() {
    let world = World::new().await;
    world.edit(PREVIOUS_AUTH_TOKEN, Some(&Secret::new("b1".repeat(16))));
    world.exchange().run(Seed, false).await.unwrap();
    assert!(world.secret_has(PREVIOUS_AUTH_TOKEN).await.is_some());
    world.edit(PREVIOUS_AUTH_TOKEN, None);
    let done = world.exchange().run(Seed, false).await.unwrap();
    assert_eq!(done.removed, [PREVIOUS_AUTH_TOKEN]);
    assert_eq!(world.secret_has(PREVIOUS_AUTH_TOKEN).await, None);
}

#[tokio::test]
async fn credentials_that_no_function_could_use_are_not_seeded() {
    let world = World::new().await;
    let before = world.version().await;
    world.edit(API_SECRET, None);
    let error = world
        .exchange()
        .run(Seed, false)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("TWILIO_API_SECRET is not"), "{error}");
    world.edit(AUTH_TOKEN, None);
    assert!(world.exchange().run(Seed, false).await.is_err());
    assert_eq!(world.version().await, before);
}

#[tokio::test]
async fn of_two_who_write_at_once_one_is_told_to_look_again() {
    let world = World::new().await;
    let seen = world.secret.current().await.unwrap();
    let values = |digit| {
        let mut values = seen.values.duplicate();
        values.set(API_KEY, key(digit));
        values
    };
    let (one, other) = (values('2'), values('3'));
    let first = world.secret.replace(&seen.version, &one).await.unwrap();
    let second = world.secret.replace(&seen.version, &other).await;
    assert!(matches!(second, Err(NotStored::ChangedMeanwhile(_))));
    assert_eq!(world.version().await, first);
    assert_eq!(world.secret_has(API_KEY).await.unwrap(), key('2').expose());
    // The first again, as if its answer had been lost.
    let again = world.secret.replace(&seen.version, &one).await.unwrap();
    assert_eq!(again, first);
}

#[tokio::test]
async fn many_who_write_at_once_lose_nothing_that_was_said_to_be_written() {
    let world = World::new().await;
    let store = &world.secret;
    let writers = (0..8).map(|number| async move {
        // Each adds a member of its own, and tries again when told to.
        for _ in 0..50 {
            let current = store.current().await.unwrap();
            let mut values = current.values;
            values.set(&format!("WRITER_{number}"), Secret::new("was here"));
            match store.replace(&current.version, &values).await {
                Ok(_) => return,
                Err(NotStored::ChangedMeanwhile(_)) => {}
                Err(error) => panic!("{error:#}"),
            }
        }
        panic!("writer {number} never got through");
    });
    futures::future::join_all(writers).await;
    for number in 0..8 {
        let written = world.secret_has(&format!("WRITER_{number}")).await;
        assert!(written.is_some(), "what writer {number} wrote is lost");
    }
}

#[tokio::test]
async fn an_unfinished_rotation_is_neither_seeded_nor_pulled_over() {
    let world = World::new().await;
    world.fuse.set(9, false);
    world.rotate(Subject::ApiKey).await.unwrap_err();
    world.mend();
    for error in [
        world.exchange().run(Seed, false).await.unwrap_err(),
        world.exchange().run(Pull, false).await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("rotate --resume"), "{error}");
    }
}
