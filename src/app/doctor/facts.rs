//! What is to be judged, as it was read. Nothing stops at the first thing that cannot be read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::{join, join_all};
use jiff::{Span, Timestamp};

use crate::domain::credentials::{ApiKey, Credentials};
use crate::domain::line::Line;
use crate::domain::phone::{Country, PhoneNumber};
use crate::twilio::setup::{
    Account, Address, Alert, Application, Balance, Brand, Campaign, Country as CountryPermission,
    KeyPolicy, ListedMessage, NotRead, Number, Product, Rule, Service, Setup, TollFree, Usage,
};

pub type Read<T> = Result<T, NotRead>;

/// How far back recent errors are looked for.
const DAYS: i64 = 7;

/// More services than this are not looked through for a number.
const MOST_SERVICES: usize = 20;

#[derive(Clone)]
pub struct Facts {
    pub now: Timestamp,
    /// Twilio's clock less this machine's, in seconds.
    pub clock_ahead: Option<i64>,
    pub account: Read<Account>,
    /// `None` if the account could not be read, so that nothing else was asked.
    pub rest: Option<Rest>,
}

/// What is behind the account.
#[derive(Clone)]
pub struct Rest {
    pub balance: Read<Balance>,
    pub usage: Read<Vec<Usage>>,
    pub key: Option<KeyFacts>,
    /// Whether the relay can check what a shared key signed.
    pub has_webhook_key: bool,
    pub rules: Read<Vec<Rule>>,
    pub alerts: Read<Vec<Alert>>,
    pub countries: Read<Vec<CountryPermission>>,
    pub numbers: Vec<NumberFacts>,
}

#[derive(Clone)]
pub struct KeyFacts {
    pub accepted: Read<()>,
    pub policy: Read<Option<KeyPolicy>>,
}

/// One of a line's numbers.
#[derive(Clone)]
pub struct NumberFacts {
    pub account_sid: String,
    pub line: Arc<Line>,
    pub number: PhoneNumber,
    /// Where the line's texts go, by the countries' codes.
    pub countries: BTreeSet<String>,
    pub found: Read<Option<Number>>,
    pub service: Read<Option<Arc<ServiceFacts>>>,
    pub text_application: Read<Option<Application>>,
    pub call_application: Read<Option<Application>>,
    /// Of a toll-free number alone.
    pub toll_free: Read<Vec<TollFree>>,
    pub received: Read<Vec<ListedMessage>>,
    pub sent: Read<Vec<ListedMessage>>,
}

impl NumberFacts {
    /// The Messaging Service that the number is in, if there is one and it could be read.
    pub fn service(&self) -> Option<&ServiceFacts> {
        self.service.as_ref().ok()?.as_deref()
    }

    /// Something of the account.
    pub fn address(&self, rest: &str) -> Address {
        Address {
            product: Product::Api,
            path: format!("/2010-04-01/Accounts/{}{rest}", self.account_sid),
        }
    }
}

#[derive(Clone)]
pub struct ServiceFacts {
    pub service: Service,
    /// The SIDs of its numbers.
    pub numbers: Vec<String>,
    pub campaigns: Read<Vec<Campaign>>,
    /// Of the first campaign.
    pub brand: Read<Option<Brand>>,
}

/// Reads all that concerns the lines.
pub async fn read(setup: &Setup, lines: &[Arc<Line>], now: Timestamp) -> Facts {
    let account = setup.account().await;
    let clock_ahead = setup
        .twilios_clock()
        .map(|twilios| twilios.as_second() - now.as_second());
    let rest = match &account {
        Ok(_) => Some(rest(setup, lines, now).await),
        Err(_) => None,
    };
    Facts {
        now,
        clock_ahead,
        account,
        rest,
    }
}

async fn rest(setup: &Setup, lines: &[Arc<Line>], now: Timestamp) -> Rest {
    let week_ago = now - Span::new().hours(24 * DAYS);
    let since = week_ago.strftime("%Y-%m-%d").to_string();
    let since = since.as_str();
    let credentials: &Credentials = setup.credentials();
    let countries: Vec<_> = lines.iter().map(|line| countries_of(line)).collect();
    let codes: BTreeSet<&str> = countries.iter().flatten().map(String::as_str).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let numbers = lines.iter().zip(&countries).flat_map(|(line, countries)| {
        let numbers = line.numbers().cloned();
        numbers.map(move |number| (line.clone(), countries, number))
    });
    let of_account = async {
        futures::join!(
            setup.balance(),
            setup.usage(since),
            key(setup, credentials.api_key.as_ref()),
            setup.rules(),
            setup.alerts(since),
            setup.countries(&codes),
        )
    };
    let of_services = services(setup);
    let of_numbers = join_all(numbers.map(|(line, countries, number)| async move {
        let (found, received, sent) = futures::join!(
            setup.number(number.expose()),
            setup.messages("To", number.expose(), week_ago),
            setup.messages("From", number.expose(), week_ago),
        );
        (line, countries, number, found, received, sent)
    }));
    let ((balance, usage, key, rules, alerts, permissions), services, read) =
        futures::join!(of_account, of_services, of_numbers);
    let numbers = read
        .into_iter()
        .map(|(line, countries, number, found, received, sent)| {
            let services = &services;
            async move {
                let (applications, toll_free) = join(
                    applications(setup, &found),
                    toll_free(setup, &number, &found),
                )
                .await;
                NumberFacts {
                    account_sid: credentials.account_sid.clone(),
                    countries: countries.clone(),
                    service: service_of(services, &found),
                    text_application: applications.0,
                    call_application: applications.1,
                    toll_free,
                    line,
                    number,
                    found,
                    received,
                    sent,
                }
            }
        });
    let numbers = join_all(numbers).await;
    Rest {
        balance,
        usage,
        key,
        has_webhook_key: !credentials.webhook_keys.is_empty(),
        rules,
        alerts,
        countries: permissions,
        numbers,
    }
}

async fn key(setup: &Setup, key: Option<&ApiKey>) -> Option<KeyFacts> {
    let key = key?;
    let (accepted, policy) = join(setup.accepts_key(key), setup.key(&key.sid)).await;
    Some(KeyFacts { accepted, policy })
}

/// The services by the SIDs of their numbers.
type Services = Read<(Vec<Arc<ServiceFacts>>, BTreeMap<String, usize>)>;

async fn services(setup: &Setup) -> Services {
    let services = setup.services().await?;
    if services.len() > MOST_SERVICES {
        return Err(NotRead::Unclear(
            "the account has more Messaging Services than are looked through",
        ));
    }
    let read = services.into_iter().map(|service| async move {
        let (numbers, campaigns) = join(
            setup.numbers_in_service(&service.sid),
            setup.campaigns(&service.sid),
        )
        .await;
        let brand = campaigns
            .as_ref()
            .ok()
            .and_then(|campaigns| campaigns.first()?.brand.as_ref());
        let brand = match brand {
            Some(brand) => setup.brand(brand).await,
            None => Ok(None),
        };
        Ok(ServiceFacts {
            service,
            numbers: numbers?,
            campaigns,
            brand,
        })
    });
    let read: Result<Vec<ServiceFacts>, NotRead> = join_all(read).await.into_iter().collect();
    let read: Vec<_> = read?.into_iter().map(Arc::new).collect();
    let mut of = BTreeMap::new();
    for (n, service) in read.iter().enumerate() {
        of.extend(service.numbers.iter().map(|number| (number.clone(), n)));
    }
    Ok((read, of))
}

fn service_of(
    services: &Services,
    found: &Read<Option<Number>>,
) -> Read<Option<Arc<ServiceFacts>>> {
    let (services, of) = services.as_ref().map_err(Clone::clone)?;
    let Ok(Some(number)) = found else {
        return Ok(None);
    };
    let service = of.get(&number.sid).and_then(|n| services.get(*n));
    Ok(service.cloned())
}

async fn applications(
    setup: &Setup,
    found: &Read<Option<Number>>,
) -> (Read<Option<Application>>, Read<Option<Application>>) {
    let Ok(Some(number)) = found else {
        return (Ok(None), Ok(None));
    };
    let read = async |sid: &Option<String>| match sid {
        Some(sid) => setup.application(sid).await,
        None => Ok(None),
    };
    let (texts, calls) = (
        &number.setup.sms_application_sid,
        &number.setup.voice_application_sid,
    );
    if texts == calls {
        let both = read(texts).await;
        return (both.clone(), both);
    }
    join(read(texts), read(calls)).await
}

async fn toll_free(
    setup: &Setup,
    number: &PhoneNumber,
    found: &Read<Option<Number>>,
) -> Read<Vec<TollFree>> {
    match found {
        Ok(Some(found)) if is_toll_free(number) => setup.toll_free(&found.sid).await,
        _ => Ok(Vec::new()),
    }
}

/// Whether it is a toll-free number of the North American plan.
///
/// Source: NANPA, "Toll-free resource administration": 8YY codes in use.
pub fn is_toll_free(number: &PhoneNumber) -> bool {
    let codes = ["800", "833", "844", "855", "866", "877", "888"];
    let rest = number.expose().strip_prefix("+1").unwrap_or_default();
    codes.iter().any(|code| rest.starts_with(code))
}

/// The countries that a line's own texts go to, by their codes.
pub fn countries_of(line: &Line) -> BTreeSet<String> {
    let people = line.people.iter().map(|person| &person.number);
    let numbers = people.chain(&line.policy.alert);
    let codes = numbers.filter_map(|number| Some(Country::of(number)?.code().to_owned()));
    codes.chain([line.country.clone()]).collect()
}
