//! Inbound texts, up to the messages that go on to a person.

use relay::domain::delivery::wording::relayed;
use relay::domain::sms::{MOST_CHARACTERS, MOST_MEDIA, parts, size};
use relay::twilio::webhook::{inbound, is_fetchable};

use super::{Target, bytes, webhook};

pub const TARGET: Target = Target {
    name: "inbound",
    seeds,
    words: &[
        "AccountSid={AC}",
        "&MessageSid={SM}",
        "&SmsSid=",
        "&From=%2B16195550107",
        "&To=%2B16195550100",
        "&Body=",
        "&NumMedia=1",
        "&MediaUrl0=https%3A%2F%2Fa.example%2F1",
        "&MediaContentType0=image/png",
        "&FromCity=",
        "&FromState=",
        "rcs:",
        "&OptOutType=STOP",
        "%F0%9F%9A%90",
        "%0D%0A",
        "%E2%80%8D",
        "\n",
    ],
    check,
};

fn seeds() -> Vec<Vec<u8>> {
    bytes([
        "/twilio/sms\napplication/x-www-form-urlencoded; charset=UTF-8\nRSOYDt4T1cUTdK1PDd93/VVr8B8=\n\
         AccountSid={AC}&MessageSid={SM}&From=%2B16195550107&To=%2B16195550100&Body=Hi&NumMedia=0\
         &FromCity=SAN+DIEGO&FromState=CA",
        "/twilio/sms?a=%27b\napplication/json\n\nAccountSid={AC}&SmsMessageSid={SM}&From=72975\
         &To=%2B16195550100&Body=&NumMedia=2&MediaUrl0=https%3A%2F%2Fa.example%2F1\
         &MediaContentType0=image%2Fpng&MediaUrl1=http%3A%2F%2F10.0.0.1%2F2",
        "/twilio/sms\n\n\nAccountSid={AC}&MessageSid={SM}&From=rcs%3Aacme&To=&Body=%F0%9F%9A%90",
    ])
}

fn check(input: &[u8]) {
    let Some(form) = webhook::verified(input) else {
        return;
    };
    let body = form.get("Body").unwrap_or_default().to_owned();
    let from = form.get("From").unwrap_or_default().to_owned();
    let sms = match inbound(form) {
        Ok(sms) => sms.into_inner(),
        Err(refusal) => return assert_eq!(refusal.counts_as(), "incomplete"),
    };
    assert_eq!((&sms.body, sms.from.expose()), (&body, &*from));
    assert!(sms.media.len() + sms.media_left_out <= MOST_MEDIA);
    assert!(sms.media.iter().all(|media| is_fetchable(&media.url)));
    let shown = format!("{sms:?}");
    assert!(
        sms.from.phone().is_none() || !shown.contains(&from),
        "{shown}"
    );

    let text = relayed(relay::domain::language::Language::English, &sms);
    assert!(text.contains(body.trim()));
    let media: Vec<String> = sms.media.iter().map(|media| media.url.clone()).collect();
    let parts = parts(&text, &media);
    assert!(!parts.is_empty());
    for part in &parts {
        assert!(size(&part.body) <= MOST_CHARACTERS && part.media.len() <= MOST_MEDIA);
    }
    let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let sent: usize = parts.iter().map(|part| visible(&part.body)).sum();
    assert!(sent >= visible(&text), "something of the text is not sent");
    let attached: usize = parts.iter().map(|part| part.media.len()).sum();
    assert_eq!(attached, media.len());
}
