//! A fake Twilio, for a first look, for tests, and for programs in any language.
//!
//! [`Sandbox`] is the whole of it without a socket and without a clock of its own: requests to the
//! REST API go into [`Sandbox::handle`], the requests that Twilio would make come out of
//! [`Sandbox::due`], and what came back from them is told with [`Sandbox::answered`]. Time is the
//! clock that it is given, so a conversation of hours runs in a moment and always in the same way:
//! nothing here is random.
//!
//! [`mod@http`] serves it over HTTP, [`mod@drive`] posts its webhooks, and [`InProcess`] connects
//! the relay's own client to it without a network.

mod access;
mod account;
mod agenda;
mod answers;
mod call;
mod carrier;
pub mod control;
mod control_account;
pub mod control_calls;
mod count;
pub mod drive;
mod faults;
mod guard;
pub mod http;
mod in_process;
mod inbound;
mod message;
mod opt_out;
mod overrides;
mod phones;
mod places;
mod reply;
mod rest;
mod state;
mod text;
mod voice;
mod webhook;
mod wrong_answer;

pub use account::{
    Account, Application, Brand, Campaign, Capabilities, DEMO_CALLER, DEMO_KEY, GeoPermission,
    Number, PastAlert, Service, Usage, Verification, WebhookRule, demo_account,
};
pub use call::{Act, CallStatus, CallView, CannotAct, Heard, Kind, TakesCalls, Unchecked};
pub use count::RequestCount;
pub use faults::{CallFault, CallTrouble, Fault, Injection, Requests};
pub use in_process::InProcess;
pub use inbound::NotOurNumber;
pub use message::{Direction, Message, Pace};
pub use phones::{Entry, Power};
pub use rest::Handled;
pub use text::Text;
pub use voice::{NewCall, WITHHELD, twiml_attributes};
pub use webhook::{Alert, NoReply, Webhook, WebhookId};
pub use wrong_answer::WrongAnswer;

use std::sync::{Arc, Mutex, MutexGuard};

use ::http::Request;
use bytes::Bytes;
use faults::Faults;
use jiff::Timestamp;
use state::State;
use tokio::sync::Notify;
use webhook::Given;

use crate::clock::Clock;
use crate::domain::credentials::{Credentials, Secret};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::{PhoneNumber, Sender};

/// A fake Twilio with one account.
pub struct Sandbox {
    account: Arc<Credentials>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Tells the task that posts webhooks that there may be something to do.
    changed: Notify,
}

impl Sandbox {
    /// The SIDs that it makes derive from the clock's time now: the same in every run of a test
    /// that owns its clock, and others after every restart of a real one.
    pub fn new(account: Arc<Credentials>, clock: Arc<dyn Clock>) -> Self {
        let state = State::new(&account, clock.now());
        Self {
            account,
            clock,
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// What the account was opened with; since then its keys and tokens may have changed.
    pub fn account(&self) -> &Arc<Credentials> {
        &self.account
    }

    /// The primary auth token as of now.
    pub fn auth_token(&self) -> Secret {
        self.state().access.primary.duplicate()
    }

    /// The SIDs and names of the API keys that are alive.
    pub fn api_keys(&self) -> Vec<(String, String)> {
        let state = self.state();
        let keys = state.access.keys.iter();
        let shown = keys.map(|(sid, key)| (sid.clone(), key.friendly_name.clone()));
        shown.collect()
    }

    /// Adds a number to the account, or sets it up anew.
    pub fn set_number(&self, number: PhoneNumber, setup: Number) {
        self.state().account.set_number(number, setup);
    }

    /// The account's numbers.
    pub fn numbers(&self) -> Vec<(PhoneNumber, Number)> {
        self.state().account.numbers.clone().into_iter().collect()
    }

    /// Everything that the account has.
    pub fn setup(&self) -> Account {
        self.state().account.clone()
    }

    /// Changes what the account has.
    pub fn change_setup(&self, change: impl FnOnce(&mut Account)) {
        change(&mut self.state().account);
    }

    /// How long a message takes from now on.
    pub fn set_pace(&self, pace: Pace) {
        self.state().pace = pace;
    }

    /// Lets something go wrong.
    pub fn inject(&self, injection: Injection) {
        let mut state = self.state();
        state.revision += 1;
        state.faults.add(injection);
    }

    /// The faults that have not happened yet.
    pub fn pending_faults(&self) -> Vec<Injection> {
        self.state().faults.pending()
    }

    pub fn clear_faults(&self) {
        let mut state = self.state();
        state.revision += 1;
        state.faults = Faults::default();
    }

    /// Switches a phone on or off.
    pub fn switch(&self, phone: &PhoneNumber, power: Power) {
        let mut state = self.settled();
        state.revision += 1;
        state.phones.named(phone.expose()).power = power;
    }

    /// Whether a phone is on.
    pub fn power(&self, phone: &Sender) -> Power {
        let state = self.state();
        let phone = state.phones.0.get(phone.expose());
        phone.map(|phone| phone.power).unwrap_or_default()
    }

    /// How many requests to the REST API read and how many wrote since the sandbox began.
    pub fn request_count(&self) -> RequestCount {
        self.state().requests
    }

    /// A request to the REST API.
    pub fn handle(&self, request: Request<Bytes>) -> Handled {
        self.change(|state| {
            state.requests.add(request.method());
            let mut handled = rest::handle(state, &request);
            handled.date(state.now);
            handled
        })
    }

    /// A phone, or any other sender, texts one of the account's numbers.
    pub fn text(
        &self,
        from: &Sender,
        to: &PhoneNumber,
        text: Text,
    ) -> Result<MessageSid, NotOurNumber> {
        self.change(|state| state.text(from.expose(), to, text))
    }

    /// Everything that a phone received and sent so far, in order.
    pub fn screen(&self, phone: &Sender) -> Vec<Entry> {
        let state = self.settled();
        let phone = state.phones.0.get(phone.expose());
        phone.map(|phone| phone.screen.clone()).unwrap_or_default()
    }

    /// The phones that sent or received anything or were switched.
    pub fn phones(&self) -> Vec<Sender> {
        let state = self.settled();
        let names = state.phones.0.keys();
        names.map(|name| Sender::parse(name)).collect()
    }

    /// Every message there is, oldest first, as of now.
    pub fn messages(&self) -> Vec<Message> {
        self.settled().messages.all().cloned().collect()
    }

    /// What Twilio's debugger would show: failed webhooks and unreadable answers.
    pub fn alerts(&self) -> Vec<Alert> {
        self.state().outbox.alerts.clone()
    }

    /// The requests that Twilio would have made by `now`, in order. Each comes out once, and wants
    /// [`Sandbox::answered`] or [`Sandbox::unanswered`].
    pub fn due(&self, now: Timestamp) -> Vec<Webhook> {
        let mut state = self.state();
        state.settle(now);
        let state = &mut *state;
        state.outbox.take_due(now, &state.access.primary)
    }

    /// When there is something to do next: a webhook to post, or a step of a message that may
    /// cause one.
    pub fn next_due(&self) -> Option<Timestamp> {
        let state = self.state();
        let next = [state.steps.next(), state.outbox.next_due()];
        next.into_iter().flatten().min()
    }

    /// A webhook of a text was answered.
    pub fn answered(&self, webhook: WebhookId, status: u16, body: &str) {
        self.answered_with(webhook, status, Some("text/xml"), body);
    }

    /// A webhook was answered with that content type, on which it depends how a call's answer is read.
    pub fn answered_with(
        &self,
        webhook: WebhookId,
        status: u16,
        content_type: Option<&str>,
        body: &str,
    ) {
        let given = Given {
            status,
            content_type: content_type.map(str::to_owned),
            body: body.to_owned(),
        };
        self.change(|state| state.webhook_ends(webhook, Ok(given)));
    }

    /// A webhook got no answer.
    pub fn unanswered(&self, webhook: WebhookId, why: NoReply) {
        self.change(|state| state.webhook_ends(webhook, Err(why)));
    }

    /// Another number than before once anything may look different: a text's status, a call, a switch.
    pub fn revision(&self) -> u64 {
        let state = self.settled();
        // What is said in a call is put down with the times at which it begins.
        let calls = state.calls.all.iter();
        let heard = calls.map(|call| call.heard.iter().filter(|h| h.at <= state.now).count());
        state.revision + heard.sum::<usize>() as u64
    }

    /// A customer calls one of the account's numbers; returns the call's SID.
    pub fn call(&self, from: &str, to: &PhoneNumber, new: NewCall) -> Result<String, NotOurNumber> {
        self.change(|state| state.place_call(from, to, new))
    }

    /// The customer on a call does something.
    pub fn caller_acts(&self, call: &str, act: &Act) -> Result<(), CannotAct> {
        self.change(|state| state.caller_acts(call, act))
    }

    /// The person at a phone does something with the call that rings or goes on there; returns its SID.
    pub fn callee_acts(&self, phone: &PhoneNumber, act: &Act) -> Result<String, CannotAct> {
        self.change(|state| state.callee_acts(phone.expose(), act))
    }

    /// How a phone takes calls.
    pub fn takes_calls(&self, phone: &PhoneNumber, how: TakesCalls) {
        let mut state = self.settled();
        state.revision += 1;
        state.phones.named(phone.expose()).calls = how;
    }

    /// How a phone takes calls now.
    pub fn how_it_takes_calls(&self, phone: &Sender) -> TakesCalls {
        let state = self.state();
        let phone = state.phones.0.get(phone.expose());
        phone.map(|phone| phone.calls.clone()).unwrap_or_default()
    }

    /// A call, or a leg of one, as of now.
    pub fn call_view(&self, sid: &str) -> Option<CallView> {
        let state = self.settled();
        state.calls.view(sid, state.now)
    }

    /// All calls, without the legs, which are in their calls; oldest first.
    pub fn calls(&self) -> Vec<CallView> {
        let state = self.settled();
        let calls = state.calls.all.iter().filter(|call| !call.is_leg());
        let views = calls.filter_map(|call| state.calls.view(&call.sid, state.now));
        views.collect()
    }

    /// The customer's call that came last and goes on.
    pub fn latest_call(&self) -> Option<String> {
        let state = self.settled();
        state.calls.latest_live().map(|call| call.sid.clone())
    }

    /// Which of the facts are true that nobody could check.
    pub fn set_unchecked(&self, unchecked: Unchecked) {
        self.state().unchecked = unchecked;
    }

    pub fn unchecked(&self) -> Unchecked {
        self.state().unchecked.clone()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves at worst a message half-way; a fake goes on.
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The state as of now.
    fn settled(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.settle(self.now());
        state
    }

    /// Does something now that may cause webhooks.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.settled();
        state.revision += 1;
        let done = change(&mut state);
        drop(state);
        self.changed.notify_one();
        done
    }
}
