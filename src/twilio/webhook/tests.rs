mod voice;

use super::*;
use crate::domain::credentials::{self, Secret};
use crate::domain::delivery::Status;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::phone::Sender;
use crate::twilio::answer::answer_to;

const PUBLIC_URL: &str = "https://relay.example.com";

fn sid(prefix: &str) -> String {
    prefix.to_owned() + &"0".repeat(32)
}

fn ours() -> Credentials {
    credentials_of(&sid("AC"), &[(credentials::AUTH_TOKEN, "token")])
}

fn credentials_of(account: &str, tokens: &[(&str, &str)]) -> Credentials {
    Credentials::from_values("a test", |name| match name {
        credentials::ACCOUNT_SID => Some(Secret::new(account)),
        _ => tokens
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| Secret::new(*value)),
    })
    .unwrap()
}

/// A webhook as Twilio sends it, to be changed by a test.
struct Webhook {
    path: String,
    fields: Vec<(String, String)>,
    token: &'static str,
}

impl Webhook {
    fn new(path: &str, fields: &[(&str, &str)]) -> Self {
        let account = [("AccountSid".to_owned(), sid("AC"))];
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            path: path.to_owned(),
            fields: account.into_iter().chain(fields).collect(),
            token: "token",
        }
    }

    fn sms(fields: &[(&str, &str)]) -> Self {
        let mut sms = Self::new("/twilio/sms", &[]);
        for (name, value) in [
            ("MessageSid", sid("SM").as_str()),
            ("From", "+16195550107"),
            ("To", "+16195550100"),
            ("Body", "hi"),
            ("NumMedia", "0"),
        ]
        .iter()
        .chain(fields)
        {
            sms.set(name, value);
        }
        sms
    }

    fn set(&mut self, name: &str, value: &str) {
        self.without(name);
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    fn without(&mut self, name: &str) -> &mut Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    fn signed(&self) -> Request<Bytes> {
        let form = Form::from_fields(self.fields.clone());
        let url = PUBLIC_URL.to_owned() + &self.path;
        let signature = signature::sign(&Secret::new(self.token), &url, Signed::Form(&form));
        Request::post(&self.path)
            .header(
                "content-type",
                "application/x-www-form-urlencoded; charset=UTF-8",
            )
            .header(signature::HEADER, signature)
            .body(form.encode().into())
            .unwrap()
    }

    fn verify(&self) -> Result<Verified<Form>, Refusal> {
        verify(&self.signed())
    }

    fn text(&self) -> InboundSms {
        inbound(self.verify().ok().unwrap()).unwrap().into_inner()
    }
}

fn verify(request: &Request<Bytes>) -> Result<Verified<Form>, Refusal> {
    Unverified::read(request)?.verify(&ours(), PUBLIC_URL)
}

fn refusal(request: &Request<Bytes>) -> (u16, &'static str) {
    let refusal = verify(request).err().expect("it should be refused");
    (refusal.status().as_u16(), refusal.counts_as())
}

#[test]
fn a_signed_text_is_understood() {
    let webhook = Webhook::sms(&[
        ("Body", "Is the van free?"),
        ("FromCity", "SAN DIEGO"),
        ("FromState", "CA"),
        ("SomethingNew", "that nobody announced"),
    ]);
    let line = Unverified::read(&webhook.signed()).unwrap().line().unwrap();
    assert_eq!(line.expose(), "+16195550100");
    let sms = webhook.text();
    assert_eq!(sms.sid.as_str(), sid("SM"));
    assert_eq!(sms.from, Sender::parse("+16195550107"));
    assert_eq!(sms.to, line);
    assert_eq!(sms.place.as_deref(), Some("San Diego, CA"));
    assert_eq!(sms.body, "Is the van free?");
    assert!(sms.media.is_empty());
}

#[test]
fn a_picture_message_comes_with_what_is_attached_to_it() {
    let mut webhook = Webhook::sms(&[
        ("MessageSid", &sid("MM")),
        ("NumMedia", "2"),
        ("MediaUrl0", "https://api.twilio.com/media/0"),
        ("MediaContentType0", "image/jpeg"),
        ("MediaUrl1", "https://api.twilio.com/media/1"),
        ("MediaUrl2", "http://example.com/not-over-https"),
    ]);
    webhook.without("Body");
    let sms = webhook.text();
    assert_eq!(sms.sid.as_str(), sid("MM"));
    assert_eq!(sms.body, "");
    let media: Vec<_> = sms
        .media
        .iter()
        .map(|m| (m.url.as_str(), m.content_type.as_str()))
        .collect();
    assert_eq!(
        media,
        [
            ("https://api.twilio.com/media/0", "image/jpeg"),
            ("https://api.twilio.com/media/1", "")
        ]
    );
    assert_eq!(sms.media_left_out, 1, "it is not over https");
}

#[test]
fn more_attachments_than_a_message_can_have_are_not_read() {
    let names: Vec<_> = (0..50).map(|n| format!("MediaUrl{n}")).collect();
    let fields: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), "https://api.twilio.com/media"))
        .collect();
    assert_eq!(Webhook::sms(&fields).text().media.len(), 10);
}

#[test]
fn anyone_may_write_whatever_they_are_called() {
    for from in ["72975", "ACME Alerts", "rcs:acme_agent", ""] {
        assert_eq!(Webhook::sms(&[("From", from)]).text().from.expose(), from);
    }
}

#[test]
fn the_older_names_of_the_fields_do_too() {
    let mut webhook = Webhook::sms(&[("SmsSid", &sid("SM"))]);
    webhook.without("MessageSid");
    assert_eq!(webhook.text().sid.as_str(), sid("SM"));
}

#[test]
fn a_text_without_a_name_or_a_line_is_refused() {
    for field in ["MessageSid", "To"] {
        let mut webhook = Webhook::sms(&[]);
        let form = webhook.without(field).verify().ok().unwrap();
        let refusal = inbound(form).err().unwrap();
        let told = (refusal.status().as_u16(), refusal.counts_as());
        assert_eq!(told, (400, "incomplete"));
        assert!(refusal.to_string().contains(field), "{refusal}");
    }
    let mut webhook = Webhook::sms(&[]);
    webhook.set("MessageSid", "SM123");
    assert!(inbound(webhook.verify().ok().unwrap()).is_err());
}

#[test]
fn the_signature_covers_the_query_as_it_came() {
    let mut webhook = Webhook::sms(&[]);
    webhook.path += "?a=%2f&b=c%20d&&e";
    assert!(webhook.verify().is_ok());
    let mut request = webhook.signed();
    *request.uri_mut() = "/twilio/sms?a=%2F&b=c%20d&&e".parse().unwrap();
    assert_eq!(refusal(&request), (403, "forged"));
}

#[test]
fn the_url_is_the_configured_one_whatever_the_host_header_says() {
    let mut request = Webhook::sms(&[]).signed();
    request
        .headers_mut()
        .insert("host", "evil.example.com".parse().unwrap());
    assert!(verify(&request).is_ok());
    let elsewhere = Unverified::read(&request)
        .unwrap()
        .verify(&ours(), "https://evil.example.com");
    assert_eq!(elsewhere.err().unwrap().counts_as(), "forged");
    let with_slash = Unverified::read(&request)
        .unwrap()
        .verify(&ours(), "https://relay.example.com/");
    assert!(with_slash.is_ok());
}

#[test]
fn what_twilio_did_not_sign_is_refused_and_told_nothing() {
    let good = Webhook::sms(&[]);
    let mut unsigned = good.signed();
    unsigned.headers_mut().remove(signature::HEADER);
    assert_eq!(refusal(&unsigned), (403, "unsigned"));

    let mut twice = good.signed();
    let again = twice.headers()[signature::HEADER].clone();
    twice.headers_mut().append(signature::HEADER, again);
    assert_eq!(refusal(&twice), (403, "unsigned"));

    let mut tampered = good.signed();
    let body = String::from_utf8(tampered.body().to_vec()).unwrap();
    *tampered.body_mut() = body.replace("Body=hi", "Body=ho").into();
    assert_eq!(refusal(&tampered), (403, "forged"));

    let mut other_token = Webhook::sms(&[]);
    other_token.token = "guessed";
    assert_eq!(refusal(&other_token.signed()), (403, "forged"));

    let mut other_account = Webhook::sms(&[]);
    other_account.set("AccountSid", &("AC".to_owned() + &"1".repeat(32)));
    assert_eq!(refusal(&other_account.signed()), (403, "other_account"));
    assert_eq!(
        refusal(&Webhook::sms(&[]).without("AccountSid").signed()),
        (403, "other_account")
    );

    let sentences = [&unsigned, &tampered, &other_account.signed()]
        .map(|request| verify(request).err().unwrap().to_string());
    assert!(sentences.iter().all(|s| *s == sentences[0]));
    assert_eq!(Refusal::UnknownLine.to_string(), sentences[0]);
}

#[test]
fn a_token_that_is_being_replaced_still_counts() {
    let tokens = [
        (credentials::AUTH_TOKEN, "new"),
        (credentials::PREVIOUS_AUTH_TOKEN, "token"),
    ];
    let rotated = credentials_of(&sid("AC"), &tokens);
    let request = Unverified::read(&Webhook::sms(&[]).signed()).unwrap();
    assert!(request.verify(&rotated, PUBLIC_URL).is_ok());
}

#[test]
fn what_is_no_readable_form_is_refused_before_anything_else() {
    let with_body = |body: &[u8]| {
        let mut request = Webhook::sms(&[]).signed();
        *request.body_mut() = Bytes::copy_from_slice(body);
        request
    };
    let large = [b"Body=".as_slice(), &vec![b'a'; 64 * 1024]].concat();
    assert_eq!(refusal(&with_body(&large)), (413, "too_large"));
    assert_eq!(refusal(&with_body(b"Body=%FF")), (400, "unreadable"));
    assert_eq!(refusal(&with_body(b"Body=a&Body=b")), (400, "unreadable"));

    let mut json = Webhook::sms(&[]).signed();
    json.headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    assert_eq!(refusal(&json), (415, "not_a_form"));
    json.headers_mut().remove("content-type");
    assert_eq!(refusal(&json), (415, "not_a_form"));
}

#[test]
fn a_refusal_answers_with_its_status_and_its_sentence() {
    let response = answer_to("/twilio/sms", Err(Refusal::Unsigned.into()));
    assert_eq!(response.status(), 403);
    assert_eq!(response.body(), &format!("{}\n", Refusal::Unsigned));
    assert!(response.body().ends_with(".\n"));
}

fn callback(fields: &[(&str, &str)]) -> Webhook {
    Webhook::new("/twilio/status/in-1/1", fields)
}

fn report(fields: &[(&str, &str)]) -> StatusReport {
    status(callback(fields).verify().ok().unwrap())
        .unwrap()
        .into_inner()
}

#[test]
fn a_status_callback_is_understood() {
    let name = sid("SM");
    let failed = [
        ("MessageSid", name.as_str()),
        ("MessageStatus", "undelivered"),
        ("ErrorCode", "30003"),
        ("From", "+16195550100"),
        ("RawDlrDoneDate", "2611231904"),
    ];
    let report = report(&failed);
    assert_eq!(report.sid.as_str(), sid("SM"));
    assert_eq!(report.status, Some(Status::Undelivered));
    assert_eq!(report.failure.code, Some(30003));
}

#[test]
fn an_unknown_status_is_no_error_but_none_is() {
    let name = sid("SM");
    let shredded = report(&[
        ("SmsSid", &name),
        ("SmsStatus", "shredded"),
        ("ErrorCode", ""),
    ]);
    assert_eq!((shredded.status, shredded.failure.code), (None, None));
    let silent = callback(&[("MessageSid", &name)]).verify().ok().unwrap();
    assert_eq!(status(silent).err().unwrap().counts_as(), "incomplete");
}

#[test]
fn a_webhook_that_was_kept_as_it_came_is_verified_later_though_the_token_was_replaced() {
    let mut webhook = Webhook::new(
        "/twilio/fallback",
        &[
            ("MessageSid", &sid("SM")),
            ("Body", "è pronta\nla barca? 🚐 + &="),
            ("Empty", ""),
            ("ErrorCode", "11200"),
            ("ErrorUrl", "https://relay.example.com/twilio/sms#rc=3"),
        ],
    );
    webhook.path += "?a=%2f&b=c%20d&&e";
    let came = Unverified::read(&webhook.signed()).unwrap();
    assert_eq!(came.error_code(), Some(11200));
    assert_eq!(came.seems_genuine(&ours()), Ok(()));

    let json = serde_json::to_string(&came).unwrap();
    let kept: Unverified = serde_json::from_str(&json).unwrap();
    assert!(kept == came);
    let tokens = [
        (credentials::AUTH_TOKEN, "new"),
        (credentials::PREVIOUS_AUTH_TOKEN, "token"),
    ];
    let rotated = credentials_of(&sid("AC"), &tokens);
    assert!(kept.clone().verify(&rotated, PUBLIC_URL).is_ok());

    let voided = credentials_of(&sid("AC"), &[(credentials::AUTH_TOKEN, "new")]);
    let forged = kept.clone().verify(&voided, PUBLIC_URL);
    assert_eq!(forged.err().unwrap().counts_as(), "forged");
    let seems = kept.clone().seems_genuine(&voided);
    assert_eq!(seems.err().unwrap().counts_as(), "forged");
}

/// A webhook that a shared key signed.
fn signed_by_key(algorithm: Algorithm, key: &str, settings: &'static str) -> Request<Bytes> {
    let webhook = Webhook::sms(&[]);
    let mut request = webhook.signed();
    let form = Form::from_fields(webhook.fields.clone());
    let url = PUBLIC_URL.to_owned() + &webhook.path;
    let signature = signature::sign_by(algorithm, &Secret::new(key), &url, Signed::Form(&form));
    let headers = request.headers_mut();
    headers.insert(signature::HEADER, signature.parse().unwrap());
    headers.insert(signature::SETTINGS_HEADER, settings.parse().unwrap());
    request
}

fn with_keys() -> Credentials {
    let keys = [
        (credentials::AUTH_TOKEN, "token"),
        (credentials::WEBHOOK_KEY, "shared"),
        (credentials::PREVIOUS_WEBHOOK_KEY, "before"),
    ];
    credentials_of(&sid("AC"), &keys)
}

const SHA1: &str = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA1";
const SHA256: &str = "key=webhooks_sharedkey_1, algorithm=hmac_sha256";

#[test]
fn a_webhook_that_a_shared_key_signed_is_verified_with_that_key() {
    let (sha1, sha256) = (Algorithm::Sha1, Algorithm::Sha256);
    for (algorithm, key, settings, refused) in [
        (sha1, "shared", SHA1, None),
        (sha256, "shared", SHA256, None),
        (sha256, "before", SHA256, None),
        (sha1, "shared", "key=webhooks_sharedkey_1", None),
        (sha1, "shared", SHA256, Some("other_webhook_key")),
        (sha256, "shared", SHA1, Some("other_webhook_key")),
        (sha256, "another", SHA256, Some("other_webhook_key")),
        // The token signs nothing that a key is said to have signed.
        (sha1, "token", SHA1, Some("other_webhook_key")),
        (
            sha256,
            "shared",
            "algorithm=HMAC_MD5",
            Some("unknown_algorithm"),
        ),
        (sha1, "token", "", None),
    ] {
        let request = signed_by_key(algorithm, key, settings);
        let webhook = Unverified::read(&request).unwrap();
        let refusal = webhook.verify(&with_keys(), PUBLIC_URL).err();
        assert_eq!(refusal.map(Refusal::counts_as), refused, "{key} {settings}");
    }
}

#[test]
fn without_the_shared_key_the_refusal_names_the_variable() {
    let refusal = verify(&signed_by_key(Algorithm::Sha256, "shared", SHA256));
    let refusal = refusal.err().unwrap();
    assert_eq!(refusal.status(), 403);
    assert!(
        refusal.reason().contains("TWILIO_WEBHOOK_KEY"),
        "{}",
        refusal.reason()
    );
    assert!(!refusal.to_string().contains("KEY"), "not to the outside");
}

#[test]
fn a_kept_webhook_keeps_how_it_was_signed() {
    let request = signed_by_key(Algorithm::Sha256, "shared", SHA256);
    let kept = serde_json::to_string(&Unverified::read(&request).unwrap()).unwrap();
    let kept: Unverified = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept.check_signature(&with_keys(), PUBLIC_URL), Ok(()));
}
