use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use relay::credentials::{self, Credentials, Secret};
use relay::twilio::form::Form;
use relay::twilio::signature::{self, Signed};
use relay::twilio::webhook::Unverified;
use serde::{Deserialize, Serialize};

use super::{Language, ask};

const CASES: usize = 2000;

#[test]
fn webhooks_signed_by_twilios_python_library_are_accepted_and_their_forged_twins_refused() {
    both_ways(Language::Python, "signatures.py");
}

#[test]
fn webhooks_signed_by_twilios_node_library_are_accepted_and_their_forged_twins_refused() {
    both_ways(Language::Node, "signatures.js");
}

/// Their signatures here, and ours there.
fn both_ways(language: Language, program: &str) {
    let mut runner = TestRunner::deterministic();
    let webhook = webhook();
    let mut draw = || webhook.new_tree(&mut runner).unwrap().current();
    let webhooks: Vec<Webhook> = (0..CASES).map(|_| draw()).collect();
    let questions: Vec<Question> = webhooks.iter().map(Question::about).collect();
    let answers: Vec<Answer> = ask(language, program, &questions);
    for ((webhook, question), answer) in webhooks.iter().zip(&questions).zip(answers) {
        assert_eq!(question.signature, answer.signature, "{webhook:?}");
        assert!(answer.accepts, "they refuse ours: {webhook:?}");
        assert!(!answer.accepts_forged, "they accept a forgery: {webhook:?}");
        assert!(
            webhook.is_accepted(&answer.signature),
            "we refuse theirs: {webhook:?}"
        );
        let (forged, signature) = webhook.forged(&answer.signature);
        assert!(
            !forged.is_accepted(&signature),
            "we accept a forgery: {webhook:?}"
        );
    }
}

#[derive(Debug, Clone)]
struct Webhook {
    token: String,
    /// What stands before the path: scheme, host and perhaps a port.
    public_url: String,
    path_and_query: String,
    body: Body,
    forgery: Forgery,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Body {
    Form(Vec<(String, String)>),
    Json(String),
}

#[derive(Debug, Clone, Copy)]
enum Forgery {
    OtherBody,
    LessBody,
    OtherPath,
    OtherSignature,
    ShorterSignature,
}

fn webhook() -> impl Strategy<Value = Webhook> {
    let account = ("AccountSid".to_owned(), "AC".to_owned() + &"0".repeat(32));
    let fields = btree_map(
        "[A-Za-z][A-Za-z0-9]{0,14}",
        ".{0,40}|\\PC{0,40}|[ \r\n]{0,3}",
        0..12,
    );
    let form = (fields, any::<prop::sample::Index>()).prop_map(move |(fields, at)| {
        let mut fields: Vec<_> = BTreeMap::into_iter(fields).collect();
        fields.retain(|(name, _)| *name != account.0);
        fields.insert(at.index(fields.len() + 1), account.clone());
        Body::Form(fields)
    });
    let json = "\\{\"[a-z]{1,9}\":\"\\PC{0,40}\"\\}".prop_map(Body::Json);
    let forgery = prop::sample::select(vec![
        Forgery::OtherBody,
        Forgery::LessBody,
        Forgery::OtherPath,
        Forgery::OtherSignature,
        Forgery::ShorterSignature,
    ]);
    (
        "[0-9a-f]{32}",
        "https?://[a-z]{1,9}\\.example\\.com(:443|:80|:8443)?",
        "(/[A-Za-z0-9._~-]{1,12}|/%[2-7][0-9A-Fa-f]){1,4}",
        vec(
            "[a-z]{1,5}=([A-Za-z0-9+;:@!$'()*,-]|%[2-7][0-9a-f]){0,8}",
            0..4,
        ),
        prop_oneof![9 => form, 1 => json],
        forgery,
    )
        .prop_map(|(token, public_url, path, mut query, body, forgery)| {
            if let Body::Json(json) = &body {
                query.push(format!("bodySHA256={}", sha256(json)));
            }
            let mark = if query.is_empty() { "" } else { "?" };
            let path_and_query = format!("{path}{mark}{}", query.join("&"));
            Webhook {
                token,
                public_url,
                path_and_query,
                body,
                forgery,
            }
        })
}

impl Webhook {
    fn url(&self) -> String {
        format!("{}{}", self.public_url, self.path_and_query)
    }

    fn signature(&self) -> String {
        let token = Secret::new(self.token.as_str());
        match &self.body {
            Body::Form(fields) => {
                let form = Form::from_fields(fields.clone());
                signature::sign(&token, &self.url(), Signed::Form(&form))
            }
            Body::Json(json) => signature::sign(&token, &self.url(), Signed::Raw(json.as_bytes())),
        }
    }

    /// A form goes the whole way that a request goes.
    fn is_accepted(&self, signature: &str) -> bool {
        let fields = match &self.body {
            Body::Form(fields) => fields,
            Body::Json(json) => {
                let token = Secret::new(self.token.as_str());
                let signed = Signed::Raw(json.as_bytes());
                return signature::verify([&token], signature, &self.url(), signed);
            }
        };
        let credentials = Credentials::from_values("this test", |name| match name {
            credentials::ACCOUNT_SID => Some(Secret::new("AC".to_owned() + &"0".repeat(32))),
            credentials::AUTH_TOKEN => Some(Secret::new(self.token.as_str())),
            _ => None,
        });
        let request = Request::post(&self.path_and_query)
            .header("content-type", "application/x-www-form-urlencoded")
            .header(signature::HEADER, signature)
            .body(Bytes::from(Form::from_fields(fields.clone()).encode()))
            .unwrap();
        let request = Unverified::read(&request).expect("it is well formed");
        request
            .verify(&credentials.unwrap(), &self.public_url)
            .is_ok()
    }

    /// What somebody makes of a webhook and its signature who has no token.
    fn forged(&self, signature: &str) -> (Self, String) {
        let mut forged = self.clone();
        let mut signature = signature.to_owned();
        match (self.forgery, &mut forged.body) {
            (Forgery::OtherBody, Body::Form(fields)) => fields[0].1.push('1'),
            (Forgery::LessBody, Body::Form(fields)) if fields.len() > 1 => {
                // The account's own field stays, or it would be refused for lack of that.
                let at = usize::from(fields[0].0 == "AccountSid");
                fields.remove(at);
            }
            (Forgery::LessBody, Body::Form(fields)) => {
                fields[0].1.pop();
            }
            (Forgery::OtherBody | Forgery::LessBody, Body::Json(json)) => json.push(' '),
            (Forgery::OtherPath, _) => forged.path_and_query.insert(1, 'x'),
            (Forgery::OtherSignature, _) => {
                let other = if signature.starts_with('A') { "B" } else { "A" };
                signature.replace_range(..1, other);
            }
            (Forgery::ShorterSignature, _) => signature.truncate(8),
        }
        (forged, signature)
    }
}

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Question {
    token: String,
    url: String,
    body: Body,
    signature: String,
    forged_url: String,
    forged_body: Body,
    forged_signature: String,
}

impl Question {
    fn about(webhook: &Webhook) -> Self {
        let signature = webhook.signature();
        let (forged, forged_signature) = webhook.forged(&signature);
        Self {
            token: webhook.token.clone(),
            url: webhook.url(),
            body: webhook.body.clone(),
            signature,
            forged_url: forged.url(),
            forged_body: forged.body,
            forged_signature,
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    signature: String,
    accepts: bool,
    accepts_forged: bool,
}
