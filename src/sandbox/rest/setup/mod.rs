//! What the account has, over the API: itself, its numbers, TwiML applications, Messaging Services and their
//! registration, its balance and use, alerts and rules about webhooks. Twilio has these on hosts of their own
//! (`messaging`, `accounts`, `monitor`, `webhooks`); their paths tell them apart.
//!
//! Source: Twilio's OpenAPI documents; of the rules, Twilio's Python library and "Configure webhook rules".

mod records;
mod registration;
mod rights;
mod shown;
mod update;

use ::http::header::HOST;
use ::http::{Method, Request};
use bytes::Bytes;

use super::error::{Answer, ApiError};
use super::list;
use crate::domain::phone::PhoneNumber;
use crate::sandbox::state::State;
use crate::sandbox::{Number, Service};
use crate::twilio::form::Form;

/// A resource about what the account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox::rest) enum Setup<'p> {
    Account,
    Balance,
    /// Use by category: of a whole time, or day by day.
    Usage {
        daily: bool,
    },
    Numbers,
    Number(&'p str),
    Applications,
    Application(&'p str),
    Services,
    Service(&'p str),
    NumbersOf(&'p str),
    NumberOf(&'p str, &'p str),
    CampaignsOf(&'p str),
    CampaignOf(&'p str, &'p str),
    Brands,
    Brand(&'p str),
    Verifications,
    Verification(&'p str),
    GeoPermissions,
    Alerts,
    Alert(&'p str),
    Rules,
    Rule(&'p str),
}

impl<'p> Setup<'p> {
    /// By the parts of a path after `/v1`.
    pub fn of_v1(parts: &[&'p str]) -> Option<Self> {
        Some(match *parts {
            ["Services"] => Self::Services,
            ["Services", sid] => Self::Service(sid),
            ["Services", sid, "PhoneNumbers"] => Self::NumbersOf(sid),
            ["Services", sid, "PhoneNumbers", number] => Self::NumberOf(sid, number),
            ["Services", sid, "Compliance", "Usa2p"] => Self::CampaignsOf(sid),
            ["Services", sid, "Compliance", "Usa2p", campaign] => Self::CampaignOf(sid, campaign),
            ["a2p", "BrandRegistrations"] => Self::Brands,
            ["a2p", "BrandRegistrations", sid] => Self::Brand(sid),
            ["Tollfree", "Verifications"] => Self::Verifications,
            ["Tollfree", "Verifications", sid] => Self::Verification(sid),
            ["Messaging", "GeoPermissions"] => Self::GeoPermissions,
            ["Alerts"] => Self::Alerts,
            ["Alerts", sid] => Self::Alert(sid),
            ["Webhooks", "Rules"] => Self::Rules,
            ["Webhooks", "Rules", id] => Self::Rule(id),
            _ => return None,
        })
    }

    /// By the parts of a path below the account.
    pub fn of_account(parts: &[&'p str]) -> Option<Self> {
        Some(match *parts {
            [] => Self::Account,
            ["Balance"] => Self::Balance,
            ["Usage", "Records"] => Self::Usage { daily: false },
            ["Usage", "Records", "Daily"] => Self::Usage { daily: true },
            ["IncomingPhoneNumbers"] => Self::Numbers,
            ["IncomingPhoneNumbers", sid] => Self::Number(sid),
            ["Applications"] => Self::Applications,
            ["Applications", sid] => Self::Application(sid),
            _ => return None,
        })
    }
}

impl State {
    pub(super) fn set_up(
        &mut self,
        setup: &Setup,
        request: &Request<Bytes>,
        query: &Form,
        form: &Form,
    ) -> Answer {
        let path = request.uri().path();
        match (request.method(), setup) {
            (&Method::GET, _) => self.show(setup, request, query),
            (&Method::POST, Setup::Number(sid)) => {
                let number = self.number(sid, path)?;
                self.update_number(&number, form)?;
                self.show(setup, request, query)
            }
            (&Method::POST, Setup::Application(sid)) => {
                self.update_application(sid, path, form)?;
                self.show(setup, request, query)
            }
            (&Method::POST, Setup::Service(sid)) => {
                self.update_service(sid, path, form)?;
                self.show(setup, request, query)
            }
            _ => Err(ApiError::new(405, 20004)),
        }
    }

    fn show(&self, setup: &Setup, request: &Request<Bytes>, query: &Form) -> Answer {
        let path = request.uri().path();
        let not_found = || ApiError::not_found(path);
        let url = format!("{}{path}", origin(request));
        let account = &self.account;
        let shown = match *setup {
            Setup::Account => self.account_json(),
            Setup::Balance => self.balance_json().ok_or_else(not_found)?,
            Setup::Usage { daily } => {
                let records = self.usage(daily, query)?;
                let id = |record: &records::UsageRecord| record.id();
                let json = |record: &records::UsageRecord| self.usage_json(record);
                list::page(path, query, "usage_records", &records, id, json)?
            }
            Setup::Numbers => {
                let wanted = query.filled("PhoneNumber");
                let name = query.filled("FriendlyName");
                let numbers: Vec<_> = account
                    .numbers
                    .iter()
                    .filter(|(number, _)| wanted.is_none_or(|it| number.expose().contains(it)))
                    .filter(|(_, it)| name.is_none() || it.friendly_name.as_deref() == name)
                    .collect();
                let sid = |(number, _): &(&PhoneNumber, &Number)| Number::sid(number);
                let json = |(number, it): &(&PhoneNumber, &Number)| self.number_json(number, it);
                list::page(path, query, "incoming_phone_numbers", &numbers, sid, json)?
            }
            Setup::Number(sid) => {
                let number = self.number(sid, path)?;
                self.number_json(&number, &account.numbers[&number])
            }
            Setup::Applications => {
                let name = query.filled("FriendlyName");
                let applications: Vec<_> = account
                    .applications
                    .iter()
                    .filter(|(_, it)| name.is_none() || it.friendly_name.as_deref() == name)
                    .collect();
                list::page(
                    path,
                    query,
                    "applications",
                    &applications,
                    key,
                    |(sid, it)| self.application_json(sid, it),
                )?
            }
            Setup::Application(sid) => {
                let application = account.applications.get(sid).ok_or_else(not_found)?;
                self.application_json(sid, application)
            }
            Setup::Services => {
                let services: Vec<_> = account.services.iter().collect();
                list::meta_page(&url, query, "services", &services, key, |(sid, it)| {
                    self.service_json(sid, it)
                })?
            }
            Setup::Service(sid) => self.service_json(sid, self.service(sid, path)?),
            Setup::NumbersOf(service) => {
                let numbers = &self.service(service, path)?.phone_numbers;
                let json = |number: &PhoneNumber| self.number_of_json(service, number);
                list::meta_page(&url, query, "phone_numbers", numbers, Number::sid, json)?
            }
            Setup::NumberOf(service, sid) => {
                let mut numbers = self.service(service, path)?.phone_numbers.iter();
                let number = numbers.find(|number| Number::sid(number) == sid);
                self.number_of_json(service, number.ok_or_else(not_found)?)
            }
            Setup::CampaignsOf(service) => {
                let campaigns: Vec<_> = self.service(service, path)?.campaigns.iter().collect();
                list::meta_page(&url, query, "compliance", &campaigns, key, |(sid, it)| {
                    self.campaign_json(service, sid, it)
                })?
            }
            Setup::CampaignOf(service, sid) => {
                let campaigns = &self.service(service, path)?.campaigns;
                let campaign = campaigns.get(sid).ok_or_else(not_found)?;
                self.campaign_json(service, sid, campaign)
            }
            Setup::Brands => {
                let brands: Vec<_> = account.brands.iter().collect();
                list::meta_page(&url, query, "data", &brands, key, |(sid, it)| {
                    self.brand_json(sid, it)
                })?
            }
            Setup::Brand(sid) => {
                let brand = account.brands.get(sid).ok_or_else(not_found)?;
                self.brand_json(sid, brand)
            }
            Setup::Verifications => {
                let of = query.filled("TollfreePhoneNumberSid");
                let status = query.filled("Status");
                let verifications: Vec<_> = account
                    .tollfree_verifications
                    .iter()
                    .filter(|(_, it)| {
                        of.is_none_or(|sid| Number::sid(&it.tollfree_phone_number) == sid)
                            && status.is_none_or(|status| it.status == status)
                    })
                    .collect();
                list::meta_page(
                    &url,
                    query,
                    "verifications",
                    &verifications,
                    key,
                    |(sid, it)| self.verification_json(sid, it),
                )?
            }
            Setup::Verification(sid) => {
                let verification = account.tollfree_verifications.get(sid);
                self.verification_json(sid, verification.ok_or_else(not_found)?)
            }
            Setup::GeoPermissions => self.geo_permissions_json(query),
            Setup::Alerts => {
                let alerts = self.wanted_alerts(query)?;
                list::meta_page(
                    &url,
                    query,
                    "alerts",
                    &alerts,
                    |(sid, _)| sid.clone(),
                    |(sid, it)| self.alert_json(sid, it),
                )?
            }
            Setup::Alert(sid) => {
                let alerts = self.past_alerts();
                let mut alerts = alerts.into_iter();
                let (sid, alert) = alerts.find(|(of, _)| of == sid).ok_or_else(not_found)?;
                self.single_alert_json(&sid, &alert)
            }
            Setup::Rules => self.rules_json(query)?,
            Setup::Rule(id) => {
                let rule = account.webhook_rules.get(id).ok_or_else(not_found)?;
                self.rule_json(id, rule)
            }
        };
        Ok((200, shown))
    }

    fn number(&self, sid: &str, path: &str) -> Result<PhoneNumber, ApiError> {
        let number = self.account.number(sid).cloned();
        number.ok_or_else(|| ApiError::not_found(path))
    }

    fn service(&self, sid: &str, path: &str) -> Result<&Service, ApiError> {
        let service = self.account.services.get(sid);
        service.ok_or_else(|| ApiError::not_found(path))
    }
}

/// The name by which a page begins after this record.
fn key<T>((sid, _): &(&String, T)) -> String {
    (*sid).clone()
}

/// Where the request was sent to, so that the address of a next page leads to the same place.
fn origin(request: &Request<Bytes>) -> String {
    let uri = request.uri();
    if let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) {
        return format!("{scheme}://{authority}");
    }
    let host = request.headers().get(HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if host.ends_with(".twilio.com") {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://{host}")
}
