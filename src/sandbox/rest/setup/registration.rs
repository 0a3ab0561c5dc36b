//! Campaigns, brands, toll-free verifications and countries as Twilio shows them.

use serde_json::{Value, json};

use super::shown::{MESSAGING, record};
use crate::sandbox::state::State;
use crate::sandbox::{Brand, Campaign, Number, Verification};
use crate::twilio::form::Form;

impl State {
    pub(super) fn campaign_json(&self, service: &str, sid: &str, campaign: &Campaign) -> Value {
        let opened = self.opened_v1();
        let more = json!({
            "sid": sid,
            "account_sid": self.account_sid,
            "messaging_service_sid": service,
            "date_created": opened,
            "date_updated": opened,
            "url": format!("{MESSAGING}/Services/{service}/Compliance/Usa2p/{sid}"),
        });
        record(campaign, more)
    }

    pub(super) fn brand_json(&self, sid: &str, brand: &Brand) -> Value {
        let (opened, url) = (
            self.opened_v1(),
            format!("{MESSAGING}/a2p/BrandRegistrations/{sid}"),
        );
        let bundle = format!("BU{}", &sid[2..]);
        let more = json!({
            "sid": sid,
            "account_sid": self.account_sid,
            "customer_profile_bundle_sid": bundle,
            "a2p_profile_bundle_sid": bundle,
            "date_created": opened,
            "date_updated": opened,
            "url": url,
            "links": {
                "brand_vettings": format!("{url}/Vettings"),
                "brand_registration_otps": format!("{url}/SmsOtp"),
            },
        });
        record(brand, more)
    }

    pub(super) fn verification_json(&self, sid: &str, verification: &Verification) -> Value {
        let opened = self.opened_v1();
        let number = &verification.tollfree_phone_number;
        let business = json!({
            "business_name": "Sandbox",
            "business_street_address": "1 Harbor Drive",
            "business_street_address2": "",
            "business_city": "San Diego",
            "business_state_province_region": "CA",
            "business_postal_code": "92101",
            "business_country": "US",
            "business_website": "https://www.example.com",
            "business_contact_first_name": "Ana",
            "business_contact_last_name": "Ruiz",
            "business_contact_email": "owner@example.com",
            "business_contact_phone": "+16195550199",
            "business_registration_number": null,
            "business_registration_authority": null,
            "business_registration_country": null,
            "business_registration_phone_number": null,
            "business_type": null,
            "doing_business_as": null,
        });
        let use_case = json!({
            "notification_email": "owner@example.com",
            "use_case_categories": ["CUSTOMER_CARE"],
            "use_case_summary": "Answers to customers who wrote first.",
            "production_message_sample": "Your boat is ready.",
            "opt_in_image_urls": ["https://www.example.com/opt-in.png"],
            "opt_in_type": "VIA_TEXT",
            "message_volume": "1,000",
            "additional_information": null,
            "age_gated_content": false,
            "help_message_sample": null,
            "opt_in_confirmation_message": null,
            "opt_in_keywords": [],
            "privacy_policy_url": null,
            "terms_and_conditions_url": null,
            "vetting_id": null,
            "vetting_id_expiration": null,
            "vetting_provider": null,
        });
        let more = json!({
            "sid": sid,
            "account_sid": self.account_sid,
            "customer_profile_sid": null,
            "trust_product_sid": null,
            "regulated_item_sid": null,
            "tollfree_phone_number_sid": Number::sid(number),
            "date_created": opened,
            "date_updated": opened,
            "resource_links": {},
            "external_reference_id": null,
            "url": format!("{MESSAGING}/Tollfree/Verifications/{sid}"),
        });
        record(record(record(verification, business), use_case), more)
    }

    /// The countries that `CountryCode` names, or all.
    pub(super) fn geo_permissions_json(&self, query: &Form) -> Value {
        let wanted = query.filled("CountryCode");
        let permissions = self.account.geo_permissions.iter().filter(|(code, _)| {
            wanted.is_none_or(|wanted| wanted.split(',').any(|one| one.trim() == *code))
        });
        let shown = permissions.map(|(code, permission)| {
            record(
                permission,
                json!({ "country_code": code, "type": "country" }),
            )
        });
        json!({ "permissions": shown.collect::<Vec<_>>() })
    }
}
