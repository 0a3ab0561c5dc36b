//! Signatures against Twilio's own validators: random requests, signed and often changed on their
//! way, of which both sides say the same, apart from the documented [`differences`].

mod changes;
mod differences;
mod requests;

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use fastrand::Rng;
use http::header::CONTENT_TYPE;
use relay::domain::credentials;
use relay::domain::credentials::{Credentials, Secret};
use relay::twilio::form::Form;
use relay::twilio::signature;
use relay::twilio::signature::Signed;
use relay::twilio::webhook::Unverified;
use serde::{Deserialize, Serialize};

use super::{Language, ask};

use requests::Request;

/// For each language.
const CASES: u64 = 50_000;
const SEED: u64 = 1;

#[test]
fn twilios_python_library_and_the_relay_say_the_same_of_any_request() {
    compare(Language::Python, SEED, 0..CASES);
}

#[test]
fn twilios_node_library_and_the_relay_say_the_same_of_any_request() {
    compare(Language::Node, SEED, CASES..2 * CASES);
}

/// `make differential CASES=100000`, half of them for each language; SEED, FIRST and CASES replay
/// those of another run.
#[test]
#[ignore = "takes its time: make differential"]
fn as_many_as_asked_for() {
    let given = |name: &str, default| {
        let text = std::env::var(name).unwrap_or_default();
        if text.is_empty() {
            default
        } else {
            text.parse()
                .unwrap_or_else(|_| panic!("{name} is a number"))
        }
    };
    let seed = given("SEED", SEED);
    let (first, cases) = (given("FIRST", 0), given("CASES", 100_000));
    let python = first..first + cases.div_ceil(2);
    let node = match cases {
        // One case is replayed in both.
        1 => python.clone(),
        _ => python.end..first + cases,
    };
    compare(Language::Python, seed, python);
    compare(Language::Node, seed, node);
}

/// A request as Twilio sent it, and as it arrived.
#[derive(Debug, Serialize)]
struct Case {
    number: u64,
    sent: Request,
    got: Request,
    /// What arrived as the signature.
    signature: String,
    change: &'static str,
}

impl Case {
    fn draw(seed: u64, number: u64) -> Self {
        let mut rng = Rng::with_seed(seed.rotate_left(32) ^ number);
        let sent = Request::draw(&mut rng);
        let mut got = sent.clone();
        let mut signature = sent.signature();
        let change = changes::any(&mut got, &mut signature, &mut rng);
        Self {
            number,
            sent,
            got,
            signature,
            change,
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    /// Of the request as it was sent.
    signature: String,
    accepts: bool,
}

fn compare(language: Language, seed: u64, numbers: std::ops::Range<u64>) {
    let program = match language {
        Language::Python => "signatures.py",
        Language::Node => "signatures.js",
    };
    let start = Instant::now();
    let count = numbers.end - numbers.start;
    let (mut accepted, mut differing) = (0, BTreeMap::<&str, u64>::new());
    let mut changed = BTreeMap::<&str, [u64; 2]>::new();
    let cases = numbers.map(|number| Case::draw(seed, number));
    ask(language, program, cases, |case: Case, theirs: Answer| {
        let failed = |what: &str| -> ! {
            panic!(
                "{what}: {language:?} accepts {}\nagain: make differential SEED={seed} FIRST={} \
                 CASES=1\n{}",
                theirs.accepts,
                case.number,
                serde_json::to_string_pretty(&case).unwrap()
            )
        };
        if case.sent.signature() != theirs.signature {
            failed("another signature");
        }
        let ours = case.got.is_accepted(&case.signature);
        if ours != theirs.accepts {
            match differences::reason(language, &case, ours) {
                Some(reason) => *differing.entry(reason).or_default() += 1,
                None => failed("another verdict"),
            }
        }
        if case.change == changes::NONE && !ours {
            failed("refused as it was sent");
        }
        accepted += u64::from(ours);
        changed.entry(case.change).or_default()[usize::from(ours)] += 1;
    });
    let seconds = start.elapsed().as_secs_f64();
    println!("{language:?}: {count} requests, {accepted} accepted, {seconds:.1} s");
    for (change, [refused, accepted]) in &changed {
        println!("  {change}: {accepted} accepted, {refused} refused");
    }
    println!("  documented differences: {differing:?}");
    if count >= 1000 {
        assert!((count / 4..count * 3 / 4).contains(&accepted), "{accepted}");
        assert!(
            differing.values().sum::<u64>() < count / 10,
            "{differing:?}"
        );
    }
}

impl Request {
    /// By ours, of a form whose fields are all different.
    fn signature(&self) -> String {
        let token = Secret::new(self.token.as_str());
        if self.form {
            let form = Form::parse(self.body.as_bytes()).expect("it is sent by Twilio");
            signature::sign(&token, &self.url, Signed::Form(&form))
        } else {
            signature::sign(&token, &self.url, Signed::Raw(self.body.as_bytes()))
        }
    }

    /// By ours. A form goes the whole way that a request goes, too.
    fn is_accepted(&self, signature: &str) -> bool {
        let token = Secret::new(self.token.as_str());
        if !self.form {
            let signed = Signed::Raw(self.body.as_bytes());
            return signature::verify([&token], signature, &self.url, signed);
        }
        let Ok(form) = Form::parse(self.body.as_bytes()) else {
            return false;
        };
        let accepted = signature::verify([&token], signature, &self.url, Signed::Form(&form));
        if let Some(let_in) = self.is_let_in(signature) {
            let ours = form.get("AccountSid") == Some(&requests::account());
            assert_eq!(let_in, accepted && ours, "{self:?}");
        }
        accepted
    }

    /// Whether the webhook is; `None` for a URL that no server gets to see.
    fn is_let_in(&self, signature: &str) -> Option<bool> {
        let after_scheme = self.url.find("://")? + 3;
        let path_at = after_scheme + self.url[after_scheme..].find('/')?;
        let (public_url, path) = self.url.split_at(path_at);
        let request = http::Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(signature::HEADER, signature)
            .body(Bytes::from(self.body.clone()))
            .ok()?;
        if public_url.contains('?') || self.url.contains('#') || request.uri() != path {
            return None;
        }
        let credentials = Credentials::from_values("this test", |name| match name {
            credentials::ACCOUNT_SID => Some(Secret::new(requests::account())),
            credentials::AUTH_TOKEN => Some(Secret::new(self.token.as_str())),
            _ => None,
        });
        let unverified = Unverified::read(&request).expect("it is well formed");
        Some(unverified.verify(&credentials.unwrap(), public_url).is_ok())
    }
}
