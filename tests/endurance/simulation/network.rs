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
use relay::domain::phone::PhoneNumber;
use relay::sandbox::{Handled, Injection, Requests, Sandbox};
use relay::twilio::api::{ANSWER_TIMEOUT, NoAnswer, Transport};

use super::faults::Fault;
use super::mistakes::Mistake;
use super::troubles::troubles;
use super::weather::Weather;

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
    /// How many of them are being connected.
    connecting: usize,
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
        let flights = self.flights.lock().unwrap();
        flights.connecting > 0 || !flights.requests.is_empty()
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
        for fault in troubles(&self.weather, creates) {
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
            Handled::Answered(mut answer) | Handled::Late(_, mut answer) => {
                if self.weather.strikes(Fault::AnswerUnreadable) {
                    *answer.body_mut() = Bytes::from_static(b"<html>Something went wrong");
                }
                Some(answer)
            }
            Handled::Dropped => None,
        }
    }
}

/// A flight's sender, and whether it still waits.
pub struct Connection(pub Arc<Network>);

#[async_trait]
impl Transport for Connection {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let Self(network) = self;
        let (weather, time) = (&network.weather, &network.weather.time);
        let connecting = Connecting::of(network);
        time.pause(weather.latency()).await;
        drop(connecting);
        if weather.strikes(Fault::NoConnection) {
            return Err(NoAnswer::NotSent("nobody answers".to_owned()));
        }
        let gives_up = time.now() + ANSWER_TIMEOUT;
        let down = weather.is_down(Fault::TwilioDown);
        if down && weather.one_in(2) {
            return Err(NoAnswer::NotSent("nobody answers".to_owned()));
        }
        let arrives = if down || weather.strikes(Fault::RequestLost) {
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

/// A request on its way to Twilio's door, whose sender may die meanwhile.
struct Connecting<'n>(&'n Network);

impl<'n> Connecting<'n> {
    fn of(network: &'n Network) -> Self {
        network.flights.lock().unwrap().connecting += 1;
        Self(network)
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.flights.lock().unwrap().connecting -= 1;
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
