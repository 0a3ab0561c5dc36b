//! Where a number's webhooks have to stand: at the number, at its TwiML application, or at its Messaging
//! Service.

use super::{application_named, service_named, short};
use crate::app::doctor::facts::NumberFacts;
use crate::app::doctor::hook::{Hook, difference, foreign_host, retries_lacking};
use crate::app::doctor::report::Change;
use crate::twilio::effective::{Hook as Set, Method, Urls};
use crate::twilio::setup::{Address, DEFERS, Number, Product};

/// A resource that has URLs, and what its fields are called.
pub struct Target {
    address: Address,
    /// What it is, for people.
    pub what: String,
    /// What it has now.
    has: Urls,
    fields: [&'static str; 4],
    also: Option<String>,
}

const SMS: [&str; 4] = ["SmsUrl", "SmsMethod", "SmsFallbackUrl", "SmsFallbackMethod"];
const VOICE: [&str; 4] = [
    "VoiceUrl",
    "VoiceMethod",
    "VoiceFallbackUrl",
    "VoiceFallbackMethod",
];
const SERVICE: [&str; 4] = [
    "InboundRequestUrl",
    "InboundMethod",
    "FallbackUrl",
    "FallbackMethod",
];

/// Where texts' webhooks have to be set, and what has to change first for that to count.
pub fn of_texts(facts: &NumberFacts, number: &Number, ours: &[&str]) -> (Target, Vec<Change>) {
    let service = facts.service();
    let Some(service) = service.filter(|s| !s.service.setup.use_inbound_webhook_on_number) else {
        return (of_number_or_application(facts, number, SMS), Vec::new());
    };
    let sid = &service.service.sid;
    let address = Address {
        product: Product::Messaging,
        path: format!("/v1/Services/{sid}"),
    };
    let what = service_named(&service.service.name, sid);
    let inbound = &service.service.setup.inbound;
    let is_ours = |set: &Option<Set>| {
        let want = Hook::Text.at(&facts.line.public_url);
        set.as_ref()
            .is_some_and(|set| difference(&set.url, &want).is_none())
    };
    let others = service
        .numbers
        .iter()
        .filter(|sid| !ours.contains(&sid.as_str()))
        .count();
    if others == 0 && !is_ours(&inbound.main) {
        let takes_over = inbound.main.as_ref();
        let defer = Change {
            address,
            what,
            field: DEFERS,
            from: Some("false".to_owned()),
            to: "true".to_owned(),
            takes_over: takes_over.and_then(|set| foreign_host(&set.url, &facts.line.public_url)),
            also: None,
        };
        return (of_number_or_application(facts, number, SMS), vec![defer]);
    }
    let also = (others > 0).then(|| {
        format!("{others} other numbers are in this service: what is texted to them comes to the relay, too, and is refused")
    });
    let target = Target {
        address,
        what,
        has: inbound.clone(),
        fields: SERVICE,
        also,
    };
    (target, Vec::new())
}

/// Where calls' webhooks have to be set.
pub fn of_calls(facts: &NumberFacts, number: &Number) -> Target {
    of_number_or_application(facts, number, VOICE)
}

fn of_number_or_application(
    facts: &NumberFacts,
    number: &Number,
    fields: [&'static str; 4],
) -> Target {
    let is_text = fields == SMS;
    let (application, setup) = if is_text {
        (&facts.text_application, &number.setup.sms)
    } else {
        (&facts.call_application, &number.setup.voice)
    };
    match application.as_ref().ok().and_then(Option::as_ref) {
        Some(application) => Target {
            address: facts.address(&format!("/Applications/{}.json", application.setup.sid)),
            what: application_named(&application.name, &application.setup.sid),
            has: if is_text {
                application.setup.sms.clone()
            } else {
                application.setup.voice.clone()
            },
            fields,
            also: Some(
                "other numbers with this application are brought to the relay, too".to_owned(),
            ),
        },
        None => Target {
            address: facts.address(&format!("/IncomingPhoneNumbers/{}.json", number.sid)),
            what: format!("number {} ({})", facts.number.masked(), short(&number.sid)),
            has: setup.clone(),
            fields,
            also: None,
        },
    }
}

impl Target {
    /// What makes the main address right, with its method.
    pub fn main(&self, hook: Hook, public_url: &str) -> Vec<Change> {
        let [url, method, ..] = self.fields;
        self.changes(url, method, self.has.main.as_ref(), hook, public_url)
    }

    pub fn fallback(&self, hook: Hook, public_url: &str) -> Vec<Change> {
        let [_, _, url, method] = self.fields;
        self.changes(url, method, self.has.fallback.as_ref(), hook, public_url)
    }

    fn changes(
        &self,
        url: &'static str,
        method: &'static str,
        has: Option<&Set>,
        hook: Hook,
        public_url: &str,
    ) -> Vec<Change> {
        let want = hook.at(public_url);
        let mut changes = Vec::new();
        let is_right = has.is_some_and(|has| {
            difference(&has.url, &want).is_none() && retries_lacking(&has.url).is_none()
        });
        if !is_right {
            let from = has.map(|has| has.url.clone());
            let takes_over = from
                .as_deref()
                .and_then(|url| foreign_host(url, public_url));
            changes.push(self.change(url, from, want, takes_over));
        }
        if has.is_some_and(|has| has.method != Method::Post) {
            changes.push(self.change(method, Some("GET".to_owned()), "POST".to_owned(), None));
        }
        changes
    }

    /// What makes Twilio tell the relay when a call ends.
    pub fn call_end(&self, has: Option<&str>, gets: bool, public_url: &str) -> Vec<Change> {
        let want = Hook::CallEnd.at(public_url);
        let mut changes = Vec::new();
        if has.is_none_or(|has| difference(has, &want).is_some()) {
            let takes_over = has.and_then(|url| foreign_host(url, public_url));
            changes.push(self.change("StatusCallback", has.map(str::to_owned), want, takes_over));
        }
        if gets {
            let (from, to) = (Some("GET".to_owned()), "POST".to_owned());
            changes.push(self.change("StatusCallbackMethod", from, to, None));
        }
        changes
    }

    fn change(
        &self,
        field: &'static str,
        from: Option<String>,
        to: String,
        takes_over: Option<String>,
    ) -> Change {
        Change {
            address: self.address.clone(),
            what: self.what.clone(),
            field,
            from,
            to,
            takes_over,
            also: self.also.clone(),
        }
    }
}
