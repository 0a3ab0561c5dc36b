//! Keys and tokens: made, used, ended.

use relay::domain::credentials::Secret;
use relay::sandbox::{Fault, Injection, Requests};
use relay::twilio::access::{Access, Failure, KeyType, PERMISSIONS, Promoted};
use relay::twilio::api::Login;

use super::*;

impl World {
    fn access(&self) -> Access {
        let transport = Box::new(InProcess(self.sandbox.clone()));
        Access::new(transport, "https://api.twilio.com")
    }

    fn login<'a>(&'a self, token: &'a Secret) -> Login<'a> {
        Login {
            user: &self.account.account_sid,
            password: token,
        }
    }

    async fn accepts(&self, user: &str, password: &Secret) -> bool {
        let login = Login { user, password };
        let account = &self.account.account_sid;
        self.access().accepts(login, account).await.unwrap()
    }
}

#[tokio::test]
async fn a_key_is_made_listed_used_and_deleted_and_its_secret_told_once() {
    let world = world();
    let (access, account) = (world.access(), &world.account.account_sid);
    let login = world.login(&world.account.auth_token);
    let made = access.create_key(login, account, "relay/x", KeyType::Standard);
    let made = made.await.unwrap();
    assert!(world.accepts(&made.sid, &made.secret).await);
    assert!(!world.accepts(&made.sid, &Secret::new("wrong")).await);

    let listed = access.keys(login, account).await.unwrap();
    let names: Vec<_> = listed.iter().map(|key| &*key.friendly_name).collect();
    assert!(names.contains(&"relay/x") && names.len() == 2, "{names:?}");
    let mut sandboxs_own = world.account.auth_token.expose().to_owned();
    sandboxs_own.insert_str(0, &format!("{account}:"));
    for path in ["/Keys.json".to_owned(), format!("/Keys/{}.json", made.sid)] {
        let shown = world.with_login(Method::GET, &path, &sandboxs_own);
        assert!(!shown.1.to_string().contains(made.secret.expose()));
    }

    access.delete_key(login, account, &made.sid).await.unwrap();
    assert!(!world.accepts(&made.sid, &made.secret).await);
    access.delete_key(login, account, &made.sid).await.unwrap();
}

impl World {
    fn with_login(&self, method: Method, path: &str, pair: &str) -> (u16, Value) {
        let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair);
        let request = Request::builder()
            .method(method)
            .uri(format!(
                "/2010-04-01/Accounts/{}{path}",
                self.account.account_sid
            ))
            .header("authorization", format!("Basic {basic}"))
            .body(Bytes::new())
            .unwrap();
        let answer = answer(self.sandbox.handle(request));
        let body = serde_json::from_slice(answer.body()).unwrap_or_default();
        (answer.status().as_u16(), body)
    }
}

#[tokio::test]
async fn a_standard_key_cannot_make_keys_and_a_restricted_one_only_what_its_policy_says() {
    let world = world();
    let (access, account) = (world.access(), &world.account.account_sid);
    let login = world.login(&world.account.auth_token);
    let standard = access.create_key(login, account, "s", KeyType::Standard);
    let standard = standard.await.unwrap();
    let restricted = access.create_key(login, account, "r", KeyType::Restricted);
    let restricted = restricted.await.unwrap();

    let refused = |key: &relay::twilio::access::NewKey| {
        let (user, password) = (key.sid.clone(), Secret::new(key.secret.expose()));
        let access = world.access();
        async move {
            let login = Login {
                user: &user,
                password: &password,
            };
            access
                .create_key(login, account, "x", KeyType::Standard)
                .await
        }
    };
    let error = refused(&standard).await.err().unwrap();
    assert!(matches!(error, Failure::Unauthorized(20003)), "{error}");
    let error = refused(&restricted).await.err().unwrap();
    assert!(
        matches!(error, Failure::Forbidden { code: 70051, .. }),
        "{error}"
    );

    assert!(PERMISSIONS.contains(&"/twilio/messaging/messages/read"));
    assert!(world.accepts(&restricted.sid, &restricted.secret).await);
    let login = Login {
        user: &restricted.sid,
        password: &restricted.secret,
    };
    let lacks = world.access().lacks_for_calls(login, account).await;
    assert_eq!(lacks.unwrap(), Vec::<&str>::new());
    let pair = format!("{}:{}", restricted.sid, restricted.secret.expose());
    let numbers = world.with_login(Method::GET, "/IncomingPhoneNumbers.json", &pair);
    assert_eq!((numbers.0, numbers.1["code"].as_u64()), (401, Some(70051)));
}

#[tokio::test]
async fn a_promotion_ends_the_old_token_at_once_and_webhooks_are_signed_with_the_new_one() {
    let world = world();
    let (access, old) = (world.access(), &world.account.auth_token);
    let account = &world.account.account_sid;
    assert_eq!(
        access.promote(world.login(old)).await.unwrap(),
        Promoted::NothingToPromote
    );
    let new = access.create_secondary(world.login(old)).await.unwrap();
    // Until then both are accepted, and the primary one signs.
    assert!(world.accepts(account, old).await && world.accepts(account, &new).await);
    world.texts(CUSTOMER, Text::new("before"));
    let before = world.webhooks();
    assert!(world.is_signed(&before[0]));
    world.sandbox.answered(before[0].id, 200, "");

    let promoted = access.promote(world.login(&new)).await.unwrap();
    assert_eq!(promoted, Promoted::Now);
    assert!(!world.accepts(account, old).await && world.accepts(account, &new).await);
    assert_eq!(world.sandbox.auth_token().expose(), new.expose());
    world.texts(CUSTOMER, Text::new("after"));
    assert!(!world.is_signed(&world.webhooks()[0]));
    let again = access.promote(world.login(&new)).await.unwrap();
    assert_eq!(again, Promoted::NothingToPromote);
}

#[tokio::test]
async fn a_secondary_token_may_be_thrown_away() {
    let world = world();
    let (access, old) = (world.access(), &world.account.auth_token);
    let new = access.create_secondary(world.login(old)).await.unwrap();
    access.delete_secondary(world.login(old)).await.unwrap();
    assert!(!world.accepts(&world.account.account_sid, &new).await);
    access.delete_secondary(world.login(old)).await.unwrap();
    let promoted = access.promote(world.login(old)).await.unwrap();
    assert_eq!(promoted, Promoted::NothingToPromote);
}

#[tokio::test]
async fn a_lost_answer_may_have_made_a_key_and_a_lost_request_has_not() {
    let world = world();
    let (access, account) = (world.access(), &world.account.account_sid);
    let login = world.login(&world.account.auth_token);
    for (fault, made) in [
        (Fault::LostAnswer, true),
        (Fault::ErrorAfterAccept { status: 502 }, true),
        (Fault::LostRequest, false),
        (Fault::ServerError { status: 503 }, false),
        (Fault::TooManyRequests { retry_after: None }, false),
    ] {
        let before = world.sandbox.api_keys().len();
        let fault = Injection::of(fault).on(Requests::CreateKey);
        world.sandbox.inject(fault);
        // A fault of keys leaves messages alone.
        accepted(world.sends(SERGIO, "hi").await);
        let answer = access.create_key(login, account, "x", KeyType::Standard);
        assert!(answer.await.is_err());
        assert_eq!(world.sandbox.api_keys().len() - before, usize::from(made));
    }
    assert!(world.sandbox.pending_faults().is_empty());
}

#[tokio::test]
async fn what_twilio_refuses_is_said_with_what_to_do() {
    let world = world();
    let (access, account) = (world.access(), &world.account.account_sid);
    let login = world.login(&world.account.auth_token);
    for (fault, words) in [
        (
            Fault::Refuse {
                code: 20003,
                status: 401,
            },
            "compare TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
        ),
        (
            Fault::Refuse {
                code: 20003,
                status: 403,
            },
            "with the account's SID and auth token",
        ),
        (
            Fault::TooManyRequests { retry_after: None },
            "wait a minute",
        ),
        (Fault::ServerError { status: 503 }, "HTTP 503"),
        (Fault::LostAnswer, "doing it again finds out"),
    ] {
        let fault = Injection::of(fault).on(Requests::ListKeys);
        world.sandbox.inject(fault);
        let error = access.keys(login, account).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_key_that_may_read_one_message_may_not_list_them() {
    let world = world();
    let account = &world.account.account_sid;
    let policy =
        r#"{"allow":["/twilio/messaging/messages/create","/twilio/messaging/messages/read"]}"#;
    let form = relay::twilio::form::Form::from_fields([
        ("FriendlyName", "old"),
        ("AccountSid", account),
        ("KeyType", "restricted"),
        ("Policy", policy),
    ]);
    let request = Request::post("/v1/Keys")
        .header(
            "authorization",
            world.login(&world.account.auth_token).basic(),
        )
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form.encode()))
        .unwrap();
    let made = answer(world.sandbox.handle(request));
    let made: Value = serde_json::from_slice(made.body()).unwrap();
    let (sid, secret) = (
        made["sid"].as_str().unwrap(),
        made["secret"].as_str().unwrap(),
    );

    let pair = format!("{sid}:{secret}");
    let get = |path: &str| world.with_login(Method::GET, path, &pair);
    let code = |(status, body): (u16, Value)| (status, body["code"].as_u64());
    assert_eq!(code(get("/Messages.json?PageSize=1")), (401, Some(70051)));
    let one = format!("/Messages/SM{}.json", "0".repeat(32));
    assert_eq!(code(get(&one)), (404, Some(20404)));

    // The check of the credentials says which permission is missing.
    let password = Secret::new(secret);
    let login = Login {
        user: sid,
        password: &password,
    };
    let lacks = world
        .access()
        .lacks_for_calls(login, account)
        .await
        .unwrap();
    let of_calls: Vec<_> = (PERMISSIONS.into_iter())
        .filter(|permission| permission.starts_with("/twilio/voice/"))
        .collect();
    assert_eq!(lacks, of_calls);
    let failure = world.access().accepts(login, account).await.err().unwrap();
    assert!(matches!(failure, Failure::MayNotList), "{failure}");
    let says = failure.to_string();
    assert!(says.contains("/twilio/messaging/messages/list"), "{says}");
}
