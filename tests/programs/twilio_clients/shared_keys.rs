//! Signatures of shared keys against Twilio's own validator, the one of its libraries that knows them.

use fastrand::Rng;
use relay::domain::credentials::Secret;
use relay::twilio::form::Form;
use relay::twilio::signature::{Algorithm, Signed, sign_by, verify_by};
use serde::{Deserialize, Serialize};

use super::{Language, ask};

#[derive(Debug, Serialize)]
struct Case {
    url: String,
    body: String,
    key: String,
    settings: &'static str,
    signature: String,
}

#[derive(Deserialize)]
struct Answer {
    signature: String,
    accepts: bool,
}

impl Case {
    fn algorithm(&self) -> Algorithm {
        Algorithm::of_settings(self.settings).unwrap()
    }

    /// Signed, or with the signature of another algorithm.
    fn draw(rng: &mut Rng) -> Self {
        let settings = [
            "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
            "key=webhooks_sharedkey_1, algorithm=hmac_sha1",
            "key=webhooks_sharedkey_1",
        ];
        let port = ["", ":443", ":8443"][rng.usize(..3)];
        let fields = (0..rng.usize(1..6)).map(|n| (format!("Field{n}"), rng.u64(..).to_string()));
        let form = Form::from_fields(fields);
        let mut case = Self {
            url: format!(
                "https://relay.example.com{port}/twilio/sms?a={}",
                rng.u8(..)
            ),
            body: form.encode(),
            key: format!("shared-{}", rng.u64(..)),
            settings: settings[rng.usize(..3)],
            signature: String::new(),
        };
        let other = [Algorithm::Sha1, Algorithm::Sha256][rng.usize(..2)];
        let algorithm = if rng.bool() { case.algorithm() } else { other };
        let key = Secret::new(case.key.clone());
        case.signature = sign_by(algorithm, &key, &case.url, Signed::Form(&form));
        case
    }
}

#[test]
fn twilios_python_library_and_the_relay_say_the_same_of_shared_keys() {
    let mut rng = Rng::with_seed(1);
    let cases: Vec<_> = (0..2_000).map(|_| Case::draw(&mut rng)).collect();
    let mut accepted = 0;
    ask(
        Language::Python,
        "shared_keys.py",
        cases.into_iter(),
        |case: Case, theirs: Answer| {
            let form = Form::parse(case.body.as_bytes()).unwrap();
            let (key, signed) = (Secret::new(case.key.clone()), Signed::Form(&form));
            let ours = sign_by(case.algorithm(), &key, &case.url, signed);
            assert_eq!(ours, theirs.signature, "{case:?}");
            let accepts = verify_by(case.algorithm(), [&key], &case.signature, &case.url, signed);
            assert_eq!(accepts, theirs.accepts, "{case:?}");
            accepted += u32::from(accepts);
        },
    );
    assert!((1_000..2_000).contains(&accepted), "{accepted}");
}
