//! The way between the relay and Twilio. A request that has left arrives whether or not anybody
//! still waits for its answer: a worker that dies does not take it back.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::Timestamp;
use relay::phone::PhoneNumber;
use relay::twilio::client::{ANSWER_TIMEOUT, NoAnswer, Transport};
use relay::twilio::sandbox::{self, Handled, Injection, Requests, Sandbox};

use super::Mistake;
use super::weather::{Fault, Weather};

/// How long a request may be under way after its sender stopped waiting.
const LATEST: u32 = 25;

pub struct Network {
    pub sandbox: Arc<Sandbox>,
    pub weather: Arc<Weather>,
    pub mistake: Option<Mistake>,
    flights: Mutex<Flights>,
}

#[derive(Default)]
struct Flights {
    count: u64,
    requests: BTreeMap<u64, (Timestamp, Request<Bytes>)>,
    answers: BTreeMap<u64, (Timestamp, Response<Bytes>)>,
}

impl Network {
    pub fn new(
        sandbox: Arc<Sandbox>,
        weather: Arc<Weather>,
        mistake: Option<Mistake>,
    ) -> Arc<Self> {
        Arc::new(Self {
            sandbox,
            weather,
            mistake,
            flights: Mutex::default(),
        })
    }

    pub fn next_arrival(&self) -> Option<Timestamp> {
        let flights = self.flights.lock().unwrap();
        flights.requests.values().map(|(at, _)| *at).min()
    }

    /// Whether a request is under way.
    pub fn is_busy(&self) -> bool {
        !self.flights.lock().unwrap().requests.is_empty()
    }

    /// Lets the requests arrive whose time has come.
    pub fn arrive(&self) {
        let now = self.weather.time.now();
        loop {
            let due = {
                let mut flights = self.flights.lock().unwrap();
                let next = flights.requests.iter().min_by_key(|(_, (at, _))| *at);
                let Some(id) = next.filter(|(_, (at, _))| *at <= now).map(|(id, _)| *id) else {
                    return;
                };
                flights
                    .requests
                    .remove(&id)
                    .map(|(_, request)| (id, request))
            };
            let Some((id, request)) = due else { return };
            if let Some(answer) = self.handle(request) {
                let at = now + self.weather.latency();
                self.flights
                    .lock()
                    .unwrap()
                    .answers
                    .insert(id, (at, answer));
            }
        }
    }

    fn handle(&self, mut request: Request<Bytes>) -> Option<Response<Bytes>> {
        let creates = request.method() == Method::POST;
        if self.mistake == Some(Mistake::TextsSomebodyElse) && creates {
            redirect(&mut request);
        }
        if self.mistake == Some(Mistake::FindsNothing) && !creates {
            let nothing = Bytes::from_static(br#"{"messages": [], "next_page_uri": null}"#);
            return Some(Response::new(nothing));
        }
        for fault in self.troubles(creates) {
            let requests = if creates {
                Requests::Create
            } else {
                Requests::Other
            };
            self.sandbox.inject(Injection::of(fault).on(requests));
        }
        self.weather.tell(|| match callback_of(&request) {
            Some(url) => format!(
                "Twilio is asked to send {}",
                url.rsplit("in-").next().unwrap_or_default()
            ),
            None => "Twilio is asked what it has".to_owned(),
        });
        match self.sandbox.handle(request) {
            Handled::Answered(answer) | Handled::Late(_, answer) => Some(answer),
            Handled::Dropped => None,
        }
    }

    /// What Twilio and the carrier do to this request and its message.
    fn troubles(&self, creates: bool) -> Vec<sandbox::Fault> {
        let weather = &self.weather;
        let mut troubles = Vec::new();
        if creates && weather.strikes(Fault::Refused) {
            let (code, status) = weather.pick(&REFUSALS);
            troubles.push(sandbox::Fault::Refuse { code, status });
        } else if !creates && weather.strikes(Fault::AskRefused) {
            let (code, status) = weather.pick(&[(20003, 401), (20500, 500), (20404, 400)]);
            troubles.push(sandbox::Fault::Refuse { code, status });
        } else if weather.strikes(Fault::TooMany) {
            let seconds = weather.pick(&[None, Some(1), Some(5), Some(60), Some(120)]);
            let retry_after = seconds.map(|seconds: u32| seconds.to_string());
            troubles.push(sandbox::Fault::TooManyRequests { retry_after });
        } else if weather.strikes(Fault::ServerError) {
            let status = weather.pick(&[500, 502, 503, 504]);
            troubles.push(sandbox::Fault::ServerError { status });
        } else if weather.strikes(Fault::ErrorAfterAccept) {
            let status = weather.pick(&[500, 502, 503, 504]);
            troubles.push(sandbox::Fault::ErrorAfterAccept { status });
        } else if weather.strikes(Fault::AnswerLost) {
            troubles.push(sandbox::Fault::LostAnswer);
        }
        if creates && weather.strikes(Fault::Undeliverable) {
            let code = weather.pick(&UNDELIVERABLE);
            troubles.push(sandbox::Fault::Undeliverable { code });
        } else if creates && weather.strikes(Fault::Held) {
            let ms = 1000 * u64::from(weather.draw(1..600));
            troubles.push(sandbox::Fault::Held { ms });
        } else if creates && weather.strikes(Fault::Unreported) {
            troubles.push(sandbox::Fault::Unreported);
        }
        troubles
    }
}

/// Of every class, and one that nobody knows.
const REFUSALS: [(u32, u16); 14] = [
    (21611, 400),
    (30001, 400),
    (30003, 400),
    (30008, 400),
    (21211, 400),
    (21612, 400),
    (21614, 400),
    (21610, 400),
    (20003, 401),
    (21408, 400),
    (21606, 400),
    (21617, 400),
    (20503, 503),
    (99999, 400),
];

const UNDELIVERABLE: [u32; 9] = [
    30001, 30003, 30004, 30005, 30006, 30007, 30008, 30034, 99999,
];

/// A flight's sender, and whether it still waits.
pub struct Connection(pub Arc<Network>);

#[async_trait]
impl Transport for Connection {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let Self(network) = self;
        let (weather, time) = (&network.weather, &network.weather.time);
        time.pause(weather.latency()).await;
        if weather.strikes(Fault::NoConnection) {
            return Err(NoAnswer::NotSent("nobody answers".to_owned()));
        }
        let gives_up = time.now() + ANSWER_TIMEOUT;
        let arrives = if weather.strikes(Fault::RequestLost) {
            None
        } else if weather.strikes(Fault::RequestLate) {
            Some(gives_up + weather.up_to(LATEST))
        } else {
            Some(time.now() + weather.latency())
        };
        let id = {
            let mut flights = network.flights.lock().unwrap();
            flights.count += 1;
            let id = flights.count;
            if let Some(arrives) = arrives {
                flights.requests.insert(id, (arrives, request));
            }
            id
        };
        poll_fn(|_| {
            let mut flights = network.flights.lock().unwrap();
            let at = flights.answers.get(&id).map(|(at, _)| *at);
            if at.is_some_and(|at| at <= time.now())
                && let Some((_, answer)) = flights.answers.remove(&id)
            {
                return Poll::Ready(Ok(answer));
            }
            if gives_up <= time.now() {
                let why = "no answer in time".to_owned();
                return Poll::Ready(Err(match network.mistake {
                    Some(Mistake::ResendsOnTimeout) => NoAnswer::NotSent(why),
                    _ => NoAnswer::Unknown(why),
                }));
            }
            // An answer that is not known of yet comes no sooner than the request arrives.
            let arrival = flights.requests.get(&id).map(|(at, _)| *at);
            let next = at.or(arrival).unwrap_or(gives_up);
            time.again_at(next.min(gives_up));
            Poll::Pending
        })
        .await
    }
}

/// The callback URL that a request names, if it asks for a message to be sent.
fn callback_of(request: &Request<Bytes>) -> Option<String> {
    form_urlencoded::parse(request.body())
        .find(|(name, _)| name == "StatusCallback")
        .map(|(_, url)| url.into_owned())
}

/// Sends the text to somebody who has nothing to do with it.
fn redirect(request: &mut Request<Bytes>) {
    let stranger = PhoneNumber::parse("+16195550199").expect("a number");
    let form = form_urlencoded::parse(request.body()).map(|(name, value)| match &*name {
        "To" => (name, stranger.expose().into()),
        _ => (name, value),
    });
    let form: Vec<_> = form.collect();
    *request.body_mut() = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
        .into();
}
