//! What Twilio writes down of an account's use, and its rules about webhooks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sandbox::Alert;

/// What was used of something on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    pub description: String,
    pub count: String,
    pub count_unit: String,
    pub usage: String,
    pub usage_unit: String,
    /// In the account's currency.
    pub price: String,
}

/// A rule about webhooks (public beta). Names are Twilio's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookRule {
    #[serde(default)]
    pub friendly_name: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    /// `EXACT_MATCH`, `PREFIX_MATCH` or `DEFAULT`.
    pub match_type: String,
    /// The URL of `EXACT_MATCH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What the URL begins with, of `PREFIX_MATCH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// `settingId` and `percentage` each.
    #[serde(default)]
    pub settings: Vec<Value>,
}

/// Something that went wrong before, as Twilio's debugger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastAlert {
    pub at: Timestamp,
    pub error_code: u32,
    #[serde(default = "error")]
    pub log_level: String,
    #[serde(default)]
    pub alert_text: String,
    #[serde(default)]
    pub request_method: Option<String>,
    #[serde(default)]
    pub request_url: Option<String>,
    /// The text or the call that it is about.
    #[serde(default)]
    pub resource_sid: Option<String>,
    /// The number or the Messaging Service.
    #[serde(default)]
    pub service_sid: Option<String>,
}

impl From<&Alert> for PastAlert {
    fn from(alert: &Alert) -> Self {
        let url = Some(&alert.url).filter(|url| !url.is_empty());
        Self {
            at: alert.at,
            error_code: alert.error_code,
            log_level: error(),
            alert_text: alert.message.clone(),
            request_method: url.map(|_| "POST".to_owned()),
            request_url: url.cloned(),
            resource_sid: alert.resource_sid.clone(),
            service_sid: None,
        }
    }
}

fn error() -> String {
    "error".to_owned()
}
