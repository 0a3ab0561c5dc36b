use relay::domain::delivery::Failure;
use relay::domain::phone::Sender;
use relay::sandbox::{NoReply, Number, Text};
use relay::twilio::form::Form;

use super::*;

#[test]
fn a_text_comes_out_as_a_signed_webhook_over_the_public_url() {
    let world = world();
    let sid = world.texts(CUSTOMER, Text::new("Are you open? ☀"));
    let webhooks = world.webhooks();
    assert_eq!(webhooks.len(), 1);
    assert_eq!(webhooks[0].url, SMS_URL);
    assert!(world.is_signed(&webhooks[0]));
    let form = Form::parse(webhooks[0].body.as_bytes()).unwrap();
    for (name, value) in [
        ("MessageSid", sid.as_str()),
        ("SmsSid", sid.as_str()),
        ("AccountSid", &world.account.account_sid),
        ("From", CUSTOMER),
        ("To", LINE),
        ("Body", "Are you open? ☀"),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("FromCity", "SAN DIEGO"),
        ("FromState", "CA"),
        ("ApiVersion", "2010-04-01"),
    ] {
        assert_eq!(form.get(name), Some(value), "{name}");
    }
    assert_eq!(world.screen(CUSTOMER), ["> Are you open? ☀"]);
}

#[test]
fn a_picture_comes_with_its_address_and_type() {
    let world = world();
    let url = "https://media.example.com/leak.png".to_owned();
    let sid = world.texts(CUSTOMER, Text::new("").media(vec![url]));
    assert!(sid.as_str().starts_with("MM"));
    let form = &world.all_webhooks()[0];
    assert_eq!(form.get("NumMedia"), Some("1"));
    assert_eq!(form.get("MediaContentType0"), Some("image/png"));
    let address = form.get("MediaUrl0").unwrap();
    let account = format!(
        "https://api.twilio.com/2010-04-01/Accounts/{}/Messages/{sid}/Media/ME",
        world.account.account_sid
    );
    assert!(address.starts_with(&account), "{address}");
    assert_eq!(form.get("SmsSid"), Some(sid.as_str()));
}

#[test]
fn anyone_may_write_and_fields_that_are_new_can_be_added() {
    let world = world();
    let text = Text::new("Your code")
        .field("FromCity", "TIJUANA")
        .field("Weather", "fine");
    world.texts("72975", text);
    let form = &world.all_webhooks()[0];
    assert_eq!(form.get("From"), Some("72975"));
    assert_eq!(form.get("FromCity"), Some("TIJUANA"));
    assert_eq!(form.get("Weather"), Some("fine"));
}

#[test]
fn a_text_to_a_number_of_somebody_else_is_a_mistake() {
    let world = world();
    let to = number("+16195550199");
    let error = world
        .sandbox
        .text(&Sender::parse(CUSTOMER), &to, Text::new("hi"))
        .unwrap_err();
    assert!(error.to_string().starts_with("+1•••99 is no number"));
}

#[test]
fn a_repeated_webhook_is_the_same_to_the_letter() {
    let world = world();
    world.texts(CUSTOMER, Text::new("hi").copies(2));
    let webhooks = world.webhooks();
    assert_eq!(webhooks.len(), 2);
    assert_eq!(webhooks[0].body, webhooks[1].body);
    assert_eq!(webhooks[0].headers, webhooks[1].headers);
    assert_eq!(world.screen(CUSTOMER), ["> hi"]);
}

#[test]
fn when_the_webhook_fails_the_fallback_is_told_why() {
    for (failure, code) in [(Some(500), "11200"), (Some(404), "11200"), (None, "11205")] {
        let world = world();
        world.texts(CUSTOMER, Text::new("hi"));
        let main = world.webhooks().remove(0);
        match failure {
            Some(status) => world.sandbox.answered(main.id, status, "oops"),
            None => world.sandbox.unanswered(main.id, NoReply::TimedOut),
        }
        let fallback = world.webhooks().remove(0);
        assert_eq!(fallback.url, FALLBACK_URL);
        assert!(world.is_signed(&fallback));
        let form = Form::parse(fallback.body.as_bytes()).unwrap();
        assert_eq!(form.get("Body"), Some("hi"));
        assert_eq!(form.get("ErrorCode"), Some(code));
        assert_eq!(form.get("ErrorUrl"), Some(SMS_URL));
        world.sandbox.answered(fallback.id, 500, "");
        assert!(world.webhooks().is_empty(), "there is no third chance");
        assert_eq!(world.sandbox.alerts().len(), 2);
    }
}

#[test]
fn a_missing_connection_is_tried_once_more_before_the_fallback() {
    let world = world();
    world.texts(CUSTOMER, Text::new("hi"));
    let mut urls = Vec::new();
    loop {
        let due = world.webhooks();
        let Some(webhook) = due.first() else { break };
        urls.push(webhook.url.clone());
        world.sandbox.unanswered(webhook.id, NoReply::NoConnection);
    }
    assert_eq!(urls, [SMS_URL, SMS_URL, FALLBACK_URL, FALLBACK_URL]);
}

#[test]
fn a_url_may_ask_for_more_tries_and_is_signed_without_the_wish() {
    let world = world();
    let setup = Number {
        sms_url: Some(format!("{SMS_URL}#rc=2&rp=5xx")),
        ..Number::default()
    };
    world.sandbox.set_number(number(LINE), setup);
    world.texts(CUSTOMER, Text::new("hi"));
    let mut tries = 0;
    loop {
        let due = world.webhooks();
        let Some(webhook) = due.first() else { break };
        assert_eq!(webhook.url, SMS_URL);
        assert!(world.is_signed(webhook));
        tries += 1;
        world.sandbox.answered(webhook.id, 503, "");
    }
    assert_eq!(tries, 3);
}

#[test]
fn the_answer_can_reply_in_twiml() {
    let world = world();
    world.texts(CUSTOMER, Text::new("hi"));
    let webhook = world.webhooks().remove(0);
    let twiml = "<Response><Message>Hello &lt;you&gt;</Message></Response>";
    world.sandbox.answered(webhook.id, 200, twiml);
    world.all_webhooks();
    assert_eq!(world.screen(CUSTOMER), ["> hi", "< Hello <you>"]);
}

#[test]
fn an_eleventh_reply_is_not_sent() {
    let world = world();
    world.texts(CUSTOMER, Text::new("hi"));
    let webhook = world.webhooks().remove(0);
    let twiml = format!("<Response>{}</Response>", "<Message>x</Message>".repeat(11));
    world.sandbox.answered(webhook.id, 200, &twiml);
    world.all_webhooks();
    assert_eq!(world.screen(CUSTOMER).len(), 1 + 10);
    assert_eq!(world.sandbox.alerts()[0].error_code, 14109);
}

#[tokio::test]
async fn after_stop_nothing_more_reaches_the_phone_until_start() {
    let world = world();
    world.texts(CUSTOMER, Text::new(" Stop "));
    assert_eq!(
        world.statuses(),
        ["inbound"],
        "the webhook is made all the same"
    );
    let answer = world.sends(CUSTOMER, "news").await;
    assert!(
        matches!(
            answer,
            Answer::Refused {
                http_status: 400,
                failure: Failure {
                    code: Some(21610),
                    ..
                },
            }
        ),
        "{answer:?}"
    );
    accepted(world.sends(SERGIO, "others still get theirs").await);
    world.texts(CUSTOMER, Text::new("START"));
    accepted(world.sends(CUSTOMER, "welcome back").await);
    world.all_webhooks();
    let screen = world.screen(CUSTOMER);
    assert!(
        screen[1].starts_with("< You have successfully been unsubscribed."),
        "{screen:?}"
    );
    assert!(
        screen[3].starts_with("< You have successfully been re-subscribed"),
        "{screen:?}"
    );
    assert_eq!(screen[4], "< welcome back");
}

#[test]
fn a_word_within_a_sentence_is_no_opt_out() {
    let world = world();
    world.texts(CUSTOMER, Text::new("Please stop by at 5"));
    world.texts(CUSTOMER, Text::new("yes"));
    world.all_webhooks();
    assert_eq!(world.screen(CUSTOMER), ["> Please stop by at 5", "> yes"]);
}

#[test]
fn advanced_opt_out_tells_the_webhook_which_word_it_was() {
    let world = world();
    let setup = Number {
        sms_url: Some(SMS_URL.into()),
        advanced_opt_out: true,
        ..Number::default()
    };
    world.sandbox.set_number(number(LINE), setup);
    world.texts(CUSTOMER, Text::new("UNSUBSCRIBE"));
    world.texts(CUSTOMER, Text::new("hi"));
    let forms = world.all_webhooks();
    assert_eq!(forms[0].get("OptOutType"), Some("STOP"));
    assert_eq!(forms[1].get("OptOutType"), None);
}

#[tokio::test]
async fn a_message_to_another_number_of_the_account_comes_in_there() {
    let world = world();
    let other = "+16195550101";
    let setup = Number {
        sms_url: Some("https://other.example.com/sms".into()),
        ..Number::default()
    };
    world.sandbox.set_number(number(other), setup);
    accepted(world.sends(other, "ping").await);
    let inbound = world
        .all_webhooks()
        .into_iter()
        .find(|form| form.get("MessageStatus").is_none())
        .unwrap();
    assert_eq!(inbound.get("From"), Some(LINE));
    assert_eq!(inbound.get("To"), Some(other));
    assert_eq!(inbound.get("Body"), Some("ping"));
}
