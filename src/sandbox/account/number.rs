use serde::{Deserialize, Serialize};

use crate::domain::phone::PhoneNumber;
use crate::sandbox::message::digest;

/// How one of the account's numbers is set up. What is not set is as Twilio has it for a new number, but for the
/// URLs: Twilio has its own there, which answer with a sample text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Number {
    pub friendly_name: Option<String>,
    /// Called when a text comes in ("A message comes in"). The public URL: signatures cover it.
    /// It may carry Twilio's connection overrides (`#rc=3&rp=5xx`).
    pub sms_url: Option<String>,
    /// `POST`, as every method of this number, if nothing else is set.
    pub sms_method: Option<String>,
    /// Called when that one fails.
    pub sms_fallback_url: Option<String>,
    pub sms_fallback_method: Option<String>,
    /// Its URLs count instead of all `sms_*_url` of the number.
    pub sms_application_sid: Option<String>,
    /// Called when a call comes in ("A call comes in").
    pub voice_url: Option<String>,
    pub voice_method: Option<String>,
    /// Called when that one, or another of a call's URLs, fails.
    pub voice_fallback_url: Option<String>,
    pub voice_fallback_method: Option<String>,
    /// Its URLs count instead of all `voice_*_url` of the number.
    pub voice_application_sid: Option<String>,
    /// Takes the number's calls, whatever else is set.
    pub trunk_sid: Option<String>,
    /// Called when a call is over ("Call status changes").
    pub status_callback: Option<String>,
    pub status_callback_method: Option<String>,
    pub capabilities: Capabilities,
    /// `in-use` if nothing else is set.
    pub status: Option<String>,
    pub bundle_sid: Option<String>,
    pub identity_sid: Option<String>,
    pub address_sid: Option<String>,
    /// `none` if nothing else is set.
    pub address_requirements: Option<String>,
    /// `Inactive` if nothing else is set.
    pub emergency_status: Option<String>,
    pub emergency_address_sid: Option<String>,
    /// `unregistered` if nothing else is set.
    pub emergency_address_status: Option<String>,
    /// Whether webhooks carry `OptOutType`, as with Twilio's Advanced Opt-Out.
    pub advanced_opt_out: bool,
    /// Whether people write to it only what they answer: a new text goes to another number.
    pub reply_number: bool,
    /// IANA name of the zone in which its people want to read times; Twilio knows no such thing.
    pub time_zone: Option<String>,
}

/// What a number can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capabilities {
    pub sms: bool,
    pub mms: bool,
    pub voice: bool,
    pub fax: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            sms: true,
            mms: true,
            voice: true,
            fax: false,
        }
    }
}

impl Number {
    /// The SID of a number of the account.
    pub fn sid(number: &PhoneNumber) -> String {
        format!("PN{}", digest(number.expose()))
    }
}
