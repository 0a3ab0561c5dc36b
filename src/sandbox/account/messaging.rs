//! What may send to whom: Messaging Services with their campaigns, brands, toll-free verifications, and the
//! countries that texts may go to. Fields and values are Twilio's; what has a fixed set of values there is text here,
//! so that a test can set a value that nobody knows yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::phone::PhoneNumber;

/// A Messaging Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    pub friendly_name: String,
    /// The numbers of the account that are in it. A number is in one service at most.
    pub phone_numbers: Vec<PhoneNumber>,
    pub inbound_request_url: Option<String>,
    pub inbound_method: String,
    pub fallback_url: Option<String>,
    pub fallback_method: String,
    /// Whether the number's own URLs count for what comes in, not the service's.
    pub use_inbound_webhook_on_number: bool,
    pub status_callback: Option<String>,
    pub smart_encoding: bool,
    /// Seconds.
    pub validity_period: u32,
    pub sticky_sender: bool,
    pub mms_converter: bool,
    pub fallback_to_long_code: bool,
    pub area_code_geomatch: bool,
    pub scan_message_content: String,
    pub synchronous_validation: bool,
    pub usecase: String,
    pub us_app_to_person_registered: bool,
    /// By SID (`QE…`); Twilio has one at most.
    pub campaigns: BTreeMap<String, Campaign>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            friendly_name: "Messaging Service".to_owned(),
            phone_numbers: Vec::new(),
            inbound_request_url: None,
            inbound_method: "POST".to_owned(),
            fallback_url: None,
            fallback_method: "POST".to_owned(),
            use_inbound_webhook_on_number: false,
            status_callback: None,
            smart_encoding: true,
            validity_period: 36_000,
            sticky_sender: true,
            mms_converter: true,
            fallback_to_long_code: true,
            area_code_geomatch: true,
            scan_message_content: "inherit".to_owned(),
            synchronous_validation: false,
            usecase: "undeclared".to_owned(),
            us_app_to_person_registered: false,
            campaigns: BTreeMap::new(),
        }
    }
}

/// An A2P campaign (`Usa2p`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Campaign {
    pub brand_registration_sid: Option<String>,
    pub campaign_status: String,
    pub campaign_id: Option<String>,
    pub us_app_to_person_usecase: String,
    pub description: String,
    pub message_flow: String,
    pub message_samples: Vec<String>,
    pub has_embedded_links: bool,
    pub has_embedded_phone: bool,
    pub subscriber_opt_in: bool,
    pub age_gated: bool,
    pub direct_lending: bool,
    pub is_externally_registered: bool,
    pub rate_limits: Value,
    pub opt_in_message: String,
    pub opt_out_message: String,
    pub help_message: String,
    pub opt_in_keywords: Vec<String>,
    pub opt_out_keywords: Vec<String>,
    pub help_keywords: Vec<String>,
    pub mock: bool,
    pub errors: Vec<Value>,
}

impl Default for Campaign {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            brand_registration_sid: None,
            campaign_status: "VERIFIED".to_owned(),
            campaign_id: Some("CSANDBOX".to_owned()),
            us_app_to_person_usecase: "CUSTOMER_CARE".to_owned(),
            description: "Answers to customers who wrote to a business's line.".to_owned(),
            message_flow: "Customers write first, to the number on the business's web page."
                .to_owned(),
            message_samples: words(&["Your boat is ready.", "We open at eight."]),
            has_embedded_links: true,
            has_embedded_phone: true,
            subscriber_opt_in: true,
            age_gated: false,
            direct_lending: false,
            is_externally_registered: false,
            rate_limits: serde_json::json!({
                "att": { "mps": 600, "msg_class": "A" },
                "tmobile": { "brand_tier": "TOP" },
            }),
            opt_in_message: "You get texts from us. Reply STOP to end them.".to_owned(),
            opt_out_message: "You get no more texts from us.".to_owned(),
            help_message: "Reply STOP to end texts from us.".to_owned(),
            opt_in_keywords: words(&["START"]),
            opt_out_keywords: words(&["STOP"]),
            help_keywords: words(&["HELP"]),
            mock: false,
            errors: Vec::new(),
        }
    }
}

/// An A2P brand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brand {
    pub status: String,
    pub identity_status: String,
    pub brand_type: String,
    pub tcr_id: Option<String>,
    pub failure_reason: Option<String>,
    pub errors: Vec<Value>,
    pub brand_score: Option<u32>,
    pub brand_feedback: Vec<String>,
    pub russell_3000: bool,
    pub government_entity: bool,
    pub tax_exempt_status: String,
    pub skip_automatic_sec_vet: bool,
    pub mock: bool,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            status: "APPROVED".to_owned(),
            identity_status: "VERIFIED".to_owned(),
            brand_type: "STANDARD".to_owned(),
            tcr_id: Some("BSANDBOX".to_owned()),
            failure_reason: None,
            errors: Vec::new(),
            brand_score: Some(42),
            brand_feedback: Vec::new(),
            russell_3000: false,
            government_entity: false,
            tax_exempt_status: "none".to_owned(),
            skip_automatic_sec_vet: false,
            mock: false,
        }
    }
}

/// The verification of a toll-free number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    pub tollfree_phone_number: PhoneNumber,
    #[serde(default = "approved")]
    pub status: String,
    #[serde(default)]
    pub rejection_reason: Option<String>,
    #[serde(default)]
    pub rejection_reasons: Option<Vec<Value>>,
    #[serde(default)]
    pub error_code: Option<u32>,
    #[serde(default)]
    pub edit_allowed: Option<bool>,
    /// Such as `2026-12-08T17:00:00Z`.
    #[serde(default)]
    pub edit_expiration: Option<String>,
}

fn approved() -> String {
    "TWILIO_APPROVED".to_owned()
}

impl Verification {
    pub fn approved(number: &PhoneNumber) -> Self {
        Self {
            tollfree_phone_number: number.clone(),
            status: approved(),
            rejection_reason: None,
            rejection_reasons: None,
            error_code: None,
            edit_allowed: None,
            edit_expiration: None,
        }
    }
}

/// Whether texts may go to a country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeoPermission {
    pub enabled: bool,
    /// Such as `+52`.
    #[serde(default)]
    pub prefix: String,
    /// Such as "High Risk Country".
    #[serde(default)]
    pub message: String,
}
