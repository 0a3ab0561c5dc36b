//! What the account has: numbers, TwiML applications, Messaging Services and their registration, and what Twilio
//! writes down of its use. Keys and tokens are in [`super::access`].

mod application;
mod hooks;
mod messaging;
mod number;
mod records;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

pub use application::Application;
pub use messaging::{Brand, Campaign, GeoPermission, Service, Verification};
pub use number::{Capabilities, Number};
pub use records::{PastAlert, Usage, WebhookRule};

use super::message::digest;
use crate::domain::credentials::{ApiKey, Callers, Credentials, Secret};
use crate::domain::phone::PhoneNumber;

/// Everything that the account has, by SID where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    pub friendly_name: String,
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// `Full` or `Trial`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a subaccount: the account that owns it.
    pub owner_account_sid: Option<String>,
    /// A subaccount has none of its own.
    pub balance: Option<String>,
    pub currency: String,
    pub numbers: BTreeMap<PhoneNumber, Number>,
    pub applications: BTreeMap<String, Application>,
    pub services: BTreeMap<String, Service>,
    pub brands: BTreeMap<String, Brand>,
    pub tollfree_verifications: BTreeMap<String, Verification>,
    /// By country code, such as `US`.
    pub geo_permissions: BTreeMap<String, GeoPermission>,
    /// By day and category, such as `totalprice`.
    pub usage: BTreeMap<Date, BTreeMap<String, Usage>>,
    pub webhook_rules: BTreeMap<String, WebhookRule>,
    pub alerts: BTreeMap<String, PastAlert>,
}

/// An active, full account that has nothing.
impl Default for Account {
    fn default() -> Self {
        Self {
            friendly_name: "Sandbox".to_owned(),
            status: "active".to_owned(),
            kind: "Full".to_owned(),
            owner_account_sid: None,
            balance: None,
            currency: "USD".to_owned(),
            numbers: BTreeMap::new(),
            applications: BTreeMap::new(),
            services: BTreeMap::new(),
            brands: BTreeMap::new(),
            tollfree_verifications: BTreeMap::new(),
            geo_permissions: BTreeMap::new(),
            usage: BTreeMap::new(),
            webhook_rules: BTreeMap::new(),
            alerts: BTreeMap::new(),
        }
    }
}

/// Countries that texts may go to in a new sandbox.
const COUNTRIES: [(&str, &str); 8] = [
    ("US", "+1"),
    ("CA", "+1"),
    ("MX", "+52"),
    ("GB", "+44"),
    ("DE", "+49"),
    ("ES", "+34"),
    ("FR", "+33"),
    ("PR", "+1"),
];

/// Area codes of toll-free numbers.
const TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

impl Account {
    /// An account that is allowed to send: with a balance, and with a Messaging Service that has a verified
    /// campaign and leaves what comes in to its numbers.
    pub(super) fn registered(now: Timestamp) -> Self {
        let brand = sid("BN", "brand");
        let campaign = Campaign {
            brand_registration_sid: Some(brand.clone()),
            ..Campaign::default()
        };
        let service = Service {
            friendly_name: "Customer care".to_owned(),
            use_inbound_webhook_on_number: true,
            us_app_to_person_registered: true,
            campaigns: BTreeMap::from([(sid("QE", "campaign"), campaign)]),
            ..Service::default()
        };
        let today = TimeZone::UTC.to_datetime(now).date();
        let days = (1..=7).filter_map(|ago| today.checked_sub(ago.days()).ok());
        let country = |(code, prefix): (&str, &str)| {
            let permission = GeoPermission {
                enabled: true,
                prefix: prefix.to_owned(),
                message: String::new(),
            };
            (code.to_owned(), permission)
        };
        Self {
            balance: Some("100.00".to_owned()),
            services: BTreeMap::from([(sid("MG", "service"), service)]),
            brands: BTreeMap::from([(brand, Brand::default())]),
            geo_permissions: COUNTRIES.into_iter().map(country).collect(),
            usage: days.map(|day| (day, small_use())).collect(),
            ..Self::default()
        }
    }

    /// Adds a number or sets it up anew. A new one is registered as its country wants it: a number of the US or Canada goes
    /// into the first Messaging Service, and a toll-free one gets a verification.
    pub(super) fn set_number(&mut self, number: PhoneNumber, setup: Number) {
        if !self.numbers.contains_key(&number) {
            self.register(&number);
        }
        self.numbers.insert(number, setup);
    }

    fn register(&mut self, number: &PhoneNumber) {
        let Some(national) = number.expose().strip_prefix("+1") else {
            return;
        };
        if TOLL_FREE.iter().any(|code| national.starts_with(code)) {
            let sid = sid("HH", number.expose());
            let approved = Verification::approved(number);
            self.tollfree_verifications.insert(sid, approved);
        } else if self.service_of(number).is_none()
            && let Some(service) = self.services.values_mut().next()
        {
            service.phone_numbers.push(number.clone());
        }
    }

    /// The Messaging Service that a number is in, with its SID.
    pub(super) fn service_of(&self, number: &PhoneNumber) -> Option<(&str, &Service)> {
        let mut services = self.services.iter();
        let of = services.find(|(_, service)| service.phone_numbers.contains(number));
        of.map(|(sid, service)| (sid.as_str(), service))
    }

    /// The number with that SID.
    pub(super) fn number(&self, sid: &str) -> Option<&PhoneNumber> {
        let mut numbers = self.numbers.keys();
        numbers.find(|number| Number::sid(number) == sid)
    }
}

/// Twilio's name of something: the same in every sandbox.
fn sid(prefix: &str, of: &str) -> String {
    format!("{prefix}{}", digest(of))
}

/// What a quiet line costs a day.
fn small_use() -> BTreeMap<String, Usage> {
    let of = |category: &str, description: &str, count: &str, unit: &str, price: &str| {
        let usage = Usage {
            description: description.to_owned(),
            count: count.to_owned(),
            count_unit: unit.to_owned(),
            usage: count.to_owned(),
            usage_unit: unit.to_owned(),
            price: price.to_owned(),
        };
        (category.to_owned(), usage)
    };
    BTreeMap::from([
        of("sms-inbound", "Inbound SMS", "20", "messages", "0.166"),
        of("sms-outbound", "Outbound SMS", "40", "messages", "0.332"),
        of("totalprice", "Total Price", "0.498", "usd", "0.498"),
    ])
}

/// The program that may call a relay on the sandbox, and its key, which everybody may know.
pub const DEMO_CALLER: &str = "demo";
pub const DEMO_KEY: &str = "sandbox-caller-key-that-everybody-may-know-0";

/// Credentials that nobody can take for real ones, with an API key.
pub fn demo_account() -> Credentials {
    let fives = "5".repeat(32);
    let caller = Secret::new(format!("notices,invitations,read:{DEMO_KEY}"));
    Credentials {
        account_sid: format!("AC{fives}"),
        auth_token: Secret::new("sandbox-auth-token"),
        next_auth_token: None,
        previous_auth_token: None,
        webhook_keys: Vec::new(),
        audit_key: None,
        api_key: Some(ApiKey {
            sid: format!("SK{fives}"),
            secret: Secret::new("sandbox-api-secret"),
        }),
        callers: Callers::among([("RELAY_CALLER_DEMO", &caller)]),
        version: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    fn registered() -> Account {
        Account::registered("2026-12-01T17:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_new_number_may_send_and_its_own_urls_count() {
        let mut account = registered();
        let (local, toll_free, mexican) = (
            number("+16195550100"),
            number("+18885550100"),
            number("+525555550100"),
        );
        for number in [&local, &toll_free, &mexican] {
            account.set_number(number.clone(), Number::default());
        }
        let (sid, service) = account.service_of(&local).unwrap();
        assert!(sid.starts_with("MG") && service.use_inbound_webhook_on_number);
        let campaign = service.campaigns.values().next().unwrap();
        assert_eq!(campaign.campaign_status, "VERIFIED");
        let brand = campaign.brand_registration_sid.as_deref().unwrap();
        assert_eq!(account.brands[brand].status, "APPROVED");
        assert!(account.service_of(&toll_free).is_none() && account.service_of(&mexican).is_none());
        let verified = account.tollfree_verifications.values().next().unwrap();
        assert_eq!(verified.tollfree_phone_number, toll_free);
    }

    #[test]
    fn a_number_that_is_set_up_anew_stays_where_it_was_put() {
        let mut account = registered();
        let line = number("+16195550100");
        account.set_number(line.clone(), Number::default());
        account.services.clear();
        account
            .services
            .insert(sid("MG", "other"), Service::default());
        account.set_number(line.clone(), Number::default());
        assert!(account.service_of(&line).is_none());
    }

    #[test]
    fn an_account_is_read_as_it_was_written_and_a_slip_of_the_pen_is_refused() {
        let mut account = registered();
        account.set_number(number("+16195550100"), Number::default());
        let written = serde_json::to_value(&account).unwrap();
        let read: Account = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read, account);
        let mut slip = written;
        slip["services"][sid("MG", "service")]["inbound_url"] = "https://x.example".into();
        assert!(serde_json::from_value::<Account>(slip).is_err());
    }
}
