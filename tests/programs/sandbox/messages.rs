use serde_json::json;

use super::*;

#[tokio::test]
async fn a_message_arrives_and_each_step_is_called_back_but_the_first() {
    let world = world();
    let sid = accepted(world.sends(SERGIO, "From a customer: hi").await);
    let fetch = async || {
        let message = world.client.message(&world.account, &sid).await;
        message.unwrap().unwrap().status
    };
    assert_eq!(fetch().await, "queued");
    assert_eq!(world.screen(SERGIO), Vec::<String>::new());
    let mut statuses = Vec::new();
    loop {
        let due = world.webhooks();
        if due.is_empty() {
            break;
        }
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].url, STATUS_URL);
        assert!(world.is_signed(&due[0]));
        let form = Form::parse(due[0].body.as_bytes()).unwrap();
        assert_eq!(form.get("MessageSid"), Some(sid.as_str()));
        let status = form.get("MessageStatus").unwrap().to_owned();
        assert_eq!(form.get("SmsStatus"), Some(status.as_str()));
        assert_eq!(form.get("RawDlrDoneDate").is_some(), status == "delivered");
        assert_eq!(fetch().await, status);
        statuses.push(status);
        world.sandbox.answered(due[0].id, 200, "");
    }
    assert_eq!(statuses, ["sending", "sent", "delivered"]);
    assert_eq!(world.screen(SERGIO), ["< From a customer: hi"]);
}

#[test]
fn a_message_has_the_shape_of_twilios_resource() {
    let world = world();
    let form = [
        ("To", SERGIO),
        ("From", LINE),
        ("Body", "hi"),
        ("MediaUrl", "https://media.example.com/a.gif"),
    ];
    let (status, created) = world.json(Method::POST, "/Messages.json", &form);
    assert_eq!(status, 201);
    let sid = created["sid"].as_str().unwrap();
    let account = &world.account.account_sid;
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{sid}");
    let expected = json!({
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": "hi",
        "date_created": "Mon, 05 Jan 2026 17:00:00 +0000",
        "date_sent": null,
        "date_updated": "Mon, 05 Jan 2026 17:00:00 +0000",
        "direction": "outbound-api",
        "error_code": null,
        "error_message": null,
        "from": LINE,
        "messaging_service_sid": null,
        "num_media": "1",
        "num_segments": "1",
        "price": null,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "to": SERGIO,
        "uri": format!("{uri}.json"),
    });
    assert_eq!(created, expected);
    let (_, media) = world.json(Method::GET, &format!("/Messages/{sid}/Media.json"), &[]);
    assert_eq!(media["media_list"][0]["content_type"], "image/gif");
}

#[test]
fn what_twilio_refuses_is_refused_with_its_code() {
    let world = world();
    let long = "x".repeat(1601);
    let base = [("To", SERGIO), ("From", LINE), ("Body", "hi")];
    let with = |changes: &[(&'static str, &'static str)]| {
        let mut form: Vec<(&str, &str)> = base.to_vec();
        form.retain(|(name, _)| !changes.iter().any(|(n, _)| n == name));
        form.extend(changes.iter().filter(|(_, value)| *value != "(absent)"));
        world.refusal(&form)
    };
    assert_eq!(with(&[("To", "(absent)")]), (400, 21604));
    assert_eq!(with(&[("To", "")]), (400, 21604));
    assert_eq!(with(&[("From", "(absent)")]), (400, 21603));
    assert_eq!(with(&[("Body", "")]), (400, 21602));
    assert_eq!(with(&[("Body", "(absent)")]), (400, 21619));
    assert_eq!(with(&[("To", "619-555")]), (400, 21211));
    assert_eq!(with(&[("From", "+16195550199")]), (400, 21606));
    assert_eq!(with(&[("To", LINE)]), (400, 21266));
    assert_eq!(with(&[("MediaUrl", "ftp://a.example/b")]), (400, 21620));
    assert_eq!(with(&[("StatusCallback", "relay")]), (400, 21609));
    assert_eq!(
        with(&[("MessagingServiceSid", "MG1"), ("From", "(absent)")]),
        (400, 21701)
    );
    assert_eq!(with(&[("ValidityPeriod", "0")]).0, 400);
    let too_long = [("To", SERGIO), ("From", LINE), ("Body", long.as_str())];
    assert_eq!(world.refusal(&too_long), (400, 21617));
    let mut too_many = base.to_vec();
    too_many.extend([("MediaUrl", "https://a.example/b"); 11]);
    assert_eq!(world.refusal(&too_many), (400, 21623));
    assert!(world.sandbox.messages().is_empty());
}

#[test]
fn the_magic_numbers_behave_as_documented() {
    let world = world();
    let magic = "+15005550006";
    let send = |from: &str, to: &str| {
        world
            .refusal(&[("To", to), ("From", from), ("Body", "hi")])
            .1
    };
    let refused_senders = [("01", 21212), ("07", 21606), ("08", 21611)];
    for (ending, code) in refused_senders {
        assert_eq!(send(&format!("+150055500{ending}"), SERGIO), code);
    }
    let refused_recipients = [
        ("01", 21211),
        ("02", 21612),
        ("03", 21408),
        ("04", 21610),
        ("09", 21614),
    ];
    for (ending, code) in refused_recipients {
        assert_eq!(send(magic, &format!("+150055500{ending}")), code);
        assert_eq!(send(LINE, &format!("+150055500{ending}")), code);
    }
    assert_eq!(send(magic, SERGIO), 0, "no error");
    assert!(world.all_webhooks().is_empty());
    assert_eq!(
        world.screen(SERGIO),
        Vec::<String>::new(),
        "nothing is really sent"
    );
}

#[tokio::test]
async fn token_and_api_key_are_accepted_and_nothing_else() {
    let world = world();
    let mut account = demo_account();
    account.api_key = None;
    let list = async |account: &Credentials| {
        let listed = world.listed(account, EVER).await;
        listed.map(|messages| messages.len())
    };
    assert_eq!(list(&account).await.unwrap(), 0);
    assert_eq!(list(&world.account).await.unwrap(), 0);
    account.auth_token = relay::domain::credentials::Secret::new("wrong");
    let error = list(&account).await.unwrap_err().to_string();
    assert!(error.contains("401") && error.contains("20003"), "{error}");
    assert!(!error.contains("wrong"), "{error}");
}

#[test]
fn what_does_not_exist_is_not_found() {
    let world = world();
    let nobody = "SM".to_owned() + &"0".repeat(32);
    for path in [
        format!("/Messages/{nobody}.json"),
        "/Conferences.json".into(),
    ] {
        let (status, body) = world.json(Method::GET, &path, &[]);
        assert_eq!(
            (status, body["code"].as_u64()),
            (404, Some(20404)),
            "{path}"
        );
    }
    let (status, _) = world.json(Method::DELETE, "/Messages.json", &[]);
    assert_eq!(status, 405);
}

#[tokio::test]
async fn a_list_is_filtered_and_paged_newest_first() {
    let world = world();
    for count in 1..=5 {
        accepted(world.sends(SERGIO, &format!("text {count}")).await);
        accepted(world.sends(CUSTOMER, "other").await);
    }
    let to = SERGIO.replace('+', "%2B");
    let bodies = |page: &Value| -> Vec<String> {
        let messages = page["messages"].as_array().unwrap();
        messages
            .iter()
            .map(|m| m["body"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, first) = world.json(
        Method::GET,
        &format!("/Messages.json?To={to}&PageSize=2"),
        &[],
    );
    assert_eq!(bodies(&first), ["text 5", "text 4"]);
    accepted(world.sends(SERGIO, "text 6").await);
    let prefix = format!("/2010-04-01/Accounts/{}", world.account.account_sid);
    let follow = |page: &Value| {
        let uri = page["next_page_uri"].as_str().unwrap();
        world
            .json(Method::GET, uri.strip_prefix(&prefix).unwrap(), &[])
            .1
    };
    let second = follow(&first);
    assert_eq!(
        bodies(&second),
        ["text 3", "text 2"],
        "a new text moves nothing"
    );
    let third = follow(&second);
    assert_eq!(bodies(&third), ["text 1"]);
    assert_eq!(third["next_page_uri"], Value::Null);
}

#[tokio::test]
async fn dates_select_what_was_sent_and_queued_messages_have_none() {
    let world = world();
    accepted(world.sends(SERGIO, "yesterday").await);
    world.all_webhooks();
    world.clock.advance(Duration::from_secs(24 * 3600));
    accepted(world.sends(SERGIO, "today").await);
    world.all_webhooks();
    accepted(world.sends(SERGIO, "queued").await);
    let count = |query: &str| {
        let (_, page) = world.json(Method::GET, &format!("/Messages.json?{query}"), &[]);
        page["messages"].as_array().unwrap().len()
    };
    assert_eq!(count(""), 3);
    assert_eq!(count("DateSent=2026-01-05"), 1);
    assert_eq!(count("DateSent%3E=2026-01-05T00:00:00Z"), 2);
    assert_eq!(count("DateSent%3E=2026-01-06"), 1);
    assert_eq!(count("DateSent%3C=2026-01-05"), 1);
    assert_eq!(count("From=%2B16195550100"), 3);
}

#[tokio::test]
async fn the_client_lists_what_was_created_since_an_instant() {
    let world = world();
    accepted(world.sends(SERGIO, "before").await);
    // By more than the relay's clock may have been set back meanwhile.
    world.clock.advance(Duration::from_secs(11 * 60));
    let since = relay::clock::Clock::now(&*world.clock) + Duration::from_millis(400);
    for count in 0..70 {
        accepted(world.sends(SERGIO, &count.to_string()).await);
    }
    accepted(world.sends(CUSTOMER, "to somebody else").await);
    let list = world
        .listed(&world.account, &since.to_string())
        .await
        .unwrap();
    assert_eq!(
        list.len(),
        70,
        "over more than a page, and within the same second"
    );
    assert_eq!(list[0].body.as_deref(), Some("69"));
}

#[tokio::test]
async fn a_list_too_long_to_be_read_proves_nothing() {
    let world = world();
    for _ in 0..1001 {
        accepted(world.sends(SERGIO, "x").await);
    }
    assert!(world.listed(&world.account, EVER).await.is_err());
}

#[tokio::test]
async fn a_message_can_be_cancelled_wiped_and_deleted() {
    let world = world();
    let sid = accepted(world.sends(SERGIO, "secret").await);
    let path = format!("/Messages/{sid}.json");
    let (status, message) = world.json(Method::POST, &path, &[("Status", "canceled")]);
    assert_eq!(
        (status, message["status"].as_str()),
        (200, Some("canceled"))
    );
    assert_eq!(world.statuses(), ["canceled"]);
    assert_eq!(world.screen(SERGIO), Vec::<String>::new());
    let (status, _) = world.json(Method::POST, &path, &[("Status", "canceled")]);
    assert_eq!(status, 400);
    let (_, message) = world.json(Method::POST, &path, &[("Body", "")]);
    assert_eq!(message["body"], "");
    let (status, _) = world.json(Method::DELETE, &path, &[]);
    assert_eq!(status, 204);
    assert!(
        world
            .client
            .message(&world.account, &sid)
            .await
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_messaging_service_accepts_first_and_picks_a_sender() {
    let world = world();
    let service = "MG".to_owned() + &"0".repeat(32);
    let form = [
        ("To", SERGIO),
        ("MessagingServiceSid", service.as_str()),
        ("Body", "hi"),
        ("StatusCallback", STATUS_URL),
    ];
    let (_, message) = world.json(Method::POST, "/Messages.json", &form);
    assert_eq!(message["status"], "accepted");
    assert_eq!(message["from"], Value::Null);
    assert_eq!(message["num_segments"], "0");
    assert_eq!(world.statuses(), ["queued", "sending", "sent", "delivered"]);
    let path = format!("/Messages/{}.json", message["sid"].as_str().unwrap());
    let (_, message) = world.json(Method::GET, &path, &[]);
    assert_eq!(message["from"], LINE);
}

#[test]
fn a_scheduled_message_goes_at_its_time() {
    let world = world();
    let form = [
        ("To", SERGIO),
        ("From", LINE),
        ("Body", "later"),
        ("ScheduleType", "fixed"),
        ("SendAt", "2026-01-05T18:00:00Z"),
    ];
    let (_, message) = world.json(Method::POST, "/Messages.json", &form);
    assert_eq!(message["status"], "scheduled");
    world.all_webhooks();
    let arrived = world.sandbox.screen(&Sender::parse(SERGIO))[0].at;
    assert_eq!(arrived.to_string(), "2026-01-05T18:00:01Z");
}

#[tokio::test]
async fn the_same_story_is_told_in_the_same_words() {
    async fn story() -> Vec<String> {
        let world = world();
        world.texts(CUSTOMER, Text::new("hi"));
        accepted(world.sends(SERGIO, "hi").await);
        accepted(
            world
                .sends_media(SERGIO, "", &["https://a.example/b".into()])
                .await,
        );
        let mut bodies = Vec::new();
        loop {
            let due = world.webhooks();
            if due.is_empty() {
                return bodies;
            }
            bodies.extend(due.into_iter().map(|webhook| webhook.body));
        }
    }
    let once = story().await;
    assert_eq!(once.len(), 7);
    assert_eq!(once, story().await);
}

/// As Twilio fetches what it is to send: without the account's credentials, and at once.
#[tokio::test]
async fn an_attachment_of_the_account_needs_an_address_whose_four_hours_are_not_over() {
    let world = world();
    let picture = "https://media.example.com/leak.png".to_owned();
    let sid = world.texts(CUSTOMER, Text::new("").media(vec![picture.clone()]));
    let behind_credentials = world.all_webhooks()[0].get("MediaUrl0").unwrap().to_owned();
    let path = behind_credentials.strip_prefix("https://api.twilio.com");
    let unsigned = http::Request::get(path.unwrap()).body(Bytes::new());
    let refused = answer(world.sandbox.handle(unsigned.unwrap()));
    assert_eq!(refused.status(), 401, "{sid}");

    let address = world
        .client
        .media_address(&world.account, &behind_credentials)
        .await
        .unwrap();
    for (url, status) in [
        (&behind_credentials, "failed"),
        (&address.replace("Signature=", "Signature=0"), "failed"),
        (&address, "delivered"),
    ] {
        let sid = accepted(
            world
                .sends_media(SERGIO, "", std::slice::from_ref(url))
                .await,
        );
        let callbacks = world.all_webhooks();
        assert_eq!(callbacks.last().unwrap().get("MessageStatus"), Some(status));
        let (_, sent) = world.json(Method::GET, &format!("/Messages/{sid}.json"), &[]);
        let failed = (status == "failed").then_some(11200);
        assert_eq!(sent["error_code"].as_u64(), failed);
    }
    world.clock.advance(Duration::from_secs(4 * 60 * 60));
    accepted(world.sends_media(SERGIO, "", &[address]).await);
    let callbacks = world.all_webhooks();
    assert_eq!(
        callbacks.last().unwrap().get("MessageStatus"),
        Some("failed")
    );
    let shown = world.sandbox.screen(&Sender::parse(SERGIO));
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].media, [picture]);
}
