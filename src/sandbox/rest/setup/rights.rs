use ::http::Method;

use super::Setup;

impl Setup<'_> {
    /// The permission that a Restricted key needs; without one, no Restricted key is enough.
    ///
    /// Source: Twilio's lists of permissions ("Restricted API keys"). What is marked is assumed after their pattern:
    /// no list names it.
    pub fn permission(&self, method: &Method) -> Option<&'static str> {
        let writes = method != Method::GET;
        Some(match self {
            Setup::Numbers => "/twilio/phone-numbers/active-numbers/list",
            Setup::Number(_) if writes => "/twilio/phone-numbers/active-numbers/update",
            Setup::Number(_) => "/twilio/phone-numbers/active-numbers/read",
            Setup::Services => "/twilio/messaging/services/list",
            Setup::Service(_) if writes => "/twilio/messaging/services/update",
            Setup::Service(_) => "/twilio/messaging/services/read",
            Setup::NumbersOf(_) => "/twilio/messaging/services.phonenumbers/list",
            Setup::NumberOf(..) => "/twilio/messaging/services.phonenumbers/read",
            Setup::CampaignsOf(_) => "/twilio/messaging/services.usa2p-campaign/list",
            Setup::CampaignOf(..) => "/twilio/messaging/services.usa2p-campaign/read",
            Setup::Alerts => "/twilio/monitor/alerts/list",
            Setup::Alert(_) => "/twilio/monitor/alerts/read",
            Setup::Usage { .. } => "/twilio/billing/usage/read",
            // Assumed, from here on.
            Setup::Applications => "/twilio/voice/applications/list",
            Setup::Application(_) if writes => "/twilio/voice/applications/update",
            Setup::Application(_) => "/twilio/voice/applications/read",
            Setup::Brands => "/twilio/messaging/brand-registrations/list",
            Setup::Brand(_) => "/twilio/messaging/brand-registrations/read",
            Setup::Verifications => "/twilio/messaging/tollfree-verifications/list",
            Setup::Verification(_) => "/twilio/messaging/tollfree-verifications/read",
            Setup::Balance => "/twilio/billing/balance/read",
            Setup::Rules => "/twilio/webhooks/rules/list",
            Setup::Rule(_) => "/twilio/webhooks/rules/read",
            // `/Accounts` is for the auth token; of the countries no permission is known.
            Setup::Account | Setup::GeoPermissions => return None,
        })
    }
}
