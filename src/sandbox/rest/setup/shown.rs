//! The account, its numbers, TwiML applications and Messaging Services as Twilio shows them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::phone::PhoneNumber;
use crate::sandbox::message::{API_PATH, API_VERSION, rfc2822};
use crate::sandbox::places::place_of;
use crate::sandbox::state::State;
use crate::sandbox::{Application, Number, Service};

pub(super) const MESSAGING: &str = "https://messaging.twilio.com/v1";

/// A record's own fields and `more`.
pub(super) fn record(fields: impl Serialize, more: Value) -> Value {
    let mut record = json!(fields);
    if let (Some(record), Value::Object(more)) = (record.as_object_mut(), more) {
        record.extend(more);
    }
    record
}

fn method(name: &Option<String>) -> &str {
    name.as_deref().unwrap_or("POST")
}

impl State {
    pub(super) fn account_json(&self) -> Value {
        let (sid, account) = (&self.account_sid, &self.account);
        let uri = format!("{API_PATH}/{sid}");
        let opened = rfc2822(self.opened);
        json!({
            "sid": sid,
            "owner_account_sid": account.owner_account_sid.as_ref().unwrap_or(sid),
            "friendly_name": account.friendly_name,
            "status": account.status,
            "type": account.kind,
            "date_created": opened,
            "date_updated": opened,
            "subresource_uris": {
                "applications": format!("{uri}/Applications.json"),
                "balance": format!("{uri}/Balance.json"),
                "calls": format!("{uri}/Calls.json"),
                "incoming_phone_numbers": format!("{uri}/IncomingPhoneNumbers.json"),
                "keys": format!("{uri}/Keys.json"),
                "messages": format!("{uri}/Messages.json"),
                "recordings": format!("{uri}/Recordings.json"),
                "usage": format!("{uri}/Usage.json"),
            },
            "uri": format!("{uri}.json"),
        })
    }

    /// Nothing of a subaccount, which has no balance of its own.
    pub(super) fn balance_json(&self) -> Option<Value> {
        let balance = self.account.balance.as_ref()?;
        Some(json!({
            "account_sid": self.account_sid,
            "balance": balance,
            "currency": self.account.currency,
        }))
    }

    pub(super) fn number_json(&self, number: &PhoneNumber, setup: &Number) -> Value {
        let sid = Number::sid(number);
        let (created, account) = (rfc2822(self.opened), &self.account_sid);
        let url = |url: &Option<String>| url.clone().unwrap_or_default();
        json!({
            "sid": sid,
            "account_sid": account,
            "api_version": API_VERSION,
            "phone_number": number.expose(),
            "friendly_name": setup.friendly_name.as_deref().unwrap_or(number.expose()),
            "date_created": created,
            "date_updated": created,
            "sms_url": url(&setup.sms_url),
            "sms_method": method(&setup.sms_method),
            "sms_fallback_url": url(&setup.sms_fallback_url),
            "sms_fallback_method": method(&setup.sms_fallback_method),
            "sms_application_sid": url(&setup.sms_application_sid),
            "voice_url": url(&setup.voice_url),
            "voice_method": method(&setup.voice_method),
            "voice_fallback_url": url(&setup.voice_fallback_url),
            "voice_fallback_method": method(&setup.voice_fallback_method),
            "voice_application_sid": url(&setup.voice_application_sid),
            "voice_caller_id_lookup": false,
            "voice_receive_mode": "voice",
            "trunk_sid": setup.trunk_sid,
            "status_callback": url(&setup.status_callback),
            "status_callback_method": method(&setup.status_callback_method),
            "capabilities": setup.capabilities,
            "status": setup.status.as_deref().unwrap_or("in-use"),
            "origin": "twilio",
            "beta": false,
            "bundle_sid": setup.bundle_sid,
            "identity_sid": setup.identity_sid,
            "address_sid": setup.address_sid,
            "address_requirements": setup.address_requirements.as_deref().unwrap_or("none"),
            "emergency_status": setup.emergency_status.as_deref().unwrap_or("Inactive"),
            "emergency_address_sid": setup.emergency_address_sid,
            "emergency_address_status":
                setup.emergency_address_status.as_deref().unwrap_or("unregistered"),
            "uri": format!("{API_PATH}/{account}/IncomingPhoneNumbers/{sid}.json"),
        })
    }

    pub(super) fn application_json(&self, sid: &str, application: &Application) -> Value {
        let (created, account) = (rfc2822(self.opened), &self.account_sid);
        let more = json!({
            "sid": sid,
            "account_sid": account,
            "api_version": API_VERSION,
            "date_created": created,
            "date_updated": created,
            "friendly_name": application.friendly_name.as_deref().unwrap_or(sid),
            "sms_method": method(&application.sms_method),
            "sms_fallback_method": method(&application.sms_fallback_method),
            "voice_method": method(&application.voice_method),
            "voice_fallback_method": method(&application.voice_fallback_method),
            "status_callback_method": method(&application.status_callback_method),
            "uri": format!("{API_PATH}/{account}/Applications/{sid}.json"),
        });
        record(application, more)
    }

    pub(super) fn service_json(&self, sid: &str, service: &Service) -> Value {
        let (opened, url) = (self.opened_v1(), format!("{MESSAGING}/Services/{sid}"));
        let more = json!({
            "sid": sid,
            "account_sid": self.account_sid,
            "date_created": opened,
            "date_updated": opened,
            "url": url,
            "links": {
                "phone_numbers": format!("{url}/PhoneNumbers"),
                "us_app_to_person": format!("{url}/Compliance/Usa2p"),
            },
        });
        let mut shown = record(service, more);
        if let Some(shown) = shown.as_object_mut() {
            shown.remove("phone_numbers");
            shown.remove("campaigns");
        }
        shown
    }

    /// A number of a Messaging Service.
    pub(super) fn number_of_json(&self, service: &str, number: &PhoneNumber) -> Value {
        let (opened, sid) = (self.opened_v1(), Number::sid(number));
        let setup = self.account.numbers.get(number).cloned();
        let can = setup.unwrap_or_default().capabilities;
        let can = [(can.voice, "Voice"), (can.sms, "SMS"), (can.mms, "MMS")];
        let can: Vec<_> = can
            .iter()
            .filter(|(can, _)| *can)
            .map(|(_, name)| name)
            .collect();
        json!({
            "sid": sid,
            "account_sid": self.account_sid,
            "service_sid": service,
            "date_created": opened,
            "date_updated": opened,
            "phone_number": number.expose(),
            "country_code": place_of(number.expose())[3],
            "capabilities": can,
            "url": format!("{MESSAGING}/Services/{service}/PhoneNumbers/{sid}"),
        })
    }

    /// When the sandbox began, as the newer APIs write it.
    pub(super) fn opened_v1(&self) -> String {
        iso(self.opened)
    }
}

/// As the newer APIs write an instant: `2015-07-30T20:12:31Z`.
pub(super) fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
