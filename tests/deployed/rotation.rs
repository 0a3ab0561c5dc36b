//! The function that rotates credentials, as Secrets Manager and its schedule invoke it, and the
//! other functions meanwhile.

use relay::domain::credentials::Secret;
use relay::sandbox::Text;
use relay::twilio::access::Access;
use relay::twilio::api::Login;
use relay::twilio::network::Network;
use serde_json::{Value, json};

use super::lambda::Failed;
use super::world::{SERGIO, World, sid};

const VERSION: &str = "00000000-0000-4000-8000-000000000001";
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

impl World {
    async fn rotation_step(&self, step: &str) -> Result<Value, Failed> {
        let event = json!({
            "Step": step,
            "SecretId": self.stack.output("CredentialsSecretArn"),
            "ClientRequestToken": VERSION,
        });
        self.function("rotate-credentials").invoke(&event).await
    }

    /// Everything that Secrets Manager asks for, and what the schedule does after that.
    pub async fn rotate(&self) -> Value {
        for step in STEPS {
            self.rotation_step(step).await.unwrap();
        }
        self.finish_rotation().await
    }

    async fn finish_rotation(&self) -> Value {
        let event = json!({"finish": true});
        let function = self.function("rotate-credentials");
        function.invoke(&event).await.unwrap()
    }

    async fn secret(&self) -> Value {
        let asked = json!({
            "SecretId": self.stack.output("CredentialsSecretArn"),
            "VersionStage": "AWSCURRENT",
        });
        let got = self.aws.call("secretsmanager.GetSecretValue", asked).await;
        serde_json::from_str(got["SecretString"].as_str().unwrap()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_fails_no_text_even_if_the_old_key_is_gone_too_early() {
    let world = World::deployed().await;
    let old = world
        .sandbox
        .account()
        .api_key
        .as_ref()
        .unwrap()
        .sid
        .clone();
    world.customer_texts(Text::new("before"));
    world.receives(SERGIO, 1).await;

    // Every step twice, as it may come.
    for step in STEPS {
        for _ in 0..2 {
            world.rotation_step(step).await.unwrap();
        }
    }
    let secret = world.secret().await;
    let new = secret["TWILIO_API_KEY"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    assert_eq!(world.sandbox.api_keys().len(), 2, "one new key, none lost");
    let finished = world.finish_rotation().await;
    assert!(finished["not_before"].is_string(), "{finished}");

    // Somebody deletes the key that the worker still has.
    let access = Access::new(Box::new(Network::new()), world.twilio_url());
    let account = world.sandbox.account();
    let login = Login {
        user: &account.account_sid,
        password: &account.auth_token,
    };
    let deleted = access.delete_key(login, &account.account_sid, &old);
    deleted.await.unwrap();
    world.customer_texts(Text::new("after"));
    let received = world.receives(SERGIO, 2).await;
    assert!(received[1].contains("after"), "{received:?}");
    world.settles().await;
    let log = world.function("rotate-credentials").log().join("\n");
    let secrets = [
        "TWILIO_API_SECRET",
        "TWILIO_API_SECRET_PREVIOUS",
        "TWILIO_AUTH_TOKEN",
    ];
    for name in secrets {
        assert!(
            !log.contains(secret[name].as_str().unwrap()),
            "{name} is in the log"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_signed_with_a_token_that_was_just_promoted_is_let_in() {
    let world = World::with_silent_queue().await;
    let account = world.sandbox.account();
    assert_eq!(
        world
            .post_text(&sid('1'), account.auth_token.expose())
            .await,
        200
    );
    // Promoted by hand, and the secret replaced only after that.
    let mut secret = world.secret().await;
    secret["TWILIO_AUTH_TOKEN_PREVIOUS"] = secret["TWILIO_AUTH_TOKEN"].clone();
    let new = Secret::new("0123456789abcdef".repeat(2));
    secret["TWILIO_AUTH_TOKEN"] = new.expose().into();
    let put = json!({
        "SecretId": world.stack.output("CredentialsSecretArn"),
        "SecretString": secret.to_string(),
        "ClientRequestToken": "1".repeat(32),
    });
    world.aws.call("secretsmanager.PutSecretValue", put).await;
    assert_eq!(world.post_text(&sid('2'), new.expose()).await, 200);
    assert_eq!(
        world
            .post_text(&sid('3'), account.auth_token.expose())
            .await,
        200
    );
    assert_eq!(world.post_text(&sid('4'), "forged").await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_for_another_secret_is_refused() {
    let world = World::with_silent_queue().await;
    let event = json!({
        "Step": "createSecret",
        "SecretId": "arn:aws:secretsmanager:us-west-2:123456789012:secret:other",
        "ClientRequestToken": VERSION,
    });
    let function = world.function("rotate-credentials");
    let Failed(why) = function.invoke(&event).await.unwrap_err();
    assert!(why.contains("rotates"), "{why}");
    assert_eq!(world.sandbox.api_keys().len(), 1);
}
