//! The resources, with just the fields that are looked at.
//!
//! Source: Twilio's OpenAPI documents of api v2010, messaging v1, monitor v1, accounts v1 and iam v1; Twilio,
//! "Webhook rules" (public beta).

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use super::text;
use crate::twilio::effective::{ApplicationSetup, NumberSetup, ServiceSetup, Urls};

fn flag(value: &Value, field: &str) -> Option<bool> {
    value[field].as_bool()
}

/// The URLs that a resource has for texts or calls, by the beginning of their fields' names.
fn urls(value: &Value, [url, method, fallback, fallback_method]: [&str; 4]) -> Urls {
    Urls::of(
        value[url].as_str(),
        value[method].as_str(),
        value[fallback].as_str(),
        value[fallback_method].as_str(),
    )
}

const SMS: [&str; 4] = [
    "sms_url",
    "sms_method",
    "sms_fallback_url",
    "sms_fallback_method",
];
const VOICE: [&str; 4] = [
    "voice_url",
    "voice_method",
    "voice_fallback_url",
    "voice_fallback_method",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `active`, `suspended` or `closed`.
    pub status: Option<String>,
    /// `Full` or `Trial`.
    pub kind: Option<String>,
    /// Itself, or the account that it is a subaccount of.
    pub owner: Option<String>,
}

impl Account {
    pub(super) fn of(value: &Value) -> Option<Self> {
        text(value, "sid")?;
        Some(Self {
            status: text(value, "status"),
            kind: text(value, "type"),
            owner: text(value, "owner_account_sid"),
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    pub amount: f64,
    pub currency: String,
}

impl Balance {
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(Self {
            amount: text(value, "balance")?.parse().ok()?,
            currency: text(value, "currency").unwrap_or_else(|| "USD".to_owned()),
        })
    }
}

/// What some days cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    pub price: f64,
}

impl Usage {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let price = text(value, "price")?.parse().ok()?;
        Some(Self { price })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub sid: String,
    pub phone_number: String,
    pub setup: NumberSetup,
    pub can_sms: Option<bool>,
    pub can_mms: Option<bool>,
    pub can_voice: Option<bool>,
    pub status_callback: Option<String>,
    /// `None` if Twilio does not say; then it is POST.
    pub status_callback_method: Option<String>,
    pub status: Option<String>,
}

impl Number {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let can = |what| flag(&value["capabilities"], what);
        Some(Self {
            sid: text(value, "sid")?,
            phone_number: text(value, "phone_number")?,
            setup: NumberSetup {
                sms: urls(value, SMS),
                sms_application_sid: text(value, "sms_application_sid"),
                voice: urls(value, VOICE),
                voice_application_sid: text(value, "voice_application_sid"),
                trunk_sid: text(value, "trunk_sid"),
            },
            can_sms: can("sms"),
            can_mms: can("mms"),
            can_voice: can("voice"),
            status_callback: text(value, "status_callback"),
            status_callback_method: text(value, "status_callback_method"),
            status: text(value, "status"),
        })
    }
}

/// A TwiML application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    pub name: String,
    pub status_callback: Option<String>,
    pub status_callback_method: Option<String>,
    pub setup: ApplicationSetup,
}

impl Application {
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(Self {
            name: text(value, "friendly_name").unwrap_or_default(),
            status_callback: text(value, "status_callback"),
            status_callback_method: text(value, "status_callback_method"),
            setup: ApplicationSetup {
                sid: text(value, "sid")?,
                sms: urls(value, SMS),
                voice: urls(value, VOICE),
            },
        })
    }
}

/// A Messaging Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub sid: String,
    pub name: String,
    pub setup: ServiceSetup,
    pub status_callback: Option<String>,
    /// In seconds.
    pub validity_period: Option<i64>,
}

impl Service {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let sid = text(value, "sid")?;
        let fields = [
            "inbound_request_url",
            "inbound_method",
            "fallback_url",
            "fallback_method",
        ];
        Some(Self {
            name: text(value, "friendly_name").unwrap_or_default(),
            setup: ServiceSetup {
                sid: sid.clone(),
                inbound: urls(value, fields),
                // Who has the say follows from it: without it nothing does.
                use_inbound_webhook_on_number: flag(value, "use_inbound_webhook_on_number")?,
            },
            sid,
            status_callback: text(value, "status_callback"),
            validity_period: value["validity_period"].as_i64(),
        })
    }
}

/// A US campaign of a Messaging Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    pub status: Option<String>,
    pub brand: Option<String>,
    pub has_embedded_links: Option<bool>,
    pub is_mock: Option<bool>,
    /// Why it was refused.
    pub errors: Vec<String>,
}

impl Campaign {
    pub(super) fn of(value: &Value) -> Option<Self> {
        text(value, "sid")?;
        Some(Self {
            status: text(value, "campaign_status"),
            brand: text(value, "brand_registration_sid"),
            has_embedded_links: flag(value, "has_embedded_links"),
            is_mock: flag(value, "mock"),
            errors: errors(value),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    pub status: Option<String>,
    /// Why it was refused.
    pub errors: Vec<String>,
}

/// What a registration says of why it was refused: the code of each error, and the fields that it is about. Twilio's
/// documents promise no more than objects there, so whatever else one has is left alone.
///
/// Source: Twilio, "UsAppToPerson" and "BrandRegistration" resources, `errors`.
fn errors(value: &Value) -> Vec<String> {
    let errors = value.get("errors").and_then(Value::as_array);
    let errors = errors.into_iter().flatten().filter_map(|error| {
        let code = error.get("error_code").or_else(|| error.get("code"));
        let code = code.map(|code| match code {
            Value::String(code) => code.clone(),
            code => code.to_string(),
        });
        let fields = error.get("fields").and_then(Value::as_array);
        let fields = fields.into_iter().flatten().filter_map(Value::as_str);
        let fields = fields.collect::<Vec<_>>().join(", ");
        let says = text(error, "description").or_else(|| (!fields.is_empty()).then_some(fields));
        let both: Vec<String> = code.into_iter().chain(says).collect();
        (!both.is_empty()).then(|| both.join(": "))
    });
    errors.take(MOST_ERRORS).collect()
}

/// More reasons than this are not told.
const MOST_ERRORS: usize = 5;

impl Brand {
    pub(super) fn of(value: &Value) -> Option<Self> {
        text(value, "sid")?;
        Some(Self {
            status: text(value, "status"),
            errors: errors(value),
        })
    }
}

/// The verification of a toll-free number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TollFree {
    pub status: Option<String>,
}

impl TollFree {
    pub(super) fn of(value: &Value) -> Option<Self> {
        text(value, "sid")?;
        let status = text(value, "status");
        Some(Self { status })
    }
}

/// Whether texts may go to a country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country {
    pub code: String,
    pub enabled: Option<bool>,
}

impl Country {
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(Self {
            code: text(value, "country_code")?,
            enabled: flag(value, "enabled"),
        })
    }
}

/// An error of Twilio's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub code: u32,
    pub request_url: Option<String>,
    pub at: Option<Timestamp>,
}

impl Alert {
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(Self {
            code: text(value, "error_code")?.parse().ok()?,
            request_url: text(value, "request_url"),
            at: text(value, "date_generated").and_then(|at| at.parse().ok()),
        })
    }
}

/// A rule for webhooks, which goes before what a URL's fragment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `EXACT_MATCH`, `PREFIX_MATCH` or `DEFAULT`.
    pub match_type: String,
    pub value: Option<String>,
    /// The names of what it sets, such as signing or connection.
    pub sets: Vec<String>,
}

impl Rule {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let sets = value["settings"].as_array();
        let name = |setting: &Value| {
            text(setting, "type")
                .or_else(|| text(setting, "name"))
                .or_else(|| setting.as_str().map(str::to_owned))
        };
        Some(Self {
            match_type: text(value, "matchType").or_else(|| text(value, "match_type"))?,
            value: text(value, "value").or_else(|| text(value, "prefix")),
            sets: sets.into_iter().flatten().filter_map(name).collect(),
        })
    }

    /// How closely the rule fits a URL: the closest of all is in force. `None` if it does not fit.
    pub fn fits(&self, url: &str) -> Option<usize> {
        let value = self.value.as_deref().unwrap_or_default();
        match self.match_type.as_str() {
            "EXACT_MATCH" => (url == value).then_some(usize::MAX),
            "PREFIX_MATCH" => url.starts_with(value).then_some(1 + value.len()),
            "DEFAULT" => Some(0),
            _ => None,
        }
    }
}

/// What an API key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPolicy {
    /// `None` of a Standard key, which may send and read texts.
    pub allow: Option<Vec<String>>,
}

impl KeyPolicy {
    pub(super) fn of(value: &Value) -> Option<Self> {
        text(value, "sid")?;
        let allow = value["policy"]["allow"].as_array().map(|allow| {
            let allow = allow.iter().filter_map(Value::as_str);
            allow.map(str::to_owned).collect()
        });
        Some(Self { allow })
    }
}

/// A text as lists have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMessage {
    pub to: Option<String>,
    pub is_inbound: bool,
    pub status: Option<String>,
    pub error_code: Option<u32>,
    pub at: Option<Timestamp>,
}

impl ListedMessage {
    pub(super) fn of(value: &Value) -> Option<Self> {
        text(value, "sid")?;
        let at = text(value, "date_sent").or_else(|| text(value, "date_created"));
        Some(Self {
            to: text(value, "to"),
            is_inbound: text(value, "direction").as_deref() == Some("inbound"),
            status: text(value, "status"),
            error_code: text(value, "error_code").and_then(|code| code.parse().ok()),
            at: at.and_then(|at| Some(rfc2822::parse(&at).ok()?.timestamp())),
        })
    }
}
