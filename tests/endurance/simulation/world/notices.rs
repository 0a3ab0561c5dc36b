//! Somebody tells a line's subscribers of an event and of what becomes of it: each notice as often as
//! it takes until it is answered, then the next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use relay::app::notices;
use relay::app::notices::{Answer, NoticeRejected};
use relay::app::ports::store::Subscribers;
use relay::domain::delivery::source::Source;
use relay::domain::ids::NoticeId;
use relay::domain::phone::PhoneNumber;
use relay::domain::request::NoticeRequest;
use relay::domain::subscriber::{Change, Consent, How, To};

use super::World;
use super::happenings::Happening;
use super::tasks::{Done, What};

/// What is to be told, what was, and to whom.
#[derive(Default)]
pub struct Telling {
    to_come: VecDeque<NoticeRequest>,
    pub told: Vec<NoticeId>,
    pub subscribers: Vec<PhoneNumber>,
    /// Whether the first is called back at some time.
    calls_back: bool,
}

impl World {
    /// `calls_back`: the first of them is called back at some time after it was accepted.
    pub fn will_tell(
        &mut self,
        subscribers: Vec<PhoneNumber>,
        requests: Vec<NoticeRequest>,
        calls_back: bool,
    ) {
        let at = self.time.now();
        let changes = subscribers.iter().map(|number| Change {
            topic: requests[0].topic.clone(),
            number: number.clone(),
            to: To::In(Consent {
                at,
                how: How::Hand(None),
            }),
        });
        let changes: Vec<_> = changes.collect();
        let changed = self
            .store
            .change_subscribers(&self.lines[0].1.number, &changes)
            .now_or_never();
        changed
            .expect("memory does not wait")
            .expect("it does not fail");
        self.telling = Telling {
            to_come: requests.into(),
            told: Vec::new(),
            subscribers,
            calls_back,
        };
        self.put_down(Duration::from_secs(1), Happening::Tell);
    }

    pub(crate) fn tell(&mut self) {
        // The same event comes twice at once.
        let times = if self.weather.one_in(6) { 2 } else { 1 };
        for _ in 0..times {
            let Some(request) = self.telling.to_come.front().cloned() else {
                return;
            };
            let relay = Arc::clone(&self.relay);
            self.start(What::Notice(request.idempotency_key.clone()), async move {
                Done::Told(notices::accept(&relay, &request, Source::Invoke).await)
            });
        }
    }

    pub(crate) fn is_told(&mut self, key: &str, answer: Result<Answer, NoticeRejected>) {
        let notice = match answer {
            Ok(Answer::Accepted(notice) | Answer::Already(notice)) => notice,
            Ok(Answer::DryRun(_)) => return self.violated(format!("dry: {key} was not kept")),
            Err(NoticeRejected::Failed(_)) => return self.tell_again(key),
            Err(NoticeRejected::Refused(refused)) => {
                return self.violated(format!("refused: {key}, because {refused}"));
            }
        };
        let telling = &mut self.telling;
        if !telling.awaits(key) {
            return;
        }
        telling.to_come.pop_front();
        telling.told.push(notice.id);
        if !telling.to_come.is_empty() {
            self.put_down(self.weather.up_to(120), Happening::Tell);
        }
        if std::mem::take(&mut self.telling.calls_back) {
            let call_back = Happening::CallBack(notice.id);
            self.put_down(self.weather.up_to(60), call_back);
        }
    }

    /// Whoever has no answer asks again.
    pub(crate) fn tell_again(&mut self, key: &str) {
        if self.telling.awaits(key) {
            self.put_down(self.weather.up_to(60), Happening::Tell);
        }
    }

    pub(crate) fn call_back(&mut self, id: NoticeId) {
        let relay = Arc::clone(&self.relay);
        self.start(What::CallBack(id), async move {
            Done::CalledBack(notices::cancel(&relay, id).await.map(drop))
        });
    }
}

impl Telling {
    fn awaits(&self, key: &str) -> bool {
        let front = self.to_come.front();
        front.is_some_and(|request| request.idempotency_key == key)
    }
}
