//! Relays that are broken on purpose: what each does otherwise is done around the whole relay, by its store, its
//! requests or its documents. The checks know nothing of it, and each has to be caught.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request};
use relay::app::ports::store::{Calls, ForCall, Result, Saved};
use relay::domain::call::{Call, Caller, LineCalls, Stage};
use relay::domain::ids::CallSid;
use relay::domain::phone::PhoneNumber;
use relay::sandbox::{Sandbox, WITHHELD};
use relay::twilio::form::Form;
use relay::twilio::signature::{HEADER, Signed, sign};
use relay::twilio::twiml::EMPTY;

use super::{facts, town::Town};
use crate::support::hooked_store::Hook;
use crate::support::memory::MemoryStore;
use crate::support::world::{Between, number, path_of_request};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Whoever picks up is connected.
    PickUpCounts,
    /// The key 1 connects wherever the call stands.
    ChosenAtAnyStage,
    /// What comes next is asked once more, and the next person is rung once more.
    EndedRingsAnew,
    /// People are told of a message when it is recorded and when the call ends.
    TellsAtBothEnds,
    /// A person's phone shows the caller's number.
    ShowsTheCaller,
    /// What comes after the message is not said.
    RecordWithoutAction,
    /// A caller who is gone is taken for one who waits.
    MessageOfWhoHungUp,
    /// A call is saved whoever saved it meanwhile.
    SavesWithoutVersion,
    /// Whoever was in a call stays in it.
    NeverReleases,
    /// A message is deleted at Twilio before the relay has it.
    DeletesBeforeItIsKept,
    /// What stands for a withheld number is taken for somebody's number.
    WithheldIsAPhone,
}

/// A store that keeps, or tells of, something else.
pub struct BrokenStore {
    pub behind: Arc<MemoryStore>,
    pub broken: Broken,
}

/// The leg that the request of this kind is about, which is answered now.
fn leg_asked(kind: &str) -> Option<usize> {
    let path = path_of_request()?;
    let (before, _) = path
        .split_once(kind)
        .filter(|(_, after)| after.is_empty())?;
    before.rsplit('/').next()?.parse().ok()
}

#[async_trait]
impl Hook for BrokenStore {
    type Behind = MemoryStore;

    fn behind(&self) -> &Arc<MemoryStore> {
        &self.behind
    }

    async fn for_call(
        &self,
        to: &PhoneNumber,
        sid: &CallSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForCall> {
        let mut found = self.behind.for_call(to, sid, from).await?;
        let Some(call) = &mut found.call else {
            return Ok(found);
        };
        match self.broken {
            Broken::ChosenAtAnyStage => {
                if let Some(leg) = leg_asked("/chosen") {
                    call.stage = Stage::Ringing { leg };
                    call.ended = None;
                    let of_leg = call.legs.get_mut(leg - 1);
                    of_leg.into_iter().for_each(|leg| leg.given = None);
                }
            }
            Broken::EndedRingsAnew => {
                let asked = leg_asked("/ended").filter(|leg| *leg < call.legs.len());
                if let Some(leg) = asked {
                    call.then = vec![call.legs[leg].person.clone()];
                    call.stage = Stage::Ringing { leg };
                }
            }
            _ => {}
        }
        Ok(found)
    }

    async fn save_call(&self, call: &Call, live: Option<&LineCalls>) -> Result<Saved> {
        let (mut call, mut live) = (call.clone(), live.cloned());
        let (line, sid) = (&call.line, &call.sid);
        let stored = self.behind.for_call(line, sid, None).await?;
        if self.broken == Broken::WithheldIsAPhone && call.caller == Caller::Withheld {
            call.caller = Caller::Phone(number(WITHHELD));
        }
        if self.broken == Broken::SavesWithoutVersion {
            call.version = stored.call.map_or(0, |call| call.version) + 1;
            if let Some(live) = &mut live {
                live.version = stored.live.version + 1;
            }
        } else if self.broken == Broken::NeverReleases
            && let Some(live) = &mut live
        {
            for before in stored.live.live {
                if live.live.iter().all(|live| live.sid != before.sid) {
                    live.live.push(before);
                }
            }
        }
        self.behind.save_call(&call, live.as_ref()).await
    }
}

/// What a broken relay understands of Twilio's requests, and what it answers.
pub struct BrokenWords {
    pub broken: Broken,
    pub sandbox: Arc<Sandbox>,
}

impl BrokenWords {
    /// The request with one field changed, or without it.
    fn with(&self, request: Request<Bytes>, name: &str, value: Option<&str>) -> Request<Bytes> {
        let (mut parts, body) = request.into_parts();
        let form = Form::parse(&body).expect("the sandbox's form");
        let others = form.without(&[name]);
        let mut fields: Vec<_> = others.fields().collect();
        fields.extend(value.map(|value| (name, value)));
        let form = Form::from_fields(fields);
        let host = parts.headers["host"].to_str().expect("a host");
        let url = format!("https://{host}{}", parts.uri);
        let signature = sign(&self.sandbox.auth_token(), &url, Signed::Form(&form));
        let signature = signature.parse().expect("a header");
        parts.headers.insert(HEADER, signature);
        Request::from_parts(parts, form.encode().into())
    }

    fn delete_recording(&self, request: &Request<Bytes>) {
        let form = Form::parse(request.body()).expect("the sandbox's form");
        let account = self.sandbox.account();
        let recording = form.get("RecordingSid").unwrap_or_default();
        let url = format!(
            "https://api.twilio.com/2010-04-01/Accounts/{}/Recordings/{recording}.json",
            account.account_sid
        );
        use base64::Engine as _;
        let login = format!(
            "{}:{}",
            account.account_sid,
            self.sandbox.auth_token().expose()
        );
        let login = base64::engine::general_purpose::STANDARD.encode(login);
        let delete = Request::builder()
            .method(Method::DELETE)
            .uri(url)
            .header("authorization", format!("Basic {login}"))
            .body(Bytes::new());
        self.sandbox.handle(delete.expect("a request"));
    }
}

impl Between for BrokenWords {
    fn asked(&self, request: Request<Bytes>) -> Request<Bytes> {
        let path = request.uri().path();
        match self.broken {
            Broken::MessageOfWhoHungUp if path.ends_with("/ended") => {
                self.with(request, "CallStatus", Some("in-progress"))
            }
            Broken::DeletesBeforeItIsKept if path.ends_with("/recording") => {
                self.delete_recording(&request);
                request
            }
            _ => request,
        }
    }

    fn answered(&self, asked: &Request<Bytes>, document: String) -> String {
        let path = asked.uri().path();
        let form = || Form::parse(asked.body()).expect("the sandbox's form");
        match self.broken {
            Broken::PickUpCounts if path.ends_with("/screen") => EMPTY.to_owned(),
            Broken::ShowsTheCaller if document.contains("callerId=") => {
                let form = form();
                let (from, to) = (form.get("From"), form.get("To"));
                let shown = |number: Option<&str>| format!("callerId=\"{}\"", number.unwrap_or(""));
                document.replace(&shown(to), &shown(from))
            }
            Broken::RecordWithoutAction => match document.split_once("<Record action=\"") {
                Some((before, after)) => {
                    let (_, after) = after.split_once('"').expect("the action's end");
                    format!("{before}<Record{after}")
                }
                None => document,
            },
            _ => document,
        }
    }
}

/// Runs the broken relay until something is wrong that begins so.
#[track_caller]
fn is_caught(broken: Broken, as_what: &[&str]) {
    const WITHIN: u64 = 2_000;
    let is_so = |what: &String| as_what.iter().any(|begins| what.starts_with(begins));
    let caught = (0..WITHIN).find(|seed| {
        let facts = facts(*seed, Some(broken), false);
        super::check::check(&facts).iter().any(is_so)
    });
    let Some(seed) = caught else {
        panic!("{broken:?} was not caught in {WITHIN} runs");
    };
    println!("{broken:?} is caught in run {seed}");
}

impl Town {
    /// Whoever hears the end tells people of the message once more.
    pub async fn tells_again(&mut self) {
        use relay::domain::delivery::Delivery;
        use relay::domain::ids::DeliveryId;
        use relay::domain::ids::message_sid::MessageSid;
        let store = &self.world.relay().store;
        for view in self.world.sandbox.calls() {
            let sid = CallSid::parse(&view.sid).expect("the SID of a call");
            let sid = MessageSid::of_call(&sid);
            let told = store.delivery(&DeliveryId::of_inbound(&sid)).await;
            let Some(told) = told.expect("the store is read") else {
                continue;
            };
            let again = DeliveryId::news(&sid, 9);
            let is_there = store.delivery(&again).await.expect("the store is read");
            if !told.body.contains(": Voicemail ") || is_there.is_some() {
                continue;
            }
            let words = (told.body.clone(), Vec::new());
            let now = relay::clock::Clock::now(&*self.world.clock);
            let (line, to) = (&self.world.line, told.to.clone());
            let again = [Delivery::new(line, again, told.purpose, to, words, now)];
            store.spawn(&again).await.expect("the store takes it");
            self.world.relay().wake_spawned(&again, now).await;
        }
    }
}

#[test]
fn a_pick_up_that_counts_is_caught() {
    is_caught(Broken::PickUpCounts, &["P3"]);
}

#[test]
fn a_key_that_connects_at_any_stage_is_caught() {
    is_caught(Broken::ChosenAtAnyStage, &["P6"]);
}

#[test]
fn a_question_that_rings_anew_when_it_is_repeated_is_caught() {
    is_caught(Broken::EndedRingsAnew, &["P1", "P6", "P14"]);
}

#[test]
fn a_message_that_people_are_told_of_twice_is_caught() {
    is_caught(Broken::TellsAtBothEnds, &["P4"]);
}

#[test]
fn a_phone_that_shows_the_caller_is_caught() {
    is_caught(Broken::ShowsTheCaller, &["P7"]);
}

#[test]
fn a_record_without_an_action_is_caught() {
    is_caught(Broken::RecordWithoutAction, &["P5"]);
}

#[test]
fn a_message_of_a_caller_who_is_gone_is_caught() {
    is_caught(Broken::MessageOfWhoHungUp, &["P4", "P14"]);
}

#[test]
fn a_save_that_ignores_versions_is_caught() {
    is_caught(Broken::SavesWithoutVersion, &["P"]);
}

#[test]
fn a_call_that_is_never_over_for_the_line_is_caught() {
    is_caught(Broken::NeverReleases, &["P14"]);
}

#[test]
fn a_message_that_is_deleted_before_it_is_kept_is_caught() {
    is_caught(Broken::DeletesBeforeItIsKept, &["P5"]);
}

#[test]
fn a_withheld_number_that_is_taken_for_somebodys_is_caught() {
    is_caught(Broken::WithheldIsAPhone, &["P9"]);
}
