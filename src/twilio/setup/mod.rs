//! What is set up at Twilio for an account: read whole, and changed field by field.
//!
//! Answers are read leniently. A field that is absent, null or of another type than documented is `None`, so
//! that what Twilio adds or renames makes a check unknown and stops none of the others.

mod resources;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use bytes::Bytes;
use http::header::DATE;
use http::{Method, Response, Uri};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::api::{Api, Login, NoAnswer, Refused, Transport, host, success};
use super::form::Form;
use crate::domain::credentials::{ApiKey, Credentials};

pub use self::resources::{
    Account, Alert, Application, Balance, Brand, Campaign, Country, KeyPolicy, ListedMessage,
    Number, Rule, Service, TollFree, Usage,
};

/// The field by which a Messaging Service leaves what comes in to its numbers.
pub const DEFERS: &str = "UseInboundWebhookOnNumber";

/// How many pages of a list are read. What is behind them is unknown.
const MOST_PAGES: usize = 20;

/// The product, each of which has a host of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    Api,
    Messaging,
    Monitor,
    Accounts,
    Webhooks,
    Iam,
}

impl Product {
    pub fn named(name: &str) -> Option<Self> {
        let all = [
            Product::Api,
            Product::Messaging,
            Product::Monitor,
            Product::Accounts,
            Product::Webhooks,
            Product::Iam,
        ];
        all.into_iter().find(|product| product.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Product::Api => "api",
            Product::Messaging => "messaging",
            Product::Monitor => "monitor",
            Product::Accounts => "accounts",
            Product::Webhooks => "webhooks",
            Product::Iam => "iam",
        }
    }
}

/// One of Twilio's resources by its address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub product: Product,
    /// With the query, if there is one.
    pub path: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // An account's SID says nothing to whoever reads this, and is long.
        let path = self.path.trim_start_matches("/2010-04-01/Accounts/");
        let path = match path.split_once('/') {
            Some((_, rest)) if path != self.path => rest,
            _ => path.trim_start_matches("/v1/"),
        };
        write!(f, "{}", path.trim_end_matches(".json"))
    }
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    #[error("{}", refused(*http_status, *code))]
    Refused { http_status: u16, code: Option<u32> },
    #[error("Twilio did not answer ({0})")]
    NoAnswer(String),
    #[error("Twilio's answer cannot be understood ({0})")]
    Unclear(&'static str),
}

fn refused(http_status: u16, code: Option<u32>) -> String {
    let code = code
        .map(|code| format!(", error {code}"))
        .unwrap_or_default();
    match http_status {
        401 | 403 => format!("these credentials may not read it (HTTP {http_status}{code})"),
        429 => format!("Twilio is busy (HTTP 429{code}); try again in a minute"),
        500.. => format!("Twilio is out of order (HTTP {http_status}{code})"),
        _ => format!("Twilio refuses (HTTP {http_status}{code})"),
    }
}

impl NotRead {
    /// Whether Twilio says that there is no such thing.
    pub fn is_absent(&self) -> bool {
        matches!(
            self,
            NotRead::Refused {
                http_status: 404,
                ..
            }
        )
    }

    /// Whether it would be readable with other rights.
    pub fn is_of_rights(&self) -> bool {
        matches!(
            self,
            NotRead::Refused {
                http_status: 401 | 403,
                ..
            }
        )
    }

    /// Whether nothing else can be read now either.
    pub fn is_outage(&self) -> bool {
        match self {
            NotRead::Refused { http_status, .. } => *http_status == 429 || *http_status >= 500,
            NotRead::NoAnswer(_) => true,
            NotRead::Unclear(_) => false,
        }
    }
}

impl From<NoAnswer> for NotRead {
    fn from(no_answer: NoAnswer) -> Self {
        NotRead::NoAnswer(no_answer.to_string())
    }
}

impl From<Refused> for NotRead {
    fn from(Refused { http_status, code }: Refused) -> Self {
        NotRead::Refused { http_status, code }
    }
}

/// Turns what is not there into `None`.
pub fn if_there<T>(read: Result<T, NotRead>) -> Result<Option<T>, NotRead> {
    match read {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// How often something is read that Twilio has trouble with.
const TRIES: usize = 2;

/// How many requests are under way at once.
const AT_ONCE: usize = 12;

/// Reads with an account's SID and auth token.
pub struct Setup {
    api: Api,
    credentials: Arc<Credentials>,
    turns: Semaphore,
    clock: AtomicI64,
    asked: AtomicUsize,
}

impl Setup {
    /// `base` is [`super::API_URL`] or a sandbox's address.
    pub fn new(transport: Box<dyn Transport>, base: &str, credentials: Arc<Credentials>) -> Self {
        Self {
            api: Api::new(transport, base),
            credentials,
            turns: Semaphore::new(AT_ONCE),
            clock: AtomicI64::new(0),
            asked: AtomicUsize::new(0),
        }
    }

    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Something of the account itself.
    pub fn of_account(&self, rest: &str) -> Address {
        let account = &self.credentials.account_sid;
        let path = format!("/2010-04-01/Accounts/{account}{rest}");
        let product = Product::Api;
        Address { product, path }
    }

    pub async fn account(&self) -> Result<Account, NotRead> {
        self.one(&self.of_account(".json"), Account::of).await
    }

    pub async fn balance(&self) -> Result<Balance, NotRead> {
        self.one(&self.of_account("/Balance.json"), Balance::of)
            .await
    }

    /// What the account paid from `since` on, a date in GMT.
    pub async fn usage(&self, since: &str) -> Result<Vec<Usage>, NotRead> {
        let path = format!("/Usage/Records.json?Category=totalprice&StartDate={since}");
        self.list(&self.of_account(&path), "usage_records", Usage::of)
            .await
    }

    /// The number, if the account has it.
    pub async fn number(&self, number: &str) -> Result<Option<Number>, NotRead> {
        let query = Form::from_fields([("PhoneNumber", number)]).encode();
        let address = self.of_account(&format!("/IncomingPhoneNumbers.json?{query}"));
        let found = self
            .list(&address, "incoming_phone_numbers", Number::of)
            .await?;
        // The filter also finds numbers that only contain the digits.
        Ok(found.into_iter().find(|found| found.phone_number == number))
    }

    pub async fn application(&self, sid: &str) -> Result<Option<Application>, NotRead> {
        let address = self.of_account(&format!("/Applications/{sid}.json"));
        if_there(self.one(&address, Application::of).await)
    }

    pub async fn services(&self) -> Result<Vec<Service>, NotRead> {
        let address = messaging("Services?PageSize=100".to_owned());
        self.list(&address, "services", Service::of).await
    }

    /// The SIDs of the numbers in a service.
    pub async fn numbers_in_service(&self, service: &str) -> Result<Vec<String>, NotRead> {
        let address = messaging(format!("Services/{service}/PhoneNumbers?PageSize=1000"));
        self.list(&address, "phone_numbers", |value| text(value, "sid"))
            .await
    }

    pub async fn campaigns(&self, service: &str) -> Result<Vec<Campaign>, NotRead> {
        let address = messaging(format!("Services/{service}/Compliance/Usa2p"));
        self.list(&address, "compliance", Campaign::of).await
    }

    pub async fn brand(&self, sid: &str) -> Result<Option<Brand>, NotRead> {
        let address = messaging(format!("a2p/BrandRegistrations/{sid}"));
        if_there(self.one(&address, Brand::of).await)
    }

    pub async fn toll_free(&self, number: &str) -> Result<Vec<TollFree>, NotRead> {
        let address = messaging(format!(
            "Tollfree/Verifications?TollfreePhoneNumberSid={number}"
        ));
        self.list(&address, "verifications", TollFree::of).await
    }

    /// Whether texts may go to these countries (ISO 3166-1 codes).
    pub async fn countries(&self, codes: &[&str]) -> Result<Vec<Country>, NotRead> {
        let query = Form::from_fields([("CountryCode", codes.join(","))]).encode();
        let path = format!("/v1/Messaging/GeoPermissions?{query}");
        let address = Address {
            product: Product::Accounts,
            path,
        };
        self.list(&address, "permissions", Country::of).await
    }

    /// Errors and warnings since a date.
    pub async fn alerts(&self, since: &str) -> Result<Vec<Alert>, NotRead> {
        let path = format!("/v1/Alerts?StartDate={since}&PageSize=1000");
        let address = Address {
            product: Product::Monitor,
            path,
        };
        self.list(&address, "alerts", Alert::of).await
    }

    pub async fn rules(&self) -> Result<Vec<Rule>, NotRead> {
        let path = "/v1/Webhooks/Rules".to_owned();
        let address = Address {
            product: Product::Webhooks,
            path,
        };
        let rules = self.list(&address, "rules", Rule::of).await;
        Ok(if_there(rules)?.unwrap_or_default())
    }

    /// What a key may do.
    pub async fn key(&self, sid: &str) -> Result<Option<KeyPolicy>, NotRead> {
        let path = format!("/v1/Keys/{sid}");
        let address = Address {
            product: Product::Iam,
            path,
        };
        if_there(self.one(&address, KeyPolicy::of).await)
    }

    /// Whether Twilio knows the API key and lets it read texts.
    pub async fn accepts_key(&self, key: &ApiKey) -> Result<(), NotRead> {
        let login = Login {
            user: &key.sid,
            password: &key.secret,
        };
        let address = self.of_account("/Messages.json?PageSize=1");
        let asked = self.ask_as(login, &address, Method::GET, String::new());
        asked.await.map(drop)
    }

    /// How many requests were made.
    pub fn requests(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Twilio's clock, by its latest answer.
    pub fn twilios_clock(&self) -> Option<Timestamp> {
        let seconds = self.clock.load(Ordering::Relaxed);
        (seconds != 0).then(|| Timestamp::from_second(seconds).ok())?
    }

    fn note_time(&self, answer: &Response<Bytes>) {
        let date = answer
            .headers()
            .get(DATE)
            .and_then(|date| date.to_str().ok());
        if let Some(Ok(date)) = date.map(rfc2822::parse) {
            let seconds = date.timestamp().as_second();
            self.clock.store(seconds, Ordering::Relaxed);
        }
    }

    /// The newest thousand texts to (`To`) or from (`From`) a number. Of one that never left there is no date of
    /// sending, so that a filter by that would leave out just those.
    pub async fn messages(
        &self,
        field: &str,
        number: &str,
        since: Timestamp,
    ) -> Result<Vec<ListedMessage>, NotRead> {
        let query = Form::from_fields([(field, number), ("PageSize", "1000")]).encode();
        let address = self.of_account(&format!("/Messages.json?{query}"));
        let answer = self.ask(&address, Method::GET, String::new()).await?;
        let all = records(&answer, "messages", ListedMessage::of)?.into_iter();
        Ok(all
            .filter(|message| message.at.is_none_or(|at| since <= at))
            .collect())
    }

    /// Fields of a resource as they stand now. An empty one is `None`.
    pub async fn fields(
        &self,
        address: &Address,
        names: &[&str],
    ) -> Result<BTreeMap<String, Option<String>>, NotRead> {
        let answer = self.ask(address, Method::GET, String::new()).await?;
        let value = |name: &str| match &answer[snake_case(name)] {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
        Ok(names
            .iter()
            .map(|name| ((*name).to_owned(), value(name)))
            .collect())
    }

    /// Whether it is a resource whose webhooks can be set: a number, an application or a service.
    pub fn is_changeable(&self, address: &Address) -> bool {
        let is_sid = |rest: &str, kind: &str| {
            let sid = rest.strip_prefix(kind);
            sid.is_some_and(|sid| sid.len() == 32 && sid.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        let of_account = self.of_account("/").path;
        match (address.product, address.path.strip_prefix(&of_account)) {
            (Product::Api, Some(rest)) => rest.strip_suffix(".json").is_some_and(|rest| {
                let number = rest.strip_prefix("IncomingPhoneNumbers/");
                let application = rest.strip_prefix("Applications/");
                number.is_some_and(|sid| is_sid(sid, "PN"))
                    || application.is_some_and(|sid| is_sid(sid, "AP"))
            }),
            (Product::Messaging, _) => {
                let service = address.path.strip_prefix("/v1/Services/");
                service.is_some_and(|sid| is_sid(sid, "MG"))
            }
            _ => false,
        }
    }

    /// Sets fields of a resource and leaves the others as they are.
    pub async fn set(&self, address: &Address, fields: &[(&str, &str)]) -> Result<(), NotRead> {
        let form = Form::from_fields(fields.iter().copied()).encode();
        self.ask(address, Method::POST, form).await.map(drop)
    }

    async fn one<T>(
        &self,
        address: &Address,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, NotRead> {
        let answer = self.ask(address, Method::GET, String::new()).await?;
        read(&answer).ok_or(NotRead::Unclear("a field that it always has is missing"))
    }

    async fn list<T>(
        &self,
        address: &Address,
        key: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>, NotRead> {
        let mut found = Vec::new();
        let mut next = Some(address.clone());
        for _ in 0..MOST_PAGES {
            let Some(address) = next else {
                return Ok(found);
            };
            let answer = self.ask(&address, Method::GET, String::new()).await?;
            found.extend(records(&answer, key, &read)?);
            next = self.next_page(&address, &answer)?;
        }
        match next {
            None => Ok(found),
            Some(_) => Err(NotRead::Unclear("the list is longer than is read")),
        }
    }

    /// Where a list goes on. The credentials go only to the host that is configured, so that of a whole
    /// address only one at the same product counts.
    fn next_page(&self, at: &Address, answer: &Value) -> Result<Option<Address>, NotRead> {
        let next = answer["next_page_uri"].as_str();
        let next = next.or(answer["meta"]["next_page_url"].as_str());
        let Some(next) = next.filter(|next| !next.is_empty()) else {
            return Ok(None);
        };
        let elsewhere = NotRead::Unclear("its next page is on another host");
        let uri: Uri = next.parse().map_err(|_| elsewhere.clone())?;
        let base = host(&self.api.base, at.product.name());
        let ours = [base, format!("https://{}.twilio.com", at.product.name())];
        let is_ours = |uri: &Uri| {
            let authority = uri.authority().map(|authority| authority.as_str());
            let mut ours = ours.iter().filter_map(|base| base.parse::<Uri>().ok());
            ours.any(|base| base.authority().map(|a| a.as_str()) == authority)
        };
        if uri.authority().is_some() && !is_ours(&uri) {
            return Err(elsewhere);
        }
        let path = uri.path_and_query().ok_or(elsewhere)?.to_string();
        let product = at.product;
        Ok(Some(Address { product, path }))
    }

    async fn ask(&self, at: &Address, method: Method, form: String) -> Result<Value, NotRead> {
        let login = Login {
            user: &self.credentials.account_sid,
            password: &self.credentials.auth_token,
        };
        self.ask_as(login, at, method, form).await
    }

    async fn ask_as(
        &self,
        login: Login<'_>,
        at: &Address,
        method: Method,
        form: String,
    ) -> Result<Value, NotRead> {
        let url = format!("{}{}", host(&self.api.base, at.product.name()), at.path);
        let mut left = if method == Method::GET { TRIES } else { 1 };
        let answer = loop {
            left -= 1;
            self.asked.fetch_add(1, Ordering::Relaxed);
            let turn = self.turns.acquire().await;
            let answer = self
                .api
                .send(login, method.clone(), &url, form.clone())
                .await;
            drop(turn);
            // A moment's trouble at Twilio is no finding.
            let is_trouble = answer
                .as_ref()
                .map_or(true, |answer| answer.status().is_server_error());
            if left == 0 || !is_trouble {
                break answer?;
            }
        };
        self.note_time(&answer);
        let answer = success(answer)?;
        if answer.body().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(answer.body()).map_err(|_| NotRead::Unclear("it is no JSON"))
    }
}

fn messaging(rest: String) -> Address {
    let (product, path) = (Product::Messaging, format!("/v1/{rest}"));
    Address { product, path }
}

/// One that lacks what names it could be any, so that nothing can be said of the list.
fn records<T>(
    answer: &Value,
    key: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>, NotRead> {
    let list = answer[key].as_array();
    let list = list.ok_or(NotRead::Unclear("the list that it should have is missing"))?;
    let read: Option<Vec<T>> = list.iter().map(read).collect();
    read.ok_or(NotRead::Unclear("an entry of the list lacks what names it"))
}

/// A filled text, whether Twilio writes it as text or as a number.
fn text(value: &Value, field: &str) -> Option<String> {
    match &value[field] {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `SmsFallbackUrl`, as requests name a field, as answers do: `sms_fallback_url`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (n, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && n > 0 {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
